"""The error lab: a block that failed, why in plain words, and the block that repaired it, with what was changed marked.

It shows what a solution holds and runs nothing; stepping through either block is asked for by signal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QLabel, QPushButton, QWidget

from tutor_app.core.comparing import ComparedLine, Repair, changes
from tutor_app.core.parts import CodeError
from tutor_app.desk.stepper.code_pane import CodePane
from tutor_app.render.theme import Theme, mono_font
from tutor_app.ui.building import column_of, push_button, row_of, text_label


def difference_in_words(repair: Repair) -> str:
    """What was changed, for a screen reader."""
    said = [_line_in_words(c) for c in repair.lines if c.kind != "same" and (c.left.strip() or c.right.strip())]
    return "; ".join(said) if said else "Nothing was changed: the same code ran again."


def _line_in_words(line: ComparedLine) -> str:
    before = f"line {line.left_number}, {line.left.strip()},"
    after = f"line {line.right_number}, {line.right.strip()}"
    match line.kind:
        case "changed":
            return f"{before} became {after}"
        case "removed":
            return f"{before} was taken away"
        case _:
            return f"{after}, was added"


class ErrorLab(QWidget):
    """Shows one repair of a solution; a list chooses among several.

    Signals:
        step_asked: Step through the block of that number, from 0.
    """

    step_asked = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._repairs: tuple[Repair, ...] = ()
        self.choice = QComboBox()
        self.choice.setAccessibleName("Which error")
        self.choice.currentIndexChanged.connect(self._show)
        self.failed_title, self.repaired_title = _title(), _title()
        self.failed, self.repaired = CodePane(theme), CodePane(theme)
        self.error = QFrame()
        self.error.setObjectName("labError")
        self.hint, self.exception = _words(), _words()
        self.exception.setObjectName("labException")
        self.hint.setObjectName("labHint")
        column_of(self.hint, self.exception, parent=self.error, margins=(12, 8, 12, 8), spacing=2)
        self.walk_button = push_button("Walk up to the failure", "primary")
        self.walk_button.clicked.connect(lambda: self._ask("failed"))
        self.repair_button = QPushButton("Step through the repair")
        self.repair_button.clicked.connect(lambda: self._ask("repaired"))
        for button in (self.walk_button, self.repair_button):
            button.setAccessibleName(button.text())
        self._lay_out()

    def _lay_out(self) -> None:
        row = row_of(margins=(10, 8, 10, 8), spacing=8)
        chooser = row_of(self.choice, margins=(10, 0, 10, 6))
        row.addWidget(self.walk_button)
        row.addWidget(self.repair_button)
        row.addStretch(1)
        column_of(
            chooser,
            self.failed_title,
            (self.failed, 1),
            self.error,
            self.repaired_title,
            (self.repaired, 1),
            row,
            parent=self,
            margins=(0, 0, 0, 0),
            spacing=0,
        )

    # -- what is shown ------------------------------------------------------------------------------------------

    def set_repairs(self, repairs: Sequence[Repair]) -> None:
        """Offer these; none leaves the lab empty."""
        self._repairs = tuple(repairs)
        self.choice.clear()
        count = len(self._repairs)
        self.choice.addItems(
            [f"Error {n} of {count}: {r.error.last_line[:60]}" for n, r in enumerate(self._repairs, 1)]
        )
        self.choice.setVisible(count > 1)

    @property
    def repair(self) -> Repair | None:
        """The one that is shown."""
        at = self.choice.currentIndex()
        return self._repairs[at] if 0 <= at < len(self._repairs) else None

    def show_block(self, block: int) -> None:
        """Show the repair of a block, or the one that it made."""
        numbers = [n for n, r in enumerate(self._repairs) if r.failed == block]
        numbers += [n for n, r in enumerate(self._repairs) if r.repaired == block]
        if numbers:
            self.choice.setCurrentIndex(numbers[0])

    def _show(self) -> None:
        repair = self.repair
        if repair is None:
            return
        left = "\n".join(c.left for c in repair.lines if c.left_number)
        right = "\n".join(c.right for c in repair.lines if c.right_number)
        self.failed_title.setText(f"Block {repair.failed + 1} failed")
        self.repaired_title.setText(f"Block {repair.repaired + 1} repaired it")
        self.failed.set_source(left)
        self.repaired.set_source(right)
        self.failed.mark_changes(changes(repair.lines, "left"), "bad")
        self.repaired.mark_changes(changes(repair.lines, "right"), "good")
        self.failed.show_line(repair.error.line, failed=True)
        self.failed.setAccessibleName(self.failed_title.text())
        self.repaired.setAccessibleName(self.repaired_title.text())
        self._show_error(repair.error)
        self.setAccessibleDescription(difference_in_words(repair))
        self.repaired.setAccessibleDescription(difference_in_words(repair))

    def _show_error(self, error: CodeError) -> None:
        where = f"Line {error.line}: " if error.line else ""
        self.hint.setText(error.hint or "The code could not go on.")
        self.exception.setText(where + error.last_line)
        self.hint.setAccessibleName(self.hint.text())
        self.exception.setAccessibleName(self.exception.text())

    def _ask(self, which: Literal["failed", "repaired"]) -> None:
        repair = self.repair
        if repair is not None:
            self.step_asked.emit(repair.failed if which == "failed" else repair.repaired)

    # -- look ---------------------------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self.failed.set_theme(theme)
        self.repaired.set_theme(theme)

    def set_size(self, pixels: float) -> None:
        """Change the text size."""
        self.failed.set_size(pixels)
        self.repaired.set_size(pixels)
        self.hint.setStyleSheet(f"font-size: {round(pixels)}px")
        self.exception.setFont(mono_font(pixels * 0.85))
        self.exception.setStyleSheet(f"font-size: {round(pixels * 0.85)}px")


def _title() -> QLabel:
    return text_label("", "labTitle", plain=True)


def _words() -> QLabel:
    label = text_label(wrap=True, plain=True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
