"""Sample problems: cards on the empty page, and a dialog with all of them by topic and difficulty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QDialog,
    QFrame,
    QGridLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QSizePolicy,
    QWidget,
)

from tutor_app.core.values import Sample
from tutor_app.render.theme import Theme, ui_font
from tutor_app.text.plain import plain
from tutor_app.ui.building import STRETCH, bare_scroll, column_of, in_the_middle, push_button, row_of, text_label
from tutor_app.ui.dialog_buttons import decision_row
from tutor_app.ui.formulas import Formulas
from tutor_app.ui.math_text import MathText
from tutor_app.ui.placing import fit_dialog

LEVELS: Final = ("", "very easy", "easy", "medium", "hard", "very hard")
_CARDS: Final = 6
_CARD_HEIGHT: Final = 136
_LABEL_HEIGHT: Final = 38


class SampleCard(QAbstractButton):
    """One sample problem as a button."""

    def __init__(self, sample: Sample, formulas: Formulas, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sample = sample
        self._theme = theme
        self.setAccessibleName(f"Sample problem, {sample.topic}: {plain(sample.problem)}")
        self.setToolTip("Put this problem into the box above")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.text_area = MathText(formulas, theme, 16, self, spoken=False)
        self.text_area.set_text(sample.problem)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        formulas.ready.connect(lambda _: self._fit())
        self._fit()

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        self.text_area.set_theme(theme)
        self.update()

    def sizeHint(self) -> QSize:
        """A card."""
        return QSize(300, self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The text fills the card below its label."""
        self.text_area.setGeometry(18, _LABEL_HEIGHT, self.width() - 36, self.height() - _LABEL_HEIGHT - 8)
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Be high enough for every line of the problem."""
        wanted = _LABEL_HEIGHT + self.text_area.heightForWidth(max(60, self.width() - 36)) + 14
        self.setMinimumHeight(max(_CARD_HEIGHT, wanted))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the card."""
        t = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hot = self.underMouse() or self.hasFocus()
        painter.setPen(t.color("accent" if hot else "line"))
        painter.setBrush(t.color("accent_soft" if self.isDown() else "field"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 10, 10)
        font = ui_font(12)
        font.setWeight(font.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(t.color("accent"))
        label = self.sample.topic[:1].upper() + self.sample.topic[1:]
        painter.drawText(18, 26, label)
        painter.setFont(ui_font(12))
        painter.setPen(t.color("muted"))
        level = LEVELS[min(max(self.sample.difficulty, 1), 5)]
        painter.drawText(self.rect().adjusted(18, 13, -18, 0), Qt.AlignmentFlag.AlignRight, level)
        painter.end()


class StartPage(QScrollArea):
    """The page that is shown before there is a solution.

    Signals:
        chosen: The text of a sample problem.
        more_asked: Show all samples.
    """

    chosen = Signal(str)
    more_asked = Signal()

    def __init__(self, formulas: Formulas, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._formulas, self._theme = formulas, theme
        self.setObjectName("startScroll")
        bare_scroll(self)
        inner = QWidget()
        inner.setObjectName("startInner")
        column = QWidget()
        column.setMaximumWidth(760)
        column.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        title = text_label("What shall we work out?", "title")
        self._subtitle = text_label("Type a problem above, or start from one of these.", "subtitle")
        self.cards: list[SampleCard] = []
        self._grid = QGridLayout()
        self._grid.setSpacing(14)
        self.more = push_button("All sample problems\u2026", "link")
        self.more.clicked.connect(self.more_asked)
        self.more.hide()
        self._subtitle.hide()
        column_of(
            title,
            self._subtitle,
            14,
            self._grid,
            6,
            (self.more, 0, Qt.AlignmentFlag.AlignLeft),
            STRETCH,
            parent=column,
            margins=(24, 28, 24, 24),
            spacing=6,
        )
        in_the_middle(inner, column)
        self.setWidget(inner)
        self._columns = 2

    def set_samples(self, samples: Sequence[Sample]) -> None:
        """Offer some of these."""
        for old in self.cards:
            old.deleteLater()
        self.cards = [SampleCard(s, self._formulas, self._theme) for s in pick(samples, _CARDS)]
        for card in self.cards:
            card.clicked.connect(lambda _=False, c=card: self.chosen.emit(c.sample.problem))
        self.more.setVisible(bool(samples))
        self._subtitle.setVisible(bool(samples))
        self._arrange()

    def _arrange(self) -> None:
        columns = self._columns
        for n, card in enumerate(self.cards):
            self._grid.addWidget(card, n // columns, n % columns)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """One column of cards when it is narrow."""
        columns = 2 if self.width() >= 600 else 1
        if columns != self._columns:
            self._columns = columns
            self._arrange()
        super().resizeEvent(event)

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        for card in self.cards:
            card.set_theme(theme)


def pick(samples: Sequence[Sample], count: int) -> list[Sample]:
    """A few samples of different topics, with mathematics in them where there is some, the easier ones first."""
    best: dict[str, Sample] = {}
    for s in samples:
        known = best.get(s.topic)
        if known is None or ("$" in s.problem and "$" not in known.problem and s.difficulty <= 3):
            best[s.topic] = s
    chosen = sorted(best.values(), key=lambda s: ("$" not in s.problem, s.difficulty, len(s.problem)))[:count]
    return sorted(chosen, key=lambda s: s.difficulty)


class SamplesDialog(QDialog):
    """All sample problems, by topic and difficulty.

    Signals:
        chosen: The text of a sample problem.
    """

    chosen = Signal(str)

    def __init__(
        self, samples: Sequence[Sample], formulas: Formulas, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Sample problems")
        fit_dialog(self, 760, 520)
        self._samples = list(samples)
        self.topic = QComboBox()
        self.topic.setAccessibleName("Topic")
        self.topic.addItem("All topics", "")
        for topic in dict.fromkeys(s.topic for s in samples):
            self.topic.addItem(topic[:1].upper() + topic[1:], topic)
        self.level = QComboBox()
        self.level.setAccessibleName("Difficulty")
        self.level.addItem("Any difficulty", 0)
        for n in sorted({s.difficulty for s in samples}):
            self.level.addItem(LEVELS[min(max(n, 1), 5)].capitalize(), n)
        self.list = QListWidget()
        self.list.setObjectName("picker")
        self.list.setAccessibleName("Sample problems")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.preview = MathText(formulas, theme, 17)
        card = QFrame()
        card.setObjectName("card")
        column_of(self.preview, STRETCH, parent=card, margins=(20, 16, 20, 16))
        self.use = push_button("Use this problem", "primary", default=True)
        filters = row_of(self.topic, self.level, STRETCH)
        buttons = decision_row(self, self.use)
        column_of(filters, (self.list, 3), (card, 2), buttons, parent=self, margins=(20, 20, 20, 16), spacing=12)
        self.topic.currentIndexChanged.connect(self._fill)
        self.level.currentIndexChanged.connect(self._fill)
        self.list.currentItemChanged.connect(self._show)
        self.list.itemActivated.connect(lambda _: self._use())
        self.use.clicked.connect(self._use)
        self._fill()

    def _fill(self) -> None:
        self.list.clear()
        for s in self._samples:
            if self.topic.currentData() in ("", s.topic) and self.level.currentData() in (0, s.difficulty):
                item = QListWidgetItem(plain(s.problem))
                item.setData(Qt.ItemDataRole.UserRole, s.problem)
                item.setToolTip(f"{s.topic}, {LEVELS[min(max(s.difficulty, 1), 5)]}")
                item.setSizeHint(QSize(100, 32))
                self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.use.setEnabled(self.list.count() > 0)

    def _show(self, item: QListWidgetItem | None) -> None:
        self.preview.set_text(item.data(Qt.ItemDataRole.UserRole) if item is not None else "")

    def _use(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))
            self.accept()
