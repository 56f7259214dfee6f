from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QTextDocument

from tutor_app.render.blocks import Writer
from tutor_app.render.theme import load
from tutor_app.render.typeset import FormulaCache, fit, typeset
from tutor_app.text.repair import attempts, break_finer, break_rows, table_rules
from tutor_app.text.speech import spoken

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
    "\\renewcommand{\\arraystretch}{1.5} x",
    "\\cancelto{0}{x}",
    "\\begin{array}{cc} \\multicolumn{2}{c}{x} \\\\ 1 & 2 \\end{array}",
    "\\biggl\\lceil{t \\over 2}\\biggr\\rceil",
    "\\arg z",
    "\\centerline{x}",
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
    assert "\\" not in spoken(latex)  # no command is left over that would be drawn by its name


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
        "\\frac{1}{1+" * 200 + "x" + "}" * 200,
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


def lowest_strokes(latex: str) -> list[tuple[float, float]]:
    """Where the strokes begin and end, in em, that come near the baseline."""
    formula = typeset(latex, display=True)
    assert formula.ok
    boxes = [p.boundingRect() for ink in formula.inks for p in ink.path.toSubpathPolygons()]
    return sorted((b.left(), b.right()) for b in boxes if b.bottom() > -0.45)


@pytest.mark.parametrize("words", ["a+c", "\\text{divide both sides by two}", "R_2-2R_1"])
@pytest.mark.parametrize("arrow", ["xrightarrow", "xleftarrow", "xleftrightarrow", "xRightarrow"])
def test_an_arrow_is_longer_than_the_words_on_it(arrow: str, words: str) -> None:
    formula = typeset(f"\\{arrow}{{{words}}}", display=True)
    strokes = lowest_strokes(f"\\{arrow}{{{words}}}")
    assert strokes[0][0] <= 0.1
    assert max(right for _, right in strokes) >= formula.width - 0.1
    assert formula.width < typeset(words, display=True).width + 1


def test_a_sign_with_words_set_over_it_keeps_its_length() -> None:
    assert typeset("\\overset{\\text{by definition}}{\\to}", display=True).width == pytest.approx(
        typeset("\\overset{\\text{by definition}}{=}", display=True).width, abs=0.1
    )


def test_breaking_keeps_everything() -> None:
    source = "a = \\frac{b = 1}{2} + (c = d) \\le e"
    assert break_rows(source) == [["a ", "= \\frac{b = 1}{2} + (c = d) ", "\\le e"]]
    assert break_finer("= \\frac{b + 1}{2} + (c - d) - e") == ["= \\frac{b + 1}{2} ", "{}+ (c - d) ", "{}- e"]
    aligned = "\\begin{align*} a &= b \\\\ c &\\le d \\end{align*}"
    assert break_rows(aligned) == [["a  ", "= b"], ["c  ", "\\le d"]]
    assert break_rows("x + 1") == [["x + 1"]]
    assert break_finer("x^-2") == ["x^-2"]
    assert "".join(break_finer("1" * 100)) == "1" * 100
    assert len(break_finer("\\text{" + "so it is " * 9 + "}")) > 20


