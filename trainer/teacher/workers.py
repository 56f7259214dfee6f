"""Workers for a step's items: threads of this process, or workers on a Ray cluster, each with a teacher of its own.

Either way the journal is here, in the process that was started: it says what is done, and goes on after a kill. A
worker gets an item and gives its row; it has a share of the budget and of the rates, so that all of them together keep
within the limits. What a row says depends on the item and its seeds alone, not on who made it; so an item that a lost
worker had is simply done again.
"""

from __future__ import annotations

import argparse
import os
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any, Final, Protocol

from trainer.arguments import at_least, number
from trainer.runs import Run
from trainer.teacher.budget import BudgetSpent, Limits, Meter, RequestFailed, Spent
from trainer.teacher.teacher import Teacher
from trainer.teacher.work import Done, NotMade, Row, Shard, work_through
from tutor_app.core.errors import HostFault, TutorError, UserFault
from tutor_app.core.ports import Cancel

RESTARTS: Final = 3
"""How often a worker that is lost is started anew."""
STORE: Final = 80_000_000
"""Bytes of a local cluster's object store, Ray's least: rows are small."""


class Job(Protocol):
    """The work on every item, wherever it is done."""

    @property
    def teacher(self) -> Teacher:
        """The teacher that is asked."""

    def identity(self) -> dict[str, Any]:
        """What the rows depend on."""

    def one(self, item: Any, cancel: Cancel) -> Row:
        """An item's row; :class:`~trainer.teacher.work.NotMade` if there is none."""


Open = Callable[[argparse.Namespace], AbstractContextManager[Job]]
"""Opens a job with the options of the command line; a function of a module, which a worker can import."""


@dataclass(frozen=True, slots=True)
class Workers:
    """What works on the items.

    Attributes:
        identity: What the rows depend on.
        one: Does an item, in one of several threads.
        meter: What is spent.
        parallel: Items at once.
    """

    identity: dict[str, Any]
    one: Callable[[Any, Cancel], Row]
    meter: Meter
    parallel: int

    def work_through(
        self, run: Run, step: str, provenance: dict[str, Any], items: Sequence[Any], shard: Shard
    ) -> Done | None:
        """Work on all items that are left; ``provenance`` says afterwards what was spent.

        Args:
            run: Where the journal is.
            step: Name of what is made.
            provenance: Of what is made, with its identity.
            items: All of them, in order.
            shard: Which of them are this process's.

        Returns:
            None for a shard: what was made is gathered once all shards are done.
        """
        identity, meter = provenance["identity"], self.meter
        done = work_through(
            run.folder, step, identity, items, self.one, parallel=self.parallel, shard=shard, meter=meter
        )
        provenance["spent"] = {"tokens": meter.spent.to_list(), "cost": meter.cost}
        if shard.of == 1:
            return done
        print(f"Shard {shard.number} of {shard.of}: {len(done.rows):,} problems done.")
        return None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of a step that may be spread over machines."""
    parser.add_argument(
        "--ray",
        type=at_least(0),
        default=0,
        metavar="N",
        help="N workers on a Ray cluster, each with a teacher and --parallel",
    )
    parser.add_argument(
        "--ray-address", default="", metavar="ADDRESS", help="of the cluster, for example auto (default: one here)"
    )
    parser.add_argument("--ray-gpus", type=number, default=0.0, metavar="X", help="GPUs that each worker takes")


@contextmanager
def open_workers(a: argparse.Namespace, open_job: Open) -> Iterator[Workers]:
    """The workers that the options ask for.

    Raises:
        UserFault: If the options do not fit together, or Ray is not installed.
        HostFault: If the cluster cannot be reached, or as a teacher does.
    """
    if not a.ray:
        if a.ray_address or a.ray_gpus:
            raise UserFault("--ray-address and --ray-gpus go with --ray.", "Give the number of workers, too.")
        with open_job(a) as job:
            yield Workers(job.identity(), job.one, job.teacher.model, a.parallel)
        return
    if find_spec("ray") is None:
        raise UserFault("--ray needs the package ray.", "Install it with: pip install 'mumath-tutor[scale]'")
    limits = Limits(a.token_budget, a.cost_budget, a.price_in, a.price_out, a.requests_per_minute, a.tokens_per_minute)
    fleet = _Fleet(a, open_job, limits)
    try:
        fleet.begin()
        yield Workers(fleet.identity(), fleet.one, fleet, a.ray * a.parallel)
    finally:
        fleet.close()


class _RayWorker:
    """On a machine of the cluster: a job of its own, and what of its spending was not told yet."""

    def __init__(self, a: argparse.Namespace, open_job: Open) -> None:
        self._held = ExitStack()
        self._cancel, self._lock, self._told = threading.Event(), threading.Lock(), Spent()
        self._fault: TutorError | None = None
        try:
            self._job = self._held.enter_context(open_job(a))
        except TutorError as e:  # told when it is asked, as a sentence
            self._fault = _plain(e)

    def identity(self) -> dict[str, Any] | TutorError:
        """The identity of the job; or why there is none."""
        return self._fault or self._job.identity()

    def answers(self) -> bool:
        """Whether the teacher is there."""
        return self._job.teacher.model.answers()

    def one(self, item: Any, limits: Limits) -> tuple[Row | Exception, Spent]:
        """An item's row, or what is the matter with it, and what was spent since the last time."""
        if self._fault is not None:
            return self._fault, Spent()
        # Given with every item, because a worker that was started anew knows only those of the command line.
        self._job.teacher.model.limits = limits
        found: Row | Exception
        try:
            found = self._job.one(item, self._cancel)
        except NotMade as e:
            found = e
        except TutorError as e:
            found = _plain(e)
        with self._lock:
            spent = self._job.teacher.model.spent
            news, self._told = spent - self._told, spent
        return found, news

    def close(self) -> None:
        """Let the teacher go."""
        self._cancel.set()
        self._held.close()


