"""The page of a user's own lines: where they are typed, how they are read, what was found. It only emits signals."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QPushButton, QSplitter, QWidget

from tutor_app.core.work import MOST_LINES, WorkHint, WorkReport
from tutor_app.render.theme import Theme, text_font
from tutor_app.student.work_edit import WorkEdit
from tutor_app.student.work_rows import WorkRows
from tutor_app.ui.announce import announce
from tutor_app.ui.building import STRETCH, column_of, in_the_middle, once, push_button, row_of, text_label
from tutor_app.ui.formulas import Formulas
from tutor_app.ui.math_text import MathText

_SIDE_BY_SIDE: Final = 640
"""Width from which the lines stand beside what is typed, not below it."""
_TYPESET_MS: Final = 120
EMPTY: Final = "There are no lines to check. Type or paste them, one a row."
ABOUT: Final = "Each line is judged against the one before and the problem above."
NO_PROBLEM: Final = "Without a problem above, the lines are compared with each other only."
CHANGED: Final = "Changed since the check."


class WorkPage(QWidget):
    """Own lines and their verdicts.

    Signals:
        check_asked: The user wants the lines checked.
        cancel_asked: The user does not want to wait.
        hint_asked: The user wants a hint about the first false line.
        close_asked: The user wants the page away.
    """

    hint_asked = Signal()
    check_asked = Signal()
    cancel_asked = Signal()
    close_asked = Signal()

    def __init__(self, formulas: Formulas, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("work")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._checked = self._hint_offered = False
        self.edit = WorkEdit()
        self.rows = WorkRows(formulas, theme)
        self.message = text_label(ABOUT, "workSaid", wrap=True, plain=True)
        self.check = push_button("Check these lines", "primary", tip="Check these lines (Ctrl+Enter)")
        self.cancel = push_button("Cancel", tip="Stop the check (Esc)")
        self.hint_button = push_button(
            "Give me a hint", tip="A hint about the first false line, without the right line"
        )
        self.close_button = QPushButton("Close")
        for button, name, signal in (
            (self.check, "Check these lines", self.check_asked),
            (self.cancel, "Cancel the check", self.cancel_asked),
            (self.hint_button, "Give me a hint about the first false line", self.hint_asked),
            (self.close_button, "Close my lines", self.close_asked),
        ):
            button.setAccessibleName(name)
            button.clicked.connect(signal)
        self.hint_title = text_label("", "section")
        self.hint = MathText(formulas, theme, 15)
        self._lay_out()
        self._timer = once(self, _TYPESET_MS, self.read_lines)
        self.edit.textChanged.connect(self._timer.start)
        self.edit.check_asked.connect(self.check_asked)
        self.edit.refused.connect(self.tell)
        self.edit.cursorPositionChanged.connect(self._follow_cursor)
        self.rows.clicked.connect(lambda index: self._edit_row(index.row()))
        self.rows.activated.connect(lambda index: self._edit_row(index.row()))
        self.set_busy(False)

    def _lay_out(self) -> None:
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setObjectName("workSplit")
        self._split.setHandleWidth(10)
        self._split.setChildrenCollapsible(False)
        for part, stretch in ((self.edit, 2), (self.rows, 3)):
            frame = QFrame()
            frame.setObjectName("card")
            column_of(part, parent=frame, margins=(1, 1, 1, 1))
            part.setMinimumHeight(30)
            self._split.addWidget(frame)
            self._split.setStretchFactor(self._split.count() - 1, stretch)
        self._split.setSizes([400, 600])
        self.hint_card = QFrame()
        self.hint_card.setObjectName("card")
        self.hint_card.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        column_of(self.hint_title, self.hint, parent=self.hint_card, margins=(14, 8, 14, 6), spacing=2)
        self.hint_card.hide()
        buttons = row_of(STRETCH, self.cancel, self.close_button, self.hint_button, self.check, spacing=8)
        self.last = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self.last.setSpacing(8)
        self.last.addWidget(self.message, 1)
        self.last.addLayout(buttons)
        self.body = column_of((self._split, 1), self.hint_card, self.last, spacing=10)
        column = QWidget()
        column.setMaximumWidth(760 + 48)
        column.setLayout(self.body)
        self.body.setContentsMargins(24, 8, 24, 14)
        in_the_middle(self, column)

    # -- plain data in and out ----------------------------------------------------------------------------------

    def lines(self) -> list[str]:
        """The lines as typed."""
        return self.edit.lines()

    def read_lines(self) -> None:
        """Typeset what is typed; verdicts below the first change are gone."""
        self._timer.stop()
        if not self.rows.lines.set_lines(self.lines()):
            return
        if self._checked:
            self._checked = False
            self._offer_hint(False)
            self.tell(CHANGED)
        elif self.rows.lines.left_out:
            self.tell(f"Only the first {MOST_LINES} lines are shown and checked.")
        self._follow_cursor()

    def show_report(self, report: WorkReport | None, sentence: str = "") -> None:
        """Show what was found, or nothing.

        Args:
            report: Of the lines that are typed; None takes every verdict away.
            sentence: Said before the report's own sentences.
        """
        self.rows.lines.show_report(report)
        self._checked = report is not None
        self._offer_hint(report is not None and report.first_fault is not None)
        if report is None:
            return
        self.tell(" ".join((*report.sentences(), sentence)).strip(), bad=report.first_fault is not None)
        if report.first_fault is not None:
            self.rows.show_row(report.first_fault)
            announce(self, self.rows.lines.rows[report.first_fault].spoken())

    def wait_for_hint(self, on: bool) -> None:
        """Show that a hint is being looked for."""
        self.hint_title.setText("Looking for a hint\u2026")
        self.hint.set_text("")
        self.hint.hide()
        self.hint_card.setVisible(on)

    def show_hint(self, hint: WorkHint) -> None:
        """Show the one hint about the first false line."""
        self.hint_button.hide()
        self.hint_title.setText(hint.title)
        self.hint.set_text(hint.text)
        self.hint.show()
        self.hint_card.setAccessibleName(f"{hint.title}: {hint.text}")
        self.hint_card.show()
        announce(self.hint_card, self.hint_card.accessibleName())

    def _offer_hint(self, on: bool) -> None:
        self._hint_offered = on
        self.hint_button.setVisible(on)
        self.hint_card.hide()

    def tell(self, sentence: str, *, bad: bool = False) -> None:
        """Say something below the lines."""
        self.message.setText(sentence)
        self.message.setProperty("bad", "true" if bad else "false")
        self.message.style().unpolish(self.message)
        self.message.style().polish(self.message)
        announce(self.message, sentence)

    def set_busy(self, busy: bool) -> None:
        """Show Cancel while the lines are being checked."""
        had_focus = any(button.hasFocus() for button in (self.check, self.cancel, self.hint_button))
        self.cancel.setVisible(busy)
        self.check.setVisible(not busy)
        self.hint_button.setVisible(self._hint_offered and not busy and self.hint_card.isHidden())
        if had_focus:
            (self.cancel if busy else self.check).setFocus()

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self.rows.delegate.restyle(theme=theme)
        self.hint.set_theme(theme)

    def set_size(self, pixels: float) -> None:
        """Change the text size."""
        self.edit.setFont(text_font(pixels * 0.96))
        self.rows.delegate.restyle(size=pixels * 0.96)
        self.hint.set_size(pixels * 0.9)

    # -- inside -------------------------------------------------------------------------------------------------

    def _follow_cursor(self) -> None:
        if self.edit.hasFocus():
            self.rows.show_row(self.edit.textCursor().blockNumber())

    def _edit_row(self, row: int) -> None:
        self.edit.go_to(row)
        self.edit.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room at the sides, the typeset lines stand below, the buttons below the sentence."""
        beside = self.width() >= _SIDE_BY_SIDE
        self._split.setOrientation(Qt.Orientation.Horizontal if beside else Qt.Orientation.Vertical)
        self.last.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)
        super().resizeEvent(event)
