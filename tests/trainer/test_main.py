import importlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.trainer.local_code import LocalExecutor
from tests.waiting import wait_until
from trainer.__main__ import STEPS, main
from trainer.commands.alter import alter_problems
from trainer.commands.make_code import make_code
from trainer.config import TrainConfig
from trainer.data import testsets
from trainer.data.records import Rejects, read_records
from trainer.runs import Run
from trainer.steps import InputFiles
from tutor_app.core.errors import UserFault

ROWS = [
    {
        "question": f"A tank holds {n}0 liters. It loses 3 liters an hour for 12 hours. How much is left?",
        "answer": f"<<3*12=36>>36\n<<{n}0-36={n * 10 - 36}>>{n * 10 - 36}\n#### {n * 10 - 36}",
    }
    for n in range(5, 25)
]


@pytest.fixture
def gsm8k(tmp_path: Path) -> Path:
    path = tmp_path / "train.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in ROWS))
    return path


def test_help_tells_the_whole_road(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as e:
        main(["--help"])
    assert e.value.code == 0
    out = capsys.readouterr().out
    for step in ("seeds", "make-code", "alter", "decontaminate", "view", "train", "export"):
        assert step in out


@pytest.mark.parametrize("step", STEPS)
def test_every_step_has_help(step: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as e:
        main([step, "--help"])
    assert e.value.code == 0
    assert f"trainer {step}" in capsys.readouterr().out


def test_a_lazy_step_is_run_by_its_own_function(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = tmp_path / "pairs.jsonl"
    rows = [{"kind": "same", "label": "equal", "gold": "1/2", "answer": "0.5"}]
    pairs.write_text("".join(json.dumps(r) + "\n" for r in rows))
    assert main(["grade", "--pairs", str(pairs)]) == 0
    assert "all equal: 1 of 1" in capsys.readouterr().out


def test_bad_input_is_one_sentence_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["seeds", "--format", "gsm8k", "--run", str(tmp_path / "r"), str(tmp_path / "no.jsonl")]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "cannot be read" in err


def test_a_folder_that_cannot_be_made_is_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["seeds", "--format", "gsm8k", "--run", str(tmp_path / "file" / "r"), "x"]) == 1
    assert "could not be written" in capsys.readouterr().err


def test_the_data_steps_one_after_another(gsm8k: Path, tmp_path: Path) -> None:
    run = Run.at(tmp_path / "run")
    assert "20 records" in make_code(run, InputFiles((gsm8k,)), LocalExecutor)
    alter_problems(run, InputFiles((gsm8k,)), "numbers", LocalExecutor, limit=5)
    alter_problems(run, InputFiles((gsm8k,)), "fobar", LocalExecutor, limit=5)
    alter_problems(run, InputFiles((run.folder / "make-code.jsonl",)), "correct", LocalExecutor)
    names = [run.folder / f"{n}.jsonl" for n in ("make-code", "alter-numbers", "alter-fobar", "alter-correct")]
    records = read_records(names, Rejects())
    assert {r.meta["method"] for r in records} == {"annotations-to-code", "alter-numbers", "fobar", "correct-error"}
    assert len({r.meta["id"] for r in records}) == len(records)
    assert not list(run.folder.glob("*.journal"))


def test_made_data_is_the_same_every_time(gsm8k: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        make_code(Run.at(tmp_path / name), InputFiles((gsm8k,)), LocalExecutor)
    assert (tmp_path / "a" / "make-code.jsonl").read_bytes() == (tmp_path / "b" / "make-code.jsonl").read_bytes()


def test_a_step_goes_on_after_kill_9(gsm8k: Path, tmp_path: Path) -> None:
    slow = (
        "import sys, time; from pathlib import Path\n"
        "from trainer.commands.make_code import make_code; from trainer.runs import Run\n"
        "from trainer.steps import InputFiles\n"
        "from tests.trainer.local_code import LocalExecutor\n"
        "class Slow(LocalExecutor):\n"
        "    def open(self):\n"
        "        time.sleep(0.2)\n"
        "        return super().open()\n"
        "make_code(Run.at(Path(sys.argv[1])), InputFiles((Path(sys.argv[2]),)), Slow)\n"
    )
    root = Path(__file__).parents[2]
    child = subprocess.Popen([sys.executable, "-c", slow, str(tmp_path / "killed"), str(gsm8k)], cwd=root)
    journal = tmp_path / "killed" / "make-code.journal"
    wait_until(lambda: child.poll() is not None or (journal.exists() and journal.read_bytes().count(b"\n") > 3))
    assert child.poll() is None
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    done = journal.read_bytes().count(b"\n") - 1
    assert 0 < done < len(ROWS)
    make_code(Run.at(tmp_path / "killed"), InputFiles((gsm8k,)), LocalExecutor)
    make_code(Run.at(tmp_path / "whole"), InputFiles((gsm8k,)), LocalExecutor)
    assert (tmp_path / "killed" / "make-code.jsonl").read_bytes() == (
        tmp_path / "whole" / "make-code.jsonl"
    ).read_bytes()


def test_who_stops_a_step_is_told_truly_that_it_goes_on(gsm8k: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "trainer", "augment", str(gsm8k), "--method", "fobar", "--limit", "8", "--run"]
    root = Path(__file__).parents[2]
    child = subprocess.Popen([*command, str(tmp_path / "stopped")], cwd=root, stderr=subprocess.PIPE, text=True)
    journal = tmp_path / "stopped" / "augment-fobar.journal"
    wait_until(lambda: child.poll() is not None or (journal.exists() and journal.read_bytes().count(b"\n") > 2))
    child.send_signal(signal.SIGINT)
    told = child.communicate()[1]
    assert child.returncode == 130
    assert told.endswith("Stopped. The same command goes on from here.\n")
    done = journal.read_text().splitlines(keepends=True)
    assert 1 < len(done) < 9
    subprocess.run([*command, str(tmp_path / "whole")], cwd=root, check=True, capture_output=True)
    subprocess.run([*command, str(tmp_path / "stopped")], cwd=root, check=True, capture_output=True)
    made = [(tmp_path / name / "augment-fobar.jsonl").read_bytes() for name in ("stopped", "whole")]
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("command", "again"),
    [
        ("cbbt digits --encoder e --run r", "goes on from here"),
        ("cbbt encoder --out e", "starts afresh"),
        ("road a.toml --data d --run r", "goes on from here"),
        ("synthesize a.jsonl --teacher standard --against b.jsonl --run r", "goes on from here"),
        ("decontaminate a.jsonl --against b.jsonl --out o --run r", "starts afresh"),
    ],
)
def test_who_stops_a_step_is_told_what_the_same_command_does(
    command: str, again: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(importlib.import_module(STEPS[command.split()[0]].module), "main", stopped)
    assert main(command.split()) == 130
    assert capsys.readouterr().err == f"Stopped. The same command {again}.\n"


def test_a_journal_of_other_options_is_not_continued(gsm8k: Path, tmp_path: Path) -> None:
    run = Run.at(tmp_path / "run")

    class Dying(LocalExecutor):
        opened = 0

        def open(self):  # type: ignore[no-untyped-def]  # as in the base
            Dying.opened += 1
            if Dying.opened > 3:
                raise KeyboardInterrupt
            return super().open()

    with pytest.raises(KeyboardInterrupt):
        make_code(run, InputFiles((gsm8k,)), Dying)
    with pytest.raises(UserFault, match="other inputs or options"):
        make_code(run, InputFiles((gsm8k,)), LocalExecutor, seed=1)
    assert "20 records" in make_code(run, InputFiles((gsm8k,)), LocalExecutor)


def test_in_the_real_sandbox(gsm8k: Path, tmp_path: Path) -> None:
    assert main(["make-code", str(gsm8k), "--run", str(tmp_path / "run"), "--limit", "3"]) == 0
    records = read_records([tmp_path / "run" / "make-code.jsonl"], Rejects())
    make_code(Run.at(tmp_path / "local"), InputFiles((gsm8k,)), LocalExecutor, limit=3)
    local = read_records([tmp_path / "local" / "make-code.jsonl"], Rejects())
    assert records == local


def test_every_setting_is_explained_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    said = capsys.readouterr().out
    for name in TrainConfig().to_dict():
        assert f"  {name} = " in said
        assert re.search(rf"^  {name} = .*\n {{6}}\S", said, re.MULTILINE), name
    assert "lr = 2e-05\n      Peak learning rate." in said


@pytest.mark.parametrize(
    "wrong",
    [
        ["make-code", "FILE", "--run", "RUN", "--limit", "-5"],
        ["alter", "FILE", "--method", "numbers", "--run", "RUN", "--per-problem", "0"],
        ["alter", "FILE", "--method", "numbers", "--run", "RUN", "--limit", "many"],
        ["decontaminate", "FILE", "--against", "FILE", "--out", "x", "--run", "RUN", "--ngram", "0"],
        ["view", "FILE", "--tokenizer", "FILE", "--n", "0"],
        ["view", "FILE", "--tokenizer", "FILE", "--skip", "-1"],
        ["inspect", "FILE", "--n", "0"],
        ["augment", "FILE", "--method", "fobar", "--run", "RUN", "--per-problem", "0"],
        ["synthesize", "FILE", "--run", "RUN", "--teacher", "x", "--samples", "0"],
        ["synthesize", "FILE", "--run", "RUN", "--teacher", "x", "--ray", "-1"],
        ["evaluate", "--model", "x", "--benchmark", "samples", "--limit", "-5"],
        ["evaluate", "--model", "x", "--benchmark", "samples", "--start", "-1"],
        ["evaluate", "--model", "x", "--benchmark", "samples", "--samples", "0"],
    ],
    ids=lambda w: f"{w[0]} {' '.join(w[-2:])}",
)
def test_numbers_that_mean_nothing_are_refused(
    wrong: list[str], gsm8k: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    with pytest.raises(SystemExit) as e:
        main([{"FILE": str(gsm8k), "RUN": str(run)}.get(word, word) for word in wrong])
    assert e.value.code == 2
    assert re.search(r"is not a whole number of \d or more", capsys.readouterr().err)
    assert not run.exists()


@pytest.mark.parametrize("name", ["gsm8k.test.jsonl", "test.jsonl", "TEST-00000.jsonl", "math_test.jsonl"])
def test_a_test_set_is_not_noted_as_training_data(
    name: str, gsm8k: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = gsm8k.rename(tmp_path / name)
    made = ["seeds", str(file), "--format", "gsm8k", "--run", str(tmp_path / "run")]
    assert main(made) == 2
    assert f"{name} is named like a test set, which is never trained on" in capsys.readouterr().err
    assert main([*made, "--source", "my-own"]) == 0


STEPS_THAT_MAKE_DATA = (
    ["seeds", "FILE", "--format", "gsm8k", "--run", "RUN"],
    ["make-code", "FILE", "--run", "RUN"],
    ["alter", "FILE", "--method", "numbers", "--run", "RUN"],
    ["alter", "FILE", "--method", "correct", "--run", "RUN"],
    ["augment", "FILE", "--method", "outline", "--run", "RUN"],
    ["synthesize", "FILE", "--against", "OTHER", "--endpoint", "http://127.0.0.1:9/v1", "--run", "RUN"],
)


@pytest.mark.parametrize("made", STEPS_THAT_MAKE_DATA)
def test_every_step_that_makes_data_refuses_a_test_set(
    made: list[str], gsm8k: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "svamp.jsonl"
    file.write_bytes(gsm8k.read_bytes())
    names = {"FILE": str(file), "OTHER": str(gsm8k), "RUN": str(tmp_path / "run")}
    assert main([names.get(word, word) for word in made]) == 2
    assert "svamp.jsonl is named like a test set" in capsys.readouterr().err
    questions = [json.loads(line)["question"] for line in gsm8k.read_text().splitlines()]
    monkeypatch.setattr(testsets, "known_hashes", lambda: testsets.packed(questions[:1], masked=False))
    assert main([{**names, "FILE": str(gsm8k)}.get(word, word) for word in made]) == 2
    said = capsys.readouterr().err
    assert re.search(rf"1 of the {len(questions):,} problems in .*{gsm8k.name} are those of a test set", said)
    assert "say --not-a-test-set" in said


def test_what_is_said_to_be_no_test_set_is_taken(gsm8k: Path, tmp_path: Path) -> None:
    file = gsm8k.rename(tmp_path / "gsm-hard.jsonl")
    assert main(["make-code", str(file), "--run", str(tmp_path / "run"), "--not-a-test-set"]) == 0


def test_no_step_replaces_what_no_step_has_made(
    gsm8k: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    mine = {run / f"{name}.jsonl": "mine\n" for name in ("make-code", "alter-numbers", "seeds-gsm8k", "mix")}
    for path, text in mine.items():
        path.write_text(text)
    made = [
        ["seeds", str(gsm8k), "--format", "gsm8k"],
        ["make-code", str(gsm8k)],
        ["alter", str(gsm8k), "--method", "numbers"],
        ["augment", str(gsm8k), "--method", "outline", "--out", "mix"],
        ["decontaminate", str(gsm8k), "--against", str(gsm8k), "--out", "mix"],
    ]
    for command in made:
        assert main([*command, "--run", str(run)]) == 2
        assert "is there already, and no step has made it" in capsys.readouterr().err
    assert {path: path.read_text() for path in mine} == mine


@pytest.mark.parametrize("name", ["../mix", "a/b", ".mix", ""])
def test_the_name_of_a_result_is_no_path(
    name: str, gsm8k: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["decontaminate", str(gsm8k), "--against", str(gsm8k), "--out", name, "--run", str(tmp_path / "run")]
    assert main(asked) == 2
    assert "is no name for a result" in capsys.readouterr().err


def test_a_result_never_replaces_its_own_input(gsm8k: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    assert main(["seeds", str(gsm8k), "--format", "gsm8k", "--run", str(run)]) == 0
    made = run / "seeds-gsm8k.jsonl"
    before = made.read_bytes()
    other = tmp_path / "other.jsonl"
    other.write_text('{"question": "How many legs have 3 dogs?"}\n')
    asked = ["decontaminate", str(made), "--against", str(other), "--out", "seeds-gsm8k", "--run", str(run)]
    assert main(asked) == 2
    assert "would be replaced by what is made from it" in capsys.readouterr().err
    assert made.read_bytes() == before


def test_a_word_that_only_holds_test_is_no_test_set(gsm8k: Path, tmp_path: Path) -> None:
    file = gsm8k.rename(tmp_path / "contest-latest.jsonl")
    assert main(["seeds", str(file), "--format", "gsm8k", "--run", str(tmp_path / "run")]) == 0
