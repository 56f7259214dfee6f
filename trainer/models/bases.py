"""Bases and results: what training starts from and what it leaves behind, always a Hugging Face folder on disk.

A GGUF file or a run's adapter becomes such a folder first, once, inside the run.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import warnings
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import torch

from trainer.config import TrainConfig
from trainer.models import gguf_base, lora, parts, weights
from trainer.models.tokenizer import SpanTokenizer, from_folder, from_gguf, save_tokenizer
from trainer.runs import digest, disk_fault, sha256_of
from tutor_app.adapters.models.lora import WEIGHTS
from tutor_app.core.errors import UserFault

NOTED: Final = "mumath.json"
"""What the trainer notes in each folder of a model or an adapter that it makes."""
DTYPES: Final = {"fp32": torch.float32, "bf16": torch.bfloat16}


def prepare(base: Path, work: Path, dialect: str) -> Path:
    """A Hugging Face folder for the base: itself, or made at ``work`` unless an earlier start made it.

    Raises:
        UserFault: If it is nothing that can be trained and exported, or ``work`` was made from another base.
        HostFault: If the disk refuses.
    """
    if not base.exists():
        raise UserFault(f"The base {base} does not exist.", "Check the path.")
    if base.is_dir() and not (base / "adapter_config.json").exists():
        return base
    done = work / "done"
    if done.exists():
        _must_be_of(done, base)
    else:
        shutil.rmtree(work, ignore_errors=True)
        try:
            work.mkdir(parents=True)
            _from_gguf(base, work, dialect) if base.is_file() else _from_adapter(base, work, dialect)
            done.write_text(_source(base) + "\n", encoding="utf-8")
        except OSError as e:
            raise disk_fault(work, e) from None
    return work


def _source(base: Path) -> str:
    """A hash of the file, or of the adapter, that a base is made from."""
    files = [base] if base.is_file() else sorted(p for p in base.iterdir() if p.name.startswith("adapter_"))
    return digest([sha256_of(p) for p in files])


def _must_be_of(done: Path, base: Path) -> None:
    noted = done.read_text(encoding="utf-8").strip()
    if noted and noted != _source(base):  # earlier versions noted nothing
        raise UserFault(
            f"The run in {done.parent.parent} was begun from another base than {base}.",
            "Give that one, or a new folder with --run.",
        )


def read_config(folder: Path) -> dict[str, Any]:
    """``config.json`` of a folder.

    Raises:
        UserFault: If there is none.
    """
    try:
        found = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError("it is no JSON object")
    except (OSError, ValueError) as e:
        why = (e.strerror if isinstance(e, OSError) else None) or e
        raise UserFault(
            f"{folder} is no model folder: config.json cannot be read ({why}).", "Check the path."
        ) from None
    return found


def attention_for(folder: Path, wanted: str) -> str:
    """The attention to use: ``sdpa`` cannot cap its scores, as Gemma 2 does."""
    caps = read_config(folder).get("attn_logit_softcapping") is not None
    return "eager" if caps and wanted == "sdpa" else wanted


def load_model(
    folder: Path, *, dtype: torch.dtype = torch.float32, attention: str = "sdpa", four_bit: bool = False
) -> Any:
    """A causal language model on the CPU (or, in 4 bits, on the GPU).

    Raises:
        UserFault: If the folder holds none.
    """
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    # Its bars would tear the progress line apart, and its report of weights that do not fit is a table.
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    attention = attention_for(folder, attention)
    options: dict[str, Any] = {"dtype": dtype, "attn_implementation": attention, "local_files_only": True}
    if four_bit:
        from transformers import BitsAndBytesConfig

        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
    options |= {"output_loading_info": True, "ignore_mismatched_sizes": True}  # told below, in one sentence
    try:
        model, found = AutoModelForCausalLM.from_pretrained(str(folder), **options)
    except SafetensorError as e:
        raise weights.damaged(folder, e) from None
    except (OSError, ValueError, ImportError) as e:
        first = str(e).strip().splitlines()[0]
        raise UserFault(f"The model in {folder} cannot be loaded: {first}", "Check the folder.") from None
    odd = sorted(
        {name for name, *_ in found["mismatched_keys"]} | ({*found["missing_keys"]} if not four_bit else set())
    )
    if odd:
        raise UserFault(
            f"The weights in {folder} do not fit its config.json: {odd[0]} is missing or of another shape.",
            "Fetch or make it again.",
        )
    # Nothing is padded here; the library would keep the padding token's row (often the end token's) from learning.
    model.get_input_embeddings().padding_idx = None
    return model


def hollow_model(folder: Path, *, attention: str = "sdpa") -> Any:
    """The same model in float32 whose weights take up no memory: one number each, seen through every place of them.

    For sharding, which copies its share of each, and for :func:`fill` then; no process need ever hold the whole.
    None where the weights are not in safetensors files, of which a part can be read.
    """
    if not any(folder.glob("*.safetensors")):
        return None
    from accelerate import init_empty_weights
    from transformers import AutoConfig, AutoModelForCausalLM

    attention = attention_for(folder, attention)
    try:
        config = AutoConfig.from_pretrained(str(folder), local_files_only=True)
        with init_empty_weights(include_buffers=False):
            model = AutoModelForCausalLM.from_config(config, dtype=torch.float32, attn_implementation=attention)
    except (OSError, ValueError) as e:
        first = str(e).strip().splitlines()[0]
        raise UserFault(f"The model in {folder} cannot be loaded: {first}", "Check the folder.") from None
    for module in model.modules():
        for name, weight in list(module.named_parameters(recurse=False)):
            setattr(module, name, torch.nn.Parameter(torch.zeros(1).expand(weight.shape)))
    model.tie_weights()
    model.get_input_embeddings().padding_idx = None
    return model


def plain_name(name: str) -> str:
    """A parameter's name in the model itself, without what adapters put around it."""
    return name.removeprefix("base_model.model.").replace(".base_layer.", ".")


