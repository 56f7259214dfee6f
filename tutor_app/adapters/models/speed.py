"""Estimates how fast a model would write here, before it is downloaded.

Writing a token reads every weight once, so the speed is that of reading memory with all cores, divided by the model's
size. A short probe measures the first. It is an estimate for a processor: a graphics card is faster, a busy computer
slower.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from functools import cache
from typing import Final

PROBE_BYTES: Final = 64 * 2**20
"""Larger than the last cache of most computers."""
SHARE: Final = 0.6
"""Of the probe's speed that decoding reaches, since it also unpacks the weights: measured with the 0.5B model on two
cores, 54 tokens a second where the probe read 46 GB a second (2026-11-28)."""
PROBE_SECONDS: Final = 0.2


@cache
def read_speed(seconds: float = PROBE_SECONDS) -> float:
    """Bytes a second at which all cores together read memory while they multiply.

    Measured in a process of its own: NumPy and its threads would stay in the window's memory for good.

    Args:
        seconds: How long to measure, at least one pass.
    """
    command = [sys.executable, "-P", __file__, str(seconds)]
    with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
        done = subprocess.run(command, capture_output=True, text=True, timeout=30 + seconds, check=True)
        return float(done.stdout)
    return measure(seconds)


def measure(seconds: float) -> float:
    """The same in this process."""
    import numpy as np

    side = int((PROBE_BYTES / 4) ** 0.5)
    matrix = np.ones((side, side), dtype=np.float32)
    vector = np.ones(side, dtype=np.float32)
    matrix @ vector  # the first pass starts the threads
    best, begin = float("inf"), time.perf_counter()
    while True:
        start = time.perf_counter()
        matrix @ vector
        now = time.perf_counter()
        best = min(best, now - start)
        if now - begin >= seconds:
            return matrix.nbytes / best


def tokens_per_second(weights: int, speed: float) -> float:
    """Estimated speed of writing.

    Args:
        weights: Bytes of the weights that work on a token.
        speed: From :func:`read_speed`.
    """
    return SHARE * speed / weights if weights else 0.0


if __name__ == "__main__":
    print(measure(float(sys.argv[1])))  # noqa: T201
