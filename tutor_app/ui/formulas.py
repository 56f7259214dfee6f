"""The formulas of a window: from the cache at once, else typeset in the background and announced.

Refuses to wait: :meth:`Formulas.get` always answers immediately.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, Signal

from tutor_app.render.typeset import Formula, FormulaCache, typeset
from tutor_app.ui.bridge import Bridge
from tutor_app.ui.building import once

_GATHER_MS: Final = 12


class Formulas(QObject):
    """Formulas by source.

    Signals:
        ready: A list of (source, display) pairs that :meth:`get` now answers.
    """

    ready = Signal(list)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.cache = FormulaCache()
        self._bridge = bridge
        self._asked: set[tuple[str, bool]] = set()
        self._arrived: list[tuple[str, bool]] = []
        # Formulas come one by one; announcing them in small groups saves a layout for each.
        self._timer = once(self, _GATHER_MS, self._announce)

    @property
    def pending(self) -> int:
        """How many are being made, or are made and not announced yet."""
        return len(self._asked) + len(self._arrived)

    def get(self, source: str, display: bool) -> Formula | None:
        """The formula, or None if it is being made and will be announced."""
        formula = self.cache.get(source, display)
        key = (source, display)
        if formula is None and key not in self._asked:
            self._asked.add(key)
            self._bridge.queue_typesetting(lambda: typeset(source, display), self._made)
        return formula

    def _made(self, formula: Formula) -> None:
        self.cache.put(formula)
        key = (formula.source, formula.display)
        self._asked.discard(key)
        self._arrived.append(key)
        if not self._timer.isActive():
            self._timer.start()

    def _announce(self) -> None:
        keys, self._arrived = self._arrived, []
        self.ready.emit(keys)