LONG = [
    " + ".join(f"x_{{{i}}}^2" for i in range(60)),
    "S = " + " + ".join(f"\\frac{{1}}{{{i}}}" for i in range(1, 50)),
    "a = " + " = ".join(f"{i}b_{{{i}}}" for i in range(40)),
    "(1+x)" * 40,
    "\\left(1-\\frac{1}{2^2}\\right)" * 16,
    "1" * 300,
    "2^{1000} = " + "107150860718626732094842504906" * 10,
    ", ".join(str(n * n) for n in range(120)),
    "\\{" + ", ".join(f"a_{{{n}}}" for n in range(60)) + "\\}",
    "\\text{" + "the number of ways to choose two of them " * 5 + "} = 10",
    "x = \\text{" + "wordswithoutspaces" * 12 + "}",
    "\\begin{pmatrix} " + " & ".join(str(n) for n in range(60)) + " \\end{pmatrix}",
    "\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}" * 12,
    "A = \\begin{bmatrix} " + " \\\\ ".join(" & ".join(["\\frac{1}{2}"] * 30) for _ in range(3)) + " \\end{bmatrix}",
    "\\frac{" + " + ".join(f"x_{{{i}}}" for i in range(50)) + "}{2}",
    "\\sqrt{" + " + ".join(f"x_{{{i}}}" for i in range(50)) + "} = 1",
    "\\begin{aligned} a &= " + " + ".join("bcd" for _ in range(40)) + " \\\\ &= c \\end{aligned}",
    "\\begin{align*} "
    + " \\\\ ".join(f"x_{{{i}}} + y &= " + " + ".join("z" * 25) for i in range(6))
    + " \\end{align*}",
    "\\begin{gather*} " + " \\\\ ".join(" + ".join("abcdefghij" * 3) for _ in range(3)) + " \\end{gather*}",
    "f(x) = \\begin{cases} " + " + ".join("x" * 40) + " & \\text{if } x > 0 \\\\ 0 & \\text{otherwise} \\end{cases}",
    "\\begin{array}{|" + "c|" * 30 + "} \\hline " + " & ".join(["100"] * 30) + " \\\\ \\hline \\end{array}",
    "\\boxed{" + " + ".join(f"x_{{{i}}}" for i in range(50)) + "}",
    "\\left( " + " + ".join(f"x_{{{i}}}" for i in range(50)) + " \\right)",
    "\\underbrace{" + " + ".join("1" * 60) + "}_{60}",
    "\\sum_{i=1}^{n} " + " \\cdot ".join(f"a_{{{i}}}" for i in range(50)),
    "p \\implies " + " \\implies ".join("qrs" for _ in range(30)),
    "\\overline{" + "ABCDEFGH" * 12 + "}",
    "x \\equiv " + " \\equiv ".join(f"{n}" for n in range(40)) + " \\pmod{7}",
    " \\cup ".join(f"[{n}, {n + 1})" for n in range(30)),
    "A\\xrightarrow{f}" * 30 + "B",
    "\\alpha" * 120,
]


@pytest.mark.parametrize("latex", LONG, ids=range(len(LONG)))
def test_a_long_formula_fits_every_column(latex: str) -> None:
    """On the screen (narrow windows, zoomed text) and on paper, large print too: nothing passes the column's edge."""
    formula = typeset(latex, True)
    assert formula.ok
    assert formula.width > 22
    for em, available in ((17.0, 160.0), (17.0, 320.0), (17.0, 684.0), (34.0, 400.0), (11.0, 480.0), (22.0, 480.0)):
        fitted = fit(formula, em, available)
        assert fitted.width <= available + 0.5
        assert fitted.lines[0].baseline == 0.0
        for line in fitted.lines:
            k = em * line.scale
            box = QRectF()
            for ink in line.formula.inks:
                box = box.united(ink.path.boundingRect())
            assert line.x + box.left() * k >= -0.5
            assert line.x + box.right() * k <= available + 0.5
            assert line.baseline + box.top() * k >= -fitted.ascent - 0.5
            assert line.baseline + box.bottom() * k <= fitted.descent + 0.5
            assert line.scale >= 0.7 or line.formula.width * em * 0.72 > available - 2 * em
    shown = fit(formula, 17.0, 320.0)
    if formula.pieces:
        assert len({line.baseline for line in shown.lines}) > 1


def test_rows_of_an_alignment_stay_rows() -> None:
    rows = " \\\\ ".join(f"x_{{{i}}} + {'+'.join('y' * 20)} &= {i}" for i in range(4))
    formula = typeset(f"\\begin{{align*}} {rows} \\end{{align*}}", True)
    fitted = fit(formula, 17.0, 300.0)
    starts = [line for line in fitted.lines if line.x == 0.0]
    assert len(starts) == 4


def test_attempts_are_different() -> None:
    candidates = list(attempts("\\left( \\frac{1}{2 & x"))
    assert len(candidates) == len(set(candidates)) >= 2
    assert list(attempts(" ")) == []


