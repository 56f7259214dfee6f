"""Export and print from the window: asks, lets the services do it in the background, says how it went.

Print, print preview and PDF are the same :class:`tutor_app.render.pages.Pages`. Owns no thread and writes no file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QRectF, QStandardPaths
from PySide6.QtGui import QPageSize, QPainter
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from tutor_app.core.errors import HostFault
from tutor_app.core.transcript import Transcript
from tutor_app.core.values import Entry
from tutor_app.handout.options import FORMATS, Options
from tutor_app.render.pages import PAPERS, Pages
from tutor_app.render.typeset import FormulaCache
from tutor_app.ui.bridge import Bridge, Job
from tutor_app.ui.placing import PlaceKeeper
from tutor_app.ui.services import Services
from tutor_app.window.dialogs.export import Choice, ExportDialog

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter

_PAGE: Final = 200


class Exporter(QObject):
    """Exports and prints what the window shows.

    Args:
        window: Parent of the dialogs.
        bridge: Runs what takes time.
        services: Write the file.
        formulas: Formulas that the screen has made already.
        shown: The solution that is open, if there is one.
        listed: What the list shows: its search, how many solutions are in it, and whether there are more.
        place: Remembers the folder of the last export, and what was chosen for it.
        say: Tells the user something.
        complain: Tells the user what went wrong.
    """

    def __init__(
        self,
        window: QWidget,
        bridge: Bridge,
        services: Services,
        formulas: FormulaCache,
        *,
        shown: Callable[[], Transcript | None],
        listed: Callable[[], tuple[str, int, bool]],
        place: PlaceKeeper,
        say: Callable[[str], None],
        complain: Callable[[Exception], object],
    ) -> None:
        super().__init__(window)
        self._window, self._bridge, self._services, self._formulas = window, bridge, services, formulas
        self._shown, self._listed, self._say, self._complain = shown, listed, say, complain
        self._place = place
        self._printer: QPrinter | None = None
        self.choice = Choice.from_kept(place.state.export)

    def ask(self) -> None:
        """Ask what to export, then where to."""
        shown, (_, listed, more) = self._shown(), self._listed()
        if shown is None and not listed:
            self._say("There is no solution to export yet.")
            return
        dialog = ExportDialog(self.choice, shown is not None, listed, self._window, more)

        def chosen() -> None:
            self.choice = dialog.choice
            self._place.keep(replace(self._place.state, export=self.choice.kept()))
            self._ask_where(dialog.choice)

        dialog.accepted.connect(chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _ask_where(self, choice: Choice) -> None:
        shown, last = None if choice.everything else self._shown(), self._place.state.folder

        def work() -> str:
            return str(
                Path(usual_folder(last, self._services.has_folder)) / self._services.export_name(shown, choice.format)
            )

        def pick(name: str) -> None:
            picked, _ = QFileDialog.getSaveFileName(
                self._window, "Export", name, f"{FORMATS[choice.format]} (*.{choice.format})"
            )
            if picked:
                self._place.keep_folder(str(Path(picked).parent))
                self.export(picked, choice)

        self._bridge.run_in_background(work, pick, self._complain)

    def export(self, path: str, choice: Choice) -> None:
        """Export to ``path`` in the background."""
        tables = choice.options.trace_tables and choice.options.solution and choice.format != "json"
        self._say("Running the code again for the trace tables\u2026" if tables else "Exporting\u2026")
        shown = None if choice.everything else self._shown()
        query, _, _ = self._listed()

        job = Job()

        def work() -> str:
            wanted = [shown] if shown is not None else [self._services.solution(e.id) for e in self._every(query)]
            if tables:
                wanted = [self._services.with_trace_tables(t, choice.options, job.cancel) for t in wanted]
            return self._services.export(path, wanted, choice.format, choice.options, self._formulas)

        self._bridge.run_in_background(work, lambda where: self._say(f"Exported to {where}"), self._complain, job=job)

    def _every(self, query: str) -> Iterator[Entry]:
        """All solutions of a search, of which the list may show the first ones only."""
        at = 0
        while page := self._services.entries(query, _PAGE, at):
            yield from page
            at += len(page)

    # -- paper --------------------------------------------------------------------------------------------------

    def print(self) -> None:
        """Print the open solution after the platform's dialog."""
        self._with_pages(self._print)

    def preview(self) -> None:
        """Show the open solution as it will be printed."""
        self._with_pages(self._preview)

    def _with_pages(self, then: Callable[[Pages], None]) -> None:
        shown = self._shown()
        if shown is None:
            self._say("There is no solution to print yet.")
            return
        options, job = self.choice.options, Job()
        self._say("Preparing the pages\u2026")

        def typeset() -> Transcript:
            solution = self._services.with_trace_tables(shown, options, job.cancel)
            # A document cannot change its thread, but formulas can: with them made, the second time takes no time.
            Pages([solution], options, self._formulas).close()
            return solution

        def done(solution: Transcript) -> None:
            self._say("")
            then(Pages([solution], options, self._formulas))

        self._bridge.run_in_background(typeset, done, self._complain, job=job)

    def _print(self, pages: Pages) -> None:
        printer = printer_for(pages.options)
        self._printer = printer  # the dialog does not own it, and outlives this call
        from PySide6.QtPrintSupport import QPrintDialog

        dialog = QPrintDialog(printer, self._window)
        dialog.setWindowTitle("Print")

        def finished(result: int) -> None:
            if result == QDialog.DialogCode.Accepted:
                self._paint(pages, printer)
            pages.close()
            dialog.deleteLater()

        dialog.finished.connect(finished)
        dialog.setModal(True)
        dialog.show()

    def _preview(self, pages: Pages) -> None:
        printer = printer_for(pages.options)
        self._printer = printer  # the dialog does not own it, and outlives this call
        from PySide6.QtPrintSupport import QPrintPreviewDialog

        dialog = QPrintPreviewDialog(printer, self._window)
        dialog.setWindowTitle("Print preview")
        dialog.paintRequested.connect(lambda p: self._paint(pages, p))

        def finished(_: int) -> None:
            pages.close()
            dialog.deleteLater()

        dialog.finished.connect(finished)
        dialog.resize(900, 1000)
        dialog.open()

    def _paint(self, pages: Pages, printer: QPrinter) -> None:
        if pages.closed:  # a preview asks once more while it goes
            return
        try:
            paint(pages, printer)
        except HostFault as e:
            self._complain(e)


