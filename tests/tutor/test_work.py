"""A whole work: what is said about it, and its last line against the problem."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tutor_app.adapters.checking.checker import Checker
from tutor_app.core.errors import UserFault
from tutor_app.core.parts import Answer
from tutor_app.core.ports import NeverCancelled
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import Verdict
from tutor_app.core.work import MOST_LINES, LineVerdict, WorkReport
from tutor_app.tutor.work import answer_of, check_work, check_work_until, report_lines


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    with Checker() as made:
        yield made


def test_a_right_work_and_its_answer(checker: Checker) -> None:
    report = check_work("Solve $2x + 3 = 11$.", "2x = 8\nx = 4\n\n", checker)
    assert report.first_fault is None
    assert report.answer.kind == "checked"
    assert report.sentences()[0] == "No mistake was found."
    assert len(report.lines) == 2


def test_a_wrong_work_does_not_tell_the_right_answer(checker: Checker) -> None:
    report = check_work("Solve $2x + 3 = 11$.", "2x = 14\r\nx = 7", checker)
    assert report.first_fault == 0
    assert report.sentences() == (
        "The first line to look at again is line 1.",
        "Your last line is not the answer.",
    )


def test_nothing_that_could_be_checked(checker: Checker) -> None:
    assert check_work("", "\n\n", checker).sentences() == (
        "There is no line that could be checked. Write one formula in each line.",
    )


def test_lines_that_cannot_be_read_are_named(checker: Checker) -> None:
    report = check_work("", "1 + 1 = 2\n)(x=\n", checker)
    assert "Could not be read: line 2." in report.sentences()
    assert report_lines(report)[0] == "✓ 1  1 + 1 = 2"


def test_more_lines_than_are_checked(checker: Checker) -> None:
    report = check_work("", "1 + 1 = 2\n" * (MOST_LINES + 3), checker)
    assert report.left_out == 3
    assert len(report.lines) == MOST_LINES


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("x = 2 or x = 3", "x = 2, x = 3"),
        ("so x = 4", "x = 4"),
        ("y = 3 + 4 = 7", "7"),
        ("36 - 18 = 18", "18"),
        ("sqrt(16) = 4", "4"),
        ("2x = 8", "2x = 8"),
        ("I think so", ""),
    ],
)
def test_the_answer_of_the_last_line(line: str, answer: str) -> None:
    kind = "words" if line == "I think so" else "follows"
    assert answer_of([LineVerdict(line, line, kind)]) == answer  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "line",
    [
        "![page](a.png)",
        "<img src=a>",
        "\ufffc",
        "[Image]",
        "Photo of my work.JPG",
        "C:\\me\\scan.pdf",
        "data:image/png;base64,AA",
    ],
)
def test_pictures_are_named_as_such(checker: Checker, line: str) -> None:
    report = check_work("", f"x = 4\n{line}", checker)
    assert report.lines[1].kind == "picture"
    assert "Could not be read: line 2." in report.sentences()


def test_what_time_did_not_suffice_for_is_told() -> None:
    lines = [LineVerdict("x", "x", "unsure")] * 12
    assert WorkReport((*lines, LineVerdict("1=1", "1=1", "follows"))).sentences() == (
        "No mistake was found.",
        "Could not be decided: lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more.",
    )


def test_the_last_line_against_the_answer_of_a_verified_solution() -> None:
    problem = "Ann has 12 pens and gives a third of them away. How many has she left?"
    solved = Transcript.of(problem, Answer("8", verdict=Verdict("votes", "votes", agree=4, of=5)))
    report = check_work_until(NeverCancelled(), problem, "12 / 3 = 4\n12 - 4 = 8", solved)
    assert report.answer == Verdict("checked", "known")
    wrong = check_work_until(NeverCancelled(), problem, "12 / 3 = 4", solved)
    assert wrong.sentences()[-1] == "Your last line is not the answer."
    doubtful = Transcript.of(problem, Answer("8", verdict=Verdict("votes", "votes", agree=2, of=5)))
    assert check_work_until(NeverCancelled(), problem, "12 / 3 = 4", doubtful).answer.kind == "unchecked"


def test_a_check_that_is_stopped_ends_its_process() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(UserFault, match="Stopped"):
        check_work_until(stop, "", "\n".join(f"2x + {k} = {3 * k + 1} - x^3" for k in range(500)))


@pytest.mark.parametrize(
    ("work", "kind"),
    [
        ("2x = 6\nx = 3\ny = 2", "checked"),
        ("2x = 6\nx = 3\n3 + y = 5\ny = 2", "checked"),
        ("x = 3, y = 2", "checked"),
        ("2y = 4\ny = 2\nx = 3", "checked"),
        ("2x = 6\nx = 3\ny = 3", "wrong"),
    ],
)
def test_unknowns_that_are_told_one_by_one_are_one_answer(checker: Checker, work: str, kind: str) -> None:
    assert check_work("Solve the system x + y = 5, x - y = 1", work, checker).answer.kind == kind


@pytest.mark.parametrize(("work", "kind"), [("x = 2/3\nx \u2248 0.67", "unchecked"), ("x = 2/3", "checked")])
def test_a_rounded_last_line_is_not_called_wrong(checker: Checker, work: str, kind: str) -> None:
    report = check_work("Solve 3x = 2", work, checker)
    assert report.first_fault is None
    assert report.answer.kind == kind