def _reach(options: dict[str, Any], where: str) -> None:
    """Connect to a cluster, or start one.

    Raises:
        HostFault: If there is none.
    """
    import ray

    for last in (False, False, True):
        try:
            ray.init(**options)
        except Exception as e:  # noqa: BLE001 - what does not start in time is a bare one
            ray.shutdown()
            why = (str(e).splitlines() or [type(e).__name__])[0].rstrip(".")
            if last or "timed out during startup" not in why:  # Ray gives a busy machine half a minute only
                raise HostFault(f"There is no Ray cluster {where}: {why}.", "Start one: ray start --head") from None
        else:
            return


def _plain(e: TutorError) -> TutorError:
    """The fault as one of the tree's own kinds, which can be sent: a kind of its own may need more to be made anew."""
    kind = next((k for k in (BudgetSpent, UserFault, RequestFailed) if isinstance(e, k)), HostFault)
    return kind(e.message, e.remedy)


class _Fleet:
    """Workers on a cluster, and what they have spent; a :class:`~trainer.teacher.budget.Meter`."""

    def __init__(self, a: argparse.Namespace, open_job: Open, limits: Limits) -> None:
        self.limits = limits
        self._a, self._open_job = a, open_job
        self._workers: list[Any] = []
        self._free: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._lock, self._spent, self._share = threading.Lock(), Spent(), limits

    @property
    def spent(self) -> Spent:
        """By all, what was spent before included."""
        return self._spent

    @property
    def cost(self) -> float:
        """The cost of what was spent."""
        return self.limits.price(self._spent.tokens_in, self._spent.tokens_out)

    def begin(self) -> None:
        """Reach the cluster, or start one here, and start the workers.

        Raises:
            HostFault: If it cannot be reached.
        """
        import ray

        n, a = self._a.ray, self._a
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
        if a.ray_address or os.environ.get("RAY_ADDRESS"):
            options["address"] = a.ray_address or None
        else:
            options |= {"num_cpus": n, "include_dashboard": False, "object_store_memory": STORE}
        _reach(options, a.ray_address or os.environ.get("RAY_ADDRESS") or "here")
        actor = ray.remote(_RayWorker).options(
            num_cpus=1,
            num_gpus=a.ray_gpus,
            max_concurrency=a.parallel + 1,
            max_restarts=RESTARTS,
            max_task_retries=RESTARTS,
            scheduling_strategy="SPREAD",
        )
        self._workers = [actor.remote(a, self._open_job) for _ in range(n)]
        for _ in range(a.parallel):
            for i in range(n):
                self._free.put(i)

    def identity(self) -> dict[str, Any]:
        """Of the workers' jobs.

        Raises:
            TutorError: If a worker has no job.
            HostFault: If the workers are not of one kind, or one is lost.
        """
        found = self._answers([w.identity.remote() for w in self._workers])
        for each in found:
            if isinstance(each, TutorError):
                raise each
        if any(each != found[0] for each in found):
            raise HostFault("The workers have different teachers.", "Give every machine the same model and version.")
        first: dict[str, Any] = found[0]
        return first

    def spent_before(self, spent: Spent) -> None:
        """Count what an earlier start has spent, and share what is left among the workers."""
        n, limits = len(self._workers), self.limits
        self._spent += spent
        left = replace(limits, requests_per_minute=limits.requests_per_minute / n)
        left = replace(left, tokens_per_minute=limits.tokens_per_minute / n)
        if limits.tokens:
            # No limit is written as 0; of what is spent, one token is left, which no request can do with.
            left = replace(left, tokens=max(1, (limits.tokens - self._spent.tokens_in - self._spent.tokens_out) // n))
        if limits.cost:
            left = replace(left, cost=max(1e-12, (limits.cost - self.cost) / n))
        self._share = left

    def answers(self) -> bool:
        """Whether the teachers are there."""
        return all(self._answers([w.answers.remote() for w in self._workers]))

    def one(self, item: Any, cancel: Cancel) -> Row:
        """An item's row, by whichever worker has room.

        Raises:
            NotMade: If there is none.
            TutorError: As the worker's job does.
            HostFault: If the worker is lost for good.
        """
        i = self._free.get()
        try:
            (answer,) = self._answers([self._workers[i].one.remote(item, self._share)])
        finally:
            self._free.put(i)
        found, news = answer
        with self._lock:
            self._spent += news
        if isinstance(found, BudgetSpent):
            raise BudgetSpent("The workers' shares of the budget are spent.", found.remedy)
        if isinstance(found, Exception):
            raise found
        row: Row = found
        return row

    def close(self) -> None:
        """Let the workers go, and the cluster that was started here."""
        import ray

        if not ray.is_initialized():
            return
        with ExitStack() as after:
            after.callback(ray.shutdown)
            ray.wait([w.close.remote() for w in self._workers], num_returns=len(self._workers), timeout=10)

    def _answers(self, references: list[Any]) -> list[Any]:
        import ray

        try:
            answers: list[Any] = ray.get(references)
        except ray.exceptions.RayError as e:
            why = str(e).splitlines()[0] if str(e) else type(e).__name__
            raise HostFault(f"A worker of the Ray cluster is lost: {why}", "The same command goes on.") from None
        return answers
