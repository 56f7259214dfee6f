"""What everything that runs code must do; run on the fake and on the confined process."""

import threading
from collections.abc import Callable, Iterator

import pytest

from tests.fakes import FakeExecutor
from tutor_app.adapters.sandbox import Sandbox
from tutor_app.core.errors import SandboxFault
from tutor_app.core.events import OutputDelta, RunEvent, RunFinished
from tutor_app.core.ports import CodeExecutor, CodeSession, Never
from tutor_app.core.transcript import CodeError, Output

NAME_ERROR = Output(stdout="before\n", status="error", error=CodeError("NameError", "name 'x' is not defined", 2))
Make = Callable[[list[Output | SandboxFault]], CodeExecutor]


@pytest.fixture(scope="module", params=["fake", "sandbox"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """Makes an executor; the outcomes are for the fake, the real one must come to the same by itself."""
    if request.param == "fake":
        yield lambda outcomes: FakeExecutor(outcomes)
        return
    sandbox = Sandbox()
    try:
        sandbox.open().close()
    except SandboxFault as e:
        sandbox.close()
        pytest.skip(f"no sandbox here: {e}")
    yield lambda _: sandbox
    sandbox.close()


def run(session: CodeSession, code: str) -> tuple[list[RunEvent], Output]:
    """Every event, and the output, which must come last and once."""
    events = list(session.run(code, cancel=Never()))
    (finished,) = (e for e in events if isinstance(e, RunFinished))
    assert finished is events[-1]
    printed = "".join(e.text for e in events if isinstance(e, OutputDelta))
    assert printed == finished.output.stdout
    return events, finished.output


def test_what_is_printed_comes_as_it_is_and_at_the_end(make: Make) -> None:
    session = make([Output(stdout="42\n")]).open()
    _, output = run(session, "print(6 * 7)")
    session.close()
    assert (output.stdout, output.status, output.error, output.truncated) == ("42\n", "ok", None, False)
    assert output.seconds >= 0
    assert output.feedback == "", "the solve loop decides what the model is told"


def test_code_that_fails_is_an_output(make: Make) -> None:
    session = make([NAME_ERROR]).open()
    _, output = run(session, "print('before')\nx")
    session.close()
    assert (output.stdout, output.status) == ("before\n", "error")
    assert output.error is not None
    assert output.error.last_line == "NameError: name 'x' is not defined"
    assert output.error.line == 2


def test_the_value_of_the_last_line(make: Make) -> None:
    session = make([Output(value="42")]).open()
    events, output = run(session, "6 * 7")
    session.close()
    assert [type(e) for e in events] == [RunFinished]
    assert (output.stdout, output.value) == ("", "42")


def test_blocks_of_a_session_follow_each_other(make: Make) -> None:
    session = make([Output(), Output(stdout="1\n")]).open()
    assert run(session, "x = 1")[1].status == "ok"
    assert run(session, "print(x)")[1].stdout == "1\n"
    session.close()


def test_sessions_are_apart(make: Make) -> None:
    executor = make([Output(), NAME_ERROR])
    first, second = executor.open(), executor.open()
    run(first, "x = 1")
    assert run(second, "print('before')\nx")[1].status == "error"
    first.close()
    second.close()


def test_a_cancel_stops_the_block_and_keeps_what_was_printed(make: Make) -> None:
    session = make([Output(stdout="before\n")]).open()
    flag = threading.Event()
    output: Output | None = None
    for event in session.run("import sys\nsys.stdout.write('before\\n')\nwhile True: pass", cancel=flag):
        if isinstance(event, OutputDelta):
            flag.set()
        elif isinstance(event, RunFinished):
            output = event.output
    session.close()
    assert output is not None
    assert (output.stdout, output.status) == ("before\n", "stopped")
    assert output.error is not None


def test_getting_ready_is_no_promise_to_run(make: Make) -> None:
    executor = make([Output(stdout="1\n")])
    executor.warm()
    session = executor.open()
    executor.warm()
    assert run(session, "print(1)")[1].stdout == "1\n"
    session.close()


def test_closing_twice_does_no_harm(make: Make) -> None:
    session = make([Output()]).open()
    session.close()
    session.close()
