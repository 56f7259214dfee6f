"""Compares how an exported file and the model that it was made from solve problems.

A few problems go through the loop that ships, greedily and in the real sandbox, once with the Hugging Face model and
once with the file in the engine. Two programs that add the same numbers in another order may part at a near tie, and
from there on write different texts that are both right. So texts are told, but tokens are judged: the file reads what
the original wrote, token by token, and names its own next token at every place. A sound f16 file names another one
only where the original's choice was a toss-up; and where there was none in a whole text, it writes the same text.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from trainer.export.llama_process import run_llama_cpp
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
"""Largest lead, in nats, of the original's likeliest token over another that a sound f16 file may name instead."""
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
        lead: The original's preference for its likeliest token over the one that the file names after the same tokens,
            nats; the largest of all places.
        unlike: Texts that part although the original was sure of every token of its own.
    """

    problems: int
    texts: int
    answers: int
    lead: float
    unlike: int = 0

    def failure(self) -> str:
        """Why an f16 file is no good, or empty."""
        if self.lead > TOSS_UP:
            return f"it names another token where the original is sure of its own by {self.lead:.2g} nats"
        if self.unlike:
            return f"it writes another text in {self.unlike} of {self.problems} problems in which nothing was in doubt"
        return ""


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
        same = [a[0] == b[0] for (a, _), (b, _) in zip(self._solved, theirs, strict=True)]
        read = [self._model.drawn(*rounds[0]) for rounds, _ in self._solved]
        judged = list(map(self._judged, read, likeliest(made, [[*prompt, *own] for prompt, own in read])))
        return Comparison(
            problems=len(theirs),
            texts=sum(a == b for (a, _), (b, _) in zip(self._solved, theirs, strict=True)),
            answers=sum(a == b for (_, a), (_, b) in zip(self._solved, theirs, strict=True)),
            lead=max((lead for lead, _ in judged), default=0.0),
            unlike=sum(not alike and sure > TOSS_UP for alike, (_, sure) in zip(same, judged, strict=True)),
        )

    def _judged(self, read: tuple[list[int], list[int]], named: Sequence[int]) -> tuple[float, float]:
        """Of a text: the largest lead over the tokens that the file named, and the least over any other token."""
        prompt, own = read
        start = len(prompt) - 1
        scores = self._model.scores([*prompt, *own], start)
        best = scores.topk(2, dim=-1).values
        theirs = scores.gather(-1, torch.tensor(named[start:])[:, None])[:, 0]
        return float((best[:, 0] - theirs).max()), float((best[:, 0] - best[:, 1]).min())

    def _solve_all(self, model: LanguageModel) -> list[tuple[list[Round], str]]:
        with ThreadPoolExecutor(max(1, len(self._problems))) as threads:
            return list(threads.map(lambda p: _solved(p, model, self._sandbox, self._dialect), self._problems))


def likeliest(made: Path, texts: Sequence[Sequence[int]]) -> list[list[int]]:
    """The token that a GGUF file names after each token of some texts.

    Raises:
        HostFault: If llama.cpp fails.
    """
    ids = np.full((len(texts), max(map(len, texts))), -1, dtype=np.int64)
    for row, text in zip(ids, texts, strict=True):
        row[: len(text)] = text
    with tempfile.TemporaryDirectory(prefix="likeliest-") as work:
        given, found = Path(work, "ids.npy"), Path(work, "likeliest.npy")
        np.save(given, ids)
        run_llama_cpp("likeliest", made, given, found)
        named = np.load(found)
    return [row[: len(text)].tolist() for row, text in zip(named, texts, strict=True)]


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
