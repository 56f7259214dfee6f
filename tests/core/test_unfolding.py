"""A line of code as a calculation."""

import ast

import pytest

from tests.core.recordings import Writer, area, number
from tutor_app.core.trace_values import Unfolding, Variable
from tutor_app.core.unfolding import unfolded


def unfold(line: str, values: dict[str, Variable], after: Variable | None = None) -> Unfolding | None:
    """The calculation of a line whose parts, by their source, have these values; in the order of evaluation."""
    w = Writer(line)
    at = w.step(1, *(Variable(n, v.kind, v.text) for n, v in values.items() if n.isidentifier()))
    for n, (_, node) in enumerate(w.outline.expressions):
        if ast.unparse(node) in values:
            w.columns.note(at, n, w.columns.keep(values[ast.unparse(node)]))
    w.step(1, *([after] if after else []), event="end")
    return unfolded(w.done(), at)


def texts(line: str, **values: object) -> list[str]:
    unfolding = unfold(line, {k.replace("_", " "): number("", v) for k, v in values.items()})
    return [s.text for s in unfolding.stages] if unfolding else []


def test_names_first_then_one_operation_after_the_other() -> None:
    recording = area()
    unfolding = unfolded(recording, 3)
    assert unfolding is not None
    assert (unfolding.target, unfolding.complete) == ("h", True)
    assert [s.text for s in unfolding.stages] == ["2·area/a", "2·126/21", "252/21", "12"]
    assert [s.latex for s in unfolding.stages] == [
        r"\frac{2 \cdot \text{area}}{a}", r"\frac{2 \cdot 126}{21}", r"\frac{252}{21}", "12",
    ]  # fmt: skip
    assert [(s.part, s.part_value) for s in unfolding.stages] == [
        ("", ""),
        ("", ""),
        ("2·126", "252"),
        ("252/21", "12.0"),
    ]


def test_a_line_with_nothing_to_work_out_has_no_calculation() -> None:
    assert unfolded(area(), 0) is None
    assert unfolded(area(), 5) is None
    assert unfold("x = a", {}) is None


@pytest.mark.parametrize(
    ("line", "values", "stages"),
    [
        ("x = 3 * a", {"a": -2, "3 * a": -6}, ["3·a", "3·(-2)", "-6"]),
        ("x = a * 3", {"a": -2, "a * 3": -6}, ["a·3", "(-2)·3", "-6"]),
        ("x = a + 3", {"a": -2, "a + 3": 1}, ["a + 3", "-2 + 3", "1"]),
        ("x = 3 - a", {"a": -2, "3 - a": 5}, ["3 - a", "3 - (-2)", "5"]),
        ("x = a ** 2", {"a": -2, "a ** 2": 4}, ["a^2", "(-2)^2", "4"]),
        ("x = a ** 2", {"a": "1/3", "a ** 2": "1/9"}, ["a^2", "(1/3)^2", "1/9"]),
        ("x = (a + 1) * 2", {"a": 4, "a + 1": 5, "(a + 1) * 2": 10}, ["(a + 1)·2", "(4 + 1)·2", "5·2", "10"]),
        ("x = a - (b - c)", {"a": 9, "b": 5, "c": 2, "b - c": 3, "a - (b - c)": 6},
         ["a - (b - c)", "9 - (5 - 2)", "9 - 3", "6"]),
        ("x = -a", {"a": 4, "-a": -4}, ["-a", "-4"]),
        ("x = a // b % 5", {"a": 17, "b": 2, "a // b": 8, "a // b % 5": 3},
         ["a // b mod 5", "17 // 2 mod 5", "8 mod 5", "3"]),
        ("x = a % 3 * 2", {"a": 7, "a % 3": 1, "a % 3 * 2": 2}, ["(a mod 3)·2", "(7 mod 3)·2", "1·2", "2"]),
        ("x = 5 * a % 4", {"a": 3, "5 * a": 15, "5 * a % 4": 3}, ["5·a mod 4", "5·3 mod 4", "15 mod 4", "3"]),
        ("x = (lambda q: q)(a)", {"a": 7, "(lambda q: q)(a)": 7}, ["(lambda q: q)(a)", "(lambda q: q)(7)", "7"]),
        ("if a <= b: pass", {"a": 1, "b": 2, "a <= b": "True"}, ["a ≤ b", "1 ≤ 2", "True"]),
        ("print(a * 2)", {"a": 3, "a * 2": 6}, ["print(a·2)", "print(3·2)", "print(6)"]),
        ("x = a[i]", {"i": 1, "a[i]": 7}, ["a[i]", "a[1]", "7"]),
        ("x = [a, a + 1]", {"a": 2, "a + 1": 3}, ["[a, a + 1]", "[2, 2 + 1]", "[2, 3]"]),
    ],
)  # fmt: skip
def test_parentheses_stand_where_a_student_writes_them(line: str, values: dict[str, object], stages: list[str]) -> None:
    unfolding = unfold(line, {k: number("", v) for k, v in values.items()})
    assert unfolding is not None
    assert [s.text for s in unfolding.stages] == stages


def test_what_was_not_evaluated_stays_as_it_was_written() -> None:
    unfolding = unfold("if a or b: pass", {"a": number("", 1), "a or b": number("", 1)})
    assert unfolding is not None
    assert [s.text for s in unfolding.stages] == ["a or b", "1 or b", "1"]


def test_a_name_that_is_changed_is_shown_with_what_it_was() -> None:
    unfolding = unfold("t += i", {"t": number("t", 3), "i": number("", 4)}, number("t", 7))
    assert unfolding is not None
    assert unfolding.target == "t"
    assert [s.text for s in unfolding.stages] == ["t + i", "3 + 4", "7"]


def test_roots_fractions_and_symbols_are_typeset() -> None:
    root = Variable("", "symbolic", "sqrt(2)", r"\sqrt{2}")
    unfolding = unfold(
        "y = sqrt(x) / 2",
        {
            "x": number("", 2),
            "sqrt(x)": root,
            "sqrt(x) / 2": Variable("", "symbolic", "sqrt(2)/2", r"\frac{\sqrt{2}}{2}"),
        },
    )
    assert unfolding is not None
    assert [s.latex for s in unfolding.stages] == [
        r"\frac{\sqrt{x}}{2}", r"\frac{\sqrt{2}}{2}",
    ]  # fmt: skip


def test_an_expression_that_failed_is_not_complete() -> None:
    w = Writer("x = a / b")
    at = w.step(1, number("a", 1), number("b", 0))
    for n, (_, node) in enumerate(w.outline.expressions):
        if isinstance(node, ast.Name):
            w.columns.note(at, n, w.columns.keep(number("", {"a": 1, "b": 0}[node.id])))
    w.step(1, event="error")
    unfolding = unfolded(w.done(), at)
    assert unfolding is not None
    assert ([s.text for s in unfolding.stages], unfolding.complete) == (["a/b", "1/0"], False)


def test_an_expression_nested_without_end_is_left_whole() -> None:
    line = "x = " + "(" * 80 + "a" + " + 1)" * 80
    assert texts(line, a=1) == []
