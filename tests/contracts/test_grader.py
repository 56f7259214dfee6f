"""What every grader must do; run on the script and on the one with a process of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from tests.fakes import ScriptedGrader
from tutor_app.adapters.grading.grader import Grader
from tutor_app.core.errors import HostFault

HUNG = r"\sin(" * 14 + r"f(x)+x^{199}+\sqrt{x+1}" + ")" * 14
"""A comparison with this takes longer than any limit."""
BY_ALGEBRA = (r"\sqrt{3+2\sqrt2}", r"1+\sqrt2")
Made = Grader | ScriptedGrader
Given = Callable[[], Made]


@pytest.fixture(params=["script", "process"])
def given(request: pytest.FixtureRequest) -> Iterator[Given]:
    """Gives a grader; the verdicts are what the script must say and what the real one finds out by itself."""
    made: list[Made] = []

    def make() -> Made:
        script = {("1/2", "0.5"): "correct", ("1/2", "2"): "incorrect", ("1", HUNG): "hangs"}
        grader = ScriptedGrader(script) if request.param == "script" else Grader(timeout=1)
        made.append(grader)
        return grader

    yield make
    for grader in made:
        grader.close()


def test_the_verdicts(given: Given) -> None:
    grader = given()
    assert grader.grade("1/2", "0.5").verdict == "correct"
    assert grader.grade("1/2", "2").verdict == "incorrect"
    assert grader.grade("1/2", r"\unreadable{").verdict == "unknown"


def test_an_empty_answer_is_wrong_and_the_same_text_is_right(given: Given) -> None:
    grader = given()
    assert grader.grade("1/2", "").verdict == "incorrect"
    assert grader.grade("1/2", "1/2").verdict == "correct"


def test_a_hung_comparison_is_unknown_and_the_next_one_is_graded(given: Given) -> None:
    grader = given()
    grade = grader.grade("1", HUNG)
    assert (grade.verdict, grade.reason) == ("unknown", "timeout")
    assert grader.grade("1/2", "0.5").verdict == "correct"


def test_several_threads_get_their_own_verdicts(given: Given) -> None:
    grader = given()
    seen: list[tuple[str, str]] = []
    answers = ["0.5", "2"] * 4
    threads = [threading.Thread(target=lambda a=a: seen.append((a, grader.grade("1/2", a).verdict))) for a in answers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == sorted(("0.5", "correct") if a == "0.5" else ("2", "incorrect") for a in answers)


def test_it_closes_twice_and_does_not_start_again(given: Given) -> None:
    with given() as grader:
        assert grader.grade("1/2", "0.5").verdict == "correct"
    grader.close()
    with pytest.raises(HostFault, match="closed"):
        grader.grade(*BY_ALGEBRA)
    assert grader.process_id is None
