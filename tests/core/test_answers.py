import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor_app.core.answers import boxed, final_boxes, find_answer
from tutor_app.core.parts import Answer, Code, CodeError, Figure, Output, Part, Text


def contents(text: str) -> list[str]:
    return [content for content, _ in boxed(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"So \boxed{7}.", ["7"]),
        (r"\boxed{\frac{1}{2}} and \fbox{ b }", [r"\frac{1}{2}", "b"]),
        (r"\boxed {7}", ["7"]),
        (r"\boxed{\boxed{7}}", [r"\boxed{7}", "7"]),
        (r"\boxed{\left\{1, 2\right\}}", [r"\left\{1, 2\right\}"]),
        (r"\boxed{a\\}", [r"a\\"]),
        (r"\boxed{a\\\}}", [r"a\\\}"]),
        (r"one \\boxed{7} too many", ["7"]),
        (r"\boxed 7$", ["7"]),
        (r"$\boxed 42$", ["42"]),
        (r"$\boxed7$", ["7"]),
        (r"\boxed -3.5 is it", ["-3.5"]),
        (r"\boxed x", ["x"]),
        (r"\boxed the answer", []),
        (r"\boxed", []),
        (r"\boxed{", []),
        (r"\boxed{7", []),
        (r"\boxed{}, \boxed{ }, \boxed{...}, \boxed{…}", []),
        (r"\boxedeq{7}", []),
        ("no box {here} }", []),
        (r"an unclosed { before \boxed{7}", ["7"]),
        (r"an unclosed \boxed{1 before \boxed{7}", ["7"]),
        ("\\boxed{1\n+2}", ["1\n+2"]),
    ],
)
def test_boxes(text: str, expected: list[str]) -> None:
    assert contents(text) == expected


@given(st.text(r"\{}boxed 7", max_size=60))
def test_offsets_are_right_after_the_box(text: str) -> None:
    for content, end in boxed(text):
        assert content in text[:end]
        assert text[:end].rstrip("}").rstrip().endswith(content.rstrip("}").rstrip())


def test_many_boxes_that_never_close_take_no_time() -> None:
    assert contents(r"\boxed{" * 20_000) == []
    assert contents(r"\boxed{" * 20_000 + "7}") == ["7"]


def test_long_gaps_between_boxes_take_no_time() -> None:
    assert final_boxes((r"\boxed{1}" + "$ " * 2_000) * 50) == "1"
    assert final_boxes(r"\boxed{1}, " * 5_000) == "1"


