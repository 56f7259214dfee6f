r"""Rewrites LaTeX that people and models really write into what ziamath can parse.

Pure text in, text out. :func:`attempts` yields the source after repairs that cannot change its meaning, then ever
bolder guesses for what is malformed; :func:`break_rows` and :func:`break_finer` cut a formula where a line may end.
Nothing here decides whether a formula works: :mod:`tutor_app.render.typeset` tries the candidates in turn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final

from tutor_app.text.clean import formula_text
from tutor_app.text.known_commands import expand
from tutor_app.text.scan import BRACKETS, ENVIRONMENTS, argument, group_end, levels, replace_command, unmatched
from tutor_app.text.words_in_formulas import named_words, plain_words, spaces_apart

_DIMENSION: Final = r"\[\s*-?[\d.]+\s*(?:pt|em|ex|mm|cm|in|mu|px|bp)?\s*\]"
_TEXT_COMMANDS: Final = ("text", "mbox", "hbox", "textrm", "textnormal", "textup", "textsf", "textsc", "intertext")
_SIZES: Final = re.compile(
    r"\\(?:large|Large|LARGE|huge|small|scriptsize|footnotesize|tiny|normalsize|bf|it|rm|sf|tt)(?![A-Za-z])\s*"
)
_NESTED: Final = {"textbf": "textbf", "textit": "textit", "emph": "textit"}
_STYLED_TEXT: Final = ("textbf", "textit", "emph", "texttt")
_QUOTATION: Final = re.compile(r"``(.*?)(?:\"|'')", re.DOTALL)
_CORNERS: Final = {"lceil": "\u2308", "rceil": "\u2309", "lfloor": "\u230a", "rfloor": "\u230b"}
_SIMPLE: Final[tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]] = (
    (re.compile(r"\\(?:label|require|usepackage|vspace\*?|hphantom|vphantom)\s*\{[^{}]*\}"), ""),
    (
        re.compile(
            r"\\(?:nonumber|notag|hfill|noindent|centering|allowbreak|nobreak|par|qedhere|strut|mathstrut|null)\b"
        ),
        "",
    ),
    (re.compile(r"\\cline\s*\{[^{}]*\}|\\(?:top|mid|bottom)rule\b"), ""),
    (re.compile(r"\\(?:(?:left|right|big|Big|bigg|Bigg)[lrm]?)(?=\s*\$)"), ""),
    (re.compile(r"\\(?:re)?newcommand\s*\{?\\[A-Za-z]+\}?\s*(?:\[\d\])?\s*\{[^{}]*\}"), ""),
    (
        re.compile(r"(\\(?:big|Big|bigg|Bigg)[lrm]?)\s*\\([lr])(ceil|floor)(?![A-Za-z])"),
        lambda m: m[1] + _CORNERS[m[2] + m[3]],
    ),
    (re.compile(r"\\arg(?![A-Za-z])"), r"\\operatorname{arg}"),
    (
        re.compile(r"\\cfrac(?![A-Za-z])\s*(?:\[[lrc]\])?"),
        r"\\dfrac",
    ),  # with the distances of one in a line, it touches its bar
    (re.compile(r"\\textdollar\b"), r"\\$"),
    (re.compile(r"\\textpercent\b"), r"\\%"),
    (re.compile(r"\\(?:qedsymbol|qed)\b"), r"\\blacksquare "),
    (re.compile(r"\\(?:degree|textdegree)\b|°"), r"^\\circ "),
    (re.compile(r"\^\s*\{?\s*\^\\circ\s*\}?"), r"^\\circ "),
    (re.compile(r"\\newline\b"), r"\\\\"),
    (re.compile(r"\\utilde(?![A-Za-z])"), r"\\underset{\\sim}"),
    (re.compile(r"\\url\s*\{[^{}]*\}"), ""),
    (re.compile(r"\\(?:displaylines|centerline|ensuremath|mathop\s*(?=\{\\))"), ""),
    (re.compile(r"\\(?:middle)\b"), r""),
    (re.compile(r"\\(?:leqslant)\b"), r"\\leq "),
    (re.compile(r"\\(?:geqslant)\b"), r"\\geq "),
    (  # two primes and a power are two powers to the converter
        re.compile(r"('{2,})\s*\^\s*(?:\{([^{}]*)\}|(\w|\\[A-Za-z]+))"),
        lambda m: "^{" + "\\prime " * len(m[1]) + (m[2] or m[3]) + "}",
    ),
    (re.compile(r"\\(?:lvert|rvert)\b"), "|"),
    (re.compile(r"\\(?:lVert|rVert)\b"), r"\\|"),
    (re.compile(r"\\(?:hdots|dotso|dotsi|dotsm)\b"), r"\\ldots "),
    (re.compile(r"\\implies\b"), r"\\;\\Longrightarrow\\;"),
    (re.compile(r"\\iff\b"), r"\\;\\Longleftrightarrow\\;"),
    (re.compile(r"\\(?:minus)\b"), "-"),
    (_QUOTATION, "\u201c\\1\u201d"),
    (re.compile(r"−"), "-"),
    (re.compile(r"’|′"), "'"),
    (re.compile(r"…"), r"\\ldots "),
    (re.compile(r"√\s*(?=[({\w])"), r"\\sqrt "),
)
_PLACE: Final = "\ue000"  # where a text or a number may be cut; no source has it
_BINARY: Final = (
    "+",
    "-",
    "\\pm",
    "\\mp",
    "\\times",
    "\\cdot",
    "\\div",
    "\\cup",
    "\\cap",
    "\\land",
    "\\lor",
    "\\wedge",
    "\\vee",
)
_ENVIRONMENT_ALIASES: Final = {
    "tabular": "array", "dcases": "cases",
    "multline": "gather*", "gathered": "gather*", "gather": "gather*", "align": "align*", "flalign": "align*",
    "split": "align*", "aligned": "align*", "alignedat": "align*", "alignat": "align*", "eqnarray": "align*",
}  # fmt: skip
_RELATIONS: Final = (
    "=", "<", ">", "\\le", "\\leq", "\\ge", "\\geq", "\\ne", "\\neq", "\\approx", "\\equiv", "\\sim", "\\cong",
    "\\implies", "\\Rightarrow", "\\Longrightarrow", "\\Leftrightarrow", "\\iff", "\\to", "\\rightarrow", "\\quad",
    "\\qquad", "\\longrightarrow", "\\in", "\\subset", "\\subseteq", "\\propto", "\\mid",
)  # fmt: skip


def attempts(source: str) -> Iterator[str]:
    """Candidates for ``source``, the most faithful first; duplicates are left out."""
    seen: set[str] = set()
    candidate = source
    for step in (_faithful, _balance, _unsized, _without_strays):
        candidate = step(candidate)
        if candidate.strip() and candidate not in seen:
            seen.add(candidate)
            yield candidate


def break_rows(source: str) -> list[list[str]]:
    r"""Cut a formula before its top-level relations, an aligned one also into its rows (``&`` dropped).

    Returns:
        The rows, each as its pieces in order; one row of one piece if there is no place to cut.
    """
    m = re.fullmatch(
        r"\s*\\begin\{(align|aligned|gather|gathered|split|eqnarray|multline)(\*?)\}(.*)\\end\{\1\2\}\s*",
        source,
        re.DOTALL,
    )
    if m:
        rows = [re.sub(_DIMENSION, "", r, count=1).replace("&", " ").strip() for r in _rows(m[3])]
        return [_cut(r, _is_before_relation) for r in rows if r]
    if re.match(r"\s*\\begin\{(?:align|alignat|eqnarray|array)", source):
        return [[source]]
    return [_cut(source, _is_before_relation)]


def break_finer(piece: str) -> list[str]:
    """Cut a piece between its terms, factors and matrices, after its commas, in its text and in very long numbers."""
    piece = re.sub(r"\d{30,}", lambda m: re.sub(r"(?<=\d)(?=(?:\d{15})+$)", _PLACE, m[0]), piece)
    piece = re.sub(
        r"\\text\s*\{([^{}$\\]{30,})\}",
        lambda m: _PLACE.join(f"\\text{{{word}}}" for word in re.findall(r"\s*\S+\s*$|\s*\S+\s*", m[1])),
        piece,
    )
    return _cut(piece, _is_between_terms)


def _cut(source: str, is_place: Callable[[str, str, str], bool]) -> list[str]:
    """Cut ``source`` at top level before tokens for which ``is_place(current, previous token, token)``."""
    pieces: list[str] = []
    current = previous = ""
    for token, _, depth in levels(source, pairs=BRACKETS):
        if depth == 0 and current.strip() and is_place(current, previous, token):
            pieces.append(current)
            # Without something before it, a plus or minus would be taken for a sign.
            current = "{}" if token in _BINARY else ""
        current += token.strip(_PLACE)
        if not token.isspace():
            previous = token
    pieces.append(current)
    return [p for p in pieces if p.strip() not in ("", "{}")]


def _is_before_relation(current: str, previous: str, token: str) -> bool:
    return token in _RELATIONS and previous not in ("\\not", "^", "_")


def _is_between_terms(current: str, previous: str, token: str) -> bool:
    if token in _BINARY:
        return previous not in _RELATIONS and previous not in ("^", "_", "(", "[", ",", *_BINARY)
    if token == "\\left":
        return "\\right" in current[-10:]
    return token in ("\\begin", _PLACE) or previous == "," or (token in ("(", "[") and previous in (")", "]"))


@dataclass(frozen=True, slots=True)
class Rules:
    """The lines of one array, and the style of its cells.

    Attributes:
        columns: Number of rules at each edge of its columns, the left end first.
        rows: At each edge of its rows, the top first: a count of rules, or the columns (from 1) a rule spans, as
            ``1-2,4-4``.
        display: Whether its cells are set as formulas on a line of their own, as in ``dcases``.
        close: Between which columns there is no gap (0: the first and the second); -1 is between all.
    """

    columns: tuple[int, ...] = ()
    rows: tuple[str, ...] = ()
    display: bool = False
    close: tuple[int, ...] = ()


def table_rules(source: str) -> list[Rules]:
    r"""The lines of every table of ``source``, in the order in which the tables begin.

    Tables that are no arrays (matrices, cases, alignments, ``\substack``) are in the list without lines, so that it
    can be matched with the tables of a converted formula.
    """
    tables = []
    for m in re.finditer(r"\\begin\s*\{([A-Za-z]+)\*?\}|\\substack(?![A-Za-z])", source):
        if m[1] in ("array", "darray", "tabular"):
            tables.append(replace(_array_rules(source, m.end()), display=m[1] == "darray"))
        elif m[1] not in ("equation", "displaymath", "math", "center"):
            close = (-1,) if m[1] in ("alignat", "alignedat") else ()
            tables.append(Rules(display=m[1] in ("dcases", "drcases"), close=close))
    return tables


def _array_rules(source: str, at: int) -> Rules:
    if placed := re.compile(r"\s*\[[tbc]\]").match(source, at):
        at = placed.end()
    spec, at = argument(source, at)
    columns = [0]
    parts = re.split(r"@\s*\{(?:[^{}]|\{[^{}]*\})*\}", spec)
    before = [len(_column_letters("".join(parts[:k])).replace("|", "")) - 1 for k in range(1, len(parts))]
    for c in _column_letters(spec):
        if c == "|":
            columns[-1] += 1
        else:
            columns.append(0)
    rows = ["0"]
    fresh = True  # no cell of this row yet: a rule belongs to the row's upper edge
    rest = levels(re.sub(r"\\\\\s*(?:\*|" + _DIMENSION + ")", r"\\\\", source[at:]), pairs=ENVIRONMENTS)
    for token, _, depth in rest:
        if depth == 0 and token in ENVIRONMENTS[1]:
            break
        if depth or token.isspace():
            continue
        if token == "\\\\":
            rows.append("0")
            fresh = True
        elif token in ("\\hline", "\\hdashline", "\\toprule", "\\midrule", "\\bottomrule") and fresh:
            rows[-1] = "2" if rows[-1] == "1" else "1"
        elif token == "\\cline" and fresh:
            span = "".join(t for t, _, _ in takewhile(lambda found: found[0] != "}", rest)).strip("{ ")
            if re.fullmatch(r"\d{1,2}-\d{1,2}", span):
                rows[-1] = span if rows[-1].isdigit() else f"{rows[-1]},{span}"
        else:
            fresh = False
    return Rules(tuple(columns), tuple(rows), close=tuple(k for k in before if 0 <= k < len(columns) - 2))


# -- repairs that keep the meaning -----------------------------------------------------------------------------


def _faithful(source: str) -> str:
    s = formula_text(source)
    s = re.sub(r"(?<!\\)%[^\S\n]*\n", " ", s)
    s = re.sub(r"(?<!\\)((?:\\\\)*)%", r"\1\\%", s)
    s = _tags_last(s)
    s = replace_command(re.sub(r"\\tag\s*\*", r"\\tagstar", s), "tagstar", 1, lambda a: f"\\qquad\\text{{{a[0]}}}")
    s = replace_command(s, "tag", 1, lambda a: f"\\qquad\\text{{({a[0]})}}")
    s = _texts(expand(named_words(s)))
    for pattern, replacement in _SIMPLE:
        s = pattern.sub(replacement, s)
    s = re.sub(r"\\(begin|end)\s+\{", r"\\\1{", s)
    s = _environments(s)
    s = _commands(s)
    s = re.sub(r"\\\\\s*" + _DIMENSION, r"\\\\ ", s)
    s = re.sub(r"(\\\\|\\begin\{(?:align|gather)\*\})\s*(?=[\[*])", r"\1{} ", s)
    s = _group_powers(s)
    s = _part_bars(s)
    return re.sub(r"(\\\\|\\hline|\s)+(?=\\end\{(?:align\*|gather\*|array|cases|[A-Za-z]?matrix)\})", " ", s).strip()


def _tags_last(s: str) -> str:
    r"""A ``\tag`` at the end of its row, wherever it is written in it."""
    at = 0
    while m := re.compile(r"\\tag\s*\*?\s*(?=\{)").search(s, at):
        close = group_end(s, m.end())
        if close < 0:
            return s
        rest = s[close:]
        ends = (i for t, i, depth in levels(rest, pairs=ENVIRONMENTS) if not depth and t in ("\\\\", "\\end", "}"))
        end = close + next(ends, len(rest))
        s = s[: m.start()] + s[close:end].rstrip() + s[m.start() : close] + s[end:]
        at = end
    return s


def _texts(s: str) -> str:
    """Normalise ``\\text{}`` and its kin; formulas and XML's special characters inside are taken out of them."""

    def run(command: str, words: str) -> str:
        out = ""
        for piece in re.split(r"([<>]|\\?&|\\[$%#_{}])", words):
            if re.fullmatch(r"[<>]|\\?&|\\[$%#_{}]", piece):
                out += "\\&" if piece.endswith("&") else piece
            elif piece:
                before, piece, after = spaces_apart(piece)
                piece = re.sub(r"\\(?:,|;|:|!|\\| )|~", " ", piece)
                piece = _QUOTATION.sub("\u201c\\1\u201d", piece).replace("`", "\u2018")
                out += f"{before}\\{command}{{{piece}}}{after}"
        return out

    def text(command: str, body: str) -> str:
        out = ""
        body = plain_words(body)
        for i, part in enumerate(re.split(r"(?<!\\)\$", body)):
            if i % 2:
                out += "{" + part + "}"
                continue
            # A style inside a text is a text of its own, between those of its neighbours.
            chunks = re.split(r"\\(textbf|textit|emph|text|textrm|mbox)\s*\{([^{}]*)\}", _SIZES.sub("", part))
            for j in range(0, len(chunks), 3):
                out += run(command, chunks[j])
                if j + 2 < len(chunks):
                    out += run(_NESTED.get(chunks[j + 1], command), chunks[j + 2])
        return out

    for name in (*_TEXT_COMMANDS, *_STYLED_TEXT):
        keep = "text" if name in _TEXT_COMMANDS else {"emph": "textit"}.get(name, name)
        s = replace_command(s, name, 1, lambda a, keep=keep: text(keep, a[0]))  # type: ignore[misc]
    return s


