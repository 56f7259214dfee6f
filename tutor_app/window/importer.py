"""Imports files from the window: exported solutions, and model files. Reads none of them itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QMimeData, QObject
from PySide6.QtGui import QDropEvent, QFileOpenEvent
from PySide6.QtWidgets import QFileDialog, QWidget

from tutor_app.core.values import ImportResult
from tutor_app.ui.bridge import Bridge
from tutor_app.ui.services import Services

SOLUTIONS = (".json", ".jsonl")
MODELS = (".gguf", ".mtpack")
_OTHER = "Only exported solutions (.json, .jsonl) and models (.gguf, .mtpack) can be imported."
_DRAGS = (QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.Drop)


class Importer(QObject):
    """Imports what the user chose or dropped on the window.

    Args:
        window: Parent of the dialog.
        bridge: Runs what takes time.
        services: Read the files.
        use_model: Called with a model's file.
        imported: Called with the result, when the solutions are in the library.
        say: Tells the user something.
        complain: Tells the user what went wrong.
    """

    def __init__(
        self,
        window: QWidget,
        bridge: Bridge,
        services: Services,
        *,
        use_model: Callable[[str], None],
        imported: Callable[[ImportResult], None],
        say: Callable[[str], None],
        complain: Callable[[Exception], object],
    ) -> None:
        super().__init__(window)
        self._window, self._bridge, self._services = window, bridge, services
        self._use_model, self._imported = use_model, imported
        self._say, self._complain = say, complain
        self._offered = False  # files are held over the window

    def ask(self) -> None:
        """Let the user choose files."""
        paths, _ = QFileDialog.getOpenFileNames(
            self._window, "Import solutions", "", "Exported solutions (*.json *.jsonl);;All files (*)"
        )
        if paths:
            self.import_files(paths)

    def import_dropped(self, paths: Sequence[str]) -> None:
        """Import those of the dropped files that can be, and say so if none can."""
        good = [p for p in paths if p.lower().endswith(SOLUTIONS + MODELS)]
        if good:
            self.import_files(good)
        else:
            self._say(_OTHER)

    def watch_drops(self) -> None:
        """Take files that are dropped on the window, or on a part of it that would take their names as text."""
        self._window.setAcceptDrops(True)
        for widget in (self._window, *self._window.findChildren(QWidget)):
            if widget.acceptDrops():
                widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Files are imported, everything else goes to the widget that it was dropped on."""
        if event.type() == QEvent.Type.DragLeave and self._offered:
            self._offered = False
            self._say("Ready")
        if event.type() in _DRAGS and isinstance(event, QDropEvent) and (paths := self.paths_in(event.mimeData())):
            event.acceptProposedAction()
            if event.type() == QEvent.Type.DragEnter:
                self._offered = True
                self._say("Let go to import")
            elif event.type() == QEvent.Type.Drop:
                self._offered = False
                self.import_dropped(paths)
            return True
        if event.type() == QEvent.Type.Drop and self._offered:  # whoever held the files is gone, and they with them
            self._offered = False
            self._say("Ready")
        return super().eventFilter(watched, event)

    def import_files(self, paths: Sequence[str]) -> None:
        """Import files of either kind."""
        models = [p for p in paths if p.lower().endswith(MODELS)]
        solutions = [p for p in paths if p not in models]
        if models:
            self._use_model(models[0])
        if solutions:
            self._say("Importing\u2026")

            def done(result: ImportResult) -> None:
                self._imported(result)
                self._say(result.sentence)

            self._bridge.run_in_background(lambda: self._services.import_solutions(solutions), done, self._complain)

    @staticmethod
    def paths_in(data: QMimeData) -> list[str]:
        """The files of this computer among what is dragged."""
        return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]


class OpenRequests(QObject):
    """Takes the files that macOS asks a running program to open; on other systems they are on the command line.

    Args:
        take: Called with their paths.
        parent: Lives as long as this.
    """

    def __init__(self, take: Callable[[Sequence[str]], None], parent: QObject) -> None:
        super().__init__(parent)
        self._take = take

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A file to open is taken, everything else goes on."""
        if event.type() == QEvent.Type.FileOpen and isinstance(event, QFileOpenEvent) and event.file():
            self._take([event.file()])
            return True
        return super().eventFilter(watched, event)
