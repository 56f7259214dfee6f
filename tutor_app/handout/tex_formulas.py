r"""Formulas and words for LaTeX documents: what a stock TeX would stop at is rewritten, or shown as source.

Text in, text out; the document around them is :mod:`tutor_app.export.tex`'s.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from tutor_app.text.clean import without_controls
from tutor_app.text.delimiters import Segment
from tutor_app.text.known_commands import expand
from tutor_app.text.scan import group_end, levels, replace_command, tokens, unmatched
from tutor_app.text.scripts import FONTS, runs
from tutor_app.text.tex_characters import (
    COMMANDS,
    MATH,
    SPECIAL,
    WEB_COLORS,
    character,
    greek,
    math_character,
)
from tutor_app.text.words_in_formulas import named_words

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
    r"\\([dtc]?frac|[dt]?binom|overset|underset|stackrel|textcolor|sqrt|(?:over|under)(?:line|brace|bracket|(?:left)?rightarrow|leftarrow)"
    r"|(?:wide)?(?:hat|tilde)|bar|vec|d?ddot|dot|text(?:bf|it|rm|sf|tt|normal|up|sc)?|math(?:rm|bf|it|sf|tt|bb|cal|frak|scr)"
    r"|boldsymbol|boxed|fbox|mbox|operatorname|h?phantom|vphantom|substack|pmod|tag|color)(?![A-Za-z])"
)
_UNBROKEN: Final = 40
"""Characters of a word that a line has always room for."""
_PIECE: Final = 6
_PLACES: Final = re.compile(r"(\s+)")
_LONG_ROW: Final = 100
_NAMES: Final = re.compile(r"\\(?:text|math\w+|[dt]?frac|left|right|big\w*|[,;:! ])|[{}&_^\s]")
_COMMANDS: Final = re.compile(r"\\[A-Za-z]+")
_SCRIPT: Final = r"\s*(?:\{[^{}]*\}|\\[A-Za-z]+|[A-Za-z0-9])"
_SECOND_SCRIPT: Final = re.compile(rf"(\^{_SCRIPT}(?:\s*_{_SCRIPT})?)(?=\s*')|('\s*_{_SCRIPT})(?=\s*['^])")
"""A second thing raised behind a sign, a prime as a rule: TeX stops there."""
_RULED: Final = frozenset({"hline", "cline", "multicolumn"})
_ARGUMENT: Final = re.compile(r"\s*(?:(\{)|(\\[A-Za-z]+)|\\[^A-Za-z\\]|[^\s{}&\\^_])")


def words(text: str) -> str:
    """Running text, its letters of other scripts in the commands that set them."""
    return "".join(
        f"\\{script}{{{run}}}"
        if script
        else "".join(map(_breakable, _PLACES.split(run)))
        if len(run) > _UNBROKEN
        else _escaped(run)
        for script, run in runs(without_controls(text))
    )


def _escaped(text: str) -> str:
    return "".join(c if c.isascii() and c not in SPECIAL else character(c) for c in text)


def _breakable(text: str) -> str:
    """A word or the space between two; a word that no line has room for may end its line in many places."""
    if len(text) <= _UNBROKEN:
        return _escaped(text)
    return "\\allowbreak{}".join(_escaped(text[at : at + _PIECE]) for at in range(0, len(text), _PIECE))


def wide(table: str) -> str:
    """A table or matrix that becomes smaller where it is wider than the page."""
    return f"\\fitted{{{table}}}"


def formula(s: Segment) -> str:
    """A formula for a document with amsmath; its source, if TeX would stop at it."""
    source = re.sub(r"\n\s*\n+", "\n", without_controls(s.source).strip())
    source = re.sub(r"(?<!\\)((?:\\\\)*)%", r"\1\\%", source)
    # A bracket or star after a line break is not its option unless it holds a length.
    source = re.sub(r"\\\\\s*(?=\*|\[(?!\s*-?[\d.]+\s*(?:pt|em|ex|mm|cm|in|mu|bp)\s*\]))", r"\\\\{}", source)
    source = named_words(source)
    source = re.sub(r"\\bold(?![A-Za-z])", r"\\mathbf", source)
    source = re.sub(r"\\(?:label|nonumber|notag)\b(?:\s*\{[^{}]*\})?", "", source)
    source = _SECOND_SCRIPT.sub(r"\1\2{}", source)
    source = _characters(_shortened(source))
    if not compiles(source):
        source = _characters(_shortened(expand(source)))
    if not compiles(source):
        shown = " ".join(without_controls(s.source).split())
        return f"\\texttt{{{words(shown)}}}"
    source = re.sub(r"\\bm(?![A-Za-z])", r"\\boldsymbol", re.sub(r"\\degree(?![A-Za-z])", r"^\\circ", source))
    source = _tags(replace_command(source, "colorbox", 2, _ground), s.kind)
    source = _wide_enough(source)
    long = s.kind == "display" and _is_long(source)
    environment = re.match(r"\\begin\s*\{(\w+)\*?\}", source)
    if (
        s.kind == "display"
        and not long
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
    if long and "\\tag" not in source:
        if "\\begin" not in source:
            return f"\n\\longformula{{{source}}}\n"
        source = wide(f"$\\displaystyle {source}$")
    return f"\n\\[ {source} \\]\n" if s.kind == "display" else f"${source}$"


def _ground(arguments: list[str]) -> str:
    """A coloured box, which holds words: a formula stands in dollars, unless words have them already."""
    colour, held = arguments
    return f"\\colorbox{{{colour}}}{{{held if '$' in held else f'${held}$'}}}"


def _is_long(source: str) -> bool:
    """Whether a row of a formula may be wider than the page, as far as its characters tell."""
    rows = [_COMMANDS.sub("x", _NAMES.sub("", row)) for row in source.split("\\\\")]
    return max(map(len, rows)) + max(row.count("&") for row in source.split("\\\\")) * 3 > _LONG_ROW


_CELLS: Final = re.compile(r"\\begin\s*\{([A-Za-z]+)\*?\}|\\end\s*\{[A-Za-z]+\*?\}|\\\\|\\.|&", re.DOTALL)
_COLUMN_SPEC: Final = re.compile(r"\s*(?:\[[tbc]\])?\s*\{")
_OPTION: Final = re.compile(r"\s*\[([lcr])\]")
_FENCES: Final = {
    "matrix": "..", "smallmatrix": "..", "pmatrix": "()", "bmatrix": "[]", "vmatrix": "||",
    "Bmatrix": (r"\{", r"\}"), "Vmatrix": (r"\|", r"\|"),
}  # fmt: skip
"""What encloses a matrix whose starred form says how its columns are aligned; an array has no fences of its own."""
_ROWS_ONLY: Final = frozenset({"gather", "gathered", "multline", "equation"})


@dataclass(slots=True)
class _Table:
    """An environment that is being read: where it begins, its cells of the row, and the most of any row."""

    name: str
    begin: re.Match[str]
    depth: int
    marks: list[int] = field(default_factory=list)
    cells: int = 1
    widest: int = 1


def _wide_enough(source: str) -> str:
    """The formula with as many columns as its tables have cells: TeX stops at one more."""
    edits: list[tuple[int, int, str]] = []
    opened: list[_Table] = []
    depths = {at: depth for _, at, depth in levels(source)}
    for m in _CELLS.finditer(source):
        table = opened[-1] if opened else None
        depth = depths.get(m.start(), 0)
        if m[1]:
            opened.append(_Table(m[1], m, depth))
        elif m[0].startswith("\\end") and len(m[0]) > 2:
            if table is not None:
                edits += _edits(source, opened.pop(), m)
        elif table is not None and table.depth == depth and m[0] == "&":
            table.marks.append(m.start())
            table.cells += 1
            table.widest = max(table.widest, table.cells)
        elif table is not None and table.depth == depth and m[0] == "\\\\":
            table.cells = 1
    for begin, end, text in sorted(edits, reverse=True):
        source = source[:begin] + text + source[end:]
    return source


def _edits(source: str, table: _Table, end: re.Match[str]) -> list[tuple[int, int, str]]:
    """What one environment needs, as places and their new text."""
    begin = table.begin
    if table.name in ("array", "tabular") and (spec := _COLUMN_SPEC.match(source, begin.end())):
        close = group_end(source, spec.end() - 1)
        letters = re.sub(
            r"\*\s*\{(\d{1,2})\}\s*\{([^{}]*)\}", lambda r: r[2] * int(r[1]), source[spec.end() : close - 1]
        )
        letters = re.sub(r"[@!><]\s*\{(?:[^{}]|\{[^{}]*\})*\}", "", letters)
        missing = table.widest - len(re.findall(r"[lcrpmb](?:\s*\{[^{}]*\})?", letters))
        return [(close - 1, close - 1, "c" * missing)] if close > 0 and missing > 0 else []
    if table.name in _FENCES and (option := _OPTION.match(source, begin.end())):
        left, right = _FENCES[table.name]
        opening = f"\\left{left}\\begin{{array}}{{{option[1] * table.widest}}}"
        return [(begin.start(), option.end(), opening), (*end.span(), f"\\end{{array}}\\right{right}")]
    if table.name == "cases" and table.widest > 2:
        opening = f"\\left\\{{\\begin{{array}}{{{'l' * table.widest}}}"
        return [(*begin.span(), opening), (*end.span(), "\\end{array}\\right.")]
    if table.name in _ROWS_ONLY:
        return [(at, at + 1, "\\;") for at in table.marks]
    if table.name == "split" and table.widest > 2:
        return [(*begin.span(), "\\begin{aligned}"), (*end.span(), "\\end{aligned}")]
    return []


_WORDS: Final = re.compile(r"\\(?:text(?!color)\w*|mbox|hbox|fbox)\s*\{")
_DOLLAR: Final = re.compile(r"(?<!\\)(?:\\\\)*\$")
_TEXT_COMMANDS = "text textbf textit textrm textsf texttt textnormal textup textsc mbox hbox fbox tag emph"
_IN_TEXT: Final = frozenset("\\" + name for name in _TEXT_COMMANDS.split())
_MATH_SIGNS: Final = frozenset(v.strip() for v in MATH.values() if re.fullmatch(r"\\[A-Za-z]+ ?", v)) | frozenset(
    g for c in map(chr, range(0x391, 0x3CA)) if (g := greek(c)) and re.fullmatch(r"\\[A-Za-z]+", g)
)
_NOT_SHOWN: Final = re.compile(r"\\(?:(?:text|f?box|page)?color(?:box)?|begin|end)\s*(?:\[[A-Za-z]*\])?\s*\{[^{}]*\}")
_COLOR: Final = re.compile(r"\\((?:text)?color|colorbox)\s*(\[[A-Za-z]+\])?\s*\{\s*([^{}]*?)\s*\}(\s*\{)?")
_BASE = "black blue brown cyan darkgray gray green lightgray lime magenta olive orange pink purple red teal"
_BASE_COLORS: Final = frozenset(("violet", "white", "yellow", "accent", *_BASE.split()))


def _shortened(source: str) -> str:
    """Commands of other programs as those that LaTeX has; colours as xcolor writes them."""
    source = re.sub(r"\\(?:overarc|wideparen|overparen)(?![A-Za-z])", r"\\overset{\\frown}", source)
    source = re.sub(r"\\vcentcolon\s*=", r"\\coloneqq ", source)
    source = re.sub(r"\\(begin|end)\s*\{dcases(\*?)\}", r"\\\1{cases\2}", source)
    source = re.sub(r"\\(under|over)bracket\s*(?:\[[^\]]*\]\s*)+", r"\\\1bracket", source)
    source = re.sub(r"\\underparen(?![A-Za-z])", r"\\underset{\\smile}", source)
    source = re.sub(r"\\widecheck(?![A-Za-z])", r"\\check", source)
    source = replace_command(source, "fcolorbox", 3, lambda a: f"\\boxed{{\\colorbox{{{a[1]}}}{{{a[2]}}}}}")
    source = replace_command(source, "xlongequal", 1, lambda a: f"\\overset{{{a[0]}}}{{=}}")

    def color(m: re.Match[str]) -> str:
        name, model, value, group = m[1], m[2] or "", m[3], m[4] or ""
        if hexadecimal := re.fullmatch(r"#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})", value):
            digits = hexadecimal[1] if len(hexadecimal[1]) == 6 else "".join(2 * c for c in hexadecimal[1])
            model, value = "[HTML]", digits.upper()
        elif not model and not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*(?:![0-9]+(?:![A-Za-z]+)?)?", value):
            return group if name != "colorbox" else "\\boxed" + group
        # Elsewhere a colour holds for the group behind it, in LaTeX for all that follows.
        name = "textcolor" if group and name == "color" else name
        return f"\\{name}{model}{{{value}}}{group}" if group else f"\\{name}{model}{{{value}}} "

    return _COLOR.sub(color, source)


def colors(text: str) -> str:
    """Definitions of the colours that xcolor may not know: lower-case names of the web, and black for the rest."""
    names = {v for m in _COLOR.finditer(text) if not m[2] for v in m[3].split("!") if v.isalnum() and not v.isdigit()}
    return "".join(
        f"\\providecolor{{{n}}}{{HTML}}{{{WEB_COLORS.get(n.lower(), '000000')}}}\n"
        for n in sorted(names - _BASE_COLORS)
    )


def _tags(source: str, kind: str) -> str:
    """A tag that is not at the top of a display formula, where alone LaTeX takes it, as text behind the formula."""
    if "\\tag" not in source:
        return source
    outer = re.match(r"\\begin\s*\{(\w+)\*?\}", source)
    rows = bool(outer and outer[1] in _OUTER)
    found = list(re.finditer(r"\\tag(?![A-Za-z])", source))
    nested = any(_level(source[: m.start()]) > rows for m in found)
    if kind == "display" and not nested and (rows or len(found) == 1):
        return source
    source = re.sub(r"\\tag\*", r"\\tagstar", source)
    source = replace_command(source, "tagstar", 1, lambda a: f"\\qquad\\text{{{a[0]}}}")
    return replace_command(source, "tag", 1, lambda a: f"\\qquad\\text{{({a[0]})}}")


def _level(source: str) -> int:
    strays, opened = unmatched(source)
    return opened - strays + source.count("\\begin") - source.count("\\end")


def _characters(source: str) -> str:
    """A formula with its characters as LaTeX writes them: other signs in mathematics than in the text inside it."""
    out: list[str] = []
    modes = ["math"]  # of the formula and of each open group
    coming = ""  # the mode of a group that a command announces
    parts = re.split(f"({_NOT_SHOWN.pattern})", source)
    for n, part in enumerate(parts):
        if n % 2:
            out.append(part)
            continue
        for script, run in runs(part):
            if script:
                out.append(f"\\{script}{{{run}}}" if modes[-1] == "text" else f"\\text{{\\{script}{{{run}}}}}")
                coming = ""
                continue
            for token in tokens(run):
                in_text = modes[-1] == "text"
                if token == "{":
                    modes.append(coming or modes[-1])
                elif token == "}":
                    modes = modes[:-1] or ["math"]
                elif token == "$":
                    modes[-1] = "math" if in_text else "text"
                out.append(_sign(token, in_text and token not in "{}$"))
                if not token.isspace() and token != "*":
                    coming = "text" if token in _IN_TEXT else ""
    return "".join(out)


def _sign(token: str, in_text: bool) -> str:
    if not in_text:
        return token if token.isascii() else "".join(map(math_character, token))
    if token in ("_", "#", "&"):
        return "\\" + token
    if token == "^":
        return "\\textasciicircum{}"
    if token in _MATH_SIGNS:
        return f"\\ensuremath{{{token}}}"
    return token if token.isascii() else "".join(map(character, token))


def compiles(source: str) -> bool:
    """Whether TeX takes the formula: what is opened is closed, and every command is in a usual package."""
    if any(unmatched(source)):
        return False
    lefts: list[int] = [0]
    environments: list[str] = []
    for m in re.finditer(
        r"\\(begin|end)\s*\{([A-Za-z]+)\*?\}|\\(left|right)\b\s*(\\[A-Za-z]+|\\.|[()\[\]|./<>])?|\\([A-Za-z]+)|\\(.)|([$#&])|(\\)$",
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
            if m[5] == "middle" and not lefts[-1]:
                return False
            if m[5] in _RULED and not environments:
                return False
            if m[5] not in COMMANDS and m[5] not in FONTS and m[5] not in ("uchar", "ensuremath"):
                return False
        elif m[6] is not None:
            if m[6] not in ",;:!|{}$%&#_ \\>/'`\"^=.~-()[]" or m[6] in "()[]":
                return False
        elif m[7] == "&":
            if not environments:
                return False
        elif m[7] == "$":
            if not _in_text(source, m.start()):
                return False
        else:  # "#", or a backslash at the end
            return False
    if environments or len(lefts) != 1 or lefts[0] or not _have_arguments(source):
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
                at = max(argument.end(), group_end(source, argument.end() - 1))
            elif argument[2] and (argument[2][1:] in ("end", "right", "left", "begin") or _TAKING.match(argument[2])):
                return False
            else:
                at = argument.end()
    return True


def _in_text(source: str, at: int) -> bool:
    """Whether the dollar at ``at`` lies in a ``\\text{}``, where it may switch to mathematics, with its pair."""
    for m in _WORDS.finditer(source, 0, at):
        end = group_end(source, m.end() - 1)
        if at < end:
            return len(_DOLLAR.findall(source[m.end() : end])) % 2 == 0
    return False
