"""What a line of a student's work says: relations between terms, joined by "or" or "and"; or words.

Reads plain typing and LaTeX alike, by way of :mod:`tutor_app.text.typing`. Refuses what has no certain meaning: such a
line is "not read", which is not "wrong".
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking.work.notes import without_lead
from tutor_app.adapters.grading.readings import readings
from tutor_app.adapters.grading.solution_sets import SCALAR
from tutor_app.adapters.grading.terms import Term, symbols
from tutor_app.adapters.grading.units import measure
from tutor_app.core.work import LONGEST_LINE
from tutor_app.text.decimal_commas import with_points
from tutor_app.text.typed_cursor import NoFormula
from tutor_app.text.typed_formula import FormulaParser
from tutor_app.text.typed_tokens import normalized, tokens
from tutor_app.text.typing import once, read_typed

_MARKER: Final = re.compile(
    r"(?i)^\s*(?:\d{1,2}[.)]\s+|[-•*–]\s+|(?:step|line)\s*\d+\s*[:.)]|(?:=>|⇒|->|→|∴|⇔|<=>)\s*"
    r"|\\(?:Rightarrow|implies|therefore)\s*"
    r"|(?:so|thus|therefore|hence|then|and|or|also|now|answer|solution|check|result|we get|we have|this gives|given"
    r"|that is|i\.e\.)\b\s*[:,]?\s*)"
)
_OPERATION: Final = re.compile(r"^((?:[^|]*\|[^|]*\|)*[^|]*?)\s+\|\s*[-+*/:·÷()√][^|]*$|\s*//.*$|\s+#.*$")
"""What is done next, noted behind a stroke that is none of an absolute value."""
_NOTE: Final = re.compile(
    r"(?<![-+*/^·×÷=])\s*(?<![-+*/^·×÷=])[(\[](?=[^()\[\]]*(?!sin|cos|tan|cot|log|exp|sqrt)[a-zA-Z]{3})[^()\[\]=<>]*[)\]]\s*\.?$"
)
_REMARK: Final = re.compile(
    r"\s*\((?=[^()]*[=<>])(?=[^()]*\b(?!sin|cos|tan|cot|log|exp|sqrt)[a-zA-Z]{2,}\s+[a-zA-Z]{2,})[^()]*\)\s*\.?$"
)
"""A remark with an equation in it: ``(x = 0 gives no solution)``."""
_JOIN: Final = re.compile(r"\s+(?:or|oder|ou|o|∨)\s+|\s*\\(?:lor|vee|text\{ ?or ?\})\s*", re.IGNORECASE)
_AND: Final = re.compile(
    r"\s+(?:and|und|et|y(?=\s+[a-z]\s*=)|∧|&)\s+|\s*;\s*|,\s+(?=[-\w|(\\√])"
    r"|\s*\\(?:land|wedge|text\{ ?and ?\})\s*",
    re.IGNORECASE,
)
_PERCENT_OF: Final = re.compile(r"(\d+(?:\.\d+)?)\s*\\?%\s+of\s+(\d+(?:\.\d+)?)")
_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?)\s*\\?%")
_CURRENCY: Final = re.compile(r"\\?\$(?=\s?\d)|[€£](?=\s?\d)|(?<=\d)\s?[€£]|(?<=\d)\s?\\\$")
_UNIT: Final = re.compile(
    r"(?<![\w.^])((?:\d+\s+)?\d+/\d+|\d+(?:\.\d+)?)\s?"
    r"((?:km|cm|mm|dm|kg|mg|ml|cl|dl|min|hours?|hrs?|minutes?|seconds?|sec|days?|weeks?|meters?|metres?|litres?|liters?"
    r"|cents?|dollars?|inches|feet|foot|ft|in|yd|mi|miles?|lb|oz|grams?|(?<=\s)[mgshltL])(?:\s?\^?[23]|[²³])?"
    r"(?:/(?:km|cm|min|hour|h|s|m|kg|l))?)(?![\w(^])"
)
_RESULT_UNIT: Final = re.compile(
    r"^((?:(?:[a-zA-Z](?:_?\w|_\{\w+\})?\s*)?[=\u2248]\s*)?(?:[^a-zA-Z=<>]*\d\s*[-+*/·×][^a-zA-Z=<>]*=[^a-zA-Z=<>]*\d|\d+(?:\.\d+)?))"
    r"\s*(?:[mgshltL]|[kcdm]m)(?:\s?\^?[23]|[²³])?(?:/(?:s|h|min|m|kg|l))?\s*$"
)
_UNIT_BEHIND_PI: Final = re.compile(r"(?:(?<=π)|(?<=\bpi)|(?<=\dpi))\s+[kcdm]?m(?:\s?\^?[23]|[²³])?\s*$")
_ONE_AS_OTHER: Final = re.compile(r"\s*[\d.]+\s([mgshlL])\s*=\s*[\d.]+\s([mgshlL])\s*")
"""``1 h = 3600 s``."""
_CONVERSION: Final = re.compile(r"\s*[\d.,]+\s?([a-zA-Z]+[²³]?)\s*=\s*[\d.,]+\s?([a-zA-Z]+[²³]?)\s*[.,]?\s*")
_SIGNED_FACTOR: Final = re.compile(r"([×*·÷/])\s*[-\u2212]\s*(\d+(?:\.\d+)?|[a-z])(?![\w.^])")
"""A negative factor without its brackets: ``2 × -9``."""
_ONE_UNIT: Final = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)\s?([mgshlL])(?![\w^])")
_SUM: Final = re.compile(r"[\d.\s]+(?:[+-][\d.\s]+)+=[\d.\s]+")
_ANGULAR: Final = re.compile(
    r"(?i)sin|cos|tan|cot|sec|csc|arc|pi|\u03c0|[a-z\u03b1-\u03c9]\s*[<>=\u2264\u2265\u2248]|[<>=\u2264\u2265\u2248]\s*[a-z\u03b1-\u03c9]"
)
_REASON: Final = re.compile(r"(?<=\w)\s*,?\s+(?:\((?:since|because|as|da|weil)\s[^()]*\)|(?:since|because)\s.*)$", re.I)
_QUOTIENT_OF_FRACTIONS: Final = re.compile(
    r"(?<![\w./*:·×-])(\d+\s*/\s*\d+|\d+|\([^()]*\))\s*:\s*(\d+\s*/\s*\d+|\([^()]*/[^()]*\))(?![\w./])"
)
"""A colon between fractions, which are divided as wholes: ``2/3 : 4/5``."""
_QUOTIENT_OF_SUMS: Final = re.compile(r"(\([^()]*[a-z][^()]*[-+][^()]*\))\s*:\s*(\([^()]*[a-z][^()]*\))")
_QUOTIENT_OF_QUANTITIES: Final = re.compile(r"^(\d+(?:\.\d+)?\s?[a-z]{1,4})\s*:\s*(\d+(?:\.\d+)?\s?[a-z]{1,4})(?![\w])")
_GOES_ON: Final = re.compile(r"\d\.\d+\s?(?:\.{2,}|\u2026|\\[lc]?dots)")
_BY_NUMBER: Final = re.compile(r"\s*([*·×/:÷])\s*(\d+(?:\.\d+)?)\s*=\s*")
_GROUPED: Final = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:[ \u00a0\u2009\u202f](?:0\d\d|\d{3}(?!\s*/\s*\d)))+(?!\d)")
"""A number whose digits stand in groups of three: ``450 000``."""
_IMAGINARY: Final = re.compile(r"(?<=\d)\s+i(?=\s*(?:$|[-+=)]))|(?<=\d/\d)\s+([A-Zabcdkpqr])(?=\s*(?:$|[-+=)]))")
"""A letter behind a number with a space: ``5/2 i``, ``9/5 C``."""
_SUPERS: Final = str.maketrans("²³", "23")
_INDEXED: Final = re.compile(r"^([a-zA-Z])_?\{?([12])\}?(?=\s*(?:[=≈~]|\\approx))")
_BY_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_SIGNS: Final = re.compile(r"[-+*/^=<>%|{}\\()\[\]#@~_]")
_BESIDE: Final = r"\s.,;:!?\"'()\[\]$\u2013\u2014\u2018\u2019\u201c\u201d"
"""Characters that may touch a formula in a sentence."""
_TOUCHED: Final = re.compile(rf"[^{_BESIDE}]$"), re.compile(rf"[^{_BESIDE}]|\((?=[^()]*$|[^()]*\()")
_OF_FORMULAS: Final = re.compile(r"\\|\b(?:sqrt|sin|cos|tan|cot|log|ln|exp|frac|cdot|pi)\b")
"""What stands nowhere but in formulas."""
_RELATIONS: Final = {
    "=": "=", "<": "<", ">": ">", r"\le": "<=", r"\leq": "<=", r"\ge": ">=", r"\geq": ">=", r"\ne": "!=",
    r"\neq": "!=", r"\approx": "~", r"\lt": "<", r"\gt": ">",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Statement:
    """Sides with relations between them; one side is an expression.

    Attributes:
        sides: In order; a line that begins with a relation has no first side, see ``continues``.
        relations: ``= < > <= >= != ~``.
        continues: It begins with a relation, so its left side is the expression of the line before.
        sources: The sides as LaTeX.
    """

    sides: tuple[Term, ...]
    relations: tuple[str, ...] = ()
    continues: bool = False
    sources: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Its letters."""
        return frozenset().union(*map(symbols, self.sides))


