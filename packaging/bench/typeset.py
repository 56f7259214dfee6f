"""Speed of typesetting: formulas a second, new and remembered, against ziamath and matplotlib's mathtext alone."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Row = tuple[str, float, str, str, float]

# What problems and solutions are full of: most are short, a few are tables and sums.
KINDS = [
    "x", "n = {n}", "{n}", "x^2 + {n}x + 1 = 0", "\\frac{{{n}}}{{3}}", "\\sqrt{{{n}}}", "a_{{{n}}}", "{n}^\\circ",
    "\\triangle ABC", "f(x) = {n}x - 5", "2\\pi r = {n}\\pi", "\\frac{{x+{n}}}{{x-1}} \\cdot \\frac{{1}}{{2}}",
    "\\sum_{{k=1}}^{{{n}}} k^2", "\\int_0^{{{n}}} x^2\\,dx", "\\binom{{{n}}}{{2}} = \\frac{{n!}}{{2!(n-2)!}}",
    "x = \\frac{{-b \\pm \\sqrt{{b^2-4ac}}}}{{{n}a}}", "\\log_2 {n} + \\ln x", "\\cos^2\\theta + \\sin^2\\theta = {n}",
    "\\left(\\frac{{1}}{{{n}}}\\right)^2", "a \\equiv {n}", "|x - {n}| \\leq 5", "\\overline{{AB}} = {n}",
]  # fmt: skip
FORMULAS = [kind.format(n=n) for n in range(11, 21) for kind in KINDS]
TABLES = [f"\\begin{{pmatrix}} {n} & 2 \\\\ 3 & -{n} \\end{{pmatrix}}" for n in range(30)]
ROUNDS = 3


def rows() -> Iterator[Row]:
    """Rates, each the best of some rounds that take turns with the references."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from tutor_app.render.typeset import FormulaCache, typeset
    from tutor_app.text.speech import spoken

    ziamath, mathtext = _ziamath(), _mathtext()
    cache = FormulaCache()

    def remembered(latex: str) -> object:
        return cache.get_or_make(latex, False)

    def said(latex: str) -> object:
        return spoken.__wrapped__(latex)

    for warm in (lambda s: typeset(s, False), ziamath, mathtext, said):
        for latex in KINDS:
            warm(latex.format(n=7))
    for latex in FORMULAS:
        remembered(latex)
    ours, theirs, plain = _rates([lambda s: typeset(s, False), ziamath, mathtext], FORMULAS)
    yield "formulas typeset, new", ours, "/s", f"ziamath's Latex(...).svg(): {theirs:.3g}/s", ours / theirs
    yield "formulas typeset, new", ours, "/s", f"matplotlib's mathtext to paths: {plain:.3g}/s", ours / plain
    known, theirs = _rates([remembered, ziamath], FORMULAS)
    yield "formulas typeset, met before", known, "/s", f"ziamath's Latex(...).svg(): {theirs:.3g}/s", known / theirs
    ours, theirs = _rates([lambda s: typeset(s, True), ziamath], TABLES)
    yield "matrices typeset, new", ours, "/s", f"ziamath's Latex(...).svg(): {theirs:.3g}/s", ours / theirs
    words, converted = _rates([said, _mathml()], FORMULAS)
    yield "formulas put into words, new", words, "/s", f"latex2mathml alone: {converted:.3g}/s", words / converted


def _rates(makers: list[Callable[[str], Any]], formulas: list[str]) -> list[float]:
    best = [0.0] * len(makers)
    for _ in range(ROUNDS):
        for i, make in enumerate(makers):
            began = time.perf_counter()
            for latex in formulas:
                make(latex)
            best[i] = max(best[i], len(formulas) / (time.perf_counter() - began))
    return best


def _ziamath() -> Callable[[str], object]:
    """The library as it is, without the kinds of nodes that this program does over."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import ziamath
        from ziamath.nodes import mnode

    registered = mnode._node_classes

    def make(latex: str) -> object:
        ours = dict(registered)
        registered.update(_original(ours))
        try:
            return ziamath.Latex(latex, inline=True).svg()
        finally:
            registered.update(ours)

    return make


def _original(classes: dict[str, Any]) -> dict[str, Any]:
    """The library's own class of each kind of node."""
    return {tag: next(c for c in kind.__mro__ if c.__module__.startswith("ziamath.")) for tag, kind in classes.items()}


def _mathtext() -> Callable[[str], object]:
    from matplotlib.mathtext import MathTextParser

    parser = MathTextParser("path")
    return lambda latex: parser.parse(f"${latex}$")  # it remembers the last 50, and there are more


def _mathml() -> Callable[[str], object]:
    from latex2mathml.converter import convert

    return convert
