"""A model as one file that a USB stick can carry to a computer without network: the weights, and what is known of them.

The file is a ZIP without compression, as weights do not shrink: ``model.json`` (name, licence, wire form, and of each
file its length and SHA-256), then the GGUF files. What is unpacked is verified before it is used, and nothing is
written outside the store's folder. An adapter is not packed: it is useless without its model.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final

from tutor_app.adapters.models.installed import InstalledModel
from tutor_app.adapters.models.split import part_paths
from tutor_app.adapters.models.store import ModelStore
from tutor_app.adapters.models.transfer import BLOCK, disk_fault, locked
from tutor_app.core.errors import ModelFileFault, ModelStoreFault, UserFault
from tutor_app.text.amounts import size_text

SUFFIX: Final = ".mtpack"
ABOUT: Final = "model.json"
FORMAT: Final = 1
_NAME: Final = re.compile(r"(?!(?:con|prn|aux|nul|com\d|lpt\d)\.)\w[\w.+-]{0,200}\.gguf", re.ASCII | re.IGNORECASE)
"""Of a file in it: no folder, nothing hidden, no name that Windows keeps for a device."""
_LONGEST_ABOUT: Final = 100_000


def pack(store: ModelStore, name: str, target: Path) -> Path:
    """Write an installed model into a file.

    Args:
        store: Of the user's models.
        name: See :meth:`ModelStore.find`.
        target: The file, or a folder for it.

    Returns:
        The file that was written.

    Raises:
        UserFault: If there is no such model, it is an adapter, or what is at ``target`` is not to be written over.
        ModelFileFault: If its file is damaged.
        ModelStoreFault: If the file cannot be written.
    """
    model = store.verify(name)
    if model.base is not None:
        raise UserFault(f"{model.name} is an adapter, which needs its model.", "Pack the model itself.")
    entry = next((e for e in store.entries() if e.id == model.id), None)
    file = target / f"{model.id}{SUFFIX}" if target.is_dir() else target
    if file.exists() and not (file.is_file() and file.suffix.lower() == SUFFIX):
        raise UserFault(
            f"{file} is there already, and is no packed model.", f"Name another file that ends in {SUFFIX}."
        )
    part = file.with_name(f"{file.name}.part")
    about: dict[str, Any] = {"format": FORMAT, "id": model.id, "name": model.name, "dialect": model.dialect}
    about["licence"] = entry.licence if entry is not None else ""
    paths = part_paths(model.path) or (model.path,)
    try:
        about["files"] = [{"file": p.name, "bytes": p.stat().st_size, "sha256": _hash(p)} for p in paths]
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(ABOUT, json.dumps(about, indent=1, ensure_ascii=False))
            for path in paths:
                archive.write(path, path.name)
        part.replace(file)
    except OSError as e:
        raise disk_fault(e, file, "-o") from None
    finally:  # also where the user ends it
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return file


def unpack(store: ModelStore, file: Path) -> InstalledModel:
    """Take a packed model into the store.

    Raises:
        ModelFileFault: If the file is none, is damaged, or is of a later version.
        ModelStoreFault: If the store's folder cannot be written or has no room.
    """
    with _opened(file) as archive:
        about = _about(archive, file)
        files = about["files"]
        try:
            store.folder.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(store.folder).free
        except OSError as e:
            raise disk_fault(e, store.folder) from None
        needed = sum(f["bytes"] for f in files)
        if needed > free:
            raise ModelStoreFault(
                f"{about['name']} needs {size_text(needed)}, and {size_text(free)} are free.",
                "Free some space and run it again.",
            )
        entry = next((e for e in store.entries() if e.sha256 == files[0]["sha256"]), None)
        targets = [store.folder / (entry.file if entry is not None and not entry.rest else f["file"]) for f in files]
        new = [target for target in targets if not target.exists()]
        try:
            for told, target in zip(files, targets, strict=True):
                _extract(archive, told, target)
            if entry is not None and entry.sources:
                return store.pull(entry.id)  # finds the files, and fetches nothing
            model = store.import_(targets[0], str(about["name"]))
        except BaseException:  # what cannot be used would stand in the way of a good copy
            for target in new:
                with suppress(OSError):
                    target.unlink(missing_ok=True)
            raise
    return replace(model, sha256=files[0]["sha256"])


def take_in(store: ModelStore, file: Path) -> InstalledModel:
    """A model's file of either kind: a packed one is unpacked, any other one is used where it lies.

    Raises:
        ModelFileFault: See :func:`unpack` and :meth:`ModelStore.import_`.
        ModelStoreFault: See there.
    """
    return unpack(store, file) if file.suffix.lower() == SUFFIX else store.import_(file)


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    if file.exists() and not file.is_file():  # a pipe would be waited for
        raise ModelFileFault(f"{file} is no file.", f"Name the packed model itself, which ends in {SUFFIX}.")
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except zipfile.BadZipFile:
        with file.open("rb") as start:
            if start.read(4) == b"GGUF":
                raise ModelFileFault(
                    f"{file} is a model that is not packed.", "Use it where it lies: tutor models import FILE"
                ) from None
        raise ModelFileFault(f"{file} is no packed model, or damaged.", "Copy it again.") from None
    except OSError as e:
        raise ModelFileFault(f"{file} cannot be read: {e.strerror or e}.", "Look whether the stick is there.") from None


def _about(archive: zipfile.ZipFile, file: Path) -> dict[str, Any]:
    try:
        if archive.getinfo(ABOUT).file_size > _LONGEST_ABOUT:
            raise ValueError("too long")
        about = json.loads(archive.read(ABOUT))
        version, name, files = about["format"], about["name"], about["files"]
        for f in files:
            info = archive.getinfo(f["file"])
            good = _NAME.fullmatch(f["file"]) and info.file_size == f["bytes"] and isinstance(f["sha256"], str)
            if not good or info.compress_type != zipfile.ZIP_STORED:
                raise ValueError("a file that is not as told")
        if not files or not isinstance(name, str) or not isinstance(version, int) or version < 1:
            raise ValueError("no file")
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, NotImplementedError, RuntimeError):
        raise ModelFileFault(f"{file} is no packed model, or damaged.", "Copy it again.") from None
    if version != FORMAT:
        raise ModelFileFault(f"{file} was packed by a later version of the tutor.", "Install that version.")
    found: dict[str, Any] = about
    return found


def _extract(archive: zipfile.ZipFile, told: dict[str, Any], target: Path) -> None:
    """Write one file of a packed model, unless it is there; what is not as told never gets its name."""
    part = target.with_name(f"{target.name}.unpacked")
    damaged = ModelFileFault(f"{told['file']} in the packed model is damaged.", "Copy the file again.")
    with locked(
        target.with_name(f"{target.name}.lock"), f"{target.name} is being written by another copy of the tutor."
    ):
        try:
            if target.is_file():
                if _hash(target) == told["sha256"].lower():
                    return
                raise ModelFileFault(f"There is another file {target} already.", "Move it away and run it again.")
            with archive.open(told["file"]) as source, part.open("wb") as out:
                if _copied(source, out) != told["sha256"].lower():
                    raise damaged
            part.replace(target)
        except zipfile.BadZipFile:
            raise damaged from None
        except OSError as e:
            raise disk_fault(e, target) from None
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def _copied(source: IO[bytes], out: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := source.read(4 * BLOCK):
        digest.update(block)
        out.write(block)
    out.flush()
    os.fsync(out.fileno())
    return digest.hexdigest()


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
