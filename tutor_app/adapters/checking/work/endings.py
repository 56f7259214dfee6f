"""Finds the line at which a work that ends with a wrong number came to it.

Only where the problem is computed independently, nothing else is at fault, and the work is at its end: the number is
told again, has the unit or the letter of what is asked for, or is what a common mistake comes to. A step that is not
yet the answer is no mistake.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Final

from tutor_app.adapters.checking.answers import check_answer
from tutor_app.adapters.checking.work.asked import Asked, asked
from tutor_app.adapters.checking.work.fixed import first_wrong
from tutor_app.adapters.checking.work.lines import read_line, read_side
from tutor_app.adapters.checking.work.notes import told
from tutor_app.adapters.checking.work.pairs import first_wrong_pair
from tutor_app.adapters.checking.work.slips import slip_between, with_one_sign_changed
from tutor_app.adapters.checking.work.state import is_near
from tutor_app.adapters.checking.work.values import Unknown, Value, alike, real, value
from tutor_app.adapters.grading.terms import Term, symbols
from tutor_app.core.work import LineVerdict

_SILENT: Final = frozenset(("empty", "words", "unread", "picture"))
_OPERATION: Final = re.compile(r"(?<=[\w)}\]°])\s*(?:[-+*/^·×÷]|\\(?:cdot|times|div)(?![a-z]))|[a-z]{2,}\s*\(|√")
_PLAIN: Final = re.compile(r"(?<![\w.^{])\d+(?:\.\d+)?(?![\w.])")
MOST_SIGNS: Final = 12
_SAID: Final = "its value is not what the problem asks for"
_NUMBER: Final = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.]*\w)")
_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(?:\\?%|percent\b)")
_SWAPS: Final = (
    (r"\barea\b", "perimeter"), (r"\barea\b", "circumference"), (r"\bperimeter\b", "area"),
    (r"\bcircumference\b", "area"), (r"\bvolume\b", "surface area"), (r"\bsurface area\b", "volume"),
    (r"\bradius\b", "diameter"), (r"\bdiameter\b", "radius"), (r"\btriangle\b", "parallelogram"),
    (r"\bparallelogram\b", "triangle"), (r"\bcone\b", "cylinder"), (r"\bcylinder\b", "cone"),
    (r"\bmean\b", "sum"), (r"\bmean\b", "median"), (r"\bmedian\b", "mean"), (r"\bvariance\b", "standard deviation"),
)  # fmt: skip
"""What is mixed up: with the one word in the place of the other the problem has the student's answer."""
_NUMBER_WRITTEN: Final = re.compile(r"(?:^|[=\u2248])\s*(\d+(?:\.\d+)?)\s*[a-zA-Z/]+[²³]?\s*$")
_NEVER: Final = "-98765.4321"
"""A number that no problem asks for."""
_HALVED: Final = re.compile(r"(?i)\barea\b|\bsum of the first\b|\bseries\b")
"""What has a half in its formula."""
_FACTORS: Final = tuple(map(Fraction, (2, 3, 100)))
"""What a right step may still have to be divided by."""
_CONVERSION: Final = re.compile(
    r"(?i)^\s*(?:convert|how many|change|write|express|rechne|wandle|wie viele?)\b|\bhow (?:long|much|fast)"
    r" is (?:that|it) in\b"
)
_ASKED_UNIT: Final = re.compile(
    r"(?i)^(?:how many|wie viele?) ([^\s\d]+)|\b(?:to|into|in|as) ([^\s\d]+?)(?: um)?[?.!]*$"
)
_COORDINATES: Final = re.compile(r"\(\s*(-?[\d./]+)\s*[,;|]\s*(-?[\d./]+)\s*\)")
_CHECK: Final = re.compile(r"(?i)\s*(?:[LR]\.?H\.?S\b|check|proof|test\b|(?:left|right)(?: hand)? side)")
_GOALS: Final = {
    "area": "A", "perimeter": "PU", "circumference": "CU", "volume": "V", "hypotenuse": "c", "slope": "m", "term": "a",
    "sum": "S", "distance": "d", "mean": "mx", "probability": "Pp",
}  # fmt: skip
_UNIT_FACTORS: Final = tuple(
    map(Fraction, ("10", "100", "1000", "10000", "1000000", "60", "3600", "24", "12", "18/5", "50/3", "36"))
)
"""Between units of length, area, volume, time and speed; a wrong one of them makes a conversion wrong."""
_LETTER: Final = re.compile(r"\s*([a-zA-Z])(?:_\{?\w+\}?)?\s*=")


