"""The result file of an evaluation: JSON Lines, of which the first says what was evaluated and how.

A file may be cut at any byte, as by a kill or a full disk: what is whole is kept and only the rest is done again. It is
refused to another model, prompt, data file or setting, whose results it would report as its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, TextIO

from trainer.runs import json_of
from tutor_app.adapters.library.presence import try_lock
from tutor_app.core.errors import HostFault, UserFault
from tutor_app.core.parts import Output
from tutor_app.core.transcript import Transcript

_FIELDS: Final = ("index", "sample", "gold", "answer", "strict", "paper", "group", "session", "elapsed")


@dataclass(frozen=True, slots=True)
class Result:
    """One attempt at one task.

    Attributes:
        index: Of the task.
        sample: Which attempt, from 0.
        gold: The published answer.
        answer: What was found, or empty.
        strict: Verdict of the strict grader.
        paper: Verdict of MuMath-Code's own grader.
        transcript: Everything.
        group: The task's subject and level.
        session: Which run of the program made it, from 0.
        elapsed: Seconds since that run began.
    """

    index: int
    sample: int
    gold: str
    answer: str
    strict: str
    paper: str
    transcript: Transcript
    group: str = ""
    session: int = 0
    elapsed: float = 0.0

    def to_json(self) -> str:
        """One line."""
        fields = {n: getattr(self, n) for n in _FIELDS}
        return json.dumps(fields | {"transcript": self.transcript.to_dict()}, ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str) -> Result:
        """Read :meth:`to_json`'s form.

        Raises:
            ValueError: If it is not of that form.
        """
        data = json_of(line)
        try:
            return cls(**{**data, "transcript": Transcript.from_dict(data["transcript"])})
        except (TypeError, KeyError, AttributeError) as e:
            raise ValueError(f"no result ({e})") from None


@dataclass(slots=True)
class ResultFile:
    """An evaluation's results on the disk.

    Attributes:
        path: The file, or None to keep nothing.
        manifest: What is evaluated and how; see :func:`trainer.evaluate.run.manifest_of`.
        results: What earlier runs have left in it.
        session: Number of this run.
    """

    path: Path | None
    manifest: Mapping[str, Any]
    results: list[Result] = field(default_factory=list)
    session: int = 0

    @classmethod
    def opened(cls, path: Path | None, manifest: Mapping[str, Any]) -> ResultFile:
        """Read what is there, cut off a torn last line, and write the manifest if the file is new.

        Raises:
            UserFault: If the file is of another evaluation, or a line in its middle is damaged.
            HostFault: If it cannot be read or written.
        """
        file = cls(path, manifest)
        if path is None:
            return file
        try:
            content = path.read_bytes() if path.is_file() else b""  # of a device there may be no end
            whole = content[: content.rfind(b"\n") + 1]
            # By line feeds: a text may hold separators, such as U+2028, that end a line of text but none of JSON lines.
            lines = [line.decode("utf-8", "replace") for line in whole.split(b"\n")[:-1]]
            if lines:
                _must_match(path, lines[0], manifest)
            elif not _begins_a_manifest(content):
                raise _foreign(path)
            file.results = [_result(path, n, line) for n, line in enumerate(lines[1:], 2) if line.strip()]
            if len(whole) < len(content):
                with path.open("r+b") as f:
                    f.truncate(len(whole))
            if not lines:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps({"manifest": manifest}, ensure_ascii=False) + "\n", encoding="utf-8")
        except OSError as e:
            raise _disk_fault(path, e) from None
        file.session = 1 + max((r.session for r in file.results), default=-1)
        return file

    def open(self) -> TextIO:
        """The file, to append results to; it stays locked until it is closed.

        Raises:
            UserFault: If another evaluation has it open.
            HostFault: If it cannot be written.
        """
        assert self.path is not None
        try:
            out = self.path.open("a", encoding="utf-8")
        except OSError as e:
            raise _disk_fault(self.path, e) from None
        if not try_lock(out.fileno()):
            out.close()
            raise UserFault(f"Another evaluation is writing to {self.path}.", "Wait for it, or give another --out.")
        return out

    def append(self, out: IO[str] | None, result: Result) -> None:
        """Keep one more.

        Raises:
            HostFault: If the disk is full or cannot be written; what was kept is whole.
        """
        self.results.append(result)
        if out is None or self.path is None:
            return
        try:
            out.write(result.to_json() + "\n")
            out.flush()
        except OSError as e:
            raise _disk_fault(self.path, e) from None

    @property
    def seconds(self) -> float:
        """Wall time of all runs together, each up to its last result."""
        ends: dict[int, float] = {}
        for r in self.results:
            ends[r.session] = max(ends.get(r.session, 0.0), r.elapsed)
        return sum(ends.values())


_BEGINNING: Final = b'{"manifest": {'


UNCOMPARED: Final = frozenset(("data_file",))
"""Values of a manifest that are only told: the same problems may stand in a file of another name."""
_ABSENT: Final = object()


def _begins_a_manifest(content: bytes) -> bool:
    """Whether a file without a whole line is a result file whose first line was cut off."""
    return content.startswith(_BEGINNING) or _BEGINNING.startswith(content)


def _foreign(path: Path) -> UserFault:
    return UserFault(f"{path} is no result file of an evaluation.", "Give another name with --out.")


def _must_match(path: Path, line: str, manifest: Mapping[str, Any]) -> None:
    try:
        found, wanted = _flat(json_of(line)["manifest"]), _flat(manifest)
        compared = wanted.keys() - UNCOMPARED
        differing = [name for name in wanted if name in compared and found.get(name, _ABSENT) != wanted[name]]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _foreign(path) from None
    if differing:
        shown = "; ".join(f"{n} was {_short(found.get(n))} and is {_short(wanted[n])}" for n in differing[:4])
        raise UserFault(f"{path} holds the results of another evaluation: {shown}.", "Give another name with --out.")


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Settings within settings under names such as ``settings.sampling.seed``: the one that differs is to be named."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{before}{name}.") if isinstance(value, Mapping) else {before + name: value}
    return flat


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _result(path: Path, number: int, line: str) -> Result:
    try:
        return Result.from_json(line)
    except ValueError as e:
        raise UserFault(f"{path}, line {number} is damaged: {e}.", "Delete that line; it will be done again.") from None


def _disk_fault(path: Path, e: OSError) -> HostFault:
    return HostFault(
        f"The results cannot be kept in {path}: {e.strerror or e}.", "Make room; the same command goes on from there."
    )


ERRORS: Final = ("no answer", "no code", "code failed", "unboxed", "wrong answer")
"""Kinds of attempts that are not right, of which each attempt has the first that fits."""


def error_kind(result: Result) -> str:
    """Why an attempt that is not right is not, as one of :data:`ERRORS`; empty for a right one."""
    if result.strict == "correct":
        return ""
    outputs = [p.status for p in result.transcript.solution if isinstance(p, Output)]
    answer = result.transcript.answer
    if not result.answer:
        return "no answer"
    if not outputs:
        return "no code"
    if outputs[-1] != "ok":
        return "code failed"
    return "wrong answer" if answer is None or answer.source == "boxed" else "unboxed"


def groups_of(results: Sequence[Result]) -> dict[str, list[Result]]:
    """The results by subject and level, in alphabetical order."""
    found: dict[str, list[Result]] = {}
    for r in sorted(results, key=lambda r: r.group):
        found.setdefault(r.group, []).append(r)
    return found
