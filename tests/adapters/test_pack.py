import errno
import hashlib
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.gguf_files import gguf_bytes, write_gguf
from tutor_app.adapters.models.pack import pack, take_in, unpack
from tutor_app.adapters.models.store import ModelStore
from tutor_app.core.errors import ModelFileFault, ModelStoreFault, UserFault

CONTENT = gguf_bytes(tail=bytes(range(256)) * 100)


def store(folder: Path, *, known: bool = False) -> ModelStore:
    """A store whose catalogue is empty, or knows the model, from a source that cannot be reached."""
    folder.mkdir(exist_ok=True)
    catalogue = folder / "catalogue.json"
    entry = {"id": "tiny-model", "name": "Tiny Model", "file": "tiny.gguf", "licence": "MIT", "bytes": len(CONTENT)}
    entry |= {"sha256": hashlib.sha256(CONTENT).hexdigest(), "context": 512, "dialect": "chatml", "ram_bytes": 10**6}
    entry |= {"roles": [], "sources": [{"kind": "hub", "url": "http://127.0.0.1:9/none.gguf"}]}
    catalogue.write_text(json.dumps({"version": 1, "models": [entry] if known else []}))
    return ModelStore(folder / "models", catalogue)


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    here = store(tmp_path / "here")
    (tmp_path / "own.gguf").write_bytes(CONTENT)
    model = here.import_(tmp_path / "own.gguf", "My Model")
    return pack(here, model.id, tmp_path)


def test_a_model_of_ones_own_travels(packed: Path, tmp_path: Path) -> None:
    there = store(tmp_path / "there")
    model = unpack(there, packed)
    assert (model.name, model.path) == ("My Model", tmp_path / "there" / "models" / "own.gguf")
    assert model.path.read_bytes() == CONTENT
    assert [m.name for m in there.installed() if not m.problem] == ["My Model"]
    assert unpack(there, packed).id == model.id, "a second time nothing changes"
    assert [p.name for p in (tmp_path / "there" / "models").glob("*.part")] == []


def test_a_model_of_the_list_is_installed_as_such_without_network(packed: Path, tmp_path: Path) -> None:
    there = store(tmp_path / "there", known=True)
    model = unpack(there, packed)
    assert (model.id, model.name, model.by_reference) == ("tiny-model", "Tiny Model", False)
    assert model.path.name == "tiny.gguf"
    assert there.verify("tiny-model").sha256 == hashlib.sha256(CONTENT).hexdigest()


def rewritten(packed: Path, change: Callable[[dict[str, Any], dict[str, bytes]], None]) -> Path:
    """The same file with something changed in it."""
    with zipfile.ZipFile(packed) as archive:
        about = json.loads(archive.read("model.json"))
        files = {name: archive.read(name) for name in archive.namelist() if name != "model.json"}
    change(about, files)
    file = packed.with_name("changed.mtpack")
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("model.json", json.dumps(about))
        for name, data in files.items():
            archive.writestr(name, data)
    return file


def renamed(name: str) -> Callable[[dict[str, Any], dict[str, bytes]], None]:
    def change(about: dict[str, Any], files: dict[str, bytes]) -> None:
        about["files"][0]["file"] = name
        files[name] = files.pop("own.gguf")

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (renamed("../out.gguf"), "is no packed model"),
        (renamed("/tmp/out.gguf"), "is no packed model"),
        (renamed("a.exe"), "is no packed model"),
        (renamed("..gguf"), "is no packed model"),
        (renamed("con.gguf"), "is no packed model"),
        (lambda about, files: about.update(format=2), "by a later version"),
        (lambda about, files: about.update(format="1"), "is no packed model"),
        (lambda about, files: about.update(format=0), "is no packed model"),
        (lambda about, files: about.update(files=[]), "is no packed model"),
        (lambda about, files: about.pop("name"), "is no packed model"),
        (lambda about, files: files.clear(), "is no packed model"),
        (
            lambda about, files: files.update({"own.gguf": CONTENT[:-1] + b"x"}),
            "own.gguf in the packed model is damaged",
        ),
        (lambda about, files: files.update({"own.gguf": CONTENT[:-9]}), "is no packed model"),
    ],
)
def test_what_is_not_as_told_is_not_taken(
    change: Callable[[dict[str, Any], dict[str, bytes]], None], sentence: str, packed: Path, tmp_path: Path
) -> None:
    there = store(tmp_path / "there")
    with pytest.raises(ModelFileFault, match=sentence):
        unpack(there, rewritten(packed, change))
    assert there.installed() == ()
    assert list((tmp_path / "there").rglob("*.gguf")) == []


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 no more"])
def test_a_file_that_is_no_packed_model(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "x.mtpack"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ModelFileFault, match=r"x\.mtpack (is no packed model|cannot be read)"):
        unpack(store(tmp_path / "there"), file)


