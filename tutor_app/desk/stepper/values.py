"""The names and values of each frame at a step, typeset; what has just changed is marked, what is long is folded.

Formulas are taken from the cache; those that are missing are asked for once the user stays at a step, so that a
dragged timeline does not queue thousands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Final

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QContextMenuEvent, QFont, QFontMetricsF, QGuiApplication, QKeyEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QListView, QMenu, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from tutor_app.core.trace_values import Call, Frame, Shown, Variable, shown, tex_text
from tutor_app.render.theme import Theme, mono_font, text_font, ui_font
from tutor_app.render.typeset import Fitted, fit
from tutor_app.ui.building import once
from tutor_app.ui.formulas import Formulas

_ROLE: Final = Qt.ItemDataRole.UserRole
_SETTLE_MS: Final = 60
_WATCHED: Final = -1  # the number that stands for the frame of the watched expressions
MOST_CALLS: Final = 200
"""Calls that are listed, the innermost ones and the block: of a recursion that is deeper the middle is left out."""
_PLAIN: Final = re.compile(r"\d{1,40}(\.\d+)?")
_FOLD_EM: Final = 6.5  # a formula higher than this is folded
_TABLE_ROWS: Final = 10
_ORIGINALLY: Final = "originally"
_NO_VALUE: Final = Variable(_ORIGINALLY, "nothing", "no value")
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list.

    Attributes:
        frame: Number of the frame.
        title: Of a line that heads a frame, else empty.
        variable: The name and its value; None for a heading.
        changed: Whether the statement before has changed it.
        differs: Whether it is another one in the original run, with which this one is compared.
        original_of: On a line with the value of the original run: the name.
        open: Whether a long value is shown whole.
    """

    frame: int
    title: str = ""
    variable: Variable | None = None
    changed: bool = False
    open: bool = False
    differs: bool = False
    original_of: str = ""

    @property
    def words(self) -> str:
        """The line for a screen reader."""
        if self.variable is None:
            return self.title
        if self.original_of:
            return f"{self.original_of} is {self.variable.text} in the original"
        return f"{self.variable.name} is {self.variable.text}{', changed' if self.changed else ''}"


def rows_of(
    frames: Sequence[Frame],
    calls: Sequence[Call],
    opened: frozenset[tuple[int, str]] = frozenset(),
    watched: Sequence[Variable] = (),
    original: Sequence[Frame] | None = None,
) -> list[Row]:
    """The lines of the list, the innermost frame first.

    Args:
        frames: Names and values, the block's own first.
        calls: The calls under way, the outermost first.
        opened: Frame and name of the long values that are shown whole.
        watched: Expressions and their values, which come first.
        original: The frames at the same place of the original run, if this run is compared with it: where a value
            differs, the original one stands below it.
    """
    out: list[Row] = []
    if watched:
        out.append(Row(_WATCHED, "Watched"))
        out += [Row(_WATCHED, "", v, False, (_WATCHED, v.name) in opened) for v in watched]
    left_out = max(len(frames) - MOST_CALLS - 1, 0)
    listed = [frames[k] for k in (0, *range(1 + left_out, len(frames)))] if frames else []
    before = _originals(listed, None if original is None else (*original[:1], *original[1 + left_out :]))
    texts = {call.frame: call.text for call in calls[-len(listed) :]}
    for k, frame in enumerate(reversed(listed)):
        if left_out > 0 and k == MOST_CALLS:
            out.append(Row(0, f"{left_out:,} more calls"))
        if len(frames) > 1 or watched:
            out.append(Row(frame.number, texts.get(frame.number, frame.function) or "The block"))
        for v in frame.variables:
            is_open = (frame.number, v.name) in opened
            was = before.get((frame.number, v.name), v)
            differs = was is None or was.text != v.text
            out.append(Row(frame.number, "", v, v.name in frame.changed, is_open, differs))
            if differs:
                shown_value = replace(was, name=_ORIGINALLY) if was is not None else _NO_VALUE
                out.append(Row(frame.number, "", shown_value, False, is_open, True, v.name))
    return out


def _originals(frames: Sequence[Frame], original: Sequence[Frame] | None) -> dict[tuple[int, str], Variable | None]:
    """The original values by frame and name; None for a name that has none. Empty where nothing is compared."""
    if original is None:
        return {}
    found: dict[tuple[int, str], Variable | None] = {}
    for frame, other in zip(frames, original, strict=False):
        if frame.function != other.function:
            break
        known = {v.name: v for v in other.variables}
        found |= {(frame.number, v.name): known.get(v.name) for v in frame.variables}
    return found


