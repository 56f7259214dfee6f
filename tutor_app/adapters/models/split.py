"""Models in several files, ``NAME-00001-of-00003.gguf`` and so on: llama.cpp is given the first and finds the others.

Knows names only, and the lengths of the files that are there.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

MOST: Final = 200
"""Parts of a model; the largest models in use have about 60."""
_PART: Final = re.compile(r"-(\d{5})-of-(\d{5})(?=\.gguf\Z)", re.IGNORECASE)


def part_names(file: str) -> tuple[str, ...]:
    """The names of all parts of the model that a file is one of, from any of them; of a whole model its own."""
    found = _PART.search(file)
    count = int(found[2]) if found else 1
    if found is None or not 2 <= count <= MOST:
        return (file,)
    before, after = file[: found.start()], file[found.end() :]
    return tuple(f"{before}-{number:05d}-of-{found[2]}{after}" for number in range(1, count + 1))


def model_stem(file: str) -> str:
    """The name of a file without its ending, and without which part of its model it is."""
    return _PART.sub("", file).removesuffix(file[file.rfind(".") :]) if "." in file else file


def with_stem(file: str, stem: str) -> str:
    """The name of the same part of a model of another name."""
    found = _PART.search(file)
    return f"{stem}{found[0] if found else ''}.gguf"


def part_paths(path: Path) -> tuple[Path, ...]:
    """The files of the model that a file is the first of."""
    return tuple(path.with_name(name) for name in part_names(path.name))


def length_of(path: Path) -> int:
    """Bytes of all the files of a model.

    Raises:
        OSError: If one is not there.
    """
    return sum(part.stat().st_size for part in part_paths(path))
