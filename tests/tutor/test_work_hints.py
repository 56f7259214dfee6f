"""One hint about the first false line: asked of the model, and never the right line."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.scripted_model import ScriptedModel
from tutor_app.adapters.checking.checker import Checker
from tutor_app.core.dialect import CHATML, MUMATH, Dialect
from tutor_app.core.errors import UserFault
from tutor_app.core.ports import NeverCancelled
from tutor_app.core.work import SLIPS, WorkHint
from tutor_app.tutor.work import check_work
from tutor_app.tutor.work_hints import BY_KIND, GENERAL, gives_away, misleads, work_hint

BRACKETS = ("Solve 2(x+3) = 14", "2(x+3) = 14\n2x + 3 = 14\nx = 9")
SQUARE = ("Expand (a+b)^2", "(a+b)^2\na^2 + b^2")
ROOT = ("", "x^2 = 9\nx = 3")
ORDER = ("", "3 + 4*2\n= 14")
FRACTIONS = ("", "1/2 + 1/3 = 2/5")
MOVED = ("Solve x - 5 = 3", "x - 5 = 3\nx = 3 - 5")
GOOD = "With which terms in the brackets must the factor be multiplied?"


@dataclass
class Speaker:
    engine: ScriptedModel
    dialect: Dialect = CHATML


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    with Checker() as made:
        yield made


def asked(checker: Checker, said: str, work: tuple[str, str] = BRACKETS, dialect: Dialect = CHATML) -> WorkHint:
    report = check_work(*work, checker)
    return work_hint(work[0], report, checker, Speaker(ScriptedModel([said]), dialect), NeverCancelled())


def test_the_model_is_asked_about_the_first_false_line(checker: Checker) -> None:
    assert asked(checker, f"Hint: {GOOD}\n\nThe answer is x = 4.") == WorkHint(2, GOOD, by_model=True)
    assert asked(checker, GOOD).title == "Hint for line 2, in the model\u2019s words"


@pytest.mark.parametrize(
    "said",
    [
        "It should be $2x + 6 = 14$.",
        "The student should look at line 2.",
        "Did you know that 7 * 8 = 54 holds for factors?",
        "No sentence that ends",
        "",
        "x",
    ],
)
def test_what_gives_the_line_away_says_nothing_or_is_false_is_replaced(checker: Checker, said: str) -> None:
    assert asked(checker, said) == WorkHint(2, GENERAL["distribution"])


def test_a_model_that_knows_its_own_form_only_is_not_asked(checker: Checker) -> None:
    assert not asked(checker, GOOD, dialect=MUMATH).by_model


def test_without_a_model_the_hint_is_that_of_the_mistake(checker: Checker) -> None:
    report = check_work("", "x = 3\nx^2 = 9", checker)
    assert work_hint("", report, checker, None, NeverCancelled()) == WorkHint(2, BY_KIND["gained"])
    assert work_hint("", check_work(*ROOT, checker), checker, None, NeverCancelled()).text == GENERAL["plus_minus"]
    assert set(GENERAL) == set(SLIPS)


def test_right_work_has_no_hint_and_a_stop_ends_it(checker: Checker) -> None:
    with pytest.raises(UserFault, match="no false line"):
        work_hint("", check_work("", "1 + 1 = 2", checker), checker, None, NeverCancelled())
    stop = threading.Event()
    stop.set()
    with pytest.raises(UserFault, match="Stopped"):
        work_hint("", check_work(*ROOT, checker), checker, Speaker(ScriptedModel([GOOD])), stop)


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (BRACKETS, "The left side is 2x + 6."),
        (BRACKETS, "two x plus six equals fourteen"),
        (BRACKETS, "The answer is x = 4."),
        (BRACKETS, "x is four"),
        (BRACKETS, "Divide both sides first: x + 3 = 7."),
        (SQUARE, "It is a^2 + 2ab + b^2."),
        (SQUARE, "a squared plus two a b plus b squared"),
        (SQUARE, "Write $(a+b)(a+b)$ first."),
        (ROOT, "x = \u00b13"),
        (ROOT, "Do not forget -3."),
        (ROOT, "x = 3 or x = -3"),
        (ROOT, "minus three works, too"),
        (ORDER, "4*2 = 8 comes first."),
        (ORDER, "It is eleven."),
        (FRACTIONS, "5/6"),
        (FRACTIONS, "five sixths"),
        (FRACTIONS, "3/6 + 2/6"),
        (MOVED, "x = 3 + 5"),
        (MOVED, "x equals 3 plus 5"),
    ],
)
def test_the_right_line_is_found_in_a_hint(checker: Checker, work: tuple[str, str], said: str) -> None:
    assert gives_away(said, work[0], check_work(*work, checker), checker)


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (BRACKETS, "Did you multiply both x and 3 by 2?"),
        (BRACKETS, "You wrote 2x + 3 = 14; look at the brackets."),
        (BRACKETS, "What happens to each of the two terms?"),
        (SQUARE, "What is the square of a sum?"),
        (ROOT, "Which other number has this square?"),
        (ROOT, "The square root of a number can be positive or negative. How are both roots found?"),
        (ORDER, "You wrote 3 + 4*2. What comes first?"),
        (FRACTIONS, "Find a common denominator."),
        (MOVED, "What is the opposite of taking away 5?"),
    ],
)
def test_a_hint_may_quote_what_the_student_has_written(checker: Checker, work: tuple[str, str], said: str) -> None:
    assert not gives_away(said, work[0], check_work(*work, checker), checker)


@pytest.mark.parametrize("work", [BRACKETS, SQUARE, ROOT, ORDER, FRACTIONS, MOVED])
def test_no_hint_of_a_mistake_gives_any_line_away(checker: Checker, work: tuple[str, str]) -> None:
    report = check_work(*work, checker)
    assert not any(gives_away(text, work[0], report, checker) for text in (*GENERAL.values(), *BY_KIND.values()))


@pytest.mark.parametrize(
    "text",
    [
        "The line is correct. What comes next?",
        "Your step looks right, now look at the sign.",
        "Well done! Look at the brackets.",
        "There is no mistake in the brackets.",
        "Divide both sides by 7 and look again.",
        "Remember to subtract 2 from both sides.",
    ],
)
def test_a_hint_that_calls_the_false_line_right_or_names_other_numbers_misleads(text: str) -> None:
    assert misleads(text, "Solve 5x - 4 = 11", ["5x = 15", "x = 4"])


@pytest.mark.parametrize(
    "text",
    [
        "Check whether the line is correct by putting it in.",
        "Is this right for the value that you found?",
        "Look at line 2: which operation undoes the factor 5?",
        "What must be done on both sides so that only the unknown is left?",
        "Look at step 2 again: what happens to 15 when it is divided by 5?",
    ],
)
def test_a_hint_about_what_is_there_does_not_mislead(text: str) -> None:
    assert not misleads(text, "Solve 5x - 4 = 11", ["5x = 15", "x = 4"])
