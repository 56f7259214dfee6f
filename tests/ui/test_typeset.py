from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath

from tutor_app.ui.latex_repair import attempts, break_lines
from tutor_app.ui.typeset import FormulaCache, fit, typeset

WELL_FORMED = [
    "x",
    "x^2 + y^2 = r^2",
    "\\frac{a}{b}",
    "\\dfrac12",
    "\\tfrac{1}{2}",
    "\\sqrt[3]{x+1}",
    "\\sum_{i=1}^n i^2",
    "\\int_0^1 x\\,dx",
    "\\binom{n}{k}",
    "\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}",
    "\\begin{cases} 1 & x > 0 \\\\ 2 & x \\le 0 \\end{cases}",
    "\\begin{aligned} a &= b \\\\ &= c \\end{aligned}",
    "\\boxed{\\frac{1}{2}}",
    "3\\text{ cm}^2",
    "5\\%",
    "\\$5.25",
    "a\\!b\\;c\\,d\\quad e",
    "50^\\circ",
    "a \\equiv b \\pmod 5",
    "\\left\\lfloor \\frac{x}{2} \\right\\rfloor",
    "\\overline{AB} \\cong \\overline{CD}",
    "\\mathbb{R}",
    "\\begin{array}{cc|c} 1 & 2 & 3 \\\\ 4 & 5 & 6 \\end{array}",
    "\\cancel{x}",
    "\\lim_{x \\to 0} \\frac{\\sin x}{x}",
    "f'(x)",
    "\\vec{v}",
]
MALFORMED = [
    "\\binom83",
    "\\frac{\\binom832^3}{2}",
    "\\text{if $x < 3$}",
    "\\text{a & b < c}",
    "x^2^3",
    "1 & 2",
    "50% of x",
    "\\left( x",
    "x \\right)",
    "\\begin{pmatrix} 1 & 2 \\end{pmatrix}^{-1}",
    "\\begin{array}{@{}c*{2}{r}} 1 & 2 & 3 & 4 \\end{array}",
    "\\frac{1}{2",
    "x}",
    "\\begin{align*} [ABC] &= 1 \\tag{1} \\\\ [D] &= 2 \\tag{2} \\end{align*}",
    "\\begin{tabular}{c|c} a & b \\end{tabular}",
    "x_",
    "$x$",
    "\\begin{eqnarray*} a & = & b \\end{eqnarray*}",
    "x < y > z",
    "90° + 5 − 3",
    "\\begin{align*} \\left( a & \\\\ & b \\right) \\end{align*}",
    "\\SI{5}{cm}",
    "\\nicefrac{1}{2}",
    "x\x00y",
    "\\stackrel{}{5}_6",
    "\\begin{array}{@{}c@{\\;}c} 1 & 2 \\\\ \\cline{1-2} 3 & 4 \\\\ \\end{array}",
]


@pytest.mark.parametrize("latex", WELL_FORMED)
@pytest.mark.parametrize("display", [True, False])
def test_typesets(latex: str, display: bool) -> None:
    f = typeset(latex, display)
    assert f.ok
    assert 0.2 < f.width < 40
    assert f.ascent > 0.2
    for ink in f.inks:
        box = ink.path.boundingRect()
        assert box.left() >= -0.2
        assert box.right() <= f.width + 0.01
        assert box.top() >= -f.ascent - 0.01
        assert box.bottom() <= f.descent + 0.01


@pytest.mark.parametrize("latex", MALFORMED)
def test_repairs_what_is_malformed(latex: str) -> None:
    assert typeset(latex, True).ok


@pytest.mark.parametrize(
    "latex",
    [
        "",
        "  ",
        "{",
        "}{",
        "\\frac{1}",
        "\\begin{array}",
        "x" * 7000,
        "{" * 60 + "}" * 60,
        "\\frac{1}{1+" * 12 + "x" + "}" * 12,
        "日本",
    ],
)
def test_gives_up_without_an_exception(latex: str) -> None:
    f = typeset(latex, True)
    assert not f.ok
    assert f.source == latex


@settings(max_examples=60)
@given(st.text(alphabet="\\{}$&^_%<>abx12 frcsqt[]()\n", max_size=25), st.booleans())
def test_never_raises(latex: str, display: bool) -> None:
    assert typeset(latex, display).source == latex


