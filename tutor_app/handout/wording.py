"""The wording of a handout: its title, who made it, how it ended, what a block printed.

Values in, sentences out: it knows nothing of files, fonts or formats.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from textwrap import indent
from typing import Final

from tutor_app import __version__
from tutor_app.core.claims import Claim, ClaimVerdict, Tally, claim_line, remark
from tutor_app.core.events import EndReason
from tutor_app.core.hints import GIVEN, LEVELS, RESULT, hints_of
from tutor_app.core.parts import Answer, AnswerPart, Output
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import NOT_LOOKED, Verdict
from tutor_app.handout.options import Options
from tutor_app.handout.vote_lines import option_lines, vote_sentence
from tutor_app.text.delimiters import split
from tutor_app.text.markup import without_emphasis
from tutor_app.text.plain import plain
from tutor_app.text.speech import spoken, spoken_prose
from tutor_app.text.typing import typeset

STATUS: Final = {
    "timeout": "This block took too long and was stopped.",
    "stopped": "This block was stopped.",
    "died": "The process that ran this block ended.",
    "refused": "This block was not run.",
}
"""Remarks on blocks that did not end well without an error of their own, by their status."""

_VERDICTS: Final[dict[ClaimVerdict, str]] = {
    "true": "True",
    "rounded": "True when rounded",
    "false": "False statement",
    "differs": "Differs from the code",
    "unchecked": "Statement",
}
HINTS_GIVEN: Final = "Hints given"
_DOLLAR: Final = "\uff04"


def problem_of(transcript: Transcript) -> str:
    """The problem of a solution as it is to be shown, see :func:`problem_shown`."""
    return problem_shown(transcript.problem, as_typed=transcript.as_typed)


def problem_shown(problem: str, *, as_typed: bool) -> str:
    """A problem to be shown: plain typing with its formulas between dollar signs, unless it is to stay as typed."""
    return problem if as_typed else typeset(problem)


def hints_given(transcript: Transcript, options: Options) -> str:
    """The hints that were given for a problem as a Markdown list; empty if there are none, or they are not wanted."""
    last = len(LEVELS) if options.answer else RESULT - 1
    hints = [hint for hint in hints_of(transcript.meta.get(GIVEN)) if hint.level <= last] if options.hints else []
    shown = []
    for hint in hints:
        text = hint.text if "```" in hint.text else typeset(hint.text)
        shown.append(f"{hint.level}. **{hint.title}**\n\n" + indent(text.strip(), "   "))
    return "\n\n".join(shown)


def question_of(text: str) -> str:
    """What was asked about a solution, as :func:`problem_of` shows it; what it quotes stays."""
    return "\n".join(line if line.startswith(">") else typeset(line) for line in text.split("\n"))


def title_of(transcript: Transcript, longest: int = 80) -> str:
    """The problem in one plain line, cut at a word."""
    # Dollars that are money must not be taken for the ends of formulas.
    segments = split(transcript.problem[: 8 * longest]).segments
    marked = "".join(s.source.replace("$", _DOLLAR) if s.kind == "text" else s.raw for s in segments)
    text = re.sub(r"(?m)^ {0,3}#{1,6} ", "", plain(without_emphasis(marked)))
    text = text.replace("\\" + _DOLLAR, "$").replace(_DOLLAR, "$")
    return _cut(text, longest) or "Solution"


def tally(claims: Iterable[Claim]) -> str:
    """How many statements were checked, for the answer's card; empty where there is none."""
    said = Tally.of(claims).sentence()
    return f"{said[0].upper()}{said[1:]}." if said else ""


def _cut(text: str, longest: int) -> str:
    """A text that ends at a word, with dots where something is left out."""
    return text if len(text) <= longest else text[:longest].rsplit(" ", 1)[0].rstrip(" ,.;:") + "\u2026"


def heading(transcripts: Sequence[Transcript], options: Options) -> str:
    """Title of the whole document."""
    if options.title.strip():
        return " ".join(options.title.split())
    if len(transcripts) == 1:
        return title_of(transcripts[0])
    return "Worked solutions" if options.solution else "Problems"


