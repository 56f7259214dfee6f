"""The box for a problem: the text, its typeset preview while it contains mathematics, and the two buttons."""

from __future__ import annotations

from math import ceil
from typing import Final

from PySide6.QtCore import QEvent, QMimeData, QObject, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QResizeEvent, QTextCursor
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from tutor_app.render.theme import Theme, text_font
from tutor_app.text.delimiters import split
from tutor_app.text.pasted import has_lost_marks, text_of_html
from tutor_app.ui.building import once, push_button, text_label
from tutor_app.ui.formulas import Formulas
from tutor_app.ui.math_text import MathText
from tutor_app.ui.reading_line import ReadingLine
from tutor_app.ui.status_line import ElidedLabel

_PREVIEW_MS: Final = 120
_LINES: Final = (2, 7)
_PREVIEW_HEIGHT: Final = 150
_LOW: Final = 440  # a window lower than this has no room for a preview
_ROOMY: Final = 700  # the same where the page below needs its room
_SHORT_WORDS: Final = 470  # a box narrower than this has no room for the whole words of its buttons
_SHARE: Final = 0.22  # of the window's height, for the text and for its preview


class ProblemEdit(QPlainTextEdit):
    """Several lines of plain text; grows with them up to a limit. Tab leaves it.

    Signals:
        solve_asked: Ctrl+Enter.
        files_given: Paths of files that were dropped or pasted here.
    """

    solve_asked = Signal()
    files_given = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("problem")
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(2)
        self._least_lines = _LINES[0]
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.textChanged.connect(self.updateGeometry)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter solves."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and event.modifiers() & (
            Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.MetaModifier
        ):
            self.solve_asked.emit()
            event.accept()
            return
        super().keyPressEvent(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste or drop: files are handed on, raised and lowered signs of HTML are kept as ``^`` and ``_``."""
        if paths := [url.toLocalFile() for url in source.urls() if url.isLocalFile()]:
            self.files_given.emit(paths)
        elif source.hasHtml() and (has_lost_marks(source.html()) or not source.hasText()):
            self.insertPlainText(text_of_html(source.html()))
        else:
            super().insertFromMimeData(source)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Text, HTML and files."""
        return source.hasText() or source.hasHtml() or source.hasUrls()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width breaks the text into other lines."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        """As high as its lines, between two and seven."""
        line = self._line()
        # In a low window the page below needs its room, too.
        most = max(2, min(_LINES[1], round(self.window().height() * _SHARE / line)))
        return QSize(400, max(self._least_lines * line, min(most * line, self._text_height())) + 8)

    def _text_height(self) -> int:
        """Of all lines; those with letters of another script are higher than the font's own."""
        block, height = self.document().begin(), 0.0
        while block.isValid() and height < 1000:
            height += self.blockBoundingRect(block).height()
            block = block.next()
        return ceil(height)

    def minimumSizeHint(self) -> QSize:
        """One line."""
        return QSize(160, self._line() + 8)

    def _line(self) -> int:
        """Height of a line, as the layout rounds it: a pixel less a line would scroll the first one away."""
        return ceil(QFontMetricsF(self.font()).lineSpacing())

    def set_least_lines(self, lines: int) -> None:
        """Be at least this high."""
        if lines != self._least_lines:
            self._least_lines = lines
            self.updateGeometry()


class ProblemBox(QFrame):
    """The problem and what to do with it.

    Signals:
        hint_asked: The user wants help instead of the solution.
        work_asked: The user has own lines to be checked.
        solve_asked: The user wants the problem solved.
        stop_asked: The user wants the solution stopped.
    """

    hint_asked = Signal()
    work_asked = Signal()
    solve_asked = Signal()
    stop_asked = Signal()

    def __init__(self, formulas: Formulas, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("problemCard")
        self.edit = ProblemEdit()
        self.edit.setPlaceholderText(
            "Type a problem, formulas as on paper: x^2 - 5x + 6 = 0, 1/2, sqrt(x+1), or LaTeX: $\\frac{1}{2}$"
        )
        self.edit.setAccessibleName("Problem")
        self.edit.setAccessibleDescription("Type a mathematics problem; Control and Enter solves it.")
        self.edit.verticalScrollBar().setAccessibleName("Scroll the problem")
        self.edit.horizontalScrollBar().setAccessibleName("Scroll the problem sideways")
        self.edit.installEventFilter(self)
        self.preview = MathText(formulas, theme, 16)
        self.reading = ReadingLine()
        self.reading.changed.connect(self._refresh)
        self._preview_label = text_label("Preview", "section")
        self._separator = QFrame()
        self._separator.setObjectName("separator")
        self._scroll = QScrollArea()
        self._scroll.setWidget(self.preview)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.viewport().setAutoFillBackground(False)
        self.preview.setAutoFillBackground(False)
        self.solve_button = push_button("Solve", "primary", tip="Solve this problem (Ctrl+Enter)")
        self.hint_button = push_button("Give me a hint", tip="Help step by step instead of the solution (Ctrl+J)")
        self.work_button = push_button("Check my work", tip="Have your own lines checked, one by one (Ctrl+Shift+K)")
        self.stop_button = push_button("Stop", tip="Stop the solution (Esc)")
        self.hint = ElidedLabel("Ctrl+Enter solves")
        self.hint.setObjectName("hint")

        row = self._row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.hint, 1)
        row.addWidget(self.work_button)
        row.addWidget(self.hint_button)
        row.addWidget(self.stop_button)
        row.addWidget(self.solve_button)
        layout = self._column = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(self.edit)
        layout.addWidget(self._separator)
        layout.addWidget(self._preview_label)
        layout.addWidget(self._scroll)
        layout.addWidget(self.reading)
        layout.addLayout(row)

        self._when: list[tuple[QWidget, bool]] = []
        self._timer = once(self, _PREVIEW_MS, self._refresh)
        self._shown_below = ""
        self._saves_room = False
        formulas.ready.connect(self._fit_preview)
        self.edit.textChanged.connect(self._edited)
        self.edit.solve_asked.connect(self.solve_asked)
        self.solve_button.clicked.connect(self.solve_asked)
        self.hint_button.clicked.connect(self.hint_asked)
        self.work_button.clicked.connect(self.work_asked)
        self.stop_button.clicked.connect(self.stop_asked)
        self.set_size(17)
        self.set_busy(False)
        self._refresh()

    # -- plain data in and out ----------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The problem as typed."""
        return self.edit.toPlainText()

    def set_text(self, text: str, *, as_typed: bool = False) -> None:
        """Replace what is typed; Ctrl+Z brings it back."""
        if text == self.text:
            return
        self.reading.keep(as_typed)
        cursor = self.edit.textCursor()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        self.edit.setTextCursor(cursor)
        self._timer.stop()
        self._refresh()

    def set_shown_below(self, problem: str) -> None:
        """Say which problem is typeset on the page below: its preview would only repeat it."""
        self._shown_below = problem.strip()
        self._refresh()

    def add_palette(self, palette: QWidget, button: QWidget) -> None:
        """Put a palette of symbols below the text, and the button that shows it beside the text."""
        line = QHBoxLayout()
        self._column.removeWidget(self.edit)
        line.addWidget(self.edit, 1)
        line.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        self._column.insertLayout(0, line)
        self._column.insertWidget(1, palette)

    def save_room(self, on: bool) -> None:
        """Leave more room to the page below, where the window is not high."""
        if on is not self._saves_room:
            self._saves_room = on
            self._refresh()

    def add_control(self, control: QWidget, *, busy: bool) -> None:
        """Put a control beside Solve, or (``busy``) beside Stop, to be seen when that is."""
        at = self._row.indexOf(self.stop_button)
        self._row.insertWidget(at, control, 4 if busy else 0)  # what is said beside Stop has the room
        self._when.append((control, busy))
        control.setVisible(busy is not self.solve_button.isVisibleTo(self))

    @property
    def busy(self) -> bool:
        """Whether Stop is shown."""
        return self.stop_button.isVisibleTo(self)

    def set_busy(self, busy: bool) -> None:
        """Show Stop while a solution is running."""
        alone = [(button, False) for button in (self.solve_button, self.hint_button, self.work_button)]
        for control, when in ((self.stop_button, True), *alone, *self._when):
            control.setVisible(when is busy)
        self.hint.setText("Esc stops" if busy else "Ctrl+Enter solves")

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self.preview.set_theme(theme)

    def set_size(self, pixels: float) -> None:
        """Change the text size."""
        self.edit.setFont(text_font(pixels))
        self.preview.set_size(pixels * 0.96)
        self.edit.updateGeometry()

    # -- inside -------------------------------------------------------------------------------------------------

    def _edited(self) -> None:
        self._timer.start()

    def _refresh(self) -> None:
        text = self.text
        repeated = bool(text.strip()) and text.strip() == self._shown_below
        self.edit.set_least_lines(1 if repeated or self._saves_room else _LINES[0])
        room = self.window().height() >= (_ROOMY if self._saves_room else _LOW)
        wanted = room and not repeated and len(text) <= 20_000
        shown = self.reading.read(text, shown=wanted)
        mathematical = wanted and any(s.kind != "text" for s in split(shown).segments)
        for widget in (self._separator, self._preview_label, self._scroll):
            widget.setVisible(mathematical)
        self.preview.set_text(shown if mathematical else "")
        self._fit_preview()

    def _fit_preview(self) -> None:
        wanted = self.preview.heightForWidth(max(100, self._scroll.viewport().width()))
        room = min(_PREVIEW_HEIGHT, max(40, round(self.window().height() * _SHARE)))
        self._scroll.setFixedHeight(min(room, wanted + 4))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width, or another window, has other room for the preview."""
        super().resizeEvent(event)
        short = event.size().width() < _SHORT_WORDS
        self.work_button.setText("My work" if short else "Check my work")
        self.hint_button.setText("Hint" if short else "Give me a hint")
        self._fit_preview()

    def fit_window(self) -> None:
        """The window has another height: there may be more or less room for the text and its preview."""
        self.edit.updateGeometry()
        self._refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Mark the card while the text has the focus."""
        if watched is self.edit and event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.setProperty("active", "true" if event.type() == QEvent.Type.FocusIn else "false")
            self.style().unpolish(self)
            self.style().polish(self)
        return super().eventFilter(watched, event)
