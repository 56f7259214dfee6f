"""Low-rank adapters on the disk: what kind they are, their matrices, and the base with them added.

The sum is made tensor by tensor, in float32; neither the base nor the result is ever whole in memory. Adapters that
are more than two matrices beside a layer are told apart and left to Peft.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import torch

from trainer.models import weights
from tutor_app.core.errors import UserFault

WEIGHTS: Final = "adapter_model.safetensors"
PREFIX: Final = "base_model.model."
"""Before every name in an adapter's file."""


def read_settings(folder: Path) -> dict[str, Any]:
    """``adapter_config.json`` of a folder.

    Raises:
        UserFault: If it cannot be read or is no JSON object.
    """
    path = folder / "adapter_config.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as e:
        raise UserFault(f"{path} cannot be read: {e.strerror}.", "Check the path.") from None
    except ValueError as e:
        raise UserFault(f"adapter_config.json of {folder} is no JSON: {e}.", "Mend it.") from None
    if not isinstance(found, dict):
        raise UserFault(f"adapter_config.json of {folder} is no JSON object.", "Mend it.")
    return found


def oddities(settings: Mapping[str, Any]) -> list[str]:
    """In what an adapter is more than two matrices beside each layer; nothing for a plain one."""
    odd = {
        "a kind other than LoRA": settings.get("peft_type") != "LORA",
        "weight decomposition (DoRA)": settings.get("use_dora"),
        "biases": settings.get("bias", "none") != "none" or settings.get("lora_bias"),
        "whole layers": settings.get("modules_to_save"),
        "several ranks": settings.get("rank_pattern") or settings.get("alpha_pattern"),
        "the weights the wrong way round": settings.get("fan_in_fan_out"),
    }
    return [what for what, is_so in odd.items() if is_so]


def scale(settings: Mapping[str, Any]) -> float:
    """What the product of the two matrices is multiplied with."""
    rank, alpha = int(settings["r"]), float(settings["lora_alpha"])
    return alpha / (math.sqrt(rank) if settings.get("use_rslora") else rank)


def matrices(folder: Path) -> dict[str, torch.Tensor]:
    """The tensors of an adapter's file, under the names that they have there.

    Raises:
        UserFault: If there is none, or it is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = folder / WEIGHTS
    if not path.is_file():
        raise UserFault(f"{folder} holds no {WEIGHTS}.", "Check the path.")
    try:
        return dict(load_file(str(path)))
    except SafetensorError as e:
        raise weights.damaged(path, e) from None


def merged(base: Path, adapter: Path) -> Iterator[tuple[str, torch.Tensor]]:
    """The base's tensors with a plain adapter added, float32, in the order of :func:`trainer.models.weights.read`.

    Raises:
        UserFault: If a file is damaged, or the adapter is of another base.
    """
    factor = scale(read_settings(adapter))
    pairs: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in matrices(adapter).items():
        stem, _, kind = name.removeprefix(PREFIX).removesuffix(".weight").rpartition(".")
        pairs.setdefault(f"{stem}.weight", {})[kind] = tensor
    for name, tensor in weights.read(base):
        pair = pairs.pop(name, None)
        values = tensor.to(torch.float32)
        if pair is not None:
            values = _sum(values, pair, factor, name)
        yield name, values
    if pairs:
        raise UserFault(f"The adapter in {adapter} changes {next(iter(pairs))}, which its base lacks.", "Check both.")


def _sum(values: torch.Tensor, pair: Mapping[str, torch.Tensor], factor: float, name: str) -> torch.Tensor:
    a, b = pair.get("lora_A"), pair.get("lora_B")
    if a is None or b is None or (b.shape[0], a.shape[1]) != tuple(values.shape):
        raise UserFault(f"The adapter's matrices for {name} do not fit its base.", "Check both.")
    return values.addmm(b.to(torch.float32), a.to(torch.float32), alpha=factor)
