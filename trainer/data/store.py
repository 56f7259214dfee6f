"""A data set's token ids and masks on disk: made once, by several processes, and read from there by every rank.

Records are read line by line and never all at once, so that making the store takes the same memory for a thousand
records and for a million; a later start opens it in the time that hashing the files takes. The folder is named after
everything that its contents depend on, and appears whole or not at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import os
import shutil
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self, overload

import numpy as np

from trainer.data import cores
from trainer.data.decontaminate import STAMP
from trainer.data.packing import Sample, encode
from trainer.data.records import BadLine, Line, Rejects, lines_of, origin, parse_line, parse_record, stable_fraction
from trainer.models.tokenizer import SpanTokenizer, from_folder
from trainer.runs import ProgressLine, digest, disk_fault, sha256_of
from tutor_app.core.dialect import DIALECTS, Dialect
from tutor_app.core.errors import HostFault, UserFault

FORMAT: Final = 1
"""The version of the folder's form; another number makes the folder anew."""
CHUNK: Final = 256
"""Lines that a process takes at once."""
ALONE_BYTES: Final = 8_000_000
"""Data up to this size are not worth starting processes for."""
PROCESSES: Final = 6
"""At most so many: each takes about 100 MB, and the whole is to take less than 1 GB."""
_META: Final = "meta.json"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a store is made of, and how.

    Attributes:
        files: Of records to train on.
        eval_files: Of records for the held-out loss; empty takes them out of ``files``.
        tokenizer: Folder of the tokenizer.
        dialect: Wire form.
        max_length: Tokens of the longest sample; longer ones are left out.
        held_out: Fraction of the records that is held out, where there are no ``eval_files``.
        strict: Whether a broken line ends it.
        stamped: Refuse records that were not compared with any test set.
    """

    files: tuple[Path, ...]
    eval_files: tuple[Path, ...]
    tokenizer: Path
    dialect: str
    max_length: int
    held_out: float
    strict: bool
    stamped: bool

    def key(self) -> str:
        """A name that changes with anything the contents depend on.

        Raises:
            UserFault: If a file cannot be read.
        """
        names = ("tokenizer.json", "tokenizer.model", "tokenizer_config.json", "config.json", "generation_config.json")
        read = [self.tokenizer / name for name in names if (self.tokenizer / name).is_file()]
        held_out = 0.0 if self.eval_files else self.held_out
        data = [[sha256_of(p) for p in files] for files in (self.files, self.eval_files, read)]
        return digest([FORMAT, *data, self.dialect, self.max_length, held_out, self.strict, self.stamped])


class Samples(Sequence[Sample]):
    """Samples in a store; each is read when it is asked for."""

    def __init__(self, folder: Path, name: str) -> None:
        # Ends of each sample's ids, in tokens, and of its name, in bytes.
        self._ends = _mapped(folder / f"{name}.index", np.int64).reshape(-1, 2)
        self._ids = _mapped(folder / f"{name}.ids", np.int32)
        self._mask = _mapped(folder / f"{name}.mask", np.bool_)
        self._names = _mapped(folder / f"{name}.names", np.uint8)

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, at: int) -> Sample: ...
    @overload
    def __getitem__(self, at: slice) -> list[Sample]: ...
    def __getitem__(self, at: int | slice) -> Sample | list[Sample]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        at %= len(self)
        start, named = (int(x) for x in self._ends[at - 1]) if at else (0, 0)
        end, name_end = (int(x) for x in self._ends[at])
        name = self._names[named:name_end].tobytes().decode()
        return Sample(name, self._ids[start:end], self._mask[start:end])


@dataclass(frozen=True, slots=True)
class Stored:
    """Samples to train on, and what is known of them as a whole.

    Attributes:
        samples: In file order.
        too_long: Ids of records longer than the limit.
        tokens: Of all samples.
        targets: Supervised tokens of all samples.
        hash: Of every id and every mask.
        held_out: Samples that are not trained on.
        held_records: The records of these, JSONL.
        bad_lines: One sentence for each line that was left out.
    """

    samples: Samples
    too_long: tuple[str, ...]
    tokens: int
    targets: int
    hash: str
    held_out: Samples
    held_records: Path
    bad_lines: tuple[str, ...]

    def digest(self) -> str:
        """A hash of every id and every mask."""
        return self.hash


def make(wanted: Wanted, folder: Path, key: str, *, processes: int = 0) -> Path:
    """The store for some data below ``folder``: found, or made.

    Those of other data stay, for a run that may refuse these: see :func:`forget_others`.

    Args:
        wanted: The data.
        folder: Where stores are kept.
        key: Its :meth:`Wanted.key`.
        processes: That make tokens; 0 takes one for each processor, up to :data:`PROCESSES`.

    Raises:
        UserFault: If a file cannot be read, holds no record, a line is bad and ``strict``, a record has nothing
            supervised, or none is short enough.
        HostFault: If the disk refuses or a process dies.
    """
    path = folder / key
    if (path / _META).is_file():
        return path
    part = folder / f"{key}.part"
    try:
        for left_over in folder.glob("*.part"):
            shutil.rmtree(left_over, ignore_errors=True)
        part.mkdir(parents=True)
        made = _make(wanted, part, processes)
        (part / _META).write_text(json.dumps(made) + "\n", encoding="utf-8")
        part.rename(path)
    except OSError as e:
        raise disk_fault(folder, e) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return path


def forget_others(path: Path) -> None:
    """Remove the stores beside one: of data that the run does not have any more."""
    for other in path.parent.iterdir():
        if other != path:
            shutil.rmtree(other, ignore_errors=True)


def open_store(path: Path) -> Stored:
    """Open what :func:`make` made.

    Raises:
        UserFault: If it is not there, or damaged.
    """
    try:
        meta = json.loads((path / _META).read_text(encoding="utf-8"))
        samples, held = Samples(path, "train"), Samples(path, "held")
        if [len(samples), len(held)] != meta["counts"]:
            raise ValueError("it is cut off")
        return Stored(
            samples,
            tuple(meta["too_long"]),
            meta["tokens"],
            meta["targets"],
            meta["hash"],
            held,
            path / "held.jsonl",
            tuple(meta["bad_lines"]),
        )
    except (OSError, ValueError, KeyError) as e:
        why = str(e).rstrip(".") or type(e).__name__
        raise UserFault(
            f"The tokens in {path} cannot be read: {why}.", "Delete the folder: it is made again."
        ) from None


@dataclass(frozen=True, slots=True)
class _Made:
    """What a process made of a line: a sample, or why it is none.

    Attributes:
        bad: What is wrong with the line, or empty.
        sample: Of a record, or None where only its stamp was asked for.
        held: The line, of a record that is held out.
        stamped: Whether it was compared with a test set.
    """

    bad: str = ""
    sample: Sample | None = None
    held: bytes = b""
    stamped: bool = True


class _Maker:
    """Makes tokens in a process of its own; the tokenizer is read once."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._dialect: Dialect = DIALECTS[wanted.dialect]
        self._tokenizer: SpanTokenizer = from_folder(wanted.tokenizer)
        self._tokenizer.check(self._dialect)

    def made(self, lines: Sequence[Line], *, held: bool) -> list[_Made]:
        return [self._one(line, held) for line in lines]

    def _one(self, line: Line, held: bool) -> _Made:
        try:
            record = parse_line(line, parse_record)
        except BadLine as e:
            return _Made(bad=str(e))
        held = held or (not self._wanted.eval_files and stable_fraction(origin(record)) < self._wanted.held_out)
        sample = encode(record, self._dialect, self._tokenizer)
        return _Made("", sample, line.raw if held else b"", bool(record.meta.get(STAMP)))


