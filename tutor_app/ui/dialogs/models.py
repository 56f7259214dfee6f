"""Getting a model: the page that offers them, the download, a file of the reader's own. Knows no model itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from tutor_app.core.values import FoundModel, Progress
from tutor_app.ui.bridge import Bridge, Job
from tutor_app.ui.dialogs.first_run import FirstRunPage
from tutor_app.ui.services import Services


class ModelDesk(QObject):
    """Fetches and imports models.

    Signals:
        asked: The page with the models should be shown.
        ready: There is a (new) model to work with.

    Args:
        bridge: Runs what takes time.
        services: Do the work.
        say: Tells the reader something.
        sentence: What to say of an exception.
    """

    asked = Signal()
    ready = Signal()

    def __init__(
        self,
        bridge: Bridge,
        services: Services,
        *,
        say: Callable[[str], None],
        sentence: Callable[[Exception], str],
    ) -> None:
        super().__init__(bridge)
        self._bridge, self._services = bridge, services
        self._say, self._sentence = say, sentence
        self._download: Job | None = None
        self.page = FirstRunPage(services.offers())
        self.page.pull_asked.connect(self.pull)
        self.page.cancel_asked.connect(self.cancel)
        self.page.import_asked.connect(self.choose_file)
        self.page.found_chosen.connect(self.use_file)

    def show(self) -> None:
        """Show the models that can be had; what takes a look at this computer follows."""
        self.asked.emit()
        self._bridge.run_in_background(self._look, lambda seen: self.page.set_seen(*seen), lambda _: None)

    def _look(self) -> tuple[dict[str, str], Sequence[FoundModel]]:
        advice = {offer.id: self._services.memory_advice(offer.id) for offer in self._services.offers()}
        return advice, self._services.found_models()

    def pull(self, model_id: str) -> None:
        """Fetch a model."""
        if self._download is not None:
            return
        self.page.set_running(True)
        job = Job()

        def report(p: Progress) -> None:
            self._bridge.post(lambda: self.page.show_progress(p))

        def done(_: None) -> None:
            self._download = None
            self.page.set_running(False)
            self.ready.emit()

        def failed(error: Exception) -> None:
            self._download = None
            self.page.show_error(self._sentence(error))

        self._download = job
        self._bridge.run_in_background(lambda: self._services.pull(model_id, report, job.cancel), done, failed, job=job)

    def cancel(self) -> None:
        """Stop the download; what is here is kept for the next time."""
        if self._download is not None:
            self._download.stop()
            self._download = None
        self.page.set_running(False)

    def choose_file(self) -> None:
        """Let the reader choose a GGUF file."""
        path, _ = QFileDialog.getOpenFileName(self.page, "Use a GGUF file", "", "GGUF models (*.gguf);;All files (*)")
        if path:
            self.use_file(path)

    def use_file(self, path: str) -> None:
        """Use a model file of the reader's own, where it lies."""
        self._say("Checking the model file\u2026")

        def failed(error: Exception) -> None:
            sentence = self._sentence(error)
            self._say(sentence)
            self.page.show_error(sentence)

        def done(note: str) -> None:
            self.ready.emit()
            if note:
                self._say(note)

        self._bridge.run_in_background(lambda: self._services.import_model(path), done, failed)
