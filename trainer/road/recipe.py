"""A recipe: a TOML file with a table for every stage; every mistake in it is reported at once.

A table that may be left out leaves its stage out. Files are named relative to the folder of the recipe, or to the one
that is given on the command line, so that a recipe can be shared. Nothing is made before the whole recipe is sound.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_type_hints

from trainer.commands.alter import METHODS
from trainer.config import TrainConfig, from_mapping, typed
from trainer.road.tables import (
    ASKED,
    RULES,
    Augment,
    Base,
    Changes,
    Decontaminate,
    Evaluate,
    Export,
    MakeCode,
    Seeds,
    Synthesize,
    Teacher,
)
from trainer.runs import sha256_of
from tutor_app.core.dialect import DIALECTS
from tutor_app.core.errors import UserFault


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A sound recipe; paths are resolved and exist.

    Attributes:
        path: The file.
        name: Of the model.
        files: Every file that a table names, by the name in the recipe.
    """

    path: Path
    name: str
    seeds: Seeds
    make_code: MakeCode
    alter: Changes
    augment: Augment
    teacher: Teacher | None
    synthesize: Synthesize | None
    decontaminate: Decontaminate
    base: Base
    stage1: TrainConfig
    stage2: TrainConfig
    evaluate: Evaluate | None
    export: Export | None
    files: Mapping[str, Path]


_TABLES: Final[Mapping[str, type[Any]]] = {
    "seeds": Seeds,
    "make-code": MakeCode,
    "alter": Changes,
    "augment": Augment,
    "teacher": Teacher,
    "synthesize": Synthesize,
    "decontaminate": Decontaminate,
    "base": Base,
    "stage1": TrainConfig,
    "stage2": TrainConfig,
    "evaluate": Evaluate,
    "export": Export,
}
_NEEDED: Final = ("seeds", "decontaminate", "stage1", "stage2")
_NO_LIMIT: Final = float("inf")
_COUNTS: Final = "per_problem parallel n_ctx tries samples keep calls max_tokens max_rounds at_once"
_AMOUNTS: Final = (
    "limit votes min_votes rounds temperature token_budget cost_budget price_in price_out requests_per_minute "
    "tokens_per_minute"
)
_RANGES: Final[Mapping[str, tuple[float, float, str]]] = {
    **dict.fromkeys(_COUNTS.split(), (1, _NO_LIMIT, "1 or more")),
    **dict.fromkeys(_AMOUNTS.split(), (0, _NO_LIMIT, "0 or more")),
    **dict.fromkeys(("min_share", "top_p"), (0, 1, "a share from 0 to 1")),
    **dict.fromkeys(("seconds", "code_seconds"), (0.001, 1e6, "a time in seconds")),
}
"""Least and most of a setting, whatever table has it, and what is said of others."""


@dataclass(slots=True)
class _Reading:
    """The tables that were read so far, and their faults."""

    folder: Path
    tables: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)

    def take(self, name: str, table: Any) -> None:
        """A table of the recipe."""
        if name not in _TABLES:
            near = difflib.get_close_matches(name, _TABLES, n=1, cutoff=0.5)
            known = f"did you mean {near[0]}?" if near else f"there are {', '.join(_TABLES)}"
            self.problems.append(f"{name} is no stage; {known}")
        elif not isinstance(table, dict):
            self.problems.append(f"{name} must be a table, written [{name}]")
        elif _TABLES[name] is TrainConfig:
            self._training(name, table)
        else:
            self._settings(name, table)

    def _training(self, name: str, table: dict[str, Any]) -> None:
        number = int(name[-1])
        if table.get("stage", number) != number:
            self.problems.append(f"stage in [{name}] must be {number} or left out")
        try:
            self.tables[name] = from_mapping({**table, "stage": number}, f"[{name}]")
        except UserFault as e:
            faults = e.message.removeprefix(f"[{name}] cannot be used: ").rstrip(".")
            self.problems.append(f"in [{name}] {faults}")

    def _settings(self, name: str, table: dict[str, Any]) -> None:
        hints, values = get_type_hints(_TABLES[name]), {}
        for key, value in table.items():
            field_name = key.replace("-", "_")
            if field_name not in hints:
                near = difflib.get_close_matches(field_name, hints, n=1)
                self.problems.append(
                    f"{key} in [{name}] is not a setting" + (f"; did you mean {near[0]}?" if near else "")
                )
                continue
            try:
                values[field_name] = typed(f"{key} in [{name}]", value, hints[field_name])
            except ValueError as e:
                self.problems.append(str(e))
        self.tables[name] = _TABLES[name](**values)

    def needs(self, where: str, name: str, *, folder: bool = False) -> None:
        """A file that must be there."""
        path = self.folder / Path(name).expanduser()
        if path.is_file() or (folder and path.is_dir()):
            self.files[name] = path
        else:
            self.problems.append(f"{where} names {name}, which is not in {self.folder}")