def _commands(s: str) -> str:
    for name, style in (("binom", ""), ("dbinom", "\\displaystyle "), ("tbinom", "\\textstyle ")):
        s = replace_command(
            s,
            name,
            2,
            lambda a, style=style: f"{{{style}\\left({{ {{{a[0]}}} \\atop {{{a[1]}}} }}\\right)}}",  # type: ignore[misc]
        )
    # The converter takes what is in a coloured box for words; :func:`~.math_spacing.name_signs` makes it a ground.
    s = replace_command(s, "colorbox", 2, lambda a: f"\\textcolor{{ground:{a[0]}}}{{{a[1]}}}")
    s = replace_command(
        s, "fcolorbox", 3, lambda a: f"\\textcolor{{{a[0]}}}{{\\boxed{{\\textcolor{{ground:{a[1]}}}{{{a[2]}}}}}}}"
    )
    s = replace_command(s, "cancelto", 2, lambda a: f"{{\\cancel{{{a[1]}}}}}^{{{a[0]}}}")
    s = replace_command(s, "multicolumn", 3, _spread)
    for name in ("stackrel", "overset", "underset"):  # ziamath stumbles over an empty argument
        s = replace_command(
            s,
            name,
            2,
            lambda a, name=name: f"\\{name}{{{a[0] or '~'}}}{{{a[1] or '~'}}}",  # type: ignore[misc]
        )
    s = re.sub(
        r"\\(?:mathtt|texttt)\s*\{([A-Za-z]+)\}", r"\\mathrm{\1}", s
    )  # the fonts of formulas have no typewriter's
    for name in ("mathbb", "Bbb"):  # several letters would be set in italics
        s = replace_command(s, name, 1, lambda a: "".join(f"\\mathbb{{{c}}}" for c in a[0]) if a[0].isalnum() else a[0])
    return replace_command(
        s, "genfrac", 6, lambda a: f"\\left{a[0] or '.'} {{{a[4]} \\atop {a[5]}}} \\right{a[1] or '.'}"
    )


