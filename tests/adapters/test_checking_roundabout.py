"""A student's right but roundabout work: labels, cases, checks, side calculations, own names; and slips within it."""

from __future__ import annotations

import pytest

from tutor_app.adapters.checking.work.integrals import read_integrals
from tutor_app.adapters.checking.work.judge import judge_work
from tutor_app.adapters.checking.work.notes import is_label, is_meaning, told, without_lead
from tutor_app.adapters.checking.work.sets import told_as_relations
from tutor_app.adapters.checking.work.vectors import Vectors
from tutor_app.core.work import NO_CONSTANT, first_fault


@pytest.mark.parametrize(
    ("problem", "lines"),
    [
        ("Solve |x + 1| > 4", ["case 1: x + 1 > 4", "x > 3", "case 2: -(x + 1) > 4", "x + 1 < -4", "x < -5",
                               "x < -5 or x > 3"]),
        ("Solve 3x - 5 = 7", ["add 5: 3x = 12", "divide by 3: x = 4", "Check: 3*4 - 5 = 12 - 5 = 7 ✓"]),
        ("Solve x^2 - 2x = 15", ["x^2 - 2x - 15 = 0", "two numbers with product -15 and sum -2: -5 and 3",
                                 "(x - 5)(x + 3) = 0", "x - 5 = 0 => x = 5", "x + 3 = 0 => x = -3", "L = {-3, 5}"]),
        ("Solve x + y = 9 and xy = 20", ["y = 9 - x", "x(9 - x) = 20", "x = 4 => y = 5, x = 5 => y = 4"]),
        ("Solve 2x + y = 8 and x - y = 1", ["(I) 2x + y = 8", "(II) x - y = 1", "I + II: 3x = 9", "x = 3", "y = 2",
                                            "(3, 2)"]),
        ("Solve log_3(x - 1) = 2", ["domain: x > 1", "x - 1 = 9", "x = 10"]),
        ("Solve 4^x = 8^(x - 1)", ["2^(2x) = 2^(3x - 3)", "exponents equal: 2x = 3x - 3", "x = 3"]),
        ("Solve x^2 + x > 6", ["zeros: x^2 + x - 6 = 0", "(x + 3)(x - 2) = 0", "test x = 0: 0 > 6 false",
                               "x < -3: positive", "x < -3 or x > 2"]),
        ("Solve x^2 - 4x = 0", ["either x = 0 or x - 4 = 0", "x = 0 or x = 4"]),
        ("Simplify 2/(x - 2) - 8/(x^2 - 4)", ["x^2 - 4 = (x - 2)(x + 2)", "2/(x - 2) = 2(x + 2)/((x - 2)(x + 2))",
                                              "(2x + 4 - 8)/((x - 2)(x + 2))", "2/(x + 2)"]),
        ("Simplify (3x^2)^2 * x^-1", ["(3x^2)^2 = 9x^4", "x^4 * x^-1 = x^3", "9x^3"]),
        ("Simplify ln(x^3) - ln(x) for x > 0", ["3 ln x - ln x", "2 ln x"]),
        ("Show that (1 + tan(x)^2) cos(x)^2 = 1", ["LHS = cos(x)^2 + sin(x)^2", "LHS = 1 = RHS"]),
        ("Work out 3/8 : 9/4", ["3/8 : 9/4 = 3/8 * 4/9", "= 12/72", "= 1/6"]),
        ("A coat of 60 euros is reduced by 25%. What is the new price?", ["25% of 60: 60/4 = 15", "60 - 15 = 45",
                                                                          "other way: 60 * 0.75 = 45"]),
        ("A price after a discount of 20% is 72 euros. What was it?", ["80% <-> 72", "1% <-> 0.9", "100% <-> 90"]),
        ("Tom is twice as old as Ida. In 5 years they will be 40 together.", ["t = age of Tom, i = age of Ida"]),
        ("Find the smallest value of f(x) = x^2 - 4x", ["f'(x) = 2x - 4", "2x - 4 = 0", "2x = 4", "x = 2",
                                                        "f(2) = 4 - 8 = -4"]),
        ("Compute the integral of 4x - 1 from 1 to 2", ["F(x) = 2x^2 - x", "F(2) = 8 - 2 = 6", "F(1) = 2 - 1 = 1",
                                                        "F(2) - F(1) = 6 - 1 = 5"]),
        ("Integrate x e^x", ["u = x, v' = e^x", "∫ x e^x dx = x e^x - ∫ e^x dx", "= x e^x - e^x + C"]),
        ("Find the angle between a = (2, 1, 2) and b = (0, 0, 5)", ["a·b = 10", "|a| = sqrt(4 + 1 + 4) = 3", "|b| = 5",
                                                                    "cos φ = 10/15 = 2/3", "φ ≈ 48.2°"]),
        ("A right triangle has legs 5 and 12. Find the angle opposite 5.", [
            "hypotenuse^2 = 25 + 144 = 169", "hypotenuse = 13", "tan α = 5/12", "α = arctan(5/12) = 22.62°"]),
        ("Solve x^2 - 2x - 8 = 0", ["(x - 1)^2 = 9", "|x - 1| = 3", "x - 1 = 3 -> x = 4 or x - 1 = -3 -> x = -2"]),
        ("Two numbers have sum 9 and product 14.", ["a + b = 9 and ab = 14", "b = 9 - a", "a(9 - a) = 14",
                                                    "a^2 - 9a + 14 = 0", "a = 7 or a = 2"]),
        ("Differentiate (2x + 1)/(x^2 + 3)", ["u = 2x + 1, v = x^2 + 3", "u' = 2", "v' = 2x",
                                              "numerator: u'v - uv' = 2(x^2 + 3) - (2x + 1)*2x",
                                              "= 2x^2 + 6 - 4x^2 - 2x = -2x^2 - 2x + 6",
                                              "f'(x) = (-2x^2 - 2x + 6)/(x^2 + 3)^2"]),
        ("Work out 2 1/4 ÷ 1 1/2 - 1/2", ["2 1/4 = 9/4 and 1 1/2 = 3/2", "9/4 ÷ 3/2 = 9/4 × 2/3 = 3/2",
                                           "3/2 - 1/2 = 1"]),
        ("Solve 9 - (3x - 4) = 2x + 3", ["-(3x - 4) = -3x + 4", "9 - 3x + 4 = 2x + 3", "x = 2"]),
        ("A meal costs 50 euros plus 7% tax.", ["1% of 50 is 0.5", "7 * 0.5 = 3.5", "50 + 3.5 = 53.5"]),
        ("A tap drips 2 ml every 4 s. How much in a day?", ["a day = 24*60*60 = 86400 s", "86400/4 = 21600",
                                                            "21600 * 2 = 43200 ml", "h \u2248 43.2 l"]),
        ("A bag has 2 red and 4 blue balls. Find P(both red).", ["P(first red) = 2/6", "P(second red) = 1/5",
                                                                 "2/6 * 1/5 = 1/15"]),
        ("How many tiles of 25 cm by 25 cm cover 2 m by 3 m?", ["floor = 2 * 3 = 6 m^2",
                                                                "tile = 0.25 * 0.25 = 0.0625 m^2", "6/0.0625 = 96"]),
    ],
)  # fmt: skip
def test_right_work_that_goes_a_long_way_is_right(problem: str, lines: list[str]) -> None:
    found = judge_work(problem, lines)
    assert first_fault(found) is None
    assert not [line.text for line in found if line.kind == "unread"]


