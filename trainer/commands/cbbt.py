"""Black-box tuning: prompts and light adapters for a model whose weights and gradients are closed.

encoder   train the small dual encoder on drawn digits and figures
digits    adapt it, as a black box, to scikit-learn's handwritten digits, with every baseline, and print the table
"""

from __future__ import annotations

import argparse
import importlib.util
import platform
import time
from pathlib import Path

from tutor_app.core.errors import UserFault


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the step."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="WHAT")

    p = kinds.add_parser("encoder", help="train the small dual encoder")
    p.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="the folder to write")
    p.add_argument("--images", type=int, default=16_000, help="pictures to draw (default 16000)")
    p.add_argument("--seed", type=int, default=0)

    p = kinds.add_parser("digits", help="adapt the encoder to handwriting, with every baseline")
    p.add_argument("--run", type=Path, required=True, metavar="FOLDER", help="run folder; goes on from what it holds")
    p.add_argument("--encoder", type=Path, required=True, metavar="FOLDER", help="an encoder of this command")
    p.add_argument("--shots", type=int, nargs="+", default=[1, 2, 4, 8, 16], metavar="N", help="default 1 2 4 8 16")
    p.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="N", help="default 0 1 2")
    p.add_argument("--seconds", type=float, default=120, help="the black box may take for one answer (default 120)")


def main(a: argparse.Namespace) -> int:
    """Run the step.

    Raises:
        UserFault: If the request cannot be carried out.
        HostFault: If the black box fails, or the disk.
    """
    missing = [n for n in ("torch", "safetensors") if importlib.util.find_spec(n) is None]
    if missing:
        raise UserFault(f"This needs {', '.join(missing)}.", "Install with: pip install -e .[trainer,cbbt]")
    return {"encoder": _encoder, "digits": _digits}[a.kind](a)


def _encoder(a: argparse.Namespace) -> int:
    from trainer.cbbt.dual import train_encoder

    if a.images < 256:
        raise UserFault(f"--images {a.images} is too few.", "Give 256 or more.")
    train_encoder(count=a.images, seed=a.seed).save(a.out)
    print(f"Wrote {a.out}.")
    return 0


def _digits(a: argparse.Namespace) -> int:
    from trainer.cbbt import digits
    from trainer.cbbt.box import ProcessBox
    from trainer.cbbt.dual import DualEncoder, box_command
    from trainer.runs import Run, sha256_of

    DualEncoder.load(a.encoder)  # a mistake in the path is said here, not by the other process
    run = Run.at(a.run)
    began = time.monotonic()
    with ProcessBox(box_command(a.encoder, digits.CLASSES), seconds=a.seconds) as box:
        rows = digits.experiment(box, run, a.shots, a.seeds, sha256_of(a.encoder / "model.safetensors"))
    shown = digits.table(rows)
    minutes = (time.monotonic() - began) / 60
    print(shown)
    print(f"\n{time.strftime('%Y-%m-%d')}, {platform.machine()}, {minutes:.0f} minutes, seeds {a.seeds}.")
    run.write_json("digits.json", rows)
    return 0
