"""Stages that write small files, in real processes that are killed at every point between and inside them."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trainer.road.state import NAME, Stage, State, run_stages
from tutor_app.core.errors import UserFault

ROOT = Path(__file__).parents[3]
NAMES = ("letters", "doubled", "counted")


def stages(
    source: Path, folder: Path, *, times: int = 2, at: Callable[[str], None] = lambda point: None
) -> list[Stage]:
    """Three stages, each from what the one before has made; ``at`` is told where they are."""

    def letters() -> str:
        at("letters begun")
        (folder / "letters" / "out.txt").write_text(source.read_text().upper())
        at("letters written")
        return "letters told"

    def doubled() -> str:
        """Goes on from its own journal, a line for each letter."""
        journal, lines = folder / "doubled" / "journal", (folder / "letters" / "out.txt").read_text().split()
        done = journal.read_text().split() if journal.exists() else []
        for line in lines[len(done) :]:
            at(f"doubled {line}")
            with journal.open("a") as f:
                f.write(line * times + "\n")
        (folder / "doubled" / "result").mkdir(exist_ok=True)
        (folder / "doubled" / "result" / "out.txt").write_text(journal.read_text())
        at("doubled written")
        return ""

    def counted() -> str:
        at("counted begun")
        (folder / "counted" / "out.txt").write_text(str(len((folder / "doubled" / "result" / "out.txt").read_text())))
        return "counted told"

    return [
        Stage("letters", {}, (source,), ("out.txt",), letters),
        Stage("doubled", {"times": times}, (folder / "letters" / "out.txt",), ("result",), doubled, resumes=True),
        Stage("counted", {}, (folder / "doubled" / "result",), ("out.txt",), counted),
    ]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.txt"
    path.write_text("a\nb\nc\n")
    return path


def test_what_is_up_to_date_is_skipped_and_says_so(source: Path, tmp_path: Path) -> None:
    folder, said = tmp_path / "road", list[str]()
    first = run_stages(folder, stages(source, folder), said.append)
    assert said == ["letters: making it.", "letters told", "doubled: making it.", "counted: making it.", "counted told"]
    assert list(first.outputs()) == ["letters/out.txt", "doubled/result/out.txt", "counted/out.txt"]
    assert (folder / "counted" / "out.txt").read_text() == "9"
    said.clear()
    again = run_stages(folder, stages(source, folder), said.append)
    assert said == [f"{n}: up to date." for n in NAMES]
    assert again.outputs() == first.outputs()


def test_what_a_change_concerns_is_made_again(source: Path, tmp_path: Path) -> None:
    folder, said = tmp_path / "road", list[str]()
    run_stages(folder, stages(source, folder), lambda _: None)
    run_stages(folder, stages(source, folder, times=3), said.append)  # a setting of the second
    assert said == [
        "letters: up to date.", "doubled: making it again.", "counted: making it again.", "counted told",
    ]  # fmt: skip
    assert (folder / "counted" / "out.txt").read_text() == "12"
    said.clear()
    source.write_text("a\nb\nd\n")  # the input of the first
    run_stages(folder, stages(source, folder, times=3), said.append)
    assert [line for line in said if "making" in line] == [f"{n}: making it again." for n in NAMES]
    assert (folder / "doubled" / "result" / "out.txt").read_text() == "AAA\nBBB\nDDD\n"
    said.clear()
    (folder / "counted" / "out.txt").write_text("by hand")  # an output
    run_stages(folder, stages(source, folder, times=3), said.append)
    assert said[2:] == ["counted: making it again.", "counted told"]
    said.clear()
    (folder / "doubled" / "result" / "out.txt").unlink()
    run_stages(folder, stages(source, folder, times=3), said.append)
    assert said == ["letters: up to date.", "doubled: making it again.", "counted: up to date."]


def test_a_change_whose_result_is_the_same_stops_there(source: Path, tmp_path: Path) -> None:
    folder, said = tmp_path / "road", list[str]()
    run_stages(folder, stages(source, folder), lambda _: None)
    source.write_text("A\nb\nc\n")
    run_stages(folder, stages(source, folder), said.append)
    assert said == ["letters: making it again.", "letters told", "doubled: up to date.", "counted: up to date."]


def test_a_road_may_end_early_and_lose_a_stage(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "road"
    state = run_stages(folder, stages(source, folder), lambda _: None, until="doubled")
    assert list(state.stages) == ["letters", "doubled"]
    assert not (folder / "counted").exists()
    assert list(run_stages(folder, stages(source, folder), lambda _: None).stages) == list(NAMES)
    assert list(run_stages(folder, stages(source, folder)[:1], lambda _: None).stages) == ["letters"]


POINTS = ("letters begun", "letters written", "doubled A", "doubled B", "doubled written", "counted begun")

KILLED = """
import os, signal, sys
from pathlib import Path
from tests.trainer.road.test_state import stages
from trainer.road.state import run_stages
source, folder, point = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
def at(reached):
    if reached == point:
        os.kill(os.getpid(), signal.SIGKILL)
