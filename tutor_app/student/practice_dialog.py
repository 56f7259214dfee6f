"""The dialog of practice: a problem, a place for the answer to it, and what is said of that answer."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from tutor_app.core.hints import RESULT
from tutor_app.core.practice import Exercise, Marked
from tutor_app.render.theme import Theme
from tutor_app.text.typing import typeset
from tutor_app.ui.announce import announce
from tutor_app.ui.building import text_label
from tutor_app.ui.formulas import Formulas
from tutor_app.ui.math_text import MathText
from tutor_app.ui.placing import fit_dialog, grow_dialog


class PracticeDialog(QDialog):
    """Shows a problem and takes the answer to it.

    Signals:
        answered: The user's answer; empty to be shown the right one.
        next_asked: The user wants the next problem.
        box_asked: The user wants the problem in the problem's box.
    """

    answered = Signal(str)
    next_asked = Signal()
    box_asked = Signal()

    def __init__(self, formulas: Formulas, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Practice")
        fit_dialog(self, 560, 320)
        self.sheet = QLabel()
        self.sheet.setObjectName("hint")
        self.sheet.setWordWrap(True)
        self.sheet.setTextFormat(Qt.TextFormat.PlainText)
        self.sheet.hide()
        self.problem = MathText(formulas, theme, 17)
        self.answer = QLineEdit()
        self.answer.setPlaceholderText("Your answer")
        self.answer.setAccessibleName("Your answer")
        self.message = text_label("", "practiceSaid", wrap=True, plain=True)
        self.check = _button("Check")
        self.check.setObjectName("primary")
        self.check.setDefault(True)
        self.show_answer = _button("Show the answer")
        self.box = _button("Put it into the box")
        self.next = _button("Next")
        self.close_button = _button("Close")
        row = QHBoxLayout()
        row.addWidget(self.box)
        row.addStretch()
        for button in (self.show_answer, self.next, self.close_button, self.check):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(12)
        layout.addWidget(self.sheet)
        layout.addWidget(self.problem)
        layout.addWidget(self.answer)
        layout.addWidget(self.message)
        layout.addStretch()
        layout.addLayout(row)
        self._given = ""
        self.check.clicked.connect(lambda: self._answer(self.answer.text()))
        self.show_answer.clicked.connect(lambda: self._answer(""))
        self.next.clicked.connect(self.next_asked)
        self.box.clicked.connect(self.box_asked)
        self.close_button.clicked.connect(self.reject)

    def ask(self, exercise: Exercise, heading: str = "") -> None:
        """Show a problem.

        Args:
            exercise: What is asked.
            heading: Which worksheet it is of; empty for none.
        """
        self.sheet.setText(heading)
        self.sheet.setAccessibleName(heading)
        self.sheet.setVisible(bool(heading))
        self.show_answer.setText("Show the answer" if exercise.hints_up_to >= RESULT else "Skip")
        self.show_answer.setAccessibleName(self.show_answer.text())
        self.problem.set_text(typeset(exercise.problem))
        self.answer.clear()
        self.say("")
        self._show_open(True)
        self.check.setEnabled(bool(exercise.answer))
        self.answer.setEnabled(bool(exercise.answer))
        self.answer.setPlaceholderText(
            "Your answer" if exercise.answer else "The worksheet gives no answer to compare yours with"
        )
        (self.answer if exercise.answer else self.box).setFocus()

    def _answer(self, given: str) -> None:
        self._given = given.strip()
        self.answered.emit(given)

    def tell(self, marked: Marked) -> None:
        """Say how it was answered; where the right answer was not told, another one can be given."""
        wrong = "bad" if self._given else ""
        self.say(marked.sentence, "" if marked.right is None else "good" if marked.right else wrong)
        announce(self, marked.sentence)
        self._show_open(marked.again)
        if marked.again:
            self.answer.setFocus()
            self.answer.selectAll()
        else:
            self.next.setFocus()

    def end(self, sentence: str) -> None:
        """Say why there is no other problem; the dialog can only be closed then."""
        self.say(sentence)
        announce(self, sentence)
        self.next.hide()
        self.close_button.setDefault(True)
        self.close_button.setFocus()

    def say(self, sentence: str, tone: str = "") -> None:
        """Say what happens, or that there is nothing more; in the colour of what is ``good`` or ``bad``."""
        self.message.setProperty("tone", tone)
        self.message.style().unpolish(self.message)
        self.message.style().polish(self.message)
        self.message.setText(sentence)
        self.message.setAccessibleName(sentence)
        grow_dialog(self)

    def _show_open(self, is_open: bool) -> None:
        self.answer.setEnabled(is_open)
        self.check.setVisible(is_open)
        self.show_answer.setVisible(is_open)
        self.next.setVisible(not is_open)
        (self.check if is_open else self.next).setDefault(True)


def _button(text: str) -> QPushButton:
    button = QPushButton(text)
    button.setAccessibleName(text)
    button.setAutoDefault(False)
    return button
