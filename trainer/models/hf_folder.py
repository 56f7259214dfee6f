"""Opens a model folder, an adapter folder or a run folder for asking, with the dialect that it speaks."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import torch

from trainer.models import bases
from trainer.models.hf_model import HuggingFaceModel
from trainer.models.tokenizer import SpanTokenizer, from_folder
from trainer.runs import sha256_of
from tutor_app.core.dialect import DIALECTS, Dialect
from tutor_app.core.errors import UserFault


def open_model(path: Path, *, n_ctx: int, n_seq: int) -> tuple[HuggingFaceModel, Dialect]:
    """A model folder, an adapter folder or a run folder, ready to be asked, and the dialect that it speaks.

    On a GPU, where there is one, in bfloat16; else on the CPU in float32.

    Raises:
        UserFault: If it is none of these.
    """
    folder = path
    if not (path / "config.json").exists() and not (path / "adapter_config.json").exists():
        results = [path / n for n in ("model", "adapter")]
        found = next((p for p in results if (p / "config.json").exists() or (p / "adapter_config.json").exists()), None)
        if found is None:
            raise UserFault(
                f"{path} is neither a model folder nor a run that has ended.",
                "Give a folder with config.json or adapter_config.json, or finish the run with the train step.",
            )
        folder = found
    tokenizer = from_folder(folder)
    gpu = torch.cuda.is_available()
    dtype = torch.bfloat16 if gpu else torch.float32
    adapter = (folder / "adapter_config.json").exists()
    model = bases.load_adapted(folder, dtype=dtype)[0] if adapter else bases.load_model(folder, dtype=dtype)
    model.to("cuda" if gpu else "cpu").eval()
    weights = sorted(folder.glob("*.safetensors"))
    digest = sha256_of(weights[0]) if len(weights) == 1 else ""
    name = path.name if folder == path else f"{path.name}/{folder.name}"
    dialect = DIALECTS[_dialect_of(folder, tokenizer)]
    tokenizer.check(dialect)
    return HuggingFaceModel(model, tokenizer, n_ctx=n_ctx, n_seq=n_seq, name=name, sha256=digest), dialect


def _dialect_of(folder: Path, tokenizer: SpanTokenizer) -> str:
    """What the trainer wrote down; for a folder of another origin ChatML if its tokenizer has the tokens for it."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        noted = folder / "mumath.json"
        if noted.exists():
            return str(json.loads(noted.read_text(encoding="utf-8"))["dialect"])
        run = json.loads((folder.parent / "train.provenance.json").read_text(encoding="utf-8"))
        return str(run["options"]["dialect"])
    return "chatml" if tokenizer.tokenizer.token_to_id("<|im_start|>") is not None else "mumath"
