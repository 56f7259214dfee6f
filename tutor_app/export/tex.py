r"""Solutions as LaTeX that a stock ``pdflatex`` or ``lualatex`` compiles, and that a teacher can go on editing.

Formulas are written as they are, except those that would stop TeX (unbalanced, or with a command no usual package
has): they are shown as source. Only amsmath, amssymb, graphicx, listings, xcolor, hyperref and the like are used.
Figures are files beside the document, PDF where Qt is running to make one, else PNG; without them it still compiles.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tutor_app.core.parts import Answer, Code, Figure, Output, Part, Question, Text, Thought
from tutor_app.core.transcript import Transcript
from tutor_app.export.markdown import Pictures
from tutor_app.handout import steps, wording
from tutor_app.handout.options import Options
from tutor_app.handout.prose_tex import TexProse
from tutor_app.handout.tex_formulas import colors, formula, wide, words
from tutor_app.text.clean import without_controls
from tutor_app.text.delimiters import Segment
from tutor_app.text.markup import answer_segments
from tutor_app.text.scripts import FONTS, RIGHT_TO_LEFT, SHAPED, UNSPACED, is_mark, runs, script_of
from tutor_app.text.tex_characters import listed_character

_LISTINGS: Final = {"code": "pythoncode", "output": "outputtext"}
_FOREIGN: Final = re.compile(r"[^\n\x20-\x7e]+")
_UNBROKEN: Final = re.compile(r"\w{60,}", re.ASCII)
_PIECE: Final = 8
_LONG_RUN: Final = 30
_SAMPLE: Final = 8
"""Letters that a font must have to be taken for a script: some fonts are of its family and lack it."""
_ESCAPES: Final = {"|": "bar", "!": "bang", "@": "at", "?": "query", ";": "semicolon", "`": "tick", "/": "slash"}
"""What can mark an escape to LaTeX, with what it adds to the name of its environment."""
_UNICODE_FIRST: Final = r"""%% !TeX program = lualatex
%% Compile with lualatex or xelatex: pdflatex has no letters of %(scripts)s and prints their codes instead.
"""
_FONTS: Final = r"""\makeatletter
\ifPDFTeX
%(declared)s
\else
  \usepackage{fontspec}
  \newcommand*{\pickfont}[4]{\@for\@font:=#3\do{\ifdefined#1\else
    \IfFontExistsTF{\@font}{{\font\@tried="\@font" \@tried\global\let\@found\@empty
      \@tfor\@letter:=#4\do{\expandafter\iffontchar\expandafter\font\expandafter`\@letter\else\global\let\@found\relax\fi}}%%
      \ifx\@found\@empty\edef\@font{\noexpand\newfontfamily\noexpand#1[#2]{\@font}}\@font\fi}{}\fi}%%
    \ifdefined#1\else\let#1\relax\fi}
  \ExplSyntaxOn\cs_new:Npn\hexof#1{\int_to_Hex:n{`#1}}\ExplSyntaxOff
  \newcommand*{\codesof}[1]{\@tfor\@letter:=#1\do{\nochar{\expandafter\hexof\@letter}}}
  \newcommand*{\inletters}[2]{\ifx#1\relax\codesof{#2}\else{#1#2}\fi}
  \newcommand*{\breakable}[2]{\ifx#1\relax\codesof{#2}\else
    {#1\@tfor\@letter:=#2\do{\@letter\hskip0pt plus 0.1pt\relax}}\fi}
  \newcommand*{\fromright}[2]{\ifx#1\relax\codesof{#2}\else
    {#1\ifLuaTeX\textdir TRT #2\else\TeXXeTstate=1 \beginR#2\endR\fi}\fi}
%(picked)s
\fi
\makeatother
"""
_PREAMBLE: Final = r"""\documentclass[%(size)s,%(paper)s]{article}
\usepackage{iftex}
\ifPDFTeX
  \usepackage[utf8]{inputenc}
  \usepackage[T1]{fontenc}
  \usepackage{textcomp}
\fi
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\usepackage{amsmath,amssymb}
\IfFileExists{mathtools.sty}{\usepackage{mathtools}}{}
\IfFileExists{cancel.sty}{\usepackage{cancel}}{}
\providecommand{\cancel}[1]{#1}\providecommand{\bcancel}[1]{#1}\providecommand{\xcancel}[1]{#1}
\providecommand{\cancelto}[2]{\cancel{#2}^{#1}}
\providecommand{\gt}{>}\providecommand{\lt}{<}
\providecommand{\coloneqq}{\mathrel{:=}}\providecommand{\eqqcolon}{\mathrel{=:}}\providecommand{\coloneq}{\mathrel{:=}}
\providecommand{\Coloneqq}{\mathrel{::=}}\providecommand{\vcentcolon}{\mathrel{:}}
\providecommand{\medspace}{\:}\providecommand{\thickspace}{\;}\providecommand{\hdots}{\ldots}
\providecommand{\underbracket}[1]{\underline{#1}}\providecommand{\overbracket}[1]{\overline{#1}}
\providecommand{\mathllap}[1]{#1}\providecommand{\mathrlap}[1]{#1}\providecommand{\mathclap}[1]{#1}
\providecommand{\xRightarrow}[2][]{\xrightarrow[#1]{#2}}\providecommand{\xLeftarrow}[2][]{\xleftarrow[#1]{#2}}
\providecommand{\xleftrightarrow}[2][]{\overset{#2}{\underset{#1}{\longleftrightarrow}}}
\providecommand{\xLeftrightarrow}[2][]{\overset{#2}{\underset{#1}{\Longleftrightarrow}}}
\providecommand{\xhookrightarrow}[2][]{\overset{#2}{\underset{#1}{\hookrightarrow}}}
\providecommand{\xhookleftarrow}[2][]{\overset{#2}{\underset{#1}{\hookleftarrow}}}
\providecommand{\xmapsto}[2][]{\overset{#2}{\underset{#1}{\longmapsto}}}
\setcounter{MaxMatrixCols}{64}
\providecommand{\mathscr}[1]{\mathcal{#1}}
\usepackage{graphicx}
\providecommand{\iddots}{\mathinner{\reflectbox{$\ddots$}}}
\usepackage[dvipsnames,svgnames]{xcolor}
\usepackage{listings}
\usepackage[margin=25mm]{geometry}
\usepackage[hidelinks]{hyperref}
\setlength{\parindent}{0pt}\setlength{\parskip}{0.6em}
\setlength{\emergencystretch}{3em}
\allowdisplaybreaks
%% What is wider than the page: a table or matrix gets smaller, a long sum goes on in the next line.
\newsavebox{\widebox}
\newcommand{\fitted}[1]{\sbox{\widebox}{#1}\ifdim\wd\widebox>\linewidth
  \resizebox{\linewidth}{!}{\usebox{\widebox}}\else\usebox{\widebox}\fi}
\newcommand{\rightward}[1]{\ifLuaTeX{\textdir TRT #1}\else#1\fi}
\newcommand{\longformula}[1]{\sbox{\widebox}{$\displaystyle #1$}\ifdim\wd\widebox>\linewidth
  \par{\raggedright$\displaystyle #1$\par}\else\[#1\]\fi}
\definecolor{codeback}{HTML}{F5F4EF}
\definecolor{outputback}{HTML}{FBFAF6}
\definecolor{accent}{HTML}{2A5D8F}
\lstset{basicstyle=\ttfamily\small,columns=fullflexible,keepspaces=true,showstringspaces=false,upquote=true,
  breaklines=true,breakatwhitespace=false,postbreak=\mbox{\textcolor{gray}{$\hookrightarrow$}\space},
  frame=single,framesep=4pt,rulecolor=\color{lightgray},xleftmargin=5pt,xrightmargin=5pt}
\lstdefinestyle{code}{language=Python,backgroundcolor=\color{codeback},
  keywordstyle=\color[HTML]{7A3E9D},stringstyle=\color[HTML]{3F7A3A},commentstyle=\color[HTML]{777D86}\itshape}
\lstdefinestyle{output}{backgroundcolor=\color{outputback}}
%% A character that pdfTeX's fonts lack: shown by lualatex if its fonts have it, else as its code.
\DeclareRobustCommand*{\nochar}[1]{{\footnotesize[U+#1]}\allowbreak}
\DeclareRobustCommand*{\uchar}[1]{\ifPDFTeX\nochar{#1}\else
  \iffontchar\font"#1 \char"#1\relax\else\nochar{#1}\fi\fi}
%% Titles and bookmarks of the PDF are no typeset text.
\pdfstringdefDisableCommands{\def\allowbreak{}}
\ifPDFTeX\pdfstringdefDisableCommands{\def\uchar#1{?}}\else
  \pdfstringdefDisableCommands{\def\uchar#1{\Uchar"#1 }}\fi
%(fonts)s\hypersetup{pdftitle={%(pdftitle)s},pdfcreator={MuMath Tutor}}
"""


def to_tex(transcripts: Sequence[Transcript], options: Options, stem: str) -> tuple[str, dict[str, bytes]]:
    """The document, and its pictures by name."""
    title = wording.heading(transcripts, options)
    many = len(transcripts) > 1
    writer = _Writer(Pictures(stem, _as_pdf))
    body: list[str] = []
    if many or options.title.strip():
        body.append(f"\\begin{{center}}\\LARGE\\bfseries {words(title)}\\end{{center}}")
    if many:
        body.append("\\tableofcontents")
    for n, t in enumerate(transcripts, 1):
        if many:
            if options.solution:
                body.append("\\clearpage")
            # The plain title is for the contents only.
            body.append(
                f"\\section*{{Problem {n}}}\n\\addcontentsline{{toc}}{{section}}"
                f"{{\\protect\\numberline{{{n}}}{words(wording.title_of(t))}}}"
            )
        else:
            body.append("\\section*{Problem}")
        body.append(writer.prose(wording.problem_of(t)))
        if hints := wording.hints_given(t, options):
            body.append(f"\\{'sub' if many else ''}section*{{{wording.HINTS_GIVEN}}}")
            body.append(writer.prose(hints))
        if options.solution:
            body.append("\\subsection*{Solution}" if many else "\\section*{Solution}")
            body.append(writer.solution(t, options))
    written = "\n".join((title, *body))
    listed = (name for name in re.findall(r"\\([A-Z][a-z]+)Font ", written) if name in FONTS)
    scripts = sorted({script for script, _ in runs(written) if script}.union(listed))
    first = _UNICODE_FIRST % {"scripts": ", ".join(scripts)} if scripts else ""
    preamble = first + _PREAMBLE % {
        "size": "12pt" if options.large else "11pt",
        "paper": f"{options.paper}paper",
        "pdftitle": words(title),
        "fonts": _fonts(scripts, written) if scripts else "",
    }
    if options.large:
        preamble += "\\AtBeginDocument{\\Large\\lstset{basicstyle=\\ttfamily\\large}}\n"
    preamble += colors(written) + writer.environments()
    return f"{preamble}\\begin{{document}}\n\n" + "\n\n".join(body) + "\n\n\\end{document}\n", writer.pictures.files


class _Writer:
    """Writes parts; remembers the pictures and the names of listing environments it had to use."""

    def __init__(self, pictures: Pictures) -> None:
        self.pictures = pictures
        self.prose = TexProse(words, formula, lambda text: self._listing("output", text), wide, _rightward)
        self._environments = {name: (style, "") for style, name in _LISTINGS.items()}

    def environments(self) -> str:
        """Definitions of the listings' environments that were used."""
        out = ""
        for name, (style, escape) in sorted(self._environments.items()):
            escaping = f",escapechar={escape}" if escape else ""
            out += f"\\lstnewenvironment{{{name}}}{{\\lstset{{style={style}{escaping}}}}}{{}}\n"
        return out

    def solution(self, t: Transcript, options: Options) -> str:
        out: list[str] = []
        for step in steps.numbered_steps(steps.chosen_parts(t, options)):
            if options.steps and step.number:
                out.append(f"\\paragraph{{\\textcolor{{accent}}{{Step {step.number}}}}}\\leavevmode")
            out += [self._part(p) for p in steps.without_silent_outputs(step.parts)]
        if options.made:
            known = [f"{words(k)}: {words(v)}" for k, v in wording.provenance(t)]
            known.append(words(wording.made_by(t)))
            out.append(
                "\\medskip{\\footnotesize\\color{gray}\\textbf{How this was made}\\\\ " + "\\\\ ".join(known) + "\\par}"
            )
        return "\n\n".join(p for p in out if p)

    def _part(self, part: Part) -> str:
        match part:
            case Text():
                false = [
                    f"\\par\\textcolor{{red!70!black}}{{\\textbf{{{words(said)}}}{words(right)}}}\\par"
                    for said, right in wording.false_statements(part.claims)
                ]
                return "\n\n".join([self.prose(part.text), *false])
            case Question():
                return f"\\subsection*{{Question}}\n{self.prose(wording.question_of(part.text))}"
            case Thought():
                said = "\\textcolor{gray}{Thoughts}\\par "
                return f"\\begin{{quote}}\\small {said}{self.prose(part.text).strip()}\n\\end{{quote}}"
            case Code():
                return self._listing("code", part.source)
            case Output():
                if part.value_latex and not part.stdout and not part.warnings and part.error is None:
                    return formula(Segment("display", part.value_latex, part.value_latex))
                shown = self._listing("output", wording.output_text(part) or "(no output)")
                hint = " ".join(part.error.hint.split()) if part.error is not None else ""
                return shown + (f"\n\n\\emph{{{words(hint)}}}" if hint else "")
            case Figure():
                alt = words(" ".join(part.alt.split()) or "Figure drawn by the code")
                name = self.pictures.add(part)
                if not name:
                    return f"\\emph{{[figure: {alt}]}}"
                width = min(0.72, max(0.2, part.width / 890)) if part.width > 0 else 0.72
                size = f"width={width:.2f}\\linewidth,height=0.8\\textheight,keepaspectratio"
                return (
                    f"\\begin{{center}}\\IfFileExists{{{name}}}{{\\includegraphics[{size}]{{{name}}}}}"
                    f"{{\\emph{{[figure: {alt}]}}}}\\end{{center}}"
                )
            case Answer():
                value = "".join(
                    words(s.source) if s.kind == "text" else formula(Segment("inline", s.source, s.raw))
                    for s in answer_segments(part.latex)
                )
                verdict = words(wording.answer_check(part))
                said = f"\\\\[1ex] {{\\small {verdict}}}" if verdict else ""
                return (
                    f"\\begin{{center}}\\setlength{{\\fboxsep}}{{8pt}}\\fcolorbox{{accent}}{{white}}{{"
                    f"\\begin{{minipage}}{{0.9\\linewidth}}\\textcolor{{accent}}{{\\small Answer}}\\\\[1ex] "
                    f"{{\\large {value}}}{said}\\end{{minipage}}}}\\end{{center}}"
                )

    def _listing(self, style: str, text: str) -> str:
        text = without_controls(text).expandtabs(4).encode("utf-8", "replace").decode("utf-8")
        text = "".join(" " if c != "\n" and c.isspace() else c for c in text)
        # pdfTeX's listings take such characters apart, and LuaTeX's drop them: they stand in an escape to LaTeX.
        # Nor do they break a name, however long it is.
        escape = ""
        if _FOREIGN.search(text) or _UNBROKEN.search(text):
            escape = next((c for c in _ESCAPES if c not in text), "")
            text = _FOREIGN.sub(lambda m: _foreign(m[0], escape), text)
            if escape:
                text = _UNBROKEN.sub(lambda m: _broken(m[0], escape), text)
        name = _LISTINGS[style] + _ESCAPES.get(escape, "")
        while f"\\end{{{name}}}" in text:  # text that would end its own listing gets one of another name
            name += "x"
        self._environments[name] = (style, escape)
        return f"\\begin{{{name}}}\n{text}\n\\end{{{name}}}"


def _rightward(paragraph: str) -> str:
    return f"\\rightward{{{paragraph}}}"


def _broken(run: str, escape: str) -> str:
    """A long name for a listing, with places where its line may end."""
    pieces = [run[at : at + _PIECE] for at in range(0, len(run), _PIECE)]
    return f"{escape}\\allowbreak{escape}".join(pieces)


def _foreign(run: str, escape: str) -> str:
    """The same for characters that are no ASCII."""
    pieces = [run] if len(run) <= _LONG_RUN else [run[at : at + _PIECE] for at in range(0, len(run), _PIECE)]
    between = f"{escape}\\allowbreak{escape}" if escape else ""
    return between.join(_escaped(piece, escape) for piece in pieces)


def _escaped(run: str, escape: str) -> str:
    """Characters for a listing; without a sign to escape by, their codes."""
    if not escape:
        return "".join(f"[U+{ord(c):04X}]" for c in run)
    return (
        escape
        + "".join(
            f"\\{script}{{{''.join(map(listed_character, part))}}}"
            if script in RIGHT_TO_LEFT
            else f"{{\\{script}Font {''.join(map(listed_character, part))}}}"
            if script
            else "".join(map(listed_character, part))
            for script, part in runs(run)
        )
        + escape
    )


def _as_pdf(figure: Figure) -> tuple[str, bytes] | None:
    if not figure.svg:
        return None
    try:
        from PySide6.QtGui import QGuiApplication
    except ImportError:  # every format but PDF can do without
        return None
    if QGuiApplication.instance() is None:
        return None
    from tutor_app.render.pdf import picture_to_pdf

    data = picture_to_pdf(figure)
    return ("pdf", data) if data else None


def _fonts(scripts: Sequence[str], text: str) -> str:
    """Definitions of the commands that set letters of scripts: fonts for lualatex and xelatex, codes for pdflatex."""
    letters = sorted({c for script, run in runs(text) if script for c in run if not c.isascii()})
    nochar = "\\nochar{%04X}"
    declared = [
        f"  \\DeclareUnicodeCharacter{{{ord(c):04X}}}{{{'' if is_mark(c) else nochar % ord(c)}}}" for c in letters
    ]
    picked, dropped, kept = [], "", ""
    for script in scripts:
        declared.append(f"  \\let\\{script}Font\\relax\\DeclareRobustCommand*\\{script}[1]{{#1}}")
        shaping = f"Script={script}" if script in SHAPED else ""
        setter = "fromright" if script in RIGHT_TO_LEFT else "breakable" if script in UNSPACED else "inletters"
        sample = "".join([c for c in letters if script_of(c) == script and not is_mark(c)][:_SAMPLE])
        picked.append(f"  \\pickfont{{\\{script}Font}}{{{shaping}}}{{{FONTS[script]}}}{{{sample}}}")
        picked.append(f"  \\DeclareRobustCommand*\\{script}[1]{{\\{setter}{{\\{script}Font}}{{#1}}}}")
        dropped += f"\\def\\{script}#1{{?}}"
        kept += f"\\def\\{script}#1{{#1}}"
    declared.append(f"  \\pdfstringdefDisableCommands{{{dropped}}}")
    picked.append(f"  \\pdfstringdefDisableCommands{{{kept}}}")
    return _FONTS % {"declared": "\n".join(declared), "picked": "\n".join(picked)}
