"""What a server under load takes: growth is told from what changes with the solutions under way."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
import serve_load
from serve_load import Taken

BUSY = (0, 3, 1, 4, 2, 4, 0, 1, 3, 2)
"""Solutions that run code, look by look."""


def looks(leak: int = 0) -> list[Taken]:
    """A hundred looks at a server with four warm workers, and as many more as solutions run code, of 90 MB each."""
    return [
        Taken(
            own=47_000_000,
            all=1_000_000_000 + 90_000_000 * BUSY[n % len(BUSY)] + leak * n,
            files=46 + 4 * BUSY[n % len(BUSY)],
            threads=9,
            processes={"sandbox": 5 + BUSY[n % len(BUSY)], "engine": 1},
        )
        for n in range(100)
    ]


def growing(taken: list[Taken]) -> list[str]:
    return [what for what, _, _, has_grown in serve_load.grown(taken) if has_grown]


def test_workers_that_come_and_go_are_no_growth() -> None:
    taken = looks()
    assert taken[20].all < taken[91].all  # two single looks would tell of growth
    assert growing(taken) == []


def test_memory_that_is_not_given_back_is_growth() -> None:
    assert growing(looks(leak=4_000_000)) == ["memory of it and its children, MB"]


def test_processes_and_files_that_stay_are_growth() -> None:
    taken = [
        Taken(look.own, look.all, look.files + n // 4, look.threads, {"sandbox": 5 + n // 16})
        for n, look in enumerate(looks())
    ]
    assert growing(taken) == ["open files", "processes"]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_load_of_few_looks_is_told_too(count: int) -> None:
    assert len(list(serve_load.grown(looks()[:count]))) == 5


def test_a_process_is_named_by_what_it_does() -> None:
    assert serve_load.kind_of(("python", "-P", "/opt/tutor_app/adapters/engine/worker.py")) == "engine"
    assert serve_load.kind_of(("python", "-I", "/opt/tutor_app/adapters/sandbox/worker.py", "3")) == "sandbox"
    assert serve_load.kind_of(("cc1plus",)) == "other"


@pytest.fixture
def waiting() -> Iterator[int]:
    """A process with one child, which wait until their input ends."""
    child = "subprocess.Popen([sys.executable, '-c', 'import sys; sys.stdin.read()'])"
    script = f"import subprocess, sys; child = {child}; print(flush=True); child.wait()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.stdin.close()


@pytest.mark.skipif(sys.platform == "win32", reason="this system counts no open files")
def test_a_look_takes_in_the_children(waiting: int) -> None:
    taken = Taken.of(waiting)
    assert 0 < taken.own < taken.all
    assert taken.processes == {"other": 1}
