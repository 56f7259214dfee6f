"""Where everything lies: the reader's folders, and the program's own resources.

The only module that asks the platform for folders and the only one that knows where ``resources/`` is, so a
``--data-dir``, a portable stick or a frozen bundle changes one value. It makes folders on request and
refuses everything else: it reads no setting and opens no database.
"""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

import platformdirs

from tutor_app.core.errors import HostFault

APP_NAME = "mumath-tutor"


@dataclass(frozen=True, slots=True)
class Folders:
    """The reader's folders. Nothing is created before :meth:`create`.

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
        root = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links the reader chose
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
    def settings(self) -> Path:
        """The settings file."""
        return self.config / "settings.json"

    def create(self) -> None:
        """Make the folders that are missing.

        Raises:
            HostFault: If one cannot be made; names it.
        """
        for folder in (self.data, self.config, self.cache, self.logs):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except (OSError, ValueError) as e:
                reason = e.strerror if isinstance(e, OSError) and e.strerror else str(e)
                raise HostFault(
                    f"The folder {folder} cannot be made: {reason}.", "Choose another one with --data-dir."
                ) from e


def folders(data_dir: str | os.PathLike[str] | None = None) -> Folders:
    """The folders to use: everything under ``data_dir`` if one is given, else the platform's places."""
    return Folders.of_user() if data_dir is None else Folders.under(data_dir)


@cache
def resources() -> Path:
    """The folder of the program's own data, in a checkout or in a frozen bundle.

    Raises:
        HostFault: If it is missing, which means the program was not installed as a whole.
    """
    bundle = getattr(sys, "_MEIPASS", None)  # set by PyInstaller's boot loader
    root = Path(bundle) if bundle is not None else Path(__file__).resolve().parent.parent
    folder = root / "resources"
    if not folder.is_dir():
        raise HostFault(
            f"The program's own files are missing: there is no folder {folder}.", "Install the program again."
        )
    return folder


def resource(name: str) -> Path:
    """The path of one resource, ``name`` with forward slashes (``prompts/chatml.txt``).

    Raises:
        HostFault: If there is none of that name.
    """
    parts = PurePosixPath(name).parts
    path = resources().joinpath(*parts)
    if ".." in parts or PurePosixPath(name).is_absolute() or not path.exists():
        raise HostFault(f"The program's own file {name} is missing.", "Install the program again.")
    return path


def resource_text(name: str) -> str:
    """One resource as UTF-8 text.

    Raises:
        HostFault: If it is missing or unreadable.
    """
    try:
        return resource(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise HostFault(f"The program's own file {name} cannot be read.", "Install the program again.") from e


def resource_names(folder: str, suffix: str = "") -> tuple[str, ...]:
    """Names of the files directly in a resource folder that end in ``suffix``, sorted.

    Raises:
        HostFault: If the folder is missing.
    """
    root = resource(folder)
    return tuple(sorted(f"{folder}/{p.name}" for p in root.iterdir() if p.is_file() and p.name.endswith(suffix)))
