"""A CLIP of random weights, saved as transformers saves one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trainer.cbbt.vision.torchvision_import import prepare_transformers

SIDE = 16


def save_clip(folder: Path, seed: int = 0, **changes: Any) -> Path:
    """Write model, tokenizer and the preprocessor's values."""
    import torch

    prepare_transformers()
    from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

    letters = "abcdefghijklmnopqrstuvwxyz,.-_0123456789"
    words = ["<|startoftext|>", "<|endoftext|>"]
    vocab = {token: i for i, token in enumerate([*letters, *(f"{c}</w>" for c in letters), *words])}
    tokenizer = CLIPTokenizer(vocab=vocab, merges=[])
    torch.manual_seed(seed)
    sizes: dict[str, Any] = {
        "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2,
    }  # fmt: skip
    ends = {"bos_token_id": vocab[words[0]], "eos_token_id": vocab[words[1]], "pad_token_id": vocab[words[1]]}
    config = CLIPConfig(
        text_config={**sizes, "vocab_size": len(vocab), "max_position_embeddings": 48, **ends},
        vision_config={**sizes, "image_size": SIDE, "patch_size": 4},
        projection_dim=24,
        **changes,
    )
    CLIPModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(
        '{"image_mean": [0.4, 0.5, 0.6], "image_std": [0.2, 0.25, 0.3], "crop_size": 16}'
    )
    return folder