BAD = [
    "\\frac{1}{2",
    "x}}}",
    "{{{x",
    "\\left( x",
    "\\right)",
    "\\begin{pmatrix} 1 & 2",
    "\\end{pmatrix}",
    "\\begin{array}{|c|} \\hline",
    "\\begin{array}{|c|} \\hline 1 \\end{array}",
    "x^2^3_4_5",
    "&&&",
    "\\\\\\\\",
    "\\unknowncommand{x}",
    "\\text{unclosed",
    "\\frac{}{}",
    "^_^",
    "x + y " * 840,
    "\\alpha+" * 700 + "1",
    "\\frac{1}{1+" * 200 + "x" + "}" * 200,
    "\\sqrt{" * 23 + "x" + "}" * 23,
    "\\left(" * 200 + "x" + "\\right)" * 200,
    "\\text{שלום} = x",
    "\\text{المساحة} = \\pi r^2",
    "\\text{abc \u202e def}",
    "\\text{速度}^2",
    "\x00\x01\x02",
    "\ud800",
    "\u0301\u0301\u0301",
]


@pytest.mark.parametrize("latex", BAD, ids=range(len(BAD)))
@pytest.mark.parametrize("display", [True, False])
def test_bad_input_is_typeset_or_shown_as_it_is(latex: str, display: bool, qapp: object) -> None:
    """Never an exception, never a hang, never nothing."""
    formula = typeset(latex, display)
    assert formula.source == latex
    if formula.ok:
        assert formula.width > 0.1
        fitted = fit(formula, 17.0, 300.0)
        assert 0 < fitted.width <= 300.5
    cache = FormulaCache()
    cache.put(formula)
    document = QTextDocument()
    Writer(document, load("light"), cache, 17.0).formula(latex, display, latex)
    assert document.toPlainText().strip()


def test_nesting_costs_little() -> None:
    """Ziamath alone doubles its time with every level; this would take it minutes."""
    assert typeset("\\frac{1}{1+" * 23 + "x" + "}" * 23, True).ok
    assert typeset("\\left(1+" * 20 + "x" + "\\right)" * 20, True).ok


RULED = (
    "\\begin{array}{|c||cc} \\hline 1 & 2 & 3 \\\\[2pt] \\hline\\hline 4 & 5 & 6 \\\\"
    " \\cline{1-2} 7 & 8 & 9 \\end{array}"
)


def test_the_lines_of_an_array_are_read() -> None:
    (rules,) = table_rules(RULED)
    assert rules.columns == (1, 2, 0, 0)
    assert rules.rows == ("1", "2", "1-2")
    inner = (
        "\\left[\\begin{array}[t]{c|c} 1 & \\begin{pmatrix} 2 \\end{pmatrix} \\end{array}\\right] \\substack{a \\\\ b}"
    )
    assert [r.columns for r in table_rules(inner)] == [(0, 1, 0), (), ()]
    assert table_rules("x") == []


def test_the_lines_of_an_array_are_drawn() -> None:
    """Long thin rectangles: as many as the source asks for, none in the same array without them."""

    def lines(latex: str) -> tuple[int, int]:
        formula = typeset(latex, True)
        boxes = [p.boundingRect() for i in formula.inks for p in i.path.toSubpathPolygons()]
        return (
            sum(b.width() < 0.1 and b.height() > 2 for b in boxes),
            sum(b.height() < 0.1 and b.width() > 1 for b in boxes),
        )

    assert lines(RULED) == (3, 4)
    assert lines(RULED.replace("|", "").replace("\\hline", "").replace("\\cline{1-2}", "")) == (0, 0)


def test_text_that_the_mathematics_font_lacks_is_set_by_qt(qapp: object) -> None:
    hebrew, latin = typeset("\\text{שלום}", False), typeset("\\text{abcd}", False)
    assert hebrew.ok
    assert 0.4 * latin.width < hebrew.width < 3 * latin.width
    assert hebrew.descent < 0.4
    assert typeset("x^{\\text{שלום}}", False).width < hebrew.width + 0.3
    assert typeset("\\text{速}\\text{速}", False).width == pytest.approx(
        2 * typeset("\\text{速}", False).width, rel=0.2
    )
    assert typeset("面積 = 3", False).ok


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


def height(latex: str, display: bool = True) -> float:
    formula = typeset(latex, display)
    assert formula.ok, latex
    return formula.ascent + formula.descent


