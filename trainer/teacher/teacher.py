"""A teacher: a model that is asked for texts and solves problems, whatever it runs on.

A GGUF file by the engine of the app, a model folder by transformers, or a server with ``/v1/completions`` (vLLM,
llama-server and others): all are the same :class:`~tutor_app.core.ports.LanguageModel`, so every method of the data
engine works with each. What a teacher writes is material, never trusted: :mod:`trainer.teacher.replies` and the methods
judge it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from trainer.arguments import at_least, number, share
from trainer.runs import digest
from trainer.teacher.budget import Limits, Metered
from trainer.teacher.open import ModelChoice, open_model
from trainer.teacher.work import Shard
from tutor_app.core.dialect import DIALECTS, Dialect, PromptSet, constant_spans, header
from tutor_app.core.errors import UserFault
from tutor_app.core.ports import Cancel, CodeExecutor, Piece, Sampling, Stopped, StopReason
from tutor_app.core.turns import LONGEST_LOOP, repeats

LOOK_EVERY: Final = 5 * LONGEST_LOOP
"""Characters after which a reply is looked at for a loop."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a teacher said.

    Attributes:
        text: Its words.
        ended: Why it stopped; ``repeats`` if it ran in circles and was stopped.
    """

    text: str
    ended: StopReason | str


class Teacher:
    """A model that is asked; close it when it is no longer needed.

    Attributes:
        model: Within its budget.
        executor: Runs the code of its solutions.
        dialect: Its wire form.
        sampling: How its tokens are drawn; the seed is that of the whole work.
        max_tokens: Of one reply, or of one round of a solution.
    """

    def __init__(
        self,
        model: Metered,
        executor: CodeExecutor,
        dialect: Dialect,
        *,
        sampling: Sampling | None = None,
        max_tokens: int = 1024,
    ) -> None:
        self.model, self.executor, self.dialect = model, executor, dialect
        self.sampling, self.max_tokens = sampling or Sampling(), max_tokens

    @property
    def name(self) -> str:
        """The name of the model, for provenance."""
        return self.model.info.name

    def identity(self) -> dict[str, Any]:
        """What its words depend on, besides the prompt."""
        info, s = self.model.info, self.sampling
        drawn = {"temperature": s.temperature, "top_p": s.top_p, "seed": s.seed, "max_tokens": self.max_tokens}
        return {"teacher": info.name, "sha256": info.sha256, "dialect": self.dialect.name, **drawn}

    def sampling_for(self, *what: object) -> Sampling:
        """The sampling with a seed of its own for an item, the same in every run."""
        return replace(self.sampling, seed=seed_for(self.sampling.seed, *what))

    def ask(self, prompt: PromptSet, text: str, cancel: Cancel, *what: object) -> Reply:
        """One reply to ``text`` after the demonstrations of ``prompt``; ``what`` tells it from others to the same.

        Raises:
            BudgetSpent: If the request could pass the budget.
            EngineFault: If the model fails.
        """
        spans = list(header(self.dialect, text, prompt))
        constant = constant_spans(self.dialect, spans)
        if prompt.opening and not self.dialect.thinks:
            spans.append(type(spans[0])(prompt.opening))
        said, looked = prompt.opening if not self.dialect.thinks else "", 0
        ended: StopReason | str = "eos"
        stream = self.model.generate(
            spans,
            sampling=self.sampling_for(prompt.name, text, *what),
            max_tokens=self.max_tokens,
            stop=self.dialect.stop,
            prefix=constant,
            cancel=cancel,
        )
        try:
            for item in stream:
                if isinstance(item, Stopped):
                    ended = item.reason
                    break
                if isinstance(item, Piece):
                    said += item.text
                    if len(said) - looked > LOOK_EVERY:
                        looked = len(said)
                        if repeats(said):
                            ended = "repeats"
                            break
        finally:
            getattr(stream, "close", lambda: None)()
        return Reply(said.strip(), ended)

    def close(self) -> None:
        """Let the model and the sandbox go."""
        self.model.close()
        self.executor.close()

    def __enter__(self) -> Teacher:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def seed_for(seed: int, *what: object) -> int:
    """A seed below 2**31 that is the same for the same things in every process."""
    text = json.dumps([seed, *map(str, what)], ensure_ascii=False)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1


def prompt_hash(prompt: PromptSet) -> str:
    """A short hash of everything that a prompt says."""
    demonstrations = [d.to_dict()["turns"] for d in prompt.demonstrations]
    said = [prompt.system, prompt.suffix, prompt.correction, prompt.opening, prompt.nudge, demonstrations]
    for_kinds = [[kind, example.to_dict()["turns"]] for kind, example in prompt.for_kinds]
    return digest([*said, for_kinds] if for_kinds else said)


def add_arguments(parser: argparse.ArgumentParser, *, temperature: float) -> None:
    """The options of a step that asks a teacher."""
    parser.add_argument(
        "--teacher",
        default="",
        metavar="MODEL",
        help="starter, standard, a model's id, a GGUF file; or, by transformers, a model folder or a run's folder",
    )
    parser.add_argument(
        "--endpoint",
        default="",
        metavar="URL",
        help="instead of --teacher: a server with /v1/completions; its key, if it needs one, from OPENAI_API_KEY",
    )
    parser.add_argument("--endpoint-model", default="", metavar="NAME", help="its model (default: the only one)")
    parser.add_argument("--no-stream", action="store_true", help="ask the endpoint for whole answers, not for streams")
    parser.add_argument("--dialect", choices=sorted(DIALECTS), help="wire form of the endpoint's model")
    parser.add_argument("--parallel", type=at_least(1), default=4, metavar="N", help="requests under way at once")
    parser.add_argument("--batched", action="store_true", help="a GGUF teacher decodes them together: faster")
    parser.add_argument(
        "--n-ctx", type=at_least(1), default=4096, metavar="N", help="a GGUF teacher's context, in tokens"
    )
    parser.add_argument("--temperature", type=number, default=temperature)
    parser.add_argument("--top-p", type=share, default=1.0)
    parser.add_argument("--max-tokens", type=at_least(1), default=768, metavar="N", help="of one reply or round")
    parser.add_argument("--token-budget", type=at_least(0), default=0, metavar="N", help="tokens in all; 0: no limit")
    parser.add_argument("--cost-budget", type=number, default=0.0, metavar="X", help="money in all, by the prices")
    parser.add_argument("--price-in", type=number, default=0.0, metavar="X", help="of a million tokens of prompts")
    parser.add_argument("--price-out", type=number, default=0.0, metavar="X", help="of a million tokens of replies")
    parser.add_argument("--requests-per-minute", type=number, default=0.0, metavar="N", help="0: no limit")
    parser.add_argument("--tokens-per-minute", type=number, default=0.0, metavar="N", help="0: no limit")
    parser.add_argument(
        "--shard", type=_shard, default=Shard(), metavar="K/N", help="do only every N-th item; see the manual"
    )
    parser.add_argument("--data-dir", type=Path, help="where the tutor keeps its models")


def open_teacher(a: argparse.Namespace) -> Teacher:
    """The teacher that the arguments of :func:`add_arguments` name, ready to be asked.

    Raises:
        UserFault: If there is none, or the options do not fit together.
        HostFault: If it cannot be loaded.
    """
    if a.cost_budget and not (a.price_in or a.price_out):
        raise UserFault("--cost-budget needs the prices.", "Give --price-in and --price-out, of a million tokens each.")
    choice = ModelChoice(
        model=a.teacher,
        endpoint=a.endpoint,
        endpoint_model=a.endpoint_model,
        stream=not a.no_stream,
        dialect=a.dialect or "",
        parallel=a.parallel,
        batched=a.batched,
        n_ctx=a.n_ctx,
        data_dir=a.data_dir,
    )
    limits = Limits(a.token_budget, a.cost_budget, a.price_in, a.price_out, a.requests_per_minute, a.tokens_per_minute)
    tutor = open_model(choice)
    model = Metered(tutor.engine, limits)
    sampling = Sampling(a.temperature, a.top_p, a.seed)
    model.load()
    return Teacher(model, tutor.executor, tutor.dialect, sampling=sampling, max_tokens=a.max_tokens)


def _shard(text: str) -> Shard:
    try:
        return Shard.parse(text)
    except ValueError as e:
        raise argparse.ArgumentTypeError(str(e)) from None
