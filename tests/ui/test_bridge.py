from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.event_loop import until
from tutor_app.core.events import (
    CodeDelta,
    CodeEnded,
    CodeStarted,
    EndReason,
    Finished,
    OutputDelta,
    Reading,
    SolveEvent,
    TextDelta,
    Usage,
    printed,
)
from tutor_app.core.ports import Cancel
from tutor_app.core.transcript import Transcript
from tutor_app.ui.bridge import Bridge, WrongThreadError, join
from tutor_app.ui.formulas import Formulas


@pytest.fixture
def bridge(qtbot: QtBot) -> Iterator[Bridge]:
    made = Bridge()
    yield made
    assert made.close()
    made.deleteLater()


def finished(reason: EndReason = EndReason.ANSWERED) -> Finished:
    return Finished(reason, Transcript.of("p"), Usage())


def test_events_arrive_in_the_gui_thread_in_order_and_in_batches(qtbot: QtBot, bridge: Bridge) -> None:
    got: list[SolveEvent] = []
    batches: list[int] = []
    threads: list[threading.Thread] = []

    def make(_: Cancel) -> Iterator[SolveEvent]:
        threads.append(threading.current_thread())
        for i in range(2000):
            yield TextDelta(f"{i} ")
        yield finished()

    def take(events: list[SolveEvent]) -> None:
        threads.append(threading.current_thread())
        batches.append(len(events))
        got.extend(events)

    bridge.batch.connect(take)
    with qtbot.waitSignal(bridge.ended, timeout=10_000) as ended:
        bridge.solve(make)
        assert bridge.busy
    assert ended.args == [None]
    until(lambda: not bridge.busy)
    assert "".join(e.text for e in got if isinstance(e, TextDelta)) == "".join(f"{i} " for i in range(2000))
    assert isinstance(got[-1], Finished)
    assert len(batches) < 500
    assert threads[0] is not threading.main_thread()
    assert all(t is threading.main_thread() for t in threads[1:])


def test_stop_raises_the_flag_and_the_last_events_still_come(qtbot: QtBot, bridge: Bridge) -> None:
    got: list[SolveEvent] = []

    def make(cancel: Cancel) -> Iterator[SolveEvent]:
        yield TextDelta("a")
        assert isinstance(cancel, threading.Event)
        cancel.wait(10)
        yield finished(EndReason.STOPPED)

    bridge.batch.connect(got.extend)
    with qtbot.waitSignal(bridge.ended, timeout=10_000):
        bridge.solve(make)
        until(lambda: bool(got))
        bridge.stop()
    assert isinstance(got[-1], Finished)
    assert got[-1].reason is EndReason.STOPPED


def test_an_exception_ends_the_solution_and_is_handed_over(qtbot: QtBot, bridge: Bridge) -> None:
    def make(_: Cancel) -> Iterator[SolveEvent]:
        yield TextDelta("a")
        raise ValueError("broken")

    with qtbot.waitSignal(bridge.ended, timeout=10_000) as ended:
        bridge.solve(make)
    assert ended.args is not None
    assert isinstance(ended.args[0], ValueError)
    with qtbot.waitSignal(bridge.ended, timeout=10_000):
        bridge.solve(lambda _: iter([finished()]))


def test_only_one_solution_at_a_time(qtbot: QtBot, bridge: Bridge) -> None:
    gate = threading.Event()

    def make(_: Cancel) -> Iterator[SolveEvent]:
        gate.wait(10)
        yield finished()

    with qtbot.waitSignal(bridge.ended, timeout=10_000):
        bridge.solve(make)
        with pytest.raises(RuntimeError, match="already running"):
            bridge.solve(make)
        gate.set()


