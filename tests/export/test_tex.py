from __future__ import annotations

import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.export.solutions import ALL, FULL, HOSTILE, VALUE
from tutor_app.core.parts import Answer, Code, Output, Text
from tutor_app.core.transcript import Transcript
from tutor_app.export import write_export
from tutor_app.export.tex import to_tex
from tutor_app.handout.fragment import fragment
from tutor_app.handout.options import Options
from tutor_app.handout.tex_formulas import compiles, formula
from tutor_app.text.delimiters import Segment


@pytest.mark.parametrize(
    ("source", "good"),
    [
        ("x^2", True),
        ("\\frac{1}{2", False),
        ("\\left( x \\right)", True),
        ("\\left( x", False),
        ("x \\right)", False),
        ("\\begin{cases} 1 & x \\\\ 2 & y \\end{cases}", True),
        ("\\begin{cases} 1", False),
        ("\\begin{tikzpicture}\\end{tikzpicture}", False),
        ("a & b", False),
        ("\\nosuchcommand", False),
        ("\\input{/etc/passwd}", False),
        ("\\write18{ls}", False),
        ("x^2^3", False),
        ("x_", False),
        ("\\begin{cases} 1_\\end{cases}", False),
        ("\\begin{cases} 1_\\\\ 2\\end{cases}", False),
        ("\\{1, 2\\}", True),
        ("\\_ 0 \\_", True),
        ("#1", False),
        ("\\frac12", True),
        ("\\frac\\pi{2}", True),
        ("\\frac{1}", False),
        ("\\frac{1}\\frac{1}{2}", False),
        ("\\sqrt[3]{x}", True),
        ("\\sqrt", False),
        ("{\\overline}", False),
        ("\\text{if $x$ is even}", True),
        ("\\text{if $x is even}", False),
        ("x\\", False),
        ("\\text{if $x \\in \\{1, \\frac{\\sqrt{2}}{3}\\}$}", True),
        ("\\text{5\\% of $x$ and \\$5}", True),
        ("\\text{$x$ costs \\$5 and $y}", False),
        ("\\hline x", False),
        ("\\begin{array}{c} 1 \\\\ \\hline 2 \\end{array}", True),
        ("a \\lesseqqgtr b \\veebar c", True),
        ("\\varinjlim_n A_n", True),
        ("\\underleftrightarrow", False),
        ("\\xRightarrow[n]{f}", True),
    ],
)
def test_what_would_stop_tex_is_known(source: str, good: bool) -> None:
    assert compiles(source) is good


@pytest.mark.parametrize(
    ("source", "display", "expected"),
    [
        ("x^2", False, "$x^2$"),
        ("x^2", True, "\\[ x^2 \\]"),
        ("\\begin{align}a&=b\\end{align}", True, "\\begin{align*}a&=b\\end{align*}"),
        ("\\begin{align*}a&=b\\end{align*}", False, "$\\begin{aligned}a&=b\\end{aligned}$"),
        ("x \u2264 \u03c0", False, "$x \\le  \\pi $"),
        ("a \\\\ [1,2]", False, "$a \\\\{}[1,2]$"),
        ("50%", False, "$50\\%$"),
        ("\\nosuch{x}", False, "\\texttt{\\textbackslash{}nosuch\\{x\\}}"),
    ],
)
def test_formulas_are_written_as_they_are_or_as_source(source: str, display: bool, expected: str) -> None:
    assert formula(Segment("display" if display else "inline", source, source)).strip() == expected


@pytest.mark.usefixtures("qapp")
def test_everything_of_a_solution_is_there() -> None:
    text, files = to_tex([FULL], Options(), "zeros")
    for part in (
        "Tickets cost \\$5 and \\$7",
        "\\frac{5 \\pm \\sqrt{1}}{2}",
        "\\begin{pythoncode}\nfrom math import sqrt",
        "\\begin{outputtext}\nroots: [2.0, 3.0]\n\\end{outputtext}",
        "zeros-figure-1.pdf",
        "The answer agrees with the known answer.",
        "Kestrel 1.5B",
    ):
        assert part in text
    (page,) = PdfReader(io.BytesIO(files["zeros-figure-1.pdf"])).pages
    assert (page.mediabox.width, page.mediabox.height) == (3, 2)  # 4 by 3 pixels of a hundredth of an inch
    assert not page.images  # outlines only


