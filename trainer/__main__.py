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
from pathlib import Path
from typing import Any, Final

from trainer.arguments import at_least, not_a_test_set, number, share
from trainer.config import explained
from trainer.data import hub, seeds
from trainer.data.decontaminate import DEFAULT_NGRAM
from trainer.reporting import ReportedElsewhere, report_fault
from trainer.steps import MAX_CORRECTIONS, METHODS
from tutor_app.adapters.engine.client import WAITING
from tutor_app.core.errors import TutorError, UserFault

EXIT_USER, EXIT_HOST, EXIT_INTERRUPTED = 2, 1, 130

STEP_MODULES: Final = {
    "augment": (
        "trainer.commands.augment",
        "MuMath's eight methods, by rules or by a teacher",
    ),
    "synthesize": ("trainer.commands.synthesize", "code-nested solutions by a teacher, run and judged"),
    "inspect": ("trainer.commands.inspect", "samples of every method side by side, with their checks"),
    "card": ("trainer.commands.card", "a model card or a data card, from what the steps wrote down"),
    "evaluate": ("trainer.evaluate.run", "the shipped solve loop over a benchmark"),
    "cbbt": ("trainer.commands.cbbt", "black-box tuning: prompts and adapters without weights or gradients"),
    "plot": ("trainer.train.plot", "the curves of one or more runs as a picture"),
    "road": ("trainer.road.command", "everything from seeds to model card, by one recipe"),
    "grade": ("trainer.evaluate.grade", "accept and reject rates of the grader over pairs of answers"),
}
"""Steps whose module has ``add_arguments(parser)`` and ``main(arguments)``; imported only when it is asked for."""

GOES_ON: Final = frozenset(("make-code", "alter", "train", "evaluate"))
"""Steps that keep what they have done when they are stopped."""

EXAMPLES: Final = {
    "seeds": "seeds gsm8k.train.jsonl --format gsm8k --run runs/data",
    "make-code": "make-code gsm8k.train.jsonl --run runs/data",
    "alter": "alter gsm8k.train.jsonl --method numbers --per-problem 2 --run runs/data",
    "augment": "augment gsm8k.train.jsonl --method rephrase --teacher standard --run runs/data",
    "synthesize": "synthesize gsm8k.train.jsonl --teacher standard --against gsm8k.test.jsonl --run runs/data",
    "inspect": "inspect runs/data/augment-numbers.jsonl runs/data/synthesize.jsonl --n 3",
    "decontaminate": "decontaminate runs/data/make-code.jsonl runs/data/alter-numbers.jsonl "
    "--against gsm8k.test.jsonl math.test.jsonl --out stage2 --run runs/data",
    "view": "view runs/data/stage2.jsonl --tokenizer qwen2.5-coder-0.5b-instruct-q4_k_m.gguf --n 3",
    "tiny": "tiny runs/data/stage2.jsonl --out runs/tiny",
    "train": "train --config trainer/configs/stage2-cpu.toml --base runs/stage1/model --data runs/data/stage2.jsonl "
    "--run runs/stage2 --set max_steps=200 solve_every=50",
    "cbbt": "cbbt digits --encoder runs/encoder --run runs/digits --shots 16 --seeds 0",
    "plot": "plot runs/stage1 runs/stage2 --out curves.svg",
    "export": "export --model runs/stage2/model --out stage2.gguf --type q8_0 --import",
    "evaluate": "evaluate --model runs/stage2 --benchmark gsm8k --data gsm8k.test.jsonl --limit 50 --out stage2.jsonl",
    "grade": "grade --pairs pairs.jsonl",
    "road": "road trainer/configs/road-tiny.toml --data FOLDER --run runs/tiny",
    "card": "card runs/stage2",
}


