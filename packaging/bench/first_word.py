"""The first word of a first question after a cold start, with and without a kept beginning of the prompt.

The whole program but the window: services, library, sandbox, model process. The rows say where the time goes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tutor_app.tutor.paths import folders

Row = tuple[str, float, str, str, float]

PROBLEMS = (
    "A pen costs 3 dollars. What do 7 pens cost?",
    "How many edges has a cube with its top removed?",
    "What is the sum of the first ten odd numbers?",
)


def rows() -> Iterator[Row]:
    """Measure with the starter, or the model that ``TUTOR_BENCH_MODEL`` names, each start in a process of its own."""
    models = folders(os.environ.get("TUTOR_DATA_DIR")).models
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        (scratch / "first").mkdir()
        (scratch / "first" / "models").symlink_to(models, target_is_directory=True)
        fresh = ask(scratch / "first", PROBLEMS[0])
        kept = min((ask(scratch / "first", problem) for problem in PROBLEMS[1:]), key=lambda found: found["word"])
        warm = ask(scratch / "first", PROBLEMS[0], "warm")
        after = ask(scratch / "first", PROBLEMS[0], "question")
    total = fresh["word"]
    yield "cold start to first word, nothing kept", total, "s", "itself", 1.0
    yield "cold start to first word, beginning kept", kept["word"], "s", "nothing kept", kept["word"] / total
    for what, since, until in (
        ("of that until the services are there", "", "services"),
        ("of that until the solution is recorded", "services", "Recorded"),
        ("of that until the model is loaded and reads", "Recorded", "Reading"),
        ("of that until the first word", "Reading", "word"),
    ):
        spent = kept.get(until, 0.0) - kept.get(since, 0.0)
        yield what, spent, "s", "cold start to first word", spent / kept["word"]
    asked = warm["word"] - warm["warm"]
    yield "first word where the model was loaded in the background", asked, "s", "nothing kept", asked / total
    read = total - fresh.get("Reading", 0.0)
    for reference, other in (("a new problem's", after["problem"]), ("a new problem's, nothing kept", read)):
        told = f"{reference}, {other:.3g} s"
        yield "first word of a question about a solution", after["question"], "s", told, after["question"] / other


def ask(folder: Path, problem: str, *more: str) -> dict[str, float]:
    """Ask in a new process."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPYCACHEPREFIX"] = str(folder.parent / "compiled")
    command = [sys.executable, str(Path(__file__).with_name("_first_word_child.py")), str(folder), problem, *more]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=env).stdout
    found: dict[str, float] = json.loads(text.splitlines()[-1])
    return found
