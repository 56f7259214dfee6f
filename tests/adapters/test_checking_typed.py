"""Formulas in plain typing, and equations that look like wrong rewritings."""

import pytest

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.reading import Reading


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    symbolic.warm()


def verdicts(text: str) -> list[tuple[str, str]]:
    return [(claim.text, claim.verdict) for claim in Reading().text(text, 20.0)]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("The hypotenuse is sqrt(20^2 + 21^2) = 29.", "true"),
        ("The hypotenuse is sqrt(20^2 + 21^2) = 28.", "false"),
        ("So log_5(625) = 4.", "true"),
        ("So log_5(625) = 5.", "false"),
        ("sin(150°) = 1/2", "true"),
        ("cos(150°) = 1/2", "false"),
        ("(4 + i)(2 - 3i) = 11 - 10i", "true"),
        ("(4 + i)(2 - 3i) = 5 - 10i", "false"),
        ("|7 - 24i| = 25", "true"),
        ("|7 - 24i| = 31", "false"),
        ("5pq + pq = 6pq", "true"),
        ("5pq - pq = 5pq", "false"),
        ("11 t - 4 t = 7 t", "true"),
        ("11 t - 4 t = 8 t", "false"),
        ("- xy + xy = 2xy", "true"),
    ],
)
def test_a_formula_in_plain_typing_is_read_as_a_whole(text: str, verdict: str) -> None:
    assert [found for _, found in verdicts(text)] == [verdict]


def test_names_with_an_index_have_values_in_plain_typing() -> None:
    assert verdicts("We have x_1 = 9 and x_2 = 4, so x_1 x_2 = 36.") == [("x_1 x_2 = 36", "true")]
    assert verdicts("We have x_1 = 9 and x_2 = 4, so x_1 - x_2 = 4.") == [("x_1 - x_2 = 4", "false")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Let f(x) = 2x^3 - x. Then f'(x) = 6x^2 - 1.", [("f'(x) = 6x^2 - 1", "true")]),
        ("If h(t) = 4t^2 - 7t, then h'(t) = 8t - 7t.", [("h'(t) = 8t - 7t", "false")]),
        ("Let f(x) = x^4. So f''(x) = 12x^2 and f''(2) = 48.", [("f''(x) = 12x^2", "true"), ("f''(2) = 48", "true")]),
        ("Let f(x) = x^4. So f'(3) = 81.", [("f'(3) = 81", "false")]),
    ],
)
def test_the_derivative_of_a_function_that_was_told(text: str, found: list[tuple[str, str]]) -> None:
    assert verdicts(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "The rows i and j have 2i + 1 = 9 entries.",
        "He is 1/2x = 5 of it.",
        "sin(30) = -0.988",
        "He bought 5 x -3 = 2 things.",
        "The cost of 12 m - 2 m = 10 of it.",
        "Twice sqrt(9) = 6",
        "Half of sqrt(64) = 4",
    ],
)
def test_what_may_be_meant_otherwise_is_not_called_false(text: str) -> None:
    assert "false" not in [verdict for _, verdict in verdicts(text)]


POSED = [
    "Solve: (u - 2)(u + 5) = u^2 - 4.",
    "Find y: (y + 6)^2 = y^2 + 36.",
    "(y + 6)^2 = y^2 + 36 only if y = 0.",
    "The equation (y + 6)^2 = y^2 + 36 has one solution.",
    "For which y is (y + 6)^2 = y^2 + 36?",
    "Suppose (y + 6)^2 = y^2 + 36.",
    "(y + 6)^2 = y^2 + 36\ny^2 + 12y + 36 = y^2 + 36\n12y = 0\ny = 0",
    "We have (u - 2)(u + 5) = u^2 - 4. This gives u^2 + 3u - 10 = u^2 - 4, so 3u = 6 and u = 2.",
    "We solve the equation (u - 1)^2 = u^2 + 1. Expanding, u^2 - 2u + 1 = u^2 + 1. So u = 0.",
]
STATED = [
    "We know that (y + 6)^2 = y^2 + 36.",
    "Therefore (u - 2)(u + 5) = u^2 - 10.",
    "(y + 6)^2 = y^2 + 36",
    "So the area is (y + 6)^2 = y^2 + 36.",
    "If y > 0, we use (y + 6)^2 = y^2 + 36.",
    "Solve (y + 2)^2 = 4. Expanding the left side, (y + 2)^2 = y^2 + 4. So y^2 + 4 = 4 and y = 0.",
]


@pytest.mark.parametrize("text", POSED)
def test_an_equation_that_is_posed_or_solved_is_no_wrong_rewriting(text: str) -> None:
    assert "false" not in [verdict for _, verdict in verdicts(text)]


@pytest.mark.parametrize("text", STATED)
def test_a_wrong_rewriting_that_is_stated_is_false(text: str) -> None:
    assert "false" in [verdict for _, verdict in verdicts(text)]
