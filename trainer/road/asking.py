"""The stages that ask a model: MuMath's methods by a teacher, solutions by it, and rounds by the model's own.

A stage of which nothing came is no mistake of the recipe: its file is empty, the reasons are told and kept for the
card, and the run goes on. A budget that is spent ends the run, and the same command with a larger one goes on.
"""

from __future__ import annotations

import argparse
import contextlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from trainer.road.recipe import Recipe
from trainer.road.tables import Augment, Synthesize, Teacher
from trainer.runs import Run, is_json, sha256_of, write_atomically
from trainer.steps import BUDGET_SPENT, NothingMade
from tutor_app.core.errors import UserFault
from tutor_app.tutor.models import model_store
from tutor_app.tutor.paths import folders

_OF_REPLIES: Final = ("seed", "votes", "min_votes", "min_share", "temperature", "top_p", "max_tokens")
_OF_METHODS: Final = (*_OF_REPLIES, "per_problem", "tries")
_OF_SOLUTIONS: Final = (*_OF_REPLIES, "samples", "keep", "calls", "seconds", "code_seconds")
_SPEED_AND_PRICE: Final = (
    "endpoint",
    "parallel",
    "token_budget",
    "cost_budget",
    "price_in",
    "price_out",
    "requests_per_minute",
    "tokens_per_minute",
)
"""Settings of the teacher that decide how fast and for how much, and not what comes out."""


def identity_of(teacher: Teacher) -> dict[str, Any]:
    """The settings of a teacher that decide what comes out."""
    return {f"teacher_{k}": v for k, v in asdict(teacher).items() if k not in _SPEED_AND_PRICE}


def settings_of(table: Augment | Synthesize) -> dict[str, Any]:
    """The settings of a table that its steps are given."""
    names = _OF_METHODS if isinstance(table, Augment) else _OF_SOLUTIONS
    return {name: getattr(table, name) for name in names}


def teacher_files(recipe: Recipe) -> tuple[Path, ...]:
    """The teacher's file or folder, if it has one that the recipe names."""
    named = recipe.teacher.model if recipe.teacher is not None else ""
    return (recipe.files[named],) if named in recipe.files else ()


def need_teacher(recipe: Recipe) -> None:
    """See that the teacher is there, if it is a model of this computer.

    Raises:
        UserFault: If it is not installed.
    """
    model = recipe.teacher.model if recipe.teacher is not None else ""
    if model and model not in recipe.files:
        model_store(folders()).find(model)


def by_teacher(recipe: Recipe) -> list[str]:
    """The options of a step that asks the recipe's teacher."""
    teacher = recipe.teacher or Teacher()
    values = {k: v for k, v in asdict(teacher).items() if v and k not in ("model", "batched")}
    options = flags(values)
    if teacher.model:
        options.append(f"--teacher={next(iter(teacher_files(recipe)), teacher.model)}")
    return [*options, "--batched"] if teacher.batched else options


def flags(values: Mapping[str, Any]) -> list[str]:
    """Settings as options of a command."""
    return [f"--{k.replace('_', '-')}={v}" for k, v in values.items()]


def run_step(step: Any, arguments: Sequence[str]) -> str:
    """Run a step that has options of its own; returns what it printed."""
    parser = argparse.ArgumentParser()
    step.add_arguments(parser)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        step.main(parser.parse_args(arguments))
    return printed.getvalue().rstrip()


def ask(step: Any, folder: Path, name: str, arguments: Sequence[str]) -> str:
    """Run a step that asks a model, into ``NAME.jsonl`` in a folder; returns what to tell.

    Raises:
        UserFault: If the budget is spent, or as the step does.
        HostFault: As the step does.
    """
    result, noted = folder / f"{name}.jsonl", folder / f"{name}.provenance.json"
    whole = is_json(noted, lambda v: v["sha256"] == sha256_of(result) and BUDGET_SPENT not in v["left_out"])
    if whole and not any(folder.glob("*.journal")):
        return f"{result}: was made before the kill."  # and its journal is gone: nobody is asked twice
    try:
        told = run_step(step, [*arguments, f"--run={folder}", f"--out={name}"])
    except NothingMade as e:
        write_atomically(result, "")
        left_out = dict(e.left_out)
        Run.at(folder).write_json(noted.name, {"step": name, "options": {}, "records": 0, "left_out": left_out})
        told = f"{e.message} {e.remedy}"
    if is_json(noted, lambda v: BUDGET_SPENT in v["left_out"]):
        raise UserFault(
            f"The budget of {name} is spent before all was asked.",
            "Give a larger one in [teacher]; the same command goes on.",
        )
    return told