@pytest.mark.parametrize(
    ("problem", "lines", "at", "slip"),
    [
        ("Solve 3x - 5 = 7", ["add 5: 3x = 2", "x = 2/3"], 0, "sign"),
        ("Solve 3x - 5 = 7", ["3x = 12", "x = 4", "Check: 3*4 - 5 = 12 - 5 = 8"], 2, "arithmetic"),
        ("Solve x^2 + 3x - 10 = 0", ["a = 1, b = 3, c = -10", "D = 9 - 40 = -31"], 1, "sign"),
        ("Work out 4 + 5 * 2^2", ["2^2 = 4", "4 + 5 = 9", "9 * 4 = 36"], 1, "order"),
        ("Work out 36 - 12 : 4 + 1", ["36 - 12 = 24", "24 : 4 = 6", "6 + 1 = 7"], 0, "order"),
        ("Compute 50 - 20 × 3 ÷ 4", ["30 × 3 = 90", "90 ÷ 4 = 22.5"], 0, "order"),
        ("a = (4, -1), b = (2, 3). Find a - 3b", ["3b = (6, 9)", "a - 3b = (4 - 6, -1 + 9)"], 1, "sign"),
        ("Compute the integral of 4x - 1 from 1 to 2", ["F(x) = 2x^2 - x", "F(2) - F(1) = 6 + 1 = 7"], 1, "sign"),
        ("Differentiate x^3 cos x", ["u = x^3, v = cos x", "u' = 3x^2, v' = -sin x", "u'v' = -3x^2 sin x"], 2,
         "product"),
        ("A tap gives 12 l per minute. How long does it take to fill 3 m^3?", ["3 / 12 = 0.25 min"], 0, "unit"),
        ("A swimmer needs 2 min for 150 m. What is the speed in m/s?", ["150/2 = 75 m/s"], 0, "unit"),
        ("Solve 2 log(x) = log(16)", ["log(2x) = log(16)", "x = 8"], 0, "logs"),
        ("Solve y = x^2 and y = x + 2", ["x = 2 or x = -1", "(2, 4) and (-1, -1)"], 1, ""),
        ("Solve x^2 + 3x = 0", ["x(x + 3) = 0", "L = {0, 3}"], 1, "sign"),
        ("Integrate x e^x", ["∫ x e^x dx = x e^x + ∫ e^x dx"], 0, ""),
        ("Solve x^2 + 2x - 24 = 0", ["x = -1 ± sqrt(1 - 24)", "no solution"], 0, ""),
        ("Work out 30 - 8 ÷ 4 × 3", ["8 ÷ 4 = 2", "30 - 2 = 28", "28 × 3 = 84"], 1, "order"),
        ("Solve 2 sin(x) cos(x) = sin(x) for 0 <= x < 2pi", ["divide by sin x: 2 cos x = 1", "cos x = 1/2"], 0, ""),
        ("Differentiate x^2 e^x", ["u = x^2, v = e^x", "u'v + uv' = 2x e^x + x e^x"], 1, ""),
        ("A bag costs 60 euros after a discount of 25%. What did it cost before?", ["25% of 60 = 15", "60 + 15 = 75"],
         1, "percent"),
    ],
)  # fmt: skip
def test_a_slip_in_such_work_is_found_at_its_line(problem: str, lines: list[str], at: int, slip: str) -> None:
    found = judge_work(problem, lines)
    assert first_fault(found) == at
    assert not slip or found[at].slip == slip


