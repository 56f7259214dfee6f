"""The black box's side of the protocol: answers frames on its standard streams until its input ends.

What it answers is made by plain functions from arrays to arrays. It refuses every operation that has none; there is
none for weights or gradients.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from trainer.cbbt.frames import Array, Arrays, pack_frame, read_frame
from tutor_app.adapters.wire import take_output
from tutor_app.core.errors import TutorError

Handler = Callable[[Mapping[str, Any], Mapping[str, Array]], Arrays]
"""Makes the arrays of an answer from the header and the arrays of a request."""


def serve(handlers: Mapping[str, Handler], info: Mapping[str, Any]) -> None:
    """Say what this box is, then answer one request after the other.

    Args:
        handlers: The operations.
        info: The first frame's values, such as ``embedding`` and ``features``, the sizes.
    """
    with take_output() as outgoing:
        outgoing.write(pack_frame({"op": "ready", **info}))
        outgoing.flush()
        while (frame := read_frame(sys.stdin.buffer)) is not None:
            outgoing.write(answer(handlers, *frame))
            outgoing.flush()


def answer(handlers: Mapping[str, Handler], header: Mapping[str, Any], arrays: Mapping[str, Array]) -> bytes:
    """The frame that answers a request, or says in a sentence why it cannot be answered."""
    handler = handlers.get(str(header.get("op")))
    if handler is None:
        offered = ", ".join(sorted(handlers))
        return pack_frame({"op": "refused", "message": f"It has no operation {header.get('op')!r}, only {offered}."})
    try:
        return pack_frame({"op": "answer"}, handler(header, arrays))
    except TutorError as e:
        return pack_frame({"op": "refused", "message": str(e)})
