"""Looking into the folders of other programs, laid out as those programs do."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.adapters.gguf_files import write_gguf
from tutor_app.adapters.models.other_apps import scan, usual_folders


def test_models_of_other_programs_are_found(tmp_path: Path) -> None:
    studio = tmp_path / ".lmstudio" / "models" / "someone" / "a-model"
    studio.mkdir(parents=True)
    write_gguf(studio / "a-model-q4.gguf")
    (studio / "readme.md").write_text("GGUF")
    (studio / "not-really.gguf").write_bytes(b"x" * 100)
    ollama = tmp_path / ".ollama" / "models"
    (ollama / "blobs").mkdir(parents=True)
    write_gguf(ollama / "blobs" / "sha256-abc", {"general.name": "x" * 100})
    (ollama / "blobs" / "sha256-def").write_bytes(b"{}")
    manifest = ollama / "manifests" / "r" / "library" / "thing"
    manifest.mkdir(parents=True)
    layers = [{"mediaType": "application/x.image.model", "digest": "sha256:abc"}]
    (manifest / "7b").write_text(json.dumps({"layers": layers}))
    (manifest / "broken").write_text("{")
    (manifest / "odd").write_text('{"layers": [3]}')
    found = scan(usual_folders(tmp_path, {}), least=0)
    assert [(m.app, m.name) for m in found] == [("LM Studio", "a-model-q4"), ("Ollama", "thing:7b")]
    assert all(m.bytes == m.path.stat().st_size for m in found)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_file_that_is_linked_twice_is_one_model(tmp_path: Path) -> None:
    hub = tmp_path / "hub" / "models--a--b"
    (hub / "blobs").mkdir(parents=True)
    write_gguf(hub / "blobs" / "1234")
    for revision in ("one", "two"):
        (hub / "snapshots" / revision).mkdir(parents=True)
        (hub / "snapshots" / revision / "m.gguf").symlink_to(hub / "blobs" / "1234")
    (hub / "snapshots" / "one" / "gone.gguf").symlink_to(hub / "blobs" / "none")
    folders = [f for f in usual_folders(tmp_path, {"HF_HUB_CACHE": str(tmp_path / "hub")}) if f[0] == "Hugging Face"]
    assert [m.path.name for m in scan(tuple(folders), least=0)] == ["m.gguf"]


def test_small_and_deep_files_and_missing_folders_are_passed_over(tmp_path: Path) -> None:
    write_gguf(tmp_path / "small.gguf")
    deep = tmp_path.joinpath(*"abcdefgh")
    deep.mkdir(parents=True)
    write_gguf(deep / "deep.gguf")
    folders = (("X", tmp_path), ("Y", tmp_path / "none"))
    assert scan(folders) == ()
    assert [m.path.name for m in scan(folders, least=0)] == ["small.gguf"]


def test_this_computer_can_be_scanned() -> None:
    assert all(os.path.isabs(folder) for _, folder in usual_folders())  # noqa: PTH117 - as the system sees it
    assert isinstance(scan(), tuple)
