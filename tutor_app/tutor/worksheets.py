"""A worksheet: a file of problems that a teacher hands out, with the highest level of hints for them.

It is Markdown (a list of problems, ``hints_up_to: 3`` on a line of its own, ``Answer: 5`` below a problem) or JSON
lines (``{"problem": ..., "answer": ..., "hints_up_to": 3}``; a row without a problem holds for those after it). Opening
one notes its limit for its problems beside the settings, so that it also holds where one is typed later. As with the
teacher's PIN, this guards against a student's click, not against somebody who deletes the note or changes the words.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from tutor_app.adapters.files import read_file, write_file
from tutor_app.core.errors import HostFault, UserFault
from tutor_app.core.hints import LEVELS
from tutor_app.core.practice import Exercise, Worksheet
from tutor_app.core.problem import MAX_PROBLEM
from tutor_app.tutor.teacher import cap_of

FILE_NAME: Final = "worksheets.json"
MOST_PROBLEMS: Final = 500
MOST_NOTED: Final = 5_000
LARGEST: Final = 4_000_000
"""Bytes of a file that is read."""
SUFFIXES: Final = (".md", ".txt", ".jsonl")
_LIMIT: Final = re.compile(r"^[\s>*_`-]*hints[_ -]up[_ -]to[\s*_`]*:[\s*_`]*(-?\d+)[\s*_`]*$", re.I)
_ANSWER: Final = re.compile(r"^[\s>*_-]*answer[\s*_]*:\s*(.*)$", re.I)
_ITEM: Final = re.compile(r"^ {0,3}(?:\d{1,4}[.)]|[-*+])\s+(\S.*)$")
_TITLE: Final = re.compile(r"^#{1,3}\s+(\S.*)$")


def read_worksheet(path: Path) -> Worksheet:
    """The worksheet in a file.

    Raises:
        UserFault: If it is none, or holds no problem.
        HostFault: If it cannot be read although it is there.
    """
    try:
        if path.is_dir() or not path.exists():
            raise UserFault(f"There is no worksheet {path}.", "Give the path of a Markdown or JSON lines file.")
        if path.stat().st_size > LARGEST:
            raise UserFault(f"{path.name} is too large for a worksheet.", f"At most {LARGEST // 10**6} MB are read.")
        text = read_file(path, LARGEST).decode("utf-8-sig")
    except OSError as e:
        raise HostFault(f"The worksheet {path} cannot be read: {e.strerror or e}.") from None
    except UnicodeDecodeError:
        raise UserFault(f"{path.name} is no text in UTF-8.", "Save it as UTF-8 and open it again.") from None
    found = _of_rows(text, path) if path.suffix.lower() == ".jsonl" else _of_markdown(text, path)
    if not found.exercises:
        raise UserFault(
            f"{path.name} holds no problem.", 'Write each as an item of a list, or as a JSON line with "problem".'
        )
    if len(found.exercises) > MOST_PROBLEMS:
        raise UserFault(f"{path.name} holds {len(found.exercises)} problems; at most {MOST_PROBLEMS} are read.")
    return found


def _level(value: Any, path: Path) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= len(LEVELS):
        raise UserFault(
            f"{path.name} says hints_up_to: {value}; there is no such level.", f"Choose 1 to {len(LEVELS)}."
        )
    return value


def _exercise(problem: str, answer: str, level: int, path: Path) -> Exercise:
    if len(problem) > MAX_PROBLEM:
        raise UserFault(f"A problem of {path.name} is longer than {MAX_PROBLEM:,} characters.", "Shorten it.")
    return Exercise(problem, answer, level)


def _of_rows(text: str, path: Path) -> Worksheet:
    title, level, exercises = path.stem, len(LEVELS), []
    for number, line in enumerate(text.split("\n"), 1):  # a text may hold U+2028, which ends no JSON line
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise UserFault(f"Line {number} of {path.name} is no JSON object.", "Mend it and open the file again.")
        problem, answer = row.get("problem", ""), row.get("answer", "")
        if not isinstance(problem, str) or not isinstance(answer, str | int | float):
            raise UserFault(f"Line {number} of {path.name} has no text as its problem or answer.", "Put it in quotes.")
        own = _level(row["hints_up_to"], path) if "hints_up_to" in row else level
        if problem.strip():
            exercises.append(_exercise(problem.strip(), str(answer).strip(), own, path))
        else:
            level, title = own, str(row.get("title", title))
    return Worksheet(title, tuple(exercises))


def _of_markdown(text: str, path: Path) -> Worksheet:
    title, level, exercises = "", len(LEVELS), list[Exercise]()
    open_item = False
    for line in text.splitlines():
        if m := _LIMIT.match(line):
            level = _level(int(m[1]), path)
            if not line[:1].strip() and open_item:  # below a problem: for this one alone
                exercises[-1], level = replace(exercises[-1], hints_up_to=level), exercises[-1].hints_up_to
        elif (m := _ANSWER.match(line)) and open_item:
            exercises[-1] = replace(exercises[-1], answer=m[1].strip(" *_"))
        elif m := _TITLE.match(line):
            title, open_item = title or m[1].strip(), False
        elif m := _ITEM.match(line):
            exercises.append(_exercise(m[1].strip(), "", level, path))
            open_item = True
        elif open_item and line[:1] in (" ", "\t") and line.strip():
            known = exercises[-1]
            exercises[-1] = _exercise(f"{known.problem}\n{line.strip()}", known.answer, known.hints_up_to, path)
        elif line.strip():
            open_item = False
    return Worksheet(title or path.stem, tuple(exercises))


# -- the limit of its problems ---------------------------------------------------------------------------------------


def note_limits(folder: Path, worksheet: Worksheet) -> None:
    """Keep the limits of a worksheet's problems; what an earlier one said of the same problem is replaced.

    Args:
        folder: Of the settings.
        worksheet: As it was read.

    Raises:
        HostFault: If they cannot be kept.
    """
    noted = _noted(folder)
    for exercise in worksheet.exercises:
        noted.pop(problem_key(exercise.problem), None)
        if exercise.hints_up_to < len(LEVELS):
            noted[problem_key(exercise.problem)] = exercise.hints_up_to
    kept = dict(list(noted.items())[-MOST_NOTED:])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_file(folder / FILE_NAME, json.dumps({"limits": kept}).encode())
    except OSError as e:
        raise HostFault(f"The limits of the worksheet cannot be kept: {e.strerror or e}.") from e


def cap_for(folder: Path, problem: str) -> int:
    """The highest level of hints for a problem: the teacher's, or that of its worksheet if it is lower."""
    return min(cap_of(folder), _noted(folder).get(problem_key(problem), len(LEVELS)))


