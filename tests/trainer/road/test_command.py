"""The command over a very small recipe: up to the data in the usual tier, to the card with kills in the slow one."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.trainer.road.recipes import RECIPE, write_recipe
from tests.waiting import wait_until
from trainer.__main__ import main
from trainer.data.records import Rejects, read_records
from trainer.road.state import State

DATA = ("seeds", "make-code", "alter-correct", "augment-fobar", "data-stage1", "data-stage2")
ROOT = Path(__file__).parents[3]


def test_the_data_stages_are_made_once_and_again_where_a_setting_changes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe, run = write_recipe(tmp_path, RECIPE.replace("limit = 16", "limit = 3")), tmp_path / "run"
    command = ["road", str(recipe), "--run", str(run), "--until", "data-stage2"]
    assert main(command) == 0
    assert [f"{n}: making it." in capsys.readouterr().out for n in DATA[:1]] == [True]
    made = State.read(run)
    assert tuple(made.stages) == DATA
    records = {s: read_records([run / f"data-{s}" / f"{s}.jsonl"], Rejects()) for s in ("stage1", "stage2")}
    assert [r.meta["method"] for r in records["stage1"]] == ["original"] * 3
    methods = {str(r.meta["method"]) for r in records["stage2"]}
    assert methods == {"annotations-to-code", "correct-error", "fobar"}
    assert all(r.meta["decontaminated"] for rows in records.values() for r in rows)

    assert main(command) == 0
    assert capsys.readouterr().out.splitlines() == [f"{n}: up to date." for n in DATA]
    recipe.write_text(recipe.read_text().replace("corrections = 0.5", "corrections = 0.0"))
    assert main(command) == 0
    out = capsys.readouterr().out
    assert [line for line in out.splitlines() if line.endswith("up to date.")] == [
        f"{n}: up to date." for n in DATA[:4]
    ]
    changed = State.read(run).outputs()
    assert changed["data-stage1/stage1.jsonl"] == made.outputs()["data-stage1/stage1.jsonl"]
    assert changed["data-stage2/stage2.jsonl"] != made.outputs()["data-stage2/stage2.jsonl"]


def test_a_stage_that_the_recipe_does_not_have(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = write_recipe(tmp_path)
    assert main(["road", str(recipe), "--run", str(tmp_path / "run"), "--until", "augment-numbers"]) == 2
    assert "The recipe has no stage augment-numbers. There are: seeds, make-code" in capsys.readouterr().err


def test_a_seed_line_that_is_broken_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = write_recipe(tmp_path)
    (tmp_path / "train.jsonl").write_text('{"question": "What is 1 + 1?"}\n')
    assert main(["road", str(recipe), "--run", str(tmp_path / "run"), "--until", "data-stage2"]) == 2
    err = capsys.readouterr().err
    assert "problems.jsonl, line 1" in err
    assert err.count("\n") == 1


MIDWAY: dict[str, Callable[[Path], bool]] = {
    "make-code": lambda f: _lines(f / "make-code.journal") > 2,
    "alter-correct": lambda f: _lines(f / "alter-correct.journal") > 2,
    "augment-fobar": lambda f: _lines(f / "augment-fobar.journal") > 2,
    "stage1": lambda f: any(f.glob("checkpoints/step-0000002")),
    "stage2": lambda f: any(f.glob("checkpoints/step-0000004")),
    "evaluate": lambda f: _lines(f / "attempts.jsonl") > 1,
    "export": lambda f: any(f.glob(".export-*/*.gguf")),
}
"""When a stage is in its middle; the others are killed when they have written anything."""


def _anything(folder: Path) -> bool:
    return any(folder.iterdir())


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_killed_at_every_stage_it_ends_with_the_hashes_of_an_undisturbed_road(tmp_path: Path) -> None:
    for package in ("torch", "transformers", "peft", "gguf"):
        pytest.importorskip(package, reason="the trainer's packages are not installed")
    recipe = write_recipe(tmp_path / "in")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert main(["road", str(recipe), "--run", str(whole)]) == 0
    undisturbed = State.read(whole)
    names = [*DATA, "base", "stage1", "stage2", "evaluate", "export", "card"]
    assert list(undisturbed.stages) == names
    for name in names:
        _killed_in(name, recipe, killed)
    subprocess.run([sys.executable, "-m", "trainer", "road", recipe, "--run", killed], cwd=ROOT, check=True)
    again = State.read(killed)
    assert again.outputs() == undisturbed.outputs()
    assert [s["key"] for s in again.stages.values()] == [s["key"] for s in undisturbed.stages.values()]
    assert not list((killed / "export").glob(".export-*"))
    card = (killed / "card" / "card.md").read_text()
    report = json.loads((killed / "evaluate" / "evaluation.json").read_text())
    for part in (
        "| annotations-to-code | 0 | 16 |",
        "| all | 16 | 48 |",
        f"| strict grader | {report['strict']} % |",
        undisturbed.stages["export"]["outputs"]["small.gguf"],
        "| `max_length` | 512 | 768 |",
    ):
        assert part in card


def _killed_in(name: str, recipe: Path, run: Path) -> None:
    """Start a run, and kill it with -9 in the middle of a stage."""
    command = [sys.executable, "-m", "trainer", "road", str(recipe), "--run", str(run)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        began = (f"{name}: making it.", f"{name}: going on.", f"{name}: making it again.")
        line = next((line for line in child.stdout if line.rstrip() in began or f"{name}: up" in line), "")
        assert line, f"the run ended before {name}"
        midway = MIDWAY.get(name, _anything)
        # A short stage may be over before it is seen in its middle: then it is killed after it.
        wait_until(lambda: child.poll() is not None or midway(run / name) or name in State.read(run).stages)
        os.kill(child.pid, signal.SIGKILL)
        child.stdout.read()
