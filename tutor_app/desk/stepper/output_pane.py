"""The pane of the output: what the block had printed and drawn by a step, and why it failed."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QSizePolicy, QWidget

from tutor_app.core.parts import CodeError, Figure
from tutor_app.render.figures import Picture
from tutor_app.render.theme import Theme, mono_font
from tutor_app.ui.building import column_of, text_label

_UNBOUNDED: Final = (1 << 24) - 1  # Qt's own largest size
_LATEST: Final = 8_000
"""Characters: at least the last so many are shown, at most twice as many. A leap between the two ends of a longer
document would have it laid out anew."""


class FigureView(QWidget):
    """The last figure that was drawn, as large as there is room."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._picture: Picture | None = None
        self._made: dict[int, Picture] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.hide()

    def show_figure(self, figures: tuple[Figure, ...]) -> None:
        """Show the last of these, or nothing."""
        if not figures:
            self._picture = None
            self.hide()
            return
        figure = figures[-1]
        if self._picture is not None and self._picture.figure is figure:
            return
        if id(figure) not in self._made or self._made[id(figure)].figure is not figure:
            self._made[id(figure)] = Picture(figure)
        self._picture = self._made[id(figure)]
        self.setAccessibleName("Figure")
        self.setAccessibleDescription(figure.alt)
        self.setToolTip(figure.alt)
        self.show()
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """A small picture."""
        return QSize(280, 180)

    def minimumSizeHint(self) -> QSize:
        """Still a picture."""
        return QSize(120, 80)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        if self._picture is None:
            return
        size = self._picture.size(1e6)
        k = min((self.width() - 2) / size.width(), (self.height() - 2) / size.height())
        w, h = size.width() * k, size.height() * k
        painter = QPainter(self)
        self._picture.draw(painter, QRectF((self.width() - w) / 2, (self.height() - h) / 2, w, h), self._theme)
        painter.end()


class OutputPane(QFrame):
    """Text as printed so far, the figure drawn last, and the error in plain words."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QPlainTextEdit()
        self.text.setObjectName("stepOutput")
        self.text.setReadOnly(True)
        self.text.setUndoRedoEnabled(False)
        self.text.setTabChangesFocus(True)
        self.text.setMinimumHeight(46)
        self.text.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text.setPlaceholderText("Nothing has been printed yet")
        self.text.setAccessibleName("Output so far")
        self.text.verticalScrollBar().setAccessibleName("Scroll the output")
        self.text.horizontalScrollBar().setAccessibleName("Scroll the output sideways")
        self.figure = FigureView(theme)
        self.error = text_label("", "stepError", wrap=True, plain=True)
        self.error.hide()
        self._shown = ""
        self._pictures_only = False
        column_of(self.error, (self.text, 1), (self.figure, 2), parent=self, margins=(0, 0, 0, 0), spacing=0)
        self.set_size(15.0)

    def show_output(self, printed: str, figures: tuple[Figure, ...], error: CodeError | None) -> None:
        """Show what there is at a step.

        Args:
            printed: All that was printed by now; of a very long text the latest lines are shown.
            figures: All that was drawn by now.
            error: Why the block failed, at the step where it did.
        """
        latest = _latest(printed)
        if latest != self._shown:
            self._show_text(latest)
            bar = self.text.verticalScrollBar()
            bar.setValue(bar.maximum())
        self.figure.show_figure(figures)
        self._leave_room()
        words = f"{error.hint}\n{error.last_line}" if error is not None and error.hint else ""
        self.error.setText(words or (error.last_line if error is not None else ""))
        self.error.setVisible(error is not None)
        self.error.setAccessibleName(self.error.text())
        self._show_whole_error()
        if self._pictures_only:
            self.setVisible(bool(figures) or error is not None)
        else:
            self.text.setVisible(bool(latest) or (error is None and not figures))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrower pane the error takes more lines."""
        super().resizeEvent(event)
        self._show_whole_error()

    def _show_whole_error(self) -> None:
        """A layout that is short of room gives a label of several lines less height than it needs."""
        self.error.setMinimumHeight(max(0, self.error.heightForWidth(self.width())))

    def _show_text(self, printed: str) -> None:
        """Change only the end where that is all that differs: a long output is laid out once, not at every step."""
        before, self._shown = self._shown, printed
        more = printed.removeprefix(before) if printed.startswith(before) else ""
        less = before.removeprefix(printed) if before.startswith(printed) else ""
        if not before or "\r" in more + less or not (more or less):
            self.text.setPlainText(printed)
            return
        cursor = QTextCursor(self.text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if less:
            units = len(less.encode("utf-16-le", "surrogatepass")) // 2
            cursor.setPosition(cursor.position() - units, QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
        else:
            cursor.insertText(more)

    def _leave_room(self) -> None:
        """Beside a figure the text takes no more room than it needs."""
        line = self.text.fontMetrics().lineSpacing()
        lines = max(1, self.text.blockCount())
        self.text.setMaximumHeight(_UNBOUNDED if self.figure.isHidden() else lines * line + 24)

    def show_pictures_only(self) -> None:
        """Show no text that was printed, for good; nothing at all where there is neither figure nor error."""
        self._pictures_only = True
        self.text.hide()
        self.setVisible(not self.figure.isHidden() or not self.error.isHidden())

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self.figure.set_theme(theme)

    def set_size(self, pixels: float) -> None:
        """Change the text size."""
        self.text.setFont(mono_font(pixels * 0.9))
        self.text.setStyleSheet(f"font-size: {round(pixels * 0.9)}px")
        self.error.setStyleSheet(f"font-size: {round(pixels * 0.9)}px")


def _latest(printed: str) -> str:
    """The latest lines, with how many stand before them. Where they begin stays the same for many steps."""
    if len(printed) < 2 * _LATEST:
        return printed
    cut = (len(printed) // _LATEST - 1) * _LATEST
    start = printed.rfind("\n", 0, cut) + 1
    if cut - start > _LATEST:
        start = cut
    lines = printed.count("\n", 0, start)
    before = "1 line" if lines == 1 else f"{lines:,} lines"
    return f"({before} printed before)\n{printed[start:]}"