_maker: _Maker | None = None


def _begin(wanted: Wanted) -> None:
    global _maker
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    _maker = _Maker(wanted)


def _work(lines: Sequence[Line], held: bool) -> list[_Made]:
    assert _maker is not None
    return _maker.made(lines, held=held)


class _Writer:
    """Appends samples to the files of one set."""

    def __init__(self, folder: Path, name: str) -> None:
        self._stack = contextlib.ExitStack()
        self._folder, self._name = folder, name
        self.count = self.tokens = self.targets = self._named = 0
        self._sha = hashlib.sha256()

    def __enter__(self) -> Self:
        self._ids, self._mask, self._names, self._index = (
            self._stack.enter_context((self._folder / f"{self._name}.{kind}").open("wb"))
            for kind in ("ids", "mask", "names", "index")
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, sample: Sample) -> None:
        name, ids, mask = sample.name.encode(), sample.ids.tobytes(), sample.supervised.tobytes()
        self._ids.write(ids)
        self._mask.write(mask)
        self._names.write(name)
        self.count += 1
        self.tokens += len(sample)
        self.targets += sample.targets
        self._named += len(name)
        self._index.write(array("q", (self.tokens, self._named)).tobytes())
        self._sha.update(name + f" {len(sample)} ".encode() + ids + mask)

    @property
    def hash(self) -> str:
        """The hash that :meth:`trainer.data.packing.Encoded.digest` gives."""
        return self._sha.hexdigest()[:16]


