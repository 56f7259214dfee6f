"""The list of saved solutions: fetches it page by page, opens, deletes and takes back. Stores nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QObject, Signal

from tutor_app.core.transcript import Transcript
from tutor_app.core.values import Entry
from tutor_app.ui.bridge import Bridge
from tutor_app.ui.services import Services
from tutor_app.window.history_panel import HistoryPanel

PAGE: Final = 200
"""Lines of the list that are fetched at once."""


class SavedSolutions(QObject):
    """Fills the side bar and carries out what is asked there.

    Attributes:
        shown_id: Of the solution on the page; empty if none of the list is there.

    Signals:
        opened: A saved solution is to be shown: its transcript.
        deleted: The solution on the page has been moved to the trash.

    Args:
        bridge: Runs what takes time.
        services: Keep the solutions.
        panel: Shows the list.
        say: Tells the user something.
        complain: Tells the user what went wrong.
    """

    opened = Signal(object)
    deleted = Signal()

    def __init__(
        self,
        bridge: Bridge,
        services: Services,
        panel: HistoryPanel,
        *,
        say: Callable[[str], None],
        complain: Callable[[Exception], object],
    ) -> None:
        super().__init__(bridge)
        self._bridge, self._services, self._panel = bridge, services, panel
        self._say, self._complain = say, complain
        self.shown_id = ""
        panel.opened.connect(self.open)
        panel.search_asked.connect(lambda _: self.refresh())
        panel.model.more_asked.connect(self._fetch_more)
        panel.delete_asked.connect(self.delete)
        panel.undo_asked.connect(self.undelete)

    def refresh(self) -> None:
        """Fetch the list anew."""
        query = self._panel.search.text()
        wanted = max(PAGE, len(self._panel.model.entries))  # what was scrolled to stays there

        def show(entries: Sequence[Entry]) -> None:
            if query == self._panel.search.text():
                self._panel.set_entries(entries, len(entries) >= wanted)
                if self.shown_id:
                    self._panel.select(self.shown_id)

        self._bridge.run_in_background(lambda: self._services.entries(query, wanted), show, self._complain)

    def _fetch_more(self, here: int) -> None:
        query = self._panel.search.text()

        def show(entries: Sequence[Entry]) -> None:
            if query == self._panel.search.text():
                self._panel.model.append(entries, len(entries) >= PAGE)

        self._bridge.run_in_background(lambda: self._services.entries(query, PAGE, here), show, self._complain)

    def listed(self) -> tuple[str, int, bool]:
        """The search, how many solutions are in the list, and whether there are more."""
        return self._panel.search.text(), len(self._panel.model.entries), self._panel.model.has_more

    def set_shown(self, solution_id: str) -> None:
        """Say which solution is on the page; empty for none of the list."""
        self.shown_id = solution_id
        self._panel.select(solution_id)

    def open(self, solution_id: str) -> None:
        """Fetch a saved solution to be shown."""
        if self._bridge.busy:
            self._say("Stop the running solution first (Esc).")
            self._panel.select(self.shown_id)
            return
        self.shown_id = solution_id

        def show(transcript: Transcript) -> None:
            if self.shown_id == solution_id and not self._bridge.busy:
                self._panel.select(solution_id)
                self.opened.emit(transcript)

        self._bridge.run_in_background(lambda: self._services.solution(solution_id), show, self._complain)

    def delete(self, solution_id: str) -> None:
        """Move a solution to the trash and offer to take it back."""

        def done(_: None) -> None:
            self._panel.deleted(solution_id)
            if solution_id == self.shown_id:
                self.deleted.emit()
            self.refresh()

        self._bridge.run_in_background(lambda: self._services.delete(solution_id), done, self._complain)

    def undelete(self, solution_id: str) -> None:
        """Take a deletion back."""
        self._bridge.run_in_background(
            lambda: self._services.undelete(solution_id), lambda _: self.refresh(), self._complain
        )
