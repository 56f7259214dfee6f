"""Load on the teacher's client: thousands of requests to a stub server that fails, and to one of known capacity.

    python packaging/teacher_load.py --items 10000 --parallel 64 --kills 3

First the requests undisturbed; then with one request in twenty answered by 429, by 500 or not at all (the client's
time-out ends it), while the working process is killed with -9 again and again and started anew. Both must end with the
same records, each there once. Then as many requests at once against a server with as many places, each of which takes
a fixed time: what part of the places' time was at work is the share of the server's capacity. Exits with 1 if a record
is lost, doubled or another, or if the share is below ``--share``. The server is a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FAULTS = {7: 429, 27: 500, 47: "silent"}
"""Of sixty requests these three fail: one in twenty."""
TIMEOUT = 4.0
"""Seconds after which the client gives a silent server up."""


def reply_to(prompt: str, seed: int) -> str:
    """What the server says: other words for every request."""
    return f"Reply {hashlib.sha256(f'{seed} {prompt}'.encode()).hexdigest()[:24]}."


@dataclass
class Counts:
    """What the server has seen.

    Attributes:
        asked: Requests for a reply.
        failed: Those that it was told to let fail.
        answered: Replies.
        busy: Seconds of work of all places together.
        first: When the first request came, by the clock of the process.
        last: When the last reply went out.
    """

    asked: int = 0
    failed: int = 0
    answered: int = 0
    busy: float = 0.0
    first: float = 0.0
    last: float = 0.0


class Stub:
    """``/v1/completions`` with a number of places, each of which takes a fixed time for a reply."""

    def __init__(self, places: int, seconds: float, *, faults: bool) -> None:
        self._places, self._seconds, self._faults = asyncio.Semaphore(places), seconds, faults
        self.counts = Counts()

    async def serve(self) -> None:
        """Until the process ends; the port is printed."""
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0, backlog=512)
        print(server.sockets[0].getsockname()[1], flush=True)
        async with server:
            await server.serve_forever()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (head := await reader.readuntil(b"\r\n\r\n")) and not writer.is_closing():
                length = next((int(x[15:]) for x in head.lower().split(b"\r\n") if x[:15] == b"content-length:"), 0)
                body = json.loads(await reader.readexactly(length)) if length else None
                status, value = await self._answer(head.split(b" ", 2)[1].decode(), body)
                data = json.dumps(value).encode()
                head_out = (
                    f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
                )
                writer.write(head_out.encode() + data)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client is gone, as it is whenever it was killed
        finally:
            writer.close()

    async def _answer(self, path: str, body: dict[str, Any] | None) -> tuple[int, Any]:
        counts = self.counts
        if body is None:
            return 200, {"data": [{"id": "stub"}]} if path.endswith("/models") else vars(counts)
        counts.first = counts.first or time.monotonic()
        number = counts.asked
        counts.asked += 1
        fault = FAULTS.get(number % 60) if self._faults else None
        if fault is not None:
            counts.failed += 1
        if isinstance(fault, int):
            return fault, {"error": {"message": f"told to answer {fault}"}}
        if fault:
            await asyncio.sleep(3 * TIMEOUT)
        async with self._places:
            began = time.monotonic()
            await asyncio.sleep(self._seconds)
            counts.last = time.monotonic()
            counts.busy += min(counts.last - began, self._seconds)
        counts.answered += 1
        text = reply_to(body["prompt"], body["seed"])
        usage = {"prompt_tokens": len(body["prompt"]) // 4, "completion_tokens": 8}
        return 200, {"choices": [{"text": text, "finish_reason": "stop"}], "usage": usage}


@contextmanager
def serving(places: int, seconds: float, *, faults: bool) -> Iterator[str]:
    """The address of a stub server in a process of its own."""
    command = [sys.executable, __file__, "--serve", str(places), str(seconds), str(int(faults))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.kill()


def counts_of(url: str) -> Counts:
    """What a stub server has seen."""
    with urllib.request.urlopen(f"{url}/counts", timeout=60) as response:
        return Counts(**json.loads(response.read()))


def work(folder: Path, url: str, items: int, parallel: int) -> None:
    """The process that asks: every problem once, by the client and the journal that the steps use."""
    sys.path.insert(0, str(ROOT))
    from trainer.teacher.budget import Metered
    from trainer.teacher.endpoint import Endpoint, EndpointOptions
    from trainer.teacher.prompts import prompt_named
    from trainer.teacher.teacher import Teacher
    from trainer.teacher.work import work_through
    from tutor_app.adapters.sandbox.sessions import Sandbox
    from tutor_app.core.dialect import CHATML

    options = EndpointOptions(url, "stub", parallel=parallel, stream=False, timeout=TIMEOUT, tries=12, first_pause=0.01)
    prompt = prompt_named("rephrase")
    with Teacher(Metered(Endpoint(options)), Sandbox(), CHATML, max_tokens=200) as teacher:
        work_through(
            folder,
            "load",
            "id",
            [f"Problem {i}" for i in range(items)],
            lambda item, cancel: {"said": teacher.ask(prompt, item, cancel).text},
            parallel=parallel,
            meter=teacher.model,
        )


def start(folder: Path, url: str, items: int, parallel: int) -> subprocess.Popen[bytes]:
    """The working process."""
    command = [sys.executable, __file__, "--work", str(folder), url, str(items), str(parallel)]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=ROOT)


def records(folder: Path) -> list[tuple[int, str]]:
    """Every record in the journal, doubled ones too."""
    lines = (folder / "load.journal").read_text(encoding="utf-8").splitlines()[1:]
    return sorted((row["at"], row["said"]) for row in map(json.loads, lines))


def undisturbed(folder: Path, items: int, parallel: int) -> list[tuple[int, str]]:
    """The records that come of a server that does not fail."""
    with serving(parallel, 0.0, faults=False) as url:
        began = time.monotonic()
        start(folder, url, items, parallel).wait()
        seconds = time.monotonic() - began
        print(f"undisturbed: {items:,} requests in {seconds:.0f} s, {items / seconds:.0f} a second", flush=True)
    return records(folder)


def disturbed(folder: Path, items: int, parallel: int, kills: int) -> list[tuple[int, str]]:
    """The records that come of failures and kills, evenly spread."""
    with serving(parallel, 0.0, faults=True) as url:
        began = time.monotonic()
        killed = 0
        for k in range(kills):
            child = start(folder, url, items, parallel)
            while child.poll() is None and counts_of(url).answered < (k + 1) * items // (kills + 1):
                time.sleep(0.05)
            if child.poll() is None:
                os.kill(child.pid, signal.SIGKILL)
                killed += 1
            child.wait()
        start(folder, url, items, parallel).wait()
        counts = counts_of(url)
        print(
            f"disturbed: {counts.asked:,} requests, {counts.failed:,} told to fail (429, 500, silence), "
            f"killed with -9 {killed} times; {time.monotonic() - began:.0f} s",
            flush=True,
        )
    return records(folder) if killed == kills else []


def share_of_capacity(folder: Path, items: int, parallel: int, seconds: float) -> float:
    """What part of the server's places was at work, from the first request to the last reply."""
    with serving(parallel, seconds, faults=False) as url:
        start(folder, url, items, parallel).wait()
        counts = counts_of(url)
    share = counts.busy / (parallel * (counts.last - counts.first))
    rate = counts.answered / (counts.last - counts.first)
    print(
        f"capacity: {parallel} at once, {seconds:g} s each, {counts.answered:,} requests: {rate:.1f} of "
        f"{parallel / seconds:.1f} a second, {share:.1%}",
        flush=True,
    )
    return share


