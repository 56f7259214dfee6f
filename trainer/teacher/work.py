"""Many independent items of work: several at once, each kept as soon as it is done, none done twice.

An item's row is appended to a journal, so that a killed step goes on where it was; the result does not depend on the
order in which items ended. The items may be shared out among processes or machines: each does ``shard`` k of n and
keeps its own journal in the same folder; a start without a shard reads all of them and does what is missing.
"""

from __future__ import annotations

import contextlib
import queue
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from trainer.runs import Journal, ProgressLine
from trainer.teacher.budget import BudgetSpent, Meter, RequestFailed, Spent
from tutor_app.core.ports import Cancel

T = TypeVar("T")
Row = dict[str, Any]


class NotMade(ValueError):
    """Nothing was made of an item; the text says why, and is counted."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Which part of the items this process does: every ``of``-th, from ``number`` on, counted from 1."""

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read ``3/8``.

        Raises:
            ValueError: If it is none.
        """
        found = re.fullmatch(r"(\d+)/(\d+)", text)
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            raise ValueError(f"{text!r} is no shard such as 3/8")
        return cls(int(found[1]), int(found[2]))

    def name(self, step: str) -> str:
        """The name of the shard's journal."""
        return f"{step}.journal" if self.of == 1 else f"{step}.{self.number}-of-{self.of}.journal"


@dataclass(frozen=True, slots=True)
class Done:
    """What has been done.

    Attributes:
        rows: By the number of the item, in order.
        missing: Items of this shard that were not done, because the budget was spent.
        journals: That hold the rows.
    """

    rows: Mapping[int, Row]
    missing: int
    journals: tuple[Path, ...]

    def finish(self) -> None:
        """The result is written: the journals are not needed any more, unless something is missing."""
        if not self.missing:
            for path in self.journals:
                path.unlink(missing_ok=True)


WHOLE: Final = Shard()
FAILED_IN_A_ROW: Final = 8
"""Items that a server may fail at, without any that it does not fail at between, before it counts as broken."""
GIVE_UP_SECONDS: Final = 5.0
"""How long work under way is waited for after a failure; it may hang on a server."""


def work_through(
    folder: Path,
    step: str,
    identity: str,
    items: Sequence[T],
    one: Callable[[T, Cancel], Row],
    *,
    parallel: int,
    shard: Shard = WHOLE,
    meter: Meter | None = None,
) -> Done:
    """Do every item of the shard that no journal has.

    Args:
        folder: Of the journals.
        step: Names them.
        identity: Of the work; a journal of other work is refused.
        items: All items, the same in every process.
        one: Makes an item's row, in one of several threads; :class:`NotMade` becomes a row ``{"why": ...}``.
        parallel: Items under way at once.
        shard: The part to do.
        meter: What the work spends; it is noted with every row, and what earlier starts spent counts.

    Raises:
        TutorError: As ``one`` does, after what is under way has ended; what is done stays done.
    """
    with contextlib.ExitStack() as held:
        names = [shard.name(step), *(_others(folder, step) if shard.of == 1 else ())]
        journals = [held.enter_context(Journal(folder / name, identity)) for name in names]
        rows = {int(row["at"]): row for journal in reversed(journals) for row in journal.rows}
        before = [_spent(journal) for journal in journals]
        start = Spent()
        if meter is not None:
            meter.spent_before(sum(before, Spent()))
            start = meter.spent
        mine = range(shard.number - 1, len(items), shard.of)
        todo = [(i, items[i]) for i in mine if i not in rows]
        progress = ProgressLine(step, len(mine), len(mine) - len(todo))

        def keep(at: int, row: Row) -> None:
            rows[at] = {"at": at, **row}
            if meter is None:
                journals[0].add(rows[at])
                progress.step()
            else:
                journals[0].add({**rows[at], "spent": (before[0] + meter.spent - start).to_list()})
                progress.step(note=spending(meter))

        missing = _together(todo, _forgiving(one, meter), keep, parallel)
    return Done({i: rows[i] for i in sorted(rows)}, missing, tuple(folder / name for name in names))


def spending(meter: Meter) -> str:
    """What was spent, in words."""
    spent = meter.spent
    words = f"{spent.tokens_in + spent.tokens_out:,} tokens"
    return f"{words}, cost {meter.cost:,.2f}" if meter.limits.price_in or meter.limits.price_out else words


def _forgiving(one: Callable[[T, Cancel], Row], meter: Meter | None) -> Callable[[T, Cancel], Row]:
    """``one``, for which an item that a server fails at, and at no other, is not made.

    A server may break down at a certain text every time: that must not end the work. But when it is gone, or fails at
    one item after the other, the items that it was asked for then must not be given up. Work that was cut short,
    because another item's failure has ended it, says nothing of the server.
    """
    lock, in_a_row = threading.Lock(), 0

    def count(*, failed: bool) -> int:
        nonlocal in_a_row
        with lock:
            in_a_row = in_a_row + 1 if failed else 0
            return in_a_row

    def row(item: T, cancel: Cancel) -> Row:
        for last in (False, True):
            try:
                made = one(item, cancel)
            except RequestFailed:
                answers = meter is not None and meter.answers()
                if cancel.is_set() or not answers or (last and count(failed=True) > FAILED_IN_A_ROW):
                    raise
            except NotMade:
                count(failed=False)
                raise
            else:
                if not cancel.is_set():
                    count(failed=False)
                return made
        raise NotMade("the server failed at it again and again")

    return row


def _others(folder: Path, step: str) -> list[str]:
    """The journals of shards."""
    pattern = re.compile(rf"{re.escape(step)}\.\d+-of-\d+\.journal")
    return sorted(p.name for p in folder.iterdir() if pattern.fullmatch(p.name))


def _spent(journal: Journal) -> Spent:
    """What earlier starts have spent, as the journal's last row says."""
    return Spent(*(journal.rows[-1].get("spent") or (0, 0, 0))) if journal.rows else Spent()


def _together(
    todo: Sequence[tuple[int, T]], one: Callable[[T, Cancel], Row], keep: Callable[[int, Row], None], parallel: int
) -> int:
    """Do the items, ``parallel`` at once; returns how many were not done because the budget was spent."""
    waiting = iter(todo)
    lock, failed, spent = threading.Lock(), threading.Event(), threading.Event()
    done: queue.SimpleQueue[tuple[int, Row | BaseException | None]] = queue.SimpleQueue()

    def work() -> None:
        while not (failed.is_set() or spent.is_set()):
            with lock:
                taken = next(waiting, None)
            if taken is None:
                break
            at, item = taken
            try:
                row = one(item, failed)
                if not failed.is_set():  # what was cut short by a failure is not what it would have been
                    done.put((at, row))
            except NotMade as e:
                done.put((at, {"why": str(e)}))
            except BudgetSpent:
                spent.set()
            except BaseException as e:  # noqa: BLE001 - handed to the thread that waits
                failed.set()
                done.put((at, e))
        done.put((-1, None))

    threads = [threading.Thread(target=work, name=f"work-{i}", daemon=True) for i in range(min(parallel, len(todo)))]
    for thread in threads:
        thread.start()
    working, kept = len(threads), 0
    error: BaseException | None = None
    try:
        while working:
            at, row = done.get()
            if row is None:
                working -= 1
            elif isinstance(row, BaseException):
                error = error or row
            else:
                keep(at, row)
                kept += 1
    except BaseException:
        failed.set()
        raise
    finally:
        for thread in threads:
            thread.join(None if not failed.is_set() else GIVE_UP_SECONDS)
    if error is not None:
        raise error
    return len(todo) - kept
