"""A font whose kerning is read at its first use writes the same as one that has read it at once."""

from __future__ import annotations

from importlib.resources import files

import pytest
from ziafont import Font, gpos

from tutor_app.render.lazy_fonts import KerningTable, open_fonts_lazily

FILE = str(files("ziafont.fonts") / "DejaVuSans.ttf")


def test_kerning_is_read_when_it_is_used_and_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("AVATAR", "Tomorrow, Ty", "x+1", "")
    monkeypatch.setattr(gpos, "GposLookup", KerningTable.__mro__[1])
    at_once = Font(FILE)
    open_fonts_lazily()
    assert gpos.GposLookup is KerningTable
    lazy = Font(FILE)
    assert [lazy.getsize(w) for w in words[:3]] == [at_once.getsize(w) for w in words[:3]]
    assert lazy.getsize("AV")[0] < lazy.getsize("A")[0] + lazy.getsize("V")[0]
