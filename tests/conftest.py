"""What every test gets: a home of its own, no screen, the slow tier on request, and a guard against leaks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.waiting import comes_true

pytest_plugins = ["tests.sandboxes", "tests.windows"]
_home = pytest.StashKey[Path]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--slow", action="store_true", help="also run tests that need the real starter model or minutes of time"
    )


def pytest_configure(config: pytest.Config) -> None:
    from tutor_app.tutor.paths import folders

    # The weights may be used where they already are: hundreds of megabytes are not fetched again for a test.
    os.environ.setdefault("MUMATH_TEST_MODELS", str(folders().models))
    home = Path(tempfile.mkdtemp(prefix="tutor-tests-"))
    config.stash[_home] = home
    os.environ["HOME"] = os.environ["USERPROFILE"] = str(home)
    for name in ("DATA", "CONFIG", "CACHE", "STATE"):
        os.environ[f"XDG_{name}_HOME"] = str(home / name.lower())
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    # Machines that run tests are busy: how long an example takes says nothing.
    slow = [hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large]
    hypothesis.settings.register_profile("busy", deadline=None, suppress_health_check=slow)
    hypothesis.settings.load_profile("busy")
    config.pluginmanager.register(_WiderFixtures())


def pytest_unconfigure(config: pytest.Config) -> None:
    home = config.stash.get(_home, None)
    if home is not None:
        shutil.rmtree(home, ignore_errors=True)
    # llama_cpp opens two null devices when it is imported and never closes them, of which the interpreter would warn.
    library = sys.modules.get("llama_cpp._utils")
    for name in ("outnull_file", "errnull_file") if library is not None else ():
        getattr(library, name).close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="slow: run with --slow")
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(skip)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test printed and logged goes from one process to another as UTF-8, which has no lone surrogates."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


# The leak guard. A module must end with the threads and child processes it began with; fixtures of the
# module's scope may keep some between its tests. What a package's or session's fixture starts in its set-up
# is allowed to stay.

_GRACE = float(os.environ.get("TUTOR_TEST_GRACE", "5"))
"""Seconds that something may still need to end by itself."""

_kept_by_wider_fixtures: set[str] = set()


def _alive() -> dict[str, str]:
    """Every live Python thread and child process: what identifies it, and words for it.

    The command line of a process is for the words alone: for a moment after its start it is still its parent's.
    """
    # A dummy stands for a foreign thread that once called into Python (Qt's pool); it never goes away.
    threads = {
        f"thread {t.ident}": f"thread {t.name} ({t.ident})"
        for t in threading.enumerate()
        if t.is_alive() and not isinstance(t, threading._DummyThread)
    }
    return threads | _children()


def _children() -> dict[str, str]:
    if _has_no_child():
        return {}
    me = os.getpid()
    if Path("/proc/self/stat").exists():
        found = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                # The name is in parentheses and may itself hold any character; what follows is regular.
                state, parent = stat.read_text(errors="replace").rpartition(")")[2].split()[:2]
                command = (stat.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:  # it ended while we looked
                continue
            if int(parent) == me and state != "Z":
                found[f"process {stat.parent.name}"] = f"process {stat.parent.name} ({command.strip()[:200]})"
        return found
    if shutil.which("ps") is None:
        return {}
    ps = subprocess.run(["ps", "-axo", "pid=,ppid=,command="], capture_output=True, text=True, check=True)
    rows = (line.split(None, 2) for line in ps.stdout.splitlines())
    return {
        f"process {r[0]}": f"process {r[0]} ({r[2][:200]})"
        for r in rows
        if len(r) == 3 and r[1] == str(me) and not r[2].startswith("ps -axo")
    }


def _has_no_child() -> bool:
    """Asked after every test, so that the process table is read only where there is something to find."""
    if not hasattr(os, "waitid"):
        return False
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    return False


class _WiderFixtures:
    """Sees every fixture set up; a plugin, since a folder's own hooks do not see those of the whole session."""

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        if fixturedef.scope not in ("package", "session"):
            return (yield)
        before = _alive().keys()
        result = yield
        _kept_by_wider_fixtures.update(_alive().keys() - before)
        return result


@pytest.fixture(autouse=True, scope="module")
def _leaks() -> Iterator[dict[str, str]]:
    before = _alive().keys()
    first_seen = dict.fromkeys(before, "the start")
    yield first_seen

    def left() -> dict[str, str]:
        return {key: words for key, words in _alive().items() if key not in before | _kept_by_wider_fixtures}

    if not comes_true(lambda: not left(), _GRACE):
        lines = (f"{words}, first seen after {first_seen.get(key, 'the last test')}" for key, words in left().items())
        pytest.fail("left behind: " + "; ".join(sorted(lines)), pytrace=False)


@pytest.fixture(autouse=True)
def _note_new_ones(_leaks: dict[str, str], request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    for key in _alive():
        _leaks.setdefault(key, request.node.name)
