"""The steps of a solution in a handout: the parts that its options leave, and how they are cut.

Shared by every exporter and by the page builder, so that a PDF and a notebook of the same solution agree. Pure
functions: it knows nothing of files, fonts or formats.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tutor_app.core.claims import Claim
from tutor_app.core.parts import Answer, Code, Figure, Output, Part, Question, Text, Thought
from tutor_app.core.transcript import Transcript, claims_of
from tutor_app.handout.options import Options
from tutor_app.text.definitions import Definitions
from tutor_app.text.scan import group_end

_BOXED: Final = re.compile(r"\\(?:boxed|fbox)\s*(?=\{)")


def resolved(transcript: Transcript) -> Transcript:
    """The transcript with its own macros expanded and its references to formulas in numbers."""
    texts = [p.text for turn in transcript.turns for p in turn.parts if isinstance(p, Text)]
    definitions = Definitions()
    definitions.note(texts)
    turns = tuple(replace(t, parts=tuple(_resolved(p, definitions) for p in t.parts)) for t in transcript.turns)
    return transcript if turns == transcript.turns else replace(transcript, turns=turns)


def _resolved(part: Part, definitions: Definitions) -> Part:
    match part:
        case Text() | Question():
            return replace(part, text=definitions.resolve(part.text))
        case Answer():
            return replace(part, latex=definitions.resolve_formula(part.latex))
        case _:
            return part


def chosen_parts(transcript: Transcript, options: Options, *, programs: bool = False) -> tuple[Part, ...]:
    """The parts of the solution that the choices leave, in order.

    The programs by which this one draws are long and no part of the mathematics: only a notebook asks for them.
    A figure that precedes its block's output keeps its place: it was drawn while the block ran.
    """
    if not options.solution:
        return ()
    return tuple(_chosen(transcript.solution if programs else _without_programs(transcript), options))


def _without_programs(transcript: Transcript) -> Iterator[Part]:
    (_, solution), *more = transcript.replies
    yield from solution
    for (asked, reply), drawn in zip(more, transcript.drawn, strict=True):
        yield Question(asked)
        yield from (part for part in reply if not (drawn and isinstance(part, Code)))


def _chosen(solution: Iterable[Part], options: Options) -> Iterator[Part]:
    for part in solution:
        match part:
            case Text():
                text = part.text if options.answer else without_boxes(part.text)
                if text.strip():
                    shown = options.statements and options.answer
                    yield replace(part, text=text, claims=part.claims if shown else ())
            case Thought():
                if options.thoughts:
                    yield part if options.answer else replace(part, text=without_boxes(part.text))
            case Question():
                # Where no solution is to be given away, what was asked about it is left out, too.
                if options.answer:
                    yield part
            case Code():
                if options.code:
                    yield part
            case Output() | Figure():
                if options.output:
                    yield part
            case Answer():
                if options.answer:
                    yield part


def split_steps(chosen: Sequence[Part]) -> list[tuple[Part, ...]]:
    """The parts cut into steps: prose and the code it leads to with its output; the answer belongs to the last.

    A thought belongs to the prose that it leads to.
    """
    found: list[list[Part]] = [[]]
    for part in chosen:
        before = found[-1][-1] if found[-1] else None
        after_run = isinstance(before, Code | Output | Figure)
        starts = before is not None and (
            isinstance(part, Thought | Question)
            or isinstance(before, Question)
            or (isinstance(part, Text) and not isinstance(before, Thought))
            or (isinstance(part, Code) and after_run)
        )
        if starts:
            found.append([])
        found[-1].append(part)
    return [tuple(step) for step in found if step]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a handout.

    Attributes:
        number: From 1 in the solution and in each reply; a question and a bare answer have 0.
        parts: Of it.
        claims: All of the solution or the reply that it belongs to.
    """

    number: int
    parts: tuple[Part, ...]
    claims: tuple[Claim, ...] = ()


def numbered_steps(chosen: Sequence[Part]) -> list[Step]:
    """The same with their numbers, and with what was found of the solution or reply that they belong to."""
    replies: list[list[tuple[Part, ...]]] = [[]]
    for parts in split_steps(chosen):
        if isinstance(parts[0], Question):
            replies.append([])
        replies[-1].append(parts)
    found: list[Step] = []
    for reply in replies:
        claims, number = claims_of(part for parts in reply for part in parts), 0
        for parts in reply:
            is_step = not isinstance(parts[0], Answer | Question)
            number += is_step
            found.append(Step(number if is_step else 0, parts, claims))
    return found


def without_silent_outputs(step: Sequence[Part]) -> list[Part]:
    """The parts without outputs that say nothing beside a picture: it says that something came of the code."""
    beside = zip((None, *step), step, (*step[1:], None), strict=False)
    return [
        part
        for before, part, after in beside
        if not (
            isinstance(part, Output) and _is_silent(part) and (isinstance(before, Figure) or isinstance(after, Figure))
        )
    ]


def _is_silent(output: Output) -> bool:
    return output.status == "ok" and not (
        output.stdout.strip() or output.value or output.error or output.truncated or output.warnings
    )


def without_boxes(text: str) -> str:
    """The text with an empty box in the place of every boxed result; a box that never closes stays as it is."""
    out, at = "", 0
    while m := _BOXED.search(text, at):
        end = group_end(text, m.end())
        if end < 0:
            break
        out += text[at : m.start()] + r"\boxed{\phantom{000}}"
        at = end
    return out + text[at:]
