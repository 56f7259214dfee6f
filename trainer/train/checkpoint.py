"""Checkpoints: everything that makes a stopped run go on to the same bits, or on another number of ranks.

A checkpoint is a folder that appears whole or not at all: it is written beside, marked by ``state.json``, and renamed.
Torch's distributed checkpoint does the writing: every rank its own share of the weights and of the optimiser's state,
in the background. No rank ever holds more than its share. What lies in the memory of a GPU is copied out of it first;
what lies in the computer's own memory is written from where it is, and the next update waits for that, so that saving
needs no second copy.

The order of the data needs no state, being a function of seed and epoch. Older checkpoints are deleted only after a
new one is complete.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import re
import shutil
import threading
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn
from torch.distributed import checkpoint as dcp
from torch.distributed.checkpoint.staging import DefaultStager, StagingOptions

from trainer.runs import disk_fault, write_atomically
from trainer.train.ranks import Ranks
from tutor_app.core.errors import HostFault, TutorError, UserFault

FREE: Final = frozenset(
    ("log_every", "save_every", "eval_every", "keep", "threads", "solve_every", "solve_problems", "solve_max_tokens")
)
"""Settings that may differ when a run goes on: they do not change what is computed."""
LAST_BITS: Final = frozenset(
    (
        *("row_tokens", "packing", "ce_chunk", "gradient_checkpointing", "attention", "compile", "liger"),
        *("parallel", "shard_ranks", "offload"),
    )
)
"""Settings that change only how the same sums are made: memory, speed, and the last bits of the numbers."""
RESULTS: Final = frozenset(("lr", "schedule", "warmup_ratio", "weight_decay", "clip", "epochs", "max_steps"))
"""Settings that may differ but change what is learned from there on; it is said and kept in the provenance."""
_NAME: Final = re.compile(r"step-(\d{7})")
_STATE: Final = "state.json"
_LINGER: Final = 10.0
"""Seconds that a rank which fails waits for a checkpoint that is being written."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a run is.

    Attributes:
        step: Optimiser steps done.
        epoch: The one under way, from 0.
        batch: Batches of it that are done.
        targets: Supervised tokens seen.
        tokens: All tokens seen.
        seconds: Wall time spent training.
    """

    step: int = 0
    epoch: int = 0
    batch: int = 0
    targets: int = 0
    tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Resumed:
    """Where a run goes on.

    Attributes:
        path: The checkpoint.
        position: Of the run.
        ranks: That wrote it.
        changed: Settings that are others now, each with what it was and what it is.
    """

    path: Path
    position: Position
    ranks: int
    changed: Mapping[str, tuple[Any, Any]]

    def sentence(self) -> str:
        """The sentence that tells from where training goes on."""
        said = f"Going on from step {self.position.step:,}."
        bits = [k for k in self.changed if k in LAST_BITS]
        results = [f"{k} was {was}, is {now}" for k, (was, now) in self.changed.items() if k in RESULTS]
        if results:
            said += f" This changes what is learned from here on: {'; '.join(results)}."
        if bits:
            said += f" Changed, to the same results but for their last bits: {', '.join(bits)}."
        return said


def latest(folder: Path) -> Path | None:
    """The newest complete checkpoint."""
    found = (p for p in folder.glob("step-*") if _NAME.fullmatch(p.name) and (p / _STATE).is_file())
    return max(found, default=None)


class Saver:
    """Writes the checkpoints of a run; every rank has one and calls it at the same places."""

    def __init__(
        self,
        folder: Path,
        module: nn.Module,
        optimizer: torch.optim.Optimizer,
        ranks: Ranks,
        *,
        identity: Mapping[str, Any],
        keep: int,
    ) -> None:
        self._folder, self._module, self._optimizer, self._ranks = folder, module, optimizer, ranks
        self._identity, self._keep = identity, keep
        self._writer: threading.Thread | None = None
        self._failure: BaseException | None = None
        self._path = folder
        self._in_place = False

    def save(self, position: Position) -> None:
        """Begin to write a checkpoint, after the one before is complete.

        Raises:
            HostFault: If the one before could not be written.
        """
        self.finish()
        self._path = self._folder / f"step-{position.step:07}"
        self._ranks.together(lambda: self._clear() if self._ranks.first else None)
        state = _live(self._module, self._optimizer)
        for kind, values in _random_state().items():
            state[_random_name(kind, self._ranks.rank)] = values
        self._in_place = all(_local(t).device.type == "cpu" for t in state.values())
        if not self._in_place:
            with contextlib.closing(DefaultStager(StagingOptions(False, False, False, False))) as stager:
                state = stager.stage(state)
        described = {
            "position": dataclasses.asdict(position),
            "identity": self._identity,
            "ranks": self._ranks.world,
        }
        text = json.dumps(described, indent=2, default=str) + "\n"
        self._failure = None
        # Of no thread pool, which would be waited for when the process ends: this one may wait for a rank that is gone.
        self._writer = threading.Thread(target=self._write, args=(state, text), name="checkpoint", daemon=True)
        self._writer.start()

    def settle(self) -> None:
        """Wait until no weight is read any more; to be called before they change.

        Raises:
            HostFault: See :meth:`finish`.
        """
        if self._in_place:
            self.finish()

    def finish(self) -> None:
        """Wait until what was begun is complete.

        Raises:
            HostFault: If the disk refused, on some rank; the older checkpoints are kept.
        """
        if self._writer is None:
            return
        self._writer.join()
        self._writer = None
        try:
            self._ranks.together(self._complain)
        except HostFault as e:
            good = latest(self._folder)
            e.remedy = f"The last good checkpoint is {good}." if good else "There is no checkpoint yet."
            raise

    def __enter__(self) -> Saver:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None and self._writer is not None:
            # This rank fails, perhaps alone, so nothing may be agreed on; but what was begun can still complete.
            self._writer.join(_LINGER)

    def _complain(self) -> None:
        if self._failure is not None:
            raise _fault(self._path, self._failure) from self._failure

    def _clear(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise disk_fault(self._folder, e) from None
        for left_over in self._folder.glob("*.part"):
            shutil.rmtree(left_over, ignore_errors=True)

    def _write(self, state: dict[str, Any], text: str) -> None:
        """In a thread of its own: write this rank's share; when all have, the first marks the folder and renames it."""
        part = self._folder / f"{self._path.name}.part"
        try:
            _no_warning()
            group, alone = self._ranks.saving, self._ranks.world == 1
            dcp.save(state, checkpoint_id=str(part), process_group=group, no_dist=alone)
            if self._ranks.first:
                self._publish(part, text)
        except (Exception, dcp.CheckpointException) as e:  # noqa: BLE001 - handed to the thread that waits
            self._failure = e
            if self._ranks.first:
                shutil.rmtree(part, ignore_errors=True)

    def _publish(self, part: Path, text: str) -> None:
        write_atomically(part / _STATE, text)
        if self._path.exists():
            shutil.rmtree(self._path)
        part.rename(self._path)
        complete = sorted(p for p in self._folder.glob("step-*") if _NAME.fullmatch(p.name))
        for old in complete[: -self._keep]:
            shutil.rmtree(old, ignore_errors=True)


