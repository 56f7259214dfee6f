"""The attempts of a vote: each can be read in full, put beside another, and made the solution that is shown.

Where two of them differ is marked on both.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSplitter,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from tutor_app.core.events import EndReason, ending_sentence
from tutor_app.core.transcript import Transcript
from tutor_app.core.votes import DOUBTS
from tutor_app.desk.votes.differences import Difference, differences, marks, said, tally, words_of
from tutor_app.handout.vote_lines import AttemptLine, attempt_lines, option_lines, vote_sentence
from tutor_app.render.theme import Theme, ui_font
from tutor_app.text.plain import plain
from tutor_app.text.speech import spoken
from tutor_app.ui.announce import announce
from tutor_app.ui.dialog_buttons import close_row
from tutor_app.ui.formulas import Formulas
from tutor_app.ui.page.transcript_view import TranscriptView

_LINE: Final = Qt.ItemDataRole.UserRole
_SIDE_BY_SIDE: Final = 980  # narrower, two attempts stand one above the other
_TEXT: Final = 15.0  # size of the text of an attempt, in pixels
_ALONE: Final = "Nothing beside it"


class AttemptsDialog(QDialog):
    """A window beside the page.

    Attributes:
        list: The attempts, each with its answer and what speaks against it.
        view: The attempt that is chosen, in full.
        beside: Another one beside it.
        compare: Which one.
        differing: In how many places the two differ; a screen reader says which.
        next_difference: Goes to the next of them on both pages.
        promote: Makes the chosen one the solution.

    Signals:
        promote_asked: The number of an attempt that shall be the solution, from 0.
        step_asked: The code of an attempt shall be stepped through: its transcript, and the number of the block.

    Args:
        formulas: Typeset.
        theme: Colours.
        parent: The window.
    """

    promote_asked = Signal(int)
    step_asked = Signal(object, int)

    def __init__(self, formulas: Formulas, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Attempts of the vote")
        self._transcript = Transcript(())
        self.tally = QLabel()
        self.tally.setObjectName("offerName")
        self.options = QLabel()
        self.options.setObjectName("muted")
        for label in (self.tally, self.options):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.list = QListWidget()
        self.list.setObjectName("picker")
        self.list.setAccessibleName("Attempts")
        self.list.setFixedWidth(262)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._lines = _Lines(theme, self.list)
        self.list.setItemDelegate(self._lines)
        self.view = self._page(formulas, theme, "The chosen attempt")
        self.beside = self._page(formulas, theme, "The attempt beside it")
        self.compare = QComboBox()
        self.compare.setAccessibleName("Attempt to put beside it")
        self.compare.setMinimumWidth(190)
        self.promote = QPushButton("Show it as the solution")
        self.promote.setAccessibleName("Show it as the solution")
        self.promote.setAccessibleDescription("The chosen attempt takes the place of the solution; the vote stays.")
        self.differing = QLabel()
        self.differing.setObjectName("muted")
        self.differing.setWordWrap(True)
        self.next_difference = QPushButton("Next difference")
        self.next_difference.setAccessibleName("Next difference")
        self.next_difference.setShortcut("F8")
        self.next_difference.setToolTip("Next difference (F8)")
        self._differences: list[Difference] = []
        self._at = -1
        self._pages = QSplitter(Qt.Orientation.Horizontal)
        self._pages.setChildrenCollapsible(False)
        self._pages.addWidget(self.view)
        self._pages.addWidget(self.beside)
        self._lay_out()
        self.list.currentRowChanged.connect(lambda _: self._show())
        self.compare.currentIndexChanged.connect(lambda _: self._show())
        self.promote.clicked.connect(self._promote)
        self.next_difference.clicked.connect(self._go_on)
        for page in (self.view, self.beside):
            page.changed.connect(self._mark)

    def _page(self, formulas: Formulas, theme: Theme, name: str) -> TranscriptView:
        page = TranscriptView(formulas, theme)
        page.setAccessibleName(name)
        page.set_size(_TEXT)
        page.setMinimumSize(200, 120)
        for asked in (page.step_asked, page.lab_asked):
            asked.connect(lambda card: self._step(page, card))
        return page

    def _lay_out(self) -> None:
        against = QLabel("Compare with")
        against.setBuddy(self.compare)
        controls = QHBoxLayout()
        controls.addWidget(against)
        controls.addWidget(self.compare)
        controls.addStretch(1)
        controls.addWidget(self.promote)
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addLayout(controls)
        below = QHBoxLayout()
        below.addWidget(self.differing, 1)
        below.addWidget(self.next_difference)
        right.addLayout(below)
        right.addWidget(self._pages, 1)
        middle = QHBoxLayout()
        middle.setSpacing(12)
        middle.addWidget(self.list)
        middle.addLayout(right, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(8)
        layout.addWidget(self.tally)
        layout.addWidget(self.options)
        layout.addLayout(middle, 1)
        layout.addLayout(close_row(self))

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        self._lines.theme = theme
        self.view.set_theme(theme)
        self.beside.set_theme(theme)
        self.list.viewport().update()

    def open_with(self, transcript: Transcript) -> None:
        """Show the attempts of a solution that was voted for, the one that is shown first."""
        self._transcript = transcript
        self.tally.setText(f"{vote_sentence(transcript)}.")
        self.options.setText("   ".join(f"{plain(f'${o.answer}$')}: {o.sentence}" for o in option_lines(transcript)))
        lines = attempt_lines(transcript)
        for widget in (self.list, self.compare):
            widget.blockSignals(True)
            widget.clear()
        self.compare.addItem(_ALONE, -1)
        for n, line in enumerate(lines):
            item = QListWidgetItem()
            item.setData(_LINE, line)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, _said(line))
            self.list.addItem(item)
            self.compare.addItem(f"Attempt {line.number}: {_answer(line)}", n)
        self.list.setCurrentRow(max(0, transcript.chosen))
        self.compare.setCurrentIndex(0)
        for widget in (self.list, self.compare):
            widget.blockSignals(False)
        self._show()
        if not self.isVisible():
            self._fit_screen()
        self.show()
        self.raise_()
        self.activateWindow()
        self.list.setFocus()

    def _fit_screen(self) -> None:
        owner = self.parentWidget()
        room = owner.size() if owner is not None else QSize(1000, 700)
        self.resize(max(640, min(1180, room.width() - 40)), max(420, min(760, room.height() - 40)))

    def _show(self) -> None:
        """Show what is chosen, and what is beside it."""
        chosen = self.list.currentRow()
        if not 0 <= chosen < len(self._transcript.attempts):
            return
        other = self.compare.currentData()
        self._show_on(self.view, chosen)
        self.beside.setVisible(isinstance(other, int) and other >= 0)
        if isinstance(other, int) and other >= 0:
            self._show_on(self.beside, other)
        self._at = -1
        self._mark()
        self.promote.setEnabled(chosen != self._transcript.chosen)

    def _show_on(self, page: TranscriptView, number: int) -> None:
        attempt = self._transcript.attempts[number]
        stopped = "stopped early, the vote was decided" if attempt.parts else "not begun, the vote ended"
        how = DOUBTS["slow"] if "slow" in attempt.why else f"it was {stopped} without it"
        remark = f"Attempt {number + 1}: {how}."
        if attempt.ended:
            remark = f"Attempt {number + 1}: {ending_sentence(EndReason(attempt.ended), attempt.answer)}"
        page.show_transcript(Transcript.of("", *attempt.parts), remark)

    def _mark(self) -> None:
        """Mark where the two differ, if there are two."""
        compared = not self.beside.isHidden()
        self.differing.setVisible(compared)
        self.next_difference.setVisible(compared)
        pages = (self.view, self.beside)
        found = differences(*(words_of(page.document()) for page in pages)) if compared else []
        self._differences = found
        for page in pages:
            page.marks.set(marks(found, beside=page is self.beside))
            page.setAccessibleDescription(said(found))
        self.differing.setText(tally(found))
        self.differing.setAccessibleDescription(said(found))
        self.next_difference.setEnabled(bool(found))

    def _go_on(self) -> None:
        """Bring the next difference into sight on both pages; after the last comes the first."""
        self._at = (self._at + 1) % len(self._differences)
        found = self._differences[self._at]
        for page, words in ((self.view, found.left), (self.beside, found.right)):
            if words:
                page.reveal(words[0].first)
                page.scroll_to(words[0].first)
        announce(self.next_difference, f"{self._at + 1} of {len(self._differences)}: {found.sentence()}")

    def _step(self, page: TranscriptView, card: int) -> None:
        block = sum(c.has_code for c in page.cards()[:card])
        self.step_asked.emit(page.page.transcript(), block)

    def _promote(self) -> None:
        self.promote_asked.emit(self.list.currentRow())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Two attempts stand side by side where there is room for them."""
        super().resizeEvent(event)
        wide = self.width() >= _SIDE_BY_SIDE
        self._pages.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)