def date_of(transcript: Transcript) -> str:
    """When it was made, as ``2026-11-21 22:10``, or empty."""
    raw = str(transcript.meta.get("created") or transcript.meta.get("date") or "")
    try:
        return datetime.fromisoformat(raw).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return raw[:40]


def provenance(transcript: Transcript) -> list[tuple[str, str]]:
    """How the solution was made: (what, text) pairs; only what is known."""
    meta = transcript.meta
    known: list[tuple[str, str]] = []

    def add(name: str, value: object) -> None:
        text = " ".join(str(value).split())[:200] if value not in (None, "") else ""
        if text:
            known.append((name, text))

    add("Model", meta.get("model"))
    add("Date", date_of(transcript))
    add("Engine", meta.get("engine"))
    add("Ran on", meta.get("device"))
    sampling = meta.get("sampling")
    if isinstance(sampling, dict) and "temperature" in sampling:
        add(
            "Temperature",
            f"{sampling['temperature']:g}" if sampling["temperature"] else "0 (always the likeliest word)",
        )
        if sampling["temperature"]:
            add("Seed", sampling.get("seed"))
    usage = meta.get("usage")
    if isinstance(usage, dict) and usage.get("seconds"):
        add("Time", f"{usage['seconds']:.0f} s, {_blocks(usage.get('runs', 0))} of code run")
    add("Source", meta.get("source"))
    add("Licence", meta.get("licence"))
    answer = transcript.answer
    if answer is not None and answer.verdict.has_outcome:
        add("Check", answer_check(answer))
    if transcript.attempts:
        add("Vote", vote_sentence(transcript))
        for line in option_lines(transcript):
            add(f"For {plain(f'${line.answer}$')[:40]}", line.sentence)
    if "ended" in meta or meta.get("engine"):  # nothing is claimed of a solution from elsewhere
        add("End", ending(transcript))
    return known


def verdict_line(verdict: Verdict, said: str = "") -> str:
    """How an answer was checked and what was found, without a full stop; empty if nobody has looked.

    Args:
        verdict: Of the answer.
        said: The answer as LaTeX.
    """
    return verdict.sentence(_in_line(verdict.right), _in_line(said))


def _in_line(latex: str) -> str:
    return plain(f"${latex}$") if latex else ""


def answer_lines(answer: Answer) -> list[tuple[Verdict, str]]:
    """How an answer was checked: one line, or one for each part that was looked at; without full stops."""
    looked_at = [(n, part) for n, part in enumerate(answer.parts, 1) if part.verdict.has_outcome]
    lines = [(part.verdict, said) for n, part in looked_at if (said := _of_part(n, part))]
    # A known answer, and a vote, are about all parts together.
    if not lines or answer.verdict.of or answer.verdict.how == "known":
        known = answer.verdict
        together = replace(NOT_LOOKED, kind="votes", agree=known.agree, of=known.of, begun=known.begun)
        whole = together if lines and answer.verdict.how != "known" else answer.verdict
        lines += [(whole, line)] if (line := verdict_line(whole, answer.latex)) else []
    if odds := answer.verdict.odds():
        lines.append((replace(NOT_LOOKED, kind="votes"), odds))
    return lines


def _of_part(number: int, part: AnswerPart) -> str:
    line = verdict_line(part.verdict, part.latex)
    return f"{part.label or f'Part {number}'} {line[0].lower()}{line[1:]}" if line else ""


def answer_check(answer: Answer) -> str:
    """The same as sentences, for a handout; empty if nobody has looked."""
    if not any(part.verdict.has_outcome for part in answer.parts):
        odds = answer.verdict.odds()
        return " ".join(s for s in (verdict_sentence(answer.verdict, answer.latex), f"{odds}." if odds else "") if s)
    return " ".join(answer_sentences(answer))


def answer_sentences(answer: Answer) -> list[str]:
    """The lines of an answer's check, a sentence each."""
    return [f"{line[0].upper()}{line[1:]}." for _, line in answer_lines(answer)]


def verdict_sentence(verdict: Verdict, said: str = "") -> str:
    """The same as a sentence of its own."""
    line = verdict_line(verdict, said)
    if verdict.how == "known" and verdict.kind != "unchecked":
        line = f"The answer {line[0].lower()}{line[1:]}"
    return f"{line}." if line else ""


