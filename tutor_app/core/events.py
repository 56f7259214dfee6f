"""The events of solving a problem, as frozen values.

Two small unions: what the dialect's parser sees in the model's text (:data:`ParseEvent`), and what the solve
loop tells its subscribers (:data:`SolveEvent`). Deltas may be cut anywhere; joining adjacent ones of a kind
gives the same whatever the cuts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from tutor_app.core.parts import Answer, Figure, Output

if TYPE_CHECKING:
    from tutor_app.core.claims import Claim
    from tutor_app.core.trace import Recording
    from tutor_app.core.transcript import Transcript


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More prose."""

    text: str


@dataclass(frozen=True, slots=True)
class CodeStarted:
    """A Python fence opened."""


@dataclass(frozen=True, slots=True)
class CodeDelta:
    """More of the open block's source."""

    text: str


@dataclass(frozen=True, slots=True)
class CodeEnded:
    """The block is complete.

    Attributes:
        source: The whole source, dedented if its fence was indented.
        closed: False if the text ended before the closing fence.
    """

    source: str
    closed: bool = True


@dataclass(frozen=True, slots=True)
class OutputStarted:
    """An output fence opened: in a stored text a recorded output, in a live one a forged output."""


@dataclass(frozen=True, slots=True)
class OutputEnded:
    """The recorded output is complete."""

    text: str


@dataclass(frozen=True, slots=True)
class ThoughtDelta:
    """More of what a reasoning model thinks before its solution; no part of the solution."""

    text: str


@dataclass(frozen=True, slots=True)
class ThoughtEnded:
    """A thought closed.

    Attributes:
        before: The thought had no opening mark: the prose since the last block or thought was it, and is no part of
            the solution.
    """

    before: bool = False


ParseEvent = TextDelta | ThoughtDelta | ThoughtEnded | CodeStarted | CodeDelta | CodeEnded | OutputStarted | OutputEnded


@dataclass(frozen=True, slots=True)
class Recorded:
    """The solution is being kept in the library; the first event of one that is.

    Attributes:
        solution_id: What to fetch it by.
    """

    solution_id: str


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """The user has asked about the solution; the first event of the reply.

    Attributes:
        question: As it is asked.
    """

    question: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The conversation no longer fits into the model's context: it is not told of some of it.

    Attributes:
        turns: How many of the earlier questions, with their replies, the model is not told of.
    """

    turns: int

    def sentence(self) -> str:
        """One sentence for the user."""
        if self.turns == 1:
            return "The model's context is full: it is not told of the first question and its reply."
        return f"The model's context is full: it is not told of the first {self.turns} questions and their replies."


@dataclass(frozen=True, slots=True)
class RoundStarted:
    """The model is about to speak; ``number`` counts from 1."""

    number: int


@dataclass(frozen=True, slots=True)
class Reading:
    """The model is reading its prompt: ``done`` of ``total`` tokens."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class OutputDelta:
    """More printed by the running block.

    Attributes:
        text: The characters.
        stream: ``stdout`` or ``stderr``.
        back: How many of the last characters printed so far it takes the place of: a progress bar writes its line
            anew. They never reach back beyond the last line.
    """

    text: str
    stream: str = "stdout"
    back: int = 0


def folded(deltas: Iterable[OutputDelta]) -> list[OutputDelta]:
    """The same output without what was taken back."""
    out: list[OutputDelta] = []
    for delta in deltas:
        back = delta.back
        while back and out:
            last = out.pop()
            if len(last.text) > back:
                out.append(replace(last, text=last.text[:-back]))
            back = max(0, back - len(last.text))
        if delta.text:
            out.append(replace(delta, back=0) if delta.back else delta)
    return out


def printed(deltas: Iterable[OutputDelta]) -> str:
    """What was printed in the end."""
    return "".join(delta.text for delta in folded(deltas))


@dataclass(frozen=True, slots=True)
class FigureDrawn:
    """The running block drew a figure."""

    figure: Figure


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The block ended, however it ended.

    Attributes:
        output: What it did.
        recording: Of this very run, if one was asked for.
    """

    output: Output
    recording: Recording | None = None


RunEvent = OutputDelta | FigureDrawn | RunFinished


@dataclass(frozen=True, slots=True)
class ClaimsFound:
    """The statements of a text were checked, as soon as a paragraph of it is complete.

    Attributes:
        text: Which text part of the solution, counted from 0 among its text parts alone.
        claims: All that were found in it so far; they replace those of an earlier event for the same text.
    """

    text: int
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class AnswerFound:
    """The final answer is known."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class VoteCast:
    """One of several attempts at the problem has ended.

    Attributes:
        attempt: Its number, from 0.
        done: How many have ended.
        of: How many there are.
        leading: The answer that leads, as LaTeX; empty where none was given yet.
        votes: Attempts that gave it.
    """

    attempt: int
    done: int
    of: int
    leading: str = ""
    votes: int = 0

    def sentence(self) -> str:
        """The state of the vote in one sentence."""
        said = f"{self.done} of {self.of} attempts"
        return f"{said}, {self.votes} for {self.leading}" if self.votes else said


