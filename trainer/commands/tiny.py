"""``tiny``: a tiny base of random weights, to try every step in minutes on any machine."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Final

from trainer.arguments import at_least, not_a_test_set
from trainer.data.records import Rejects, read_records
from trainer.data.testsets import refuse_test_sets
from trainer.runs import write_atomically
from tutor_app.core.dialect import DIALECTS, render
from tutor_app.core.errors import UserFault

MADE_BY: Final = "tiny"
HELD: Final = frozenset(
    {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    | {"chat_template.jinja", "mumath.json"}
)
"""What a folder that this step has made holds."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this step."""
    parser.add_argument("data", type=Path, nargs="+", metavar="RECORDS", help="texts for its tokenizer")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="the model folder to write")
    not_a_test_set(parser)
    parser.add_argument("--vocab", type=at_least(1), default=1024, help="tokens (default 1024)")
    parser.add_argument("--width", type=at_least(1), default=128, help="hidden size, a multiple of 64 (default 128)")
    parser.add_argument("--layers", type=at_least(1), default=3, help="transformer blocks (default 3)")
    parser.add_argument("--seed", type=at_least(0), default=1)


def main(a: argparse.Namespace) -> int:
    """Run the step.

    Raises:
        UserFault: If the width does not fit, the folder holds something else, or a file is a test set or unreadable.
    """
    from trainer.train.tiny import make_base, train_tokenizer  # need torch, which --help does not

    if a.width % 64 or a.width <= 0:
        raise UserFault(f"A width of {a.width} is no multiple of 64.", "Take 64, 128 or 256.")
    _may_replace(a.out)
    refuse_test_sets(a.data, allowed=a.not_a_test_set)
    records = read_records(a.data, Rejects())
    texts = ("".join(s.text for s in render(r, DIALECTS["mumath"])) for r in records)
    n = make_base(a.out, train_tokenizer(texts, a.vocab), width=a.width, layers=a.layers, seed=a.seed)
    write_atomically(a.out / "mumath.json", json.dumps({"dialect": "mumath", "made_by": MADE_BY}) + "\n")
    print(f"{a.out}: {n:,} parameters.")
    return 0


def _may_replace(folder: Path) -> None:
    """Refuse to replace what this step has not made: a trained model looks much the same.

    Raises:
        UserFault: If there is something else.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        ours = json.loads((folder / "mumath.json").read_text(encoding="utf-8"))["made_by"] == MADE_BY
    except (OSError, ValueError, KeyError, TypeError):
        ours = False
    if not ours or {p.name for p in folder.iterdir()} - HELD:
        raise UserFault(f"{folder} is there already and holds something else.", "Give a new folder with --out.")
