"""Run everything of the trainer that needs a GPU once, one step after the other, and write what came of it as JSON.

Each step is a command of its own with a limit, so that one that fails or hangs costs no other; what does not fit into
the minutes that are left is left out, and said so. The data are made up unless ``--data`` names GSM8K's training
file; the base is the tutor's starter model if it is installed, else random weights of its shape. With ``--dry`` the
same steps run with a tiny model in float32 on a CPU, without those that need CUDA.

Nothing is downloaded. The exit code is 1 if a step failed.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import platform
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
STARTER: Final = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
WARM: Final = 3
"""Steps of a run before its speed counts."""
TRAINER: Final = (sys.executable, "-m", "trainer")


@dataclass
class Check:
    """The steps, and what came of each.

    Attributes:
        folder: Where runs go.
        dry: Whether this is a rehearsal on a CPU.
        ends: By the monotonic clock, when all must be over.
        steps: By name: ``ok``, ``seconds``, and what a step measures; or why it was left out.
    """

    folder: Path
    dry: bool
    ends: float
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)

    def run(
        self,
        name: str,
        command: Sequence[str],
        *,
        limit: float,
        lacks: str = "",
        needs: Sequence[Path] = (),
        measured: Callable[[str], dict[str, Any]] | None = None,
    ) -> bool:
        """Run a step.

        Args:
            name: Of the step.
            command: Its command line.
            limit: Seconds that it may take.
            lacks: Why it cannot run here, or empty.
            needs: What earlier steps must have made.
            measured: From its output to what is kept of it, if it succeeds.

        Returns:
            Whether it succeeded.
        """
        left = self.ends - time.monotonic()
        # A busy computer without a GPU may take much longer, and the limits are not what it rehearses.
        limit = min(limit * (8 if self.dry else 1), left)
        unmade = [p.name for p in needs if not p.exists()]
        if not lacks and unmade:
            lacks = f"there is no {unmade[0]}, which an earlier step makes"
        if not lacks and left < 15:
            lacks = "no time was left"
        if lacks:
            self.steps[name] = {"left_out": lacks}
            print(f"{name}: left out, {lacks}", flush=True)
            return False
        began = time.monotonic()
        code, said, errors = ended(command, limit)
        why = errors.strip().splitlines()[-3:] if code is not None else [f"not over within {limit:.0f} s"]
        found: dict[str, Any] = {"ok": code == 0, "seconds": round(time.monotonic() - began, 1)}
        try:
            found |= measured(said) if code == 0 and measured is not None else {}
        except (OSError, ValueError, KeyError) as e:
            found, why = found | {"ok": False}, [f"its result cannot be read: {e}"]
        if not found["ok"]:
            found["why"] = " ".join(why)
        self.steps[name] = found
        print(f"{name}: {json.dumps(found)}", flush=True)
        return bool(found["ok"])

    def train(self, name: str, base: Path, data: Path, *settings: str, launch: bool = False, lacks: str = "") -> bool:
        """Train a few steps; the speed and the largest memory of those after the first are kept."""
        run = self.folder / name
        config = ROOT / "trainer" / "configs" / ("stage1-gpu.toml" if name.startswith("stage 1") else "stage2-gpu.toml")
        torchrun = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "1", "-m")
        command = [*((*torchrun, "trainer") if launch else TRAINER), "train", "--to", str(run), "--config", str(config)]
        command += ["--base", str(base), "--data", str(data), "--not-decontaminated", "--set", *self._few(), *settings]
        return self.run(name, command, limit=150, lacks=lacks, needs=(base, data), measured=lambda _: speed_of(run))

    def _few(self) -> list[str]:
        few = ["max_steps=10", "held_out=0.02", "eval_every=0", "save_every=5", "log_every=1"]
        if self.dry:
            few = [*few[1:], "max_steps=5", "precision=fp32", "batch_size=4", "max_length=512", "row_tokens=512"]
        return few


def ended(command: Sequence[str], limit: float) -> tuple[int | None, str, str]:
    """Exit code, None if it was ended after ``limit`` seconds with all that it started, and what it said."""
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, process_group=0, **pipes) as child:
        try:
            said, errors = child.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            return None, "", ""
        return child.returncode, said, errors


def speed_of(run: Path) -> dict[str, Any]:
    """Of a run: its losses, its speed after the first steps, and the largest memory."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_bytes().splitlines()]
    steps = [row for row in rows if "loss" in row]
    settled = steps[WARM:] or steps
    found: dict[str, Any] = {
        "steps": len(steps),
        "first_loss": round(steps[0]["loss"], 4),
        "last_loss": round(steps[-1]["loss"], 4),
        "tokens_per_second": round(statistics.median(row["tokens"] / row["seconds"] for row in settled)),
    }
    if "peak_memory" in steps[-1]:
        found["peak_memory_gb"] = round(steps[-1]["peak_memory"] / 1e9, 2)
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Run the steps; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="JSON", help="the result")
    parser.add_argument("--dry", action="store_true", help="a tiny model on a CPU")
    parser.add_argument("--base", type=Path, help="a GGUF file or a model folder")
    parser.add_argument("--data", type=Path, help="GSM8K's training file")
    parser.add_argument("--minutes", type=float, default=12.0, help="for all steps together (default 12)")
    a = parser.parse_args(argv)
    cuda = cuda_of()
    if not cuda and not a.dry:
        print("There is no CUDA GPU here. Rehearse with --dry.", file=sys.stderr)
        return 2
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        check = Check(Path(folder), a.dry, began + 60 * a.minutes)
        everything(check, a.base, a.data)
    result = {
        "device": cuda.get("name", platform.processor() or platform.machine()),
        "cuda": cuda,
        "dry": a.dry,
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "versions": versions(),
        "seconds": round(time.monotonic() - began, 1),
        "steps": check.steps,
    }
    a.out.parent.mkdir(parents=True, exist_ok=True)
    a.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    failed = [name for name, step in check.steps.items() if step.get("ok") is False]
    print(f"{a.out}: {len(check.steps)} steps, failed: {', '.join(failed) or 'none'}.")
    return 1 if failed else 0


