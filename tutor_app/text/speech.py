r"""The words of a formula for a screen reader: plain English from LaTeX.

No library for Python was fit when this was written (2026-11): the speech engines that are maintained, Speech Rule
Engine and MathCAT, are JavaScript and Rust without wheels for Python, and what there is in Python reads matrices and
``\binom`` as their source. So this is a set of rules over the MathML of latex2mathml, in the spirit of ClearSpeak:
short where nothing can be mistaken, with an end said where something could. One rule is a few lines, and there are
many.

=========================================  ==================================================================
what is written                            what is said
=========================================  ==================================================================
``x^2``, ``x^3``, ``x^n``, ``x^{n+1}``     x squared; x cubed; x to the power of n; ... n plus 1, end power
``x_1``, ``1011_2``, ``\log_2 8``          x sub 1; 1011 base 2; log base 2 of 8
``\frac34``, ``3\frac12``, ``\frac{a}{b}`` 3 quarters; 3 and 1 half; a over b
``\frac{x+1}{2}``                          the fraction with numerator x plus 1 and denominator 2, end fraction
``\sqrt{x}``, ``\sqrt[3]{x+1}``            the square root of x; the cube root of x plus 1, end root
``\sum_{k=1}^n``, ``\int_0^1``             the sum from k equals 1 to n of; the integral from 0 to 1 of
``\lim_{x\to0}``                           the limit as x approaches 0 of
``\binom nk``, ``n!``                      n choose k; n factorial
``-3``, ``5-3``                            negative 3; 5 minus 3
``f(x)``, ``f'(x)``, ``\sin x``            f of x; f prime of x; sine x
``|x|``, ``\|v\|``, ``\lfloor x\rfloor``   the absolute value of x; the norm of v; the floor of x
``\{1,2\}``, ``\{x \mid x>0\}``            the set 1, 2, end set; the set x such that x is greater than 0, end set
a matrix                                   the 2 by 2 matrix with rows: 1, 2; 3, 4; end matrix
``vmatrix``, a column, ``cases``           the determinant of ...; the column vector ...; 2 cases: ...; end cases
``aligned``, ``gather``                    2 lines: ...; ...
``\overline{AB}``, ``\overline{z}``        segment A B; z bar
``0.1\overline{6}``                        0.1 followed by the repeating digit 6
``\vec{v}``, ``\hat{x}``                   vector v; x hat
``30^\circ``, ``15\%``, ``\$5``            30 degrees; 15 percent; 5 dollars
``a \equiv b \pmod 7``                     a is congruent to b, modulo 7
``\boxed{x}``, ``\cancel{x}``              boxed x; crossed out x
=========================================  ==================================================================

:func:`spoken` never raises and is bounded; what cannot be read is given back as its source.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from tutor_app.text.delimiters import split
from tutor_app.text.latex_import import prepare_import
from tutor_app.text.math_spacing import is_unary, stack_lines
from tutor_app.text.repair import attempts
from tutor_app.text.speech_shapes import (
    FUNCTIONS,
    MINUS,
    PAIRS,
    UPRIGHT,
    base_of,
    closing_fence,
    inner,
    is_applied,
    is_evaluated,
    is_limit,
    is_simple,
    is_vector,
    is_vulgar,
    text_of,
)
from tutor_app.text.speech_words import DOUBLE_STRUCK, LETTERS, NAMES, OVER, PARTS, SIGNS, letter, ordinal

MAX_SOURCE: Final = 3000
"""Longer sources are given back as they are: nobody listens for that long."""
MAX_SPOKEN: Final = 4000
"""Longer speech ends with "and so on"."""
_RAISED: Final = {"*": "star", "\u2217": "star", "\u2020": "dagger"}
_BARS: Final = frozenset("\u2015\u00af\u203e\u0305_")
_LARGE: Final = frozenset("\u2211\u220f\u222b\u222c\u222d\u222e\u22c3\u22c2")
_OPENS: Final = {"|": "absolute value", "\u2016": "norm", "\u230a": "floor", "\u2308": "ceiling"}
_LISTED: Final = frozenset(["gcd", "lcm", "max", "min", "sup", "inf"])
_ENDS: Final = {"msqrt": "root", "mroot": "root", "mfrac": "fraction", "msup": "power"}
_THINGS: Final = "fraction|root|power|sub|set|cases|matrix|vector|table|absolute value|norm|floor|ceiling"
_END: Final = re.compile(rf"(?:[,;] end (?:{_THINGS}))+$")


@lru_cache(maxsize=4096)
def spoken(latex: str) -> str:
    """The words for a formula without its delimiters; its source on one line if it cannot be read."""
    source = " ".join(latex.split())
    if not source or len(source) > MAX_SOURCE:
        return source[:MAX_SPOKEN]
    prepare_import()
    from latex2mathml.converter import convert

    for candidate in attempts(latex):
        try:
            root = ET.fromstring(convert(candidate))
            for element in root.iter():
                element.tag = element.tag.rpartition("}")[2]
            stack_lines(root)
            words = _tidy(_row(list(root)))
        except (Exception, RecursionError):  # noqa: BLE001  (a parser over hostile text: any failure means the source)
            continue
        if words and not re.search(r"\\[A-Za-z]", words):
            return words if len(words) <= MAX_SPOKEN else words[:MAX_SPOKEN].rpartition(" ")[0] + " and so on"
    return source


def spoken_prose(text: str) -> str:
    """Prose with mathematics in it, as it is said: each formula in words, everything else as it stands."""
    out = []
    for segment in split(text).segments:
        out.append(segment.source if segment.kind == "text" else spoken(segment.source))
    return "".join(out)


def _tidy(words: str) -> str:
    words = re.sub(r"\s+", " ", words)
    words = re.sub(r"\s+([,;:.?])(?!\d)", r"\1", words)
    words = re.sub(r"[,;](?:\s*[,;])+", lambda m: ";" if ";" in m[0] else ",", words)
    words = re.sub(r", end ([a-z ]+), end", r", end \1, end", words)
    return _END.sub("", words.strip(" ,;"))


def _say(element: ET.Element) -> str:
    """The words of one element."""
    children = list(element)
    match element.tag:
        case "mi" | "mo" | "mn" | "mtext" | "ms":
            return _leaf(element)
        case "mfrac":
            return _fraction(element)
        case "msqrt":
            return _root("square", _row(children), is_simple(children))
        case "mroot":
            return _root(ordinal(_say(children[1])), _say(children[0]), is_simple(children[:1]))
        case "msup":
            return _power(children[0], children[1])
        case "msub":
            return _index(children[0], children[1])
        case "msubsup":
            return _index_and_power(children[0], children[1], children[2])
        case "mover":
            return _over(children[0], children[1])
        case "munder":
            return _under(children[0], children[1])
        case "munderover":
            return _index_and_power(children[0], children[1], children[2])
        case "mtable":
            return _lines(element)
        case "menclose":
            strike = "strike" in element.get("notation", "")
            return f"{'crossed out' if strike else 'boxed'} {_row(children)}"
        case "mspace":
            width = re.match(r"[\d.]+", element.get("width", ""))
            return "," if width and float(width[0]) >= 1 else ""
        case "mphantom":
            return ""
        case _:
            return _row(children)


def _leaf(element: ET.Element) -> str:
    text = text_of(element)
    if element.tag == "mtext":
        return "not" if text == "\u29f8" else (element.text or "").replace("\u00a0", " ")
    if element.get("mathvariant") == "double-struck":
        text = DOUBLE_STRUCK.get(text, text)
    if text in NAMES:
        return NAMES[text]
    if text in LETTERS:
        return LETTERS[text]
    if text in SIGNS:
        return SIGNS[text]
    return " ".join(letter(c) for c in text) if len(text) < 3 and not text.isascii() else text


def _fraction(element: ET.Element) -> str:
    top, bottom = element[0], element[1]
    upper, lower = _say(top), _say(bottom)
    if element.get("linethickness", "") in ("0", "0pt", "0em"):
        return f"{upper} choose {lower}"
    if is_vulgar(element):
        count, part = int(upper), PARTS[int(lower)]
        return f"{count} {part if count == 1 else 'halves' if part == 'half' else part + 's'}"
    if is_simple([top]) and is_simple([bottom]):
        return f"{upper} over {lower}"
    return f"the fraction with numerator {_bare(upper)} and denominator {_bare(lower)}, end fraction"


def _bare(words: str) -> str:
    """Words without the end that what follows says again."""
    return _END.sub("", words)


def _root(which: str, words: str, simple: bool) -> str:
    return f"the {which} root of {words if simple else _bare(words) + ', end root'}"


def _power(base: ET.Element, power: ET.Element) -> str:
    words = _say(base)
    exponent = inner([power])
    sign = text_of(exponent[0]) if len(exponent) == 1 and not len(exponent[0]) else ""
    if not exponent:
        return words
    if sign in ("\u2218", "\u00b0"):
        return f"{words} {'degree' if words == '1' else 'degrees'}"
    if exponent and all(text_of(e) and set(text_of(e)) <= set("\u2032\u2033\u2034'") for e in exponent):
        return f"{words} {_row(exponent)}"
    if not words and not len(base):
        return f"superscript {_row(exponent)}"
    if text_of(base) in _LARGE or is_limit(base):
        return f"{_large(base)} to {_say(power)} of"
    if sign in ("2", "3"):
        return f"{words} {'squared' if sign == '2' else 'cubed'}"
    if (sign == "T" and words.isalpha() and len(words) == 1) or sign == "\u22a4":
        return f"{words} transpose"
    if sign in ("*", "\u2217", "+", "-", "\u2212", "\u2020"):
        return f"{words} {_RAISED.get(sign) or SIGNS[sign]}"
    inverse = len(exponent) == 2 and text_of(exponent[0]) in MINUS and text_of(exponent[1]) == "1"
    if inverse and text_of(base) in NAMES:
        return f"inverse {words}"
    if inverse and (text_of(base) in FUNCTIONS or (len(words) == 1 and words.isupper())):
        return f"{words} inverse"
    raised = _row(exponent)
    return f"{words} to the power of {raised if is_simple(exponent) else _bare(raised) + ', end power'}"


def _index(base: ET.Element, index: ET.Element) -> str:
    if not inner([index]):
        return _say(base)
    words, at = _say(base), _say(index)
    name = text_of(base)
    if name == "lim":
        return f"the limit as {_approaching(index)} of"
    if name in _LARGE:
        return f"{_large(base)} {_range(index)} of"
    if name in ("log", "lg"):
        return f"log base {at} of"
    if name in _LISTED:
        return f"{words.removesuffix(' of')} over {at} of"
    if base.tag == "mn":
        return f"{words} base {at}"
    if is_evaluated(base):
        return f"{_evaluated(base)}, evaluated at {at}"
    if not words:
        return f"subscript {at}"
    return f"{words} sub {at if is_simple([index]) else _bare(at) + ', end sub'}"


def _index_and_power(base: ET.Element, index: ET.Element, power: ET.Element) -> str:
    name = text_of(base)
    if name in _LARGE or is_limit(base):
        return f"{_large(base)} from {_say(index)} to {_say(power)} of"
    if is_evaluated(base):
        return f"{_evaluated(base)}, evaluated from {_say(index)} to {_say(power)}"
    if not name and not len(base):
        return f"superscript {_say(power)}, subscript {_say(index)}"
    indexed = ET.Element("mtext")
    indexed.text = _index(base, index)
    return _power(indexed, power)


def _evaluated(base: ET.Element) -> str:
    """The expression that is evaluated, without its fences."""
    return _row(list(base)[1:-1]) if base.tag == "mrow" else ""


def _large(base: ET.Element) -> str:
    return _say(base).removesuffix(" of")


def _range(index: ET.Element) -> str:
    """What a sum without an upper limit runs over."""
    parts = inner([index])
    return f"over {_row(parts)}"


def _approaching(index: ET.Element) -> str:
    said = _say(index).replace(" to ", " approaches ", 1)
    return re.sub(r" (plus|minus)$", lambda m: " from above" if m[1] == "plus" else " from below", said)


def _over(base: ET.Element, over: ET.Element) -> str:
    words, parts, marks = _say(base), inner([base]), inner([over])
    mark = text_of(marks[0]) if len(marks) == 1 else ""
    if mark in _BARS and mark:
        if parts and all(e.tag == "mn" for e in parts):
            digits = "".join(map(text_of, parts))
            return f"followed by the repeating {'digit' if len(digits) == 1 else 'digits'} {digits}"
        if len(parts) == 2 and all(e.tag == "mi" and text_of(e).isupper() for e in parts):
            return f"segment {words}"
        return f"{words} bar" if len(parts) == 1 else f"{words} with a line over it"
    if mark in OVER:
        return f"{words} {OVER[mark]}"
    if mark in ("\u2192", "\u20d7"):
        return f"vector {words}"
    if mark == "\u2194":
        return f"line {words}"
    if mark in ("\u2322", "\u23dc"):
        return f"arc {words}"
    if mark == "\u23de":
        return words
    if text_of(parts[0] if parts else base) in ("\u2192", "\u27f6"):
        return f"{words}, labelled {_say(over)},"
    if parts and parts[0].tag == "mover" and len(parts) == 1 and text_of(parts[0][1]) == "\u23de":
        return f"{words}, with {_say(over)} above it,"
    if text_of(base) in _LARGE or is_limit(base):
        return f"{_large(base)} to {_say(over)} of"
    return f"{words} with {_say(over)} above it"


def _under(base: ET.Element, under: ET.Element) -> str:
    words, mark = _say(base), text_of(under)
    if (mark and mark in _BARS) or mark in ("\u23df", "\u0332"):
        return words if mark == "\u23df" else f"{words} underlined"
    if text_of(base) in NAMES or text_of(base) in _LARGE:
        return _index(base, under)
    return f"{words}, with {_say(under)} below it,"


def _cells(table: ET.Element) -> list[list[str]]:
    return [[_say(cell) for cell in row] for row in table if len(row)]


def _matrix(table: ET.Element, fence: str) -> str:
    rows = _cells(table)
    if fence == "{":
        said = "; ".join(", ".join(c.strip(" .,;") for c in row if c.strip()) for row in rows)
        return f"{len(rows)} {'case' if len(rows) == 1 else 'cases'}: {said}; end cases"
    wide = max(map(len, rows), default=0)
    if wide == 1 and len(rows) > 1 and fence != "|":
        return f"the column vector {', '.join(row[0] for row in rows)}, end vector"
    said = "; ".join(", ".join(_bare(c).strip() or "blank" for c in row) for row in rows)
    return (
        f"{'the determinant of ' if fence == '|' else ''}the {len(rows)} by {wide} matrix with rows: {said}; end matrix"
    )


def _lines(table: ET.Element) -> str:
    """An alignment, or an array without fences."""
    if table.get("displaystyle") == "true":
        said = [" ".join(row) for row in _cells(table)]
        return said[0] if len(said) == 1 else f"{len(said)} lines: {'; '.join(said)}"
    rows = _cells(table)
    if max(map(len, rows), default=0) < 2:
        return ", ".join(row[0] for row in rows)
    said = [", ".join(c.strip() or "blank" for c in row) for row in rows]
    return f"a table with {len(rows)} rows: {'; '.join(said)}; end table"


def _row(elements: Sequence[ET.Element]) -> str:
    """The words of elements beside each other."""
    row = list(elements)
    words: list[str] = []
    modular = any("mod" in (text_of(e), text_of(e[0]) if len(e) else "") for e in row)
    at = 0
    while at < len(row):
        element = row[at]
        said, at = _group(row, at, words) or (_one(row, at, modular), at + 1)
        if at < len(row) and _runs_on(element, said, row[at]):
            said += f", end {_ENDS[element.tag]}"
        if said and said != "dollars":
            words.append(said)
    return " ".join(words)


def _runs_on(element: ET.Element, said: str, after: ET.Element) -> bool:
    """Whether a factor follows that could be heard as part of what is under a root, a fraction or in a power."""
    if element.tag not in _ENDS or (element.tag == "mfrac" and is_vulgar(element)):
        return False
    if element.tag == "msup" and "to the power of" not in said:
        return False
    return f"end {_ENDS[element.tag]}" not in said[-14:] and after.tag not in ("mo", "mspace", "mtext", "mtable")


def _one(row: list[ET.Element], at: int, modular: bool) -> str:
    """An element that is read by itself, knowing its neighbours."""
    element = row[at]
    sign = text_of(element) if element.tag in ("mo", "mi") else ""
    before = row[at - 1] if at else None
    if sign in ("-", "\u2212", "+") and is_unary(row[:at]):
        return "negative" if sign != "+" else "plus"
    if sign == "\u2261" and modular:
        return "is congruent to"
    if sign in ("\u22c5", "\u00b7", "\u00d7") and before is not None and is_vector(before):
        return "cross" if sign == "\u00d7" else "dot"
    if sign in (",", ";"):
        return sign
    if sign == ".":
        return "point" if before is not None and before.tag == "mn" and at + 1 < len(row) else "."
    if sign == ":":
        signs = {text_of(e) for e in row}
        if "\u2192" in signs:
            return "from"
        return "," if signs & {"\u21a6", "\u2200", "\u2203"} or not at or at + 1 == len(row) else "is to"
    if element.tag == "mfrac" and is_vulgar(element) and before is not None and before.tag == "mn":
        return f"and {_say(element)}"
    if element.tag in ("msub", "msup", "mover", "munder", "mi", "mo") and is_applied(row, at):
        return f"{_say(element).removesuffix(' of')} of"
    return _say(element)


def _group(row: list[ET.Element], at: int, words: list[str]) -> tuple[str, int] | None:
    """A stretch of a row that is read as one: numbers, units, what is in fences; and where it ends."""
    element = row[at]
    sign = text_of(element)
    if element.tag == "mn":
        return _number(row, at)
    if sign == "$" and at + 1 < len(row) and row[at + 1].tag == "mn":
        amount, end = _number(row, at + 1)
        return f"{amount} {'dollar' if amount == '1' else 'dollars'}", end
    if element.tag == "mi" and element.get("mathvariant") == "normal":
        end = at
        while end < len(row) and row[end].tag == "mi" and row[end].get("mathvariant") == "normal":
            end += 1
        return "".join(text_of(e) for e in row[at:end]), end
    if element.tag == "mo" and sign in PAIRS:
        return _fenced(row, at, words)
    if element.tag == "mi" and sign in ("\u230a", "\u2308", "\u27e8"):
        return _fenced(row, at, words)
    return None


def _number(row: list[ET.Element], at: int) -> tuple[str, int]:
    """A number with its thousands, ``1,234`` or ``1{,}234``."""
    digits = text_of(row[at])
    end = at + 1
    while end + 1 < len(row) and text_of(inner([row[end]])[0] if inner([row[end]]) else row[end]) == ",":
        following = text_of(row[end + 1])
        whole, _, decimals = following.partition(".")
        if row[end + 1].tag != "mn" or len(whole) != 3 or len(digits.split(",")[0]) > 3 or "." in digits:
            break
        digits += "," + whole + ("." + decimals if decimals else "")
        end += 2
    return digits, end


def _fenced(row: list[ET.Element], at: int, words: list[str]) -> tuple[str, int] | None:
    """What stands between two fences, and what comes after them."""
    opening = text_of(row[at])
    close = closing_fence(row, at)
    if close is None:
        if opening == "{" and at + 1 < len(row) and row[at + 1].tag == "mtable":
            return _matrix(row[at + 1], "{"), at + 2
        if opening in UPRIGHT:
            return "divides", at + 1
        return None
    inside, last = row[at + 1 : close], row[close]
    core = inner(inside)
    after = _after(last)
    if len(core) == 1 and core[0].tag == "mtable":
        return _matrix(core[0], "|" if opening in UPRIGHT else "(") + after, close + 1
    if len(core) == 1 and core[0].tag == "mfrac" and core[0].get("linethickness") is not None:
        return _say(core[0]) + after, close + 1
    said = _row(inside)
    if opening == "(" and core and text_of(core[0]) == "mod":
        return f", {said}", close + 1
    if opening in _OPENS:
        name = _OPENS[opening]
        end = "" if is_simple(inside) and not after else f", end {name}"
        return f"the {name} of {_bare(said) if end else said}{end}{after}", close + 1
    if opening == "{" and text_of(last if not len(last) else last[0]) == "}":
        said = said.replace(" divides ", " such that ", 1).replace(" vertical bar ", " such that ", 1)
        said = said.replace(" is to ", " such that ", 1)
        return f"the set {_bare(said)}, end set{after}" if said else f"the empty set{after}", close + 1
    name = text_of(base_of(row[at - 1])) if at else ""
    called = bool(words) and words[-1].endswith(" of")
    if name in ("P", "Pr") and called:
        said = said.replace(" divides ", " given ")
    if opening == "[" and last.tag in ("msub", "msubsup"):
        return said + _say(last), close + 1
    if opening in ("(", "{") and called and not after and (name in _LISTED or is_simple(inside)):
        return said, close + 1
    times = (
        "times "
        if opening == "(" and words and (row[at - 1].tag == "mn" or words[-1].endswith("close parenthesis"))
        else ""
    )
    return f"{times}{SIGNS[opening]} {said} {_say(last)}", close + 1


def _after(last: ET.Element) -> str:
    """The power or index that a closing fence carries."""
    if not len(last):
        return ""
    fence = ET.Element("mtext")
    fence.text = "\u200b"
    if last.tag == "msubsup":
        return _index_and_power(fence, last[1], last[2]).replace("\u200b", "")
    said = _power(fence, last[1]) if last.tag == "msup" else _index(fence, last[1])
    return said.replace("\u200b", "")
