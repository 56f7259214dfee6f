"""A model that is on this computer, and its entry in the store's list of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tutor_app.adapters.models.gguf_info import GgufInfo
from tutor_app.adapters.models.split import length_of, part_paths


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model that is on this computer.

    Attributes:
        id: Short name for commands.
        name: For the user.
        path: The file; the first one, if it has several.
        sha256: Of that file; empty for a file of the user until it has been verified.
        bytes: Length of all its files.
        dialect: Name of the wire form it speaks, or None: ask its own chat template.
        by_reference: Whether the file belongs to the user, not to the store.
        source: Where it was fetched from, or empty.
        mtime_ns: Modification time when it was taken in.
        base: The model's file that this one, an adapter, is used over; None for a whole model.
        problem: Why it cannot be used at the moment (moved, changed), as a sentence; else empty.
    """

    id: str
    name: str
    path: Path
    sha256: str
    bytes: int
    dialect: str | None = None
    by_reference: bool = False
    source: str = ""
    mtime_ns: int = 0
    base: Path | None = None
    problem: str = ""

    @property
    def weights(self) -> Path:
        """The file of the whole model: its own, or an adapter's base."""
        return self.base or self.path


def to_entry(model: InstalledModel, folder: Path) -> dict[str, Any]:
    """The model as an entry of the list of the store in ``folder``."""
    entry = asdict(model)
    del entry["problem"]
    # Files of the store are named relative to it, so that the data folder can be moved as a whole.
    for key, path in (("path", model.path), ("base", model.base)):
        entry[key] = path and (path.name if path.parent == folder else str(path))
    return entry


def from_entry(entry: Any, folder: Path) -> InstalledModel | None:
    """One entry of the list, or None if it makes no sense."""
    kinds = {"id": str, "name": str, "path": str, "sha256": str, "bytes": int, "source": str, "mtime_ns": int}
    if not isinstance(entry, dict) or any(not isinstance(entry.get(k), t) for k, t in kinds.items()):
        return None
    dialect, base = entry.get("dialect"), entry.get("base")
    return InstalledModel(
        **{**{k: entry[k] for k in kinds}, "path": folder / entry["path"]},
        dialect=dialect if isinstance(dialect, str) else None,
        by_reference=bool(entry.get("by_reference")),
        base=folder / base if isinstance(base, str) else None,
    )


def problem_of(model: InstalledModel) -> str:
    """Why the model cannot be used at the moment, as a sentence; empty if it can."""
    gone = next((part for part in part_paths(model.path) if not part.is_file()), None)
    if gone is not None:
        return f'The file of {model.name} is gone: "{gone}".'
    try:
        found = length_of(model.path)
    except OSError:
        return f'The file of {model.name} is gone: "{model.path}".'
    if found != model.bytes:
        return f"The file of {model.name} has changed: it has {found:,} bytes and should have {model.bytes:,}."
    if model.base is not None and not model.base.is_file():
        return f'The model that {model.name} is an adapter of is gone: "{model.base}".'
    return ""


def by_reference(info: GgufInfo, name: str, identifier: str) -> InstalledModel:
    """A file of the user, which stays where it is."""
    # The trainer's exports say what they speak; for any other model its chat template decides.
    return InstalledModel(
        id=identifier,
        name=name or info.name,
        path=info.path,
        sha256="",
        bytes=info.size,
        dialect=info.text("mumath.dialect") or None,
        by_reference=True,
        mtime_ns=info.path.stat().st_mtime_ns,
    )
