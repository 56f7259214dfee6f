"""Token ids of spans, exactly as the engine will read them; tokenizers out of Hugging Face folders and GGUF files.

Byte-level BPE, and SentencePiece's BPE of the Llama 2 kind (:mod:`trainer.models.spm`). Others are refused, with a
sentence: a model would be trained on other ids than it is later given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors

from trainer.models import spm
from trainer.models.spm import CONTROL, USER_DEFINED
from tutor_app.core.dialect import Dialect, Span
from tutor_app.core.errors import UserFault

_QWEN2: Final = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPLITS: Final[Mapping[str, str]] = {"qwen2": _QWEN2, "llama-bpe": _QWEN2.replace(r"\p{N}|", r"\p{N}{1,3}|")}
"""llama.cpp's names of pre-tokenizers that are one split pattern."""
BYTE_SPLITS: Final = ("gpt-2", "smollm")
"""Those that are GPT-2's built-in pattern: alone, and after cutting digits apart."""

CHATML_TEMPLATE: Final = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
MUMATH_TEMPLATE: Final = (
    "{% for message in messages %}{% if message['role'] == 'user' %}{{ '<|user|>\n' + message['content'] + '\n' }}"
    "{% elif message['role'] == 'assistant' %}{{ '<|assistant|>\n' + message['content'] + '</s>' }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"
)
TEMPLATES: Final[Mapping[str, str]] = {"mumath": MUMATH_TEMPLATE, "chatml": CHATML_TEMPLATE}


@dataclass(frozen=True, slots=True)
class SpanTokenizer:
    """A BPE tokenizer that never lets plain text become a control token.

    Attributes:
        tokenizer: Reads control tokens in its text as such.
        pre: llama.cpp's name of its pre-tokenizer, :data:`trainer.models.spm.PRE`, or empty if llama.cpp does not
            know it.
        eos_id: Ends the model's turn.
        bos_id: Put first, or None if the model has none put first.
    """

    tokenizer: Tokenizer
    pre: str
    eos_id: int
    bos_id: int | None = None
    _plain: Tokenizer = field(init=False, repr=False)
    _spaced: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        plain = Tokenizer.from_str(self.tokenizer.to_str())
        plain.encode_special_tokens = True
        object.__setattr__(self, "_plain", plain)
        object.__setattr__(self, "_spaced", self.pre == spm.PRE and spm.adds_space(self.tokenizer))

    def encode(self, text: str, *, special: bool, first: bool = False) -> list[int]:
        """Ids of one stretch of text; with SentencePiece, of the ``first`` one with the space before it."""
        tokenizer = self.tokenizer if special else self._plain
        # A text that goes on after another gets no space: read after a line feed, which merges with nothing.
        lead = "\n" if self._spaced and not first and text else ""
        ids: list[int] = tokenizer.encode(lead + text, add_special_tokens=False).ids
        return ids[len(tokenizer.encode(lead, add_special_tokens=False).ids) :] if lead else ids

    def ids(self, spans: Sequence[Span], dialect: Dialect) -> tuple[list[int], list[bool]]:
        """Ids of a rendered transcript, and which of them are supervised.

        Each span is tokenised by itself, as the engine does; a plain-text dialect's end of turn becomes the
        tokenizer's own end token, as MuMath-Code trains it.
        """
        ids: list[int] = [] if self.bos_id is None else [self.bos_id]
        mask = [False] * len(ids)
        last = len(spans) - 1
        for i, span in enumerate(spans):
            text, end = span.text, False
            if i == last and not dialect.special:
                end = text.endswith(dialect.assistant_close)
                text = text.removesuffix(dialect.assistant_close)
            new = self.encode(text, special=span.special, first=i == 0) if text else []
            if end:
                new.append(self.eos_id)
            ids += new
            mask += [span.supervised] * len(new)
        return ids, mask

    def decode(self, ids: Sequence[int]) -> str:
        """Text of some ids, control tokens included."""
        text: str = self.tokenizer.decode(list(ids), skip_special_tokens=False)
        return text

    @property
    def n_vocab(self) -> int:
        """Ids, added tokens included."""
        n: int = self.tokenizer.get_vocab_size(with_added_tokens=True)
        return n

    def check(self, dialect: Dialect) -> None:
        """See that every frame of the dialect can be written with control tokens.

        Raises:
            UserFault: If the tokenizer lacks one.
        """
        if not dialect.special:
            return
        vocab = self.tokenizer.get_vocab(with_added_tokens=True)
        added = {t.content for t in self.tokenizer.get_added_tokens_decoder().values()}
        frames = (dialect.user_open, dialect.user_close, dialect.assistant_open, dialect.assistant_close)
        tags = [f.split(">")[0] + ">" for f in frames if ">" in f]
        missing = sorted({t for t in tags if t not in vocab or t not in added})
        if missing:
            raise UserFault(
                f"The tokenizer has no token {', '.join(missing)}, which the dialect {dialect.name} needs.",
                "Choose the dialect mumath, or a base whose tokenizer has it.",
            )


