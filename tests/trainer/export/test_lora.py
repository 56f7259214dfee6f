import argparse
import json
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the trainer's packages are not installed")
pytest.importorskip("peft", reason="the trainer's packages are not installed")
pytest.importorskip("gguf", reason="the trainer's packages are not installed")
if find_spec("llama_cpp") is None:  # importing it would leave files open
    pytest.skip("llama-cpp-python is not installed", allow_module_level=True)

import torch

from tests.generations import ask, text_of
from tests.trainer.tiny_models import code_records, texts
from trainer.__main__ import parser
from trainer.commands import export
from trainer.config import TrainConfig
from trainer.export import adapter, gguf
from trainer.export.adapter import export_adapter
from trainer.models import bases
from trainer.models.tokenizer import SpanTokenizer, from_folder
from trainer.train.tiny import make_base, train_tokenizer
from tutor_app.adapters.engine.client import Engine, EngineOptions
from tutor_app.adapters.models.gguf import read_gguf
from tutor_app.adapters.models.lora import BASE_NORM, WEIGHTS, norm_mark, read_adapter
from tutor_app.core.dialect import Span
from tutor_app.core.errors import ModelFileFault, UserFault

ALL = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@pytest.fixture(scope="module")
def tokenizer() -> SpanTokenizer:
    return train_tokenizer(texts(code_records(40)), 500)


def make_adapter(folder: Path, tokenizer: SpanTokenizer, kind: str, targets: tuple[str, ...] = ALL) -> Path:
    """A run folder with a base of random weights and an adapter that says quite other things than it."""
    make_base(folder / "base", tokenizer, kind=kind, width=64)
    config = TrainConfig(method="lora", lora_r=4, lora_alpha=12, lora_targets=targets)
    torch.manual_seed(3)
    model = bases.with_adapters(bases.load_model(folder / "base"), config)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "lora_B" in name:
                p.normal_(std=0.1)
    matrices = {n.replace(".default.", "."): p.detach() for n, p in model.named_parameters() if ".lora_" in n}
    settings = model.peft_config["default"]
    bases.write_adapter_folder(
        folder / "adapter", settings, matrices, tokenizer, base=folder / "base", dialect="mumath"
    )
    return folder


