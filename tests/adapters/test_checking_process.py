"""The process that checks: nothing in a text makes it fail, and it is ended when its time is over."""

from collections.abc import Iterator

import pytest

from tutor_app.adapters.checking.checker import Checker
from tutor_app.core.errors import HostFault


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    """One process for all texts; whoever ends it has it replaced."""
    with Checker(10.0) as made:
        yield made


def test_the_pieces_of_a_solution_know_each_other(checker: Checker) -> None:
    first = checker.check([("text", "2x + 1 = 9")])
    assert first == ((),)
    claims = checker.check([("text", "2x + 1 = 9"), ("output", "4\n"), ("text", "So x = 4.")])
    assert [[(c.text, c.verdict) for c in piece] for piece in claims] == [[], [], [("x = 4", "true")]]


def test_another_solution_begins_anew(checker: Checker) -> None:
    checker.check([("text", "2x + 1 = 9")])
    assert checker.check([("text", "So x = 4.")]) == ((),)


def test_an_output_gives_names_their_values(checker: Checker) -> None:
    claims = checker.check([("output", "s = 12.5"), ("text", "Twice that is 2 * s = 25.")])
    assert [c.reason for c in claims[1]] == ["fits"]  # the words may mean another s


@pytest.mark.parametrize(
    "text",
    [
        "10^10^10^10 = 1",
        "$" + "2^{" * 300 + "2" + "}" * 300 + "$ = 5",
        "5" + "!" * 400 + " = 1",
        "9" * 90_000 + " + 1 = 2",
        "(" * 60_000 + "1 + 1" + ")" * 60_000 + " = 2",
        "$" + r"\frac{1}{" * 2000 + "2" + "}" * 2000 + "= 1$",
        "x" * 100_000,
        "= " * 50_000,
        "<<" * 50_000,
        "$x = " * 20_000,
        "1 + " * 30_000 + "1 = 30001",
        "\u202e\u0000\ud7ff 1 + 1 = 2",
    ],
    ids=range(12),
)
def test_hostile_text_costs_nothing_but_a_verdict(checker: Checker, text: str) -> None:
    assert "false" not in [claim.verdict for claim in checker.text(text)]
    assert [claim.verdict for claim in checker.text("1 + 1 = 2")] == ["true"]


def test_a_text_of_a_megabyte_is_read_in_part(checker: Checker) -> None:
    claims = checker.text("12 + 7 = 19 apples. " * 50_000)
    assert claims[0].verdict == "true"
    assert (claims[-1].verdict, claims[-1].reason) == ("unchecked", "too_long")


def test_a_closed_checker_says_so() -> None:
    checker = Checker()
    checker.close()
    checker.close()
    with pytest.raises(HostFault):
        checker.text("1 + 1 = 2")
