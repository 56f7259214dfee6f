"""A web server on this computer that serves one file well, or badly in a chosen way."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Behaviour:
    """How the server serves; may be changed between requests.

    Attributes:
        content: The file.
        etag: Its tag; the tag of another version makes If-Range fail.
        ranges: Whether it resumes.
        status: Answer with this status instead, if not 0.
        cut_after: Close the connection after so many bytes of each answer.
        stall_after: Fall silent after so many bytes of each answer, until ``go_on`` is set.
        claim: Announce this length instead of the true one.
        shift: Answer ranges that begin so many bytes off.
        answer: Answers a request in place of all this.
    """

    content: bytes
    etag: str = '"v1"'
    ranges: bool = True
    status: int = 0
    cut_after: int | None = None
    stall_after: int | None = None
    claim: int | None = None
    shift: int = 0
    answer: Callable[[BaseHTTPRequestHandler], None] | None = None
    go_on: threading.Event = field(default_factory=threading.Event)
    silent: threading.Event = field(default_factory=threading.Event)
    seen: list[dict[str, str]] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[Behaviour]:
    """Serve until the end of the block; every thread has ended then."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            b = behaviour
            b.seen.append({k.lower(): v for k, v in self.headers.items()})
            if b.answer is not None:
                b.answer(self)
                self.close_connection = True
                return
            if b.status:
                self.send_error(b.status)
                return
            start, data = 0, b.content
            wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            same = self.headers.get("If-Range", b.etag) == b.etag
            if wanted and b.ranges and same:
                start = int(wanted[1])
                if start >= len(data):
                    self.send_error(416)
                    return
                data = data[start:]
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start + b.shift}-{len(b.content) - 1}/{len(b.content)}")
            else:
                self.send_response(200)
            self.send_header("ETag", b.etag)
            self.send_header("Content-Length", str(len(data) if b.claim is None else b.claim))
            self.end_headers()
            try:
                if b.stall_after is not None:
                    self.wfile.write(data[: b.stall_after])
                    self.wfile.flush()
                    b.silent.set()
                    b.go_on.wait(30)
                    data = data[b.stall_after :]
                self.wfile.write(data if b.cut_after is None else data[: b.cut_after])
            except OSError:
                pass  # the other side has had enough
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False  # so that closing waits for them
    behaviour.url = f"http://127.0.0.1:{server.server_port}/model.gguf"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield behaviour
    finally:
        behaviour.go_on.set()
        server.shutdown()
        thread.join()
        server.server_close()
