"""``tutor hint``: what it shows and what it refuses."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tests.tutor.test_hints import PROBLEM, solved
from tutor_app.adapters.library import Library
from tutor_app.commands.hint import show, step_by_step
from tutor_app.commands.parser import main
from tutor_app.core.verdicts import Verdict
from tutor_app.tutor.hints import ladder
from tutor_app.tutor.paths import Folders


def test_hints_up_to_a_level() -> None:
    out = io.StringIO()
    assert show(ladder(solved()), 2, out=out) == 0
    assert out.getvalue().startswith("1. What is asked\n")
    assert "3. Which idea" not in out.getvalue()
    assert "54" not in out.getvalue()


def test_of_a_solution_that_is_not_verified_every_level_to_the_plan_can_be_shown() -> None:
    found = ladder(solved(Verdict("unchecked", "unrecognised")))
    out = io.StringIO()
    assert show(found, 1, out=out) == 0
    assert "could not be verified" in out.getvalue()
    assert "Hint 1 of 5; --level 2 shows the next." in out.getvalue()
    out = io.StringIO()
    assert show(found, 8, out=out) == 0
    assert "5. The plan" in out.getvalue()
    assert "--level" not in out.getvalue()


def test_in_a_terminal_each_enter_shows_the_next_hint() -> None:
    found = ladder(solved(Verdict("unchecked", "unrecognised")))
    keys = iter(["", "", "q"])
    asked = list[str]()

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return next(keys)

    out = io.StringIO()
    assert step_by_step(found, ask, out=out) == 0
    assert asked[-1] == "Enter for hint 4 of 5, q to end: "
    assert "3. Which idea" in out.getvalue()
    assert "4. The next step" not in out.getvalue()
    assert out.getvalue().startswith("This solution could not be verified, so the hints end with the plan.")


def test_a_saved_solution_that_was_verified_needs_no_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Library(Folders.under(tmp_path).library) as library:
        library.save(library.create(solved()), solved(), "finished")
    assert main(["hint", PROBLEM, "--level", "8", "--model", "none", "--data-dir", str(tmp_path)]) == 0
    assert "The answer is $54$." in capsys.readouterr().out


def test_json_and_the_limit() -> None:
    out = io.StringIO()
    assert show(ladder(solved(), cap=4), 8, as_json=True, out=out) == 0
    found = json.loads(out.getvalue())
    assert [hint["level"] for hint in found["hints"]] == [1, 2, 3, 4]
    assert found["ending"] == "Your teacher has chosen that the hints end here."


@pytest.mark.parametrize(
    "args", [["hint"], ["hint", "2+2", "--level", "9"], ["hint", "2+2", "--votes", "99"], ["hint", "--set-limit", "3"]]
)
def test_what_is_not_understood(args: list[str]) -> None:
    assert main(args) == 2
