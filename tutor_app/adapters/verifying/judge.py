"""A GGUF model that is asked whether a solution is right, with soft tokens before the question.

A solution is read once; its keys and values are kept as bytes, and how likely the model finds its tokens is told. A
query puts a few soft tokens (embeddings) and the question after it and gives the margin of "Yes" over "No" and the
hidden state of the last token. All prompts share the solution's cells, so a query costs the soft tokens and the
question. Only a process of its own imports this: llama.cpp may abort.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tutor_app.adapters.engine.client import WAITING
from tutor_app.adapters.engine.llama import CPU_CHUNK, LlamaModel, LoadError
from tutor_app.adapters.engine.processor import WITHOUT_CARD, Memory, take, would_take
from tutor_app.adapters.engine.proving import card_works, step_down
from tutor_app.adapters.verifying.kept import Kept
from tutor_app.adapters.verifying.reading import MOST_SOFT, SCORES, TOO_LONG, Reading, problem_of, scores_of
from tutor_app.core.errors import UserFault

Array = npt.NDArray[Any]

BEFORE: Final = "<|im_start|>user\nA problem and a student's solution.\n\n"
QUESTION: Final = "\nIs this solution right? Answer Yes or No.<|im_end|>\n<|im_start|>assistant\n"
N_CTX: Final = 2048
"""Tokens of a solution, the soft tokens and the question at most."""
CELLS: Final = 128
"""Of the cache for each sequence; together they are one cache, in which the solution is held once."""
SEQUENCES: Final = 33
"""The solution itself, and prompts that are judged at once."""


class Judge:
    """The model, and the solutions that it has read.

    Args:
        path: Of the GGUF file.
        threads: For evaluation.
        folder: Where to keep what is read; None is in memory.
        processor: Which libraries of llama.cpp have failed on this one. One that has not computed yet is proved first.

    Raises:
        UserFault: If the model cannot be loaded or gives no hidden states.
    """

    def __init__(self, path: str, threads: int, folder: Path | None, processor: Memory) -> None:
        request: dict[str, Any] = {
            "path": path, "gpu_layers": -1 if card_works(processor) else 0, "n_seq": SEQUENCES, "n_ctx": CELLS,
            "threads": threads, "one_cache": True, "kv_type": "f16", "adapter": "",
        }  # fmt: skip
        for name, value in (WAITING if request["gpu_layers"] else WAITING | WITHOUT_CARD).items():
            os.environ.setdefault(name, value)  # before llama.cpp is loaded
        if would_take(processor.known.refused) not in ("", *processor.known.proved):
            step_down(processor)
        try:
            request["variant"] = take(processor.known.refused)
            self._model = LlamaModel(request, [], lambda _: None)
        except LoadError as e:
            raise UserFault(f"{path} cannot be used: {e}.", "Give a GGUF model.") from None
        self._low = self._model.lc
        self.width = int(self._low.llama_model_n_embd(self._model.model))
        self._question = self.ids(QUESTION)
        self._yes, self._no = (self.ids(word)[0] for word in ("Yes", "No"))
        # Another version, or another division into sequences, does not take their bytes.
        layout = f"{self._model.version} {SEQUENCES} in one cache, {len(SCORES)} scores"
        self._kept = Kept(folder, Path(path), layout)
        self._read: list[int] = []
        self._rows = int(self._low.llama_n_batch(self._model.ctx))
        self._soft = self._low.llama_batch_init(self._rows, self.width, 1)

    def read(self, text: str) -> Reading:
        """Read a solution and keep what was read.

        What it has in common with the one read before, up to its own first token, is not read again.
        """
        if (known := self._kept.take(text)) is not None:
            return known
        ids = self._model.tokenize(BEFORE.encode(), special=True, first=True)
        # What a solution says must not end the turn, whatever it says.
        told = self._model.tokenize(text.encode("utf-8", "replace"), special=False, first=False)
        start = len(ids) + self._tokens_within(told, problem_of(text))
        ids += told
        if len(ids) > N_CTX - len(self._question) - MOST_SOFT:
            self._kept.add(text, TOO_LONG, b"")
            return TOO_LONG
        common = self._cut_to(ids, start - 1)
        found: list[float] = []
        for first in range(common, len(ids), CPU_CHUNK):
            part = ids[first : first + CPU_CHUNK]
            # The logits of a token are about the next one.
            asked = [start - 1 <= at < len(ids) - 1 for at in range(first, first + len(part))]
            self._model.decode([(token, first + i, 0, asked[i]) for i, token in enumerate(part)])
            found += [self._log_probability(i, ids[first + i + 1]) for i, wanted in enumerate(asked) if wanted]
        self._read = ids
        reading = Reading(len(ids), scores_of(np.array(found)))
        self._kept.add(text, reading, self._model.state(0))
        return reading

    def _cut_to(self, ids: list[int], most: int) -> int:
        """Leave in the cache what was read last as far as ``ids`` and it agree, ``most`` tokens; how many these are."""
        same = next((i for i, (a, b) in enumerate(zip(ids, self._read, strict=False)) if a != b), len(self._read))
        common = self._model.forget(0, min(same, most)) if self._read else 0
        if not common:
            self._empty()
        return common

    def _tokens_within(self, ids: list[int], text: str) -> int:
        """How many tokens begin before the end of ``text``, with which they begin."""
        left, count = len(text.encode("utf-8", "replace")), 0
        for token in ids:
            if left <= 0:
                break
            left -= len(self._model.piece(token))
            count += 1
        return count

    def _log_probability(self, row: int, token: int) -> float:
        logits = self._model.logits(row)
        top = logits.max()
        return float(logits[token] - top - np.log(np.exp(logits - top).sum()))

    def clear(self) -> None:
        """Forget all solutions that were read."""
        self._kept.clear()

    def judge(self, prompts: Array, items: Array) -> tuple[Array, Array]:
        """Margins ``[prompts, items]`` and hidden states ``[prompts, items, width]`` of solutions that were read.

        Raises:
            UserFault: If a prompt does not fit the model, or an item was not read.
        """
        if prompts.ndim != 3 or prompts.shape[2] != self.width or not 0 < prompts.shape[1] <= MOST_SOFT:
            raise UserFault(f"A prompt is 1 to {MOST_SOFT} soft tokens of {self.width} numbers.")
        margins = np.zeros((len(prompts), len(items)), dtype=np.float32)
        hidden = np.zeros((len(prompts), len(items), self.width), dtype=np.float32)
        at_once = max(1, min(SEQUENCES - 1, self._rows // prompts.shape[1]))
        for column, item in enumerate(items):
            if not 0 <= item < len(self._kept) or not self._kept.tokens(item):
                raise UserFault(f"Solution {item} has not been read.")
            length = self._kept.tokens(item)
            self._empty()
            if not self._model.restore(0, self._kept.state(item)):
                raise UserFault("The model's context takes no saved state.")
            for first in range(0, len(prompts), at_once):
                part = prompts[first : first + at_once]
                found = self._judged(part, length)
                for i, (margin, state_of) in enumerate(found):
                    margins[first + i, column], hidden[first + i, column] = margin, state_of
        return margins, hidden

    def _judged(self, prompts: Array, length: int) -> list[tuple[float, Array]]:
        """Margin and hidden state under each prompt, after the solution in sequence 0."""
        tokens = prompts.shape[1]
        for seq in range(1, len(prompts) + 1):
            self._model.copy(0, seq)
        self._decode_soft(prompts, length)
        before, last = self._question[:-1], self._question[-1]
        rows = [
            (token, length + tokens + i, n + 1, False) for n in range(len(prompts)) for i, token in enumerate(before)
        ]
        for first in range(0, len(rows), self._rows):
            self._model.decode(rows[first : first + self._rows])
        ends = [(last, length + tokens + len(before), n + 1, True) for n in range(len(prompts))]
        with self._hidden_states():
            self._model.decode(ends)
            return [self._outcome(i) for i in range(len(ends))]

    @contextlib.contextmanager
    def _hidden_states(self) -> Iterator[None]:
        """Let the model give hidden states, of every row that it decodes, and with them logits of the whole vocabulary.

        That costs about as much as all layers of a small model, so only the rows that are read are decoded so.
        """
        self._low.llama_set_embeddings(self._model.ctx, True)
        try:
            yield
        finally:
            self._low.llama_set_embeddings(self._model.ctx, False)

    def _outcome(self, row: int) -> tuple[float, Array]:
        """Margin and hidden state of a batch row."""
        logits = self._model.logits(row)
        pointer = self._low.llama_get_embeddings_ith(self._model.ctx, row)
        if not pointer:
            raise UserFault("The model gives no hidden states.", "Use another model.")
        state = np.ctypeslib.as_array(ctypes.cast(pointer, ctypes.POINTER(ctypes.c_float)), shape=(self.width,))
        return float(logits[self._yes] - logits[self._no]), state.copy()

    def _decode_soft(self, prompts: Array, length: int) -> None:
        batch, flat = self._soft, np.ascontiguousarray(prompts.reshape(-1, self.width), dtype=np.float32)
        batch.n_tokens = len(flat)
        ctypes.memmove(batch.embd, flat.ctypes.data, flat.nbytes)
        for i in range(len(flat)):
            seq, place = divmod(i, prompts.shape[1])
            batch.pos[i], batch.n_seq_id[i], batch.seq_id[i][0], batch.logits[i] = length + place, 1, seq + 1, 0
        if self._low.llama_decode(self._model.ctx, batch):
            raise UserFault("The model takes no embeddings.", "Use another model.")

    def _empty(self) -> None:
        """Empty the cache: where in it a solution lies changes the last digits of its margin."""
        self._low.llama_memory_clear(self._model.memory, False)
        self._read = []

    def ids(self, text: str) -> list[int]:
        """Token ids of a text."""
        return self._model.tokenize(text.encode(), special=True, first=False)
