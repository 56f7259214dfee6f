"""What ``tutor doctor`` says of models, without looking at the rest of this computer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tiny_gguf import write_model
from tutor_app.commands import doctor
from tutor_app.tutor import models
from tutor_app.tutor.models import model_store
from tutor_app.tutor.paths import Folders


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    """Folders of a user whose home is empty."""
    for name in ("HOME", "USERPROFILE", "LOCALAPPDATA", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    for name in ("HF_HOME", "HF_HUB_CACHE", "OLLAMA_MODELS"):
        monkeypatch.delenv(name, raising=False)
    folders = Folders.under(tmp_path / "data")
    folders.create()
    return folders


def other_model(tmp_path: Path) -> Path:
    """A file as another program would keep it; larger than a test, but sparse."""
    path = tmp_path / "home" / ".lmstudio" / "models" / "someone" / "thing" / "thing-q4.gguf"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.write(b"GGUF")
        file.truncate(11 * 2**20)
    return path


def test_models_of_other_programs_are_named_with_what_to_type(where: Folders, tmp_path: Path) -> None:
    path = other_model(tmp_path)
    told = [f.text for f in doctor.examine_models(where) if f.name == "other models"]
    assert len(told) == 1
    assert told[0].startswith("thing-q4, 11.5 MB, of LM Studio")
    assert told[0].endswith(f"tutor models import {path}")
    assert [m.path for m in models.unused_models(model_store(where))] == [path]


def test_a_model_that_does_not_fit_is_told_before_it_is_loaded(
    where: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = model_store(where)
    model = store.import_(write_model(tmp_path / "tiny.gguf"))
    assert not [f for f in doctor.examine_models(where) if "of memory" in f.text]
    monkeypatch.setattr(models, "free_memory", lambda: 1000)
    (told,) = [f.text for f in doctor.examine_models(where) if "of memory" in f.text]
    assert "1 kB are free" in told
    assert models.advise_on_memory(store, model.id, 4096) == told
    for entry in store.entries():
        advice = models.advise_on_memory(store, entry.id, 4096)
        assert advice.startswith(f"{entry.name} needs about")
    assert models.advise_on_memory(store, "no such model", 4096) == ""


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    told = {f.name: f for f in doctor.writable_folders(Folders.under(tmp_path / "taken" / "data"))}
    assert not any(told[f"{name} folder"].ok for name in ("data", "settings", "cache"))
    assert told["data folder"].text.endswith("cannot be written; use --data-dir")
    there = doctor.writable_folders(Folders.under(tmp_path / "new" / "data"))
    assert all(f.ok for f in there if f.name.endswith("folder"))