@dataclass(frozen=True, slots=True)
class Line:
    """What a line says.

    Attributes:
        text: As typed.
        cases: Joined by "or"; each has statements that hold at once. Empty if there is nothing to check.
        words: It is in words.
        with_wrong_units: The same cases with the numbers as if all units were one, and as if the larger one had a
            hundred of the smaller.
    """

    text: str
    cases: tuple[tuple[Statement, ...], ...] = ()
    words: bool = False
    with_wrong_units: tuple[tuple[tuple[Statement, ...], ...], ...] = field(default=())

    @property
    def statements(self) -> tuple[Statement, ...]:
        """All of them."""
        return tuple(s for case in self.cases for s in case)


def read_line(text: str) -> Line:
    """Read a line; one without cases that is not in words could not be read."""
    stripped = _stripped(text)
    if not stripped:
        return Line(text)
    if len(stripped) > LONGEST_LINE:
        return Line(text)
    if _GOES_ON.search(text):
        return Line(text, words=True)  # "0.3636..." is a number that is not written out
    converted, wrong = _units(stripped)
    cases = _cases(converted) or _behind_words(converted)
    if cases is None:
        cases = _inside_words(converted)
        if not cases:
            return Line(text, words=_is_prose(stripped))
    return Line(text, cases, with_wrong_units=tuple(read for w in wrong if (read := _cases(w))))


