"""Budgets and choices of a solution, what a model is told of a run, and what is kept of how a solution was made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from tutor_app.core.dialect import Dialect, PromptSet
from tutor_app.core.parts import Answer, Output, Part
from tutor_app.core.ports import (
    ModelInfo,
    Sampling,
)

AnswerCheck = Callable[[Answer | None, tuple[Part, ...]], Answer | None]
"""Gives the answer to these parts with its verdict; of a reply it may find one where none is boxed, or drop it."""

AFTER_ANSWER: Final = 1500
"""Characters that a model may go on after a boxed answer without boxing another one, see
:attr:`SolveSettings.stop_after_answer`."""

THOUGHT_OVER: Final = (
    "\n\nConsidering the limited time by the user, I have to give the solution based on the thinking directly now.\n"
)
"""What ends a thought that has used up its budget, before the mark that closes it. Source: the thinking budget of
Qwen3's documentation."""

CORRECTION: Final = (
    "The calculation above has encountered a problem: {statement} is wrong, it is {right}. Now point out its "
    "mistakes and then correct them.\n"
)
"""What a model is told of a false statement, in the words of MuMath-Code's correction of code."""

MAX_CORRECTIONS: Final = 2
"""Of one solution: a model that does not take them goes on as it would have."""


@dataclass(frozen=True, slots=True)
class SolveSettings:
    """Budgets and choices of one solution.

    Attributes:
        max_rounds: Code blocks that may run; after the last the model may still conclude.
        max_tokens: Tokens the model may write in one round.
        seconds: Wall time for everything.
        code_timeout: Wall seconds for one block.
        feedback_limit: Characters of an output that go back to the model (half from each end).
        record_steps: Steps to record of each block as it runs; 0 records nothing.
        stop_after_answer: End the turn of a model that goes on for long (:data:`AFTER_ANSWER`) after a boxed answer.
            What it boxed may still turn out to have been a thought, or the first of several answers, so it is not
            ended at once.
        thought_tokens: After so many tokens a thought is closed as its makers close it (:data:`THOUGHT_OVER`), and the
            model goes on with the solution; 0 leaves it to the length of a round.
        run_code: Run the model's code; where not, it is shown and the model goes on.
        correct_statements: Tell the model of a false arithmetic statement (:data:`CORRECTION`) once its paragraph is
            over, unless code has run already. Claims come from whoever fills the builder between two events.
        end_at_number: End where code has printed a number alone and nothing was boxed: it is the answer, unless several
            things are asked for. What the model would go on to say is not waited for.
        sampling: How tokens are drawn.
    """

    max_rounds: int = 4
    max_tokens: int = 1024
    seconds: float = 300.0
    code_timeout: float = 10.0
    feedback_limit: int = 400
    record_steps: int = 0
    stop_after_answer: bool = True
    thought_tokens: int = 0
    run_code: bool = True
    correct_statements: bool = False
    end_at_number: bool = False
    sampling: Sampling = field(default_factory=Sampling)


def feedback(output: Output, limit: int = 400) -> str:
    """What the model is told of a run, as in MuMath-Code's executor.

    What was printed, else the value, else the last line of the traceback; cut to ``limit`` characters, the
    first and last halves of it. Unlike there, what was printed before an error is kept with the error line.
    """
    text = output.stdout.rstrip() or output.value
    if output.status != "ok":
        line = output.error.last_line if output.error else output.status
        text = f"{text}\n{line}" if text else line
    if len(text) > limit:
        half = limit // 2
        text = f"{text[:half]}...{text[len(text) - half :]}"
    return text


def provenance(info: ModelInfo, dialect: Dialect, prompt: PromptSet, settings: SolveSettings) -> dict[str, Any]:
    """What a transcript keeps of how it was made; known before its first word, but for the engine and device."""
    return {
        "model": info.name,
        "model_sha256": info.sha256,
        "engine": info.engine,
        "device": info.device,
        "dialect": dialect.name,
        "prompt": prompt.name,
        "sampling": asdict(settings.sampling),
    }