def _spread(arguments: list[str]) -> str:
    r"""A ``\multicolumn`` in the one of its cells where it begins or, set to the right, ends."""
    count = int(arguments[0]) if re.fullmatch(r"\d{1,2}", arguments[0]) else 1
    rest = "&" * (count - 1)
    return rest + arguments[2] if "r" in arguments[1] else arguments[2] + rest


def _environments(s: str) -> str:
    def rename(m: re.Match[str]) -> str:
        name = _ENVIRONMENT_ALIASES.get(m[2], m[2] + m[3])
        if m[2] in ("equation", "displaymath", "math", "center"):
            return ""
        return f"\\{m[1]}{{{name}}}"

    if "\\begin" not in s:
        return s
    s = re.sub(r"\\begin\s*\{(alignat|alignedat)(\*?)\}\s*\{\d*\}", r"\\begin{align*}", s)
    for name, bar in (("vmatrix", "|"), ("Vmatrix", "\\|")):  # ziamath draws neither's bars
        s = s.replace(f"\\begin{{{name}}}", f"\\left{bar}\\begin{{matrix}}")
        s = s.replace(f"\\end{{{name}}}", f"\\end{{matrix}}\\right{bar}")
    if "eqnarray" in s:
        s = re.sub(r"&\s*(=|<|>|\\[lg]eq?|\\approx|\\equiv|\\Rightarrow|\\implies)\s*&", r"&\1", s)
    s = re.sub(r"\\(begin|end)\s*\{([A-Za-z]+)(\*?)\}", rename, s)
    return _columns(s)