def find(folder: Path, ranks: Ranks, identity: Mapping[str, Any]) -> Resumed | None:
    """Where the run goes on: the first rank decides, the others see that they have the same before them.

    Raises:
        UserFault: If the checkpoint is of another run, or a rank does not see it or has other data.
        HostFault: If it cannot be read.
    """
    newest = ranks.together(lambda: _described(folder) if ranks.first else None)
    path, text = ranks.from_first(newest) or ("", "")
    hashes = ranks.gather(_hash(identity))
    ranks.together(
        lambda: _agree(
            [h == hashes[0] for h in hashes],
            "have other data, settings or another base than rank 0",
            "Give the same files and the same program to every node.",
        )
    )
    if not path:
        return None
    mine = folder / path
    seen = ranks.gather(_text(mine) == text)
    ranks.together(
        lambda: _agree(
            seen,
            f"do not see the checkpoint {mine} of rank 0",
            "The run folder must be on a disk that all nodes share.",
        )
    )
    try:
        saved = json.loads(text)
        position, world = Position(**saved["position"]), int(saved["ranks"])
    except (ValueError, KeyError, TypeError) as e:
        raise _unreadable(mine, e) from None
    refused, changed = _compare(saved.get("identity", {}), identity)
    if refused:
        raise UserFault(
            f"The checkpoint {mine} is from another run: {'; '.join(refused)}.",
            "Choose another run folder, or the settings it was made with.",
        )
    return Resumed(mine, position, world, changed)


