"""True is what would be called false with another number in it; what only agrees with the rest is told as that."""

import pytest

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.reading import Reading
from tutor_app.adapters.checking.trying import changes
from tutor_app.core.claims import Claim


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """The first use of SymPy takes as long as a statement may."""
    symbolic.warm()


def found(text: str) -> dict[str, str]:
    """The verdict on every statement, or why it was not checked."""
    return {c.text: c.reason if c.verdict == "unchecked" else c.verdict for c in Reading().text(text, 20.0)}


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ("We solve $4t + 3 = 31$. So $t = 7$.", "t = 7"),
        (
            "From $u + v = 9$ and $u - v = 5$ we get $u = 7$ and $v = 2$, so $u = 7$.",
            "From $u + v = 9$ and $u - v = 5$ we get $u = 7$ and $v = 2$",
        ),
        ("Expanding, $(w + 4)(w - 6) = w^2 - 2w - 24$.", "(w + 4)(w - 6) = w^2 - 2w - 24"),
        ("Let $k = 6$. Then $5k = 30$.", "5k = 30"),
        ("There are 17 + 26 = 43 of them.", "17 + 26 = 43"),
    ],
)
def test_what_another_number_would_contradict_is_true(text: str, statement: str) -> None:
    assert found(text)[statement] == "true"


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ("$2(3x - 5) = 6x - 10$", "2(3x - 5) = 6x - 10"),  # "4(3x - 5) = 6x - 10" would be to be solved
        ("$y^2 = 81$. Or take $y = 9$.", "y = 9"),
    ],
)
def test_what_only_agrees_with_the_rest_is_told_as_that(text: str, statement: str) -> None:
    assert found(text)[statement] == "fits"


def test_what_is_tried_as_the_text_grows_is_what_is_tried_at_once() -> None:
    first = "We know that $a + b = 11$ and $a - b = 3$.\n\nPerhaps $a = 7$ and $b = 4$.\n"
    reading = Reading()
    reading.text(first, 20.0)
    more = first + "\nThen $2a = 14$ and $a + 2b = 15$, and $3b = 12$.\n"
    grown = reading.grown(more, 20.0)
    assert grown == Reading().text(more, 20.0)


def test_every_number_of_a_statement_is_changed_once_and_no_name_or_exponent() -> None:
    claim = Claim(10, 40, "x_1 + 27y^2 = 1,200.5 + f(9)", "true", reason="identity")
    assert list(changes(claim)) == [(17, "3"), (30, "8"), (36, "5")]


def test_the_time_for_trials_is_limited() -> None:
    class Clock:
        now = 0.0

        def __call__(self) -> float:
            self.now += 0.01
            return self.now

    text = " ".join(f"Let ${name} = 6$. Then $5{name} = 30$." for name in "abcdgkmnpq")
    assert [c.verdict for c in Reading().text(text, 20.0)] == ["true"] * 10
    reasons = [c.reason for c in Reading(Clock()).text(text, 0.6)]
    assert reasons[0] == "substituted"
    assert reasons[-1] == "time"