def _columns(s: str) -> str:
    """Give every array a column specification of l, c, r and | only."""
    out, at = "", 0
    for m in re.finditer(r"\\begin\{array\}\s*(?:\[[tbc]\])?\s*", s):
        if m.start() < at:
            continue
        out += s[at : m.start()] + "\\begin{array}"
        at = m.end()
        spec, end = argument(s, at) if s[at : at + 1] == "{" else ("", at)
        spec = re.sub(r"\|+", "|", _column_letters(spec))
        body_end = s.find("\\end{array}", end)
        rows = s[end : body_end if body_end >= 0 else len(s)].split("\\\\")
        wide = max((len(re.findall(r"(?<!\\)&", r)) for r in rows), default=0) + 1
        spec += (spec.strip("|")[-1:] or "c") * max(0, wide - len(spec.replace("|", "")))
        out += "{" + spec + "}"
        at = end
    return out + s[at:]


def _part_bars(s: str) -> str:
    r"""Part the two bars of ``|a||b|``, which ziamath takes for one double bar; ``||v||`` stays."""
    if "||" not in s:
        return s
    out, opened = "", False
    for token in re.findall(r"\\[A-Za-z]+|\\.|\|\||[^\\]", s, re.DOTALL):
        if token == "||" and opened:
            token = "|{}|"
        elif token == "|":
            opened = not opened
        out += token
    return out


