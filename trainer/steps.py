"""Shared parts of the data steps in :mod:`trainer.commands`: input files, journal, and how a result is written.

A step reads plain files, writes ``STEP.jsonl`` and ``STEP.provenance.json`` into the run folder, and, where it takes
minutes, keeps a journal so that it goes on after a kill.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from trainer.data import cores, decontaminate, hub
from trainer.data.chain import NotAChain
from trainer.data.decontaminate import DEFAULT_NGRAM, STAMP
from trainer.data.records import Rejects, write_records
from trainer.runs import Run, sha256_of, write_atomically
from trainer.teacher.work import Done, NotMade, work_through
from tutor_app.core.errors import UserFault
from tutor_app.core.ports import Cancel, CodeExecutor
from tutor_app.core.transcript import Transcript

OpenExecutor = Callable[[], CodeExecutor]
BUDGET_SPENT: Final = "not asked, the budget is spent"


@dataclass(frozen=True, slots=True)
class InputFiles:
    """The files that a step reads, and what it lets through.

    Attributes:
        paths: Where they are.
        strict: Whether a bad line ends the step.
        not_tests: They are no test sets, whatever they are called or hold.
    """

    paths: tuple[Path, ...]
    strict: bool = True
    not_tests: bool = False

    @classmethod
    def of(cls, a: argparse.Namespace, run: Run) -> InputFiles:
        """Those of the command line; what is on the hub is fetched into the run folder.

        Raises:
            UserFault: If there is no such file on the hub.
            HostFault: If it cannot be fetched.
        """
        return cls(tuple(hub.local(a.files, run.folder / "hub")), strict=not a.skip, not_tests=a.not_a_test_set)

    def rejects(self) -> Rejects:
        """Takes their bad lines."""
        return Rejects(self.strict)


class NothingMade(UserFault):
    """A step made no record.

    Attributes:
        left_out: How many items were left out, by reason.
    """

    def __init__(self, message: str, remedy: str, left_out: Mapping[str, int] | None = None) -> None:
        super().__init__(message, remedy)
        self.left_out = dict(left_out or {})


def stamped(
    run: Run, out: str, records: Sequence[Transcript], tests: Sequence[Path], why: Counter[str], n: int = DEFAULT_NGRAM
) -> list[Transcript]:
    """The records that overlap no test set, with the stamp that says so; the report goes to ``OUT.report.json``."""
    sets = [decontaminate.read_test_set(t, n) for t in tests]
    kept, report = decontaminate.decontaminate(records, sets, n)
    write_atomically(run.folder / f"{out}.report.json", decontaminate.dump(report) + "\n")
    if report.removed:
        why["overlaps a test set"] += len(report.removed)
    stamp = sorted(f"{t.name} {sha256_of(t)[:16]}" for t in tests)
    return [replace(r, meta={**r.meta, STAMP: stamp}) for r in kept]


def run_each(
    run: Run,
    step: str,
    provenance: dict[str, Any],
    items: Sequence[Any],
    work: Callable[[Any, CodeExecutor], list[Transcript]],
    open_executor: OpenExecutor,
    rejected: Sequence[str],
) -> str:
    """Have ``work`` make records of every item, in parallel and with a journal; returns what to tell.

    Args:
        run: The run folder.
        step: Name of the result.
        provenance: Of the result; its identity is that of the journal.
        items: Problems or records.
        work: Makes the records of one item with an executor; :class:`NotAChain` says why it cannot.
        open_executor: Opens the executor that all share.
        rejected: Sentences about bad lines.

    Raises:
        UserFault: If there are no items, or nothing was made of them.
        SandboxFault: If code cannot be run here at all.
    """
    if not items:
        raise UserFault(f"There is nothing to do for {step}: the files hold no record.", "Check the files.")
    running = open_executor()

    def one(item: Any, _: Cancel) -> dict[str, Any]:
        try:
            return {"records": [r.to_dict() for r in work(item, running)]}
        except NotAChain as e:
            raise NotMade(str(e)) from None

    try:
        done = work_through(run.folder, step, provenance["identity"], items, one, parallel=cores.count())
    finally:
        running.close()
    return finish_work(run, step, provenance, done, len(items), rejected)


Sift = Callable[[list[Transcript], Counter[str]], list[Transcript]]
"""Leaves records out of all that were made, and counts why."""


def finish_work(
    run: Run,
    step: str,
    provenance: dict[str, Any],
    done: Done,
    items: int,
    rejected: Sequence[str] = (),
    sift: Sift | None = None,
) -> str:
    """Write what was made of ``items`` to ``STEP.jsonl``; returns what to tell.

    Raises:
        NothingMade: If that is none.
    """
    rows = done.rows.values()
    records = [Transcript.from_dict(r) for row in rows for r in row.get("records", ())]
    why = Counter(
        _kind(reason) for row in rows for reason in ([row["why"]] if "why" in row else row.get("refused", ()))
    )
    if done.missing:
        why[BUDGET_SPENT] = done.missing
    records = sift(records, why) if sift is not None and records else records
    if not records:
        reasons = "; ".join(f"{n:,} {reason}" for reason, n in why.most_common(3))
        remedy = f"Reasons: {reasons}." if reasons else "Check that the files are of its kind."
        raise NothingMade(f"{step} made no record out of {items:,} items.", remedy, why)
    used = sum(1 for row in rows if row.get("records"))
    told = finish(run, step, provenance, records, why, rejected, f" from {used:,} of {items:,} items")
    done.finish()
    return told


def _kind(why: str) -> str:
    """A reason without its particulars, to count by."""
    head, *_ = why.partition(",")
    return " ".join("#" if any(c.isdigit() for c in w) else w for w in head.split())


def finish(
    run: Run,
    step: str,
    provenance: dict[str, Any],
    records: Iterable[Transcript],
    why: Counter[str],
    rejected: Iterable[str],
    note: str = "",
) -> str:
    """Write records to ``STEP.jsonl`` with their provenance beside them; returns what to tell.

    Args:
        run: The run folder.
        step: Name of the result.
        provenance: Of the result.
        records: May be made as they are written.
        why: How many items were left out, by reason; complete when the records are.
        rejected: Sentences about bad lines.
        note: Goes behind the number of records.
    """
    path, noted = run.folder / f"{step}.jsonl", f"{step}.provenance.json"
    if not (run.folder / noted).exists():
        run.write_json(noted, provenance)  # a result that a kill leaves behind is to be known as this step's
    # Only now is known what was left out: the records may be made as they are written.
    written = write_records(path, records)
    bad = list(rejected)
    left_out = {k: n for k, n in why.most_common() if n}
    run.write_json(
        noted,
        {**provenance, "records": written, "left_out": left_out, "bad_lines": bad, "sha256": sha256_of(path)},
    )
    run.note(step_name=step, records=written, left_out=sum(left_out.values()), bad_lines=len(bad))
    lines = [f"{path}: {written:,} records{note}."]
    lines += [f"  left out, {reason}: {n:,}" for reason, n in list(left_out.items())[:8]]
    lines += [f"  {sentence}" for sentence in bad[:20]]
    if len(bad) > 20:
        lines.append(f"  and {len(bad) - 20} more bad lines, all in {step}.provenance.json")
    return "\n".join(lines)
