"""Correction: verified code with one injected bug before it, what the bug really did, and its repair.

This is the form of MuMath-Code's debugging samples. The broken block is marked as not supervised: a model learns to
point the fault out and to repair it, not to make it. Everything runs in the executor; a bug without the effect that
its explanation speaks of is left out.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Final

from trainer.augment.bugs import Bug, bugs
from trainer.data.records import record_id
from trainer.synthesize.make_code import run_block
from trainer.teacher.prompts import CORRECTION
from tutor_app.core.parts import Code, Output, Part, Text
from tutor_app.core.ports import CodeExecutor
from tutor_app.core.transcript import Transcript

METHOD: Final = "correct-error"
"""The method that a made record names."""


def correct(record: Transcript, executor: CodeExecutor, *, seed: int = 0) -> Transcript | None:
    """The record's solution with one failed attempt before its (only) code block, or None if no bug fits.

    Raises:
        SandboxFault: If code cannot be run here at all.
    """
    at = [i for i, p in enumerate(record.solution) if isinstance(p, Code)]
    if len(at) != 1:
        return None
    code, good = record.solution[at[0]], record.solution[at[0] + 1 : at[0] + 2]
    assert isinstance(code, Code)
    if not good or not isinstance(good[0], Output) or good[0].status != "ok":
        return None
    rng = random.Random(f"{record.meta.get('id')}/{seed}/bug")
    for bug in bugs(code.source, record.problem, rng):
        runs = _run(bug, code, good[0], executor)
        if runs is None:
            continue
        failed, again = runs
        parts: tuple[Part, ...] = (
            *record.solution[: at[0]],
            replace(code, source=bug.source, supervised=False),
            failed,
            Text(f"\n{CORRECTION}{bug.why}\n\n"),
            code,
            again,
            *record.solution[at[0] + 2 :],
        )
        source = str(record.meta["source"])
        meta = {
            **record.meta,
            "id": record_id(source, METHOD, record.problem, bug.source),
            "method": METHOD,
            "bug": bug.kind,
            "parent": record.meta["id"],
            "parent_method": record.meta["method"],
        }
        return Transcript.of(record.problem, *parts, meta=meta)
    return None


def _run(bug: Bug, code: Code, good: Output, executor: CodeExecutor) -> tuple[Output, Output] | None:
    """What the broken code and, after it, the right code did; None if the bug has not its effect."""
    session = executor.open()
    try:
        failed = run_block(session, bug.source)
        raised = failed.error.type if failed.error is not None else ""
        if failed.status != ("error" if bug.raises else "ok") or (bug.raises and raised not in bug.raises):
            return None
        if not bug.raises and _same_value(failed.stdout, good.stdout):
            return None
        again = run_block(session, code.source)
    finally:
        session.close()
    return (failed, again) if again.status == "ok" and again.stdout == good.stdout else None


def _same_value(a: str, b: str) -> bool:
    """Whether two outputs are alike but for the writing of a number: 8 and 8.0."""
    try:
        return float(a) == float(b)
    except ValueError:
        return a == b