def _behind_words(text: str) -> tuple[tuple[Statement, ...], ...] | None:
    """The cases behind the words at the beginning, where all are equations or inequalities."""
    rest = without_lead(text)
    cases = _cases(rest) if rest != text else None
    return cases if cases and all(s.relations and not s.continues for case in cases for s in case) else None


def _stripped(text: str) -> str:
    text = _SIGNED_FACTOR.sub(r"\1 (-\2)", _with_points(once(normalized(text)).strip()))
    text = re.sub(r"^\$+(?!\d)|(?<!\d)\$+$|\\[()\[\]]|(?<=\d)\$\s*$", "", text) if text.count("$") != 1 else text
    text = re.sub(r"\\boxed\{(.*)\}", r"\1", text)
    text = re.sub(r"^&?|(?<![&\\])&(?=\s*[=<>])|\\\\$", "", text)
    before = None
    while before != text:
        before, text = text, _MARKER.sub("", text)
    if not re.search("[=<>]", without := _REMARK.sub("", text)):
        text = without
    text = _REASON.sub("", _OPERATION.sub(lambda m: m[1] or "", text))
    text = _NOTE.sub("", text) if re.search(r"\d|=", _NOTE.sub("", text)) else text
    return text.strip().rstrip(".,; ✓").strip()


def _with_points(text: str) -> str:
    """Decimal commas and colons for division, where nothing else can be meant, as points and fraction strokes."""
    text = _GROUPED.sub(lambda m: re.sub(r"\s", "", m[0]), with_points(text))
    text = _QUOTIENT_OF_SUMS.sub(r"\1 / \2", text)
    text = re.sub(r"(?<![a-zA-Z\\])x(?=h(?![a-zA-Z]))", "x*", text)  # of a difference quotient
    text = _IMAGINARY.sub(lambda m: f" * {m[1] or 'i'}", text)
    plain = _OPERATION.sub(lambda m: m[1] or "", text)
    text = _QUOTIENT_OF_FRACTIONS.sub(r"(\1) / (\2)", _QUOTIENT_OF_QUANTITIES.sub(r"\1 / \2", text))
    if "=" in plain and not re.search(r"[a-zA-Z]\s*:|:\s*[a-zA-Z]|:.*:", plain):
        text = re.sub(r"(?<=[\d°²³])\s*:\s*(?=\d)", " / ", text)
    elif re.fullmatch(r"[\d\s.+*/()·×:²³^-]+", plain):
        text = re.sub(r"(?<=[\d)²³])\s+:\s+(?=[\d(])", " / ", text)
    return text


