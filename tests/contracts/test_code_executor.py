"""What every executor of code must do; run on the script and on the confined process."""

import threading
from collections.abc import Callable, Iterator

import pytest

from tests.fakes import FakeExecutor
from tutor_app.adapters.sandbox.sessions import Limits, Sandbox
from tutor_app.core.events import FigureDrawn, OutputDelta, RunEvent, RunFinished
from tutor_app.core.parts import CodeError, Figure, Output
from tutor_app.core.ports import CodeExecutor, CodeSession, NeverCancelled

Given = Callable[..., CodeExecutor]
"""Gives an executor; the outcomes are what a script must say and what the real one will find out by itself."""

PICTURE = Figure("<svg/>", "iVBORw0KGgo=", 1, 1, "Plot")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    executor = Sandbox(Limits(seconds=20))
    yield executor
    executor.close()


@pytest.fixture(params=["script", "sandbox"])
def given(request: pytest.FixtureRequest) -> Given:
    if request.param == "script":
        return lambda *outcomes, figures=(): FakeExecutor(list(outcomes), figures=figures)
    sandbox: Sandbox = request.getfixturevalue("sandbox")
    return lambda *outcomes, figures=(): sandbox


def events_of(session: CodeSession, code: str) -> list[RunEvent]:
    return list(session.run(code, cancel=NeverCancelled()))


def finished(events: list[RunEvent]) -> Output:
    assert [isinstance(e, RunFinished) for e in events].count(True) == 1
    last = events[-1]
    assert isinstance(last, RunFinished)
    return last.output


def test_what_was_printed_comes_as_it_happens_and_whole_at_the_end(given: Given) -> None:
    session = given(Output("one\ntwo\n")).open()
    events = events_of(session, "print('one')\nprint('two')")
    session.close()
    output = finished(events)
    assert output.stdout == "one\ntwo\n"
    assert "".join(e.text for e in events if isinstance(e, OutputDelta)) == output.stdout
    assert (output.status, output.error) == ("ok", None)


def test_a_block_that_raises_is_an_outcome_and_no_exception(given: Given) -> None:
    error = CodeError("ZeroDivisionError", "division by zero", 2)
    session = given(Output("before\n", status="error", error=error)).open()
    output = finished(events_of(session, "print('before')\n1/0"))
    session.close()
    assert output.status == "error"
    assert output.stdout == "before\n"
    assert output.error is not None
    assert (output.error.last_line, output.error.line) == ("ZeroDivisionError: division by zero", 2)


def test_blocks_of_one_session_follow_each_other(given: Given) -> None:
    session = given(Output(), Output("4\n")).open()
    assert finished(events_of(session, "a = 3")).stdout == ""
    assert finished(events_of(session, "print(a + 1)")).stdout == "4\n"
    session.close()


def test_figures_come_before_the_end(given: Given) -> None:
    session = given(Output(), figures=(PICTURE,)).open()
    events = events_of(session, "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()")
    session.close()
    assert [isinstance(e, FigureDrawn) for e in events].count(True) == 1
    assert finished(events).status == "ok"


def test_a_raised_flag_ends_the_block_as_stopped(given: Given) -> None:
    flag = threading.Event()
    session = given(Output("started\n")).open()
    events: list[RunEvent] = []
    for event in session.run("print('started')\nwhile True: pass", cancel=flag):
        events.append(event)
        flag.set()
    session.close()
    output = finished(events)
    assert (output.status, output.stdout) == ("stopped", "started\n")
    assert output.error is not None


def test_closing_twice_is_harmless(given: Given) -> None:
    executor = given(Output())
    session = executor.open()
    session.close()
    session.close()
    again = executor.open()
    assert finished(events_of(again, "pass")).status == "ok"
    again.close()
