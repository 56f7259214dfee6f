"""``tutor hint``: what it shows and what it refuses."""

from __future__ import annotations

import io
import json

import pytest

from tests.tutor.test_hints import solved
from tutor_app.commands.hint import show
from tutor_app.commands.parser import main
from tutor_app.tutor.hints import ladder


def test_hints_up_to_a_level() -> None:
    out = io.StringIO()
    assert show(ladder(solved()), 2, out=out) == 0
    assert out.getvalue().startswith("1. What is asked\n")
    assert "3. Which idea" not in out.getvalue()
    assert "54" not in out.getvalue()


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
