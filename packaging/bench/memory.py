"""Memory of a training run and of an export, measured in a process of its own, against what is planned and promised.

The run is ``trainer train`` on the CPU in float32, two steps; MUMATH_BENCH_WIDTH is the width of its model (512 by
default: 31M parameters; 1280 is 200M). Measured is the largest private memory of the process, looked at every 20 ms,
less what it had after the imports. The export is the writing of the f16 file, before the gate loads the model.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

Row = tuple[str, float, str, str, float]

LAYERS, VOCABULARY, ROW = 8, 8192, 1024
EXPORT_MB = 500.0
"""What an export may take beside twice the largest tensor."""


def rows() -> Iterator[Row]:
    """The rows of the table."""
    if any(find_spec(p) is None for p in ("torch", "transformers", "gguf")):
        print("memory: left out, the trainer's packages are not installed", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _child("make", folder)
        for what in ("full", "checkpointed", "lora"):
            found = _child(what, folder)
            label = f"memory: {found['millions']:.0f}M parameters, {what}, peak of 2 steps"
            yield label, found["mb"], "MB", f"planned {found['planned']:,.0f} MB", found["mb"] / found["planned"]
        found = _child("export", folder)
        bound = 2 * found["largest"] + EXPORT_MB
        yield (
            "memory: export to f16, peak before the gate",
            found["mb"],
            "MB",
            f"at most {bound:,.0f} MB",
            (found["mb"] / bound),
        )


def _child(what: str, folder: Path) -> dict[str, float]:
    here = Path(__file__).parent
    path = os.pathsep.join(map(str, (here, here.parent.parent)))
    ran = subprocess.run(
        [sys.executable, __file__, what, str(folder)],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "2")},
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return found


def make(folder: Path) -> dict[str, float]:
    """A base and records for the others."""
    from training import _record

    from trainer.data.records import write_records
    from trainer.train.tiny import make_base, train_tokenizer
    from tutor_app.core.dialect import DIALECTS, render
    from tutor_app.core.transcript import Transcript

    records = [_record(i) for i in range(64)]
    texts = ["".join(s.text for s in render(r, DIALECTS["mumath"])) for r in records]
    width = int(os.environ.get("MUMATH_BENCH_WIDTH", "512"))
    make_base(
        folder / "base", train_tokenizer(texts, 2000), width=width, layers=LAYERS, kind="llama", vocab_size=VOCABULARY
    )
    meta = {"source": "bench", "method": "code-nested", "licence": "none"}
    whole = [Transcript.from_dict(r.to_dict() | {"meta": meta | {"id": str(i)}}) for i, r in enumerate(records)]
    write_records(folder / "data.jsonl", whole)
    return {}


def run(folder: Path, what: str) -> dict[str, float]:
    """Train; the peak, and what is planned."""
    from trainer.config import TrainConfig
    from trainer.models.bases import read_config
    from trainer.runs import Run
    from trainer.train import plan
    from trainer.train.loop import Job, train

    # What is imported on the way would count as the run's.
    for module in ("peft", "torch._dynamo", "transformers.models.llama.modeling_llama", "torch.distributed.checkpoint"):
        importlib.import_module(module)
    config = TrainConfig(
        precision="fp32",
        method="lora" if what == "lora" else "full",
        gradient_checkpointing=what == "checkpointed",
        max_length=ROW,
        row_tokens=ROW,
        batch_size=8,
        max_steps=2,
        held_out=0.0,
        save_every=0,
        threads=0,
    )
    shape = read_config(folder / "base")
    planned = plan.make(shape, config, plan.CARDS["h100-80"], 1, tokens=1e6, mfu=0.3)
    job = Job(config, folder / "base", (folder / "data.jsonl",), Run.at(folder / what))
    mb = peak_of(lambda: train(job))
    total = plan.counts(shape, config).total
    parts = planned.weights + planned.gradients + planned.optimizer + planned.activations
    return {"mb": mb, "planned": parts / 1e6, "millions": total / 1e6}


def export(folder: Path) -> dict[str, float]:
    """Write the f16 file; the peak, and the largest tensor."""
    from trainer.export.gguf import write_f16
    from trainer.models import weights
    from trainer.models.tokenizer import from_folder

    tokenizer = from_folder(folder / "base")
    importlib.import_module("gguf")
    largest = max(4 * _product(shape) for shape in weights.shapes(folder / "base").values())
    mb = peak_of(lambda: write_f16(folder / "base", tokenizer, folder / "m.gguf", name="Bench", dialect="mumath"))
    return {"mb": mb, "largest": largest / 1e6}


def peak_of(work: Callable[[], Any]) -> float:
    """The largest private memory of this process during the work beyond that before it, MB."""
    before, peak, ended = _anonymous(), [0.0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            peak[0] = max(peak[0], _anonymous())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        work()
    finally:
        ended.set()
        thread.join()
    return peak[0] - before


def _anonymous() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1000
    return 0.0


def _product(shape: tuple[int, ...]) -> int:
    total = 1
    for n in shape:
        total *= n
    return total


if __name__ == "__main__":
    place = Path(sys.argv[2])
    found = {"make": make, "export": export}.get(sys.argv[1], lambda folder: run(folder, sys.argv[1]))(place)
    print(json.dumps(found))
