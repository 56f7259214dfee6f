from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tutor_app import resources
from tutor_app.core.errors import HostFault


def test_resources_of_the_checkout() -> None:
    assert (resources.resources() / "problems").is_dir()
    names = resources.resource_names("problems", ".json")
    assert names
    assert names == tuple(sorted(names))
    assert resources.resource_text(names[0]).lstrip().startswith("[")


@pytest.mark.parametrize("name", ["problems/none.json", "../pyproject.toml", "/etc/passwd", "problems/../.."])
def test_missing_resource_and_escape(name: str) -> None:
    with pytest.raises(HostFault, match="is missing"):
        resources.resource(name)


def test_frozen_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "resources").mkdir()
    (tmp_path / "resources" / "x.txt").write_text("é", encoding="utf-8")
    (tmp_path / "resources" / "bad.txt").write_bytes(b"\xff")
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    resources.resources.cache_clear()
    try:
        assert resources.resource_text("x.txt") == "é"
        with pytest.raises(HostFault, match="cannot be read"):
            resources.resource_text("bad.txt")
        monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path / "elsewhere"))
        resources.resources.cache_clear()
        with pytest.raises(HostFault, match="Install the program again"):
            resources.resources()
    finally:
        resources.resources.cache_clear()
