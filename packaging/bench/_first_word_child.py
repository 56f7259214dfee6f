"""The process that ``first_word.py`` measures: a problem asked at once after a start; prints one JSON object.

    python _first_word_child.py FOLDER PROBLEM [warm]

Times are seconds since the interpreter began. ``warm`` waits for :meth:`AppServices.warm` first, as when the window is
open for a while; without it the problem is asked in the first moment.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

BEGAN = time.perf_counter()
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tutor_app.core.events import TextDelta  # noqa: E402 - the clock runs first
from tutor_app.tutor.paths import Folders  # noqa: E402
from tutor_app.window_services import AppServices  # noqa: E402


def main() -> int:
    """Ask, and note when what came."""
    folder, problem = sys.argv[1:3]
    found: dict[str, float] = {}

    def now(name: str) -> None:
        found.setdefault(name, round(time.perf_counter() - BEGAN, 3))

    where = Folders.under(folder)
    where.create()
    services = AppServices(where)
    services.save_settings(replace(services.load_settings(), max_tokens=64))
    now("services")
    if sys.argv[3:] == ["warm"]:
        services.warm()
        now("warm")
    cancel = threading.Event()
    for event in services.solve(problem, cancel):
        now(type(event).__name__)
        if isinstance(event, TextDelta) and event.text.strip():
            now("word")
            cancel.set()
    services.close()
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
