"""SentencePiece vocabularies of the Llama 2 kind: BPE with scores and bytes to fall back on, spaces written as ``▁``.

Hugging Face keeps such a vocabulary as a list of merges, SentencePiece and llama.cpp as a score for every piece. Both
read a text alike only if the merges hold every way to put a piece together, and in the order of the scores; the
module refuses a ``tokenizer.json`` of which that is not so, before anything is trained on it.

Around texts it does what the engine does: a space before the first text and after a control token, none where a
text goes on after another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers

from tutor_app.core.errors import UserFault

PRE: Final = "sentencepiece"
"""Stands where byte-level vocabularies name their pre-tokenizer."""
SPACE: Final = "▁"
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
"""Token types of GGUF."""
_BYTE: Final = re.compile(r"<0x([0-9A-F]{2})>")


def build(tokens: Sequence[str], scores: Sequence[float], types: Sequence[int], *, prefix: bool) -> Tokenizer:
    """The Hugging Face form of a vocabulary.

    Args:
        tokens: Pieces by id.
        scores: The higher, the sooner two pieces are merged into this one.
        types: See :data:`NORMAL`.
        prefix: Whether a text gets a space before it.
    """
    vocab = {t: i for i, t in enumerate(tokens)}
    merges: list[tuple[str, str]] = []
    for i in sorted(range(len(tokens)), key=lambda i: -scores[i]):
        if types[i] == NORMAL:
            merges += _splits(tokens[i], vocab)
    unknown = next((t for t, kind in zip(tokens, types, strict=True) if kind == UNKNOWN), None)
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, unk_token=unknown, fuse_unk=True, byte_fallback=True))
    plain = [t for t, kind in zip(tokens, types, strict=True) if kind == USER_DEFINED]
    control = [t for t, kind in zip(tokens, types, strict=True) if kind in (CONTROL, UNKNOWN)]
    tokenizer.add_tokens([AddedToken(t, special=False, normalized=False) for t in plain])
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in control])
    return _framed(tokenizer, prefix)


def is_spm(data: Mapping[str, Any]) -> bool:
    """Whether a ``tokenizer.json`` holds a vocabulary of this kind."""
    model = data.get("model") or {}
    return model.get("type") == "BPE" and bool(model.get("byte_fallback")) and not _mentions(data, "ByteLevel")


def read(tokenizer: Tokenizer, data: Mapping[str, Any], path: Path) -> Tokenizer:
    """The tokenizer of a ``tokenizer.json``, made to treat the edges of texts as the engine does.

    Raises:
        UserFault: If llama.cpp would read texts otherwise than the file says.
    """
    why = _complaint(data)
    if why:
        raise UserFault(f"{path} {why}, so llama.cpp would read texts otherwise.", "Choose another base.")
    return _framed(tokenizer, _adds_space(data))


def from_model_file(path: Path) -> Tokenizer:
    """The tokenizer of a ``tokenizer.model``.

    Raises:
        UserFault: If it cannot be read, or the package sentencepiece is not installed.
    """
    try:
        from sentencepiece import SentencePieceProcessor
    except ImportError:
        raise UserFault(
            f"{path} can only be read with the package sentencepiece.", "Install it, or put a tokenizer.json beside it."
        ) from None
    try:
        held = SentencePieceProcessor(model_file=str(path))
    except (OSError, RuntimeError) as e:
        raise UserFault(f"{path} is no SentencePiece model: {e}.", "Fetch it again.") from None
    ids = range(held.get_piece_size())
    kinds = (
        (held.is_unknown, UNKNOWN),
        (held.is_control, CONTROL),
        (held.is_unused, UNUSED),
        (held.is_byte, BYTE),
    )
    types = [next((kind for of, kind in kinds if of(i)), NORMAL) for i in ids]
    if BYTE not in types:
        raise UserFault(f"{path} has no bytes to fall back on.", "Choose another base.")
    tokens = [held.id_to_piece(i) for i in ids]
    prefix = held.encode("a", out_type=str)[0].startswith(SPACE)
    return build(tokens, [held.get_score(i) for i in ids], types, prefix=prefix)


def vocabulary(tokenizer: Tokenizer, data: Mapping[str, Any], n_vocab: int) -> tuple[list[str], list[float], list[int]]:
    """Pieces, scores and types by id, as a GGUF file holds them.

    Args:
        tokenizer: As :func:`build` or :func:`read` made it.
        data: Its JSON form.
        n_vocab: Rows of the model; those without a token are marked as unused.
    """
    rank: dict[str, int] = {}
    for left, right in _merges(data):
        rank.setdefault(left + right, len(rank))
    by_id = {i: t for t, i in data["model"]["vocab"].items()}
    added = tokenizer.get_added_tokens_decoder()
    unknown = data["model"].get("unk_token")
    tokens: list[str] = []
    scores: list[float] = []
    types: list[int] = []
    for i in range(n_vocab):
        token = added[i].content if i in added else by_id.get(i, f"[PAD{i}]")
        if token == unknown:
            kind = UNKNOWN
        elif i in added:
            kind = CONTROL if added[i].special else USER_DEFINED
        else:
            kind = UNUSED if i not in by_id else BYTE if _BYTE.fullmatch(token) else NORMAL
        tokens.append(token)
        # What is no merge's result, a single character, is never asked for its score.
        scores.append(-float(rank.get(token, len(rank))) if kind == NORMAL else 0.0)
        types.append(kind)
    return tokens, scores, types


def adds_space(tokenizer: Tokenizer) -> bool:
    """Whether a tokenizer made here puts a space before a text."""
    return "Prepend" in repr(tokenizer.normalizer)


def piece_bytes(token: str) -> bytes:
    """What a piece stands for."""
    byte = _BYTE.fullmatch(token)
    return bytes([int(byte[1], 16)]) if byte else token.replace(SPACE, " ").encode()


def _framed(tokenizer: Tokenizer, prefix: bool) -> Tokenizer:
    spaces: Any = normalizers.Replace(" ", SPACE)
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend(SPACE), spaces] if prefix else [spaces])
    tokenizer.pre_tokenizer = None  # type: ignore[assignment,unused-ignore]
    tokenizer.decoder = decoders.Sequence([decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()])
    return tokenizer


def _complaint(data: Mapping[str, Any]) -> str:
    """What stands in the way of reading texts as llama.cpp does, or empty."""
    vocab: Mapping[str, int] = data["model"]["vocab"]
    if any(f"<0x{b:02X}>" not in vocab for b in range(256)):
        return "lacks some of the 256 bytes"
    before = data.get("pre_tokenizer") or {}
    # Gemma's cuts at spaces when there are none left.
    idle = before.get("type") == "Split" and before.get("pattern") == {"String": " "}
    odd = _kinds(data.get("normalizer")) - {"Prepend", "Replace"}
    odd |= set() if idle else _kinds(before) - {"Metaspace"}
    if odd:
        return f"changes texts by {', '.join(sorted(odd))}"
    merges = list(_merges(data))
    known = set(merges)
    added = {t["content"] for t in data.get("added_tokens", ())}
    for token in vocab:
        if token not in added and not _BYTE.fullmatch(token) and not known.issuperset(_splits(token, vocab)):
            return f"does not hold every way to put {token!r} together"
    done: set[str] = set()
    last = ""
    for left, right in merges:
        if left + right != last:
            if left + right in done:
                return f"has merges into {left + right!r} at several places"
            done.add(last)
            last = left + right
    return ""


def _splits(token: str, vocab: Mapping[str, int]) -> list[tuple[str, str]]:
    cut = ((token[:i], token[i:]) for i in range(1, len(token)))
    return [(left, right) for left, right in cut if left in vocab and right in vocab]


def _merges(data: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for merge in data["model"]["merges"]:
        left, right = merge.split(" ", 1) if isinstance(merge, str) else merge
        yield left, right


def _adds_space(data: Mapping[str, Any]) -> bool:
    if _mentions(data, "Prepend"):
        return True
    metaspace = data.get("pre_tokenizer") or {}
    return metaspace.get("type") == "Metaspace" and metaspace.get("prepend_scheme", "always") != "never"


def _kinds(part: Any) -> set[str]:
    """Types of a normaliser or pre-tokenizer and of what it is made of."""
    if not part:
        return set()
    inner = part.get("normalizers") or part.get("pretokenizers")
    return {str(part.get("type"))} if inner is None else {k for p in inner for k in _kinds(p)}


def _mentions(data: Mapping[str, Any], kind: str) -> bool:
    return kind in _kinds(data.get("normalizer")) | _kinds(data.get("pre_tokenizer"))