@pytest.mark.parametrize(
    ("problem", "lines", "note"),
    [
        ("Integrate 8x^3", ["2x^4"], NO_CONSTANT),
        ("Integrate 8x^3", ["2x^4", "2x^4 + C"], ""),
        ("∫ 8x^3 dx", ["8 ∫ x^3 dx", "2x^4"], NO_CONSTANT),
        ("Find an antiderivative of 8x^3", ["2x^4"], ""),
        ("Compute the integral of 8x^3 from 0 to 1", ["2x^4", "2"], ""),
        ("Differentiate 2x^4", ["8x^3"], ""),
    ],
)
def test_a_missing_constant_is_told_and_is_no_mistake(problem: str, lines: list[str], note: str) -> None:
    last = judge_work(problem, lines)[-1]
    assert (last.is_fault, last.note) == (False, note)
    assert last.is_quiet == (not note)
    assert last.remark().endswith(note)


@pytest.mark.parametrize(
    ("text", "left", "aside", "denied"),
    [
        ("multiply by 3: 2x = 9", "2x = 9", False, False),
        ("check x = 2: 4 + 1 = 5 ok", "4 + 1 = 5", True, False),
        ("test: 3 = 4 ✗", "3 = 4", True, True),
        ("2*(I) + (II): 7x = 14", "7x = 14", False, False),
        ("LHS = 12", "12", False, False),
        ("12 : 4 = 3", "12 : 4 = 3", False, False),
        ("x = 28 : 7", "x = 28 : 7", False, False),
    ],
)
def test_what_stands_around_formulas(text: str, left: str, aside: bool, denied: bool) -> None:
    found = told(text)
    assert (found.text, found.aside, found.denied) == (left, aside, denied)