run_stages(folder, stages(source, folder, at=at), print)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_killed_at_every_point_it_ends_with_the_same_hashes(source: Path, tmp_path: Path) -> None:
    whole, killed, said = tmp_path / "whole", tmp_path / "killed", list[str]()
    undisturbed = run_stages(whole, stages(source, whole), lambda _: None)
    for point in POINTS:
        child = subprocess.run([sys.executable, "-c", KILLED, source, killed, point], cwd=ROOT, capture_output=True)
        assert child.returncode == -signal.SIGKILL, (point, child.stderr)
    again = run_stages(killed, stages(source, killed), said.append)
    assert again.outputs() == undisturbed.outputs()
    assert [s["key"] for s in again.stages.values()] == [s["key"] for s in undisturbed.stages.values()]
    assert said == ["letters: up to date.", "doubled: up to date.", "counted: making it.", "counted told"]


def test_what_a_killed_stage_left_of_other_settings_is_not_used(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "road"

    def dies(point: str) -> None:
        if point == "doubled C":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_stages(folder, stages(source, folder, at=dies), lambda _: None)
    said: list[str] = []
    assert (folder / "doubled" / "journal").read_text() == "AA\nBB\n"
    with pytest.raises(KeyboardInterrupt):  # the same settings go on
        run_stages(folder, stages(source, folder, at=dies), said.append)
    assert said == ["letters: up to date.", "doubled: going on."]
    run_stages(folder, stages(source, folder, times=1), lambda _: None)
    assert (folder / "doubled" / "result" / "out.txt").read_text() == "A\nB\nC\n"


def test_two_processes_do_not_share_a_road(source: Path, tmp_path: Path) -> None:
    folder, said = tmp_path / "road", list[str]()

    def second(point: str) -> None:
        with pytest.raises(UserFault, match="Another process is working in"):
            run_stages(folder, stages(source, folder), said.append)

    run_stages(folder, stages(source, folder, at=second), lambda _: None)
    assert said == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is damaged"),
        ("[]", "is damaged"),
        ('{"version": 1, "stages": {"letters": 3}, "begun": {}}', "is damaged"),
        ('{"version": 9, "stages": {}, "begun": {}}', "another version"),
    ],
)
def test_a_state_file_that_cannot_be_used(source: Path, tmp_path: Path, content: str, said: str) -> None:
    folder = tmp_path / "road"
    folder.mkdir()
    (folder / NAME).write_text(content)
    with pytest.raises(UserFault, match=said):
        run_stages(folder, stages(source, folder), lambda _: None)


def test_a_folder_of_something_else_is_left_alone(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "road"
    (folder / "letters").mkdir(parents=True)
    (folder / "letters" / "mine.txt").write_text("keep")
    with pytest.raises(UserFault, match="holds something that `road` has not made"):
        run_stages(folder, stages(source, folder), lambda _: None)
    assert (folder / "letters" / "mine.txt").read_text() == "keep"


def test_the_state_says_from_what_and_what(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "road"
    run_stages(folder, stages(source, folder), lambda _: None)
    found: dict[str, Any] = json.loads((folder / NAME).read_text())["stages"]
    assert [name for name, _ in found["letters"]["inputs"]] == ["source.txt"]
    assert [name for name, _ in found["counted"]["inputs"]] == ["doubled/result/out.txt"]
    assert found["counted"]["inputs"][0][1] == found["doubled"]["outputs"]["result/out.txt"]
    assert State.read(folder).begun == {}
    folder.rename(tmp_path / "moved")  # a run folder that is moved is still up to date
    said: list[str] = []
    run_stages(tmp_path / "moved", stages(source, tmp_path / "moved"), said.append)
    assert said == [f"{n}: up to date." for n in NAMES]