def load_tokenizer(base: Path) -> SpanTokenizer:
    """The tokenizer of a Hugging Face folder or a GGUF file.

    Raises:
        UserFault: If there is none, or it is of a kind that llama.cpp would read otherwise.
    """
    return from_gguf(base) if base.is_file() else from_folder(base)


def from_folder(folder: Path) -> SpanTokenizer:
    """Read ``tokenizer.json`` and what the configuration files say of its end token.

    A folder without it may hold SentencePiece's ``tokenizer.model``.

    Raises:
        UserFault: If there is none, or it is of a kind that llama.cpp would read otherwise.
    """
    path = folder / "tokenizer.json"
    settings = _settings(folder)
    if not path.exists() and (folder / "tokenizer.model").exists():
        tokenizer = spm.from_model_file(folder / "tokenizer.model")
        bos = _token_text(settings.get("bos_token")) or "<s>"
        bos_id = tokenizer.token_to_id(bos) if settings.get("add_bos_token", True) else None
        return SpanTokenizer(tokenizer, spm.PRE, _eos_id(folder, tokenizer, settings), bos_id)
    try:
        tokenizer = Tokenizer.from_file(str(path))
        data = json.loads(path.read_text(encoding="utf-8"))
    except Exception as e:  # noqa: BLE001  # the library raises bare Exception
        raise UserFault(f"{path} is no tokenizer: {e}.", "Give a folder with a tokenizer.json.") from None
    pieces = spm.is_spm(data)
    if not pieces and (data["model"].get("type") != "BPE" or not _byte_level(data.get("pre_tokenizer"))):
        raise UserFault(
            f"{path} is neither byte-level BPE nor SentencePiece BPE.",
            "Choose a base of the Qwen, Llama or SmolLM families.",
        )
    eos_id = _eos_id(folder, tokenizer, settings)
    empty = tokenizer.encode("", add_special_tokens=True).ids
    bos_id = empty[0] if empty and empty[0] != eos_id else None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    if pieces:
        return SpanTokenizer(spm.read(tokenizer, data, path), spm.PRE, eos_id, bos_id)
    return SpanTokenizer(tokenizer, pre_of(data), eos_id, bos_id)


def _eos_id(folder: Path, tokenizer: Tokenizer, settings: Mapping[str, Any]) -> int:
    eos = _token_text(settings.get("eos_token"))
    eos_id: int | None = tokenizer.token_to_id(eos) if eos else _first_int(settings.get("eos_token_id"))
    if eos_id is None:
        raise UserFault(f"The tokenizer in {folder} has no end-of-sequence token.", 'Name one as "eos_token".')
    return eos_id


def from_gguf(path: Path) -> SpanTokenizer:
    """Build the tokenizer that llama.cpp would use for the file.

    Raises:
        UserFault: If the file cannot be read or its vocabulary is of another kind.
    """
    from trainer.models.gguf_base import metadata

    keys = metadata(path)
    pre = str(keys.get("tokenizer.ggml.pre", ""))
    if keys.get("tokenizer.ggml.model") == "llama":
        return _pieces_of_gguf(keys, path)
    if keys.get("tokenizer.ggml.model") != "gpt2" or (pre not in SPLITS and pre not in BYTE_SPLITS):
        kind = f"{keys.get('tokenizer.ggml.model')}/{pre or 'none'}"
        known = ", ".join([*SPLITS, *BYTE_SPLITS])
        raise UserFault(
            f"The vocabulary of {path.name} is {kind}.",
            f"Known are SentencePiece's llama, and byte-level BPE of: {known}.",
        )
    tokens, types = keys["tokenizer.ggml.tokens"], keys["tokenizer.ggml.token_type"]
    merges = [tuple(m.split(" ", 1)) for m in keys["tokenizer.ggml.merges"]]
    tokenizer = byte_bpe({t: i for i, t in enumerate(tokens)}, merges, pre)
    added = [
        AddedToken(t, special=kind == CONTROL, normalized=False)
        for t, kind in zip(tokens, types, strict=True)
        if kind in (CONTROL, USER_DEFINED)
    ]
    tokenizer.add_tokens([t for t in added if not t.special])
    tokenizer.add_special_tokens([t for t in added if t.special])
    eos_id = keys.get("tokenizer.ggml.eos_token_id")
    if eos_id is None:
        raise UserFault(f"{path.name} names no end-of-sequence token.", "Choose another base.")
    # llama.cpp puts it first for Llama 3 unless told not to.
    adds = keys.get("tokenizer.ggml.add_bos_token", pre == "llama-bpe")
    bos = keys.get("tokenizer.ggml.bos_token_id") if adds else None
    return SpanTokenizer(tokenizer, pre, int(eos_id), None if bos is None else int(bos))


