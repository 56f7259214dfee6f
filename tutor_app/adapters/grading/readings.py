"""Every way to understand an answer: as LaTeX, as what Python or SymPy prints, as words, with a unit.

Here are the readings that are a matter of the whole text; the grammars are in the two readers. Nothing is evaluated,
and nothing is guessed: a text that no reader understands to its end has no reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Final

from tutor_app.adapters.grading.algebra import same
from tutor_app.adapters.grading.latex_atoms import number
from tutor_app.adapters.grading.latex_reader import Parser, check
from tutor_app.adapters.grading.lexer import clean, plain_words, tokens
from tutor_app.adapters.grading.logic import proposition
from tutor_app.adapters.grading.phrases import clock, in_words, remainder
from tutor_app.adapters.grading.python_reader import as_matrix, read_python
from tutor_app.adapters.grading.residues import INTEGER_PARAMETER
from tutor_app.adapters.grading.terms import (
    INFINITY,
    ONE,
    Based,
    Group,
    Matrix,
    Quantity,
    Ratio,
    Relation,
    Symbol,
    Term,
    Union,
    Unreadable,
    Words,
    integer,
    negative,
    product,
    quotient,
    substituted,
    total,
)
from tutor_app.adapters.grading.units import SCALES

_SIMPLE: Final = re.compile(
    r"(-?)(?:(\d{1,300}(?:\.\d{1,300})?)(?:/(\d{1,300}))?|\\[dt]?frac\{(\d{1,300})\}\{(\d{1,300})\})"
)
MAX_PRINTED: Final = 1_000
"""Characters of an array as NumPy prints it."""
_WORDS: Final = re.compile(r"[\w\s.,:;()'\-&]*[A-Za-z][\w\s.,:;()'\-&]*")
_WORDY: Final = re.compile(r"(?<![A-Za-z\d])[A-Za-z]{2}|\d\s?[ap]\.?\s?m\b")
_LETTERS: Final = re.compile(r"\(?[A-Za-z][).:]?(?:\s.*)?|[A-Z](?:(?:[\s,;&]|\band\b)+[A-Z])+")
_TEXT_ONLY: Final = re.compile(r"\(?\s*\\(?:text|mbox|textbf|textit|textrm|mathrm|mathbf)\s*\{([^{}]*)\}\s*\)?")
_SMALL_UNIT: Final = re.compile(
    r"(.*\d)(?:\s+([mgshlLVNJWACFK](?:\^\{?[23]\}?)?)|(?<=\d)(p)$|\s*([a-z]{1,3}(?:\^\{?[23]\}?)?\s*/\s*[a-z]{1,4}(?:\^\{?[23]\}?)?))"
)
_SET_BUILDER: Final = re.compile(
    r"\\?\{\s*[A-Za-z]\s*(?:\\in\s*\\mathbb\s*\{?R\}?\s*)?(?:\||:|\\mid|\\vert)\s*(.+?)\s*\\?\}"
)
_EVERY: Final = re.compile(
    r"\\?\{\s*([^{}|:]+?)\s*(?:\||:|\\mid|\\vert)\s*([kmnljt]\s*\\in\s*\\mathbb\s*\{?Z\}?)\s*\\?\}"
)
_ORDER: Final = re.compile(r"[<>]|\\(?:le|ge|lt|gt|ne)q?(?![a-z])|!=|\\in(?![a-z])")
_TEXT: Final = re.compile(r"\\(?:text|mbox|textbf|textit|textrm|mathrm|mathbf|textnormal)\s*\{([^{}]*)\}")
_EXCEPT: Final = re.compile(
    r"(?:the\s+)?(?:set\s+of\s+)?all\s+(?:the\s+)?real(?:s|\s+numbers|\s+[a-z])?\s+(?:except|but|other\s+than|excluding|not\s+equal\s+to)"
    r"\s+(?:for\s+)?(?:[a-z]\s*=\s*)?(.+)",
    re.IGNORECASE,
)
_NONZERO: Final = re.compile(r"(?:all\s+)?non-?\s?zero\s+real(?:s|\s+numbers)?", re.IGNORECASE)
_REALS_WHERE: Final = re.compile(
    r"all\s+real(?:s|\s+numbers)?(?:\s+[a-z])?\s+(?:such\s+that|with|where)\s+(.+)", re.IGNORECASE
)
_REALS_ORDER: Final = re.compile(
    r"(?:the\s+set\s+of\s+)?all\s+(?:the\s+)?(?:real\s+)?(?:reals|numbers|values\s+of\s+[a-z]|[a-z])\s*(?:that\s+are\s+)?"
    r"([<>]|\\[gl]e)\s*(.+)",
    re.IGNORECASE,
)
_POINT: Final = re.compile(
    r"(?:(?:the\s+)?(?:points?|vertex|vertices|cent(?:er|re)|coordinates|origin|intersection)\s*(?:is|are|at)?\s*:?\s*)?"
    r"(?:[A-Z]\s*=?\s*)?(\(.*,.*\))"
)
_TRANSPOSED: Final = re.compile(
    r"(.*[\])}])\s*\^\s*(?:\{\s*)?(?:\\(?:mathrm|text|mathsf|mathbf|mathit|rm)\s*\{?\s*T\s*\}?|\\(?:top|intercal|prime)|T|t)(?:\s*\})?",
    re.DOTALL,
)
_ROW_WITH_SPACES: Final = re.compile(
    r"([\[(]\s*-?[\w./]+(?:(?:\s|\\[ ,;:]|~|\\q?quad(?![A-Za-z]))+-?[\w./]+)+\s*[\])])\s*(?=\^)"
)
_GAP: Final = re.compile(r"(?<=[\w./])(?:\s|\\[ ,;:]|~|\\q?quad(?![A-Za-z]))+(?=[-\w])")
_BASIS: Final = re.compile(
    r"\\(?:mathbf|hat|vec|boldsymbol|bm|overrightarrow|widehat|overline|bar)\s*(?:\{\s*(?:\\(?:mathbf|hat|boldsymbol|bm)\s*)?"
    r"\{?\s*\\?([ijk])(?:math)?\s*\}?\s*\}|\\?([ijk])(?:math)?(?![A-Za-z]))"
)
_PLAIN_BASIS: Final = re.compile(r"[-+\s\d./()*]*[-+\s\d./()*ijk]*")
_WHERE_INTEGER: Final = re.compile(
    r"\s*(?:[,;(]|\\text\s*\{\s*,?\s*(?:where|for|with|and)?\s*\}|\b(?:where|for|with)\b|\s)+\s*(?:\(|for\s+|where\s+|any\s+)*"
    r"(?:\$)?([kmnljt])\s*(?:\$)?\s*(?:\\in\s*\\mathbb\s*\{?[ZN]\}?|\\in\s*Z|(?:\\text\s*\{)?\s*(?:is\s+)?(?:an?\s+|any\s+)?integers?\s*\}?"
    r"|=\s*0\s*,\s*(?:\\pm\s*)?1\b.*)\s*\)?\s*$"
)
_ANY_INTEGER: Final = re.compile(
    r"\s*(?:,|\()?\s*(?:\\text\s*\{)?\s*,?\s*(?:where|for|with)?\s*(?:any|all|every|an|each|some)?\s+integers?\s*\}?\s*(?:values\s+of\s+)?\$?([kmnljt])\$?\s*\)?\s*$"
)
_EITHER_LETTER: Final = re.compile(r"\(?[A-Z]\)?(?:\s+or\s+\(?[A-Z]\)?)+")
_LETTER_OR_DATE: Final = re.compile(r"[A-Za-z'\"]|^\d{4}-\d\d-\d\d$")
_PERMUTATIONS: Final = re.compile(r"P\s*\(\s*(\d{1,4})\s*,\s*(\d{1,4})\s*\)")
_TUPLE: Final = re.compile(r"\(([^(),]+(?:,[^(),]+)+)\)")
_COMBINED_TUPLES: Final = re.compile(
    r"(?:^|[-+(\s])(?:[-\d./a-eijk-oq-z]|\\frac|\\sqrt|[{}])+\s*(?:\\cdot\s*)?\([^(),]+,|\)\s*[-+]"
)
_ROWS_WITH_SPACES: Final = re.compile(r"\[((?:\s*-?[\d./]+)+(?:\s*;(?:\s*-?[\d./]+)+)+)\s*\]")
_COMMA_PAIR: Final = re.compile(r"\d,\d")
_LONE_COMMA: Final = re.compile(r"(?<![\d.,])(\d+),(\d{1,2}|\d{4,}|(?<=0,)\d{3})(?![\d.,])")
_PLUS_MINUS_INSIDE: Final = re.compile(r"(?<=[\w)}])\s*\+-\s*(?=[\w\\(])")
NO_SOLUTION: Final = re.compile(
    r"(?:there\s+(?:is|are)\s+)?no\s+(?:real\s+)?(?:solutions?|roots?)|(?:the\s+)?(?:empty|null)\s*set|none",
    re.IGNORECASE,
)
_TO_RATIO: Final = re.compile(r"(\d+(?:\.\d+)?)\s+to\s+(\d+(?:\.\d+)?)")
_OUT_OF: Final = re.compile(r"(\d+)\s+(?:out\s+of|in)\s+(?:every\s+)?(\d+)")
_AND_FRACTION: Final = re.compile(r"(\d+)\s+and\s+(\d+)\s*/\s*(\d+)")
_LETTERED: Final = re.compile(r"\\(?:text|textbf|mathrm|mathbf)\s*\{\s*\(([A-Z])\)\s*\}\s*\S.*")
_BARE_DIGITS: Final = re.compile(r"(?=.*\d)(?=.*[A-Fa-f])[0-9A-Fa-f]{2,20}")
_QUOTED: Final = re.compile(r"(['\"])(.*)\1", re.DOTALL)
_NUMPY: Final = re.compile(r"\[[\[\]\d\s.+\-e]*\d\.?\s+[\[\]\d\s.+\-e]*\]")
_MODULES: Final = re.compile(r"\b(?:np|numpy|math|cmath|sympy|sp)\.(?=[A-Za-z])")
_THOUSANDS: Final = re.compile(r"\d,\d{3}")
_SEPARATED: Final = re.compile(r",\s")
"""In brackets a comma separates, unless others do it visibly: "(1,000, 2,000)", but not "(-36,104)"."""


@lru_cache(maxsize=256)
def readings(text: str) -> tuple[Term, ...]:
    """Every way to understand an answer, the likeliest first; empty if there is none."""
    if (m := _SIMPLE.fullmatch(text)) and (plain_number := _simple(m)) is not None:
        return (plain_number,)
    try:
        cleaned = clean(text)
    except Unreadable:
        return ()
    only = _only_reading(cleaned)
    return only if only is not None else _as_formula(cleaned)


class _Found:
    """The readings so far, in order and each once."""

    def __init__(self) -> None:
        self.terms: list[Term] = []

    def attempt(self, read: Callable[[], Term]) -> None:
        """Add what a reader makes of the text, if it understands it."""
        try:
            term = read()
            check(term)
        except (Unreadable, RecursionError):
            return
        if term not in self.terms:
            self.terms.append(term)

    def whole(self, text: str) -> None:
        """Add what the text is as a formula, if it is one."""
        self.attempt(partial(_whole, text))


def _only_reading(cleaned: str) -> tuple[Term, ...] | None:
    """The readings of what is no formula and can be nothing else: words, a time, a statement; None for all others."""
    if "\\" in cleaned and (m := _TEXT_ONLY.fullmatch(cleaned)) and not _BASIS.fullmatch(cleaned):
        return _as_marked_words(plain_words(m[1]))
    if (time := clock(cleaned)) is not None and not _BARE_DIGITS.fullmatch(cleaned):
        return (time, Words(plain_words(cleaned))) if time.half else (time,)
    if " or " in cleaned and _EITHER_LETTER.fullmatch(cleaned):
        return (Words(plain_words(cleaned), marked=True),)
    if (divided := remainder(_without_text(cleaned))) is not None:
        return (divided,)
    if (statement := proposition(cleaned)) is not None:
        return (statement,)
    return None


def _without_text(cleaned: str) -> str:
    """The words of an answer, those of ``\\text{...}`` among them."""
    return plain_words(_TEXT.sub(r" \1 ", cleaned)).replace(r"\$", "$")


def _as_marked_words(plain: str) -> tuple[Term, ...]:
    """The readings of an answer that is one ``\\text{...}``."""
    found = _Found()
    found.whole(plain)
    if clock(plain):
        found.terms = [term for term in found.terms if not isinstance(term, Ratio)]
    found.terms.extend(in_words(plain))
    for other in _also(plain):
        found.whole(other)
    if plain == "R":
        found.terms.append(Group((negative(INFINITY), INFINITY), "()"))
    found.terms.append(Words(plain, marked=True))
    return tuple(found.terms)


def _as_formula(cleaned: str) -> tuple[Term, ...]:
    """The readings of an answer that may be a formula: as LaTeX, as printed, as words, with a unit."""
    plain = _without_text(cleaned)
    if "{" in cleaned and (m := _EVERY.fullmatch(cleaned)):
        cleaned = f"{m[1]}, {m[2]}"
    if "{" in cleaned and (m := _SET_BUILDER.fullmatch(cleaned)) and _ORDER.search(m[1]):
        cleaned = m[1]
    cleaned, parameter = _stated_integer(cleaned)
    found = _Found()
    found.whole(cleaned)
    if not found.terms and (r"\pm" in cleaned or r"\mp" in cleaned):
        found.attempt(lambda: Parser(tokens(cleaned), signs_inside=False).whole())
    if "\\" not in cleaned:
        _as_printed(cleaned, found)
    if "\\" not in plain and _LETTER_OR_DATE.search(plain):
        found.terms.extend(term for term in in_words(plain) if term not in found.terms)
        for other in _also(plain):
            found.whole(other)
    if m := _REALS_ORDER.fullmatch(plain):
        found.whole(f"x{m[1]} {m[2]}")
    for read in _special(cleaned):
        found.attempt(read)
    if _THOUSANDS.search(cleaned) and _SEPARATED.search(cleaned) and any(bracket in cleaned for bracket in "(["):
        found.attempt(lambda: Parser(tokens(cleaned, thousands_in_brackets=True)).whole())
    if m := _SMALL_UNIT.fullmatch(cleaned):
        found.attempt(partial(_with_unit, m[1], m[2] or m[3] or m[4]))
    if m := _LETTERED.fullmatch(cleaned):
        found.terms.append(Words(f"({m[1]}) and so on", marked=True))
    # "3 million" may be 3, of millions, or the number.
    scaled = [term for term in found.terms if isinstance(term, Quantity) and term.unit in SCALES]
    terms = (*found.terms, *(product(integer(SCALES[term.unit]), term.value) for term in scaled))
    return tuple(_renamed(term, parameter) for term in terms) if parameter else terms


def _as_printed(cleaned: str, found: _Found) -> None:
    """Add what an answer without LaTeX may be: what Python, NumPy or SymPy prints, digits of a base, words."""
    found.attempt(lambda: read_python(_MODULES.sub("", cleaned)))
    if len(cleaned) < MAX_PRINTED and _NUMPY.fullmatch(cleaned):
        found.attempt(lambda: read_python(re.sub(r"(?<=[\d.\]])\s+(?=[-\d.\[])", ", ", cleaned)))
    if cleaned in ("{}", "EmptySet"):
        found.terms.append(Group((), "{}"))
    if cleaned in ("R", "Reals"):
        found.terms.append(Group((negative(INFINITY), INFINITY), "()"))
    if _BARE_DIGITS.fullmatch(cleaned):
        found.terms.append(Based(cleaned.upper(), 0))
    if _WORDS.fullmatch(cleaned) and (_WORDY.search(cleaned) or _LETTERS.fullmatch(cleaned)):
        found.terms.append(Words(plain_words(cleaned)))


def _simple(m: re.Match[str]) -> Term | None:
    """The number that needs no grammar: most answers are one."""
    above, below = m[2] or m[4], m[3] or m[5]
    if below is None:
        value: Term = number(above)
    elif "." in above or not int(below):
        return None
    else:
        value = quotient(number(above), number(below))
    return negative(value) if m[1] else value


def decimal_commas(text: str) -> tuple[Term, ...]:
    """The readings of an answer whose only comma may be the decimal comma, as in "3,5"; else none."""
    if text.count(",") != 1 or any(bracket in text for bracket in "([;:"):
        return ()
    text = text.strip().removesuffix(".")
    point = _LONE_COMMA.sub(r"\1.\2", text)
    return readings(point) if point != text else ()


def _stated_integer(text: str) -> tuple[str, str]:
    """The text without "where k is an integer" at its end, and that letter."""
    for pattern in (_WHERE_INTEGER, _ANY_INTEGER):
        m = pattern.search(text) if len(text) < MAX_PRINTED else None
        if m and m.start() and re.search(rf"(?<!\\)(?<![A-Za-z]){m[1]}|\d{m[1]}|\\pi\s*{m[1]}", text[: m.start()]):
            return text[: m.start()].rstrip(" ,;"), m[1]
    return text, ""


def _renamed(term: Term, letter: str) -> Term:
    match term:
        case Relation(members, ops):
            return Relation(tuple(_renamed(member, letter) for member in members), ops)
        case Union(parts):
            return Union(tuple(_renamed(part, letter) for part in parts))
        case Group(items, brackets):
            return Group(tuple(_renamed(item, letter) for item in items), brackets)
        case _:
            return substituted(term, {letter: Symbol(INTEGER_PARAMETER)})


def _special(text: str) -> list[Callable[[], Term]]:
    """Readings of forms that are seen only in the whole text."""
    found: list[Callable[[], Term]] = []
    pair = "(" in text and "," in text
    if pair and (m := _POINT.fullmatch(text)) and m[1] != text:
        found.append(partial(_whole, m[1]))
    if pair and (m := _PERMUTATIONS.fullmatch(text)) and int(m[1]) >= int(m[2]):
        found.append(partial(_whole, rf"\frac{{{m[1]}!}}{{({m[1]}-{m[2]})!}}"))
    if "^" in text and (m := _TRANSPOSED.fullmatch(_ROW_WITH_SPACES.sub(lambda row: _GAP.sub(",", row[1]), text))):
        found.append(partial(_transposed, m[1]))
    if _BASIS.search(text):
        named = _BASIS.sub(lambda b: rf" u_{b[1] or b[2]} ", text)
        found.extend((partial(_vector, named, 3), *(() if "u_k" in named else (partial(_vector, named, 2),))))
    elif ("j" in text or ("i" in text and "k" in text)) and _PLAIN_BASIS.fullmatch(text):
        named = re.sub("[ijk]", lambda b: f" u_{b[0]} ", text)
        found.extend((partial(_vector, named, 3), *(() if "k" in text else (partial(_vector, named, 2),))))
    if pair and "=" not in text and _COMBINED_TUPLES.search(text):
        found.append(partial(_whole, _TUPLE.sub(_as_column, text)))
    if ";" in text and _COMMA_PAIR.search(text):
        found.append(partial(_whole, re.sub(r"(?<=\d),(?=\d)", ".", text)))
    if ";" in text and (m := _ROWS_WITH_SPACES.fullmatch(text)):
        rows = (" & ".join(row.split()) for row in m[1].split(";"))
        found.append(partial(_whole, r"\begin{pmatrix}" + r" \\ ".join(rows) + r"\end{pmatrix}"))
    if "+-" in text and _PLUS_MINUS_INSIDE.search(text):
        found.append(partial(_whole, _PLUS_MINUS_INSIDE.sub(r"\\pm ", text)))
    return found


def _as_column(m: re.Match[str]) -> str:
    return r"\begin{pmatrix}" + m[1].replace(",", r"\\") + r"\end{pmatrix}"


def _transposed(text: str) -> Term:
    term = _whole(text)
    if isinstance(term, Group) and term.brackets and term.items:
        return as_matrix(Group(tuple(Group((item,), "[]") for item in term.items), "[]"))
    if isinstance(term, Matrix):
        return Matrix(tuple(zip(*term.rows, strict=True)))
    raise Unreadable("the transpose of what is no vector")


def _vector(text: str, size: int) -> Term:
    """The components of a sum of multiples of the unit vectors, named ``u_i``, ``u_j`` and ``u_k``."""
    term = _whole(text)
    units = ("u_i", "u_j", "u_k")
    zero = {unit: integer(0) for unit in units}
    components = tuple(substituted(term, {**zero, unit: ONE}) for unit in units)
    whole = total(*(product(component, Symbol(unit)) for component, unit in zip(components, units, strict=True)))
    if not same(term, whole):
        raise Unreadable("no vector")
    return Group(components[:size], "()")


def _also(text: str) -> list[str]:
    """What plain words may mean besides what they say."""
    found = []
    if m := _TO_RATIO.fullmatch(text):
        found.append(f"{m[1]}:{m[2]}")
    if m := _OUT_OF.fullmatch(text):
        found.append(f"{m[1]}/{m[2]}")
    if m := _AND_FRACTION.fullmatch(text):
        found.append(rf"{m[1]}\frac{{{m[2]}}}{{{m[3]}}}")
    if m := _QUOTED.fullmatch(text):
        found.append(m[2])
    if m := _EXCEPT.fullmatch(text):
        points = re.sub(r"\s*(?:,?\s*\band\b|,?\s*\bor\b)\s*(?:[a-z]\s*=\s*)?", ",", m[1])
        found.append(rf"\mathbb{{R}}\setminus\{{{points.strip('{}')}\}}")
    if m := _REALS_WHERE.fullmatch(text):
        found.append(m[1])
    if _NONZERO.fullmatch(text):
        found.append(r"\mathbb{R}\setminus\{0\}")
    return found


def _whole(text: str) -> Term:
    return Parser(tokens(text)).whole()


def _with_unit(text: str, unit: str) -> Term:
    return Quantity(_whole(text), unit)
