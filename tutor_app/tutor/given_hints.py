"""Which hints were given for which problem: one file that can be read and erased, so that a handout can list them.

Kept is what the student was shown, word for word, so a handout never tells more than was released.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from tutor_app.adapters.files import write_file
from tutor_app.core.errors import HostFault
from tutor_app.core.hints import GIVEN, Hint, hints_of
from tutor_app.core.transcript import Transcript
from tutor_app.tutor.worksheets import problem_key

MOST_KEPT: Final = 500
"""Problems; the oldest is forgotten first."""
_WRITING: Final = threading.Lock()
"""Two hints may be released one right after the other, each kept in a thread of its own."""
_ABOUT: Final = "Hints that were given, for handouts. Nothing of it leaves this computer; erase the file to forget it."


def note_hint(path: Path, problem: str, hint: Hint) -> None:
    """Keep that a hint was given; a later one of the same level takes its place.

    Raises:
        HostFault: If it cannot be kept.
    """
    key = problem_key(problem)
    with _WRITING:
        _note(path, key, hint)


def _note(path: Path, key: str, hint: Hint) -> None:
    kept = _kept(path)
    others = [known for known in hints_of(kept.pop(key, [])) if known.level != hint.level]
    kept[key] = [asdict(one) for one in sorted([*others, hint], key=lambda one: one.level)]
    newest = dict(list(kept.items())[-MOST_KEPT:])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"about": _ABOUT, "hints": newest}, ensure_ascii=False, indent=2) + "\n"
        write_file(path, text.encode("utf-8", "replace"))
    except OSError as e:
        raise HostFault(f"The hint that was given cannot be kept: {e.strerror or e}.") from e


def note_quietly(path: Path, problem: str, hint: Hint) -> None:
    """The same; that a hint cannot be kept is no reason not to give it."""
    with contextlib.suppress(HostFault):
        note_hint(path, problem, hint)


def with_given(path: Path, transcripts: Sequence[Transcript]) -> list[Transcript]:
    """The transcripts, each with the hints that were given for its problem."""
    kept = _kept(path)
    return [
        Transcript(t.turns, {**t.meta, GIVEN: rows}, t.attempts, t.chosen)
        if (rows := kept.get(problem_key(t.problem)))
        else t
        for t in transcripts
    ]


def _kept(path: Path) -> dict[str, list[Any]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    rows = found.get("hints") if isinstance(found, dict) else None
    return {key: value for key, value in rows.items() if isinstance(value, list)} if isinstance(rows, dict) else {}
