"""``train``: finetunes a base; one loop for both stages, for full, LoRA and QLoRA; goes on from its checkpoint.

With ``--plan`` nothing is trained: it says what the run would take.
"""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path
from typing import Any, Final

from trainer.arguments import at_least, not_a_test_set, number, share
from trainer.config import TrainConfig, explained, load
from trainer.data import hub
from trainer.data.testsets import refuse_test_sets
from trainer.runs import Run
from tutor_app.core.errors import UserFault

EXIT_INTERRUPTED: Final = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this step."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "Settings, in the file or after --set:\n" + explained().replace("%", "%%")
    parser.add_argument("--config", type=Path, required=True, metavar="TOML", help="settings, see trainer/configs")
    parser.add_argument(
        "--base",
        type=Path,
        required=True,
        help="a Hugging Face folder, a GGUF file, an adapter folder, or the name of an installed model such as starter",
    )
    parser.add_argument("--data", type=Path, nargs="+", default=[], metavar="RECORDS", help="records, JSONL")
    # torchrun takes --run for one of its own options, wherever it stands: with it the second name is used.
    parser.add_argument(
        "--run",
        "--to",
        dest="run",
        type=Path,
        metavar="FOLDER",
        help="run folder; goes on from its checkpoint (with torchrun: --to)",
    )
    several: dict[str, Any] = {"nargs": "+", "action": "extend", "default": []}  # both --set a=1 b=2 and two --set
    parser.add_argument("--set", **several, metavar="KEY=VALUE", help="settings that win over the file's")
    parser.add_argument("--eval-data", **several, type=Path, metavar="RECORDS", help="for the held-out loss")
    parser.add_argument(
        "--solve-data",
        type=Path,
        metavar="FILE",
        help="problems for the accuracy that solve_every measures: records, or GSM8K or MATH lines, that are not "
        "trained on and no test set (default: the held-out records)",
    )
    parser.add_argument(
        "--not-decontaminated", action="store_true", help="also train on records that were compared with no test set"
    )
    parser.add_argument(
        "--tracker",
        **several,
        choices=("tensorboard", "trackio", "wandb"),
        help="where the numbers go too, beside metrics.jsonl",
    )
    parser.add_argument("--tensorboard", action="store_true", help="the same as --tracker tensorboard")
    parser.add_argument("--skip", action="store_true", help="go on past broken lines")
    not_a_test_set(parser)
    plan = parser.add_argument_group("plan", "what a run would take; --base may be a shape such as llama-2-70b")
    plan.add_argument("--plan", action="store_true", help="say memory, speed and hours, and whether it fits")
    plan.add_argument("--gpus", type=at_least(1), default=8, metavar="N", help="GPUs over all nodes (default 8)")
    plan.add_argument("--card", default="h100-80", metavar="NAME", help="kind of GPU (default h100-80)")
    plan.add_argument("--epoch-tokens", type=number, default=0, metavar="N", help="default: those of the papers' data")
    plan.add_argument("--mfu", type=share, default=0.35, metavar="SHARE", help="of the peak (default 0.35)")


def main(a: argparse.Namespace) -> int:
    """Run the step.

    Raises:
        UserFault: If settings, options or files do not fit.
        HostFault: If something on this computer fails.
    """
    from trainer.models.installed import named  # need torch, which --help does not
    from trainer.train.job import Job
    from trainer.train.loop import Interrupted, train

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
    from trainer.train import plan

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