class TestHeights:
    """Heights in em, against those that TeX's rules give."""

    @pytest.mark.parametrize("body", [
        "\\sum_j a_j", "\\sum_{j=0}^{m} a_j", "\\prod^{m} b", "\\bigcup_{t\\in T} A_t", "\\bigcap\\limits_t A_t",
        "\\coprod_t A", "\\iint_D f", "\\oint_C g", "\\int^b h", "\\bigoplus_n V_n", "\\sum\\nolimits_j a_j",
    ])  # fmt: skip
    @pytest.mark.parametrize("fences", ["()", "[]", "||", "\\{\\}", ".|"])
    def test_fences_are_as_high_as_a_large_sign_with_limits(self, body: str, fences: str) -> None:
        opening, closing = (fences[:2], fences[2:]) if fences[0] == "\\" else (fences[0], fences[1])
        bare = height(body)
        assert bare - 0.1 <= height(f"\\left{opening} {body} \\right{closing}") <= bare + 1.2

    @pytest.mark.parametrize("sign", [
        "bigoplus", "bigotimes", "bigodot", "biguplus", "bigsqcup", "bigcup", "bigcap", "bigvee", "bigwedge",
    ])  # fmt: skip
    @pytest.mark.parametrize("fences", [("", ""), ("\\left(", "\\right)")])
    def test_limits_of_every_large_sign_stand_below_and_above_it(self, sign: str, fences: tuple[str, str]) -> None:
        left, right = fences
        stacked = typeset(f"{left}\\{sign}_{{k\\in K}}^{{n}} U{right}", True)
        beside = typeset(f"{left}\\{sign}\\nolimits_{{k\\in K}}^{{n}} U{right}", False)
        assert stacked.width < beside.width
        assert stacked.ascent + stacked.descent > beside.ascent + beside.descent + 0.4

    @pytest.mark.parametrize("sign", ["prod", "bigcup", "bigcap", "bigvee", "bigoplus", "coprod"])
    def test_large_signs_have_their_middle_at_one_height(self, sign: str) -> None:
        drawn, other = typeset(f"\\{sign}", True), typeset("\\sum", True)
        assert drawn.ascent - drawn.descent == pytest.approx(other.ascent - other.descent, abs=0.03)

    def test_a_large_sign_in_a_fraction_between_fences(self) -> None:
        assert 2.0 < height("\\left(\\frac{\\sum_j a_j}{m}\\right)^3") < 4.0

    @pytest.mark.parametrize("latex", [
        "\\boxed{}", "\\boxed{ }", "\\boxed{{}}", "\\boxed{\\,}", "\\boxed{\\text{}}", "\\fbox{}", "\\fbox{ }",
        "y=\\boxed{\\quad}", "\\boxed{\\phantom{8}}", "\\boxed{\\hspace{2cm}}", "\\left(\\boxed{}\\right)",
    ])  # fmt: skip
    def test_an_empty_box_is_as_high_as_a_digit_in_it(self, latex: str) -> None:
        assert 0.9 < height(latex) < 1.6

    @pytest.mark.parametrize("latex", [
        "\\underbrace{}_{k}", "\\overbrace{}^{k}", "\\hat{}", "\\vec{}", "\\frac{}{3}", "\\sqrt{}", "\\cancel{}",
        "\\left(\\right)", "\\left[\\frac{}{}\\right]", "\\begin{bmatrix} & \\\\ & \\end{bmatrix}", "\\binom{}{}",
        "\\begin{array}{c}\\boxed{}\\\\ 8\\end{array}", "{}^{3}_{2}H", "\\sum_{}^{}",
    ])  # fmt: skip
    def test_nothing_takes_no_room(self, latex: str) -> None:
        assert height(latex) < 2.6

    @pytest.mark.parametrize("fence", [
        "\\{", "\\}", "\\lbrace", "\\rbrace", "|", "\\|", "\\vert", "\\lvert", "\\rVert", "/", "\\backslash", "(", "]",
        "\\langle", "\\rangle", "\\lfloor", "\\rceil", "\\uparrow",
    ])  # fmt: skip
    def test_a_sized_fence_is_one_sign_of_its_size(self, fence: str) -> None:
        for command, size in [("big", 1.2), ("Big", 1.8), ("bigg", 2.4), ("Bigg", 3.0)]:
            for side in ("", "l", "r", "m"):
                formula = typeset(f"\\{command}{side}{fence} ", True)
                assert formula.ascent + formula.descent == pytest.approx(size, rel=0.25)
                assert formula.width < 0.36 * size + 0.3, "letters of a command are in print"

    def test_letters_of_a_command_are_never_in_print(self) -> None:
        assert not typeset("3+\\unheardof{4}", True).ok

    @pytest.mark.parametrize(("latex", "display", "expected"), [
        ("{9 \\choose 4}", False, 1.4), ("\\dbinom{9}{4}", False, 2.2), ("\\tbinom{9}{4}", True, 1.4),
        ("\\lfloor t\\rfloor^3", False, 1.1), ("\\lceil{\\sqrt{30}}\\rceil^2", False, 1.3),
        ("\\left(\\frac{\\sum_j a_j}{5}\\right)", True, 2.6), ("1\\underline{\\hphantom{8}}6", False, 0.9),
    ])  # fmt: skip
    def test_signs_are_as_high_as_in_a_book(self, latex: str, display: bool, expected: float) -> None:
        assert height(latex, display) == pytest.approx(expected, rel=0.3)

    @pytest.mark.parametrize("table", [
        "\\begin{pmatrix} {} \\end{pmatrix}", "\\begin{array}{{c}} {} \\end{array}", "\\begin{cases} {} \\end{cases}",
        "\\begin{bmatrix*}[r] {} \\end{bmatrix*}", "\\begin{rcases} {} \\end{rcases}",
        "\\begin{matrix} {} \\end{matrix}",
    ])  # fmt: skip
    def test_cells_are_in_text_style(self, table: str) -> None:
        def cell(body: str) -> float:
            return height(table.replace("{}", body).replace("{{c}}", "{c}"))

        assert cell("\\frac{5}{7}") == pytest.approx(cell("\\tfrac{5}{7}"), abs=0.05)
        assert cell("\\displaystyle\\frac{5}{7}") == pytest.approx(cell("\\dfrac{5}{7}"), abs=0.05)
        assert cell("\\frac{5}{7}") < cell("\\dfrac{5}{7}") - 0.3
        assert cell("\\sum_{j=1}^m j") < height("\\sum_{j=1}^m j", False) + 0.9
        assert cell("\\displaystyle\\sum_{j=1}^m j") > cell("\\sum_{j=1}^m j") + 0.8

    @pytest.mark.parametrize("table", ["dcases", "drcases", "align*", "aligned", "gather*"])
    def test_cells_of_alignments_are_in_display_style(self, table: str) -> None:
        tall = height(f"\\begin{{{table}}} \\frac{{5}}{{7}} \\end{{{table}}}")
        assert tall == pytest.approx(height(f"\\begin{{{table}}} \\dfrac{{5}}{{7}} \\end{{{table}}}"), abs=0.05)

    def test_limits_stand_beside_the_sign_in_a_script_and_below_it_if_asked(self) -> None:
        assert height("u^{\\sum_{j=1}^m}") < height("u^{\\sum\\limits_{j=1}^m}") - 0.2
        assert (
            typeset("\\frac{\\lim_{t\\to 0} t}{9}", True).width
            > typeset("\\frac{\\displaystyle\\lim_{t\\to 0} t}{9}", True).width
        )

    @pytest.mark.parametrize(("written", "meant"), [
        ("``7\"", "\u201c7\u201d"), ("``7''", "\u201c7\u201d"), ("\\text{``so''}", "\\text{\u201cso\u201d}"),
        ("\\text{`so'}", "\\text{\u2018so'}"), ("f''+g'", "f''+g'"),
    ])  # fmt: skip
    def test_quotation_marks_of_tex(self, written: str, meant: str) -> None:
        assert typeset(written, True).width == typeset(meant, True).width


def test_a_continued_fraction_keeps_off_its_bars() -> None:
    assert next(attempts(r"1 + \cfrac[l]{x}{2 + \cfrac{x}{3}}")) == r"1 + \dfrac{x}{2 + \dfrac{x}{3}}"


def test_a_long_sum_is_broken_before_it_becomes_small() -> None:
    formula = typeset("S = " + " + ".join(str(n) for n in range(10, 40)), True)
    fitted = fit(formula, 17.0, formula.width * 17.0 * 0.76)
    assert len({line.baseline for line in fitted.lines}) == 2
    assert {line.scale for line in fitted.lines} == {1.0}