def test_code_that_ends_a_listing_does_not_end_it() -> None:
    text, _ = to_tex([Transcript.of("p", Code("s = 1\n\\end{pythoncode}"))], Options(), "s")
    assert text.count("\\begin{pythoncodex}") == 1
    assert text.count("\n\\end{pythoncodex}") == 1
    assert "\\input{/etc/passwd}" not in to_tex([HOSTILE], Options(), "s")[0]


def test_foreign_characters_of_code_stand_in_escapes() -> None:
    text, _ = to_tex([Transcript.of("p", Code("a | b  # \u221a\u041f"), Output("|!@?;`/ \u4e2d"))], Options(), "s")
    assert "\\lstset{style=code,escapechar=!}" in text
    assert "a | b  # !\\ensuremath{\\surd}{\\CyrillicFont \\uchar{041F}}!" in text
    assert "|!@?;`/ [U+4E2D]" in text  # no sign is left to escape by


@pytest.mark.parametrize("engine", ["pdflatex", pytest.param("lualatex", marks=pytest.mark.slow)])
def test_no_character_is_lost(tmp_path: Path, engine: str) -> None:
    foreign = "\u041f\u4e2d\U0001f642"
    transcript = Transcript.of(f"p {foreign}", Code(f"print('{foreign}')"), Output(f"{foreign}\n"))
    _compile(engine, tmp_path, [transcript], Options(title=f"Caf\u00e9 \u221b {foreign}"))
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    text = subprocess.run(["pdftotext", tmp_path / "handout.pdf", "-"], capture_output=True, text=True, check=True)
    for code, char in zip(("041F", "4E2D", "1F642"), foreign, strict=True):
        assert text.stdout.count(f"[U+{code}]") + text.stdout.count(char) == 4  # title, problem, code, output


def _compile(engine: str, tmp_path: Path, transcripts: list[Transcript], options: Options) -> None:
    if shutil.which(engine) is None:
        pytest.skip(f"{engine} is not installed")
    write_export(tmp_path / "handout.tex", transcripts, options=options)
    run = subprocess.run(
        [engine, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "handout.tex"],
        cwd=tmp_path,
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:].decode(errors="replace")
    assert (tmp_path / "handout.pdf").stat().st_size > 2000


@pytest.mark.slow
def test_lualatex_compiles_everything(tmp_path: Path) -> None:
    _compile("lualatex", tmp_path, list(ALL), Options(steps=True))


def test_pdflatex_compiles_everything(tmp_path: Path) -> None:
    _compile("pdflatex", tmp_path, list(ALL), Options(steps=True, title="Week 3: 50% & more"))


def test_pdflatex_compiles_one_in_large_print(tmp_path: Path) -> None:
    _compile("pdflatex", tmp_path, [VALUE], Options(large=True, paper="letter"))


@pytest.mark.parametrize(("source", "expected"), [
    (r"\begin{array}{rl}1&2&3\\4\end{array}", r"\[ \begin{array}{rlc}1&2&3\\4\end{array} \]"),
    (r"\begin{array}{@{}l*{2}{c}|p{9mm}}1&2&3&4\end{array}",
     r"\[ \begin{array}{@{}l*{2}{c}|p{9mm}}1&2&3&4\end{array} \]"),
    (r"\begin{cases}k&m&n\end{cases}", r"\[ \left\{\begin{array}{lll}k&m&n\end{array}\right. \]"),
    (r"\begin{cases}k&m\end{cases}", r"\[ \begin{cases}k&m\end{cases} \]"),
    (r"\begin{gathered}k&=m\end{gathered}", r"\[ \begin{gathered}k\;=m\end{gathered} \]"),
    (r"\begin{split}k&=m&n\end{split}", r"\[ \begin{aligned}k&=m&n\end{aligned} \]"),
    (r"\begin{array}{c}\text{k \& m}\end{array}", r"\[ \begin{array}{c}\text{k \& m}\end{array} \]"),
    (r"\colorbox{lime}{$k$}", r"\[ \colorbox{lime}{$k$} \]"),
])  # fmt: skip
def test_tables_have_as_many_columns_as_cells(source: str, expected: str) -> None:
    assert formula(Segment("display", source, source)).strip() == expected


