"""The wait of the tests: it ends by an event, and hands on what its condition raises."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QObject, QTimer, Signal
from pytestqt.qtbot import QtBot

from tests.event_loop import until


class Told(QObject):
    it = Signal()


def test_what_holds_already_needs_no_event(qtbot: QtBot) -> None:
    looked = iter((True,))
    until(lambda: next(looked))
    assert list(looked) == []


def test_it_ends_with_the_event_that_brings_it_about(qtbot: QtBot) -> None:
    done: list[str] = []
    QTimer.singleShot(0, lambda: QTimer.singleShot(0, lambda: done.append("second")))
    until(lambda: done)
    assert done == ["second"]


def test_a_signal_of_another_thread_ends_it(qtbot: QtBot) -> None:
    told, heard = Told(), threading.Event()
    told.it.connect(heard.set)
    thread = threading.Thread(target=told.it.emit)
    thread.start()
    until(heard.is_set)
    thread.join()
    assert heard.is_set()


def test_what_the_condition_raises_is_raised(qtbot: QtBot) -> None:
    events: list[int] = []
    QTimer.singleShot(0, lambda: events.append(0))

    def condition() -> bool:
        return bool(events) and 1 // events[0] > 0

    with pytest.raises(ZeroDivisionError):
        until(condition)
    assert events == [0]
