"""Attention within samples: each way to compute it against a mask over the whole row."""

from typing import Any

import pytest

pytest.importorskip("torch", reason="the trainer's packages are not installed")
pytest.importorskip("transformers", reason="the trainer's packages are not installed")

import torch
from torch.nn.functional import scaled_dot_product_attention

from trainer.models import attention

LENGTHS = [5, 1, 9, 3]
POSITIONS = torch.cat([torch.arange(n) for n in LENGTHS]).unsqueeze(0)


def tensors() -> Any:
    generator = torch.Generator().manual_seed(3)
    shapes = ((1, 4, sum(LENGTHS), 8), (1, 2, sum(LENGTHS), 8), (1, 2, sum(LENGTHS), 8))
    return [torch.randn(s, generator=generator, dtype=torch.float64, requires_grad=True) for s in shapes]


def by_mask(query: Any, key: Any, value: Any) -> Any:
    sample = torch.repeat_interleave(torch.arange(len(LENGTHS)), torch.tensor(LENGTHS))
    mask = (sample[:, None] == sample[None, :]) & torch.ones(len(sample), len(sample), dtype=torch.bool).tril()
    key, value = key.repeat_interleave(2, 1), value.repeat_interleave(2, 1)
    return scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=0.3).transpose(1, 2)


def kernel_with_groups(
    q: Any, k: Any, v: Any, edges: Any, edges_k: Any, longest: int, longest_k: int, *, scale: float,
    window_size: tuple[int, int], enable_gqa: bool,
) -> Any:  # fmt: skip
    assert enable_gqa
    return kernel(q, k.repeat_interleave(2, 1), v.repeat_interleave(2, 1), edges, edges_k, longest, longest_k,
                  scale=scale, window_size=window_size)  # fmt: skip


def kernel(
    q: Any, k: Any, v: Any, edges: Any, edges_k: Any, longest: int, longest_k: int, *, scale: float,
    window_size: tuple[int, int],
) -> Any:  # fmt: skip
    """A kernel with the face of torch's own, which runs on GPUs only."""
    assert window_size == (-1, 0)
    assert longest == longest_k == max(LENGTHS)
    assert edges.dtype == torch.int32
    parts = []
    for start, end in zip(edges.tolist(), edges_k.tolist()[1:], strict=False):
        one = [x[start:end].transpose(0, 1).unsqueeze(0) for x in (q, k, v)]
        parts.append(scaled_dot_product_attention(*one, is_causal=True, scale=scale)[0].transpose(0, 1))
    return torch.cat(parts)


def test_bounds_of_samples() -> None:
    edges, longest = attention.bounds(POSITIONS)
    assert edges.tolist() == [0, 5, 6, 15, 18]
    assert edges.dtype == torch.int32
    assert longest == 9
    assert attention.bounds(torch.zeros((1, 1), dtype=torch.int64))[0].tolist() == [0, 1]


@pytest.mark.parametrize("way", ["one by one", "padded", "together", "together, without groups"])
def test_every_way_gives_the_values_and_gradients_of_a_mask(way: str) -> None:
    wanted, found = tensors(), tensors()
    query, key, value = found
    by_mask(*wanted).square().sum().backward()
    edges, longest = attention.bounds(POSITIONS)
    if way == "one by one":
        out, _ = attention.packed_attention(
            None, query, key, value, None, scaling=0.3, cu_seq_lens_q=edges, max_length_q=longest
        )
    elif way == "padded":
        out = attention.padded(query, key, value, edges, longest, 0.3)
    else:
        with_groups = kernel_with_groups if way == "together" else kernel
        out = attention.together(with_groups, query, key, value, edges, longest, 0.3)
    assert torch.allclose(out, by_mask(*wanted), atol=1e-12)
    out.square().sum().backward()
    for x, y in zip(found, wanted, strict=True):
        assert torch.allclose(x.grad, y.grad, atol=1e-10)


def test_torchs_own_kernel_is_known_by_its_face() -> None:
    found = attention.varlen_kernel()
    assert found is None or found.__name__ == "varlen_attn"


def test_a_model_with_a_window_is_left_to_the_library() -> None:
    from transformers import AutoConfig, AutoModelForCausalLM

    def made(**more: Any) -> Any:
        small = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2, "vocab_size": 50}
        config = AutoConfig.for_model("qwen2", **small, num_attention_heads=4, num_key_value_heads=2, **more)
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
        attention.use_packed(model)
        return model

    assert made().config._attn_implementation == attention.NAME
    windowed = made(use_sliding_window=True, sliding_window=4, max_window_layers=1)
    assert windowed.config._attn_implementation == "sdpa"


def test_a_model_in_training_still_generates_with_padding() -> None:
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(2)
    small = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2, "vocab_size": 50}
    config = AutoConfig.for_model("llama", **small, num_attention_heads=4, num_key_value_heads=2)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    ids = torch.tensor([[0, 0, 3, 4, 5], [6, 7, 8, 9, 10]])
    mask = torch.tensor([[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]])
    with torch.no_grad():
        before = model(input_ids=ids, attention_mask=mask).logits[:, -1]
        attention.use_packed(model)
        assert torch.allclose(model(input_ids=ids, attention_mask=mask).logits[:, -1], before, atol=1e-6)
        alone = model(input_ids=ids[1:], use_cache=False).logits[:, -1]
    assert torch.allclose(alone, before[1:], atol=1e-6)
