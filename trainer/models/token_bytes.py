"""The bytes of a tokenizer's tokens, which a text that is streamed is made of, and the tokens that end a turn."""

from __future__ import annotations

from typing import Final

from trainer.models import spm
from trainer.models.tokenizer import SpanTokenizer

TURN_ENDS: Final = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "</s>")
"""Control tokens at which llama.cpp ends a turn, whatever the file names as its end, in the families that export."""


class TokenBytes:
    """Bytes of every token; control tokens have none.

    Attributes:
        ends: Ids that end the model's turn.
    """

    def __init__(self, tokenizer: SpanTokenizer) -> None:
        self._tokenizer = tokenizer.tokenizer
        self._added = self._tokenizer.get_added_tokens_decoder()
        printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
        others = [b for b in range(256) if b not in printable]
        # GPT-2's letters for bytes: a printable one stands for itself, the others for U+0100 and on.
        self._of = {chr(b): b for b in printable} | {chr(256 + i): b for i, b in enumerate(others)}
        self._known: dict[int, bytes] = {}
        self._pieces = tokenizer.pre == spm.PRE
        special = {t.content: i for i, t in self._added.items() if t.special}
        self.ends = frozenset({tokenizer.eos_id, *(special[t] for t in TURN_ENDS if t in special)})

    def __getitem__(self, token: int) -> bytes:
        known = self._known.get(token)
        if known is None:
            known = self._known[token] = self._make(token)
        return known

    def _make(self, token: int) -> bytes:
        added = self._added.get(token)
        if added is not None:
            return b"" if added.special else str(added.content).encode()
        # Rows that pad the table of a model have no token.
        text = self._tokenizer.id_to_token(token) or ""
        if self._pieces:
            return spm.piece_bytes(text)
        return bytes(self._of[c] for c in text)