def main(argv: Sequence[str] | None = None) -> int:
    """Put the load on; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=10_000, help="records of the first two parts")
    parser.add_argument("--parallel", type=int, default=64, help="requests at once")
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--capacity-items", type=int, default=1920, help="records of the last part; 0 leaves it out")
    parser.add_argument("--seconds", type=float, default=2.0, help="that a reply takes in the last part")
    parser.add_argument("--share", type=float, default=0.9, help="of the capacity, at least")
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    a = parser.parse_args(argv)
    if a.serve:
        asyncio.run(_serve(int(a.serve[0]), float(a.serve[1]), faults=a.serve[2] == "1"))
        return 0
    if a.work:
        work(Path(a.work[0]), a.work[1], int(a.work[2]), int(a.work[3]))
        return 0
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name, part) for part in ("undisturbed", "disturbed", "capacity")]
        for folder in folders:
            folder.mkdir()
        expected = undisturbed(folders[0], a.items, a.parallel)
        found = disturbed(folders[1], a.items, a.parallel, a.kills)
        lost = len({at for at, _ in expected} - {at for at, _ in found})
        doubled = len(found) - len({at for at, _ in found})
        same = found == expected and len(found) == a.items
        print(f"lost: {lost}; doubled: {doubled}; the same records: {'yes' if same else 'no'}", flush=True)
        failed = not same
        if a.capacity_items:
            failed |= share_of_capacity(folders[2], a.capacity_items, a.parallel, a.seconds) < a.share
    return 1 if failed else 0


async def _serve(places: int, seconds: float, *, faults: bool) -> None:
    await Stub(places, seconds, faults=faults).serve()


if __name__ == "__main__":
    sys.exit(main())
