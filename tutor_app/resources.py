"""The program's own data files: the only module that knows where ``resources/`` is, also in a frozen bundle."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path, PurePosixPath

from tutor_app.core.errors import HostFault


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


def reinstall() -> str:
    """What mends a program that is not whole, as a sentence: it depends on how it has come here."""
    return "Remove the folder .venv and run: make setup" if from_source() else "Install the program again."


def from_source() -> bool:
    """Whether this is a checkout, which set-up has made ready, and no installed program."""
    return (Path(__file__).resolve().parent.parent / "packaging" / "bootstrap.py").is_file()


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
