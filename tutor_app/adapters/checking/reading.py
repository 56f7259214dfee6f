"""From the text of a solution to its claims: what was read stays when the text grows, and what is true is tried."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.context import Context
from tutor_app.adapters.checking.layouts import laid_out
from tutor_app.adapters.checking.links import Links
from tutor_app.adapters.checking.passage import in_hindsight, in_order, read, without_posed
from tutor_app.adapters.checking.scanner import Missing, place, without_notes
from tutor_app.adapters.checking.settling import settled_places, unread
from tutor_app.adapters.checking.trying import changes, found_computed, found_false, needs_trial
from tutor_app.adapters.checking.typed import scan_typed
from tutor_app.adapters.checking.unasserted import without_unasserted
from tutor_app.core.claims import Claim

PIECE_SECONDS: Final = 1.2
"""Of the statements of one piece; those that are left then are not checked."""
TRIAL_SHARE: Final = 0.8
"""Of the time that is left, for trying what would be said of other numbers."""
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
        claims: How many claims stand before it.
    """

    at: int = 0
    context: Context = field(default_factory=Context)
    equation_end: int = -1
    claims: int = 0


class Reading:
    """Reads the pieces of one solution in order, and keeps what they define."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._links = Links()
        self._marks = [_Mark()]
        self._claims: list[Claim] = []  # as read, places without notes
        self._settled: dict[Claim, bool] = {}  # what a trial of it found, where nothing later can change that
        self._cut = 0  # operations that had been cut short when the piece began

    def text(self, text: str, seconds: float = PIECE_SECONDS) -> list[Claim]:
        """The statements of the next piece of prose, in order, each with its verdict.

        Args:
            text: The piece.
            seconds: Wall time, after which statements are judged no more.
        """
        self._links.bare, self._links.equation_end = "", -1
        self._links.context.given = None  # its place is one of the piece before
        self._links.context.defined = "", -1
        self._links.facts.clear()
        self._links.told.clear()
        self._links.rewritings.clear()
        self._marks = [_Mark(0, self._links.context.copy())]
        self._claims, self._settled, self._cut = [], {}, symbolic.cut_short()
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
            del self._marks[1:]  # what was read may be meant otherwise
            self._settled.clear()
        self._links = self._from(self._marks[-1], bare)
        del self._claims[self._marks[-1].claims :]
        with symbolic.within(seconds):
            left = self._read(deadline)
            is_whole = symbolic.cut_short() == self._cut
            whole = in_hindsight(self._links, self._claims) if is_whole else ()
            found = in_order([*self._claims, *left, *whole])
            made = list(without_unasserted(bare, without_posed(self._links, found)))
            found = self._tried(made, deadline)
        found = [_placed(claim, text, missing) for claim in found]
        return found + list(unread(text, MAX_CHARACTERS)) if len(text) > MAX_CHARACTERS else found

    def output(self, text: str, seconds: float = PIECE_SECONDS) -> None:
        """Take in what a block of code printed: "area = 126.0" gives a name its value. It states nothing itself.

        Args:
            text: What was printed.
            seconds: Wall time, after which nothing more is taken in.
        """
        self.text(text[:MAX_OUTPUT], seconds)

    def _read(self, deadline: float) -> list[Claim]:
        """Read from the last mark on, and set marks on the way; returns the claims that time did not do."""
        links, begin = self._links, self._marks[-1].at
        tokens = scan_typed(links.bare, begin)
        layouts = laid_out(links.bare, begin)
        places = settled_places(links.bare, tokens, begin)
        places = [p for p in places if not any(start < p < end for start, end in layouts)]

        def passed(at: int) -> None:
            last = -1
            while places and places[0] <= at:
                last = places.pop(0)
            if last >= 0:
                self._marks.append(_Mark(last, links.context.copy(), links.equation_end, len(self._claims)))

        return read(links, tokens, begin, self._claims, lambda: self._clock() >= deadline, passed)

    # --- trials ------------------------------------------------------------------------------------------------

    def _from(self, mark: _Mark, bare: str) -> Links:
        """Links for a text that is read on from a mark."""
        return self._links.again(bare, mark.context.copy(), mark.equation_end, mark.at)

    def _tried(self, found: list[Claim], deadline: float) -> list[Claim]:
        """The claims; one that would be called nothing worse with another number in it is not called true."""
        now = self._clock()
        late = now + TRIAL_SHARE * max(0.0, deadline - now)
        out = []
        for claim in found:
            reason = self._doubt(claim, late) if needs_trial(claim) else ""
            out.append(replace(claim, verdict="unchecked", right="", reason=reason) if reason else claim)
        return out

    def _doubt(self, claim: Claim, late: float) -> str:
        """Why a claim that was called true was not really checked, or empty."""
        if self._settled.get(claim):
            return ""
        n = max((n for n, mark in enumerate(self._marks) if mark.at <= claim.start), default=0)
        stop = next((mark.at for mark in self._marks[n + 1 :] if mark.at >= claim.end), len(self._links.bare))
        at_once = True
        for at, digit in changes(claim):
            if self._clock() >= late:
                return "time"
            changed = f"{self._links.bare[:at]}{digit}{self._links.bare[at + 1 :]}"
            there = self._read_again(changed[:stop], n)
            if found_false(there, at) or found_computed(there, claim.start, at):
                continue
            at_once = False
            if not found_false(self._looked_back(changed, n), at):
                return "fits"
        if at_once and stop <= self._marks[-1].at:
            self._settled[claim] = True
        return ""

    def _read_again(self, bare: str, n: int) -> list[Claim]:
        """The claims of a changed text from the n-th mark on."""
        found: list[Claim] = []
        begin = self._marks[n].at
        read(self._from(self._marks[n], bare), scan_typed(bare, begin), begin, found)
        return found

    def _looked_back(self, bare: str, n: int) -> list[Claim]:
        """What a changed text contradicts as a whole; only what stands from the n-th mark on is read again."""
        links, begin = self._from(self._marks[n], bare), self._marks[n].at
        read(links, scan_typed(bare, begin), begin, [], words=False)
        return list(in_hindsight(links, []))


def _placed(claim: Claim, text: str, missing: Missing) -> Claim:
    """The claim at its place in the text with notes."""
    if len(missing) == 1:
        return claim
    start, end = place(missing, claim.start), place(missing, claim.end)
    return replace(claim, start=start, end=end, text=text[start:end])
