"""The limits that the operating system puts on the model's code, and what enforces them: a badge and a dialog."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QLabel,
    QScrollArea,
    QWidget,
)

from tutor_app.core.confinement import Confinement
from tutor_app.render.theme import Theme
from tutor_app.ui.bridge import Bridge
from tutor_app.ui.building import bare_scroll, column_of, text_label
from tutor_app.ui.dialog_buttons import close_row
from tutor_app.ui.placing import fit_dialog
from tutor_app.ui.services import Services
from tutor_app.ui.status_line import StatusLine


class ConfinementDialog(QDialog):
    """Every limit: whether it holds, and what keeps it."""

    def __init__(self, confinement: Confinement, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("How code is confined")
        fit_dialog(self, 560, 520)
        sentence = text_label(confinement.sentence, "offerName", wrap=True)
        about = text_label(
            "A language model writes the code, so it runs in a process of its own, which was tried on this computer "
            "when it started. If a limit is missing, Settings can refuse to run code instead.",
            "muted",
            wrap=True,
        )
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setContentsMargins(0, 4, 8, 4)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(9)
        grid.setColumnStretch(1, 3)
        grid.setColumnStretch(2, 2)
        for row, p in enumerate(confinement.promises):
            lacking = p.name in confinement.missing
            sign = QLabel("\u2713" if p.held else "\u2715" if lacking else "\u2013")
            sign.setStyleSheet(f"color: {theme.good if p.held else theme.bad if lacking else theme.muted}")
            sign.setAccessibleName("holds" if p.held else "does not hold")
            name, how = QLabel(p.name), QLabel(p.how)
            how.setObjectName("muted")
            for label in (name, how):
                label.setWordWrap(True)
                label.setTextFormat(Qt.TextFormat.PlainText)
            for column, label in enumerate((sign, name, how)):
                grid.addWidget(label, row, column, Qt.AlignmentFlag.AlignTop)
        grid.setRowStretch(len(confinement.promises), 1)
        scroll = QScrollArea()
        scroll.setWidget(inner)
        bare_scroll(scroll)
        column_of(sentence, about, (scroll, 1), close_row(self), parent=self, margins=(28, 24, 28, 20), spacing=12)
        limits = "; ".join(f"{p.name}: {'holds' if p.held else 'does not hold'}, {p.how}" for p in confinement.promises)
        self.setAccessibleDescription(f"{confinement.sentence} {limits}")


class ConfinementController(QObject):
    """Learns how code is confined here, says so in the status line, and shows the details when asked.

    Args:
        window: Parent of the dialog.
        bridge: Runs what takes time.
        services: Know.
        status: Shows it in two words.
        theme: Colours.
        complain: Tells the user what went wrong.
    """

    def __init__(
        self,
        window: QWidget,
        bridge: Bridge,
        services: Services,
        status: StatusLine,
        theme: Theme,
        complain: Callable[[Exception], object],
    ) -> None:
        super().__init__(window)
        self._window, self._bridge, self._services, self._status = window, bridge, services, status
        self._theme, self._complain = theme, complain
        self._known: Confinement | None = None
        status.confined.clicked.connect(self.show)

    def look(self) -> None:
        """Learn what holds on this computer where code runs; nothing is said if that fails."""
        self._bridge.run_in_background(self._services.confinement, self._keep, lambda _: None)

    def _keep(self, confinement: Confinement) -> None:
        self._known = confinement
        self._status.set_confinement(confinement, self._theme)

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        if self._known is not None:
            self._keep(self._known)

    def show(self) -> None:
        """Show what the model's code is kept from doing here."""
        if self._known is not None:
            self._show(self._known)
        else:
            self._bridge.run_in_background(self._services.confinement, self._show, self._complain)

    def _show(self, confinement: Confinement) -> None:
        dialog = ConfinementDialog(confinement, self._theme, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
