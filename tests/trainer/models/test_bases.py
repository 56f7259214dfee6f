"""Bases that could not be exported in the end are told before any training; what cannot be trained is refused."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the trainer's packages are not installed")
pytest.importorskip("transformers", reason="the trainer's packages are not installed")

from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models

from tests.tiny_gguf import write_model
from tests.trainer.tiny_models import code_records, texts
from trainer.models import bases, exportable, gguf_base
from trainer.models.tokenizer import SpanTokenizer, from_folder, load_tokenizer
from trainer.train.tiny import make_base, train_tokenizer
from tutor_app.core.dialect import CHATML, MUMATH
from tutor_app.core.errors import UserFault


@pytest.fixture(scope="module")
def tokenizer() -> SpanTokenizer:
    return train_tokenizer(texts(code_records(20)), 400)


@pytest.fixture
def folder(tokenizer: SpanTokenizer, tmp_path: Path) -> Path:
    make_base(tmp_path / "base", tokenizer, kind="llama", width=64, layers=1)
    return tmp_path / "base"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"architectures": ["GPT2LMHeadModel"]}, "A GPT2LMHeadModel cannot be exported"),
        (
            {"architectures": ["MixtralForCausalLM"]},
            "MixtralForCausalLM cannot be exported: known are LlamaForCausalLM",
        ),
        ({"architectures": None}, "names no architecture"),
        ({"rope_parameters": {"rope_type": "dynamic", "factor": 2.0}}, "scales its rotary positions by dynamic,"),
        (
            {"rope_parameters": {"rope_type": "yarn", "factor": 2.0, "beta_fast": 30}},
            "scales its rotary positions by yarn with beta_fast",
        ),
        ({"rope_parameters": {"rope_type": "llama3", "rope_theta": 5e5}}, "has no usable rope_parameters"),
        ({"rope_parameters": {"rope_theta": None}}, "has no usable rope_parameters"),
        ({"rope_parameters": {"rope_type": "default", "rope_theta": 0}}, "has no usable rope_parameters"),
        ({"rope_parameters": "default"}, "has no usable rope_parameters"),
        ({"rope_parameters": []}, "has no usable rope_parameters"),
        ({"rope_scaling": 2.0}, "has no usable rope_scaling"),
        ({"rope_theta": "1e4"}, "has no usable rope_theta"),
        ({"attention_bias": True}, "attention biases"),
        ({"mlp_bias": True}, "biases in its feed-forward"),
        ({"hidden_act": "gelu"}, "the activation gelu"),
        ({"quantization_config": {"quant_method": "awq"}}, "quantised already"),
        ({"rms_norm_eps": None, "vocab_size": "many"}, "does not say rms_norm_eps, vocab_size"),
        ({"vocab_size": 10}, "do not belong together"),
    ],
)
def test_a_base_that_cannot_be_converted_is_refused(
    folder: Path, tokenizer: SpanTokenizer, change: dict[str, object], said: str
) -> None:
    exportable.check_exportable(folder, tokenizer)
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UserFault, match=said):
        exportable.check_exportable(folder, tokenizer)


def test_a_pre_tokenizer_that_llama_cpp_does_not_know_is_refused(folder: Path, tokenizer: SpanTokenizer) -> None:
    unknown = SpanTokenizer(tokenizer.tokenizer, "", tokenizer.eos_id)
    with pytest.raises(UserFault, match="does not know the pre-tokenizer"):
        exportable.check_exportable(folder, unknown)


@pytest.mark.parametrize("model", [models.Unigram([("a", 0.0)]), models.WordPiece({"a": 0}, unk_token="a")])
def test_other_kinds_of_vocabulary_are_refused(folder: Path, model: object) -> None:
    Tokenizer(model).save(str(folder / "tokenizer.json"))
    with pytest.raises(UserFault, match="neither byte-level BPE nor SentencePiece BPE"):
        from_folder(folder)


def test_a_tokenizer_without_an_end_is_refused(folder: Path) -> None:
    for name in ("config.json", "generation_config.json", "tokenizer_config.json"):
        path = folder / name
        data = json.loads(path.read_text())
        path.write_text(json.dumps({k: v for k, v in data.items() if not k.startswith("eos_token")}))
    with pytest.raises(UserFault, match="no end-of-sequence token"):
        from_folder(folder)
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<|nowhere|>"}))
    with pytest.raises(UserFault, match="no end-of-sequence token"):
        from_folder(folder)


def test_a_tokenizer_without_the_frames_of_the_dialect_is_refused(tmp_path: Path) -> None:
    plain = load_tokenizer(write_model(tmp_path / "m.gguf"))
    plain.check(MUMATH)
    plain.check(CHATML)
    data = json.loads(plain.tokenizer.to_str())
    for token in data["added_tokens"]:
        token["content"] = token["content"].replace("im_start", "turn")
    data["model"]["vocab"] = {t.replace("im_start", "turn"): i for t, i in data["model"]["vocab"].items()}
    lacking = SpanTokenizer(Tokenizer.from_str(json.dumps(data)), plain.pre, plain.eos_id)
    lacking.check(MUMATH)
    with pytest.raises(UserFault, match=r"no token <\|im_start\|>, which the dialect chatml needs"):
        lacking.check(CHATML)


@pytest.mark.parametrize("text", ["[1]", "3", "{", ""])
def test_a_configuration_that_is_none_is_a_sentence(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text)
    with pytest.raises(UserFault, match=r"config\.json cannot be (used|read)"):
        from_folder(folder)
    with pytest.raises(UserFault, match=r"config\.json cannot be read"):
        bases.read_config(folder)


def test_weights_that_do_not_fit_are_named(folder: Path) -> None:
    name = "model.layers.0.mlp.down_proj.weight"
    path = folder / "model.safetensors"
    whole = load_file(str(path))
    for odd in ({k: v for k, v in whole.items() if k != name}, {**whole, name: whole[name][:, :-8].contiguous()}):
        save_file(odd, str(path), metadata={"format": "pt"})
        with pytest.raises(UserFault, match=rf"do not fit its config\.json: {name} is missing or of another shape"):
            bases.load_model(folder)
    save_file(whole, str(path), metadata={"format": "pt"})
    assert bases.load_model(folder).config.num_hidden_layers == 1


def test_a_gguf_header_without_what_is_needed_is_refused(tmp_path: Path) -> None:
    path = write_model(tmp_path / "m.gguf")
    keys = gguf_base.metadata(path)
    for change in ({"llama.feed_forward_length": None}, {"llama.attention.head_count": [2, 2]}):
        with pytest.raises(UserFault, match=r"header of m\.gguf does not say"):
            gguf_base.config_of({**keys, **change}, path)
    del keys["llama.block_count"]
    with pytest.raises(UserFault, match=r"llama\.block_count"):
        gguf_base.config_of(keys, path)


def test_a_begin_token_survives_the_way_through_a_folder(tokenizer: SpanTokenizer, tmp_path: Path) -> None:
    with_bos = SpanTokenizer(tokenizer.tokenizer, tokenizer.pre, tokenizer.eos_id, bos_id=0)
    make_base(tmp_path / "base", with_bos, kind="llama", width=64, layers=1)
    assert from_folder(tmp_path / "base").bos_id == 0