@lru_cache(maxsize=4096)
def typeset_form(variable: Variable) -> Shown:
    """How a value is typeset, found once; a plain number stays text, which looks the same and costs nothing."""
    found = shown(variable)
    if found.kind == "table" and not found.latex and len(found.rows) <= _TABLE_ROWS:
        return replace(found, latex=_table(found.rows, variable.kind == "mapping"))
    return Shown("text", found.text) if variable.kind == "number" and _PLAIN.fullmatch(variable.text) else found


def _table(rows: Sequence[Sequence[str]], has_keys: bool) -> str:
    """A table as a formula, the keys of a mapping to the right against its values."""
    columns = "r|l" if has_keys else "|".join("l" * len(rows[0]))
    lines = (" & ".join(cell if _PLAIN.fullmatch(cell) else tex_text(cell) or r"\ " for cell in row) for row in rows)
    return rf"\begin{{array}}{{{columns}}}" + r" \\ ".join(lines) + r"\end{array}"


class ValuesModel(QAbstractListModel):
    """The lines; a step that changes a few values redraws only these."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  (Qt's own default)
        """How many lines."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """A line, or its words."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == _ROLE:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return row.words
        if role == Qt.ItemDataRole.ToolTipRole and row.variable is not None and len(row.variable.text) > 40:
            return row.variable.text
        return None

    def set_rows(self, rows: list[Row]) -> bool:
        """Show other lines; returns whether the list was made anew."""
        old = self.rows
        same = len(rows) == len(old) and all(
            (a.frame, a.title, a.variable and a.variable.name, a.differs)
            == (b.frame, b.title, b.variable and b.variable.name, b.differs)
            for a, b in zip(old, rows, strict=True)
        )
        if not same:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
            return True
        self.rows = rows
        for n, (a, b) in enumerate(zip(old, rows, strict=True)):
            if a != b:
                self.dataChanged.emit(self.index(n), self.index(n))
        return False