def _blocks(count: int) -> str:
    return f"{count} block{'' if count == 1 else 's'}"


def ending(transcript: Transcript) -> str:
    """One sentence if the solution did not end with an answer, else empty."""
    if "ended" not in transcript.meta:
        cut = bool(transcript.solution) and transcript.answer is None
        return "This solution was interrupted before its end." if cut else ""
    try:
        reason = EndReason(str(transcript.meta["ended"]))
    except ValueError:
        return ""
    return "" if reason is EndReason.ANSWERED else str(transcript.meta.get("detail") or reason.sentence())


def solved_by(transcript: Transcript) -> str:
    """By whom, where and when: ``Solved by Qwen2.5-Coder 0.5B, 21 Nov 2026 at 21:09``."""
    said = "Solved"
    if name := transcript.meta.get("model"):
        said += f" by {name}"
    try:
        made = datetime.fromisoformat(str(transcript.meta.get("created", "")))
    except ValueError:
        return said if name else "Saved solution"
    return f"{said}, {made.day} {made:%b %Y} at {made:%H:%M}"


def window_title(problem: str) -> str:
    """What the window is called while it shows a solution of ``problem``."""
    words = _cut(plain(without_emphasis(problem[:600])), 60)
    return f"{words} \u2013 MuMath Tutor" if words else "MuMath Tutor"


def made_by(transcript: Transcript) -> str:
    """One sentence about the maker of it all; claims nothing of a solution that was imported from elsewhere."""
    if not transcript.meta.get("engine"):
        return f"Set by MuMath Tutor {__version__}."
    return (
        f"Made with MuMath Tutor {__version__}: a language model wrote the words and the code; "
        "the outputs are what the code printed when it was run."
    )


def output_text(output: Output) -> str:
    """What a block printed, its value, what it was warned of and why it failed, as plain text."""
    lines = [output.stdout.rstrip("\n"), output.value]
    if output.warnings:
        lines.append(output.warnings)
    if output.truncated:
        lines.append("\u2026 output was cut at its limit")
    if output.error is not None:
        lines.append(error_text(output))
    elif output.status in STATUS:
        lines.append(f"({STATUS[output.status]})")
    return "\n".join(line for line in lines if line)


def error_text(output: Output) -> str:
    """The traceback of a failed block, its last line included, or empty."""
    error = output.error
    if error is None:
        return ""
    text = error.traceback.rstrip("\n")
    if error.last_line not in text:
        text = f"{text}\n{error.last_line}" if text else error.last_line
    return text


def false_statements(claims: Iterable[Claim]) -> list[tuple[str, str]]:
    """The remarks on the underlined statements, as plain text: the statement, and what is right or printed."""
    return [
        (f"{'False' if c.verdict == 'false' else _VERDICTS[c.verdict]}: {_plain(c.text)}", plain(remark(c)))
        for c in claims
        if c.marked
    ]


def statement_shown(claim: Claim) -> str:
    """A statement and its verdict in one plain line: ``✓ 2 + 2 = 4``."""
    return claim_line(replace(claim, text=_plain(claim.text), right=plain(claim.right)))


def _plain(text: str) -> str:
    """A statement without the marks of the alignment that it stands in."""
    return " ".join(plain(re.sub(r"(?<!\\)&|\\\\", " ", text)).split())


def false_shown(claim: Claim) -> str:
    """The words beside an underlined statement: ``False: 435 ÷ 48 = 9.575: it is 9.0625``."""
    return "".join(false_statements([claim])[0])


def statement_said(claim: Claim) -> str:
    """What a screen reader says of a statement and its verdict, its formulas in words."""
    return f"{_VERDICTS[claim.verdict]}: {_said(' '.join(claim.text.split()))}{_said(remark(claim))}"


def _said(text: str) -> str:
    # A statement inside a formula has no delimiters of its own.
    bare = "\\" in text and not re.search(r"\$|\\[(\[]", text)
    return spoken(text) if bare else spoken_prose(text)
