"""Laws that do not hold, and equations that look like them and are meant otherwise."""

import pytest

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.reading import Reading


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    symbolic.warm()


def verdicts(text: str) -> list[str]:
    return [claim.verdict for claim in Reading().text(text, 20.0)]


@pytest.mark.parametrize(
    "text",
    [
        "(x - 7)² = x² - 49",
        "$(y + 6)^2 = y^2 + 36$",
        "(a + c)^2 = a^2 + c^2",
        "p^2 - q^2 = (p - q)^2",
        "√(u² + v²) = u + v",
        r"Thus $\sqrt{9 + m^2} = 3 + m$.",
        "1/n + 1/(n + 2) = 2/(2n + 2)",
        r"$\frac{1}{p} + \frac{1}{q} = \frac{2}{p + q}$",
        "1/(p + q) = 1/p + 1/q",
        r"By the law for sums, $\cos(u + v) = \cos u + \cos v$.",
        r"$\log(p + q) = \log p + \log q$",
        "3^(m + n) = 3^m + 3^n",
        "$4(p + q) = 4p + q$",
        "t(t + 5) = t^2 + 5",
        "(m + 4)(m - 3) = m^2 - 12",
        "$g(t) = (t + 2)^2 = t^2 + 4$",
    ],
)
def test_what_a_wrong_law_makes_is_false(text: str) -> None:
    assert verdicts(text) == ["false"]


@pytest.mark.parametrize(
    "text",
    [
        "Solve (x - 7)² = x² - 49.",
        "Find t such that $(t + 6)^2 = t^2 + 36$.",
        "The equation is (x - 7)^2 = x^2 - 49.",
        "(x - 7)^2 = x^2 - 49\nx^2 - 14x + 49 = x^2 - 49\n-14x = -98\nx = 7",
        "$(x - 7)^2 = x^2 - 49$, so $-14x = -98$ and $x = 7$.",
        "If $(a + c)^2 = a^2 + c^2$, then $ac = 0$.",
        "$(a + c)^2 = a^2 + c^2$ holds only for $ac = 0$.",
        "Many students write (a + c)^2 = a^2 + c^2.",
        "Is (a + c)^2 = a^2 + c^2?",
        "For perpendicular vectors we have $(a + c)^2 = a^2 + c^2$.",
        r"$(\mathbf{a} + \mathbf{c})^2 = \mathbf{a}^2 + \mathbf{c}^2$",
        "Modulo 2 we have $(a + c)^2 = a^2 + c^2$.",
        "$(AB + BC)^2 = AB^2 + BC^2$",
        "Setting them equal: (x - 7)^2 = x^2 - 49.",
        "Both areas are the same, (x - 7)^2 = x^2 - 49.",
        "x^2 = 2x",
        "(x + 1)^2 = 2(x + 1)",
        "x + y = xy",
        "1/x + 1/y = 2/(xy)",
        "(x + 5)/x = 6",
        "2^(x + 1) = 2^x + 2",
        r"$\sin 2x = 2 \sin x$",
        r"$\sqrt{x + 9} = \sqrt{x} + 3$",
        "|x + y| = |x| + |y|",
        "(x + 1)(x + 4) = x^2 + 14",
    ],
)
def test_an_equation_that_may_be_meant_is_not_false(text: str) -> None:
    assert "false" not in verdicts(text)


def test_what_follows_later_makes_an_equation_one_to_be_solved() -> None:
    reading = Reading()
    assert [c.verdict for c in reading.text("(x - 7)^2 = x^2 - 49\n\n", 20.0)] == ["false"]
    grown = reading.grown("(x - 7)^2 = x^2 - 49\n\nThen -14x + 49 = -49.\n\nThis gives x = 7.", 20.0)
    assert "false" not in [c.verdict for c in grown]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Let a = 6 and b = 4. Then a - b = 2.", "true"),
        ("Let a = 6 and b = 4. Then a - b = 3.", "false"),
        ("3a + 2a = 6a", "false"),
        ("a^2 * a^3 = a^5", "true"),
        ("a^2 * a^3 = a^6", "false"),
        ("A = 5 * 4 = 20", "true"),
        ("There was a 3 - 1 = 2 result.", "true"),
    ],
)
def test_the_letter_a_is_told_from_the_article(text: str, said: str) -> None:
    assert said in verdicts(text)