def _column_letters(spec: str) -> str:
    """A column specification reduced to l, c, r and |."""
    spec = re.sub(r"\*\s*\{(\d{1,2})\}\s*\{([^{}]*)\}", lambda r: r[2] * int(r[1]), spec)
    spec = re.sub(r"[@!><]\s*\{(?:[^{}]|\{[^{}]*\})*\}", "", spec)
    spec = re.sub(r"[pmb]\s*\{[^{}]*\}", "l", spec)
    return "".join(c for c in spec if c in "lcr|")


def _group_powers(s: str) -> str:
    """Brace an environment that carries a power or an index; ziamath takes them for the last cell's."""
    at = 0
    while m := re.compile(r"\\end\{([A-Za-z]+\*?)\}(?=\s*[\^_'])").search(s, at):
        start, begins = -1, []
        for t in re.finditer(r"\\(begin|end)\{" + re.escape(m[1]) + r"\}", s[: m.end()]):
            if t[1] == "begin":
                begins.append(t.start())
            else:
                start = begins.pop() if begins else -1
        if start < 0:
            return s
        s = s[:start] + "{" + s[start : m.end()] + "}" + s[m.end() :]
        at = m.end() + 2
    return s


# -- guesses ----------------------------------------------------------------------------------------------------


def _balance(s: str) -> str:
    """Close what is open, open what is closed, part doubled powers."""
    strays, opened = unmatched(s)
    s = "{" * strays + s + "}" * opened
    left, right = len(re.findall(r"\\left\b", s)), len(re.findall(r"\\right\b", s))
    if left > right:
        s += "\\right." * (left - right)
    elif right > left:
        s = "\\left." * (right - left) + s
    s = re.sub(r"([\^_])\s*(\w|\{[^{}]*\})\s*\1\s*(\w|\{[^{}]*\})", r"\1{\2\1{\3}}", s)  # a tower, as it is typed
    return re.sub(r"([\^_](?:\{[^{}]*\}|\w))\s*(?=[\^_])", lambda m: m[0] if m[1][0] != s[m.end()] else m[1] + "{}", s)


def _unsized(s: str) -> str:
    r"""Drop ``\left`` and ``\right``, which break when their partner is in another cell or row."""
    s = re.sub(r"\\(?:left|right)\s*\.", "", s)
    s = re.sub(r"\\(?:left|right)\b\s*", "", s)
    return re.sub(r"\\(?:limits|nolimits|displaystyle|textstyle|scriptstyle)\b", "", s)


def _without_strays(s: str) -> str:
    """Drop alignment marks outside any environment, dollars, and commands left without their argument."""
    if "\\begin" not in s:
        s = re.sub(r"(?<!\\)&", " ", s)
    s = re.sub(r"(?<!\\)\$", "", s)
    s = re.sub(r"\\(?:sqrt|frac|dfrac|tfrac|text|boxed)\s*$", "", s)
    return re.sub(r"[\^_]\s*$", "", s)


# -- reading LaTeX ----------------------------------------------------------------------------------------------


def _rows(s: str) -> list[str]:
    parts = [""]
    for token, _, depth in levels(s, pairs=ENVIRONMENTS):
        if depth == 0 and token == "\\\\":
            parts.append("")
        else:
            parts[-1] += token
    return parts
