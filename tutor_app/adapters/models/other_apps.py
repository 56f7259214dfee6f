"""Finds GGUF models that other programs have already downloaded, so that they need not be fetched twice.

Only looks: nothing is copied, changed or imported. What is found is a suggestion; a file is checked when it is
imported. The search is bounded in depth and number, because home folders can be on slow disks.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from tutor_app.core.values import FoundModel

MAX_FILES: Final = 20_000
"""Directory entries looked at in one folder."""
MAX_DEPTH: Final = 6
LEAST: Final = 10 * 2**20
"""Bytes; smaller files are vocabularies and tests."""


def usual_folders(home: Path | None = None, env: Mapping[str, str] = os.environ) -> tuple[tuple[str, Path], ...]:
    """Where other programs keep their models on this system, whether the folders exist or not."""
    home = home or Path.home()
    if sys.platform == "win32":
        data = Path(env.get("LOCALAPPDATA", str(home / "AppData" / "Local")))
    elif sys.platform == "darwin":
        data = home / "Library" / "Application Support"
    else:
        data = Path(env.get("XDG_DATA_HOME", str(home / ".local" / "share")))
    hub = env.get("HF_HUB_CACHE") or str(
        Path(env.get("HF_HOME") or str(home / ".cache" / "huggingface")).joinpath("hub")
    )
    return (
        ("LM Studio", home / ".lmstudio" / "models"),
        ("LM Studio", home / ".cache" / "lm-studio" / "models"),
        ("Ollama", Path(env.get("OLLAMA_MODELS") or str(home / ".ollama" / "models"))),
        ("Ollama", Path("/usr/share/ollama/.ollama/models")),
        ("GPT4All", data / "nomic.ai" / "GPT4All"),
        ("Hugging Face", Path(hub)),
    )


def scan(folders: tuple[tuple[str, Path], ...] | None = None, *, least: int = LEAST) -> tuple[FoundModel, ...]:
    """Models in the folders of other programs, largest last; unreadable folders are passed over.

    Args:
        folders: Program and folder; by default :func:`usual_folders`.
        least: Bytes below which a file is not worth mentioning.
    """
    found: dict[Path, FoundModel] = {}
    for app, folder in usual_folders() if folders is None else folders:
        names = _ollama_names(folder) if app == "Ollama" else {}
        for path in _files(folder):
            blob = path.name.startswith("sha256-")
            if not blob and path.suffix.casefold() != ".gguf":
                continue
            with suppress(OSError):
                real = path.resolve()  # the hub's cache links every file to a blob
                size = real.stat().st_size
                if real in found or size < least or not _is_gguf(real):
                    continue
                name = names.get(path.name.replace("sha256-", "sha256:"), path.stem if not blob else path.name[:19])
                found[real] = FoundModel(app, name, path, size)
    return tuple(sorted(found.values(), key=lambda m: m.bytes))


def _files(folder: Path) -> Iterator[Path]:
    seen = 0
    base = len(folder.parts)
    for root, below, files in os.walk(folder):
        if len(Path(root).parts) - base >= MAX_DEPTH:
            below.clear()
        for name in sorted(files):
            seen += 1
            if seen > MAX_FILES:
                return
            yield Path(root) / name


def _is_gguf(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(4) == b"GGUF"


def _ollama_names(folder: Path) -> dict[str, str]:
    """Digest of a model's blob by the manifests: ``sha256:...`` to ``name:tag``."""
    names: dict[str, str] = {}
    for path in _files(folder / "manifests"):
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            if path.stat().st_size > 2**20:
                continue
            for layer in json.loads(path.read_text(encoding="utf-8"))["layers"]:
                if str(layer["mediaType"]).endswith(".model"):
                    names[str(layer["digest"])] = f"{path.parent.name}:{path.name}"
    return names
