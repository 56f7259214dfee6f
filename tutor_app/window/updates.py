"""The release notes of this version, and the check for a newer one: two rows of the help menu and a dialog.

The window never fetches or installs a version; a link opens the page where it can be had.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QTextDocument
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from tutor_app import __version__
from tutor_app.core.updates import UpdateAnswer
from tutor_app.ui.bridge import Job
from tutor_app.ui.dialog_buttons import close_row
from tutor_app.ui.placing import fit_dialog

if TYPE_CHECKING:
    from tutor_app.window.window import MainWindow


class WhatsNewDialog(QDialog):
    """The changes of each version, and above them whether there is a newer one."""

    def __init__(self, notes: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("What is new")
        fit_dialog(self, 560, 520)
        self.answer = QLabel(f"This is version {__version__}.")
        self.answer.setWordWrap(True)
        self.answer.setOpenExternalLinks(True)
        self.answer.setAccessibleName("Newest version")
        self.look = QPushButton("Look for a newer version")
        self.look.setAccessibleName("Look for a newer version")
        row = QHBoxLayout()
        row.addWidget(self.answer, 1)
        row.addWidget(self.look, 0, Qt.AlignmentFlag.AlignTop)
        self.notes = QTextBrowser()
        self.notes.setOpenLinks(False)
        self.notes.document().setDocumentMargin(12)
        self.notes.setAccessibleName("Changes of each version")
        self.show_notes(notes)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 24, 28, 20)
        layout.setSpacing(14)
        layout.addLayout(row)
        layout.addWidget(self.notes, 1)
        layout.addLayout(close_row(self))

    def show_notes(self, markdown: str) -> None:
        """Show changes; HTML in them is text."""
        self.notes.document().setMarkdown(markdown, QTextDocument.MarkdownFeature.MarkdownNoHTML)

    def tell(self, text: str, page: str = "") -> None:
        """Show one sentence, and a link behind it if ``page`` is given."""
        self.look.setEnabled(True)
        if page:
            self.answer.setTextFormat(Qt.TextFormat.RichText)
            self.answer.setText(f'{escape(text)} <a href="{escape(page)}">{escape(page)}</a>')
        else:
            self.answer.setTextFormat(Qt.TextFormat.PlainText)
            self.answer.setText(text)


class Updates(QObject):
    """The commands, and the look at a start if the settings ask for it.

    Attributes:
        actions: For the help menu.

    Args:
        window: Whose services are asked.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._dialog: WhatsNewDialog | None = None
        self._looking: Job | None = None
        self._known: UpdateAnswer | None = None
        news = QAction("What is new\u2026", window)
        news.triggered.connect(lambda: self.show(look=False))
        search = QAction("Look for a newer version\u2026", window)
        search.triggered.connect(lambda: self.show(look=True))
        self.actions = [news, search]
        window.addActions(self.actions)

    def start(self) -> None:
        """Look as often as the settings allow; a newer version is told in the status line, a failure is not."""
        services = self._window.services
        self._window.bridge.run_in_background(services.update_if_due, self._tell_newer, lambda _: None)

    def _tell_newer(self, answer: UpdateAnswer | None) -> None:
        self._known = answer
        if answer is not None and answer.newer and not self._window.bridge.busy:
            self._window.status.say(f"{answer.sentence} Help, What is new.")

    def show(self, *, look: bool) -> None:
        """Show the changes of each version.

        Args:
            look: Whether to ask for the newest version at once.
        """
        w = self._window

        def opened(notes: str) -> None:
            if self._dialog is not None:
                self._dialog.close()
            dialog = WhatsNewDialog(notes, w)
            dialog.look.clicked.connect(self._look)
            dialog.finished.connect(self._closed)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self._dialog = dialog
            dialog.open()
            if look:
                self._look()
            elif self._known is not None:
                self._tell(self._known)

        w.bridge.run_in_background(w.services.release_notes, opened, w.faults.complain)

    def _look(self) -> None:
        if self._dialog is None or self._looking is not None:
            return
        self._dialog.tell("Asking for the newest version\u2026")
        self._dialog.look.setEnabled(False)
        job = Job()
        self._looking = job

        def done(answer: UpdateAnswer) -> None:
            self._looking = None
            self._tell(answer)

        def failed(error: Exception) -> None:
            self._looking = None
            if self._dialog is not None:
                self._dialog.tell(str(error))

        self._window.bridge.run_in_background(
            lambda: self._window.services.look_for_update(job.cancel), done, failed, job=job
        )

    def _tell(self, answer: UpdateAnswer) -> None:
        self._known = answer
        if self._dialog is not None:
            self._dialog.tell(answer.sentence, answer.note.page if answer.newer else "")
            if answer.newer:
                self._dialog.show_notes("\n".join(f"- {change}" for change in answer.note.changes))

    def _closed(self) -> None:
        self._dialog = None
        if self._looking is not None:
            self._looking.stop()
            self._looking = None
