"""Statements in formulas and about unknowns."""

import pytest

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.reading import Reading


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    symbolic.warm()


def verdicts(*texts: str) -> list[tuple[str, str]]:
    reading = Reading()
    return [(claim.text, claim.verdict) for text in texts for claim in reading.text(text)]


@pytest.mark.parametrize(
    "text",
    [
        r"$2\cdot 17 = 34$",
        r"\[\frac{3}{4}\times 20 = 15\]",
        r"$\sqrt{3^2 + 4^2} = 5$",
        r"$\sqrt{50} = 5\sqrt{2}$",
        r"$\binom{6}{2} = 15$",
        r"$1{,}200 - 200 = 1{,}000$",
        r"$x^2 - 5x + 6 = (x-2)(x-3)$",
        r"$(a+b)^2 = a^2 + 2ab + b^2$",
        r"$120\%\cdot 30 = 36$",
        r"$180 - 75 = 105^\circ$",
        r"$23_5 = 13$",
        r"$2\text{ m}\cdot 3\text{ m} = 6\text{ m}^2$",
        r"$\frac{\sqrt{2}}{2} = \frac{1}{\sqrt{2}}$",
        r"$\sin 30^\circ = \frac{1}{2}$",
        r"$3^2 5^2 = 15^2$",
        r"$\frac{6 \pm \sqrt{36 - 20}}{2} = 3 \pm 2$",
        r"$\sum_{k=1}^{12} k = 78$",
        r"$\sum_{k=1}^{n} (2k - 1) = n^2$",
        r"$\prod_{k=1}^{4} 2k = 384$",
        r"$\int_0^2 3x^2\,dx = 8$",
        r"$\int \cos x\,dx = \sin x + C$",
        r"$\lim_{x\to 2} \frac{x^2 - 4}{x - 2} = 4$",
        r"$\frac{d}{dx}\left(x^4 - x\right) = 4x^3 - 1$",
        r"$\begin{pmatrix}2&0\\1&1\end{pmatrix}\begin{pmatrix}1\\3\end{pmatrix} = \begin{pmatrix}2\\4\end{pmatrix}$",
        r"$\begin{vmatrix}2&5\\1&3\end{vmatrix} = 1$",
        r"$\det\begin{pmatrix}a&b\\c&d\end{pmatrix} = ad - bc$",
        r"$\begin{pmatrix}2&5\\1&3\end{pmatrix}^{-1} = \begin{pmatrix}3&-5\\-1&2\end{pmatrix}$",
        r"$45 \equiv 3 \pmod{7}$",
        r"$45 \bmod 7 = 3$",
        r"$\gcd(84, 36) = 12$",
    ],
)
def test_a_true_formula_is_true(text: str) -> None:
    assert [verdict for _, verdict in verdicts(text)] == ["true"]


@pytest.mark.parametrize(
    "text",
    [
        r"$2\cdot 17 = 32$",
        r"\[\frac{3}{4}\times 20 = 16\]",
        r"$\sqrt{50} = 2\sqrt{5}$",
        r"$\binom{6}{2} = 12$",
        r"$9! = 326880$",
        r"$\frac{6 \pm \sqrt{36 - 20}}{2} = 3 \pm 4$",
        r"$\sum_{k=1}^{12} k = 66$",
        r"$\int_0^2 3x^2\,dx = 12$",
        r"$\int \cos x\,dx = -\sin x + C$",
        r"$\lim_{x\to 2} \frac{x^2 - 4}{x - 2} = 0$",
        r"$\frac{d}{dx}\left(x^4 - x\right) = 4x^3 - x$",
        r"$\begin{pmatrix}2&0\\1&1\end{pmatrix}\begin{pmatrix}1\\3\end{pmatrix} = \begin{pmatrix}2\\3\end{pmatrix}$",
        r"$\begin{vmatrix}2&5\\1&3\end{vmatrix} = 11$",
        r"$45 \equiv 4 \pmod{7}$",
        r"$\gcd(84, 36) = 6$",
    ],
)
def test_a_false_formula_is_false(text: str) -> None:
    assert [verdict for _, verdict in verdicts(text)] == ["false"]


def test_the_rows_of_an_alignment_are_one_chain() -> None:
    text = "\\begin{align*}s &= 3 + 4\\\\ &= 7\\\\ t &= 2 \\cdot 5 = 11\\end{align*}"
    assert verdicts(text) == [("3 + 4\\\\ &= 7", "true"), ("2 \\cdot 5 = 11", "false")]


def test_equations_are_followed_to_their_solution() -> None:
    text = "We solve 3x + 4 = 19.\nSubtracting 4 we get 3x = 15.\nx = 5"
    assert verdicts(text) == [("3x = 15", "true"), ("x = 5", "true")]


def test_a_wrong_solution_is_false_and_the_right_one_told() -> None:
    (claim,) = Reading().text("The equation is 3x + 4 = 19.\nSolving for x, we get x = 6.")
    assert (claim.verdict, claim.right) == ("false", "x = 5")


