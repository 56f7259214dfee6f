"""Gives code what notebooks give every cell and scripts lack: ``display`` and the module ``IPython.display``.

Only what shows a value is there; widgets, HTML and sound are not.
"""

from __future__ import annotations

import ast
import builtins
import sys
import types
from collections.abc import Callable


class Shown:
    """Text to be shown as it is, and as LaTeX if it is a formula."""

    def __init__(self, data: object = "", *_: object, **__: object) -> None:
        self.data = str(data)

    def __repr__(self) -> str:
        return self.data

    @property
    def latex(self) -> str:
        """The formula, or empty."""
        return ""


class NotShown(Shown):
    """A picture, a sound or a page, of which only the kind is told."""

    def __init__(self, *_: object, **__: object) -> None:
        super().__init__(f"<{type(self).__name__}>")


class Formula(Shown):
    """A formula in LaTeX, with or without dollar signs."""

    @property
    def latex(self) -> str:
        """The formula without its dollar signs."""
        return self.data.strip().strip("$").strip()


def is_silenced(tree: ast.Module, code: str) -> bool:
    """Whether the block ends with a semicolon, which tells a notebook not to show the value of its last expression."""
    if not tree.body or not isinstance(tree.body[-1], ast.Expr):
        return False
    last = tree.body[-1]
    assert last.end_lineno is not None
    assert last.end_col_offset is not None
    line = code.encode("utf-8", "surrogatepass").splitlines()[last.end_lineno - 1]
    return line[last.end_col_offset :].lstrip().startswith(b";")


def install(display: Callable[..., None]) -> None:
    """Make ``display`` known by that name everywhere and as ``IPython.display.display``."""
    vars(builtins)["display"] = display
    package, module = types.ModuleType("IPython"), types.ModuleType("IPython.display")
    shown = {"display": display, "Math": Formula, "Latex": Formula, "Markdown": Shown, "Pretty": Shown, "HTML": Shown}
    shown |= {name: type(name, (NotShown,), {}) for name in ("Image", "SVG", "Audio", "Video", "IFrame", "Javascript")}
    vars(module).update(shown, clear_output=lambda *_, **__: None)
    vars(package).update(display=module, __path__=[])
    sys.modules.update({"IPython": package, "IPython.display": module, "IPython.core.display": module})
