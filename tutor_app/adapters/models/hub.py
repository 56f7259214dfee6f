"""Models of the hub that the catalogue does not name: a repository and a file, pinned when they are first added.

The hub is asked once for the revision, the length and the SHA-256; from then on exactly these bytes are fetched,
however the repository changes. What was added is kept in ``added.json`` of the store's folder, in the catalogue's form.
It refuses files whose hash the hub does not state.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote, urljoin

from tutor_app.adapters.models.catalogue import CatalogueEntry, read_entries
from tutor_app.adapters.models.split import model_stem, part_names, with_stem
from tutor_app.adapters.models.transfer import PermanentError, Timing, locked, write_json
from tutor_app.core.errors import ModelStoreFault, UserFault
from tutor_app.core.ports import Cancel

HUB: Final = "https://huggingface.co"
"""Where models are asked for, unless ``HF_ENDPOINT`` names another place, as for the hub's own tools."""

_REPOSITORY: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_FILE: Final = re.compile(r"(?!.*\.\.)[\w. +/-]{1,200}\.gguf", re.ASCII | re.IGNORECASE)
_ADDRESS: Final = re.compile(r"https?://[^/]+/([^/]+/[^/]+)/(?:resolve|blob|raw)/[^/]+/([^?#]+)")
"""The address of a file of a repository, as the browser shows it."""
_HOPS: Final = 5


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of the hub as it was when it was asked for.

    Attributes:
        repository: ``owner/name``.
        file: Path within the repository.
        revision: The commit, 40 hexadecimal digits.
        url: Of exactly this version.
        bytes: Length.
        sha256: Lower-case hexadecimal.
    """

    repository: str
    file: str
    revision: str
    url: str
    bytes: int
    sha256: str


def ask_hub(repository: str, file: str, *, cancel: Cancel, timing: Timing, revision: str = "main") -> HubFile:
    """Ask the hub for a file's revision, length and hash.

    Args:
        repository: ``owner/name``.
        file: A GGUF file in it.
        cancel: Ends the wait.
        timing: How patient to be.
        revision: A commit, branch or tag.

    Raises:
        UserFault: If the names cannot be those of a file of the hub.
        ModelStoreFault: If the hub does not answer, has no such file, or does not state its hash.
    """
    repository, file = repository.strip().strip("/"), file.strip().lstrip("/")
    if not _REPOSITORY.fullmatch(repository):
        raise UserFault(f'"{repository[:80]}" is no repository of the hub.', "Give it as owner/name.")
    if not _FILE.fullmatch(file):
        raise UserFault(f'"{file[:80]}" is no GGUF file.', "Give the name of a .gguf file of the repository.")
    root = os.environ.get("HF_ENDPOINT", "").rstrip("/") or HUB
    from tutor_app.adapters.models.http_source import ask_head  # 5 MB of TLS and HTTP

    url = f"{root}/{repository}/resolve/{quote(revision, safe='')}/{quote(file)}"
    what = f"{file} of {repository}"
    try:
        said = ask_head(url, cancel, timing)
        for _ in range(_HOPS):
            # A repository that was renamed answers with its new place; the file's own place lies elsewhere.
            place = said.get("location", "")
            if "x-linked-etag" in said or not place.startswith("/"):
                break
            url = urljoin(url, place)
            said = ask_head(url, cancel, timing)
    except PermanentError as e:
        raise ModelStoreFault(
            f"The hub does not give {what}: {e}.", "Check the names and the connection, and try again."
        ) from None
    sha256 = said.get("x-linked-etag", "").strip('"').removeprefix("sha256:").lower()
    commit, length = said.get("x-repo-commit", ""), said.get("x-linked-size", "")
    if not re.fullmatch(r"[0-9a-f]{64}", sha256) or not length.isdecimal() or not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise ModelStoreFault(
            f"The hub does not state the length and the SHA-256 of {what}.",
            "Fetch the file yourself and use `tutor models import`.",
        )
    pinned = f"{root}/{repository}/resolve/{commit}/{quote(file)}"
    return HubFile(repository, file, commit, pinned, int(length), sha256)


def ask_hub_for_all(repository: str, file: str, *, cancel: Cancel, timing: Timing) -> list[HubFile]:
    """The same for all files of a model, if a file is one of several; all are of one revision.

    The repository may be an address, also that of the file (:func:`named`).

    Raises:
        UserFault: If the names cannot be those of a file of the hub.
        ModelStoreFault: If the hub does not answer, lacks a file, or does not state a hash.
    """
    repository, file = named(repository, file)
    first, *rest = part_names(file)
    found = [ask_hub(repository, first, cancel=cancel, timing=timing)]
    for name in rest:
        found.append(ask_hub(repository, name, cancel=cancel, timing=timing, revision=found[0].revision))
    return found


def named(repository: str, file: str) -> tuple[str, str]:
    """The repository and the file, of which the first may be an address: of the file, or of the repository."""
    repository, file = repository.strip(), file.strip()
    if (m := _ADDRESS.match(repository)) is not None:
        return m[1], file or unquote(m[2])
    return re.sub(r"^https?://[^/]+/", "", repository).removesuffix("/tree/main"), file


class AddedModels:
    """The models that the user has added from the hub, in ``added.json`` of a store's folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "added.json"

    def entries(self) -> tuple[CatalogueEntry, ...]:
        """All of them, in the order in which they were added; none if the list cannot be read."""
        try:
            return read_entries(json.loads(self._path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            return ()

    def add(self, files: Sequence[HubFile], name: str, taken: frozenset[str]) -> CatalogueEntry:
        """Put a model on the list, or give the entry that has these very bytes already.

        Args:
            files: What the hub said of its files.
            name: For the user; empty means the file's own.
            taken: Ids and file names that other models have.

        Raises:
            ModelStoreFault: If the list cannot be written.
        """
        found, *rest = files
        total = sum(each.bytes for each in files)
        with self._locked():
            entries = self._read()
            for e in entries:
                if e["sha256"] == found.sha256:
                    return read_entries({"version": 1, "models": [e]})[0]
            file = Path(found.file).name
            names = taken | {e["id"] for e in entries} | {e["file"] for e in entries}
            own = model_stem(file)
            new_id = stem = re.sub(r"[^a-z0-9.]+", "-", own.lower()).strip("-.") or "model"
            number = 2
            while new_id in names or (number == 2 and file in names):
                new_id, file = f"{stem}-{number}", with_stem(file, f"{stem}-{number}")
                number += 1
            entry = {
                "id": new_id,
                "name": name.strip() or own,
                "file": file,
                "licence": f"see {found.repository}",
                "bytes": total,
                "sha256": found.sha256,
                "context": 4096,
                "dialect": "template",
                # The file, its repacked copy on a processor, and the keys and values of 4,096 tokens, roughly.
                "ram_bytes": total * 2,
                "roles": [],
                "note": f"Added by you from {found.repository} at {found.revision[:10]}, SHA-256 {found.sha256[:12]}",
                "sources": [{"kind": "hub", "url": found.url}],
                "rest": [
                    {
                        "file": with_stem(Path(part.file).name, model_stem(file)),
                        "bytes": part.bytes,
                        "sha256": part.sha256,
                        "sources": [{"kind": "hub", "url": part.url}],
                    }
                    for part in rest
                ],
            }
            self._write([*entries, entry])
        return read_entries({"version": 1, "models": [entry]})[0]

    def drop(self, model_id: str) -> bool:
        """Take a model off the list; says whether it was on it."""
        if not self._path.is_file():
            return False
        with self._locked():
            entries = self._read()
            left = [e for e in entries if e["id"] != model_id]
            if len(left) < len(entries):
                self._write(left)
        return len(left) < len(entries)

    def _locked(self) -> Any:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        busy = "The list of added models is being changed by another window or command."
        return locked(self._path.with_name("added.json.lock"), busy, wait=5.0)

    def _read(self) -> list[dict[str, Any]]:
        if not self.entries():
            return []
        models: list[dict[str, Any]] = json.loads(self._path.read_text(encoding="utf-8"))["models"]
        return models

    def _write(self, entries: list[dict[str, Any]]) -> None:
        try:
            write_json(self._path, {"version": 1, "models": entries})
        except OSError as e:
            raise ModelStoreFault(f'The list "{self._path}" cannot be written: {e.strerror}.') from None
