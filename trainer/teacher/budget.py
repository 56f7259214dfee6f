"""The budget of a teacher: tokens, money, and requests a minute.

:class:`Metered` stands between a caller and a model and lets nothing through that the limits forbid. Tokens are those
that the server counts; where it counts none, four characters are taken for one, or as many as it has counted before.
A request is only begun if the most that it can cost still fits into the budget, so the budget is not passed, also with
many requests under way.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from tutor_app.core.dialect import Span
from tutor_app.core.errors import EngineFault, TutorError, UserFault
from tutor_app.core.ports import Cancel, Generation, ModelInfo, Piece, Sampling, Stopped
from tutor_app.tutor.service import LoadableModel

CHARACTERS: Final = 4
"""Characters of a token, where nobody counts."""
POLL_SECONDS: Final = 0.1
"""How often a wait for its turn looks whether it was cancelled."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be spent; 0 sets no limit.

    Attributes:
        tokens: Of prompts and replies together.
        cost: In the currency of the prices.
        price_in: Of a million tokens of prompts.
        price_out: Of a million tokens of replies.
        requests_per_minute: Begun in a minute, evenly spread.
        tokens_per_minute: Of requests that are begun in a minute, by the most that each can cost.
    """

    tokens: int = 0
    cost: float = 0.0
    price_in: float = 0.0
    price_out: float = 0.0
    requests_per_minute: float = 0.0
    tokens_per_minute: float = 0.0

    def price(self, tokens_in: int, tokens_out: int) -> float:
        """What so many tokens cost."""
        return (tokens_in * self.price_in + tokens_out * self.price_out) / 1e6


class RequestFailed(EngineFault):
    """A server has failed at one request as often as it was tried; at others it may not."""


class BudgetSpent(UserFault):
    """The next request could pass the budget, so it was not sent."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent.

    Attributes:
        requests: That were answered.
        tokens_in: Of their prompts.
        tokens_out: Of the replies.
    """

    requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.requests + other.requests, self.tokens_in + other.tokens_in, self.tokens_out + other.tokens_out
        )

    def __sub__(self, other: Spent) -> Spent:
        return self + Spent(-other.requests, -other.tokens_in, -other.tokens_out)

    def to_list(self) -> list[int]:
        """The numbers for a journal."""
        return [self.requests, self.tokens_in, self.tokens_out]


class Meter(Protocol):
    """Whoever counts what a work spends."""

    @property
    def limits(self) -> Limits:
        """What may be spent."""

    @property
    def spent(self) -> Spent:
        """So far, what was spent before included."""

    @property
    def cost(self) -> float:
        """The cost of what was spent."""

    def spent_before(self, spent: Spent) -> None:
        """Count what an earlier start of the same work has spent."""

    def answers(self) -> bool:
        """Whether the model is there at all."""


class Metered:
    """A model within limits; safe to use from several threads."""

    def __init__(
        self,
        model: LoadableModel,
        limits: Limits | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._model, self.limits = model, limits or Limits()
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._spent = Spent()
        self._reserved = Spent()
        self._free_at = 0.0
        self._failed = threading.local()
        self._tokens_each = 1 / CHARACTERS  # of a character, at the most that was counted

    @property
    def info(self) -> ModelInfo:
        """The model behind the budget."""
        return self._model.info

    @property
    def spent(self) -> Spent:
        """So far, what was spent before included."""
        return self._spent

    @property
    def cost(self) -> float:
        """The cost of what was spent."""
        return self.limits.price(self._spent.tokens_in, self._spent.tokens_out)

    def spent_before(self, spent: Spent) -> None:
        """Count what an earlier start of the same work has spent."""
        with self._lock:
            self._spent += spent

    def answers(self) -> bool:
        """Whether the model is there at all."""
        try:
            self._model.load()
        except TutorError:
            return False
        return True

    def failure(self) -> RequestFailed | None:
        """The last request of this thread, if it failed; a loop over the model tells no more than that it ended."""
        found: RequestFailed | None = getattr(self._failed, "last", None)
        return found

    def load(self, cancel: Cancel | None = None) -> ModelInfo:
        """See :meth:`tutor_app.tutor.service.LoadableModel.load`."""
        return self._model.load(cancel)

    def close(self) -> None:
        """Let the model go."""
        self._model.close()

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
        """See :meth:`tutor_app.core.ports.LanguageModel.generate`; a model that ignores ``max_tokens`` is stopped.

        Raises:
            BudgetSpent: If the request could pass the budget.
            EngineFault: If the model fails.
        """
        characters = sum(len(s.text) for s in prompt)
        most = Spent(1, math.ceil(characters * self._tokens_each), max_tokens)
        self._admit(most, cancel)
        said = tokens = 0
        used = Spent()
        self._failed.last = None
        stream = self._model.generate(
            prompt, sampling=sampling, max_tokens=max_tokens, stop=stop, prefix=prefix, cancel=cancel
        )
        try:
            for item in stream:
                if isinstance(item, Piece):
                    said += len(item.text)
                    tokens += item.tokens
                    used = Spent(1, most.tokens_in, max(tokens, said // CHARACTERS))
                if isinstance(item, Stopped):
                    used = Spent(1, item.prompt_tokens or most.tokens_in, item.generated_tokens)
                    if characters > _ENOUGH:
                        self._tokens_each = max(self._tokens_each, item.prompt_tokens / characters)
                yield item
                if isinstance(item, Piece) and (tokens > max_tokens or said > _LONGEST_TOKEN * max_tokens):
                    yield Stopped("length", prompt_tokens=most.tokens_in, generated_tokens=tokens)
                    break
        except RequestFailed as e:
            self._failed.last = e
            raise
        finally:
            close: Any = getattr(stream, "close", None)
            if close is not None:
                close()
            with self._lock:
                self._reserved += Spent(-1, -most.tokens_in, -most.tokens_out)
                self._spent += used

    def _admit(self, most: Spent, cancel: Cancel) -> None:
        """Reserve the most that a request can cost, and wait for its turn."""
        limits = self.limits
        with self._lock:
            after = self._spent + self._reserved + most
            tokens, cost = after.tokens_in + after.tokens_out, limits.price(after.tokens_in, after.tokens_out)
            if limits.tokens and tokens > limits.tokens:
                raise BudgetSpent(
                    f"The budget of {limits.tokens:,} tokens is spent.", "The same command goes on with a larger one."
                )
            if limits.cost and cost > limits.cost:
                raise BudgetSpent(
                    f"The budget of {limits.cost:,.2f} is spent.", "The same command goes on with a larger one."
                )
            self._reserved += most
            now = self._clock()
            turn = max(self._free_at, now)
            waits = [60 / limits.requests_per_minute] if limits.requests_per_minute else []
            if limits.tokens_per_minute:
                waits.append(60 * (most.tokens_in + most.tokens_out) / limits.tokens_per_minute)
            self._free_at = turn + max(waits, default=0.0)
        while (left := turn - self._clock()) > 0 and not cancel.is_set():
            self._sleep(min(left, POLL_SECONDS))


_ENOUGH: Final = 400
"""Characters of a prompt from which on its tokens tell how many there are in others."""
_LONGEST_TOKEN: Final = 32
"""Characters of a token on average, at the most: a reply with more for each was not cut where it was asked to be."""
