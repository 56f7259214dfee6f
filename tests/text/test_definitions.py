from __future__ import annotations

import pytest

from tutor_app.text.definitions import Definitions, resolved


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"$\newcommand{\QQ}{\mathbb{Q}} q\in\QQ$ and $\QQ^2$", r"\(q\in\mathbb{Q}\) and \(\mathbb{Q}^2\)"),
        (r"$\newcommand\n[2][1]{\|#2\|_{#1}} \n{v} \n[3]{w}$", r"\(\|v\|_{1} \|w\|_{3}\)"),
        (r"\[\def\pair#1#2{(#1,#2)}\pair a{bc}\]", r"\[(a,bc)\]"),
        (r"$\DeclareMathOperator{\tr}{tr}$Now $\tr A$", r"Now \(\operatorname{tr} A\)"),
        (r"$\DeclareMathOperator*{\lub}{lub}\lub_n a_n$", r"\(\operatorname*{lub}_n a_n\)"),
        (r"$\DeclarePairedDelimiter{\card}{|}{|} \card{S}+\card*{T}$", r"\(\left| S \right| +\left| T \right|\)"),
        (r"$\let\ep=\varepsilon \ep>0$", r"\(\varepsilon>0\)"),
        (r"$\def\third{\frac13} y^\third$", r"\(y^{\frac13}\)"),
        (r"$\newcommand{\D}{\mathrm d}\int y\D y$", r"\(\int y\mathrm d y\)"),
        (r"$\renewcommand{\vec}[1]{\mathbf{\vec{#1}}}\vec a$", r"\(\mathbf{\vec{a}}\)"),
        ("\\newcommand{\\QQ}{\\mathbb{Q}}Let $q\\in\\QQ$", r"Let \(q\in\mathbb{Q}\)"),
        (r"a `\newcommand{\QQ}{x}` and $\QQ$", r"a `\newcommand{\QQ}{x}` and $\QQ$"),
        (r"$\newcommand{\open$ and $x$", r"$\newcommand{\open$ and $x$"),
    ],
)
def test_macros_are_expanded(text: str, expected: str) -> None:
    assert resolved([text]) == [expected]


def test_definitions_hold_for_later_texts() -> None:
    assert resolved([r"$\newcommand{\QQ}{\mathbb{Q}}$", r"$\QQ$"]) == ["", r"\(\mathbb{Q}\)"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            r"$$u=1 \tag{7}\label{one}$$ By \eqref{one}, $(\ref{one})$",
            r"$$u=1 \tag{7}$$ By (7), \((7)\)",
        ),
        (r"\eqref{late} comes: $$u=1\label{late}$$", r"(1) comes: $$u=1 \tag{1}$$"),
        (r"$$u=1$$ \label{after} so \eqref{after}", r"$$u=1 \tag{1}$$ so (1)"),
        (
            r"\begin{align}u&=1\label{a}\\v&=2\label{b}\end{align} use \eqref{b}",
            r"\begin{align}u&=1 \tag{1}\\v&=2 \tag{2}\end{align} use (2)",
        ),
        (
            r"\begin{equation}\label{a}u=1\end{equation} by \cref{a}",
            r"\begin{equation}u=1 \tag{1}\end{equation} by equation (1)",
        ),
        (r"$$u \tag{*}\label{s}$$ by \eqref{s}", r"$$u \tag{*}$$ by (\*)"),
        (r"$$u \tag{1}$$ $$v \label{w}$$ \eqref{w}", r"$$u \tag{1}$$ $$v \tag{2}$$ (2)"),
        ("> $$\n> u \\label{e}\n> $$\n> and \\eqref{e}", "> $$u \\tag{1}$$\n> and (1)"),
        (r"$$u \tag{4}\label{u}$$ Eq.~\eqref{u}, see~\ref{u}", "$$u \\tag{4}$$ Eq.\u00a0(4), see\u00a04"),
        (r"by \eqref{nowhere} and `\eqref{x}`", r"by (??) and `\eqref{x}`"),
    ],
)
def test_references_say_numbers(text: str, expected: str) -> None:
    assert resolved([text]) == [expected]


def test_the_same_text_again_changes_nothing() -> None:
    definitions = Definitions()
    text = r"$\newcommand{\QQ}{\mathbb{Q}}\QQ$ $$u\label{a}$$ \eqref{a}"
    assert definitions.resolve(text) == definitions.resolve(text) == r"\(\mathbb{Q}\) $$u \tag{1}$$ (1)"


def test_a_macro_of_itself_ends() -> None:
    assert resolved([r"$\def\a{\a\a}\a$"]) == [r"\(\a\a\)"]
    doubling = "".join(rf"\def\{chr(98 + n)}{{\{chr(97 + n)}\{chr(97 + n)}}}" for n in range(24))
    assert len(resolved([f"${doubling}\\y$"])[0]) < 50_000
