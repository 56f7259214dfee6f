"""Black-box tuning: prompts and light adapters for a model whose weights and gradients are closed.

encoder   train the small dual encoder on drawn digits and figures
digits    adapt it, as a black box, to scikit-learn's handwritten digits, with every baseline, and print the table
vision    adapt a CLIP, in a local folder or behind an HTTP service, to image sets, with every baseline
verifier  train a verifier of solutions from a GGUF model
"""

from __future__ import annotations

import argparse
import importlib.util
import platform
import time
from pathlib import Path

from trainer.arguments import at_least, not_a_test_set, seconds
from trainer.commands import cbbt_vision
from trainer.commands.cbbt_vision import are_rows
from tutor_app.core.errors import UserFault


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the step."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="WHAT")

    p = kinds.add_parser("encoder", help="train the small dual encoder")
    p.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="the folder to write")
    p.add_argument("--images", type=at_least(256), default=16_000, help="pictures to draw (default 16000)")
    p.add_argument("--seed", type=at_least(0), default=0)

    p = kinds.add_parser("digits", help="adapt the encoder to handwriting, with every baseline")
    p.add_argument("--run", type=Path, required=True, metavar="FOLDER", help="run folder; goes on from what it holds")
    p.add_argument("--encoder", type=Path, required=True, metavar="FOLDER", help="an encoder of this command")
    p.add_argument(
        "--shots", type=at_least(1), nargs="+", default=[1, 2, 4, 8, 16], metavar="N", help="default 1 2 4 8 16"
    )
    p.add_argument("--seeds", type=at_least(0), nargs="+", default=[0, 1, 2], metavar="N", help="default 0 1 2")
    p.add_argument("--methods", nargs="+", default=[], metavar="NAME", help="rows of the table (default all)")
    p.add_argument("--seconds", type=seconds, default=120, help="the black box may take for one answer (default 120)")

    p = kinds.add_parser("vision", help="adapt a CLIP, local or a service, to image sets, with every baseline")
    cbbt_vision.add_arguments(p, at_least)
    p.add_argument("--seconds", type=seconds, default=120, help="the black box may take for one answer (default 120)")

    p = kinds.add_parser("verifier", help="train a verifier of solutions from a GGUF model, as a black box")
    p.add_argument("--model", required=True, metavar="MODEL", help="starter, standard, or a GGUF file")
    p.add_argument(
        "--solutions",
        type=Path,
        required=True,
        metavar="FILE",
        help="results of evaluate --samples on training data, or recorded votes",
    )
    p.add_argument(
        "--held-out",
        type=Path,
        metavar="FILE",
        help="the same of other problems, judged once at the end (default: two fifths of the problems of --solutions)",
    )
    p.add_argument("--run", type=Path, required=True, metavar="FOLDER", help="run folder; goes on from what it holds")
    p.add_argument("--queries", type=at_least(0), default=400, metavar="N", help="prompts to be tried (default 400)")
    p.add_argument("--limit", type=at_least(0), default=0, metavar="N", help="only the first N problems")
    p.add_argument("--threads", type=at_least(1), default=2, metavar="N", help="of the model (default 2)")
    p.add_argument("--seed", type=at_least(0), default=0)
    p.add_argument("--seconds", type=seconds, default=600, help="the black box may take for one answer (default 600)")
    not_a_test_set(p)


def main(a: argparse.Namespace) -> int:
    """Run the step.

    Raises:
        UserFault: If the request cannot be carried out.
        HostFault: If the black box fails, or the disk.
    """
    needed = {"verifier": ("gguf", "llama_cpp"), "vision": ()}.get(a.kind, ("torch", "safetensors"))
    missing = [n for n in needed if importlib.util.find_spec(n) is None]
    if missing:
        raise UserFault(f"This needs {', '.join(missing)}.", "Install with: pip install -e .[trainer,cbbt]")
    return {"encoder": _encoder, "digits": _digits, "vision": cbbt_vision.run, "verifier": _verifier}[a.kind](a)


def _encoder(a: argparse.Namespace) -> int:
    from trainer.cbbt.digits.dual_encoder import CONFIG, FILES, KIND, train_encoder
    from trainer.runs import Run, disk_fault, is_json

    folder = Run.at(a.out).folder  # a folder that cannot be made is said before the training
    there = any((folder / name).exists() for name in FILES)
    if there and not is_json(folder / CONFIG, lambda value: value["kind"] == KIND):
        raise UserFault(f"{folder} holds another model.", "Give another folder with --out.")
    model = train_encoder(count=a.images, seed=a.seed)
    try:
        model.save(folder)
    except OSError as e:
        raise disk_fault(folder, e) from None
    print(f"Wrote {a.out}.")
    return 0


