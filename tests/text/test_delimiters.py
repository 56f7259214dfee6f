from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor_app.text.delimiters import split


def found(text: str) -> list[tuple[str, str]]:
    return [(s.kind, s.source) for s in split(text).segments if s.kind != "text"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("so $x^2$ is", [("inline", "x^2")]),
        ("so \\(x^2\\) is", [("inline", "x^2")]),
        ("so $$x^2$$ is", [("display", "x^2")]),
        ("so \\[x^2\\] is", [("display", "x^2")]),
        ("so $ x + 1 $ is", [("inline", "x + 1")]),
        ("$x$-axis, ($y$), $z$.", [("inline", "x"), ("inline", "y"), ("inline", "z")]),
        ("it costs $12 \\times 12$ euros", [("inline", "12 \\times 12")]),
        ("$ab + bc + cd$ and $ad-bc$", [("inline", "ab + bc + cd"), ("inline", "ad-bc")]),
        ("$\\text{if $x$ is}$", [("inline", "\\text{if $x$ is}")]),
        (
            "\\begin{align*} a &= b \\\\[2pt] c &= d \\end{align*}",
            [("display", "\\begin{align*} a &= b \\\\[2pt] c &= d \\end{align*}")],
        ),
        (
            "\\begin{cases}\\begin{cases}1\\end{cases}\\end{cases}!",
            [("display", "\\begin{cases}\\begin{cases}1\\end{cases}\\end{cases}")],
        ),
        ("the answer is \\boxed{\\frac{1}{2}}.", [("inline", "\\boxed{\\frac{1}{2}}")]),
        ("fill in \\fbox{ } and \\boxed {3}", [("inline", "\\fbox{ }"), ("inline", "\\boxed {3}")]),
    ],
)
def test_finds_mathematics(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "$5 and $7",
        "I have $ 5 and you have $ 7",
        "total $30 + $20 = $50",
        "between $5-$7 each",
        "She makes $10/hour, he makes $12.",
        "a lone $ sign, and \\$5 and \\$6",
        "`$x$` and ```$y$```",
        "```\n$x$\n```",
        "open $x + 1",
        "$x\n\ny$",
        "\\begin{verse}x\\end{verse}",
        "$$  $$",
    ],
)
def test_leaves_the_rest_alone(text: str) -> None:
    assert found(text) == []


def test_money_next_to_mathematics() -> None:
    assert found("It is $5 for $x$ apples") == [("inline", "x")]
    assert found("He has $20. He spends $5 each, so $20 - 5 = 15$ dollars.") == [("inline", "20 - 5 = 15")]
    assert found("that $5 and $7 is money, and \\(a_1\\)") == [("inline", "a_1")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("print `$x` costs $5", []),
        ("It costs $5: run `cost = $y` now", []),
        ("so $x and `a$b` then y$", []),
        ("a $x$ and `b $y$` and $z$", [("inline", "x"), ("inline", "z")]),
        ("a \\(x `\\)` y\\) b", [("inline", "x `\\)` y")]),
        ("a $$x `$$` y$$ b", [("display", "x `$$` y")]),
        ("a \\[x\n```\n\\]\n```\ny", []),
        ("$\\text{`a'}$ and $\\text{`b'}$", [("inline", "\\text{`a'}"), ("inline", "\\text{`b'}")]),
        ("$$\\text{``a''}$$ and $$\\text{``b''}$$", [("display", "\\text{``a''}"), ("display", "\\text{``b''}")]),
        ("a lone ` tick and $x$", [("inline", "x")]),
        ("``$x$`` and $y$", [("inline", "y")]),
    ],
)
def test_code_shields_delimiters(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize("text", ["a $$x", "a \\[x", "a \\begin{align}x", "a\n```python\nx = 1\n"])
def test_says_where_a_display_is_still_open(text: str) -> None:
    assert split(text).open_at == 2


def test_nothing_open() -> None:
    assert split("a $x$ and $$y$$").open_at == -1
    assert split("costs $5").open_at == -1


@given(st.text(alphabet="$\\()[]{}`ab 1\n^_", max_size=80))
def test_loses_nothing(text: str) -> None:
    assert "".join(s.raw for s in split(text).segments) == text


@pytest.mark.parametrize(
    "unit",
    ["$", "\\(", "\\[", "{$", "`", "\\begin{align}", "\\boxed{", "$$a", "$a ", "$`", "\\[`\\]", "$$`a`", "\\(``"],
)
def test_hostile_repetition_is_read_to_its_end(unit: str) -> None:
    text = unit * (20_000 // len(unit))
    assert "".join(s.raw for s in split(text).segments) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Pay **$6** for **$k$** pens and ($30) for $h$ cups", ["k", "h"]),
        ("About $2.5M and $3M in $t$ years", ["t"]),
        ("It costs $6. If $k = 2$, then", ["k = 2"]),
        ("from $6-$k$ up", ["k"]),
        ("- $6 each\n- $8 each\n- $k_1$", ["k_1"]),
        ("$4k$ and $6h$ and $2 \\times 3$ or $7 - k$", ["4k", "6h", "2 \\times 3", "7 - k"]),
    ],
)
def test_an_amount_opens_no_formula(text: str, expected: list[str]) -> None:
    assert [source for _, source in found(text)] == expected


