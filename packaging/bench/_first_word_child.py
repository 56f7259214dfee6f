"""The process that ``first_word.py`` measures: a problem asked at once after a start; prints one JSON object.

    python _first_word_child.py FOLDER PROBLEM [warm|question]

Times are seconds since the interpreter began. ``warm`` waits for :meth:`AppServices.warm` first, as when the window is
open for a while; without it the problem is asked in the first moment. ``question`` lets it be solved, asks about the
solution, and then asks another problem: seconds from each of the two to its first word.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

BEGAN = time.perf_counter()
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tutor_app.core.events import Finished, SolveEvent, TextDelta  # noqa: E402 - the clock runs first
from tutor_app.tutor.paths import Folders  # noqa: E402
from tutor_app.window_services import AppServices  # noqa: E402


def question(services: AppServices, problem: str) -> dict[str, float]:
    """Seconds to the first word of a question about a solution, and of another problem."""
    *_, end = services.solve(problem, threading.Event())
    assert isinstance(end, Finished)
    return {
        "question": first_word(lambda cancel: services.ask(end.transcript, "Why is that so?", cancel)),
        "problem": first_word(lambda cancel: services.solve("A box holds 12 eggs. How many do 9 boxes hold?", cancel)),
    }


def first_word(ask: Callable[[threading.Event], Iterator[SolveEvent]]) -> float:
    """Seconds until words come; nothing more is waited for."""
    begun, cancel, spent = time.perf_counter(), threading.Event(), 0.0
    for event in ask(cancel):
        if isinstance(event, TextDelta) and event.text.strip() and not spent:
            spent = time.perf_counter() - begun
            cancel.set()
    return spent


def main() -> int:
    """Ask, and note when what came."""
    folder, problem = sys.argv[1:3]
    found: dict[str, float] = {}

    def now(name: str) -> None:
        found.setdefault(name, round(time.perf_counter() - BEGAN, 3))

    where = Folders.under(folder)
    where.create()
    services = AppServices(where)
    model = os.environ.get("TUTOR_BENCH_MODEL", "starter")
    services.save_settings(replace(services.load_settings(), model=model, max_tokens=256))
    now("services")
    if sys.argv[3:] == ["warm"]:
        services.warm()
        now("warm")
    if sys.argv[3:] == ["question"]:
        services.warm()
        print(json.dumps(question(services, problem)))
        services.close()
        return 0
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
