from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tutor_app.core.errors import HostFault
from tutor_app.tutor import paths


def test_data_dir_holds_everything(tmp_path: Path) -> None:
    where = paths.folders(tmp_path / "mit Leerzeichen und Ümläuten")
    assert where.data == tmp_path / "mit Leerzeichen und Ümläuten"
    for folder in (where.config, where.cache, where.logs, where.models):
        assert folder.is_relative_to(where.data)
    assert not where.data.exists(), "asking for the folders must not make them"
    where.create()
    where.create()
    assert where.data.is_dir()
    assert where.config.is_dir()
    assert where.cache.is_dir()
    assert where.logs.is_dir()


def test_relative_and_home_are_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    assert paths.folders("here").data == tmp_path / "here"
    assert paths.folders("~/there").data == tmp_path / "home" / "there"
    assert paths.folders("~nobody-of-that-name/x").data == tmp_path / "~nobody-of-that-name" / "x"


@pytest.mark.skipif(sys.platform != "linux", reason="XDG variables are Linux's")
def test_usual_places_follow_the_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATA", "CONFIG", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    where = paths.folders()
    assert where.data == tmp_path / "DATA" / "mumath-tutor"
    assert where.config == tmp_path / "CONFIG" / "mumath-tutor"
    assert where.cache == tmp_path / "CACHE" / "mumath-tutor"
    assert where.logs.is_relative_to(tmp_path / "STATE" / "mumath-tutor")
    assert where.library.parent == where.data
    assert where.settings.parent == where.config


@pytest.mark.parametrize("name", ["file/below", "nul\0in it"])
def test_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(HostFault, match=r"cannot be made: .+\. Choose another"):
        paths.folders(os.fspath(tmp_path) + "/" + name).create()
