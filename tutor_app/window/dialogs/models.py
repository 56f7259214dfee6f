"""Getting a model: the page that offers them, the download, a file of the user's own. Knows no model itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog

from tutor_app.core.values import FoundModel, Offer, Progress
from tutor_app.ui.bridge import Bridge, Job
from tutor_app.ui.services import Services
from tutor_app.window.dialogs.first_run import FirstRunPage
from tutor_app.window.dialogs.hub import HubDialog


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the services know of models, as a look in the background found it.

    Attributes:
        name: Of the model that will answer, or empty if none is installed.
        installed: What can be chosen: id and name.
        offers: What can be fetched.
    """

    name: str
    installed: tuple[tuple[str, str], ...]
    offers: tuple[Offer, ...]


class ModelController(QObject):
    """Fetches and imports models, and keeps what is known of them.

    Attributes:
        facts: What is known, or None before the first look has ended.

    Signals:
        known: :attr:`facts` are new.
        asked: The page with the models should be shown.
        ready: There is a (new) model to work with.

    Args:
        bridge: Runs what takes time.
        services: Do the work.
        say: Tells the user something.
        complain: Tells the user what went wrong, and returns the sentence.
    """

    known = Signal()
    asked = Signal()
    ready = Signal()

    def __init__(
        self,
        bridge: Bridge,
        services: Services,
        *,
        say: Callable[[str], None],
        complain: Callable[[Exception], str],
    ) -> None:
        super().__init__(bridge)
        self._bridge, self._services = bridge, services
        self._say, self._complain = say, complain
        self._download: Job | None = None
        self.facts: ModelFacts | None = None
        self.page = FirstRunPage()
        self.page.pull_asked.connect(self.pull)
        self.page.cancel_asked.connect(self.cancel)
        self.page.import_asked.connect(self.choose_file)
        self.page.hub_asked.connect(self.open_hub)
        self.page.found_chosen.connect(self.use_file)

    @property
    def name(self) -> str:
        """Of the model that will answer; empty if there is none, or as long as it is not known."""
        return self.facts.name if self.facts is not None else ""

    def refresh(self) -> None:
        """Look anew at what is installed, in the background."""
        self._bridge.run_in_background(self._find_facts, self._keep, self._complain)

    def _find_facts(self) -> ModelFacts:
        s = self._services
        return ModelFacts(s.model_name(), tuple(s.installed_models()), tuple(s.offers()))

    def _keep(self, facts: ModelFacts) -> None:
        self.facts = facts
        self.page.set_installed(key for key, _ in facts.installed)
        self.page.set_offers(facts.offers)
        self.known.emit()

    def _new_model(self, facts: ModelFacts) -> None:
        self._keep(facts)
        self.ready.emit()

    def show(self) -> None:
        """Show the models that can be had; what takes a look at this computer follows."""
        self.asked.emit()
        self._bridge.run_in_background(self._look, self._show_seen, lambda _: None)

    def _look(self) -> tuple[Sequence[Offer], dict[str, str], Sequence[FoundModel]]:
        offers = self._services.offers(measured=True)
        advice = {offer.id: self._services.memory_advice(offer.id) for offer in offers}
        return offers, advice, self._services.found_models()

    def _show_seen(self, seen: tuple[Sequence[Offer], dict[str, str], Sequence[FoundModel]]) -> None:
        offers, advice, found = seen
        self.page.set_offers(offers)
        self.page.set_seen(advice, found)

    def pull(self, model_id: str) -> None:
        """Fetch a model."""
        if self._download is not None:
            return
        self.page.set_running(True)
        job = Job()

        def report(p: Progress) -> None:
            self._bridge.post(lambda: self.page.show_progress(p))

        def work() -> ModelFacts:
            self._services.pull(model_id, report, job.cancel)
            return self._find_facts()

        def done(facts: ModelFacts) -> None:
            self._download = None
            self.page.set_running(False)
            self._new_model(facts)

        def failed(error: Exception) -> None:
            self._download = None
            self.page.show_error(self._complain(error))

        self._download = job
        self._bridge.run_in_background(work, done, failed, job=job)

    def cancel(self) -> None:
        """Stop the download; what is here is kept for the next time."""
        if self._download is not None:
            self._download.stop()
            self._download = None
        self.page.set_running(False)

    def open_hub(self) -> HubDialog:
        """Ask for a model of the hub that is not offered; what is added is fetched at once."""
        dialog = HubDialog(self.page)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        job = Job()

        def added(offer: Offer, offers: Sequence[Offer]) -> None:
            dialog.accept()
            self.page.set_offers(offers, choose=offer.id)
            self.pull(offer.id)

        def work(repository: str, file: str) -> tuple[Offer, Sequence[Offer]]:
            offer = self._services.add_from_hub(repository, file, job.cancel)
            return offer, self._services.offers()

        def ask(repository: str, file: str) -> None:
            self._bridge.run_in_background(
                lambda: work(repository, file),
                lambda found: added(*found),
                lambda error: dialog.show_error(self._complain(error)),
                job=job,
            )

        dialog.asked.connect(ask)
        dialog.rejected.connect(job.stop)
        dialog.open()
        return dialog

    def choose_file(self) -> None:
        """Let the user choose a GGUF file, or a packed model, as a USB stick carries it."""
        path, _ = QFileDialog.getOpenFileName(
            self.page, "Use a model's file", "", "Models (*.gguf *.mtpack);;All files (*)"
        )
        if path:
            self.use_file(path)

    def use_file(self, path: str) -> None:
        """Use a model file of the user's own, where it lies, or take in a packed one."""
        self._say("Checking the model file\u2026")

        def work() -> tuple[str, ModelFacts]:
            note = self._services.import_model(path)
            return note, self._find_facts()

        def failed(error: Exception) -> None:
            self.page.show_error(self._complain(error), of_download=False)

        def done(found: tuple[str, ModelFacts]) -> None:
            note, facts = found
            self._new_model(facts)
            if note:
                self._say(note)

        self._bridge.run_in_background(work, done, failed)
