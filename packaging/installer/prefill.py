"""How fast a prompt is read, in tokens a second of the processor's time, which other programs' work does not disturb.

    python packaging/installer/prefill.py MODEL.gguf

Compares environments: run it in one with one library for all processors, and in one with those of ``variants.py``.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import psutil

from tutor_app.adapters.engine.client import Engine, EngineOptions
from tutor_app.core.dialect import Span
from tutor_app.core.ports import Sampling, Stopped

TEXT = "The sum of the first integers is important. " * 90


def main() -> int:
    """Read two prompts; returns the exit code."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    engine = Engine(Path(sys.argv[1]), EngineOptions(n_ctx=2048))
    engine.load()
    process = psutil.Process(engine.pid)
    for number in range(2):
        before = sum(process.cpu_times()[:2])
        items = engine.generate([Span(f"{number} {TEXT}")], sampling=Sampling(), max_tokens=1, cancel=threading.Event())
        end = next(item for item in items if isinstance(item, Stopped))
        spent = sum(process.cpu_times()[:2]) - before
        print(f"{engine.info.device}: {end.evaluated_tokens / spent:.1f} tokens a second of processor time")
    engine.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
