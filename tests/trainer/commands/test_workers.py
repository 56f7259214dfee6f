"""The step over workers on a Ray cluster of this machine, in processes of their own: Ray warns, and leaves threads."""

import json
import os
import signal
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

pytest.importorskip("urllib3", reason="the trainer's packages are not installed")

from tests.trainer.commands.teachers import against, endpoint, lines, records, teacher
from tests.trainer.commands.test_augment import APPLES
from tests.trainer.commands.test_synthesize import QUESTION, solution
from tests.trainer.teacher.completions_server import serving
from trainer.__main__ import main
from trainer.teacher import workers

ROOT = Path(__file__).parents[3]
COLOURS = ("blue", "red", "green", "black", "silver", "loop", "wrong", "german")
with_ray = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed (pip install .[scale])")


def command(folder: Path, url: str, *more: str) -> list[str]:
    seeds = [{"question": QUESTION.format(c), "answer": "#### 12"} for c in COLOURS]
    source = lines(folder / "seeds.jsonl", *seeds)
    made = ["synthesize", str(source), "--run", str(folder / "run"), "--against", str(against(folder))]
    return [*made, *endpoint(url), "--samples", "1", "--parallel", "1", *more]


def run(folder: Path, url: str, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "trainer", *command(folder, url, *more)],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k != "RAY_ADDRESS"},
        capture_output=True,
        text=True,
    )


