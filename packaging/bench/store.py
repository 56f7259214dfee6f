"""The token store at the papers' scale: memory and time to build it, and what a rank takes to start from it again.

MUMATH_BENCH_RECORDS is the number of synthetic records (20,000 by default; the papers have 1,351,000), each as long as
one of GSM8K; MUMATH_BENCH_FOLDER keeps them and the store there, so that a run that was stopped does not write them
again. Memory to build is the sum over all processes (PSS: what they share is divided among them), looked at five times
a second. A rank's is what its private and shared pages grow by from before it opens the store to after it has read
every sample of a shuffled epoch, less the pages of the store's files, which the system can forget at any time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Any

Row = tuple[str, float, str, str, float]

BUILD_MB, WARM_SECONDS, WARM_MB = 1000.0, 10.0, 300.0
"""What the trainer promises for 1.35 million records."""


def rows() -> Iterator[Row]:
    """The rows of the table."""
    if any(find_spec(p) is None for p in ("torch", "transformers")):
        print("store: left out, the trainer's packages are not installed", file=sys.stderr)
        return
    n = int(os.environ.get("MUMATH_BENCH_RECORDS", "20000"))
    kept = os.environ.get("MUMATH_BENCH_FOLDER", "")
    with nullcontext(kept) if kept else tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder, n)
        built = _child("build", folder)
        warm = _child("open", folder)
    records = f"{n:,} records"
    yield f"store: {records}, {built['tokens'] / 1e6:,.0f} M tokens, built in", built["seconds"], "s", "", 0.0
    yield "store: memory of all processes to build it", built["mb"], "MB", "at most 1 GB", built["mb"] / BUILD_MB
    yield (
        "store: found, checked by hash and opened",
        warm["seconds"],
        "s",
        "at most 10 s",
        warm["seconds"] / WARM_SECONDS,
    )
    yield "store: a rank's memory after a whole epoch", warm["mb"], "MB", "at most 300 MB", warm["mb"] / WARM_MB


def _write(folder: Path, n: int) -> None:
    """Records and a tokenizer, unless they are there."""
    from training import _record

    from trainer.train.tiny import make_base, train_tokenizer
    from tutor_app.core.dialect import DIALECTS, render

    if not (folder / "base").exists():
        few = [_record(i) for i in range(256)]
        texts = ["".join(s.text for s in render(r, DIALECTS["mumath"])) for r in few]
        make_base(folder / "base", train_tokenizer(texts, 8192))
    path = folder / f"{n}.jsonl"
    if path.exists():
        return
    # Some thousand solutions, each time under another name and origin: writing must not take longer than reading.
    several = [_record(i).to_dict() for i in range(min(n, 4096))]
    with (folder / "part").open("w", encoding="utf-8") as f:
        for i in range(n):
            meta = {"id": f"bench/{i}", "source_id": f"question/{i}", "source": "bench", "method": "code-nested"}
            record = several[i % len(several)] | {"meta": meta | {"licence": "none"}}
            f.write(json.dumps(record, ensure_ascii=False) + "\n")
    (folder / "part").rename(path)


def _child(what: str, folder: Path) -> dict[str, Any]:
    here = Path(__file__).parent
    path = os.pathsep.join(map(str, (here, here.parent.parent)))
    ran = subprocess.run(
        [sys.executable, __file__, what, str(folder), os.environ.get("MUMATH_BENCH_RECORDS", "20000")],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def _wanted(folder: Path, n: str) -> Any:
    from trainer.data.store import Wanted

    return Wanted((folder / f"{n}.jsonl",), (), folder / "base", "mumath", 1024, 0.01, strict=True, stamped=False)


def build(folder: Path, n: str) -> dict[str, float]:
    """Make the store; the time, and the largest memory of this process and its children."""
    from trainer.data.store import make, open_store

    peak, ended = [0.0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.2):
            peak[0] = max(peak[0], sum(_pss(pid) for pid in _tree(os.getpid())))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        start = time.monotonic()
        wanted = _wanted(folder, n)
        # Of an epoch of its own: what an earlier run has left is not what is measured.
        stored = open_store(make(wanted, folder / f"store-{os.getpid()}", wanted.key()))
        seconds = time.monotonic() - start
    finally:
        ended.set()
        thread.join()
    (folder / "newest").write_text(f"store-{os.getpid()}")
    return {"seconds": seconds, "mb": peak[0], "tokens": float(stored.tokens)}


def opened(folder: Path, n: str) -> dict[str, float]:
    """Open the store as a rank does that starts again, and go through an epoch."""
    import numpy as np

    from trainer.data.store import make, open_store

    before = _private(os.getpid())
    start = time.monotonic()
    wanted = _wanted(folder, n)
    stored = open_store(make(wanted, folder / (folder / "newest").read_text(), wanted.key()))
    order = np.random.default_rng(1).permutation(len(stored.samples))
    seconds = time.monotonic() - start
    total = sum(len(stored.samples[int(i)]) for i in order)
    assert total == stored.tokens
    return {"seconds": seconds, "mb": _private(os.getpid()) - before}


def _tree(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(p for child in children for p in _tree(int(child)))]


def _rollup(pid: int) -> dict[str, float]:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return {}
    return {key.rstrip(":"): int(number) / 1000 for key, number, *_ in map(str.split, lines)}


def _pss(pid: int) -> float:
    return _rollup(pid).get("Pss", 0.0)


def _private(pid: int) -> float:
    """Memory that only this process has and no file holds, MB."""
    return _rollup(pid).get("Anonymous", 0.0)


if __name__ == "__main__":
    print(json.dumps({"build": build, "open": opened}[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])))
