"""A model that goes on with a problem of its own after its answer: the turn ends before it, however the text is cut."""

import pytest

from tutor_app.core.turns import TurnGuard

OVER = [
    "Problem: Tom has 3 apples.",
    "**Problem 2:** Tom has 3 apples.",
    "### Question\nNo mark yet.\nQuestion: what is 2 + 2?",
    "Next problem:\nTom has 3 apples.",
    "User: and now?",
    "Human: and now?",
    "### Instruction:\nSolve it.",
    "<|im_start|>user\nand now?",
    "[INST] and now? [/INST]",
]
WORDS = [
    "The problem is solved.",
    "Problems like this are common: practise them.",
    "Therefore, the number of users: 5.",
    "(b) The next question is how many there are.",
    "",
    "So:\n\n- one\n- two\n",
]


def shown(text: str, size: int) -> tuple[str, bool]:
    guard = TurnGuard()
    out = guard.feed("It is 5.\n\n", answered=False)
    for i in range(0, len(text), size):
        out += guard.feed(text[i : i + size], answered=True)
    return out + guard.rest(), guard.over


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
@pytest.mark.parametrize("text", OVER)
def test_what_begins_another_turn_is_dropped(text: str, size: int) -> None:
    out, over = shown(text, size)
    assert over
    assert out.strip() in ("It is 5.", "It is 5.\n\n### Question\nNo mark yet.")


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
@pytest.mark.parametrize("text", WORDS)
def test_other_words_come_through_as_they_are(text: str, size: int) -> None:
    assert shown(text, size) == ("It is 5.\n\n" + text, False)


def test_before_the_answer_a_problem_may_be_repeated() -> None:
    guard = TurnGuard()
    assert guard.feed("Problem: what is 2 + 2?\n", answered=False) == "Problem: what is 2 + 2?\n"
    assert not guard.over
