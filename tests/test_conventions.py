"""Conventions of the tests that no linter knows."""

from __future__ import annotations

import ast
from collections.abc import Callable, Container, Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("tutor_app", "trainer")
FOREIGN = {"_exit", "_replace", "_asdict", "_fields", "_attn_implementation", "_MEIPASS", "_DummyThread"}
"""Names of other libraries that begin with an underscore and are documented, or have no public twin."""
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def private_names(tree: ast.AST) -> Iterator[str]:
    """Private names that code takes from modules or objects which are not its own."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), names=names) if module.partition(".")[0] in OURS:
                yield from (f"line {node.lineno}: {a.name}" for a in names if is_private(a.name))
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                pass
            case ast.Attribute(attr=name) if is_private(name):
                yield f"line {node.lineno}: {name}"
            case ast.Call(
                func=ast.Name(id="getattr" | "setattr" | "delattr"), args=[_, ast.Constant(value=str(name)), *_]
            ):
                if is_private(name):
                    yield f"line {node.lineno}: {name}"
            case ast.Call(func=ast.Attribute(attr="setattr" | "delattr"), args=[_, ast.Constant(value=str(name)), *_]):
                if is_private(name):
                    yield f"line {node.lineno}: {name}"


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in FOREIGN


TIMED = {
    ("time", "sleep"), ("qtbot", "wait"), ("qtbot", "waitUntil"), ("QTest", "qWait"), ("QTest", "qSleep"),
    ("QTest", "qWaitFor"),
}  # fmt: skip


def timed_waits(tree: ast.AST) -> Iterator[str]:
    """Calls that let time pass, or look again and again, instead of waiting for something."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name)):
                if (owner, name) in TIMED:
                    yield f"line {node.lineno}: {owner}.{name}"
            case ast.ImportFrom(module="time", names=names) if any(a.name == "sleep" for a in names):
                yield f"line {node.lineno}: time.sleep"


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def findings(find: Callable[[ast.AST], Iterator[str]], paths: Iterable[Path]) -> list[str]:
    return [f"{path.relative_to(ROOT)}: {found}" for path in paths for found in find(parsed(path))]


def test_no_test_uses_a_private_name() -> None:
    """What a test needs is part of a module's face; what is behind it may change without a test knowing."""
    assert findings(private_names, TESTS) == []


def asserting_helpers(trees: Iterable[ast.AST]) -> set[str]:
    """Names of the functions of the tests that say what must hold, themselves or through another of them."""
    helpers = [n for tree in trees for n in functions(tree) if not n.name.startswith("test_")]
    found: set[str] = set()
    while more := {h.name for h in helpers if h.name not in found and says_what_must_hold(h, found)}:
        found |= more
    return found


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


EXPECTATIONS = {"raises", "warns", "fail", "waitSignal", "until", "wait_until"}
"""Of pytest, its plugins and the waits of the tests, besides ``assert`` and numpy's ``assert_...``."""


def says_what_must_hold(function: ast.AST, helpers: Container[str]) -> bool:
    for node in ast.walk(function):
        match node:
            case ast.Assert():
                return True
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                if name in EXPECTATIONS or name.startswith("assert_") or name in helpers:
                    return True
    return False


def test_every_test_says_what_must_hold() -> None:
    helpers = asserting_helpers(map(parsed, TESTS))

    def silent(tree: ast.AST) -> Iterator[str]:
        tests = (f for f in functions(tree) if f.name.startswith("test_"))
        return (f.name for f in tests if not says_what_must_hold(f, helpers))

    assert findings(silent, TESTS) == []


def test_no_test_lets_time_pass() -> None:
    """On a busy machine it would be too short, on an idle one too long: tests wait for what they need.

    In a window by :func:`tests.event_loop.until`, which looks when an event has come.
    """
    assert findings(timed_waits, TESTS) == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("from tutor_app.core.solve import _fold", ["line 1: _fold"]),
        ("pool._lock", ["line 1: _lock"]),
        ("monkeypatch.setattr(pool, '_await', None)", ["line 1: _await"]),
        ("getattr(pool, '_lock')", ["line 1: _lock"]),
        ("self._own\nos._exit(1)\npool.__dict__\nfrom other import _x", []),
    ],
)
def test_private_names_are_found(code: str, found: list[str]) -> None:
    assert list(private_names(ast.parse(code))) == found


@pytest.mark.parametrize(
    ("code", "holds"),
    [
        ("def test_it(): work()", False),
        ("def test_it():\n    for x in work(): x.close()", False),
        ("def test_it(): assert work()", True),
        ("def test_it():\n    with pytest.raises(ValueError): work()", True),
        ("def test_it(): np.testing.assert_allclose(1, 1)", True),
        ("def same(a): assert a\ndef both(a): same(a)\ndef test_it(): both(1)", True),
        ("def run(a): return a\ndef test_it(): run(1)", False),
    ],
)
def test_tests_that_say_nothing_are_found(code: str, holds: bool) -> None:
    tree = ast.parse(code)
    *_, test = functions(tree)
    assert says_what_must_hold(test, asserting_helpers([tree])) is holds


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("time.sleep(1)", ["line 1: time.sleep"]),
        ("from time import sleep", ["line 1: time.sleep"]),
        ("qtbot.wait(5)", ["line 1: qtbot.wait"]),
        ("qtbot.waitUntil(done)", ["line 1: qtbot.waitUntil"]),
        ("until(done)\nthread.join()", []),
    ],
)
def test_timed_waits_are_found(code: str, found: list[str]) -> None:
    assert list(timed_waits(ast.parse(code))) == found
