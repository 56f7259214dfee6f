"""Wrong rewritings in formulas, and equations that look like them and are none."""

import pytest

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.reading import Reading


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    symbolic.warm()


def verdicts(text: str) -> list[tuple[str, str]]:
    return [(claim.text, claim.verdict) for claim in Reading().text(text, 20.0)]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (r"$(y + 4)(y - 1) = y^2 + 5y - 4$", "for y = 1 the left side is 0, the right side 2"),
        (r"$(p - q)^2 = p^2 - 3pq + q^2$", "for p = 1, q = 2 the left side is 1, the right side -1"),
        (r"$7(r - 3s) = 7r - 20s$", "for r = 1, s = 2 the left side is -35, the right side -33"),
        (r"$6u^2 + 4u = u(6u + 5)$", "for u = 1 the left side is 10, the right side 11"),
        (r"$w^2 \cdot w^4 = w^8$", "for w = 2 the left side is 64, the right side 256"),
        (r"$(3z)^2 = 3z^2$", "for z = 1 the left side is 9, the right side 3"),
        (r"$(v^3)^2 = v^5$", "for v = 2 the left side is 64, the right side 32"),
        (r"$4c \cdot 2c = 6c^2$", "for c = 1 the left side is 8, the right side 6"),
    ],
)
def test_a_wrong_rewriting_is_false_and_a_point_shows_it(text: str, right: str) -> None:
    assert [(c.verdict, c.right) for c in Reading().text(text, 20.0)] == [("false", right)]


def test_a_slip_in_the_middle_of_a_chain_is_one_false_statement() -> None:
    said = verdicts(r"$$y^2 - 8y + 21 = y^2 - 9y + 16 + 5 = (y - 4)^2 + 5$$")
    assert said == [("y^2 - 8y + 21 = y^2 - 9y + 16 + 5 = (y - 4)^2 + 5", "false")]
    assert [v for _, v in verdicts(r"$y^2 - 8y + 21 = y^2 - 8y + 16 + 5 = (y - 4)^2 + 5$")] == ["true", "true"]


def test_a_link_is_not_true_because_the_link_before_it_was_wrong() -> None:
    said = verdicts(r"$\sqrt{m^2 + 2m + 1} + m = \sqrt{m^2 + 3m + 1} + m = \sqrt{(m + 1)^2} + m$")
    assert "true" not in [verdict for _, verdict in said]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (
            r"We want to find $(a - 1)(b - 1) = ab - a - b + 5$.",
            "for a = 1, b = 2 the left side is 0, the right side 4",
        ),
        (r"Add it to the equation to get $m^2 - 4mn + n^2 = (m - n)^2$.", "for m = 1, n = 2"),
    ],
)
def test_words_about_a_task_do_not_make_a_rewriting_a_condition(text: str, right: str) -> None:
    ((verdict, said),) = [(c.verdict, c.right) for c in Reading().text(text, 20.0)]
    assert verdict == "false"
    assert said.startswith(right)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (r"$4(n^2 - 3) + 1 = 4n^2 - 12 + 1 = 4n^2 - 10$", ["true", "false"]),
        (r"$(m + 2)^2 = m^2 + 3m + 4 = m(m + 3) + 4$", ["false", "true"]),
        (r"$4(n - 3) = 4n - 12 = 3n + 10$", ["true"]),
        (r"$(m + 2)^2 = m^2 + 4m + 4 = 25$", ["true"]),
    ],
)
def test_a_slip_at_the_end_of_a_chain_that_rewrites_is_false(text: str, kinds: list[str]) -> None:
    assert [verdict for _, verdict in verdicts(text)] == kinds


@pytest.mark.parametrize(
    "text",
    [
        r"$5(x + 1) = 7x + 5$",  # one unknown, to the first power: an equation
        r"$x(x + 4) = x^2 + 12$",
        r"$(x + 2)^2 = x^2 + 16$",
        r"$2(x + 1) = 2x + 2 = 3x - 4$",
        r"Solve $(y + 4)(y - 1) = y^2 + 5y - 4$.",
        r"If $(p - q)^2 = p^2 - 3pq + q^2$, one of them is zero.",
        r"Which $u$ satisfy $6u^2 + 4u = u(6u + 5)$?",
        r"$x \cdot x = 9x$",
        r"$2b \times 5b = 10b$",
        r"$w^2 = w^8$",
        r"$z^3 \cdot z = 16$",
    ],
)
def test_an_equation_that_may_be_meant_is_not_called_false(text: str) -> None:
    assert "false" not in [verdict for _, verdict in verdicts(text)]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (r"$6 + k = 15 \Rightarrow k = 8$", "k = 9"),
        (r"$6 + k = 15 \implies k = 8$", "k = 9"),
        (r"So $4h = 28$. Solving for $h$, we find that $h = 6$.", "h = 7"),
        (r"$3g = 12$ which yields $g = 5$", "g = 4"),
        (r"We have $s + t = 9$. Then $20 = 5t$, so $t = 3$.", "t = 4"),
    ],
)
def test_a_value_that_is_said_to_follow_is_held_against_the_equation_before(text: str, right: str) -> None:
    assert ("false", right) in [(c.verdict, c.right) for c in Reading().text(text, 20.0)]


@pytest.mark.parametrize(
    "text",
    [
        "The second has x + 30 places. We know that 250 + x + 30 + x = 900.",
        r"Solving $5x - 2x = 9,$ we find $x = 3.$ Solving $2x - 4 = 8,$ we find $x = 6.$",
        r"If $x > 1$, then $3(x - 1) = 6$, so $x = 3$. If $x < 1$, then $3(1 - x) = 6$, so $x = -1$.",
    ],
)
def test_another_equation_beside_the_first_is_no_slip(text: str) -> None:
    assert "false" not in [verdict for _, verdict in verdicts(text)]


