"""Load on a running ``tutor serve``: many clients ask one problem after another, and every reply is looked at.

    python packaging/serve_load.py http://127.0.0.1:8642/v1 --clients 50 --minutes 10 [--process PID]

Prints how many replies came, how many failed, how long the slowest client's waited, how evenly the clients were served,
and how the server's memory grew; exits with 1 if one failed or a client got nothing. Clients come from addresses of
their own (127.0.0.2 and on, as Linux allows), because the server tells clients apart by address.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection
from urllib.parse import urlsplit

import psutil


@dataclass
class Client:
    """What one client has seen: seconds of each reply, and what went wrong."""

    number: int
    seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def ask_until(self, url: str, end: float, body: bytes, key: str) -> None:
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
                connection.request("POST", f"{address.path}/solve", body, headers)
                reply = connection.getresponse()
                events = reply.read().decode()
                if reply.status != 200 or "event: finished" not in events:
                    self.faults.append(f"{reply.status}: {events[-200:]}")
            except OSError as e:
                self.faults.append(str(e))
            finally:
                connection.close()
            self.seconds.append(time.monotonic() - began)


def main() -> int:
    """Put the load on; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="as tutor serve prints it")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--problem", default="What is 6 times 7?")
    parser.add_argument("--key", default="none")
    parser.add_argument("--process", type=int, help="of the server, for its memory")
    args = parser.parse_args()
    body = json.dumps({"problem": args.problem, "stream": True}).encode()
    end = time.monotonic() + 60 * args.minutes
    clients = [Client(n) for n in range(args.clients)]
    threads = [threading.Thread(target=c.ask_until, args=(args.url, end, body, args.key)) for c in clients]
    memory: list[int] = []
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if args.process:
            memory.append(psutil.Process(args.process).memory_info().rss)
        threads[0].join(1.0)
        time.sleep(1.0)
    replies = [s for c in clients for s in c.seconds]
    faults = [f for c in clients for f in c.faults]
    counts = [len(c.seconds) for c in clients]
    print(f"{len(replies)} replies to {args.clients} clients in {args.minutes:g} minutes, {len(faults)} failed")
    print(f"a reply took {statistics.median(replies):.1f} s (median), {max(replies):.1f} s at the most")
    print(f"each client got {min(counts)} to {max(counts)} replies")
    if memory:
        first = memory[min(len(memory) // 5, len(memory) - 1)]
        print(
            f"the server's memory: {first / 1e6:.0f} MB after a fifth of the time, {memory[-1] / 1e6:.0f} MB at the end"
        )
    for fault in faults[:5]:
        print(fault, file=sys.stderr)
    return 1 if faults or not min(counts) else 0


if __name__ == "__main__":
    sys.exit(main())
