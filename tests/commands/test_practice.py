"""``tutor practice``: asks, checks, and keeps what was missed."""

from __future__ import annotations

import io
import threading
from datetime import date
from pathlib import Path

import pytest

from tests.tutor.test_practice import ROLLS
from tutor_app.adapters.library import Library
from tutor_app.commands.parser import main
from tutor_app.commands.practice import practise
from tutor_app.core.practice import Exercise
from tutor_app.export import write_export
from tutor_app.tutor.paths import Folders
from tutor_app.tutor.practice import missed
from tutor_app.tutor.practice.missed import Missed
from tutor_app.tutor.teacher import set_cap
from tutor_app.tutor.worksheets import cap_for

pytestmark = pytest.mark.usefixtures("shared_sandboxes")

DAY = date(2026, 3, 1)


@pytest.fixture
def where(tmp_path: Path) -> Folders:
    found = Folders.under(tmp_path)
    found.create()
    return found


def ask(where: Folders, answers: str) -> int:
    problems = iter([Exercise("What is 2+2?", "4"), Exercise("What is half of 3?", "3/2")])
    return practise(problems, where, threading.Event(), io.StringIO(answers), DAY)


def test_answers_are_checked_and_missed_problems_kept(where: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(where, "4\n1.5\n") == 0
    assert capsys.readouterr().out.count("Right.") == 2
    assert not where.practice.exists()
    assert ask(where, "5\n\n") == 1
    assert "It is 4." in capsys.readouterr().out
    assert missed.load(where.practice) == (
        Missed("What is 2+2?", "4", 1, 0, "2026-03-02"),
        Missed("What is half of 3?", "3/2", 1, 0, "2026-03-02"),
    )
    assert main(["practice", "--list", "--data-dir", str(where.data)]) == 0
    assert "2026-03-02  missed 1 x, right since 0 x: What is 2+2?" in capsys.readouterr().out
    assert main(["practice", "--erase", "--data-dir", str(where.data)]) == 0
    assert not where.practice.exists()


def test_what_ends_early_or_has_nothing_to_ask(where: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(where, "") == 0
    assert not where.practice.exists()
    assert "Nothing is due" not in capsys.readouterr().out
    assert main(["practice", "--data-dir", str(where.data)]) == 0
    assert "Nothing is due today." in capsys.readouterr().out


def test_a_problem_like_a_solved_one(
    where: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_export(tmp_path / "rolls.json", [ROLLS])
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    args = ["practice", str(tmp_path / "rolls.json"), "--seed", "1", "--data-dir", str(where.data)]
    assert main(args) == 1
    (kept,) = missed.load(where.practice)
    assert kept.problem != ROLLS.problem
    assert kept.problem.startswith("A baker sells rolls in bags of ")
    assert kept.problem in capsys.readouterr().out


@pytest.mark.parametrize("args", [["--count", "0"], ["no such file.json"]])
def test_what_is_not_understood(where: Folders, args: list[str]) -> None:
    assert main(["practice", *args, "--data-dir", str(where.data)]) == 2


def test_a_worksheet_is_asked_and_its_answers_stay_hidden(
    where: Folders, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = where.data / "week.md"
    path.write_text("hints_up_to: 3\n1. What is 2 + 2?\n   Answer: 4\n2. Explain it.\n", encoding="utf-8")
    monkeypatch.setattr("sys.stdin", io.StringIO("5\n6\n\n"))
    assert main(["practice", "--worksheet", str(path), "--data-dir", str(where.data)]) == 1
    out = capsys.readouterr().out
    assert "an empty line goes on" in out
    assert out.count("That is not right. Try again; a hint may help.") == 2
    assert "It is 4" not in out
    assert "No answer to this problem is known here" in out
    assert cap_for(where.config, "What is 2 + 2?") == 3
    monkeypatch.setattr("sys.stdin", io.StringIO("5\n4\n"))
    assert main(["practice", "--worksheet", str(path), "--data-dir", str(where.data)]) == 0


@pytest.mark.parametrize("number", ["0", "3", "x", ""])
def test_a_problem_of_a_worksheet_is_named_by_its_number(
    where: Folders, capsys: pytest.CaptureFixture[str], number: str
) -> None:
    path = where.data / "week.md"
    path.write_text("1. What is 2 + 2?\n2. What is 3 + 3?\n", encoding="utf-8")
    assert main(["hint", number, "--worksheet", str(path), "--data-dir", str(where.data)]) == 2
    assert "Choose 1 to 2." in capsys.readouterr().err


def test_a_problem_of_a_worksheet_with_a_limit_is_not_solved_in_full(
    where: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "week.md"
    path.write_text("hints_up_to: 2\n\n1. What is 6 * 7?\n   Answer: 42\n", encoding="utf-8")
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    main(["practice", "--worksheet", str(path), "--data-dir", str(where.data)])
    assert main(["solve", "what is 6*7", "--data-dir", str(where.data)]) == 2
    said = capsys.readouterr().err
    assert "ends with level 2: what is known. Ask for a hint instead." in said


@pytest.mark.parametrize("question", ["Why?", "And what is 6 * 7?"])
def test_below_the_limit_nothing_is_asked_back_either(
    where: Folders, capsys: pytest.CaptureFixture[str], question: str
) -> None:
    set_cap(where.config, 3, "2468")
    with Library(where.library) as library:
        library.save(library.create(ROLLS), ROLLS, "finished")
    assert main(["ask", "latest", question, "--data-dir", str(where.data)]) == 2
    assert "Ask for a hint instead." in capsys.readouterr().err
