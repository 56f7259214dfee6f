"""The model store: which models there are, which are here, and how one gets here.

A catalogue (a data file) names the models the program knows: size, SHA-256, licence, and where to fetch them. The
store's folder holds the files it fetched and ``installed.json``, the list of what may be used. Files of the user
are taken in by reference: they are never copied, moved or deleted.

It refuses to put a file in use that is not whole, and to delete a file that it did not fetch. It knows nothing of
how a model is run.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from tutor_app.adapters.models.catalogue import CatalogueEntry, FilePart, read_catalogue
from tutor_app.adapters.models.gguf import read_gguf, read_part
from tutor_app.adapters.models.gguf_info import plain_name
from tutor_app.adapters.models.hub import AddedModels, ask_hub_for_all
from tutor_app.adapters.models.installed import InstalledModel, by_reference, from_entry, problem_of, to_entry
from tutor_app.adapters.models.lora import read_adapter
from tutor_app.adapters.models.sources import Download
from tutor_app.adapters.models.split import model_stem, part_paths
from tutor_app.adapters.models.transfer import (
    DEFAULT_TIMING,
    Timing,
    TransferStopped,
    describe,
    disk_fault,
    free_space,
    locked,
    sha256_of,
    write_json,
)
from tutor_app.core.errors import ModelFileFault, ModelStoreFault, UserFault
from tutor_app.core.ports import Cancel, NeverCancelled
from tutor_app.core.values import Progress
from tutor_app.text.amounts import size_text

__all__ = [
    "CatalogueEntry",
    "InstalledModel",
    "ModelStore",
    "TransferStopped",
    "describe",
    "read_catalogue",
]
_NEVER: Final = NeverCancelled()


def _accept_any(_: Path) -> None:
    """For stores without an engine: a file with a good header is taken."""


def _no_progress(_: Progress) -> None:
    """Ignores progress, for callers who want none."""


class ModelStore:
    """The models of one folder. Several processes may use the same folder at once."""

    def __init__(
        self,
        folder: Path,
        catalogue: Path,
        *,
        free: Callable[[Path], int] = free_space,
        probe: Callable[[Path], None] = _accept_any,
        timing: Timing = DEFAULT_TIMING,
    ) -> None:
        """Nothing is read or written before it is asked for.

        Args:
            folder: Of the fetched files; made when first needed.
            catalogue: JSON file of the known models.
            free: Tells the free disk space.
            probe: Asked about a file that is to be imported; raises ModelFileFault if the engine does not know its
                kind.
            timing: How patient downloads are.
        """
        self.folder = folder
        self._catalogue = catalogue
        self._free = free
        self._probe = probe
        self._timing = timing
        self._added = AddedModels(folder)

    def entries(self) -> tuple[CatalogueEntry, ...]:
        """The catalogue, in its order, and what the user has added to it.

        Raises:
            ModelStoreFault: If the catalogue cannot be read.
        """
        return (*read_catalogue(self._catalogue), *self._added.entries())

    def add_from_hub(self, repository: str, file: str, *, name: str = "", cancel: Cancel = _NEVER) -> CatalogueEntry:
        """Put a file of the hub on the list of models that can be fetched, at the revision that it has today.

        Args:
            repository: ``owner/name``.
            file: A GGUF file in it, of any quantisation; of a model in several files any of them.
            name: For the user; by default the file's.
            cancel: Ends the wait for the hub.

        Raises:
            UserFault: If the names cannot be those of a model's file.
            ModelStoreFault: If the hub does not answer, has no such file or does not state its hash.
        """
        found = ask_hub_for_all(repository, file, cancel=cancel, timing=self._timing)
        entries = self.entries()
        known = next((e for e in entries if e.sha256 == found[0].sha256), None)
        if known is not None:
            return known
        taken = {n for e in entries for n in (*e.names, e.file)} | {m.id for m in self._read_index()}
        return self._added.add(found, name, frozenset(taken))

    def entry(self, name: str) -> CatalogueEntry:
        """The catalogue's entry with this id, role, name or file name.

        Raises:
            UserFault: If there is none; suggests some.
        """
        wanted = name.strip().casefold()
        entries = self.entries()
        for e in entries:
            if wanted in e.names:
                return e
        raise self._unknown(name, [n for e in entries for n in (*e.roles, e.id)])

    def installed(self) -> tuple[InstalledModel, ...]:
        """Models on this computer, fetched ones in the catalogue's order first.

        A file that was moved or changed since is listed with its ``problem``.
        """
        order = {e.id: i for i, e in enumerate(self.entries())}
        models = sorted(self._read_index(), key=lambda m: (order.get(m.id, len(order)), m.name.casefold()))
        return tuple(replace(m, problem=problem_of(m)) for m in models)

    def find(self, name: str) -> InstalledModel:
        """The model with this id, role, name, or path of a ``.gguf`` file.

        A path need not have been imported. Its header is checked.

        Raises:
            UserFault: If there is no such model, or it is not installed.
            ModelFileFault: If its file cannot be used.
        """
        text = name.strip()
        if not text:
            raise UserFault("No model was named.", self._offer())
        models = self.installed()
        entry = next((e for e in self.entries() if text.casefold() in e.names), None)
        for m in models:
            if m.id == (entry.id if entry else "") or text.casefold() in (m.id.casefold(), m.name.casefold()):
                if m.problem:
                    raise ModelFileFault(m.problem, _remedy(m))
                return m
        if entry:
            raise self._not_here(entry)
        if _looks_like_path(text):
            path = Path(text).expanduser().absolute()
            known = next((m for m in models if m.path == path and not m.problem), None)
            if known is not None and known.base is not None:
                return known
            info = read_gguf(path)
            return known or by_reference(info, "", plain_name(model_stem(path.name)))
        raise self._unknown(
            text, [n for e in self.entries() for n in (*e.roles, e.id)] + [m.id for m in models if m.by_reference]
        )

    def pull(
        self,
        name: str,
        progress: Callable[[Progress], None] = _no_progress,
        cancel: Cancel = _NEVER,
    ) -> InstalledModel:
        """Fetch a model of the catalogue; what is installed already is returned as it is.

        Args:
            name: Its id, role or name.
            progress: Called about ten times a second, in this thread.
            cancel: Stops it; what has arrived is kept for the next time.

        Raises:
            UserFault: If the name is unknown, nobody offers the file, or another window or command is fetching it
                (:class:`TransferStopped` if ``cancel`` was raised).
            ModelStoreFault: If no source delivers, or the disk is full or cannot be written.
        """
        entry = self.entry(name)
        if here := self._usable(entry):
            return here
        if not entry.sources:
            raise UserFault(f"There is no ready-made file of {entry.name}.", _how_to_make(entry))
        target = self.folder / entry.file
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise disk_fault(e, target) from None
        busy = f"{entry.name} is being fetched by another window or command."
        with locked(target.with_name(target.name + ".lock"), busy):
            if here := self._usable(entry):  # the one we waited behind may have brought it
                return here
            source = self._bring(entry, progress, cancel)
            model = InstalledModel(
                id=entry.id,
                name=entry.name,
                path=target,
                sha256=entry.sha256,
                bytes=entry.bytes,
                dialect=entry.dialect,
                source=source,
                mtime_ns=target.stat().st_mtime_ns,
            )
            self._change_index(lambda models: [m for m in models if m.id != model.id] + [model])
        return model

    def verify(
        self, name: str, progress: Callable[[Progress], None] = _no_progress, cancel: Cancel = _NEVER
    ) -> InstalledModel:
        """Check a model's header and hash again.

        A user's file without a known hash gets the one it has now. A fetched file that is damaged is taken out
        of use, so that :meth:`pull` fetches it again.

        Raises:
            UserFault: If it is not installed, or ``cancel`` was raised.
            ModelFileFault: If the file is not what it was.
        """
        model = self.find(name)
        _checked(model)
        found = sha256_of(model.path, model.name, model.bytes, progress, cancel)
        entry = next((e for e in self.entries() if e.id == model.id), None)
        rest = entry.rest if entry is not None and not model.by_reference else ()
        right = all(sha256_of(self.folder / r.file, model.name, r.bytes, progress, cancel) == r.sha256 for r in rest)
        if model.sha256 and (found != model.sha256 or not right):
            if model.by_reference:
                raise ModelFileFault(f"{model.name} has changed since it was imported.", "Import it again.")
            self._change_index(lambda models: [m for m in models if m.id != model.id])
            raise ModelFileFault(
                f"The file of {model.name} is damaged.", f"Fetch it again with `tutor models pull {model.id}`."
            )
        verified = replace(model, sha256=found)
        if verified != model:
            self._change_index(lambda models: [verified if m.id == model.id else m for m in models])
        return verified

    def import_(self, path: Path, name: str | None = None, *, base: str = "") -> InstalledModel:
        """Take in a GGUF file where it lies; it is not copied.

        A file of the catalogue is recognised by its hash, if its length fits.

        Args:
            path: The file.
            name: For the user; by default the model's own.
            base: The model (see :meth:`find`) that the file, a LoRA adapter, is used over.

        Raises:
            UserFault: If there is no such base, or it is an adapter itself.
            ModelFileFault: If it cannot be used: missing, unreadable, empty, truncated, of another kind, of one
                that the engine does not know, or an adapter of another model.
            ModelStoreFault: If the list of models cannot be written.
        """
        path = path.expanduser().absolute()
        under = self.find(base) if base else None
        if under is not None and under.base is not None:
            raise UserFault(f"{under.name} is an adapter itself.", "Name the whole model it was trained on.")
        info = read_gguf(path) if under is None else read_adapter(path, read_gguf(under.path))
        if under is None:
            self._probe(path)
        given = plain_name(name or "")
        known = None
        for e in self.entries():
            if e.bytes == info.size and e.sha256 == sha256_of(path, e.name, info.size, _no_progress, _NEVER):
                known = e
        models = self._read_index()
        same = next((m for m in models if m.path == path), None)
        if same and not same.by_reference:
            return replace(same, problem="")
        if known and not any(m.id == known.id and m.path != path for m in models):
            model = by_reference(info, given or known.name, known.id)
            model = replace(model, sha256=known.sha256, dialect=known.dialect)
        else:
            taken = {m.id for m in models if m.path != path} | {n for e in self.entries() for n in (e.id, *e.roles)}
            model = by_reference(info, given, _free_id(given or model_stem(path.name), taken))
        if under is not None:
            dialect = info.text("mumath.dialect") or under.dialect
            model = replace(model, base=under.path, dialect=dialect)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise disk_fault(e, self.folder / "installed.json") from None
        self._change_index(lambda models: [m for m in models if m.path != path and m.id != model.id] + [model])
        return model

    def remove(self, name: str) -> str:
        """Remove a model, or what is left of a stopped download; says in one sentence what was done.

        A file taken in by reference stays where it is.

        Raises:
            UserFault: If there is no such model, or it is being fetched.
            ModelStoreFault: If the file cannot be deleted.
        """
        wanted = name.strip().casefold()
        entry = next((e for e in self.entries() if wanted in e.names), None)
        wanted_id = entry.id if entry else wanted
        model = next(
            (
                m
                for m in self._read_index()
                if wanted_id == m.id.casefold() or wanted in (m.name.casefold(), str(m.path).casefold())
            ),
            None,
        )
        if model and model.by_reference:
            self._change_index(lambda models: [m for m in models if m.id != model.id])
            return f'{model.name} is no longer listed; its file "{model.path}" was left alone.'
        if model is None and entry is None:
            raise self._unknown(name, [m.id for m in self._read_index()])
        target = self.folder / entry.file if entry else model.path if model else self.folder
        what = entry.name if entry else model.name if model else name
        left = [part.with_name(part.name + end) for part in part_paths(target) for end in ("", ".part", ".part.json")]
        if not any(p.exists() for p in left) and model is None:
            if entry is not None and self._added.drop(entry.id):
                return f"{what} is no longer on the list."
            raise UserFault(f"{what} is not installed.", "`tutor models list` shows what is.")
        with locked(target.with_name(target.name + ".lock"), f"{what} is being fetched just now; stop that first."):
            if model:
                self._change_index(lambda models: [m for m in models if m.id != model.id])
            freed = 0
            for p in left:
                try:
                    freed += p.stat().st_size if p.exists() else 0
                    p.unlink(missing_ok=True)
                except OSError as e:
                    if os.name == "nt" and isinstance(e, PermissionError):
                        raise ModelStoreFault(f"{what} is in use.", "Close the program that uses it first.") from None
                    raise disk_fault(e, p) from None
        if entry is not None:
            self._added.drop(entry.id)
        return f"{what} was removed; {size_text(freed)} are free again."

    # --- the list of installed models -------------------------------------------------------------------------

    def _read_index(self) -> list[InstalledModel]:
        try:
            content = json.loads((self.folder / "installed.json").read_text(encoding="utf-8"))
            return [m for m in (from_entry(x, self.folder) for x in content["models"]) if m]
        except FileNotFoundError:
            return []
        except PermissionError:
            raise ModelStoreFault(
                f'The folder of models "{self.folder}" cannot be read.', "Change its access rights."
            ) from None
        except (OSError, ValueError, KeyError, TypeError):
            return []  # put aside when it is next written; fetched files are found again by pull

    def _change_index(self, change: Callable[[list[InstalledModel]], list[InstalledModel]]) -> None:
        index = self.folder / "installed.json"
        with locked(index.with_name("installed.lock"), "The list of models is in use.", wait=10):
            models = self._read_index()
            try:
                if not models and index.exists() and not _is_json(index):
                    index.replace(index.with_name("installed.damaged.json"))
                write_json(index, {"version": 1, "models": [to_entry(m, self.folder) for m in change(models)]})
            except OSError as e:
                raise disk_fault(e, index) from None

    def _usable(self, entry: CatalogueEntry) -> InstalledModel | None:
        return next((m for m in self.installed() if m.id == entry.id and not m.problem), None)

    def _bring(self, entry: CatalogueEntry, progress: Callable[[Progress], None], cancel: Cancel) -> str:
        """Bring all files of a model into the folder; returns where they come from.

        What is there already stays, so a model in several files loses nothing by a stop between two of them.
        """
        from tutor_app.adapters.models.download import fetch  # 5 MB of TLS and HTTP

        source, before = "", 0
        for part in entry.files:
            target = self.folder / part.file
            report = _counted(progress, before, entry.bytes, is_last=part == entry.files[-1])
            here = self._adopt(entry.name, part, target, report, cancel)
            source = source or here
            if not here:
                wanted = Download(entry.name, part.bytes, part.sha256, part.sources)
                check = read_part if entry.rest else read_gguf
                source = fetch(
                    wanted, target, progress=report, cancel=cancel, check=check, free=self._free, timing=self._timing
                )
            before += part.bytes
        if entry.rest:
            read_gguf(self.folder / entry.file)
        return source

    def _adopt(
        self, name: str, part: FilePart, target: Path, progress: Callable[[Progress], None], cancel: Cancel
    ) -> str:
        """A whole file that is there but not listed (the list was lost, or somebody put it there)."""
        try:
            if target.stat().st_size == part.bytes:
                if sha256_of(target, name, part.bytes, progress, cancel) == part.sha256:
                    return "this computer"
                target.unlink()
        except FileNotFoundError:
            pass
        except OSError as e:
            raise disk_fault(e, target) from None
        return ""

    # --- sentences --------------------------------------------------------------------------------------------

    def _unknown(self, name: str, known: list[str]) -> UserFault:
        shown = "".join(c if c.isprintable() else "?" for c in name.strip()[:60])
        import difflib  # no start asks for it

        near = difflib.get_close_matches(name.strip().casefold(), known, n=2, cutoff=0.4)
        guess = f"Did you mean {' or '.join(near)}? " if near else ""
        return UserFault(
            f'There is no model "{shown}".', f"{guess}`tutor models list` shows all; a path of a .gguf file works too."
        )

    def _not_here(self, entry: CatalogueEntry) -> UserFault:
        if not entry.sources:
            return UserFault(f"{entry.name} is not installed.", _how_to_make(entry))
        return UserFault(
            f"{entry.name} is not installed.",
            f"Fetch it with `tutor models pull {entry.id}` ({size_text(entry.bytes)}).",
        )

    def _offer(self) -> str:
        first = next((e for e in self.entries() if e.sources), None)
        return f"Fetch one with `tutor models pull {first.id}`." if first else "Name a .gguf file."


def _is_json(path: Path) -> bool:
    try:
        return isinstance(json.loads(path.read_text(encoding="utf-8"))["models"], list)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _checked(model: InstalledModel) -> None:
    whole = read_gguf(model.weights)
    if model.base is not None:
        read_adapter(model.path, whole)


def _remedy(model: InstalledModel) -> str:
    if model.by_reference:
        return f"Import it again, or forget it with `tutor models rm {model.id}`."
    return f"Fetch it again with `tutor models pull {model.id}`."


def _how_to_make(entry: CatalogueEntry) -> str:
    return f"Make it with `trainer export`, then `tutor models import FILE`. {entry.note}".rstrip()


def _counted(
    progress: Callable[[Progress], None], before: int, total: int, *, is_last: bool
) -> Callable[[Progress], None]:
    """Tells of one file of several as of all of them together; only the last one makes the model ready."""

    def report(p: Progress) -> None:
        if is_last or p.stage != "done":
            progress(replace(p, done=p.done + before, total=total))

    return report


def _looks_like_path(text: str) -> bool:
    seps = {os.sep, os.altsep or os.sep}
    if any(s in text for s in seps) or text.casefold().endswith(".gguf") or text.startswith("~"):
        return True
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def _free_id(name: str, taken: set[str]) -> str:
    base = re.sub(r"[^\w.]+", "-", name.casefold()).strip("-.")[:60] or "model"
    n, found = 1, base
    while found in taken:
        n += 1
        found = f"{base}-{n}"
    return found
