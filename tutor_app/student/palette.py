"""Symbols and templates below the problem, to be clicked; the text box keeps the focus. It only emits signals."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from tutor_app.render.theme import Theme
from tutor_app.student.symbols import GROUPS, MOST_CELLS, Symbol, matrix, size_in_words
from tutor_app.ui.building import column_of, text_label

_CELL: Final = 16
_GAP: Final = 2


class Flow(QWidget):
    """Buttons in as many rows as they need."""

    def __init__(self, buttons: Sequence[QToolButton], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons = buttons
        for button in buttons:
            button.setParent(self)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width has room for more or fewer in a row."""
        super().resizeEvent(event)
        left = top = high = 0
        for button in self._buttons:
            size = button.sizeHint()
            if left and left + size.width() > self.width():
                left, top = 0, top + high + _GAP
            button.setGeometry(left, top, size.width(), size.height())
            left, high = left + size.width() + _GAP, max(high, size.height())
        self.setFixedHeight(top + high)


class MatrixGrid(QWidget):
    """Cells to choose the size of a matrix from.

    Signals:
        chosen: Rows and columns.
    """

    chosen = Signal(int, int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._size = (2, 2)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Size of the matrix")
        self.setAccessibleDescription("By keyboard: type a backslash and matrix with its size, as in matrix2x3.")
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        """Room for all cells and the words at their side."""
        return QSize(MOST_CELLS * _CELL + 150, MOST_CELLS * _CELL + 2)

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Mark the size under the mouse."""
        at = event.position()
        rows, columns = int(at.y() // _CELL) + 1, int(at.x() // _CELL) + 1
        self._size = max(1, min(rows, MOST_CELLS)), max(1, min(columns, MOST_CELLS))
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose it; beside the cells there is nothing to choose."""
        self.mouseMoveEvent(event)
        if max(event.position().x(), event.position().y()) < MOST_CELLS * _CELL:
            self.chosen.emit(*self._size)

    def leaveEvent(self, event: QEvent) -> None:
        """Back to the size that is wanted most."""
        self._size = (2, 2)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The cells, and the size in words."""
        painter = QPainter(self)
        painter.setPen(self._theme.color("line_strong"))
        for row in range(MOST_CELLS):
            for column in range(MOST_CELLS):
                marked = row < self._size[0] and column < self._size[1]
                cell = QRectF(column * _CELL + 1, row * _CELL + 1, _CELL - 3, _CELL - 3)
                painter.fillRect(cell, self._theme.color("accent" if marked else "field"))
                painter.drawRect(cell)
        painter.setPen(self._theme.color("muted"))
        painter.drawText(MOST_CELLS * _CELL + 10, _CELL, size_in_words(*self._size))
        painter.end()


class Palette(QWidget):
    """Groups of symbols, one shown at a time; the buttons are made when it is shown for the first time.

    Attributes:
        groups: The buttons that choose a group, by its name.
        symbols: The buttons of each group, by its name.
        grid: Chooses the size of a matrix; hidden until it is asked for.
        matrix_button: Asks for it.

    Signals:
        chosen: A :class:`Symbol`.
    """

    chosen = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.groups: dict[str, QToolButton] = {}
        self.symbols: dict[str, list[QToolButton]] = {}
        self._flows: dict[str, Flow] = {}
        self.grid = MatrixGrid(theme)
        self.grid.chosen.connect(self._matrix_chosen)
        self.matrix_button = _button("(\u22ef)", "matrix")
        self.matrix_button.clicked.connect(lambda: self.grid.setVisible(self.grid.isHidden()))

    def showEvent(self, event: QShowEvent) -> None:
        """Make the buttons, at first."""
        if not self.groups:
            self._make_buttons()
        super().showEvent(event)

    def _make_buttons(self) -> None:
        heads = QHBoxLayout()
        heads.setSpacing(_GAP)
        told = text_label("Type \\ and a name for the same", "hint")
        layout = column_of(heads, parent=self, margins=(0, 0, 0, 0), spacing=4)
        for name, symbols in GROUPS.items():
            head = _button(name, f"{name} to choose from")
            head.setCheckable(True)
            head.clicked.connect(partial(self.show_group, name))
            heads.addWidget(head)
            self.groups[name] = head
            buttons = [self._symbol_button(symbol) for symbol in symbols]
            if name == "Templates":
                buttons.insert(-2, self.matrix_button)
            self.symbols[name] = buttons
            self._flows[name] = Flow(buttons)
            layout.addWidget(self._flows[name])
        heads.addStretch()
        heads.addWidget(told)
        layout.addWidget(self.grid)
        self.grid.hide()
        self.show_group("Templates")

    def show_group(self, name: str) -> None:
        """Show the symbols of a group."""
        for other, flow in self._flows.items():
            flow.setVisible(other == name)
            self.groups[other].setChecked(other == name)
        if name != "Templates":
            self.grid.hide()

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self.grid.set_theme(theme)

    def _symbol_button(self, symbol: Symbol) -> QToolButton:
        button = _button(symbol.shown, symbol.spoken)
        button.setToolTip(f"{symbol.spoken[0].upper()}{symbol.spoken[1:]}  \\{symbol.name}")
        button.clicked.connect(partial(self.chosen.emit, symbol))
        return button

    def _matrix_chosen(self, rows: int, columns: int) -> None:
        self.grid.hide()
        self.chosen.emit(matrix(rows, columns))


def _button(text: str, said: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName("symbol")
    button.setText(text)
    button.setAccessibleName(said)
    button.setToolTip(said[0].upper() + said[1:])
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return button
