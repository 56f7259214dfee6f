from __future__ import annotations

import pytest

from tests.export.solutions import ALL, FULL, HOSTILE, TABLE, VALUE
from tutor_app.export.markdown import fenced, prose, to_markdown
from tutor_app.handout.options import Options


def test_everything_of_a_solution_is_there() -> None:
    text, files = to_markdown([FULL], Options(), "zeros")
    for part in (
        "<span>$</span>5 and <span>$</span>7",
        "```python\nfrom math import sqrt",
        "```text\nroots: [2.0, 3.0]\n```",
        "NameError: name 'missing' is not defined",
        "![a line from 0 to 40](zeros-figure-1.svg)",
        "$`\\{2, 3\\}`$",
        "The answer agrees with the known answer.",
        "Model: Kestrel 1.5B",
    ):
        assert part in text
    assert list(files) == ["zeros-figure-1.svg"]
    assert files["zeros-figure-1.svg"].startswith(b"<svg")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("so $x^2$ is", "so $x^2$ is"),
        ("so \\(x\\) is", "so $x$ is"),
        ("set $\\{1\\}$", "set $`\\{1\\}`$"),  # a backslash before punctuation would be eaten
        ("$a_1 + b_2$", "$`a_1 + b_2`$"),  # two underscores would be emphasis
        ("costs $5 and $7", "costs <span>$</span>5 and <span>$</span>7"),
        ("`$x$` stays", "`$x$` stays"),
        ("<b>bold</b> 1 < 2", "&lt;b>bold&lt;/b> 1 < 2"),
        ("Then\n\\[x = 1\\]\nand", "Then\n\n$$\nx = 1\n$$\n\nand"),
        ("$$a \\\\ b$$", "```math\na \\\\ b\n```"),
        ("| a |\n|---|\n| $|x|$ |", "| a |\n|---|\n| $\\vert x\\vert $ |"),
    ],
)
def test_mathematics_takes_the_forms_github_reads(written: str, expected: str) -> None:
    assert " ".join(prose(written).split()) == " ".join(expected.split())


def test_a_display_formula_in_a_list_keeps_to_its_margin() -> None:
    lines = prose("1. first\n2. second $$x = 1$$\n3. third").split("\n")
    fence = next(i for i, line in enumerate(lines) if line.strip() == "$$")
    assert lines[fence] == "   $$"
    assert "3. third" in lines


@pytest.mark.parametrize("transcript", ALL)
def test_any_transcript_can_be_written(transcript) -> None:  # type: ignore[no-untyped-def]
    text, _ = to_markdown([transcript], Options(steps=True), "s")
    assert text.endswith("\n")
    # Every fence that opens closes: as many as there are is even, of each length.
    fences = [line.strip() for line in text.split("\n") if line.strip().startswith("```")]
    opened = ""
    for f in fences:
        ticks = f[: len(f) - len(f.lstrip("`"))]
        if not opened:
            opened = ticks
        elif f == opened:
            opened = ""
    assert not opened


def test_a_fence_is_longer_than_any_inside() -> None:
    assert fenced("text", "a\n```\nb") == "````text\na\n```\nb\n````"
    assert "````python" in to_markdown([HOSTILE], Options(), "s")[0]


def test_several_get_a_contents() -> None:
    text, _ = to_markdown([FULL, TABLE, VALUE], Options(title="Week 3"), "s")
    assert text.startswith("# Week 3\n\n1. [Let f(x)")
    assert "## Problem 3" in text
    assert "](#problem-3)" in text


def test_words_after_displays_keep_to_the_margin() -> None:
    shown = prose("$$u=1$$ and $$v=2$$ or $$w=3$$ end")
    assert shown == "$$\nu=1\n$$\nand \n\n$$\nv=2\n$$\nor \n\n$$\nw=3\n$$\nend"


def test_raised_formulas_keep_their_tags() -> None:
    assert prose("u<sup>$n$</sup> <b>2*3*4</b>") == "u<sup>$n$</sup> &lt;b>2\\*3\\*4&lt;/b>"
