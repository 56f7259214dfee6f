"""Parts and attempts as plain JSON values, and back; whatever does not fit is said, with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Final, get_args

from tutor_app.core.claims import Claim, ClaimVerdict
from tutor_app.core.events import EndReason
from tutor_app.core.parts import (
    Answer,
    AnswerPart,
    AnswerSource,
    Attempt,
    AttemptKind,
    Code,
    CodeError,
    Figure,
    Output,
    OutputStatus,
    Part,
    Question,
    Text,
    Thought,
)
from tutor_app.core.verdicts import HOW, KNOWN_RIGHT, KNOWN_WRONG, NOT_LOOKED, REASONS, Verdict, VerdictKind

_KINDS: Final[dict[str, type[Part]]] = {
    "text": Text,
    "thought": Thought,
    "code": Code,
    "output": Output,
    "figure": Figure,
    "answer": Answer,
    "question": Question,
}
_CHOICES: Final = {
    (Output, "status"): get_args(OutputStatus),
    (Answer, "source"): get_args(AnswerSource),
    (Attempt, "kind"): get_args(AttemptKind),
    (Verdict, "kind"): get_args(VerdictKind),
    (Verdict, "how"): ("", *HOW, *REASONS),
    (Claim, "verdict"): get_args(ClaimVerdict),
}
_ENDINGS: Final = ("", *(reason.value for reason in EndReason))
_WORDS_OF_VERSION_3: Final = {"correct": KNOWN_RIGHT, "incorrect": KNOWN_WRONG, "unknown": NOT_LOOKED}
_NAMES: Final = {cls: name for name, cls in _KINDS.items()}


class TranscriptFormatError(ValueError):
    """The JSON is not a transcript this version can read; the text says where and why."""


def part_to_dict(part: Part) -> dict[str, Any]:
    """A part in the plain form of a transcript (:meth:`tutor_app.core.transcript.Transcript.to_dict`)."""
    out: dict[str, Any] = {"kind": _NAMES[type(part)]}
    for f in fields(part):
        value = getattr(part, f.name)
        if isinstance(value, CodeError):
            value = {g.name: getattr(value, g.name) for g in fields(value)}
        elif isinstance(value, Verdict) and value != NOT_LOOKED:
            value = _verdict_to_dict(value)
        if value == f.default:
            continue
        match f.name:
            case "claims":
                out[f.name] = [_claim_to_dict(claim) for claim in value]
            case "parts":
                out[f.name] = [_answerpart_to_dict(part) for part in value]
            case _:
                out[f.name] = value
    return out


def _verdict_to_dict(verdict: Verdict) -> dict[str, Any]:
    return {f.name: value for f in fields(verdict) if (value := getattr(verdict, f.name)) != f.default}


def _answerpart_to_dict(part: AnswerPart) -> dict[str, Any]:
    out = {"latex": part.latex} | ({"label": part.label} if part.label else {})
    return out | ({"verdict": _verdict_to_dict(part.verdict)} if part.verdict != NOT_LOOKED else {})


def attempt_to_dict(attempt: Attempt) -> dict[str, Any]:
    """An attempt in the same form."""
    plain = {f.name: v for f in fields(attempt) if (v := getattr(attempt, f.name)) != f.default}
    if attempt.why:
        plain["why"] = list(attempt.why)
    return plain | {"parts": [part_to_dict(part) for part in attempt.parts]}


def attempt_from_dict(data: Any, where: str) -> Attempt:
    """Read :func:`attempt_to_dict`'s form.

    Raises:
        TranscriptFormatError: If it is none; the text says ``where``.
    """
    parts = data.get("parts") if isinstance(data, dict) else None
    if not isinstance(parts, list):
        raise TranscriptFormatError(f'{where}: "parts" must be a list')
    why = data.get("why", [])
    if not isinstance(why, list) or not all(isinstance(word, str) for word in why):
        raise TranscriptFormatError(f'{where}: "why" must be a list of words')
    plain = {name: value for name, value in data.items() if name not in ("parts", "why")}
    ended = plain.get("ended", "")
    if isinstance(ended, str) and ended not in _ENDINGS:
        plain["ended"] = ""  # of another program, or a later version of this one: how it ended is not known
    attempt: Attempt = _build(Attempt, {**plain, "parts": ()}, where)
    return replace(attempt, parts=tuple(part_from_dict(p, where) for p in parts), why=tuple(why))


def _claim_to_dict(claim: Claim) -> dict[str, Any]:
    """Without its text, which stands in the part."""
    out = {"start": claim.start, "end": claim.end, "verdict": claim.verdict}
    return out | {name: value for name in ("right", "reason") if (value := getattr(claim, name))}


def _claims(data: Any, text: Any, where: str) -> tuple[Claim, ...]:
    if not isinstance(data, list) or not all(isinstance(claim, dict) for claim in data):
        raise TranscriptFormatError(f'{where}: "claims" must be a list of objects')
    found = []
    for claim in data:
        start, end = claim.get("start"), claim.get("end")
        if not (
            _fits("start", start) and _fits("end", end) and isinstance(text, str) and 0 <= start <= end <= len(text)
        ):
            raise TranscriptFormatError(f"{where}: a claim must stand in the text")
        if claim.get("verdict") == "false" and claim.get("reason") == "output":
            claim = {**claim, "verdict": "differs"}
        found.append(_build(Claim, {**claim, "text": text[start:end]}, where))
    return tuple(found)


def part_from_dict(data: Any, where: str) -> Part:
    """Read :func:`part_to_dict`'s form; unknown keys are ignored.

    Raises:
        TranscriptFormatError: If it is none; the text says ``where``.
    """
    kind = data.get("kind") if isinstance(data, dict) else None
    cls = _KINDS.get(kind) if isinstance(kind, str) else None
    if cls is None:
        raise TranscriptFormatError(f"{where}: a part's kind must be one of {', '.join(_KINDS)}, not {kind!r}")
    part: Part = _build(cls, data, where)
    return part


def _build(cls: type[Any], data: Mapping[str, Any], where: str) -> Any:
    values: dict[str, Any] = {}
    for f in fields(cls):
        if f.name not in data:
            continue
        value = data[f.name]
        if f.name == "error" and value is not None:
            if not isinstance(value, dict):
                raise TranscriptFormatError(f'{where}: "error" must be an object')
            value = _build(CodeError, value, where)
        elif cls in (Answer, AnswerPart) and f.name == "verdict":
            value = _verdict(value, where)
        elif cls is Answer and f.name == "parts":
            value = _answer_parts(value, where)
        elif f.name == "claims":
            value = _claims(value, data.get("text"), where)
        elif not _fits(f.name, value) or value not in _CHOICES.get((cls, f.name), (value,)):
            raise TranscriptFormatError(f"{where}: {f.name} cannot be {value!r:.40}")
        values[f.name] = value
    try:
        return cls(**values)
    except TypeError as e:
        raise TranscriptFormatError(f"{where}: {str(e).split('()', 1)[-1].strip()}") from None


def _answer_parts(value: Any, where: str) -> tuple[AnswerPart, ...]:
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise TranscriptFormatError(f"{where}: the parts of an answer must be a list of objects")
    return tuple(_build(AnswerPart, row, where) for row in value)


def _verdict(value: Any, where: str) -> Verdict:
    if isinstance(value, str) and value in _WORDS_OF_VERSION_3:
        return _WORDS_OF_VERSION_3[value]
    if not isinstance(value, dict):
        raise TranscriptFormatError(f"{where}: verdict cannot be {value!r:.40}")
    verdict: Verdict = _build(Verdict, value, where)
    return verdict


_WHOLE: Final = frozenset(
    ("width", "height", "line", "start", "end", "agree", "of", "begun", "likely", "graded", "seed", "option")
)
"""Fields that are whole numbers."""


def _fits(name: str, value: Any) -> bool:
    if name in ("seconds", "temperature", "weight"):
        return isinstance(value, int | float) and not isinstance(value, bool)
    if name in _WHOLE:
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "parts":
        return isinstance(value, tuple)
    if name in ("truncated", "supervised"):
        return isinstance(value, bool)
    if name == "error":
        return value is None
    return isinstance(value, str)
