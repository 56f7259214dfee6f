"""Gemma's three generations: their norms, caps, windows, rotations and vocabulary as llama.cpp has them."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="the trainer's packages are not installed")
pytest.importorskip("transformers", reason="the trainer's packages are not installed")
pytest.importorskip("gguf", reason="the trainer's packages are not installed")
if find_spec("llama_cpp") is None:  # importing it would leave files open
    pytest.skip("llama-cpp-python is not installed", allow_module_level=True)

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from tests.trainer.tiny_models import code_records, texts
from trainer.data.packing import encode_all, make_row
from trainer.export import gguf
from trainer.models import bases, exportable, gguf_base, parts
from trainer.models.tokenizer import SpanTokenizer, from_folder, from_gguf
from trainer.train.loss import SupervisedLoss
from trainer.train.tiny import make_base, train_tokenizer
from tutor_app.adapters.models.gguf import read_gguf
from tutor_app.core.dialect import MUMATH
from tutor_app.core.errors import UserFault

NARROW = {"head_dim": 32, "query_pre_attn_scalar": 32, "sliding_window": 24}
KINDS: dict[str, dict[str, Any]] = {"gemma": {"head_dim": 32}, "gemma2": NARROW, "gemma3_text": NARROW | {"layers": 7}}


@pytest.fixture(scope="module")
def tokenizer() -> SpanTokenizer:
    return train_tokenizer(texts(code_records(40)), 500)


def base(folder: Path, tokenizer: SpanTokenizer, kind: str, **others: Any) -> Path:
    """Of weights so large that attention depends on positions, and norms that are not one."""
    make_base(folder, tokenizer, kind=kind, width=64, initializer_range=0.15, **KINDS[kind] | others)
    model = bases.load_model(folder)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if name.endswith("norm.weight"):
                p.uniform_(-0.3, 0.3)
    bases.save_model(model, from_folder(folder), folder, dialect="mumath", dtype=torch.float32)
    return folder


def checked(folder: Path, work: Path) -> gguf.Gate:
    tokenizer = from_folder(folder)
    exportable.check_exportable(folder, tokenizer)
    gguf.write_f16(folder, tokenizer, work / "m.gguf", name="Tiny", dialect="mumath")
    return gguf.check(work / "m.gguf", folder, tokenizer, "mumath", work, gguf.made_up_prompts())


@pytest.mark.parametrize("kind", KINDS)
def test_an_exported_file_computes_what_the_model_computes(tokenizer: SpanTokenizer, tmp_path: Path, kind: str) -> None:
    gate = checked(base(tmp_path / "base", tokenizer, kind), tmp_path)
    assert gate.mismatches == 0
    assert gate.kl < 2e-5
    assert read_gguf(tmp_path / "m.gguf").architecture == kind.removesuffix("_text")


@pytest.mark.parametrize("kind", KINDS)
def test_a_gguf_file_is_a_base(tokenizer: SpanTokenizer, tmp_path: Path, kind: str) -> None:
    scaled = {"rope_type": "linear", "rope_theta": 1e6, "factor": 8.0}
    local = {"rope_type": "default", "rope_theta": 5e3}
    rope = {"rope_parameters": {"full_attention": scaled, "sliding_attention": local}} if "3" in kind else {}
    folder = base(tmp_path / "base", tokenizer, kind, **rope)
    path = tmp_path / "m.gguf"
    gguf.write_f16(folder, from_folder(folder), path, name="Tiny", dialect="mumath")
    again = bases.prepare(path, tmp_path / "again", "mumath")
    ids = torch.arange(60).unsqueeze(0) + 5
    with torch.no_grad():
        before, after = (bases.load_model(f).eval()(input_ids=ids, use_cache=False).logits for f in (folder, again))
    assert torch.allclose(before, after, atol=2e-2)
    assert float((before.argmax(-1) == after.argmax(-1)).double().mean()) > 0.97
    exportable.check_exportable(again, from_folder(again))
    gguf.write_f16(again, from_folder(again), tmp_path / "twice.gguf", name="Tiny", dialect="mumath")
    assert _weights(path) == _weights(tmp_path / "twice.gguf")


def _weights(path: Path) -> dict[str, bytes]:
    header, data = read_gguf(path), path.read_bytes()
    starts = {t.name: header.data_offset + t.offset for t in header.tensors if len(t.shape) > 1}
    return {t.name: data[starts[t.name] :][: t.bytes] for t in header.tensors if t.name in starts}


@pytest.mark.parametrize("kind", ["gemma2", "gemma3_text"])
def test_a_header_that_lacks_the_window_is_told(tokenizer: SpanTokenizer, tmp_path: Path, kind: str) -> None:
    folder = base(tmp_path / "base", tokenizer, kind)
    path = tmp_path / "m.gguf"
    gguf.write_f16(folder, from_folder(folder), path, name="Tiny", dialect="mumath")
    arch = kind.removesuffix("_text")
    keys = {k: v for k, v in gguf_base.metadata(path).items() if not k.endswith("sliding_window")}
    with pytest.raises(UserFault, match=rf"does not say what is needed .*{arch}\.attention\.sliding_window"):
        gguf_base.config_of(keys, path)


@pytest.mark.parametrize("change", [{"final_logit_softcapping": 5.0}, {"sliding_window": 6}])
def test_a_header_that_says_something_else_fails_the_gate(
    tokenizer: SpanTokenizer, tmp_path: Path, change: dict[str, Any]
) -> None:
    folder = base(tmp_path / "base", tokenizer, "gemma2")
    gguf.write_f16(folder, from_folder(folder), tmp_path / "m.gguf", name="Tiny", dialect="mumath")
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    gate = gguf.check(tmp_path / "m.gguf", folder, from_folder(folder), "mumath", tmp_path, gguf.made_up_prompts())
    assert "divergence" in gate.failure("f16")


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_is_the_models_own_and_samples_do_not_see_one_another(
    tokenizer: SpanTokenizer, tmp_path: Path, kind: str
) -> None:
    folder = base(tmp_path / "base", tokenizer, kind)
    samples = encode_all(code_records(4), MUMATH, tokenizer, 512).samples
    module = SupervisedLoss(bases.load_model(folder).eval(), 64)

    def tensors(row: Any) -> list[Any]:
        return [torch.from_numpy(x).unsqueeze(0) for x in (row.ids, row.positions, row.targets)]

    with torch.no_grad():
        packed = float(module(*tensors(make_row(samples))))
        apart, own = 0.0, 0.0
        for sample in samples:
            ids, positions, targets = tensors(make_row([sample]))
            apart += float(module(ids, positions, targets))
            scores = module.model(input_ids=ids, use_cache=False).logits
            own += float(torch.nn.functional.cross_entropy(scores[0], targets[0], reduction="sum"))
    assert packed == pytest.approx(apart, rel=1e-5)
    assert apart == pytest.approx(own, rel=1e-5)


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("gemma2", {"query_pre_attn_scalar": 256}, "scales its attention by another size"),
        ("gemma2", {"layer_types": ["full_attention", "sliding_attention"]}, "an unusual order"),
        ("gemma2", {"final_logit_softcapping": None}, "caps its scores in another way"),
        ("gemma2", {"hidden_activation": "relu"}, "the activation relu"),
        ("gemma", {"tie_word_embeddings": False}, "an output of its own"),
        ("gemma3_text", {"use_bidirectional_attention": True}, "sees what comes later"),
        ("gemma3_text", {"final_logit_softcapping": 30.0}, "caps its scores in another way"),
    ],
)
def test_what_llama_cpp_takes_for_granted(
    tokenizer: SpanTokenizer, tmp_path: Path, kind: str, change: dict[str, Any], said: str
) -> None:
    folder = tmp_path / "base"
    make_base(folder, tokenizer, kind=kind, width=64, **KINDS[kind])
    exportable.check_exportable(folder, tokenizer)
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UserFault, match=said):
        exportable.check_exportable(folder, tokenizer)


def test_windows_reach_as_far_when_a_model_is_asked(tokenizer: SpanTokenizer, tmp_path: Path) -> None:
    model = bases.load_model(base(tmp_path / "base", tokenizer, "gemma3_text"))
    positions = torch.arange(40).unsqueeze(0)
    seen = (torch.arange(40)[None, :] <= positions[0][:, None])[None, None]
    masks = parts.seen_by(model, seen, positions)
    assert isinstance(masks, dict)
    assert masks["full_attention"][0, 0].sum(-1).tolist() == list(range(1, 41))
    assert masks["sliding_attention"][0, 0].sum(-1).tolist() == [min(i, 24) for i in range(1, 41)]
    ids = torch.arange(40).unsqueeze(0) + 5
    with torch.no_grad():
        own = model.eval()(input_ids=ids, use_cache=False).logits
        ours = model(input_ids=ids, position_ids=positions, attention_mask=masks, use_cache=False).logits
    assert torch.allclose(own, ours, atol=1e-4)


def test_a_vocabulary_of_gemmas_kind(tmp_path: Path) -> None:
    """Pieces without a space before the text, a splitter that finds nothing, line feeds that are one token."""
    learned = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    learned.normalizer = normalizers.Replace(" ", "▁")
    learned.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    frame = ["<pad>", "<eos>", "<bos>", "<unk>", *(f"<0x{b:02X}>" for b in range(256))]
    words = [t.replace("\n", " ") for t in texts(code_records(40))]
    learned.train_from_iterator(words, trainers.BpeTrainer(vocab_size=600, special_tokens=frame, show_progress=False))
    data = json.loads(learned.to_str())
    data["added_tokens"] = [t for t in data["added_tokens"] if not t["content"].startswith("<0x")]
    data["pre_tokenizer"] = {
        "type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False
    }  # fmt: skip
    data["model"]["merges"] = [list(m) for m in _all_merges(data)]
    made = Tokenizer.from_str(json.dumps(data))
    made.add_tokens([AddedToken("\n\n", normalized=False), AddedToken("\n\n\n", normalized=False)])
    made.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer = SpanTokenizer(made, "sentencepiece", eos_id=1, bos_id=2)
    folder = base(tmp_path / "base", tokenizer, "gemma3_text")
    again = from_folder(folder)
    assert again.encode("\n\nAnn", special=False) == again.encode("\n\nAnn", special=False, first=True)
    gate = checked(folder, tmp_path)
    assert gate.mismatches == 0
    assert gate.kl < 2e-5
    of_file = from_gguf(tmp_path / "m.gguf")
    assert (of_file.bos_id, of_file.eos_id) == (2, 1)
    for text in gguf.made_up_prompts():
        assert of_file.encode(text, special=False) == again.encode(text, special=False)


def _all_merges(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Every way to put a piece together, pieces in the order in which they were learned."""
    vocab = data["model"]["vocab"]
    learned = dict.fromkeys("".join(m) for m in data["model"]["merges"])
    return [
        (piece[:i], piece[i:])
        for piece in learned
        for i in range(1, len(piece))
        if piece[:i] in vocab and piece[i:] in vocab
    ]
