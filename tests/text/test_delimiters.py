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
