"""Problems whose every operand is known by its place in the question: what ``numbers`` and ``fobar`` start from.

Only problems whose every operand stands exactly once in the question are taken, and none of them may be meant by a
word as well ("twice", "a week", "percent"): such a number would silently change its meaning with another.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import prod
from typing import Final

from trainer.data.chain import Chain, Literal, Node, NotAChain, Op, divisors, number, shown
from trainer.data.gsm8k import parse_solution
from trainer.data.number_words import meant_numbers, number_words, ordinals, said_numbers, spelled_numbers
from trainer.synthesize.make_code import known_numbers, linked_chain, need_one_result
from tutor_app.core.parts import Answer, Code, Part
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import KNOWN_RIGHT

_OPERAND: Final = re.compile(
    r"(?<![\w.,/])\$?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?![\d/]|[.,]\d|\s*(?:st|nd|rd|th)\b)"
)
ANY_NUMBER: Final = re.compile(r"(?<![\d,])\.\d+|\d[\d,]*(?:\.\d+)?")


def with_article(before: str, number: str) -> str:
    """A number, or X, after the words before it, the last of which may be an article: "an 8-ounce cup"."""
    an = number == "X" or re.match(r"8|11(?:,\d{3})?(?!\d)|18(?:,\d{3})?(?!\d)", number) is not None
    return re.sub(r"\b([Aa])n? $", r"\1n " if an else r"\1 ", before) + number


@dataclass(frozen=True, slots=True)
class Grounded:
    """A problem whose every operand is known by its place in the question.

    Attributes:
        question: Its text.
        chain: Its arithmetic, steps that the answer needs.
        gold: Its answer.
        places: For every literal's text, where its number stands in the question.
    """

    question: str
    chain: Chain
    gold: Fraction
    places: Mapping[str, tuple[int, int]]


def ground(question: str, answer: str) -> Grounded:
    """Find every operand in the question.

    Raises:
        NotAChain: If the solution is no exact chain, or an operand does not stand exactly once in the question.
    """
    chain, gold = parse_solution(answer)
    if len(chain.needed().steps) < len(chain.steps):
        raise NotAChain("nothing uses the result of a step")  # as of the shorter of two books, which others may be
    need_one_result(chain)
    found = _places(question)
    results = set(chain.results())
    meant = meant_numbers(question) | {Fraction(1)}
    hidden = sorted(shown(v) for v in meant & (results | {literal.value for literal in chain.literals()}))
    if hidden:
        raise NotAChain(f"a number of the solution may be meant by a word, such as {hidden[0]}")
    _need_free_numbers(question, chain)
    _need_hundredths(question, chain)
    places: dict[str, tuple[int, int]] = {}
    for literal in chain.literals():
        at = found.get(literal.value, [])
        if len(at) != 1:
            raise NotAChain(f"the operand {literal.text} stands {len(at)} times in the question")
        places[literal.text] = at[0]
    # An operand chained to a result could as well be a number of the question: then neither reading is safe.
    if results & set(found):
        raise NotAChain("a result is also a number of the question")
    return Grounded(question, chain, gold, places)


def _places(question: str) -> dict[Fraction, list[tuple[int, int]]]:
    """Where each number stands that may be an operand; twice, where it is also a part of "$20/pound" or a date."""
    found: dict[Fraction, list[tuple[int, int]]] = {}
    for m in _OPERAND.finditer(question):
        found.setdefault(number(m[1]), []).append((m.start(1), m.end(1)))
    for m in ANY_NUMBER.finditer(question):
        at = found.get(number(m[0].rstrip(",")), [])
        if at and not any(start <= m.start() < end for start, end in at):
            at.append((m.start(), m.end()))
    return found


def _need_free_numbers(question: str, chain: Chain) -> None:
    """See that the numbers of a problem may be others: none is a fact of the world or counts what words count, too.

    Raises:
        NotAChain: If one is or does.
    """
    times = Counter(literal.value for literal in chain.literals())
    if _FIXED.search(question):
        raise NotAChain("a number of the question is a fact of the world")
    told_twice = composed(set(times), said_numbers(question))
    if told_twice:
        raise NotAChain(f"a number of the question follows from others, {shown(told_twice[0])}")
    if counted := _counts_of_lists(question) & set(times):
        raise NotAChain(f"a number of the question counts what it lists, {shown(min(counted))}")
    twice = [value for value, n in times.items() if n > 1 and value <= _SMALL]
    if twice:
        raise NotAChain(f"the question states once what the solution uses twice, {shown(twice[0])}")
    if any(_squared(step.node) for step in chain.steps):
        raise NotAChain("a number is multiplied by itself, of which one may be another")
    told = " ".join(f"{step.sentence} {step.name} {step.what}" for step in chain.steps)
    if number_words(told) - number_words(question):
        raise NotAChain("the solution spells out a number that would be another")
    if _YEAR.search(question):
        raise NotAChain("a year of the calendar")
    if _OFFERED.search(question):
        raise NotAChain("of two offers one is the cheaper")
    if _GEOMETRY.search(question):
        raise NotAChain("a figure is not possible with any numbers")
    if any(abs(place - value) <= 1 for place in ordinals(question) for value in times):
        raise NotAChain("an ordinal of the question counts what a number counts")
    facts = {number(m["a"] or m["b"]) for m in _FACT.finditer(question) if _same_dimension(m)}
    if facts & set(times):
        raise NotAChain("a number of the question converts units, which no other number does")


_FIXED: Final = re.compile(
    r"\b\d[\d,]* (?:[a-z]+ )?"
    r"(?:teeth|legs?|eyes?|ears?|arms|wings?|fingers?|toes|wheels?|sides?|corners?|suits|strings)\b"
    r"|\bdecks?\b.*\bcards?\b|\bcards?\b.*\bdecks?\b|\bdice\b|\balphabet\b|\bleap\b|\breams?\b"
    r"|\bsemesters in\b"
    r"|\b(?:on earth|in the world|planets?|moon|pyramids?|eiffel|everest|mount [a-z]+|great wall|ocean is)\b"
    r"|\b(?:distance|flight|flies|kilometers|miles)\b[^.?!]* between [a-z]+ and [a-z]+"
    r"|\b\d+s\b|\b\d+(?:[ -](?:dollar|peso|euro))? (?:bills?|notes?|coins?) (?:of|worth)\b"
    r"|(?:[$€£]\d+|\b\d+ ?[€£¥]) (?:bills?|notes?)\b",
    re.IGNORECASE | re.DOTALL,
)
"""What has as many parts as it has, what money there is, and what the world is like: no dog has 76 teeth, no pack 39
cards, no bill says 40, and no pyramid is higher in another problem."""
_LISTED: Final = re.compile(r"[\w'’]+(?: [\w'’]+)?((?:, (?:the |an? )?[\w'’]+(?: [\w'’]+)?)+),? (?:and|or) [\w'’]+")


def _counts_of_lists(question: str) -> set[Fraction]:
    """How many things each list of a question names: "purple, yellow, and green" are 3."""
    return {Fraction(m[1].count(",") + 2) for m in _LISTED.finditer(question)}


def composed(used: Set[Fraction], said: Collection[Fraction]) -> list[Fraction]:
    """The numbers of a question that are the sum or the product of others: 14 people, who are 8 men and 6 women."""
    found: set[Fraction] = set()
    for n in range(2, min(len(used), 6) + 1):
        for some in combinations(sorted(used), n):
            found |= {sum(some, Fraction(0)), prod(some, start=Fraction(1))} - set(some)
    return sorted(value for value in found if value in said)


def _squared(node: Node) -> bool:
    if not isinstance(node, Op):
        return False
    itself = node.operator in "*/" and node.left == node.right and isinstance(node.left, Literal)
    return itself or _squared(node.left) or _squared(node.right)


_SMALL: Final = 12
"""Up to here a number may by chance be that of something else: 2 songs, and 2 sets that no number tells."""


def _need_hundredths(question: str, chain: Chain) -> None:
    """See that nothing is divided by a percentage: 10% as a tenth is right for no other number.

    Raises:
        NotAChain: If something is.
    """
    percentages = {number(text) for text in re.findall(rf"({_COUNT}) ?(?:%|percent)", question)}
    for step in chain.steps:
        if any(isinstance(d, Literal) and d.value in percentages for d in divisors(step.node)):
            raise NotAChain("a percentage is divided by")


_OFFERED: Final = re.compile(
    r"\b(?:each|per [a-z]+|an? [a-z]+)\b[^.?!]{0,20}\bor\b[^?!]{0,30}?[\d$€£][^?!]{0,12} (?:for|per|in)\b"
    r"|\d (?:for|in) [^.?!]{1,30}\bor\b[^?!]{0,30}?\d[^?!]{0,12} (?:each|per|an?|for)\b"
    r"|\b(?:cheaper|in bulk)\b",
    re.IGNORECASE,
)
"""A day for $50 or ten for $400: by other numbers the second may be no bargain."""
_YEAR: Final = re.compile(r"\b(?:in|since|until|by|from|year|of) (?:1[5-9]|20)\d\d\b(?![,.]\d)", re.IGNORECASE)
_GEOMETRY: Final = re.compile(r"\b(?:tri|rect|quadr)?angles?\b|\btriangular\b|\bpolygons?\b", re.IGNORECASE)
_UNITS: Final = """
inch inche foot feet ft yard yd mile mi centimeter cm meter m kilometer km millimeter mm
ounce oz pound lb ton gram g kilogram kg milligram mg stone
cup pint quart gallon liter litre l milliliter ml ounce oz teaspoon tablespoon
second minute hour day week month year decade century
kb kilobyte mb megabyte gb gigabyte tb terabyte
cent penny pennie nickel dime quarter dollar euro pound yen peso
"""
_DIMENSIONS: Final = tuple(frozenset(line.split()) for line in _UNITS.strip().splitlines())
"""Units of one dimension in each."""
_UNIT_WORDS: Final = "|".join(sorted({f"{unit}s?" for units in _DIMENSIONS for unit in units}, key=len, reverse=True))
_COUNT: Final = r"\d[\d,]*(?:\.\d+)?"
_FACT: Final = re.compile(
    rf"(?P<a>{_COUNT})[ -](?:fluid )?(?P<small>{_UNIT_WORDS})(?: of [a-z]+)?(?: are)?"
    r" (?:in|per|to|makes?|equals?|=|is|for)"
    rf"(?: (?:a|an|one|1|each|every))? (?P<large>{_UNIT_WORDS})\b"
    rf"|\b(?P<large2>{_UNIT_WORDS})(?: of [a-z]+)?"
    r" (?:is|has|holds|contains|equals?|=|weighs|are)(?: (?:about|equal to))? "
    rf"(?P<b>{_COUNT})[ -](?:fluid )?(?P<small2>{_UNIT_WORDS})\b",
    re.IGNORECASE,
)


def _same_dimension(m: re.Match[str]) -> bool:
    """Whether a stated relation of two units converts one into the other; "8 hours a day" is no such one."""
    small, large = (m["small"] or m["small2"]).lower(), (m["large"] or m["large2"]).lower()
    names = [{small, small.removesuffix("s")}, {large, large.removesuffix("s")}]
    return any(all(name & units for name in names) for units in _DIMENSIONS)


def maskable(question: str, answer: str) -> Grounded:
    """The operands that may be masked, one at a time: each stands once in the question and can mean nothing else.

    Raises:
        NotAChain: If the solution is no exact chain, or no operand is such.
    """
    chain, gold = linked_chain(question, answer)
    found = _places(question)
    _need_hundredths(question, chain)
    if _SIDE_BY_SIDE.search(question):
        raise NotAChain("two numbers stand side by side")
    meant = meant_numbers(question) | set(chain.results()) | {Fraction(1)}
    literals = {literal.text: literal.value for literal in chain.literals()}
    times = Counter(literal.value for literal in chain.literals())
    said = said_numbers(question)
    places: dict[str, tuple[int, int]] = {}
    for text, value in literals.items():
        # A number may hide in another: 80 in 20 percent off.
        kin = {100 - value, 100 + value, value / 100, 1 - value / 100, 1 + value / 100, value * 100}
        hides = any(v in kin and v not in said for v in literals.values())
        # Of two small ones one may count something else: 2 bags of treats, and 2 for a crate and a bed.
        twice = (times[value] > 1 and value <= _SMALL) or any(v == value and t != text for t, v in literals.items())
        if len(found.get(value, [])) == 1 and value not in meant and not hides and not twice:
            places[text] = found[value][0]
    if not places:
        raise NotAChain("no number of the question can be masked safely")
    return Grounded(question, chain, gold, places)


_SIDE_BY_SIDE: Final = re.compile(r"(?<![\w.,:/$€£-])\d+(?:,\d{3})* \d+(?:,\d{3})* [a-z]")
"""Two numbers of which the word between them was forgotten: "4 250 sheets" are 4 packs of 250."""


def _need_known_numbers(problem: str, code: str) -> None:
    """See that code calculates with numbers of the problem as it now stands, and with none of another.

    Raises:
        NotAChain: If it does not.
    """
    known = known_numbers(problem) | spelled_numbers(problem)
    for node in ast.walk(ast.parse(code)):
        written = str(node.value) if isinstance(node, ast.Constant) else ""
        if _WRITTEN.fullmatch(written) and Fraction(written) not in known:
            raise NotAChain(f"a number is not one of the altered question, {written}")


_WRITTEN: Final = re.compile(r"\d+(?:\.\d+)?")


def record(
    problem: str,
    parts: Sequence[Part],
    gold: Fraction,
    key: str,
    method: str,
    parent: str,
    *,
    label: str,
    seed: int,
) -> Transcript:
    """A problem solved by rules, with its provenance; ``label`` says how its answer is known.

    Raises:
        NotAChain: If its code calculates with a number that the problem does not give.
    """
    for part in parts:
        if isinstance(part, Code):
            _need_known_numbers(problem, part.source)
    return Transcript.of(
        problem,
        *parts,
        Answer(shown(gold), verdict=KNOWN_RIGHT),
        meta={
            "id": key,
            "source": "gsm8k-train",
            "source_id": parent,
            "parent": parent,
            "method": method,
            "licence": "MIT",
            "teacher": "rules",
            "prompt": "",
            "seed": seed,
            "label": label,
            "gold": shown(gold),
        },
    )
