r"""Solutions as LaTeX that a stock ``pdflatex`` or ``lualatex`` compiles, and that a teacher can go on editing.

Formulas are written as they are, except those that would stop TeX (unbalanced, or with a command no usual package
has): they are shown as source. Only amsmath, amssymb, graphicx, listings, xcolor, hyperref and the like are used.
Figures are files beside the document, PDF where Qt is running to make one, else PNG; without them it still compiles.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from tutor_app.core.transcript import Answer, Code, Figure, Output, Part, Text, Transcript
from tutor_app.export.markdown import Pictures
from tutor_app.handout import steps, wording
from tutor_app.handout.options import Options
from tutor_app.text.delimiters import Segment
from tutor_app.text.markup import answer_segments, clean, read, replaced, restored
from tutor_app.text.tex_characters import COMMANDS, SPECIAL, character, listed_character, math_character

if TYPE_CHECKING:
    from markdown_it.token import Token

_OUTER: Final = {"align", "gather", "equation", "eqnarray", "multline", "flalign", "alignat"}
_INNER: Final = {"align": "aligned", "gather": "gathered", "multline": "gathered", "flalign": "aligned",
                 "eqnarray": "aligned", "equation": "gathered", "alignat": "alignedat", "split": "aligned"}  # fmt: skip
_KNOWN_ENVIRONMENTS: Final = {
    "aligned", "alignedat", "gathered", "split", "array", "matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix",
    "Vmatrix", "smallmatrix", "cases", "subarray", "tabular",
}  # fmt: skip
_TWO: Final = frozenset(
    {"frac", "dfrac", "tfrac", "cfrac", "binom", "dbinom", "tbinom", "overset", "underset", "stackrel", "textcolor"}
)
_TAKING: Final = re.compile(
    r"\\([dtc]?frac|[dt]?binom|overset|underset|stackrel|textcolor|sqrt|(?:over|under)(?:line|brace|rightarrow|leftarrow)"
    r"|(?:wide)?(?:hat|tilde)|bar|vec|d?ddot|dot|text(?:bf|it|rm|sf|tt|normal|up|sc)?|math(?:rm|bf|it|sf|tt|bb|cal|frak|scr)"
    r"|boldsymbol|boxed|fbox|mbox|operatorname|h?phantom|vphantom|substack|pmod|tag|color)(?![A-Za-z])"
)
_ARGUMENT: Final = re.compile(r"\s*(?:(\{)|(\\[A-Za-z]+)|\\[^A-Za-z\\]|[^\s{}&\\^_])")
_BRACE: Final = re.compile(r"\\.|[{}]", re.DOTALL)
_LISTINGS: Final = {"code": "pythoncode", "output": "outputtext"}
_FOREIGN: Final = re.compile(r"[^\n\x20-\x7e]+")
_ESCAPES: Final = {"|": "bar", "!": "bang", "@": "at", "?": "query", ";": "semicolon", "`": "tick", "/": "slash"}
"""What can mark an escape to LaTeX, with what it adds to the name of its environment."""
_PREAMBLE: Final = r"""\documentclass[%(size)s,%(paper)s]{article}
\usepackage{iftex}
\ifPDFTeX
  \usepackage[utf8]{inputenc}
  \usepackage[T1]{fontenc}
  \usepackage{textcomp}
