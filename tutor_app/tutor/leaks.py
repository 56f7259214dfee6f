"""Tells whether a text gives an answer away: as written, as a number, in words, or as an equal expression.

Strict on purpose: a number of the problem that happens to be the answer counts, too.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking.work.lines import read_side
from tutor_app.adapters.checking.work.values import Unknown, Value, alike, value
from tutor_app.adapters.grading.terms import Term, symbols, walk
from tutor_app.text.delimiters import split
from tutor_app.text.typing import read_typed

_NUMBER: Final = re.compile(r"(?<![\w.])-?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|(?<![\w.])\.\d+")
_BLOCK: Final = re.compile(r"```(?:python)?\n(.*?)```", re.S)
_FRACTION: Final = re.compile(r"\\[dt]?frac\{?(-?\d+)\}?\{?(\d+)\}?|(?<![\w.])(\d+)\s*/\s*(\d+)")
_ARITHMETIC: Final = re.compile(r"[\d.,()+\-*/^·×÷ x$%=]*\d[\d.,()+\-*/^·×÷ x$%=]*")
_SIGNS: Final = str.maketrans({"·": "*", "×": "*", "÷": "/", "x": "*", "^": "**", "$": " ", ",": "", "=": " "})
_ONES: Final = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905
_OTHERS: Final = {
    "half": Fraction(1, 2), "third": Fraction(1, 3), "quarter": Fraction(1, 4), "twice": Fraction(2),
    "double": Fraction(2), "triple": Fraction(3), "thrice": Fraction(3), "dozen": Fraction(12), "none": Fraction(0),
    "pair": Fraction(2), "nothing": Fraction(0), "single": Fraction(1), "once": Fraction(1),
}  # fmt: skip
_SCALES: Final = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_SMALL: Final = {word: n for n, word in enumerate(_ONES)} | {word: 10 * n for n, word in enumerate(_TENS, 2)}
_ABOUT_DIVISORS: Final = re.compile(
    r"(?i)\b(?:co-?primes?|primes?|composite|divisib\w+|divisors?|factors?|multiples?)\b"
)
_PAIR: Final = re.compile(r"(?<![\w.])(\d+|\.{3})\s*([×*·÷/%]|//)\s*(?=(\d+)(?!\w|\.\d))")
"""Two whole numbers that are multiplied or divided, the first perhaps hidden; the second may begin the next pair."""
MOST_VALUES: Final = 6
MOST_SIGNS: Final = 40
LONGEST_PART: Final = 13
LARGEST: Final = 10**9
_MOST_FACTORS: Final = 100


def leaks(text: str, answer: str) -> bool:
    """Whether ``text`` gives ``answer`` away.

    Args:
        text: Prose, formulas or code.
        answer: LaTeX, or as printed.
    """
    if not answer.strip():
        return False
    plain = _squeezed(answer)
    # A number is looked for as a number: 5 does not stand in 15.
    if not re.fullmatch(r"[\d.,\-]*", plain) and len(plain) > 1 and plain in _squeezed(text):
        return True
    values = values_of(answer)
    if not values:
        words = [w for w in re.findall(r"[^\W\d_]{2,}", answer.lower()) if w not in ("text", "frac", "sqrt")]
        return bool(words) and all(re.search(rf"\b{re.escape(w)}\b", text.lower()) for w in words)
    return any(alike(number, right) for number in stated_numbers(text) for right in values)


def gives_divisor(text: str, problem: str) -> bool:
    """Whether ``text`` names a divisor that the problem does not: in "Is 91 prime?" that is the whole answer.

    Args:
        text: Prose, formulas or code.
        problem: Only one that asks about primes, divisors and the like has such a secret.
    """
    if not _ABOUT_DIVISORS.search(problem):
        return False
    told = {int(number) for number in re.findall(r"\d+", problem)}
    for m in _PAIR.finditer(text):
        b = int(m[3])
        wholes = told if m[1] == "..." else told & {int(m[1])}
        if m[2] in "×*·" and m[1] != "...":
            a = int(m[1])
            if min(a, b) > 1 and a * b in told and not {a, b} & told:
                return True
        elif b not in told and any(1 < b < whole and whole % b == 0 for whole in wholes):
            return True
    return False


def values_of(answer: str) -> tuple[Value, ...]:
    """The numbers that an answer consists of."""
    text = re.sub(r"\\text\{[^{}]*\}|\\[,;!]|\\?\$|\\%|%|\^\s*\{?\s*\\circ\s*\}?|°|\\degree\b", "", answer)
    found: list[Value] = []
    for part in re.split(r",\s+|,(?!\d{3})|\\text\{\s*(?:or|and)\s*\}|\bor\b|\band\b|;|[()\[\]]{1}(?=$)|=|\\in", text):
        side = read_side(part.strip().strip("()[]").strip()) if part.strip() else None
        if side is None or symbols(side):
            number = _NUMBER.search(part)
            side = (
                read_side(number[0])
                if number is not None and not re.search(r"[a-zA-Z\\]", part[: number.start()])
                else None
            )
        if side is not None and (number_ := _value(side)) is not None:
            found.append(number_)
    return tuple(found[:MOST_VALUES])


def _squeezed(text: str) -> str:
    return re.sub(r"[\s$]|\\[,;!]", "", text).strip(".").lower()


def _value(term: Term) -> Value | None:
    try:
        return value(term, {})
    except Unknown:
        return None


def written(text: str) -> Iterator[Value]:
    """Every number that stands in a text, in figures or words; nothing is worked out."""
    for m in _NUMBER.finditer(text):
        number = m[0].replace(",", "").rstrip(".")
        yield from _both_signs(Fraction(number))
    for m in _FRACTION.finditer(text):
        above, below = m[1] or m[3], m[2] or m[4]
        if int(below):
            yield from _both_signs(Fraction(int(above), int(below)))
    for m in re.finditer(r"(\d+(?:\.\d+)?)\s*\\?%", text):
        yield Fraction(m[1]) / 100
    yield from _in_words(text)


def stated_numbers(text: str) -> Iterator[Value]:
    """Every number that a text tells in some way: written, or as a calculation that comes to it."""
    yield from written(text)
    for m in _ARITHMETIC.finditer(text):
        for piece in m[0].split("="):
            source = piece.translate(_SIGNS).strip(" .*/+")
            yield from _of_expression(source)
            yield from _of_parts(source)
    yield from _of_code(text)
    for formula in (s for s in split(read_typed(text).text).segments if s.kind != "text"):
        for side in re.split(r"=|\\le(?![a-z])|\\ge(?![a-z])|<|>|\\approx", formula.source):
            term = read_side(side.strip()) if side.strip() else None
            for part in walk(term) if term is not None else ():
                if not symbols(part) and (number_ := _value(part)) is not None:
                    yield from _both_signs(number_)


def _both_signs(number: Value) -> Iterator[Value]:
    yield number
    yield -number


def _in_words(text: str) -> Iterator[Value]:
    """Numbers in English words: "seventy-two", "two hundred and five", "half"."""
    words = re.findall(r"[a-z]+", text.lower())
    total, group, seen = 0, 0, False
    for word in (*words, ""):
        if word in _OTHERS or (word.endswith("s") and word[:-1] in _OTHERS):
            yield _OTHERS.get(word) or _OTHERS.get(word[:-1], Fraction(0))
        if word in _SMALL:
            yield Fraction(_SMALL[word])
            group, seen = group + _SMALL[word], True
        elif word in _SCALES and seen:
            if word == "hundred":
                group *= 100
            else:
                total, group = total + group * _SCALES[word], 0
        elif word != "and" or not seen:
            if seen:
                yield Fraction(total + group)
            total, group, seen = 0, 0, False


def _of_expression(source: str) -> Iterator[Value]:
    """The values of a calculation and of its parts."""
    if len(source) > 200 or not re.search(r"\d", source):
        return
    try:
        tree = ast.parse(re.sub(r"%", "/100", source), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return
    yield from _constants(tree)


def _of_parts(source: str) -> Iterator[Value]:
    """The values of every stretch of a calculation: 2 + 3 in 1 + 2 + 3."""
    signs = re.findall(r"\d+(?:\.\d+)?|\*\*|[-+*/()]", source)[:MOST_SIGNS]
    for start in range(len(signs)):
        for end in range(start + 3, min(len(signs), start + LONGEST_PART) + 1):
            try:
                tree = ast.parse("".join(signs[start:end]), mode="eval")
            except (SyntaxError, ValueError, RecursionError):
                continue
            if (found := _computed(tree.body)) is not None:
                yield from _both_signs(found)


def _of_code(text: str) -> Iterator[Value]:
    """The values of constant expressions in Python code, which may stand in a block of Markdown."""
    block = _BLOCK.search(text)
    try:
        tree = ast.parse(block[1] if block is not None else text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return
    yield from _constants(tree)


def _constants(tree: ast.AST) -> Iterator[Value]:
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp | ast.UnaryOp | ast.Constant | ast.Call):
            found = _computed(node)
            if found is not None:
                yield from _both_signs(found)


def _computed(node: ast.AST) -> Fraction | None:
    match node:
        case ast.Constant(value=bool()):
            return None
        case ast.Constant(value=int() | float() as number):
            try:
                return Fraction(str(number))
            except ValueError:
                return None
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            found = _computed(inner)
            return None if found is None else -found
        case ast.Name(id="pi") | ast.Attribute(attr="pi"):
            return Fraction(math.pi)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=arguments, keywords=[]):
            return _called(name, arguments)
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _computed(left), _computed(right)
            if a is None or b is None:
                return None
            return _operated(a, op, b)
        case _:
            return None


def _called(name: str, arguments: list[ast.expr]) -> Fraction | None:
    """What a function of numbers comes to: ``math.sqrt(16)``, ``comb(4, 2)``, ``sum([1, 3])``."""
    inside = arguments[0].elts if len(arguments) == 1 and isinstance(arguments[0], ast.List | ast.Tuple) else arguments
    numbers = [_computed(argument) for argument in inside]
    known = [number for number in numbers if number is not None]
    if not known or len(known) < len(numbers) or any(abs(number) > LARGEST for number in known):
        return None
    whole = [int(number) for number in known]
    try:
        match name, known:
            case "sqrt", [number]:
                return Fraction(math.isqrt(int(number))) if _is_square(number) else Fraction(math.sqrt(number))
            case (("Fraction" | "Rational"), [above, below]):
                return above / below
            case (("int" | "float" | "Integer" | "Fraction" | "Rational"), [number]):
                return number
            case "round", [number]:
                return Fraction(round(number))
            case "abs", [number]:
                return abs(number)
            case (("comb" | "binomial" | "perm" | "gcd" | "lcm"), [_, _]):
                return Fraction(getattr(math, "comb" if name == "binomial" else name)(*whole))
            case "factorial", [number] if number <= _MOST_FACTORS:
                return Fraction(math.factorial(int(number)))
            case "sum", _:
                return sum(known, Fraction(0))
            case (("max" | "min"), _):
                return max(known) if name == "max" else min(known)
    except (ValueError, ArithmeticError):
        return None
    return None


def _is_square(number: Fraction) -> bool:
    return number >= 0 and number.denominator == 1 and math.isqrt(int(number)) ** 2 == number


def _operated(a: Fraction, op: ast.operator, b: Fraction) -> Fraction | None:
    match op:
        case ast.Add():
            return a + b
        case ast.Sub():
            return a - b
        case ast.Mult():
            return a * b
        case ast.Div() if b:
            return a / b
        case ast.FloorDiv() if b:
            return Fraction(a // b)
        case ast.Mod() if b:
            return a % b
        case ast.Pow() if b.denominator == 1 and abs(b) <= 12 and abs(a) < 10**6 and (a or b > 0):
            return a ** int(b)
        case _:
            return None
