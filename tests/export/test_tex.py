from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.export.solutions import ALL, FULL, HOSTILE, VALUE
from tutor_app.core.transcript import Code, Output, Transcript
from tutor_app.export import write_export
from tutor_app.export.tex import compiles, formula, to_tex
from tutor_app.handout.options import Options
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
        "This agrees with the known answer.",
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
    assert "a | b  # !\\ensuremath{\\surd}\\uchar{041F}!" in text
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
