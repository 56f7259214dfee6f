"""The list of all statements of a solution: true, rounded, false, against the code, or not checked.

Each line leads to its place on the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QListWidget, QListWidgetItem, QWidget

from tutor_app.core.claims import ClaimVerdict, Tally
from tutor_app.handout.wording import statement_said, statement_shown
from tutor_app.render.statements import Statement
from tutor_app.render.theme import Theme
from tutor_app.ui.building import column_of, text_label
from tutor_app.ui.dialog_buttons import close_row
from tutor_app.ui.page.transcript_view import TranscriptView

_KINDS: Final[tuple[tuple[str, tuple[ClaimVerdict, ...]], ...]] = (
    ("All", ("true", "rounded", "false", "differs", "unchecked")),
    ("False", ("false",)),
    ("True", ("true",)),
    ("True when rounded", ("rounded",)),
    ("Not checked", ("unchecked",)),
    ("Differs from the code", ("differs",)),
)
_COLORS: Final[dict[ClaimVerdict, str]] = {
    "true": "ink",
    "rounded": "ink",
    "false": "bad",
    "differs": "warn",
    "unchecked": "muted",
}


class StatementList(QDialog):
    """A window beside the page; it stays while the page is read, and grows with it.

    What is in it is made when it is opened for the first time.

    Args:
        view: The page.
        theme: Colours.
        parent: The window.
    """

    def __init__(self, view: TranscriptView, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view, self._theme = view, theme
        self._shown: list[Statement] = []
        self._known: list[Statement] = []
        self._made = False
        self.setWindowTitle("Statements")
        self.resize(460, 420)
        view.changed.connect(self._refresh)
        view.cleared.connect(self.close)

    def _make(self) -> None:
        self._made = True
        self.tally = text_label("", "muted")
        self.kind = QComboBox()
        self.kind.setAccessibleName("Which statements")
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.setAccessibleName("Statements")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column_of(
            self.tally, self.kind, (self.list, 1), close_row(self), parent=self, margins=(16, 14, 16, 14), spacing=10
        )
        self.kind.currentIndexChanged.connect(lambda _: self._fill())
        self.list.currentRowChanged.connect(self._go)
        self.list.itemClicked.connect(lambda item: self._go(self.list.row(item)))
        self.list.itemActivated.connect(lambda item: self._go(self.list.row(item)))

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        self._theme = theme
        if self._made:
            self._fill()

    def open_at(self, key: str) -> None:
        """Show the list; with the key of a statement, that one."""
        if not self._made:
            self._make()
        self._known = self._view.statements()
        self.kind.blockSignals(True)
        self.kind.setCurrentIndex(0)
        self.kind.blockSignals(False)
        self._fill()
        self.show()
        self.raise_()
        self.activateWindow()
        row = next((n for n, s in enumerate(self._shown) if s.key == key), -1)
        if row < 0 and self.list.currentRow() < 0:
            # Else Qt makes the first one current, unmarked, when the list gets the focus, and the page leaps to it.
            self.list.blockSignals(True)
            self.list.setCurrentRow(0)
            self.list.blockSignals(False)
        self.list.setFocus()
        if row >= 0:
            self.list.setCurrentRow(row)

    def _refresh(self) -> None:
        """The page has changed: the list follows while it is open."""
        if self.isVisible() and (known := self._view.statements()) != self._known:
            self._known = known
            self._fill()

    def _fill(self) -> None:
        """Write the lines anew; the one that was chosen stays so."""
        at = self.list.currentRow()
        chosen = self._shown[at].key if 0 <= at < len(self._shown) else ""
        tally = Tally.of(s.claim for s in self._known)
        sentence = tally.sentence()
        self.tally.setText(f"{sentence[0].upper()}{sentence[1:]}." if sentence else "No statement that can be checked.")
        counts = (tally.total, tally.false, tally.true, tally.rounded, tally.unchecked, tally.differs)
        self.kind.blockSignals(True)
        kind = max(0, self.kind.currentIndex())
        self.kind.clear()
        self.kind.addItems([f"{name} ({count})" for (name, _), count in zip(_KINDS, counts, strict=True)])
        self.kind.setCurrentIndex(kind)
        self.kind.blockSignals(False)
        self._shown = [s for s in self._known if s.claim.verdict in _KINDS[kind][1]]
        self.list.blockSignals(True)
        self.list.clear()
        for statement in self._shown:
            self.list.addItem(self._item(statement))
        self.list.setCurrentRow(next((n for n, s in enumerate(self._shown) if s.key == chosen), -1))
        self.list.blockSignals(False)

    def _item(self, statement: Statement) -> QListWidgetItem:
        item = QListWidgetItem(statement_shown(statement.claim))
        item.setForeground(self._theme.color(_COLORS[statement.claim.verdict]))
        item.setData(Qt.ItemDataRole.AccessibleTextRole, statement_said(statement.claim))
        return item

    def _go(self, row: int) -> None:
        if 0 <= row < len(self._shown):
            self._view.go_to_statement(self._shown[row])

    def lines(self) -> Sequence[str]:
        """The rows of the list, in order."""
        return [self.list.item(n).text() for n in range(self.list.count())]
