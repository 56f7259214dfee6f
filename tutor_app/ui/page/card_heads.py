"""The controls on the cards of a page: a button on the head of each block of code, output and thought.

They are real buttons over the text, so the mouse, the keyboard and a screen reader all find them. Only those that
can be seen exist on the screen; the page itself, and what is printed, knows nothing of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Final, Literal

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF, QTextDocument, QTextFrame
from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QToolButton, QWidget

from tutor_app.render.cards import STUB
from tutor_app.render.folding import Folding, code_stub, output_stub, solution_stub, thought_stub, warnings_stub
from tutor_app.render.outline import Card, thoughts
from tutor_app.render.theme import Theme, ui_font
from tutor_app.ui.icons import icon

What = Literal["code", "output", "warnings", "thought", "solution", "copy", "step", "lab"]
_HEAD: Final = 1.9  # height of a card's head, in em
_CHEVRON: Final = 0.21  # half the width of the sign, in em


class FoldButton(QAbstractButton):
    """Opens and folds one part; checked while it is open.

    Args:
        parent: The viewport of the page.
        head: Whether it is the head of a card, whose label the page draws itself.
    """

    def __init__(self, parent: QWidget, head: bool) -> None:
        super().__init__(parent)
        self._head = head
        self._theme: Theme | None = None
        self._size = 17.0
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def show_state(self, words: str, is_open: bool, theme: Theme, size: float) -> None:
        """Say what is here and whether it can be seen."""
        if (self.text(), self.isChecked(), self._theme, self._size) == (words, is_open, theme, size):
            return
        self._theme, self._size = theme, size
        self.setChecked(is_open)
        self.setText(words)
        self.setAccessibleName(words)
        self.setAccessibleDescription(
            f"{'Shown' if is_open else 'Hidden'}. Space {'hides' if is_open else 'shows'} it."
        )
        self.setToolTip(f"{'Hide' if is_open else 'Show'} the {words.partition(',')[0].lower()}")
        self.update()

    def sizeHint(self) -> QSize:
        """Its words."""
        return QSize(120, round(self._size * _HEAD))

    def nextCheckState(self) -> None:
        """A click changes nothing here: the page decides what is open."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """The sign, and the words if the page does not say them."""
        if self._theme is None:
            return
        t, em = self._theme, self._size
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        hot = self.underMouse() or self.hasFocus()
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        if hot:
            wash = t.color("accent")
            wash.setAlphaF(0.09)
            p.setBrush(wash)
            p.setPen(QPen(t.color("accent"), 1.5) if self.hasFocus() else Qt.PenStyle.NoPen)
            p.drawRoundedRect(box.adjusted(1, 1, -1, -1), 6, 6)
        words = self.text() if not self._head and not self.isChecked() else ""
        color = t.color("accent" if hot else "muted" if words else "faint")
        # The page's own labels begin at one em; the sign stands in front of them.
        k = _CHEVRON * em
        middle = QPointF(0.53 * em, self._middle())
        if self.isChecked():
            sign = [QPointF(-k, -k / 2), QPointF(0, k / 2), QPointF(k, -k / 2)]
        else:
            sign = [QPointF(-k / 2, -k), QPointF(k / 2, 0), QPointF(-k / 2, k)]
        p.setPen(QPen(color, max(1.3, em / 12), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.drawPolyline(QPolygonF([middle + q for q in sign]))
        if words:
            font = ui_font(em * 0.74)
            p.setFont(font)
            m = QFontMetricsF(font)
            p.drawText(QPointF(1.0 * em, self._middle() + (m.ascent() - m.descent()) / 2), words)
        p.end()

    def _middle(self) -> float:
        # The page draws a head's label with its top 0.62 em below the card's.
        if not self._head:
            return self.height() / 2
        return 0.62 * self._size + QFontMetricsF(ui_font(self._size * 0.68)).height() * 0.46


class HeadButton(QToolButton):
    """Does something with the code of its card; quiet until it is wanted."""

    def __init__(self, parent: QWidget, words: str) -> None:
        super().__init__(parent)
        self.setObjectName("onCard")
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)


class CardHeads:
    """The controls of one page.

    Attributes:
        repaired: Numbers of the cards that failed and were repaired by a later one.

    Args:
        page: On whose viewport they stand.
        toggled: Called with the card's number (-1 for the whole solution) and the part.
        copied: Called with the card's number.
        stepped: Called with the card's number.
        compared: Called with the number of a card that failed and was repaired.
    """

    def __init__(
        self,
        page: QAbstractScrollArea,
        toggled: Callable[[int, What], None],
        copied: Callable[[int], None],
        stepped: Callable[[int], None],
        compared: Callable[[int], None],
    ) -> None:
        self._viewport = page.viewport()
        self._toggled, self._copied, self._stepped, self._compared = toggled, copied, stepped, compared
        self.repaired: frozenset[int] = frozenset()
        self._buttons: dict[tuple[int, What], QAbstractButton] = {}
        self._seen: list[tuple[int, What]] = []

    def button(self, card: int, what: What) -> QAbstractButton | None:
        """A control that can be seen, or None."""
        found = self._buttons.get((card, what))
        return found if found is not None and found.isVisible() else None

    def controls(self) -> list[QAbstractButton]:
        """What can be seen, from the top down."""
        return [self._buttons[key] for key in self._seen]

    def place(
        self,
        document: QTextDocument,
        found: list[Card],
        folding: Folding,
        theme: Theme,
        size: float,
        scrolled: tuple[int, int],
    ) -> None:
        """Put a control on every card that can be seen.

        Args:
            document: The page.
            found: Its cards.
            folding: What is folded.
            theme: Colours.
            size: Text size of the page, in pixels.
            scrolled: How far the page is scrolled to the right and down, in pixels.
        """
        seen: dict[tuple[int, What], None] = {}
        dx, dy = scrolled
        if folding.answer_only:
            self._place_solution(document, theme, size, scrolled, seen)
            found = []
        layout = document.documentLayout()
        for n, frame in enumerate([] if folding.answer_only else thoughts(document)):
            box = layout.frameBoundingRect(frame).translated(-dx, -dy)
            top = box.top() + frame.frameFormat().topMargin()
            if box.bottom() >= 0 and top <= self._viewport.height():
                is_open = not folding.is_folded(n, "thought")
                width = 0.98 * size if is_open else box.width() - 2
                head = QRectF(box.left() + 2, top, width, STUB * size).toRect()
                self._fold((n, "thought"), head, thought_stub(frame), is_open, theme, size, seen)
        first = bisect_left(found, float(dy), key=lambda card: layout.frameBoundingRect(card.frame).bottom())
        for card in found[first:]:
            box = layout.frameBoundingRect(card.frame).translated(-dx, -dy)
            box.setTop(box.top() + card.frame.frameFormat().topMargin())
            if box.top() > self._viewport.height():
                break
            if card.has_code:
                head = QRectF(box.left(), box.top(), box.width(), size * _HEAD).toRect()
                is_open = not folding.is_folded(card.number, "code")
                self._fold((card.number, "code"), head, code_stub(card), is_open, theme, size, seen)
                self._actions(card.number, head, theme, size, card.is_timed, seen)
            output_is_open = not folding.is_folded(card.number, "output")
            warnings = card.warnings if output_is_open else None
            sections: tuple[tuple[What, QTextFrame | None, str, bool], ...] = (
                ("output", card.output, output_stub(card), output_is_open),
                ("warnings", warnings, warnings_stub(card), not folding.is_folded(card.number, "warnings")),
            )
            for what, section, words, is_open in sections:
                if section is not None:
                    top = layout.frameBoundingRect(section).top() - dy + 0.3 * size
                    width, height = (0.98 * size, 1.3 * size) if is_open else (box.width() - 2, STUB * size)
                    stub = QRectF(box.left() + 1, top + (0.06 * size if is_open else 0), width, height).toRect()
                    self._fold((card.number, what), stub, words, is_open, theme, size, seen)
        for key, button in self._buttons.items():
            if key not in seen and not button.isHidden():
                button.hide()
        self._seen = list(seen)

    def _place_solution(
        self,
        document: QTextDocument,
        theme: Theme,
        size: float,
        scrolled: tuple[int, int],
        seen: dict[tuple[int, What], None],
    ) -> None:
        frames = document.rootFrame().childFrames()
        if not frames:
            return
        box = document.documentLayout().frameBoundingRect(frames[0]).translated(-scrolled[0], -scrolled[1])
        place = QRectF(box.left(), box.bottom() - (STUB + 0.8) * size, box.width(), STUB * size).toRect()
        self._fold((-1, "solution"), place, solution_stub(document), False, theme, size, seen)

    def _fold(
        self,
        key: tuple[int, What],
        place: QRect,
        words: str,
        is_open: bool,
        theme: Theme,
        size: float,
        seen: dict[tuple[int, What], None],
    ) -> None:
        button = self._buttons.get(key)
        if button is None:
            button = FoldButton(self._viewport, key[1] == "code")
            button.clicked.connect(lambda: self._toggled(*key))
            self._buttons[key] = button
        assert isinstance(button, FoldButton)
        button.show_state(words, is_open, theme, size)
        self._stand(button, place, key, seen)

    def _actions(
        self, card: int, head: QRect, theme: Theme, size: float, timed: bool, seen: dict[tuple[int, What], None]
    ) -> None:
        side = round(size * 1.35)
        # The time a block took stands at the right end of the head.
        right = head.right() - round(size * (3.6 if timed else 0.7))
        actions: list[tuple[What, str, Callable[[int], None]]] = [
            ("copy", "Copy this code", self._copied),
            ("step", "Step through this code", self._stepped),
        ]
        if card in self.repaired:
            actions.append(("lab", "Error lab: why it failed, and what repaired it", self._compared))
        for n, (what, words, slot) in enumerate(actions):
            button = self._buttons.get((card, what))
            if button is None:
                button = HeadButton(self._viewport, words)
                button.clicked.connect(_calling(slot, card))
                self._buttons[card, what] = button
            button.setIcon(icon(what, theme.faint, 20))
            button.setIconSize(QSize(round(size * 0.85), round(size * 0.85)))
            left = right - (n + 1) * side - n * round(0.3 * size)
            place = QRect(left, head.top() + (head.height() - side) // 2 + 1, side, side)
            self._stand(button, place, (card, what), seen)
            button.raise_()

    def _stand(
        self, button: QAbstractButton, place: QRect, key: tuple[int, What], seen: dict[tuple[int, What], None]
    ) -> None:
        seen[key] = None
        if button.geometry() != place:
            button.setGeometry(place)
        if button.isHidden():
            button.show()


def _calling(slot: Callable[[int], None], card: int) -> Callable[[], None]:
    return lambda: slot(card)
