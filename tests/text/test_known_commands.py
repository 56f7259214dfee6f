"""Commands of packages, said again: the LaTeX that comes out, and that all of it can be typeset."""

from __future__ import annotations

import pytest

from tutor_app.render.typeset import typeset
from tutor_app.text.known_commands import expand
from tutor_app.text.mathml import mathml


class TestExpand:
    @pytest.mark.parametrize(("source", "expected"), [
        ("n \\in \\Z", "n \\in \\mathbb{Z}"),
        ("f \\coloneqq g", "f \u2254 g"),
        ("\\abs{t-1}", "\\left| t-1 \\right| "),
        ("\\norm{\\vec u}", "\\left\\| \\vec u \\right\\| "),
        ("\\dv{s}{t}", "\\frac{ds}{dt}"),
        ("\\dv[2]{s}{t}", "\\frac{d^{2}s}{dt^{2}}"),
        ("\\pdv{h}{s}{t}", "\\frac{\\partial ^{2}h}{\\partial s\\partial t}"),
        ("\\braket{p|q}", "\\left\\langle p|q \\right\\rangle "),
        ("\\pdv{u}", "\\frac{\\partial }{\\partial u}"),
        ("p \\not= q", "p \\neq q"),
        ("p \\not\\le q", "p \\nleq q"),
        ("u \\not\\perp v", "u \\;\\cancel{\\perp}\\;v"),
        ("\\comm{P}{Q}", "\\left[ P , Q \\right] "),
        ("\\inner{u}{v}", "\\left\\langle u , v \\right\\rangle "),
        ("\\inner{u,v}", "\\left\\langle u,v \\right\\rangle "),
        ("u + \\color{teal} v", "u + \\textcolor{teal}{ v}"),
        ("{\\color{teal}u}v", "{\\textcolor{teal}{u}}v"),
        ("\\SI{37}{\\celsius}", "37\\,{}^\\circ\\mathrm{C}"),
        ("\\SI{15}{\\degree}", "15^\\circ"),
        ("\\qtyrange{2}{9}{\\second}", "2\\,\\text{s}\\text{ to }9\\,\\text{s}"),
        ("\\numlist{4;6}", "4,\\ 6"),
        ("\\ce{AgCl v}", "\\mathrm{AgCl} \\downarrow "),
        ("\\ce{X ->[Pt] Y}", "\\mathrm{X} \\xrightarrow{\\text{Pt}} \\mathrm{Y}"),
        ("\\ce{X ->[Pt][cold] Y}", "\\mathrm{X} \\xrightarrow[\\text{cold}]{\\text{Pt}} \\mathrm{Y}"),
        ("\\ket{0}", "\\left| 0 \\right\\rangle "),
        ("\\eval{t^2}_0^3", "\\left. t^2 \\right| _0^3"),
        ("\\begin{bsmallmatrix}7\\end{bsmallmatrix}", "\\left[\\begin{smallmatrix}7\\end{smallmatrix}\\right]"),
        ("\\begin{cases*}u & if $u>0$\\end{cases*}", "\\begin{cases}u &\\text{if $u>0$}\\end{cases}"),
        ("\\begin{numcases}{g=}u\\end{numcases}", "g=\\begin{cases}u\\end{cases}"),
        ("\\big{[}", "\\big[ "),
        ("\\bigl. t", " t"),
        ("\\bigl< t", "\\bigl\\langle  t"),
        ("\\ang{30}", "30^\\circ "),
        ("\\num{6.5e4}", "6.5\\times 10^{4}"),
        ("\\SI{12}{\\kilo\\meter\\per\\hour}", "12\\,\\text{km}/\\text{h}"),
        ("\\si{\\square\\centi\\meter}", "\\text{cm}^{2}"),
        ("\\SI{40}{\\percent}", "40\\%"),
        ("\\ce{CO2}", "\\mathrm{CO}_{2}"),
        ("\\ce{Mg^{2+}}", "\\mathrm{Mg}^{2+}"),
        ("\\operatorname{ord}(g)", "\\operatorname{ord}(g)"),
        ("\\diag(1,2)", "\\operatorname{diag}(1,2)"),
        ("\\Var(X)", "\\operatorname{Var}(X)"),
        ("\\hcancel{u}", "\\cancel{u}"),
        ("\\operatorname*{ess\\,sup}_t", "\\operatorname*{ess\u2009sup}_t"),
        ("\\green{7}", "\\textcolor{green}{7}"),
        ("\\qty(\\frac{t}{5})", "\\left(\\frac{t}{5}\\right)"),
        ("\\qty[t+1]", "\\left[t+1\\right]"),
        ("3 \\divides 9", "3 \\mid  9"),
        ("\\prescript{14}{6}{C}", "{}^{14}_{6}C"),
        ("7\\longdiv{63}", "7{)}\\overline{\\,63}"),
        ("\\hdotsfor{3}", "\\ldots &\\ldots &\\ldots "),
        ("\\colorbox{pink}{$t$}", "\\colorbox{pink}{t}"),
        ("\\colorbox{pink}{so $t$}", "\\colorbox{pink}{\\text{so $t$}}"),
        ("\\colorbox{pink}{t}", "\\colorbox{pink}{t}"),
        ("\\frac{1}{2}", "\\frac{1}{2}"),
        ("u\\mathbin{\\oplus}v", "u\\oplus v"),
        ("u\\mathrel{\\heartsuit}v", "u\\;{\\heartsuit}\\;v"),
        ("\\mathopen{}\\left(u\\right)\\mathclose{}", " \\left(u\\right) "),
        ("u\\mathord{=}v", "u= v"),
        ("\\mathop{\\lim}\\limits_{t\\to 1} g", "\\lim \\limits_{t\\to 1} g"),
        ("\\mathop{\\mathrm{Res}}_{t=1} g", "\\operatorname*{Res}_{t=1} g"),
        ("\\mathop{U}\\limits_{k}^{m}", "\\overset{m}{\\underset{k}{{U}}}"),
        ("g(t):=t+1", "g(t)\u2254 t+1"),
        ("g\\mathrel{\\mathop:}=h", "g\u2254 h"),
        ("g\\mathrel{:=}h", "g\u2254 h"),
        ("\\nicefrac{1}{t}", "{1}/{t}"),
        ("\\arc{PQ}", "\\overset{\\frown}{PQ}"),
        ("\\vv{PQ}", "\\overrightarrow{PQ}"),
        ("\\cssId{k}{t}", "{t}"),
        ("\\bbox[4px,border:1px solid]{t}", "\\boxed{t}"),
        ("\\bbox[pink,4px]{t}", "\\colorbox{pink}{t}"),
        ("\\underbracket{u+v}_{k}", "\\underset{k}{\\underbracket{u+v}}"),
        ("\\overbracket[1pt]{u}^{k}", "\\overset{k}{\\overbracket{u}}"),
        ("\\left<u,v\\right>", "\\left\\langle u,v\\right\\rangle "),
        ("\\mleft(t\\mright)", "\\left(t\\right)"),
        ("t \\textless 3", "t < 3"),
        ("p::=q", "p\u2a74 q"),
        ("p:q=2:3", "p:q=2:3"),
        ("p\\centernot\\implies q", "p\\nRightarrow q"),
    ])  # fmt: skip
    def test_says_it_in_known_commands(self, source: str, expected: str) -> None:
        assert expand(source) == expected

    @pytest.mark.parametrize(
        "source", ["\\unheardof{x}", "x^2", "\\text{no command}", "\\qty", "\\Rightarrow", "\\Null"]
    )
    def test_keeps_what_it_does_not_know(self, source: str) -> None:
        assert expand(source) == source

    @pytest.mark.parametrize("source", [
        "\\begin{bmatrix}\\color{teal}7 & 8\\\\9 & \\color{red}{6}\\end{bmatrix}",
        "\\begin{multlined}[b]u\\\\v\\end{multlined}",
        "\\begin{psmallmatrix}7&8\\\\9&6\\end{psmallmatrix}", "\\begin{dcases*}u & for $u<3$\\\\v & else\\end{dcases*}",
        "u\\not\\propto v", "u\\not\\longrightarrow v", "\\SI{37}{\\celsius}", "\\ce{X <=>[a][b] Y}",
        "u\\mathrel{R}v\\mathbin{\\oplus}w\\mathopen[\\mathclose]", "y''^2+y'''^{k}", "\\mathop{\\mathrm{d}t}",
        "\\colorlet{k}{red!60}{\\color{k} t}", "\\fcolorbox{red}{lime}{$t_1=3$}", "\\colorbox{#ffccaa}{so $t^2$}",
        "3 \\gt 2 \\lt 5", "\\bcancel{8}+\\xcancel{9}", "\\cancelto{1}{k}", "f\\coloneqq g", "g\\eqqcolon f",
        "\\begin{rcases} u=2 \\\\ v=3 \\end{rcases}\\implies uv=6", "\\begin{pmatrix*}[l] -7 & 1 \\end{pmatrix*}",
        "\\begin{split}[b] u &= v \\end{split}", "\\ce{CH4 + 2O2 -> CO2 + 2H2O}", "\\qty{5}{\\newton\\meter}",
        "\\enclose{longdiv}{84}", "\\argmin_{t} g(t)", "\\Bigl\\{ t \\Bigr\\}",
        "\\begin{cases} u & \\color{red}{a} \\end{cases}",
        "\\set{1,2,3}\\subset\\QQ", "\\vcentcolon= \\dblcolon", "\\AA\\,\\S\\,\\P", "u \\not\\equiv v",
    ])  # fmt: skip
    def test_is_typeset_and_is_markup_for_browsers(self, source: str) -> None:
        assert typeset(source, True).ok
        assert mathml(source, True) is not None