def parser(asked: str = "") -> argparse.ArgumentParser:
    """The command line; a step of :data:`STEP_MODULES` has its arguments only if it is the one ``asked`` for."""
    top = argparse.ArgumentParser(
        prog="python -m trainer", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    steps = top.add_subparsers(dest="step", required=True, metavar="STEP")

    _add_data_steps(steps)
    _add_view(steps)
    _add_train(steps)
    _add_tiny(steps)
    _add_export(steps)

    for name, (path, what) in STEP_MODULES.items():
        p = steps.add_parser(name, help=what)
        if name == asked:
            module: Any = importlib.import_module(path)
            p.description = module.__doc__
            module.add_arguments(p)
    for name, example in EXAMPLES.items():
        if name in steps.choices:
            steps.choices[name].epilog = f"Example: python -m trainer {example}"
    training = steps.choices["train"]
    training.formatter_class = argparse.RawDescriptionHelpFormatter
    training.epilog = f"Settings, in the file or after --set:\n{explained().replace('%', '%%')}\n\n{training.epilog}"
    return top


def _add_data_steps(steps: Any) -> None:
    """Steps from source data to records."""
    p = _data_step(steps, "seeds", "import GSM8K, MATH or MuMath JSONL files as records of reasoning or code", "FILE")
    p.add_argument("--format", required=True, choices=sorted(seeds.FORMATS), help="form of the files")
    p.add_argument("--source", default="", help="name of the source, for provenance (default: by format)")
    p.add_argument("--licence", default="", help="licence of the source, for provenance (default: by format)")

    p = _data_step(steps, "make-code", "GSM8K's calculator annotations to executed, verified code solutions", "FILE")
    _limits(p)

    p = _data_step(steps, "alter", "new verified problems: other numbers, masked numbers, corrected errors", "FILE")
    p.add_argument(
        "--method",
        required=True,
        choices=METHODS,
        help="numbers and fobar read GSM8K training files; correct reads records of make-code",
    )
    p.add_argument(
        "--per-problem", type=at_least(1), default=2, metavar="N", help="new problems for each at most (default 2)"
    )
    _limits(p)

    p = _data_step(steps, "decontaminate", "leave out records that overlap a test set, with a report", "RECORDS")
    p.add_argument("--against", nargs="+", type=Path, required=True, metavar="TEST", help="benchmark files (JSONL)")
    p.add_argument("--out", required=True, metavar="NAME", help="name of the result, for example stage2")
    p.add_argument(
        "--ngram",
        type=at_least(1),
        default=DEFAULT_NGRAM,
        metavar="N",
        help=f"words in a row (default {DEFAULT_NGRAM})",
    )

    p.add_argument(
        "--corrections",
        type=share,
        default=MAX_CORRECTIONS,
        metavar="SHARE",
        help=f"largest share of corrected errors in the result; the rest is left out (default {MAX_CORRECTIONS})",
    )


def _add_view(steps: Any) -> None:
    """Records as the loss sees them."""
    p = steps.add_parser("view", help="show records as the loss sees them: supervised tokens in colour")
    p.add_argument("records", type=Path, metavar="RECORDS")
    p.add_argument("--tokenizer", type=Path, required=True, metavar="BASE", help="a Hugging Face folder or a GGUF file")
    p.add_argument("--dialect", choices=("mumath", "chatml"), default="mumath")
    p.add_argument("--n", type=at_least(1), default=1, help="records to show (default 1)")
    p.add_argument("--skip", type=at_least(0), default=0, help="records to pass over first")
    p.add_argument("--plain", action="store_true", help="marks instead of colours")


def _add_train(steps: Any) -> None:
    """The training loop."""
    p = steps.add_parser("train", help="finetune: one loop for both stages, for full, LoRA and QLoRA")
    p.add_argument("--config", type=Path, required=True, metavar="TOML", help="settings, see trainer/configs")
    p.add_argument(
        "--base",
        type=Path,
        required=True,
        help="a Hugging Face folder, a GGUF file, an adapter folder, or the name of an installed model such as starter",
    )
    p.add_argument("--data", type=Path, nargs="+", default=[], metavar="RECORDS", help="records, JSONL")
    # torchrun takes --run for one of its own options, wherever it stands: with it the second name is used.
    p.add_argument(
        "--run",
        "--to",
        dest="run",
        type=Path,
        metavar="FOLDER",
        help="run folder; goes on from its checkpoint (with torchrun: --to)",
    )
    several: dict[str, Any] = {"nargs": "+", "action": "extend", "default": []}  # both --set a=1 b=2 and two --set
    p.add_argument("--set", **several, metavar="KEY=VALUE", help="settings that win over the file's")
    p.add_argument("--eval-data", **several, type=Path, metavar="RECORDS", help="for the held-out loss")
    p.add_argument(
        "--solve-data",
        type=Path,
        metavar="FILE",
        help="problems for the accuracy that solve_every measures: records, or GSM8K or MATH lines, that are not "
        "trained on and no test set (default: the held-out records)",
    )
    p.add_argument(
        "--not-decontaminated", action="store_true", help="also train on records that were compared with no test set"
    )
    p.add_argument(
        "--tracker",
        **several,
        choices=("tensorboard", "trackio", "wandb"),
        help="where the numbers go too, beside metrics.jsonl",
    )
    p.add_argument("--tensorboard", action="store_true", help="the same as --tracker tensorboard")
    p.add_argument("--skip", action="store_true", help="go on past broken lines")
    not_a_test_set(p)
    _plan_options(p)


def _add_tiny(steps: Any) -> None:
    """A tiny base."""
    p = steps.add_parser("tiny", help="a tiny base of random weights, to try every step in minutes on any machine")
    p.add_argument("data", type=Path, nargs="+", metavar="RECORDS", help="texts for its tokenizer")
    p.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="the model folder to write")
    not_a_test_set(p)
    p.add_argument("--vocab", type=at_least(1), default=1024, help="tokens (default 1024)")
    p.add_argument("--width", type=at_least(1), default=128, help="hidden size, a multiple of 64 (default 128)")
    p.add_argument("--layers", type=at_least(1), default=3, help="transformer blocks (default 3)")
    p.add_argument("--seed", type=at_least(0), default=1)


