"""The page of hints: what is released so far, typeset, and the button for the next one. It only emits signals."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from tutor_app.core.hints import Hint
from tutor_app.render.theme import Theme
from tutor_app.text.speech import spoken_prose
from tutor_app.text.typing import typeset
from tutor_app.ui.announce import announce
from tutor_app.ui.building import STRETCH, bare_scroll, column_of, in_the_middle, push_button, row_of, text_label
from tutor_app.ui.formulas import Formulas
from tutor_app.ui.math_text import MathText

WAITING: Final = "Your problem is being solved silently, so that the hints are right. Nothing of the solution is shown."


class HintCard(QFrame):
    """One hint; Tab reaches it, and its name is what it says."""

    def __init__(self, hint: Hint, formulas: Formulas, theme: Theme, size: float) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.hint = hint
        self.title = text_label(f"{hint.level}. {hint.title}", "section")
        self.text = MathText(formulas, theme, size)
        text = hint.text if "```" in hint.text else typeset(hint.text)  # what is quoted of the problem is typed plainly
        self.text.set_text(text)
        self.setAccessibleName(f"Hint {hint.level}, {hint.title}: {spoken_prose(text)}")
        column_of(self.title, self.text, parent=self, margins=(18, 12, 18, 12), spacing=6)


class HintsPage(QScrollArea):
    """Shows the hints that were released.

    Signals:
        next_asked: The user wants the next hint.
        sure_asked: The user wants the problem solved several times, so that the hints can go on.
        cancel_asked: The user does not want to wait for hints.
        close_asked: The user wants the page away.
    """

    next_asked = Signal()
    sure_asked = Signal()
    cancel_asked = Signal()
    close_asked = Signal()

    def __init__(self, formulas: Formulas, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._formulas, self._theme, self._size = formulas, theme, 16.0
        self.cards: list[HintCard] = []
        self.setObjectName("startScroll")
        bare_scroll(self)
        self._following = False
        bar = self.verticalScrollBar()
        bar.setAccessibleName("Scroll the hints")
        bar.rangeChanged.connect(self._show_newest)
        bar.actionTriggered.connect(self._stop_following)
        self.title = text_label("Hints", "title")
        self.problem = MathText(formulas, theme, 15)
        self.state = text_label("", "subtitle")
        self.warning = text_label("", "warning")
        self.error = text_label("", "error")
        for label in (self.state, self.warning, self.error):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.next = push_button("Next hint", "primary")
        self.sure = push_button(
            "Make sure", tip="Solve it several times, silently: where most attempts agree, the hints go on"
        )
        self.cancel = QPushButton("Cancel")
        self.close_button = QPushButton("Close the hints")
        self.cancel.setToolTip("Stop working out the problem (Esc)")
        for button, signal in (
            (self.next, self.next_asked),
            (self.sure, self.sure_asked),
            (self.cancel, self.cancel_asked),
            (self.close_button, self.close_asked),
        ):
            button.setAccessibleName(button.text())
            button.clicked.connect(signal)
        self._lay_out()
        self._show_buttons(waiting=False, more=False)

    def _lay_out(self) -> None:
        self._list = QVBoxLayout()
        self._list.setSpacing(10)
        row = row_of(self.next, self.sure, self.cancel, self.close_button, STRETCH, spacing=8)
        column = QWidget()
        column.setMaximumWidth(760 + 48)
        column.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        body = column_of(parent=column, margins=(24, 12, 24, 24), spacing=10)
        for widget in (self.title, self.problem, self.warning):
            body.addWidget(widget)
        body.addLayout(self._list)
        for widget in (self.state, self.error):
            body.addWidget(widget)
        body.addLayout(row)
        body.addStretch()
        inner = QWidget()
        inner.setObjectName("startInner")
        in_the_middle(inner, column)
        self.setWidget(inner)

    # -- what is shown ------------------------------------------------------------------------------------------

    def wait_for(self, problem: str) -> None:
        """Show that hints for a problem are being made."""
        self.clear()
        self.problem.set_text(typeset(problem))
        self.state.setText(WAITING)
        self._show_buttons(waiting=True, more=False)

    def wait_for_votes(self, votes: int) -> None:
        """Show that the problem is being solved several times; the hints stay."""
        self.state.setText(
            f"Your problem is being solved {votes} times, silently. Where most attempts agree, hints go on."
        )
        self._show_buttons(waiting=True, more=False)

    def end_with(self, sentence: str, *, more: bool, may_make_sure: bool = False) -> None:
        """Say how it stands below the last hint.

        Args:
            sentence: What is said.
            more: Whether there is another hint.
            may_make_sure: Whether solving it several times may help.
        """
        self.state.setText(sentence)
        self._show_buttons(waiting=False, more=more, unsure=may_make_sure)
        announce(self, sentence)

    def show_problem(self, on: bool) -> None:
        """Show whose hints these are, or leave it out where it stands just above."""
        self.problem.setVisible(on)

    def warn(self, sentence: str) -> None:
        """Say above the hints what is to be known of all of them."""
        self.warning.setText(sentence)
        self.warning.setVisible(bool(sentence))

    def add(self, hint: Hint, of: int, ending: str, *, may_make_sure: bool = False) -> None:
        """Show one more hint.

        Args:
            hint: The next one.
            of: How many there are.
            ending: What is said after the last one; may be empty.
            may_make_sure: Whether solving the problem several times may bring more.
        """
        card = HintCard(hint, self._formulas, self._theme, self._size)
        self.cards.append(card)
        self._list.addWidget(card)
        QWidget.setTabOrder(self.cards[-2] if len(self.cards) > 1 else self.close_button, card)
        more = hint.level < of
        self.state.setText(
            f"Hint {hint.level} of {of}" if more else ending or f"Hint {hint.level} of {of}, the last one"
        )
        self._show_buttons(waiting=False, more=more, unsure=may_make_sure and not more)
        announce(self, f"{card.accessibleName()} {'' if more else self.state.text()}")
        self._following = True
        self._show_newest()

    def fail(self, sentence: str) -> None:
        """Show why there are no hints."""
        self.state.setText("")
        self.error.setText(sentence)
        self._show_buttons(waiting=False, more=False)

    def clear(self) -> None:
        """Show no hint."""
        for card in self.cards:
            self._list.removeWidget(card)
            card.deleteLater()
        self.cards = []
        self.warn("")
        self.error.setText("")
        self.state.setText("")

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        for text in (self.problem, *(card.text for card in self.cards)):
            text.set_theme(theme)

    def set_size(self, pixels: float) -> None:
        """Change the text size."""
        self._size = pixels * 0.96
        for text in (self.problem, *(card.text for card in self.cards)):
            text.set_size(self._size)

    def _show_buttons(self, *, waiting: bool, more: bool, unsure: bool = False) -> None:
        had_focus = any(button.hasFocus() for button in (self.next, self.sure, self.cancel))
        for widget, on in (
            (self.next, more),
            (self.sure, unsure),
            (self.cancel, waiting),
            (self.state, bool(self.state.text())),
            (self.error, bool(self.error.text())),
        ):
            widget.setVisible(on)
        if had_focus:
            (self.next if more else self.sure if unsure else self.cancel if waiting else self.close_button).setFocus()

    def _show_newest(self) -> None:
        """Scroll to the newest hint, as its height becomes known, until the user scrolls."""
        inner = self.widget()
        if self._following and self.cards and inner is not None:
            top = self.cards[-1].mapTo(inner, QPoint(0, 0)).y()
            self.verticalScrollBar().setValue(min(self.verticalScrollBar().maximum(), max(0, top - 8)))

    def _stop_following(self) -> None:
        self._following = False
