"""Changes that a teacher tells are made in the problem, to the letter, or not at all."""

import pytest

from trainer.augment.edits import edited
from trainer.teacher.work import NotMade

PROBLEM = (
    "A shed has 12 rakes and a 7-foot ladder. It has twice as many hoes as rakes, at $5.50 each. What are they worth?"
)


@pytest.mark.parametrize(
    ("reply", "new"),
    [
        ("Old: 12 rakes\nNew: 15 rakes", "A shed has 15 rakes and a 7-foot ladder."),
        ("Old: 12 rakes.\nNew: 15 rakes.\nOld: $5.50\nNew: $4.50", "at $4.50 each"),
        ('- Old: "twice as many"\n- New: "3 more than half as many"', "It has 3 more than half as many hoes as rakes"),
        ("Old: 7-foot ladder\nNew: 8-foot ladder", "an 8-foot ladder"),
        ("Old: 12\nNew: 12\nOld: $5.50\nNew: $6.50", "at $6.50 each"),
        (
            "Old: 12 rakes\nNew: 15 rakes\nOld: 7 days\nNew: 9 days\nOld: rakes\nNew: spades",
            "15 rakes and a 7-foot ladder",
        ),
        ("What are 3 rakes worth?", "What are 3 rakes worth?"),
    ],
)
def test_what_is_told_is_changed_and_nothing_else(reply: str, new: str) -> None:
    (question,) = edited(PROBLEM, reply)
    assert new in question
    assert len(question.split()) - len(PROBLEM.split()) in (0, 3) or question == reply


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("Old: 13 rakes\nNew: 15 rakes", "does not stand once"),
        ("Old: rakes\nNew: spades", "does not stand once"),
        ("Old: 5\nNew: 6", "does not stand once"),
        ("Old: 1\nNew: 2", "does not stand once"),
        ("Old: 12 rakes and\nNew: 15 rakes and\nOld: rakes and a\nNew: spades and a", "the same words"),
        ("Old: a shed has 15 rakes, what are they worth?", "no change is told"),
    ],
)
def test_what_cannot_be_changed_is_told(reply: str, why: str) -> None:
    with pytest.raises(NotMade, match=why):
        edited(PROBLEM, reply)