def _add_export(steps: Any) -> None:
    """A GGUF file."""
    p = steps.add_parser("export", help="merge, convert, quantise and check: a GGUF file that the window loads")
    source = p.add_mutually_exclusive_group(required=True)
    source.add_argument("--model", type=Path, help="a Hugging Face folder or an adapter folder of a run")
    source.add_argument(
        "--adapter", type=Path, metavar="RUN", help="only the adapter of a run, as a small file used over its base"
    )
    p.add_argument("--out", type=Path, required=True, metavar="FILE", help="the GGUF file to write")
    p.add_argument("--type", choices=("f16", "q8_0", "q5_k_m", "q4_k_m"), default="q8_0", help="default q8_0")
    p.add_argument(
        "--dialect",
        choices=("mumath", "chatml"),
        default="",
        help="wire form, kept in the file (default: the one it was trained with, or mumath if that is not noted)",
    )
    p.add_argument("--name", default="", help="general.name of the file (default: the file's name)")
    p.add_argument("--import", dest="import_", action="store_true", help="then add it to the models of the tutor")
    p.add_argument("--base", default="", metavar="MODEL", help="with --adapter --import: the tutor's model under it")
    p.add_argument(
        "--prompts", type=Path, default=None, metavar="RECORDS", help="texts for the gate (default: built in)"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run one step; 0 if it went well, 2 for a request that cannot be carried out, 1 for a fault of this computer."""
    argv = sys.argv[1:] if argv is None else argv
    for name, value in WAITING.items():  # before anything loads OpenMP, and for every process that is started
        os.environ.setdefault(name, value)
    arguments = parser(argv[0] if argv else "").parse_args(argv)
    try:
        return _run(arguments)
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
        again = "goes on from here" if arguments.step in GOES_ON else "starts afresh"
        print(f"Stopped. The same command {again}.", file=sys.stderr)
        signal.signal(signal.SIGINT, before)
        return EXIT_INTERRUPTED


def _run(a: argparse.Namespace) -> int:
    # Imports here: the data steps must work where torch is not installed, and --help must be quick.
    from trainer import steps
    from trainer.runs import Run

    if a.step in ("seeds", "make-code", "alter", "decontaminate"):
        a.files = hub.local(a.files, Run.at(a.run).folder / "hub")
    match a.step:
        case "seeds":
            print(
                steps.import_seeds(
                    Run.at(a.run),
                    a.files,
                    a.format,
                    source=a.source,
                    licence=a.licence,
                    strict=not a.skip,
                    not_tests=a.not_a_test_set,
                )
            )
        case "make-code":
            print(
                steps.make_code(
                    Run.at(a.run),
                    a.files,
                    _sandbox,
                    limit=a.limit,
                    seed=a.seed,
                    strict=not a.skip,
                    not_tests=a.not_a_test_set,
                )
            )
        case "alter":
            print(
                steps.alter_problems(
                    Run.at(a.run),
                    a.files,
                    a.method,
                    _sandbox,
                    per_problem=a.per_problem,
                    limit=a.limit,
                    seed=a.seed,
                    strict=not a.skip,
                    not_tests=a.not_a_test_set,
                )
            )
        case "decontaminate":
            print(
                steps.clean(
                    Run.at(a.run),
                    a.files,
                    a.against,
                    a.out,
                    n=a.ngram,
                    corrections=a.corrections,
                    strict=not a.skip,
                    not_tests=a.not_a_test_set,
                )
            )
        case "view":
            _need("tokenizers")
            from trainer.data import view

            return view.show(a.records, a.tokenizer, a.dialect, n=a.n, skip=a.skip, plain=a.plain)
        case "train":
            _need("torch", "transformers", "peft", "safetensors", "tokenizers", "gguf")
            from trainer.commands import train

            return train.main(a)
        case "tiny":
            _need("torch", "transformers", "safetensors", "tokenizers")
            from trainer.train import tiny

            return tiny.main(a)
        case "export":
            _need("torch", "transformers", "peft", "safetensors", "tokenizers", "gguf")
            from trainer.export import adapter, gguf

            return adapter.main(a) if a.adapter is not None else gguf.main(a)
        case name:
            path, _ = STEP_MODULES[name]
            code: int = importlib.import_module(path).main(a)
            return code
    return 0


def _data_step(steps: Any, name: str, what: str, files: str) -> argparse.ArgumentParser:
    p: argparse.ArgumentParser = steps.add_parser(name, help=what, description=what)
    p.add_argument("files", nargs="+", type=Path, metavar=files)
    p.add_argument("--run", type=Path, required=True, metavar="FOLDER", help="run folder for the result")
    on_error = p.add_mutually_exclusive_group()
    on_error.add_argument("--strict", action="store_true", help="stop at the first broken line (the default)")
    on_error.add_argument("--skip", action="store_true", help="go on past broken lines and list them")
    not_a_test_set(p)
    return p


def _plan_options(p: argparse.ArgumentParser) -> None:
    plan = p.add_argument_group("plan", "what a run would take; --base may be a shape such as llama-2-70b")
    plan.add_argument("--plan", action="store_true", help="say memory, speed and hours, and whether it fits")
    plan.add_argument("--gpus", type=at_least(1), default=8, metavar="N", help="GPUs over all nodes (default 8)")
    plan.add_argument("--card", default="h100-80", metavar="NAME", help="kind of GPU (default h100-80)")
    plan.add_argument("--epoch-tokens", type=number, default=0, metavar="N", help="default: those of the papers' data")
    plan.add_argument("--mfu", type=share, default=0.35, metavar="SHARE", help="of the peak (default 0.35)")


def _limits(p: argparse.ArgumentParser) -> None:
    p.add_argument("--limit", type=at_least(0), default=0, metavar="N", help="only the first N items; 0 means all")
    p.add_argument("--seed", type=at_least(0), default=0, help="another seed gives other wordings and numbers")


def _sandbox() -> Any:
    from tutor_app.adapters.sandbox.sessions import Sandbox

    return Sandbox()


def _need(*packages: str) -> None:
    missing = [p for p in packages if importlib.util.find_spec(p) is None]
    if missing:
        raise UserFault(
            f"This step needs {', '.join(missing)}.", "Install them with: pip install 'mumath-tutor[trainer]'"
        )


if __name__ == "__main__":
    sys.exit(main())
