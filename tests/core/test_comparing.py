"""Blocks and runs side by side."""

import pytest

from tests.core.recordings import Writer, area, number
from tests.ui.recordings import recorded
from tutor_app.core.comparing import Beside, compared, compared_lines, parameters, repairs, with_number
from tutor_app.core.parts import Code, CodeError, Output, Text
from tutor_app.core.trace import Recording

SOURCE = '''\
def cost():
    """Five apples at 2.5 each."""
    apples, price = 5, 2.5
    loss = -3
    count = 0
    for i in range(apples):
        count += 1
    return apples * price + loss
x = 1e3
name = "é"; rate = 7
print(cost())'''


def test_numbers_that_are_given_to_names_are_parameters() -> None:
    found = parameters(SOURCE)
    assert [(p.name, p.line, p.text, p.value) for p in found] == [
        ("apples", 3, "5", 5.0), ("price", 3, "2.5", 2.5), ("loss", 4, "-3", -3.0), ("x", 9, "1e3", 1000.0),
        ("rate", 10, "7", 7.0),
    ]  # fmt: skip
    assert [p.is_whole for p in found] == [True, False, True, False, True]
    assert (found[0].least, found[0].most, found[0].step) == (0.0, 10.0, 1.0)
    assert found[2].least == -10.0


@pytest.mark.parametrize("source", ["", "x = (", "x: int", "x = y = z", "x = True", "x = 1j", "x = 10**3", "[0] = [1]"])
def test_what_is_no_number_is_no_parameter(source: str) -> None:
    assert parameters(source) == ()


def test_a_parameter_is_replaced_where_it_stands() -> None:
    rate = parameters(SOURCE)[-1]
    assert with_number(SOURCE, rate, "-12").splitlines()[9] == 'name = "é"; rate = -12'
    price = parameters(SOURCE)[1]
    assert with_number(SOURCE, price, "4").splitlines()[2] == "    apples, price = 5, 4"
    assert with_number(SOURCE, rate, "7") == SOURCE


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_those_that_python_counts(end: str) -> None:
    source = f"s = '\x0c\u2028'{end}rate = 7{end}"
    (rate,) = parameters(source)
    assert rate.line == 2
    assert with_number(source, rate, "8") == f"s = '\x0c\u2028'{end}rate = 8{end}"


def test_lines_are_compared_with_the_places_that_differ() -> None:
    lines = compared_lines("a = 1\nb = 2\nprint(a)", "a = 1\nb = 35\nc = 0\nprint(a)")
    assert [(x.kind, x.left_number, x.right_number) for x in lines] == [
        ("same", 1, 1), ("changed", 2, 2), ("added", 0, 3), ("same", 3, 4),
    ]  # fmt: skip
    assert (lines[1].left_marks, lines[1].right_marks) == (((4, 5),), ((4, 6),))
    assert [x.kind for x in compared_lines("x\n", "completely different")] == ["removed", "added"]


def other(height: int, printed: str = "12.0\n", result: Output | None = None) -> Recording:
    w = Writer("a = 21\nc = 7\narea = a * c\nh = 2*area/a\nprint(h)")
    w.step(1)
    w.step(2, number("a", 21))
    w.step(3, number("c", 7))
    w.step(4, number("area", 147))
    w.step(5, number("h", height))
    w.step(5, event="end", output=5)
    return w.done(printed, result or Output(printed))


def test_what_came_out_differently_is_told() -> None:
    comparison = compared(area(), other(14))
    assert [(c.name, c.left and c.left.text, c.right and c.right.text) for c in comparison.names] == [
        ("c", "6", "7"), ("area", "126", "147"), ("h", "12.0", "14"),
    ]  # fmt: skip
    assert [x.left_number for x in comparison.lines if x.kind == "changed"] == [2]
    assert comparison.differs
    assert comparison.error == ""


def test_a_run_compared_with_itself_differs_in_nothing() -> None:
    assert not compared(area(), area()).differs


def test_an_error_of_one_run_alone_is_said() -> None:
    failed = other(14, result=Output(status="error", error=CodeError("ValueError", "too high")))
    assert compared(area(), failed).error == "the first run ends well; the second run ends with ValueError: too high"


def test_each_step_has_its_partner_in_the_other_run() -> None:
    beside = Beside(other(14), area())
    assert [beside.step(i) for i in range(6)] == [(i, True) for i in range(6)]


def test_steps_that_the_original_never_came_to_have_the_last_one_before_as_theirs() -> None:
    original = recorded("n = 2\nfor k in range(n):\n    a = k\nb = 1")
    changed = recorded("n = 3\nfor k in range(n):\n    a = k\nc = 0\nb = 1")
    beside = Beside(changed, original)
    places = [(changed.step(i).line, *beside.step(i)) for i in range(len(changed))]
    assert places == [
        (1, 0, True), (2, 1, True), (3, 2, True), (2, 3, True), (3, 4, True), (2, 5, True), (3, 5, False),
        (2, 5, False), (4, 5, False), (5, 6, True), (0, 7, True),
    ]  # fmt: skip


def test_a_block_that_failed_is_shown_with_the_one_that_repaired_it() -> None:
    error = CodeError("NameError", "name 'b' is not defined", 1, hint="Nothing called b exists yet.")
    failed = Output(status="error", error=error)
    parts = (Text("x"), Code("print(b)"), failed, Code("print(c)"), failed, Code("b = 1\nprint(b)"), Output("1\n"))
    first, second = repairs(parts)
    assert (first.failed, first.repaired, second.failed, second.repaired) == (0, 2, 1, 2)
    assert first.error.hint == "Nothing called b exists yet."
    assert [x.kind for x in first.lines] == ["added", "same"]
    assert repairs(parts[:5]) == ()
    assert repairs((Code("a = 1"), Output())) == ()
