"""One equation that the others of a text contradict is called false; cases, suppositions and other lines are not."""

import pytest

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.reading import Reading


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """The first use of SymPy takes as long as a statement may."""
    symbolic.warm()


def false_ones(text: str) -> list[tuple[str, str]]:
    """What is called false, with what is said to be right."""
    return [(c.text, c.right) for c in Reading().text(text, 20.0) if c.verdict == "false"]


@pytest.mark.parametrize(
    ("text", "wrong", "right"),
    [
        (
            "Now $3p + 2q = 16$ and $p - q = 9$. Then $p = 4$, $q = 2$, and $p + q = 6$.",
            "p - q = 9",
            "for p = 4, q = 2 the left side is 2, the right side 9",
        ),
        (
            "From $uv = 12$ and $u + v = 7$ we get $u = 3$ and $v = 5$. Then $u - v = -1$, and $v = 4$.",
            "v = 5",
            "v = 4 by the other equations",
        ),
        (
            r"Expanding, we get $w^2 - 9w = -14$. Factoring $(w - 3)(w - 7) = 0$, so $w = 2$ or $w = 7$.",
            "(w - 3)(w - 7) = 0",
            "the other equations contradict this one; the sides do not agree",
        ),
        (
            r"The system is \begin{align*} \tag{1} r + s &= 11 \\ \tag{2} r - s &= 3 \end{align*} Adding, $2r = 14$, "
            r"so $r = 7$ and $s = 5$. Check: $r - s = 3$.",
            "s = 5",
            "s = 4 by the other equations",
        ),
        (
            r"We know $\dfrac{m-2}{n+6}=\dfrac{1}{4}$. Cross multiplying, $5(m-2)=1(n+6)$. Now $m = 5$ and $n = 6$.",
            "5(m-2)=1(n+6)",
            "for m = 5, n = 6 the left side is 15, the right side 12",
        ),
        ("Since $6k=30$, which shows that $k=\\boxed{8}$.", "k=\\boxed{8}", "k = 5 by the other equations"),
        (
            r"Then $0 = v^2 - 15v + 32$. So the solutions are $v = 4$ and $v = 8$.",
            "0 = v^2 - 15v + 32",
            "the other equations contradict this one; the sides do not agree",
        ),
        (
            r"The term is $71 + 9(n - 1) = 4n + 67$, and the sum follows from it.",
            "71 + 9(n - 1) = 4n + 67",
            "the other equations contradict this one; the sides do not agree",
        ),
        (
            r"The area is given by $2ab + 2a \cdot 5 + 2b \cdot 7 = 2ab + 10a + 10b$.",
            r"2ab + 2a \cdot 5 + 2b \cdot 7 = 2ab + 10a + 10b",
            "for a = 1, b = 2 the left side is 42, the right side 34",
        ),
        ("We have $3^{2t} = 81$ and $2t = 4$. Hence $t = 5$.", "t = 5", "t = 2"),
    ],
)
def test_the_equation_that_all_others_contradict_is_false(text: str, wrong: str, right: str) -> None:
    assert (wrong, right) in false_ones(text)


@pytest.mark.parametrize(
    "text",
    [
        "We have $t^2 = 9t - 20$, so $t = 4$ or $t = 5$. Since $t > 4$, $t = 5$, and $2t = 10$.",
        "Either $z - 3 = 8$ or $z - 3 = -8$. The first gives $z = 11$, the second $z = -5$. The sum is $11 - 5 = 6$.",
        "Case 1: $a = 2$. Then $a + b = 9$, so $b = 7$. Case 2: $a = 3$. Then $a + b = 9$, so $b = 6$.",
        "When $x = 0$, $y = 5$. When $x = 2$, $y = 9$. So $y = 2x + 5$.",
        "The line $y = 3x + 1$ is parallel to $y = 3x + c$. Since $c = 4$, the line is $y = 3x + 4$.",
        "Clearly $m = 0$ is not a root. From $m^2 = 5m$ we get $m = 5$, so $3m = 15$.",
        "To the nearest hundredth, $s = 2.83$, since $s^2 = 8$ and $s^4 = 64$.",
        "The possible values are $k = 3$ and $k = 8$, from $(k - 3)(k - 8) = 0$; we take $k = 8$.",
        "Solving $3x = 12$ gives $x = 4$. Solving $5y = 35$ gives $y = 7$. Solving $2x = 6$ gives $x = 3$.",
        "Suppose $n = 4$. Then $n^2 = 16$. In truth $n + 2 = 9$, so $n = 7$ and $2n = 14$.",
        "Now $A = lw$ with $l = 8$ and $w = 5$. For another rectangle $l = 9$, and $l + w = 14$.",
        "Then $71 + 9(n - 1) = 4n + 67$, which gives $5n = 5$ and $n = 1$.",
        "From $u^2 - 9u + 18 = 0$ we get $u = 3$ and $u = 6$.",
        "We cannot have $d = 6$, since $d + 1 = 8$ and $2d = 14$.",
    ],
)
def test_cases_and_suppositions_contradict_nothing(text: str) -> None:
    assert false_ones(text) == []


def test_a_condition_is_neither_true_nor_false() -> None:
    claims = Reading().text("Either $x - 1 = 7$ or $x - 1 = -7$. If $x - 1 = 7$, then $x = 8$.", 20.0)
    assert "x - 1 = 7" not in [c.text for c in claims]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (r"So $\frac{81}{4} = \frac{243}{0}$.", "20.25"),
        (r"We get $\frac{5}{0} \cdot \frac{1}{w} = \frac{5}{3w}$.", "not defined"),
    ],
)
def test_a_division_by_zero_is_false(text: str, right: str) -> None:
    assert [found for _, found in false_ones(text)] == [right]


@pytest.mark.parametrize(
    "text", [r"Here $\frac{1}{0} = x$ is undefined.", r"The denominator is zero, so $\frac{3}{0} = k$ has no meaning."]
)
def test_a_division_by_zero_that_is_talked_about_is_not(text: str) -> None:
    assert false_ones(text) == []


def test_the_value_of_a_total_is_checked() -> None:
    assert false_ones(r"She pays a total of $24 + 150 = 154$ dollars.") == [("24 + 150 = 154", "174")]
    assert false_ones(r"It is half of $24 + 150 = 87$.") == []
    assert false_ones(r"Together $\frac{6 \pm \sqrt{48}}{2} = 5 \pm 2\sqrt{3}$.") != []


def test_an_equation_that_always_holds_tells_no_value() -> None:
    text = r"Since $9^w=3^{2w}$ and $3^8=3^{2w}$, we have $2w=8$, which implies $w=\boxed{%s}$."
    assert false_ones(text % 4) == []
    assert false_ones(text % 3) == [(r"w=\boxed{3}", "w = 4")]
