"""Records: transcripts in JSONL, one a line, each with where it came from, its method and its licence.

Reading never guesses: a broken line is reported with file, line number and what was expected; whether the rest
goes on is the caller's choice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeVar

from trainer.runs import json_of, write_lines
from tutor_app.core.errors import UserFault
from tutor_app.core.part_json import TranscriptFormatError
from tutor_app.core.transcript import Transcript

PROVENANCE: Final = ("id", "source", "method", "licence")
"""Keys of ``meta`` that every record has, each a text that is not empty."""

LABELS: Final = ("gold", "label", "parent_problem")
"""Keys of ``meta`` that a record may have, each a text."""

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


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file.

    Attributes:
        path: The file.
        number: From 1.
        raw: Its bytes, JSON.
    """

    path: Path
    number: int
    raw: bytes


def lines_of(paths: Iterable[Path]) -> Iterator[Line]:
    """The lines of JSONL files that are not blank, and the rows of Parquet files as such lines; one at a time.

    Raises:
        UserFault: If a file cannot be read.
    """
    for path in paths:
        try:
            if path.suffix == ".parquet":
                yield from _rows(path)
                continue
            with path.open("rb") as f:
                yield from (Line(path, number, raw) for number, raw in enumerate(f, 1) if raw.strip())
        except OSError as e:
            raise UserFault(f"{path} cannot be read: {e.strerror or e}.", "Check the path.") from None


def _rows(path: Path) -> Iterator[Line]:
    if find_spec("pyarrow") is None:
        raise UserFault(f"{path} needs the package pyarrow.", "Install it with: pip install pyarrow")
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as file:
            number = 0
            for batch in file.iter_batches(batch_size=256):
                for row in batch.to_pylist():
                    number += 1
                    yield Line(path, number, json.dumps(_present(row), ensure_ascii=False, default=str).encode())
    except ArrowException as e:
        raise UserFault(f"{path} is no Parquet file, or damaged: {e}.", "Fetch or make it again.") from None


def _present(value: Any) -> Any:
    """A row without the fields that only other rows have: a Parquet file has one form for all."""
    if isinstance(value, dict):
        return {k: _present(v) for k, v in value.items() if v is not None}
    return [_present(v) for v in value] if isinstance(value, list) else value


def parse_line(line: Line, parse: Callable[[Any, int], T]) -> T:
    """What a line holds.

    Args:
        line: The line.
        parse: Takes the JSON value and the line number; raises :class:`BadLine`.

    Raises:
        BadLine: If it is not what was expected.
    """
    try:
        value = json_of(line.raw.rstrip(b"\r\n").decode("utf-8-sig" if line.number == 1 else "utf-8"))
    except UnicodeDecodeError as e:
        raise BadLine(f"not UTF-8 text (byte {e.start})") from None
    except ValueError as e:
        raise BadLine(str(e)) from None
    return parse(value, line.number)


def read_lines(path: Path, parse: Callable[[Any, int], T], rejects: Rejects) -> Iterator[T]:
    """Parse every line that is not blank.

    Args:
        path: A JSONL file in UTF-8, or a Parquet file.
        parse: Takes the JSON value and the line number; raises :class:`BadLine`.
        rejects: Collects or raises.

    Raises:
        UserFault: If the file cannot be read, or a line is bad and ``rejects`` is strict.
    """
    for line in lines_of([path]):
        try:
            item = parse_line(line, parse)
        except BadLine as e:
            rejects.add(path, line.number, str(e))
            continue
        yield item


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
    wrong = [k for k in LABELS if not isinstance(record.meta.get(k, ""), str)]
    if wrong:
        raise BadLine(f"expected texts in meta: {', '.join(wrong)}")
    votes = record.meta.get("votes", [1, 1])
    if not isinstance(votes, list) or len(votes) != 2 or not all(isinstance(n, int) for n in votes):
        raise BadLine('expected two numbers in meta: "votes"')
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


def write_records(path: Path, records: Iterable[Transcript]) -> int:
    """Write a JSONL file atomically, each record as it comes; returns how many they are.

    Raises:
        HostFault: If the disk refuses.
    """
    return write_lines(path, (record.to_json() for record in records))


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
