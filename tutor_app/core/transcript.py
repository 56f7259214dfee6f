"""The one value everything speaks: a problem and its turns, each a tuple of frozen parts.

A solution that was asked about goes on: :attr:`Transcript.solution` has what was asked as :class:`Question` parts
between what the model said, so that whoever shows, exports or checks a solution knows conversations, too.

A saved solution, a training row and an evaluation sample are the same JSON (:meth:`Transcript.to_json`).
The module knows nothing of models, prompts, files or the screen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Literal, get_args

from tutor_app.core.claims import Claim, ClaimVerdict
from tutor_app.core.verdicts import HOW, KNOWN_RIGHT, KNOWN_WRONG, NOT_LOOKED, REASONS, Verdict, VerdictKind

VERSION: Final = 6
"""Version of the JSON form; this and every older one can be read.

6: a statement may differ from what the code printed. Up to 5 it was then called false.
5: an answer may have several parts; the attempts of a vote stand beside the turns.
4: an answer's verdict is an object that says how it was checked. In 3 it was a word about a known answer.
3: a text part has the claims that were found in it; a text of an older version has none.
2: thoughts are parts. In 1 they stood in ``meta["thoughts"]``, a list of strings.
"""

Role = Literal["user", "assistant"]
OutputStatus = Literal["ok", "error", "timeout", "stopped", "died", "refused"]
AnswerSource = Literal["boxed", "phrase", "output", "number"]
AttemptKind = Literal["code", "reasoning"]


class TranscriptFormatError(ValueError):
    """The JSON is not a transcript this version can read; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Text:
    """Prose in Markdown with LaTeX, exactly as written.

    Attributes:
        text: The prose.
        claims: The statements in it that a machine can check, each with its verdict; empty where nobody has checked.
    """

    text: str
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Thought:
    """What a reasoning model thought before or between its words, without marks; no part of the solution.

    No answer is taken from it, no code in it runs, no model is trained on it.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """What the user asked about the solution; what follows it is the reply. In the JSON it is a turn of the user's."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """A block of Python, without its fences and without a final newline.

    Attributes:
        source: The code.
        supervised: Whether a model may be trained to write it. False for a fault put in on purpose: the model is to
            learn the repair, not the fault.
    """

    source: str
    supervised: bool = True


@dataclass(frozen=True, slots=True)
class CodeError:
    """Why a block failed.

    Attributes:
        type: Name of the exception class.
        message: Its text.
        line: Line of the block (from 1) that raised, or 0 if unknown.
        traceback: The part of the traceback that concerns the block.
        hint: The cause in plain words, or empty.
    """

    type: str
    message: str
    line: int = 0
    traceback: str = ""
    hint: str = ""

    @property
    def last_line(self) -> str:
        """The last line of a Python traceback: ``NameError: name 'x' is not defined``."""
        return f"{self.type}: {self.message}" if self.message else self.type


@dataclass(frozen=True, slots=True)
class Output:
    """What running the preceding code block did.

    Attributes:
        stdout: What it printed (standard output and error, in order), bounded.
        value: Text of a trailing expression's value, also where something was printed before it, or of what
            ``display`` showed; else empty. The model is told it only where nothing was printed
            (:func:`tutor_app.core.solve_settings.feedback`), as in MuMath-Code's training data.
        value_latex: The same as LaTeX, for a SymPy value, else empty.
        status: ``ok``; ``error`` (raised); ``timeout``; ``stopped`` (by the user); ``died`` (the
            process was killed or crashed); ``refused`` (not run at all).
        error: Set unless ``status`` is ``ok``.
        seconds: Wall time.
        truncated: Whether output was dropped because it passed the limit.
        feedback: Exactly what was given back to the model (set by the solve loop).
        warnings: What Python or its libraries warned of, and what of the figures is not shown, a line each; for the
            user only, the model is not told.
    """

    stdout: str = ""
    value: str = ""
    value_latex: str = ""
    status: OutputStatus = "ok"
    error: CodeError | None = None
    seconds: float = 0.0
    truncated: bool = False
    feedback: str = ""
    warnings: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture drawn by the preceding code block.

    Attributes:
        svg: Cleaned SVG text, or empty if it was too large.
        png: PNG bytes as base64 text.
        width: Pixels of the PNG.
        height: Pixels of the PNG.
        alt: What is in it, in words.
    """

    svg: str
    png: str
    width: int
    height: int
    alt: str = ""


