"""From the text of a solution to its claims: the chains are found, every link of them judged in its context."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.chains import chains
from tutor_app.adapters.checking.context import Context
from tutor_app.adapters.checking.doubts import (
    is_same_slip,
)
from tutor_app.adapters.checking.hindsight import blamed
from tutor_app.adapters.checking.judging import Judgement
from tutor_app.adapters.checking.links import Links
from tutor_app.adapters.checking.number_rules import NUMBER_RULES
from tutor_app.adapters.checking.prose import Expression
from tutor_app.adapters.checking.rules import judged
from tutor_app.adapters.checking.scanner import Missing, place, scan, without_notes
from tutor_app.adapters.checking.sentences import flattened, sentences, squeezed
from tutor_app.adapters.checking.settling import settled_until, unjudged, unread
from tutor_app.adapters.checking.shape_rules import SHAPE_RULES
from tutor_app.adapters.checking.solution_rules import SOLUTION_RULES
from tutor_app.core.claims import Claim

PIECE_SECONDS: Final = 1.2
"""Of the statements of one piece; those that are left then are not checked."""
NEAR: Final = 12
"""Claims back that may overlap with one."""
MAX_OUTPUT: Final = 2_000
MAX_CHARACTERS: Final = 60_000
"""Of one piece; what stands after them is not read."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """A place up to which a piece is settled, and what was known there.

    Attributes:
        at: The place.
        context: What was said before it.
        equation_end: Where the last equation before it ends, or -1.
        claims: Those before it.
    """

    at: int = 0
    context: Context = field(default_factory=Context)
    equation_end: int = -1
    claims: tuple[Claim, ...] = ()


class Reading:
    """Reads the pieces of one solution in order, and keeps what they define."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._links = Links()
        self._begin = self._mark = _Mark()

    def text(self, text: str, seconds: float = PIECE_SECONDS) -> list[Claim]:
        """The statements of the next piece of prose, in order, each with its verdict.

        Args:
            text: The piece.
            seconds: Wall time, after which statements are judged no more.
        """
        self._links.bare, self._links.equation_end = "", -1
        self._links.facts.clear()
        self._begin = self._mark = _Mark(0, self._links.context.copy())
        return self.grown(text, seconds)

    def grown(self, text: str, seconds: float = PIECE_SECONDS) -> list[Claim]:
        """The statements of the last piece, which has become longer; what was settled before is not read again.

        Args:
            text: The piece from its beginning.
            seconds: Wall time, after which statements are judged no more.
        """
        deadline = self._clock() + seconds
        bare, missing = without_notes(text[:MAX_CHARACTERS])
        if self._links.take_in(bare):
            self._mark = self._begin  # what was read may be meant otherwise
        mark, self._links.bare = self._mark, bare
        self._links.context, self._links.equation_end = mark.context.copy(), mark.equation_end
        self._links.facts = [fact for fact in self._links.facts if fact.start < mark.at]
        found = list(mark.claims)
        with symbolic.within(seconds):
            left = self._read(text, missing, found, deadline)
        found = _in_order([*found, *left, *self._in_hindsight(text, missing, found)])
        return found + list(unread(text, MAX_CHARACTERS)) if len(text) > MAX_CHARACTERS else found

    def _read(self, text: str, missing: Missing, found: list[Claim], deadline: float) -> list[Claim]:
        """Add the claims from the mark on to ``found``, and set the next mark; returns those that time did not do."""
        bare, begin = self._links.bare, self._mark.at
        tokens = scan(bare, begin)
        settled = settled_until(bare, tokens, begin)
        cuts = sentences(bare, begin)
        sentence = next(cuts, None)
        before: Expression | None = None  # left side of the last false link
        for chain in chains(tokens):
            while sentence is not None and sentence[1] <= chain.members[0].start:
                found.extend(self._in_words(text, missing, sentence))
                sentence = next(cuts, None)
            if begin < settled <= chain.members[0].start:
                context, equation_end = self._links.context.copy(), self._links.equation_end
                self._mark, settled = _Mark(settled, context, equation_end, tuple(found)), begin
            for k in range(len(chain.relations)):
                late = self._clock() >= deadline
                judgement = Judgement("unchecked", "time") if late else self._links.judged(chain, k)
                if judgement is not None:
                    start = place(missing, chain.members[k].start)
                    end = place(missing, chain.members[k + 1].end)
                    if judgement.verdict == "false":
                        if _ends_false(found, start) and is_same_slip(before, chain.members[k + 1].value):
                            found[-1] = replace(found[-1], end=end, text=text[found[-1].start : end])
                            continue
                        before = chain.members[k].value
                    found.append(
                        Claim(start, end, text[start:end], judgement.verdict, judgement.right, judgement.reason)
                    )
            if self._clock() >= deadline:
                return list(unjudged(text, missing, tokens, chain.members[-1].end))
        while sentence is not None and self._clock() < deadline:
            found.extend(self._in_words(text, missing, sentence))
            sentence = next(cuts, None)
        return []

    def _in_hindsight(self, text: str, missing: Missing, found: list[Claim]) -> Iterator[Claim]:
        """What the other equations of the text contradict, unless a side of it is found false already."""
        for fact, judgement in blamed(self._links.facts, self._links.bare):
            start, end = place(missing, fact.start), place(missing, fact.end)
            if not any(c.verdict == "false" and c.start < end and start < c.end for c in found):
                yield Claim(start, end, text[start:end], judgement.verdict, judgement.right, judgement.reason)

    def _in_words(self, text: str, missing: Missing, sentence: tuple[int, int]) -> Iterator[Claim]:
        """What a sentence states in words, once its formulas have been taken in."""
        begin, end = sentence
        flat, places = squeezed(flattened(self._links.bare[begin:end]))
        for start, stop, found in judged(flat, self._links.context, ALL_RULES):
            while stop > start and flat[stop - 1] in " .,":
                stop -= 1
            a, b = place(missing, begin + places[start]), place(missing, begin + places[stop - 1] + 1)
            yield Claim(a, b, text[a:b], found.verdict, found.right, found.reason)

    def output(self, text: str, seconds: float = PIECE_SECONDS) -> None:
        """Take in what a block of code printed: "area = 126.0" gives a name its value. It states nothing itself.

        Args:
            text: What was printed.
            seconds: Wall time, after which nothing more is taken in.
        """
        self.text(text[:MAX_OUTPUT], seconds)


