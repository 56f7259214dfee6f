import json
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the trainer's packages are not installed")
pytest.importorskip("transformers", reason="the trainer's packages are not installed")
pytest.importorskip("gguf", reason="the trainer's packages are not installed")
if find_spec("llama_cpp") is None:  # importing it would leave files open
    pytest.skip("llama-cpp-python is not installed", allow_module_level=True)

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from tests.trainer.tiny_models import code_records, save, texts
from trainer.__main__ import main
from trainer.export import gguf
from trainer.export.gguf import Gate, made_up_prompts, write_f16
from trainer.export.llama_process import run_llama_cpp
from trainer.models import bases, gguf_base
from trainer.models.gguf_base import gguf_name, halves_to_pairs, hf_name, pairs_to_halves
from trainer.models.tokenizer import SpanTokenizer, from_folder, from_gguf
from trainer.train.tiny import make_base, train_tokenizer
from tutor_app.adapters.models.gguf import read_gguf
from tutor_app.core.errors import HostFault, UserFault


@pytest.fixture(scope="module")
def tokenizer() -> SpanTokenizer:
    return train_tokenizer(texts(code_records(40)), 500)


@pytest.fixture(scope="module")
def folders(tokenizer: SpanTokenizer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {}
    for kind in ("qwen2", "llama", "qwen3"):
        made[kind] = tmp_path_factory.mktemp(kind) / "base"
        make_base(made[kind], tokenizer, kind=kind, width=256)
    return made


@pytest.mark.parametrize("kind", ["qwen2", "llama", "qwen3"])
def test_an_exported_file_computes_what_the_model_computes(folders: dict[str, Path], kind: str, tmp_path: Path) -> None:
    out = tmp_path / "m.gguf"
    gate = gguf.export(folders[kind], out, "f16", "mumath", name="Tiny")
    assert gate.prompts == 200
    assert gate.mismatches == 0
    assert gate.kl < 1e-6
    header = read_gguf(out)
    assert header.architecture == kind
    assert header.name == "Tiny"
    assert header.text("mumath.dialect") == "mumath"
    assert "<|assistant|>" in header.chat_template
    assert header.eos_token == "<|im_end|>"
    said = json.loads(out.with_suffix(".json").read_text())
    assert said["gate"]["mismatches"] == 0
    assert {p.name for p in tmp_path.iterdir()} == {"m.gguf", "m.json"}


@pytest.mark.parametrize(("kind", "kl"), [("q8_0", 1e-4), ("q5_k_m", 1e-2), ("q4_k_m", 3e-2)])
def test_quantised_files_stay_close(folders: dict[str, Path], kind: str, kl: float, tmp_path: Path) -> None:
    gate = gguf.export(folders["qwen2"], tmp_path / "m.gguf", kind, "chatml", name="Tiny")
    assert gate.mismatches == 0
    assert gate.kl < kl
    types = {t.type for t in read_gguf(tmp_path / "m.gguf").tensors}
    assert {"q8_0": "Q8_0", "q5_k_m": "Q5_K", "q4_k_m": "Q4_K"}[kind] in types


@pytest.mark.parametrize("kind", ["qwen2", "llama", "qwen3"])
def test_a_gguf_file_reads_back_as_the_same_model(folders: dict[str, Path], kind: str, tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    write_f16(folders[kind], from_folder(folders[kind]), path, name="Tiny", dialect="mumath")
    again = bases.prepare(path, tmp_path / "base", "mumath")
    before, after = (load_file(str(f / "model.safetensors")) for f in (folders[kind], again))
    assert before.keys() == after.keys()
    assert all(torch.allclose(before[k], after[k], atol=1e-3) for k in before)
    ids = torch.tensor([[3, 10, 20, 30, 40, 50]])
    logits = [bases.load_model(f).eval()(input_ids=ids, use_cache=False).logits for f in (folders[kind], again)]
    assert torch.allclose(logits[0], logits[1], atol=2e-2)
    ours, theirs = from_folder(folders[kind]), from_gguf(path)
    assert (ours.pre, ours.eos_id, ours.bos_id) == (theirs.pre, theirs.eos_id, theirs.bos_id)
    for text in made_up_prompts():
        assert ours.encode(text, special=False) == theirs.encode(text, special=False)
        assert ours.encode(text, special=True) == theirs.encode(text, special=True)
    # A second call uses what the first one made.
    stamp = (again / "model.safetensors").stat().st_mtime_ns
    assert bases.prepare(path, tmp_path / "base", "mumath") == again
    assert (again / "model.safetensors").stat().st_mtime_ns == stamp


def test_a_quantised_file_is_a_base_too(folders: dict[str, Path], tmp_path: Path) -> None:
    gguf.export(folders["llama"], tmp_path / "m.gguf", "q4_k_m", "mumath", name="Tiny")
    again = bases.prepare(tmp_path / "m.gguf", tmp_path / "base", "mumath")
    before, after = (load_file(str(f / "model.safetensors")) for f in (folders["llama"], again))
    assert before
    for name, tensor in before.items():
        scale = float(tensor.abs().max()) or 1.0
        assert float((after[name] - tensor).abs().max()) < 0.2 * scale, name


@pytest.mark.parametrize(
    ("hf", "gguf"),
    [
        ("model.embed_tokens.weight", "token_embd.weight"),
        ("lm_head.weight", "output.weight"),
        ("model.layers.11.self_attn.q_proj.bias", "blk.11.attn_q.bias"),
        ("model.layers.0.mlp.down_proj.weight", "blk.0.ffn_down.weight"),
    ],
)
def test_names(hf: str, gguf: str) -> None:
    assert gguf_name(hf) == gguf
    assert hf_name(gguf) == hf
    assert hf_name("rope_freqs.weight") is None
    assert gguf_name("model.layers.0.mlp.experts.weight") is None


def test_the_order_of_rotary_rows_goes_there_and_back() -> None:
    rows = np.arange(24.0).reshape(12, 2)
    assert np.array_equal(pairs_to_halves(halves_to_pairs(rows, 2), 2), rows)
    assert halves_to_pairs(rows, 2)[:4, 0].tolist() == [0.0, 6.0, 2.0, 8.0]


def test_what_fails_the_gate_is_not_kept(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "token ids of 3 of 200" in Gate(200, 3, 0.0, 1.0).failure("f16")
    assert "divergence of 0.5" in Gate(200, 0, 0.5, 1.0).failure("q4_k_m")
    assert "divergence of nan" in Gate(200, 0, float("nan"), 1.0).failure("q4_k_m")
    assert Gate(200, 0, 1e-9, 1.0).failure("f16") == ""
    # A file with the rows of a head in the wrong order loads and speaks, but says other things.
    monkeypatch.setattr(gguf, "rotary_heads", lambda *_: 0)
    with pytest.raises(UserFault, match="not sound: its divergence"):
        gguf.export(folders["llama"], tmp_path / "m.gguf", "f16", "mumath", name="Tiny")
    assert list(tmp_path.iterdir()) == []


def test_bad_models_are_said_in_one_sentence(
    folders: dict[str, Path], tokenizer: SpanTokenizer, tmp_path: Path
) -> None:
    with pytest.raises(UserFault, match="does not exist"):
        gguf.export(tmp_path / "none", tmp_path / "m.gguf", "f16", "mumath", name="x")
    folder = tmp_path / "huge"
    make_base(folder, tokenizer)
    state = load_file(str(folder / "model.safetensors"))
    state["model.layers.0.mlp.up_proj.weight"][0, 0] = 1e6
    save_file(state, str(folder / "model.safetensors"), metadata={"format": "pt"})
    with pytest.raises(UserFault, match="does not fit into f16"):
        gguf.export(folder, tmp_path / "m.gguf", "f16", "mumath", name="x")
    (folder / "model.safetensors").unlink()
    with pytest.raises(UserFault, match="holds no"):
        gguf.export(folder, tmp_path / "m.gguf", "f16", "mumath", name="x")


def test_a_failure_of_llama_cpp_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "no.gguf").write_bytes(b"GGUF rubbish")
    with pytest.raises(HostFault, match=r"llama\.cpp failed to quantise the file"):
        run_llama_cpp("quantize", tmp_path / "no.gguf", tmp_path / "out.gguf", "q8_0")


def test_other_architectures_are_refused(starter_gguf: Path) -> None:
    keys = gguf_base.metadata(starter_gguf)
    assert gguf_base.config_of(keys, starter_gguf)["num_hidden_layers"] == 24
    with pytest.raises(UserFault, match="architecture phi3"):
        gguf_base.config_of({**keys, "general.architecture": "phi3"}, starter_gguf)
    with pytest.raises(UserFault, match="yarn rope scaling"):
        gguf_base.config_of({**keys, "qwen2.rope.scaling.type": "yarn"}, starter_gguf)


@pytest.mark.slow
def test_a_real_model_is_dequantised_rightly(starter_gguf: Path, tmp_path: Path) -> None:
    folder = bases.prepare(starter_gguf, tmp_path / "base", "mumath")
    gate = gguf.check(starter_gguf, folder, from_folder(folder), "chatml", tmp_path, made_up_prompts())
    assert gate.mismatches == 0
    assert gate.kl < 5e-3


def test_the_dialect_is_that_of_the_run(folders: dict[str, Path]) -> None:
    noted = json.loads((folders["qwen2"] / "mumath.json").read_text())["dialect"]
    other = "chatml" if noted == "mumath" else "mumath"
    assert bases.trained_dialect(folders["qwen2"]) == noted
    with pytest.raises(UserFault, match=f"was trained with the dialect {noted}, not {other}"):
        bases.trained_dialect(folders["qwen2"], other)


def test_a_folder_that_notes_no_dialect_is_taken_at_the_users_word(tmp_path: Path) -> None:
    assert bases.trained_dialect(tmp_path) == "mumath"
    assert bases.trained_dialect(tmp_path, "chatml") == "chatml"


def test_what_no_export_has_written_is_never_replaced(tmp_path: Path) -> None:
    notes = tmp_path / "notes.json"
    notes.write_text('{"mine": 1}')
    with pytest.raises(UserFault, match="no export has written it"):
        gguf.may_overwrite(tmp_path / "notes.gguf")
    gguf.may_overwrite(tmp_path / "new.gguf")
    (tmp_path / "old.gguf").write_bytes(b"GGUF")
    with pytest.raises(UserFault, match=r"old\.gguf is there already"):
        gguf.may_overwrite(tmp_path / "old.gguf")
    (tmp_path / "old.json").write_text('{"gate": {}}')
    gguf.may_overwrite(tmp_path / "old.gguf")


def test_a_tiny_base_takes_no_folder_that_holds_something_else(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years")
    assert main(["tiny", str(tmp_path / "none.jsonl"), "--out", str(mine)]) == 2
    assert (mine / "thesis.txt").read_text() == "years"


def test_a_tiny_base_replaces_only_a_tiny_base(tmp_path: Path, folders: dict[str, Path]) -> None:
    data = save(tmp_path / "data.jsonl", code_records(8))
    out = tmp_path / "tiny"
    made = ["tiny", str(data), "--out", str(out), "--vocab", "400", "--width", "64", "--layers", "1"]
    assert main(made) == 0
    before = (out / "model.safetensors").read_bytes()
    assert main([*made, "--seed", "2"]) == 0
    assert (out / "model.safetensors").read_bytes() != before
    (out / "notes.txt").write_text("mine")
    assert main(made) == 2
    assert (out / "notes.txt").read_text() == "mine"
    trained = folders["qwen2"]  # a model folder as a run leaves it
    before = (trained / "model.safetensors").read_bytes()
    assert main(["tiny", str(data), "--out", str(trained)]) == 2
    assert (trained / "model.safetensors").read_bytes() == before
