"""A server with ``/v1/completions`` on a real socket, which says what a script says and fails as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Script:
    """What the server says.

    Attributes:
        reply: The text after a prompt, up to its end.
        fault: For the number of a request, from 0, a status to answer it with instead, or "break" to end it in its
            middle, "silent" to close without a word, "headers" to close behind the headers, "alive" to send no event
            but signs of life for as long as the client listens, "empty" and "page" to send nothing or a page of HTML,
            bytes for the body of an answer, or None.
        models: Names that are listed; None lists nothing and answers 404.
        n_ctx: Characters of a prompt and ``max_tokens`` together.
        headers: Sent with every failure.
        message: Of every failure; empty says only the status.
        obeys: Whether it keeps to ``max_tokens``.
        breaks_at: A text, and the fault of every request whose prompt holds it.
        asked: Bodies of the requests so far.
        keys: The Authorization headers.
        at_once: So many requests must be under way before the first is answered.
        most: Most requests that were under way at once.
    """

    reply: Callable[[str], str]
    fault: Callable[[int], int | str | bytes | None] = lambda _: None
    models: tuple[str, ...] | None = ("m",)
    n_ctx: int = 100_000
    headers: dict[str, str] = field(default_factory=dict)
    message: str = ""
    obeys: bool = True
    breaks_at: tuple[str, int | str | bytes] | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    at_once: int = 1
    most: int = 0


@contextmanager
def serving(script: Script) -> Iterator[str]:
    """The server's address."""
    lock, enough = threading.Lock(), threading.Event()
    under_way: set[int] = set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        timeout = 2.0  # of a connection that is kept and not used

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            if script.models is None:
                self._json(404, {"detail": "Not Found"})
            else:
                self._json(200, {"data": [{"id": m, "owned_by": "stub", "max_model_len": 4096} for m in script.models]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                number = len(script.asked)
                script.asked.append(body)
                script.keys.append(self.headers.get("Authorization", ""))
                under_way.add(number)
                script.most = max(script.most, len(under_way))
                if len(under_way) >= script.at_once:
                    enough.set()
            enough.wait(60)
            with lock:  # before its answer, upon which the client may send the next one
                under_way.remove(number)
            self._answer(number, body)

        def _answer(self, number: int, body: dict[str, Any]) -> None:
            fault = script.fault(number)
            if script.breaks_at is not None and script.breaks_at[0] in body["prompt"]:
                fault = script.breaks_at[1]
            if fault in ("silent", "headers"):
                if fault == "headers":
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", "1000")
                    self.end_headers()
                self.close_connection = True
            elif fault in ("empty", "page"):
                self._send(200, b"" if fault == "empty" else b"<html><body>Bad gateway</body></html>", {})
            elif fault == "alive":
                self._stream()
                self.close_connection = True
                with suppress(OSError):
                    while True:
                        self._event(" ping", name=":")
            elif isinstance(fault, bytes):
                self._send(200, fault, {"Content-Type": "text/event-stream" if body["stream"] else "application/json"})
            elif isinstance(fault, int):
                said = script.message or f"told to answer {fault}"
                self._json(fault, {"error": {"message": said, "code": fault}}, script.headers)
            elif len(body["prompt"]) + body["max_tokens"] > script.n_ctx:
                said = "This model's maximum context length is less than that."
                self._json(400, {"error": {"message": said, "type": "BadRequestError"}})
            else:
                self._complete(body, script.reply(body["prompt"]), broken=fault == "break")

        def _complete(self, body: dict[str, Any], text: str, *, broken: bool) -> None:
            at = min((i for s in body.get("stop", ()) if (i := text.find(s)) >= 0), default=len(text))
            text, reason = text[:at], "stop"
            if script.obeys and len(text) > 4 * body["max_tokens"]:
                text, reason = text[: 4 * body["max_tokens"]], "length"
            pieces = [text[i : i + 4] for i in range(0, len(text), 4)]
            usage = {"prompt_tokens": len(body["prompt"]), "completion_tokens": len(pieces)}
            if not body["stream"]:
                data = {"choices": [{"text": text, "finish_reason": reason}], "usage": usage}
                self._json(200, data, {}, broken=broken)
                return
            self._stream()
            events = [{"choices": [{"text": p, "finish_reason": None}]} for p in pieces]
            if broken:
                for event in events[: len(events) // 2]:
                    self._event(json.dumps(event))
                self.close_connection = True
                return
            end: list[dict[str, Any]] = [
                {"choices": [{"text": "", "finish_reason": reason}]},
                {"choices": [], "usage": usage},
            ]
            for told in (*events, *end):
                self._event(json.dumps(told, ensure_ascii=False))
            self._event("[DONE]")
            self.wfile.write(b"0\r\n\r\n")

        def _stream(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream; charset=utf-8")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()

        def _event(self, data: str, name: str = "data: ") -> None:
            block = f"{name}{data}\n\n".encode()
            # In two chunks: the end of a chunk is nowhere in particular.
            for part in (block[:9], block[9:]):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))

        def _json(
            self, status: int, value: Any, headers: dict[str, str] | None = None, *, broken: bool = False
        ) -> None:
            self._send(status, json.dumps(value).encode(), headers or {}, broken=broken)

        def _send(self, status: int, data: bytes, headers: dict[str, str], *, broken: bool = False) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            for name, text in headers.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if broken else data)
            self.close_connection = broken

    class Server(ThreadingHTTPServer):
        daemon_threads = False
        request_queue_size = 256

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that has gone is what these tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
