"""The line at the foot of the window: what happens now, and with what. Draws plain data."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from tutor_app.core.confinement import Confinement
from tutor_app.core.events import Usage
from tutor_app.render.theme import Theme
from tutor_app.text.amounts import duration
from tutor_app.ui.building import push_button, row_of, text_label
from tutor_app.ui.icons import icon

_SIGNS = {True: "\u2713", False: "\u2013"}


class ElidedLabel(QLabel):
    """One line of plain text, with an ellipsis where there is no room for all of it; then the whole is its tool tip."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    @property
    def shown(self) -> str:
        """The text as it can be seen."""
        line = " ".join(self.text().split())
        return self.fontMetrics().elidedText(line, Qt.TextElideMode.ElideRight, self.contentsRect().width())

    def setText(self, text: str) -> None:
        """Show another text."""
        super().setText(text)
        self._tell_whole()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width has room for more or less."""
        super().resizeEvent(event)
        self._tell_whole()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what there is room for."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.contentsRect(), self.alignment(), self.shown)
        painter.end()

    def _tell_whole(self) -> None:
        self.setToolTip(self.text() if self.shown != self.text() else "")


class StatusLine(QWidget):
    """State on the left; model, device, speed and time on the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusLine")
        self.setAccessibleName("Status")
        self.state = ElidedLabel("Ready")
        self.state.setAccessibleName("State")
        self.numbers = text_label(name="Speed and time")
        self.model = text_label(name="Model and device")
        self.confined = push_button("", "badge", name="How code is confined")
        self.confined.setCursor(Qt.CursorShape.PointingHandCursor)
        self.confined.hide()
        self.log_button = push_button("Show the log", "badge")
        self.log_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.log_button.hide()
        self._has_confinement = False
        row_of(
            (self.state, 1),
            self.log_button,
            self.numbers,
            self.model,
            self.confined,
            parent=self,
            margins=(20, 5, 20, 6),
            spacing=20,
        )
        self._started = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(500)
        self._timer.timeout.connect(self._tick)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window what happens now matters more than with what."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Leave out, one after the other, what matters less than the state being readable."""
        self.confined.setVisible(self._has_confinement and self.width() >= 420)
        wanted = self.fontMetrics().horizontalAdvance(self.state.text()) + 80
        beside = self.log_button.sizeHint().width() + 20 if self.log_button.isVisibleTo(self) else 0
        room = self.width() - beside - (self.confined.sizeHint().width() + 20 if self._has_confinement else 0)
        numbers, model = (label.sizeHint().width() + 20 for label in (self.numbers, self.model))
        self.numbers.setVisible(wanted + numbers <= room)
        self.model.setVisible(self.width() >= 700 and wanted + numbers + model <= room)

    def say(self, text: str, *, with_log: bool = False) -> None:
        """Show what happens now; ``with_log`` adds a button that opens the log."""
        self.state.setText(text)
        self.log_button.setVisible(with_log)
        self._fit()

    def set_model(self, name: str, device: str) -> None:
        """Show what answers, and where it runs."""
        self.model.setText(" \u00b7 ".join(t for t in (name, device) if t))

    def set_confinement(self, confinement: Confinement, theme: Theme) -> None:
        """Show how the code that a model writes is confined; a click asks for the details."""
        whole = not confinement.missing
        self._has_confinement = True
        self.confined.setText("Code confined" if whole else "Code partly confined")
        self.confined.setIcon(icon("shield" if whole else "shield-part", theme.good if whole else theme.warn))
        self.confined.setAccessibleName(self.confined.text())
        self.confined.setAccessibleDescription(confinement.sentence)
        kept = "\n".join(f"{_SIGNS[p.held]}  {p.name}" for p in confinement.promises)
        self.confined.setToolTip(f"{confinement.sentence}\n\n{kept}")
        self.confined.setVisible(self.width() >= 420)

    def start(self) -> None:
        """Start counting the time."""
        self._started = time.monotonic()
        self._timer.start()
        self._tick()

    def stop(self, usage: Usage | None) -> None:
        """Stop counting; show what it cost."""
        self._timer.stop()
        if usage is None:
            return
        parts = []
        if usage.generated_tokens:
            parts.append(usage.tokens_text)
        if usage.tokens_per_second:
            parts.append(f"{usage.tokens_per_second:.1f} tokens/s")
        parts.append(duration(usage.seconds))
        self.numbers.setText(" \u00b7 ".join(parts))

    def _tick(self) -> None:
        self.numbers.setText(duration(time.monotonic() - self._started, whole=True))