def usual_folder(last: str, is_there: Callable[[str], bool]) -> str:
    """The folder of the last export while it is there, else the one of documents, else home; asks the disk."""
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return next((folder for folder in (last, documents) if folder and is_there(folder)), str(Path.home()))


def printer_for(options: Options) -> QPrinter:
    """A printer with the paper of the options."""
    from PySide6.QtPrintSupport import QPrinter

    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setPageSize(QPageSize(PAPERS[options.paper]))
    printer.setFullPage(True)
    return printer


def paint(pages: Pages, printer: QPrinter) -> None:
    """Draw the pages that the printer asks for; on other paper they are scaled to fit.

    Raises:
        HostFault: If the printer cannot be used.
    """
    printer.setFullPage(True)
    from PySide6.QtPrintSupport import QPrinter

    sheet = printer.paperRect(QPrinter.Unit.DevicePixel)
    painter = QPainter()
    if not painter.begin(printer):
        raise HostFault("The printer cannot be used.", "Check that it is switched on, or export a PDF instead.")
    try:
        scale = min(sheet.width() / pages.width, sheet.height() / pages.height)
        first = max(1, printer.fromPage() or 1)
        last = min(pages.count, printer.toPage() or pages.count)
        area = QRectF(0, 0, pages.width * scale, pages.height * scale)
        area.moveCenter(QRectF(0, 0, sheet.width(), sheet.height()).center())
        for n in range(first, last + 1):
            if n > first:
                printer.newPage()
            painter.save()
            painter.translate(area.topLeft())
            painter.scale(scale, scale)
            pages.draw(painter, n - 1)
            painter.restore()
    finally:
        painter.end()
