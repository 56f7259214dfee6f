"""Reading answers and exact arithmetic on them: properties over generated expressions."""

from __future__ import annotations

import cmath
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tutor_app.adapters.grading.algebra import approximate, rational, same
from tutor_app.adapters.grading.compare import compare_readings
from tutor_app.adapters.grading.python_reader import read_python
from tutor_app.adapters.grading.readings import readings
from tutor_app.adapters.grading.terms import Number, Term, Unreadable

numbers = st.integers(-99, 99)
leaves = st.one_of(numbers.map(lambda n: f"({n})"), st.sampled_from(["x", "y", "sqrt(2)", "sqrt(12)", "pi", "(1/3)"]))


def _combine(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(parts, st.sampled_from("+-*"), parts).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
        st.tuples(parts, st.integers(1, 3)).map(lambda t: f"({t[0]}**{t[1]})"),
        parts.map(lambda p: f"({p}/7)"),
    )


expressions = st.recursive(leaves, _combine, max_leaves=8)


def first(text: str) -> Term:
    return readings(text)[0]


@given(expressions)
def test_python_and_plain_text_are_read_alike(text: str) -> None:
    assert same(read_python(text), first(text)) is True


def to_latex(text: str) -> str:
    text = re.sub(r"sqrt\((\d+)\)", r"\\sqrt{\1}", text).replace("pi", r"\pi ").replace("**", "^")
    return text.replace("*", r"\cdot ").replace("(1/3)", r"\frac13 ").replace("(", r"\left(").replace(")", r"\right)")


@given(expressions)
def test_latex_and_python_are_read_alike(text: str) -> None:
    assert same(first(to_latex(text)), read_python(text)) is True


@given(expressions, expressions)
def test_a_sum_has_no_order_and_a_difference_shows(a: str, b: str) -> None:
    assert same(first(f"{a}+{b}"), first(f"{b}+{a}")) is True
    assert same(first(f"{a}*({b}+1)"), first(f"{a}*{b}+{a}")) is True
    assert same(first(f"{a}+1"), first(a)) is False


@given(expressions)
def test_exact_and_floating_values_agree(text: str) -> None:
    term = first(text)
    exact, floating = rational(term), approximate(term)
    if exact is not None and floating is not None:
        assert cmath.isclose(complex(float(exact)), floating, rel_tol=1e-6, abs_tol=1e-6)


@given(st.lists(numbers, min_size=2, max_size=6, unique=True), st.randoms())
def test_lists_have_no_order_tuples_have(items: list[int], random: object) -> None:
    shuffled = items[1:] + items[:1]
    bare, turned = ", ".join(map(str, items)), ", ".join(map(str, shuffled))
    assert compare_readings(readings(bare), readings(turned))
    assert compare_readings(readings(rf"\{{{bare}\}}"), readings(turned))
    assert not compare_readings(readings(f"({bare})"), readings(f"({turned})"))
    assert not compare_readings(readings(bare), readings(bare + ", 1000"))


@given(st.text(max_size=60))
@settings(max_examples=300)
def test_no_text_breaks_the_reader(text: str) -> None:
    for term in readings(text):
        assert compare_readings((term,), (term,)).same is not False


@given(st.text(alphabet=r"\\{}()[]^_$%&,;:|!'\"+-*/=<>.0123456789abefipqrstx ", max_size=50))
@example("a_")
@settings(max_examples=500)
def test_no_near_latex_breaks_the_reader(text: str) -> None:
    for term in readings(text):
        assert compare_readings((term,), (term,))


@given(st.integers(-(10**9), 10**9))
def test_neighbours_and_hundredfolds_differ(n: int) -> None:
    for other in (n + 1, n * 100 if n else 7, -n if n else 1):
        assert not compare_readings(readings(str(n)), readings(f"{other:,}"))


@pytest.mark.parametrize(
    ("text", "value", "places"),
    [("3.50", "7/2", 2), (".5", "1/2", 1), ("12,345.6", "61728/5", 1), ("1.5e3", "1500", -2)],
)
def test_decimals_keep_how_they_were_written(text: str, value: str, places: int) -> None:
    term = first(text)
    assert isinstance(term, Number)
    assert (str(term.value), term.places) == (value, places)


@pytest.mark.parametrize(
    "text",
    [
        "lambda: 1",
        "x if y else z",
        "f'{x}'",
        "a.b",
        "a[0]",
        "eval('1')",
        "[x for x in y]",
        "1if x else 2",
        "x := 1",
        "await x",
    ],
)
def test_python_outside_the_whitelist_has_no_reading(text: str) -> None:
    with pytest.raises(Unreadable):
        read_python(text)


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        (r"1\,234\,567{,}5", "1234567.5"),
        (r"12\,345{,}678", "12345.678"),
        ("x:=3", "x = 3"),
        (r"x \coloneqq 3", "x = 3"),
    ],
)
def test_thin_spaces_with_a_decimal_comma_and_signs_of_a_definition_are_read(written: str, plain: str) -> None:
    assert readings(written)[0] == readings(plain)[0]