def test_the_columns_of_an_alignedat_stand_close() -> None:
    apart = typeset(r"\begin{aligned}u&+v&w&=1\\u&-v&w&=2\end{aligned}", True).width
    assert typeset(r"\begin{alignedat}{2}u&+v&w&=1\\u&-v&w&=2\end{alignedat}", True).width < apart - 1
    assert (
        typeset(r"\begin{array}{r@{}l}u&=3\end{array}", True).width
        < typeset(r"\begin{array}{rl}u&=3\end{array}", True).width
    )


@pytest.mark.parametrize(("source", "same"), [
    (r"\tag{7} u=v", r"u=v\tag{7}"),
    (r"\begin{align}\tag{7} u&=v\\w&=t\end{align}", r"\begin{align} u&=v\tag{7}\\w&=t\end{align}"),
    ("u^2^3", "u^{2^{3}}"),
])  # fmt: skip
def test_what_is_said_in_another_order_is_drawn_alike(source: str, same: str) -> None:
    one, other = typeset(source, True), typeset(same, True)
    assert one.ok
    assert (one.width, one.ascent) == pytest.approx((other.width, other.ascent))


@pytest.mark.parametrize("source", [r"\textsc{Note}\ x", r"\utilde{x}", r"\bra{u}\ket{v}\ \tr A\ \diag(1,2)"])
def test_what_is_written_now_and_then_is_typeset(source: str) -> None:
    assert typeset(source, True).ok


def test_a_diagram_of_arrows_is_shown_as_source() -> None:
    assert "commutativediagram" in expand(r"\begin{CD}A@>f>>B\end{CD}")