\fi
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\usepackage{amsmath,amssymb}
\IfFileExists{cancel.sty}{\usepackage{cancel}}{\newcommand{\cancel}[1]{##1}}
\providecommand{\mathscr}[1]{\mathcal{#1}}
\usepackage{graphicx}
\usepackage{xcolor}
\usepackage{listings}
\usepackage[margin=25mm]{geometry}
\usepackage[hidelinks]{hyperref}
\setlength{\parindent}{0pt}\setlength{\parskip}{0.6em}
\setlength{\emergencystretch}{3em}
\allowdisplaybreaks
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
\ifPDFTeX\pdfstringdefDisableCommands{\def\uchar#1{?}}\else
  \pdfstringdefDisableCommands{\def\uchar#1{\Uchar"#1 }}\fi
\hypersetup{pdftitle={%(pdftitle)s},pdfcreator={MuMath Tutor}}
"""


def to_tex(transcripts: Sequence[Transcript], options: Options, stem: str) -> tuple[str, dict[str, bytes]]:
    """The document, and its pictures by name."""
    title = wording.heading(transcripts, options)
    many = len(transcripts) > 1
    writer = _Writer(Pictures(stem, _as_pdf))
    body: list[str] = []
    if many or options.title.strip():
        body.append(f"\\begin{{center}}\\LARGE\\bfseries {_text(title)}\\end{{center}}")
    if many:
        body.append("\\tableofcontents")
    for n, t in enumerate(transcripts, 1):
        if many:
            if options.solution:
                body.append("\\clearpage")
            # The plain title is for the contents only.
            body.append(
                f"\\section*{{Problem {n}}}\n\\addcontentsline{{toc}}{{section}}"
                f"{{\\protect\\numberline{{{n}}}{_text(wording.title_of(t))}}}"
            )
        else:
            body.append("\\section*{Problem}")
        body.append(writer.prose(t.problem))
        if options.solution:
            body.append("\\subsection*{Solution}" if many else "\\section*{Solution}")
            body.append(writer.solution(t, options))
    preamble = _PREAMBLE % {
        "size": "12pt" if options.large else "11pt",
        "paper": f"{options.paper}paper",
        "pdftitle": _text(title),
    }
    if options.large:
        preamble += "\\AtBeginDocument{\\Large\\lstset{basicstyle=\\ttfamily\\large}}\n"
    preamble += writer.environments()
    return f"{preamble}\\begin{{document}}\n\n" + "\n\n".join(body) + "\n\n\\end{document}\n", writer.pictures.files


class _Writer:
    """Writes parts; remembers the pictures and the names of listing environments it had to use."""

    def __init__(self, pictures: Pictures) -> None:
        self.pictures = pictures
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
        for n, step in enumerate(steps.split_steps(steps.chosen_parts(t, options)), 1):
            if options.steps and not isinstance(step[0], Answer):
                out.append(f"\\paragraph{{\\textcolor{{accent}}{{Step {n}}}}}\\leavevmode")
            out += [self._part(p) for p in steps.without_silent_outputs(step)]
        if options.made:
            known = [f"{_text(k)}: {_text(v)}" for k, v in wording.provenance(t)]
            known.append(_text(wording.made_by(t)))
            out.append(
                "\\medskip{\\footnotesize\\color{gray}\\textbf{How this was made}\\\\ " + "\\\\ ".join(known) + "\\par}"
            )
        return "\n\n".join(p for p in out if p)

    def _part(self, part: Part) -> str:
        match part:
            case Text():
                return self.prose(part.text)
            case Code():
                return self._listing("code", part.source)
            case Output():
                if part.value_latex and not part.stdout and part.error is None:
                    return formula(Segment("display", part.value_latex, part.value_latex))
                shown = self._listing("output", wording.output_text(part) or "(no output)")
                hint = " ".join(part.error.hint.split()) if part.error is not None else ""
                return shown + (f"\n\n\\emph{{{_text(hint)}}}" if hint else "")
            case Figure():
                alt = _text(" ".join(part.alt.split()) or "Figure drawn by the code")
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
                    _text(s.source) if s.kind == "text" else formula(Segment("inline", s.source, s.raw))
                    for s in answer_segments(part.latex)
                )
                verdict = wording.VERDICTS.get(part.verdict, "")
                said = f"\\\\[1ex] {{\\small This {verdict}.}}" if verdict else ""
                return (
                    f"\\begin{{center}}\\setlength{{\\fboxsep}}{{8pt}}\\fcolorbox{{accent}}{{white}}{{"
                    f"\\begin{{minipage}}{{0.9\\linewidth}}\\textcolor{{accent}}{{\\small Answer}}\\\\[1ex] "
                    f"{{\\large {value}}}{said}\\end{{minipage}}}}\\end{{center}}"
                )

    def _listing(self, style: str, text: str) -> str:
        text = clean(text).expandtabs(4).encode("utf-8", "replace").decode("utf-8")
        text = "".join(" " if c != "\n" and c.isspace() else c for c in text)
        # pdfTeX's listings take such characters apart, and LuaTeX's drop them: they stand in an escape to LaTeX.
        escape = ""
        if _FOREIGN.search(text):
            escape = next((c for c in _ESCAPES if c not in text), "")
            text = _FOREIGN.sub(lambda m: _escaped(m[0], escape), text)
        name = _LISTINGS[style] + _ESCAPES.get(escape, "")
        while f"\\end{{{name}}}" in text:  # text that would end its own listing gets one of another name
            name += "x"
        self._environments[name] = (style, escape)
        return f"\\begin{{{name}}}\n{text}\n\\end{{{name}}}"

    # -- prose ----------------------------------------------------------------------------------------------------

    def prose(self, text: str) -> str:
        """Markdown with mathematics as LaTeX."""
        tokens, formulas = read(text)
        out = ""
        i = 0
        while i < len(tokens):
            t = tokens[i]
            match t.type:
                case "inline":
                    out += self._inline(t, formulas)
                case "paragraph_close":
                    out += "\n" if t.hidden else "\n\n"
                case "heading_open":
                    out += "\n\\medskip\\textbf{" + ("\\large " if t.tag in ("h1", "h2") else "")
                case "heading_close":
                    out += "}\\nopagebreak\n\n"
                case "bullet_list_open" | "ordered_list_open":
                    ordered = t.type.startswith("ordered")
                    # LaTeX nests lists four deep and then stops; deeper ones become quotations.
                    depth = sum(
                        1 if x.type.endswith("list_open") else -1 if x.type.endswith("list_close") else 0
                        for x in tokens[:i]
                    )
                    name = "quote" if depth >= 4 else "enumerate" if ordered else "itemize"
                    out += f"\n\\begin{{{name}}}\n"
                    start = t.attrGet("start")
                    if name == "enumerate" and start is not None and int(start) != 1:
                        level = ("i", "ii", "iii", "iv")[min(3, self._enumerates(tokens[:i]))]
                        out += f"\\setcounter{{enum{level}}}{{{min(int(start), 10_000) - 1}}}\n"
                    if depth >= 4:
                        t.meta["quote"] = True
                case "bullet_list_close" | "ordered_list_close":
                    depth = (
                        sum(
                            1 if x.type.endswith("list_open") else -1 if x.type.endswith("list_close") else 0
                            for x in tokens[:i]
                        )
                        - 1
                    )
                    name = "quote" if depth >= 4 else "enumerate" if t.type.startswith("ordered") else "itemize"
                    out += f"\\end{{{name}}}\n\n"
                case "list_item_open":
                    depth = sum(
                        1 if x.type.endswith("list_open") else -1 if x.type.endswith("list_close") else 0
                        for x in tokens[:i]
                    )
                    out += "\n" if depth > 4 else "\\item{} "
                case "blockquote_open":
                    # Lists and quotations share LaTeX's limit of six; model prose is cut to less by the parser.
                    out += "\n\\begin{quote}\n"
                case "blockquote_close":
                    out += "\\end{quote}\n\n"
                case "fence":
                    out += self._listing("output", restored(t.content, formulas).rstrip("\n")) + "\n\n"
                case "hr":
                    out += "\n\\begin{center}$\\ast\\quad\\ast\\quad\\ast$\\end{center}\n\n"
                case "table_open":
                    i, table = self._table(tokens, i, formulas)
                    out += table
                case _:
                    pass
            i += 1
        return re.sub(r"\n{3,}", "\n\n", out).strip("\n")

    @staticmethod
    def _enumerates(before: Sequence[Token]) -> int:
        return sum(1 if x.type == "ordered_list_open" else -1 if x.type == "ordered_list_close" else 0 for x in before)

    def _table(self, tokens: Sequence[Token], i: int, formulas: Sequence[Segment]) -> tuple[int, str]:
        rows: list[list[str]] = []
        styles: list[str] = []
        while tokens[i].type != "table_close":
            t = tokens[i]
            if t.type == "tr_open":
                rows.append([])
            elif t.type in ("th_open", "td_open"):
                if len(rows) == 1:
                    style = str(t.attrGet("style") or "")
                    styles.append("r" if "right" in style else "c" if "center" in style else "l")
                cell = self._inline(tokens[i + 1], formulas, inline_only=True)
                rows[-1].append(f"\\textbf{{{cell}}}" if t.type == "th_open" else cell)
            i += 1
        columns = "|".join(styles)
        lines = " \\\\ \\hline\n".join(" & ".join(r[: len(styles)]) for r in rows)
        return i, (
            f"\n\\begin{{center}}\\begin{{tabular}}{{|{columns}|}}\n\\hline\n{lines} \\\\ \\hline\n"
            "\\end{tabular}\\end{center}\n\n"
        )

    def _inline(self, token: Token, formulas: Sequence[Segment], inline_only: bool = False) -> str:
        out = ""
        addresses: list[str] = []

        def write(s: Segment) -> str:
            return formula(Segment("inline", s.source, s.raw) if inline_only else s)

        for t in token.children or ():
            match t.type:
                case "strong_open":
                    out += "\\textbf{"
                case "em_open":
                    out += "\\emph{"
                case "sup_open" | "sub_open":
                    out += "\\textsuperscript{" if t.tag == "sup" else "\\textsubscript{"
                case "strong_close" | "em_close" | "sup_close" | "sub_close":
                    out += "}"
                case "code_inline":
                    out += f"\\texttt{{{_text(restored(t.content, formulas))}}}"
                case "softbreak" | "hardbreak":
                    # A line break right after a display formula would be one too many ("no line here to end").
                    out += "\n" if out.rstrip().endswith(("\\]", "*}")) or not out.strip() else "\\\\{}\n"
                case "image":
                    out += f"\\emph{{[picture: {_text(restored(t.content, formulas))}]}}"
                case "link_open":
                    addresses.append(str(t.attrGet("href") or ""))
                case "link_close":
                    if addresses and (address := addresses.pop()):
                        out += f" (\\texttt{{{_text(address)}}})"
                case "s_open" | "s_close":
                    pass
                case _:
                    out += replaced(t.content, formulas, _text, write)
        if inline_only and "\\\\{}" in out:  # a line break would end the row of the table
            return f"\\begin{{tabular}}{{@{{}}l@{{}}}}{out.strip()}\\end{{tabular}}"
        # Nor may one stand right before a display formula, where TeX would set an empty line.
        return re.sub(r"(?:\\\\\{\}\s*)+(?=\\\[|\\begin\{(?:align|gather|equation|multline|flalign)|$)", "\n", out)


def _escaped(run: str, escape: str) -> str:
    """Characters for a listing; without a sign to escape by, their codes."""
    if not escape:
        return "".join(f"[U+{ord(c):04X}]" for c in run)
    return escape + "".join(map(listed_character, run)) + escape


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


# -- formulas -----------------------------------------------------------------------------------------------------


def formula(s: Segment) -> str:
    """A formula for a document with amsmath; its source, if TeX would stop at it."""
    source = re.sub(r"\n\s*\n+", "\n", "".join(map(math_character, clean(s.source).strip())))
    source = re.sub(r"(?<!\\)((?:\\\\)*)%", r"\1\\%", source)
    # A bracket or star after a line break is not its option unless it holds a length.
    source = re.sub(r"\\\\\s*(?=\*|\[(?!\s*-?[\d.]+\s*(?:pt|em|ex|mm|cm|in|mu|bp)\s*\]))", r"\\\\{}", source)
    source = re.sub(r"\\bold(?![A-Za-z])", r"\\mathbf", source)
    source = re.sub(r"\\(?:label|nonumber|notag)\b(?:\s*\{[^{}]*\})?", "", source)
    if not compiles(source):
        shown = " ".join(clean(s.source).split())
        return f"\\texttt{{{_text(shown)}}}"
    source = source.replace("\\bm", "\\boldsymbol").replace("\\degree", "^\\circ")
    environment = re.match(r"\\begin\s*\{(\w+)\*?\}", source)
    if (
        s.kind == "display"
        and environment
        and environment[1] in _OUTER
        and source.count(f"\\begin{{{environment[1]}") == 1
        and re.search(r"\\end\s*\{\w+\*?\}$", source)
    ):
        return (
            "\n"
            + re.sub(r"\\(begin|end)\s*\{" + environment[1] + r"\*?\}", rf"\\\1{{{environment[1]}*}}", source)
            + "\n"
        )
    source = re.sub(
        r"\\(begin|end)\s*\{(\w+)\*?\}",
        lambda m: f"\\{m[1]}{{{_INNER.get(m[2], m[2])}}}",
        source,
    )
    return f"\n\\[ {source} \\]\n" if s.kind == "display" else f"${source}$"


def compiles(source: str) -> bool:
    """Whether TeX takes the formula: what is opened is closed, and every command is in a usual package."""
    braces = 0
    lefts: list[int] = [0]
    environments: list[str] = []
    for m in re.finditer(
        r"\\(begin|end)\s*\{([A-Za-z]+)\*?\}|\\(left|right)\b\s*(\\[A-Za-z]+|\\.|[()\[\]|./<>])?|\\([A-Za-z]+)|\\(.)|([{}$#&])|(\\)$",
        source,
        re.DOTALL,
    ):
        if m[1] == "begin":
            if m[2] not in _KNOWN_ENVIRONMENTS and m[2] not in _OUTER:
                return False
            environments.append(m[2])
            lefts.append(0)
        elif m[1] == "end":
            if not environments or environments.pop() != m[2] or lefts.pop():
                return False
        elif m[3]:
            if not m[4]:
                return False
            lefts[-1] += 1 if m[3] == "left" else -1
            if lefts[-1] < 0:
                return False
        elif m[5]:
            if m[5] not in COMMANDS:
                return False
        elif m[6] is not None:
            if m[6] not in ",;:!|{}$%&#_ \\>/'`\"^=.~-()[]" or m[6] in "()[]":
                return False
        elif m[7] == "{":
            braces += 1
        elif m[7] == "}":
            braces -= 1
            if braces < 0:
                return False
        elif m[7] == "&":
            if not environments:
                return False
        elif m[7] == "$":
            if not _in_text(source, m.start()):
                return False
        else:  # "#", or a backslash at the end
            return False
    if braces or environments or len(lefts) != 1 or lefts[0] or not _have_arguments(source):
        return False
    bare = re.sub(r"\\[^A-Za-z]", " ", source.replace("\\\\", "&"))  # the end of a row is like that of a cell
    return not re.search(
        r"[\^_]\s*(?:&|\\end\b|\\right\b)|\^\s*(?:\^|\}|$|\{[^{}]*\}\s*\^(?!\{?\\prime))|_\s*(?:_|\}|$)|\^\s*[\w]\s*\^|_\s*\w\s*_",
        bare,
    )


def _have_arguments(source: str) -> bool:
    """Whether every command that takes arguments finds them: TeX would take a brace or a cell's end for one."""
    for m in _TAKING.finditer(source):
        at = m.end()
        if m[1] == "sqrt" and (option := re.compile(r"\s*\[[^\]]*\]").match(source, at)):
            at = option.end()
        for _ in range(2 if m[1] in _TWO else 1):
            argument = _ARGUMENT.match(source, at)
            if argument is None:
                return False
            if argument[1] is not None:  # a group: on to its end
                depth, at = 1, argument.end()
                while depth and (brace := _BRACE.search(source, at)):
                    depth += {"{": 1, "}": -1}.get(brace[0], 0)
                    at = brace.end()
            elif argument[2] and (argument[2][1:] in ("end", "right", "left", "begin") or _TAKING.match(argument[2])):
                return False
            else:
                at = argument.end()
    return True


def _in_text(source: str, at: int) -> bool:
    """Whether the dollar at ``at`` lies in a ``\\text{}``, where it may switch to mathematics, with its pair."""
    for m in re.finditer(r"\\(?:text\w*|mbox|hbox|fbox)\s*\{((?:[^{}]|\{[^{}]*\})*)\}", source):
        if m.start(1) <= at < m.end(1):
            return m[1].count("$") % 2 == 0
    return False


# -- characters ---------------------------------------------------------------------------------------------------


def _text(text: str) -> str:
    return "".join(c if c.isascii() and c not in SPECIAL else character(c) for c in clean(text))
