"""Supervised tokens a second of our loop against transformers' padded Trainer: same model, data, batch and dtype.

Both train a small model of random weights in float32 on one thread, in turns; the median step of each counts. Gives
no row where the trainer's packages are not installed.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from trainer.gsm8k import parse_solution, shown
from trainer.make_code import draft
from tutor_app.core.transcript import Code, Output, Part, Transcript

Row = tuple[str, float, str, str, float]

BATCH, STEPS = 16, 6


def rows() -> Iterator[Row]:
    """The rows of the table."""
    if any(find_spec(p) is None for p in ("torch", "transformers", "accelerate")):
        print("training: left out, the trainer's packages are not installed", file=sys.stderr)
        return
    import torch

    from trainer.data import DIALECTS, best_fit, encode_all
    from trainer.tiny import make_base, train_tokenizer
    from tutor_app.core.dialect import render

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    records = [_record(i) for i in range(BATCH * STEPS)]
    dialect = DIALECTS["mumath"]
    tokenizer = train_tokenizer(["".join(s.text for s in render(r, dialect)) for r in records], 4096)
    samples = encode_all(records, dialect, tokenizer, 1024).samples
    with tempfile.TemporaryDirectory() as folder:
        make_base(Path(folder) / "base", tokenizer, width=256, layers=4)
        sides = (_Ours(Path(folder) / "base"), _Theirs(Path(folder) / "base", tokenizer.eos_id, folder))
        rates: tuple[list[float], list[float]] = ([], [])
        for start in range(0, BATCH * STEPS, BATCH):
            group = samples[start : start + BATCH]
            for side, found in zip(sides, rates, strict=True):
                began = time.perf_counter()
                side.step(group)
                found.append(sum(s.targets for s in group) / (time.perf_counter() - began))
    torch.set_num_threads(before)
    ours, theirs = map(median, rates)
    yield "training: supervised tokens of our packed loop", ours, "/s", "transformers' Trainer, padded", ours / theirs
    lengths = [len(s) for s in samples] * 20
    used = sum(lengths) / (2048 * len(best_fit(lengths, 2048)))
    yield "training: positions used by best-fit packing, rows of 2,048", used, "", "", 0.0


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


class _Ours:
    """A step of our loop."""

    def __init__(self, base: Path) -> None:
        import torch

        from trainer import bases
        from trainer.config import TrainConfig
        from trainer.loss import SupervisedLoss

        self._config = TrainConfig(max_length=1024, precision="fp32")
        self._module = SupervisedLoss(bases.load_model(base).train(), self._config.ce_chunk)
        self._optimizer = torch.optim.AdamW(self._module.parameters(), lr=1e-4)

    def step(self, samples: Any) -> None:
        import torch

        from trainer.data import make_rows

        rows = make_rows(samples, self._config.row_length, packing=True)
        n = sum(r.n_targets for r in rows)
        self._optimizer.zero_grad(set_to_none=True)
        for row in rows:
            tensors = (torch.from_numpy(x).unsqueeze(0) for x in (row.ids, row.positions, row.targets))
            (self._module(*tensors) / n).backward()
        torch.nn.utils.clip_grad_norm_(self._module.parameters(), 1.0)
        self._optimizer.step()


class _Theirs:
    """A step of transformers' Trainer on a padded batch."""

    def __init__(self, base: Path, pad: int, folder: str) -> None:
        import torch
        from transformers import Trainer, TrainingArguments

        from trainer import bases

        arguments = TrainingArguments(output_dir=folder, use_cpu=True, report_to=[], max_grad_norm=1.0)
        self._model = bases.load_model(base).train()
        self._trainer = Trainer(self._model, arguments)
        self._trainer.current_gradient_accumulation_steps = 1  # set by the loop around the step
        self._optimizer = torch.optim.AdamW(self._model.parameters(), lr=1e-4)
        self._pad = pad

    def step(self, samples: Any) -> None:
        import torch

        from trainer.data import IGNORED

        longest = max(map(len, samples))
        ids = torch.full((len(samples), longest), self._pad)
        mask = torch.zeros_like(ids)
        labels = torch.full_like(ids, IGNORED)
        for i, s in enumerate(samples):
            ids[i, : len(s)] = torch.from_numpy(s.ids)
            mask[i, : len(s)] = 1
            labels[i, : len(s)] = torch.where(torch.from_numpy(s.supervised), ids[i, : len(s)], IGNORED)
        self._optimizer.zero_grad(set_to_none=True)
        self._trainer.training_step(self._model, {"input_ids": ids, "attention_mask": mask, "labels": labels})
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
        self._optimizer.step()
