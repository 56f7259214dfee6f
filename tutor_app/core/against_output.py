"""Finds where a solution's words or its answer differ from what its own code printed.

What the code printed is no proof, since the code may be wrong and the words right: a sentence before the code is told
to differ from it, and only if it answers the question of the problem in the question's own words, the code then prints
another number, and the answer is that number. It is called false where that answer was computed independently.
An answer that is no number of any output, nor one rounded, nor calculated from one in words, is told to differ. Numbers
alone are compared; nothing is computed, nothing is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from tutor_app.core.answers import NUMBER
from tutor_app.core.claims import Claim
from tutor_app.core.parts import Answer, Code, Output, Part, Question, Text

_LONGEST: Final = 160
_BEHIND: Final = 5
"""Words that may stand behind the number that a sentence comes to."""
_SENTENCE: Final = re.compile(r"[^\n]+?(?:[.!?](?=\s|$)|$)", re.MULTILINE)
_WORD: Final = re.compile(r"[A-Za-z]+")
_WHOLE: Final = re.compile(r"[^.?!\n]*+\??")
_ASKS: Final = re.compile(r"\b(?:Find|Compute|Calculate|Determine|Evaluate)\b", re.IGNORECASE)
_OPERAND: Final = re.compile(r"(?:[-+*/×÷^_]|\\times|\\cdot|\\div)[\s$(]*$")
_GOES_ON: Final = re.compile(r"[\s$)]*(?:[-+*/×÷^=<>(]|\\times|\\cdot|\\div)(?!\*)|[A-Za-z]")
"""A number beside an operation is no result."""
_THE_ANSWER: Final = re.compile(r"\banswer\b[^.\n]{0,20}?(?:\bis\b|=|:)", re.IGNORECASE)
_LABEL: Final = re.compile(r"^\s*([A-Za-z][^\d\n]*?)\s*[:=]\s*[$€£]?\s*(?=-?[\d.])")
UNSURE: Final = re.compile(
    r"\b(?:if|suppose|assum\w*|let|would|could|might|should|may|at least|at most|more|fewer|less|other|extra|each|per"
    r"|every|about|approximately|around|roughly|nearly|almost|between|not|n't|first|second|initially|before|another"
    r"|without|instead|wrong\w*|incorrect\w*|guess\w*|estimate\w*)\b|≈|~|\?|\\approx",
    re.IGNORECASE,
)
"""Where one of these stands, a sentence may state something else than the result."""
_SILENT: Final = (
    "a an the of in on at to for from by with and or is are was were be been will do does did has have had it its they"
    " their them he his she her him we our us you your i my this that these those there here so then thus hence"
    " therefore what which who whose how many much long far old find compute calculate determine evaluate number value"
    " total answer get gets got give gives given can all must now as when if"
)
"""Words that do not tell what is asked for."""
_BOX: Final = re.compile(r"\\(?:boxed|fbox|text|mathrm|mbox)\s*\{([^{}]*)\}")
_FRACTION: Final = re.compile(r"\\[dt]?frac\s*\{?(-?\d+)\}?\s*\{?(\d+)\}?|(-?\d+)\s*/\s*(\d+)")


@dataclass(frozen=True, slots=True)
class Printed:
    """The last number that a block printed.

    Attributes:
        text: As printed.
        label: Words before it in its line, as ``Buses needed`` in ``Buses needed: 10``; or empty.
    """

    text: str
    label: str = ""


def printed(output: Output) -> Printed | None:
    """The number that the last line of an output is about; None where it failed, or the line has several or none."""
    if output.status != "ok":
        return None
    line = (output.stdout.strip() or output.value.strip()).rpartition("\n")[2]
    numbers = NUMBER.findall(line)
    if len(numbers) != 1 or len(line) > _LONGEST:
        return None
    label = _LABEL.match(line)
    return Printed(numbers[0], label[1] if label is not None else "")


def same(a: str, b: str) -> bool:
    """Whether two numbers as written are the same, one a rounding of the other, or one the other in per cent."""
    x, y = _value(a), _value(b)
    if x == y or abs(x - y) <= Fraction(1, 10**9) * max(abs(x), abs(y)) or 100 in (_ratio(x, y), _ratio(y, x)):
        return True
    return any(abs(p - q) < Fraction(1, 10 ** _decimals(text)) for p, q, text in ((x, y, b), (y, x, a)))


def contradicted(parts: Sequence[Part], problem: str) -> dict[int, Claim]:
    """Statements before the code that differ from it: index of the text part, and the statement with what is printed.

    Args:
        parts: Of a solution, its answer included; what was asked about it later is left out.
        problem: As typed.
    """
    found: dict[int, Claim] = {}
    asked = asked_stems(problem)
    end = next((n for n, part in enumerate(parts) if isinstance(part, Question)), len(parts))
    answer = next((p for p in reversed(parts[:end]) if isinstance(p, Answer)), None)
    result = _plain(answer.latex) if answer is not None else ""
    proved = answer is not None and answer.verdict.kind in ("checked", "numeric")
    for n, part in enumerate(parts[:end]):
        output = _output_after(parts[:end], n) if isinstance(part, Text) else None
        number = printed(output) if output is not None else None
        if not isinstance(part, Text) or number is None or not result or not _equal(number.text, result):
            continue
        claim = _statement(part.text, number, asked, proved=proved)
        if claim is not None:
            found[n] = claim
    return found


def with_claim(claims: tuple[Claim, ...], claim: Claim | None) -> tuple[Claim, ...]:
    """The claims of a text with one more in its place, unless something in it is known to be false already."""
    if claim is None or any(c.marked and c.start < claim.end and claim.start < c.end for c in claims):
        return claims
    kept = [c for c in claims if not (c.verdict == "unchecked" and claim.start <= c.start and c.end <= claim.end)]
    return tuple(sorted([*kept, claim], key=lambda c: (c.start, c.end)))


def differing(parts: Sequence[Part], answer: str) -> str:
    """What the code printed, where the answer is another number and nothing in the solution explains it; else empty.

    Args:
        parts: Of the solution up to its answer.
        answer: LaTeX.
    """
    last = next((n for n in reversed(range(len(parts))) if isinstance(parts[n], Output)), -1)
    output, given = parts[last] if last >= 0 else None, _plain(answer)
    number = printed(output) if isinstance(output, Output) else None
    if number is None or not given:
        return ""
    outputs = [p for p in parts if isinstance(p, Output)]
    seen = [m for p in outputs for m in NUMBER.findall(f"{p.stdout} {p.value}")]
    if any(same(m, given) for m in seen) or "/" in given:
        return ""
    after = " ".join(p.text for p in parts[last:] if isinstance(p, Text))
    words = _BOX.sub(r" \1 ", after)
    others = [m for m in NUMBER.findall(words) if not same(m, given) and not same(m, number.text)]
    return (
        "" if others or re.search(r"[=≈<>]|\\(?:approx|frac|times|cdot|le|ge)|round|minus|plus", after) else number.text
    )


def _output_after(parts: Sequence[Part], n: int) -> Output | None:
    """What the block right after a text printed."""
    if n + 1 >= len(parts) or not isinstance(parts[n + 1], Code):
        return None
    return next((p for p in parts[n + 2 : n + 6] if isinstance(p, Output)), None)


def _statement(text: str, number: Printed, asked: frozenset[str], *, proved: bool) -> Claim | None:
    """The last sentence of a text that states a number, if it states the result, and another one than was printed."""
    sentence = next((m for m in reversed(list(_SENTENCE.finditer(text))) if NUMBER.search(m[0])), None)
    if sentence is None or len(sentence[0]) > _LONGEST or UNSURE.search(sentence[0]):
        return None
    said = _BOX.sub(lambda m: m[1].rjust(len(m[0])), sentence[0]).replace("**", "  ")
    *_, last = NUMBER.finditer(said)
    behind = said[last.end() :]
    if len(_WORD.findall(behind)) > _BEHIND or _OPERAND.search(said[: last.start()]) or _GOES_ON.match(behind):
        return None
    names = frozenset(stems(said))
    label = frozenset(stems(number.label))
    answers = bool(asked) and asked <= names
    labelled = bool(label) and frozenset(stems(said[: last.start()])) == label
    if not (answers or labelled or _THE_ANSWER.search(said)) or same(last[0], number.text):
        return None
    start = sentence.start() + len(sentence[0]) - len(sentence[0].lstrip(" -*•#"))
    end = sentence.start() + len(sentence[0].rstrip(" .!:*"))
    shown = text[start:end]
    if proved:
        return Claim(start, end, shown, "false", number.text, "answer")
    return Claim(start, end, shown, "differs", number.text, "output")


def asked_stems(problem: str) -> frozenset[str]:
    """The words that tell what the one question of a problem asks for; none where there are several questions."""
    questions = [asked for m in _WHOLE.finditer(problem) if (asked := _question(m[0])).strip(" ?")]
    if len(questions) != 1:
        return frozenset()
    clause = re.split(
        r"\b(?:how many|how much|what is|what are|what was|how long|how far|how old)\b", questions[0].lower()
    )
    # What is needed "for 435 people" or "to carry them" is told without repeating that.
    head = re.split(r"\b(?:for|to)\b", clause[-1])[0]
    return frozenset(stems(head if re.search(r"\b(?:need|requir)", head) else clause[-1]))


def _question(sentence: str) -> str:
    """A sentence that asks, or what follows the verb by which it asks; empty if it does neither."""
    if sentence.endswith("?"):
        return sentence
    verb = _ASKS.search(sentence)
    return sentence[verb.start() :] if verb is not None else ""


def stems(text: str) -> Iterator[str]:
    """The words that say something, without the endings of plurals and verbs."""
    silent = _SILENT.split()
    for word in _WORD.findall(re.sub(r"[_\\$]", " ", text)):
        low = word.lower()
        if low not in silent and (len(low) > 1 or not low.islower() or low in "xyz"):
            yield re.sub(r"(?<=..)(?:ies|es|s|ed|ing)$", "", low).rstrip("e")


def _plain(latex: str) -> str:
    """An answer as a number or a fraction ``a/b``; empty if it is neither."""
    text = re.sub(r"\\[$%,;! ]|\\text\s*\{[^{}]*\}|\\(?:left|right|circ)|[${}^]", " ", latex)
    if (m := _FRACTION.search(latex)) is not None:
        return f"{m[1] or m[3]}/{m[2] or m[4]}" if int(m[2] or m[4]) else ""
    numbers = NUMBER.findall(text)
    return numbers[0] if len(numbers) == 1 and not re.search(r"[=<>+*^_]|\\[a-z]", latex.replace("\\text", "")) else ""


def _equal(a: str, b: str) -> bool:
    return _value(a) == _value(b)


def _value(text: str) -> Fraction:
    return Fraction(text.replace(",", ""))


def _ratio(x: Fraction, y: Fraction) -> Fraction | None:
    return x / y if y else None


def _decimals(text: str) -> int:
    return len(text.partition(".")[2])