def with_quotients(text: str) -> str:
    """A text in which colons that stand apart divide numbers, with strokes of fractions."""
    return re.sub(r"(?<=[\d²³])\s+:\s+(?=\d)", " / ", _QUOTIENT_OF_FRACTIONS.sub(r"(\1) / (\2)", text))


def _is_prose(text: str) -> bool:
    """Whether a line that is no formula is a sentence; signs without words could not be read."""
    if re.search(r"[=<>^≤≥√]", text):
        return False
    # Scripts without upper and lower case write words of one or two letters, or part letters by marks.
    return bool(_BY_WORD.search(text)) or any(c > "\u0590" and unicodedata.category(c) == "Lo" for c in text)


def _units(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with units converted; where units of one kind differ in size, also as it is read by mistake."""
    text = _CURRENCY.sub("", text)
    if "\u00b0" in text and not _ANGULAR.search(text):
        text = text.replace("\u00b0", "")  # every number is one of degrees: "180 - 50 - 60 = 70°"
    text = _UNIT_BEHIND_PI.sub("", text)
    text = _PERCENT_OF.sub(r"(\1/100)*(\2)", text)
    text = _compound(_PERCENT.sub(r"(\1/100)", text))
    matches = list(_UNIT.finditer(text))
    raised = len(matches) > 1 and any(re.search("[23²³]", m[2]) for m in matches)
    one = _ONE_AS_OTHER.fullmatch(text)
    kinds_of_one = [measure(unit) for unit in one.groups()] if one is not None else []
    told_in_other = (
        len(matches) == 2 and len({k[0] if k else "" for k in kinds_of_one}) == 1 and None not in kinds_of_one
    )
    if not raised and not told_in_other and not any(re.match("[a-zA-Z]{2}", m[2]) for m in matches):
        # Single letters alone may as well be unknowns, but not behind what a calculation with numbers comes to.
        text = _RESULT_UNIT.sub(r"\1", text)
        bare = _ONE_UNIT.sub(r"\1", text)
        units = [m[2] for m in _ONE_UNIT.finditer(text)]
        if len(set(units)) == 1 and len(units) == len(re.findall(r"\d+(?:\.\d+)?", bare)) and _SUM.fullmatch(bare):
            text = bare  # sums of one unit: "1200 g + 50 g = 1250 g"
        return text, ()
    found = [(m, measure(_spelled(m[2]))) for m in matches]
    known = [(m, unit) for m, unit in found if unit is not None]
    bare = _UNIT.sub(r"\1", text)
    if _changes_unit(text, known):
        return bare, ()
    kinds: dict[str, set[Fraction]] = {}
    for _, (kind, factor) in known:
        kinds.setdefault(kind, set()).add(factor)
    by_parts = any({kind, *kind.split("/")} <= kinds.keys() for kind in kinds if "/" in kind)
    if not (by_parts or any(len(factors) > 1 for factors in kinds.values())) or len(known) < len(found):
        return bare, ()
    by_hundred = {
        (kind, f): min(factors) * (1 if f == min(factors) else 100) for kind, factors in kinds.items() for f in factors
    }
    right, hundred, last = "", "", 0
    for m, (kind, factor) in known:
        wrong = by_hundred[kind, factor]
        right += f"{text[last : m.start()]}(({m[1]})*{factor.numerator}/{factor.denominator})"
        hundred += f"{text[last : m.start()]}(({m[1]})*{wrong.numerator}/{wrong.denominator})"
        last = m.end()
    return right + text[last:], (bare, hundred + text[last:])


def _changes_unit(text: str, known: list[tuple[re.Match[str], tuple[str, Fraction]]]) -> bool:
    """Whether an amount is multiplied or divided by what its new unit is of the old: ``900 min / 60 = 15 h``."""
    if len(known) != 2 or known[0][1][0] != known[1][1][0]:
        return False
    (first, (_, old)), (second, (_, new)) = known
    between = _BY_NUMBER.fullmatch(text[first.end() : second.start()])
    if between is None or text[: first.start()].strip() or text[second.end() :].strip() or old == new:
        return False
    return Fraction(between[2]) == (new / old if between[1] in "/:÷" else old / new)


def is_conversion(text: str) -> bool:
    """Whether a line only tells an amount in another unit of its kind: ``150000 cm = 1.5 km``."""
    m = _CONVERSION.fullmatch(text)
    kinds = [measure(_spelled(unit)) for unit in m.groups()] if m is not None else []
    known = [kind[0] for kind in kinds if kind is not None]
    return len(known) == 2 and known[0] == known[1]


def _compound(text: str) -> str:
    """Quantities of two units of one kind as a sum: ``2 h 30 min`` is ``(2 h + 30 min)``."""
    matches = list(_UNIT.finditer(text))
    out, last, k = "", 0, 0
    while k + 1 < len(matches):
        first, second = matches[k], matches[k + 1]
        one, other = measure(_spelled(first[2])), measure(_spelled(second[2]))
        k += 1
        joined = re.fullmatch(r"\s+(?:and\s+)?", text[first.end() : second.start()])
        if joined and one is not None and other is not None and one[0] == other[0] and one[1] > other[1]:
            out += f"{text[last : first.start()]}({first[0]} + {second[0]})"
            last, k = second.end(), k + 1
    return out + text[last:]


def _spelled(unit: str) -> str:
    unit = unit.translate(_SUPERS).replace(" ", "")
    return re.sub(r"(?<=[a-zA-Z])\^?([23])", r"^\1", unit)


def _cases(text: str) -> tuple[tuple[Statement, ...], ...] | None:
    """The cases of a text that is made of formulas only; None if it is not."""
    cases: list[tuple[Statement, ...]] = []
    name = ""
    for part in _JOIN.split(text):
        statements: list[Statement] = []
        for piece in _AND.split(part):
            piece = piece.strip().strip("$").strip()
            if not piece:
                continue
            if m := _INDEXED.match(piece):
                piece = f"{m[1]} {piece[m.end() :]}"
            statement = _statement(piece)
            if statement is None:
                return None
            name = _unknown(statement) or name
            if not statement.relations and name and (statements or cases) and not statement.names:
                side = read_side(name)
                assert side is not None
                statement = Statement((side, *statement.sides), ("=",), False, (name, *statement.sources))
            statements.append(statement)
        if not statements:
            continue
        cases.extend(_solutions_apart(statements))
    return tuple(case for case in _with_both_signs(cases)) or None


def _solutions_apart(statements: list[Statement]) -> list[tuple[Statement, ...]]:
    """Statements that hold at once, or as cases where they give one letter several values: ``x = 2, x = 3``."""
    told = [s for s in statements if _unknown(s) and s.relations == ("=",)]
    same = {_unknown(s) for s in told}
    if len(told) < 2 or len(same) != 1 or any(same & symbols(s.sides[-1]) for s in told):
        return [tuple(statements)]
    (name,) = same
    others = [s for s in statements if s not in told]
    if any(name not in s.names for s in others):
        return [tuple(statements)]
    return [(s, *others) for s in told]


def _unknown(statement: Statement) -> str:
    """The letter that a statement gives a value."""
    if statement.relations and statement.relations[0] == "=" and re.fullmatch("[a-zA-Z]", statement.sources[0]):
        return statement.sources[0]
    return ""


def _with_both_signs(cases: list[tuple[Statement, ...]]) -> list[tuple[Statement, ...]]:
    out: list[tuple[Statement, ...]] = []
    for case in cases:
        if any(r"\pm" in source for s in case for source in s.sources):
            for sign, other in (("+", "-"), ("-", "+")):
                signed = [_signed(s, sign, other) for s in case]
                out.append(tuple(s for s in signed if s is not None))
        else:
            out.append(case)
    return out


def _signed(statement: Statement, sign: str, other: str) -> Statement | None:
    sources = tuple(s.replace(r"\pm", sign).replace(r"\mp", other) for s in statement.sources)
    sides = [read_side(s) for s in sources]
    if any(side is None for side in sides):
        return None
    return Statement(tuple(s for s in sides if s is not None), statement.relations, statement.continues, sources)


_TASK: Final = re.compile(r"(?i)\s*(?:work out|compute|calculate|evaluate|simplify|berechne)\s*:?\s+(.+?)[.?!]?\s*$")
_MIXED: Final = re.compile(r"(?:(?<=\\times )|(?<=\\div )|(?<=\\cdot ))(\d+)(\\frac\{\d+\}\{\d+\})(?![\d({a-z\\^])")


def _statement(piece: str) -> Statement | None:
    """One formula, read to its end."""
    signs = re.sub(r"\\(?:left|right|displaystyle|,|;|!)(?![A-Za-z])\s*", "", piece)
    found = tokens(signs)
    continues = bool(found) and found[0].kind == "rel"
    parser = FormulaParser(found, 1 if continues else 0)
    try:
        sources, relations = parser.sides()
    except NoFormula:
        return None
    if parser.at != len(found) or "?" in sources or any(r not in _RELATIONS for r in relations):
        return None
    if continues:
        if found[0].text not in _RELATIONS:
            return None
        relations = [found[0].text, *relations]
    sides = tuple(side for s in sources if (side := read_side(s)) is not None)
    if len(sides) != len(sources):
        return None
    return Statement(sides, tuple(_RELATIONS[r] for r in relations), continues, tuple(sources))


def read_side(latex: str) -> Term | None:
    """The meaning of one side; None if there is none that is certain."""
    if "dots" in latex:
        return None  # what is left out is not known here
    text = re.sub(r"\\square|\\text\{[^{}]*\}", "", latex)
    text = re.sub(r"\\log(?![_a-zA-Z])", r"\\log_{10}", text)  # as schools write it
    text = _MIXED.sub(r"(\1+\2)", text)  # each factor of a product of mixed numbers is one number
    if r"\pm" in text or r"\mp" in text:
        text = text.replace(r"\pm", "+").replace(r"\mp", "-")  # both signs are put in later
    found = [term for term in readings(text) if isinstance(term, SCALAR)]
    return found[0] if found else None


def _inside_words(text: str) -> tuple[tuple[Statement, ...], ...]:
    """The statements that stand in a sentence; only those with a relation, for the rest is told in words."""
    statements = []
    formulas = read_typed(text).formulas
    if _torn(text, [formula.source for formula in formulas]):
        return ()
    for formula in formulas:
        statement = _statement(formula.source.strip("$"))
        if statement is not None and statement.relations and not statement.continues:
            statements.append(statement)
    told = {_unknown(s) for s in statements}
    if len(statements) > 1 and len(told) == 1 and "" not in told:
        return tuple((s,) for s in statements)  # "zero at x = 2 and x = 5"
    return (tuple(statements),) if statements else ()


def _torn(text: str, sources: list[str]) -> bool:
    """Whether formulas are pieces of signs that cannot be read, not parts of a sentence.

    In a sentence, spaces and punctuation stand around a formula, and words with the signs that are left.
    """
    before_it, after_it = _TOUCHED
    rest, at = "", 0
    for source in sources:
        begin = text.find(source, at)
        if begin < 0:
            continue
        end = begin + len(source)
        if before_it.search(text[:begin]) or after_it.match(text, end):
            return True
        rest, at = f"{rest} {text[at:begin]}", end
    rest += f" {text[at:]}"
    return bool(_OF_FORMULAS.search(rest)) or (bool(_SIGNS.search(rest)) and not _BY_WORD.search(rest))


def formulas_of(problem: str) -> list[Statement]:
    """The statements and expressions in a problem, in order."""
    found = []
    for formula in read_typed(problem).formulas:
        statement = _statement(formula.source.strip("$"))
        if statement is not None:
            found.append(statement)
    for source in re.findall(r"\$+([^$]+)\$+|\\\((.+?)\\\)|\\\[(.+?)\\\]", problem):
        statement = _statement(next(filter(None, source), ""))
        if statement is not None and statement not in found:
            found.append(statement)
    if not found and (m := _TASK.match(problem)) is not None and (statement := _statement(m[1])) is not None:
        return [statement]  # "Work out -4 - 6", where a dash may be one of the sentence
    return found
