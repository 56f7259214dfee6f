"""The job of a training run: its settings and files, its tokens, and the problems of its accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trainer.config import TrainConfig
from trainer.data import store
from trainer.data.benchmarks import Task
from trainer.data.records import lines_of, parse_line, parse_record
from trainer.runs import Run
from trainer.train.accuracy import read_tasks, tasks_of
from trainer.train.ranks import Ranks
from tutor_app.core.errors import UserFault


@dataclass(frozen=True, slots=True)
class Job:
    """What to train on what.

    Attributes:
        config: Settings.
        base: A Hugging Face folder, a GGUF file or an adapter folder.
        data: Files of records.
        run: Where everything goes.
        eval_data: Files of records for the held-out loss; empty takes them out of ``data``.
        solve_data: File of problems for the accuracy; None takes the held-out records'.
        strict: Whether a broken line ends the step.
        trackers: Where the numbers go beside the metrics.
        stamped: Refuse records that were not compared with any test set.
    """

    config: TrainConfig
    base: Path
    data: tuple[Path, ...]
    run: Run
    eval_data: tuple[Path, ...] = ()
    solve_data: Path | None = None
    strict: bool = True
    trackers: tuple[str, ...] = ()
    stamped: bool = False


def data_of(job: Job, folder: Path, ranks: Ranks) -> store.Stored:
    """The tokens of the run's data: made by the first rank unless an earlier start made them, and read by all."""
    config = job.config
    wanted = store.Wanted(
        files=job.data,
        eval_files=job.eval_data,
        tokenizer=folder,
        dialect=config.dialect,
        max_length=config.max_length,
        held_out=config.held_out,
        strict=job.strict,
        stamped=job.stamped,
    )
    path = ranks.first_makes(lambda: store.make(wanted, job.run.folder / "tokens", wanted.key()))
    return ranks.together(lambda: store.open_store(path))


def tasks_for(job: Job, data: store.Stored) -> list[Task]:
    """Problems for the accuracy, which are not trained on."""
    config = job.config
    if not config.solve_every:
        return []
    held = (parse_line(line, parse_record) for line in lines_of([data.held_records]))
    tasks = read_tasks(job.solve_data) if job.solve_data is not None else tasks_of(held)
    if not tasks:
        raise _no_problems(job, len(data.samples))
    return tasks[: config.solve_problems]


def _no_problems(job: Job, samples: int) -> UserFault:
    what = "solve_every needs problems that are not trained on"
    if job.eval_data:
        return UserFault(f"{what}, and --eval-data holds none with a known answer.", "Give --solve-data FILE.")
    share = job.config.held_out
    if share:
        what += f": held_out = {share:g} keeps none of {samples:,} records"
    # About ten of them; held out are whole problems, with everything that was made of them.
    enough = min(0.5, max(2 * share, 0.01, 10 / samples))
    return UserFault(f"{what}.", f"Say --set held_out={enough:.1g}, or give --solve-data FILE.")
