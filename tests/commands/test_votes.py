"""``tutor votes`` and ``tutor solve --votes``: the tally, its attempts, and what is refused."""

import json
from pathlib import Path

import pytest

from tutor_app.adapters.library import Library
from tutor_app.commands.parser import main
from tutor_app.core.parts import Answer, Attempt, Text
from tutor_app.core.transcript import Transcript
from tutor_app.core.votes import promoted
from tutor_app.handout.vote_lines import attempt_lines
from tutor_app.tutor.paths import Folders, folders


def voted() -> Transcript:
    attempts = (
        Attempt((Text("Four and two."), Answer("42")), ended="answered", option=0, weight=1.0),
        Attempt((Text("Four and one."), Answer("41")), "reasoning", 0.7, 1, "answered", 1, 0.25, ("false",)),
        Attempt((Text("Sum: 42."), Answer("42")), "code", 0.7, 2, "answered", 0, 0.8, ("prose",)),
        Attempt((Text("Hm"),), "reasoning", 0.7, 3),
    )
    made = Transcript.of("What is 6*7?", meta={"ended": "answered", "model": "m"})
    return promoted(Transcript(made.turns, made.meta, attempts), 0)


@pytest.fixture
def where(tmp_path: Path) -> Folders:
    found = folders(tmp_path)
    found.create()
    return found


@pytest.fixture
def saved(where: Folders) -> str:
    with Library(where.library) as library:
        key = library.create(voted())
        library.save(key, voted(), "finished")
    return key


def run(tmp_path: Path, *args: str) -> int:
    return main(["--data-dir", str(tmp_path), "votes", *args])


def test_the_tally_and_a_line_for_each_attempt(tmp_path: Path, saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, saved[:6]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "2 of 4 attempts agree; 1 stopped early, the lead could not be lost.",
        "42: 2 attempts (1, 3), counting 1.8",
        "41: 1 attempt (2), counting 0.25",
        "> 1  42  code, the likeliest word",
        "  2  41  words alone, temperature 0.7, seed 1  (a statement in it is false)",
        "  3  42  code, temperature 0.7, seed 2  (its words before the code come to something else)",
        "  4  -  words alone, temperature 0.7, seed 3  (stopped early)",
    ]


def test_an_attempt_that_was_not_needed_is_told_as_such() -> None:
    never = Transcript(voted().turns, voted().meta, (*voted().attempts, Attempt((), "code", 0.7, 4)))
    assert [line.note for line in attempt_lines(never)][3:] == ["stopped early", "not begun"]


def test_an_attempt_can_be_opened(tmp_path: Path, saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, saved, "--open", "2") == 0
    assert capsys.readouterr().out == "Four and one.\nAnswer: 41\n"


def test_two_attempts_can_be_compared(tmp_path: Path, saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, saved, "--compare", "1", "2") == 0
    out = capsys.readouterr().out
    assert "--- attempt 1\n+++ attempt 2\n" in out
    assert "-Four and two.\n+Four and one.\n" in out
    assert run(tmp_path, saved, "--compare", "3", "3") == 0
    assert capsys.readouterr().out == "The two attempts say the same.\n"


def test_a_promoted_attempt_is_the_solution_from_then_on(
    tmp_path: Path, saved: str, where: Folders, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "latest", "--promote", "2") == 0
    assert capsys.readouterr().out == "Attempt 2 is the solution now.\n"
    with Library(where.library) as library:
        found = library.get(saved)
        assert library.entries()[0].answer == "41"
    assert (found.chosen, found.attempts) == (1, voted().attempts)
    assert found.answer is not None
    assert found.answer.verdict.sentence() == "Agrees with 1 of 3 votes, ended early after 3 of 4"


def test_an_attempt_of_a_file_cannot_be_promoted(
    tmp_path: Path, where: Folders, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "voted.json"
    path.write_text(voted().to_json(), encoding="utf-8")
    assert run(tmp_path, str(path), "--promote", "2") == 2
    assert "is a file, not a saved solution. Import it first with tutor import." in capsys.readouterr().err
    assert not where.library.exists()


def test_an_empty_library_says_that_nothing_has_been_saved(
    tmp_path: Path, where: Folders, capsys: pytest.CaptureFixture[str]
) -> None:
    Library(where.library).close()
    assert run(tmp_path, "abcdef") == 2
    assert "No solution has been saved yet. Solve a problem first." in capsys.readouterr().err


def test_the_tally_as_json(tmp_path: Path, saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, saved, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["chosen"] == 1
    assert [(a["number"], a["answer"], a.get("option")) for a in report["attempts"]] == [
        (1, "42", 0),
        (2, "41", 1),
        (3, "42", 0),
        (4, "", None),
    ]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--open", "0"], "There is no attempt 0. Choose one from 1 to 4."),
        (["--open", "5"], "There is no attempt 5."),
        (["--compare", "1", "9"], "There is no attempt 9."),
        (["--promote", "-1"], "There is no attempt -1."),
    ],
)
def test_an_attempt_that_is_not_there(
    tmp_path: Path, saved: str, capsys: pytest.CaptureFixture[str], args: list[str], words: str
) -> None:
    assert run(tmp_path, saved, *args) == 2
    assert words in capsys.readouterr().err


def test_a_solution_without_a_vote(tmp_path: Path, where: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    with Library(where.library) as library:
        library.create(Transcript.of("2+2?", Answer("4")))
    assert run(tmp_path, "latest") == 2
    assert "was not voted for" in capsys.readouterr().err


@pytest.mark.parametrize("votes", ["0", "-3", "33"])
def test_a_vote_of_too_few_or_too_many(tmp_path: Path, capsys: pytest.CaptureFixture[str], votes: str) -> None:
    assert main(["--data-dir", str(tmp_path), "solve", "2+2?", "--offline", "--votes", votes]) == 2
    assert f"--votes {votes} is out of bounds. Ask for 2 to 32 attempts." in capsys.readouterr().err


def test_a_trace_is_of_one_solution(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = ["--data-dir", str(tmp_path), "solve", "2+2?", "--offline", "--votes", "4", "--trace", "t.json"]
    assert main(args) == 2
    assert "--trace records one solution" in capsys.readouterr().err
