"""The teacher's limit of the hints: a dialog that asks for the level and the PIN, and who keeps what was chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QLineEdit,
    QWidget,
)
from shiboken6 import isValid

from tutor_app.core.hints import LEVELS, LONGEST_PIN, SHORTEST_PIN, HintLimit
from tutor_app.ui.bridge import Bridge
from tutor_app.ui.building import STRETCH, column_of, push_button, text_label
from tutor_app.ui.dialog_buttons import decision_row
from tutor_app.ui.placing import fit_dialog, grow_dialog

ABOUT: Final = (
    "No hint above this level is shown, and no whole solution, in this window and in the terminal. The PIN keeps "
    "students from changing it with a click; it is kept as a salted hash only."
)


class LimitKeeper(Protocol):
    """Keeps the limit, see :class:`tutor_app.ui.services.Services`."""

    def hint_limit(self) -> HintLimit:
        """*Worker.* The highest level of hints, and whether a PIN guards it."""
        ...

    def set_hint_limit(self, level: int, pin: str, new_pin: str = "") -> None:
        """*Worker.* Set the highest level of hints, and another PIN if one is given."""
        ...


class LimitDialog(QDialog):
    """Asks for the highest level and the PIN; the first PIN, and another one, are typed twice.

    Signals:
        chosen: A level, the PIN, and another one that takes its place, or nothing.
    """

    chosen = Signal(int, str, str)

    def __init__(self, limit: HintLimit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Limit of the hints")
        fit_dialog(self, 460, 360)
        self._first = not limit.guarded
        about = text_label(ABOUT, "muted", wrap=True)
        self.level = QComboBox()
        for number, title in enumerate(LEVELS, 1):
            self.level.addItem(f"{number}. {title}" + (" (no limit)" if number == len(LEVELS) else ""), number)
        self.level.setCurrentIndex(limit.level - 1)
        self.level.setAccessibleName("Last level of the hints")
        self.pin, self.new, self.again = QLineEdit(), QLineEdit(), QLineEdit()
        for edit, name in ((self.pin, "PIN"), (self.new, "Another PIN"), (self.again, "PIN once more")):
            edit.setEchoMode(QLineEdit.EchoMode.Password)
            edit.setMaxLength(LONGEST_PIN)
            edit.setAccessibleName(name)
        self.pin.setPlaceholderText(f"{SHORTEST_PIN} characters or more" if self._first else "The PIN that was set")
        self.error = text_label("", "error", wrap=True)
        form = QFormLayout()
        form.setSpacing(10)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Hints end with", self.level)
        form.addRow("Choose a PIN" if self._first else "PIN", self.pin)
        if not self._first:
            self.new.setPlaceholderText("Leave it empty to keep the PIN")
            form.addRow("Another PIN", self.new)
        form.addRow("Once more", self.again)
        self.save = push_button("Set the limit", "primary", default=True)
        self.save.clicked.connect(self._save)
        row = decision_row(self, self.save)
        column_of(about, form, self.error, STRETCH, row, parent=self, margins=(24, 20, 24, 16), spacing=12)

    def refuse(self, sentence: str) -> None:
        """Say why the limit was not set, and let the user try again."""
        self.error.setText(sentence)
        grow_dialog(self)
        self.save.setEnabled(True)
        self.pin.setFocus()
        self.pin.selectAll()

    def _save(self) -> None:
        if (self.pin if self._first else self.new).text() != self.again.text():
            self.refuse("The two PINs are not the same.")
            return
        self.error.setText("")
        self.save.setEnabled(False)
        self.chosen.emit(self.level.currentData(), self.pin.text(), self.new.text())


class LimitController(QObject):
    """Shows the dialog, and keeps what was chosen.

    Signals:
        changed: There is another limit.

    Args:
        bridge: Runs what takes time.
        keeper: Keeps the limit.
        say: Tells the user something at the foot of the window.
        complain: Tells the user what went wrong; returns the sentence.
    """

    changed = Signal()

    def __init__(
        self,
        bridge: Bridge,
        keeper: LimitKeeper,
        say: Callable[[str], None],
        complain: Callable[[Exception], str],
    ) -> None:
        super().__init__(bridge)
        self._bridge, self._keeper, self._say, self._complain = bridge, keeper, say, complain

    def show(self, parent: QWidget) -> None:
        """Ask for another limit."""
        self._bridge.run_in_background(self._keeper.hint_limit, lambda limit: self._open(limit, parent), self._complain)

    def _open(self, limit: HintLimit, parent: QWidget) -> None:
        if not isValid(parent):  # closed meanwhile
            return
        dialog = LimitDialog(limit, parent)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(lambda level, pin, new: self._set(dialog, level, pin, new))
        dialog.open()

    def _set(self, dialog: LimitDialog, level: int, pin: str, new: str) -> None:
        def done(_: None) -> None:
            if isValid(dialog):
                dialog.accept()
            self._say(f"Hints now end with level {level}: {LEVELS[level - 1]}")
            self.changed.emit()

        def failed(error: Exception) -> None:
            sentence = self._complain(error)
            if isValid(dialog):
                dialog.refuse(sentence)

        self._bridge.run_in_background(lambda: self._keeper.set_hint_limit(level, pin, new), done, failed)