class ValueDelegate(QStyledItemDelegate):
    """Draws a line: the name, and its value typeset."""

    def __init__(self, view: ValuesView) -> None:
        super().__init__(view)
        self._view = view
        self._sizes: dict[tuple[Variable, bool, int, float], tuple[float, Fitted | None]] = {}

    def forget(self) -> None:
        """Measure everything anew."""
        self._sizes.clear()

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        """Nothing of the usual look."""
        super().initStyleOption(option, index)
        option.text = ""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """As high as the value."""
        row: Row = index.data(_ROLE)
        em = self._view.size_
        if row.variable is None:
            return QSize(60, round(1.9 * em))
        return QSize(60, round(self._measure(row, row.variable)[0]))

    def _room(self) -> tuple[float, float]:
        """Where values begin, and how wide they may be."""
        em = self._view.size_
        width = self._view.viewport().width()
        start = min(1.2 * em + self._view.name_width + 1.6 * em, 0.5 * width)
        return start, max(40.0, width - start - 1.4 * em)

    def _measure(self, row: Row, variable: Variable) -> tuple[float, Fitted | None]:
        em = self._view.size_
        room = self._room()[1]
        key = (variable, row.open, round(room), em)
        found = self._sizes.get(key)
        if found is not None:
            return found
        if len(self._sizes) > 4000:
            self._sizes.clear()
        latex = typeset_form(variable).latex
        formula = self._view.formulas.cache.get(latex, True) if latex else None
        waits = bool(latex) and formula is None
        fitted = fit(formula, em, room) if formula is not None and formula.ok else None
        if fitted is not None and not row.open and fitted.ascent + fitted.descent > _FOLD_EM * em:
            fitted = None
        height = 1.7 * em
        if fitted is not None:
            height = max(height, fitted.ascent + fitted.descent + 0.8 * em)
        elif row.open and not waits:
            box = QFontMetricsF(self._font(variable)).boundingRect(QRectF(0, 0, room, 1e6), int(_WRAP), variable.text)
            height = max(height, box.height() + 0.7 * em)
        found = (height, fitted)
        if not waits:  # one that is being typeset will be measured again
            self._sizes[key] = found
        return found

    def is_long(self, row: Row) -> bool:
        """Whether the value has more to show than fits when folded."""
        v = row.variable
        if v is None:
            return False
        em = self._view.size_
        room = self._room()[1]
        latex = typeset_form(v).latex
        formula = self._view.formulas.cache.get(latex, True) if latex else None
        if formula is not None and formula.ok:
            whole = fit(formula, em, room)
            return whole.ascent + whole.descent > _FOLD_EM * em
        return len(v.text) > 300 or QFontMetricsF(self._font(v)).horizontalAdvance(v.text) > room

    def _font(self, variable: Variable) -> QFont:
        em = self._view.size_
        return text_font(em * 1.06) if variable.kind in ("number", "logical") else mono_font(em * 0.88)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw a line."""
        row: Row = index.data(_ROLE)
        t, em = self._view.theme, self._view.size_
        state = option.state
        rect = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        focused = chosen and self._view.hasFocus()
        inner = rect.adjusted(2, 1, -2, -1)
        if row.variable is None:
            self._paint_heading(painter, row, rect)
        else:
            if row.differs:
                painter.fillRect(inner, t.color("accent_soft"))
                painter.fillRect(QRectF(inner.right() - 3, inner.top(), 3, inner.height()), t.color("accent"))
            if row.changed:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(t.color("mark"))
                painter.drawRoundedRect(inner, 5, 5)
                painter.setBrush(t.color("mark_here"))
                painter.drawRoundedRect(QRectF(inner.left(), inner.top(), 0.22 * em, inner.height()), 2, 2)
            self._paint_value(painter, row, row.variable, rect)
        if focused:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(t.color("accent"), 1.5))
            painter.drawRoundedRect(inner, 5, 5)
        painter.restore()

    def _paint_heading(self, painter: QPainter, row: Row, rect: QRectF) -> None:
        t, em = self._view.theme, self._view.size_
        font = mono_font(em * 0.82) if row.frame else ui_font(em * 0.76)
        painter.setFont(font)
        painter.setPen(t.color("muted"))
        text = QFontMetricsF(font).elidedText(row.title, Qt.TextElideMode.ElideRight, rect.width() - 1.2 * em)
        painter.drawText(rect.adjusted(0.8 * em, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)
        painter.setPen(t.color("line"))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())

    def _paint_value(self, painter: QPainter, row: Row, variable: Variable, rect: QRectF) -> None:
        t, em = self._view.theme, self._view.size_
        start, room = self._room()
        _, fitted = self._measure(row, variable)
        name = mono_font(em * 0.94)
        name.setBold(row.changed)
        metrics = QFontMetricsF(name)
        middle = rect.top() + (0.85 * em if row.open and fitted is None else rect.height() / 2)
        baseline = middle + (metrics.ascent() - metrics.descent()) / 2
        if fitted is not None and len(fitted.lines) == 1:
            baseline = rect.top() + (rect.height() - fitted.ascent - fitted.descent) / 2 + fitted.ascent
        painter.setFont(name)
        painter.setPen(t.color("muted" if row.original_of else "ink"))
        left = rect.left() + 0.8 * em
        words = metrics.elidedText(variable.name, Qt.TextElideMode.ElideMiddle, start - 2.2 * em)
        painter.drawText(QPointF(left, baseline), words)
        painter.setFont(text_font(em * 1.06))
        painter.setPen(t.color("muted"))
        painter.drawText(QPointF(start - 1.2 * em, baseline), "=")
        if fitted is not None:
            top = rect.top() + (rect.height() - fitted.ascent - fitted.descent) / 2 + fitted.ascent
            for placed in fitted.lines:
                placed.formula.draw(painter, start + placed.x, top + placed.baseline, em * placed.scale, t.color("ink"))
            return
        font = self._font(variable)
        painter.setFont(font)
        painter.setPen(t.color("muted" if variable.kind in ("nothing", "function", "object", "figure") else "ink"))
        if row.open:
            painter.drawText(QRectF(start, rect.top() + 0.3 * em, room, rect.height()), int(_WRAP), variable.text)
            return
        text = QFontMetricsF(font).elidedText(variable.text[:600], Qt.TextElideMode.ElideRight, room)
        painter.drawText(QPointF(start, baseline), text)
        if text != variable.text:
            _chevron(painter, QPointF(rect.right() - 0.8 * em, middle), em, QPen(t.color("muted"), 1.4))


_WRAP: Final = Qt.TextFlag.TextWrapAnywhere.value


def _chevron(painter: QPainter, at: QPointF, em: float, pen: QPen) -> None:
    k = 0.2 * em
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF([at + QPointF(-k, -k / 2), at + QPointF(0, k / 2), at + QPointF(k, -k / 2)]))


class ValuesView(QListView):
    """The list.

    Signals:
        change_asked: Go to where a name changes: the name, and whether forward.
        watch_asked: Watch a name.
    """

    change_asked = Signal(str, bool)
    watch_asked = Signal(str)

    def __init__(self, formulas: Formulas, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.formulas = formulas
        self.theme = theme
        self.size_ = 15.0
        self.name_width = 0.0
        self._opened: frozenset[tuple[int, str]] = frozenset()
        self._again: Callable[[], None] = lambda: None
        self.values = ValuesModel(self)
        self.setModel(self.values)
        self._delegate = ValueDelegate(self)
        self.setItemDelegate(self._delegate)
        self.setObjectName("stepValues")
        self.setAccessibleName("Values")
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setSelectionMode(QListView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.verticalScrollBar().setAccessibleName("Scroll the values")
        self._settle = once(self, _SETTLE_MS, self.ask_for_formulas)
        formulas.ready.connect(self._formulas_ready)
        self.activated.connect(self._toggle)
        self.clicked.connect(self._toggle)

    def show_values(
        self,
        frames: Sequence[Frame],
        calls: Sequence[Call],
        watched: Sequence[Variable] = (),
        original: Sequence[Frame] | None = None,
    ) -> None:
        """Show the values of a step; see :func:`rows_of`."""
        self._again = partial(self.show_values, frames, calls, watched, original)
        rows = rows_of(frames, calls, self._opened, watched, original)
        metrics = QFontMetricsF(mono_font(self.size_ * 0.94))
        widest = max((len(r.variable.name) for r in rows if r.variable is not None), default=0)
        width = metrics.horizontalAdvance("m") * (min(widest, 24) + 1)
        if width != self.name_width:
            self.name_width = width
            self.scheduleDelayedItemsLayout()
        self.values.set_rows(rows)
        self._show_change()
        self._settle.start()

    def _show_change(self) -> None:
        """Bring what has changed into view."""
        rows = self.values.rows
        first = next((n for n, r in enumerate(rows) if r.changed), -1)
        if 0 <= first < len(rows) - 1 and rows[first + 1].original_of:
            self.scrollTo(self.values.index(first + 1))
        if first >= 0:
            self.scrollTo(self.values.index(first))

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self.theme = theme
        self.viewport().update()

    def set_size(self, pixels: float) -> None:
        """Change the text size."""
        self.size_ = pixels
        self._delegate.forget()
        self._again()
        self.scheduleDelayedItemsLayout()

    def ask_for_formulas(self) -> None:
        """Have the formulas typeset that are in view and are not known yet."""
        for row in self.values.rows:
            latex = typeset_form(row.variable).latex if row.variable is not None else ""
            if latex:
                self.formulas.get(latex, True)

    def _formulas_ready(self, keys: list[tuple[str, bool]]) -> None:
        wanted = {(typeset_form(r.variable).latex, True) for r in self.values.rows if r.variable is not None}
        if wanted & set(keys):
            self.doItemsLayout()
            self._show_change()
            self.viewport().update()

    def row_at(self, index: Index) -> Row | None:
        """The line at an index."""
        return self.values.rows[index.row()] if index.isValid() else None

    def _toggle(self, index: QModelIndex) -> None:
        """Open or fold a long value."""
        row = self.row_at(index)
        if row is None or row.variable is None or not (row.open or self._delegate.is_long(row)):
            return
        self._opened ^= {(row.frame, row.original_of or row.variable.name)}
        self._again()
        self.scheduleDelayedItemsLayout()

    # -- the menu -----------------------------------------------------------------------------------------------

    def menu(self, index: Index) -> QMenu | None:
        """What can be done with a value."""
        row = self.row_at(index)
        if row is None or row.variable is None or row.original_of:
            return None
        v, menu = row.variable, QMenu(self)
        ask = self.change_asked.emit
        menu.addAction(f"Go to where {v.name} changes next", lambda: ask(v.name, True))
        menu.addAction(f"Go back to where {v.name} changed", lambda: ask(v.name, False))
        menu.addSeparator()
        words = f"Do not watch {v.name}" if row.frame == _WATCHED else f"Watch {v.name}"
        menu.addAction(words, lambda: self.watch_asked.emit(v.name))
        menu.addSeparator()
        menu.addAction("Copy the value", lambda: QGuiApplication.clipboard().setText(v.text))
        latex = shown(v).latex
        if latex:
            menu.addAction("Copy the value as LaTeX", lambda: QGuiApplication.clipboard().setText(latex))
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu of a value."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        menu = self.menu(index)
        if menu is not None:
            at = self.viewport().mapToGlobal(self.visualRect(index).bottomLeft()) if by_key else event.globalPos()
            menu.exec(QPoint(at))
            menu.deleteLater()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens and folds a value."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._toggle(self.currentIndex())
            return
        super().keyPressEvent(event)
