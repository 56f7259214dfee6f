"""The black box's side of the protocol: answers frames on its standard streams until its input ends, or over HTTP.

What it answers is made by plain functions from arrays to arrays. It refuses every operation that has none; there is
none for weights or gradients.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Final

from trainer.cbbt.frames import Array, Arrays, pack_frame, read_frame
from tutor_app.adapters.wire import take_output
from tutor_app.core.errors import TutorError

REQUEST_SECONDS: Final = 60
"""For the body of a request to come; then its connection is closed, and the next one is served."""

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


def serve_http(handlers: Mapping[str, Handler], info: Mapping[str, Any], port: int) -> None:
    """The same as a service on this computer alone, one request after the other, until the process ends.

    Args:
        handlers: The operations.
        info: The ready frame's values.
        port: To listen on; 0 is any that is free, and the address is printed.
    """

    class Service(BaseHTTPRequestHandler):
        timeout = REQUEST_SECONDS

        def do_GET(self) -> None:
            self._send(pack_frame({"op": "ready", **info}))

        def do_POST(self) -> None:
            try:
                frame = read_frame(io.BytesIO(self.rfile.read(max(0, int(self.headers["Content-Length"])))))
            except (ValueError, TypeError):
                frame = None
            if frame is None:
                self.send_error(400, "the body is no frame")
            else:
                self._send(answer(handlers, *frame))

        def _send(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: there are thousands of requests."""

    with HTTPServer(("127.0.0.1", port), Service) as server:
        print(f"http://127.0.0.1:{server.server_port}/", flush=True)
        server.serve_forever()


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
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as e:
        # What came is a stranger's: an array that is missing, or of a size that the model does not take.
        reason = (str(e).splitlines() or [""])[0]
        return pack_frame({"op": "refused", "message": f"it cannot be carried out ({type(e).__name__}: {reason})"})
