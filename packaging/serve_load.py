"""Load on a ``tutor serve``: many clients ask one problem after another, and every reply is looked at.

    python packaging/serve_load.py --clients 50 --eager 10 --minutes 2 [--url http://127.0.0.1:8642/v1 --process PID]

Without an address it serves the starter itself. Prints how many replies came, how many failed, how long the slowest
client's waited, how evenly the clients were served, and how the memory of the server and of its processes grew; exits
with 1 if a reply failed, a client got less than half of what the middle one got, or memory, open files, threads or
processes grew by more than a tenth. ``--eager 10`` makes the first client ask ten times at once.
Clients come from addresses of their own (127.0.0.2 and on, as Linux allows), because the server tells clients apart by
address.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import psutil


@dataclass
class Client:
    """What one client has seen: seconds of each reply, how many came in time, and what went wrong."""

    number: int
    seconds: list[float] = field(default_factory=list)
    in_time: int = 0
    faults: list[str] = field(default_factory=list)

    def ask_until(self, url: str, end: float, asked: Asked, key: str) -> None:
        """Ask again and again until ``end``, by the monotonic clock; the last reply is awaited."""
        address = urlsplit(url)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
        while time.monotonic() < end:
            began = time.monotonic()
            connection = HTTPConnection(
                address.hostname or "",
                address.port,
                timeout=1800,
                source_address=(f"127.0.{self.number // 250}.{self.number % 250 + 2}", 0),
            )
            try:
                connection.request("POST", address.path + asked.path, asked.body, headers)
                reply = connection.getresponse()
                events = reply.read().decode()
                if reply.status != 200 or asked.sign not in events:
                    self.faults.append(f"{reply.status}: {events[-200:]}")
            except OSError as e:
                self.faults.append(str(e))
            finally:
                connection.close()
            now = time.monotonic()
            self.seconds.append(now - began)
            self.in_time += now < end


@dataclass(frozen=True)
class Taken:
    """What a server takes: bytes of its process, of all its processes, open files and threads of its own.

    Pages that processes share are counted once: the workers that run code are forked from one, and each would count
    all of its pages.
    """

    own: int
    all: int
    files: int
    threads: int
    processes: Mapping[str, int]
    """How many processes of each kind."""

    @classmethod
    def of(cls, process: int) -> Taken:
        """What it takes now."""
        server = psutil.Process(process)
        own, total, kinds = _memory(server), 0, Counter[str]()
        for child in server.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                kind, memory = kind_of(child.cmdline()), _memory(child)
                total += memory
                kinds[kind] += 1
        return cls(own, own + total, server.num_fds(), server.num_threads(), kinds)


def _memory(process: psutil.Process) -> int:
    """Its bytes, shared pages in part, where the system tells that."""
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", full.rss))
    except psutil.AccessDenied:
        return int(process.memory_info().rss)


def kind_of(command: Sequence[str]) -> str:
    """What a process of the server does: the folder of its worker's file."""
    return next((Path(word).parent.name for word in reversed(command) if word.endswith(".py")), "other")


