"""A judge of numpy in a process of its own: ``python -m tests.trainer.cbbt.verifier.toy_judge MODE``.

A solution is a text that says how good it is, ``quality 0.7``. The margin shows that only as far as the soft tokens
point the right way; the hidden state always does, among noise.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from trainer.cbbt.frames import Array, Arrays
from trainer.cbbt.serving import serve

WIDTH = 16
_rng = np.random.default_rng(2)
WAY = _rng.standard_normal(WIDTH) / 4
SIGN = _rng.standard_normal(WIDTH)


def command(mode: str = "good") -> list[str]:
    return [sys.executable, "-m", "tests.trainer.cbbt.verifier.toy_judge", mode]


def main(mode: str) -> None:
    qualities: list[float] = []

    def start(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        return {"prompt": np.zeros((int(header["tokens"]), WIDTH), np.float32)}

    def read(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        found = [float(text.rpartition(" ")[2]) for text in header["texts"]]
        qualities.extend(found)
        lengths = np.array([0 if q > 99 else 40 for q in found], dtype=np.int64)
        scores = np.array([[4.0, 0.8, -0.3 + 0.01 * (q > 0), -3.0, 1.0] for q in found], dtype=np.float32)
        return {"lengths": lengths, "scores": scores}

    def judge(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        quality = np.array([qualities[i] for i in arrays["items"]])
        noise = np.stack([np.random.default_rng(int(i)).standard_normal(WIDTH + 1) for i in arrays["items"]])
        attention = np.tanh(arrays["prompts"].mean(axis=1) @ WAY)[:, None]
        margins = -1 + attention * quality + 0.3 * noise[:, WIDTH]
        states = np.broadcast_to(3 * quality[:, None] * SIGN + 2 * noise[:, :WIDTH], (*margins.shape, WIDTH)).copy()
        if mode == "nan":
            margins[0, 0] = np.nan
        return {"margins": margins.astype(np.float32), "features": states.astype(np.float32)}

    info = {"embedding": WIDTH, "features": WIDTH} if mode != "closed" else {"features": WIDTH}
    serve({"start": start, "read": read, "judge": judge}, info)


if __name__ == "__main__":
    main(sys.argv[1])
