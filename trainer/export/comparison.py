"""Whether an exported file solves problems as the model that it was made from does.

A few problems go through the loop that ships, greedily and in the real sandbox, once with the Hugging Face model and
once with the file in the engine. Two programs that add the same numbers in another order may part at a near tie, and
from there on write different texts that are both right. So what counts is not whether texts part but where: how sure
the original was of its own token at the very place. A sound f16 file parts from it only where that was a toss-up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from trainer.models.hf_model import HuggingFaceModel
from trainer.models.tokenizer import SpanTokenizer
from tutor_app.adapters.engine.client import Engine, EngineOptions
from tutor_app.adapters.sandbox.sessions import Sandbox
from tutor_app.core.dialect import DIALECTS, Span
from tutor_app.core.errors import HostFault
from tutor_app.core.events import EndReason
from tutor_app.core.ports import Cancel, CodeExecutor, Generation, LanguageModel, ModelInfo, Piece, Sampling
from tutor_app.core.problem import check_problem
from tutor_app.core.solve import solve, to_the_end
from tutor_app.core.solve_settings import SolveSettings

PROBLEMS: Final = 5
TOSS_UP: Final = 0.05
"""Largest lead, in nats, of the original's own token where a sound f16 file may say another."""
SETTINGS: Final = SolveSettings(max_rounds=2, max_tokens=96, seconds=900.0)
N_CTX: Final = 1536

Round = tuple[tuple[Span, ...], str]
"""A prompt, and what was said after it."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far two models' solutions agree.

    Attributes:
        problems: Solved by both.
        texts: Same in every round, to the last character.
        answers: Same final answer, no answer included.
        lead: Where texts part: the original's preference for its own token over the file's, nats; the largest.
    """

    problems: int
    texts: int
    answers: int
    lead: float

    def failure(self) -> str:
        """Why an f16 file is no good, or empty."""
        if self.lead <= TOSS_UP:
            return ""
        return f"it says something else where the original is sure of its word by {self.lead:.2g} nats"


class Original:
    """The Hugging Face model and its solutions; files are compared with them. A context manager."""

    def __init__(self, model: Any, tokenizer: SpanTokenizer, dialect: str, problems: Sequence[str]) -> None:
        """Take a model in evaluation mode; its solutions are made when the first file is compared."""
        self._problems, self._dialect = list(problems[:PROBLEMS]), dialect
        self._model = HuggingFaceModel(
            model, tokenizer, n_ctx=N_CTX, n_seq=max(1, len(self._problems)), name="the original"
        )
        self._sandbox = Sandbox(spares=len(self._problems))
        self._solved: list[tuple[list[Round], str]] = []

    def __enter__(self) -> Original:
        return self

    def __exit__(self, *_: object) -> None:
        self._model.close()
        self._sandbox.close()

    def compare(self, made: Path) -> Comparison:
        """Solve the problems with a GGUF file.

        Raises:
            HostFault: If one of the models or the sandbox fails.
        """
        self._solved = self._solved or self._solve_all(self._model)
        engine = Engine(made, EngineOptions(N_CTX, len(self._problems), gpu_layers=0, kv_type="f32"))
        try:
            theirs = self._solve_all(engine)
        finally:
            engine.close()
        leads = [self._lead(a, b) for (a, _), (b, _) in zip(self._solved, theirs, strict=True)]
        return Comparison(
            problems=len(theirs),
            texts=sum(a == b for (a, _), (b, _) in zip(self._solved, theirs, strict=True)),
            answers=sum(a == b for (_, a), (_, b) in zip(self._solved, theirs, strict=True)),
            lead=max(leads, default=0.0),
        )

    def _solve_all(self, model: LanguageModel) -> list[tuple[list[Round], str]]:
        with ThreadPoolExecutor(max(1, len(self._problems))) as threads:
            return list(threads.map(lambda p: _solved(p, model, self._sandbox, self._dialect), self._problems))

    def _lead(self, ours: Sequence[Round], theirs: Sequence[Round]) -> float:
        """At the first place where they part; 0 if that is the output of code, which no file is to blame for."""
        for (prompt, said), (other, instead) in zip(ours, theirs, strict=False):
            if prompt != other:
                return 0.0
            if said != instead:
                return max(0.0, self._model.lead(prompt, said, instead))
        return 0.0


class _Heard:
    """A language model that is listened to: every prompt and what was read of the text after it."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.rounds: list[Round] = []

    @property
    def info(self) -> ModelInfo:
        return self._model.info

    def generate(
        self,
        prompt: Sequence[Span],
        *,
        sampling: Sampling,
        max_tokens: int,
        stop: Sequence[str] = (),
        prefix: int = 0,
        cancel: Cancel,
    ) -> Iterator[Generation]:
        said = ""
        stream: Any = self._model.generate(
            prompt, sampling=sampling, max_tokens=max_tokens, stop=stop, prefix=prefix, cancel=cancel
        )
        try:
            for item in stream:
                said += item.text if isinstance(item, Piece) else ""
                yield item
        finally:
            stream.close()
            self.rounds.append((tuple(prompt), said))


def _solved(problem: str, model: LanguageModel, executor: CodeExecutor, dialect: str) -> tuple[list[Round], str]:
    heard = _Heard(model)
    last = to_the_end(
        solve(check_problem(problem), model=heard, executor=executor, dialect=DIALECTS[dialect], settings=SETTINGS)
    )
    if last.reason in (EndReason.ENGINE, EndReason.SANDBOX):
        raise HostFault(f"The five problems could not be compared: {last.sentence()}")
    answer = last.transcript.answer
    return heard.rounds, answer.latex if answer is not None else ""