def grown(taken: Sequence[Taken]) -> Iterator[tuple[str, float, float, bool]]:
    """What, how much early and late, and whether that has grown; in the middle of many looks each.

    A single look tells nothing: how many workers live at a moment depends on how many solutions run code just then.
    The first fifth is left out, while everything is started, and the last tenth, when clients have gone.
    """
    looks = len(taken)
    early, late = taken[looks // 5 : looks * 2 // 5 + 1], taken[looks * 7 // 10 : looks * 9 // 10 + 1]
    for what, of, spare in (
        ("memory of the server's process, MB", lambda t: t.own / 1e6, 0),
        ("memory of it and its children, MB", lambda t: t.all / 1e6, 0),
        ("open files", lambda t: t.files, 4),
        ("threads", lambda t: t.threads, 4),
        ("processes", lambda t: sum(t.processes.values()), 2),
    ):
        before, after = statistics.median(map(of, early)), statistics.median(map(of, late))
        yield what, before, after, after > 1.1 * before + spare


@dataclass(frozen=True)
class Asked:
    """A request, and what stands in a reply that is whole."""

    path: str
    body: bytes
    sign: str


@contextmanager
def serving(model: str, parallel: int) -> Iterator[tuple[str, int]]:
    """Address and process of a server for as long as the context lasts."""
    command = [sys.executable, "-m", "tutor_app", "serve", "--model", model, "--parallel", str(parallel), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        found = re.search(r" at (http://\S+)", server.stdout.readline())
        try:
            if found is None:
                sys.exit(f"The server did not start; try: tutor serve --model {model}")
            yield found[1], server.pid
        finally:
            server.terminate()


def main() -> int:
    """Put the load on; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="as tutor serve prints it; without one a server is started")
    parser.add_argument("--process", type=int, help="of that server, for its memory")
    parser.add_argument("--model", default="starter", help="of the server that is started")
    parser.add_argument("--parallel", type=int, default=4, help="replies that it makes at once")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--eager", type=int, default=1, help="requests that the first client has under way")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--problem", default="What is 6 times 7?")
    parser.add_argument("--tokens", type=int, help="ask the bare model for so many, instead of a solution")
    parser.add_argument("--key", default="none")
    args = parser.parse_args()
    asked = Asked("/solve", json.dumps({"problem": args.problem, "stream": True}).encode(), "event: finished")
    if args.tokens:
        body = {"prompt": args.problem, "max_tokens": args.tokens, "stream": True}
        asked = Asked("/completions", json.dumps(body).encode(), "data: [DONE]")
    if args.url:
        return put_load(args, args.url, asked, args.process)
    with serving(args.model, args.parallel) as (url, process):
        return put_load(args, url, asked, process)


def put_load(args: argparse.Namespace, url: str, asked: Asked, process: int | None) -> int:
    """Let the clients ask, and print what they saw; returns the exit code."""
    end = time.monotonic() + 60 * args.minutes
    clients = [Client(n) for n in range(args.clients)]
    askers = [*clients, *[clients[0]] * (args.eager - 1)]
    threads = [threading.Thread(target=c.ask_until, args=(url, end, asked, args.key)) for c in askers]
    taken: list[Taken] = []
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if process:
            taken.append(Taken.of(process))
        threads[0].join(1.0)
        time.sleep(1.0)
    ordinary = clients[1:] if args.eager > 1 else clients
    replies = [s for c in ordinary for s in c.seconds]
    faults = [f for c in clients for f in c.faults]
    counts = [c.in_time for c in ordinary]
    total = sum(len(c.seconds) for c in clients)
    print(f"{total} replies to {args.clients} clients in {args.minutes:g} minutes, {len(faults)} failed")
    print(f"a reply took {statistics.median(replies):.1f} s (median), {max(replies):.1f} s at the most")
    print(f"each client got {min(counts)} to {max(counts)} replies in that time")
    if args.eager > 1:
        eager = f"the one that has {args.eager} requests under way at once got {clients[0].in_time}"
        print(f"{eager}; the seconds are those of the others")
    larger = False
    for what, before, after, has_grown in grown(taken) if taken else ():
        print(f"{what}: {before:.0f} early, {after:.0f} late{', which is growth' * has_grown}")
        larger = larger or has_grown
    for kind in sorted({kind for look in taken for kind in look.processes}):
        counts_of = [look.processes.get(kind, 0) for look in taken]
        print(
            f"processes of {kind}: {min(counts_of)} to {max(counts_of)}, in the median {statistics.median(counts_of):g}"
        )
    for fault in faults[:5]:
        print(fault, file=sys.stderr)
    return 1 if faults or larger or min(counts) < statistics.median(counts) / 2 else 0


if __name__ == "__main__":
    sys.exit(main())
