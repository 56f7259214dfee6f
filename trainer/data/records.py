"""Records: transcripts in JSONL, one a line, each with where it came from, its method and its licence.

Reading never guesses: a broken line is reported with file, line number and what was expected; whether the rest
goes on is the caller's choice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from trainer.runs import write_atomically
from tutor_app.core.errors import UserFault
from tutor_app.core.transcript import Transcript, TranscriptFormatError

PROVENANCE: Final = ("id", "source", "method", "licence")
"""Keys of ``meta`` that every record has, each a text that is not empty."""

T = TypeVar("T")


class BadLine(ValueError):
    """A line is not what was expected; the text says what was."""


@dataclass(slots=True)
class Rejects:
    """What was left out, and why.

    Attributes:
        strict: Whether the first bad line ends the step.
        lines: One sentence for each bad line.
    """

    strict: bool = True
    lines: list[str] = field(default_factory=list)

    def add(self, path: Path, number: int, why: str) -> None:
        """A line is bad.

        Raises:
            UserFault: If ``strict``.
        """
        sentence = f"{path}, line {number}: {why}."
        if self.strict:
            raise UserFault(sentence, "Mend the line, or go on without such lines with --skip.")
        self.lines.append(sentence)


def read_lines(path: Path, parse: Callable[[Any, int], T], rejects: Rejects) -> Iterator[T]:
    """Parse every line that is not blank.

    Args:
        path: A JSONL file in UTF-8.
        parse: Takes the JSON value and the line number; raises :class:`BadLine`.
        rejects: Collects or raises.

    Raises:
        UserFault: If the file cannot be read, or a line is bad and ``rejects`` is strict.
    """
    try:
        with path.open("rb") as f:
            for number, raw in enumerate(f, 1):
                if not raw.strip():
                    continue
                try:
                    value = json.loads(raw.decode("utf-8"))
                except UnicodeDecodeError as e:
                    rejects.add(path, number, f"not UTF-8 text (byte {e.start})")
                    continue
                except json.JSONDecodeError as e:
                    # Its own "line 1" would be taken for the file's.
                    rejects.add(path, number, f"not JSON ({e.msg}, column {e.colno})")
                    continue
                try:
                    item = parse(value, number)
                except BadLine as e:
                    rejects.add(path, number, str(e))
                    continue
                yield item
    except OSError as e:
        raise UserFault(f"{path} cannot be read: {e.strerror}.", "Check the path.") from None


def text_field(value: Any, key: str) -> str:
    """A text of a JSON object.

    Raises:
        BadLine: If there is none.
    """
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, str) or not found.strip():
        raise BadLine(f'expected an object with a text "{key}"')
    return found


def parse_record(value: Any, _: int = 0) -> Transcript:
    """A transcript with provenance and a solution.

    Raises:
        BadLine: If it is none.
    """
    try:
        record = Transcript.from_dict(value)
    except TranscriptFormatError as e:
        raise BadLine(f"expected a transcript: {e}") from None
    missing = [k for k in PROVENANCE if not isinstance(record.meta.get(k), str) or not record.meta[k]]
    if missing:
        raise BadLine(f"expected provenance in meta: {', '.join(missing)} missing")
    if not record.problem.strip():
        raise BadLine("expected a problem in the first user turn")
    if not record.solution:
        raise BadLine("expected an assistant turn with a solution")
    return record


def read_records(paths: Iterable[Path], rejects: Rejects) -> list[Transcript]:
    """All records of some files.

    Raises:
        UserFault: If there are none, a file cannot be read, or a line is bad and ``rejects`` is strict.
    """
    paths = list(paths)
    records = [r for p in paths for r in read_lines(p, parse_record, rejects)]
    if not records:
        names = ", ".join(map(str, paths)) or "no file"
        raise UserFault(f"There is no record in {names}.", "Make some with the steps seeds and make-code.")
    return records


def write_records(path: Path, records: Iterable[Transcript]) -> None:
    """Write a JSONL file atomically."""
    write_atomically(path, "".join(r.to_json() + "\n" for r in records))


def record_id(source: str, method: str, *what: object) -> str:
    """A name that is the same in every run: the source, the method, and a hash of what is in it."""
    data = json.dumps([source, method, *map(str, what)], ensure_ascii=False)
    return f"{source}/{method}/{hashlib.sha256(data.encode()).hexdigest()[:12]}"


def question_id(problem: str) -> str:
    """A name for a question that is the same in whatever file it stands, however it is spaced."""
    return f"question/{hashlib.sha256(' '.join(problem.split()).casefold().encode()).hexdigest()[:16]}"


def origin(record: Transcript) -> str:
    """The question the record was made from: the same for its reasoning, its code, its alterations, and in any file."""
    return str(record.meta.get("source_id") or question_id(record.problem))


def stable_fraction(text: str) -> float:
    """A number in [0, 1) that is the same for a text in every process, unlike ``hash``."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