def test_background_work_ends_in_exactly_one_callback(qtbot: QtBot, bridge: Bridge) -> None:
    done: list[int] = []
    failed: list[Exception] = []
    bridge.run_in_background(lambda: 42, done.append, failed.append)
    bridge.run_in_background(lambda: 1 // 0, done.append, failed.append)
    until(lambda: bool(done) and bool(failed))
    bridge.run_in_background(lambda: 43, done.append, failed.append)
    until(lambda: 43 in done)  # whatever else was on its way has been delivered before
    assert done == [42, 43]
    assert [type(e) for e in failed] == [ZeroDivisionError]


def test_a_stopped_job_stays_silent(qtbot: QtBot, bridge: Bridge) -> None:
    done: list[int] = []
    gate = threading.Event()

    def work() -> int:
        gate.wait(10)
        return 1

    job = bridge.run_in_background(work, done.append, lambda _: done.append(-1))
    job.stop()
    gate.set()
    until(lambda: job.done)
    assert done == []


def test_calls_from_another_thread_are_refused(qtbot: QtBot, bridge: Bridge) -> None:
    refused: list[str] = []

    def work() -> None:
        for call in (
            bridge.stop,
            bridge.close,
            lambda: bridge.solve(lambda _: iter(())),
            lambda: bridge.run_in_background(int, print),
            lambda: bridge.queue_typesetting(int, print),
        ):
            try:
                call()
            except WrongThreadError as e:
                refused.append(str(e))

    done: list[None] = []
    bridge.run_in_background(work, done.append)
    until(lambda: bool(done))
    assert len(refused) == 5


def test_post_runs_in_the_gui_thread(qtbot: QtBot, bridge: Bridge) -> None:
    where: list[threading.Thread] = []
    bridge.run_in_background(lambda: bridge.post(lambda: where.append(threading.current_thread())), lambda _: None)
    until(lambda: bool(where))
    assert where == [threading.main_thread()]


def test_close_stops_everything_and_nothing_comes_after_it(qtbot: QtBot) -> None:
    bridge = Bridge()
    after: list[object] = []
    started = threading.Event()

    def make(cancel: Cancel) -> Iterator[SolveEvent]:
        started.set()
        while not cancel.is_set():
            yield TextDelta("x")
        yield finished()

    bridge.solve(make)
    bridge.queue_typesetting(lambda: 1, after.append)
    job = bridge.run_in_background(lambda: job_started.wait(10) and job.cancel.wait(10), after.append)
    job_started = threading.Event()
    job_started.set()
    started.wait(10)
    assert bridge.close()
    after.clear()
    bridge.batch.connect(after.append)
    QApplication.processEvents()  # no thread is left that could send more
    assert after == []
    assert not [t for t in threading.enumerate() if t.name.startswith("tutor-")]


def test_formulas_are_announced_once_and_made_outside_the_gui_thread(qtbot: QtBot, bridge: Bridge) -> None:
    formulas = Formulas(bridge)
    keys: list[tuple[str, bool]] = []
    formulas.ready.connect(keys.extend)
    for _ in range(3):
        assert formulas.get("x^2", False) is None
        assert formulas.get("\\frac{", True) is None
    until(lambda: len(keys) == 2)
    assert set(keys) == {("x^2", False), ("\\frac{", True)}
    good, bad = formulas.get("x^2", False), formulas.get("\\frac{", True)
    assert good is not None
    assert good.ok
    assert bad is not None
    assert not bad.ok
    assert formulas.pending == 0


EVENTS = st.lists(
    st.one_of(
        st.builds(TextDelta, st.text(max_size=3)),
        st.builds(CodeDelta, st.text(max_size=3)),
        st.builds(OutputDelta, st.text(max_size=3), st.sampled_from(["stdout", "stderr"]), st.integers(0, 2)),
        st.builds(Reading, st.integers(0, 9), st.just(9)),
        st.just(CodeStarted()),
        st.just(CodeEnded("x")),
    ),
    max_size=25,
)


@given(EVENTS)
def test_joining_keeps_text_and_order(events: list[SolveEvent]) -> None:
    def spread(items: list[SolveEvent]) -> list[object]:
        out: list[object] = []
        for e in items:
            if isinstance(e, TextDelta | CodeDelta):
                out += [(type(e), c) for c in e.text]
            elif isinstance(e, OutputDelta):
                out += [(e.stream, c) for c in e.text]
            elif not isinstance(e, Reading):
                out.append(e)
        return out

    joined = join(events)
    assert spread(joined) == spread(events)
    outputs = [[e for e in items if isinstance(e, OutputDelta)] for items in (joined, events)]
    assert printed(outputs[0]) == printed(outputs[1])
    for a, b in pairwise(joined):
        assert not (type(a) is type(b) and isinstance(a, TextDelta | CodeDelta | Reading))


def test_garbage_is_collected_only_in_the_gui_thread(qtbot: QtBot) -> None:
    class Node:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            died_in.append(threading.current_thread())

    died_in: list[threading.Thread] = []

    def litter() -> None:
        for _ in range(5000):
            Node()

    was_on = gc.isenabled()
    bridge = Bridge()
    done: list[None] = []
    bridge.run_in_background(litter, done.append)
    until(lambda: bool(done) and len(died_in) == 5000)
    assert set(died_in) == {threading.main_thread()}
    assert bridge.close()
    assert gc.isenabled() == was_on
