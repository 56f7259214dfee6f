"""The model as a run trains it: loaded or empty, with adapters, compiled, replicated or sharded, in that order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from trainer.config import TrainConfig
from trainer.models import bases, parts, weights
from trainer.models.gguf_base import EXPORTED
from trainer.train.loss import SupervisedLoss
from trainer.train.ranks import Ranks, fill, replicate, shard
from tutor_app.core.errors import UserFault


@dataclass(frozen=True, slots=True)
class Trained:
    """A model under training.

    Attributes:
        module: From a row to its loss; its parameters have the same names however the run is split.
        forward: The same module, or what replicates it: this one is called for what is to be learned.
        sharded: Whether no rank has the whole.
        autocast: Whether the forward pass is under autocast.
    """

    module: SupervisedLoss
    forward: nn.Module
    sharded: bool
    autocast: bool

    @property
    def parameters(self) -> list[Any]:
        """The parameters that are trained."""
        return [p for p in self.module.parameters() if p.requires_grad]


def build(folder: Path, config: TrainConfig, ranks: Ranks) -> Trained:
    """Make the model of a run.

    Raises:
        UserFault: If the base lacks weights, or a setting cannot be had here.
    """
    device = ranks.device
    sharded = ranks.grouped and config.parallel == "fsdp"
    # What is sharded together must be of one type, and what is trained is kept in float32.
    lean = config.method != "full" and not sharded
    frozen_dtype = bases.DTYPES[config.precision] if lean else torch.float32
    four_bit = config.method == "qlora"
    known = (bases.read_config(folder).get("architectures") or [""])[0] in EXPORTED
    hollow = bases.hollow_model(folder, attention=config.attention) if sharded and known else None
    model = hollow or bases.load_model(folder, dtype=frozen_dtype, attention=config.attention, four_bit=four_bit)
    if not known and not four_bit:
        parts.check(model, config.packing)
    if config.liger:
        bases.apply_liger(model, device)
    if config.gradient_checkpointing:
        bases.checkpoint_activations(model)
        if config.method != "full":
            model.enable_input_require_grads()
    if config.method != "full":
        model = bases.with_adapters(model, config)
        for p in model.parameters():
            if p.requires_grad:
                p.data = p.data.float()
    model.train()
    module = SupervisedLoss(model, config.ce_chunk)
    if not four_bit and not sharded:
        # Sharding moves one layer after the other: the whole model need not fit onto one device.
        module.to(device)
    if config.compile:
        bases.compile_layers(model, device)
    if sharded:
        shard(module, parts.blocks(model), config)
    if hollow is not None:
        _fill(module, folder)
    replicas = ranks.world > 1 and not sharded
    forward = replicate(module, device) if replicas else module
    return Trained(module, forward, sharded, autocast=config.precision == "bf16" and not sharded)


def _fill(module: SupervisedLoss, folder: Path) -> None:
    """Read this rank's share of the weights; adapters have theirs already."""
    without = fill(module, weights.read(folder), lambda name: bases.plain_name(name.removeprefix("model.")))
    missing = [name for name in without if "lora_" not in name]
    if missing:
        raise UserFault(f"The model in {folder} has no weights for {missing[0]}.", "Check the folder.")
