"""The run folder: plain files that say what was done, with what, and how far it has come.

Every step writes into one folder: ``STEP.jsonl`` (records), ``STEP.provenance.json`` (options, hashes of the
inputs, git revision, versions), ``metrics.jsonl`` (numbers over time) and, while a step is under way,
``STEP.journal`` (finished items, one a line, so that a killed step goes on where it was). The module refuses to
mix: a journal that was begun with other inputs or options is never continued.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, BinaryIO, Final, TextIO

from tutor_app.adapters.files import write_file
from tutor_app.adapters.library.presence import try_lock
from tutor_app.core.errors import HostFault, UserFault

PACKAGES: Final = ("torch", "transformers", "tokenizers", "peft", "gguf", "llama-cpp-python", "sympy", "numpy")

METRICS: Final = "metrics.jsonl"
"""The file of a run folder that holds numbers over time."""


def json_of(text: str | bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: If it is none, is nested too deeply, holds a number of thousands of digits, or half of a character,
            which could never be written again; the message says what, and no line number.
    """
    try:
        value = json.loads(text)
    except json.JSONDecodeError as e:
        raise ValueError(f"not JSON ({e.msg}, column {e.colno})") from None
    except UnicodeDecodeError:
        raise
    except RecursionError:
        raise ValueError("not JSON that can be read (nested too deeply)") from None
    except ValueError:
        raise ValueError("not JSON that can be read (a number has too many digits)") from None
    if re.search(r"\\u[dD][89a-fA-F]" if isinstance(text, str) else rb"\\u[dD][89a-fA-F]", text):  # type: ignore[arg-type]
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ValueError("not JSON that can be read (half of a character)") from None
    return value


def sha256_of(path: Path) -> str:
    """Hash of a file's bytes.

    Raises:
        UserFault: If it cannot be read.
    """
    try:
        with path.open("rb") as f:
            return hashlib.file_digest(f, "sha256").hexdigest()
    except OSError as e:
        raise UserFault(f"{path} cannot be read: {e.strerror}.", "Check the path.") from None


def digest(value: Any) -> str:
    """A short, stable hash of a JSON value."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def git_revision() -> str:
    """The commit of this source tree, with ``+`` if it was changed since; empty outside a repository."""
    here = Path(__file__).resolve().parent
    try:
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=False)
        if head.returncode:
            return ""
        changed = subprocess.run(["git", "status", "--porcelain", "."], cwd=here, capture_output=True, check=False)
    except OSError:
        return ""
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")


def versions() -> dict[str, str]:
    """What the numbers of a run depend on."""
    found = {"python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}"}
    for name in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def write_atomically(path: Path, data: bytes | str) -> None:
    """Replace ``path`` as a whole, or leave it as it was.

    Raises:
        HostFault: If the disk refuses.
    """
    try:
        write_file(path, data.encode() if isinstance(data, str) else data)
    except OSError as e:
        raise disk_fault(path, e) from None


def write_lines(path: Path, lines: Iterable[str]) -> int:
    """Replace ``path`` by lines as they come, or leave it as it was; returns how many they are.

    Raises:
        HostFault: If the disk refuses.
    """
    count = 0
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as f:
            for line in lines:
                f.write(line + "\n")
                count += 1
            f.flush()
            os.fsync(f.fileno())
        part.replace(path)
    except OSError as e:
        raise disk_fault(path, e) from None
    finally:
        part.unlink(missing_ok=True)
    return count


def disk_fault(path: Path, error: OSError) -> HostFault:
    """The sentence for a file that could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return HostFault(f"The disk is full: {path} could not be written.", "Free some space and run the step again.")
    why = error.strerror or str(error) or type(error).__name__
    return HostFault(f"{path} could not be written: {why}.", "Check the folder and its permissions.")