@pytest.fixture(scope="module")
def runs(tokenizer: SpanTokenizer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    kinds = ("qwen2", "llama")
    return {k: make_adapter(tmp_path_factory.mktemp(k), tokenizer, k) for k in kinds}


@pytest.mark.parametrize("kind", ["qwen2", "llama"])
def test_an_adapter_over_its_base_says_what_the_merged_model_says(
    runs: dict[str, Path], kind: str, tmp_path: Path
) -> None:
    out = tmp_path / "a.gguf"
    gate = export_adapter(runs[kind], out, "mumath", name="My adapter")
    assert gate.mismatches == 0
    assert gate.kl < 1e-6
    header = read_gguf(out, adapter=True)
    assert (header.architecture, header.name) == (kind, "My adapter")
    assert (header.text("general.type"), header.text("adapter.type")) == ("adapter", "lora")
    assert header.metadata["adapter.lora.alpha"] == 12.0
    assert len(header.tensors) == 2 * 2 * len(ALL)
    assert {p.name for p in tmp_path.iterdir()} == {"a.gguf", "a.json"}
    assert json.loads(out.with_suffix(".json").read_text())["gate"]["mismatches"] == 0


def test_the_engine_uses_it_over_its_base(runs: dict[str, Path], tmp_path: Path) -> None:
    base, merged, adapter = (tmp_path / n for n in ("base.gguf", "merged.gguf", "a.gguf"))
    export_adapter(runs["llama"], adapter, "mumath", name="A")
    for folder, path in ((runs["llama"] / "base", base), (runs["llama"] / "adapter", merged)):
        whole = bases.prepare(folder, tmp_path / "whole", "mumath")
        gguf.write_f16(whole, from_folder(whole), path, name="m", dialect="mumath")
    prompt = [Span("<|user|>\nAnn has 3 boxes of 4 pens.\n<|assistant|>\n")]
    options = EngineOptions(n_ctx=256, threads=1, kv_type="f32", cache_folder=tmp_path / "cache")
    said = {}
    # The base last, with the states that the adapter left on disk: they must not be taken for its own.
    for name, path, over in (("adapted", base, adapter), ("merged", merged, None), ("base", base, None)):
        engine = Engine(path, options, adapter=over)
        try:
            said[name] = text_of(ask(engine, prompt, max_tokens=12, prefix=1))
        finally:
            engine.close()
    assert said["adapted"] == said["merged"] != said["base"]


def test_an_adapter_of_another_model_is_refused_by_llama_cpp_too(runs: dict[str, Path], tmp_path: Path) -> None:
    out, base = tmp_path / "a.gguf", tmp_path / "base.gguf"
    export_adapter(runs["llama"], out, "mumath", name="A")
    folder = runs["qwen2"] / "base"
    gguf.write_f16(folder, from_folder(folder), base, name="m", dialect="mumath")
    engine = Engine(base, EngineOptions(n_ctx=256, threads=1), adapter=out)
    with pytest.raises(ModelFileFault, match="could not be loaded"):
        engine.load()
    engine.close()
    engine = Engine(base, EngineOptions(n_ctx=256, threads=1), adapter=tmp_path / "gone.gguf")
    with pytest.raises(ModelFileFault, match=r"gone\.gguf is gone"):
        engine.load()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"use_dora": True}, "DoRA"),
        ({"bias": "all"}, "biases"),
        ({"modules_to_save": ["lm_head"]}, "whole layers"),
        ({"rank_pattern": {"q_proj": 2}}, "several ranks"),
        ({"peft_type": "IA3"}, "other than LoRA"),
    ],
)
def test_what_two_matrices_do_not_hold_is_said(
    runs: dict[str, Path], change: dict[str, object], said: str, tmp_path: Path
) -> None:
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    settings = json.loads((runs["llama"] / "adapter" / "adapter_config.json").read_text())
    (adapter / "adapter_config.json").write_text(json.dumps(settings | change))
    with pytest.raises(UserFault, match=said):
        export_adapter(tmp_path, tmp_path / "a.gguf", "mumath", name="A")


def test_a_run_without_an_adapter_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="holds no adapter"):
        export_adapter(tmp_path, tmp_path / "a.gguf", "mumath", name="A")
    (tmp_path / "adapter_config.json").write_text("{")
    with pytest.raises(UserFault, match="is no JSON"):
        export_adapter(tmp_path, tmp_path / "a.gguf", "mumath", name="A")


def test_a_wrong_order_of_rows_does_not_pass_the_gate(
    runs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "rotary_heads", lambda *_: 0)
    with pytest.raises(UserFault, match="not sound: its divergence"):
        export_adapter(runs["llama"], tmp_path / "a.gguf", "mumath", name="A")
    assert list(tmp_path.iterdir()) == []


