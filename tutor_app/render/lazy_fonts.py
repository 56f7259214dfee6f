"""Lets the mathematics font be opened without its kerning, which few formulas need: 3 MB and 20 ms at a start."""

from __future__ import annotations

from typing import Any

from ziafont import gpos


class KerningTable(gpos.GposLookup):  # type: ignore[misc]
    """A table of ziafont that is read at its first use; everything else about it is ziafont's."""

    def __init__(self, ofst: int, fontfile: Any) -> None:
        self._place = (ofst, fontfile)

    def __getattr__(self, name: str) -> Any:
        """Called for what is not there, at first everything."""
        place = self.__dict__.pop("_place", None)
        if place is None:
            raise AttributeError(name)
        super().__init__(*place)
        return getattr(self, name)


def open_fonts_lazily() -> None:
    """Call it before the first import of ``ziamath``, which opens its font."""
    gpos.GposLookup = KerningTable
