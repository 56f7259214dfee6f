"""What can be asked, and what is said of what cannot."""

from __future__ import annotations

import pytest

from tutor_app.core.errors import UserFault
from tutor_app.core.problem import MAX_PROBLEM, check_problem, check_question


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There is no problem to solve. Type one and try again."),
        (" \n\t\x00", "There is no problem to solve. Type one and try again."),
        ("\u200b\u2060 \ufeff\n\u2063", "There is no problem to solve. Type one and try again."),
        ("homework.png", "A picture cannot be read here. Type what is in it."),
        ("/home/ida/my sheet 3.JPG", "A picture cannot be read here. Type what is in it."),
        ("![](data:image/png;base64,iVBORw0KGgo=)", "A picture cannot be read here. Type what is in it."),
        ('<img src="a" alt="b">', "A picture cannot be read here. Type what is in it."),
        ("data:image/jpeg;base64,/9j/4AAQ", "A picture cannot be read here. Type what is in it."),
        (
            "\ufffdPNG\r\n\ufffd\ufffdab",
            "This problem is no text that can be read. Type it, or save it as text in UTF-8.",
        ),
        (
            "x" * (MAX_PROBLEM + 1),
            "The problem has 20,001 characters; at most 20,000 fit. Shorten it to what is needed.",
        ),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_sentence_with_what_to_do(text: str, sentence: str) -> None:
    with pytest.raises(UserFault) as fault:
        check_problem(text)
    assert str(fault.value) == sentence


@pytest.mark.parametrize(
    "text",
    [
        "Solve 2x + 3 = 13.",
        "What does a.png in the figure show?",
        "L\u00f6se 2x = 10 und \u0440\u0435\u0448\u0438 x + 1 = 3, \u6c42\u548c",
        "A file has 3 pictures, a.png and two others of 5 MB each. How large are all three if a.png has 2 MB?",
        "Find x in the sentence caf\ufffd has 3 tables with 4 chairs and x guests are sitting there. x = 3 * 4 - 2.",
        "![](figure.png) What is 3 + 4?",
    ],
)
def test_what_is_asked_is_kept(text: str) -> None:
    assert check_problem(f"  {text}\r\n") == text


def test_a_question_is_told_so() -> None:
    with pytest.raises(UserFault, match="There is no question"):
        check_question(" ")
