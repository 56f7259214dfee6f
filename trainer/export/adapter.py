"""A run's low-rank adapter as a small GGUF file of its own, which the engine uses over its base.

Nothing is merged: the file holds the two matrices of each adapted layer, under llama.cpp's names and in its order of
rows. It is used over any GGUF file of the base, quantised or not. The gate: the base in f16 with the adapter, in
llama.cpp, says what the merged model says in Hugging Face's. The module refuses adapters that are more than two
matrices beside a layer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from trainer.export import gguf
from trainer.models import bases, exportable, gguf_base, lora, weights
from trainer.models.gguf_base import EXPORTED, Shape, gguf_name, halves_to_pairs, rotary_heads
from trainer.models.tokenizer import from_folder
from tutor_app.adapters.models.gguf import read_gguf
from tutor_app.adapters.models.lora import BASE_NORM, BASE_WEIGHTS, norm_mark
from tutor_app.core.dialect import DIALECTS
from tutor_app.core.errors import UserFault

SAME: Final = 0.9
"""Cosine of a matrix and its quantised form: 0.997 in 4 bits, above 0.9 in 2; of two models about 0."""
SUFFIXES: Final = {"lora_A": "lora_a", "lora_B": "lora_b"}
"""Peft's names of the two matrices, and llama.cpp's."""


def differs(model: Path, base: Path) -> str:
    """The first weights in which a GGUF file is not the base, or its quantised form; empty if it is.

    Looked at are the last norm, which no quantisation touches and every finetuning moves, and two matrices.

    Raises:
        ModelFileFault: If the file is damaged.
        UserFault: If it is of an architecture that is not known.
    """
    wanted = ("model.norm.weight", "model.layers.0.self_attn.q_proj.weight", "model.layers.0.mlp.down_proj.weight")
    own = {name: t.to(torch.float32).numpy().ravel() for name, t in weights.read(base) if name in wanted}
    for name, values in gguf_base.weights(model, gguf_base.metadata(model)):
        if (ours := own.pop(name, None)) is None:
            continue
        theirs = values.ravel()
        if theirs.size != ours.size:
            return name
        likeness = float(ours @ theirs) / float(np.linalg.norm(ours) * np.linalg.norm(theirs) + 1e-12)
        if likeness < SAME or (values.ndim == 1 and not np.allclose(ours, theirs, rtol=1e-2, atol=1e-4)):
            return name
        if not own:
            return ""
    return next(iter(own), "")


def export_adapter(run: Path, out: Path, dialect: str, *, name: str) -> gguf.Gate:
    """Write and check an adapter's GGUF file; its provenance goes beside it.

    Args:
        run: A run folder, or the adapter folder in it.
        out: The file.
        dialect: Wire form it was trained with.
        name: As the user sees it.

    Raises:
        UserFault: If there is no adapter, it cannot be exported, or the file fails the gate.
        HostFault: If llama.cpp fails or the disk refuses.
    """
    out = out.resolve()
    folder, settings = adapter_of(run)
    with gguf.folder_beside(out) as work:
        merged, base = bases.load_adapted(folder)
        tokenizer = from_folder(base)
        tokenizer.check(DIALECTS[dialect])
        exportable.check_exportable(base, tokenizer)
        whole = work / "f16.gguf"
        gguf.write_f16(base, tokenizer, whole, name=name, dialect=dialect)
        made = work / "adapter.gguf"
        write_gguf_adapter(folder, settings, base, made, name=name, dialect=dialect, norm=norm_mark(read_gguf(whole)))
        prompts = gguf.made_up_prompts()
        gate = gguf.check(whole, base, tokenizer, dialect, work, prompts, merged.eval(), adapter=made)
        if failure := gate.failure("f16"):
            raise UserFault(f"The adapter was made but is not sound: {failure}.", "Nothing was kept; report this.")
        gguf.keep(made, out, gate, {"adapter": str(folder), "base": str(base), "dialect": dialect})
        return gate


def write_gguf_adapter(
    folder: Path, settings: dict[str, Any], base: Path, out: Path, *, name: str, dialect: str, norm: str = ""
) -> None:
    """Both matrices of every adapted layer, f32, and what tells the base from others of its kind.

    Args:
        folder: Of the adapter.
        settings: Its settings.
        base: Folder of its base.
        out: The file.
        name: As the user sees it.
        dialect: Wire form it was trained with.
        norm: Mark of the base's last norm.

    Raises:
        UserFault: If a tensor is none of a low-rank pair, or has no place in the architecture.
    """
    from gguf import GGUFType, GGUFWriter

    config = bases.read_config(base)
    arch = EXPORTED[config["architectures"][0]]
    heads = int(config["num_attention_heads"])
    shape = Shape(arch, heads, int(config.get("num_key_value_heads") or heads))
    # llama.cpp divides by the rank; a rank-stabilised adapter is scaled by its root.
    alpha = lora.scale(settings) * int(settings["r"])
    writer = GGUFWriter(str(out), arch)
    writer.add_type(GGUFType.ADAPTER)
    writer.add_name(name)
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    writer.add_string("mumath.dialect", dialect)
    writer.add_string(BASE_WEIGHTS, bases.identity(base))
    if norm:
        writer.add_string(BASE_NORM, norm)
    for tensor_name, tensor in lora.matrices(folder).items():
        stem, _, kind = tensor_name.removeprefix(lora.PREFIX).removesuffix(".weight").rpartition(".")
        target = gguf_name(f"{stem}.weight")
        if kind not in SUFFIXES or target is None or tensor.ndim != 2:
            raise UserFault(f"The adapter holds {tensor_name}, which llama.cpp cannot use.", "Export the merged model.")
        values = tensor.to(torch.float32).numpy()
        n = rotary_heads(f"{stem}.weight", shape) if kind == "lora_B" else 0
        values = halves_to_pairs(values, n) if n else values
        writer.add_tensor(f"{target}.{SUFFIXES[kind]}", np.ascontiguousarray(values))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def adapter_of(run: Path) -> tuple[Path, dict[str, Any]]:
    """The adapter folder of a run, and its settings.

    Raises:
        UserFault: If there is none, or it is of a kind that two matrices a layer do not hold.
    """
    folder = next((f for f in (run, run / "adapter") if (f / "adapter_config.json").is_file()), None)
    if folder is None:
        raise UserFault(
            f"{run} holds no adapter.", "Give the folder of a run with method lora or qlora that has ended."
        )
    settings = lora.read_settings(folder)
    found = lora.oddities(settings)
    if found:
        raise UserFault(
            f"The adapter in {folder} has {found[0]}, which a LoRA file does not hold.",
            "Export it merged: with --model instead of --adapter.",
        )
    if not (folder / lora.WEIGHTS).is_file():
        raise UserFault(f"{folder} holds no {lora.WEIGHTS}.", "Check the path.")
    return folder, settings