def read_recipe(path: Path, folder: Path | None = None) -> Recipe:
    """Read a recipe.

    Args:
        path: The TOML file.
        folder: Where the files that it names are; by default its own folder.

    Raises:
        UserFault: If it cannot be read, or with every mistake at once.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as e:
        raise UserFault(f"{path} cannot be read: {e.strerror}.", "Give the path of a recipe, a TOML file.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise UserFault(f"{path} is not TOML: {e}.", "Correct the file.") from None
    if folder is not None and not folder.is_dir():
        raise UserFault(f"{folder} is no folder.", "Give the folder of the recipe's files with --data.")
    name = data.pop("name", path.stem)
    reading = _Reading(folder or path.parent)
    if not isinstance(name, str) or not name.strip() or any(c in name for c in "/\\\0\n"):
        reading.problems.append(f"name must be a text that can be a file's name, not {name!r}")
    for key, table in data.items():
        reading.take(key, table)
    reading.problems += [f"the stage [{n}] is missing" for n in _NEEDED if n not in data]
    _check(reading)
    if reading.problems:
        raise UserFault(f"{path} cannot be used: {'; '.join(reading.problems)}.", "Correct the recipe.")
    found = {n.replace("-", "_"): t for n, t in reading.tables.items()}
    usual: dict[str, Any] = {
        "make_code": MakeCode(),
        "alter": Changes(),
        "augment": Augment(),
        "teacher": None,
        "synthesize": None,
        "base": Base(),
        "evaluate": None,
        "export": None,
    }
    return Recipe(**{"path": path, "name": str(name).strip(), "files": reading.files, **usual, **found})


def _check(reading: _Reading) -> None:
    """What single values do not show: names of methods, numbers out of range, files."""
    tables, problems = reading.tables, reading.problems
    augment = tables.get("augment", Augment())
    for where, names, known in (
        ("methods in [alter]", tables.get("alter", Changes()).methods, METHODS),
        ("methods in [augment]", augment.methods, RULES),
        ("asked in [augment]", augment.asked, ASKED),
    ):
        by = "a teacher" if known is ASKED else "rules"
        problems += [f"{where} has {m!r}; by {by} there are {', '.join(known)}" for m in names if m not in known]
        if len(set(names)) < len(names):
            problems.append(f"{where} has one twice")
    for name, table in tables.items():
        if isinstance(table, TrainConfig):
            continue  # which looks at its own
        problems += [
            f"{key} in [{name}] must be {said}"
            for key, (least, most, said) in _RANGES.items()
            if not least <= getattr(table, key, least) <= most
        ]
    _check_teacher(reading, tables.get("teacher"), augment, tables.get("synthesize"))
    base = tables.get("base", Base())
    if base.model:
        reading.needs("model in [base]", base.model, folder=True)
    if base.width % 64 or base.width <= 0:
        problems.append("width in [base] must be a multiple of 64")
    if base.vocab < 300:
        problems.append("vocab in [base] must be 300 or more: 256 bytes and the control tokens need a place")
    if base.layers < 1:
        problems.append("layers in [base] must be 1 or more")
    clean = tables.get("decontaminate", Decontaminate())
    if not 0 <= clean.corrections <= 1:
        problems.append("corrections in [decontaminate] must be a share from 0 to 1")
    if clean.ngram < 1:
        problems.append("ngram in [decontaminate] must be 1 or more")
    _check_files(reading, tables.get("seeds"), tables.get("decontaminate"), tables.get("evaluate"))


def _check_teacher(reading: _Reading, teacher: Teacher | None, augment: Augment, synthesize: Synthesize | None) -> None:
    """Check that the teacher is named once, and that a stage asks it."""
    problems = reading.problems
    if augment.asked and teacher is None:
        problems.append("asked in [augment] needs the table [teacher]")
    if augment.asked and not augment.votes:
        problems.append("votes in [augment] must be 1 or more")
    if synthesize is not None:
        if teacher is None and not synthesize.rounds:
            problems.append("[synthesize] needs the table [teacher], or rounds of the model's own")
        problems += [
            f"of in [synthesize] has {m!r}, which is no method in [augment]"
            for m in synthesize.of
            if m not in (*augment.methods, *augment.asked)
        ]
    if teacher is None:
        return
    if not augment.asked and synthesize is None:
        problems.append("[teacher] is asked nothing: give asked in [augment], or [synthesize]")
    if bool(teacher.model) == bool(teacher.endpoint):
        problems.append("[teacher] must name a model or an endpoint, and not both")
    if teacher.dialect and teacher.dialect not in DIALECTS:
        problems.append(f"dialect in [teacher] must be one of {', '.join(sorted(DIALECTS))}, not {teacher.dialect!r}")
    if teacher.model and (teacher.dialect or teacher.endpoint_model):
        problems.append("dialect and endpoint_model in [teacher] go with endpoint")
    if teacher.endpoint and teacher.batched:
        problems.append("batched in [teacher] goes with model")
    if teacher.cost_budget and not (teacher.price_in or teacher.price_out):
        problems.append("cost_budget in [teacher] needs price_in and price_out")
    if teacher.model and not _may_be_installed(teacher.model):
        reading.needs("model in [teacher]", teacher.model, folder=True)


def _may_be_installed(model: str) -> bool:
    """Whether it is the name of a model, and not of a file or folder."""
    return not (model.lower().endswith(".gguf") or "/" in model or "\\" in model)


def _check_files(
    reading: _Reading, seeds: Seeds | None, clean: Decontaminate | None, evaluate: Evaluate | None
) -> None:
    named: dict[str, tuple[str, ...]] = {}  # that a table is missing is said elsewhere
    if seeds:
        named["files in [seeds]"] = seeds.files
    if clean:
        named["against in [decontaminate]"] = clean.against
    for where, names in named.items():
        if not names:
            reading.problems.append(f"{where} must name at least one file")
        for name in names:
            reading.needs(where, name)
    if seeds and clean:
        known = {n: reading.files[n] for n in (*seeds.files, *clean.against) if n in reading.files}
        tests = {sha256_of(known[n]) for n in clean.against if n in known}
        reading.problems += [
            f"{n} in [seeds] is a test set, which is never trained on"
            for n in seeds.files
            if n in known and sha256_of(known[n]) in tests
        ]
    if evaluate is None:
        return
    if evaluate.benchmark == "samples":
        if evaluate.data:
            reading.problems.append("data in [evaluate] has no use with the benchmark samples")
    elif not evaluate.data:
        reading.problems.append(f"data in [evaluate] must name the file of {evaluate.benchmark}")
    elif clean is not None and evaluate.data not in clean.against:
        reading.problems.append(
            f"data in [evaluate] must be one of the files in [decontaminate], and {evaluate.data} is not"
        )
