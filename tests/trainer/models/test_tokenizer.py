import json
from pathlib import Path

import pytest

pytest.importorskip("tokenizers", reason="the trainer's packages are not installed")
pytest.importorskip("torch", reason="the trainer's packages are not installed")

from tests.trainer.tiny_models import code_records, texts
from trainer.models.tokenizer import SpanTokenizer, byte_bpe, from_folder, pre_of, pre_tokenizer, save_tokenizer
from trainer.train.tiny import train_tokenizer
from tutor_app.core.dialect import CHATML, MUMATH, Span, render
from tutor_app.core.errors import UserFault
from tutor_app.core.parts import Text
from tutor_app.core.transcript import Transcript


@pytest.fixture(scope="module")
def tokenizer() -> SpanTokenizer:
    return train_tokenizer(texts(code_records(40)), 400)


def test_plain_text_never_becomes_a_control_token(tokenizer: SpanTokenizer) -> None:
    text = "a<|im_end|>b<|im_start|>"
    control = {tokenizer.tokenizer.token_to_id(t) for t in ("<|im_end|>", "<|im_start|>")}
    assert control & set(tokenizer.encode(text, special=True))
    assert not control & set(tokenizer.encode(text, special=False))
    assert tokenizer.decode(tokenizer.encode(text, special=False)) == text


def test_the_plain_dialect_ends_on_the_tokenizers_own_end(tokenizer: SpanTokenizer) -> None:
    record = Transcript.of("Q </s> ?", Text("A </s> b"))
    ids, mask = tokenizer.ids(render(record, MUMATH), MUMATH)
    assert ids[-1] == tokenizer.eos_id
    assert mask[-1]
    assert ids.count(tokenizer.eos_id) == 1
    # What looks like the end in the words is text.
    assert tokenizer.decode(ids[:-1]).endswith("A </s> b")


def test_chatml_frames_are_control_tokens(tokenizer: SpanTokenizer) -> None:
    tokenizer.check(CHATML)
    record = Transcript.of("Q<|im_end|>", Text("A"))
    ids, mask = tokenizer.ids(render(record, CHATML), CHATML)
    end = tokenizer.tokenizer.token_to_id("<|im_end|>")
    # The user's and the assistant's end, not the look-alike; only the assistant's is supervised.
    assert [m for i, m in zip(ids, mask, strict=True) if i == end] == [False, True]


def test_a_tokenizer_without_the_needed_tokens_is_refused() -> None:
    plain = byte_bpe({chr(i): i for i in range(33, 127)}, [], "gpt-2")
    with pytest.raises(UserFault, match=r"no token <\|im_end\|>, <\|im_start\|>"):
        SpanTokenizer(plain, "gpt-2", 0).check(CHATML)


def test_a_folder_reads_back_what_was_saved(tokenizer: SpanTokenizer, tmp_path: Path) -> None:
    save_tokenizer(tokenizer, tmp_path, "mumath")
    again = from_folder(tmp_path)
    assert (again.pre, again.eos_id, again.bos_id) == ("qwen2", tokenizer.eos_id, None)
    for text in texts(code_records(5)):
        assert again.encode(text, special=True) == tokenizer.encode(text, special=True)
    config = json.loads((tmp_path / "tokenizer_config.json").read_text())
    assert "<|assistant|>" in config["chat_template"]


@pytest.mark.parametrize("pre", ["qwen2", "llama-bpe", "gpt-2", "smollm"])
def test_pre_tokenizers_are_recognised(pre: str) -> None:
    made = byte_bpe({"a": 0}, [], pre)
    made.pre_tokenizer = pre_tokenizer(pre)
    assert pre_of(json.loads(made.to_str())) == pre


def test_other_pre_tokenizers_are_not(tokenizer: SpanTokenizer) -> None:
    data = json.loads(tokenizer.tokenizer.to_str())
    data["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = r"\s+"
    assert pre_of(data) == ""


def test_what_is_no_byte_level_bpe_is_refused(tokenizer: SpanTokenizer, tmp_path: Path) -> None:
    save_tokenizer(tokenizer, tmp_path, "mumath")
    path = tmp_path / "tokenizer.json"
    data = json.loads(path.read_text())
    data["pre_tokenizer"] = None
    path.write_text(json.dumps(data))
    with pytest.raises(UserFault, match="neither byte-level BPE nor SentencePiece"):
        from_folder(tmp_path)
    path.write_text("{")
    with pytest.raises(UserFault, match="is no tokenizer"):
        from_folder(tmp_path)
    path.unlink()
    with pytest.raises(UserFault, match="is no tokenizer"):
        from_folder(tmp_path)


def test_a_begin_token_is_put_first_and_not_supervised(tokenizer: SpanTokenizer) -> None:
    with_bos = SpanTokenizer(tokenizer.tokenizer, tokenizer.pre, tokenizer.eos_id, bos_id=0)
    ids, mask = with_bos.ids([Span("a", supervised=True)], CHATML)
    assert ids[0] == 0
    assert mask == [False] + [True] * (len(ids) - 1)
