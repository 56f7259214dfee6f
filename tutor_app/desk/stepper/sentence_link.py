"""Links the sentence that announced the code with the code: the panel's sentence is marked on the page, and a click
on such a sentence of the page shows its lines in the panel.
"""

from __future__ import annotations

from PySide6.QtCore import QObject

from tutor_app.desk.stepper.announced import Sentence
from tutor_app.desk.stepper.panel import StepPanel
from tutor_app.render.sentences import place_of
from tutor_app.ui.page.marks import Mark
from tutor_app.ui.page.transcript_view import TranscriptView


class SentenceLink(QObject):
    """Keeps page and panel in step.

    Args:
        view: The page.
        panel: Steps through a block of the solution on that page.
    """

    def __init__(self, view: TranscriptView, panel: StepPanel) -> None:
        super().__init__(panel)
        self._view, self._panel = view, panel
        self._sentence: Sentence | None = None
        panel.announced.chosen.connect(self._mark)
        panel.announced.page_asked.connect(self._show_on_page)
        panel.closed.connect(lambda: self._mark(None))
        view.cursorPositionChanged.connect(self._cursor_moved)
        view.changed.connect(self._mark_again)

    def _mark(self, sentence: Sentence | None) -> None:
        self._sentence = sentence
        self._mark_again()

    def _mark_again(self) -> None:
        place = self._place(self._sentence)
        self._view.marks.set_linked([Mark(*place, "selection")] if place is not None else [])

    def _place(self, sentence: Sentence | None) -> tuple[int, int] | None:
        if sentence is None:
            return None
        return place_of(self._view.document(), sentence.part, sentence.text)

    def _show_on_page(self) -> None:
        place = self._place(self._panel.announced.sentence)
        if place is not None:
            self._view.reveal(place[0])

    def _cursor_moved(self) -> None:
        """The user has put the cursor into a sentence: its lines are marked in the panel."""
        if not self._panel.is_open or not self._view.hasFocus():
            return
        at = self._view.textCursor().position()
        for sentence in self._panel.announced.sentences:
            place = self._place(sentence)
            if place is not None and place[0] <= at < place[1]:
                self._panel.show_sentence(sentence)
                return
