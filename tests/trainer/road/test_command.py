"""The command over a very small recipe: up to the data in the usual tier, to the card with kills in the slow one."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.trainer.commands.teachers import teacher
from tests.trainer.road.recipes import ASKING, RECIPE, scripted, write_recipe
from tests.trainer.teacher.completions_server import serving
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


ASKED = (*DATA[:4], "asked-rephrase", "synthesize", *DATA[4:])


def test_a_teacher_is_asked_once_and_goes_where_its_server_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("urllib3", reason="the trainer's packages are not installed")
    text, run = ASKING.replace("limit = 16", "limit = 4"), tmp_path / "run"
    recipe = write_recipe(tmp_path)

    def road(url: str) -> list[str]:
        recipe.write_text(text.replace("URL", url))
        assert main(["road", str(recipe), "--run", str(run), "--until", "data-stage2"]) == 0
        return capsys.readouterr().out.splitlines()

    with serving(script := teacher(scripted(lambda boxes: boxes == 4))) as url:
        out = road(url)
        asked = len(script.asked)
        assert "  left out, the answer is not the one that is known: 2" in out
        assert road(url) == [f"{n}: up to date." for n in ASKED]
    made = State.read(run)
    assert tuple(made.stages) == ASKED
    records = {s: read_records([run / f"data-{s}" / f"{s}.jsonl"], Rejects()) for s in ("stage1", "stage2")}
    assert Counter(str(r.meta["method"]) for r in records["stage1"]) == {"original": 4, "rephrase": 4}
    solved = [r for r in records["stage2"] if r.meta["method"] == "code-nested"]
    assert Counter(str(r.meta["parent_method"]) for r in solved) == {"original": 3, "rephrase": 3}
    assert {(r.meta["teacher"], r.meta["round"], r.meta["label"]) for r in solved} == {("m", 1, "gold")}
    with serving(script := teacher(scripted())) as url:  # the server moved, and would say other things now
        assert road(url) == [f"{n}: up to date." for n in ASKED]
        text = text.replace("keep = 1", "keep = 1\nseed = 7")
        same = [f"{n}: up to date." for n in (*ASKED[:5], "data-stage1")]
        assert [line for line in road(url) if line.endswith("up to date.")] == same
        assert 0 < len(script.asked) < asked


def test_nothing_that_a_teacher_is_good_for_is_told_and_does_not_end_the_road(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("urllib3", reason="the trainer's packages are not installed")
    with serving(teacher(lambda problem, said: "Das weiß ich nicht, und es ist auch nicht wichtig für mich.")) as url:
        recipe = write_recipe(tmp_path, ASKING.replace("limit = 16", "limit = 2").replace("URL", url))
        assert main(["road", str(recipe), "--run", str(tmp_path / "run"), "--until", "data-stage2"]) == 0
    out = capsys.readouterr().out
    assert "asked-rephrase made no record out of 2 items. Reasons: 2 another language." in out
    assert (tmp_path / "run" / "synthesize" / "synthesize.jsonl").read_text() == ""
    noted = json.loads((tmp_path / "run" / "asked-rephrase" / "asked-rephrase.provenance.json").read_text())
    assert noted["left_out"] == {"another language": 2}


def test_a_budget_that_is_spent_ends_the_road_and_a_larger_one_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("urllib3", reason="the trainer's packages are not installed")
    text = ASKING.replace("limit = 16", "limit = 4").replace("parallel = 2", "parallel = 1\ntoken_budget = 8000")
    with serving(script := teacher(scripted())) as url:
        recipe = write_recipe(tmp_path, text.replace("URL", url))
        command = ["road", str(recipe), "--run", str(tmp_path / "run"), "--until", "asked-rephrase"]
        assert main(command) == 2
        assert "The budget of asked-rephrase is spent before all was asked." in capsys.readouterr().err
        asked = len(script.asked)
        assert 0 < asked < 8
        recipe.write_text(recipe.read_text().replace("token_budget = 8000", "token_budget = 0"))
        assert main(command) == 0
        assert "asked-rephrase: going on." in capsys.readouterr().out
        asked = len(script.asked)
        # What was under way when the budget ended, or was tried again, is asked in the same words.
        assert len({json.dumps(body, sort_keys=True) for body in script.asked}) == 8
        # Killed between the last reply and the state file: nobody is asked twice.
        state = State.read(tmp_path / "run")
        state.begun["asked-rephrase"] = state.stages.pop("asked-rephrase")["key"]
        state.write()
        assert main(command) == 0
        assert len(script.asked) == asked


def test_a_teacher_that_is_not_installed_is_said_before_anything_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = ASKING.replace('endpoint = "URL"', 'model = "owl-13b"').replace('dialect = "chatml"\n', "")
    recipe = write_recipe(tmp_path, text)
    assert main(["road", str(recipe), "--run", str(tmp_path / "run")]) == 2
    assert "owl-13b" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


MIDWAY: dict[str, Callable[[Path], bool]] = {
    "make-code": lambda f: _lines(f / "make-code.journal") > 2,
    "alter-correct": lambda f: _lines(f / "alter-correct.journal") > 2,
    "augment-fobar": lambda f: _lines(f / "augment-fobar.journal") > 2,
    "asked-rephrase": lambda f: _lines(f / "asked-rephrase.journal") > 2,
    "synthesize": lambda f: _lines(f / "synthesize.journal") > 2,
    "synthesize-2": lambda f: _lines(f / "synthesize-2.journal") > 2,
    "stage1": lambda f: any(f.glob("checkpoints/step-0000002")),
    "stage2": lambda f: any(f.glob("checkpoints/step-0000004")),
    "stage2-2": lambda f: any(f.glob("checkpoints/step-0000004")),
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
def test_killed_at_every_stage_with_a_teacher_and_a_round_of_its_own_it_ends_with_the_hashes_of_an_undisturbed_road(
    tmp_path: Path,
) -> None:
    for package in ("torch", "transformers", "peft", "gguf"):
        pytest.importorskip(package, reason="the trainer's packages are not installed")
    pytest.importorskip("urllib3", reason="the trainer's packages are not installed")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    names = [
        *ASKED,
        "base",
        "stage1",
        "stage2",
        "synthesize-2",
        "data-stage2-2",
        "stage2-2",
        "evaluate",
        "export",
        "card",
    ]
    with (
        serving(teacher(scripted(lambda boxes: boxes % 2 == 0))) as by_teacher,
        serving(teacher(scripted(lambda boxes: boxes % 4 == 0))) as by_itself,
    ):
        recipe = write_recipe(tmp_path / "in", ASKING.replace("URL", by_teacher))
        command = [sys.executable, "-c", ROAD, by_itself, "road", str(recipe), "--run"]
        subprocess.run([*command, whole], cwd=ROOT, check=True)
        undisturbed = State.read(whole)
        assert list(undisturbed.stages) == names
        for name in names:
            _killed_in(name, [*command, str(killed)], killed)
        subprocess.run([*command, killed], cwd=ROOT, check=True)
    again = State.read(killed)
    assert again.outputs() == undisturbed.outputs()
    assert [s["key"] for s in again.stages.values()] == [s["key"] for s in undisturbed.stages.values()]
    assert not list((killed / "export").glob(".export-*"))
    card = (killed / "card" / "card.md").read_text()
    report = json.loads((killed / "evaluate" / "evaluation.json").read_text())
    for part in (
        "| annotations-to-code | 0 | 16 |",
        "| rephrase | 16 | 0 |",
        "| code-nested | 0 | 24 |",  # of 32 problems 16 by the teacher, and of the others 8 by the model itself
        "| synthesize-2 | m | 8 | the answer is not the one that is known: 8 |",
        "| stage2-2 |",
        f"| strict grader | {report['strict']} % |",
        undisturbed.stages["export"]["outputs"]["small.gguf"],
        "| `max_length` | 512 | 768 |",
    ):
        assert part in card


ROAD = """
import sys
from pathlib import Path
from trainer.__main__ import main
from trainer.teacher import teacher
from trainer.teacher.open import ModelChoice, open_model

def scripted(choice):  # what a model of so few steps says is nothing; another server says it
    if not Path(choice.model or "none").is_dir():
        return open_model(choice)
    return open_model(ModelChoice(endpoint=sys.argv[1], dialect="chatml", stream=False, parallel=choice.parallel))

teacher.open_model = scripted
sys.exit(main(sys.argv[2:]))
"""


def _killed_in(name: str, command: list[str], run: Path) -> None:
    """Start a run, and kill it with -9 in the middle of a stage."""
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
