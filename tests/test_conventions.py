"""Conventions of the tests that no linter knows."""

from __future__ import annotations

import ast
from collections.abc import Iterator
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


def timed_waits(tree: ast.AST) -> Iterator[str]:
    """Calls that let time pass instead of waiting for something."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name)):
                if (owner, name) in {("time", "sleep"), ("qtbot", "wait"), ("QTest", "qWait"), ("QTest", "qSleep")}:
                    yield f"line {node.lineno}: {owner}.{name}"
            case ast.ImportFrom(module="time", names=names) if any(a.name == "sleep" for a in names):
                yield f"line {node.lineno}: time.sleep"


@pytest.mark.parametrize("path", TESTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_test_uses_a_private_name(path: Path) -> None:
    """What a test needs is part of a module's face; what is behind it may change without a test knowing."""
    assert not list(private_names(ast.parse(path.read_text(encoding="utf-8"), str(path))))


WIDGETS = [ROOT / "tests" / "windows.py", *(ROOT / "tests" / "ui").iterdir()]


@pytest.mark.parametrize("path", [p for p in TESTS if p not in WIDGETS], ids=lambda p: str(p.relative_to(ROOT)))
def test_no_test_lets_time_pass(path: Path) -> None:
    """On a busy machine it would be too short, on an idle one too long: tests wait for what they need."""
    assert not list(timed_waits(ast.parse(path.read_text(encoding="utf-8"), str(path))))


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
    ("code", "found"),
    [
        ("time.sleep(1)", ["line 1: time.sleep"]),
        ("from time import sleep", ["line 1: time.sleep"]),
        ("qtbot.wait(5)", ["line 1: qtbot.wait"]),
        ("qtbot.waitUntil(done)\nthread.join()", []),
    ],
)
def test_timed_waits_are_found(code: str, found: list[str]) -> None:
    assert list(timed_waits(ast.parse(code))) == found