def test_another_file_of_that_name_is_left_alone(packed: Path, tmp_path: Path) -> None:
    there = store(tmp_path / "there")
    there.folder.mkdir()
    write_gguf(there.folder / "own.gguf")
    before = (there.folder / "own.gguf").read_bytes()
    with pytest.raises(ModelFileFault, match="There is another file"):
        unpack(there, packed)
    assert (there.folder / "own.gguf").read_bytes() == before


def test_what_is_not_installed_is_not_packed(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match='There is no model "nothing"'):
        pack(store(tmp_path / "here"), "nothing", tmp_path)


def test_a_sum_in_capitals_is_the_same_sum(packed: Path, tmp_path: Path) -> None:
    def shout(about: dict[str, Any], files: dict[str, bytes]) -> None:
        about["files"][0]["sha256"] = about["files"][0]["sha256"].upper()

    assert unpack(store(tmp_path / "there"), rewritten(packed, shout)).path.read_bytes() == CONTENT


def test_what_cannot_be_used_leaves_nothing_in_the_way_of_a_good_copy(packed: Path, tmp_path: Path) -> None:
    junk = b"no model, though its sum is right" * 9

    def spoil(about: dict[str, Any], files: dict[str, bytes]) -> None:
        files["own.gguf"] = junk
        about["files"][0] |= {"bytes": len(junk), "sha256": hashlib.sha256(junk).hexdigest()}

    there = store(tmp_path / "there")
    with pytest.raises(ModelFileFault, match="is not a GGUF model"):
        unpack(there, rewritten(packed, spoil))
    assert list(there.folder.glob("own*")) == []
    assert unpack(there, packed).path.read_bytes() == CONTENT


def test_what_was_there_before_stays_where_another_file_cannot_be_used(packed: Path, tmp_path: Path) -> None:
    there = store(tmp_path / "there")
    unpack(there, packed)

    def more(about: dict[str, Any], files: dict[str, bytes]) -> None:
        about["files"].append(about["files"][0] | {"file": "more.gguf", "sha256": "0" * 64})
        files["more.gguf"] = CONTENT

    with pytest.raises(ModelFileFault, match=r"more\.gguf in the packed model is damaged"):
        unpack(there, rewritten(packed, more))
    assert [path.name for path in there.folder.glob("*.gguf")] == ["own.gguf"]


def test_what_an_unpacking_that_was_killed_left_is_written_over(packed: Path, tmp_path: Path) -> None:
    there = store(tmp_path / "there")
    there.folder.mkdir()
    (there.folder / "own.gguf.unpacked").write_bytes(CONTENT[:50])
    unpack(there, packed)
    assert sorted(path.name for path in there.folder.iterdir()) == ["installed.json", "own.gguf"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mtpack")
    for name in ("pipe.mtpack", ""):
        with pytest.raises(ModelFileFault, match=r"is no file\. Name the packed model itself, which ends in \.mtpack"):
            unpack(store(tmp_path / "there"), tmp_path / name)


def test_a_model_that_is_not_packed_is_told_apart(packed: Path, tmp_path: Path) -> None:
    there = store(tmp_path / "there")
    with pytest.raises(
        ModelFileFault, match=r"is a model that is not packed\. Use it where it lies: tutor models import"
    ):
        unpack(there, tmp_path / "own.gguf")
    assert take_in(there, tmp_path / "own.gguf").path == tmp_path / "own.gguf"
    assert take_in(store(tmp_path / "other"), packed).path == tmp_path / "other" / "models" / "own.gguf"


@pytest.mark.parametrize("name", ["own.gguf", "notes.txt", "pipe"])
def test_nothing_but_a_packed_model_is_written_over(name: str, packed: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "pipe").symlink_to(os.devnull)
    with pytest.raises(UserFault, match=r"is there already, and is no packed model\. Name another file"):
        pack(store(tmp_path / "here"), "My Model", tmp_path / name)
    assert (tmp_path / "own.gguf").read_bytes() == CONTENT
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert pack(store(tmp_path / "here"), "My Model", packed) == packed, "a packed one is"


def test_a_packing_that_is_stopped_leaves_nothing(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(zipfile.ZipFile, "write", stop)
    with pytest.raises(KeyboardInterrupt):
        pack(store(tmp_path / "here"), "My Model", tmp_path / "other.mtpack")
    assert list(tmp_path.glob("other*")) == []


def test_a_stick_that_takes_no_large_files_is_told_as_such(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(*_: object, **__: object) -> None:
        raise OSError(errno.EFBIG, "File too large")

    monkeypatch.setattr(zipfile.ZipFile, "write", too_large)
    with pytest.raises(
        ModelStoreFault, match=r"does not take files this large.*on another with -o, or format a stick as"
    ):
        pack(store(tmp_path / "here"), "My Model", tmp_path / "other.mtpack")
