"""The part of export that needs llama.cpp, in a process of its own: llama.cpp may abort, and writes to standard error.

Run by path: ``quantize SOURCE TARGET TYPE``, ``logits MODEL IDS.npy OUT.npy [ADAPTER]`` or ``likeliest MODEL IDS.npy
OUT.npy``. Imports nothing of this package.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from ctypes import byref
from typing import Any

FILE_TYPES = {"q8_0": 7, "q4_k_m": 15, "q5_k_m": 17}
"""llama.cpp's numbers for whole-file types."""


def threads() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def quantize(source: str, target: str, kind: str) -> int:
    """Write a quantised copy; 0 if it went well."""
    from llama_cpp import llama_cpp as low

    params = low.llama_model_quantize_default_params()
    params.ftype = FILE_TYPES[kind]
    params.nthread = threads()
    return int(low.llama_model_quantize(source.encode(), target.encode(), byref(params)))


def logits(model: str, ids_path: str, out: str, adapter: str | None = None) -> int:
    """Logits after every token of some texts, each evaluated by itself; keys and values in float32.

    ``IDS.npy`` has shape ``(texts, n)``, ``OUT.npy`` float32 ``(texts, n, n_vocab)``.
    """
    import numpy as np

    found = [np.array(scores) for scores in _scores(model, np.load(ids_path), adapter)]
    np.save(out, np.stack(found))
    return 0


def likeliest(model: str, ids_path: str, out: str) -> int:
    """The likeliest token after every token of some texts.

    ``IDS.npy`` has shape ``(texts, n)``, shorter texts filled up with -1; ``OUT.npy`` int64, the same shape.
    """
    import numpy as np

    ids = np.load(ids_path)
    found = np.full_like(ids, -1)
    for row, scores in zip(found, _scores(model, ids), strict=True):
        row[: len(scores)] = scores.argmax(-1)
    np.save(out, found)
    return 0


def _scores(model: str, ids: Any, adapter: str | None = None) -> Iterator[Any]:
    """Logits after every token of each row, float32 ``(tokens, n_vocab)``, to be used before the next is asked for."""
    from llama_cpp import Llama

    llama = Llama(
        model,
        lora_path=adapter,
        n_ctx=max(32, ids.shape[1]),
        n_batch=ids.shape[1],
        n_threads=threads(),
        n_threads_batch=threads(),
        n_gpu_layers=0,
        logits_all=True,
        type_k=0,
        type_v=0,
        verbose=False,
    )
    try:
        for row in ids:
            tokens = [int(i) for i in row if i >= 0]
            llama.reset()
            llama.eval(tokens)
            yield llama.scores[: len(tokens)]
    finally:
        llama.close()


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    commands: dict[str, Callable[..., int]] = {"quantize": quantize, "logits": logits, "likeliest": likeliest}
    sys.exit(commands[command](*arguments))
