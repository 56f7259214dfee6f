"""Steps as a table on paper."""

import pytest

from tests.core.recordings import AREA, Writer, area, calls, number
from tutor_app.core.parts import Code, CodeError, Figure, Output, Text
from tutor_app.core.trace_values import Variable
from tutor_app.core.transcript import Transcript
from tutor_app.export import export
from tutor_app.handout.options import Format
from tutor_app.handout.trace_table import (
    MAX_NAMES,
    MAX_ROWS,
    as_markdown,
    as_text,
    changing_names,
    document,
    trace_table,
    with_tables,
)


def test_each_line_that_ran_has_its_values_after_it() -> None:
    table = trace_table(area())
    assert table.names == ("a", "c", "area", "h")
    assert [(r.line, r.source, [c.text for c in r.cells], r.printed) for r in table.rows] == [
        (1, "a = 21", ["21", "", "", ""], ""),
        (2, "c = 6", ["21", "6", "", ""], ""),
        (3, "area = a * c", ["21", "6", "126", ""], ""),
        (4, "h = 2*area/a", ["21", "6", "126", "12.0"], ""),
        (5, "print(h)", ["21", "6", "126", "12.0"], "12.0"),
    ]
    assert [[c.changed for c in r.cells] for r in table.rows][2] == [False, False, True, False]
    assert not table.calculations


def test_lines_and_names_can_be_chosen() -> None:
    table = trace_table(area(), lines={3, 4}, names=["h", "a"])
    assert [(r.line, [c.text for c in r.cells]) for r in table.rows] == [(3, ["", "21"]), (4, ["12.0", "21"])]


def test_a_line_with_a_call_shows_what_came_of_the_call() -> None:
    table = trace_table(calls(), lines={6}, names=["i", "b"])
    assert [[c.text for c in r.cells] for r in table.rows] == [["0", "3"], ["1", "4"]]
    inside = trace_table(calls(), lines={2, 3}, names=["m"])
    assert [(r.line, r.cells[0].text) for r in inside.rows] == [(2, "3"), (3, "3"), (2, "4"), (3, "4")]


def test_calculations_by_choice() -> None:
    table = trace_table(area(), calculations=True)
    assert [r.calculation for r in table.rows if r.calculation] == ["2·area/a = 2·126/21 = 252/21 = 12"]
    written = as_markdown(table).replace("=\u00a0", "= ")
    assert r"$\frac{2 \cdot \text{area}}{a}$ = $\frac{2 \cdot 126}{21}$ = $\frac{252}{21}$ = $12$" in written.replace(
        "=\u00a0", "= "
    )
    assert written.splitlines()[0] == "| Line | Code | `a` | `c` | `area` | `h` | Calculation | Printed |"


def test_functions_are_no_columns() -> None:
    assert changing_names(calls()) == ("b", "i", "n", "m")


def test_what_would_break_a_table_is_written_so_that_it_does_not() -> None:
    w = Writer("a = 'x|`y'\nb = 2")
    w.step(1)
    w.step(2, Variable("a", "text", "'x|`y\nz'"))
    w.step(2, Variable("b", "symbolic", "Abs(x)", r"\left|{x}\right|"), event="end")
    rows = as_markdown(trace_table(w.done())).splitlines()
    assert rows[2] == r"| 1 | `a = 'x\|'y'` | `'x\|'y z'` | – |"
    assert rows[3].endswith(r"| $\left\vert {x}\right\vert$ |")


def test_what_is_left_out_is_said() -> None:
    w = Writer("x = 1")
    for i in range(MAX_ROWS + 5):
        w.step(1, *(number(f"n{k}", i) for k in range(MAX_NAMES + 1)))
    table = trace_table(w.done(stopped="Recording stopped."))
    assert len(table.rows) == MAX_ROWS
    assert table.note == (
        f"Recording stopped. Only the first {MAX_NAMES} of {MAX_NAMES + 1} names are shown. "
        f"Only the first {MAX_ROWS} rows are shown."
    )
    assert as_text(table).endswith(table.note)


def test_a_table_of_code_that_failed_says_how() -> None:
    w = Writer("x = 1 / 0")
    w.step(1)
    w.step(1, event="error")
    error = CodeError("ZeroDivisionError", "division by zero", 1, hint="Something was divided by zero.")
    table = trace_table(w.done(result=Output(status="error", error=error)))
    assert table.note == "Line 1 fails: ZeroDivisionError: division by zero. Something was divided by zero."


def test_a_terminal_gets_columns() -> None:
    lines = as_text(trace_table(area(), names=["area"])).splitlines()
    assert lines[0].split() == ["line", "code", "area", "printed"]
    assert lines[4].split() == ["3", "area", "=", "a", "*", "c", "126*"]


@pytest.mark.parametrize("format", ["html", "tex", "md"])
def test_every_format_has_the_table(format: Format) -> None:
    recording = area()
    page = export([document(recording, trace_table(recording, calculations=True), "Areas")], format).data.decode()
    assert "Areas" in page
    assert "126" in page
    assert {"html": "<table", "tex": "tabular", "md": "| 4 |"}[format] in page


def test_tables_stand_after_what_their_blocks_gave() -> None:
    figure = Figure("", "", 1, 1)
    parts = (Text("First."), Code(AREA), figure, Output("12.0\n"), Text("Then."), Code("b = 1"), Output())
    transcript = with_tables(Transcript.of("p", *parts), {0: trace_table(area())})
    kinds = [type(p).__name__ for p in transcript.solution]
    assert kinds == ["Text", "Code", "Figure", "Output", "Text", "Text", "Code", "Output"]
    table = transcript.solution[4]
    assert isinstance(table, Text)
    assert table.text.startswith("**Trace table**\n\n| Line |")
    assert with_tables(Transcript.of("p", *parts), {}) == Transcript.of("p", *parts)
    last = with_tables(Transcript.of("p", *parts), {1: trace_table(area())})
    assert isinstance(last.solution[-1], Text)
