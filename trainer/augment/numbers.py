"""Numeric alteration: new numbers for a problem, and its arithmetic run again.

What does not give the expected result is left out. New numbers stay within what the words around them allow: no week
has eight days.
"""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Final

from trainer.augment.asked import Asked, several
from trainer.augment.edits import edited
from trainer.augment.ground import ANY_NUMBER, ground, record, with_article
from trainer.data.chain import Chain, Neg, Node, NotAChain, Op, number, part_values, shown
from trainer.data.chain import Literal as Operand
from trainer.data.problems import Problem
from trainer.data.records import question_id, record_id
from trainer.synthesize.make_code import draft, execute
from trainer.teacher.work import NotMade
from tutor_app.core.ports import Cancel, CodeExecutor
from tutor_app.core.transcript import Transcript


def numbers(
    question: str, answer: str, executor: CodeExecutor, *, n: int = 2, seed: int = 0, tries: int = 200
) -> Iterator[Transcript]:
    """Up to ``n`` problems with other numbers, each solved by code that really ran.

    A draw is kept when every result is positive and whole wherever the original's was.

    Raises:
        NotAChain: If the problem cannot be altered safely.
        SandboxFault: If code cannot be run here at all.
    """
    base = ground(question, answer)
    old = base.chain.results()
    in_order = _COMPARED.search(question) is not None
    extreme = _EXTREME.search(question) is not None
    of_ages = _AGES.search(question) is not None
    unpacked = _PACKED.search(question) is None
    rng = random.Random(f"{question}/{seed}/numbers")
    parent = question_id(question)
    seen = {question}
    for _ in range(tries):
        if n <= 0:
            return
        draw = {
            text: _redrawn(question[start:end].replace(",", ""), rng, _ceiling(question, end))
            for text, (start, end) in base.places.items()
        }
        literals = {t: Fraction(v) for t, v in draw.items()}
        if not _as_different(literals, in_order=in_order) or not (unpacked or _as_packed(base.chain, literals)):
            continue
        try:
            new = base.chain.results(literals)
        except NotAChain:
            continue
        if not all(_alike(v, o) for v, o in zip(new, old, strict=True)):
            continue
        if of_ages and _too_old([*map(Fraction, literals), *old], [*literals.values(), *new]):
            continue
        if extreme and not _in_old_order([*map(Fraction, literals), *old], [*literals.values(), *new]):
            continue
        if any("/" in shown(v) for v in new) or not _as_whole(base.chain, old, new, literals):
            continue
        chain = _rewritten(base.chain, draw, old, new)
        text = _replaced(question, base.places, draw)
        if chain is None or text in seen:
            continue
        seen.add(text)
        key = record_id("gsm8k-train", "alter-numbers", text)
        for style in ("plain", "Fraction"):
            parts = execute(draft(text, chain, new[-1], key, seed=seed, style=style), executor)
            if parts is not None:
                n -= 1
                yield record(text, parts, new[-1], key, "alter-numbers", parent, label="executed", seed=seed)
                break


_COMPARED: Final = re.compile(
    r"\b(?:big|large|small|little|tall|short|long|heav[iy]|light|old|young|cheap|fast|slow|high|low|hot|cold|warm|wide|deep"
    r"|late|earl[iy]|great)(?:er|est|y)?\b|\b(?:most|least|expensive|adults?|child(?:ren)?|kids?|regular|discount\w*)\b",
    re.IGNORECASE,
)
"""Words by which one of two numbers must be the larger: a big box holds more than a small one."""
_EXTREME: Final = re.compile(
    r"\b(?:big|large|small|tall|short|long|heav|light|old|young|cheap|fast|slow|high|low|great|few)g?i?est\b"
    r"|\b(?:range of|spread|median|maximum|minimum|most|least)\b",
    re.IGNORECASE,
)
"""Words by which the solution depends on which of several quantities, also calculated ones, is the largest."""


def _as_different(literals: Mapping[str, Fraction], *, in_order: bool) -> bool:
    """Whether numbers that differed still do and, where words compare them, the larger one is still the larger."""
    if len(set(literals.values())) < len({Fraction(t) for t in literals}):
        return False
    by_size = sorted(literals, key=Fraction)
    return not in_order or all(literals[a] <= literals[b] for a, b in pairwise(by_size))


