"""A server on a real port, in a thread of the test, over a scripted model."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any, cast

from tests.fakes import FakeExecutor
from tests.scripted_model import ScriptedModel
from tests.waiting import wait_until
from tutor_app.adapters.sandbox.sessions import Sandbox
from tutor_app.core.dialect import CHATML, PromptSet
from tutor_app.core.solve_settings import SolveSettings
from tutor_app.server.application import Service
from tutor_app.server.serving import bind, make_server
from tutor_app.tutor.service import LoadableModel, Tutor

SOLUTION = ("Let us compute.\n```python\nprint(6*7)\n```\n", "So it is $\\boxed{42}$.")


@dataclass(frozen=True)
class Served:
    """Where a server is, and the model in it."""

    port: int
    model: ScriptedModel
    executor: FakeExecutor

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def ask(
        self, path: str, body: Any = None, *, headers: dict[str, str] | None = None, method: str = ""
    ) -> tuple[int, dict[str, str], Any]:
        """Status, headers and JSON of one request; ``body`` may be bytes as they are to be sent."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
            sent = {"Content-Type": "application/json"} if content is not None else {}
            connection.request(method or ("GET" if body is None else "POST"), path, content, sent | (headers or {}))
            reply = connection.getresponse()
            text = reply.read().decode()
        finally:
            connection.close()
        headers_in = {name.lower(): value for name, value in reply.getheaders()}
        return reply.status, headers_in, json.loads(text) if "json" in headers_in.get("content-type", "") else text

    def open(self, path: str, body: Any, key: str = "", more: str = "") -> socket.socket:
        """A connection on which this was asked, and nothing is read yet."""
        content = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
        head += f"Authorization: Bearer {key}\r\n" if key else ""
        head += f"{more}\r\n" if more else ""
        raw = socket.create_connection(("127.0.0.1", self.port))
        raw.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        return raw

    def events(self, path: str, body: Any) -> list[tuple[str, Any]]:
        """Names and data of a stream's events."""
        status, _, text = self.ask(path, body)
        assert status == 200
        return parse_events(text)


def parse_events(text: str) -> list[tuple[str, Any]]:
    """Names and data of server-sent events; ``[DONE]`` as it is, comments left out."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in lines:
            data = lines["data"]
            found.append((lines.get("event", ""), data if data == "[DONE]" else json.loads(data)))
    return found


@contextmanager
def served(
    replies: Sequence[str] = SOLUTION,
    *,
    model: ScriptedModel | None = None,
    executor: FakeExecutor | None = None,
    settings: SolveSettings | None = None,
    places: int = 2,
    api_key: str = "",
    loopback: bool = True,
    proxied: bool = False,
) -> Iterator[Served]:
    """The server, for as long as the context lasts."""
    model = model or ScriptedModel(replies, n_seq=places)
    executor = executor or FakeExecutor()
    tutor = Tutor(cast(LoadableModel, model), cast(Sandbox, executor), CHATML, PromptSet("terse"))
    with bind("127.0.0.1", 0) as listening:
        service = Service(tutor, "scripted", settings or SolveSettings(), places, api_key, loopback, proxied)
        server = make_server(service)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            wait_until(lambda: server.started)
            yield Served(listening.getsockname()[1], model, executor)
        finally:
            server.should_exit = True
            thread.join(30)
        assert not thread.is_alive()
