"""The release notes of each version, from ``resources/release_notes.md``; window, AppStream and update notes use them.

The form is Markdown: a heading ``## 0.1.0 (2026-11-29)`` for each version, the newest first, and under it one list
entry for each change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

_HEADING: Final = re.compile(r"^## (\d+(?:\.\d+)*) \((\d{4}-\d\d-\d\d)\)$")


@dataclass(frozen=True, slots=True)
class Release:
    """One version.

    Attributes:
        version: Such as ``0.1.0``.
        day: When it was released.
        changes: One sentence or two for each.
    """

    version: str
    day: date
    changes: tuple[str, ...]


def releases(text: str) -> list[Release]:
    """All versions, the newest first.

    Raises:
        ValueError: If there is none, or a line fits nowhere; names the line.
    """
    found: list[tuple[str, date, list[str]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if heading := _HEADING.match(line):
            found.append((heading[1], date.fromisoformat(heading[2]), []))
        elif found and line.startswith("- "):
            found[-1][2].append(line[2:].strip())
        elif found and found[-1][2] and line.startswith("  "):
            found[-1][2][-1] += f" {line.strip()}"
        elif line.strip() and (found or not line.startswith("# ")):
            raise ValueError(f"line {number} of the release notes is neither a version nor a change: {line[:60]}")
    if not found:
        raise ValueError("the release notes have no version")
    return [Release(version, day, tuple(changes)) for version, day, changes in found]
