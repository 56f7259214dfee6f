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
from typing import Any, Final, Literal, get_type_hints

from trainer.config import TrainConfig, from_mapping, typed
from trainer.data.decontaminate import DEFAULT_NGRAM
from trainer.runs import sha256_of
from trainer.steps import MAX_CORRECTIONS, METHODS
from tutor_app.core.errors import UserFault

Benchmark = Literal["samples", "gsm8k", "math", "svamp", "asdiv", "gsm-hard", "mawps", "tabmwp"]
FileType = Literal["f16", "q8_0", "q5_k_m", "q4_k_m"]
RULES: Final = ("fobar", "bf-trans", "expression", "outline", "numbers")
"""Methods of the step augment that need no teacher."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeds:
    """The problems that everything is made from.

    Attributes:
        files: In the form of GSM8K's training set, with its calculator annotations.
        limit: Only the first so many; 0 takes all.
        source: Name of the source, for provenance.
        licence: Licence of the source, for provenance.
    """

    files: tuple[str, ...] = ()
    limit: int = 0
    source: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeCode:
    """Annotations to code-nested solutions.

    Attributes:
        seed: Another seed gives other wordings.
    """

    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """New problems by rules, of ``alter`` or ``augment``.

    Attributes:
        methods: Each is a stage of its own.
        per_problem: New records of each problem at most.
        seed: Another seed gives other numbers.
    """

    methods: tuple[str, ...] = ()
    per_problem: int = 1
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decontaminate:
    """What is left out because a test set has it.

    Attributes:
        against: Files of the test sets.
        ngram: Words in a row that make an overlap.
        corrections: Largest share of corrected errors in the data of stage 2.
    """

    against: tuple[str, ...] = ()
    ngram: int = DEFAULT_NGRAM
    corrections: float = MAX_CORRECTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The model that is trained.

    Attributes:
        model: A Hugging Face folder or a GGUF file; empty makes a tiny one of random weights.
        vocab: Tokens of the tiny one.
        width: Its hidden size, a multiple of 64.
        layers: Its transformer blocks.
        seed: Of its weights.
    """

    model: str = ""
    vocab: int = 1024
    width: int = 128
    layers: int = 3
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluate:
    """The shipped solve loop over a benchmark.

    Attributes:
        benchmark: Its name.
        data: Its file, one of those the data is compared with; ``samples`` needs none.
        limit: Only the first so many problems; 0 takes all.
        max_tokens: Tokens the model may write in one round of a solution.
        max_rounds: Rounds of a solution.
    """

    benchmark: Benchmark = "samples"
    data: str = ""
    limit: int = 0
    max_tokens: int = 384
    max_rounds: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The GGUF file.

    Attributes:
        type: Of its weights.
    """

    type: FileType = "q8_0"


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
    augment: Changes
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
    "augment": Changes,
    "decontaminate": Decontaminate,
    "base": Base,
    "stage1": TrainConfig,
    "stage2": TrainConfig,
    "evaluate": Evaluate,
    "export": Export,
}
_NEEDED: Final = ("seeds", "decontaminate", "stage1", "stage2")


@dataclass(slots=True)
class _Reading:
    """What is read so far, and what is wrong with it."""

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
        "augment": Changes(),
        "base": Base(),
        "evaluate": None,
        "export": None,
    }
    return Recipe(**{"path": path, "name": str(name).strip(), "files": reading.files, **usual, **found})


def _check(reading: _Reading) -> None:
    """What single values do not show: names of methods, numbers out of range, files."""
    tables, problems = reading.tables, reading.problems
    for name, known in (("alter", METHODS), ("augment", RULES)):
        changes = tables.get(name, Changes())
        problems += [
            f"methods in [{name}] has {m!r}; by rules there are {', '.join(known)}"
            for m in changes.methods
            if m not in known
        ]
        if len(set(changes.methods)) < len(changes.methods):
            problems.append(f"methods in [{name}] has one twice")
        if changes.per_problem < 1:
            problems.append(f"per_problem in [{name}] must be 1 or more")
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
    for name in ("seeds", "evaluate"):
        if name in tables and tables[name].limit < 0:
            problems.append(f"limit in [{name}] must not be negative")


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
    if evaluate.max_tokens < 1 or evaluate.max_rounds < 1:
        reading.problems.append("max_tokens and max_rounds in [evaluate] must be 1 or more")
    if evaluate.benchmark == "samples":
        if evaluate.data:
            reading.problems.append("data in [evaluate] has no use with the benchmark samples")
    elif not evaluate.data:
        reading.problems.append(f"data in [evaluate] must name the file of {evaluate.benchmark}")
    elif clean is not None and evaluate.data not in clean.against:
        reading.problems.append(
            f"data in [evaluate] must be one of the files in [decontaminate], and {evaluate.data} is not"
        )
