"""A trained model as one GGUF file that the window loads, checked before success is said.

Merges adapters, writes f16 through the ``gguf`` package, quantises with llama.cpp itself, and puts the chat template
and the dialect (key ``mumath.dialect``) into the file. All offline. The gate: token ids equal on 200 prompts, the
divergence from the Hugging Face model within the bound of the type, and five problems solved alike by both (see
:mod:`trainer.export.comparison`). A file that fails is not left under its name.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from trainer.export import header
from trainer.export.comparison import PROBLEMS, Comparison, Original
from trainer.export.llama_process import run_llama_cpp
from trainer.models import bases, exportable, gguf_base, rope, weights
from trainer.models.gguf_base import Shape, gguf_name, halves_to_pairs, offset, rotary_heads
from trainer.models.tokenizer import SpanTokenizer, from_folder
from trainer.runs import disk_fault, git_revision, sha256_of, versions, write_atomically
from tutor_app.adapters.engine.client import Engine, EngineOptions
from tutor_app.adapters.models.lora import WEIGHTS
from tutor_app.core.dialect import DIALECTS, Dialect, Span, body
from tutor_app.core.dialect import header as prompt_of
from tutor_app.core.errors import UserFault
from tutor_app.tutor.samples import sample_problems

KL_BOUND: Final[Mapping[str, float]] = {"f16": 1e-4, "q8_0": 0.02, "q5_k_m": 0.1, "q4_k_m": 0.3}
"""Mean divergence in nats per token. Sound files of real models show up to 7e-6 and 6e-3 (llama.cpp rounds activations
too, to 8 bits, where weights are quantised); a wrong layout shows more than 0.1 in each type."""
GATE_PROMPTS: Final = 200
GATE_TEXTS: Final = 4
GATE_TOKENS: Final = 64


@dataclass(frozen=True, slots=True)
class Gate:
    """What the check of a file found.

    Attributes:
        prompts: Texts whose token ids were compared.
        mismatches: How many differed.
        kl: Mean divergence of the file's next-token distribution from the original's, nats.
        top1: Fraction of positions at which both name the same next token.
        alike: How far both solve problems alike; of a quantised file it is told, of an f16 file it decides.
    """

    prompts: int
    mismatches: int
    kl: float
    top1: float
    alike: Comparison | None = None

    def failure(self, kind: str) -> str:
        """Why the file is no good, or empty."""
        if self.mismatches:
            return f"the token ids of {self.mismatches} of {self.prompts} prompts differ"
        if not self.kl <= KL_BOUND[kind]:
            return f"its divergence of {self.kl:.2g} is above {KL_BOUND[kind]:g}"
        return self.alike.failure() if kind == "f16" and self.alike is not None else ""


def export(model: Path, out: Path, kind: str, dialect: str, *, name: str, prompts: Sequence[str] | None = None) -> Gate:
    """Write and check a GGUF file; its provenance goes beside it.

    Args:
        model: A Hugging Face folder or an adapter folder.
        out: The file.
        kind: ``f16``, ``q8_0``, ``q5_k_m`` or ``q4_k_m``.
        dialect: Wire form it was trained with.
        name: As the user sees it.
        prompts: Problems for the gate; by default made-up ones, and sample problems to solve.

    Raises:
        UserFault: If the model cannot be exported, or the file fails the gate.
        HostFault: If llama.cpp fails or the disk refuses.
    """
    out = out.resolve()
    with folder_beside(out) as work:
        folder = bases.prepare(model, work / "merged", dialect)
        tokenizer = from_folder(folder)
        tokenizer.check(DIALECTS[dialect])
        exportable.check_exportable(folder, tokenizer)
        full = work / "f16.gguf"
        write_f16(folder, tokenizer, full, name=name, dialect=dialect)
        made = full
        loaded = bases.load_model(folder).eval()
        problems = prompts or [p.problem for p in sample_problems()]
        spread = problems[:: max(1, len(problems) // PROBLEMS)]
        with Original(loaded, tokenizer, dialect, spread) as original:

            def judged(path: Path, by: str) -> Gate:
                gate = check(path, folder, tokenizer, dialect, work, prompts or made_up_prompts(), loaded)
                return _passed(replace(_passed(gate, by), alike=original.compare(path)), by)

            # The conversion is judged by the strict bounds of f16, whatever the type asked for.
            gate = judged(full, "f16")
            if kind != "f16":
                made = work / f"{kind}.gguf"
                run_llama_cpp("quantize", full, made, kind)
                gate = judged(made, kind)
        keep(made, out, gate, {"model": str(model), "type": kind, "dialect": dialect})
        return gate


@contextlib.contextmanager
def folder_beside(out: Path) -> Iterator[Path]:
    """A folder on the disk of ``out``, so that what is made there can be moved into place; gone afterwards.

    Raises:
        HostFault: If the disk refuses, then or in the body.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".export-", dir=out.parent, ignore_cleanup_errors=True) as work:
            yield Path(work)
    except OSError as e:
        raise disk_fault(out, e) from None


