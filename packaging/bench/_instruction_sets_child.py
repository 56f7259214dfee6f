"""Bare llama.cpp with the library that ``LLAMA_CPP_LIB_PATH`` names: processor time of reading and of writing.

    python _instruction_sets_child.py MODEL.gguf

Prints JSON: seconds of all threads for a token of a prompt, of one text, of eight and of sixteen texts at once, and the
tokens of the one text, written greedily. It computes on one thread: several wait for each other, longer where other
programs are busy.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from typing import Any, Final

import numpy as np
from llama_cpp import llama_cpp as low

TOGETHER: Final = (8, 16)
CHUNK: Final = 64
PROMPT: Final = 512
WORDS: Final = 48
ROUNDS: Final = 24
"""Words of each of several texts."""
TEXT: Final = "A farmer sells 12 eggs a day for 3 dollars each, and so the sum of a week is found like this. "


@low.llama_log_callback  # type: ignore[untyped-decorator]
def quiet(level: Any, text: Any, data: Any) -> None:
    """llama.cpp speaks of every step otherwise."""


class Context:
    """A model with room for several texts that share one cache."""

    def __init__(self, path: str) -> None:
        self._model = low.llama_model_load_from_file(os.fsencode(path), low.llama_model_default_params())
        params = low.llama_context_default_params()
        params.n_ctx, params.n_seq_max, params.kv_unified = 4096, max(TOGETHER), True
        params.n_batch = params.n_ubatch = CHUNK + max(TOGETHER)
        params.n_threads = params.n_threads_batch = 1
        params.flash_attn_type, params.no_perf = 0, True
        self._context = low.llama_init_from_model(self._model, params)
        self._vocab = low.llama_model_get_vocab(self._model)
        self._size = int(low.llama_vocab_n_tokens(self._vocab))
        self._batch = low.llama_batch_init(CHUNK + max(TOGETHER), 0, 1)

    def tokens(self, text: str) -> list[int]:
        """Ids of a text."""
        data = text.encode()
        ids = (ctypes.c_int32 * (len(data) + 8))()
        return list(ids[: low.llama_tokenize(self._vocab, data, len(data), ids, len(ids), True, False)])

    def decode(self, rows: list[tuple[int, int, int, bool]]) -> list[int]:
        """Evaluate ``(token, position, sequence, wanted)``; the likeliest token after each wanted one."""
        self._batch.n_tokens = len(rows)
        for i, (token, at, sequence, wanted) in enumerate(rows):
            self._batch.token[i], self._batch.pos[i], self._batch.logits[i] = token, at, wanted
            self._batch.n_seq_id[i], self._batch.seq_id[i][0] = 1, sequence
        assert low.llama_decode(self._context, self._batch) == 0
        wanted_rows = [i for i, row in enumerate(rows) if row[3]]
        found = (low.llama_get_logits_ith(self._context, i) for i in wanted_rows)
        return [int(np.argmax(np.ctypeslib.as_array(logits, shape=(self._size,)))) for logits in found]

    def share(self) -> None:
        """Let every sequence go on from what the first one holds."""
        memory = low.llama_get_memory(self._context)
        for other in range(1, max(TOGETHER)):
            low.llama_memory_seq_rm(memory, other, -1, -1)
            low.llama_memory_seq_cp(memory, 0, other, -1, -1)

    def forget(self, at: int) -> None:
        """Leave of the first text what stands before a position, and of the others nothing."""
        memory = low.llama_get_memory(self._context)
        for sequence in range(max(TOGETHER)):
            low.llama_memory_seq_rm(memory, sequence, at if not sequence else -1, -1)


def spent() -> float:
    """Processor time of this process, all threads."""
    return time.process_time()


def measure(path: str) -> dict[str, Any]:
    """Read a prompt, write several texts on from it at once, then one alone."""
    context = Context(path)
    prompt = context.tokens(TEXT * 40)[:PROMPT]
    context.decode([(token, at, 1, False) for at, token in enumerate(prompt[:CHUNK])])  # warms up
    start, likeliest = spent(), []
    for at in range(0, PROMPT, CHUNK):
        last = at + CHUNK == PROMPT
        rows = [(t, at + i, 0, last and i == CHUNK - 1) for i, t in enumerate(prompt[at : at + CHUNK])]
        likeliest = context.decode(rows)
    read = spent() - start
    found: dict[str, Any] = {"read": read / PROMPT}
    for together in TOGETHER:
        context.share()
        texts = [prompt[-i - 1] for i in range(together)]
        start = spent()
        for at in range(PROMPT, PROMPT + ROUNDS):
            texts = context.decode([(token, at, sequence, True) for sequence, token in enumerate(texts)])
        found[str(together)] = (spent() - start) / ROUNDS / together
        context.forget(PROMPT)
    written, start = likeliest, spent()
    for at in range(PROMPT, PROMPT + WORDS):
        written += context.decode([(written[-1], at, 0, True)])
    one = spent() - start
    return found | {"one": one / WORDS, "written": written}


if __name__ == "__main__":
    low.llama_log_set(quiet, ctypes.c_void_p(0))
    print(json.dumps(measure(sys.argv[1])))
