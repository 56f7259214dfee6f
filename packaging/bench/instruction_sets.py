"""What llama.cpp gains by this processor's instructions against AVX2: processor time of reading and of writing.

Both builds are those that set-up keeps in the cache; where one is missing, that is said and nothing is measured.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import bootstrap
import instructions

from tutor_app.core.errors import TutorError
from tutor_app.tutor.models import model_store
from tutor_app.tutor.paths import folders

HERE: Final = Path(__file__).resolve().parent
Row = tuple[str, float, str, str, float]
WHAT: Final = {
    "read": "reading a prompt",
    "one": "writing one text",
    "8": "writing eight texts at once",
    "16": "writing sixteen texts at once",
}
TURNS: Final = 3


def rows() -> Iterator[Row]:
    """Measure with the starter, and with the standard model where it is installed."""
    best = bootstrap.levels("cpu")[0]
    with tempfile.TemporaryDirectory() as name:
        libraries = []
        for level in (instructions.PORTABLE, best):
            wheel = next(bootstrap.wheel_folder("cpu", level).glob("*.whl"), None)
            if best == instructions.PORTABLE or wheel is None:
                why = "nothing faster here" if best == instructions.PORTABLE else f"no build for {level.name}"
                yield f"instruction sets: not measured, {why}", 0, "", "make setup ENGINE=avx2, ENGINE=cpu", 0
                return
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(Path(name) / level.name)
            libraries.append(Path(name) / level.name / "llama_cpp" / "lib")
        store = model_store(folders(os.environ.get("TUTOR_DATA_DIR")))
        for model in ("starter", "standard"):
            try:
                path = store.find(model).path
            except TutorError:
                continue
            yield from _compared(model, path, best.name, libraries)


def _compared(model: str, path: Path, level: str, libraries: list[Path]) -> Iterator[Row]:
    runs: list[list[dict[str, Any]]] = [[], []]
    for _ in range(TURNS):  # in turns, and the best of each: other programs only ever make a run slower
        for found, library in zip(runs, libraries, strict=True):
            found.append(_run(path, library))
    for key, words in WHAT.items():
        portable, fast = (1 / min(run[key] for run in found) for found in runs)
        yield f"{words}, {model}, {level}", fast, "tok/s", f"AVX2, {portable:.1f} tok/s of one core", fast / portable
    same = len({tuple(run["written"]) for found in runs for run in found})
    yield f"greedy texts that differ, {model}", same - 1, "", "AVX2", 0


def _run(path: Path, library: Path) -> dict[str, Any]:
    command = [sys.executable, str(HERE / "_instruction_sets_child.py"), str(path)]
    env = {**os.environ, "LLAMA_CPP_LIB_PATH": str(library)}
    found: dict[str, Any] = json.loads(subprocess.run(command, env=env, check=True, capture_output=True).stdout)
    return found
