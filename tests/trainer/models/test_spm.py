import io
import json
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("tokenizers", reason="the trainer's packages are not installed")
pytest.importorskip("torch", reason="the trainer's packages are not installed")
pytest.importorskip("gguf", reason="the trainer's packages are not installed")
if find_spec("llama_cpp") is None:  # importing it would leave files open
    pytest.skip("llama-cpp-python is not installed", allow_module_level=True)

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from tests.generations import ask, text_of
from tests.trainer.tiny_models import code_records, texts
from trainer.export import gguf
from trainer.export.gguf import gate_spans, made_up_prompts
from trainer.models import bases, gguf_base, spm
from trainer.models.spm import BYTE, CONTROL, NORMAL, UNKNOWN
from trainer.models.tokenizer import SpanTokenizer, from_folder, from_gguf, save_tokenizer
from trainer.train.tiny import make_base
from tutor_app.adapters.engine.client import Engine, EngineOptions
from tutor_app.core.dialect import MUMATH, Span
from tutor_app.core.errors import UserFault


def pieces(n: int = 500) -> tuple[list[str], list[float], list[int]]:
    """A vocabulary in Llama 2's order: unknown, begin, end, 256 bytes, merged pieces by rank, single characters."""
    learned = Tokenizer(models.BPE())
    learned.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    learned.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    words = [t.removesuffix("</s>").replace("\n", " ") for t in texts(code_records(40))]
    learned.train_from_iterator(words, trainers.BpeTrainer(vocab_size=n, show_progress=False))
    found = sorted(learned.get_vocab().items(), key=lambda x: x[1])
    merged = [t for t, _ in found if len(t) > 1]
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{b:02X}>" for b in range(256)), *merged]
    tokens += [t for t, _ in found if len(t) == 1]
    types = [UNKNOWN, CONTROL, CONTROL, *[BYTE] * 256, *[NORMAL] * len(found)]
    return tokens, [0.0] * 259 + [-float(i) for i in range(len(found))], types


@pytest.fixture(scope="module")
def tokenizer() -> SpanTokenizer:
    tokens, scores, types = pieces()
    return SpanTokenizer(spm.build(tokens, scores, types, prefix=True), spm.PRE, eos_id=2, bos_id=1)


