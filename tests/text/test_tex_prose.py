"""LaTeX between the sentences is read as the Markdown that means the same."""

from __future__ import annotations

import pytest

from tutor_app.text.markup import load_markdown, marked
from tutor_app.text.tex_prose import as_markdown


def html(text: str) -> str:
    prose, _ = marked(text)
    return str(load_markdown().render(prose)).replace("\n", "")


def test_a_table_has_its_rows_cells_and_alignment() -> None:
    source = (
        "Look:\n\\begin{tabular}{|l|r|}\n\\hline\nname & cost \\\\ \\hline\n"
        "pen & \\$2 \\\\[2pt]\n$x$ & 50\\%\n\\end{tabular}\nDone."
    )
    shown = html(source)
    assert shown.startswith("<p>Look:</p><table>")
    assert '<th style="text-align:right">cost</th>' in shown
    assert '<td style="text-align:right">$2</td>' in shown
    assert '<td style="text-align:right">50%</td>' in shown
    assert "hline" not in shown
    assert shown.endswith("</table><p>Done.</p>")


@pytest.mark.parametrize("name", ["tabular", "tabular*", "tabularx", "longtable"])
def test_all_kinds_of_tables(name: str) -> None:
    width = r"{\textwidth}" if name in ("tabular*", "tabularx") else ""
    rows = r"a & b \\ \cline{1-2} \multicolumn{2}{c}{both}"
    shown = html(rf"\begin{{{name}}}{width}{{c@{{ }}p{{3cm}}}} {rows} \end{{{name}}}")
    assert shown.count("<th ") == 2
    assert ">both</td>" in shown


def test_a_table_of_a_float_keeps_its_caption() -> None:
    table = r"\centering \begin{tabular}{c} a \\ b \end{tabular} \caption{Two letters}"
    shown = html(rf"\begin{{table}}[h]{table}\end{{table}}")
    assert "Two letters" in shown
    assert "\\" not in shown


def test_lists_nest() -> None:
    inner = "\\begin{itemize}\n    \\item in\n    \\item[b)] side\n  \\end{itemize}"
    source = f"\\begin{{enumerate}}\n  \\item one\n  {inner}\n  \\item two\n\\end{{enumerate}}"
    shown = html(source)
    assert shown.count("<ol>") == 1
    assert shown.count("<ul>") == 1
    assert "b) side" in shown
    assert "item" not in shown


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        (r"\textbf{(A) } 5", "<strong>(A)</strong>  5"),
        (r"an \emph{even} number", "an <em>even</em> number"),
        (r"\textbf{so \textit{it} is}", "<strong>so <em>it</em> is</strong>"),
        (r"\underline{all}", "all"),
        (r"\texttt{a_b}", "<code>a_b</code>"),
        (r"\section{First}", "<h2>First</h2>"),
        (r"see \url{https://a.example/b_c}", "see https://a.example/b_c"),
        (r"see \href{https://a.example}{there}", "see there"),
        (r"`\textbf{a}`", r"<code>\textbf{a}</code>"),
        (r"\begin{center}middle\end{center}", "middle"),
        (r"\begin{tabular}{c} no end", r"\begin{tabular}{c} no end"),
    ],
)
def test_words(source: str, wanted: str) -> None:
    assert wanted in html(source)


def test_formulas_keep_their_commands() -> None:
    prose, formulas = marked(r"$\textbf{a}$ and $$\begin{tabular}{c}1\\2\end{tabular}$$")
    assert [f.source for f in formulas] == [r"\textbf{a}", r"\begin{tabular}{c}1\\2\end{tabular}"]
    assert "*" not in prose


def test_text_without_latex_is_left_alone() -> None:
    text = "a **b** | c & d \\\\ e\n- f"
    assert as_markdown(text) == text
