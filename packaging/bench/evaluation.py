"""Problems a second of ``trainer evaluate --endpoint``, with a stub in the place of the server and of the sandbox.

What is left is the program's own share: prompts, streams, the loop, both graders and the result file. Every problem
takes two rounds, one with code. MUMATH_BENCH_PROBLEMS is how many (1,000 by default), 32 at once.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

Row = tuple[str, float, str, str, float]

PROMISED, PARALLEL = 50.0, 32


def rows() -> Iterator[Row]:
    """The rows of the table."""
    if find_spec("urllib3") is None:
        print("evaluation: left out, urllib3 is not installed", file=sys.stderr)
        return
    for stream in (False, True):
        rate = _rate(int(os.environ.get("MUMATH_BENCH_PROBLEMS", "1000")), stream=stream)
        what = f"evaluation: through an endpoint, {'streams' if stream else 'whole answers'}, stub server and sandbox"
        yield what, rate, "problems/s", "at least 50 problems/s", rate / PROMISED


def _rate(n: int, *, stream: bool) -> float:
    from trainer.data.benchmarks import Task
    from trainer.evaluate.results import ResultFile
    from trainer.evaluate.run import run
    from trainer.teacher.endpoint import Endpoint, EndpointOptions
    from tutor_app.core.dialect import MUMATH
    from tutor_app.core.solve_settings import SolveSettings
    from tutor_app.tutor.service import Tutor, load_prompt

    tasks = [Task(i, f"Ann has {i} boxes of 3 pens and finds {i % 7} more. How many?", str(3 * i)) for i in range(n)]
    with _serving() as url, tempfile.TemporaryDirectory() as folder:
        engine = Endpoint(EndpointOptions(url, parallel=PARALLEL, stream=stream))
        engine.load()
        stub: Any = _Executor()
        with Tutor(engine, stub, MUMATH, load_prompt("", MUMATH)) as tutor:
            file = ResultFile.opened(Path(folder) / "r.jsonl", {"model": "stub"})
            start = time.monotonic()
            jobs = [(t, 0) for t in tasks]
            run(tutor, jobs, SolveSettings(), file, parallel=PARALLEL, verbose=False)
            seconds = time.monotonic() - start
        assert len(file.results) == n
        assert all(r.strict == "correct" for r in file.results)
    return n / seconds


class _Session:
    def run(self, code: str, **_: Any) -> Iterator[Any]:
        """What the code prints, which is known."""
        from tutor_app.core.events import RunFinished
        from tutor_app.core.parts import Output

        yield RunFinished(Output(stdout=code.split("# ")[1].split("\n")[0] + "\n"))

    def close(self) -> None:
        """Nothing is open."""


class _Executor:
    """Runs no code."""

    def warm(self) -> None:
        """Nothing has to be."""

    def open(self) -> _Session:
        """A session that knows what is printed."""
        return _Session()

    def close(self) -> None:
        """Nothing is open."""


@contextmanager
def _serving() -> Iterator[str]:
    with subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.kill()


async def _serve() -> None:
    server = await asyncio.start_server(_connection, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


async def _connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := (await reader.readuntil(b"\r\n\r\n")).lower():
            length = next((int(x[15:]) for x in head.split(b"\r\n") if x[:15] == b"content-length:"), 0)
            body = json.loads(await reader.readexactly(length)) if length else None
            kind, data = _answer(body)
            writer.write(
                f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data
            )
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the client is gone
    finally:
        writer.close()


def _answer(body: dict[str, Any] | None) -> tuple[str, bytes]:
    if body is None:
        return "application/json", json.dumps({"data": [{"id": "stub"}]}).encode()
    own = body["prompt"].rsplit("Ann has ", 1)[1]
    value = 3 * int(own.split(" ", 1)[0])
    text = f"Multiply.\n\n```python\n# {value}\nprint(3 * {value // 3})\n```\n"
    if "```output" in own:
        text = f"\nThe answer is $\\boxed{{{value}}}$."
    if not body.get("stream"):
        whole = {"choices": [{"text": text, "finish_reason": "stop"}], "usage": {"completion_tokens": 20}}
        return "application/json", json.dumps(whole).encode()
    pieces = [{"choices": [{"text": text[i : i + 8], "finish_reason": None}]} for i in range(0, len(text), 8)]
    pieces.append({"choices": [{"text": "", "finish_reason": "stop"}], "usage": {"completion_tokens": 20}})
    events = "".join(f"data: {json.dumps(p)}\n\n" for p in pieces) + "data: [DONE]\n\n"
    return "text/event-stream", events.encode()


if __name__ == "__main__":
    asyncio.run(_serve())