def load(resumed: Resumed, module: nn.Module, optimizer: torch.optim.Optimizer, ranks: Ranks) -> None:
    """Put a checkpoint back, each rank its share, whatever the number of ranks that wrote it.

    The random state (dropout) goes on only on the same number of ranks.

    Raises:
        HostFault: If it cannot be read, or does not hold just what is trained.
    """

    def restore() -> None:
        _no_warning()
        state = _live(module, optimizer)
        random = {_random_name(k, ranks.rank): (k, v) for k, v in _random_state().items()}
        same = resumed.ranks == ranks.world
        try:
            reader = dcp.FileSystemReader(resumed.path)
            there = {k for k in reader.read_metadata().state_dict_metadata if not k.startswith("random/")}
            if there != state.keys():
                raise ValueError(f"it holds other tensors, such as {min(there ^ state.keys())}")
            wanted = {**state, **({n: v for n, (_, v) in random.items()} if same else {})}
            dcp.load(wanted, storage_reader=reader, process_group=ranks.saving, no_dist=ranks.world == 1)
        # Torch's reader fails in many ways, a pickle's among them; what holds all ranks' is no Exception.
        except (Exception, dcp.CheckpointException) as e:  # noqa: BLE001
            raise _unreadable(resumed.path, _cause(e)) from None
        if same:
            _set_random_state({kind: values for kind, values in random.values()})

    ranks.together(restore)


def _live(module: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """The trained parameters and the optimiser's state, under names that do not depend on how many ranks there are."""
    state: dict[str, Any] = {}
    for name, p in module.named_parameters():
        if not p.requires_grad:
            continue
        own = optimizer.state[p]
        if not own:
            fused = bool(optimizer.defaults.get("fused"))
            own["step"] = torch.zeros((), dtype=torch.float32, device=p.device if fused else "cpu")
            own["exp_avg"] = torch.zeros_like(p, memory_format=torch.preserve_format)
            own["exp_avg_sq"] = torch.zeros_like(p, memory_format=torch.preserve_format)
        state[f"weights/{name}"] = p.detach()
        state |= {f"optimizer/{name}/{key}": value.detach() for key, value in own.items()}
    return state


def _no_warning() -> None:
    """Torch warns of every checkpoint that one process alone writes or reads; in its thread, so the filter stays."""
    warnings.filterwarnings("ignore", message="torch.distributed is disabled, unavailable or uninitialized")


def _local(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.to_local() if hasattr(tensor, "to_local") else tensor


def _random_name(kind: str, rank: int) -> str:
    return f"random/{rank}/{kind}"


def _random_state() -> dict[str, torch.Tensor]:
    state = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def _set_random_state(state: Mapping[str, torch.Tensor]) -> None:
    torch.set_rng_state(state["cpu"])
    if "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"])


def _agree(alike: Sequence[bool], what: str, remedy: str) -> None:
    odd = [str(i) for i, is_alike in enumerate(alike) if not is_alike]
    if odd:
        raise UserFault(f"Rank{'s' if len(odd) > 1 else ''} {', '.join(odd)} {what}.", remedy)


def _described(folder: Path) -> tuple[str, str] | None:
    newest = latest(folder)
    if newest is None:
        return None
    text = _text(newest)
    if not text:
        raise _unreadable(newest, OSError("state.json cannot be read"))
    return newest.name, text


def _text(path: Path) -> str:
    try:
        return (path / _STATE).read_text(encoding="utf-8")
    except OSError:
        return ""


def _hash(value: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def _compare(saved: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[list[str], dict[str, tuple[Any, Any]]]:
    """Why a checkpoint cannot be gone on from, and which settings have changed that may."""
    # Through JSON a tuple becomes a list.
    then, config = dict(saved.get("config", {})), json.loads(json.dumps(now["config"]))
    different = {k: (then.get(k), config.get(k)) for k in sorted({*then, *config}) if then.get(k) != config.get(k)}
    fixed = {k: v for k, v in different.items() if k not in FREE | LAST_BITS | RESULTS}
    refused = [f"{k} was {was!r}, is {is_now!r}" for k, (was, is_now) in fixed.items()]
    names = {"data": "the data", "base": "the base"}
    refused += [f"{words} is another" for k, words in names.items() if saved.get(k) != now[k]]
    return refused, {k: v for k, v in different.items() if k not in fixed}


def _cause(error: BaseException) -> BaseException:
    """What a rank met with: torch wraps it in an exception for all of them."""
    failures = getattr(error, "failures", None)
    return next(iter(failures.values()))[0] if failures else error


def _fault(path: Path, error: BaseException) -> TutorError:
    cause: BaseException | None = _cause(error)
    # torch's writer turns what the disk said into a RuntimeError of its own.
    while cause is not None and not isinstance(cause, OSError | TutorError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, OSError):
        return disk_fault(path, cause)
    if isinstance(cause, TutorError):
        return cause
    return HostFault(f"{path} could not be written: {_first_line(_cause(error))}.")


def _unreadable(path: Path, error: BaseException) -> HostFault:
    return HostFault(
        f"The checkpoint {path} cannot be read: {_first_line(error)}.", "Delete it: the one before is used."
    )


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".")
