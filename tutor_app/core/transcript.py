"""The one value everything speaks: a problem and its turns, each a tuple of frozen parts.

A solution that was asked about goes on: :attr:`Transcript.solution` has what was asked as :class:`Question` parts
between what the model said, so that whoever shows, exports or checks a solution knows conversations, too.

A saved solution, a training row and an evaluation sample are the same JSON (:meth:`Transcript.to_json`).
The module knows nothing of models, prompts, files or the screen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from tutor_app.core.claims import Claim
from tutor_app.core.part_json import (
    TranscriptFormatError,
    attempt_from_dict,
    attempt_to_dict,
    part_from_dict,
    part_to_dict,
)
from tutor_app.core.parts import (
    Answer,
    Attempt,
    Part,
    Question,
    Text,
    Thought,
)

VERSION: Final = 6
"""Version of the JSON form; this and every older one can be read.

6: a statement may differ from what the code printed. Up to 5 it was then called false.
5: an answer may have several parts; the attempts of a vote stand beside the turns.
4: an answer's verdict is an object that says how it was checked. In 3 it was a word about a known answer.
3: a text part has the claims that were found in it; a text of an older version has none.
2: thoughts are parts. In 1 they stood in ``meta["thoughts"]``, a list of strings.
"""

AS_TYPED: Final = "as_typed"
"""Key of :attr:`Transcript.meta`: the formulas of the problem are shown as typed, not typeset."""

Role = Literal["user", "assistant"]


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
    def as_typed(self) -> bool:
        """Whether the formulas of the problem are to be shown as typed."""
        return self.meta.get(AS_TYPED) is True

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
            plain |= {"chosen": self.chosen, "attempts": [attempt_to_dict(attempt) for attempt in self.attempts]}
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
        except json.JSONDecodeError as e:
            cut = e.pos >= len(text.rstrip()) or e.msg.startswith("Unterminated")
            raise TranscriptFormatError(f"not JSON: {e}{'; its end is missing' if cut else ''}") from None
        except ValueError:  # a number longer than Python reads
            raise TranscriptFormatError("a number in it has too many digits") from None
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
        if type(version) is int and version > VERSION:
            raise TranscriptFormatError(
                f"version {version} is not one of 1 to {VERSION}: a newer program wrote it; update this one"
            )
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
            turns.append(Turn(turn["role"], tuple(part_from_dict(p, f"turn {i}") for p in parts)))
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


def _vote(data: Mapping[str, Any]) -> tuple[tuple[Attempt, ...], int]:
    """The attempts, and which of them was chosen."""
    rows, chosen = data.get("attempts", []), data.get("chosen", -1)
    if not isinstance(rows, list):
        raise TranscriptFormatError('"attempts" must be a list')
    if not (type(chosen) is int and -1 <= chosen < len(rows)):
        raise TranscriptFormatError('"chosen" must be the number of an attempt')
    return tuple(attempt_from_dict(row, f"attempt {i}") for i, row in enumerate(rows)), chosen
