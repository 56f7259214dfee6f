"""The processes of a run: one, or several started by torchrun. The only module that speaks to torch.distributed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import distributed, nn

from trainer.config import TrainConfig


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process among its fellows.

    Attributes:
        rank: From 0.
        world: How many there are.
        device: Where this one computes.
    """

    rank: int
    world: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this is the one that writes."""
        return self.rank == 0

    def sum(self, value: float) -> float:
        """Sum over all ranks, in float64."""
        if self.world == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64, device=self.device)
        distributed.all_reduce(total)
        return float(total)

    def any(self, flag: bool) -> bool:
        """Whether it holds on some rank."""
        return self.sum(float(flag)) > 0

    def wait(self) -> None:
        """Until all have come here."""
        if self.world > 1:
            distributed.barrier()

    def gather(self, value: Any) -> list[Any]:
        """Every rank's value, by rank."""
        if self.world == 1:
            return [value]
        found: list[Any] = [None] * self.world
        distributed.all_gather_object(found, value)
        return found

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Add up the gradients of replicas; one that a rank did not touch counts as zero."""
        if self.world == 1:
            return
        for p in parameters:
            if p.grad is None:
                p.grad = torch.zeros_like(p)
            distributed.all_reduce(p.grad)


@contextlib.contextmanager
def process_group() -> Iterator[Ranks]:
    """Join the fellows that torchrun started, if any; leave them at the end."""
    rank, world = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    local = int(os.environ.get("LOCAL_RANK", "0"))
    device = torch.device("cuda", local) if torch.cuda.is_available() else torch.device("cpu")
    if device.type == "cuda":
        torch.cuda.set_device(device)
    if world == 1:
        yield Ranks(0, 1, device)
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Ranks(rank, world, device)
    finally:
        distributed.destroy_process_group()


def shard(module: nn.Module, layers: Iterable[nn.Module], config: TrainConfig) -> None:
    """Shard the weights, gradients and optimiser state over all ranks (FSDP2, the ZeRO-3 of the published recipe).

    Gradients are summed, not averaged: the loss is divided by the targets of the whole batch already.
    """
    from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

    policy = MixedPrecisionPolicy()
    if config.precision == "bf16":
        policy = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)
    for layer in layers:
        _solid(layer)
        fully_shard(layer, mp_policy=policy)
    _solid(module)
    root: Any = fully_shard(module, mp_policy=policy)
    for part in root.modules():
        if hasattr(part, "set_gradient_divide_factor"):
            part.set_gradient_divide_factor(1.0)
            part.set_force_sum_reduction_for_comms(True)


def _solid(module: nn.Module) -> None:
    """Give weights without memory of their own some: of one layer at a time, since sharding keeps only a share."""
    for p in module.parameters():
        if not p.is_contiguous():
            p.data = p.data.contiguous()


def fill(module: nn.Module, weights: Iterable[tuple[str, torch.Tensor]], names: Callable[[str], str]) -> list[str]:
    """Give a sharded module its weights, one at a time: each rank keeps its share and forgets the rest.

    Args:
        module: From :func:`shard`.
        weights: Whole tensors by name, the same on every rank.
        names: What a parameter's name in ``module`` is there.

    Returns:
        Names in ``module`` for which there was no weight.
    """
    from torch.distributed.tensor import distribute_tensor

    wanted: dict[str, Any] = {names(name): p for name, p in module.named_parameters()}
    with torch.no_grad():
        for name, whole in weights:
            parameter = wanted.pop(name, None)
            if parameter is not None:
                values = whole.to(parameter.device, parameter.dtype)
                # Every rank has read it: nothing need be sent.
                share = distribute_tensor(values, parameter.device_mesh, parameter.placements, src_data_rank=None)
                parameter.to_local().copy_(share.to_local())
    return list(wanted)