@with_ray
@pytest.mark.slow
def test_two_workers_make_what_one_process_makes(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with serving(teacher(solution)) as url:
        assert main(command(tmp_path / "one", url)) == 0
    both = threading.Barrier(2)

    def together(number: int) -> None:
        if number < 2:  # the first two requests wait for each other: they are of two workers
            both.wait(120)

    with serving(teacher(solution, fault=together)) as url:
        done = run(tmp_path / "two", url, "--ray", "2")
    assert done.returncode == 0, done.stderr
    assert not both.broken
    assert records(tmp_path / "two" / "run" / "synthesize.jsonl") == records(
        tmp_path / "one" / "run" / "synthesize.jsonl"
    )
    facts = [json.loads((tmp_path / n / "run" / "synthesize.provenance.json").read_text()) for n in ("one", "two")]
    assert facts[0]["left_out"] == facts[1]["left_out"]
    assert facts[0]["identity"] == facts[1]["identity"]
    # Tokens of the prompt that was given up are an estimate; requests and tokens of replies are counted.
    assert [f["spent"]["tokens"][::2] for f in facts] == [[17, facts[0]["spent"]["tokens"][2]]] * 2


SOLVED = "There are 6 * 4 = 24 apples in the bags, and 24 - 9 = 15 of them are left: $\\boxed{15}$."


def reworded(problem: str, said: str) -> str:
    """Another wording of a problem, and the solution of each; of three problems a bad one."""
    name = problem.split(" ", 1)[0]
    if problem.startswith("Tina") and "buys" in problem:
        if name in ("Tina3", "Tina5"):
            return f"{name} has apples, and how many are left?"  # lost its numbers
        return f"{name} takes home 6 bags, each with 4 apples, and gives away 9 apples. What number remains?"
    return "Die Antwort lautet nun einmal fünfzehn, und mehr ist dazu nicht zu sagen." if name == "Tina4" else SOLVED


@with_ray
@pytest.mark.slow
def test_new_questions_by_two_workers_are_those_of_one_process(tmp_path: Path) -> None:
    problems = [{**APPLES, "question": APPLES["question"].replace("Tina", f"Tina{i}")} for i in range(8)]
    source = lines(tmp_path / "problems.jsonl", *problems)
    asked = ["augment", str(source), "--method", "rephrase", "--tries", "1", "--parallel", "1"]
    with serving(teacher(reworded)) as url:
        assert main([*asked, "--run", str(tmp_path / "one"), *endpoint(url)]) == 0
    both = threading.Barrier(2)

    def together(number: int) -> None:
        if number < 2:
            both.wait(120)

    with serving(teacher(reworded, fault=together)) as url:
        done = subprocess.run(
            [sys.executable, "-m", "trainer", *asked, "--run", str(tmp_path / "two"), *endpoint(url), "--ray", "2"],
            cwd=ROOT,
            env={k: v for k, v in os.environ.items() if k != "RAY_ADDRESS"},
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stderr
    assert not both.broken
    made = [records(tmp_path / n / "augment-rephrase.jsonl") for n in ("one", "two")]
    assert made[0] == made[1]
    assert len(made[0]) == 5
    facts = [json.loads((tmp_path / n / "augment-rephrase.provenance.json").read_text()) for n in ("one", "two")]
    assert facts[0]["identity"] == facts[1]["identity"]
    assert facts[0]["left_out"] == facts[1]["left_out"] == {
        "a number was lost": 2,
        "no solution of the new question comes to the known answer": 1,
    }  # fmt: skip


@with_ray
@pytest.mark.slow
def test_a_fault_of_a_worker_is_one_sentence_and_the_next_start_goes_on(tmp_path: Path) -> None:
    with serving(teacher(solution, fault=lambda n: 402 if n == 5 else None)) as url:
        first = run(tmp_path, url, "--ray", "2")
        assert first.returncode == 2
        assert "has no quota left: status 402" in first.stderr
        assert "Traceback" not in first.stderr
        again = run(tmp_path, url, "--ray", "2")
    assert again.returncode == 0, again.stderr
    assert len(records(tmp_path / "run" / "synthesize.jsonl")) == 5


@with_ray
@pytest.mark.slow
def test_the_budget_is_shared_and_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    with serving(script := teacher(solution)) as url:
        done = run(tmp_path, url, "--ray", "2", "--max-tokens", "200", "--token-budget", "16000")
    assert "the budget is spent" in done.stdout + done.stderr
    spent = sum(len(asked["prompt"]) for asked in script.asked)
    assert 0 < spent <= 16_000
    gone = run(tmp_path, url, "--ray", "2")
    assert gone.returncode == 1
    assert "failed 3 times in a row" in gone.stderr
    assert "Traceback" not in gone.stderr


@with_ray
@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_worker_that_is_killed_is_started_anew_and_no_record_is_lost(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with serving(teacher(solution)) as url:
        assert main(command(tmp_path / "one", url)) == 0
    started: list[subprocess.Popen[str]] = []
    killed: list[int] = []

    def kill_one(number: int) -> None:
        if number == 5:
            below = psutil.Process(started[0].pid).children(recursive=True)
            worker = next(p for p in below if p.cmdline()[0].startswith("ray::_RayWorker"))
            worker.kill()
            killed.append(worker.pid)

    with serving(teacher(solution, fault=kill_one)) as url:
        asked = [sys.executable, "-m", "trainer", *command(tmp_path / "two", url, "--ray", "2")]
        alone = {k: v for k, v in os.environ.items() if k != "RAY_ADDRESS"}
        with subprocess.Popen(asked, cwd=ROOT, env=alone, stderr=subprocess.PIPE, text=True) as child:
            started.append(child)
            said = child.communicate()[1]
    assert child.returncode == 0, said
    assert len(killed) == 1
    made = [records(tmp_path / n / "run" / "synthesize.jsonl") for n in ("one", "two")]
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--ray-address", "auto"], "go with --ray"),
        (["--ray-gpus", "1"], "go with --ray"),
    ],
)
def test_options_that_do_not_fit_together(
    tmp_path: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(tmp_path, "http://127.0.0.1:9", *options)) == 2
    assert said in capsys.readouterr().err


def test_without_ray_it_says_how_to_install_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "find_spec", lambda _: None)
    assert main(command(tmp_path, "http://127.0.0.1:9", "--ray", "2")) == 2
    assert "pip install 'mumath-tutor[scale]'" in capsys.readouterr().err


def test_rules_are_not_spread_over_workers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = lines(tmp_path / "problems.jsonl", APPLES)
    made = ["augment", str(source), "--method", "fobar", "--run", str(tmp_path / "run"), "--ray", "2"]
    assert main(made) == 2
    assert "rules need none" in capsys.readouterr().err