def _in_old_order(old: Sequence[Fraction], new: Sequence[Fraction]) -> bool:
    """Whether what was larger is at least as large."""
    by_size = [v for _, v in sorted(zip(old, new, strict=True))]
    return all(a <= b for a, b in pairwise(by_size))


_AGES: Final = re.compile(r"\bhow old\b|\byears? (?:old|older|younger)\b|\bages?\b|\bbirthday\b", re.IGNORECASE)
_OLDEST: Final = 100


def _too_old(old: Sequence[Fraction], new: Sequence[Fraction]) -> bool:
    """Whether something that may be an age is more than anybody's."""
    return any(before <= _OLDEST < after for before, after in zip(old, new, strict=True))


_PACKED: Final = re.compile(r"\b(?:packs?|packages?|bundles?|sets?) of\b", re.IGNORECASE)


def _as_packed(chain: Chain, literals: Mapping[str, Fraction]) -> bool:
    """Whether as many whole packs fit as did: of 14 balloons, 10 are a pack, of 23 two packs."""
    return all(
        Fraction(left) // Fraction(right) == literals[left] // literals[right]
        for left, right in (pair for step in chain.steps for pair in _taken_away(step.node))
    )


def _taken_away(node: Node) -> list[tuple[str, str]]:
    """The numbers that are taken away from one another, by their texts."""
    if not isinstance(node, Op):
        return []
    inner = [*_taken_away(node.left), *_taken_away(node.right)]
    plain = node.operator == "-" and isinstance(node.left, Operand) and isinstance(node.right, Operand)
    return [*inner, (node.left.text, node.right.text)] if plain else inner  # type: ignore[union-attr]  # both are numbers


def _alike(new: Fraction, old: Fraction) -> bool:
    """Whether a result is of the kind of the one it stands for: positive, whole where that was, and 1 only for 1."""
    return new > 0 and (new.denominator == 1 or old.denominator != 1) and (new != 1 or old == 1)


def _as_whole(chain: Chain, old: Sequence[Fraction], new: Sequence[Fraction], literals: Mapping[str, Fraction]) -> bool:
    """Whether every part of a step is whole and positive where it was: 24 degrees are 8 times 3, 43 are no number of
    times.
    """
    pairs = zip(_parts(chain, old, {}), _parts(chain, new, literals), strict=True)
    return all(v > 0 and (v.denominator == 1 or o.denominator != 1) for o, v in pairs)


def _parts(chain: Chain, results: Sequence[Fraction], literals: Mapping[str, Fraction]) -> list[Fraction]:
    """The values of all operations within the steps."""
    return [value for step in chain.steps for value in part_values(step.node, results, literals)]


def numbers_asked(problem: Problem, asked: Asked, cancel: Cancel) -> list[Transcript]:
    """The problem with other numbers, by a teacher; the answer is what most solutions agree on.

    Raises:
        NotMade: If words were changed, too, or the votes do not agree.
    """

    def need_same_words(question: str) -> None:
        if ANY_NUMBER.sub("#", " ".join(problem.text.split())) != ANY_NUMBER.sub("#", question):
            raise NotMade("more than the numbers was changed")

    def one(sample: int) -> Transcript:
        forms = functools.partial(edited, problem.text)
        question = asked.question("numbers", problem, cancel, sample, check=need_same_words, forms=forms)
        return asked.voted("numbers", problem, question, cancel)

    return several(asked, one)


_CEILINGS: Final = tuple(
    (re.compile(rf"\s*-?\s*{words}", re.IGNORECASE), most)
    for words, most in (
        (r"(?:work|school)?days? (?:a|per|each|every|of the|of each) week", 7),
        (r"(?:hours? (?:a|per|each|every|of the) day|hours? daily)", 16),
        (r"hours? (?:a|per|each|every|last|this|in a|of the) week", 60),
        (r"days? (?:a|per|each|every|of the) month", 28),
        (r"months? (?:a|per|each|every|of the) year", 12),
        (r"weeks? (?:a|per|each|every|of the) month", 4),
        (r"weeks? (?:a|per|each|every|of the) year", 52),
        (r"minutes? (?:a|per|each|every|of the|of each) hour", 60),
        (r"(?:[ap]\.?m\b|o'clock)", 12),
        (r"(?:%|percent)", 100),
        (r"years?[ -]old", 90),
        (r"times (?:as (?:heavy|tall|old|long|fast)|heavier|taller|older|longer|faster)", 6),
    )
)
"""What follows a number, and the largest that makes sense before it."""


