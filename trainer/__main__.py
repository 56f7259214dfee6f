"""``python -m trainer STEP``: makes the models the tutor runs, one step at a time.

Each step reads and writes plain files in a run folder and goes on after a kill. Torch and transformers are imported
only by the steps that need them. The steps:

  seeds, make-code, alter   source data to records, without a teacher
  augment                   new questions and solutions, by rules or by a teacher
  synthesize                code-nested solutions by a teacher
  decontaminate             leave out what overlaps the test sets
  inspect                   samples of every method side by side, with their checks
  view                      look at what the loss sees, token by token
  tiny                      a tiny base, to try every step on any machine
  train                     one loop for both stages: full, LoRA, QLoRA
  plot                      the curves of a run as a picture
  export                    a GGUF file that the window loads
  cbbt                      black-box tuning: prompts and adapters without weights or gradients
  card                       the model card of a run, the data card of records
  evaluate, grade           the shipped solve loop over a benchmark; the grader over pairs
  road                      all of it by one recipe, from seeds to model card
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from trainer.reporting import ReportedElsewhere, report_fault
from tutor_app.adapters.engine.client import WAITING
from tutor_app.core.errors import TutorError, UserFault

EXIT_USER, EXIT_HOST, EXIT_INTERRUPTED = 2, 1, 130
_FOR_MODELS: Final = ("torch", "transformers", "peft", "safetensors", "tokenizers", "gguf")


class Step(NamedTuple):
    """One step of the command line.

    Attributes:
        module: Has ``add_arguments(parser)`` and ``main(arguments)``; imported only when the step is asked for.
        help: For the list of steps.
        example: Arguments that make sense.
        needs: Packages without which it says at once that it cannot run.
        goes_on: Whether it keeps what it has done when it is stopped.
        but: What of it keeps nothing, by its ``kind``.
    """

    module: str
    help: str
    example: str
    needs: tuple[str, ...] = ()
    goes_on: bool = False
    but: tuple[str, ...] = ()


STEPS: Final = {
    "seeds": Step(
        "trainer.commands.seeds",
        "import GSM8K, MATH or MuMath JSONL files as records of reasoning or code",
        "gsm8k.train.jsonl --format gsm8k --run runs/data",
    ),
    "make-code": Step(
        "trainer.commands.make_code",
        "GSM8K's calculator annotations to executed, verified code solutions",
        "gsm8k.train.jsonl --run runs/data",
        goes_on=True,
    ),
    "alter": Step(
        "trainer.commands.alter",
        "new verified problems: other numbers, masked numbers, corrected errors",
        "gsm8k.train.jsonl --method numbers --per-problem 2 --run runs/data",
        goes_on=True,
    ),
    "decontaminate": Step(
        "trainer.commands.decontaminate",
        "leave out records that overlap a test set, with a report",
        "runs/data/make-code.jsonl runs/data/alter-numbers.jsonl --against gsm8k.test.jsonl math.test.jsonl "
        "--out stage2 --run runs/data",
    ),
    "view": Step(
        "trainer.commands.view",
        "show records as the loss sees them: supervised tokens in colour",
        "runs/data/stage2.jsonl --tokenizer qwen2.5-coder-0.5b-instruct-q4_k_m.gguf --n 3",
        needs=("tokenizers",),
    ),
    "train": Step(
        "trainer.commands.train",
        "finetune: one loop for both stages, for full, LoRA and QLoRA",
        "--config trainer/configs/stage2-cpu.toml --base runs/stage1/model --data runs/data/stage2.jsonl "
        "--run runs/stage2 --set max_steps=200 solve_every=50",
        needs=_FOR_MODELS,
        goes_on=True,
    ),
    "tiny": Step(
        "trainer.commands.tiny",
        "a tiny base of random weights, to try every step in minutes on any machine",
        "runs/data/stage2.jsonl --out runs/tiny",
        needs=("torch", "transformers", "safetensors", "tokenizers"),
    ),
    "export": Step(
        "trainer.commands.export",
        "merge, convert, quantise and check: a GGUF file that the window loads",
        "--model runs/stage2/model --out stage2.gguf --type q8_0 --import",
        needs=_FOR_MODELS,
    ),
    "augment": Step(
        "trainer.commands.augment",
        "MuMath's eight methods, by rules or by a teacher",
        "gsm8k.train.jsonl --method rephrase --teacher standard --run runs/data",
        goes_on=True,
    ),
    "synthesize": Step(
        "trainer.commands.synthesize",
        "code-nested solutions by a teacher, run and judged",
        "gsm8k.train.jsonl --teacher standard --against gsm8k.test.jsonl --run runs/data",
        goes_on=True,
    ),
    "inspect": Step(
        "trainer.commands.inspect",
        "samples of every method side by side, with their checks",
        "runs/data/augment-numbers.jsonl runs/data/synthesize.jsonl --n 3",
    ),
    "card": Step("trainer.commands.card", "a model card or a data card, from what the steps wrote down", "runs/stage2"),
    "evaluate": Step(
        "trainer.evaluate.run",
        "the shipped solve loop over a benchmark",
        "--model runs/stage2 --benchmark gsm8k --data gsm8k.test.jsonl --limit 50 --out stage2.jsonl",
        goes_on=True,
    ),
    "cbbt": Step(
        "trainer.commands.cbbt",
        "black-box tuning: prompts and adapters without weights or gradients",
        "digits --encoder runs/encoder --run runs/digits --shots 16 --seeds 0",
        goes_on=True,
        but=("encoder",),
    ),
    "plot": Step(
        "trainer.train.plot",
        "the curves of one or more runs as a picture",
        "runs/stage1 runs/stage2 --out curves.svg",
    ),
    "road": Step(
        "trainer.road.command",
        "everything from seeds to model card, by one recipe",
        "trainer/configs/road-tiny.toml --data FOLDER --run runs/tiny",
        goes_on=True,
    ),
    "grade": Step(
        "trainer.evaluate.grade",
        "accept and reject rates of the grader over pairs of answers",
        "--pairs pairs.jsonl",
    ),
}


def parser(asked: str = "") -> argparse.ArgumentParser:
    """The command line; only the step that is ``asked`` for has its arguments, so that the others are not imported."""
    top = argparse.ArgumentParser(
        prog="python -m trainer", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    steps = top.add_subparsers(dest="step", required=True, metavar="STEP")
    for name, step in STEPS.items():
        p = steps.add_parser(name, help=step.help)
        if name == asked:
            module: Any = importlib.import_module(step.module)
            p.description = module.__doc__
            module.add_arguments(p)
            p.epilog = "\n\n".join((*filter(None, [p.epilog]), f"Example: python -m trainer {name} {step.example}"))
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one step; 0 if it went well, 2 for a request that cannot be carried out, 1 for a fault of this computer."""
    argv = sys.argv[1:] if argv is None else argv
    for name, value in WAITING.items():  # before anything loads OpenMP, and for every process that is started
        os.environ.setdefault(name, value)
    arguments = parser(argv[0] if argv else "").parse_args(argv)
    try:
        return _run(STEPS[arguments.step], arguments)
    except TutorError as e:
        report_fault(e)
        asked = e.__cause__ if isinstance(e, ReportedElsewhere) else e
        return EXIT_USER if isinstance(asked, UserFault) else EXIT_HOST
    except BrokenPipeError:  # whoever read the output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        # Pressed again now, it would only tear this sentence apart.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        step = STEPS[arguments.step]
        kept = step.goes_on and getattr(arguments, "kind", "") not in step.but
        again = "goes on from here" if kept else "starts afresh"
        print(f"Stopped. The same command {again}.", file=sys.stderr)
        signal.signal(signal.SIGINT, before)
        return EXIT_INTERRUPTED


def _run(step: Step, arguments: argparse.Namespace) -> int:
    missing = [p for p in step.needs if importlib.util.find_spec(p) is None]
    if missing:
        raise UserFault(
            f"This step needs {', '.join(missing)}.", "Install them with: pip install 'mumath-tutor[trainer]'"
        )
    code: int = importlib.import_module(step.module).main(arguments)
    return code


if __name__ == "__main__":
    sys.exit(main())
