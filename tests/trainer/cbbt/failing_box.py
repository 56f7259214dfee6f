"""Stands before a black box, started by the rest of the command line, and lets it fail after some answers.

Modes: ``slow`` answers no more, ``dies`` ends, ``nan`` and ``narrow`` spoil the first array of floats.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Sequence

import numpy as np

from trainer.cbbt.frames import pack_frame, read_frame


def command(mode: str, answers: int, inner: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "tests.trainer.cbbt.failing_box", mode, str(answers), *inner]


def main(mode: str, answers: int, inner: Sequence[str]) -> None:
    with subprocess.Popen(inner, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as box:
        assert box.stdin is not None
        assert box.stdout is not None
        for number in range(-1, 1 << 30):
            if number >= 0:  # the first frame says what the box is, unasked
                asked = read_frame(sys.stdin.buffer)
                if asked is None:
                    break
                box.stdin.write(pack_frame(*asked))
                box.stdin.flush()
            answer = read_frame(box.stdout)
            if answer is None:
                break
            header, arrays = answer
            if number >= answers:
                if mode == "dies":
                    box.kill()
                    os.write(2, b"out of memory\n")
                    os._exit(3)
                if mode == "slow":
                    threading.Event().wait()
                name = next((n for n, a in arrays.items() if a.dtype.kind == "f"), None)
                if name is not None:
                    bad = arrays[name].copy()
                    if mode == "nan":
                        bad[(-1,) * bad.ndim] = np.nan
                    arrays[name] = bad[..., :-1] if mode == "narrow" else bad
            os.write(1, pack_frame(header, arrays))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
