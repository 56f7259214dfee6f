"""LoRA adapters in GGUF files: read and checked against the model they belong to, before llama.cpp is given both.

An adapter is a few small matrices beside some of a model's; it is used over the very weights it was trained on. The
module refuses a file that is no LoRA adapter, and one whose base is of another architecture or another size; whether
the base is the right one among those of its kind and size, no header can tell.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tutor_app.adapters.models.gguf import read_gguf
from tutor_app.adapters.models.gguf_info import GgufInfo
from tutor_app.core.errors import ModelFileFault

SUFFIXES: Final = (".lora_a", ".lora_b")
_EMBEDDING: Final = "token_embd.weight"


def read_adapter(path: Path, base: GgufInfo) -> GgufInfo:
    """The header of an adapter that fits the base.

    Raises:
        ModelFileFault: If the file is missing or damaged, no LoRA adapter, or one of another model.
    """
    info = read_gguf(path, adapter=True)
    name, over = f'The adapter "{path.name}"', f'"{base.path.name}"'
    kind = info.text("adapter.type")
    if kind != "lora":
        raise ModelFileFault(f"{name} is of the kind {kind or 'unknown'}; only LoRA can be used.", "Merge it first.")
    if info.architecture != base.architecture:
        raise ModelFileFault(
            f"{name} belongs to a {info.architecture} model, and {over} is {base.architecture}.",
            "Name the model it was trained on.",
        )
    shapes = {t.name: t.shape for t in info.tensors}
    weights = {t.name: t.shape for t in base.tensors}
    targets = sorted({n.removesuffix(".lora_a").removesuffix(".lora_b") for n in shapes if n.endswith(SUFFIXES)})
    if not targets:
        raise ModelFileFault(f"{name} holds no LoRA matrices.", "Choose another file.")
    for target in targets:
        a, b = (shapes.get(target + s, ()) for s in SUFFIXES)
        if not a or not b:
            raise ModelFileFault(f"{name} is damaged: {target} has only one of its two matrices.", "Make it again.")
        if not _fits(target, a, b, weights.get(target, ())):
            raise ModelFileFault(f"{name} does not fit {over}: {target} differs.", "Name the model it was trained on.")
    return info


def _fits(target: str, a: tuple[int, ...], b: tuple[int, ...], weight: tuple[int, ...]) -> bool:
    """Whether ``b @ a`` has the weight's shape; all in ggml's order, fastest-varying first."""
    if not len(a) == len(b) == len(weight) == 2:
        return False
    if target == _EMBEDDING:  # looked up by rows, so kept the other way round
        return weight == (b[1], a[1]) and a[0] == b[0]
    return weight == (a[0], b[1]) and a[1] == b[0]
