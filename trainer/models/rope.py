"""Rotary positions of a configuration, whatever version of transformers wrote it, and how a GGUF file says them.

llama.cpp knows linear and YaRN scaling by keys of the header; Llama 3's scaling is a tensor of one factor for each
frequency. Other kinds are told by name, and are nobody's to export.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tutor_app.core.errors import UserFault

FACTORS: Final = "rope_freqs.weight"
"""Tensor of a GGUF file that holds the factors of Llama 3's scaling."""
KINDS: Final = ("default", "linear", "llama3", "yarn")
"""The kinds of rotary scaling that can be exported."""
GLOBAL, LOCAL = "full_attention", "sliding_attention"


@dataclass(frozen=True, slots=True)
class Rope:
    """Rotary positions of a kind of layers.

    Attributes:
        theta: Base of the frequencies.
        kind: ``default``, or by what they are scaled.
        factor: By how much.
        original: Context before scaling, tokens; 0 if unknown.
        low: Of Llama 3: a wavelength above ``original / low`` is scaled by the whole factor.
        high: Of Llama 3: one below ``original / high`` is left alone.
        others: Settings that are none of these.
    """

    theta: float
    kind: str = "default"
    factor: float = 1.0
    original: int = 0
    low: float = 1.0
    high: float = 4.0
    others: tuple[str, ...] = ()


def rope_of(config: Mapping[str, Any], layers: str = GLOBAL) -> Rope:
    """Rotary positions of the layers of a kind.

    Args:
        config: ``config.json``.
        layers: :data:`GLOBAL` or :data:`LOCAL`; most models have one rotation for all.

    Raises:
        UserFault: If something is missing or makes no sense.
    """
    local = config.get("rope_local_base_freq")
    if layers == LOCAL and local is not None and _positive(local):
        return Rope(float(local))  # as Gemma 3 was released
    settings: dict[str, Any] = {}
    for key in ("rope_scaling", "rope_parameters"):
        found = config.get(key)
        if found is None:
            continue
        if isinstance(found, dict) and (GLOBAL in found or LOCAL in found):
            found = found.get(layers)
        if not isinstance(found, dict):
            raise UserFault(f"config.json has no usable {key}.", "Fetch the base again.")
        settings |= found
    key = "rope_parameters" if config.get("rope_parameters") is not None else "rope_scaling"
    nested = "rope_theta" in settings
    theta = settings.pop("rope_theta", config.get("rope_theta", 10000.0))
    if not _positive(config.get("rope_theta", 1.0)):
        raise UserFault("config.json has no usable rope_theta.", "Fetch the base again.")
    if not _positive(theta):
        raise UserFault(f"config.json has no usable {key if nested else 'rope_theta'}.", "Fetch the base again.")
    legacy = settings.pop("type", None)
    kind = settings.pop("rope_type", None) or legacy or "default"
    if kind == "default":
        return Rope(float(theta))
    return _scaled(float(theta), str(kind), settings, config, key)


def _scaled(theta: float, kind: str, settings: dict[str, Any], config: Mapping[str, Any], key: str) -> Rope:
    original = settings.pop("original_max_position_embeddings", None)
    original = original or config.get("original_max_position_embeddings")
    names = ("factor", "low_freq_factor", "high_freq_factor") if kind == "llama3" else ("factor",)
    numbers = [settings.pop(name, None) for name in names]
    if kind in KINDS and not all(_positive(n) for n in numbers):
        lacking = ", ".join(n for n, value in zip(names, numbers, strict=True) if not _positive(value))
        raise UserFault(f"config.json has no usable {key}: it lacks {lacking}.", "Fetch the base again.")
    if kind in ("llama3", "yarn") and not _positive(original):
        original = config.get("max_position_embeddings") if kind == "yarn" else None
        if not _positive(original):
            raise UserFault(
                f"config.json has no usable {key}: it lacks original_max_position_embeddings.", "Fetch the base again."
            )
    low, high = (float(n) for n in numbers[1:]) if kind == "llama3" else (1.0, 4.0)
    if kind == "llama3" and not low < high:
        raise UserFault(f"config.json has no usable {key}: its high factor is not above its low.", "Fetch it again.")
    others = tuple(sorted(name for name, value in settings.items() if value is not None))
    factor = float(numbers[0]) if _positive(numbers[0]) else 1.0
    return Rope(theta, kind, factor, int(original or 0), low, high, others)


def frequency_factors(rope: Rope, size: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """What llama.cpp divides each frequency by, shape ``(size / 2,)``.

    Long waves are slowed down by the whole factor, short ones not at all, those between by a mix.

    Args:
        rope: Of the kind ``llama3``.
        size: Of a head.
    """
    waves = 2 * math.pi * rope.theta ** (np.arange(0, size, 2, dtype=np.float64) / size)
    mix = (rope.original / waves - rope.low) / (rope.high - rope.low)
    between = 1 / ((1 - mix) / rope.factor + mix)
    long, short = waves > rope.original / rope.low, waves < rope.original / rope.high
    return np.where(short, 1.0, np.where(long, rope.factor, between)).astype(np.float32)


def from_factors(factors: Sequence[float], theta: float) -> Rope | None:
    """The scaling that a GGUF file's factors come from, or None if it is none that Llama 3 was released with.

    The header does not hold its settings. All releases of Meta have the same but for the factor.
    """
    rope = Rope(theta, "llama3", float(max(factors)), 8192, 1.0, 4.0)
    again = frequency_factors(rope, 2 * len(factors))
    return rope if np.allclose(again, np.asarray(factors), rtol=1e-3) else None


def _positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