def may_overwrite(out: Path) -> None:
    """Refuse to replace what no export has written.

    Raises:
        UserFault: If there is a file of that name, or of its provenance's, that is not an export's.
    """
    facts = out.with_suffix(".json")
    try:
        ours = "gate" in json.loads(facts.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        ours = False
    for path in (out, facts):
        if path.exists() and not ours:
            raise UserFault(f"{path} is there already, and no export has written it.", "Give another name with --out.")


def keep(made: Path, out: Path, gate: Gate, facts: dict[str, str]) -> None:
    """Put a file that passed in its place, and beside it what it was made of and what the gate found."""
    made.replace(out)
    provenance = {
        **facts,
        "gate": asdict(gate),
        "sha256": sha256_of(out),
        "git": git_revision(),
        "versions": versions(),
    }
    write_atomically(out.with_suffix(".json"), json.dumps(provenance, indent=2) + "\n")


def write_f16(folder: Path, tokenizer: SpanTokenizer, out: Path, *, name: str, dialect: str) -> None:
    """Matrices in f16, the rest in f32, under llama.cpp's names.

    Raises:
        UserFault: If a tensor has no place in the architecture, or a weight does not fit into f16.
    """
    from gguf import GGUFWriter, LlamaFileType

    config = bases.read_config(folder)
    arch = gguf_base.EXPORTED[config["architectures"][0]]
    heads = int(config["num_attention_heads"])
    shape = Shape(arch, heads, int(config.get("num_key_value_heads") or heads))
    rotation = rope.rope_of(config)
    writer = GGUFWriter(str(out), arch)
    writer.add_name(name)
    writer.add_file_type(LlamaFileType.MOSTLY_F16)
    header.add_settings(writer, config, arch)
    writer.add_string("mumath.dialect", dialect)
    if made := bases.identity(folder):
        writer.add_string(WEIGHTS, made)
    header.add_vocabulary(writer, tokenizer, int(config["vocab_size"]), dialect)
    placed = _places(folder, config, arch)
    factors = rope.frequency_factors(rotation, header.head_size(config)) if rotation.kind == "llama3" else None
    if factors is not None:
        writer.add_tensor_info(rope.FACTORS, factors.shape, factors.dtype, factors.nbytes)
    for target, rows in placed.values():
        kind = np.dtype(np.float16 if len(rows) > 1 else np.float32)
        writer.add_tensor_info(target, rows, kind, int(np.prod(rows)) * kind.itemsize)
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        if factors is not None:
            writer.write_tensor_data(factors)
        # One tensor after the other: no more than the largest is ever in memory.
        for tensor_name, tensor in weights.read(folder):
            if tensor_name in placed:
                writer.write_tensor_data(_values(tensor_name, tensor, shape))
    finally:
        writer.close()


def _places(folder: Path, config: Mapping[str, Any], arch: str) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Of every tensor that goes into the file: llama.cpp's name and the shape."""
    found = weights.shapes(folder)
    if not found:
        raise UserFault(f"{folder} holds no *.safetensors file.", "Check the path.")
    placed: dict[str, tuple[str, tuple[int, ...]]] = {}
    for name, rows in found.items():
        if name == "lm_head.weight" and exportable.is_tied(config):
            continue
        target = gguf_name(name, arch)
        if target is None:
            raise UserFault(f"{folder} holds {name}, which has no place in {arch}.", "Choose another model.")
        placed[name] = (target, rows)
    return placed


def _values(name: str, tensor: torch.Tensor, shape: Shape) -> Any:
    """A tensor as the file holds it: matrices in f16, in llama.cpp's order of rows."""
    values = tensor.float().numpy()
    n = rotary_heads(name, shape)
    values = halves_to_pairs(values, n) if n else values
    values = values + np.float32(offset(name, shape))
    if values.ndim > 1:
        if float(np.abs(values).max()) > float(np.finfo(np.float16).max):
            raise UserFault(f"A weight of {name} does not fit into f16.", "The training has diverged.")
        values = values.astype(np.float16)
    return np.ascontiguousarray(values)


def check(
    made: Path,
    folder: Path,
    tokenizer: SpanTokenizer,
    dialect: str,
    work: Path,
    prompts: Sequence[str],
    loaded: Any = None,
    adapter: Path | None = None,
) -> Gate:
    """Compare the file's tokens and logits with the Hugging Face model's (``loaded``, if it is in memory already).

    Args:
        made: The file.
        folder: Of the model.
        tokenizer: Of the model.
        dialect: Wire form of the texts.
        work: A folder for what is passed to llama.cpp.
        prompts: Problems of the texts.
        loaded: The model.
        adapter: An adapter's file that llama.cpp is to use over ``made``.

    Raises:
        HostFault: If llama.cpp cannot load or evaluate it.
    """
    wire = DIALECTS[dialect]
    texts = [gate_spans(p, wire) for p in prompts[:GATE_PROMPTS]]
    engine = Engine(made, EngineOptions(n_ctx=256, threads=1, gpu_layers=0))
    try:
        ours = [tokenizer.ids(spans, wire)[0] for spans in texts]
        mismatches = sum(engine.tokenize(spans) != ids for spans, ids in zip(texts, ours, strict=True))
    finally:
        engine.close()
    long = [ids for ids in ours if len(ids) >= GATE_TOKENS] or [[i for ids in ours for i in ids]]
    rows = np.array([ids[:GATE_TOKENS] for ids in long[:GATE_TEXTS]], dtype=np.int64)
    np.save(work / "ids.npy", rows)
    run_llama_cpp("logits", made, work / "ids.npy", work / "logits.npy", *([adapter] if adapter is not None else []))
    theirs = torch.from_numpy(np.load(work / "logits.npy")).double()
    model = loaded if loaded is not None else bases.load_model(folder).eval()
    with torch.no_grad():
        original = model(input_ids=torch.from_numpy(rows), use_cache=False).logits.double()
    p, q = original.log_softmax(-1), theirs.log_softmax(-1)
    kl = float((p.exp() * (p - q)).sum(-1).mean())
    top1 = float((p.argmax(-1) == q.argmax(-1)).double().mean())
    return Gate(len(texts), mismatches, kl, top1)


def _passed(gate: Gate, kind: str) -> Gate:
    failure = gate.failure(kind)
    if failure:
        raise UserFault(f"The {kind} file was made but is not sound: {failure}.", "Nothing was kept; report this.")
    return gate


def gate_spans(problem: str, dialect: Dialect) -> tuple[Span, ...]:
    """A prompt and a solution whose words are the problem's, in the dialect: every kind of span."""
    from tutor_app.core.parts import Code, Output, Text

    code = "total = 48 / 2 + 7.5\nprint(total)"
    parts = (Text(f"{problem}\n\n"), Code(code), Output(feedback="31.5"), Text("\nSo it is $\\boxed{31.5}$."))
    return (*prompt_of(dialect, problem), *body(parts, dialect))


def made_up_prompts() -> list[str]:
    """Problems that between them hold what tokenizers differ in: digits, spaces, line ends, scripts, look-alikes."""
    rng = np.random.Generator(np.random.PCG64(5))
    pieces = [
        "How many apples are left?", "Natalia sold 48 clips", "x^2 + 3x - 10 = 0", "$\\frac{1}{2}$", "  two  spaces ",
        "12,345.678", "\n\n", "\t", "it's we're I'LL", "naïve café", "数学の問題", "Здравствуйте", "🎲🎯", "a_b__c",
        "def f(x):\n    return x**2", "<|user|>", "<|im_end|>", "</s>", "```output", "\\boxed{7}", "∑∫√π", "1/3",
        "100%", " leading", "trailing ", "ABCdef", "e.g., i.e.", "don't", "\r\n", "…", "(a+b)*(c-d)", "3.14159",
        "$$E=mc^2$$",
    ]  # fmt: skip
    return [" ".join(rng.choice(pieces, size=int(rng.integers(2, 9)))) for _ in range(GATE_PROMPTS)]
