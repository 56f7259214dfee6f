"""``road``: everything from seeds to model card, by one recipe.

Stages, in order: seeds, make-code, alter and augment by rules, augment and synthesize by a teacher, decontamination of
the data of both stages, the base, stage 1, stage 2, rounds of synthesize by the model itself and stage 2 anew,
evaluate, export, card. A stage whose settings and inputs are what they were is skipped; one that was
killed goes on. ``road.json`` in the run folder has the hash of everything; ``card/card.md`` says what came out.
"""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path
from typing import Final

from trainer.road.asking import need_teacher
from trainer.road.recipe import read_recipe
from trainer.road.stages import LEARNS, stages_of
from trainer.road.state import run_stages
from tutor_app.core.errors import UserFault

_NEEDED: Final = ("torch", "transformers", "peft", "safetensors", "tokenizers", "gguf")
EXIT_INTERRUPTED: Final = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this step."""
    parser.add_argument("recipe", type=Path, metavar="RECIPE", help="a TOML file, see trainer/configs/road-tiny.toml")
    parser.add_argument(
        "--data", type=Path, metavar="FOLDER", help="where the recipe's files are (default: the recipe's folder)"
    )
    parser.add_argument("--run", type=Path, metavar="FOLDER", help="run folder (default: runs/ and the recipe's name)")
    parser.add_argument("--until", default="", metavar="STAGE", help="end after this stage")


def main(a: argparse.Namespace) -> int:
    """Run the step.

    Raises:
        UserFault: If the recipe is not sound, the folder is in use, or a stage cannot be carried out.
        HostFault: If something on this computer fails.
    """
    recipe = read_recipe(a.recipe, a.data)
    folder = (a.run or Path("runs") / recipe.name).absolute()
    stages = stages_of(recipe, folder)
    names = [s.name for s in stages]
    if a.until and a.until not in names:
        raise UserFault(f"The recipe has no stage {a.until}.", f"There are: {', '.join(names)}.")
    asked = names[: names.index(a.until) + 1] if a.until else names
    if any(name.startswith(("asked-", "synthesize")) for name in asked):
        need_teacher(recipe)
    missing = [p for p in _NEEDED if importlib.util.find_spec(p) is None]
    if missing and any(name in LEARNS for name in asked):
        raise UserFault(
            f"Training needs {', '.join(missing)}.",
            "Install them with: pip install 'mumath-tutor[trainer]', or end before with --until data-stage2.",
        )
    try:
        run_stages(folder, stages, _say, a.until)
    except Exception as e:
        if type(e).__name__ != "Interrupted":  # of the training loop, which is not imported unless it ran
            raise
        print(e)
        return EXIT_INTERRUPTED
    return 0


def _say(line: str) -> None:
    print(line, flush=True)