def test_a_wrong_step_of_an_equation_is_false() -> None:
    (claim,) = Reading().text("2x + 6 = 20\nSubtracting 6 from both sides, we get 2x = 16.")
    assert (claim.verdict, claim.right) == ("false", "x = 7 by the equation before")


def test_a_wrong_rewriting_is_told_with_a_point() -> None:
    (claim,) = Reading().text("Together they pay 3 * 2x = 5x dollars.")
    assert (claim.verdict, claim.right) == ("false", "for x = 1 the left side is 6, the right side 5")


def test_a_function_is_applied_where_it_was_defined_before() -> None:
    assert verdicts("Let $f(x) = x^2 + 1$.", "Then $f(3) = 10$.") == [("f(3) = 10", "true")]


@pytest.mark.parametrize(
    "text",
    [
        r"Two cases: $(6m - 1)b = 130$. Then $b = 26$ and $m = 1$.",
        r"Since $x + y = 5$ and $x - y = 3$, solving gives $x = 4$.",
        r"$2 * 6 = 2^6 + 6^2$",
        r"In base 7, $44 \times 55 = 3506$.",
        r"$12 \cdot 5 \equiv 4 \pmod{7}$, so $5 \cdot 3 = 1$.",
        r"$1 = \sqrt{9} + 4$, which is impossible.",
        r"$4e + 18 = 17e - 8$",
        r"The equation $x = x + 1$ has no solution.",
        r"$2000 \cdot 1.07^9 = 3677$",
        "2000 L * 0.8 = 1600 L\nso 2000 L - 1600 L = 400 L",
        "If $c = 10$, then $49 - 4c = 9$, $49 - 4c = 1$ being the other case.",
        "We know that $p(1) = 2$, so $p(3) = 5$.",
        "3x = 1 hour\nThus 3x = 60 minutes",
    ],
)
def test_what_may_be_meant_otherwise_is_never_false(text: str) -> None:
    assert "false" not in [verdict for _, verdict in verdicts(text)]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Let $x = 5$. Then $2x + 1 = 11$.", "true"),
        ("Let $x = 5$. Then $2x + 1 = 12$.", "false"),
        ("Let $s = \\frac{3 + 4 + 5}{2}$. So $s = 6$.", "true"),
        ("Let $s = \\frac{3 + 4 + 5}{2}$. So $s = 7$.", "false"),
        ("Let f(x) = 3x - 2. Then f(4) = 10.", "true"),
        ("Let $f(x) = 3x - 2$. Then $f(4) = 11$.", "false"),
        ("Let $f(x) = x^3$. Then $f'(x) = 3x^2$.", "true"),
        ("Let $f(x) = x^3$. Then $f'(x) = 3x$.", "false"),
        ("$1 + 2 + 3 + \\cdots + 40 = 820$", "true"),
        ("$1 + 4 + 9 + \\cdots + 100 = 385$", "true"),
        ("$2 + 4 + 6 + \\dots + 20 = 100$", "false"),
        ("Expanding, $(x + 5)^2 = x^2 + 25$.", "false"),
        ("Factoring gives $x^2 - 5x + 6 = (x - 2)(x - 3)$.", "true"),
        ("The eigenvalues of $\\begin{pmatrix}2&0\\\\0&3\\end{pmatrix}$ are 2 and 4.", "false"),
    ],
)
def test_definitions_bind_and_announced_rewritings_are_held_to_it(text: str, verdict: str) -> None:
    assert [found for _, found in verdicts(text)] == [verdict]


@pytest.mark.parametrize(
    "text",
    [
        "$2x + 3 = 11$, so $2x = 8$, so $x = 5$.",
        "\\begin{align*} 2x + 3 &= 11 \\\\ 2x &= 8 \\\\ x &= 5 \\end{align*}",
        "Subtracting 3 from both sides of $2x + 5 = 11$ we get $2x = 7$.",
    ],
)
def test_a_wrong_step_between_formulas_is_false(text: str) -> None:
    assert [verdict for _, verdict in verdicts(text)][-1] == "false"


@pytest.mark.parametrize(
    "text", ["For i = 1, $2i = 2$.", r"$\sum_{i=1}^3 2i = 12$ and $2i + 3i = 6i$", "i = 4, so 3i = 12"]
)
def test_an_index_called_i_is_not_the_imaginary_unit(text: str) -> None:
    assert "false" not in [verdict for _, verdict in verdicts(text)]


def test_an_equals_sign_behind_a_power_of_i_makes_no_index_of_it() -> None:
    said = verdicts(r"We have $i^7 = i^4 \cdot i^3 = 1 \cdot (-i) = -i$ and $2 \cdot i = 3 \cdot i$.")
    assert [verdict for _, verdict in said] == ["true", "true", "true", "false"]
