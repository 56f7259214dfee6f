"""Writes the result of a run: a model folder, and an adapter folder where adapters were trained.

Written tensor by tensor: every rank takes part in putting one together, the first writes it, and it is forgotten
before the next. No rank ever holds the whole of a sharded model.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from trainer.config import TrainConfig
from trainer.models import bases, lora, weights
from trainer.models.tokenizer import SpanTokenizer
from trainer.train.loss import SupervisedLoss
from trainer.train.ranks import Ranks
from tutor_app.core.errors import TutorError

_MODULE = "model."
"""Before every name of the model inside the loss."""


def write(
    module: SupervisedLoss, config: TrainConfig, ranks: Ranks, run: Path, base: Path, tokenizer: SpanTokenizer
) -> Path:
    """Write the result of a run; every rank must call it.

    Args:
        module: What was trained.
        config: Settings.
        ranks: The ranks.
        run: The run folder.
        base: Folder of the base.
        tokenizer: Of the base.

    Returns:
        The folder that the next stage and the export read.

    Raises:
        HostFault: If the disk refuses.
    """
    dtype = bases.DTYPES[config.precision]
    if config.method == "full":
        folder = run / "model"
        shapes = {_plain(n): tuple(p.shape) for n, p in module.named_parameters()}
        whole = ((_plain(n), _whole(p)) for n, p in module.named_parameters())
        _on_the_first(ranks, whole, lambda tensors: _folder(folder, base, tokenizer, shapes, tensors, dtype, config))
        return folder
    adapter = run / "adapter"
    matrices = (
        (n.removeprefix(_MODULE).replace(".default.", "."), _whole(p))
        for n, p in module.named_parameters()
        if ".lora_" in n
    )
    settings = module.model.peft_config["default"]
    _on_the_first(
        ranks,
        matrices,
        lambda tensors: bases.write_adapter_folder(
            adapter, settings, dict(tensors), tokenizer, base=base, dialect=config.dialect
        ),
    )
    if config.method == "qlora":
        return adapter
    folder = run / "model"
    ranks.together(lambda: _merge(base, adapter, folder, tokenizer, dtype, config) if ranks.first else None)
    return folder


def _merge(
    base: Path, adapter: Path, folder: Path, tokenizer: SpanTokenizer, dtype: torch.dtype, config: TrainConfig
) -> None:
    if any(base.glob("*.safetensors")):
        _folder(folder, base, tokenizer, weights.shapes(base), lora.merged(base, adapter), dtype, config)
        return
    merged, _ = bases.load_adapted(adapter)
    bases.save_model(merged, tokenizer, folder, dialect=config.dialect, dtype=dtype)


def _folder(
    folder: Path,
    base: Path,
    tokenizer: SpanTokenizer,
    shapes: weights.Shapes,
    tensors: Iterator[tuple[str, torch.Tensor]],
    dtype: torch.dtype,
    config: TrainConfig,
) -> None:
    like = bases.read_config(base)
    bases.write_folder(folder, like, tokenizer, shapes, tensors, dtype, dialect=config.dialect)


def _on_the_first(ranks: Ranks, tensors: Iterator[tuple[str, torch.Tensor]], write_all: Any) -> None:
    """Put tensors together on all ranks, write them on the first."""

    def work() -> None:
        fault: TutorError | None = None
        if ranks.first:
            try:
                write_all(tensors)
            except TutorError as e:
                fault = e
        # The others go through them all, whatever became of the first one's file.
        for _ in tensors:
            pass
        if fault is not None:
            raise fault

    ranks.together(work)


def _plain(name: str) -> str:
    return bases.plain_name(name.removeprefix(_MODULE))


def _whole(parameter: Any) -> torch.Tensor:
    found: torch.Tensor = parameter.full_tensor() if hasattr(parameter, "full_tensor") else parameter.detach()
    return found