def everything(check: Check, base: Path | None, data: Path | None) -> None:
    """All steps, those that others build upon first."""
    dry, folder = check.dry, check.folder
    needs_cuda = "it needs CUDA" if dry else ""
    source = data or made_data(folder / "gsm8k.jsonl", 40 if dry else 600)
    reasoning, code = folder / "data" / "seeds-gsm8k.jsonl", folder / "data" / "make-code.jsonl"
    run = ["--run", str(folder / "data")]
    check.run("reasoning records", [*TRAINER, "seeds", str(source), "--format", "gsm8k", *run], limit=60)
    limited = ["--limit", "40" if dry else "600"]
    check.run("code records", [*TRAINER, "make-code", str(source), *limited, *run], limit=150)
    base = base or installed_starter(dry=dry)
    if base is None:
        base = folder / "base"
        shape = [] if dry else ["--vocab", "8192", "--width", "896", "--layers", "24"]
        check.run(
            "a base of random weights",
            [*TRAINER, "tiny", str(code), "--out", str(base), *shape],
            limit=60,
            needs=[code],
        )
    check.train("stage 1, FSDP under torchrun", base, reasoning, "parallel='fsdp'", launch=True)
    first = folder / "stage 1, FSDP under torchrun" / "model"
    check.train("stage 2", first, code)
    check.train("the same, going on", first, code, "gradient_checkpointing=true")
    check.train("compile", first, code, "compile=true", lacks=needs_cuda)
    check.train("liger", first, code, "liger=true", lacks=needs_cuda or missing("liger_kernel"))
    flash = "attention='flash_attention_2'"
    check.train("flash attention 2", first, code, flash, lacks=needs_cuda or missing("flash_attn"))
    check.train("LoRA", first, code, "method='lora'")
    check.train("QLoRA", first, code, "method='qlora'", lacks=needs_cuda or missing("bitsandbytes"))
    out = folder / "stage2.gguf"
    model = folder / "stage 2" / "model"
    check.run(
        "export and gate", [*TRAINER, "export", "--model", str(model), "--out", str(out)], limit=240, needs=[model]
    )
    sides = [sys.executable, "packaging/bench", "training"]
    set_up = {"MUMATH_BENCH_TURNS": "1" if dry else "3", "MUMATH_BENCH_BATCH": "4" if dry else "64"}
    if not dry:
        set_up |= {"MUMATH_BENCH_BASE": str(first), "MUMATH_BENCH_DATA": str(code)}
    with_settings = ["env", *(f"{k}={v}" for k, v in set_up.items()), *sides]
    check.run("speed and MFU against TRL", with_settings, limit=240, measured=table)


def table(said: str) -> dict[str, Any]:
    """The rows of the bench, as they were printed."""
    return {"rows": [line for line in said.splitlines() if line.startswith("| training")]}


def made_question(i: int) -> tuple[str, str]:
    """A question and its solution of 2 to 9 steps."""
    rng = random.Random(i)
    total = rng.randint(2, 40)
    question, lines = f"A shop has {total} boxes.", []
    for day in range(1, rng.randint(3, 10)):
        n = rng.randint(2, 30)
        question += f" On day {day} it gets {n} more."
        lines.append(f"On day {day} there are {total}+{n} = <<{total}+{n}={total + n}>>{total + n} boxes.")
        total += n
    return f"{question} How many are there?", "\n".join([*lines, f"#### {total}"])


def made_data(path: Path, n: int) -> Path:
    """Made-up problems in GSM8K's form."""
    rows = (made_question(i) for i in range(n))
    path.write_text("".join(json.dumps({"question": q, "answer": s}) + "\n" for q, s in rows), encoding="utf-8")
    return path


def installed_starter(*, dry: bool) -> Path | None:
    """The tutor's starter model, if it is installed; a rehearsal needs something smaller."""
    from tutor_app.tutor.paths import folders

    path = folders().models / STARTER
    return path if path.is_file() and not dry else None


def missing(package: str) -> str:
    """Why a step that needs a package is left out, or empty."""
    return "" if importlib.util.find_spec(package) else f"the package {package} is not installed"


def cuda_of() -> dict[str, Any]:
    """Name, memory and versions of the first GPU; empty without one."""
    import torch

    if not torch.cuda.is_available():
        return {}
    found = torch.cuda.get_device_properties(0)
    return {"name": found.name, "memory_gb": round(found.total_memory / 1e9, 1), "cuda": torch.version.cuda}


def versions() -> dict[str, str]:
    """Of the packages that the numbers depend on."""
    from importlib import metadata

    found = {"python": platform.python_version()}
    for name in ("torch", "transformers", "peft", "trl", "liger-kernel", "flash-attn", "bitsandbytes"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


if __name__ == "__main__":
    sys.exit(main())
