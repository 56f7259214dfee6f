"""Copied HTML as the text of a problem."""

from __future__ import annotations

import pytest

from tutor_app.text.pasted import has_lost_marks, text_of_html
from tutor_app.text.typing import read_typed


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Solve a<sup>3</sup> = 8", "Solve a^3 = 8"),
        ("3 &times; 10<sup>12</sup> m", "3 \u00d7 10^{12} m"),
        ("about 10<sup>\u22127</sup> s", "about 10^{-7} s"),
        ("2<sup>2<sup>5</sup></sup> + 1", "2^{2^5} + 1"),
        ("y<sup><i>n</i>+1</sup>", "y^{n+1}"),
        ("e<sup>x<sup>2</sup></sup>", "e^{x^2}"),
        ("a<sub>1</sub> + a<sub>10</sub>", "a_1 + a_{10}"),
        ("x<sub>1</sub><sup>2</sup>", "x_1^2"),
        ("<sup>3</sup>/<sub>4</sub> of 20", "3/4 of 20"),
        ("2<sup>1</sup>&frasl;<sub>2</sub> cups", "2 1/2 cups"),
        ('b<span style="font-size:9px; vertical-align: super">2</span>', "b^2"),
        ('t<span style="vertical-align:sub">0</span>', "t_0"),
        ("the 21<sup>st</sup> term", "the 21st term"),
        ("as is known<sup>[4]</sup>", "as is known[4]"),
        ("<p>One</p><p>Two x<sup>2</sup></p>", "One\n\nTwo x^2"),
        ("x<br>y<sup>2</sup>", "x\ny^2"),
        ("<style>p {}</style>k<sup>2</sup><script>1</script>", "k^2"),
        ("area 5 m<sup>2</sup>, 10\u2076 of them", "area 5 m^2, 10\u2076 of them"),
        ("<math><msup><mi>x</mi><mn>12</mn></msup><mo>+</mo><mfrac><mn>1</mn><mn>2</mn></mfrac></math>",
         "$x^{12}+\\frac{1}{2}$"),
        ("<math><msqrt><mi>x</mi><mo>\u2212</mo><mn>1</mn></msqrt></math>", "$\\sqrt{x-1}$"),
        ('<span class="katex"><span class="katex-mathml"><math><semantics><mrow><mi>x</mi></mrow>'
         '<annotation encoding="application/x-tex">x^{7}</annotation></semantics></math></span>'
         '<span class="katex-html" aria-hidden="true">x7</span></span> is large', "$x^{7}$ is large"),
        ("unclosed z<sup>9", "unclosed z^9"),
        ("p<sup></sup>q", "pq"),
    ],
)  # fmt: skip
def test_marks_are_kept(html: str, text: str) -> None:
    assert has_lost_marks(html)
    assert text_of_html(html) == text


def test_ordinary_html_needs_nothing() -> None:
    assert not has_lost_marks("<p>Two <b>and</b> two</p>")
    assert not has_lost_marks("")


def test_deep_nesting_ends() -> None:
    assert text_of_html("<b>" * 5000 + "x<sup>2</sup>").startswith("x")


