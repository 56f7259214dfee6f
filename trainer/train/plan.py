"""``train --plan``: what a run will take on each GPU, before one is rented.

Memory is counted from the model's shape: weights, gradients and the optimiser's state by what is trained and over how
many ranks it is divided; activations by what the backward pass keeps of each layer (checked against what torch keeps,
in the tests). Speed is an estimate: floating-point operations over the card's peak times a share of it (MFU) that is
said. Nothing is loaded; of the base only its ``config.json`` is read, or a published shape is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from trainer.config import TrainConfig
from tutor_app.core.errors import UserFault

GB: Final = 1e9


@dataclass(frozen=True, slots=True)
class Card:
    """A GPU: its memory in bytes, and its peak in bf16 in FLOP/s."""

    memory: float
    peak: float


CARDS: Final[Mapping[str, Card]] = {
    "h100-80": Card(80 * GB, 989e12),
    "h200-141": Card(141 * GB, 989e12),
    "a100-80": Card(80 * GB, 312e12),
    "a100-40": Card(40 * GB, 312e12),
    "l40s-48": Card(48 * GB, 362e12),
    "rtx4090-24": Card(24 * GB, 165e12),
}
MFU: Final = 0.35
"""Share of the peak that is counted with: published runs of 7B to 8B reach 0.35 to 0.46 on H100."""
RESERVED: Final = 0.08
"""Share of a card's memory for CUDA itself, communication buffers and what the allocator cannot use."""
HOST_LINK: Final = 25e9
"""Bytes a second between the computer's memory and a GPU (PCIe 4)."""
HOST_MEMORY: Final = 20e9
"""Bytes a second at which an optimiser works in the computer's memory, for each rank."""
EPOCH_TOKENS: Final = {1: 751_000 * 300, 2: 600_000 * 450}
"""Of MuMath-Data and MuMath-Code-Data: their published records, by a mean length that is assumed."""

_LLAMA: Final = {"model_type": "llama", "vocab_size": 32_000, "tie_word_embeddings": False}


def _shape(width: int, inner: int, layers: int, heads: int, shared: int, **others: Any) -> dict[str, Any]:
    return {
        **_LLAMA,
        "hidden_size": width,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": shared,
        **others,
    }