@pytest.fixture(scope="module")
def base(tokenizer: SpanTokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spm") / "base"
    make_base(folder, tokenizer, kind="llama", width=256)
    return folder


@pytest.fixture(scope="module")
def exported(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base as a Q8_0 file that has passed the gate."""
    out = tmp_path_factory.mktemp("out") / "m.gguf"
    gate = gguf.export(base, out, "q8_0", "mumath", name="Tiny")
    assert (gate.prompts, gate.mismatches) == (200, 0)
    return out


def test_the_engine_reads_every_prompt_as_the_trainer_does(exported: Path, base: Path) -> None:
    ours = from_folder(base)
    engine = Engine(exported, EngineOptions(n_ctx=256, threads=1))
    try:
        for problem in made_up_prompts():
            spans = gate_spans(problem, MUMATH)
            assert engine.tokenize(spans) == ours.ids(spans, MUMATH)[0]
        # A text that goes on after another gets no space before it; the first one does.
        two = engine.tokenize([Span("Ann"), Span("Ann", supervised=True)])
        assert two == [1, *ours.encode("Ann", special=False, first=True), *ours.encode("Ann", special=False)]
        assert ours.encode("Ann", special=False, first=True) == ours.encode(" Ann", special=False)
        assert text_of(ask(engine, [Span("How many")], max_tokens=5))
    finally:
        engine.close()


def test_hugging_face_reads_a_whole_text_alike(exported: Path, base: Path) -> None:
    transformers = pytest.importorskip("transformers")
    theirs = transformers.AutoTokenizer.from_pretrained(str(base))
    engine = Engine(exported, EngineOptions(n_ctx=256, threads=1))
    try:
        for text in made_up_prompts():
            if "</s>" not in text:  # which transformers takes for the control token
                assert theirs(text)["input_ids"] == engine.tokenize([Span(text)])
    finally:
        engine.close()


def test_control_tokens_in_words_stay_words(tokenizer: SpanTokenizer) -> None:
    assert 2 in tokenizer.encode("a</s>b", special=True)
    plain = tokenizer.encode("a</s>b", special=False, first=True)
    assert not {0, 1, 2} & set(plain)
    assert b"".join(spm.piece_bytes(tokenizer.tokenizer.id_to_token(i)) for i in plain) == b" a</s>b"


@pytest.mark.parametrize("text", ["naïve 数学 🎲\n\ttwo  spaces ", "x"])
def test_bytes_stand_in_for_unknown_characters(tokenizer: SpanTokenizer, text: str) -> None:
    ids = tokenizer.encode(text, special=False)
    assert b"".join(spm.piece_bytes(tokenizer.tokenizer.id_to_token(i)) for i in ids).decode() == text


def test_a_gguf_file_reads_back_as_the_same_tokenizer(exported: Path, base: Path, tmp_path: Path) -> None:
    keys = gguf_base.metadata(exported)
    assert keys["tokenizer.ggml.model"] == "llama"
    assert keys["tokenizer.ggml.token_type"][:4] == [UNKNOWN, CONTROL, CONTROL, BYTE]
    assert keys["tokenizer.ggml.add_bos_token"]
    ours, theirs = from_folder(base), from_gguf(exported)
    assert (ours.pre, ours.eos_id, ours.bos_id) == (theirs.pre, theirs.eos_id, theirs.bos_id)
    for text in made_up_prompts():
        assert ours.encode(text, special=False) == theirs.encode(text, special=False)
        assert ours.encode(text, special=True, first=True) == theirs.encode(text, special=True, first=True)
    # As a base for training it keeps its begin-of-text token.
    again = bases.prepare(exported, tmp_path / "again", "mumath")
    assert from_folder(again).bos_id == 1


def legacy(data: dict[str, object]) -> dict[str, object]:
    return data


def newer(data: dict[str, object]) -> dict[str, object]:
    """As transformers writes it without the legacy behaviour."""
    space = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}
    return data | {"normalizer": None, "pre_tokenizer": space}


@pytest.mark.parametrize("form", [legacy, newer])
def test_both_forms_of_the_file_are_read(tokenizer: SpanTokenizer, form: object, tmp_path: Path) -> None:
    save_tokenizer(tokenizer, tmp_path, "mumath")
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(form(json.loads(path.read_text()))))  # type: ignore[operator]
    again = from_folder(tmp_path)
    assert (again.pre, again.eos_id, again.bos_id) == (spm.PRE, 2, 1)
    for text in made_up_prompts()[:40]:
        assert again.encode(text, special=False, first=True) == tokenizer.encode(text, special=False, first=True)


def test_what_llama_cpp_would_read_otherwise_is_said_before_training(tokenizer: SpanTokenizer, tmp_path: Path) -> None:
    save_tokenizer(tokenizer, tmp_path, "mumath")
    path = tmp_path / "tokenizer.json"
    whole = json.loads(path.read_text())

    def changed(**model: object) -> None:
        path.write_text(json.dumps(whole | {"model": whole["model"] | model}))

    merges = whole["model"]["merges"]
    changed(merges=merges[:-1])
    with pytest.raises(UserFault, match="every way to put"):
        from_folder(tmp_path)
    vocab = {t: i for t, i in whole["model"]["vocab"].items() if t != "<0x0A>"}
    changed(vocab=vocab)
    with pytest.raises(UserFault, match="lacks some of the 256 bytes"):
        from_folder(tmp_path)
    path.write_text(json.dumps(whole | {"normalizer": {"type": "NFKC"}}))
    with pytest.raises(UserFault, match="changes texts by NFKC"):
        from_folder(tmp_path)


def test_a_sentencepiece_model_is_read(tmp_path: Path) -> None:
    sentencepiece = pytest.importorskip("sentencepiece", reason="sentencepiece is not installed")
    made = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts(code_records(40))),
        model_writer=made,
        vocab_size=420,
        model_type="bpe",
        byte_fallback=True,
        split_digits=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        minloglevel=2,
    )
    (tmp_path / "tokenizer.model").write_bytes(made.getvalue())
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"eos_token": "</s>", "bos_token": {"content": "<s>"}}))
    ours = from_folder(tmp_path)
    assert (ours.pre, ours.eos_id, ours.bos_id) == (spm.PRE, 2, 1)
    theirs = sentencepiece.SentencePieceProcessor(model_proto=made.getvalue())
    for text in made_up_prompts():
        assert ours.encode(text, special=False, first=True) == theirs.encode(text)
    (tmp_path / "tokenizer.model").write_bytes(b"rubbish")
    with pytest.raises(UserFault, match="is no SentencePiece model"):
        from_folder(tmp_path)
