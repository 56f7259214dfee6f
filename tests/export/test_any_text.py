"""Whatever a model writes, every format takes it and keeps its own form."""

from __future__ import annotations

import json
import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.export.test_html import Page
from tutor_app.core.parts import Answer, Code, CodeError, Output, Text
from tutor_app.core.transcript import Transcript
from tutor_app.export import export
from tutor_app.export.tex import to_tex
from tutor_app.handout.options import Options

PIECES = (
    "$ $$ \\( \\) \\[ \\] \\begin{align} \\end{align} \\begin{cases} \\end{cases} & \\\\ \\boxed{ } { \\frac{1} ^ _ "
    "\\text{ "
    "x 12 = < > | ` ``` ~~~ # - * ** 1. > [a](b) ![a](b) <b> </math> &amp; % \\ \u00e9 \u221a \u4e2d \U0001f642 \u202e "
    "\\end{pythoncode} --- |---| \\left( \\right) \ue000 \ue001 \ud800"
)
TEXT = st.lists(st.sampled_from([*PIECES.split(" "), " ", " ", "\n", "\n\n", "word "]), max_size=25).map("".join)


def transcript(a: str, b: str) -> Transcript:
    return Transcript.of(
        a,
        Text(b),
        Code(a),
        Output(b),
        Text(a),
        Code(b),
        Output(status="error", error=CodeError(a, b, 1, a, b)),
        Answer(b),
    )


@given(TEXT, TEXT)
@settings(max_examples=120)
@example("$5 and `$x$`", "| a |\n|---|\n| $|x|$ | b | c |")
@example("1. $$x$$\n\n   - $$y$$", "> > > > > > > deep\n" + "- a\n" * 3)
@example("\n".join("  " * n + "- item" for n in range(9)), "\n".join("   " * n + "1. item" for n in range(9)))
def test_a_page_stays_well_formed(a: str, b: str) -> None:
    page = Page(export([transcript(a, b)], "html", Options(steps=True)).data.decode())
    assert not {e for e, _ in page.elements} & {"script", "b", "a"}


@given(TEXT, TEXT)
@settings(max_examples=120)
def test_a_notebook_stays_json_with_its_code(a: str, b: str) -> None:
    cells = json.loads(export([transcript(a, b)], "ipynb").data)["cells"]
    assert sum(c["cell_type"] == "code" for c in cells) == 2


@given(TEXT, TEXT)
@settings(max_examples=120)
@example("\n".join("  " * n + "- item" for n in range(9)), "\n".join("   " * n + "1. item" for n in range(9)))
def test_latex_closes_what_it_opens(a: str, b: str) -> None:
    text, _ = to_tex([transcript(a, b)], Options(), "s")
    body = text.partition("\\begin{document}")[2]
    # What stands in a listing is not LaTeX.
    body = re.sub(r"(?s)\\begin\{((?:pythoncode|outputtext)[a-z]*)\}\n.*?\n\\end\{\1\}", "", body)
    opened: list[str] = []
    for m in re.finditer(r"(?<!\\)(?:\\\\)*\\(begin|end)\{(\w+\*?)\}", body):
        if m[1] == "begin":
            opened.append(m[2])
        elif m[2] != "document":
            assert opened.pop() == m[2]
    assert not opened


@given(TEXT, TEXT)
@settings(max_examples=60)
def test_markdown_and_json_take_anything(a: str, b: str) -> None:
    t = transcript(a, b)
    assert export([t], "md").data.decode().endswith("\n")
    assert Transcript.from_json(export([t], "json").data) == t