def _answer(line: AttemptLine) -> str:
    return plain(f"${line.answer}$") if line.answer else "no answer"


def _said(line: AttemptLine) -> str:
    answer = spoken(line.answer) if line.answer else "no answer"
    shown = "; it is the solution that is shown" if line.chosen else ""
    return f"Attempt {line.number}: {answer}; {line.how}{f'; {line.note}' if line.note else ''}{shown}"


class _Lines(QStyledItemDelegate):
    """An attempt in a list: its answer, how it was made, and what speaks against it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme

    def _rows(self, line: AttemptLine) -> list[tuple[str, str, float]]:
        """Text, colour and size in pixels of each row."""
        rows = [(f"{line.number}.  {_answer(line)}", "ink" if line.answer else "muted", 14.0)]
        rows.append((line.how[0].upper() + line.how[1:], "muted", 11.5))
        if line.note:
            rows.append((line.note[0].upper() + line.note[1:], "warn" if line.answer else "muted", 11.5))
        if line.chosen:
            rows.append(("Shown as the solution", "good", 11.5))
        return rows

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """As many rows as there is to say."""
        line: AttemptLine = index.data(_LINE)
        return QSize(200, 14 + sum(round(size * 1.45) * self._count(text, size) for text, _, size in self._rows(line)))

    def _count(self, text: str, size: float) -> int:
        """Lines that a text needs; what speaks against an attempt may need two."""
        return 1 if size > 12 or _width(text, size) <= self._room() else 2

    def _room(self) -> int:
        owner = self.parent()
        return owner.viewport().width() - 28 if isinstance(owner, QListWidget) else 180

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The background of the style, the rows above it."""
        line: AttemptLine = index.data(_LINE)
        painter.save()
        rect: QRect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setBrush(self.theme.color("accent_soft"))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 6, 6)
        top = rect.top() + 7
        for text, color, size in self._rows(line):
            font = ui_font(size)
            font.setBold(size > 12 and line.chosen)
            painter.setFont(font)
            painter.setPen(self.theme.color(color))
            height = round(size * 1.45) * self._count(text, size)
            place = QRect(rect.left() + 12, top, rect.width() - 22, height)
            if size > 12:
                text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, place.width())
            painter.drawText(place, Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop, text)
            top += height
        painter.restore()


def _width(text: str, size: float) -> int:
    return QFontMetrics(ui_font(size)).horizontalAdvance(text)
