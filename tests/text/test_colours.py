"""Colours of xcolor: what each becomes, and that it is seen."""

from __future__ import annotations

import pytest

from tutor_app.render.typeset import typeset
from tutor_app.text.colours import coloured
from tutor_app.text.mathml import mathml


@pytest.mark.parametrize(("source", "expected"), [
    ("\\textcolor{NavyBlue}{t}", "\\textcolor{#006eb8}{t}"),
    ("\\textcolor{red!50!black}{t}", "\\textcolor{#800000}{t}"),
    ("\\textcolor{blue!40}{t}", "\\textcolor{#9999ff}{t}"),
    ("\\textcolor{unheard!40}{t}", "\\textcolor{unheard}{t}"),
    ("\\textcolor[HTML]{CC00AA}{t}", "\\textcolor{#CC00AA}{t}"),
    ("\\textcolor[rgb]{0,0.5,1}{t}", "\\textcolor{#0080ff}{t}"),
    ("\\textcolor[RGB]{0,128,255}{t}", "\\textcolor{#0080ff}{t}"),
    ("\\textcolor[RGB]{0,1,1}{t}", "\\textcolor{#000101}{t}"),
    ("\\textcolor[gray]{0.5}{t}", "\\textcolor{#808080}{t}"),
    ("\\textcolor[cmyk]{0,1,0,0}{t}", "\\textcolor{#ff00ff}{t}"),
    ("\\color{rgb,255:red,0;green,128;blue,255}{t}", "\\textcolor{#0080ff}{t}"),
    ("\\definecolor{own}{RGB}{1,2,3}\\textcolor{own}{t}", "\\textcolor{#010203}{t}"),
    ("\\colorlet{own}{red!50}\\textcolor{own}{t}", "\\textcolor{#ff8080}{t}"),
    ("\\color{red} u = \\color{Emerald} v", "\\textcolor{red}{ u = }\\textcolor{#00a99d}{ v}"),
    ("\\fcolorbox{Peach}{NavyBlue}{$t$}", "\\fcolorbox{#f7965a}{#006eb8}{t}"),
    ("\\textbf{colour}", "\\textbf{colour}"),
])  # fmt: skip
def test_a_colour_is_said_in_names_and_numbers_that_are_known_everywhere(source: str, expected: str) -> None:
    assert coloured(source) == expected


def test_what_is_in_a_coloured_box_is_a_formula_on_its_ground() -> None:
    box = typeset("\\colorbox{yellow}{$t^2$}", True)
    assert {ink.color for ink in box.inks} == {"yellow", "#000000"}
    assert box.width < typeset("\\text{t2ab}", True).width
    markup = mathml("\\colorbox{yellow}{$t^2$}", True)
    assert markup is not None
    assert 'mathbackground="yellow"' in markup
    assert "<msup>" in markup


def test_a_framed_box_has_a_frame_of_its_colour() -> None:
    colours = {ink.color for ink in typeset("\\fcolorbox{red}{lime}{$t$}", True).inks}
    assert colours == {"red", "lime", "#000000"}


def test_a_second_colour_ends_the_first() -> None:
    assert {ink.color for ink in typeset("\\color{red} u \\color{blue} v", True).inks} == {"red", "blue"}
