"""``decontaminate``: leaves out records that overlap a test set, with a report; mixes several files to one.

``train`` takes only records that were compared so: each is stamped with the test sets.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from trainer.arguments import add_input_files, at_least, share
from trainer.augment.correct import METHOD as CORRECTED
from trainer.data import decontaminate
from trainer.data.decontaminate import DEFAULT_NGRAM, STAMP
from trainer.data.records import read_records, stable_fraction
from trainer.data.testsets import refuse_test_sets
from trainer.runs import Run, sha256_of, write_atomically
from trainer.steps import InputFiles, finish
from tutor_app.core.errors import UserFault
from tutor_app.core.transcript import Transcript

MAX_CORRECTIONS: Final = 0.05
"""The largest share of a mix that corrected errors may have: more of them teach a model to expect errors."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this step."""
    add_input_files(parser, "RECORDS")
    parser.add_argument(
        "--against", nargs="+", type=Path, required=True, metavar="TEST", help="benchmark files (JSONL)"
    )
    parser.add_argument("--out", required=True, metavar="NAME", help="name of the result, for example stage2")
    parser.add_argument(
        "--ngram",
        type=at_least(1),
        default=DEFAULT_NGRAM,
        metavar="N",
        help=f"words in a row (default {DEFAULT_NGRAM})",
    )
    parser.add_argument(
        "--corrections",
        type=share,
        default=MAX_CORRECTIONS,
        metavar="SHARE",
        help=f"largest share of corrected errors in the result; the rest is left out (default {MAX_CORRECTIONS})",
    )


def main(a: argparse.Namespace) -> int:
    """Run the step; the faults are those of :func:`clean`."""
    run = Run.at(a.run)
    print(clean(run, InputFiles.of(a, run), a.against, a.out, n=a.ngram, corrections=a.corrections))
    return 0


def clean(
    run: Run,
    files: InputFiles,
    tests: Sequence[Path],
    out: str,
    *,
    n: int,
    corrections: float = MAX_CORRECTIONS,
) -> str:
    """Records that overlap no test set to ``OUT.jsonl``, the report to ``OUT.report.json``; returns what to tell.

    Args:
        run: The run folder.
        files: The records.
        tests: The test sets.
        out: Name of the result.
        n: Words in a row that make an overlap.
        corrections: The largest share of corrected errors in the result; what is above it is left out and counted.

    Raises:
        UserFault: If a file cannot be read, holds nothing or is a test set itself, or a line is bad.
    """
    run.may_write(out, [*files.paths, *tests])
    hashes = {sha256_of(p): p for p in tests}
    for path in files.paths:
        if sha256_of(path) in hashes:
            raise UserFault(f"{path} is a test set: it is never trained on.", "Give training records.")
    refuse_test_sets(
        files.paths, allowed=files.not_tests, read=False
    )  # single problems of test sets are taken out here
    rejects = files.rejects()
    options = {"ngram": n, "tests": [str(t) for t in tests], "corrections": corrections}
    provenance = run.provenance(out, options, [*files.paths, *tests])
    sets = [decontaminate.read_test_set(t, n) for t in tests]
    records = read_records(files.paths, rejects)
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
    told = finish(run, out, provenance, mixed, left_out, rejects.lines)
    return f"{decontaminate.report_text(report)}\n{told}"


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
