"""Estimates the memory that a model takes, and whether it fits into what is free here.

Only an advice: the operating system has the last word, and the engine reports what really happened. Nothing here
refuses to load a model.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import psutil

from tutor_app.adapters.models.gguf_info import GgufInfo
from tutor_app.text.amounts import size_text

GROUP: Final = Path("/sys/fs/cgroup")
_REPACKED: Final = frozenset({"Q4_0", "Q4_K", "IQ4_NL"})


def free_memory(group: Path = GROUP) -> int | None:
    """Bytes that can be allocated without swapping, or None where that cannot be told.

    Args:
        group: Of the files that tell a container's own limit. The system's figure is that of the whole machine there,
            and the limit is what kills.
    """
    try:
        free = int(psutil.virtual_memory().available)
        limit = _left_in_group(group)
    except (OSError, ValueError, RuntimeError):  # psutil's own errors are RuntimeErrors where /proc is not as expected
        return None
    return free if limit is None else min(free, limit)


def _left_in_group(group: Path) -> int | None:
    try:
        limit = (group / "memory.max").read_text(encoding="ascii").strip()
        if limit == "max":
            return None
        used = int((group / "memory.current").read_text(encoding="ascii"))
        stat = dict(line.split() for line in (group / "memory.stat").read_text(encoding="ascii").splitlines())
    except FileNotFoundError:
        return None
    return int(limit) - used + int(stat.get("inactive_file", 0))


def estimate_ram(info: GgufInfo, n_ctx: int, *, n_seq: int = 1, n_batch: int = 64, kv_bytes: float = 2.0) -> int:
    """Bytes of memory that running the model takes: weights, KV cache and work space.

    The estimate leans to the high side: sliding windows and shared layers are not taken off.

    Args:
        info: The header.
        n_ctx: Context of one sequence, in tokens.
        n_seq: Sequences held at once.
        n_batch: Tokens evaluated at once (llama.cpp's ``n_ubatch``).
        kv_bytes: Bytes of one element of the KV cache (2 for F16, 1.0625 for Q8_0).
    """
    arch = info.architecture
    n_embd = info.number(f"{arch}.embedding_length")
    n_head = info.number(f"{arch}.attention.head_count", 1) or 1
    n_head_kv = info.number(f"{arch}.attention.head_count_kv", n_head) or n_head
    head = n_embd // n_head
    k = info.number(f"{arch}.attention.key_length", head)
    v = info.number(f"{arch}.attention.value_length", head)
    kv = int(n_ctx * n_seq * info.n_layer * n_head_kv * (k + v) * kv_bytes)
    n_ff = info.number(f"{arch}.feed_forward_length", 4 * n_embd)
    # The widest row alive during a batch, as float32: the logits, or a block's activations and attention scores.
    row = max(info.n_vocab, n_ctx * n_head + 2 * n_ff + 4 * n_embd)
    # On a processor llama.cpp keeps a second, rearranged copy of these; the embedding is only looked up.
    repacked = sum(t.bytes for t in info.tensors if t.type in _REPACKED and not t.name.startswith("token_embd"))
    # The rest is llama.cpp, Python and the vocabulary's own tables, measured on small models.
    return info.weight_bytes + repacked + kv + 4 * n_batch * row + 96 * 2**20 + 256 * info.n_vocab


def memory_advice(info: GgufInfo, n_ctx: int, free: int | None) -> str:
    """One sentence if the model with this context will not fit into ``free`` bytes, else empty.

    Args:
        info: The model.
        n_ctx: Context in tokens.
        free: From :func:`free_memory`; None gives no advice.
    """
    need = estimate_ram(info, n_ctx)
    if free is None or need <= free:
        return ""
    shortage = _shortage(info.name, need, free)
    n = n_ctx // 2
    while n >= 1024:
        if estimate_ram(info, n) <= free:
            return f"{shortage} With a context of {n} it would fit: lower it in Settings, or close other programs."
        n //= 2
    return f"{shortage} Close other programs or choose a smaller model."


def advice_before_download(name: str, need: int, free: int | None) -> str:
    """The same for a model that is not here yet.

    Args:
        name: Of the model.
        need: Bytes it takes, roughly, by the catalogue.
        free: From :func:`free_memory`; None gives no advice.
    """
    if free is None or need <= free:
        return ""
    return f"{_shortage(name, need, free)} It would be slow or fail until other programs are closed."


def _shortage(name: str, need: int, free: int) -> str:
    return f"{name} needs about {size_text(need)} of memory and {size_text(free)} are free."
