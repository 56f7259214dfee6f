"""Kinds of statements of which one wrong number is found: each is true, and false with another number."""

import pytest

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.reading import Reading


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """The first use of SymPy takes as long as a statement may."""
    symbolic.warm()


def false_ones(text: str) -> list[str]:
    """What is called false."""
    return [c.text for c in Reading().text(text, 20.0) if c.verdict == "false"]


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("If $t - 4 = 9$, we have $t = 13$.", "t = 13", "t = 18"),
        ("Either $t - 4 = 9$, meaning $t = 13$, or $t - 4 = -9$, meaning $t = -5$.", "t = 13", "t = 18"),
        ("If $n = 14$, then $n(n + 2) = 224$.", "= 224", "= 226"),
        ("Suppose $n = 14$. Then $3n - 5 = 37$.", "= 37", "= 39"),
        ("We get $u = 6$ and $v = 5$. Therefore, $u + 2v = 16$.", "= 16", "= 17"),
        ("The sum is $4z + 9z = 13z$.", "13z", "15z"),
        ("The product is $5z \\cdot 3z^2 = 15z^3$.", "15z^3", "16z^3"),
        ("So $b_n + b_{n+1} = (4n + 1) - (4(n + 2) + 1) = -8$.", "= -8", "= -7"),
        (r"It is $\frac{n + 3}{n!(n^2 + 6n + 9)} = \frac{n + 3}{n!(n + 3)^2}$.", "6n", "7n"),
        (r"The curve is \[\frac{x^2}{4} - \frac{y^2}{25} = 1,\] or \[25x^2 - 4y^2 = 100.\]", "25x^2", "24x^2"),
        (r"If $c = 0$, the rest fails. So $d = 0$ or $d = \frac{45}{27} = \frac{5}{3}$. If $d = 0$, then $e = 4$, "
         r"which is not possible.", "45", "35"),
        (r"Now $n < \frac{988}{6} = 164.\overline{6}$, and $n$ is a whole number.", r"\overline{6}", r"\overline{5}"),
        (r"The triangle has base $6$ and height $\frac53$, so $\frac12 \cdot 6 \cdot \frac53 = 5$.", "= 5", "= 7"),
        ("The account grows at a rate of $7.5 / 4 = 1.875$ percent.", "1.875", "1.878"),
        ("If $t = 6,$ then $r^2 + s^2 = 81 - 6^2 = 45.$", "= 45", "= 47"),
        (r"We see that $15x^2 + 28x + 12 = (3x + 2)(5x + 6)$. Both equations are solved.", "(3x", "(8x"),
    ],
)  # fmt: skip
def test_one_wrong_number_is_found(text: str, right: str, wrong: str) -> None:
    assert false_ones(text) == []
    assert text.count(right) >= 1
    assert len(false_ones(text.replace(right, wrong))) >= 1


@pytest.mark.parametrize(
    "text",
    [
        "We have $y = 3x + 2$. So the line $y = 3x + 2$ is steep.",
        "The parabola $y = x^2$ is wide. The focus of $y = x^2$ is above it.",
    ],
)
def test_an_equation_that_is_repeated_states_nothing_new(text: str) -> None:
    assert Reading().text(text, 20.0) == []


@pytest.mark.parametrize(
    "text",
    [
        "Solving $5x - 2x = 9,$ we find $x = 3.$ Solving $2x - 4 = 8,$ we find $x = 6.$",
        "If $c = 10$, then $49 - 4c = 9$, $49 - 4c = 1$ being the other case.",
        "If $x = 2$, then $3x - 2 = 7$, which is false.",
        "$y - 1 + 3 - y = 4$",
        "Then $x + y = 4$, or $x - y = 4$.",
        "Now $a = 1$ and $b = 2$, or $a = 2$ and $b = 5$. Therefore, $a + b = 7$.",
        "Three lines meet: $2x + 3x = 4x$ has no solution but zero.",
        "With $x = 0$ and $y = 1$ we see it. We want $x$ and $y$ so that $x + y = 5$ and $x - y = 9$.",
        "So $A = 5$ and $C = 2$. However, we can eliminate this possibility. Thus, $A - C = -8$, and $C = 9$.",
        r"Then $X = 3$ and $Y = 8$. Finally $D = 7$. Thus $XYD = \boxed{387}$.",
        "We write it in base $6$, where $3 \\cdot 4 = 20$.",
    ],
)
def test_what_may_be_meant_otherwise_is_not_false(text: str) -> None:
    assert false_ones(text) == []
