"""A home that cannot be written: the program goes on in a temporary folder, with what the home holds."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.export.solutions import VALUE
from tutor_app.adapters.library import Library
from tutor_app.core.errors import HostFault
from tutor_app.core.settings import Settings
from tutor_app.tutor import settings_file
from tutor_app.tutor.models import model_store
from tutor_app.tutor.paths import Folders, with_stand_ins


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def in_the_way(path: Path) -> Path:
    """A path at which no folder can be made, whoever asks: root may write in folders that are read-only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a file")
    return path / "folder"


def test_folders_that_can_be_written_stay_what_they_are(tmp_path: Path, temporary: Path) -> None:
    wanted = Folders.under(tmp_path / "data")
    assert with_stand_ins(wanted) == (wanted, "")
    assert wanted.data.is_dir()
    assert list(wanted.data.glob("*.tmp")) == []
    assert list(temporary.iterdir()) == []


def test_a_home_that_cannot_be_written_is_replaced_and_told_in_a_sentence(tmp_path: Path, temporary: Path) -> None:
    wanted = Folders.under(in_the_way(tmp_path / "home"))
    found, sentence = with_stand_ins(wanted)
    for folder in (found.data, found.config, found.cache, found.logs):
        assert folder.is_dir()
        assert temporary in folder.parents
    assert sentence == (
        f"{wanted.data} cannot be written (Not a directory), so solutions of now are kept in {found.data} only; "
        "choose another folder with --data-dir."
    )
    with Library(found.library) as library:
        library.create(VALUE)


def test_what_is_there_can_be_used_and_is_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = Folders.under(tmp_path / "home")
    wanted.create()
    wanted.models.mkdir()
    (wanted.models / "a.gguf").write_bytes(b"GGUF")
    settings_file.save(wanted.settings, Settings(zoom=120))
    wanted.server_key.write_text("the key that a class has")
    with Library(wanted.library) as library:
        key = library.create(VALUE)
    real = tempfile.TemporaryFile

    def refused(dir: Path) -> object:
        if tmp_path / "home" in (dir, *dir.parents):
            raise OSError(30, "Read-only file system")
        return real(dir=dir)

    monkeypatch.setattr(tempfile, "TemporaryFile", refused)
    before = wanted.library.read_bytes()
    found, sentence = with_stand_ins(wanted)
    assert "(Read-only file system)" in sentence
    assert (found.models / "a.gguf").read_bytes() == b"GGUF"
    assert model_store(found).installed() is not None
    assert settings_file.load(found.settings)[0].zoom == 120
    assert found.server_key.read_text() == "the key that a class has"
    with Library(found.library) as library:
        assert library.get(key) == VALUE
        library.create(VALUE)
    assert wanted.library.read_bytes() == before


def test_only_the_folder_that_is_bad_is_replaced(tmp_path: Path) -> None:
    good = Folders.under(tmp_path / "data")
    wanted = Folders(good.data, in_the_way(tmp_path / "settings"), good.cache, good.logs)
    found, sentence = with_stand_ins(wanted)
    assert (found.data, found.cache, found.logs) == (good.data, good.cache, good.logs)
    assert sentence == f"{wanted.config} cannot be written (Not a directory), so changes of it end with this session."


def test_no_place_at_all_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(in_the_way(tmp_path / "no place")))
    with pytest.raises(HostFault, match="Choose a folder with --data-dir"):
        with_stand_ins(Folders.under(in_the_way(tmp_path / "home")))
