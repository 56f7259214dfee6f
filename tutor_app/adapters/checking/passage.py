"""Reads a stretch of a text from a given place on: its claims in order, with what was said before at hand."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.chains import chains
from tutor_app.adapters.checking.doubts import is_same_slip
from tutor_app.adapters.checking.everyday_rules import EVERYDAY_RULES, MEASURED
from tutor_app.adapters.checking.false_laws import broken
from tutor_app.adapters.checking.hindsight import blamed
from tutor_app.adapters.checking.judging import Judgement
from tutor_app.adapters.checking.layouts import laid_out, stated
from tutor_app.adapters.checking.links import Links
from tutor_app.adapters.checking.named_rules import NAMED_RULES
from tutor_app.adapters.checking.number_rules import NUMBER_RULES
from tutor_app.adapters.checking.posed import solved
from tutor_app.adapters.checking.prose import Expression
from tutor_app.adapters.checking.rules import judged
from tutor_app.adapters.checking.scanner import Token
from tutor_app.adapters.checking.sentences import flattened, sentences, squeezed
from tutor_app.adapters.checking.set_rules import SET_RULES
from tutor_app.adapters.checking.settling import unjudged
from tutor_app.adapters.checking.shape_rules import SHAPE_RULES
from tutor_app.adapters.checking.solution_rules import SOLUTION_RULES
from tutor_app.adapters.checking.step_rules import STEP_RULES
from tutor_app.core.claims import Claim

ALL_RULES: Final = (
    *NUMBER_RULES,
    *EVERYDAY_RULES,
    *SOLUTION_RULES,
    *STEP_RULES,
    *SHAPE_RULES,
    *SET_RULES,
    *NAMED_RULES,
)
NEAR: Final = 12
"""Claims back that may overlap with one."""
_TIME: Final = Judgement("unchecked", "time")


def read(
    links: Links,
    tokens: list[Token],
    begin: int,
    found: list[Claim],
    late: Callable[[], bool] = lambda: False,
    at: Callable[[int], None] = lambda _: None,
    *,
    words: bool = True,
) -> list[Claim]:
    """Add the claims of a text from a place on to ``found``; returns those for which there was no time.

    Args:
        links: With the text, and what was said before the place.
        tokens: Of the text from the place on.
        begin: The place.
        found: The claims before it, in order.
        late: Whether the time is over.
        at: Told the place of every chain before it is judged; all that ends before it is in ``found``.
        words: Look for what is stated in words, too.
    """
    bare = links.bare
    cuts = sentences(bare, begin) if words else iter(())
    sentence = next(cuts, None)
    layouts = laid_out(bare, begin) if words else []
    formulas = [(token.start, token.end) for token in tokens if token.kind == "formula" and words]
    before: Expression | None = None  # left side of the last false link
    for chain in chains(tokens):
        while layouts and layouts[0][0] <= chain.members[0].start and not late():
            found.extend(_if_whole(_in_layout(links, layouts.pop(0))))
            before = None
        while sentence is not None and sentence[1] <= chain.members[0].start:
            found.extend(_if_whole(_in_words(links, sentence, formulas)))
            sentence = next(cuts, None)
        at(chain.members[0].start)
        cut = symbolic.cut_short()
        for k in range(len(chain.relations)):
            judgement = _TIME if late() else links.judged(chain, k)
            if judgement is not None:
                if judgement.verdict == "false" and symbolic.cut_short() > cut:
                    judgement = _TIME
                start, end = chain.members[k].start, chain.members[k + 1].end
                if judgement.verdict == "false":
                    if _ends_false(found, start) and is_same_slip(before, chain.members[k + 1].value):
                        found[-1] = replace(found[-1], end=end, text=bare[found[-1].start : end])
                        continue
                    before = chain.members[k].value
                found.append(Claim(start, end, bare[start:end], judgement.verdict, judgement.right, judgement.reason))
        if late():
            return list(unjudged(bare, tokens, chain.members[-1].end))
    while layouts and not late():
        found.extend(_if_whole(_in_layout(links, layouts.pop(0))))
    while sentence is not None and not late():
        found.extend(_if_whole(_in_words(links, sentence, formulas)))
        sentence = next(cuts, None)
    return []


def _if_whole(claims: Iterator[Claim]) -> list[Claim]:
    """The claims; none of them is false if an operation was cut short on the way."""
    cut, found = symbolic.cut_short(), list(claims)
    if symbolic.cut_short() == cut:
        return found
    return [replace(c, verdict="unchecked", right="", reason="time") if c.verdict == "false" else c for c in found]


def in_hindsight(links: Links, found: list[Claim]) -> Iterator[Claim]:
    """What the text as a whole contradicts or leaves no other meaning, unless a side of it is found false already."""
    against = ((fact.start, fact.end, judgement) for fact, judgement in blamed(links.facts, links.bare))
    for start, end, judgement in (*against, *broken(links.told, links.bare)):
        if not any(c.verdict == "false" and c.start < end and start < c.end for c in found):
            yield Claim(start, end, links.bare[start:end], judgement.verdict, judgement.right, judgement.reason)


def without_posed(links: Links, found: list[Claim]) -> list[Claim]:
    """The claims without equations that were taken for rewritings, and are solved in what follows."""
    if not links.rewritings:
        return found
    posed = set(solved(links.rewritings, links.facts))
    return [claim for claim in found if claim.verdict != "false" or (claim.start, claim.end) not in posed]


def _in_words(links: Links, sentence: tuple[int, int], formulas: list[tuple[int, int]]) -> Iterator[Claim]:
    """What a sentence states in words, once its formulas have been taken in."""
    begin, end = sentence
    flat, places = squeezed(flattened(links.bare[begin:end]))
    for start, stop, found in judged(flat, links.context, ALL_RULES):
        if links.invented and found.reason == MEASURED and found.verdict == "false":
            continue
        while stop > start and flat[stop - 1] in " .,":
            stop -= 1
        a, b = _around(begin + places[start], begin + places[stop - 1] + 1, formulas)
        yield Claim(a, b, links.bare[a:b], found.verdict, found.right, found.reason)


def _around(start: int, end: int, formulas: list[tuple[int, int]]) -> tuple[int, int]:
    """A stretch of text with every formula of it whole: "indeed $x = 7$", not "indeed $x = 7"."""
    for first, last in formulas[max(0, bisect_right(formulas, (start, 0)) - 1) :]:
        if first >= end:
            break
        if start < last and not first <= start < end <= last:
            start, end = min(start, first), max(end, last)
    return start, end


def _in_layout(links: Links, span: tuple[int, int]) -> Iterator[Claim]:
    """What numbers under each other, or the rows of a table, state."""
    for start, end, found in stated(links.bare, span, links.context):
        if links.invented and found.verdict == "false":
            continue
        while links.bare[start].isspace():
            start += 1
        while links.bare[end - 1].isspace():
            end -= 1
        yield Claim(start, end, links.bare[start:end], found.verdict, found.right, found.reason)


def _ends_false(found: list[Claim], start: int) -> bool:
    """Whether the last claim is a false link that goes on behind ``start``."""
    return bool(found) and found[-1].verdict == "false" and found[-1].start < start < found[-1].end


def _ends_with(whole: Claim, part: Claim) -> bool:
    """Whether a claim ends with another one, but for the end of their formula."""
    at = part.end - whole.start
    return part.text in whole.text and 0 <= at <= len(whole.text) and not whole.text[at:].strip("$\\)]")


def in_order(found: list[Claim]) -> list[Claim]:
    """By place; what was not checked or stated twice gives way to what stands at the same place and was."""
    kept: list[Claim] = []
    for claim in sorted(found, key=lambda c: (c.start, -c.end)):
        weak = claim.verdict == "unchecked"
        rivals = [c for c in kept[-NEAR:] if c.start < claim.end and claim.start < c.end]
        if any(c.verdict == claim.verdict and _ends_with(c, claim) for c in rivals):
            continue
        if any(c.reason == MEASURED and c.start <= claim.start and claim.end <= c.end for c in rivals):
            continue
        # Two links of a chain share a member; that is no reason to drop one.
        if weak and any(c.verdict != "unchecked" and c.start <= claim.start and claim.end <= c.end for c in rivals):
            continue
        if not weak:
            held = [c for c in rivals if c.verdict == "unchecked" and claim.start <= c.start and c.end <= claim.end]
            kept[-NEAR:] = [c for c in kept[-NEAR:] if c not in held]
        kept.append(claim)
    return kept
