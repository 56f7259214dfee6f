"""``make soak N=1000``: many solutions in a row, then what they left behind; with ``--chaos``, while things are broken.

Plain: solutions of several blocks that print, draw, fail, die, run out of time and are stopped. Afterwards no
process, descriptor, thread, file or growing memory may be left. Chaos: meanwhile workers and their template are
killed at random moments, the disk is full for a while (as root; else the scratch folder is), memory is short, and
the reader of ``tutor exec`` hangs up. Then every call must end with an outcome, a killed block or a clear
sentence, within its deadline and a margin. Exits with 1 when something is left, hangs or ends otherwise.

It measures no speed. Linux only, since it looks into ``/proc``.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tutor_app.adapters.sandbox.sessions import Limits, Sandbox, Session
from tutor_app.core.errors import SandboxFault
from tutor_app.core.events import RunFinished

ROOT = Path(__file__).resolve().parent.parent
BLOCK_SECONDS = 10.0
GROWTH = 12 << 20
"""Bytes a process may grow after the first tenth: caches fill, and freed memory is not all given back."""

PLAIN: tuple[tuple[str, ...], ...] = (
    ("from sympy import *\nx = symbols('x')\nr = solve(x**2 - {k}*x + 1, x)\nprint(r)", "N(r[0])", "print(len(r))"),
    ("a = {k}", "print(a / 0)", "print(a + 1)"),
    ("import sys\nfor i in range(300): print(i, {k})", "print('oh', file=sys.stderr)"),
    ("open('f.txt', 'w').write('x' * 100_000)", "import os\nos.mkdir('d')\nprint(os.listdir('.'))"),
    ("import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()", "print({k})"),
    ("import numpy as np\nm = np.random.rand(100, 100)", "print(np.linalg.det(m) != 0)"),
)
RARE: tuple[tuple[str, ...], ...] = (
    ("import matplotlib.pyplot as plt\nplt.plot([1, {k}])", "plt.hist([1, 2, 2])\nplt.show()\nprint('drawn')"),
    ("b = {k}", "import os\nos._exit(3)", "print(b)"),
    ("c = 1\nwhile True: pass", "print(c)"),
    ("d = [1]", "import ctypes\nctypes.string_at(0)", "print(d)"),
)
BOMBS: tuple[tuple[str, ...], ...] = (
    ("a = []\nwhile True: a.append('x' * 10_000_000)", "print(1)"),
    ("i = 0\nwhile True:\n    open(str(i), 'wb').write(b'x' * 4_000_000)\n    i += 1", "print(1)"),
    ("while True: print('x' * 1000)",),
    ("import signal\nsignal.signal(2, signal.SIG_IGN)\nwhile True: pass", "print(1)"),
    ("import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(9,), daemon=True).start()",),
    ("def f(n): return f(n + 1)\nf(0)", "print(10 ** 100_000 % 7)"),
)


@dataclass(frozen=True)
class State:
    """What this process holds, and what hangs on its sandbox."""

    descriptors: int
    threads: int
    memory: int
    template: int
    processes: int
    files: int


def state(sandbox: Sandbox, margin: float) -> State:
    """Now; waits until what was ended is gone, the next worker is there and two looks in a row find the same.

    At most ``margin`` seconds.
    """
    base, template = sandbox.pool.state().folder, sandbox.pool.state().template_pid
    end = time.monotonic() + margin
    before = (-1, -1)
    while time.monotonic() < end:
        processes = naming(str(base)) if base else 0
        files = sum(1 for _ in base.iterdir()) if base and base.exists() else 0
        pool = sandbox.pool.state()
        is_settled = pool.closed or (processes <= 2 and len(pool.spares) == 1)
        if is_settled and (processes, files) == before:
            break
        before = (processes, files)
        time.sleep(0.1)
    return State(
        sum(1 for _ in Path("/proc/self/fd").iterdir()),
        threading.active_count(),
        memory("self"),
        memory(str(template)) if template else 0,
        processes,
        files,
    )


def memory(pid: str) -> int:
    """Bytes of resident memory."""
    with suppress(OSError):
        rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return 1024 * sum(int(r.split()[1]) for r in rows if r.startswith(("Rss:", "Swap:")))
    return 0


def naming(text: str) -> int:
    """How many processes have this text in their command line."""
    found = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found += text in path.read_text(errors="replace")
    return found


class Soak:
    """Runs solutions and counts how their blocks end.

    Args:
        sandbox: Where.
        margin: Seconds over its deadline after which a call counts as hanging.
    """

    def __init__(self, sandbox: Sandbox, margin: float) -> None:
        self.sandbox, self.margin = sandbox, margin
        self.ends: Counter[str] = Counter()
        self.solutions = 0
        self.slowest = 0.0

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Dump the stacks and end this program when a call takes longer."""
        faulthandler.dump_traceback_later(seconds + self.margin, exit=True)
        started = time.monotonic()
        yield
        self.slowest = max(self.slowest, time.monotonic() - started - seconds)
        faulthandler.cancel_dump_traceback_later()

    def solve(self, blocks: tuple[str, ...], k: int, timeout: float = BLOCK_SECONDS) -> None:
        """One solution; a sandbox that says in a sentence why it cannot run code is an outcome."""
        session: Session | None = None
        try:
            with self.within(0):
                session = self.sandbox.open()
            for block in blocks:
                # Rebuilding the names has a deadline of its own, which is at least two seconds.
                with self.within(timeout + 2 + 3 * timeout):
                    *_, last = session.run(block.replace("{k}", str(k)), timeout=timeout)
                assert isinstance(last, RunFinished), last
                self.ends[last.output.status] += 1
        except SandboxFault:
            self.ends["refused"] += 1
        finally:
            faulthandler.cancel_dump_traceback_later()
            self.solutions += 1
            if session is not None:
                with self.within(0):
                    session.close()

    def some(self, count: int, first: int = 0) -> None:
        """Solutions of every plain kind, and each tenth of a rare one."""
        for i in range(first, first + count):
            rare = i % 10 == 9
            blocks = RARE[i // 10 % len(RARE)] if rare else PLAIN[i % len(PLAIN)]
            self.solve(blocks, i + 2, timeout=1.0 if "while True" in blocks[0] else BLOCK_SECONDS)


def plain(count: int, margin: float, folder: Path) -> list[str]:
    """Run and compare; returns what is left behind."""
    descriptors, threads = sum(1 for _ in Path("/proc/self/fd").iterdir()), threading.active_count()
    sandbox = Sandbox(Limits(seconds=BLOCK_SECONDS))
    soak = Soak(sandbox, margin)
    try:
        warm = max(count // 10, 10)
        soak.some(warm)
        before = state(sandbox, margin)
        try:
            soak.some(count, first=warm)
        except KeyboardInterrupt:  # what has been run so far is worth a report
            count = soak.solutions - warm
        after = state(sandbox, margin)
    finally:
        sandbox.close()
    end = state(sandbox, margin)
    left = sum(1 for _ in folder.iterdir())
    print(f"{count} solutions after {warm}: " + ", ".join(f"{n} blocks {k}" for k, n in sorted(soak.ends.items())))
    mb = 1 / (1 << 20)
    rows: list[tuple[str, float, float, float, bool]] = [
        ("descriptors", before.descriptors, after.descriptors, end.descriptors, end.descriptors > descriptors),
        ("threads", before.threads, after.threads, end.threads, end.threads > threads),
        ("processes of the sandbox", before.processes, after.processes, end.processes, end.processes > 0),
        ("entries in its folder", before.files, after.files, end.files + left, end.files + left > 0),
        ("memory of the app, MB", before.memory * mb, after.memory * mb, end.memory * mb, False),
        ("memory of the template, MB", before.template * mb, after.template * mb, end.template * mb, False),
    ]
    print(f"{'':28} {'before':>8} {'after':>8} {'closed':>8}")
    wrong = []
    for name, *values, remains in rows:
        grown = values[1] - values[0]
        leaks = remains or grown > (GROWTH * mb if name.endswith("MB") else 2)
        print(f"{name:28} " + " ".join(f"{v:8.0f}" for v in values) + ("  LEFT" if leaks else ""))
        wrong += [name] if leaks else []
    print(f"The slowest call took {max(soak.slowest, 0):.1f} s more than its deadline.")
    return wrong


# ------------------------------------------------------------------------------------------------------- chaos


class Killer(threading.Thread):
    """Kills workers, and now and then their template, at random moments."""

    def __init__(self, sandbox: Sandbox, seed: int) -> None:
        super().__init__(daemon=True)
        self._pool, self._chance = sandbox.pool, random.Random(seed)
        self._enough = threading.Event()
        self.kills = self.templates = 0

    def run(self) -> None:
        while not self._enough.wait(self._chance.expovariate(1.0)):
            pool = self._pool.state()
            if pool.template_pid and self._chance.random() < 0.1:
                with suppress(ProcessLookupError):
                    os.kill(pool.template_pid, signal.SIGKILL)
                    self.templates += 1
            elif pool.workers:
                self._chance.choice(pool.workers).kill()
                self.kills += 1

    def end(self) -> None:
        """Stop killing."""
        self._enough.set()
        self.join()


def killed(count: int, margin: float, seed: int, *, namespaces: bool) -> str:
    """Solutions of all kinds while their processes are killed."""
    sandbox = Sandbox(Limits(seconds=BLOCK_SECONDS), namespaces=namespaces)
    soak, killer = Soak(sandbox, margin), Killer(sandbox, seed)
    chance = random.Random(seed + 1)
    killer.start()
    try:
        for i in range(count):
            soak.solve(chance.choice(PLAIN + RARE + BOMBS), i + 2, timeout=2.0)
        killer.end()
        last = Soak(sandbox, margin)
        last.solve(("a = 1", "print(a)"), 0)
        assert last.ends == {"ok": 2}, f"after the killing code no longer runs: {last.ends}"
    finally:
        killer.end()
        sandbox.close()
    return f"{killer.kills} workers and {killer.templates} templates killed; {said(soak)}"


def full_disk(count: int, margin: float, base: Path) -> str:
    """Solutions while nothing more can be written where the sandbox keeps its folders, and after that."""
    sandbox, late = Sandbox(Limits(seconds=BLOCK_SECONDS)), Sandbox(Limits(seconds=BLOCK_SECONDS))
    soak, refused = Soak(sandbox, margin), Soak(late, margin)
    before, tempfile.tempdir = tempfile.tempdir, str(base)
    numbers = iter(range(1_000_000))

    def fill() -> None:
        with suppress(OSError):
            for i in numbers:
                (base / f"filler{i}").touch()

    try:
        soak.some(3)
        for i in range(count):
            fill()
            soak.some(1, first=3 + i)
        fill()
        refused.solve(("print(1)",), 0)
        assert refused.ends == {"refused": 1}, f"a sandbox that could make no folder: {refused.ends}"
        for file in base.glob("filler*"):
            file.unlink()
        for each in (sandbox, late):
            last = Soak(each, margin)
            last.solve(("a = 1", "print(a)"), 0)
            assert last.ends == {"ok": 2}, f"with room on the disk again code still does not run: {last.ends}"
    finally:
        tempfile.tempdir = before
        sandbox.close()
        late.close()
    return said(soak)


def short_memory(count: int, margin: float) -> str:
    """Solutions with too little address space for them, then with too little for the worker itself."""
    texts = []
    for megabytes in (640, 64):
        sandbox = Sandbox(Limits(seconds=BLOCK_SECONDS, memory=megabytes << 20))
        soak = Soak(sandbox, margin)
        try:
            for i in range(count if megabytes > 100 else 2):
                soak.solve((*BOMBS[0], "import numpy as np\nnp.ones((9000, 9000))", PLAIN[0][0]), i, timeout=5.0)
        finally:
            sandbox.close()
        texts.append(f"{megabytes} MiB: {said(soak)}")
    return "; ".join(texts)


def hung_up(margin: float) -> str:
    """``tutor exec`` whose reader goes away while it prints."""
    command = [sys.executable, "-m", "tutor_app", "exec", "-", "--timeout", "5"]
    code = b"import time\nwhile True:\n    print('x' * 100)\n    time.sleep(0.01)"
    pipe = subprocess.PIPE
    child = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, cwd=ROOT)
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(code)
    child.stdin.close()
    child.stdout.readline()
    child.stdout.close()
    try:
        status = child.wait(5 + margin)
    finally:
        child.kill()
        child.wait()
    assert status >= 0, f"the program was ended by signal {-status}"
    return f"the program ended by itself, with exit code {status}"


def said(soak: Soak) -> str:
    """How the blocks ended."""
    ends = ", ".join(f"{n} {k}" for k, n in sorted(soak.ends.items()) if n)
    return f"blocks: {ends}; at most {max(soak.slowest, 0):.1f} s over the deadline"


@contextmanager
def small_disk() -> Iterator[Path | None]:
    """A file system of a megabyte, which only root can make."""
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        mount = shutil.which("mount")
        options = ["-t", "tmpfs", "-o", "size=1m,nr_inodes=200", "soak", name]
        if os.geteuid() or not mount or subprocess.run([mount, *options], capture_output=True).returncode:
            yield None
            return
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", "-l", name], check=True)


def chaos(count: int, margin: float, seed: int, folder: Path) -> list[str]:
    """Break things one after the other; returns what went wrong."""
    wrong = []

    def stage(name: str, run: Callable[[], str]) -> None:
        try:
            print(f"{name}: {run()}", flush=True)
        except (AssertionError, OSError, ValueError, subprocess.TimeoutExpired) as e:
            wrong.append(name)
            print(f"{name}: WRONG, {type(e).__name__}: {e}", flush=True)

    descriptors = sum(1 for _ in Path("/proc/self/fd").iterdir())
    half = max(count // 2, 1)
    stage("processes killed", lambda: killed(half, margin, seed, namespaces=True))
    stage("the same without namespaces", lambda: killed(half, margin, seed + 7, namespaces=False))
    with small_disk() as base:
        if base is not None:
            stage("disk full", lambda: full_disk(max(count // 10, 3), margin, base))
        else:
            print(
                "disk full: left out, since only root can make a small disk; the scratch folder's bound was met above"
            )
    stage("memory short", lambda: short_memory(max(count // 10, 2), margin))
    stage("reader gone", lambda: hung_up(margin))
    more = sum(1 for _ in Path("/proc/self/fd").iterdir()) - descriptors
    if more > 0:
        wrong.append(f"{more} descriptors left")
    if threading.active_count() > 1:
        wrong.append("threads left: " + ", ".join(t.name for t in threading.enumerate()))
    if naming(str(folder)):
        wrong.append("processes left")
    if list(folder.iterdir()):
        wrong.append("files left")
    return wrong


def main(argv: list[str] | None = None) -> int:
    """Exit code 1 if something was left behind, hung or ended otherwise than it should."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=1000, help="solutions (default 1000)")
    parser.add_argument("--chaos", action="store_true", help="break things meanwhile")
    parser.add_argument("--seed", type=int, default=1, help="of the chance in the chaos")
    parser.add_argument("--margin", type=float, default=60.0, help="seconds over its deadline that a call may take")
    args = parser.parse_args(argv)
    if not Path("/proc/self/smaps_rollup").exists():
        print("The soak looks into /proc, so it runs on Linux only.", file=sys.stderr)
        return 2
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        os.environ["TMPDIR"] = tempfile.tempdir = name
        folder = Path(name)
        if args.chaos:
            wrong = chaos(args.count, args.margin, args.seed, folder)
        else:
            wrong = plain(args.count, args.margin, folder)
    print(
        f"{'LEFT OR WRONG: ' + '; '.join(wrong) if wrong else 'Nothing is left.'} ({time.monotonic() - started:.0f} s)"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