class EndReason(Enum):
    """Why a solution ended; :meth:`sentence` says it to the user."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    ROUNDS = "rounds"
    REPEATED = "repeated"
    TOKENS = "tokens"
    SECONDS = "seconds"
    CONTEXT = "context"
    STOPPED = "stopped"
    ENGINE = "engine"
    SANDBOX = "sandbox"

    def sentence(self) -> str:
        """One sentence for the user."""
        return _SENTENCES[self]


def ending_sentence(reason: EndReason, answer: Answer | None) -> str:
    """Why a solution ended and, where its answer was found by a fall-back, by which one."""
    taken = {"output": "the last output", "number": "the last number"}.get(answer.source, "") if answer else ""
    if not taken:
        return reason.sentence()
    if reason is EndReason.ANSWERED and answer is not None and answer.source == "output":
        return "The answer is what its code has printed; more was not waited for."
    if reason is EndReason.NO_ANSWER:
        return f"No boxed answer; {taken} was taken."
    return f"{reason.sentence()} No boxed answer; {taken} was taken."


_SENTENCES = {
    EndReason.ANSWERED: "The model gave its answer.",
    EndReason.NO_ANSWER: "The model stopped without giving an answer.",
    EndReason.ROUNDS: "The model used up its rounds of code without concluding.",
    EndReason.REPEATED: "The model began to repeat itself and was stopped.",
    EndReason.TOKENS: "The model reached the limit on the length of a solution.",
    EndReason.SECONDS: "The time limit for a solution was reached.",
    EndReason.CONTEXT: "The model's context is full; a larger context in Settings leaves more room.",
    EndReason.STOPPED: "You stopped the solution.",
    EndReason.ENGINE: "The model process failed.",
    EndReason.SANDBOX: "Code could not be run.",
}


LEAST_TOKENS: Final = 8
LEAST_SECONDS: Final = 0.2
"""From how many tokens, and how much time, a speed is told: the time of a single token is mostly that of reading the
clock."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a solution cost.

    Attributes:
        prompt_tokens: Length of the first prompt.
        evaluated_tokens: Prompt and injected tokens that were really computed (the rest was kept).
        generated_tokens: Tokens the model wrote.
        rounds: Times the model spoke.
        runs: Code blocks run.
        seconds: Wall time of it all.
        decode_seconds: Wall time spent decoding.
    """

    prompt_tokens: int = 0
    evaluated_tokens: int = 0
    generated_tokens: int = 0
    rounds: int = 0
    runs: int = 0
    seconds: float = 0.0
    decode_seconds: float = 0.0

    @property
    def tokens_per_second(self) -> float:
        """Decoding speed; 0 if too little was decoded to tell, as after a stop at the first word."""
        if self.generated_tokens < LEAST_TOKENS or self.decode_seconds < LEAST_SECONDS:
            return 0.0
        return self.generated_tokens / self.decode_seconds

    @property
    def tokens_text(self) -> str:
        """Tokens the model wrote, in words: ``1 token``, ``240 tokens``."""
        return f"{self.generated_tokens} token{'s' if self.generated_tokens != 1 else ''}"


@dataclass(frozen=True, slots=True)
class Finished:
    """Always the last event, exactly once.

    Attributes:
        reason: Why it ended.
        transcript: The whole solution, with provenance in ``meta``.
        usage: What it cost.
        detail: For a host fault the sentence to show; else empty.
    """

    reason: EndReason
    transcript: Transcript
    usage: Usage
    detail: str = ""

    def sentence(self) -> str:
        """Why it ended, for the user."""
        reply = self.transcript.replies[-1][1]  # to the problem, or to the last question
        answer = next((part for part in reversed(reply) if isinstance(part, Answer)), None)
        return self.detail or ending_sentence(self.reason, answer)


SolveEvent = (
    Recorded
    | QuestionAsked
    | LeftOut
    | RoundStarted
    | Reading
    | TextDelta
    | ThoughtDelta
    | ThoughtEnded
    | CodeStarted
    | CodeDelta
    | CodeEnded
    | OutputDelta
    | FigureDrawn
    | RunFinished
    | ClaimsFound
    | AnswerFound
    | VoteCast
    | Finished
)
