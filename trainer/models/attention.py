"""Attention in a packed row: every sample by itself, through torch's fused kernels and without a mask.

A mask over the whole row costs as much as if each sample saw all the others, and keeps the fast kernels away: with
rows of 4,096 tokens it is ten times slower. On a GPU, in half precision, all samples go through one kernel that
knows their bounds; on a CPU they go one after the other; elsewhere as one padded batch, where causal order alone
keeps the padding unseen. It knows causal self-attention without a window, and leaves other models to the library.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Final

import torch
from torch.nn.functional import scaled_dot_product_attention

NAME: Final = "mumath_packed"
"""The name under which transformers knows this attention."""


def bounds(positions: torch.Tensor) -> tuple[torch.Tensor, int]:
    """Where the samples of a row begin and end, and the longest of them.

    Args:
        positions: From 0 anew for each sample, shape ``(1, n)``.

    Returns:
        Cumulative lengths, int32, shape ``(samples + 1,)``, and tokens of the longest sample.
    """
    row = positions[0]
    edges = torch.cat([torch.nonzero(row == 0).flatten(), torch.tensor([len(row)], device=row.device)])
    return edges.to(torch.int32), int(edges.diff().max())


def use_packed(model: Any) -> None:
    """Let a model that uses torch's fused attention use it sample by sample."""
    config = model.config
    windowed = any(kind != "full_attention" for kind in getattr(config, "layer_types", None) or ())
    # Mistral names no kinds of layers: its window is in all of them.
    windowed = windowed or (config.model_type == "mistral" and config.sliding_window is not None)
    if config._attn_implementation != "sdpa" or windowed:
        return
    from transformers import AttentionInterface, AttentionMaskInterface

    AttentionInterface.register(NAME, packed_attention)
    AttentionMaskInterface.register(NAME, _mask)
    model.set_attn_implementation(NAME)


def packed_attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    scaling: float | None = None,
    cu_seq_lens_q: torch.Tensor | None = None,
    max_length_q: int = 0,
    **others: Any,
) -> tuple[torch.Tensor, None]:
    """What transformers calls in each layer.

    Args:
        module: The layer.
        query: Shape ``(1, heads, n, size)``.
        key: Shape ``(1, kv_heads, n, size)``.
        value: As ``key``.
        attention_mask: None in training.
        scaling: Of the scores.
        cu_seq_lens_q: From :func:`bounds`; without it, as in generation, the library's own attention is used.
        max_length_q: Tokens of the longest sample.
        others: What other implementations want.

    Returns:
        Values of shape ``(1, n, heads, size)``, and no weights.
    """
    if cu_seq_lens_q is None:
        from transformers.integrations.sdpa_attention import sdpa_attention_forward

        found: tuple[torch.Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, **others
        )
        return found
    if query.is_cuda and torch.is_autocast_enabled("cuda"):
        half = torch.get_autocast_dtype("cuda")
        query, key, value = query.to(half), key.to(half), value.to(half)
    if not query.is_cuda:
        return _one_by_one(query, key, value, cu_seq_lens_q, scaling), None
    kernel = varlen_kernel()
    if kernel is not None and query.dtype in (torch.bfloat16, torch.float16):
        return together(kernel, query, key, value, cu_seq_lens_q, max_length_q, scaling), None
    return padded(query, key, value, cu_seq_lens_q, max_length_q, scaling), None


def _mask(*a: Any, attention_mask: torch.Tensor | None = None, **k: Any) -> torch.Tensor | None:
    """None for packed rows, whose bounds say it all; the library's mask where something is padded."""
    if attention_mask is None:
        return None
    from transformers.masking_utils import sdpa_mask

    mask: torch.Tensor | None = sdpa_mask(*a, attention_mask=attention_mask, **k)
    return mask


@torch.compiler.disable  # type: ignore[untyped-decorator]  # torch is not there where types are checked
def _one_by_one(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, edges: torch.Tensor, scaling: float | None
) -> torch.Tensor:
    lengths = edges.diff().tolist()
    parts = zip(*(x.split(lengths, dim=2) for x in (query, key, value)), strict=True)
    return torch.cat(
        [
            scaled_dot_product_attention(q, k, v, is_causal=True, scale=scaling, enable_gqa=True).transpose(1, 2)
            for q, k, v in parts
        ],
        dim=1,
    )


def together(
    kernel: Callable[..., torch.Tensor],
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    edges: torch.Tensor,
    longest: int,
    scaling: float | None,
) -> torch.Tensor:
    """Attention of all samples in one call of a kernel that knows their bounds.

    Args:
        kernel: :func:`varlen_kernel`, or one with its signature.
        query: Shape (1, heads, tokens, size).
        key: Shape (1, key heads, tokens, size).
        value: Shape (1, key heads, tokens, size).
        edges: Where samples begin, and the end: shape (samples + 1,), int32.
        longest: Tokens of the longest sample.
        scaling: Of the scores; None divides by the root of ``size``.

    Returns:
        Shape (1, tokens, heads, size).
    """
    parameters = inspect.signature(kernel).parameters
    options: dict[str, Any] = {"scale": scaling, "window_size": (-1, 0)}
    if "enable_gqa" in parameters:
        options["enable_gqa"] = True
    else:
        groups = query.shape[1] // key.shape[1]
        key, value = key.repeat_interleave(groups, dim=1), value.repeat_interleave(groups, dim=1)
    q, k, v = (x[0].transpose(0, 1) for x in (query, key, value))
    return kernel(q, k, v, edges, edges, longest, longest, **options).unsqueeze(0)


def padded(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    edges: torch.Tensor,
    longest: int,
    scaling: float | None,
) -> torch.Tensor:
    """The same as :func:`together` without such a kernel: samples padded to one length, in one batch."""
    n, samples = query.shape[2], len(edges) - 1
    token = torch.arange(n, device=query.device)
    sample = torch.searchsorted(edges[1:].contiguous(), token.to(edges.dtype), right=True)
    place = sample * longest + token - edges[sample]

    def batch(x: torch.Tensor) -> torch.Tensor:
        _, heads, _, size = x.shape
        rows = x.new_zeros(samples * longest, heads, size).index_copy(0, place, x[0].transpose(0, 1))
        return rows.view(samples, longest, heads, size).transpose(1, 2)

    out = scaled_dot_product_attention(
        batch(query), batch(key), batch(value), is_causal=True, scale=scaling, enable_gqa=True
    )
    return out.transpose(1, 2).flatten(0, 1)[place].unsqueeze(0)


def varlen_kernel() -> Callable[..., torch.Tensor] | None:
    """Torch's own kernel for samples of unlike length, from the version on that has it in this form."""
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        return None
    found: Callable[..., torch.Tensor] = varlen_attn
    parameters = inspect.signature(found).parameters
    return found if {"window_size", "scale"} <= set(parameters) else None
