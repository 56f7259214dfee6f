"""Data sets of a hub as files: ``hub:OWNER/NAME``, with ``/CONFIGURATION`` and ``:SPLIT`` behind it.

The rows are streamed into a JSONL file once; from then on it is a file like any other, with its hash in the provenance,
and nothing asks the hub again. Needs the package datasets, which nothing else here does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from trainer.runs import disk_fault, write_lines
from tutor_app.core.errors import HostFault, UserFault

PREFIX: Final = "hub:"
_NAME: Final = re.compile(r"([\w.-]+/[\w.-]+)(?:/([\w.-]+))?(?::([\w.-]+))?")


def local(paths: Sequence[Path], folder: Path) -> list[Path]:
    """The paths, with a file below ``folder`` in the place of every data set of a hub.

    Args:
        paths: Files, and names such as ``hub:openai/gsm8k/main:train``.
        folder: Where the files of data sets are kept, and found again.

    Raises:
        UserFault: If a name is none, the package is missing, or there is no such data set.
        HostFault: If the hub cannot be reached or the disk refuses.
    """
    return [_file(str(p).removeprefix(PREFIX), folder) if str(p).startswith(PREFIX) else p for p in paths]


def _file(name: str, folder: Path) -> Path:
    found = _NAME.fullmatch(name)
    if found is None:
        raise UserFault(f"{PREFIX}{name} names no data set.", "For example: hub:openai/gsm8k/main:train")
    path = folder / f"{re.sub('[/:]', '--', name)}.jsonl"
    if path.is_file():
        return path
    if find_spec("datasets") is None:
        raise UserFault(
            f"{PREFIX}{name} needs the package datasets.", "Install it with: pip install 'mumath-tutor[hub]'"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise disk_fault(folder, e) from None
    write_lines(path, (json.dumps(row, ensure_ascii=False, default=str) for row in _rows(name, *found.groups())))
    return path


def _rows(name: str, repository: str, configuration: str | None, split: str | None) -> Iterator[Any]:
    from datasets import load_dataset

    try:
        rows: Iterable[Any] = load_dataset(repository, configuration, split=split or "train", streaming=True)
        yield from rows
    except (ValueError, LookupError) as e:  # of another configuration or split
        raise UserFault(f"The data set {name} cannot be read: {_first(e)}", "Check its name on the hub.") from None
    except Exception as e:  # noqa: BLE001  # whatever the library and its connections raise
        raise HostFault(
            f"The data set {name} cannot be fetched: {_first(e)}", "Check the connection and the name, or give a file."
        ) from None


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".") + "."
