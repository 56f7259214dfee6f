"""``view``: shows records as the loss sees them, token by token; supervised tokens in colour."""

from __future__ import annotations

import argparse
from pathlib import Path

from trainer.arguments import at_least


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this step."""
    parser.add_argument("records", type=Path, metavar="RECORDS")
    parser.add_argument(
        "--tokenizer", type=Path, required=True, metavar="BASE", help="a Hugging Face folder or a GGUF file"
    )
    parser.add_argument("--dialect", choices=("mumath", "chatml"), default="mumath")
    parser.add_argument("--n", type=at_least(1), default=1, help="records to show (default 1)")
    parser.add_argument("--skip", type=at_least(0), default=0, help="records to pass over first")
    parser.add_argument("--plain", action="store_true", help="marks instead of colours")


def main(a: argparse.Namespace) -> int:
    """Run the step; the faults are those of :func:`trainer.data.view.show`."""
    from trainer.data.view import show  # needs tokenizers, which --help does not

    return show(a.records, a.tokenizer, a.dialect, n=a.n, skip=a.skip, plain=a.plain)
