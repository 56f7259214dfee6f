"""Expression replacement (MuMath): another relation between two quantities, such as "5 more than twice as many".

By a teacher, with a majority as label; or by rules from a closed list of relations. By rules, the relation must be one
calculation of the annotated steps and nothing else may hang on it; the steps are then calculated again.
"""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from trainer.augment.asked import Asked, several
from trainer.augment.edits import edited
from trainer.augment.ground import record
from trainer.augment.numbers import renumbered
from trainer.data.chain import Chain, Literal, Node, NotAChain, Op, leaves, shown
from trainer.data.number_words import meant_numbers, said_numbers
from trainer.data.problems import Problem
from trainer.data.records import question_id, record_id
from trainer.synthesize.make_code import draft, execute, linked_chain
from tutor_app.core.ports import Cancel, CodeExecutor
from tutor_app.core.transcript import Transcript

METHOD: Final = "expression"
_TIMES: Final = {"twice": 2, "two times": 2, "three times": 3, "four times": 4, "five times": 5, "six times": 6}
_AS_MANY: Final = re.compile(
    r"\b(?P<times>twice|half|(?:two|three|four|five|six|\d+) times) as (?P<much>many|much)(?= [a-z]+ as\b| as\b)",
    re.IGNORECASE,
)
_MORE_THAN: Final = re.compile(
    r"\b(?P<number>\d+) (?P<more>more|fewer|less) (?P<noun>[a-z]+s) than\b(?! (?:half|twice|\w+ times))"
)
_COMPARES: Final = re.compile(r"\bhow (?:many|much) (?:more|fewer|less)\b", re.IGNORECASE)
_BOUNDS: Final = re.compile(r"\b(?:highest|lowest|maximum|minimum|at (?:most|least)|up to|limit\w*)\b", re.IGNORECASE)
_RELATION: Final = re.compile(
    r"\b(?:twice|half|times|double\w*|triple\w*|more|fewer|less|third|quarter|extra|additional|as many|as much)\b", re.I
)


def expression(problem: Problem, asked: Asked, cancel: Cancel) -> list[Transcript]:
    """The problem with another relation, by a teacher.

    Raises:
        NotMade: If the question was not changed, or the votes do not agree.
    """

    def one(sample: int) -> Transcript:
        question = asked.question(METHOD, problem, cancel, sample, forms=functools.partial(edited, problem.text))
        return asked.voted(METHOD, problem, question, cancel)

    return several(asked, one)


@dataclass(frozen=True, slots=True)
class _Relation:
    """A relation between two quantities: ``x * factor + plus``, as words at a place of a question."""

    words: str
    factor: Fraction
    plus: int = 0


