"""A black box of numpy, in a process of its own, that can misbehave: ``python -m tests.trainer.cbbt.toy_box MODE``.

Texts: the features of a prompt with a class are ``tanh(W1 prompt + W2 class)``. Images: ``tanh(W1 image)``. With
``tap FILE MODE`` it stands between: everything that the box sends is also written to the file.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from trainer.cbbt.frames import Array, Arrays
from trainer.cbbt.serving import serve

EMBEDDING, FEATURES, CLASSES, TOKENS = 24, 8, 4, 1
_rng = np.random.default_rng(5)
W1 = (_rng.standard_normal((EMBEDDING, FEATURES)) / np.sqrt(EMBEDDING)).astype(np.float32)
W2 = _rng.standard_normal((CLASSES, FEATURES)).astype(np.float32)


def unit(x: Array) -> Array:
    return np.asarray(x / np.linalg.norm(x, axis=-1, keepdims=True), dtype=np.float32)


def command(mode: str = "good", tap: Path | None = None) -> list[str]:
    return [sys.executable, "-m", "tests.trainer.cbbt.toy_box", *(["tap", str(tap)] if tap else []), mode]


def texts(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
    prompts = arrays["prompts"]
    return {"features": unit(np.tanh(prompts.mean(axis=1)[:, None] @ W1 + W2))}


def images(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
    return {"features": unit(np.tanh(arrays["images"] @ W1))}


def main(mode: str) -> None:
    info = {"embedding": EMBEDDING, "features": FEATURES, "classes": CLASSES, "scale": 10.0}

    def start(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        return {"prompt": np.zeros((TOKENS, EMBEDDING), dtype=np.float32)}

    def bad(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        answer = dict(texts(header, arrays))
        if mode == "nan":
            answer["features"][-1, -1, -1] = np.nan
        if mode == "narrow":
            answer["features"] = answer["features"][..., :3]
        if mode == "nameless":
            answer = {"other": answer["features"]}
        if mode == "slow":
            threading.Event().wait()
        if mode == "dies":
            os.write(2, b"out of memory\n")
            os._exit(3)
        if mode == "noise":
            os.write(1, b"not a frame")
            sys.stderr.flush()
        return answer

    if mode == "no start":
        sys.exit("the weights are missing")
    if mode == "garbage":
        os.write(1, b"\x04\0\0\0oops")
        threading.Event().wait()
    serve({"start": start, "texts": texts if mode == "good" else bad, "images": images}, info)


def tap(path: str, rest: list[str]) -> None:
    """Copy what the box sends."""
    child = subprocess.Popen([sys.executable, "-m", "tests.trainer.cbbt.toy_box", *rest], stdout=subprocess.PIPE)
    assert child.stdout is not None
    with Path(path).open("ab", buffering=0) as log:
        while data := os.read(child.stdout.fileno(), 1 << 16):
            log.write(data)
            os.write(1, data)


if __name__ == "__main__":
    if sys.argv[1] == "tap":
        tap(sys.argv[2], sys.argv[3:])
    else:
        main(sys.argv[1])