@dataclass(frozen=True, slots=True)
class Run:
    """One run folder.

    Attributes:
        folder: Made on first use.
    """

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> Run:
        """Open or make the folder.

        Raises:
            HostFault: If it cannot be made.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise disk_fault(folder, e) from None
        return cls(folder)

    def may_write(self, step: str, inputs: Iterable[Path]) -> None:
        """See that a step's result, ``STEP.jsonl``, replaces nothing but an earlier result of a step.

        Raises:
            UserFault: If there is a file of that name that no step has made, it is one of the inputs, or the name is
                none.
        """
        if not step or step != Path(step).name or step.startswith("."):
            raise UserFault(f"{step!r} is no name for a result.", "Give one without folders, such as stage2.")
        path = self.folder / f"{step}.jsonl"
        # What says which step has made a result must itself be a step's; a kill may have left a report alone.
        ours = is_json(self.folder / f"{step}.provenance.json", lambda value: value["step"] == step)
        report = self.folder / f"{step}.report.json"
        ours = ours or (is_json(report, lambda value: {"kept", "removed"} <= value.keys()) and not path.exists())
        names = (path.name, report.name, f"{step}.provenance.json")
        foreign = next((self.folder / name for name in names if (self.folder / name).exists()), None)
        if foreign is not None and not ours:
            raise UserFault(f"{foreign} is there already, and no step has made it.", "Give another --run folder.")
        if path.exists() and any(p.exists() and p.samefile(path) for p in inputs):
            raise UserFault(f"{path} would be replaced by what is made from it.", "Give another name or --run folder.")

    def may_replace(self, name: str, ours: Callable[[Any], bool]) -> None:
        """See that a JSON file is not there, or is one that the same step has made.

        Args:
            name: Of the file.
            ours: Whether a JSON value is what the step writes.

        Raises:
            UserFault: If it is something else.
        """
        path = self.folder / name
        if path.exists() and not is_json(path, ours):
            raise UserFault(f"{path} is there already, and this step has not made it.", "Give another folder.")

    def provenance(self, step: str, options: Mapping[str, Any], inputs: Iterable[Path]) -> dict[str, Any]:
        """What identifies a step's work; the same work gives the same ``identity``."""
        hashes = {str(p): sha256_of(p) for p in inputs}
        return {
            "step": step,
            "identity": digest([step, dict(options), sorted(hashes.values())]),
            "options": dict(options),
            "inputs": hashes,
            "git": git_revision(),
            "versions": versions(),
            "command": sys.argv[1:],
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }

    def write_json(self, name: str, value: Any) -> Path:
        """Write a readable JSON file atomically."""
        path = self.folder / name
        write_atomically(path, json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")
        return path

    def note(self, **values: Any) -> None:
        """Append one line to ``metrics.jsonl``."""
        append_line(self.folder / METRICS, values)

    def notes_alone(self) -> bool:
        """Whether ``metrics.jsonl`` holds nothing but what data steps have noted, which training leaves as it is."""
        path = self.folder / "metrics.jsonl"
        lines = path.read_bytes().splitlines() if path.is_file() else []
        return all(isinstance(row, dict) and "step_name" in row for row in map(_json_or_none, lines))

    def keep_metrics(self, step: int) -> None:
        """Forget training metrics after ``step``: they are about to be made again."""
        path = self.folder / METRICS
        if not path.exists():
            return
        kept = [row for row in metrics_of(path) if not isinstance(row.get("step"), int) or row["step"] <= step]
        write_lines(path, (_line(row) for row in kept))


def is_json(path: Path, ours: Callable[[Any], bool]) -> bool:
    """Whether a file holds a JSON value of which something holds; False for what is not there or of another form."""
    try:
        return bool(ours(json.loads(path.read_text(encoding="utf-8"))))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return False


def metrics_of(path: Path) -> list[dict[str, Any]]:
    """The rows of a metrics file, without those that a kill or a full disk cut off.

    Raises:
        OSError: If it cannot be read.
    """
    # By line feeds alone: a text in a row may hold other characters that end a line elsewhere.
    rows = map(_json_or_none, path.read_bytes().split(b"\n"))
    return [row for row in rows if isinstance(row, dict)]


def append_line(path: Path, value: Any) -> None:
    """Append one JSON line.

    Raises:
        HostFault: If the disk refuses.
    """
    try:
        with path.open("a", encoding="utf-8") as f:
            f.write(_line(value) + "\n")
    except OSError as e:
        raise disk_fault(path, e) from None


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


@contextlib.contextmanager
def only_one(path: Path, what: str) -> Iterator[None]:
    """Hold a lock while something is under way that only one process may do; it ends with the process, however.

    Args:
        path: The lock file; it stays, since who removed it could take away another's.
        what: Named in the fault.

    Raises:
        UserFault: If another process holds it.
        HostFault: If the file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b")
    except OSError as e:
        raise disk_fault(path, e) from None
    with file:
        try:
            _lock(file)
        except OSError:
            raise UserFault(
                f"{what} is in use: another process holds {path}.", "Wait for it, or give another folder."
            ) from None
        yield


def _lock(file: Any) -> None:
    if sys.platform == "win32":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class Journal:
    """Finished items of a step, one JSON line each; survives ``kill -9`` at any moment.

    The first line is the step's identity. A last line that was cut off is dropped on opening. The file stays locked
    while it is open, so that two processes never do the same work.
    """

    def __init__(self, path: Path, identity: str) -> None:
        """Open, and read what an earlier start finished.

        Raises:
            UserFault: If the journal belongs to other inputs or options, or another process has it open.
            HostFault: If the disk refuses.
        """
        self._path = path
        self.rows: list[Any] = []
        try:
            # Without a buffer: what a full disk refuses must not be tried again when the file is closed.
            self._file: BinaryIO = path.open("ab", buffering=0)
        except OSError as e:
            raise disk_fault(path, e) from None
        try:
            self._begin(identity)
        except BaseException:
            self._file.close()
            raise

    def _begin(self, identity: str) -> None:
        if not try_lock(self._file.fileno()):
            raise UserFault(f"Another process is working on {self._path}.", "Wait for it, or end it.")
        values, length = _whole_lines(self._path)
        if self._path.stat().st_size > length:
            self._file.truncate(length)
        if values and values[0] != {"identity": identity}:
            raise UserFault(
                f"{self._path} was begun with other inputs or options.",
                "Delete it to start afresh, or choose another --run folder.",
            )
        self.rows = values[1:]
        if not values:
            self._write({"identity": identity})

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, row: Any) -> None:
        """Append a finished item."""
        self.rows.append(row)
        self._write(row)

    def _write(self, row: Any) -> None:
        try:
            self._file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        except OSError as e:
            raise disk_fault(self._path, e) from None


def _whole_lines(path: Path) -> tuple[list[Any], int]:
    """The JSON values of a file up to the first line that is cut off or broken, and the length of these lines."""
    values: list[Any] = []
    length = 0
    with path.open("rb") as f:
        for line in f:
            value = _json_or_none(line) if line.endswith(b"\n") else None
            if value is None:
                break
            values.append(value)
            length += len(line)
    return values, length


def _json_or_none(line: str | bytes) -> Any:
    try:
        return json_of(line)
    except ValueError:
        return None


class ProgressLine:
    """A line on standard error with rate and time left: rewritten on a terminal, now and then in a log."""

    def __init__(self, what: str, total: int, done: int = 0, stream: TextIO | None = None, *, every: int = 0) -> None:
        """Begin a line.

        Args:
            what: Before the numbers.
            total: Items in all.
            done: Items done before.
            stream: Standard error by default.
            every: In a log, a line after so many items; 0 means one every ten seconds.
        """
        self._what, self._total, self._done, self._first = what, total, done, done
        self._stream = stream if stream is not None else sys.stderr
        self._start = self._shown = time.monotonic()
        self._every = 0.1 if self._stream.isatty() else 10.0
        self._items = 0 if self._stream.isatty() else every

    def step(self, n: int = 1, note: str = "") -> None:
        """``n`` more are done."""
        self._done += n
        now = time.monotonic()
        due = self._done % self._items == 0 if self._items else now - self._shown >= self._every
        if due or self._done == self._total:
            self._shown = now
            self._show(now, note)

    def _show(self, now: float, note: str) -> None:
        rate = (self._done - self._first) / max(now - self._start, 1e-9)
        left = _duration((self._total - self._done) / rate) if rate else "?"
        speed = f"{rate:.1f}/s" if rate >= 1 or not rate else f"{1 / rate:.1f} s each"
        text = f"{self._what}: {self._done:,} of {self._total:,}, {speed}, {left} left{'; ' + note if note else ''}"
        if self._stream.isatty():
            self._stream.write(f"\r\x1b[2K{text}" + ("\n" if self._done == self._total else ""))
        else:
            self._stream.write(text + "\n")
        self._stream.flush()

    def over(self, items: Iterable[Any]) -> Iterator[Any]:
        """Pass ``items`` on, counting."""
        for item in items:
            yield item
            self.step()


def _duration(seconds: float) -> str:
    s = round(seconds)
    return f"{s // 3600}:{s // 60 % 60:02}:{s % 60:02}" if s >= 3600 else f"{s // 60}:{s % 60:02}"
