from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from trainer.teacher.budget import BudgetSpent, Limits, Metered, Spent
from tutor_app.core.dialect import Span
from tutor_app.core.ports import Cancel, Generation, ModelInfo, NeverCancelled, Piece, Sampling, Stopped


@dataclass
class Talker:
    """A model that says pieces, whatever it is asked."""

    pieces: Sequence[str] = ("one ", "two ")
    prompt_tokens: int = 10
    asked: list[str] = field(default_factory=list)
    closed: int = 0
    info: ModelInfo = field(default_factory=lambda: ModelInfo("talker"))

    def load(self, cancel: Cancel | None = None) -> ModelInfo:
        return self.info

    def close(self) -> None:
        self.closed += 1

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
        self.asked.append("".join(s.text for s in prompt))
        for text in self.pieces:
            yield Piece(text)
        yield Stopped("eos", prompt_tokens=self.prompt_tokens, generated_tokens=len(self.pieces))


def say(model: Metered, text: str = "Hello", max_tokens: int = 5) -> list[Any]:
    return list(model.generate([Span(text)], sampling=Sampling(), max_tokens=max_tokens, cancel=NeverCancelled()))


def test_tokens_and_money_are_counted() -> None:
    model = Metered(Talker(), Limits(price_in=1000.0, price_out=5000.0))
    say(model)
    say(model)
    assert model.spent == Spent(2, 20, 4)
    assert model.cost == pytest.approx(20 * 1000 / 1e6 + 4 * 5000 / 1e6)


def test_nothing_is_sent_that_could_pass_the_budget() -> None:
    talker = Talker()
    model = Metered(talker, Limits(tokens=31))
    say(model)  # 12 tokens; the most it could cost are 2 of the prompt and 5
    say(model)
    assert model.spent == Spent(2, 20, 4)
    say(model)
    with pytest.raises(BudgetSpent, match="The budget of 31 tokens is spent"):
        say(model)
    assert len(talker.asked) == 3


def test_a_budget_of_money() -> None:
    model = Metered(Talker(), Limits(cost=0.05, price_in=2000, price_out=2000))
    say(model)  # 0.024
    say(model)
    with pytest.raises(BudgetSpent, match=r"The budget of 0.05 is spent"):
        say(model)


def test_what_is_under_way_counts_with_the_most_it_can_cost() -> None:
    model = Metered(Talker(), Limits(tokens=13))
    first = model.generate([Span("Hello")], sampling=Sampling(), max_tokens=5, cancel=NeverCancelled())
    assert next(first) == Piece("one ")
    with pytest.raises(BudgetSpent):
        say(model)
    first.close()  # type: ignore[attr-defined]
    assert model.spent == Spent(1, 2, 1)
    say(model, max_tokens=3)


def test_what_an_earlier_start_spent_counts() -> None:
    model = Metered(Talker(), Limits(tokens=100))
    model.spent_before(Spent(7, 90, 5))
    with pytest.raises(BudgetSpent):
        say(model)


def test_a_model_that_ignores_the_limit_is_stopped() -> None:
    talker = Talker(pieces=["word "] * 100_000)
    items = say(Metered(talker), max_tokens=20)
    assert len(items) == 22
    assert items[-1].reason == "length"
    whole = say(Metered(Talker(pieces=["x" * 100_000])), max_tokens=20)
    assert (len(whole), whole[-1].reason) == (2, "length")


def test_requests_are_spread_over_the_minute() -> None:
    now = [100.0]
    model = Metered(
        Talker(),
        Limits(requests_per_minute=30),
        clock=lambda: now[0],
        sleep=lambda s: now.__setitem__(0, now[0] + s),
    )
    begun = []
    for _ in range(4):
        say(model)
        begun.append(now[0])
    assert begun == pytest.approx([100, 102, 104, 106])


def test_tokens_are_spread_over_the_minute() -> None:
    now = [0.0]
    model = Metered(
        Talker(),
        Limits(tokens_per_minute=420),
        clock=lambda: now[0],
        sleep=lambda s: now.__setitem__(0, now[0] + s),
    )
    say(model)  # at most 7 tokens: a second of the minute's
    say(model)
    assert now[0] == pytest.approx(1.0)
