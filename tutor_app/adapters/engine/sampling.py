"""From logits to text: drawing tokens, and the text, ids and stop strings of one generation. Knows no model."""

from __future__ import annotations

import codecs
import math
from collections import deque
from collections.abc import Callable
from typing import Any, Final

_BLOCK: Final = 256
"""Tokens whose weights are summed up together."""


class StopWatcher:
    """Cuts a stream of text at the first stop string; holds back what may become one."""

    def __init__(self, stops: list[str]) -> None:
        self._stops = [s for s in stops if s]
        self._held = ""
        self.found = ""

    def feed(self, text: str) -> str:
        """The part of ``text`` (and of what was held back) that can be shown."""
        self._held += text
        hits = [(at, s) for s in self._stops if (at := self._held.find(s)) >= 0]
        if hits:
            at, self.found = min(hits)
            shown, self._held = self._held[:at], ""
            return shown
        keep = 0
        for stop in self._stops:
            for n in range(min(len(stop) - 1, len(self._held)), keep, -1):
                if self._held.endswith(stop[:n]):
                    keep = n
                    break
        cut = len(self._held) - keep
        shown, self._held = self._held[:cut], self._held[cut:]
        return shown

    def flush(self) -> str:
        """What was held back and turned out to be text."""
        shown, self._held = self._held, ""
        return shown


def common_prefix(a: list[int], b: list[int]) -> int:
    """Number of leading elements that agree."""
    n = min(len(a), len(b))
    if a[:n] == b[:n]:
        return n
    low, high = 0, n
    while low < high:
        mid = (low + high + 1) // 2
        if a[:mid] == b[:mid]:
            low = mid
        else:
            high = mid - 1
    return low


def draw(logits: Any, temperature: float, top_p: float, rng: Any) -> int:
    """A token id from ``logits`` (float32, shape ``(n_vocab,)``); greedy at temperature 0.

    Nucleus sampling as in Holtzman et al. 2020: the smallest set of most likely tokens whose probability
    reaches ``top_p``.
    """
    import numpy as np

    if temperature <= 0:
        return int(np.argmax(logits))
    top = logits.max()
    # In double precision, 150,000 powers for every token take some milliseconds with all that is done with them; what
    # single precision gets wrong is less than what the model's own rounding does.
    weights = np.exp((logits - top) / np.float32(temperature))
    if top_p < 1:
        # All tokens rarer than this make up less than 1 - top_p together, so none is in the nucleus.
        total = float(weights.sum())
        least = float(top) + temperature * math.log(total * (1 - top_p) / len(logits))
        likely = np.flatnonzero(logits >= least)
        p = np.exp((logits[likely].astype(np.float64) - float(top)) / temperature) / total
        order = np.argsort(-p, kind="stable")
        kept = order[: int(np.searchsorted(np.cumsum(p[order]), top_p)) + 1]
        sums = np.cumsum(p[kept])
        return int(likely[kept[_reached(sums, rng.random() * sums[-1])]])
    # First the block of the vocabulary, then the token in it: to sum up all tokens before each one takes ten times as
    # long as the sums of blocks.
    blocks = np.add.reduceat(weights, np.arange(0, len(weights), _BLOCK))
    sums = np.cumsum(blocks, dtype=np.float64)
    target = rng.random() * sums[-1]
    block = _reached(sums, target)
    start = block * _BLOCK
    within = np.cumsum(weights[start : start + _BLOCK], dtype=np.float64)
    return start + _reached(within, target - (sums[block] - blocks[block]))


def _reached(sums: Any, target: float) -> int:
    """The first index whose sum is more than ``target``, never one that adds nothing."""
    import numpy as np

    last = np.searchsorted(sums, sums[-1], side="left")
    return int(min(np.searchsorted(sums, max(target, 0.0), side="right"), last))


class Generated:
    """Token ids of one generation, its text, and where in the text each token ends.

    Bytes that are no UTF-8 become U+FFFD, in the text that is sent and in the text that is compared alike.
    """

    def __init__(self) -> None:
        self.text = ""
        self.ids: list[int] = []
        self._ends: list[int] = []  # in characters; -1 for a token that ends within one
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, token: int, piece: bytes) -> str:
        """Append a token; returns the characters it completes."""
        new = self._decoder.decode(piece)
        self.text += new
        self.ids.append(token)
        self._ends.append(-1 if self._decoder.getstate()[0] else len(self.text))
        return new

    def end(self) -> str:
        """What an incomplete character at the end is shown as."""
        new = self._decoder.decode(b"", True)
        if new:
            self.text += new
            self._ends[-1] = len(self.text)
        return new

    def upto(self, text: str) -> tuple[list[int], str]:
        """Ids of the whole tokens within ``text``, a beginning of this one, and what of it they leave over."""
        n = next((n for n in range(len(self.ids), 0, -1) if 0 <= self._ends[n - 1] <= len(text)), 0)
        return self.ids[:n], text[self._ends[n - 1] if n else 0 :]


class Remembered:
    """The last generations, each by the hash of its prompt's ids; a prompt may have several, of different seeds."""

    def __init__(self, most: int) -> None:
        self._kept: deque[tuple[int, Generated]] = deque(maxlen=most)

    def add(self, key: int, generated: Generated) -> None:
        """Remember one, by ``hash(tuple(ids))`` of its prompt."""
        self._kept.append((key, generated))

    def recall(self, ids: list[int], text: str) -> Generated | None:
        """The generation after a prompt that begins with ``text``, or that ``text`` begins with.

        The latter only if ``text`` goes on in another line, as what is put after words that have ended does.
        """
        key = hash(tuple(ids))
        known = [g for k, g in reversed(self._kept) if k == key and g.text]
        whole = next((g for g in known if g.text.startswith(text)), None)
        return whole or max(
            (g for g in known if text.startswith(g.text) and "\n" in (g.text[-1], text[len(g.text)])),
            key=lambda g: len(g.text),
            default=None,
        )

    def put_between(
        self, ids: list[int], text: str, tokenize: Callable[[str], list[int]]
    ) -> tuple[int, list[int]] | None:
        """What of ``text`` was put before another generation that is remembered: its characters, and its ids."""
        for key, generated in reversed(self._kept):
            at = text.find(generated.text) if generated.text else 0
            if at > 0:
                put = tokenize(text[:at])
                if hash((*ids, *put)) == key:
                    return at, put
        return None
