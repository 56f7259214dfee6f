"""Supervised tokens a second of our loop against transformers' padded Trainer and TRL's packed SFTTrainer.

One step of the same samples, model, precision and number of threads for all, in turns; the fastest turn of each
counts. Small, in float32 and on one thread by default; in bfloat16 where there is a CUDA GPU. These name something
real instead: MUMATH_BENCH_BASE (a model folder or a GGUF file) and MUMATH_BENCH_DATA (a file of records);
MUMATH_BENCH_BATCH is the samples of a step, MUMATH_BENCH_TURNS the turns. Gives no row where the trainer's packages
are not installed, and leaves TRL out where it is not.

Model FLOPs are those of the samples and of nothing else, padding left out: 2 for each weight of a layer and token,
and of the head for each supervised token; those of causal attention within a sample; the backward pass counts twice
that. Their share of what one large matrix product reaches in the same run is the utilisation (MFU).
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from trainer.data.chain import shown
from trainer.data.gsm8k import parse_solution
from trainer.synthesize.make_code import draft
from tutor_app.core.parts import Code, Output, Part
from tutor_app.core.transcript import Transcript

Row = tuple[str, float, str, str, float]
Step = Callable[[Any], None]

MAX_LENGTH, ROW_LENGTH = 1024, 2048


def rows() -> Iterator[Row]:
    """The rows of the table."""
    if any(find_spec(p) is None for p in ("torch", "transformers", "accelerate", "peft")):
        print("training: left out, the trainer's packages are not installed", file=sys.stderr)
        return
    if find_spec("trl") is None or find_spec("datasets") is None:
        print("training: TRL is left out, trl and datasets are not installed", file=sys.stderr)
    import torch

    gpu = torch.cuda.is_available()
    before = torch.get_num_threads()
    if not gpu:
        torch.set_num_threads(1)
    try:
        with tempfile.TemporaryDirectory() as folder:
            yield from _rows(Path(folder), gpu=gpu)
    finally:
        torch.set_num_threads(before)


def _rows(folder: Path, *, gpu: bool) -> Iterator[Row]:
    from trainer.data.packing import encode_all, make_rows
    from trainer.data.records import Rejects, read_records
    from trainer.models import bases
    from trainer.models.tokenizer import from_folder
    from trainer.train.tiny import make_base, train_tokenizer
    from tutor_app.core.dialect import DIALECTS, render

    batch = int(os.environ.get("MUMATH_BENCH_BATCH", "128" if gpu else "16"))
    turns = int(os.environ.get("MUMATH_BENCH_TURNS", "3"))
    dialect = DIALECTS["mumath"]
    file, base = os.environ.get("MUMATH_BENCH_DATA"), os.environ.get("MUMATH_BENCH_BASE")
    records = read_records([Path(file)], Rejects()) if file else [_record(i) for i in range(1024)]
    if base:
        base_folder = bases.prepare(Path(base), folder / "base", "mumath")
    else:
        base_folder = folder / "base"
        texts = ["".join(s.text for s in render(r, dialect)) for r in records[:256]]
        make_base(base_folder, train_tokenizer(texts, 8192), width=256, layers=6)
    data = encode_all(records, dialect, from_folder(base_folder), MAX_LENGTH)
    drawn = list(data.samples)
    random.Random(1).shuffle(drawn)

    full, used, computed, room = 128, 0, 0, 0
    for start in range(0, max(1, len(drawn) - full + 1), full):
        group = drawn[start : start + full]
        packed = make_rows(group, ROW_LENGTH, packing=True)
        used, computed = used + sum(map(len, group)), computed + sum(map(len, packed))
        room += ROW_LENGTH * len(packed)
    reference = f"fill of rows of {ROW_LENGTH:,} by steps of {full}: {used / room:.3f}"
    yield "training: positions computed that hold a sample's token", used / computed, "", reference, 0.0

    samples = drawn[:batch]
    supervised = sum(s.targets for s in samples)
    seconds, peak = _measure(base_folder, samples, folder, turns, gpu=gpu)
    ours, against = seconds.pop("ours"), dict(seconds)
    lora, theirs_lora = against.pop("ours, lora"), against.pop("TRL, lora", 0.0)
    what = "training: supervised tokens of our packed loop"
    names = {"Trainer": "transformers' Trainer, padded", "TRL": "TRL's SFTTrainer, packed"}
    for name, took in against.items():
        yield what, supervised / ours, "/s", f"{names[name]}, {supervised / took:,.0f}/s", took / ours
    if theirs_lora:
        reference = f"TRL's SFTTrainer, packed, {supervised / theirs_lora:,.0f}/s"
        yield "training: the same with adapters", supervised / lora, "/s", reference, theirs_lora / lora
    flops = model_flops(base_folder, samples)
    others = ", ".join(f"{name} {100 * flops / took / peak:.0f} %" for name, took in against.items())
    reference = f"{others}; of {peak / 1e9:,.0f} GFLOP/s"
    best = min(against.values())
    yield (
        "training: model FLOPs of a matrix product's peak (MFU)",
        100 * flops / ours / peak,
        "%",
        reference,
        best / ours,
    )


def model_flops(folder: Path, samples: Any) -> float:
    """Floating-point operations of a forward and a backward pass over the samples, all weights trained."""
    from trainer.models.bases import read_config

    c = read_config(folder)
    width, layers, heads = c["hidden_size"], c["num_hidden_layers"], c["num_attention_heads"]
    size = c.get("head_dim") or width // heads
    shared = c.get("num_key_value_heads", heads)
    layer = width * size * (2 * heads + 2 * shared) + 3 * width * c["intermediate_size"]
    tokens, targets = sum(map(len, samples)), sum(s.targets for s in samples)
    products = 2 * layers * layer * tokens + 2 * width * c["vocab_size"] * targets
    # Scores and their use: two products of n by n, of which causal order needs half.
    attention = sum(2 * layers * heads * size * len(s) ** 2 for s in samples)
    return 3.0 * (products + attention)


def _measure(base: Path, samples: Any, folder: Path, turns: int, *, gpu: bool) -> tuple[dict[str, float], float]:
    """Seconds of the fastest step of each side, and the fastest matrix product in FLOP/s."""
    import torch

    def wait() -> None:
        if gpu:
            torch.cuda.synchronize()

    n = 8192 if gpu else 1536
    square = torch.randn(n, n, device="cuda" if gpu else "cpu", dtype=torch.bfloat16 if gpu else torch.float32)
    best: dict[str, float] = {}
    peak = 0.0
    for pair in (("ours", "Trainer", "TRL"), ("ours, lora", "TRL, lora")):
        sides = {name: _side(name, base, folder) for name in pair if "TRL" not in name or find_spec("trl")}
        for turn in range(turns + 1):
            for name, step in sides.items():
                wait()
                began = time.perf_counter()
                step(samples)
                wait()
                if turn:  # the first one only warms up
                    best[name] = min(best.get(name, 1e9), time.perf_counter() - began)
            began = time.perf_counter()
            torch.mm(square, square)
            wait()
            peak = max(peak, 2.0 * n**3 / (time.perf_counter() - began))
        sides.clear()
        if gpu:
            torch.cuda.empty_cache()
    return best, peak


def _side(name: str, base: Path, folder: Path) -> Step:
    kind, _, method = name.partition(", ")
    if kind == "ours":
        return _ours(base, folder / name, method or "full")
    return _padded(base, folder / name) if kind == "Trainer" else _trl(base, folder / name, lora=bool(method))


def _config(method: str) -> Any:
    import torch

    from trainer.config import TrainConfig

    gpu = torch.cuda.is_available()
    return TrainConfig(
        method=method,  # type: ignore[arg-type]  # one of the names
        precision="bf16" if gpu else "fp32",
        max_length=MAX_LENGTH,
        row_tokens=8192 if gpu else 0,
        lr=1e-4,
        clip=1.0,
        epochs=10_000,
    )


def _ours(base: Path, run: Path, method: str) -> Step:
    """A step of our loop: its own, private or not, since a copy would be measured in its place."""
    import torch

    from trainer.data.packing import Encoded
    from trainer.models.tokenizer import from_folder
    from trainer.runs import Run
    from trainer.train.checkpoint import Position
    from trainer.train.job import Job
    from trainer.train.loop import TrainingLoop
    from trainer.train.ranks import Ranks

    loops: list[Any] = []

    def step(samples: Any) -> None:
        if not loops:
            job = Job(_config(method), base, (), Run.at(run))
            ranks = Ranks(0, 1, torch.device("cuda" if torch.cuda.is_available() else "cpu"))
            loops.append(TrainingLoop(job, ranks, base, from_folder(base), Encoded(tuple(samples), ()), (), ()))
        loops[0].step(samples, Position(step=1))

    return step


def _arguments() -> dict[str, Any]:
    import torch

    gpu = torch.cuda.is_available()
    return {"use_cpu": not gpu, "bf16": gpu, "report_to": [], "learning_rate": 1e-4, "disable_tqdm": True}


def _finish(trainer: Any, optimizer: Any, model: Any) -> None:
    import torch

    torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


def _padded(base: Path, folder: Path) -> Step:
    """A step of transformers' Trainer on padded batches, as many samples at once as are as long as our rows."""
    import torch
    from transformers import Trainer, TrainingArguments

    from trainer.data.packing import IGNORED
    from trainer.models import bases

    trainer = Trainer(bases.load_model(base).train(), TrainingArguments(str(folder), **_arguments()))
    model, optimizer = trainer.model, trainer.create_optimizer()
    device = next(model.parameters()).device

    def step(samples: Any) -> None:
        longest = max(map(len, samples))
        # On a CPU the whole batch at once is as fast as parts of it.
        at_once = max(1, 16_384 // longest)
        groups = [samples[i : i + at_once] for i in range(0, len(samples), at_once)]
        trainer.current_gradient_accumulation_steps = len(groups)
        n = torch.tensor(sum(s.targets for s in samples), device=device)
        for group in groups:
            longest = max(map(len, group))
            ids = torch.zeros((len(group), longest), dtype=torch.int64)
            mask, labels = torch.zeros_like(ids), torch.full_like(ids, IGNORED)
            for i, s in enumerate(group):
                ids[i, : len(s)] = torch.from_numpy(s.ids)
                mask[i, : len(s)] = 1
                labels[i, : len(s)] = torch.where(torch.from_numpy(s.supervised), ids[i, : len(s)], IGNORED)
            inputs = {"input_ids": ids, "attention_mask": mask, "labels": labels}
            trainer.training_step(model, inputs, num_items_in_batch=n)
        _finish(trainer, optimizer, model)

    return step


def _trl(base: Path, folder: Path, *, lora: bool) -> Step:
    """A step of TRL's SFTTrainer: its packing, its collator, its loss."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        from datasets import Dataset, disable_progress_bars
        from peft import LoraConfig
        from transformers import AutoTokenizer
        from trl import SFTConfig, SFTTrainer
        from trl.data_utils import pack_dataset

    from trainer.data.packing import IGNORED
    from trainer.models import bases

    disable_progress_bars()
    config = _config("lora")
    adapters = LoraConfig(
        r=config.lora_r,
        lora_alpha=config.lora_alpha,
        lora_dropout=0.0,
        target_modules=list(config.lora_targets),
        task_type="CAUSAL_LM",
    )
    length = config.row_length
    state: dict[str, Any] = {}

    def begin(packed: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Made right before its trainer: it resets the state that all trainers of a process share.
            arguments = SFTConfig(
                str(folder),
                packing=True,
                max_length=length,
                per_device_train_batch_size=1,
                gradient_checkpointing=False,
                dataset_kwargs={"skip_prepare_dataset": True},
                **_arguments(),
            )
            trainer = SFTTrainer(
                bases.load_model(base).train(),
                arguments,
                train_dataset=packed,
                processing_class=AutoTokenizer.from_pretrained(str(base)),
                peft_config=adapters if lora else None,
            )
        state.update(trainer=trainer, optimizer=trainer.create_optimizer(), packed=list(packed))

    def step(samples: Any) -> None:
        if not state:
            columns = {
                "input_ids": [s.ids.tolist() for s in samples],
                "labels": [
                    torch.where(torch.from_numpy(s.supervised), torch.from_numpy(s.ids), IGNORED).tolist()
                    for s in samples
                ],
            }
            begin(pack_dataset(Dataset.from_dict(columns), length, "bfd"))
        trainer = state["trainer"]
        trainer.current_gradient_accumulation_steps = len(state["packed"])
        n = torch.tensor(sum(s.targets for s in samples), device=trainer.args.device)
        for row in state["packed"]:
            inputs = trainer.data_collator([row])
            trainer.training_step(trainer.model, inputs, num_items_in_batch=n)
        _finish(trainer, state["optimizer"], trainer.model)

    return step


def _record(i: int) -> Transcript:
    """A solution of 2 to 9 steps, as unlike in length as real ones are."""
    rng = random.Random(i)
    total = rng.randint(2, 40)
    question, lines = f"A shop has {total} boxes.", []
    for k in range(rng.randint(2, 9)):
        n = rng.randint(2, 30)
        question += f" On day {k + 1} it gets {n} more."
        lines.append(f"On day {k + 1} there are {total}+{n} = <<{total}+{n}={total + n}>>{total + n} boxes.")
        total += n
    chain, gold = parse_solution("\n".join([*lines, f"#### {total}"]))
    parts: list[Part] = []
    for part in draft(question, chain, gold, str(i)).parts:
        parts.append(part)
        if isinstance(part, Code):
            parts.append(Output(feedback=shown(gold)))
    return Transcript.of(f"{question} How many are there?", *parts, meta={"id": str(i)})
