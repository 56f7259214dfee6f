"""The processes of a run: one, or several started by torchrun. The only module that speaks to torch.distributed.

A fault of one rank becomes everybody's: work that may fail is done through :meth:`Ranks.together`, so that no rank
waits for one that has given up, and the sentence is said once.

Operations of one process group must come in the same order on every rank, so no group is used by two threads: the
default group carries the gradients and weights of a step, one gloo group what the main threads agree on between
steps, and another the checkpoints that are written in the background. Every wait is bounded: the start by
:data:`START_TIMEOUT`, a group's operations by its time-out, and a rank that is gone by :mod:`trainer.train.watch`.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import torch
from torch import distributed, nn

from trainer.config import TrainConfig
from trainer.reporting import ReportedElsewhere
from trainer.train.watch import AGAIN, Watch
from tutor_app.core.errors import HostFault, TutorError, UserFault

T = TypeVar("T")

START_TIMEOUT: Final = timedelta(minutes=3)
"""Longest that a rank waits for the others to be started: they import the same packages, on busy disks."""
STEP_TIMEOUT: Final = timedelta(minutes=10)
"""Longest that an operation within a step waits for another rank's share of it."""
SAVE_TIMEOUT: Final = timedelta(minutes=30)
"""Longest that ranks wait for the slowest to have written its share of a checkpoint."""
WORK_TIMEOUT: Final = timedelta(hours=3)
"""Longest that ranks wait for what one of them does for all: tokens made, a model merged or measured. A rank that is
gone is found by :mod:`trainer.train.watch` long before."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process among its fellows.

    Attributes:
        rank: From 0.
        world: How many there are.
        device: Where this one computes.
        local: From 0 on this computer.
        control: Process group for what the main threads agree on, or None without torchrun.
        saving: Process group for checkpoints in the background, or None.
    """

    rank: int
    world: int
    device: torch.device
    local: int = 0
    control: Any = None
    saving: Any = None

    @property
    def first(self) -> bool:
        """Whether this is the one that writes."""
        return self.rank == 0

    @property
    def grouped(self) -> bool:
        """Whether there are process groups: torchrun started this rank, though it may be the only one."""
        return self.control is not None

    def sum(self, value: float) -> float:
        """Sum over all ranks, in float64."""
        if self.world == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64)
        distributed.all_reduce(total, group=self.control)
        return float(total)

    def any(self, flag: bool) -> bool:
        """Whether it holds on some rank."""
        return self.sum(float(flag)) > 0

    def wait(self) -> None:
        """Until all have come here."""
        if self.world > 1:
            distributed.barrier(group=self.control)

    def gather(self, value: Any) -> list[Any]:
        """Every rank's value, by rank."""
        if self.world == 1:
            return [value]
        found: list[Any] = [None] * self.world
        distributed.all_gather_object(found, value, group=self.control)
        return found

    def from_first(self, value: T) -> T:
        """The first rank's value, on every rank."""
        if self.world == 1:
            return value
        box = [value]
        distributed.broadcast_object_list(box, src=0, group=self.control)
        return box[0]

    def together(self, work: Callable[[], T]) -> T:
        """Do something on every rank; if it fails on one, it has failed on all.

        Raises:
            TutorError: The fault of the first rank that has one.
        """
        result: T | None = None
        own: TutorError | None = None
        try:
            result = work()
        except TutorError as e:
            own = e
        found = self.gather(None if own is None else (type(own), own.message, own.remedy))
        failed = next((i for i, f in enumerate(found) if f is not None), None)
        if failed is None:
            return result  # type: ignore[return-value]  # it is what work gave
        if own is not None and failed == self.rank:
            raise own
        kind, message, remedy = found[failed]
        raise ReportedElsewhere(message, remedy) from kind(message, remedy)

    def first_makes(self, work: Callable[[], Path]) -> Path:
        """Let the first rank make a folder that all then read.

        Raises:
            TutorError: The first rank's fault, if it has one.
            UserFault: If another rank does not see the folder.
        """
        path = self.from_first(self.together(lambda: work() if self.first else None))
        assert path is not None
        blind = [i for i, sees in enumerate(self.gather(path.exists())) if not sees]

        def look() -> Path:
            if blind:
                raise UserFault(
                    f"Rank {blind[0]} does not see {path}.", "The run folder must be on a disk that all nodes share."
                )
            return path

        return self.together(look)


@contextlib.contextmanager
def process_group() -> Iterator[Ranks]:
    """Join the fellows that torchrun started, if any; leave them at the end.

    Raises:
        HostFault: If another rank is gone, or all cannot be reached.
    """
    rank, world = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    local = int(os.environ.get("LOCAL_RANK", "0"))
    device = torch.device("cuda", local) if torch.cuda.is_available() else torch.device("cpu")
    if device.type == "cuda":
        torch.cuda.set_device(device)
    if world == 1 and "TORCHELASTIC_RUN_ID" not in os.environ:
        yield Ranks(0, 1, device)
        return
    with _lost_ranks():
        store, _, _ = next(distributed.rendezvous("env://", rank, world, timeout=START_TIMEOUT))
        # Before the groups: a rank may be gone while they are made.
        with Watch(_own_store(), rank, world):
            yield _joined(store, rank, world, device, local)
    # After a fault the process is about to end, and taking leave could wait for operations that nobody answers.
    with contextlib.suppress(RuntimeError):
        distributed.destroy_process_group()


