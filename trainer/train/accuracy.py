"""Tool-integrated accuracy of a model that is being trained: held-out problems through the loop that ships.

Greedy, in the real sandbox, judged by the strict grader. The problems come out of the training records (those that
are held out) or from a file that is given; a test set is never taken by itself.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.data.benchmarks import READERS, Task
from trainer.data.records import BadLine, Rejects, origin, parse_record, read_lines, stable_fraction
from tutor_app.core.dialect import Dialect
from tutor_app.core.errors import UserFault
from tutor_app.core.events import EndReason, Finished
from tutor_app.core.parts import Output
from tutor_app.core.ports import CodeExecutor, LanguageModel
from tutor_app.core.problem import check_problem
from tutor_app.core.solve import solve, to_the_end
from tutor_app.core.solve_settings import SolveSettings
from tutor_app.core.transcript import Transcript

OpenExecutor = Callable[[], CodeExecutor]


@dataclass(frozen=True, slots=True)
class Solved:
    """What became of one problem.

    Attributes:
        right: By the strict grader.
        blocks: Code blocks that were run.
        ran: Those of them that ended without an error.
        fault: What failed on this computer, or empty.
    """

    right: bool
    blocks: int
    ran: int
    fault: str = ""


def tasks_of(records: Iterable[Transcript]) -> list[Task]:
    """Problems with a known answer, one for each original problem, in an order that does not depend on the files'."""
    found: dict[str, tuple[str, str]] = {}
    for record in records:
        answer = record.answer
        gold = str(record.meta.get("gold") or (answer.latex if answer is not None else ""))
        if gold:
            found.setdefault(origin(record), (record.problem, gold))
    ordered = sorted(found, key=lambda name: stable_fraction(f"solve {name}"))
    return [Task(i, *found[name]) for i, name in enumerate(ordered)]


def read_tasks(path: Path) -> list[Task]:
    """Problems of a file of records, or of lines in the form of GSM8K or MATH.

    Raises:
        UserFault: If it cannot be read, holds none, or a line is of another form.
    """
    rows = list(read_lines(path, _task, Rejects()))
    records = tasks_of(r for r in rows if isinstance(r, Transcript))
    tasks = records or [Task(i, *r) for i, r in enumerate(rows) if not isinstance(r, Transcript)]
    if not tasks:
        raise UserFault(f"{path} holds no problem with a known answer.", "Give records, GSM8K or MATH lines.")
    return tasks


def _task(value: Any, number: int) -> Transcript | tuple[str, str]:
    if isinstance(value, dict) and "turns" in value:
        return parse_record(value, number)
    for form in ("gsm8k", "math"):
        try:
            problem, gold, _ = READERS[form](value)
        except (KeyError, IndexError, TypeError, AttributeError):
            continue
        return problem, gold
    raise BadLine('expected a record, or an object with "question" and "answer", or with "problem" and "solution"')


def solve_all(
    tasks: Sequence[Task],
    model: LanguageModel,
    dialect: Dialect,
    executor: OpenExecutor,
    settings: SolveSettings,
    *,
    stopping: Callable[[], bool],
) -> list[Solved] | None:
    """Solve problems, as many at once as the model takes; None if it was asked to stop on the way."""
    from tutor_app.adapters.grading.grader import Grader

    todo: queue.SimpleQueue[Task] = queue.SimpleQueue()
    for task in tasks:
        todo.put(task)
    done: queue.SimpleQueue[Solved | Exception] = queue.SimpleQueue()
    halt = threading.Event()
    running = executor()

    def work(grader: Grader) -> None:
        try:
            while not halt.is_set():
                task = todo.get_nowait()
                last = to_the_end(
                    solve(
                        check_problem(task.problem),
                        model=model,
                        executor=running,
                        dialect=dialect,
                        settings=settings,
                        cancel=halt,
                    )
                )
                done.put(_judge(last, task.gold, grader))
        except queue.Empty:
            pass
        except Exception as e:  # noqa: BLE001 - handed to the thread that waits
            done.put(e)

    with Grader() as grader:
        threads = [
            threading.Thread(target=work, args=(grader,), name=f"solve-{i}", daemon=True)
            for i in range(max(1, min(model.info.n_seq, len(tasks))))
        ]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                while thread.is_alive():
                    thread.join(0.1)
                    if stopping():
                        halt.set()
        finally:
            halt.set()
            for thread in threads:
                thread.join()
            running.close()
    if stopping():
        return None
    solved: list[Solved] = []
    while not done.empty():
        item = done.get()
        if isinstance(item, Exception):
            raise item
        solved.append(item)
    return solved


def _judge(last: Finished, gold: str, grader: Any) -> Solved:
    answer = last.transcript.answer
    outputs = [p for p in last.transcript.solution if isinstance(p, Output)]
    return Solved(
        right=answer is not None and grader.grade(gold, answer.latex, mode="strict").verdict == "correct",
        blocks=len(outputs),
        ran=sum(o.status == "ok" for o in outputs),
        fault=last.detail if last.reason in (EndReason.ENGINE, EndReason.SANDBOX) else "",
    )


def rates(solved: Sequence[Solved]) -> dict[str, float | int]:
    """The rates for the metrics: fractions of the problems, and of the blocks."""
    n, blocks = len(solved), sum(s.blocks for s in solved)
    found: dict[str, float | int] = {
        "solve_accuracy": round(sum(s.right for s in solved) / n, 4),
        "solve_with_code": round(sum(s.blocks > 0 for s in solved) / n, 4),
        "solve_problems": n,
    }
    if blocks:
        found["solve_blocks_ran"] = round(sum(s.ran for s in solved) / blocks, 4)
    return found