@dataclass(frozen=True, slots=True)
class AnswerPart:
    """One of the answers to a problem that asks for several.

    Attributes:
        latex: Its text, as found.
        label: How the solution names it: ``(a)``; may be empty.
        verdict: Whether it was checked, and what was found.
    """

    latex: str
    label: str = ""
    verdict: Verdict = NOT_LOOKED


@dataclass(frozen=True, slots=True)
class Answer:
    """The final answer.

    Attributes:
        latex: Its text, as found; of several parts, all of them in order.
        source: Which rule found it: the last ``\\boxed{}``, the phrase "the answer is", the last output,
            or the last number (the fall-backs of MuMath-Code's ``extract_answer``).
        verdict: Whether it was checked, and what was found.
        parts: The answers to the parts of a problem that asks for several, in order; empty where it asks for one.
    """

    latex: str
    source: AnswerSource = "boxed"
    verdict: Verdict = NOT_LOOKED
    parts: tuple[AnswerPart, ...] = ()

    @property
    def judged(self) -> VerdictKind:
        """The kind of its verdict in short; of several parts, ``wrong`` if one of them is."""
        return "wrong" if any(part.verdict.kind == "wrong" for part in self.parts) else self.verdict.kind


Part = Text | Thought | Question | Code | Output | Figure | Answer