def with_wrong_end(
    problem: str, lines: list[LineVerdict], texts: Sequence[str], in_time: Callable[[], bool]
) -> list[LineVerdict]:
    """The verdicts, with the line where a work that ends with a wrong number first came to it.

    Args:
        problem: In names that can be read.
        lines: So far.
        texts: Of the lines, in the same names.
        in_time: Whether there is time to compute the problem.
    """
    said = [k for k, line in enumerate(lines) if line.kind not in _SILENT]
    if not problem.strip() or not lines or any(line.is_fault for line in lines):
        return lines
    if in_time() and (fixed := first_wrong(problem, [line.text for line in lines])) is not None:
        return _with_fault(lines, *fixed)
    if any(line.kind == "unsure" for line in lines):
        return lines
    if (pair := first_wrong_pair(problem, texts)) is not None:
        return _with_fault(lines, *pair)
    last = _number_of(texts[said[-1]]) if said and not _CHECK.match(texts[said[-1]]) else None
    if last is None or not in_time():
        return lines
    answer = check_answer(problem, last[1])
    if answer.kind == "unchecked" and (wanted := asked(problem)) is not None:
        place = _first_wrong(wanted, [(k, found) for k in said if (found := _number_of(texts[k])) is not None])
        return lines if place is None else _with_fault(lines, place, wanted.slip(last[0]) or wanted.slip(100 * last[0]))
    if answer.kind != "wrong":
        return lines
    first = said[-1]
    for k in reversed(said):
        number = _number_of(texts[k])
        if number is None or not (alike(number[0], last[0]) or is_near(number[0], last[0])):
            break
        first = k
    text = texts[first]
    right = _without_unit(answer.right)
    if right is not None and _ends_with(texts[said[-1]], real(right)):
        return lines  # in the unit that stands behind it
    if right is None or symbols(right) or _is_told(real(right), [texts[k] for k in said]):
        return lines
    begun = _number_of(text) or last
    slip = (
        _mistake(problem, real(right), last[0])
        or (() if alike(begun[0], last[0]) else _mistake(problem, real(right), begun[0]))
        or _one_sign_off(text, real(right))
    )
    if not slip and (wanted := asked(problem)) is not None and (told_slip := wanted.slip(last[0])):
        slip = (told_slip,)
    restated = first != said[-1] and len(_OPERATION.findall(text)) > 1
    is_step = slip[1:] == ("step",)
    is_end = restated or _is_told_as_answer(problem, text, answer.right) or _is_calculation(text)
    if not (is_end or (slip and not is_step)):
        return lines
    side, source = read_line(text).statements[0].sides[-1], read_line(text).statements[0].sources[-1]
    name = slip[0] if slip else "sign" if slip_between(right, "", side, source) == "sign" else ""
    if not name and (wanted := asked(problem)) is not None:
        name = wanted.slip(last[0])
    return _with_fault(lines, first, name)


def _ends_with(text: str, right: Value | None) -> bool:
    """Whether the last number that a line writes is the right one."""
    written = _NUMBER_WRITTEN.search(text)
    return written is not None and right is not None and alike(Fraction(written[1]), right)


def _first_wrong(number: Asked, told: Sequence[tuple[int, tuple[Value, str]]]) -> int | None:
    """Where lines first came to the wrong number with which they end; None if they end with a right one."""
    last = told[-1][1][0]
    if number.allows(last) or any(number.is_right(found) for _, (found, _) in told):
        return None
    same = (last, 100 * last)  # "5.6 %" is told in hundredths
    wrong = [k for k, (found, _) in told if any(is_near(found, v) or alike(found, v) for v in same)]
    if number.is_closed:
        wrong = [k for k, (found, _) in told if not number.allows(found)]
    return wrong[0]


def _with_fault(lines: list[LineVerdict], place: int, slip: str) -> list[LineVerdict]:
    wrong = replace(lines[place], kind="false", counterexample=_SAID, slip=slip)
    return [*lines[:place], wrong, *lines[place + 1 :]]