def test_the_square_and_the_cube_of_a_number_in_words() -> None:
    assert verdicts("The square of 14 is 196.") == [("The square of 14 is 196", "true")]
    assert [(c.verdict, c.right) for c in Reading().text("Hence the cube of 6 is 36.")] == [("false", "216")]
    assert verdicts("The square of 12 is 3 times 48.") == []


@pytest.mark.parametrize(
    "text",
    [
        r"$84 + 5(m - 1) = 5m + 78$",
        r"$4(y - 2) + 3 = 4y - 7$",
        r"$u + (u + 4) = 2u + 6$",
        r"The sum of the three is $(c - d) + c + (c + d) = 5c$.",
        r"$\frac{1}{v - 2} + \frac{1}{w - 2} = \frac{w - 2}{(v - 2)(w - 3)} + \frac{v - 2}{(v - 2)(w - 2)}$",
        r"$y^2 + 3y - 40 = (y + 8)(y - 6)$",
        r"$\sqrt{45y} = \sqrt{9 \cdot 6 y}$",
        r"$3^{2(k - 1)} = 3^{2k - 4}$",
        r"$\frac{6z + 9}{3z} = 2 + \frac{5}{z}$",
        r"We want to find $(p - 2)(q - 2) = pq - 2(p + q) + 8$.",
    ],
)
def test_a_rewriting_that_one_other_number_makes_right_is_false(text: str) -> None:
    assert [verdict for _, verdict in verdicts(text)] == ["false"]


@pytest.mark.parametrize(
    "text",
    [
        "$27y = y$",
        "$2x + 3 = 2x + 5$",
        "$y^2 = 4y$",
        "The equation $2(y + 3) = 2y + 8$ has no solution.",
        "Solve $3(y + 1) = 3y + 7$.",
        "$(y - 2)^4 - (y - 2) = 0$",
        "$-d + 6d = 8 - 2 \\cdot 4$",
        "$y - 1 + 3 - y = 4$",
        "$y(y + 2) = y^2 + 3y - 5$",
        "$3y + 2z = 12$ and $3y + 2z = 15$",
        "$2(l + w) = 2l + 10$",
        r"$\vec{v} - (\vec{i} \cdot \vec{v} - \vec{i} \cdot \vec{j}) = \vec{v} - \vec{i} \cdot \vec{v}$",
        "$f(y + 1) = f(y) + 2$",
    ],
)
def test_an_equation_that_is_not_far_from_a_rewriting_is_not_called_false(text: str) -> None:
    assert "false" not in [verdict for _, verdict in verdicts(text)]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (r"We have $2x=8$ which implies $x=\boxed{1}$.", "x = 4"),
        (r"We find that $a+6=10 \Rightarrow a=7$.", "a = 4"),
        ("$s^2=49$, so $s=6$.", "s = -7 or 7"),
        (r"\[25=3m+4\Rightarrow m=9\]", "m = 7"),
        (r"$2x^2-x-15=14 \Rightarrow 2x^2-x-27=0$", "2 x^2 - x - 29 = 0 by the equation before"),
        (r"$\frac{a}{b}=\frac{3}{5}$, so $5a=6b$.", "10 a = 6 b by the equation before"),
        ("$y=2x+3$, so $2y=4x+5$.", "2 y = 4 x + 6 by the equation before"),
        (r"$12b=a-b$, which implies $\frac{12b}{a-b}=3$.", "36 b/(a - b) = 3 by the equation before"),
    ],
)
def test_what_is_told_to_follow_and_does_not_is_false(text: str, right: str) -> None:
    assert [c.right for c in Reading().text(text, 20.0) if c.verdict == "false"] == [right]


@pytest.mark.parametrize(
    "text",
    [
        "$x+y=30$ and $2x+y=40$",
        r"$3x+2y=12 \\ 3x+2y=15$",
        "$y=2x+3$ and $2y=4x+5$ are parallel.",
        "$x - 1 = 7$ or $x - 1 = -7$. If $x-1=7$, we have $x=8$; if $x-1=-7$, then $x=-6$.",
        "$a^3=-1$, so $a^9=(-1)^3$.",
        "$s^2=49$, so $s=7$.",
        "Four pens cost 2x = 4 euros. Then one pen is equal to 2 * x.",
        "$x^2=2$, so $x=1.41$.",
        "If $2x=8$ or $x=3$",
        "The line $y=2x+3$ is shifted, and gives $y=2x+5$.",
    ],
)
def test_what_need_not_follow_is_not_called_false(text: str) -> None:
    assert "false" not in [verdict for _, verdict in verdicts(text)]


def test_the_links_beside_one_wrong_side_are_one_false_statement() -> None:
    assert verdicts("12 + 8 = 21 = 20") == [("12 + 8 = 21 = 20", "false")]
    assert verdicts("12 + 8 = 21 = 22") == [("12 + 8 = 21", "false"), ("21 = 22", "false")]


def test_a_division_told_by_its_quotient_and_rest_is_not_called_false() -> None:
    assert verdicts("$500 \\div 13 = 13 \\cdot 38 + 6$") == [("500 \\div 13 = 13 \\cdot 38 + 6", "unchecked")]
    assert verdicts("$17 \\div 5 = 5 \\cdot 3 + 1$") == [("17 \\div 5 = 5 \\cdot 3 + 1", "false")]