@dataclass(frozen=True, slots=True)
class Attempt:
    """One of several attempts at the same problem, kept with the solution that their vote has chosen.

    Attributes:
        parts: The whole attempt, its answer included if it gave one.
        kind: ``code`` (the model writes code that is run) or ``reasoning`` (words alone).
        temperature: Of its sampling; 0 always takes the likeliest word.
        seed: Of its sampling.
        ended: Why it ended (:class:`~tutor_app.core.events.EndReason`); empty while it is made, or where it was cut off
            because the vote was decided without it.
        option: Number of the answer it votes for, 0 the one that won; -1 where it casts no vote.
        weight: What its vote counts; 1 unless something speaks against it.
        why: What speaks against it, keys of :data:`tutor_app.core.votes.DOUBTS`.
    """

    parts: tuple[Part, ...]
    kind: AttemptKind = "code"
    temperature: float = 0.0
    seed: int = 0
    ended: str = ""
    option: int = -1
    weight: float = 0.0
    why: tuple[str, ...] = ()

    @property
    def answer(self) -> Answer | None:
        """Its answer, if it gave one."""
        return next((p for p in reversed(self.parts) if isinstance(p, Answer)), None)


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
_WORDS_OF_VERSION_3: Final = {"correct": KNOWN_RIGHT, "incorrect": KNOWN_WRONG, "unknown": NOT_LOOKED}
_NAMES: Final = {cls: name for name, cls in _KINDS.items()}


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker said."""

    role: Role
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Transcript:
    """A problem and what followed.

    Attributes:
        turns: Alternating turns; the first is the user's and holds the problem.
        meta: Provenance as flat JSON values (model, date, settings, source, licence, end reason ...).
        attempts: All attempts of the vote that the solution comes from; empty where there was none.
        chosen: Which of them is the solution, or -1.
    """

    turns: tuple[Turn, ...]
    meta: Mapping[str, Any] = field(default_factory=dict)
    attempts: tuple[Attempt, ...] = ()
    chosen: int = -1

    @classmethod
    def of(cls, problem: str, *parts: Part, meta: Mapping[str, Any] | None = None) -> Transcript:
        """A transcript of one problem and, if parts are given, its solution."""
        asked = cls((Turn("user", (Text(problem),)),), dict(meta or {}))
        return asked.with_solution(parts) if parts else asked

    @property
    def problem(self) -> str:
        """Text of the first user turn."""
        return "".join(p.text for p in self.turns[0].parts if isinstance(p, Text)) if self.turns else ""

    @property
    def solution(self) -> tuple[Part, ...]:
        """Everything after the problem: the model's parts, and between them what the user asked about them."""
        parts = list[Part]()
        for n, turn in enumerate(self.turns):
            if turn.role == "assistant":
                parts += turn.parts
            elif n:
                parts.append(Question("".join(p.text for p in turn.parts if isinstance(p, Text))))
        return tuple(parts)

    @property
    def replies(self) -> tuple[tuple[str, tuple[Part, ...]], ...]:
        """What was asked, the problem first, each with the parts of the reply to it."""
        said = list[tuple[str, list[Part]]]([(self.problem, [])])
        for part in self.solution:
            if isinstance(part, Question):
                said.append((part.text, []))
            else:
                said[-1][1].append(part)
        return tuple((asked, tuple(parts)) for asked, parts in said)

    @property
    def left_out(self) -> tuple[int, ...]:
        """For each reply to a question, how many earlier questions its model was not told of."""
        counts = [row.get("left_out") for row in self._made]
        return tuple(count if isinstance(count, int) else 0 for count in counts)

    @property
    def _made(self) -> list[Mapping[str, Any]]:
        """How each reply to a question was made, as far as it is known."""
        made = self.meta.get("replies")
        return [row if isinstance(row, dict) else {} for row in made] if isinstance(made, list) else []

    @property
    def drawn(self) -> tuple[bool, ...]:
        """For each reply to a question, whether this program has drawn it."""
        made = [*self._made, *({} for _ in self.replies[1:])]
        return tuple(row.get("drawn") is True for row in made[: len(self.replies) - 1])

    def without_drawings(self) -> Transcript:
        """The same without what this program has drawn: a model learns nothing of it, and it is long."""
        solution, *more = self.replies
        kept = [said for said, drawn in zip(more, self.drawn, strict=True) if not drawn]
        if len(kept) == len(more):
            return self
        return self.with_solution((*solution[1], *(p for asked, reply in kept for p in (Question(asked), *reply))))

    @property
    def answer(self) -> Answer | None:
        """The final answer to the problem, if one was found; not one to what was asked about it."""
        return next((p for p in reversed(self.replies[0][1]) if isinstance(p, Answer)), None)

    def with_solution(self, parts: tuple[Part, ...], **meta: Any) -> Transcript:
        """The same problem with ``parts`` as everything after it and ``meta`` merged in."""
        turns = [*self.turns[:1], Turn("assistant", ())]
        for part in parts:
            if isinstance(part, Question):
                turns += [Turn("user", (Text(part.text),)), Turn("assistant", ())]
            else:
                turns[-1] = Turn("assistant", (*turns[-1].parts, part))
        return replace(self, turns=tuple(turns), meta={**self.meta, **meta})

    def to_dict(self) -> dict[str, Any]:
        """The versioned plain form."""
        turns = [{"role": t.role, "parts": [part_to_dict(p) for p in t.parts]} for t in self.turns]
        plain = {"version": VERSION, "meta": dict(self.meta), "turns": turns}
        if self.attempts:
            plain |= {"chosen": self.chosen, "attempts": [_attempt_to_dict(attempt) for attempt in self.attempts]}
        return plain

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Transcript:
        """Read :meth:`to_json`'s form.

        Raises:
            TranscriptFormatError: If it is not a transcript; the text says what was expected.
        """
        try:
            data = json.loads(text)
        except ValueError as e:
            raise TranscriptFormatError(f"not JSON: {e}") from None
        except RecursionError:
            raise TranscriptFormatError("nested too deeply") from None
        return cls.from_dict(data)

    @classmethod
    def from_dict(cls, data: Any) -> Transcript:
        """Read :meth:`to_dict`'s form; unknown keys of a part are ignored.

        Raises:
            TranscriptFormatError: If it is not a transcript; the text says what was expected.
        """
        if not isinstance(data, dict) or not isinstance(data.get("turns"), list):
            raise TranscriptFormatError('expected an object with a list "turns"')
        version = data.get("version")
        if not isinstance(version, int) or not 1 <= version <= VERSION:
            raise TranscriptFormatError(f"version {version!r} is not one of 1 to {VERSION}")
        meta = data.get("meta", {})
        if not isinstance(meta, dict):
            raise TranscriptFormatError('"meta" must be an object')
        turns = []
        for i, turn in enumerate(data["turns"]):
            if not isinstance(turn, dict) or turn.get("role") not in ("user", "assistant"):
                raise TranscriptFormatError(f'turn {i}: "role" must be "user" or "assistant"')
            parts = turn.get("parts")
            if not isinstance(parts, list):
                raise TranscriptFormatError(f'turn {i}: "parts" must be a list')
            turns.append(Turn(turn["role"], tuple(_part_from_dict(p, f"turn {i}") for p in parts)))
        found = cls(tuple(turns), meta, *_vote(data))
        return _thoughts_as_parts(found) if version == 1 else found