_POWER = (
    '<span class="msupsub"><span class="vlist-t"><span class="vlist-r"><span class="vlist" style="height:0.81em;">'
    '<span style="top:-3.06em;"><span class="pstrut" style="height:2.7em;"></span><span class="mord mtight">2</span>'
    "</span></span></span></span></span>"
)
_FRACTION = (
    '<span class="mord"><span class="mopen nulldelimiter"></span><span class="mfrac"><span class="vlist-t vlist-t2">'
    '<span class="vlist-r"><span class="vlist"><span style="top:-2.3em;"><span class="pstrut"></span>'
    '<span class="mord">4</span></span><span style="top:-3.2em;"><span class="frac-line"></span></span>'
    '<span style="top:-3.67em;"><span class="mord">x</span></span></span></span></span></span></span>'
)
_ROOT = (
    '<span class="mord sqrt"><span class="vlist-t"><span class="vlist-r"><span class="vlist"><span class="svg-align" '
    'style="top:-3em;"><span class="mord">y</span></span><span style="top:-2.9em;"><span class="hide-tail"><svg>'
    "<path/></svg></span></span></span></span></span></span>"
)
_SUM = (
    '<span class="mop op-limits"><span class="vlist-t vlist-t2"><span class="vlist-r"><span class="vlist">'
    '<span style="top:-1.8em;"><span class="mord">k=1</span></span><span style="top:-3.05em;"><span class="mop">\u2211'
    '</span></span><span style="top:-4.3em;"><span class="mord">n</span></span></span></span></span></span>'
)
_LOWERED = (
    '<span class="msupsub"><span class="vlist-t vlist-t2"><span class="vlist-r"><span class="vlist">'
    '<span style="top:-2.55em;"><span class="mord">1</span></span></span></span></span></span>'
)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (f'<span class="katex-html"><span class="base"><span class="mord">x</span>{_POWER}</span></span>', "$x^{2}$"),
        (f'<span class="mord">{_FRACTION}</span><span class="mrel">=</span><span class="mord">1</span>',
         "$\\frac{x}{4}=1$"),
        (f'<span class="katex-html">{_ROOT}<span class="mrel">\u2264</span>2</span>', "$\\sqrt{y}\\le 2$"),
        (f'<span class="base">{_SUM}<span class="mord">k</span></span>', "$\\sum_{k=1}^{n} k$"),
        (f'Let <span class="mord">a</span>{_LOWERED} be 3', "Let $a_{1}$ be 3"),
        ('<span class="mop">sin</span><span class="mord">x</span>', "$\\sin x$"),
        ('<span class="mord text">if</span>', "$\\text{if}$"),
        ('<span class="katex-html"><span class="strut"></span></span>', ""),
        ('<span class="katex"><span class="katex-mathml"><math><mi>x</mi></math></span>'
         '<span class="katex-html">x</span></span>', "$x$"),
        ("<m:math><m:msup><m:mi>x</m:mi><m:mn>2</m:mn></m:msup></m:math>", "$x^2$"),
    ],
)  # fmt: skip
def test_a_formula_as_katex_shows_it(html: str, text: str) -> None:
    assert text_of_html(html) == text


_CELLS = "<mtr><mtd><mn>1</mn></mtd><mtd><mi>x</mi></mtd></mtr><mtr><mtd><mn>0</mn></mtd><mtd><mn>4</mn></mtd></mtr>"


@pytest.mark.parametrize(
    ("mathml", "text"),
    [
        (f"<mtable>{_CELLS}</mtable>", r"$\begin{matrix}1 & x \\ 0 & 4\end{matrix}$"),
        (f"<mo>(</mo><mtable>{_CELLS}</mtable><mo>)</mo>", r"$\begin{pmatrix}1 & x \\ 0 & 4\end{pmatrix}$"),
        (f"<mo>|</mo><mtable>{_CELLS}</mtable><mo>|</mo>", r"$\begin{vmatrix}1 & x \\ 0 & 4\end{vmatrix}$"),
        (f"<mi>f</mi><mo>=</mo><mo>{{</mo><mtable>{_CELLS}</mtable>", r"$f=\begin{cases}1 & x \\ 0 & 4\end{cases}$"),
        ("<mover><mi>v</mi><mo>→</mo></mover>", r"$\vec{v}$"),
        ("<mover><mi>x</mi><mo>¯</mo></mover>", r"$\overline{x}$"),
        ("<mi>f</mi><mfenced><mi>x</mi><mi>y</mi></mfenced>", "$f(x,y)$"),
    ],
)
def test_tables_accents_and_fences_of_mathml(mathml: str, text: str) -> None:
    assert text_of_html(f"<math>{mathml}</math>") == text


def test_pasted_elements_are_no_part_of_a_typed_problem() -> None:
    for page in (
        f'Solve <span class="katex-html"><span class="mord">x</span>{_POWER}<span>=9</span></span> now.',
        "Solve <m:math><m:msup><m:mi>x</m:mi><m:mn>2</m:mn></m:msup><m:mo>=</m:mo><m:mn>9</m:mn></m:math> now.",
    ):
        read = read_typed(page).text  # fmt: skip
        assert read.startswith("Solve $x^")
        assert read.endswith("=9$ now.")
        assert "<" not in read