def _is_calculation(text: str) -> bool:
    """Whether a line works out one number of others, by words or signs that name nothing else."""
    statements = read_line(text).statements
    return (
        len(statements) == 1
        and bool(statements[0].relations)
        and not statements[0].names
        and (
            re.search("[a-zA-Z]", statements[0].sources[0].replace("frac", "").replace("cdot", "").replace("times", ""))
            is None
        )
    )


def _is_told(right: Value | None, texts: list[str]) -> bool:
    """Whether a line came to the right number: what comes behind it is a check or a remark."""
    told = (_number_of(text) for text in texts)
    return right is not None and any(number is not None and alike(number[0], right) for number in told)


def _one_sign_off(text: str, right: Value | None) -> tuple[str, ...]:
    """Whether the calculation of a line has another sign than one that comes to the right number."""
    statements = read_line(told(text).text).statements
    if right is None or len(statements) != 1 or len(_OPERATION.findall(text)) < 1:
        return ()
    for source in statements[0].sources:
        changed = [
            *with_one_sign_changed(source),
            *(f"{source[: m.start()]}(-{m[0]}){source[m.end() :]}" for m in _PLAIN.finditer(source)),
        ]
        sides = (read_side(other) for other in changed) if len(changed) < MOST_SIGNS else ()
        for side in sides:
            found = None if side is None or symbols(side) else real(side)
            if found is not None and alike(found, right):
                return ("sign",)
    return ()


def _is_told_as_answer(problem: str, text: str, right: str) -> bool:
    """Whether a line gives the letter or the unit of what is asked for to its number."""
    letter = _LETTER.match(text)
    if letter and any(word in problem.lower() and letter[1] in letters for word, letters in _GOALS.items()):
        return True
    if _CONVERSION.search(problem) and (asked := _ASKED_UNIT.search(problem)) is not None:
        return text.rstrip(" .").endswith(next(filter(None, asked.groups())))
    unit = re.search(r"\\text\{\s*(\w+)\s*\}(\^\d)?", right)
    if unit is None or not (unit[2] or problem.lower().lstrip().startswith("convert")):
        return False
    plain = text.replace("²", "^2").replace("³", "^3").replace(" ", "")
    return plain.endswith(unit[1] + (unit[2] or ""))


def _mistake(problem: str, right: Value | None, told: Value) -> tuple[str, ...]:
    """The common mistake by which a problem has this answer; with ``step`` behind it if it may be a step on the way."""
    if right is None:
        return ()
    is_step = any(alike(told, right * f) or alike(told * f, right) for f in _FACTORS)
    more = ("step",) if is_step else ()
    for slip, wrong in _mistaken(problem, right):
        if alike(wrong, told) or (isinstance(told, Fraction) and told.denominator > 1 and is_near(wrong, told)):
            return (slip, *more)
    for pattern, word in _SWAPS:
        swapped, count = re.subn(pattern, word, problem, flags=re.I)
        other = _computed(swapped) if count else None
        if other is not None and (alike(other, told) or is_near(other, told)):
            return ("formula", *more)
    if (m := re.search(r"\b(\d+)(?:st|nd|rd|th) term", problem)) is not None:
        swapped = f"{problem[: m.start()]}{int(m[1]) + 1}th term{problem[m.end() :]}"
        other = _computed(swapped)
        if other is not None and alike(other, told):
            return ("formula",)
    if _HALVED.search(problem) and alike(told, 2 * right):
        return ("formula", *more)
    return ()


def _without_unit(answer: str) -> Term | None:
    return read_side(re.sub(r"\\text\{[^{}]*\}\S*", "", answer))


def _computed(problem: str) -> Value | None:
    """The one number that a problem asks for; None if it is not known."""
    right = _without_unit(check_answer(problem, _NEVER).right)
    return None if right is None or symbols(right) else real(right)


