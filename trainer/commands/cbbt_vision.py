"""``trainer cbbt vision``: few-shot tuning of a CLIP that is a black box, on image sets that lie on the disk."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import platform
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from trainer.cbbt.box import Box
from tutor_app.core.errors import UserFault


def add_arguments(p: argparse.ArgumentParser, at_least: Callable[[int], Callable[[str], int]]) -> None:
    """The arguments; ``--seconds`` is the caller's."""
    p.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder in which the image sets lie")
    p.add_argument(
        "--clip", required=True, metavar="DIR|URL", help="a CLIP that transformers saved, or a service of the protocol"
    )
    p.add_argument("--run", type=Path, required=True, metavar="FOLDER", help="run folder; goes on from what it holds")
    p.add_argument("--sets", nargs="+", default=[], metavar="NAME", help="default: all that are in --data")
    p.add_argument("--shots", type=at_least(1), nargs="+", default=[16], metavar="N", help="of each class (default 16)")
    p.add_argument("--seeds", type=at_least(0), nargs="+", default=[1, 2, 3], metavar="N", help="default CoOp's, 1 2 3")
    p.add_argument("--queries", type=at_least(1), default=8000, metavar="N", help="prompts of a tuning (default 8000)")
    p.add_argument("--threads", type=at_least(1), default=2, metavar="N", help="of a local CLIP (default 2)")


def are_rows(value: Any) -> bool:
    """Whether a JSON value is a table of an experiment."""
    return bool(value) and all({"shots", "seed", "method"} <= row.keys() for row in value)


def run(a: argparse.Namespace) -> int:
    """Run the experiment and print its table.

    Raises:
        UserFault: If the request cannot be carried out.
        HostFault: If the black box fails, or the disk.
    """
    from trainer.cbbt.vision import experiment as vision
    from trainer.cbbt.vision.eleven_sets import set_name, sets_in
    from trainer.runs import Run

    if importlib.util.find_spec("sklearn") is None:
        raise UserFault("The linear probe needs scikit-learn.", "Install it with: pip install -e .[trainer,cbbt]")
    names = [set_name(name) for name in a.sets]
    sets = vision.sets_of(a.data, names, sets_in(a.data))
    began = time.monotonic()
    with opened_clip(a.clip, a.threads, a.seconds) as (box, model):
        run_folder = Run.at(a.run)
        run_folder.may_replace("vision.json", are_rows)
        rows = vision.experiment(box, run_folder, sets, a.shots, a.seeds, a.queries, model)
    print(vision.tables(rows, a.queries))
    minutes = (time.monotonic() - began) / 60
    print(f"\n{time.strftime('%Y-%m-%d')}, {platform.machine()}, {minutes:.0f} minutes, seeds {a.seeds}.")
    run_folder.write_json("vision.json", rows)
    return 0


@contextlib.contextmanager
def opened_clip(where: str, threads: int, seconds: float) -> Iterator[tuple[Box, str]]:
    """The black box at an address, or of a folder, and what tells its model from others.

    Raises:
        UserFault: If it is neither.
        BoxFault: If it does not answer.
    """
    from trainer.cbbt.box import HttpBox, ProcessBox
    from trainer.cbbt.vision.experiment import model_of
    from trainer.runs import digest, sha256_of

    if "://" in where:
        service = HttpBox(where, seconds=seconds)
        yield service, model_of(service.info, where)
        return
    missing = [n for n in ("torch", "transformers") if importlib.util.find_spec(n) is None]
    if missing:
        raise UserFault(f"A local CLIP needs {', '.join(missing)}.", "Install with: pip install -e .[trainer,cbbt]")
    from trainer.cbbt.vision.clip_box import box_command, check_clip

    folder = Path(where)
    check_clip(folder)  # a mistake in the path is said here, not by the other process
    weights = sorted(p for ending in ("safetensors", "bin") for p in folder.glob(f"*.{ending}"))
    with ProcessBox(box_command(folder, threads), seconds=seconds) as box:
        yield box, digest([sha256_of(p) for p in weights])