def _ceiling(question: str, end: int) -> int:
    """The largest number that may stand before what follows ``end``; 0 for no limit."""
    return next((most for pattern, most in _CEILINGS if pattern.match(question, end)), 0)


def _redrawn(text: str, rng: random.Random, ceiling: int = 0) -> str:
    """Another number of the same kind and size: written with as many decimals, and as round as it was.

    A price of 13.00 stays whole and one of 12.50 a multiple of a half, so that what was whole can stay so. Never 0 or
    1, where grammar would change, and "2.5 hours" do not become "3.0".
    """
    whole, point, decimals = text.partition(".")
    if not decimals.strip("0"):
        return _redrawn_whole(int(whole), rng, ceiling) + point + decimals
    scale = 10 ** len(decimals)
    old = int(whole + decimals)
    grain = next(g for g in _grains(scale) if old % g == 0)
    low, high = max(2, old // 2), max(old * 2, 9)
    if ceiling and old <= ceiling * scale:
        high = min(high, ceiling * scale)
    new = rng.randint(max(1, low // grain), max(2, high // grain)) * grain
    if new % scale == 0:
        new += grain if new == scale else -grain
    digits = str(new).rjust(len(decimals) + 1, "0")
    return f"{digits[: -len(decimals)]}.{digits[-len(decimals) :]}"


def _grains(scale: int) -> Iterator[int]:
    """How round a number may be, the roundest first: a half, a quarter, a tenth, a twentieth, and so on."""
    while scale > 1:
        yield from (scale // part for part in (2, 4, 10) if scale % part == 0)
        scale //= 10
    yield 1


def _redrawn_whole(old: int, rng: random.Random, ceiling: int) -> str:
    low, high = max(2, old // 2), max(old * 2, 9)
    if ceiling and old <= ceiling:
        high = min(high, ceiling)
    if old < 20 or old % 10:
        return str(rng.randint(low, high))
    # Round numbers stay round.
    step = 10 if old % 100 or ceiling else 100
    return str(rng.randint(max(1, low // step), max(2, high // step)) * step)


def _replaced(question: str, places: Mapping[str, tuple[int, int]], draw: Mapping[str, str]) -> str:
    for text, (start, end) in sorted(places.items(), key=lambda item: -item[1][0]):
        new = draw[text]
        if "," in question[start:end]:
            whole, dot, decimals = new.partition(".")
            new = f"{int(whole):,}{dot}{decimals}"
        question = with_article(question[:start], new) + question[end:]
    return question


def _rewritten(chain: Chain, draw: Mapping[str, str], old: Sequence[Fraction], new: Sequence[Fraction]) -> Chain | None:
    """The chain with new literals and new numbers in its words; None if some number's new value is not known."""
    known = {Fraction(t): v for t, v in draw.items()}
    for before, after in zip(old, new, strict=True):
        if known.setdefault(before, shown(after)) != shown(after):
            return None
    steps = []
    for step in chain.steps:
        sentence, goal = (renumbered(t, known) for t in (step.sentence, step.goal))
        if sentence is None or goal is None:
            return None
        steps.append(replace(step, node=_with_literals(step.node, draw), sentence=sentence, goal=goal))
    return Chain(tuple(steps))


def renumbered(text: str, known: Mapping[Fraction, str]) -> str | None:
    """A text with the new writing for each number; None if one has none."""
    out, last = "", 0
    for m in ANY_NUMBER.finditer(text):
        written = m[0].rstrip(",")
        try:
            value = number(written)
        except NotAChain:
            return None
        if value not in known:
            return None
        out += text[last : m.start()] + known[value] + m[0][len(written) :]
        last = m.end()
    return out + text[last:]


def _with_literals(node: Node, draw: Mapping[str, str]) -> Node:
    match node:
        case Op(operator, left, right):
            return Op(operator, _with_literals(left, draw), _with_literals(right, draw))
        case Neg(operand):
            return Neg(_with_literals(operand, draw))
        case Operand(text):
            return Operand(draw[text])
        case _:
            return node
