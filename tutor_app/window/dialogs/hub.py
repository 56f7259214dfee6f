"""Asks for a model of the hub that the list does not have: its repository and its file. It only emits signals."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QFormLayout, QLineEdit, QWidget

from tutor_app.ui.building import column_of, push_button, text_label
from tutor_app.ui.dialog_buttons import decision_row
from tutor_app.ui.placing import grow_dialog


class HubDialog(QDialog):
    """A form of two lines; it stays open while the hub is asked, and says what was wrong.

    Signals:
        asked: The repository and the file that shall be added.

    Args:
        parent: The page of models.
    """

    asked = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("A model from the hub")
        about = text_label(
            "Any GGUF file of huggingface.co, of any quantisation. The hub is asked for its length and its SHA-256 "
            "now; exactly these bytes are fetched, however the repository changes later.",
            "muted",
            wrap=True,
        )
        self.repository = QLineEdit()
        self.repository.setPlaceholderText("owner/name, or the address of the file")
        self.repository.setAccessibleName("Repository")
        self.file = QLineEdit()
        self.file.setPlaceholderText("name.gguf; of a model in several files any of them")
        self.file.setAccessibleName("File")
        self.state = text_label(wrap=True, name="What the hub says")
        self.add = push_button("Add and download", "primary", default=True)
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Repository", self.repository)
        form.addRow("File", self.file)
        row = decision_row(self, self.add)
        column_of(about, form, self.state, row, parent=self, margins=(20, 16, 20, 16), spacing=12)
        self.resize(520, self.sizeHint().height())
        self.add.clicked.connect(self._ask)
        for edit in (self.repository, self.file):
            edit.textChanged.connect(lambda _: self._edited())
        self._edited()

    def _edited(self) -> None:
        self.add.setEnabled(bool(self.repository.text().strip()))

    def _ask(self) -> None:
        self._say("Asking the hub\u2026", "muted")
        self._set_waiting(True)
        self.asked.emit(self.repository.text(), self.file.text())

    def show_error(self, sentence: str) -> None:
        """Say why it was not added; the lines can be changed and asked again."""
        self._say(sentence, "error")
        self._set_waiting(False)
        self.file.setFocus()

    def _set_waiting(self, on: bool) -> None:
        for widget in (self.repository, self.file, self.add):
            widget.setEnabled(not on)

    def _say(self, sentence: str, name: str) -> None:
        self.state.setObjectName(name)
        self.state.style().unpolish(self.state)
        self.state.style().polish(self.state)
        self.state.setText(sentence)
        grow_dialog(self)
