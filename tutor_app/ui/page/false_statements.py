"""The false statements of a page, for mouse, keyboard and screen reader; and the way to the list of all statements.

The page itself underlines what is false (:mod:`tutor_app.render.statements`). Here each such place has a control of
its own without a face: the Tab key reaches it, it says what is right, and so does the mouse above it. The tallies of
the answer, of its statements and of the votes for it, are controls, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QFocusEvent, QHelpEvent, QPainter, QPaintEvent, QPen, QTextCursor, QTextDocument
from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QToolTip, QWidget

from tutor_app.handout.wording import false_shown, statement_said
from tutor_app.render.statements import Statement, false_spans
from tutor_app.render.theme import Theme

_SHOWN_MS = 60_000  # that what is right stands beside a statement with the focus


class PlaceButton(QAbstractButton):
    """A place on a page that the keyboard can reach; its face is the page's own.

    Args:
        parent: The viewport of the page.
        entered: Called when the keyboard has come here.
    """

    def __init__(self, parent: QWidget, entered: Callable[[PlaceButton], None] | None = None) -> None:
        super().__init__(parent)
        self._entered = entered
        self.ring = parent.palette().highlight().color()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Bring the place into sight."""
        super().focusInEvent(event)
        by_key = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        if self._entered is not None and by_key:
            self._entered(self)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take back what was shown beside it."""
        super().focusOutEvent(event)
        if self._entered is not None:
            QToolTip.hideText()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A ring while it has the focus."""
        if self.hasFocus():
            p = QPainter(self)
            p.setRenderHint(QPainter.RenderHint.Antialiasing)
            p.setPen(QPen(self.ring, 1.5))
            p.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)


