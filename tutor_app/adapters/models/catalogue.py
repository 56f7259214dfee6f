"""The catalogue: a data file that names the models the program knows, and where each can be fetched.

Only reads it. Names no model itself, and fetches nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tutor_app.adapters.models.sources import Hub, PackageChunks, Source
from tutor_app.core.errors import ModelStoreFault
from tutor_app.core.values import Offer, PublishedAccuracy

Thinking = Literal["none", "hybrid", "always"]


@dataclass(frozen=True, slots=True)
class FilePart:
    """One file of a model.

    Attributes:
        file: Its name in the store's folder.
        bytes: Its length.
        sha256: Lower-case hexadecimal.
        sources: In order of preference.
    """

    file: str
    bytes: int
    sha256: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A model the program knows.

    Attributes:
        id: Short name for commands.
        name: For the user.
        file: Name of the file in the store's folder; of the first one, if the model has several.
        licence: Of the weights.
        bytes: Length of all its files, 0 if there is none to fetch.
        sha256: Of the (first) file, lower-case hexadecimal.
        context: Tokens it was trained for.
        dialect: Name of the wire form it speaks.
        ram_bytes: Memory it takes with a context of 4,096 tokens, roughly.
        roles: What it is offered as, for example ``starter``.
        sources: In order of preference; empty if nobody offers the file.
        note: One sentence for the one who chooses.
        prompt: Name of the prompt it was trained for, or empty: see :func:`tutor_app.tutor.service.load_prompt`.
        thinking: Whether it writes a thought before its solution: never, if it is asked to, or always.
        max_tokens: Least length of a round that lets it finish, in tokens; 0 where the user's setting does.
        temperature: At which its makers let it think; greedy decoding makes a thought repeat itself for ever.
        top_p: Likewise.
        rank: Place among the models that are recommended, the strongest last; 0 for one that is not.
        active_bytes: Of the weights that work on a token, where these are not all; else 0.
        accuracy: What its makers or others have published of it. None of it was measured by this project.
        rest: Its files after the first, if it has several.
    """

    id: str
    name: str
    file: str
    licence: str
    bytes: int
    sha256: str
    context: int
    dialect: str
    ram_bytes: int
    roles: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    note: str = ""
    prompt: str = ""
    thinking: Thinking = "none"
    max_tokens: int = 0
    temperature: float = 0.0
    top_p: float = 1.0
    rank: int = 0
    active_bytes: int = 0
    accuracy: tuple[PublishedAccuracy, ...] = ()
    rest: tuple[FilePart, ...] = ()

    @property
    def files(self) -> tuple[FilePart, ...]:
        """All its files, in order."""
        length = self.bytes - sum(part.bytes for part in self.rest)
        return (FilePart(self.file, length, self.sha256, self.sources), *self.rest)

    @property
    def names(self) -> tuple[str, ...]:
        """Everything it may be called, case-folded."""
        return tuple(n.casefold() for n in (self.id, self.name, self.file, *self.roles))

    @property
    def offer(self) -> Offer:
        """What a user needs to know to choose it."""
        return Offer(self.id, self.name, self.licence, self.bytes, self.ram_bytes, self.note, self.accuracy)


def read_catalogue(path: Path) -> tuple[CatalogueEntry, ...]:
    """The models a catalogue file names.

    Raises:
        ModelStoreFault: If it cannot be read; it is part of the program, so that is a broken installation.
    """
    try:
        return read_entries(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise ModelStoreFault(
            f'The catalogue of models "{path}" cannot be read ({type(e).__name__}: {e}).', "Install the program again."
        ) from None


def read_entries(content: Mapping[str, Any]) -> tuple[CatalogueEntry, ...]:
    """The models of a catalogue's JSON.

    Raises:
        ValueError: If it is of another version, or names an unknown kind of source.
        KeyError: If an entry lacks something.
        TypeError: If it has something that no entry has.
    """
    if content["version"] != 1:
        raise ValueError(f"version {content['version']}")
    return tuple(_entry_of(e) for e in content["models"])


def _entry_of(entry: dict[str, Any]) -> CatalogueEntry:
    accuracy = tuple(PublishedAccuracy(**a) for a in entry.get("accuracy", ()))
    rest = tuple(FilePart(**{**part, "sources": _sources(part["sources"])}) for part in entry.get("rest", ()))
    plain = {k: v for k, v in entry.items() if k != "sampling"} | entry.get("sampling", {})
    known = {"roles": tuple(entry["roles"]), "sources": _sources(entry["sources"]), "accuracy": accuracy, "rest": rest}
    return CatalogueEntry(**{**plain, **known})


def _sources(entries: list[dict[str, Any]]) -> tuple[Source, ...]:
    sources: list[Source] = []
    for s in entries:
        kind = s["kind"]
        rest = {k: v for k, v in s.items() if k != "kind"}
        if kind == "hub":
            sources.append(Hub(**rest))
        elif kind == "package-chunks":
            sources.append(PackageChunks(**rest))
        else:
            raise ValueError(f"unknown kind of source {kind!r}")
    return tuple(sources)