def _pieces_of_gguf(keys: Mapping[str, Any], path: Path) -> SpanTokenizer:
    tokens, scores, types = (keys.get(f"tokenizer.ggml.{n}") for n in ("tokens", "scores", "token_type"))
    eos_id = keys.get("tokenizer.ggml.eos_token_id")
    if not tokens or not scores or not types or eos_id is None:
        raise UserFault(f"{path.name} lacks scores, token types or an end-of-sequence token.", "Choose another base.")
    tokenizer = spm.build(tokens, scores, types, prefix=bool(keys.get("tokenizer.ggml.add_space_prefix", True)))
    bos = keys.get("tokenizer.ggml.bos_token_id") if keys.get("tokenizer.ggml.add_bos_token", True) else None
    return SpanTokenizer(tokenizer, spm.PRE, int(eos_id), None if bos is None else int(bos))


def byte_bpe(vocab: Mapping[str, int], merges: Sequence[tuple[str, str]], pre: str) -> Tokenizer:
    """A byte-level BPE tokenizer with one of the known pre-tokenizers."""
    tokenizer = Tokenizer(models.BPE(vocab=dict(vocab), merges=list(merges), ignore_merges=pre == "llama-bpe"))
    tokenizer.pre_tokenizer = pre_tokenizer(pre)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def pre_tokenizer(pre: str) -> Any:
    """The Hugging Face form of a llama.cpp pre-tokenizer."""
    if pre in SPLITS:
        split = pre_tokenizers.Split(Regex(SPLITS[pre]), behavior="isolated", invert=False)
        return pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    byte_level: Any = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    if pre == "smollm":
        return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level])
    return byte_level


def pre_of(data: Mapping[str, Any]) -> str:
    """llama.cpp's name for the pre-tokenizer of a ``tokenizer.json``, or empty if it has none."""
    found = data.get("pre_tokenizer") or {}
    parts = found.get("pretokenizers", [found])
    kinds = [p.get("type") for p in parts]
    byte_level: dict[str, Any] = next((p for p in parts if p.get("type") == "ByteLevel"), {})
    if byte_level.get("add_prefix_space"):
        return ""
    if kinds == ["Split", "ByteLevel"] and not byte_level.get("use_regex", True):
        pattern = parts[0].get("pattern", {}).get("Regex")
        return next((name for name, regex in SPLITS.items() if regex == pattern), "")
    if kinds == ["ByteLevel"] and byte_level.get("use_regex", True):
        return "gpt-2"
    if kinds == ["Digits", "ByteLevel"] and parts[0].get("individual_digits") and byte_level.get("use_regex", True):
        return "smollm"
    return ""


def save_tokenizer(tokenizer: SpanTokenizer, folder: Path, dialect: str) -> None:
    """Write the files a Hugging Face folder needs, with the dialect's chat template."""
    vocab = tokenizer.tokenizer.id_to_token
    saved = Tokenizer.from_str(tokenizer.tokenizer.to_str())
    if tokenizer.bos_id is not None:
        bos = vocab(tokenizer.bos_id)
        saved.post_processor = processors.TemplateProcessing(f"{bos} $A", None, [(bos, tokenizer.bos_id)])
    saved.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": vocab(tokenizer.eos_id),
        "bos_token": None if tokenizer.bos_id is None else vocab(tokenizer.bos_id),
        "pad_token": vocab(tokenizer.eos_id),
        "add_bos_token": tokenizer.bos_id is not None,
        "clean_up_tokenization_spaces": False,
        "chat_template": TEMPLATES[dialect],
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")


def _byte_level(data: Any) -> bool:
    parts = (data or {}).get("pretokenizers", [data or {}])
    return any(p.get("type") == "ByteLevel" for p in parts)


def _settings(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("config.json", "generation_config.json", "tokenizer_config.json"):
        path = folder / name
        if path.exists():
            try:
                settings = json.loads(path.read_text(encoding="utf-8"))
                if not isinstance(settings, dict):
                    raise ValueError("it is no JSON object")
                found.update(settings)
            except ValueError as e:
                raise UserFault(f"{path} cannot be used: {e}.", "Mend or fetch it again.") from None
    return found


def _token_text(value: Any) -> str:
    text = value.get("content") if isinstance(value, dict) else value
    return text if isinstance(text, str) else ""


def _first_int(value: Any) -> int | None:
    first = value[0] if isinstance(value, list) and value else value
    return first if isinstance(first, int) else None
