"""The ladder of hints: its levels, its ends, and that it gives nothing away."""

from __future__ import annotations

from pathlib import Path

import pytest

from tutor_app.core.errors import EngineFault, UserFault
from tutor_app.core.events import EndReason, Finished, SolveEvent, Usage
from tutor_app.core.hints import LEVELS, NOT_SURE, PLAN, RESULT, HintLimit
from tutor_app.core.transcript import Answer, Code, Output, Text, Transcript
from tutor_app.core.verdicts import Verdict
from tutor_app.tutor.hints import ladder, silent_ladder
from tutor_app.tutor.leaks import leaks
from tutor_app.tutor.teacher import cap_of, limit_of, set_cap

PROBLEM = (
    "A baker makes 36 rolls in the morning. In the afternoon she makes half as many. How many rolls does she make?"
)
SURE = Verdict("checked", "code")


def solved(verdict: Verdict = SURE, problem: str = PROBLEM) -> Transcript:
    code = "morning = 36\nafternoon = morning / 2\nprint(morning + afternoon)"
    return Transcript.of(
        problem,
        Text("In the afternoon she makes 36 / 2 = 18 rolls, together 36 + 18 = 54."),
        Code(code),
        Output(stdout="54.0\n"),
        Answer("54", verdict=verdict),
    )


def test_eight_levels_that_are_all_different() -> None:
    found = ladder(solved())
    assert [hint.title for hint in found.hints] == list(LEVELS)
    assert len({hint.text for hint in found.hints}) == len(LEVELS)
    assert found.hints[0].text == (
        "What you are looking for is a number of rolls. The question is: How many rolls does she make?"
    )
    assert "36 rolls" in found.hints[1].text
    assert found.hints[2].text == "The idea: divide and add."
    assert found.hints[3].text == "Begin with this: work out 36 / 2."
    assert "print(morning + afternoon)" in found.hints[5].text
    assert found.hints[7].text == "The answer is $54$."
    assert found.ending() == ""


def test_nothing_below_the_result_gives_the_answer_away() -> None:
    # The problem itself tells the number that is the answer.
    problem = (
        "Of 54 rolls in a shop 36 are white. A baker makes 36 rolls and then half as many. How many are 54 less 0?"
    )
    for hint in ladder(solved(problem=problem)).hints[: RESULT - 1]:
        assert hint.text.strip()
        assert not leaks(hint.text, "54")


def test_a_solution_that_is_not_verified_ends_with_the_plan() -> None:
    found = ladder(solved(Verdict("unchecked", "unrecognised")))
    assert len(found.hints) == PLAN
    assert found.ending() == NOT_SURE


def test_a_solution_without_an_answer_ends_with_the_plan() -> None:
    found = ladder(Transcript.of(PROBLEM, Text("I do not know.")))
    assert len(found.hints) == PLAN
    assert all(hint.text for hint in found.hints)


def test_the_teachers_limit(tmp_path: Path) -> None:
    assert cap_of(tmp_path) == len(LEVELS)
    assert limit_of(tmp_path) == HintLimit(8, guarded=False)
    set_cap(tmp_path, 3, "2468")
    assert cap_of(tmp_path) == 3
    assert limit_of(tmp_path) == HintLimit(3, guarded=True)
    with pytest.raises(UserFault, match="not the PIN"):
        set_cap(tmp_path, 8, "1357")
    assert cap_of(tmp_path) == 3
    assert b"2468" not in (tmp_path / "teacher.json").read_bytes()
    found = ladder(solved(), cap=cap_of(tmp_path))
    assert len(found.hints) == 3
    assert found.ending() == "Your teacher has chosen that the hints end here."


@pytest.mark.parametrize(("cap", "pin"), [(0, "2468"), (9, "2468"), (3, "1"), (3, "x" * 65)])
def test_a_limit_that_cannot_be_set(tmp_path: Path, cap: int, pin: str) -> None:
    with pytest.raises(UserFault):
        set_cap(tmp_path, cap, pin)


def test_a_damaged_file_sets_no_limit(tmp_path: Path) -> None:
    (tmp_path / "teacher.json").write_text("[", encoding="utf-8")
    assert cap_of(tmp_path) == len(LEVELS)


def test_a_solution_that_was_stopped_or_failed_gives_no_hints() -> None:
    def ended(reason: EndReason, detail: str = "") -> list[SolveEvent]:
        return [Finished(reason, Transcript.of(PROBLEM), Usage(), detail)]

    with pytest.raises(UserFault, match="Stopped before there were hints"):
        silent_ladder(ended(EndReason.STOPPED))
    with pytest.raises(EngineFault, match="The model died"):
        silent_ladder(ended(EndReason.ENGINE, "The model died."))
    assert len(silent_ladder([Finished(EndReason.ANSWERED, solved(), Usage())], cap=3).hints) == 3
