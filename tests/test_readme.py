"""What the README says of the code is so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMED = re.compile(r"\[`([\w.]+)`\]\((\w[\w/]*\.py)\)")
"""A link to a function or method: its name, and the file that it is in."""


def names_in(path: Path) -> set[str]:
    """The functions and classes of a module, and the methods of its classes."""
    found = set[str]()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{m.name}" for m in node.body if isinstance(m, ast.FunctionDef)}
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found.add(node.name)
    return found


def linked() -> list[tuple[str, str]]:
    return NAMED.findall((ROOT / "README.md").read_text(encoding="utf-8"))


def test_the_readme_says_where_to_start_reading() -> None:
    assert len(linked()) >= 15


@pytest.mark.parametrize(("name", "path"), linked())
def test_every_function_that_the_readme_names_is_there(name: str, path: str) -> None:
    assert name in names_in(ROOT / path)
