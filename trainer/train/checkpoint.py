"""Checkpoints: everything that makes a stopped run go on to the same bits.

A checkpoint is a folder that appears whole or not at all. It holds the trained weights, the optimiser's state, the
random state of every rank and where the run is; the order of the data needs no state, being a function of seed and
epoch. Older ones are deleted only after a new one is complete.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from trainer.runs import disk_fault
from trainer.train.ranks import Ranks
from tutor_app.core.errors import HostFault, UserFault

FREE_TO_CHANGE: Final = frozenset(
    ("log_every", "save_every", "eval_every", "keep", "threads", "solve_every", "solve_problems", "solve_max_tokens")
)
"""Settings that may differ when a run goes on: they do not change what is computed."""
_NAME: Final = re.compile(r"step-(\d{7})")


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


def latest(folder: Path) -> Path | None:
    """The newest complete checkpoint."""
    return max((p for p in folder.glob("step-*") if _NAME.fullmatch(p.name)), default=None)


def save(
    folder: Path,
    position: Position,
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    ranks: Ranks,
    *,
    identity: Mapping[str, Any],
    keep: int,
    sharded: bool,
) -> None:
    """Write a checkpoint and delete the oldest ones; every rank must call it.

    Raises:
        HostFault: If the disk refuses; the older checkpoints are kept.
    """
    weights, state = _state(module, optimizer, sharded=sharded)
    random = ranks.gather(_random_state())
    fault = ""
    if ranks.first:
        try:
            _write(folder, position, weights, state, random, identity, keep)
        except HostFault as e:
            fault = str(e)
    # All ranks fail together, or the others would wait for the first one.
    fault = "".join(ranks.gather(fault))
    if fault:
        good = latest(folder)
        raise HostFault(fault, f"The last good checkpoint is {good}." if good else "There is no checkpoint yet.")


def load(
    path: Path,
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    ranks: Ranks,
    *,
    identity: Mapping[str, Any],
    sharded: bool,
) -> Position:
    """Put a checkpoint back.

    Raises:
        UserFault: If it is of another configuration, data set or base, and of which.
        HostFault: If it cannot be read.
    """
    try:
        saved = json.loads((path / "state.json").read_text(encoding="utf-8"))
        different = _different(saved["identity"], identity)
        if different:
            raise UserFault(
                f"The checkpoint {path} is from another run: {'; '.join(different)}.",
                "Choose another --run folder, or the settings it was made with.",
            )
        weights = torch.load(path / "weights.pt", map_location="cpu", weights_only=True)
        state = torch.load(path / "optimizer.pt", map_location="cpu", weights_only=True)
        random = torch.load(path / "random.pt", map_location="cpu", weights_only=True)
    except (OSError, ValueError, KeyError, RuntimeError, EOFError) as e:
        raise HostFault(f"The checkpoint {path} cannot be read: {e}.", "Delete it: the one before is used.") from None
    _restore(module, optimizer, weights, state, sharded=sharded)
    if len(random) == ranks.world:
        _set_random_state(random[ranks.rank])
    return Position(**saved["position"])


def _different(saved: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    then, config = dict(saved.get("config", {})), dict(now["config"])
    found = [
        f"{k} was {then.get(k)!r}, is {config.get(k)!r}"
        for k in sorted({*then, *config} - FREE_TO_CHANGE)
        # Through JSON a tuple has become a list.
        if then.get(k) != (list(config[k]) if isinstance(config.get(k), tuple) else config.get(k))
    ]
    names = {"data": "the data", "base": "the base"}
    return found + [f"{words} is another" for k, words in names.items() if saved.get(k) != now[k]]


def _state(module: nn.Module, optimizer: torch.optim.Optimizer, *, sharded: bool) -> tuple[dict[str, Any], Any]:
    if sharded:
        from torch.distributed.checkpoint.state_dict import StateDictOptions, get_state_dict

        options = StateDictOptions(full_state_dict=True, cpu_offload=True, ignore_frozen_params=True)
        found: tuple[dict[str, Any], Any] = get_state_dict(module, optimizer, options=options)
        return found
    trained = {name for name, p in module.named_parameters(remove_duplicate=False) if p.requires_grad}
    weights = {name: t for name, t in module.state_dict().items() if name in trained}
    return weights, optimizer.state_dict()


def _restore(
    module: nn.Module, optimizer: torch.optim.Optimizer, weights: dict[str, Any], state: Any, *, sharded: bool
) -> None:
    if sharded:
        from torch.distributed.checkpoint.state_dict import StateDictOptions, set_state_dict

        options = StateDictOptions(full_state_dict=True, broadcast_from_rank0=False, strict=False)
        set_state_dict(module, optimizer, model_state_dict=weights, optim_state_dict=state, options=options)
        return
    module.load_state_dict(weights, strict=False)
    optimizer.load_state_dict(state)


def _random_state() -> dict[str, Any]:
    state = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def _set_random_state(state: Mapping[str, Any]) -> None:
    torch.set_rng_state(state["cpu"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])


def _write(
    folder: Path,
    position: Position,
    weights: Any,
    state: Any,
    random: Any,
    identity: Mapping[str, Any],
    keep: int,
) -> None:
    path = folder / f"step-{position.step:07}"
    part = folder / f"{path.name}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left_over in folder.glob("*.part"):
            shutil.rmtree(left_over, ignore_errors=True)
        part.mkdir()
        for name, value in (("weights", weights), ("optimizer", state), ("random", random)):
            with (part / f"{name}.pt").open("wb") as f:
                torch.save(value, f)
                f.flush()
                os.fsync(f.fileno())
        text = json.dumps({"position": dataclasses.asdict(position), "identity": identity}, indent=2, default=str)
        (part / "state.json").write_text(text + "\n", encoding="utf-8")
        if path.exists():
            shutil.rmtree(path)
        part.rename(path)
    except (OSError, RuntimeError) as e:
        shutil.rmtree(part, ignore_errors=True)
        # torch's writer turns what the disk said into a RuntimeError of its own.
        cause = e if isinstance(e, OSError) else e.__context__
        if isinstance(cause, OSError):
            raise disk_fault(path, cause) from None
        raise HostFault(f"{path} could not be written: {e}.") from None
    complete = sorted(p for p in folder.glob("step-*") if _NAME.fullmatch(p.name))
    for old in complete[:-keep]:
        shutil.rmtree(old, ignore_errors=True)