def identity(folder: Path) -> str:
    """The hash of a model's weights, if the trainer has made them; empty for one from elsewhere.

    A base that was read out of a GGUF file is what that file says it is.
    """
    if not (folder / NOTED).is_file():
        return ""
    noted = _noted(folder)
    return str(noted["weights"]) if "weights" in noted else weights.hash_of(folder)


def base_of_adapter(folder: Path) -> Path:
    """The folder of the base that an adapter was trained over.

    Raises:
        UserFault: If it is gone, or holds other weights than it did.
    """
    base = Path(str(lora.read_settings(folder).get("base_model_name_or_path") or ""))
    if not base.is_dir():
        raise UserFault(f"The base of the adapter, {base}, is gone.", "Put it back, or edit adapter_config.json.")
    if (noted := _noted(folder).get("base", "")) and noted != weights.hash_of(base):
        raise UserFault(
            f"The adapter in {folder} was trained over other weights than {base} holds now.",
            "Put those back, or name their folder in adapter_config.json.",
        )
    return base


def _noted(folder: Path) -> dict[str, Any]:
    """What a run noted of a model or adapter folder, or nothing."""
    try:
        found = json.loads((folder / NOTED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def load_adapted(folder: Path, *, dtype: torch.dtype = torch.float32) -> tuple[Any, Path]:
    """The model of an adapter folder, merged in memory, and the folder of its base.

    Raises:
        UserFault: If the base is gone.
    """
    from peft import PeftModel

    base = base_of_adapter(folder)
    with _peft_and_transformers():
        return PeftModel.from_pretrained(load_model(base, dtype=dtype), str(folder)).merge_and_unload(), base


def checkpoint_activations(model: Any) -> None:
    """Compute activations again in the backward pass instead of keeping them."""
    if hasattr(model, "activation_checkpointing_enable"):
        model.activation_checkpointing_enable()
    else:
        model.gradient_checkpointing_enable({"use_reentrant": False})


def apply_liger(model: Any, device: torch.device) -> None:
    """Use Liger's fused kernels for norms, rotation and gates; the loss is our own.

    Raises:
        UserFault: If they cannot be used here.
    """
    if device.type != "cuda" or find_spec("liger_kernel") is None:
        raise UserFault("liger needs a CUDA GPU and the package liger-kernel.", "Set liger = false.")
    from liger_kernel.transformers import _apply_liger_kernel_to_instance

    _apply_liger_kernel_to_instance(model=model, cross_entropy=False, fused_linear_cross_entropy=False)


def compile_layers(model: Any, device: torch.device) -> None:
    """Let torch compile each block of the transformer when it is first used; they are alike, so one is compiled.

    After activations are checkpointed (a block is compiled inside its checkpoint) and before weights are sharded (what
    gathers them stays outside).

    Raises:
        UserFault: If there is nothing here to compile with.
    """
    if device.type == "cuda" and find_spec("triton") is None:
        raise UserFault("compile needs the package triton on a GPU.", "Install it, or set compile = false.")
    if device.type == "cpu" and not any(shutil.which(c) for c in (os.environ.get("CXX", "c++"), "g++", "clang++")):
        raise UserFault("compile needs a C++ compiler on a CPU.", "Install one, or set compile = false.")
    for block in parts.blocks(model):
        block.compile(dynamic=True)


def with_adapters(model: Any, config: TrainConfig) -> Any:
    """The model with new low-rank adapters; everything else is frozen.

    Raises:
        UserFault: If no layer has one of the names.
    """
    from peft import LoraConfig, get_peft_model

    lora = LoraConfig(
        r=config.lora_r,
        lora_alpha=config.lora_alpha,
        lora_dropout=config.lora_dropout,
        target_modules=list(config.lora_targets),
        task_type="CAUSAL_LM",
    )
    try:
        with _peft_and_transformers():
            return get_peft_model(model, lora)
    except ValueError as e:
        raise UserFault(f"The adapters do not fit: {str(e).splitlines()[0]}", "Correct lora_targets.") from None


@contextlib.contextmanager
def _peft_and_transformers() -> Iterator[None]:
    """Peft 0.21 still asks transformers 5.23 for an attribute by its old name, at every use."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        yield


def trained_dialect(folder: Path, asked: str = "") -> str:
    """The wire form that a model was trained with, as its run noted it.

    Args:
        folder: A model or adapter folder.
        asked: The form that the user named, or empty.

    Raises:
        UserFault: If the user named another than was trained.
    """
    noted = str(_noted(folder).get("dialect", ""))
    if not noted:
        return asked or "mumath"
    if asked and asked != noted:
        raise UserFault(f"{folder} was trained with the dialect {noted}, not {asked}.", "Leave --dialect out.")
    return noted


def save_model(model: Any, tokenizer: SpanTokenizer, folder: Path, *, dialect: str, dtype: torch.dtype) -> None:
    """Write a complete Hugging Face folder of a model that is whole in memory, or leave the old one.

    Raises:
        HostFault: If the disk refuses.
    """
    config = json.loads(model.config.to_json_string(use_diff=True))
    config["architectures"] = [type(model).__name__]
    held = dict(model.named_parameters())
    shapes = {name: tuple(p.shape) for name, p in held.items()}
    write_folder(folder, config, tokenizer, shapes, held.items(), dtype, dialect=dialect)


def write_folder(
    folder: Path,
    like: Mapping[str, Any],
    tokenizer: SpanTokenizer,
    wanted: weights.Shapes,
    tensors: Iterable[tuple[str, torch.Tensor]],
    dtype: torch.dtype,
    *,
    dialect: str,
) -> None:
    """Write a complete Hugging Face folder, or leave the old one; the weights as they come.

    Args:
        folder: The folder.
        like: Its ``config.json``, but for the type of the weights.
        tokenizer: Of the model.
        wanted: Shapes of all tensors, in the order in which they come.
        tensors: The tensors.
        dtype: In which they are kept.
        dialect: Wire form of its chat template.

    Raises:
        HostFault: If the disk refuses.
    """
    config = {k: v for k, v in like.items() if k not in ("torch_dtype", "dtype")}
    config["dtype"] = str(dtype).removeprefix("torch.")
    with whole_folder(folder) as part:
        weights.write(part, wanted, tensors, dtype)
        (part / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        ends = {"bos_token_id": tokenizer.bos_id, "eos_token_id": tokenizer.eos_id, "pad_token_id": tokenizer.eos_id}
        (part / "generation_config.json").write_text(json.dumps(ends, indent=2) + "\n", encoding="utf-8")
        save_tokenizer(tokenizer, part, dialect)
        (part / NOTED).write_text(json.dumps({"dialect": dialect}) + "\n", encoding="utf-8")


def write_adapter_folder(
    folder: Path,
    settings: Any,
    matrices: Mapping[str, torch.Tensor],
    tokenizer: SpanTokenizer,
    *,
    base: Path,
    dialect: str,
) -> None:
    """Write an adapter folder that knows its base, or leave the old one.

    Args:
        folder: The folder.
        settings: Peft's configuration of the adapter.
        matrices: Its tensors, under the names of Peft's file.
        tokenizer: Of the model.
        base: Folder of the base.
        dialect: Wire form it was trained with.

    Raises:
        HostFault: If the disk refuses.
    """
    with whole_folder(folder) as part:
        settings.save_pretrained(str(part))
        path = part / "adapter_config.json"
        config = json.loads(path.read_text(encoding="utf-8"))
        config["base_model_name_or_path"] = str(base.resolve())
        config["inference_mode"] = True
        path.write_text(json.dumps(config, indent=2), encoding="utf-8")
        shapes = {name: tuple(t.shape) for name, t in matrices.items()}
        weights.write(part, shapes, matrices.items(), torch.float32, stem="adapter_model")
        save_tokenizer(tokenizer, part, dialect)
        noted = {"dialect": dialect, "base": weights.hash_of(base)}
        (part / NOTED).write_text(json.dumps(noted) + "\n", encoding="utf-8")


@contextlib.contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A folder to be filled that takes the place of ``folder`` in the end, or leaves it as it was.

    Raises:
        HostFault: If the disk refuses.
    """
    # Names that no user gives: what is left under them by a kill is removed.
    part = folder.with_name(f".{folder.name}.mumath-part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        yield part
        _replace(part, folder)
    except OSError as e:
        raise disk_fault(folder, e) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _replace(part: Path, folder: Path) -> None:
    old = folder.with_name(f".{folder.name}.mumath-old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    part.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _from_gguf(path: Path, work: Path, dialect: str) -> None:
    keys = gguf_base.metadata(path)
    settings = gguf_base.config_of(keys, path)
    wanted = gguf_base.shapes(path)
    settings["vocab_size"] = wanted["model.embed_tokens.weight"][0]
    settings["tie_word_embeddings"] = "lm_head.weight" not in wanted
    settings["attention_bias"] = settings["model_type"] != "qwen2" and "model.layers.0.self_attn.q_proj.bias" in wanted
    _check_names(path, settings, wanted)
    tensors = ((name, torch.from_numpy(values)) for name, values in gguf_base.weights(path, keys))
    write_folder(work / "folder", settings, from_gguf(path), wanted, tensors, torch.float32, dialect=dialect)
    noted = {"dialect": dialect, "weights": str(keys.get(WEIGHTS, ""))}
    (work / "folder" / NOTED).write_text(json.dumps(noted) + "\n", encoding="utf-8")
    _unfold(work)


def _check_names(path: Path, settings: Mapping[str, Any], wanted: weights.Shapes) -> None:
    """See that the file holds just the tensors, and in just the shapes, that its architecture has.

    Raises:
        UserFault: If not.
    """
    from accelerate import init_empty_weights
    from transformers import AutoConfig, AutoModelForCausalLM

    others = {k: v for k, v in settings.items() if k != "model_type"}
    with init_empty_weights():
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(settings["model_type"], **others))
    # Without memory, tied weights are no longer seen to be one.
    own = {n: tuple(p.shape) for n, p in model.named_parameters() if n in wanted or n != "lm_head.weight"}
    different = [name for name in (own.keys() | wanted.keys()) if own.get(name) != wanted.get(name)]
    if different:
        raise UserFault(
            f"{path.name} does not fit its architecture ({', '.join(sorted(different)[:3])}).", "Choose another base."
        )


def _from_adapter(folder: Path, work: Path, dialect: str) -> None:
    base = base_of_adapter(folder)
    if lora.oddities(lora.read_settings(folder)) or not any(base.glob("*.safetensors")):
        merged, _ = load_adapted(folder)
        save_model(merged, from_folder(base), work / "folder", dialect=dialect, dtype=torch.float32)
    else:
        write_folder(
            work / "folder",
            read_config(base),
            from_folder(base),
            weights.shapes(base),
            lora.merged(base, folder),
            torch.float32,
            dialect=dialect,
        )
    _unfold(work)


def _unfold(work: Path) -> None:
    for item in (work / "folder").iterdir():
        item.rename(work / item.name)
    (work / "folder").rmdir()
