"""The parts of a solution, as frozen values, and the attempts of a vote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tutor_app.core.claims import Claim
from tutor_app.core.verdicts import NOT_LOOKED, Verdict, VerdictKind

OutputStatus = Literal["ok", "error", "timeout", "stopped", "died", "refused"]
AnswerSource = Literal["boxed", "phrase", "output", "number"]
AttemptKind = Literal["code", "reasoning"]


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
        """The answer of the attempt, if it gave one."""
        return next((p for p in reversed(self.parts) if isinstance(p, Answer)), None)