def test_the_command_line(runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["export", "--adapter", str(runs["qwen2"]), "--out", str(tmp_path / "a.gguf")]
    read: argparse.Namespace = parser("export").parse_args(arguments)
    assert export.main(read) == 0
    assert "an adapter; over its base" in capsys.readouterr().out
    with pytest.raises(UserFault, match="Name it with --base"):
        export.main(parser("export").parse_args([*arguments, "--import"]))


def test_a_base_that_was_changed_since_is_refused(tokenizer: SpanTokenizer, tmp_path: Path) -> None:
    run = make_adapter(tmp_path / "run", tokenizer, "qwen2")
    make_base(run / "base", tokenizer, kind="qwen2", width=64, seed=2)
    with pytest.raises(UserFault, match=r"was trained over other weights than .*base holds now"):
        export_adapter(run, tmp_path / "a.gguf", "mumath", name="A")
    with pytest.raises(UserFault, match="was trained over other weights"):
        bases.prepare(run / "adapter", tmp_path / "merged", "mumath")
    # The same weights elsewhere are the same base.
    make_base(tmp_path / "moved", tokenizer, kind="qwen2", width=64)
    settings = run / "adapter" / "adapter_config.json"
    moved = {**json.loads(settings.read_text()), "base_model_name_or_path": str(tmp_path / "moved")}
    settings.write_text(json.dumps(moved))
    assert bases.base_of_adapter(run / "adapter") == tmp_path / "moved"


@pytest.mark.parametrize("kind", ["qwen2", "llama"])
def test_a_model_is_told_from_the_base_of_an_adapter(
    runs: dict[str, Path], tokenizer: SpanTokenizer, kind: str, tmp_path: Path
) -> None:
    base, other = runs[kind] / "base", tmp_path / "other"
    make_base(other, tokenizer, kind=kind, width=64, seed=2)
    for folder, found in ((base, ""), (other, "model.layers.0")):
        path = tmp_path / f"{folder.name}.gguf"
        gguf.write_f16(folder, tokenizer, path, name="m", dialect="mumath")
        assert adapter.differs(path, base).startswith(found)
        assert bool(adapter.differs(path, base)) == bool(found)


def test_a_finetuned_base_differs_in_its_norms(runs: dict[str, Path], tokenizer: SpanTokenizer, tmp_path: Path) -> None:
    tuned = bases.load_model(runs["qwen2"] / "base")
    with torch.no_grad():
        tuned.model.norm.weight.mul_(1.05)
    bases.save_model(tuned, tokenizer, tmp_path / "tuned", dialect="mumath", dtype=torch.float32)
    path = tmp_path / "tuned.gguf"
    gguf.write_f16(tmp_path / "tuned", tokenizer, path, name="m", dialect="mumath")
    assert adapter.differs(path, runs["qwen2"] / "base") == "model.norm.weight"


def test_an_adapter_knows_its_base_among_models_of_its_kind(
    runs: dict[str, Path], tokenizer: SpanTokenizer, tmp_path: Path
) -> None:
    def exported(folder: Path, name: str) -> Path:
        path = tmp_path / f"{name}.gguf"
        gguf.write_f16(folder, tokenizer, path, name=name, dialect="mumath")
        return path

    run, made = runs["qwen2"], tmp_path / "a.gguf"
    export_adapter(run, made, "mumath", name="A")
    base = read_gguf(exported(run / "base", "base"))
    assert read_adapter(made, base).text(BASE_NORM) == norm_mark(base) != ""
    # Both were changed by less than what a quantisation changes, and the second not in its norms.
    for name, weight in (("norm", "model.norm.weight"), ("matrix", "model.layers.0.self_attn.q_proj.weight")):
        tuned = bases.load_model(run / "base")
        with torch.no_grad():
            dict(tuned.named_parameters())[weight].mul_(1.006)
        folder = tmp_path / f"{name}-tuned"
        bases.save_model(tuned, tokenizer, folder, dialect="mumath", dtype=torch.float32)
        for dialect in (True, False):  # with what the trainer notes, and as a folder from elsewhere
            (folder / bases.NOTED).unlink() if not dialect else (folder / bases.NOTED).write_text("{}")
            with pytest.raises(ModelFileFault, match=r'"a\.gguf" was not trained over "\w+\.gguf", but over another'):
                read_adapter(made, read_gguf(exported(folder, name)))


def test_a_base_out_of_a_file_is_what_the_file_says(
    runs: dict[str, Path], tokenizer: SpanTokenizer, tmp_path: Path
) -> None:
    for noted, known in ((True, True), (False, False)):
        folder = tmp_path / f"model-{known}"
        make_base(folder, tokenizer, kind="qwen2", width=64)
        (folder / bases.NOTED).unlink(missing_ok=True) if not noted else (folder / bases.NOTED).write_text("{}")
        own = bases.identity(folder)
        assert bool(own) is known
        path = tmp_path / f"{known}.gguf"
        gguf.write_f16(folder, tokenizer, path, name="m", dialect="mumath")
        work = bases.prepare(path, tmp_path / f"work-{known}", "mumath")
        assert bases.identity(work) == own == read_gguf(path).text(WEIGHTS)
        assert bases.trained_dialect(work, "") == "mumath"