DEEP = (
    "- first\n\n  7. seventh\n\n"
    + "".join(f"{' ' * 3 * n}{'-' if n % 2 else '1.'} item{n}\n" for n in range(8))
    + "\n"
    + "> " * 9
    + "quoted\n\nend"
)


def test_deep_lists_are_whole_and_compile(tmp_path: Path) -> None:
    transcript = Transcript.of(DEEP, Text(f"{DEEP}\n\n- a\n- b"), Answer("1"))
    written = to_tex([transcript], Options(), "x")[0]
    assert [written.count(f"item{n}\n") for n in range(8)] == [2] * 8
    assert written.count("\\begin{enumerate}") == written.count("\\end{enumerate}") > 4
    assert "\\setcounter{enumi}{6}" in written
    _compile("pdflatex", tmp_path, [transcript], Options())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"7^{20}\bmod 6", r"$7^{20}\bmod 6$"),
        (r"\bm{v}+\bmod", r"$\boldsymbol{v}+\bmod$"),
        (r"\text{unit_cost}+\mathrm{k}", r"$\text{unit\_cost}+\mathrm{k}$"),
        (r"\text{if \alpha ≤ b^c}", r"$\text{if \ensuremath{\alpha} \ensuremath{\le}"),
        (r"\color{ForestGreen}{k=3}+1", r"$\textcolor{ForestGreen}{k=3}+1$"),
        (r"\textcolor{#f00}{k}", r"$\textcolor[HTML]{FF0000}{k}$"),
        (r"{\color{teal} k}", r"${\color{teal}  k}$"),
        (r"k \gt 2, k \lt 3", r"$k \gt 2, k \lt 3$"),
        (r"\frac{\bcancel{4}}{\cancelto{3}{12}} \xcancel{k}", r"$\frac{\bcancel{4}}{\cancelto{3}{12}} \xcancel{k}$"),
        (r"g \coloneqq h \eqqcolon k", r"$g \coloneqq h \eqqcolon k$"),
        (r"k \vcentcolon= 2", r"$k \coloneqq  2$"),
        (r"\begin{bmatrix*}[r] 8 & -1 \end{bmatrix*}", r"$\left[\begin{array}{rr} 8 & -1 \end{array}\right]$"),
        (r"\begin{Bmatrix*}[l] 8 \\ -1 \end{Bmatrix*}", r"$\left\{\begin{array}{l} 8 \\ -1 \end{array}\right\}$"),
        (r"\begin{dcases} h & k>1 \end{dcases}", r"$\begin{cases} h & k>1 \end{cases}$"),
        (r"\genfrac{}{}{0pt}{}{n}{k}", r"$\genfrac{}{}{0pt}{}{n}{k}$"),
        (r"a \xlongequal{def} b", r"$a \overset{def}{=} b$"),
        (r"k=1 \tag{2}", r"$k=1 \qquad\text{(2)}$"),
        ("\\text{\u82e5 }k", "$\\text{\\Han{\u82e5} }k$"),
        ("k_\u6c42", "$k_\\text{\\Han{\u6c42}}$"),
    ],
)
def test_formulas_in_commands_that_tex_has(source: str, expected: str) -> None:
    assert formula(Segment("inline", source, source)).startswith(expected)