SHAPES: Final[Mapping[str, Mapping[str, Any]]] = {
    "llama-2-7b": _shape(4096, 11008, 32, 32, 32),
    "llama-2-13b": _shape(5120, 13824, 40, 40, 40),
    "llama-2-70b": _shape(8192, 28672, 80, 64, 8),
    "codellama-7b": _shape(4096, 11008, 32, 32, 32, vocab_size=32_016),
    "codellama-13b": _shape(5120, 13824, 40, 40, 40, vocab_size=32_016),
    "codellama-34b": _shape(8192, 22016, 48, 64, 8),
    "codellama-70b": _shape(8192, 28672, 80, 64, 8, vocab_size=32_016),
}
"""Published shapes, so that a plan needs no file."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of parameters.

    Attributes:
        block: Of one layer.
        ends: Of the embedding, the head and the last norm.
        total: Of the model.
        trained: Of what is trained.
    """

    block: int
    ends: int
    total: int
    trained: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What one GPU needs and does; bytes, seconds and tokens.

    Attributes:
        counts: Of parameters.
        weights: Of the weights it holds all the time.
        gathered: Of those it holds for a moment: layers put together, copies in half precision.
        gradients: Of the gradients.
        optimizer: Of the optimiser's state.
        activations: Of what the backward pass needs, with rows of full length.
        host: Of the computer's memory for each rank.
        memory: The card's.
        tokens_per_second: Expected, of one GPU.
        hours: Of all epochs.
    """

    counts: Counts
    weights: float
    gathered: float
    gradients: float
    optimizer: float
    activations: float
    host: float
    memory: float
    tokens_per_second: float
    hours: float

    @property
    def needed(self) -> float:
        """In all, at the worst moment."""
        return self.weights + self.gathered + self.gradients + self.optimizer + self.activations

    @property
    def fits(self) -> bool:
        """Whether the card holds it."""
        return self.needed <= self.memory * (1 - RESERVED)


def counts(shape: Mapping[str, Any], config: TrainConfig) -> Counts:
    """Parameters of a model, and those that a method trains.

    Raises:
        UserFault: If the shape lacks something.
    """
    try:
        width, inner = int(shape["hidden_size"]), int(shape["intermediate_size"])
        layers, vocab = int(shape["num_hidden_layers"]), int(shape["vocab_size"])
        q, kv, size = _attention(shape)
    except (KeyError, TypeError, ValueError) as e:
        raise UserFault(f"The configuration of the base does not say {e}.", "Give another base.") from None
    biases = q + 2 * kv if shape.get("model_type") == "qwen2" else 0
    norms = 2 * width + (2 * size if shape.get("model_type") == "qwen3" else 0)
    linear = {
        "q_proj": (width, q),
        "k_proj": (width, kv),
        "v_proj": (width, kv),
        "o_proj": (q, width),
        "gate_proj": (width, inner),
        "up_proj": (width, inner),
        "down_proj": (inner, width),
    }
    block = sum(a * b for a, b in linear.values()) + biases + norms
    ends = vocab * width * (1 if shape.get("tie_word_embeddings") else 2) + width
    total = layers * block + ends
    trained = total
    if config.method != "full":
        trained = layers * sum(config.lora_r * sum(linear[t]) for t in config.lora_targets if t in linear)
    return Counts(block, ends, total, trained)


def _attention(shape: Mapping[str, Any]) -> tuple[int, int, int]:
    """Widths of queries and of keys, and of one head."""
    heads = int(shape["num_attention_heads"])
    size = int(shape.get("head_dim") or int(shape["hidden_size"]) // heads)
    return heads * size, int(shape.get("num_key_value_heads") or heads) * size, size


def kept_activations(shape: Mapping[str, Any], config: TrainConfig, tokens: int) -> tuple[float, float, float]:
    """Bytes that the backward pass of a row needs: of one layer, of all layers' inputs, and of both ends.

    Args:
        shape: Of the model.
        config: Settings.
        tokens: Of the row.
    """
    half = 2 if config.precision == "bf16" else 4
    width, inner = int(shape["hidden_size"]), int(shape["intermediate_size"])
    heads = int(shape["num_attention_heads"])
    q, kv, size = _attention(shape)
    # A norm keeps its input in float32, what it made of it, and one number a token; a linear layer its input.
    norm = width * (4 + half + half) + 4
    attention = half * (3 * q + 2 * kv) + 4 * heads
    if shape.get("model_type") == "qwen3":
        # Queries and keys go through norms of their own.
        attention += (4 + half) * (q + kv) + 4 * (heads + kv // size)
    layer = float(tokens * (2 * norm + attention + half * 4 * inner))
    inputs = float(tokens * width * half)
    vocab = int(shape["vocab_size"])
    head = 4.0 * vocab * width if config.method == "full" else 0.0
    ends = tokens * (4 * (2 * width + 1) + half * width + 2 * size * half + 9) + head
    return layer, inputs, ends


def make(shape: Mapping[str, Any], config: TrainConfig, card: Card, gpus: int, *, tokens: float, mfu: float) -> Plan:
    """Work it all out.

    Args:
        shape: Of the model, in the words of ``config.json``.
        config: Settings.
        card: The GPUs.
        gpus: How many, over all nodes.
        tokens: Of one epoch.
        mfu: Share of the peak.
    """
    found = counts(shape, config)
    sharded = config.parallel == "fsdp" and gpus > 1
    shards = (config.shard_ranks or gpus) if sharded else 1
    half = 2 if config.precision == "bf16" else 4
    frozen = found.total if config.method != "full" else 0
    kept = 4.0 if sharded or config.method == "full" else {"lora": float(half), "qlora": 0.55}[config.method]
    weights = (frozen * kept + found.trained * 4.0) / shards
    gradients, state = found.trained * 4.0 / shards, found.trained * 8.0 / shards
    if sharded:
        # Two layers and both ends are put together at a time.
        gathered = (2 * found.block + found.ends) * float(half)
    else:
        gathered = found.total * 2.0 if half == 2 and config.method == "full" else 0.0
    layer, inputs, ends = kept_activations(shape, config, config.row_length)
    layers = int(shape["num_hidden_layers"])
    activations = (layers * inputs + layer if config.gradient_checkpointing else layers * layer) + ends
    activations += min(config.ce_chunk, config.row_length) * float(shape["vocab_size"]) * (8 + half)
    host = weights + gradients + state if config.offload else 0.0
    on_card = (0.0, 0.0, 0.0) if config.offload else (weights, gradients, state)
    each = flops_per_token(found, config) / (card.peak * mfu)
    batch = tokens_per_step(config)
    step = batch / gpus * each + (_offload_seconds(found, shards) if config.offload else 0.0)
    speed = batch / gpus / step
    return Plan(
        found,
        on_card[0],
        gathered,
        on_card[1],
        on_card[2],
        activations,
        host,
        card.memory,
        speed,
        tokens * config.epochs / (speed * gpus) / 3600,
    )


def flops_per_token(found: Counts, config: TrainConfig) -> float:
    """Forward 2 a weight, backward 4, of which frozen weights need half; checkpoints compute the forward again."""
    passes = 6 if config.method == "full" else 4
    return float(found.total * (passes + (2 if config.gradient_checkpointing else 0)))


def tokens_per_step(config: TrainConfig) -> float:
    """The tokens of a step over all ranks, with samples of the assumed mean length."""
    return float(config.batch_size * (300 if config.stage == 1 else 450))


def _offload_seconds(found: Counts, shards: int) -> float:
    share = found.trained / shards
    return share * 6 / HOST_LINK + share * 28 / HOST_MEMORY


def shape_of(base: Path) -> Mapping[str, Any]:
    """A published shape by its name, or the configuration of a folder.

    Raises:
        UserFault: If it is neither.
    """
    known = SHAPES.get(str(base).lower())
    if known is not None:
        return known
    if not base.is_dir():
        raise UserFault(
            f"{base} is neither a model folder nor a known shape.", f"Shapes are {', '.join(sorted(SHAPES))}."
        )
    from trainer.models.bases import read_config

    return read_config(base)


def table(plan: Plan, config: TrainConfig, name: str, gpus: int, mfu: float) -> str:
    """The plan for the screen."""
    c = plan.counts
    rows = [
        ("weights", plan.weights),
        ("put together for a moment", plan.gathered),
        ("gradients", plan.gradients),
        ("optimiser", plan.optimizer),
        (f"activations, rows of {config.row_length:,} tokens", plan.activations),
        ("in all", plan.needed),
        (f"{name} less {RESERVED:.0%}", plan.memory * (1 - RESERVED)),
    ]
    if plan.host:
        rows.append(("in the computer's memory, for each GPU", plan.host))
    digits = 1 if plan.needed >= GB else 3
    lines = [f"{_count(c.total)} parameters, {_count(c.trained)} trained; {gpus} x {name}; GB on each:"]
    lines += [f"  {what:42} {amount / GB:8.{digits}f}" for what, amount in rows]
    lines.append("It fits." if plan.fits else f"It does not fit: {_advice(config, gpus)}")
    lines.append(
        f"Expected, at {mfu:.0%} of the card's peak: {plan.tokens_per_second:,.0f} tokens/s on each, "
        f"{plan.hours:,.1f} hours for {config.epochs} epoch{'s' if config.epochs > 1 else ''}."
    )
    return "\n".join(lines)


def _count(parameters: float) -> str:
    return f"{parameters / 1e9:.2f}B" if parameters >= 1e9 else f"{parameters / 1e6:.1f}M"


def _advice(config: TrainConfig, gpus: int) -> str:
    ways = []
    if gpus > 1 and config.parallel == "ddp":
        ways.append("parallel=fsdp")
    if not config.gradient_checkpointing:
        ways.append("gradient_checkpointing=true")
    if config.row_length > config.max_length:
        ways.append(f"row_tokens={config.max_length}")
    if config.parallel == "fsdp" and not config.offload:
        ways.append("offload=true")
    ways.append("more GPUs")
    if config.method == "full":
        ways.append("method=lora")
    return f"try {', '.join(ways)}."
