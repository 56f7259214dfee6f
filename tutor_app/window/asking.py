"""Questions about the solution on the page: when the box is there, what it is about, and how a question is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject

from tutor_app.student.suggestions import Suggestion, asks_to_draw, question_about, suggestions

if TYPE_CHECKING:
    from tutor_app.window.window import MainWindow


class Asking(QObject):
    """Connects the box under the solution with the window.

    Args:
        window: Whose page, library and solving are used.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._box, self._view = window, window.panels.ask, window.view
        self._about = ""
        self._replying = False
        self._fold_code = False  # of a drawing: its program is long, and nobody has to read it
        self._looked_at: tuple[object, ...] = ()
        self._drawable = False
        self._box.asked.connect(self.ask)
        self._box.suggested.connect(self._suggested)
        self._box.stop_asked.connect(window.solving.stop)
        self._box.about_dropped.connect(self._drop_about)
        self._view.selectionChanged.connect(self._selected)
        self._view.changed.connect(self._refresh)
        self._view.cleared.connect(self._drop_about)  # what was named of another solution
        window.page_menu.ask_asked.connect(self.ask_about)
        window.pages.currentChanged.connect(lambda _: self._refresh())
        window.solving.ended.connect(self._ended)
        window.installEventFilter(self)
        self._refresh()

    def ask(self, question: str) -> None:
        """Ask what is typed."""
        window = self._window
        if window.bridge.busy:
            window.status.say("Stop the running solution first (Esc).")
            return
        shown = window.shown_solution()
        if shown is None:
            return
        if not question.strip():
            window.status.say("Type a question first.")
            self._box.edit.setFocus()
            return
        if self._drawable and not self._about and asks_to_draw(question):
            self._box.clear()
            self.draw()
            return
        if not window.models.name:
            window.status.say("A model is needed first.")
            window.models.show()
            return
        question = question_about(question, self._about)
        self._box.clear()
        self._begin()
        window.solving.ask(shown, question, before=window.write_settings, key=window.saved.shown_id)
        window.voting.begin(1)

    def draw(self) -> None:
        """Draw what the problem is about."""
        window = self._window
        shown = window.shown_solution()
        if shown is None or window.bridge.busy:
            return
        self._begin()
        self._fold_code = True
        window.solving.draw(shown, before=window.write_settings, key=window.saved.shown_id)
        window.voting.begin(1)

    def _begin(self) -> None:
        self._window.student.stop()
        self._replying = True
        self._box.set_busy(True)
        self._drop_about()

    def _suggested(self, suggestion: Suggestion) -> None:
        if suggestion.does == "draw":
            self.draw()
        elif suggestion.does == "vary":
            self._window.student.practice.like_this()
        else:
            self.ask(suggestion.question)

    def _look(self) -> None:
        """Find out, in the background, whether the solution on the page can be drawn."""
        window, shown = self._window, self._view.page.transcript()
        about = (shown.problem, shown.answer)
        if about == self._looked_at:
            return
        self._looked_at, self._drawable = about, False

        def done(drawable: bool) -> None:
            if self._looked_at == about:
                self._drawable = drawable
                self._refresh()

        window.bridge.run_in_background(lambda: window.services.drawable(shown), done)

    def _ended(self) -> None:
        if self._replying:
            self._replying = False
            self._box.set_busy(False)
        if self._fold_code:
            self._fold_code = False
            if (cards := self._view.cards()) and not self._view.folding.is_folded(cards[-1].number, "code"):
                self._view.toggle(cards[-1].number, "code")
        self._refresh()

    def _selected(self) -> None:
        """The question will be about what is selected; the selection may go when the box gets the focus.

        What the search has found and left selected was not chosen to be asked about.
        """
        if self._window.panels.finder.isVisible() and not self._view.hasFocus():
            return
        about = self._view.selected_source().strip() if self._view.textCursor().hasSelection() else ""
        if about != self._about:
            self._set_about(about)

    def _set_about(self, about: str) -> None:
        self._about = about
        self._box.set_about(about)
        self._refresh()

    def ask_about(self, source: str) -> None:
        """Let the user type a question about a piece of the solution."""
        self._set_about(source.strip())
        self._box.edit.setFocus()

    def _drop_about(self) -> None:
        cursor = self._view.textCursor()
        cursor.clearSelection()
        self._view.setTextCursor(cursor)
        self._set_about("")  # also what was not selected, but named by the menu of its place

    def _refresh(self) -> None:
        page = self._view.page
        there = self._window.pages.currentWidget() is self._view and bool(page.parts())
        finished = there and not page.is_streaming and not self._window.bridge.busy
        self._box.setVisible(finished or (there and self._replying))
        if finished:
            self._look()
            found = suggestions(page.transcript(), self._about, drawable=self._drawable)
            self._box.suggestions.show_these(list(found))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The window's height decides whether the suggestions are shown."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._box.fit_window()
        return super().eventFilter(watched, event)
