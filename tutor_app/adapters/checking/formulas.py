r"""Finds the chains inside a formula: cut at its top-level relations, line breaks, commas and arrows.

``a &= b \\ &= c`` is one chain; ``x = 2, y = 3`` are two. Each member is read by the reader of the grading, after units
in ``\text{...}``, currency signs and percent signs are taken out of it. Refuses what that reader does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tutor_app.adapters.checking.prose import Expression
from tutor_app.adapters.grading.latex_reader import Parser, check
from tutor_app.adapters.grading.lexer import clean, tokens
from tutor_app.adapters.grading.terms import (
    Based,
    Degrees,
    Group,
    Number,
    Quantity,
    Sum,
    Term,
    Unreadable,
    integer,
    symbols,
)

MAX_MEMBER: Final = 600
_PIECE: Final = re.compile(
    r"""(?P<env>\\(?:begin|end)\s*\{[a-zA-Z]+\*?\}(?:\{[lcr|]*\})?)
    |(?P<break>\\\\(?:\s*\[[^\]]*\])?|\\cr(?![a-zA-Z])|\\newline(?![a-zA-Z]))
    |(?P<arrow>\\(?:Rightarrow|implies|Longrightarrow|iff|Leftrightarrow|Longleftrightarrow|therefore|because|quad|qquad
        |rightarrow|to|longrightarrow|impliedby|Leftarrow|mapsto|hspace|tag|label)(?![a-zA-Z])|;)
    |(?P<words>\\(?:text|mbox|textrm|mathrm|textnormal|textbf|hbox|textit)\s*\{[^{}]*\})
    |(?P<left>\\(?:left|right)\s*(?:\\[{}|]|\\[a-zA-Z]+|.))
    |(?P<rel>\\(?:leq?|geq?|leqslant|geqslant|neq?|approx|lt|gt)(?![a-zA-Z])|[=<>≤≥≠~])
    |(?P<other>\\(?:in|notin|equiv|cong|sim|simeq|mid|nmid|parallel|perp|subset|subseteq|supset|propto|pmod|mod|bmod|to
        |not)(?![a-zA-Z])|\\mid)
    |(?P<cmd>\\[a-zA-Z]+|\\.)
    |(?P<open>[\[({])|(?P<close>[\])}])|(?P<comma>,)|(?P<amp>&)""",
    re.VERBOSE | re.DOTALL,
)
_RELATIONS: Final = {
    r"\le": "<=", r"\leq": "<=", r"\leqslant": "<=", "≤": "<=", r"\ge": ">=", r"\geq": ">=", r"\geqslant": ">=",
    "≥": ">=", r"\ne": "!=", r"\neq": "!=", "≠": "!=", r"\approx": "~", "~": "~", r"\lt": "<", r"\gt": ">",
    r"\equiv": "congruent", r"\pmod": "mod", r"\mod": "mod", r"\bmod": "mod",
}  # fmt: skip
_OPERATOR_NEXT: Final = re.compile(
    r"(?:\s|&|\{\}|\\q?quad|\\\\|\\[,;:! ]|\\phantom\{[^{}]*\})*(?:\+|\\(?:cdot|times|div)(?![a-zA-Z])|(?<=d)\s*-)"
)
_OPERATOR_LAST: Final = re.compile(r"(?:[-+*/]|\\(?:cdot|times|div))[\s&]*$")
_SEPARATORS: Final = frozenset(
    (
        "and", "or", "so", "if", "then", "when", "for", "thus", "therefore", "hence", "where", "but", "is", "are",
        "since", "because", "which", "gives", "we", "get", "implies",
    )
)  # fmt: skip
_MULTILINE: Final = frozenset(
    (
        "align", "aligned", "alignat", "alignedat", "eqnarray", "equation", "gather", "gathered", "multline", "split",
        "flalign",
    )
)  # fmt: skip
_ENVIRONMENT: Final = re.compile(r"\\(begin|end)\s*\{([a-zA-Z]+)\*?\}")
_WORDS: Final = re.compile(
    r"\\(?:text|mbox|textrm|mathrm|textnormal|textbf|hbox|textit)\s*\{([^{}]*)\}(?:\s*\^\s*\{?\d\}?)?"
)
_BOXED: Final = re.compile(r"\\(?:boxed|fbox)\s*(?=\{)")
_MONEY: Final = re.compile(r"\\?\$")
_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?)\s*\\?%")
_PERCENT_SIGN: Final = re.compile(r"\\?%")
_REPEATING: Final = re.compile(r"\.\d*\\overline\s*\{\d+\}")
_NAMED: Final = re.compile(
    r"\\(?:angle|triangle|overline|widehat|square|star|circ(?!\s*[}a-zA-Z=+\-]|\s*$)|sum|prod|int|lim)"
    r"|!!|\?|\\dots|\\ldots|\\cdots"
)
"""What the reader would take for a number, or cannot read."""
_POWERS: Final = re.compile(r"\^\s*(\d)\s+(?=\d)")
_EXPONENT: Final = re.compile(r"(?<=\d)e(?=[-+])")
"""The number e after a factor, which the reader would take for a power of ten."""
_LOG_BASE: Final = re.compile(r"(?<=log_)(\d{2,3})(?=\s*[({])")
"""The base of "log_10(x)" in plain typing."""
_DECIMAL_TIMES: Final = re.compile(r"(\d*\.\d+)\s*\((?=\d)")
_PLAIN_LOG: Final = re.compile(r"\\?(?<![a-zA-Z])log(?![a-zA-Z_])(?!\s*_)")
_SPELLINGS: Final = (
    (re.compile(r"\^\s*(\d)(?=\d)"), r"^{\1}"),
    (re.compile(r"(\d)\s*(?=\\[dt]?frac)"), r"\1\\cdot "),
    (re.compile(r"(\d+)\s*(\\[dt]?frac\s*(?:\{\d+\}\s*\{\d+\}|\d\s*\d))"), r"(\1+\2)"),
    (re.compile(r"(?:/|\\div)\s*(\d+\s*\\pi)"), r"/(\1)"),
    (re.compile(r"/\s*((?:\d+!\s*){2,})"), r"/(\1)"),
    (_PLAIN_LOG, r"\\log_{10}"),
)
_BARS: Final = re.compile(r"(?s)\\begin\{vmatrix\}(.*)\\end\{vmatrix\}")
_DET: Final = re.compile(
    r"(?s)\\(?:det|operatorname\{det\})\s*(?:\\left)?\(?\s*(\\begin\{[pb]matrix\}.*\\end\{[pb]matrix\})\s*(?:\\right)?\)?"
)
_LITERAL: Final = re.compile(r"\s*-?\s*[\d,.{}!\\ ]+\s*")


@dataclass(frozen=True, slots=True)
class FormulaPiece:
    """A member of a chain in a formula.

    Attributes:
        start: Its place in the formula.
        end: Where it ends.
        source: Its LaTeX.
        relation: The relation that stands before it, or empty where a chain begins.
        listed: A comma and no space stands before it: it may be one of a list.
    """

    start: int
    end: int
    source: str
    relation: str
    listed: bool = False


def pieces(source: str) -> Iterator[FormulaPiece]:
    """The members of all chains of a formula, in order; a chain begins at each that has no relation before it."""
    depth = 0
    cells: list[str] = []
    at, relation, fresh = 0, "", True
    previous: FormulaPiece | None = None

    def cut(end: int) -> FormulaPiece | None:
        start = at
        while start < end and (source[start].isspace() or source[start] in "&"):
            start += 1
        while end > start and (source[end - 1].isspace() or source[end - 1] in "&.,"):
            end -= 1
        listed = source[at - 1 : at] == "," and source[at : at + 1].isdigit()
        return FormulaPiece(start, end, source[start:end], relation, listed) if end > start else None

    for m in _PIECE.finditer(source):
        kind = m.lastgroup
        if kind == "env":
            begin, name = (_ENVIRONMENT.match(m[0]) or m).group(1, 2) if _ENVIRONMENT.match(m[0]) else ("", "")
            if name in _MULTILINE:
                if (piece := cut(m.start())) is not None:
                    yield piece
                at, relation = m.end(), ""
            elif begin == "begin":
                cells.append(name)
            elif cells:
                cells.pop()
            continue
        if cells:
            continue
        if kind in ("open", "close"):
            depth = max(0, depth + (1 if kind == "open" else -1))
            continue
        if kind == "left":
            depth = max(0, depth + (1 if m[0].startswith(r"\left") else -1))
            continue
        if depth or kind in ("cmd", "amp") or (kind in ("break", "arrow") and _goes_on(source, at, m)):
            continue
        if (
            kind == "comma"
            and re.match(r"\d{3}(?!\d)", source[m.end() :].lstrip("\\! "))
            and source[m.start() - 1 : m.start()].isdigit()
        ):
            continue
        if kind == "words" and not _separates(m[0]):
            continue
        piece = cut(m.start())
        if kind in ("rel", "other"):
            if piece is not None:
                yield piece
                previous = piece
            elif relation == "" and previous is not None and fresh and previous.relation != "mod":
                # "&= c" in a new line goes on with what the line before ended with.
                yield FormulaPiece(previous.start, previous.end, previous.source, "")
            at = m.end()
            relation = _RELATIONS.get(m[0], m[0][0] if m[0][0] in "=<>" else "?")
            fresh = False
            continue
        if piece is not None:
            yield piece
            previous = piece
        fresh = kind in ("break", "arrow", "words")
        at, relation = m.end(), ""
    if (piece := cut(len(source))) is not None:
        yield piece


def _goes_on(source: str, at: int, m: re.Match[str]) -> bool:
    """Whether a line break or space stands inside an expression: an operator is beside it."""
    if m.lastgroup == "arrow" and "quad" not in m[0]:
        return False
    return (
        _OPERATOR_NEXT.match(source, m.end()) is not None or _OPERATOR_LAST.search(source[at : m.start()]) is not None
    )


def _separates(words: str) -> bool:
    inner = words[words.index("{") + 1 : -1].lower()
    return not _SEPARATORS.isdisjoint(re.findall(r"[a-z]+", inner))


@lru_cache(maxsize=2048)
def value_of(source: str) -> Expression | None:
    """The meaning of one member, or None if it is not understood."""
    if len(source) > MAX_MEMBER or not source.strip():
        return None
    units: list[str] = []
    text = _BOXED.sub(" ", source)
    if (m := _WORDS.match(text.strip())) and m[0] == text.strip():
        return None

    def unit(m: re.Match[str]) -> str:
        units.extend(w.lower() for w in m[1].split())
        return " "

    text = _WORDS.sub(unit, text)
    if _MONEY.search(text):
        units.append("$")
        text = _MONEY.sub(" ", text)
    if _NAMED.search(_REPEATING.sub("", text)):
        return None
    if r"\ast" in text:
        units.append(r"\ast")
    percent = "%" in text
    if percent:
        units.append("%")
    found = [_read(_with_percent(text) if percent else text)]
    if found[0] is None:
        return None
    found += [_read(_PERCENT_SIGN.sub(" ", text))] if percent else []
    found += [_read(other) for other in _others(text)] if not percent else []
    if found[1:] and found[-1] is not None and _PLAIN_LOG.search(text) and not symbols(found[0]):
        found.insert(0, found.pop())  # of numbers rather to the base 10
    literal = _LITERAL.fullmatch(text) is not None and "!" not in text.replace("\\!", "")
    return Expression(
        found[0], 0, 0, 0, 0 if literal else 1, False, tuple(units), None, isinstance(found[0], Sum),
        tuple(t for t in found[1:] if t is not None and t != found[0]),
    )  # fmt: skip


def signs_of(source: str) -> tuple[Expression, Expression] | None:
    """The two values of a member with a plus-minus sign: with the upper signs, and with the lower ones."""
    if r"\pm" not in source and r"\mp" not in source:
        return None
    upper = value_of(_signed(source, "+", "-"))
    lower = value_of(_signed(source, "-", "+"))
    return (upper, lower) if upper is not None and lower is not None else None


def _signed(source: str, plus: str, minus: str) -> str:
    return re.sub(r"\\([pm])[mp](?![a-zA-Z])", lambda m: f" {plus if m[1] == 'p' else minus} ", source)


def matrices_of(source: str) -> Term | None:
    """A sum, product or power of matrices, which :func:`value_of` refuses; None if it is none."""
    if "matrix}" not in source or len(source) > 4 * MAX_MEMBER:
        return None
    try:
        return Parser(tokens(clean(_BOXED.sub(" ", source)))).whole()
    except (Unreadable, RecursionError, ValueError, ArithmeticError, IndexError):
        return None


def determinant_of(source: str) -> Term | None:
    r"""The matrix whose determinant a member is, written with bars or with ``\det``; None if it is none."""
    text = _BOXED.sub(" ", source).strip()
    if (m := _BARS.fullmatch(text)) is not None:
        return matrices_of(rf"\begin{{pmatrix}}{m[1]}\end{{pmatrix}}")
    if (m := _DET.fullmatch(text)) is not None:
        return matrices_of(m[1].strip())
    return None


def _with_percent(text: str) -> str:
    return re.sub(r"\)\s*\\?%", ")/100 ", _PERCENT.sub(r"(\1/100)", text))


def _others(text: str) -> Iterator[str]:
    """The same with what careless writers mean: "2^34" as 2^3 times 4, "3\\frac12" as a product, log to the base 10."""
    for pattern, new in _SPELLINGS:
        other = pattern.sub(new, text)
        if other != text:
            yield other


def _read(text: str) -> Term | None:
    try:
        text = _POWERS.sub(r"^{\1}\\cdot ", text)
        text = _LOG_BASE.sub(r"{\1}", text)
        cleaned = clean(_EXPONENT.sub(" e ", _DECIMAL_TIMES.sub(r"\1\\cdot(", text)))
        if "..." in cleaned or "dots" in cleaned:
            return None
        term = _plain(Parser(tokens(cleaned)).whole())
        check(term)
    except (Unreadable, RecursionError, ValueError, ArithmeticError, IndexError):
        return None
    return term


def _plain(term: Term) -> Term:
    """The value without what an answer may have around it: a unit, brackets, a number base."""
    match term:
        case Quantity(value, _):
            return _plain(value)
        case Based(digits, base) if "." not in digits:
            return integer(int(digits, base))
        case Group((value,), "[]" | "()"):
            return _plain(value)
        case Degrees(Number()):
            return term
        case _:
            return term
