"""Leaves out records that say what another says: the same words, or nearly the same for the same question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final

from trainer.data.records import question_id
from tutor_app.core.dialect import MUMATH, body
from tutor_app.core.transcript import Transcript

NEAR: Final = 0.9
"""Share of words in common (Ratcliff and Obershelp) at which two solutions of a question are nearly the same."""


def without_duplicates(
    records: Iterable[Transcript], why: Counter[str], known: Iterable[Transcript] = (), near: float = NEAR
) -> list[Transcript]:
    """The records, of those alike the first; what is left out is counted in ``why``.

    Args:
        records: In order.
        why: Takes the counts.
        known: Records that are already there; none like them is kept.
        near: See :data:`NEAR`; above 1 leaves out only exact duplicates.
    """
    seen: dict[str, list[list[str]]] = {}
    for record in known:
        seen.setdefault(question_id(record.problem), []).append(_words(record))
    kept: list[Transcript] = []
    for record in records:
        words = _words(record)
        others = seen.setdefault(question_id(record.problem), [])
        if words in others:
            why["twice the same"] += 1
        elif any(_alike(words, other, near) for other in others):
            why["nearly the same as another solution"] += 1
        else:
            others.append(words)
            kept.append(record)
    return kept


def _words(record: Transcript) -> list[str]:
    return "".join(s.text for s in body(record.solution, MUMATH)).split()


def _alike(a: list[str], b: list[str], near: float) -> bool:
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    return matcher.real_quick_ratio() >= near and matcher.quick_ratio() >= near and matcher.ratio() >= near