def _mistaken(problem: str, right: Value) -> Iterator[tuple[str, Value]]:
    percents = _PERCENT.findall(problem)
    numbers = [Fraction(n) for n in _NUMBER.findall(_PERCENT.sub(" ", problem))]
    if len(percents) == 1 and len(numbers) == 1:
        part, (amount,) = Fraction(percents[0]), numbers
        for wrong in (
            amount + part, amount - part, amount * (1 + part / 100), amount * (1 - part / 100), amount * part / 100,
            amount * part, amount / part, part / amount, amount * (1 + part / 10), amount * (1 - part / 10),
            amount / (1 + part / 100), amount * 100 / part,
        ):  # fmt: skip
            yield "percent", wrong
    if len(percents) > 1 and len(numbers) == 1:
        amount, parts = numbers[0], [Fraction(p) / 100 for p in percents]
        for signs in product((1, -1), repeat=len(parts)):
            yield "percent", amount * (1 + sum(sign * part for sign, part in zip(signs, parts, strict=True)))
    if re.search(r"(?i)\bpercent(?:age)? of\b|% of\b", problem) and len(numbers) == 2 and not percents:
        a, b = numbers
        for wrong in (a / b, b / a, 100 * a / b, 100 * b / a, a * b / 100):
            yield "percent", wrong
    if (
        re.search(r"(?i)\b(?:by|how many|what) (?:how many |what )?percent", problem)
        and len(numbers) == 2
        and not percents
    ):
        a, b = numbers
        for wrong in ((b - a) / b, (b - a) / a, b / a, a / b, (a - b) / a, (a - b) / b):
            yield from (("percent", wrong), ("percent", 100 * wrong))
    if "median" in problem.lower() and len(numbers) > 2:
        middle = numbers[(len(numbers) - 1) // 2 : len(numbers) // 2 + 1]  # not put in order
        yield "", sum(middle) / len(middle)
    if _CONVERSION.search(problem) and right:
        for factor in _UNIT_FACTORS:
            for wrong in (factor, 1 / factor):
                yield from (("unit", number * wrong) for number in numbers[:1])
    yield from _mistaken_of_sets(problem, right, numbers)
    if "hypotenuse" in problem.lower() and len(numbers) == 2:
        yield "square", numbers[0] + numbers[1]
        yield "formula", float(abs(numbers[0] ** 2 - numbers[1] ** 2)) ** 0.5
    if re.search(r"(?i)\b(?:mean|average)\b", problem) and len(numbers) > 1:
        yield "order", sum(numbers[:-1]) + numbers[-1] / len(numbers)
        yield from (("", sum(numbers) / (len(numbers) + k)) for k in (-1, 1))
    if "slope" in problem.lower() and right:
        yield "formula", 1 / right
        yield "sign", -right


def _mistaken_of_sets(problem: str, right: Value, numbers: list[Fraction]) -> Iterator[tuple[str, Value]]:
    """Of sums written out, probabilities of several draws or throws, and points."""
    lower = problem.lower()
    if "series" in lower or "progression" in lower:
        steps = numbers[1] / numbers[0] if len(numbers) > 2 and numbers[0] else Fraction(0)
        yield from (("", right - number) for number in numbers)
        yield from (("", right + number * steps) for number in numbers[-1:])
    if re.search(r"\bprobability\b|\bP\s?\(", problem):
        yield "", 2 * math.sqrt(abs(float(right)))  # added instead of multiplied
        yield "", math.sqrt(abs(float(right)))
        yield "", 1 - right
        if re.search(r"\bcard\b", problem):
            yield "", right + Fraction(1, 52)  # the one card counted twice
        if re.search(r"\b(?:die|dice)\b", problem):
            yield from (("", Fraction(n, 6)) for n in (2, 3))
        if len(numbers) > 1 and (whole := sum(numbers[:2])):
            for a in numbers[:2]:
                yield from (("", v) for v in ((a / whole) ** 2, 2 * a / whole, a * (a - 1) / whole**2 if whole else a))
                if whole > 1:
                    yield "", a / whole + (a - 1) / (whole - 1)
                    yield "", a * (numbers[0] + numbers[1] - a) / (whole * (whole - 1))
    points = [tuple(map(Fraction, m)) for m in _COORDINATES.findall(problem)]
    if len(points) == 2 and re.search(r"\b(?:distance|far|length|abstand)\b", lower):
        (a, b), (c, d) = points
        yield "sign", math.hypot(a + c, b + d)
        yield "square", abs(a - c) + abs(b - d)
        yield "sign", math.sqrt(abs((a - c) ** 2 - (b - d) ** 2))


def _number_of(text: str) -> tuple[Value, str] | None:
    """The number that a line comes to, with its side as LaTeX; None if it tells something else."""
    line = read_line(text)
    if len(line.statements) != 1 or not {"=", "~"} >= set(line.statements[0].relations):
        return None
    statement = line.statements[0]
    try:
        found = None if symbols(statement.sides[-1]) else value(statement.sides[-1], {})
    except Unknown:
        return None
    return None if found is None else (found, statement.sources[-1])
