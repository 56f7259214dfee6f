"""Refuses test sets where data are made or trained on, by the files' names and by the questions in them.

Known by name are files called a test set or one of the benchmarks that are only ever tested on; by content the
questions of the test sets of GSM8K and MATH, of which ``test_questions.bin`` holds short hashes (made by
``packaging/test_questions.py``); GSM8K's also without their numbers, so that GSM-Hard and other altered copies are
found. This tells a test set that was taken for training data; single overlaps are the work of ``decontaminate``.
"""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from trainer.data.records import BadLine, lines_of, parse_line
from trainer.runs import json_of
from tutor_app.core.errors import UserFault
from tutor_app.core.part_json import TranscriptFormatError
from tutor_app.core.transcript import Transcript

FLAG: Final = "--not-a-test-set"
HASH_BYTES: Final = 6
SHARE: Final = 0.01
"""Of a file's problems that are known test problems, from which on it is taken for a test set."""
MIN_MASKED: Final = 40
"""Letters of a question that is recognised without its numbers."""
_NAMED_TEST: Final = re.compile(r"(?<![a-z])(?:test|Test|TEST)(?:s|set|sets|\d+)?(?![a-z])|(?<=[a-z0-9])Test(?![a-z])")
_ONLY_TESTED: Final = re.compile(
    r"(?<![a-z])(?:svamp|asdiv|gsm[-_ ]?hard|mawps|tabmwp)(?:v?\d+)?(?![a-z])", re.IGNORECASE
)
_TRAIN: Final = re.compile(r"(?<![a-z])(?:train|training|dev|valid|validation)(?![a-z])", re.IGNORECASE)


def refuse_test_sets(files: Iterable[Path], *, allowed: bool = False, named: bool = True, read: bool = True) -> None:
    """Refuse files that are a test set.

    Args:
        files: Problems or records.
        allowed: The user said that they are none.
        named: Look at the names.
        read: Look at the questions.

    Raises:
        UserFault: If one is.
    """
    if allowed:
        return
    for path in files:
        if named and named_like_one(path):
            raise _fault(f"{path} is named like a test set")
        if read and path.is_file():
            known, count = known_questions(path)
            if known and known >= SHARE * count:
                raise _fault(f"{known:,} of the {count:,} problems in {path} are those of a test set")


def refuse_results_of_test_sets(path: Path, *, allowed: bool = False) -> None:
    """Refuse a result file of ``evaluate`` whose problems are a test set's.

    Beside its own name and its questions, the benchmark and the data file that its first line names are looked at.

    Args:
        path: The result file.
        allowed: The user said that it is none.

    Raises:
        UserFault: If it is one.
    """
    if allowed:
        return
    refuse_test_sets([path])
    try:
        with path.open("rb") as file:
            manifest = json_of(file.readline())["manifest"]
        made_of = [Path(str(manifest[key])) for key in ("benchmark", "data_file") if manifest.get(key)]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return  # whoever reads the results says what is wrong with them
    for source in made_of:
        if named_like_one(source) and not _TRAIN.search(Path(str(manifest.get("data_file") or "")).stem):
            raise _fault(f"{path} holds attempts at {source}, which is named like a test set")


def _fault(what: str) -> UserFault:
    return UserFault(f"{what}, which is never trained on.", f"Give training data; if it is no test set, say {FLAG}.")


def named_like_one(path: Path) -> bool:
    """Whether a file, or the folder that it stands in, has the name of a test set."""
    if _NAMED_TEST.search(path.stem) or path.parent.name.lower() in ("test", "tests"):
        return True
    return bool(_ONLY_TESTED.search(path.stem)) and not _TRAIN.search(path.stem)


def known_questions(path: Path) -> tuple[int, int]:
    """How many of a file's questions are known test questions, and how many it has; lines without one are passed over.

    Raises:
        UserFault: If the file cannot be read.
    """
    known, count, hashes = 0, 0, known_hashes()
    for line in lines_of([path]):
        try:
            question = parse_line(line, question_of)
        except BadLine:
            continue
        count += 1
        known += not hashes.isdisjoint(hashes_of(question))
    return known, count


def question_of(value: Any, _: int = 0) -> str:
    """The question of a row in any form that is read here.

    A record, a benchmark's row, MuMath's messages, or an attempt of a result file.

    Raises:
        BadLine: If there is none.
    """
    if isinstance(value, dict) and isinstance(value.get("transcript"), dict):
        value = value["transcript"]
    if isinstance(value, dict) and "turns" in value:
        try:
            return Transcript.from_dict(value).problem
        except TranscriptFormatError as e:
            raise BadLine(f"expected a transcript: {e}") from None
    for key in ("question", "problem", "Question", "input"):
        text = value.get(key) if isinstance(value, dict) else None
        if isinstance(text, str) and text.strip():
            body = value.get("Body") or value.get("body")
            return f"{body} {text}" if isinstance(body, str) else text
    messages = value.get("messages") if isinstance(value, dict) else None
    first = messages[0] if isinstance(messages, list) and messages else None
    if isinstance(first, dict) and isinstance(first.get("content"), str) and first["content"].strip():
        return str(first["content"])
    raise BadLine('expected a problem under "question" or "problem", or a transcript')


_DIGITS: Final = re.compile(r"\d+")
# A table, not a pattern: a million questions are looked at.
_NO_LETTERS: Final = str.maketrans(
    "", "", string.punctuation + string.whitespace + "\xa0\u2018\u2019\u201c\u201d\u2013\u2014"
)


def hashes_of(question: str, *, masked: bool = True) -> list[bytes]:
    """Hashes of a question's letters and digits, and, if it is long enough, of these with every number the same."""
    plain = question.casefold().translate(_NO_LETTERS)
    found = [_hash("=" + plain)]
    if masked and len(plain) >= MIN_MASKED:
        found.append(_hash("#" + _DIGITS.sub("#", plain)))
    return found


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:HASH_BYTES]


@cache
def known_hashes() -> frozenset[bytes]:
    """The hashes of the questions of test sets."""
    data = resources.files("trainer").joinpath("data", "test_questions.bin").read_bytes()
    return frozenset(data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES))


def packed(questions: Sequence[str], *, masked: bool) -> set[bytes]:
    """What :data:`test_questions.bin` holds of some test set's questions."""
    return {h for q in questions for h in hashes_of(q, masked=masked)}
