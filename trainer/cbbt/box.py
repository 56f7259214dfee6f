"""A black box: a model behind a process or an HTTP service, of which only outputs are known.

Embeddings and data go in, features or logits come out, as frames (:mod:`trainer.cbbt.frames`). Weights and gradients
cannot cross. Every answer is checked before anything is learned from it: whether it came in time, has the agreed
shape, and holds finite numbers only. Every evaluated prompt is counted in a :class:`Budget`.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import os
import signal
import subprocess
import textwrap
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from trainer.cbbt.frames import Array, Arrays, pack_frame, read_frame
from tutor_app.core.errors import HostFault, UserFault

START_SECONDS: Final = 120.0
ANSWER_SECONDS: Final = 120.0
REMEDY: Final = "What was learned so far is kept: the same command goes on from there."
STRANGER: Final = "Check that it speaks this protocol; what was learned so far is kept."

CHUNK: Final = 1 << 16
LONGEST_SAID: Final = 400
"""Letters of what a box says that are passed on."""
WHOLE: Final = ("lengths",)
"""Arrays of an answer that are whole numbers."""

Shapes = Mapping[str, tuple[int | None, ...]]
"""The agreed shape of each array of an answer; None is any length."""


class BoxFault(HostFault):
    """The black box is slow, gone, or answers what was not agreed."""


class BudgetSpent(Exception):
    """The next queries would exceed the budget; not an error, the end of the tuning."""


@dataclass(slots=True)
class Budget:
    """Queries: prompts that the black box evaluated. One prompt with all its classes, or all its items, is one.

    Attributes:
        limit: At most; 0 is no limit.
        spent: So far.
        sequences: Token sequences that the model read for them: queries times classes or items.
    """

    limit: int = 0
    spent: int = 0
    sequences: int = 0

    @property
    def left(self) -> int | None:
        """Queries that may still be made; None without a limit."""
        return max(0, self.limit - self.spent) if self.limit else None

    def take(self, queries: int, each: int = 1) -> None:
        """Count queries before they are made.

        Raises:
            BudgetSpent: If there are not so many left; none is counted then.
        """
        if self.limit and self.spent + queries > self.limit:
            raise BudgetSpent
        self.spent += queries
        self.sequences += queries * each


class Box(Protocol):
    """Where the model is."""

    @property
    def info(self) -> Mapping[str, Any]:
        """What it said of itself, such as ``embedding`` and ``features``."""

    def ask(self, op: str, arrays: Arrays, shapes: Shapes, **values: Any) -> dict[str, Array]:
        """The checked answer to a request.

        Raises:
            BoxFault: If there is none, or not of these shapes, or not finite.
            UserFault: If the box refuses the request.
        """

    def close(self) -> None:
        """End it; safe to call twice."""


class ProcessBox:
    """A black box in a child process of its own.

    Args:
        command: Starts it; it then speaks :mod:`trainer.cbbt.serving` on its standard streams.
        seconds: For one answer; a box that takes longer is ended.
        start_seconds: Until it is ready.

    Raises:
        BoxFault: If it does not become ready.
    """

    def __init__(
        self, command: Sequence[str], *, seconds: float = ANSWER_SECONDS, start_seconds: float = START_SECONDS
    ) -> None:
        self._seconds = seconds
        self._lines: deque[str] = deque(maxlen=20)
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(
                command,
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                env={**os.environ, "PYTHONUTF8": "1"},
                start_new_session=os.name == "posix",  # Ctrl+C is for the program, which then ends it in good order
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as e:
            raise BoxFault(f"The black box cannot be started: {e}.", "Check its command.") from None
        self._errors = threading.Thread(target=self._read_errors, name="box-log", daemon=True)
        self._errors.start()
        try:
            self._info = introduced(self._exchange(None, start_seconds)[0])
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> ProcessBox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def info(self) -> Mapping[str, Any]:
        """What it said of itself."""
        return self._info

    def ask(self, op: str, arrays: Arrays, shapes: Shapes, **values: Any) -> dict[str, Array]:
        """The checked answer to a request; see :meth:`Box.ask`."""
        header, answer = self._exchange(pack_frame({"op": op, **values}, arrays), self._seconds)
        return checked(header, answer, shapes)

    def close(self) -> None:
        """End the process and what it started, and leave nothing of it behind."""
        self._kill()
        self._process.wait()
        self._errors.join()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _kill(self) -> None:
        """End it with its group: a script may have started the box, and a pipe ends with its last holder."""
        if self._process.poll() is None and os.name == "posix":
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()

    def _exchange(self, frame: bytes | None, seconds: float) -> tuple[dict[str, Any], dict[str, Array]]:
        """Send a frame, if there is one, and read the answer, all within the time.

        A timer ends the process when the time is over, which also frees a write into a full pipe.
        """
        late = threading.Event()

        def end() -> None:
            late.set()
            self._kill()

        assert self._process.stdin is not None
        assert self._process.stdout is not None
        timer = threading.Timer(seconds, end)
        timer.start()
        try:
            if frame is not None:
                self._process.stdin.write(frame)
                self._process.stdin.flush()
            answer = read_frame(self._process.stdout)
        except OSError:
            answer = None
        except ValueError as e:
            raise BoxFault(f"The black box answered what is no frame of its protocol ({e}).", STRANGER) from None
        finally:
            timer.cancel()
            timer.join()
        if answer is not None:
            return answer
        if late.is_set():
            raise BoxFault(f"The black box gave no answer within {seconds:g} seconds and was ended.", REMEDY)
        self._kill()
        self._process.wait()
        self._errors.join()
        said = f", saying: {_one_line(self._lines[-1])}" if self._lines else ""
        raise BoxFault(f"The black box ended by itself{said}.", REMEDY)

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if text := line.decode("utf-8", "replace").strip():
                self._lines.append(text)


class HttpBox:
    """A black box behind an HTTP service: ``GET`` gives the ready frame, ``POST`` answers the frame in its body.

    Args:
        url: Of the service.
        seconds: For one answer.

    Raises:
        BoxFault: If it does not answer.
        UserFault: If it is no http or https address.
    """

    def __init__(self, url: str, *, seconds: float = ANSWER_SECONDS) -> None:
        if not _is_address(url):
            raise UserFault(f"{url} is no address of a service.", "Give one that begins with http:// or https://.")
        self._url, self._seconds = url, seconds
        self._info = introduced(self._exchange(None)[0])

    @property
    def info(self) -> Mapping[str, Any]:
        """What it said of itself."""
        return self._info

    def ask(self, op: str, arrays: Arrays, shapes: Shapes, **values: Any) -> dict[str, Array]:
        """The checked answer to a request; see :meth:`Box.ask`."""
        header, answer = self._exchange(pack_frame({"op": op, **values}, arrays))
        return checked(header, answer, shapes)

    def close(self) -> None:
        """Nothing stays open between requests."""

    def _exchange(self, frame: bytes | None) -> tuple[dict[str, Any], dict[str, Array]]:
        request = urllib.request.Request(self._url, data=frame, headers={"Content-Type": "application/octet-stream"})
        ends = time.monotonic() + self._seconds
        try:
            with urllib.request.urlopen(request, timeout=self._seconds) as reply:
                answer = read_frame(io.BytesIO(self._body(reply, ends)))
        except TimeoutError:
            raise BoxFault(f"The black box gave no answer within {self._seconds:g} seconds.", REMEDY) from None
        except urllib.error.HTTPError as e:
            with e:
                raise self._refused(e) from None
        except http.client.IncompleteRead:
            answer = None
        except (OSError, http.client.HTTPException) as e:
            reason = _one_line(getattr(e, "reason", e) or type(e).__name__)
            raise BoxFault(f"The black box at {self._url} cannot be reached: {reason}.", REMEDY) from None
        except ValueError as e:
            raise BoxFault(f"The black box answered what is no frame of its protocol ({e}).", STRANGER) from None
        if answer is None:
            raise BoxFault("The black box broke off in the middle of an answer.", REMEDY)
        return answer

    def _body(self, reply: http.client.HTTPResponse, ends: float) -> bytes:
        """All of an answer, which must have come when the time ends, and not only go on coming.

        Raises:
            TimeoutError: If it has not.
        """
        parts = []
        while part := reply.read1(CHUNK):
            parts.append(part)
            if time.monotonic() > ends:
                raise TimeoutError
        whole = b"".join(parts)
        if reply.length:  # the rest of what was announced
            raise http.client.IncompleteRead(whole, reply.length)
        return whole

    def _refused(self, e: urllib.error.HTTPError) -> BoxFault:
        """The sentence for a status that is no success."""
        status = f"{e.code} {_one_line(e.reason)}".strip()
        match e.code:
            case 429 | 503:
                later = e.headers.get("Retry-After", "")
                wait = f"Wait {later} seconds." if later.isdecimal() else "Wait a little."
                return BoxFault(f"The black box takes no more requests for now ({status}).", f"{wait} {REMEDY}")
            case 401 | 403 | 407:
                return BoxFault(f"The service at {self._url} wants a login ({status}), which it cannot be given here.")
            case 404 | 405 | 410:
                return BoxFault(f"There is no black box at {self._url} ({status}).", "Check the address.")
        return BoxFault(f"The black box failed at a request ({status}).", REMEDY)


def introduced(header: Mapping[str, Any]) -> dict[str, Any]:
    """What a box says of itself in its first frame.

    Raises:
        UserFault: If it is a refusal.
        BoxFault: If it is another frame.
    """
    _of(header, "ready")
    return {k: v for k, v in header.items() if k != "op"}


def checked(header: Mapping[str, Any], arrays: Mapping[str, Array], shapes: Shapes) -> dict[str, Array]:
    """The agreed arrays of an answer.

    Raises:
        UserFault: If it is a refusal.
        BoxFault: If it is not what was agreed.
    """
    _of(header, "answer")
    found: dict[str, Array] = {}
    for name, shape in shapes.items():
        array = arrays.get(name)
        if array is None:
            raise BoxFault(f"The black box answered without {name}.", STRANGER)
        if len(array.shape) != len(shape) or any(
            want is not None and want != got for want, got in zip(shape, array.shape, strict=True)
        ):
            wanted, got = (_sizes(s) for s in (shape, array.shape))
            raise BoxFault(
                f"The black box answered {name} of size {got} where {wanted} was agreed.",
                "Check that it is the model it says it is.",
            )
        kind = "int64" if name in WHOLE else "float32"
        if array.dtype.name != kind:
            raise BoxFault(
                f"The black box answered {name} as {array.dtype.name} where {kind} was agreed.",
                STRANGER,
            )
        if not np.isfinite(array).all():
            raise BoxFault(f"The black box answered {name} that are not all finite numbers.", REMEDY)
        found[name] = np.asarray(array, dtype=kind)  # in this computer's order of bytes
    return found


def _of(header: Mapping[str, Any], op: str) -> None:
    """See that a frame is of the kind that is expected; raises as :func:`checked`."""
    if header.get("op") == "refused":
        raise UserFault(f"The black box refused a request: {_one_line(header.get('message', 'it did not say why'))}.")
    if header.get("op") != op:
        raise BoxFault(f"The black box answered with a frame {header.get('op')!r} where {op!r} was agreed.", STRANGER)


def size_of(info: Mapping[str, Any], name: str) -> int:
    """A size that a box states of itself.

    Raises:
        UserFault: If it states none.
    """
    value = info.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UserFault(
            f"The black box does not say its size of {name}.", "Use a model that takes embeddings and gives features."
        )
    return value


def _is_address(url: str) -> bool:
    """Whether it is the address of a service, wherever that may be."""
    try:
        parts = urllib.parse.urlsplit(url)
        named = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, half of an IPv6 address
        return False
    return named and url.isprintable() and " " not in url


def _one_line(text: object) -> str:
    """What a stranger says, as a part of a sentence."""
    printable = "".join(c if c.isprintable() else " " for c in str(text))
    return textwrap.shorten(printable, LONGEST_SAID, placeholder=" ...").removesuffix(".")


def _sizes(shape: Sequence[int | None]) -> str:
    return " x ".join("any" if n is None else str(n) for n in shape) or "a single number"
