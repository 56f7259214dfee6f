"""The user's folders.

The only module that asks the platform for folders, so a ``--data-dir`` or a portable stick changes one value. It makes
folders on request and refuses everything else: it reads no setting and opens no database.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import platformdirs

from tutor_app.adapters.files import require_answer
from tutor_app.core.errors import HostFault

APP_NAME = "mumath-tutor"


@dataclass(frozen=True, slots=True)
class Folders:
    """The user's folders. Nothing is created before :meth:`create`.

    Attributes:
        data: What must not be lost: the library and the models.
        config: The settings.
        cache: What may be deleted at any time: saved prompt states.
        logs: What was logged.
    """

    data: Path
    config: Path
    cache: Path
    logs: Path

    @classmethod
    def of_user(cls) -> Folders:
        """The platform's usual places."""
        # appauthor=False: without it Windows repeats the name as a company, "mumath-tutor\mumath-tutor".
        dirs = platformdirs.PlatformDirs(APP_NAME, appauthor=False, roaming=False)
        return cls(dirs.user_data_path, dirs.user_config_path, dirs.user_cache_path, dirs.user_log_path)

    @classmethod
    def under(cls, data_dir: str | os.PathLike[str]) -> Folders:
        """Everything in one folder, as ``--data-dir`` asks; ``~`` and relative paths are resolved now."""
        # expanduser() raises for "~nobody-of-that-name"; such a text then is a folder's plain name.
        path = Path(data_dir)
        with contextlib.suppress(RuntimeError):
            path = path.expanduser()
        root = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links the user chose
        return cls(root, root / "config", root / "cache", root / "logs")

    @property
    def library(self) -> Path:
        """The database of solutions."""
        return self.data / "library.sqlite3"

    @property
    def models(self) -> Path:
        """Downloaded models."""
        return self.data / "models"

    @property
    def verifiers(self) -> Path:
        """Installed verifiers, each named by its model's SHA-256."""
        return self.data / "verifiers"

    @property
    def practice(self) -> Path:
        """The list of missed problems."""
        return self.data / "practice.json"

    @property
    def given_hints(self) -> Path:
        """The hints that were given, by problem."""
        return self.data / "hints.json"

    @property
    def prompts(self) -> Path:
        """Kept prompt states, and what was found out about this processor."""
        return self.cache / "prompts"

    @property
    def log(self) -> Path:
        """The log file."""
        return self.logs / "tutor.log"

    @property
    def settings(self) -> Path:
        """The settings file."""
        return self.config / "settings.json"

    @property
    def server_key(self) -> Path:
        """The API key of this computer's server."""
        return self.config / "server-key"

    @property
    def window_state(self) -> Path:
        """Where the window stood."""
        return self.config / "window.json"

    def create(self) -> None:
        """Make the folders that are missing.

        Raises:
            HostFault: If one cannot be made; names it.
        """
        for folder in (self.data, self.config, self.cache, self.logs):
            try:
                require_answer(folder)
                folder.mkdir(parents=True, exist_ok=True)
            except (OSError, ValueError) as e:
                reason = e.strerror if isinstance(e, OSError) and e.strerror else str(e)
                raise HostFault(
                    f"The folder {folder} cannot be made: {reason}.", "Choose another one with --data-dir."
                ) from e


def folders(data_dir: str | os.PathLike[str] | None = None) -> Folders:
    """The folders to use: everything under ``data_dir`` if one is given, else the platform's places."""
    return Folders.of_user() if data_dir is None else Folders.under(data_dir)


def with_stand_ins(wanted: Folders) -> tuple[Folders, str]:
    """The folders, with a temporary one in place of each that cannot be made or written, as in a read-only home.

    What is in such a folder can still be used: installed models are reached by a link, settings, the state of the
    window and the library are copied.

    Returns:
        The folders, all of them made, and a sentence for the user; empty if nothing had to be replaced.

    Raises:
        HostFault: If there is no place for temporary files either.
    """
    reasons = {name: _unusable(getattr(wanted, name)) for name in ("data", "config", "cache", "logs")}
    reasons = {name: reason for name, reason in reasons.items() if reason}
    if not reasons:
        return wanted, ""
    try:
        root = Path(tempfile.mkdtemp(prefix=f"{APP_NAME}-"))
        found = replace(wanted, **{name: root / name for name in reasons})
        found.create()
    except OSError as e:
        raise HostFault(
            f"Neither your own folders nor those for temporary files can be written: {e.strerror or e}.",
            "Choose a folder with --data-dir.",
        ) from None
    with contextlib.suppress(OSError):
        require_answer(wanted.data)
        if "data" in reasons and wanted.models.is_dir():
            found.models.symlink_to(wanted.models, target_is_directory=True)
    for name in ("library", "settings", "window_state", "practice", "given_hints", "server_key"):
        source, target = getattr(wanted, name), getattr(found, name)
        with contextlib.suppress(OSError):
            require_answer(source)
            if source != target and source.is_file():
                shutil.copyfile(source, target)
    name, reason = next(iter(reasons.items()))
    if "data" not in reasons:
        return found, f"{getattr(wanted, name)} cannot be written ({reason}), so changes of it end with this session."
    return found, (
        f"{wanted.data} cannot be written ({reason}), so solutions of now are kept in {found.data} only; "
        "choose another folder with --data-dir."
    )


def _unusable(folder: Path) -> str:
    """Why a folder cannot be made or written; empty if it can, and then it is there."""
    try:
        require_answer(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):  # asked, not guessed: permissions do not tell of a read-only disk
            return ""
    except (OSError, ValueError) as e:
        return (e.strerror if isinstance(e, OSError) else "") or str(e)
