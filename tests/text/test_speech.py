from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor_app.text.speech import MAX_SPOKEN, spoken, spoken_prose

SAID = {
    "x^2": "x squared",
    "x^3": "x cubed",
    "x^n": "x to the power of n",
    "x^{n+1} y": "x to the power of n plus 1, end power y",
    "e^{-x^2}": "e to the power of negative x squared",
    "2^{10}": "2 to the power of 10",
    "x_1": "x sub 1",
    "x_{n+1}": "x sub n plus 1",
    "a_i^2": "a sub i squared",
    "1011_2": "1011 base 2",
    "x^2 + \\frac{5}{2}": "x squared plus 5 halves",
    "\\frac{1}{2}": "1 half",
    "\\frac34": "3 quarters",
    "3\\frac{1}{2}": "3 and 1 half",
    "\\frac{a}{b}": "a over b",
    "\\frac{x+1}{2}": "the fraction with numerator x plus 1 and denominator 2",
    "\\frac{x+1}{2}+3": "the fraction with numerator x plus 1 and denominator 2, end fraction plus 3",
    "\\frac{x}{y}z": "x over y, end fraction z",
    "\\frac{dy}{dx}": "d y over d x",
    "\\sqrt{x}": "the square root of x",
    "\\sqrt{2}x": "the square root of 2, end root x",
    "\\sqrt{x+1} + 1": "the square root of x plus 1, end root plus 1",
    "\\sqrt[3]{8}": "the cube root of 8",
    "\\sqrt[n]{x}": "the n-th root of x",
    "\\sqrt[4]{16}": "the 4th root of 16",
    "\\int_0^1 x^2\\,dx": "the integral from 0 to 1 of x squared d x",
    "\\sum_{k=1}^n k": "the sum from k equals 1 to n of k",
    "\\prod_p p": "the product over p of p",
    "\\lim_{x \\to 0} f(x)": "the limit as x approaches 0 of f of x",
    "\\lim_{h \\to 0^+} h": "the limit as h approaches 0 from above of h",
    "\\binom{n}{k}": "n choose k",
    "\\binom83": "8 choose 3",
    "n!": "n factorial",
    "-3": "negative 3",
    "5-3": "5 minus 3",
    "2(x+1)": "2 times open parenthesis x plus 1 close parenthesis",
    "f'(x)": "f prime of x",
    "f^{-1}(x)": "f inverse of x",
    "\\sin^2\\theta": "sine squared theta",
    "\\sin^{-1} x": "inverse sine x",
    "\\log_2 8": "log base 2 of 8",
    "\\ln x": "natural log x",
    "\\gcd(a,b)": "the greatest common divisor of a, b",
    "|x|": "the absolute value of x",
    "|x-3|": "the absolute value of x minus 3",
    "|a||b|": "the absolute value of a the absolute value of b",
    "\\|v\\|": "the norm of v",
    "\\lfloor x \\rfloor": "the floor of x",
    "\\left\\lceil \\frac{n}{2} \\right\\rceil": "the ceiling of n over 2",
    "\\{1,2,3\\}": "the set 1, 2, 3",
    "\\{x \\mid x > 0\\}": "the set x such that x is greater than 0",
    "P(A|B)": "P of open parenthesis A given B close parenthesis",
    "3 \\mid 12": "3 divides 12",
    "\\begin{pmatrix} 1 & -2 \\\\ 3 & 4 \\end{pmatrix}": (
        "the 2 by 2 matrix with rows: 1, negative 2; 3, 4"
    ),
    "\\begin{vmatrix} a & b \\\\ c & d \\end{vmatrix}": (
        "the determinant of the 2 by 2 matrix with rows: a, b; c, d"
    ),
    "\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}": "the column vector 1, 2",
    "\\begin{cases} 1 & x > 0 \\\\ 0 & x \\le 0 \\end{cases}": (
        "2 cases: 1, x is greater than 0; 0, x is less than or equal to 0"
    ),
    "\\begin{aligned} a &= b \\\\ &= c \\end{aligned}": "2 lines: a equals b; equals c",
    "\\begin{array}{c|c} x & 1 \\\\ \\hline y & 2 \\end{array}": "a table with 2 rows: x, 1; y, 2",
    "\\overline{AB} \\cong \\overline{CD}": "segment A B is congruent to segment C D",
    "\\overline{z}": "z bar",
    "0.1\\overline{6}": "0.1 followed by the repeating digit 6",
    "\\vec{a}\\cdot\\vec{b}": "vector a dot vector b",
    "\\hat{x}": "x hat",
    "30^\\circ": "30 degrees",
    "15\\%": "15 percent",
    "\\$5.25": "5.25 dollars",
    "\\$1": "1 dollar",
    "1,234,567": "1,234,567",
    "12{,}000": "12,000",
    "a \\equiv b \\pmod{7}": "a is congruent to b, modulo 7",
    "17 \\bmod 5": "17 modulo 5",
    "\\boxed{42}": "boxed 42",
    "\\cancel{x}": "crossed out x",
    "x \\in \\mathbb{R}": "x in the real numbers",
    "A \\cup B \\subseteq C": "A union B is a subset of or equal to C",
    "\\forall x \\exists y": "for all x there exists y",
    "\\triangle ABC \\sim \\triangle DEF": "triangle A B C is similar to triangle D E F",
    "\\alpha + \\Delta": "alpha plus capital delta",
    "3\\text{ cm}^2": "3 cm squared",
    "\\text{red \\textbf{after} blue} = 1": "red after blue equals 1",
    "x = 2 \\text{ when $y = 3$}": "x equals 2 when y equals 3",
    "a_1, a_2, \\ldots, a_n": "a sub 1, a sub 2, and so on, a sub n",
    "\\left.\\frac{x^3}{3}\\right|_0^1": "x cubed over 3, evaluated from 0 to 1",
    "{}^{14}_6\\mathrm{C}": "superscript 14, subscript 6 C",
    "A^T A^{-1}": "A transpose A inverse",
    "f:\\mathbb{R}\\to\\mathbb{R}": "f from the real numbers to the real numbers",
    "a : b = 3 : 4": "a is to b equals 3 is to 4",
}  # fmt: skip


@pytest.mark.parametrize(("latex", "words"), SAID.items(), ids=list(SAID))
def test_says(latex: str, words: str) -> None:
    assert spoken(latex) == words


@pytest.mark.parametrize("latex", ["\\foo{x}", "", "   ", "\\begin{array}", "{" * 5000, "x" * 4000])
def test_gives_the_source_back_where_there_is_nothing_to_say(latex: str) -> None:
    assert spoken(latex) == " ".join(latex.split())[:MAX_SPOKEN]


def test_is_bounded() -> None:
    assert len(spoken("\\frac{1}{2+" * 200 + "x" + "}" * 200)) <= MAX_SPOKEN + 20
    assert len(spoken("+".join(["\\binom{n}{k}"] * 240))) <= MAX_SPOKEN + 20


@settings(max_examples=60)
@given(st.text(alphabet="\\{}$&^_%<>|abx12 frcsqt[]()\n", max_size=25))
def test_never_raises(latex: str) -> None:
    assert isinstance(spoken(latex), str)


def test_prose_keeps_its_words_and_money() -> None:
    text = "It costs $5 and $x^2$ is\n\n$$\\frac{1}{2}$$ so `$y$`."
    assert spoken_prose(text) == "It costs $5 and x squared is\n\n1 half so `$y$`."
