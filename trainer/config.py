"""The settings of a training run, read from TOML; every mistake in a file is reported at once.

One frozen value for both stages and for full, LoRA and QLoRA training. Values are checked here, where they meet;
paths are given on the command line, so that a configuration can be shared.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import re
import textwrap
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from tutor_app.core.errors import UserFault

Method = Literal["full", "lora", "qlora"]
Precision = Literal["fp32", "bf16"]
Schedule = Literal["linear", "cosine", "constant"]
DialectName = Literal["mumath", "chatml"]
Attention = Literal["sdpa", "eager", "flash_attention_2", "flex_attention"]
Parallel = Literal["ddp", "fsdp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """A training run.

    Attributes:
        stage: 1 (reasoning text) or 2 (code-nested solutions); a label: the loop is the same.
        dialect: Wire form of the texts.
        method: All weights; low-rank adapters; or adapters over a base in 4 bits (needs CUDA and bitsandbytes).
        precision: Of the forward and backward pass; weights and optimiser state of what is trained stay fp32.
        attention: Implementation in transformers; block-diagonal for packed rows in each case.
        max_length: Longest sample in tokens; longer ones are left out and counted (cut ones would teach not to end).
        row_tokens: Tokens of one packed row, the unit of a forward pass; 0 means ``max_length``.
        packing: Whether rows hold several samples.
        batch_size: Samples of one optimiser step over all ranks and accumulation.
        epochs: Passes over the data.
        max_steps: Optimiser steps at most; 0 means no limit.
        lr: Peak learning rate.
        schedule: Decay after warm-up.
        warmup_ratio: Fraction of all steps.
        weight_decay: Decoupled, on matrices only.
        beta1: Of AdamW.
        beta2: Of AdamW.
        eps: Of AdamW.
        clip: Largest norm of the gradient; 0 does not clip.
        seed: Of order, adapters and dropout.
        lora_r: Rank.
        lora_alpha: Scale times rank.
        lora_dropout: On adapter inputs.
        lora_targets: Names of the linear layers that get adapters.
        gradient_checkpointing: Compute activations again instead of keeping them.
        ce_chunk: Supervised rows whose logits exist at once.
        compile: torch.compile the transformer.
        liger: Liger's fused kernels (CUDA).
        parallel: With several ranks: replicas (ddp) or FSDP2 full sharding.
        shard_ranks: Ranks that share one copy of the model with fsdp, the groups being replicas of one another (HSDP);
            0 means all of them.
        offload: Keep weights and optimiser state in the computer's memory instead of the GPU's (with fsdp).
        held_out: Fraction of the records kept for the held-out loss, chosen by id.
        eval_every: Steps between held-out losses; 0 only at the end.
        solve_every: Steps between measurements of the accuracy: held-out problems, solved with code in the loop that
            ships, before the first step, then every so many, and at the end; 0 never.
        solve_problems: Problems of each measurement.
        solve_max_tokens: Tokens the model may write in one round of a solution.
        save_every: Steps between checkpoints; 0 only at the end.
        keep: Checkpoints kept.
        log_every: Steps between lines on the screen; every step is in the metrics.
        threads: CPU threads; 0 leaves it to torch.
    """

    stage: int = 1
    dialect: DialectName = "mumath"
    method: Method = "full"
    precision: Precision = "bf16"
    attention: Attention = "sdpa"
    max_length: int = 2048
    row_tokens: int = 0
    packing: bool = True
    batch_size: int = 128
    epochs: int = 3
    max_steps: int = 0
    lr: float = 2e-5
    schedule: Schedule = "linear"
    warmup_ratio: float = 0.03
    weight_decay: float = 0.0
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    clip: float = 0.0
    seed: int = 1
    lora_r: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.0
    lora_targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
    gradient_checkpointing: bool = False
    ce_chunk: int = 1024
    compile: bool = False
    liger: bool = False
    parallel: Parallel = "ddp"
    shard_ranks: int = 0
    offload: bool = False
    held_out: float = 0.01
    eval_every: int = 0
    solve_every: int = 0
    solve_problems: int = 20
    solve_max_tokens: int = 384
    save_every: int = 200
    keep: int = 2
    log_every: int = 10
    threads: int = 0

    @property
    def row_length(self) -> int:
        """Tokens of one packed row."""
        return self.row_tokens or self.max_length

    def problems(self) -> list[str]:
        """The faults of the values, one sentence each."""
        positive = ["max_length", "batch_size", "epochs", "lr", "eps", "lora_r", "lora_alpha", "ce_chunk"]
        positive += ["keep", "log_every", "solve_problems", "solve_max_tokens"]
        not_negative = ["max_steps", "weight_decay", "clip", "eval_every", "save_every", "threads", "row_tokens"]
        not_negative += ["solve_every", "shard_ranks"]
        fraction = ("warmup_ratio", "lora_dropout", "held_out", "beta1", "beta2")
        found = [f"{k} must be more than 0" for k in positive if getattr(self, k) <= 0]
        found += [f"{k} must not be negative" for k in not_negative if getattr(self, k) < 0]
        found += [f"{k} must be at least 0 and less than 1" for k in fraction if not 0 <= getattr(self, k) < 1]
        if self.stage not in (1, 2):
            found.append("stage must be 1 or 2")
        if self.row_tokens and self.row_tokens < self.max_length:
            found.append("row_tokens must be 0 or at least max_length")
        if self.method != "full" and not self.lora_targets:
            found.append("lora_targets must name at least one layer")
        if self.method == "full" and self.lora_dropout:
            found.append("lora_dropout has no use with method full")
        if self.method == "qlora" and self.parallel == "fsdp":
            found.append("qlora cannot be sharded: choose parallel ddp")
        if self.parallel != "fsdp" and (self.shard_ranks or self.offload):
            found.append("shard_ranks and offload need parallel fsdp")
        return found

    def to_dict(self) -> dict[str, Any]:
        """The settings for a JSON file."""
        return dataclasses.asdict(self)


_SECTIONS: Final = ("model", "data", "optim", "lora", "run")


@dataclass(frozen=True, slots=True)
class _Reading:
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def from_mapping(data: Mapping[str, Any], where: str) -> TrainConfig:
    """Settings from flat or sectioned keys; sections only group.

    Raises:
        UserFault: With every mistake at once.
    """
    reading = _read(_flat(data))
    config = TrainConfig(**reading.values)
    problems = reading.problems + config.problems()
    if problems:
        raise UserFault(f"{where} cannot be used: {'; '.join(problems)}.", "Correct these settings.")
    return config


def load(path: Path, overrides: Mapping[str, Any] | None = None) -> TrainConfig:
    """Read a TOML file.

    Args:
        path: The file.
        overrides: Settings from the command line, which win wherever the file has them, in a section or not.

    Raises:
        UserFault: If it cannot be read, or with every mistake at once, of the file or of the command line.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as e:
        raise UserFault(f"{path} cannot be read: {e.strerror}.", "Check the path.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise UserFault(f"{path} is not TOML: {e}.", "Correct the file.") from None
    if not overrides:
        return from_mapping(data, str(path))
    mistakes = _read(overrides).problems
    if mistakes:
        raise UserFault(f"--set cannot be used: {'; '.join(mistakes)}.", "Correct what follows --set.")
    without = {k: v for k, v in _flat(data).items() if k not in overrides}
    from_mapping(without, str(path))
    return from_mapping({**without, **overrides}, f"{path} with --set {' '.join(overrides)}")


def _flat(data: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in data.items():
        if key in _SECTIONS and isinstance(value, dict):
            flat.update(value)
        else:
            flat[key] = value
    return flat


def _read(flat: Mapping[str, Any]) -> _Reading:
    hints = get_type_hints(TrainConfig)
    reading = _Reading()
    for key, value in flat.items():
        if key not in hints:
            near = difflib.get_close_matches(key, hints, n=1)
            reading.problems.append(f"{key} is not a setting" + (f"; did you mean {near[0]}?" if near else ""))
        else:
            _take(reading, key, value, hints[key])
    return reading


def explained() -> str:
    """Every setting with its default and its meaning, for the help of the command line."""
    meanings = dict(_MEANING.findall(inspect.cleandoc(TrainConfig.__doc__ or "")))
    lines = []
    for field_ in dataclasses.fields(TrainConfig):
        default = field_.default
        shown = ",".join(default) if isinstance(default, tuple) else str(default)
        shown = shown.lower() if isinstance(default, bool) else shown
        text = " ".join(str(meanings.get(field_.name, "")).split())
        if get_origin(hint := get_type_hints(TrainConfig)[field_.name]) is Literal:
            text = f"{text} One of {', '.join(get_args(hint))}."
        lines.append(f"  {field_.name} = {shown}")
        lines += textwrap.wrap(text, 100, initial_indent="      ", subsequent_indent="      ")
    return "\n".join(lines)


_MEANING: Final = re.compile(r"^    (\w+): (.*(?:\n        .*)*)", re.MULTILINE)
"""A setting in the docstring of :class:`TrainConfig`."""


def _take(reading: _Reading, key: str, value: Any, hint: Any) -> None:
    try:
        reading.values[key] = typed(key, value, hint)
    except ValueError as e:
        reading.problems.append(str(e))


def typed(key: str, value: Any, hint: Any) -> Any:
    """A TOML value as the type that a setting has.

    Raises:
        ValueError: If it is of another, in a sentence that begins with the key.
    """
    if get_origin(hint) is Literal:
        if value in get_args(hint):
            return value
        raise ValueError(f"{key} must be one of {', '.join(get_args(hint))}, not {value!r}")
    if get_origin(hint) is tuple:
        if isinstance(value, list | tuple) and all(isinstance(v, str) for v in value):
            return tuple(value)
        raise ValueError(f"{key} must be a list of texts, not {value!r}")
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, hint) and (hint is bool or not isinstance(value, bool)):
        return value
    kind = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}[hint]
    raise ValueError(f"{key} must be {kind}, not {value!r}")