def test_words_before_a_formula() -> None:
    assert without_lead("either x = 1 or x = 2") == "x = 1 or x = 2"
    assert without_lead("sin x = 1") == "sin x = 1"
    assert is_meaning("h = height of the tree, d = distance")
    assert not is_meaning("s = sin x")
    assert is_label("exponents equal")
    assert not is_label("12 ")


@pytest.mark.parametrize(
    ("text", "names", "of_points", "relations"),
    [
        ("L = {2, 5}", ["x"], False, "x = 2 or x = 5"),
        ("t \u2208 (-1, 4]", ["t"], False, "-1 < t <= 4"),
        ("(-\u221e, -3) \u222a [7, \u221e)", ["x"], False, "x < -3 or x >= 7"),
        ("]-2; 3[", ["x"], False, "-2 < x < 3"),
        ("(3, 1)", ["x", "y"], True, "x = 3 and y = 1"),
        ("(x - 1)(x + 2)", ["x"], False, ""),
        ("12", ["x"], False, ""),
        ("(3, 1)", [], False, ""),
    ],
)
def test_sets_intervals_and_points(text: str, names: list[str], of_points: bool, relations: str) -> None:
    assert told_as_relations(text, names, of_points=of_points) == relations


def test_vectors_are_told_by_components() -> None:
    vectors = Vectors()
    vectors.read("a = (1, 2), b = (3, 4), A(1, 1), B(4, 5)")
    assert vectors.lines("a + b = (4, 6)") == ["(1) + (3) = (4)", "(2) + (4) = (6)"]
    assert vectors.lines("= (4, 6)") == ["(4) = (4)", "(6) = (6)"]
    assert vectors.lines("c = 2a") == ["2(1) = 2(1)", "2(2) = 2(2)"]
    assert vectors.lines("c = (2, 5)") == ["(2(1)) = (2)", "(2(2)) = (5)"]
    assert vectors.lines("AB = (3, 4)") == ["((4) - (1)) = (3)", "((5) - (1)) = (4)"]
    assert vectors.lines("x = 3") == []
    assert vectors.lines("a + (1, 2, 3)") == []
    assert Vectors().lines("(1, 2) = (1, 2)") == []


@pytest.mark.parametrize("side", ["∫ x dt", "∫ dx + ∫ dt", "∫ x", "∫_0^1 x dx + ∫ x dx"])
def test_integrals_that_cannot_be_read(side: str) -> None:
    assert read_integrals(side) is None


def test_an_integral_without_end_costs_a_slip_its_name_and_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def integrate(*_: object, **__: object) -> None:
        while True:
            """Until the time of the operation is over."""

    monkeypatch.setattr("sympy.integrate", integrate)
    work = ["u = x^3, v = cos x", "u' = 3x^2, v' = -sin x", "u'v' = -3x^2 sin x"]
    assert first_fault(judge_work("Differentiate x^3 cos x", work)) == 2