KINDS = Transcript.of(
    "Write $7^{20}\\bmod 6$ and $\\text{unit_cost}\\times\\text{a & b # 5\\%}$.",
    Text(
        "$$\\begin{bmatrix} 1&2&3&4&5&6&7&8&9&10&11&12&13 \\end{bmatrix}$$ and "
        "$\\color{ForestGreen}{k=3}$, $\\textcolor{rebeccapurple}{k}$, $\\color{forestgreen}k$, $\\color{#0a0}k$, "
        "$\\colorbox{yellow}{k}$, $\\color{red!50!blue}{k}$ and $\\color[rgb]{1,0,0}k$.\n\n"
        "$k \\gt 2$, $\\frac{\\bcancel{4}}{\\cancelto{3}{12}}$, $g \\coloneqq h$, $\\text{angle \\alpha}$ and "
        "$\\begin{array}{cccccccccccc}1&2&3&4&5&6&7&8&9&10&11&12\\end{array}$\n\n"
        "$$k=1 \\tag{1}$$ $$\\begin{aligned}k&=1\\tag{2}\\end{aligned}$$ "
        "\\begin{align}k&=1\\tag{3}\\\\k&=2\\tag{$*$}\\end{align}\n\n"
        "$$\\begin{pmatrix*}[r] -1&20\\\\300&4 \\end{pmatrix*} \\begin{dcases} 1 & k>0\\\\ 0 & k<0\\end{dcases} "
        "\\genfrac{[}{]}{0pt}{}{n}{k} \\braket{p|q} \\pdv{h}{s}{t}$$\n\n"
        "| a<br>b | m<sup>3</sup> |\n|---|---|\n| $k$<br>$h$ | H<sub>2</sub>O |\n"
    ),
    Answer("{1, 2} or 3 1/2"),
)
SCRIPTS = Transcript.of(
    "\u6c42\u65b9\u7a0b $k^2=4$ \u7684\u6839\u3002",
    Text(
        "\u0420\u0435\u0448\u0438\u043c \u0443\u0440\u0430\u0432\u043d\u0435\u043d\u0438\u0435. "
        "\u05e4\u05ea\u05e8\u05d5\u05df \u0627\u0644\u062d\u0644 \u0939\u0932 \u039b\u03cd\u03c3\u03b7 \ud574 "
        "\u03b1\u03b2 $$|k|=\\begin{cases}k&\\text{\u82e5 }k\\ge 0\\\\-k&\\text{\u5426\u5219}\\end{cases}$$"
    ),
    Code("# \u68c0\u9a8c\nprint('\u041e\u0442\u0432\u0435\u0442', 2)"),
    Output("\u041e\u0442\u0432\u0435\u0442 2\n"),
    Answer("k_1=2\\text{ \u6216 }k_2=-2"),
)


def test_pdflatex_compiles_the_kinds_that_stopped_it(tmp_path: Path) -> None:
    assert to_tex([KINDS], Options(), "s")[0].startswith("\\documentclass")
    _compile("pdflatex", tmp_path, [KINDS], Options())


@pytest.mark.parametrize("engine", ["pdflatex", pytest.param("lualatex", marks=pytest.mark.slow)])
def test_other_scripts_are_readable_and_compile(tmp_path: Path, engine: str) -> None:
    text, _ = to_tex([SCRIPTS], Options(), "s")
    assert text.startswith("% !TeX program = lualatex\n")
    assert "\\Han{\u6c42\u65b9\u7a0b}" in text
    assert "\\Cyrillic{\u0420\u0435\u0448\u0438\u043c \u0443\u0440\u0430\u0432\u043d\u0435\u043d\u0438\u0435}" in text
    _compile(engine, tmp_path, [SCRIPTS], Options())


LONG = "x" * 200
WIDE = Transcript.of(
    f"`{LONG}` and {LONG}",
    Text(f"`f({'ab+' * 60})` is long, $${'+'.join(f'x_{{{k}}}' for k in range(60))}$$"),
    Text(f"$$\\begin{{pmatrix}}{'&'.join(map(str, range(1000, 1030)))}\\end{{pmatrix}}$$"),
    Text(f"|step|what|\n|-|-|\n|1|{'words that go on ' * 20}|\n|2|${'+'.join(['y'] * 60)}$|"),
    Text(f"|{'head|' * 14}\n|{'-|' * 14}\n|{'0.142857|' * 14}"),
    Code(f"{LONG} = 1  # " + "\u00e9" * 150),
    Output("9" * 300),
)


def test_nothing_runs_off_the_page(tmp_path: Path) -> None:
    _compile("pdflatex", tmp_path, [WIDE], Options())
    log = (tmp_path / "handout.log").read_text(errors="replace")
    too_wide = [float(points) for points in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log)]
    assert max(too_wide, default=0) < 10


