"""The page for a computer without a model: what can be fetched, and the download itself. It only emits signals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QSizePolicy,
    QWidget,
)

from tutor_app.core.values import FoundModel, Offer, Progress
from tutor_app.text.amounts import size_text, time_left
from tutor_app.ui.building import STRETCH, bare_scroll, column_of, in_the_middle, push_button, row_of, text_label

_MOST_FOUND: Final = 8
_SHOWN_AT_FIRST: Final = 3
"""Offers that are shown without asking: they come with the recommended ones first."""
_TO_BEGIN_WITH: Final = "Recommended to begin with."
_STRONGEST: Final = "The strongest that suits this computer."
_FIRST: Final = (
    "One download, then you are offline",
    "A language model does the thinking. It is fetched once and then runs on this computer; "
    "nothing you type ever leaves it.",
)
_ANOTHER: Final = (
    "Another model",
    "It is fetched once and then runs on this computer. Settings say which one answers.",
)
_STAGES: Final = {"connect": "Connecting", "download": "Downloading", "check": "Checking", "done": "Done"}


class FirstRunPage(QScrollArea):
    """Offers models and shows the download.

    Signals:
        pull_asked: The id of the model to fetch.
        cancel_asked: Stop the download.
        import_asked: Use a file of the user's own.
        hub_asked: Add a model of the hub that is not offered.
        found_chosen: The path of another program's model to use.
        close_asked: Go on with the model that is here.
    """

    pull_asked = Signal(str)
    cancel_asked = Signal()
    import_asked = Signal()
    hub_asked = Signal()
    found_chosen = Signal(str)
    close_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("startScroll")
        bare_scroll(self)
        self._offers: list[Offer] = []
        self._running = self._failed = self._by_user = False
        self._installed = frozenset[str]()
        self._advice: dict[str, QLabel] = {}
        inner = QWidget()
        inner.setObjectName("firstRun")
        column = QWidget()
        column.setMaximumWidth(808)  # with its margins, as wide as the box with the problem
        self.title = text_label(_FIRST[0], "title", wrap=True)
        self.subtitle = text_label(_FIRST[1], "subtitle", wrap=True)
        self.card = QFrame()
        self.card.setObjectName("card")
        self._choices = column_of(parent=self.card, margins=(20, 18, 20, 18), spacing=4)
        self.group = QButtonGroup(self)
        self.button = push_button("Download", "primary", name="Download the model")
        self.cancel = push_button("Cancel", name="Cancel the download")
        self.own = push_button("Use a model file I have\u2026", "flat")
        self.hub = push_button(
            "From hub\u2026",
            "flat",
            name="Add a model from the hub",
            tip="Any GGUF file of the hub: its repository and its name",
        )
        self.close_button = push_button("Close", name="Close the models")
        self.close_button.hide()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Download progress")
        self.bar.setRange(0, 1000)
        self.line = text_label("", "muted", name="Download state")
        self.error = text_label("", "error", wrap=True, name="What went wrong")
        self.error.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.error.setTextFormat(Qt.TextFormat.PlainText)
        self.found = QFrame()
        self.found.setObjectName("card")
        self._found_rows = column_of(parent=self.found, margins=(20, 14, 20, 14), spacing=4)
        self.found.hide()
        row = row_of(self.button, self.cancel, self.close_button, STRETCH, spacing=10)
        others = row_of(self.own, self.hub, STRETCH, spacing=10)
        column_of(
            self.title,
            self.subtitle,
            12,
            self.card,
            4,
            self.error,
            self.bar,
            self.line,
            row,
            others,
            14,
            self.found,
            STRETCH,
            parent=column,
            margins=(24, 22, 24, 24),
            spacing=10,
        )
        in_the_middle(inner, column)
        self.setWidget(inner)
        self.button.clicked.connect(self._pull)
        self.cancel.clicked.connect(self.cancel_asked)
        self.close_button.clicked.connect(self.close_asked)
        self.own.clicked.connect(self.import_asked)
        self.hub.clicked.connect(self.hub_asked)
        self.group.idToggled.connect(lambda *_: self._label())
        self.group.idClicked.connect(self._choose)
        self.set_running(False)

    def set_installed(self, ids: Iterable[str]) -> None:
        """Know which models are here already: they are not offered, and the page is for another one."""
        self._installed = frozenset(ids)
        for label, text in zip((self.title, self.subtitle), _ANOTHER if self._installed else _FIRST, strict=True):
            label.setText(text)
        self.close_button.setVisible(bool(self._installed) and not self._running)

    def set_offers(self, offers: Sequence[Offer], choose: str = "") -> None:
        """Offer these models, without those that are here.

        Args:
            offers: In the order to show them.
            choose: The id of the one to choose; by default the one that the user chose stays so, else the first one is.
        """
        offers = [offer for offer in offers if offer.id not in self._installed]
        if offers == self._offers and not choose:
            return
        chosen = self._chosen() if self._by_user else None
        wanted = choose or (chosen.id if chosen is not None else "")
        first = next((n for n, offer in enumerate(offers) if offer.id == wanted), 0)
        self._offers = offers
        self._advice = {}
        for button in self.group.buttons():
            self.group.removeButton(button)
        while (item := self._choices.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        more = QWidget(self.card)
        more_rows = column_of(parent=more, margins=(0, 0, 0, 0), spacing=4)
        for n, offer in enumerate(self._offers):
            radio = QRadioButton(offer.name)
            radio.setAccessibleName(f"{offer.name}, {size_text(offer.bytes)}, licence {offer.licence}")
            radio.setChecked(n == first)
            self.group.addButton(radio, n)
            here = offer.here or f"about {size_text(offer.ram_bytes)} of memory"
            facts = f"{size_text(offer.bytes)} download \u00b7 {here}"
            best = _STRONGEST if offer.recommended else ""
            remark = _TO_BEGIN_WITH if n == 0 and not self._installed else best
            lines = [remark, f"{facts} \u00b7 licence {offer.licence}", offer.note, offer.published]
            about = text_label("\n".join(filter(None, lines)), "muted", wrap=True)
            about.setContentsMargins(24, 0, 0, 0)
            advice = text_label("", "warning", wrap=True)
            advice.setContentsMargins(24, 0, 0, 0)
            advice.hide()
            self._advice[offer.id] = advice
            rows = self._choices if n < _SHOWN_AT_FIRST else more_rows
            if n:
                rows.addSpacing(10)
            rows.addWidget(radio)
            rows.addWidget(about)
            rows.addWidget(advice)
        count = len(self._offers) - _SHOWN_AT_FIRST
        if count > 0:
            self._choices.addWidget(self._fold(more, count, is_open=first >= _SHOWN_AT_FIRST))
            self._choices.addWidget(more)
        else:
            more.deleteLater()
        self._label()

    def _choose(self) -> None:
        self._by_user = True

    @staticmethod
    def _fold(more: QWidget, count: int, *, is_open: bool) -> QPushButton:
        """The button that shows the offers behind the first ones."""
        button = push_button(f"More models ({count})", "flat", name=f"More models, {count}", checkable=True)
        button.setChecked(is_open)
        more.setVisible(is_open)
        button.toggled.connect(more.setVisible)
        return button

    def _pull(self) -> None:
        offer = self._chosen()
        if offer is not None:
            self.pull_asked.emit(offer.id)

    def _chosen(self) -> Offer | None:
        n = self.group.checkedId()
        return self._offers[n] if 0 <= n < len(self._offers) else None

    def _label(self) -> None:
        offer = self._chosen()
        verb = "Try again" if self._failed else "Download"
        self.button.setText(f"{verb} ({size_text(offer.bytes)})" if offer else verb)
        self.button.setEnabled(offer is not None)

    def set_seen(self, advice: Mapping[str, str], found: Sequence[FoundModel]) -> None:
        """Show what was found on this computer.

        Args:
            advice: For each offer, a sentence if there is too little memory for it now, else nothing.
            found: Models of other programs.
        """
        for model_id, label in self._advice.items():
            label.setText(advice.get(model_id, ""))
            label.setVisible(bool(label.text()))
        while (item := self._found_rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        if found:
            title = text_label("Already on this computer", "offerName")
            about = text_label(
                "Models of other programs, used where they lie: nothing is copied or fetched.", "muted", wrap=True
            )
            self._found_rows.addWidget(title)
            self._found_rows.addWidget(about)
        for model in found[:_MOST_FOUND]:
            self._found_rows.addWidget(self._found_row(model))
        self.found.setVisible(bool(found))

    def _found_row(self, model: FoundModel) -> QWidget:
        widget = QWidget()
        row = QHBoxLayout(widget)
        row.setContentsMargins(0, 4, 0, 0)
        label = text_label(f"{model.name}  \u00b7  {size_text(model.bytes)}  \u00b7  {model.app}", plain=True)
        label.setToolTip(str(model.path))
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        use = push_button("Use", name=f"Use {model.name} of {model.app}")
        use.clicked.connect(lambda: self.found_chosen.emit(str(model.path)))
        row.addWidget(label, 1)
        row.addWidget(use)
        return widget

    def set_running(self, running: bool) -> None:
        """Show the download or the choice."""
        self._running = running
        if running:
            self.error.setText("")
            self._failed = False
        for widget in (self.bar, self.line, self.cancel):
            widget.setVisible(running)
        for widget in (self.button, self.own, self.hub):
            widget.setVisible(not running)
        self.close_button.setVisible(bool(self._installed) and not running)
        self.card.setEnabled(not running)
        self.found.setEnabled(not running)
        self.error.setVisible(bool(self.error.text()))
        self._label()

    def show_progress(self, p: Progress) -> None:
        """Show how far the download is."""
        if not self._running:
            return
        self.bar.setRange(0, 1000 if p.total else 0)
        self.bar.setValue(round(1000 * p.done / p.total) if p.total else 0)
        parts = [_STAGES.get(p.stage, p.stage)]
        if p.total and p.done:
            parts.append(f"{size_text(p.done)} of {size_text(p.total)}")
        if p.bytes_per_second:
            parts.append(f"{size_text(p.bytes_per_second)}/s")
        if p.seconds_left is not None and p.stage == "download":
            parts.append(f"{time_left(p.seconds_left)} left")
        self.line.setText(" \u00b7 ".join(parts))

    def show_error(self, sentence: str, *, of_download: bool = True) -> None:
        """Say why it failed, in sight; after a download the button tries again."""
        self.error.setText(sentence)
        self._failed = of_download and bool(sentence)
        self.set_running(False)
        if sentence:
            QTimer.singleShot(0, self, lambda: self.ensureWidgetVisible(self.own))  # once its lines have their room
