"""A tiny base of random weights with a byte-level BPE of its own: every step in seconds, for tests and for CI.

It knows nothing; it is for following every step of the trainer on a small machine, not for solving problems.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from trainer.models.bases import save_model
from trainer.models.tokenizer import SpanTokenizer, pre_tokenizer


def train_tokenizer(texts: Iterable[str], n_vocab: int, *, pre: str = "qwen2") -> SpanTokenizer:
    """A byte-level BPE over ``texts`` with ChatML's control tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer(pre)
    tokenizer.decoder = decoders.ByteLevel()
    specials = [AddedToken(t, special=True, normalized=False) for t in ("<|endoftext|>", "<|im_start|>", "<|im_end|>")]
    trainer = trainers.BpeTrainer(
        vocab_size=n_vocab,
        special_tokens=specials,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return SpanTokenizer(tokenizer, pre, tokenizer.token_to_id("<|im_end|>"))


def make_base(
    folder: Path,
    tokenizer: SpanTokenizer,
    *,
    width: int = 64,
    layers: int = 2,
    kind: str = "qwen2",
    dialect: str = "mumath",
    seed: int = 1,
    **others: Any,
) -> int:
    """Write a model folder; returns its number of parameters.

    Args:
        folder: Where.
        tokenizer: Of the model.
        width: Of its hidden states.
        layers: Blocks.
        kind: Hugging Face's name of the architecture.
        dialect: Of the chat template.
        seed: Of the weights.
        others: Settings of the architecture.
    """
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(seed)
    settings: dict[str, Any] = {
        "vocab_size": tokenizer.n_vocab,
        "hidden_size": width,
        "intermediate_size": width * 3,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": width // 4,
        "max_position_embeddings": 2048,
        "tie_word_embeddings": True,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_id,
        "pad_token_id": tokenizer.eos_id,
    }
    config = AutoConfig.for_model(kind, **(settings | others))
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    save_model(model, tokenizer, folder, dialect=dialect, dtype=torch.float32)
    return sum(p.numel() for p in model.parameters())