def claims_of(parts: Iterable[Part]) -> tuple[Claim, ...]:
    """The claims of all texts among the parts, in order."""
    return tuple(claim for part in parts if isinstance(part, Text) for claim in part.claims)


def _thoughts_as_parts(transcript: Transcript) -> Transcript:
    """From version 1: where in the solution a thought stood was not kept, so all go to its beginning."""
    thoughts = transcript.meta.get("thoughts")
    if not isinstance(thoughts, list) or not all(isinstance(t, str) for t in thoughts):
        return transcript
    meta = {name: value for name, value in transcript.meta.items() if name != "thoughts"}
    solution = (*map(Thought, thoughts), *transcript.solution)
    return replace(transcript, meta=meta).with_solution(solution) if thoughts else replace(transcript, meta=meta)


def part_to_dict(part: Part) -> dict[str, Any]:
    """A part in the versioned plain form of :meth:`Transcript.to_dict`."""
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


def _attempt_to_dict(attempt: Attempt) -> dict[str, Any]:
    plain = {f.name: v for f in fields(attempt) if (v := getattr(attempt, f.name)) != f.default}
    if attempt.why:
        plain["why"] = list(attempt.why)
    return plain | {"parts": [part_to_dict(part) for part in attempt.parts]}


def _vote(data: Mapping[str, Any]) -> tuple[tuple[Attempt, ...], int]:
    """The attempts, and which of them was chosen."""
    rows, chosen = data.get("attempts", []), data.get("chosen", -1)
    if not isinstance(rows, list):
        raise TranscriptFormatError('"attempts" must be a list')
    if not (_fits("option", chosen) and -1 <= chosen < len(rows)):
        raise TranscriptFormatError('"chosen" must be the number of an attempt')
    return tuple(_attempt(row, f"attempt {i}") for i, row in enumerate(rows)), chosen


def _attempt(data: Any, where: str) -> Attempt:
    parts = data.get("parts") if isinstance(data, dict) else None
    if not isinstance(parts, list):
        raise TranscriptFormatError(f'{where}: "parts" must be a list')
    why = data.get("why", [])
    if not isinstance(why, list) or not all(isinstance(word, str) for word in why):
        raise TranscriptFormatError(f'{where}: "why" must be a list of words')
    plain = {name: value for name, value in data.items() if name not in ("parts", "why")}
    attempt: Attempt = _build(Attempt, {**plain, "parts": ()}, where)
    return replace(attempt, parts=tuple(_part_from_dict(p, where) for p in parts), why=tuple(why))


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


def _part_from_dict(data: Any, where: str) -> Part:
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


def _fits(name: str, value: Any) -> bool:
    if name in ("seconds", "temperature", "weight"):
        return isinstance(value, int | float) and not isinstance(value, bool)
    if name in ("width", "height", "line", "start", "end", "agree", "of", "seed", "option"):
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "parts":
        return isinstance(value, tuple)
    if name in ("truncated", "supervised"):
        return isinstance(value, bool)
    if name == "error":
        return value is None
    return isinstance(value, str)