def _joined(store: Any, rank: int, world: int, device: torch.device, local: int) -> Ranks:
    """Make the groups, each rank in the same order."""
    # On a GPU the CPU's backend is there too: for weights that are kept outside.
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    distributed.init_process_group(backend, store=store, rank=rank, world_size=world, timeout=STEP_TIMEOUT)
    control = distributed.new_group(backend="gloo", timeout=WORK_TIMEOUT)
    saving = distributed.new_group(backend="gloo", timeout=SAVE_TIMEOUT)
    return Ranks(rank, world, device, local, control, saving)


def _own_store() -> Any:
    """A connection of its own to the store of this start: one connection is not for two threads."""
    host, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    connection = distributed.TCPStore(host, port, None, False, timeout=timedelta(seconds=60))
    # torchrun keeps its store when it starts the ranks again.
    return distributed.PrefixStore(f"watch/{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", connection)


@contextlib.contextmanager
def _lost_ranks() -> Iterator[None]:
    """A broken connection as a sentence."""
    try:
        yield
    except (distributed.DistError, RuntimeError) as e:
        words = str(e)
        broken = ("gloo/", "Connection closed", "Connection reset", "NCCL", "Timed out", "Broken pipe", "TCPStore")
        if not isinstance(e, distributed.DistError) and not any(w in words for w in broken):
            raise
        if "EADDRINUSE" in words:
            port = os.environ["MASTER_PORT"]
            raise HostFault(f"Port {port} is in use.", "Give torchrun another one: --master-port.") from e
        raise HostFault("Another rank ended or cannot be reached, so the run was ended.", AGAIN) from e


def shard(module: nn.Module, layers: Iterable[nn.Module], config: TrainConfig) -> None:
    """Shard the weights, gradients and optimiser state over ranks (FSDP2, the ZeRO-3 of the published recipe).

    Over all ranks, or with ``shard_ranks`` over that many neighbours, each group of them a replica of the others
    (HSDP). With ``offload`` what is sharded is kept in the computer's own memory, and the optimiser works there.
    Gradients are summed, not averaged: the loss is divided by the targets of the whole batch already.

    Raises:
        UserFault: If the ranks cannot be divided so.
    """
    from torch.distributed.fsdp import CPUOffloadPolicy, MixedPrecisionPolicy, OffloadPolicy, fully_shard

    policy = MixedPrecisionPolicy()
    if config.precision == "bf16":
        policy = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)
    gpu = torch.cuda.is_available()
    options: dict[str, Any] = {
        "mesh": _mesh("cuda" if gpu else "cpu", config.shard_ranks),
        "mp_policy": policy,
        "offload_policy": CPUOffloadPolicy(pin_memory=gpu) if config.offload else OffloadPolicy(),
    }
    for layer in layers:
        _solid(layer)
        fully_shard(layer, **options)
    _solid(module)
    root: Any = fully_shard(module, **options)
    for part in root.modules():
        if hasattr(part, "set_gradient_divide_factor"):
            part.set_gradient_divide_factor(1.0)
            part.set_force_sum_reduction_for_comms(True)


def _mesh(device: str, shard_ranks: int) -> Any:
    from torch.distributed.device_mesh import init_device_mesh

    world = distributed.get_world_size()
    if not shard_ranks or shard_ranks == world:
        return init_device_mesh(device, (world,))
    if world % shard_ranks:
        raise UserFault(
            f"{world} ranks cannot be divided into groups of {shard_ranks}.", "Set shard_ranks to a divisor of them."
        )
    return init_device_mesh(device, (world // shard_ranks, shard_ranks), mesh_dim_names=("replicate", "shard"))


def replicate(module: nn.Module, device: torch.device) -> nn.Module:
    """Let torch add up the gradients of replicas, in buckets and while the backward pass goes on.

    They are summed, not averaged: the loss is divided by the targets of the whole batch already.
    """
    from torch.nn.parallel import DistributedDataParallel

    with warnings.catch_warnings():
        # Torch 2.13 renames the argument to one that older versions do not know.
        warnings.filterwarnings("ignore", message="`broadcast_buffers` is deprecated", category=FutureWarning)
        replica: Any = DistributedDataParallel(
            module,
            device_ids=[device.index] if device.type == "cuda" else None,
            broadcast_buffers=False,
            gradient_as_bucket_view=True,
        )
    # Torch looks at the hook's annotations and refuses those that are text.
    replica.register_comm_hook(None, lambda _, bucket: _add_up(bucket))
    return replica


def _add_up(bucket: Any) -> Any:
    """What torch calls for each bucket of gradients."""
    sent = distributed.all_reduce(bucket.buffer(), async_op=True)
    return sent.get_future().then(lambda done: done.value()[0])


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