def test_words_and_formulas_that_fit_are_written_as_they_are() -> None:
    text, _ = to_tex([Transcript.of("p", Text("A name $a+b$ $$\\frac{a}{b}$$"), Code("name = 1"))], Options(), "s")
    assert "allowbreak" not in text.partition("\\begin{document}")[2]
    assert "\\[ \\frac{a}{b} \\]" in text


def test_a_table_of_latex_in_prose_is_a_table() -> None:
    prose = "So\n\\begin{tabular}{l|r}\n\\hline\na & $b^2$ \\\\\n50\\% & \\$3\n\\end{tabular}"
    text, _ = to_tex([Transcript.of("p", Text(prose))], Options(), "s")
    assert "\\begin{tabular}{|l|r|}\n\\hline\n\\textbf{a} & \\textbf{$b^2$} \\\\ \\hline\n50\\% & \\$3" in text


def test_letters_of_right_to_left_scripts_run_so_in_code_too() -> None:
    text, _ = to_tex([Transcript.of("p", Code("# \u0645\u0631\u062d\u0628\u0627"))], Options(), "s")
    assert "|\\Arabic{\\uchar{0645}" in text or "|\\Arabic{\u0645" in text


def test_a_font_is_taken_for_a_script_if_it_has_its_letters() -> None:
    text, _ = to_tex([Transcript.of("\uc815\ub2f5\uc740 \uc815")], Options(), "s")
    sample = re.search(r"\\pickfont\{\\HangulFont\}\{\}\{[^{}]*\}\{([^{}]*)\}", text)
    assert sample is not None
    assert sorted(sample[1]) == sorted("\uc815\ub2f5\uc740")


def test_a_paragraph_that_begins_at_the_right_runs_from_there() -> None:
    arabic = "\u0627\u0644\u062c\u0648\u0627\u0628 $x=2$ \u0648 $y=3$."
    text, _ = to_tex([Transcript.of("p", Text(f"$1$ {arabic}\n\nThe $x$ {arabic}"))], Options(), "s")
    body = text.partition("\\begin{document}")[2]
    assert body.count("\\rightward{") == 1
    assert "\\rightward{$1$" in body
    assert "rightward" not in fragment([Text(arabic)], "latex")


def test_a_hyphen_that_subtracts_is_a_minus_sign() -> None:
    text = to_tex(
        [Transcript.of("p", Text("So n - 5 = -6, on 2024-05-01 and in `n - 5`, a well-known case."))], Options(), "s"
    )[0]
    assert r"So n \ensuremath{-} 5 = \ensuremath{-}6, on 2024-05-01" in text
    assert r"\texttt{n - 5}" in text
    assert "a well-known case" in text


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x^2'", "$x^2{}'$"),
        ("x'_{1}''", "$x'_{1}{}''$"),
        ("f'_1^2", "$f'_1{}^2$"),
        ("f''(x) + g'^2", "$f''(x) + g'^2$"),
        ("\\fcolorbox{red}{white}{$x$}", "$\\boxed{\\colorbox{white}{$x$}}$"),
        ("\\require{cancel}\\cancel{x}", "$\\cancel{x}$"),
        ("\\htmlClass{a}{x} + \\style{color:red}{y}", "${x} + {y}$"),
        ("\\texttip{x}{the unknown}", "${x}$"),
        ("\\displaylines{a \\\\ b}", "$\\begin{gathered}a \\\\ b\\end{gathered}$"),
        ("\\underbracket[1pt][2pt]{ab}", "$\\underbracket{ab}$"),
        ("\\underparen{ab}", "$\\underset{\\smile}{ab}$"),
        ("\\unicode{x221E} \\qed", "$\\infty  \\square $"),
        ("\\unicode{x110000}", "\\texttt{\\textbackslash{}unicode\\{x110000\\}}"),
        ("\\unicode{x5C}input", "\\texttt{\\textbackslash{}unicode\\{x5C\\}input}"),
    ],
)
def test_more_formulas_of_web_pages_are_typeset(source: str, expected: str) -> None:
    assert formula(Segment("inline", source, f"${source}$")) == expected
