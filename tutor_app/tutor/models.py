"""Which model: what is installed, what can be had, and how each would do on this computer."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Final

from tutor_app.adapters.engine.client import check_model
from tutor_app.adapters.models.gguf import read_gguf
from tutor_app.adapters.models.installed import InstalledModel
from tutor_app.adapters.models.memory import advice_before_download, free_memory, memory_advice
from tutor_app.adapters.models.other_apps import scan
from tutor_app.adapters.models.speed import read_speed, tokens_per_second
from tutor_app.adapters.models.store import CatalogueEntry, ModelStore
from tutor_app.core.errors import HostFault, UserFault
from tutor_app.core.values import FoundModel, Offer
from tutor_app.resources import resource
from tutor_app.text.amounts import size_text
from tutor_app.tutor.paths import Folders

COMFORTABLE: Final = 5.0
"""Tokens a second below which no model is recommended: reading aloud is about as fast."""


def model_store(folders: Folders) -> ModelStore:
    """The store of the user's models."""
    return ModelStore(folders.models, resource("models.json"), probe=check_model)


def best_installed(store: ModelStore) -> InstalledModel:
    """The model to use when none was chosen: the standard one, else the starter, else any.

    Raises:
        UserFault: If none is installed.
    """
    usable = {m.id: m for m in store.installed() if not m.problem}
    for role in ("standard", "starter"):
        for entry in store.entries():
            if role in entry.roles and entry.id in usable:
                return usable[entry.id]
    if usable:
        return next(iter(usable.values()))
    raise UserFault("No model is installed yet.", "Get one with: tutor models pull starter")


def chosen_model(store: ModelStore, *names: str) -> InstalledModel:
    """The first model that is named at all (empty names are none), else the best that is installed.

    Raises:
        UserFault: If there is no such model, or none at all.
    """
    name = next(filter(None, names), "")
    return store.find(name) if name else best_installed(store)


def advise_on_memory(store: ModelStore, name: str, n_ctx: int) -> str:
    """One sentence if a model of the catalogue, or one that is installed, does not fit into free memory; else empty.

    Args:
        store: Of the user's models.
        name: The model's id.
        n_ctx: Context in tokens.
    """
    free = free_memory()
    installed = next((m for m in store.installed() if m.id == name and not m.problem), None)
    if installed is not None:
        with contextlib.suppress(HostFault):
            return memory_advice(read_gguf(installed.weights), n_ctx, free)
    entry = next((e for e in store.entries() if e.id == name), None)
    return advice_before_download(entry.name, entry.ram_bytes, free) if entry is not None else ""


def offers(store: ModelStore) -> list[Offer]:
    """The models that can be fetched, the starter first.

    Raises:
        ModelStoreFault: If the catalogue cannot be read.
    """
    return [e.offer for e in sorted(_to_fetch(store), key=lambda e: "starter" not in e.roles)]


def _to_fetch(store: ModelStore) -> list[CatalogueEntry]:
    return [e for e in store.entries() if e.sources]


def measured_offers(store: ModelStore) -> list[Offer]:
    """The same with how each would do here: the starter, the recommended one, then the others.

    The speed is measured, which takes a third of a second: for who looks at the offers, not for a start.

    Raises:
        ModelStoreFault: If the catalogue cannot be read.
    """
    free, speed = free_memory(), read_speed()
    entries = _to_fetch(store)
    pace = {e.id: tokens_per_second(e.active_bytes or e.bytes, speed) for e in entries}
    suits = [e for e in entries if e.rank and (free is None or e.ram_bytes <= free) and pace[e.id] >= COMFORTABLE]
    best = max(suits, key=lambda e: e.rank).id if suits else ""

    def offer(e: CatalogueEntry) -> Offer:
        memory = (
            size_text(e.ram_bytes) if free is None else f"{size_text(e.ram_bytes)} of {size_text(free)} free memory"
        )
        here = f"here {_rounded(pace[e.id])} a second, {memory}"
        return replace(e.offer, here=here, recommended=e.id == best)

    def place(e: CatalogueEntry) -> tuple[bool, bool, bool]:
        return "starter" not in e.roles, e.id != best, not e.rank

    return [offer(e) for e in sorted(entries, key=place)]


def _rounded(pace: float) -> str:
    """An estimate in words, in no more figures than it is worth."""
    if pace < 1.5:
        return "less than one token" if pace < 0.5 else "about one token"
    return f"about {pace:.0f} tokens" if pace < 20 else f"about {round(pace, -1):.0f} tokens"


def unused_models(store: ModelStore) -> tuple[FoundModel, ...]:
    """Models that other programs have put on this computer and that are not in the store, by file or as a copy."""
    here = {path.resolve() for m in store.installed() if (path := Path(m.path)).exists()}
    sizes = {m.bytes for m in store.installed()}
    return tuple(m for m in scan() if m.path.resolve() not in here and m.bytes not in sizes)