FAILED = Output(stdout="5\n", status="error", error=CodeError("ValueError", "bad"))
FIGURE = Figure("", "", 1, 1)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((), None),
        ((Text(""),), None),
        ((Text(r"\boxed{1} then \boxed{2}"), Code("3"), Output(stdout="4")), Answer("2", "boxed")),
        ((Text(r"\boxed{1}"), Text("The answer is 9.")), Answer("1", "boxed")),
        ((Text("The answer is **42**."),), Answer("42", "phrase")),
        ((Text("the ANSWER\nis: $x = 3$."),), Answer("x = 3", "phrase")),
        ((Text("The answer is:\n\n\\[ 12 \\]\n"),), Answer("12", "phrase")),
        ((Text("The answer is $$1$$"),), Answer("1", "phrase")),
        ((Text(r"answer is \(y\)"),), Answer("y", "phrase")),
        ((Text("The answer is $x=2$ or $x=-3$."),), Answer("x=2 or x=-3", "phrase")),
        ((Text(r"The answer is \(1\), \(2\) and $3$"),), Answer("1, 2 and 3", "phrase")),
        ((Text("The answer is $20."),), Answer("$20", "phrase")),
        ((Text("The answer is $5$, which is odd."),), Answer("5", "phrase")),
        ((Text(r"The answer is \(a\) or \(b\), as required."),), Answer("a or b", "phrase")),
        ((Text("The answer is 12 because 3 times 4 is 12."),), Answer("12", "phrase")),
        ((Text("The answer is $2k$, where $k$ is an integer."),), Answer("2k, where k is an integer", "phrase")),
        ((Text("The answer is $8 or $9.50."),), Answer("$8 or $9.50", "phrase")),
        ((Text(r"The answer is \$20"),), Answer(r"\$20", "phrase")),
        ((Text("The final answer is $x=\\frac{1}{2}$. I hope it is correct."),), Answer("x=\\frac{1}{2}", "phrase")),
        ((Text("The answer is 12. This is even."),), Answer("12", "phrase")),
        ((Text("The answer is $-5$, not $5$."),), Answer("-5", "phrase")),
        ((Text("So:\n\n**Answer:** $x = 3$ or $x = 7$"),), Answer("x = 3 or x = 7", "phrase")),
        ((Text("Final answer: 1/2"),), Answer("1/2", "phrase")),
        ((Text("Answer: To find how many there are we add all of them, 3 and 4, and get 7."),), Answer("7", "number")),
        ((Text("The correct option is \\textbf{(D)} $\\frac12$."),), Answer("(D)", "phrase")),
        ((Text("The correct choice is **B**, with 3 apples."),), Answer("B", "phrase")),
        ((Text("The correct choice is to add 3."),), Answer("3", "number")),
        ((Text("So we get $-\\frac{3}{4}$."),), Answer("-\\frac{3}{4}", "number")),
        ((Text("It leaves 5/6 of it."),), Answer("5/6", "number")),
        ((Text("It was on 3/4/2020"),), Answer("2020", "number")),
        ((Text("The answer is 3. No: the answer is 4"),), Answer("3. No: the answer is 4", "phrase")),
        ((Text("The answer is 3.\nNo: the answer is 4"),), Answer("4", "phrase")),
        ((Text("The answer is **$a=4$** or **$a=9$**."),), Answer("a=4 or a=9", "phrase")),
        ((Text("The answers are $4$ and $9$."),), Answer("4 and 9", "phrase")),
        ((Text("The answer is `17`."),), Answer("17", "phrase")),
        ((Text("The answer is x**2 + y**2."),), Answer("x**2 + y**2", "phrase")),
        ((Text("The answer isn't 5, 6?"),), Answer("6", "number")),
        ((Text("The answer is ."), Text("7")), Answer("7", "number")),
        ((Text("x"), Code("c"), Output(stdout="1\n 2 \n")), Answer("2", "output")),
        ((Code("c"), Output(stdout="1"), FIGURE, Code("d"), FAILED), Answer("1", "output")),
        ((Code("c"), Output(value="x**2", value_latex="x^{2}")), Answer("x^{2}", "output")),
        ((Code("c"), Output(value="x**2")), Answer("x**2", "output")),
        ((Code("c"), Output(stdout="-360.0\n")), Answer("-360", "output")),  # a whole number that was divided
        ((Code("c"), Output(stdout="36.50\n")), Answer("36.50", "output")),
        ((Code("c"), Output(stdout="x = 36.0\n")), Answer("x = 36.0", "output")),
        ((Code("c"), Output(), Text("about 3.50")), Answer("3.50", "number")),
        ((Text("from 1 to -1,234.5 at most"),), Answer("-1234.5", "number")),
        ((Text(".5 or so"),), Answer(".5", "number")),
        ((Code("c"), FAILED, Text("Hm.")), None),
    ],
)
def test_rules_in_their_order(parts: tuple[Part, ...], expected: Answer | None) -> None:
    assert find_answer(parts) == expected


@given(st.lists(st.one_of(st.text(max_size=30).map(Text), st.text(max_size=30).map(lambda s: Output(stdout=s)))))
def test_any_solution_has_an_answer_or_none(parts: list[Part]) -> None:
    answer = find_answer(parts)
    assert answer is None or answer.latex.strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"Hence \boxed{x=2} or \boxed{x=-3}.", "x=2 or x=-3"),
        (r"$\boxed{2}$ and $\boxed{5}$", "2 and 5"),
        (r"$$\boxed{2}, \quad \boxed{5}$$", "2, 5"),
        (r"\(\boxed{1}\), \(\boxed{2}\), and \(\boxed{3}\)", "1, 2 and 3"),
        (r"$x = \boxed{2} \text{ or } x = \boxed{-3}$", "2 or -3"),
        (r"$x = \boxed{2}$ or $x = \boxed{2}$", "2"),
        (r"\boxed{1} then \boxed{2}", "2"),
        (r"\boxed{1}. So \boxed{2}", "2"),
        (r"\boxed{1}, \boxed{2}. Better: \boxed{3}", "3"),
        (r"\boxed{3}. Or rather: \boxed{1} or \boxed{2}", "1 or 2"),
        (r"\boxed{\boxed{1} or 2}", "1"),
        (r"\boxed{1} \boxed{2}", "2"),
        (r"$\boxed{6}\quad\text{or}\quad\boxed{8}$", "6 or 8"),
        (r"$\boxed{x=6}\lor\boxed{x=8}$", "x=6 or x=8"),
        (r"$\boxed{6}\;\mathrm{and}\;\boxed{8}$", "6 and 8"),
        ("no box", ""),
    ],
)
def test_boxes_that_are_listed_are_one_answer(text: str, expected: str) -> None:
    assert final_boxes(text) == expected
