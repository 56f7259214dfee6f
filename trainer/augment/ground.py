"""Problems whose every operand is known by its place in the question: what ``numbers`` and ``fobar`` start from.

Only problems whose every operand stands exactly once in the question are taken, and none of them may be meant by a
word as well ("twice", "a week", "percent"): such a number would silently change its meaning with another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from trainer.data.gsm8k import Chain, NotAChain, meant_numbers, number, parse_solution, said_numbers, shown
from trainer.synthesize.make_code import linked_chain
from tutor_app.core.transcript import Answer, Part, Transcript
from tutor_app.core.verdicts import KNOWN_RIGHT

_OPERAND: Final = re.compile(
    r"(?<![\w.,/])\$?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?![\d/]|[.,]\d|\s*(?:st|nd|rd|th)\b)"
)
ANY_NUMBER: Final = re.compile(r"\d[\d,]*(?:\.\d+)?")


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
    chain = chain.needed()
    found: dict[Fraction, list[tuple[int, int]]] = {}
    for m in _OPERAND.finditer(question):
        found.setdefault(number(m[1]), []).append((m.start(1), m.end(1)))
    results = set(chain.results())
    meant = meant_numbers(question) | {Fraction(1)}
    hidden = sorted(shown(v) for v in meant & (results | {literal.value for literal in chain.literals()}))
    if hidden:
        raise NotAChain(f"a number of the solution may be meant by a word, such as {hidden[0]}")
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


def maskable(question: str, answer: str) -> Grounded:
    """The operands that may be masked, one at a time: each stands once in the question and can mean nothing else.

    Raises:
        NotAChain: If the solution is no exact chain, or no operand is such.
    """
    chain, gold = linked_chain(question, answer)
    found: dict[Fraction, list[tuple[int, int]]] = {}
    for m in _OPERAND.finditer(question):
        found.setdefault(number(m[1]), []).append((m.start(1), m.end(1)))
    meant = meant_numbers(question) | set(chain.results()) | {Fraction(1)}
    literals = {literal.text: literal.value for literal in chain.literals()}
    said = said_numbers(question)
    places: dict[str, tuple[int, int]] = {}
    for text, value in literals.items():
        # A number may hide in another: 80 in 20 percent off.
        kin = {100 - value, 100 + value, value / 100, 1 - value / 100, 1 + value / 100, value * 100}
        hides = any(v in kin and v not in said for v in literals.values())
        twice = [t for t, v in literals.items() if v == value and t != text]
        if len(found.get(value, [])) == 1 and value not in meant and not hides and not twice:
            places[text] = found[value][0]
    if not places:
        raise NotAChain("no number of the question can be masked safely")
    return Grounded(question, chain, gold, places)


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
    """A problem solved by rules, with its provenance; ``label`` says how its answer is known."""
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
