"""Folds parts of a page away: a block of code, an output, its warnings, a thought, or everything but the answer.

Folded text stays in the document and only takes no room, so it is still found, still grows while a solution is
being written, and unfolds without anything being written again. The page keeps a line of room where something is
folded; what stands there is drawn by :mod:`tutor_app.ui.page.card_heads`. Nothing here knows of widgets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from PySide6.QtGui import QTextBlock, QTextDocument, QTextFrame, QTextFrameFormat

from tutor_app.render.cards import ANSWER, PROBLEM, RUN, STUB
from tutor_app.render.outline import HIDDEN, Card, blocks, cards, count_lines, pieces, thoughts
from tutor_app.render.properties import FOLDED, KIND, LABEL, SOURCE

Foldable = Literal["code", "output", "warnings", "thought"]
"""What can be folded one by one."""
_FOLDED_AT_FIRST: Final[frozenset[Foldable]] = frozenset({"warnings", "thought"})

_HEAD: Final = 1.95  # of a card whose code is folded

# What a frame was like before it was folded.
_TOP: Final = SOURCE + 21
_BOTTOM: Final = SOURCE + 22


class Folding:
    """What of a page is folded.

    A user's choice for one part holds until the same kind is shown or hidden altogether.

    Attributes:
        hidden: Kinds of parts that are folded unless the user opened one.
        answer_only: Whether everything between the problem and the answer is away.
    """

    def __init__(self) -> None:
        self.hidden: set[Foldable] = set(_FOLDED_AT_FIRST)
        self.answer_only = False
        self._own: dict[tuple[int, Foldable], bool] = {}

    def forget(self) -> None:
        """Another solution: what was opened or folded one by one no longer means anything."""
        self._own.clear()

    def hide(self, part: Foldable, on: bool) -> None:
        """Fold or unfold all parts of a kind."""
        self.hidden = self.hidden | {part} if on else self.hidden - {part}
        self._own = {key: folded for key, folded in self._own.items() if key[1] != part}

    def fold(self, card: int, part: Foldable, folded: bool) -> None:
        """Fold or unfold one part, the n-th card's or the n-th thought."""
        self._own[card, part] = folded

    def is_folded(self, card: int, part: Foldable) -> bool:
        """Whether that part is folded."""
        return self._own.get((card, part), part in self.hidden)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is folded and nothing will be, but for thoughts and warnings."""
        own = (folded for (_, part), folded in self._own.items() if part not in _FOLDED_AT_FIRST)
        return not (self.hidden - _FOLDED_AT_FIRST or self.answer_only or any(own))

    def apply(self, document: QTextDocument, size: float, only: Sequence[Card] | None = None) -> None:
        """Bring the page into the state that is wanted.

        Args:
            document: The page.
            size: Its text size, in pixels.
            only: The cards to look at; None means all, and the prose too.
        """
        for card in cards(document) if only is None else only:
            self._apply(card, size)
        self.apply_to_thoughts(document, size)
        if only is None:
            self._solution(document, size)

    def apply_defaults(self, document: QTextDocument, size: float, found: Sequence[Card]) -> None:
        """The same, quicker, while nothing but thoughts and warnings is folded.

        Args:
            document: The page.
            size: Its text size, in pixels.
            found: The cards to look at.
        """
        self.apply_to_thoughts(document, size)
        for card in found:
            if card.warnings is not None:
                self._apply(card, size)

    def apply_to_thoughts(self, document: QTextDocument, size: float) -> None:
        """Bring the thoughts of a page into the state that is wanted."""
        for n, frame in enumerate(thoughts(document)):
            away = self.answer_only
            folded = away or self.is_folded(n, "thought")
            changed = _squeeze(frame, away, 0, 0)
            changed |= _squeeze(frame.childFrames()[0], folded, 0 if away else STUB * size, 0)
            for block in blocks(frame):
                changed |= _show(block, not folded)
            if changed:
                document.markContentsDirty(frame.firstPosition(), frame.lastPosition() - frame.firstPosition())

    def _apply(self, card: Card, size: float) -> None:
        away = self.answer_only
        code = self.is_folded(card.number, "code") and card.has_code
        outer = card.frame.frameFormat()
        if (outer.intProperty(KIND) == HIDDEN) != away:
            outer.setProperty(KIND, HIDDEN if away else RUN)
            _squeeze(card.frame, away, 0, 0, outer)
        changed = _squeeze(card.code, away or code, 0 if away else _HEAD * size, 0)
        if changed or code:
            label = code_stub(card) if code else "Python" if card.has_code else "Output"
            outer = card.frame.frameFormat()
            if outer.stringProperty(LABEL) != label:
                outer.setProperty(LABEL, label)
                card.frame.setFrameFormat(outer)
        output = self.is_folded(card.number, "output")
        if card.output is not None:
            top = 0.0 if away else 0.45 * size
            changed |= _squeeze(card.output, away or output, top, 0 if away else (STUB + 0.3) * size)
        warnings = output or self.is_folded(card.number, "warnings")
        if card.warnings is not None:  # with the output, its warnings go altogether
            gone = away or output
            top, bottom = (0.0, 0.0) if gone else (0.45 * size, (STUB + 0.3) * size)
            changed |= _squeeze(card.warnings, away or warnings, top, bottom)
        for block in blocks(card.frame):
            at = block.position()
            folded = (
                code
                if _holds(card.code, at)
                else (output and _holds(card.output, at)) or (warnings and _holds(card.warnings, at))
            )
            changed |= _show(block, not (away or folded))
        if changed:
            first, last = card.frame.firstPosition(), card.frame.lastPosition()
            card.frame.document().markContentsDirty(first, last - first)

    def _solution(self, document: QTextDocument, size: float) -> None:
        """Put the prose away, or back. What says how it ended stays, unless an answer says it better."""
        found = list(pieces(document))
        answers = [n for n, p in enumerate(found) if _kind(p) == ANSWER]
        keep_from = answers[-1] if answers else _last_words(found)
        for n, piece in enumerate(found):
            if isinstance(piece, QTextBlock):
                _show(piece, not (self.answer_only and 0 < n < keep_from))
            elif _kind(piece) == PROBLEM and self.answer_only != bool(piece.frameFormat().property(FOLDED)):
                f = piece.frameFormat()
                _squeeze(piece, self.answer_only, f.topMargin(), f.bottomMargin() + STUB * size)
        document.markContentsDirty(0, document.characterCount())


def code_stub(card: Card) -> str:
    """``Code, 12 lines``."""
    return f"Code, {_lines(count_lines(card.code))}"


def output_stub(card: Card) -> str:
    """``Output, 3 lines``; says when the block did not end well."""
    if card.output is None:
        return ""
    return f"{'Error' if card.failed else 'Output'}, {_lines(count_lines(card.output))}"


def warnings_stub(card: Card) -> str:
    """``Warnings, 2 lines``."""
    return f"Warnings, {_lines(count_lines(card.warnings))}" if card.warnings is not None else ""


def thought_stub(frame: QTextFrame) -> str:
    """``Thoughts, 240 words``."""
    n = sum(len(b.text().split()) for b in blocks(frame))
    return f"{frame.frameFormat().stringProperty(LABEL)}, {n:,} word{'s' if n != 1 else ''}"


def solution_stub(document: QTextDocument) -> str:
    """``Solution, 3 blocks of code``."""
    n = len(cards(document))
    return f"Solution, {n} block{'s' if n != 1 else ''} of code" if n else "Solution"


def _lines(n: int) -> str:
    return f"{n} line{'s' if n != 1 else ''}"


def _kind(piece: QTextFrame | QTextBlock) -> int:
    return piece.frameFormat().intProperty(KIND) if isinstance(piece, QTextFrame) else 0


def _last_words(found: list[QTextFrame | QTextBlock]) -> int:
    """Index of the last paragraph with something in it: the user of a growing solution wants to see it move."""
    for n in range(len(found) - 1, -1, -1):
        piece = found[n]
        if isinstance(piece, QTextBlock) and piece.text().strip():
            return n
    return len(found)


def _holds(frame: QTextFrame | None, position: int) -> bool:
    return frame is not None and frame.firstPosition() <= position <= frame.lastPosition()


def _show(block: QTextBlock, visible: bool) -> bool:
    if block.isVisible() == visible:
        return False
    block.setVisible(visible)
    return True


def _squeeze(frame: QTextFrame, folded: bool, top: float, bottom: float, fmt: QTextFrameFormat | None = None) -> bool:
    """Give a frame the margins of its folded state, or back those it had; returns whether that changed them."""
    f = frame.frameFormat() if fmt is None else fmt
    if folded == bool(f.property(FOLDED)) and (not folded or (f.topMargin(), f.bottomMargin()) == (top, bottom)):
        return False
    if folded:
        if not f.property(FOLDED):
            f.setProperty(_TOP, f.topMargin())
            f.setProperty(_BOTTOM, f.bottomMargin())
        f.setProperty(FOLDED, True)
        f.setTopMargin(top)
        f.setBottomMargin(bottom)
    else:
        f.setTopMargin(f.doubleProperty(_TOP))
        f.setBottomMargin(f.doubleProperty(_BOTTOM))
        f.clearProperty(FOLDED)
    frame.setFrameFormat(f)
    return True
