"""Messages between the program and its child processes, and a worker's side of them.

A message is a little-endian u32 length and that many bytes of UTF-8 JSON, an object. The program's side is
:mod:`tutor_app.adapters.child`; the sandbox, whose pipes are of another kind, shares the framing alone.

Imports the standard library only, and nothing of this program: a worker that is run by its path loads this module and
no other of the package before it has decided what it needs.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import struct
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Final

HEADER: Final = struct.Struct("<I")
"""The length in front of each message."""

Message = dict[str, Any]


def pack(message: Mapping[str, Any]) -> bytes:
    """One message in its frame."""
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    # A path that is no UTF-8 has lone surrogates, which JSON can only hold as escapes; these are their very form.
    data = text.encode("utf-8", "backslashreplace")
    return HEADER.pack(len(data)) + data


def write_message(stream: IO[bytes], message: Mapping[str, Any]) -> None:
    """Write one message and flush.

    Raises:
        OSError: If nobody reads any more.
    """
    stream.write(pack(message))
    stream.flush()


def read_message(stream: IO[bytes], largest: int = 1 << 32) -> Message | None:
    """Read one message of at most ``largest`` bytes; None at the end of the stream.

    Raises:
        ValueError: If what came is no JSON object, or larger.
    """
    head = stream.read(HEADER.size)
    if len(head) < HEADER.size:
        return None
    (size,) = HEADER.unpack(head)
    if size > largest:
        raise ValueError(f"it begins with a length of {size} bytes")
    data = stream.read(size)
    if len(data) < size:
        return None
    message = json.loads(data)
    if not isinstance(message, dict):
        raise ValueError("the message is no object")
    return message


# --- the worker's side ---------------------------------------------------------------------------------------


def take_output() -> IO[bytes]:
    """A private stream for messages; what a library prints from now on goes to standard error instead."""
    stream = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return stream


def limit_memory(size: int) -> None:
    """Cap the address space where the system can; elsewhere the wall clock is the only limit."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def serve_requests(answer: Callable[[Message], Mapping[str, Any]]) -> None:
    """Answer one request after the other until the input ends; the worker of :class:`~.child.AnswerProcess`.

    Says ``ready`` first, so call it when everything is loaded. A watchdog ends the process when a request's
    ``seconds`` are over, even inside a single long operation and even when the program that asked is gone.

    Args:
        answer: Makes the answer. What it raises ends the process.
    """
    with take_output() as outgoing, Path(os.devnull).open("wb") as silent:
        write_message(outgoing, {"op": "ready"})
        while (request := read_message(sys.stdin.buffer)) is not None:
            faulthandler.dump_traceback_later(max(0.1, float(request["seconds"])), exit=True, file=silent)
            reply = answer(request)
            faulthandler.cancel_dump_traceback_later()
            write_message(outgoing, {"op": "answer", **reply})
