"""Child processes that answer, hang and die."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.waiting import wait_until
from tutor_app.adapters.child import DIED, AnswerProcess, Child, ProcessClosed, ProcessDied

ECHO = """
import os, sys, time
from tutor_app.adapters.wire import read_message, take_output, write_message
out = take_output()
print("first line", "last line", sep=chr(10), flush=True)
while (message := read_message(sys.stdin.buffer)) is not None:
    if message.get("exit"):
        os._exit(message["exit"])
    write_message(out, message)
"""
SERVE = """
import os, time
from tutor_app.adapters.wire import serve_requests
def answer(request):
    if request["n"] == "hang":
        time.sleep(1000)
    if request["n"] == "die":
        os._exit(3)
    return {"twice": 2 * request["n"], "pid": os.getpid()}
serve_requests(answer)
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@contextmanager
def served(code: str = SERVE) -> Iterator[AnswerProcess]:
    process = AnswerProcess(lambda: python(code), "test")
    try:
        yield process
    finally:
        process.close()


def test_answers_find_the_inbox_of_their_request() -> None:
    child = Child(python(ECHO), "test")
    try:
        inboxes = {n: child.open(n) for n in (0, 7, 8)}
        child.send(text="no id")
        child.send(id=8, text="eight")
        child.send(id=9, text="nobody listens")
        child.send(id=7, text="seven")
        assert inboxes[7].get(timeout=60) == {"id": 7, "text": "seven"}
        assert inboxes[8].get_nowait() == {"id": 8, "text": "eight"}
        assert inboxes[0].get_nowait() == {"text": "no id"}
    finally:
        child.end()
    assert all(inbox.get_nowait() == {"op": DIED} for inbox in inboxes.values())
    assert child.open(5).get_nowait() == {"op": DIED}


@pytest.mark.parametrize("code", [SERVE, "raise SystemExit(5)"])
def test_what_a_child_says_before_anybody_listens_is_not_lost(code: str) -> None:
    """Whoever starts it may be held up for longer than it takes to begin: on a busy computer this is no rare case."""
    child = Child(python(code), "test")
    try:
        began = child.heard
        wait_until(lambda: child.heard > began or not child.alive)
        assert (child.open().get(timeout=60)["op"] == DIED) == (code != SERVE)
    finally:
        child.end()


def test_a_child_that_dies_says_how() -> None:
    child = Child(python(ECHO), "test")
    try:
        inbox = child.open()
        child.send(exit=5)
        assert inbox.get(timeout=60) == {"op": DIED}
        assert (child.alive, child.ended, child.wait(), child.last_error_line()) == (False, False, 5, "last line")
    finally:
        child.end()


def test_ending_a_child_leaves_no_thread_and_no_process() -> None:
    before = set(threading.enumerate())
    child = Child(python("import time; time.sleep(1000)"), "test")
    for _ in range(3):
        child.send(text="x" * 100_000)  # more than a pipe holds: whoever asks does not wait for a child that is deaf
    child.end(hung=True)
    child.end()
    assert (child.alive, child.ended, child.hung) == (False, True, True)
    assert set(threading.enumerate()) <= before
    with pytest.raises(ProcessLookupError):
        os.kill(child.pid, 0)


def test_a_request_is_answered_by_one_process_after_the_other() -> None:
    with served() as process:
        assert process.pid is None
        answers = [process.ask({"n": n}, 60) for n in (1, "a")]
        assert [a["twice"] for a in answers] == [2, "aa"]
        assert [a["pid"] for a in answers] == [process.pid] * 2


@pytest.mark.parametrize(("what", "fault"), [("hang", TimeoutError), ("die", ProcessDied)])
def test_a_process_that_hangs_or_dies_is_replaced(what: str, fault: type[Exception]) -> None:
    with served() as process:
        process.ask({"n": 1}, 60)
        first = process.pid
        with pytest.raises(fault):
            process.ask({"n": what}, 0.3 if what == "hang" else 60)
        answer = process.ask({"n": 3}, 60)
        assert (answer["twice"], answer["pid"]) == (6, process.pid)
        assert process.pid != first


@pytest.mark.skipif(os.name != "posix", reason="kills the process by a POSIX signal")
def test_a_process_that_died_while_nobody_asked_is_replaced() -> None:
    with served() as process:
        process.ask({"n": 1}, 60)
        first = process.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: process.pid is None)
        assert process.ask({"n": 3}, 60)["twice"] == 6


def test_closing_ends_a_request_that_is_under_way(tmp_path: Path) -> None:
    at_work = tmp_path / "at work"
    with served(SERVE.replace("time.sleep", f"open({str(at_work)!r}, 'w').close(), time.sleep")) as process:
        process.ask({"n": 1}, 60)
        faults: list[Exception] = []

        def ask() -> None:
            try:
                process.ask({"n": "hang"}, 60)
            except ProcessDied as e:
                faults.append(e)

        thread = threading.Thread(target=ask)
        thread.start()
        wait_until(at_work.exists)
        process.close()
        thread.join()
        assert [type(f) for f in faults] == [ProcessDied]
        process.close()
        with pytest.raises(ProcessClosed):
            process.ask({"n": 1}, 60)


def test_a_process_that_cannot_start_says_why() -> None:
    with pytest.raises(OSError, match="No such file"):
        AnswerProcess(lambda: ["/nonexistent/python"], "test").ask({"n": 1}, 60)
    with served("raise SystemExit('the disk is full')") as process, pytest.raises(OSError, match="the disk is full"):
        process.ask({"n": 1}, 60)


def test_many_threads_share_one_process() -> None:
    with served() as process:
        found: dict[int, int] = {}
        threads = [
            threading.Thread(target=lambda n=n: found.update({n: process.ask({"n": n}, 60)["twice"]})) for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == {n: 2 * n for n in range(8)}
