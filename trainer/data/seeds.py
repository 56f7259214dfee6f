"""Import of source data sets into transcripts, each with where it came from, its method and its licence.

``gsm8k`` ({question, answer}), ``math`` ({problem, solution, level, type}) and ``mumath`` ({gt, messages}, the form of
MuMath-Data and MuMath-Code-Data). Text is kept as it is, except GSM8K's calculator annotations, which no reader
should see. Nothing here judges whether a solution is right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from trainer.data.chain import NotAChain, number, shown
from trainer.data.gsm8k import gsm8k_line, prose
from trainer.data.records import BadLine, question_id, record_id, text_field
from tutor_app.core.answers import boxed, find_answer
from tutor_app.core.parsing import parse
from tutor_app.core.parts import Answer, Code, Output, Part, Text
from tutor_app.core.transcript import Transcript


def gsm8k(value: Any, line: int, source: str, licence: str) -> Transcript:
    """A GSM8K line as reasoning text.

    Raises:
        BadLine: If it is none.
    """
    question, answer, _ = gsm8k_line(value, line)
    body, _, gold = answer.rpartition("####")
    try:
        gold = shown(number(gold))
    except NotAChain:
        raise BadLine(f'expected a number after "####", found {gold.strip()!r}') from None
    text = "\n".join(prose(s) for s in body.strip().split("\n"))
    parts = (Text(f"{text}\nThe answer is $\\boxed{{{gold}}}$."),)
    return _transcript(question, parts, gold, "original", source, licence, line)


def math(value: Any, line: int, source: str, licence: str) -> Transcript:
    """A MATH line as reasoning text; the gold answer is the last box of its solution.

    Raises:
        BadLine: If it is none.
    """
    problem, solution = text_field(value, "problem"), text_field(value, "solution")
    found = list(boxed(solution))
    if not found:
        raise BadLine('expected "solution" to hold a \\boxed{} answer')
    extra = {k: str(value[k]) for k in ("level", "type") if k in value}
    return _transcript(
        problem.strip(), (Text(solution.strip()),), found[-1][0], "original", source, licence, line, **extra
    )


def mumath(value: Any, line: int, source: str, licence: str) -> Transcript:
    """A MuMath-Data or MuMath-Code-Data line; recorded outputs become outputs, which are never supervised.

    Raises:
        BadLine: If it is none.
    """
    messages = value.get("messages") if isinstance(value, dict) else None
    roles = [m.get("role") for m in messages if isinstance(m, dict)] if isinstance(messages, list) else []
    if roles != ["user", "assistant"] or messages is None or len(messages) != 2:
        raise BadLine('expected {"gt", "messages": [{"role": "user", ...}, {"role": "assistant", ...}]}')
    problem, solution = text_field(messages[0], "content"), text_field(messages[1], "content")
    gold = value.get("gt")
    if not isinstance(gold, str | int | float) or isinstance(gold, bool):
        raise BadLine('expected a text or number "gt"')
    parts = _with_whole_outputs(parse(solution.strip()))
    method = "code-nested" if any(isinstance(p, Code) for p in parts) else "reasoning"
    if method == "reasoning" and any(isinstance(p, Output) for p in parts):
        raise BadLine("expected an output to follow a python block")
    return _transcript(problem.strip(), parts, str(gold), method, source, licence, line)


_FENCE: Final = re.compile(r"^```[ \t]*\n", re.MULTILINE)


def _with_whole_outputs(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts with outputs that go on to the last bare fence before the next block.

    What was printed may have fences of its own, and as text nothing tells them from the one that ends the output. To
    take words of the solution for an output costs a little; to train on an output as if the model had written it is
    what must not happen.
    """
    out: list[Part] = []
    for part in parts:
        before = out[-1] if out else None
        *_, last = [None, *_FENCE.finditer(part.text)] if isinstance(part, Text) else [None]
        if isinstance(part, Text) and isinstance(before, Output) and last is not None:
            # The parser took the first fence for the end of the output.
            begun = before.feedback or before.stdout
            stdout = f"{begun.rstrip()}\n```\n{part.text[: last.start()].lstrip()}".strip()
            out[-1] = replace(before, stdout=stdout, feedback=stdout)
            part = Text(part.text[last.end() :])
        out.append(part)
    return tuple(out)


FORMATS: Final[dict[str, Callable[[Any, int, str, str], Transcript]]] = {"gsm8k": gsm8k, "math": math, "mumath": mumath}
SOURCES: Final = {
    "gsm8k": ("gsm8k-train", "MIT"),
    "math": ("math-train", "MIT"),
    "mumath": ("mumath", "unstated"),
}
"""Name and licence by default; the licence of MuMath's data is not stated by its authors."""


def _content(part: Part) -> str:
    """What tells two parts apart: two records with the same words and other code are two."""
    match part:
        case Text():
            return part.text
        case Code():
            return f"code {part.source}"
        case Output():
            return f"output {part.stdout}"
    return ""


def _transcript(
    problem: str,
    parts: tuple[Part, ...],
    gold: str,
    method: str,
    source: str,
    licence: str,
    line: int,
    **extra: str,
) -> Transcript:
    found = find_answer(parts)
    answer: tuple[Part, ...] = (Answer(found.latex, found.source),) if found is not None else ()
    meta = {
        "id": record_id(source, method, problem, *map(_content, parts)),
        "source": source,
        "source_id": question_id(problem),
        "source_line": line,
        "method": method,
        "licence": licence,
        "gold": gold,
        **extra,
    }
    return Transcript.of(problem, *parts, *answer, meta=meta)