def expression_by_rules(
    question: str, answer: str, executor: CodeExecutor, *, n: int = 1, seed: int = 0
) -> Iterator[Transcript]:
    """The problem with another relation from the closed list, calculated again.

    Raises:
        NotAChain: If there is not exactly one relation of the list, or it is not one step of the solution.
        SandboxFault: If code cannot be run here at all.
    """
    chain, _ = linked_chain(question, answer)
    if _BOUNDS.search(question):
        raise NotAChain("the question bounds its quantities, which another relation may pass")
    place, new_relations = _found(question)
    rng = random.Random(f"{question}/{seed}/{METHOD}")
    rest = question[: place.start] + question[place.end :]
    at, other = _step(chain, place, said_numbers(rest) | meant_numbers(rest))
    _need_direction(question, place, other)
    if _measured(question, place):
        new_relations = [r for r in new_relations if not r.plus]
    chain = _not_the_other(chain, at, question, place)
    rng.shuffle(new_relations)
    old = chain.results()
    parent = question_id(question)
    for relation in new_relations:
        if n <= 0:
            return
        made = _rewritten(chain, at, other, relation, old)
        if made is None:
            continue
        text = f"{question[: place.start]}{relation.words}{question[place.end :]}"
        new = made.results()
        key = record_id("gsm8k-train", METHOD, text)
        for style in ("plain", "Fraction"):
            parts = execute(draft(text, made, new[-1], key, seed=seed, style=style), executor)
            if parts is not None:
                n -= 1
                yield record(text, parts, new[-1], key, METHOD, parent, label="executed", seed=seed)
                break


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the relation stands, and the calculation that it means."""

    start: int
    end: int
    operator: str
    number: Fraction


def _found(question: str) -> tuple[_Place, list[_Relation]]:
    times, more = list(_AS_MANY.finditer(question)), list(_MORE_THAN.finditer(question))
    others = len(_RELATION.findall(_COMPARES.sub(" ", question)))
    if len(times) + len(more) != 1 or others > (2 if times else 1):
        raise NotAChain("there is not exactly one relation of the list")
    if times:
        m = times[0]
        before = question[: m.start()].rstrip()
        if re.search(r"(?:more|less|fewer) than$", before):
            raise NotAChain("the relation is a part of another")
        much, words = m["much"], m["times"].lower()
        half = words == "half"
        digits = re.match(r"\d+", words)
        factor = Fraction(1, 2) if half else Fraction(int(digits[0]) if digits else _TIMES[words])
        options = [
            _Relation(f"{name} as {much}", Fraction(value))
            for name, value in (("twice", 2), ("three times", 3), ("four times", 4), ("five times", 5))
        ]
        options.append(_Relation(f"half as {much}", Fraction(1, 2)))
        if much == "many":
            options += [
                _Relation(f"{plus} {word} than {name} as many", Fraction(value), plus if word == "more" else -plus)
                for plus in (2, 3, 4, 5, 6)
                for word in ("more", "fewer")
                for name, value in (("twice", 2), ("three times", 3))
            ]
        options = [o for o in options if (o.factor, o.plus) != (factor, 0)]
        operator = "/" if half else "*"
        return _Place(m.start(), m.end(), operator, 1 / factor if half else factor), options
    m = more[0]
    number, noun = int(m["number"]), m["noun"]
    options = [
        _Relation(
            f"{number} {'fewer' if m['more'] == 'more' else 'more'} {noun} than",
            Fraction(1),
            -number if m["more"] == "more" else number,
        ),
        *(
            _Relation(f"{plus} {word} {noun} than", Fraction(1), plus if word == "more" else -plus)
            for plus in (number + 2, number + 5, max(2, number // 2))
            for word in ("more", "fewer")
        ),
    ]
    sign = 1 if m["more"] == "more" else -1
    options = [o for o in options if o.plus != sign * number]
    return _Place(m.start(), m.end(), "+" if sign > 0 else "-", Fraction(number)), options


def _step(chain: Chain, place: _Place, known: frozenset[Fraction]) -> tuple[int, Node]:
    """The step that is the relation's calculation and nothing else, and its other operand.

    Raises:
        NotAChain: If there is not exactly one, or another number of the solution could come from the relation.
    """
    hits: list[tuple[int, Node]] = []
    for i, step in enumerate(chain.steps):
        node = step.node
        if isinstance(node, Op):
            other = _other_operand(node, place)
            if other is not None:
                hits.append((i, other))
    literals = [literal.value for literal in chain.literals()]
    used = [v for v in literals if v == place.number]
    if len(hits) != 1 or len(used) != 1:
        raise NotAChain("the relation is not one step of the solution")
    if place.number in known:
        raise NotAChain("the number of the relation may stand for something else")
    loose = [v for v in literals if v != place.number and v not in known | {Fraction(1)}]
    if loose:
        raise NotAChain("a number of the solution may come from the relation")
    return hits[0]


def _need_direction(question: str, place: _Place, other: Node) -> None:
    """See that what the relation is applied to is not the quantity that it gives: "twice as many misses as hits" and
    50 misses make 25 hits, also where the annotated solution multiplies. In "twice as many books as Ann" both have
    books: there it must be Ann who has so many.

    Raises:
        NotAChain: If the question says so of the number.
    """
    noun = re.match(r"(?: as (?:many|much))? ([a-z]+) (?:as|than)\b", question[place.end :])
    if noun is None or not isinstance(other, Literal):
        return
    number = re.escape(other.text)
    of_it = rf"(?<![\d.,]){number} {noun[1]}\b|\b{noun[1]} (?:is|are|was|were) {number}\b"
    whose = re.match(r".*?\b(?:as|than) ([A-Z][a-z]+)\b(?!')", question[place.end :])
    told = whose is not None and re.search(
        rf"(?:^|[.,;] |\b[Ii]f ){whose[1]} (?:[a-z]+ ){{1,2}}{number} {noun[1]}\b", question
    )
    if re.search(of_it, question) and not told:
        raise NotAChain("the relation is calculated in the other direction")


def _measured(question: str, place: _Place) -> bool:
    """Whether what is compared is not counted: "as many fish", where the others are 80 kg of fish.

    Five more fish would be no 5 kg.
    """
    noun = _COMPARED.match(question[place.end :])
    return (
        noun is not None
        and re.search(rf"\b(?!number\b)[a-z]+ of (?:[a-z]+ )?{re.escape(noun['what'])}\b", question) is not None
    )


_COMPARED: Final = re.compile(r" (?P<what>[a-z]+) as (?:there (?:are|were) )?(?:the )?(?P<other>[A-Za-z]+)\b")


def _not_the_other(chain: Chain, at: int, question: str, place: _Place) -> Chain:
    """The chain without names that the relation's step takes from what the relation is to.

    "Twice as many misses as hits" makes no hits, though the one who wrote the solution says so.
    """
    found = _COMPARED.match(question[place.end :])
    step = chain.steps[at]
    words = set(re.findall(r"[a-z]+", f"{step.name.replace('_', ' ')} {step.what}".lower()))
    if found is None or found["other"].lower() not in words or found["what"] in words:
        return chain
    steps = list(chain.steps)
    steps[at] = replace(step, name=f"step_{at + 1}", what="", sentence="", goal="")
    return Chain(tuple(steps))


def _other_operand(node: Op, place: _Place) -> Node | None:
    def is_number(side: Node) -> bool:
        return isinstance(side, Literal) and side.value == place.number

    if node.operator != place.operator:
        return None
    if is_number(node.right):
        return node.left
    return node.right if is_number(node.left) and node.operator in "+*" else None


def _rewritten(chain: Chain, at: int, other: Node, relation: _Relation, old: list[Fraction]) -> Chain | None:
    """The chain with the new relation; None if it does not come out well."""
    node = other
    if relation.factor != 1:
        half = relation.factor == Fraction(1, 2)
        node = Op("/" if half else "*", node, Literal("2" if half else str(relation.factor)))
    if relation.plus:
        node = Op("+" if relation.plus > 0 else "-", node, Literal(str(abs(relation.plus))))
    steps = list(chain.steps)
    steps[at] = replace(steps[at], node=node)
    made = Chain(tuple(steps))
    try:
        new = made.results()
    except NotAChain:
        return None
    if not all(v > 0 and (v.denominator == 1 or o.denominator != 1) for v, o in zip(new, old, strict=True)):
        return None
    if any(v > 20 * o or "/" in shown(v) for v, o in zip(new, old, strict=True)) or new[-1] == old[-1]:
        return None
    known = {v: shown(v) for v in (literal.value for literal in made.literals())}
    for before, after in zip(old, new, strict=True):
        if known.setdefault(before, shown(after)) != shown(after):
            return None
    told = []
    for i, step in enumerate(made.steps):
        sentence, what = renumbered(step.sentence, known), step.what
        related = i == at or any(_RELATION.search(t) for t in (step.sentence, step.name.replace("_", " "), what))
        if related or sentence is None:
            name = f"step_{i + 1}" if _RELATION.search(step.name.replace("_", " ")) else step.name
            sentence, what = "", "" if _RELATION.search(what) else what
        else:
            name = step.name
        told.append(replace(step, name=name, sentence=sentence or "", goal="", what=what))
    return Chain(tuple(told)) if len({s.name for s in told}) == len(told) and leaves(node, object) else None
