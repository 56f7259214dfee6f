"""The list of missed problems: one file that can be read, edited and erased, on this computer alone.

A problem comes onto the list when it is missed. It is asked again after one day, and after each right answer twice as
long a time; after five right answers in a row it leaves the list.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from tutor_app.adapters.files import write_file
from tutor_app.core.errors import HostFault, UserFault

DAYS: Final = (1, 2, 4, 8, 16)
"""After how many days a problem is asked again, by how often in a row it was right."""
_ABOUT: Final = (
    "Problems that were missed, to be practised again. Nothing of it leaves this computer; erase the file to forget it."
)


@dataclass(frozen=True, slots=True)
class Missed:
    """A problem on the list.

    Attributes:
        problem: Its text.
        answer: The right answer.
        missed: How often it was missed.
        right_in_a_row: How often it was right since.
        due: Day from which on it is asked again, as ``2026-03-01``.
    """

    problem: str
    answer: str
    missed: int = 1
    right_in_a_row: int = 0
    due: str = ""


def load(path: Path) -> tuple[Missed, ...]:
    """The list; empty if there is no file.

    Raises:
        UserFault: If the file is no such list.
        HostFault: If it cannot be read.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except OSError as e:
        raise HostFault(f"The list of missed problems {path} cannot be read: {e.strerror or e}.") from None
    except (ValueError, RecursionError):
        raise _unreadable(path) from None
    rows = data.get("problems") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise _unreadable(path)
    return tuple(_row(row, path) for row in rows)


def _row(row: Any, path: Path) -> Missed:
    kinds = {f.name: int if f.name in ("missed", "right_in_a_row") else str for f in fields(Missed)}
    if not isinstance(row, dict) or not {"problem", "answer"} <= set(row):
        raise _unreadable(path)
    known = {name: row[name] for name in kinds if name in row}
    if not all(type(value) is kinds[name] for name, value in known.items()):
        raise _unreadable(path)
    return Missed(**known)


def _unreadable(path: Path) -> UserFault:
    return UserFault(f"{path} is no list of missed problems.", "Mend or erase it.")


def save(path: Path, problems: Sequence[Missed]) -> None:
    """Write the list; an empty one leaves no file.

    Raises:
        HostFault: If it cannot be written.
    """
    if problems:
        rows = [asdict(problem) for problem in problems]
        text = json.dumps({"about": _ABOUT, "problems": rows}, ensure_ascii=False, indent=2) + "\n"
        write_file(path, text.encode("utf-8", "replace"))
    else:
        erase(path)


def erase(path: Path) -> None:
    """Forget everything.

    Raises:
        HostFault: If the file cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as e:
        raise HostFault(f"The list of missed problems {path} cannot be erased: {e.strerror or e}.") from None


def due(problems: Sequence[Missed], today: date) -> list[Missed]:
    """The problems to be asked today, the longest overdue first."""
    return sorted((p for p in problems if p.due <= today.isoformat()), key=lambda p: p.due)


def answered(problems: Sequence[Missed], problem: str, answer: str, *, right: bool, today: date) -> tuple[Missed, ...]:
    """The list after a problem was answered."""
    before = next((p for p in problems if p.problem == problem), None)
    others = tuple(p for p in problems if p.problem != problem)
    if right:
        if before is None or before.right_in_a_row + 1 >= len(DAYS):
            return others
        again = replace(before, right_in_a_row=before.right_in_a_row + 1)
    else:
        missed = before.missed + 1 if before is not None else 1
        again = Missed(problem, answer, missed)
    days = DAYS[again.right_in_a_row]
    return (*others, replace(again, due=(today + timedelta(days=days)).isoformat()))
