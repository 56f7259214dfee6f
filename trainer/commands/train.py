"""The ``train`` step of the command line: settings and paths to a job, or to a plan of what it would take."""

from __future__ import annotations

import argparse
import tomllib
from typing import Any, Final

from trainer.config import TrainConfig, load
from trainer.data import hub
from trainer.data.testsets import refuse_test_sets
from trainer.models.installed import named
from trainer.runs import Run
from trainer.train import plan
from trainer.train.job import Job
from trainer.train.loop import Interrupted, train
from tutor_app.core.errors import UserFault

EXIT_INTERRUPTED: Final = 130


def main(a: argparse.Namespace) -> int:
    """The ``train`` step."""
    overrides: dict[str, Any] = {}
    for item in a.set:
        key, eq, value = item.partition("=")
        if not eq or not key.strip():
            raise UserFault(f"--set {item} is not KEY=VALUE.", "For example: --set lr=1e-4")
        overrides[key.strip()] = _toml_value(value)
    config = load(a.config, overrides)
    if a.plan:
        print(_planned(a, config))
        return 0
    if not a.data or a.run is None:
        raise UserFault("Training needs --data and --run.", "Or say --plan to see what a run would take.")
    refuse_test_sets([*a.data, *a.eval_data], allowed=a.not_a_test_set, read=False)  # records carry a stamp
    refuse_test_sets([a.solve_data] if a.solve_data else [], allowed=a.not_a_test_set)
    job = Job(
        config=config,
        base=named(a.base),
        data=tuple(hub.local(a.data, a.run / "hub")),
        run=Run.at(a.run),
        eval_data=tuple(a.eval_data),
        solve_data=a.solve_data,
        strict=not a.skip,
        trackers=(*a.tracker, *(("tensorboard",) if a.tensorboard else ())),
        stamped=not a.not_decontaminated,
    )
    try:
        train(job)
    except Interrupted as e:
        print(e)
        return EXIT_INTERRUPTED
    return 0


def _planned(a: argparse.Namespace, config: TrainConfig) -> str:
    card = plan.CARDS.get(a.card)
    if card is None:
        raise UserFault(f"There is no card {a.card!r}.", f"Known are {', '.join(plan.CARDS)}.")
    if a.gpus < 1 or not 0 < a.mfu <= 1 or a.epoch_tokens < 0:
        raise UserFault("--gpus must be at least 1, --mfu above 0 and at most 1, --epoch-tokens not negative.")
    tokens = a.epoch_tokens or plan.EPOCH_TOKENS[config.stage]
    made = plan.make(plan.shape_of(a.base), config, card, a.gpus, tokens=tokens, mfu=a.mfu)
    return plan.table(made, config, a.card, a.gpus, a.mfu)


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"x = {text}")["x"]
    except tomllib.TOMLDecodeError:
        return text