def check_may_solve(folder: Path, problem: str) -> None:
    """Refuse to show the whole solution of a problem whose hints a teacher ends before the answer, and more about it.

    Args:
        folder: Of the settings.
        problem: As typed.

    Raises:
        UserFault: If its hints end earlier.
    """
    cap = cap_for(folder, problem)
    if cap < len(LEVELS):
        raise UserFault(
            f"A teacher has chosen that help with this problem ends with level {cap}: {LEVELS[cap - 1].lower()}.",
            "Ask for a hint instead.",
        )


def capped(folder: Path, exercise: Exercise) -> Exercise:
    """The exercise with the limit that holds for its problem here: where it ends early, practice tells no answer."""
    return replace(exercise, hints_up_to=min(exercise.hints_up_to, cap_for(folder, exercise.problem)))


def problem_key(problem: str) -> str:
    """What names a problem: the same whatever typing it again may change, white space, capitals, a point at its end."""
    words = re.sub(r"[\s$]+", "", problem).casefold().rstrip(".?!")
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:32]


def _noted(folder: Path) -> dict[str, int]:
    try:
        found = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    limits = found.get("limits") if isinstance(found, dict) else None
    if not isinstance(limits, dict):
        return {}
    return {key: level for key, level in limits.items() if type(level) is int and 1 <= level <= len(LEVELS)}
