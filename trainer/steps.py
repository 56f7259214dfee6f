"""The data steps behind the command line: from source files to the two stages' training files.

Each reads plain files, writes ``STEP.jsonl`` and ``STEP.provenance.json`` into the run folder, and, where a step
takes minutes, keeps a journal so that it goes on after a kill.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, Final, Literal

from trainer.augment.correct import METHOD as CORRECTED
from trainer.augment.correct import correct
from trainer.augment.fobar import fobar
from trainer.augment.numbers import numbers
from trainer.data import cores, decontaminate, seeds
from trainer.data.chain import NotAChain
from trainer.data.decontaminate import DEFAULT_NGRAM, STAMP
from trainer.data.gsm8k import gsm8k_line
from trainer.data.records import Rejects, parse_record, read_lines, read_records, stable_fraction, write_records
from trainer.data.testsets import refuse_test_sets
from trainer.runs import Run, sha256_of, write_atomically
from trainer.synthesize.make_code import make
from trainer.teacher.work import Done, NotMade, work_through
from tutor_app.core.errors import UserFault
from tutor_app.core.ports import Cancel, CodeExecutor
from tutor_app.core.transcript import Transcript

OpenExecutor = Callable[[], CodeExecutor]
Method = Literal["numbers", "fobar", "correct"]
METHODS: Final[tuple[Method, ...]] = ("numbers", "fobar", "correct")
MAX_CORRECTIONS: Final = 0.05
"""The largest share of a mix that corrected errors may have: more of them teach a model to expect errors."""
BUDGET_SPENT: Final = "not asked, the budget is spent"


class NothingMade(UserFault):
    """A step made no record.

    Attributes:
        left_out: How many items were left out, by reason.
    """

    def __init__(self, message: str, remedy: str, left_out: Mapping[str, int] | None = None) -> None:
        super().__init__(message, remedy)
        self.left_out = dict(left_out or {})


def import_seeds(
    run: Run,
    files: Sequence[Path],
    form: str,
    *,
    source: str = "",
    licence: str = "",
    strict: bool = True,
    not_tests: bool = False,
) -> str:
    """Source files to ``seeds-FORMAT.jsonl``; returns what to tell.

    Raises:
        UserFault: If a file cannot be read, holds nothing, is a test set and not ``not_tests``, or a line is bad and
            ``strict``.
    """
    refuse_test_sets(files, allowed=not_tests, named=not source)  # who names the source knows what it is
    name, default = seeds.SOURCES[form]
    source, licence = source or name, licence or default
    step = f"seeds-{form}"
    run.may_write(step, files)
    provenance = run.provenance(step, {"format": form, "source": source, "licence": licence}, files)
    rejects = Rejects(strict)
    read = seeds.FORMATS[form]
    why: Counter[str] = Counter()

    def unique() -> Iterator[Transcript]:
        seen: set[bytes] = set()
        for path in files:
            for record in read_lines(path, lambda value, line: read(value, line, source, licence), rejects):
                # Ids of a million records are 100 MB as texts.
                name = hashlib.sha256(str(record.meta["id"]).encode()).digest()[:12]
                if name in seen:
                    why["twice the same"] += 1
                    continue
                seen.add(name)
                yield record

    records = unique()
    first = next(records, None)
    if first is None:
        raise UserFault(f"There is no {form} record in {', '.join(map(str, files))}.", "Check the files and --format.")
    return _finish(run, step, provenance, chain([first], records), why, rejects.lines)


def make_code(
    run: Run,
    files: Sequence[Path],
    executor: OpenExecutor,
    *,
    limit: int = 0,
    seed: int = 0,
    strict: bool = True,
    not_tests: bool = False,
) -> str:
    """GSM8K training files to ``make-code.jsonl``; returns what to tell.

    Raises:
        UserFault: If a file cannot be read, holds nothing, is a test set and not ``not_tests``, or a line is bad and
            ``strict``.
        SandboxFault: If code cannot be run here at all.
    """
    refuse_test_sets(files, allowed=not_tests)
    run.may_write("make-code", files)
    rejects = Rejects(strict)
    lines = [x for path in files for x in read_lines(path, gsm8k_line, rejects)]
    lines = lines[: limit or None]

    def one(item: tuple[str, str, int], running: CodeExecutor) -> list[Transcript]:
        return [make(*item, running, seed=seed)]

    provenance = run.provenance("make-code", {"limit": limit, "seed": seed}, files)
    return _journalled(run, "make-code", provenance, lines, one, executor, rejects.lines)


def alter_problems(
    run: Run,
    files: Sequence[Path],
    method: Method,
    executor: OpenExecutor,
    *,
    per_problem: int = 2,
    limit: int = 0,
    seed: int = 0,
    strict: bool = True,
    not_tests: bool = False,
) -> str:
    """New records to ``alter-METHOD.jsonl``: GSM8K files for numbers and fobar, records for correct.

    Raises:
        UserFault: If a file cannot be read, holds nothing, is a test set and not ``not_tests``, or a line is bad and
            ``strict``.
        SandboxFault: If code cannot be run here at all.
    """
    refuse_test_sets(files, allowed=not_tests)
    rejects = Rejects(strict)
    step = f"alter-{method}"
    run.may_write(step, files)
    provenance = run.provenance(step, {"per_problem": per_problem, "limit": limit, "seed": seed}, files)
    if method == "correct":
        records = [r for path in files for r in read_lines(path, parse_record, rejects)][: limit or None]

        def repair(record: Transcript, running: CodeExecutor) -> list[Transcript]:
            made = correct(record, running, seed=seed)
            if made is None:
                raise NotAChain("no bug fits this code")
            return [made]

        return _journalled(run, step, provenance, records, repair, executor, rejects.lines)
    lines = [x for path in files for x in read_lines(path, gsm8k_line, rejects)][: limit or None]

    def rewrite(item: tuple[str, str, int], running: CodeExecutor) -> list[Transcript]:
        question, answer, _ = item
        if method == "fobar":
            return list(fobar(question, answer, running, seed=seed))[:per_problem]
        return list(numbers(question, answer, running, n=per_problem, seed=seed))

    return _journalled(run, step, provenance, lines, rewrite, executor, rejects.lines)


def clean(
    run: Run,
    files: Sequence[Path],
    tests: Sequence[Path],
    out: str,
    *,
    n: int,
    corrections: float = MAX_CORRECTIONS,
    strict: bool = True,
    not_tests: bool = False,
) -> str:
    """Records that overlap no test set to ``OUT.jsonl``, the report to ``OUT.report.json``; returns what to tell.

    Args:
        run: The run folder.
        files: The records.
        tests: The test sets.
        out: Name of the result.
        n: Words in a row that make an overlap.
        corrections: The largest share of corrected errors in the result; what is above it is left out and counted.
        strict: Whether a bad line ends the step.
        not_tests: The files are no test sets, whatever they are called.

    Raises:
        UserFault: If a file cannot be read, holds nothing, is a test set itself, or a line is bad and ``strict``.
    """
    run.may_write(out, [*files, *tests])
    hashes = {sha256_of(p): p for p in tests}
    for path in files:
        if sha256_of(path) in hashes:
            raise UserFault(f"{path} is a test set: it is never trained on.", "Give training records.")
    refuse_test_sets(files, allowed=not_tests, read=False)  # single problems of test sets are taken out here
    rejects = Rejects(strict)
    options = {"ngram": n, "tests": [str(t) for t in tests], "corrections": corrections}
    provenance = run.provenance(out, options, [*files, *tests])
    sets = [decontaminate.read_test_set(t, n) for t in tests]
    records = read_records(files, rejects)
    kept, report = decontaminate.decontaminate(records, sets, n)
    stamp = sorted(f"{t.name} {sha256_of(t)[:16]}" for t in tests)
    stamped = [replace(r, meta={**r.meta, STAMP: stamp}) for r in kept]
    unique = list({r.meta["id"]: r for r in stamped}.values())
    mixed = cap_corrections(unique, corrections)
    write_atomically(run.folder / f"{out}.report.json", decontaminate.dump(report) + "\n")
    left_out = Counter(
        {
            "twice the same": len(kept) - len(unique),
            f"more than {corrections:.3g} of the mix are corrected errors": len(unique) - len(mixed),
        }
    )
    told = _finish(run, out, provenance, mixed, left_out, rejects.lines)
    return f"{decontaminate.report_text(report)}\n{told}"


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


def cap_corrections(records: Sequence[Transcript], share: float) -> list[Transcript]:
    """The records with at most a ``share`` of corrected errors, in their order; which stay is decided by their ids.

    Records of nothing but corrected errors stay as they are: they are no mix.
    """
    corrected = [str(r.meta["id"]) for r in records if r.meta.get("method") == CORRECTED]
    others = len(records) - len(corrected)
    if not others or share >= 1:
        return list(records)
    allowed = int(others * share / (1 - share) + 1e-9)
    keep = set(sorted(corrected, key=stable_fraction)[:allowed])
    return [r for r in records if r.meta.get("method") != CORRECTED or r.meta["id"] in keep]


def _journalled(
    run: Run,
    step: str,
    provenance: dict[str, Any],
    items: Sequence[Any],
    work: Callable[[Any, CodeExecutor], list[Transcript]],
    open_executor: OpenExecutor,
    rejected: Sequence[str],
) -> str:
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
    told = _finish(run, step, provenance, records, why, rejected, f" from {used:,} of {items:,} items")
    done.finish()
    return told


def _kind(why: str) -> str:
    """A reason without its particulars, to count by."""
    head, *_ = why.partition(",")
    return " ".join("#" if any(c.isdigit() for c in w) else w for w in head.split())


def _finish(
    run: Run,
    step: str,
    provenance: dict[str, Any],
    records: Iterable[Transcript],
    why: Counter[str],
    rejected: Iterable[str],
    note: str = "",
) -> str:
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