def _digits(a: argparse.Namespace) -> int:
    from trainer.cbbt.box import ProcessBox
    from trainer.cbbt.digits import experiment as digits
    from trainer.cbbt.digits.dual_encoder import DualEncoder, box_command
    from trainer.cbbt.methods import table
    from trainer.runs import Run, sha256_of

    DualEncoder.load(a.encoder)  # a mistake in the path is said here, not by the other process
    if unknown := next((n for n in a.methods if n not in digits.METHODS), None):
        raise UserFault(f"There is no method {unknown!r}.", f"Choose among {'; '.join(digits.METHODS)}.")
    run = Run.at(a.run)
    run.may_replace("digits.json", are_rows)
    began = time.monotonic()
    with ProcessBox(box_command(a.encoder, digits.CLASSES), seconds=a.seconds) as box:
        rows = digits.experiment(box, run, a.shots, a.seeds, sha256_of(a.encoder / "model.safetensors"), a.methods)
    shown = table(rows, digits.METHODS)
    minutes = (time.monotonic() - began) / 60
    print(shown)
    print(f"\n{time.strftime('%Y-%m-%d')}, {platform.machine()}, {minutes:.0f} minutes, seeds {a.seeds}.")
    run.write_json("digits.json", rows)
    return 0


def _verifier(a: argparse.Namespace) -> int:
    import numpy as np

    from trainer.cbbt.box import Budget, ProcessBox
    from trainer.cbbt.verifier.head import Found
    from trainer.cbbt.verifier.judged import Judged
    from trainer.cbbt.verifier.llama_box import box_command
    from trainer.cbbt.verifier.report import table
    from trainer.cbbt.verifier.training import JudgeBox, VerifierConfig, VerifierTuning, concluded, judge_once, to_json
    from trainer.commands.cbbt_solutions import graded_parts
    from trainer.runs import Run, sha256_of, write_atomically
    from tutor_app.adapters.verifying.verifier import FORMAT
    from tutor_app.tutor.models import model_store
    from tutor_app.tutor.paths import folders

    solutions, parts = graded_parts(a)
    path, run = model_store(folders()).find(a.model).path, Run.at(a.run)
    run.may_replace("verifier.json", lambda value: value["kind"] == FORMAT)
    read = run.folder / "read"
    read.mkdir(exist_ok=True)
    model = sha256_of(path)
    began = time.monotonic()
    config = VerifierConfig(queries=a.queries, seed=a.seed)
    with ProcessBox(box_command(str(path), a.threads, read), seconds=a.seconds) as process:
        box = JudgeBox(process, Budget(limit=config.queries), model)
        texts, right = [s.text for s in solutions], np.array([s.right for s in solutions])
        first = len(texts) - len(parts.held_out)  # the others need not be read to tune
        lengths, scores = box.read(texts[:first])
        parts = parts.without(np.flatnonzero(lengths == 0))
        parts.need_both(right)  # too long ones are told before the tuning
        prompt = VerifierTuning(box, right, parts.train, config, run.folder).run()
        more_lengths, more_scores = box.read(texts[first:])
        lengths, scores = np.concatenate([lengths, more_lengths]), np.concatenate([scores, more_scores])
        parts = parts.without(np.flatnonzero(lengths == 0))
        parts.need_both(right)
        box.budget.limit = 0  # what follows is judged once: the budget was for the tuning
        rows = np.concatenate([parts.train, parts.validation, parts.held_out])
        prompts = np.stack([box.start(config.tokens), prompt])
        margins, states = np.zeros((2, len(solutions))), np.ones((2, len(solutions), box.width))
        margins[:, rows], states[:, rows] = judge_once(box, prompts, texts, rows, Judged(read, model))
    extras = np.concatenate([scores, [s.traits for s in solutions]], axis=1)
    untuned, tuned = (Found(margins[i], states[i], extras) for i in range(2))
    outcome = concluded(solutions, untuned, tuned, parts)
    spent = {"queries": box.budget.spent, "sequences": box.budget.sequences}
    found = {**outcome.report, **spent, "minutes_this_time": round((time.monotonic() - began) / 60, 1)}
    out = run.folder / "verifier.json"
    soft = prompts[int(outcome.tuned)]
    write_atomically(out, to_json(soft, outcome.head, model, found, power=outcome.power))
    print(table(outcome.rows, outcome.report["vote_plain"]) + "\n")
    for name, value in found.items():
        print(f"{name.replace('_', ' '):<18} {value}")
    print(f"Wrote {out}.")
    return 0