ALL_RULES: Final = (*NUMBER_RULES, *SOLUTION_RULES, *SHAPE_RULES)


def _ends_false(found: list[Claim], start: int) -> bool:
    """Whether the last claim is a false link that goes on behind ``start``."""
    return bool(found) and found[-1].verdict == "false" and found[-1].start < start < found[-1].end


def _in_order(found: list[Claim]) -> list[Claim]:
    """By place; what was not checked or stated twice gives way to what stands at the same place and was."""
    kept: list[Claim] = []
    for claim in sorted(found, key=lambda c: (c.start, -c.end)):
        weak = claim.verdict == "unchecked"
        rivals = [c for c in kept[-NEAR:] if c.start < claim.end and claim.start < c.end]
        if any((c.verdict, c.end) == (claim.verdict, claim.end) and claim.text in c.text for c in rivals):
            continue
        # Two links of a chain share a member; that is no reason to drop one.
        if weak and any(c.verdict != "unchecked" and c.start <= claim.start and claim.end <= c.end for c in rivals):
            continue
        if not weak:
            held = [c for c in rivals if c.verdict == "unchecked" and claim.start <= c.start and c.end <= claim.end]
            kept[-NEAR:] = [c for c in kept[-NEAR:] if c not in held]
        kept.append(claim)
    return kept