def test_a_formula_stays_in_its_cell() -> None:
    table = "| thing | cost | n |\n|---|---|---|\n| pen | $6 | $k$ |\n| cup | $9 | $h$ |\n| $|k|$ | $4 | 1 |"
    assert [source for _, source in found(table)] == ["k", "h", "|k|"]


def test_a_quotation_leaves_no_marks_in_its_formulas() -> None:
    assert found("> so\n>\n> $$\n> a+b=c\n> $$\n>\n> or \\[ a\n>  = c \\]") == [
        ("display", "a+b=c"),
        ("display", "a\n = c"),
    ]
    assert found("> $$ a\n\nThen $b$.") == [("inline", "b")]


@pytest.mark.parametrize("opener", ["$$", "\\[", "\\begin{align}"])
def test_a_display_ends_before_a_heading(opener: str) -> None:
    text = f"Open {opener}\na + b\n\n### Next\n\nThen $y_1$ and\n\n$$\nc\n$$"
    assert found(text) == [("inline", "y_1"), ("display", "c")]
    assert split(text).open_at == -1


def test_a_display_holds_no_paragraphs() -> None:
    assert found("Open $$ a\n\nThe words with $y_1$ go on.\n\n$$\nc\n$$") == [("inline", "y_1"), ("display", "c")]


@pytest.mark.parametrize("indent", ["", "  ", "    ", "      "])
def test_a_fence_closes_at_any_indentation(indent: str) -> None:
    assert found(f"1. Run\n\n    ```python\n    q = '$x$'\n{indent}```\n\n2. So $y$.") == [("inline", "y")]


def test_a_fence_of_tildes_is_code() -> None:
    assert found("~~~\n$x$\n~~~\n$y$") == [("inline", "y")]


def test_a_formula_that_never_closes_takes_no_other_formula_in() -> None:
    text = "Take \\(u + v\n\n**then** divide by \\(w\\)"
    assert [s.source for s in split(text).segments if s.kind != "text"] == ["w"]
    assert [s.source for s in split("\\(u \\\\(v)\\)").segments] == ["u \\\\(v)"]


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("Ida has $u and $v left", []),
        ("both $u and $v of them, $w$ is known", [("inline", "w")]),
        ("$u_1 then $u_2", []),
        ("$u$ and $v$ of them", [("inline", "u"), ("inline", "v")]),
        ("$\\cos t $is even", [("inline", "\\cos t")]),
    ],
)
def test_two_dollars_that_both_open_enclose_no_formula(text: str, formulas: list[tuple[str, str]]) -> None:
    assert found(text) == formulas
