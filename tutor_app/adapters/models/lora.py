"""LoRA adapters in GGUF files: read and checked against the model they belong to, before llama.cpp is given both.

An adapter is a few small matrices beside some of a model's; it is used over the very weights it was trained on. The
module refuses a file that is no LoRA adapter, and one whose base is of another architecture or another size. Among
models of one kind and size the trainer's own adapters know their base: by what its file says it was made from, and by
its last norm, which no quantisation touches and every full finetuning moves. Of others no header can tell.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

from tutor_app.adapters.models.gguf import read_gguf, read_part
from tutor_app.adapters.models.gguf_info import GgufInfo
from tutor_app.adapters.models.split import part_paths
from tutor_app.core.errors import ModelFileFault

WEIGHTS: Final = "mumath.weights"
"""Key of a model that the trainer has made: the hash of the weights it was exported from."""
BASE_WEIGHTS: Final = "mumath.base.weights"
"""Key of an adapter: what its base has under :data:`WEIGHTS`, empty for a base that the trainer has not made."""
BASE_NORM: Final = "mumath.base.norm"
"""Key of an adapter: its base's :func:`norm_mark`."""
_NORM: Final = "output_norm.weight"
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
    own, theirs = info.text(BASE_NORM), norm_mark(base)
    moved = bool(own and theirs) and own != theirs
    if moved or (BASE_WEIGHTS in info.metadata and info.text(BASE_WEIGHTS) != base.text(WEIGHTS)):
        raise ModelFileFault(
            f"{name} was not trained over {over}, but over another model of its kind.",
            "Name that one; if it is a model of your own, export it anew first.",
        )
    return info


def norm_mark(info: GgufInfo) -> str:
    """A hash of a model's last norm, rounded to bfloat16, which is how most models come; empty if it cannot be had.

    Raises:
        ModelFileFault: If the file is missing or damaged.
    """
    for path in part_paths(info.path):
        part = info if path == info.path else read_part(path)
        for tensor in part.tensors:
            if tensor.name == _NORM and tensor.type == "F32" and tensor.offset + tensor.bytes <= path.stat().st_size:
                with path.open("rb") as file:
                    file.seek(part.data_offset + tensor.offset)
                    bits = struct.unpack(f"<{tensor.bytes // 4}I", file.read(tensor.bytes))
                rounded = ((b + 0x7FFF + (b >> 16 & 1)) >> 16 & 0xFFFF for b in bits)
                import hashlib  # and with it OpenSSL, 4 MB

                return hashlib.sha256(struct.pack(f"<{len(bits)}H", *rounded)).hexdigest()[:32]
    return ""


def _fits(target: str, a: tuple[int, ...], b: tuple[int, ...], weight: tuple[int, ...]) -> bool:
    """Whether ``b @ a`` has the weight's shape; all in ggml's order, fastest-varying first."""
    if not len(a) == len(b) == len(weight) == 2:
        return False
    if target == _EMBEDDING:  # looked up by rows, so kept the other way round
        return weight == (b[1], a[1]) and a[0] == b[0]
    return weight == (a[0], b[1]) and a[1] == b[0]