class FalseStatements(QObject):
    """The false statements of one page, and the tallies of its answer.

    Args:
        page: On whose viewport they stand.
        reveal: Brings a position of the text into sight.
        asked: Called when the list of statements is wanted, with the key of the one it is about; empty for none.
        votes_asked: Called when the attempts behind the answer are wanted.
    """

    def __init__(
        self,
        page: QAbstractScrollArea,
        reveal: Callable[[int], None],
        asked: Callable[[str], None],
        votes_asked: Callable[[], None],
    ) -> None:
        super().__init__(page)
        self._viewport = page.viewport()
        self._reveal, self._asked = reveal, asked
        self._buttons: dict[str, PlaceButton] = {}
        self._claims: dict[str, Statement] = {}
        self._spans: list[tuple[str, int, int]] = []
        self._boxes: dict[str, list[QRect]] = {}
        self._revision: tuple[int, int] = (-1, -1)
        self._tally = self._line("Show all statements", lambda: asked(""))
        self.votes = self._line("Show all attempts", votes_asked)
        self._viewport.installEventFilter(self)

    def _line(self, words: str, slot: Callable[[], None]) -> PlaceButton:
        made = PlaceButton(self._viewport)
        made.setCursor(Qt.CursorShape.PointingHandCursor)
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        made.setToolTip(words)
        made.setAccessibleName(words)
        made.setAccessibleDescription(f"{words}.")
        made.clicked.connect(slot)
        made.hide()
        return made

    def controls(self) -> list[QAbstractButton]:
        """What the keyboard can reach."""
        return [b for b in (*self._buttons.values(), self.votes, self._tally) if not b.isHidden()]

    def button(self, key: str) -> PlaceButton | None:
        """The control of a false statement, or with an empty key that of the tally, while it is on the page."""
        found = self._buttons.get(key) if key else self._tally
        return found if found is not None and not found.isHidden() else None

    def place(
        self,
        document: QTextDocument,
        false: Sequence[Statement],
        tally: QTextCursor | None,
        votes: QTextCursor | None,
        theme: Theme,
        scrolled: tuple[int, int],
    ) -> None:
        """Put a control on every false statement, and on the tallies.

        Args:
            document: The page.
            false: Its false statements.
            tally: In the line of the tally of the statements, if there is one.
            votes: In the line of the votes, if there is one and there are attempts to show.
            theme: Colours.
            scrolled: How far the page is scrolled to the right and down, in pixels.
        """
        self._claims = {s.key: s for s in false}
        if (revision := (id(document), document.revision())) != self._revision:
            self._revision = revision
            self._spans = false_spans(document, {s.part for s in false})
        self._boxes = {}
        for key, first, last in self._spans:
            boxes = _boxes(document, first, last, scrolled)
            if boxes and key in self._claims:
                self._boxes[key] = boxes
                self._stand(self._button(key, first), boxes, theme)
        for key, button in self._buttons.items():
            if key not in self._boxes:
                button.hide()
        self._place_line(self._tally, document, tally, theme, scrolled)
        self._place_line(self.votes, document, votes, theme, scrolled)

    def _place_line(
        self,
        button: PlaceButton,
        document: QTextDocument,
        place: QTextCursor | None,
        theme: Theme,
        scrolled: tuple[int, int],
    ) -> None:
        block = place.block() if place is not None else None
        end = block.position() + block.length() - 1 if block is not None else 0
        boxes = _boxes(document, block.position(), end, scrolled) if block is not None else []
        if block is None or not boxes:
            button.hide()
            return
        button.setAccessibleName(block.text())
        self._stand(button, boxes, theme)

    def _button(self, key: str, first: int) -> PlaceButton:
        button = self._buttons.get(key)
        if button is None:
            button = self._buttons[key] = PlaceButton(self._viewport, lambda b: self._enter(key, b))
            # The mouse goes through to the text, which can be selected here as elsewhere.
            button.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            button.clicked.connect(lambda: self._asked(key))
        claim = self._claims[key].claim
        button.setAccessibleName(statement_said(claim))
        button.setAccessibleDescription("Space shows all statements.")
        return button

    @staticmethod
    def _stand(button: PlaceButton, boxes: Sequence[QRect], theme: Theme) -> None:
        button.ring = theme.color("accent")
        whole = QRect()
        for box in boxes:
            whole = whole.united(box)
        button.setGeometry(whole.adjusted(-3, -1, 3, 3))
        if button.isHidden():
            button.show()

    def _enter(self, key: str, button: PlaceButton) -> None:
        self._reveal(next(first for k, first, _ in self._spans if k == key))
        # Later: Qt tells the style of the focus, too, once this is over, and that event takes every tool tip away.
        QTimer.singleShot(0, button, lambda: self._say_beside(key, button))

    def _say_beside(self, key: str, button: PlaceButton) -> None:
        if not button.hasFocus() or key not in self._claims:
            return
        # The page may have been scrolled, and the control with it.
        corner = self._viewport.mapToGlobal(button.geometry().bottomLeft())
        QToolTip.showText(corner, false_shown(self._claims[key].claim), self._viewport, button.geometry(), _SHOWN_MS)

    def at(self, point: QPoint) -> Statement | None:
        """The false statement at a point of the viewport."""
        for key, boxes in self._boxes.items():
            if any(box.contains(point) for box in boxes):
                return self._claims.get(key)
        return None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Say what is right while the mouse rests on what is false."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            found = self.at(event.pos())
            if found is not None:
                box = next(b for b in self._boxes[found.key] if b.contains(event.pos()))
                QToolTip.showText(event.globalPos(), false_shown(found.claim), self._viewport, box)
                return True
            QToolTip.hideText()
        return False


def _boxes(document: QTextDocument, first: int, last: int, scrolled: tuple[int, int]) -> list[QRect]:
    """Where a stretch of text stands in the viewport, line by line; nothing of what is folded."""
    found: list[QRect] = []
    block = document.findBlock(first)
    while block.isValid() and block.position() <= last:
        if block.isVisible():
            corner = document.documentLayout().blockBoundingRect(block).topLeft() - QPointF(*scrolled)
            for n in range(block.layout().lineCount()):
                line = block.layout().lineAt(n)
                start = max(first - block.position(), line.textStart())
                end = min(last - block.position(), line.textStart() + line.textLength())
                if start < end:
                    left, right = sorted(line.cursorToX(at)[0] for at in (start, end))  # type: ignore[index]
                    box = QRectF(corner.x() + left, corner.y() + line.y(), right - left, line.height())
                    found.append(box.toRect())
        block = block.next()
    return found