def _make(wanted: Wanted, part: Path, processes: int) -> dict[str, Any]:
    rejects, too_long = Rejects(wanted.strict), list[str]()
    read = held_records = 0
    with (
        _Writer(part, "train") as train,
        _Writer(part, "held") as held,
        (part / "held.jsonl").open("wb") as records,
    ):
        for line, made in _all_made(wanted, processes):
            if made.bad or made.sample is None:
                rejects.add(line.path, line.number, made.bad)
                continue
            read += 1
            if wanted.stamped and not made.stamped:
                raise _unstamped(wanted)
            if made.held:
                held_records += 1
                records.write(made.held.strip() + b"\n")
            if len(made.sample) <= wanted.max_length:
                (held if made.held else train).add(made.sample)
            elif not made.held:
                too_long.append(made.sample.name)
    _see_that_something_is_left(wanted, read, held_records, train.count, held.count)
    return {
        "counts": [train.count, held.count],
        "tokens": train.tokens,
        "targets": train.targets,
        "hash": train.hash,
        "too_long": too_long,
        "bad_lines": rejects.lines,
    }


def _see_that_something_is_left(wanted: Wanted, read: int, held: int, kept: int, kept_held: int) -> None:
    if not read:
        names = ", ".join(map(str, wanted.files)) or "no file"
        raise UserFault(f"There is no record in {names}.", "Make some with the steps seeds and make-code.")
    if held == read:
        raise UserFault("Every record was held out.", "Lower held_out, or give more data.")
    if not kept or (held and not kept_held):
        which = "record" if not kept else "held-out record"
        raise UserFault(
            f"No {which} is at most {wanted.max_length} tokens long.", "Raise max_length or give other data."
        )


def _unstamped(wanted: Wanted) -> UserFault:
    """The sentence for records that were compared with no test set; they are counted without making tokens."""
    stamps = []
    for line in lines_of(wanted.files):
        with contextlib.suppress(BadLine):
            stamps.append(bool(parse_line(line, parse_record).meta.get(STAMP)))
    return UserFault(
        f"{stamps.count(False):,} of {len(stamps):,} records were not compared with any test set.",
        "Run the step decontaminate first, or say --not-decontaminated.",
    )


def _all_made(wanted: Wanted, processes: int) -> Iterator[tuple[Line, _Made]]:
    """Every line with what was made of it, in the order of the files."""
    sizes = sum(p.stat().st_size for p in (*wanted.files, *wanted.eval_files) if p.is_file())
    processes = processes or (1 if sizes <= ALONE_BYTES else min(PROCESSES, cores.count()))
    progress = ProgressLine("tokens, MB", round(sizes / 1e6)) if sizes > ALONE_BYTES else None
    read = 0
    with _makers(wanted, processes) as make_chunk:
        for lines, made in make_chunk(_chunks(wanted)):
            yield from zip(lines, made, strict=True)
            before, read = read, read + sum(len(line.raw) for line in lines)
            if progress is not None:
                progress.step(read // 1_000_000 - before // 1_000_000)


def _chunks(wanted: Wanted) -> Iterator[tuple[list[Line], bool]]:
    for files, held in ((wanted.files, False), (wanted.eval_files, True)):
        lines: list[Line] = []
        for line in lines_of(files):
            lines.append(line)
            if len(lines) == CHUNK:
                yield lines, held
                lines = []
        if lines:
            yield lines, held


_Chunks = Iterable[tuple[list[Line], bool]]


@contextlib.contextmanager
def _makers(wanted: Wanted, processes: int) -> Iterator[Callable[[_Chunks], Iterator[tuple[list[Line], list[_Made]]]]]:
    """What makes tokens of chunks, in their order: this process, or several with a few chunks under way."""
    if processes == 1:
        maker = _Maker(wanted)
        yield lambda chunks: ((lines, maker.made(lines, held=held)) for lines, held in chunks)
        return
    # Forked, they would inherit the locks of threads that torch has started.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(wanted,)) as pool:

        def spread(chunks: _Chunks) -> Iterator[tuple[list[Line], list[_Made]]]:
            waiting: deque[tuple[list[Line], Future[list[_Made]]]] = deque()
            for lines, held in chunks:
                waiting.append((lines, pool.submit(_work, lines, held)))
                if len(waiting) > 2 * processes:
                    done, future = waiting.popleft()
                    yield done, future.result()
            for done, future in waiting:
                yield done, future.result()

        try:
            yield spread
        except BrokenProcessPool as e:
            raise HostFault("A process that made tokens ended.", "Free some memory and start again.") from e
        finally:
            pool.shutdown(cancel_futures=True)


def _mapped(path: Path, kind: Any) -> Any:
    """An array in a file; what is read of it can be forgotten again when memory is short."""
    return np.memmap(path, dtype=kind, mode="r") if path.stat().st_size else np.empty(0, kind)