def test_percent_is_not_a_comment() -> None:
    assert typeset("50% x", False).width > typeset("50\\%", False).width + 0.3


def test_baseline_of_plain_letters_is_at_their_feet() -> None:
    for latex in ("x", "m", "1", "AB", "f(2)"):
        f = typeset(latex, False)
        inked = max(i.path.boundingRect().bottom() for i in f.inks)
        assert f.descent == pytest.approx(max(0.0, inked), abs=0.03)
    assert typeset("x", False).descent < 0.03
    assert typeset("\\frac{1}{2}", False).descent > 0.2


def test_a_named_colour_is_kept_apart() -> None:
    f = typeset("x + \\textcolor{blue}{y}", False)
    assert {i.color for i in f.inks} == {"", "blue"}


def test_draws_in_the_colour_of_the_text() -> None:
    image = QImage(60, 40, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    typeset("x", False).draw(painter, 10, 30, 30, QColor("#c00000"))
    painter.end()
    colors = {QColor(image.pixel(x, y)).name() for x in range(60) for y in range(40)}
    assert "#c00000" in colors
    assert all(QColor(c).red() >= 0xC0 for c in colors)


def test_a_wide_formula_is_broken_and_never_cut_off() -> None:
    f = typeset(" = ".join(f"\\frac{{x_{{{i}}} + {i}}}{{2}}" for i in range(30)), True)
    assert len(f.pieces) == 30
    for available in (700.0, 300.0, 90.0):
        fitted = fit(f, 17, available)
        assert fitted.width <= available + 0.5
        assert len(fitted.lines) == 30
        assert len({line.baseline for line in fitted.lines}) > 1
    assert fit(f, 17, 100_000).lines[0].scale == 1.0


def test_a_slightly_wide_formula_is_shrunk() -> None:
    f = typeset("a = b", True)
    fitted = fit(f, 20, f.width * 20 * 0.9)
    assert fitted.lines[0].scale == pytest.approx(0.9)


def test_break_lines_keeps_everything() -> None:
    source = "a = \\frac{b = 1}{2} + (c = d) \\le e"
    assert "".join(break_lines(source)) == source
    assert len(break_lines(source)) == 3
    assert break_lines("\\begin{align*} a &= b \\\\ c &\\le d \\end{align*}") == ["a  ", "= b", "c  ", "\\le d"]
    assert break_lines("x + 1") == ["x + 1"]


def test_attempts_are_different() -> None:
    candidates = list(attempts("\\left( \\frac{1}{2 & x"))
    assert len(candidates) == len(set(candidates)) >= 2
    assert list(attempts(" ")) == []


def test_cache_is_bounded_and_forgets_the_oldest() -> None:
    cache = FormulaCache(max_cost=400)
    made = [cache.get_or_make(f"x_{{{i}}}", False) for i in range(30)]
    assert len(cache) < 30
    assert cache.get("x_{0}", False) is None
    assert cache.get("x_{29}", False) is made[-1]
    assert cache.get("x_{29}", True) is None


@pytest.mark.parametrize("rows", [2, 4, 7])
@pytest.mark.parametrize(
    ("left", "right"), [("|", "|"), ("\\{", "\\}"), ("(", ")"), ("[", "]"), ("\\lfloor", "\\rfloor")]
)
def test_tall_fences_are_drawn_at_any_height(rows: int, left: str, right: str) -> None:
    body = " \\\\ ".join(["x"] * rows)
    f = typeset(f"\\left{left} \\begin{{matrix}} {body} \\end{{matrix}} \\right{right}", True)
    fence = QRectF(0, -f.ascent, 0.4, f.ascent + f.descent)
    covered = [i.path.intersected(_rectangle(fence)).boundingRect() for i in f.inks]
    assert max(c.height() for c in covered) > 0.7 * (f.ascent + f.descent)


def _rectangle(rect: QRectF) -> QPainterPath:
    path = QPainterPath()
    path.addRect(rect)
    return path


def test_a_sign_is_told_from_a_difference() -> None:
    """The minus of a number stands close to it, that of a difference has room."""
    assert typeset("(-3)", False).width < typeset("(3)", False).width + 0.75
    assert typeset("|-3|", False).width < typeset("|3|", False).width + 0.75
    assert typeset("5-3", False).width > typeset("53", False).width + 0.9
    assert typeset("1,000", False).width < typeset("f(1, 000)", False).width - typeset("f()", False).width - 0.05
