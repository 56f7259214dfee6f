"""The line at the foot of the window: what happens now, and with what. Draws plain data."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from tutor_app.core.events import Usage


class StatusLine(QWidget):
    """State on the left; model, device, speed and time on the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusLine")
        self.setAccessibleName("Status")
        self.state = QLabel("Ready")
        self.state.setAccessibleName("State")
        self.state.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.numbers = QLabel("")
        self.numbers.setAccessibleName("Speed and time")
        self.model = QLabel("")
        self.model.setAccessibleName("Model and device")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(20, 5, 20, 6)
        layout.setSpacing(20)
        layout.addWidget(self.state, 1)
        layout.addWidget(self.numbers)
        layout.addWidget(self.model)
        self._started = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(500)
        self._timer.timeout.connect(self._tick)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window what happens now matters more than with what."""
        self.model.setVisible(self.width() >= 700)
        super().resizeEvent(event)

    def say(self, text: str) -> None:
        """Show what happens now."""
        self.state.setText(text)
        self.state.setToolTip(text if len(text) > 60 else "")

    def set_model(self, name: str, device: str) -> None:
        """Show what answers, and where it runs."""
        self.model.setText(" \u00b7 ".join(t for t in (name, device) if t))

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
            parts.append(f"{usage.generated_tokens} tokens")
        if usage.tokens_per_second:
            parts.append(f"{usage.tokens_per_second:.1f} tokens/s")
        parts.append(duration(usage.seconds))
        self.numbers.setText(" \u00b7 ".join(parts))

    def _tick(self) -> None:
        self.numbers.setText(duration(time.monotonic() - self._started, whole=True))


def duration(seconds: float, whole: bool = False) -> str:
    """``4.2 s``, ``1 min 07 s``."""
    if seconds < 60:
        return f"{seconds:.0f} s" if whole else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def size_text(count: float) -> str:
    """Bytes in the unit a reader expects: ``398 MB``."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
