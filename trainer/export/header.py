"""The header of a GGUF file: settings of the architecture, and the vocabulary, under llama.cpp's keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from trainer.models import rope, spm
from trainer.models.exportable import period_of, window_of
from trainer.models.spm import CONTROL, NORMAL, UNUSED, USER_DEFINED
from trainer.models.tokenizer import TEMPLATES, SpanTokenizer


def head_size(config: Mapping[str, Any]) -> int:
    """Width of an attention head."""
    return int(config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"])


def add_settings(writer: Any, config: Mapping[str, Any], arch: str) -> None:
    """What an architecture needs to be known of ``config.json``.

    Args:
        writer: Of the file.
        config: ``config.json``.
        arch: GGUF's name of the architecture.
    """
    heads = int(config["num_attention_heads"])
    context = int(config["max_position_embeddings"])
    if not arch.startswith("gemma"):
        # llama.cpp has no window there; within it there is no difference.
        context = min(context, window_of(config) or context)
    writer.add_context_length(context)
    writer.add_embedding_length(int(config["hidden_size"]))
    writer.add_block_count(int(config["num_hidden_layers"]))
    writer.add_feed_forward_length(int(config["intermediate_size"]))
    writer.add_head_count(heads)
    writer.add_head_count_kv(int(config.get("num_key_value_heads") or heads))
    writer.add_key_length(head_size(config))
    writer.add_value_length(head_size(config))
    writer.add_rope_dimension_count(head_size(config))
    writer.add_layer_norm_rms_eps(float(config["rms_norm_eps"]))
    writer.add_vocab_size(int(config["vocab_size"]))
    _add_rope(writer, rope.rope_of(config))
    if arch in ("gemma2", "gemma3"):
        writer.add_sliding_window(window_of(config))
        writer.add_sliding_window_pattern(period_of(config))
    if arch == "gemma2":
        writer.add_attn_logit_softcapping(float(config["attn_logit_softcapping"]))
        writer.add_final_logit_softcapping(float(config["final_logit_softcapping"]))
    if arch == "gemma3":
        writer.add_rope_freq_base_swa(rope.rope_of(config, rope.LOCAL).theta)


def _add_rope(writer: Any, rotation: rope.Rope) -> None:
    from gguf import RopeScalingType

    writer.add_rope_freq_base(rotation.theta)
    if rotation.kind in ("linear", "yarn"):
        writer.add_rope_scaling_type(RopeScalingType(rotation.kind))
        writer.add_rope_scaling_factor(rotation.factor)
    if rotation.kind == "yarn":
        writer.add_rope_scaling_orig_ctx_len(rotation.original)


def add_vocabulary(writer: Any, tokenizer: SpanTokenizer, n_vocab: int, dialect: str) -> None:
    """Tokens, merges or scores, ends and the chat template of the dialect.

    Args:
        writer: Of the file.
        tokenizer: Of the model.
        n_vocab: Rows of the model.
        dialect: Wire form of the template.
    """
    data = json.loads(tokenizer.tokenizer.to_str())
    if tokenizer.pre == spm.PRE:
        pieces, scores, kinds = spm.vocabulary(tokenizer.tokenizer, data, n_vocab)
        writer.add_tokenizer_model("llama")
        writer.add_tokenizer_pre("default")
        writer.add_token_list(pieces)
        writer.add_token_scores(scores)
        writer.add_token_types(kinds)
        writer.add_add_space_prefix(spm.adds_space(tokenizer.tokenizer))
        if spm.UNKNOWN in kinds:
            writer.add_unk_token_id(kinds.index(spm.UNKNOWN))
    else:
        _add_byte_level(writer, tokenizer, data, n_vocab)
    writer.add_eos_token_id(tokenizer.eos_id)
    if tokenizer.bos_id is not None:
        writer.add_bos_token_id(tokenizer.bos_id)
    writer.add_add_bos_token(tokenizer.bos_id is not None)
    writer.add_chat_template(TEMPLATES[dialect])


def _add_byte_level(writer: Any, tokenizer: SpanTokenizer, data: dict[str, Any], n_vocab: int) -> None:
    added = {int(t["id"]): t for t in data["added_tokens"]}
    by_id = {i: t for t, i in data["model"]["vocab"].items()}
    tokens: list[str] = []
    types: list[int] = []
    for i in range(n_vocab):
        if i in added:
            tokens.append(added[i]["content"])
            types.append(CONTROL if added[i]["special"] else USER_DEFINED)
        elif i in by_id:
            tokens.append(by_id[i])
            types.append(NORMAL)
        else:
            # Models are often padded to a round number of rows.
            tokens.append(f"[PAD{i}]")
            types.append(UNUSED)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(tokenizer.pre)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in data["model"]["merges"]])
