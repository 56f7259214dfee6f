"""Several attempts at a problem: they vote by value, what speaks against one counts, and all are kept."""

import threading
import time
from collections.abc import Iterator, Sequence
from typing import cast

import pytest

from tests.fakes import FakeExecutor, MemoryLibrary
from tests.scripted_model import Failure, ScriptedModel
from tutor_app.adapters.sandbox.sessions import Sandbox
from tutor_app.core.claims import Claim
from tutor_app.core.dialect import CHATML, MUMATH, Dialect, PromptSet, Span
from tutor_app.core.errors import UserFault
from tutor_app.core.events import EndReason, Finished, Recorded, SolveEvent, VoteCast
from tutor_app.core.parts import Answer, Attempt, Code, Output, Part, Text
from tutor_app.core.ports import Cancel, Generation, ModelInfo, NeverCancelled, Sampling
from tutor_app.core.solve_settings import SolveSettings
from tutor_app.core.votes import tally_of
from tutor_app.tutor.service import LoadableModel, Tutor
from tutor_app.tutor.votes import plans, vote, weighed

SETTINGS = SolveSettings(sampling=Sampling(0.0, 1.0, 5))


ON_AND_ON = " ".join(f"And then {n}." for n in range(10_000))
NEVER = "This attempt never comes to its end."


class BySeed:
    """A model whose text depends on the seed of the draw: attempt n says the n-th text."""

    def __init__(self, texts: Sequence[str], *, failing: bool = False) -> None:
        failure = Failure() if failing else None
        self._models = [
            ScriptedModel(
                [text], n_seq=8, failure=failure, seconds_per_token={NEVER: 600.0, ON_AND_ON: 0.003}.get(text, 0.0)
            )
            for text in texts
        ]
        self.prompts: list[str] = []

    @property
    def info(self) -> ModelInfo:
        return self._models[0].info

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
        self.prompts.append(f"{sampling.seed} {sampling.temperature} {prompt[0].text}")
        model = self._models[sampling.seed - SETTINGS.sampling.seed]
        return model.generate(prompt, sampling=sampling, max_tokens=max_tokens, stop=stop, prefix=prefix, cancel=cancel)

    def load(self, cancel: Cancel | None = None) -> ModelInfo:
        return self.info

    def close(self) -> None:
        pass


def tutor(*texts: str, dialect: Dialect = CHATML, failing: bool = False) -> Tutor:
    model = BySeed(texts, failing=failing)
    executor = cast(Sandbox, FakeExecutor())
    return Tutor(cast(LoadableModel, model), executor, dialect, PromptSet("terse", "Be terse."))


def held(
    *texts: str,
    library: MemoryLibrary | None = None,
    cancel: Cancel | None = None,
    whole: bool = True,
    weigh: bool = False,
) -> list[SolveEvent]:
    opened = None if library is None else lambda: library
    return list(
        vote(
            tutor(*texts),
            "What is 6*7?",
            votes=len(texts),
            settings=SETTINGS,
            cancel=cancel or NeverCancelled(),
            library=opened,
            to_the_last=whole,
            weigh=weigh,
        )
    )


def finished(events: Sequence[SolveEvent]) -> Finished:
    last = events[-1]
    assert isinstance(last, Finished)
    return last


def test_the_first_attempt_is_as_usual_and_of_the_others_which_are_sampled_every_third_is_in_words() -> None:
    found = plans(4, SETTINGS, mixed=True)
    assert [(p.kind, p.temperature, p.seed) for p in found] == [
        ("code", 0.0, 5),
        ("code", 0.7, 6),
        ("reasoning", 0.7, 7),
        ("code", 0.7, 8),
    ]
    assert {p.kind for p in plans(4, SETTINGS, mixed=False)} == {"code"}
    assert {p.kind for p in plans(4, SolveSettings(run_code=False), mixed=True)} == {"reasoning"}
    assert [p.temperature for p in plans(2, SolveSettings(sampling=Sampling(0.4)), mixed=True)] == [0.4, 0.4]


@pytest.mark.parametrize("votes", [-1, 0, 1, 33])
def test_a_vote_of_too_few_or_too_many_is_refused(votes: int) -> None:
    with pytest.raises(UserFault, match="Ask for 2 to 32"):
        next(iter(vote(tutor("x"), "What is 1+1?", votes=votes, settings=SETTINGS)))


def test_answers_of_the_same_value_vote_together_whatever_they_look_like() -> None:
    last = finished(held(r"\boxed{7}", r"\boxed{\frac{84}{2}}", r"So \boxed{42}.", "Hm."))
    answer = last.transcript.answer
    assert answer is not None
    assert answer.latex in ("42", r"\frac{84}{2}")
    assert answer.verdict.sentence() == "Agrees with 2 of 4 votes"
    assert (last.reason, last.transcript.meta["ended"]) == (EndReason.ANSWERED, "answered")
    assert [a.option for a in last.transcript.attempts] == [1, 0, 0, -1]


def test_a_cast_vote_says_how_far_the_vote_is() -> None:
    casts = [e for e in held(r"\boxed{1}", r"\boxed{1}", "Hm.") if isinstance(e, VoteCast)]
    assert sorted(c.attempt for c in casts) == [0, 1, 2]
    assert [c.done for c in casts] == [1, 2, 3]
    assert casts[-1].sentence() == "3 of 3 attempts, 2 for 1"


@pytest.mark.parametrize(("weigh", "answer"), [(False, "41"), (True, "42")])
def test_votes_count_the_same_unless_they_are_weighed(weigh: bool, answer: str) -> None:
    unsaid = "The total comes to 41."  # a last number that nobody boxed
    boxed = r"So \boxed{42}."
    last = finished(held(boxed, unsaid, boxed, unsaid, unsaid, weigh=weigh))
    tally = tally_of(last.transcript.attempts)
    assert (tally.options[0].answer, len(last.transcript.attempts[1].why) > 0) == (answer, True)


def test_the_vote_ends_when_two_agree_and_those_that_are_not_needed_never_begin() -> None:
    one = tutor(r"\boxed{3}", NEVER, r"\boxed{3}", *[NEVER] * 5)
    last = finished(list(vote(one, "What is 6*7?", votes=8, settings=SETTINGS)))
    answer = last.transcript.answer
    assert answer is not None
    assert answer.verdict.sentence() == "Agrees with 2 of 2 votes, ended early after 2 of 8"
    assert tally_of(last.transcript.attempts).sentence() == "Ended early after 2 of 8 attempts: 2 agree"
    assert len(cast(BySeed, one.engine).prompts) <= 5
    assert [bool(a.parts) for a in last.transcript.attempts[5:]] == [False] * 3


def test_the_vote_ends_when_the_five_that_were_begun_have_ended() -> None:
    one = tutor(*[rf"\boxed{{{n}}}" for n in range(8)])
    last = finished(list(vote(one, "What is 6*7?", votes=8, settings=SETTINGS)))
    answer = last.transcript.answer
    assert answer is not None
    assert (answer.latex, answer.verdict.sentence()) == ("0", "Agrees with 1 of 5 votes, ended early after 5 of 8")
    assert len(cast(BySeed, one.engine).prompts) <= 5


def test_another_attempt_begins_for_one_that_is_given_up() -> None:
    one = tutor(ON_AND_ON, *[rf"\boxed{{{n}}}" for n in range(1, 8)])
    last = finished(list(vote(one, "What is 6*7?", votes=8, settings=SETTINGS)))
    tally = tally_of(last.transcript.attempts)
    assert (tally.ended, tally.given_up, tally.cut) == (5, 1, 2)
    assert len(cast(BySeed, one.engine).prompts) == 6


CODE = "```python\nprint(6 * 7)\n```\n"


@pytest.mark.parametrize(
    ("dialect", "whole", "wait"), [(CHATML, False, False), (CHATML, True, True), (MUMATH, False, True)]
)
def test_only_the_first_attempt_says_more_than_what_its_code_has_printed(
    dialect: Dialect, whole: bool, wait: bool
) -> None:
    one = tutor(*[CODE] * 3, dialect=dialect)
    last = finished(list(vote(one, "What is 6*7?", votes=3, settings=SETTINGS, to_the_last=whole)))
    prompts = [prompt.split(" ", 1)[0] for prompt in cast(BySeed, one.engine).prompts]
    assert (max(prompts.count("6"), prompts.count("7")) > 1) is wait  # the vote may end while one of them is at work
    ended = [a for a in last.transcript.attempts[1:] if a.ended]
    assert all(a.answer is not None and (a.answer.latex, a.answer.source) == ("42", "output") for a in ended)
    assert all(("unboxed" in a.why) is wait for a in ended)


def test_an_attempt_that_goes_on_and_on_is_given_up_and_the_vote_does_without_it() -> None:
    began = time.monotonic()
    last = finished(held(r"\boxed{1}", r"\boxed{2}", r"\boxed{3}", ON_AND_ON, whole=False))
    assert time.monotonic() - began < 60
    tally = tally_of(last.transcript.attempts)
    assert (tally.options[0].answer, tally.given_up, tally.cut) == ("1", 1, 0)
    assert last.transcript.attempts[3].why == ("slow",)
    assert last.transcript.attempts[3].answer is None
    kept = finished(held(r"\boxed{1}", r"\boxed{2}", r"\boxed{2}", f"{ON_AND_ON[:2000]} \\boxed{{1}}", whole=True))
    assert [a.ended for a in kept.transcript.attempts] == ["answered"] * 4


def test_attempts_are_kept_with_the_solution() -> None:
    with MemoryLibrary() as library:
        first, *_, last = held(r"\boxed{1}", r"\boxed{2}", r"\boxed{2}", library=library)
        assert isinstance(first, Recorded)
        assert isinstance(last, Finished)
        assert library.get(first.solution_id) == last.transcript
        assert library.entries()[0].answer == "2"
        assert len(last.transcript.attempts) == 3


def test_what_there_is_is_kept_when_the_user_walks_away() -> None:
    with MemoryLibrary() as library:
        events = vote(
            tutor(r"\boxed{1}", NEVER),
            "What is 6*7?",
            votes=2,
            settings=SETTINGS,
            library=lambda: library,
        )
        for event in events:
            if isinstance(event, VoteCast):
                break
        events.close()  # type: ignore[attr-defined]
        (entry,) = library.entries()
        assert entry.status == "interrupted"
        assert library.get(entry.id).attempts[0].answer == Answer("1")


def test_a_stopped_vote_says_so() -> None:
    stop = threading.Event()
    stop.set()
    assert finished(held(r"\boxed{1}", r"\boxed{1}", cancel=stop)).reason is EndReason.STOPPED


def test_a_model_that_fails_is_told() -> None:
    events = vote(tutor(r"\boxed{1}", r"\boxed{2}", failing=True), "What is 1+1?", votes=2, settings=SETTINGS)
    last = finished(list(events))
    assert last.reason is EndReason.ENGINE
    assert "script says" in last.sentence()


def test_models_of_their_own_form_are_asked_in_it_alone() -> None:
    one = tutor(*[r"\boxed{1}"] * 3, dialect=MUMATH)
    list(vote(one, "What is 1+1?", votes=3, settings=SETTINGS, to_the_last=True))
    prompts = cast(BySeed, one.engine).prompts
    assert len({prompt.split(" ", 2)[2] for prompt in prompts}) == 1


RIGHT = Output("42\n")
STEPS = Text("6 * 7 = 42\n")


def claimed(verdict: str) -> Text:
    return Text("6 * 7 = 41", (Claim(0, 10, "6 * 7 = 41", verdict),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parts", "ended", "why", "weight"),
    [
        ((STEPS, Code("x"), RIGHT, Answer("42")), "answered", (), 1.0),
        ((STEPS, Answer("42")), "answered", (), 1.0),
        ((Code("x"), Output("The total is 42.0 dollars"), Answer("42")), "answered", (), 1.0),
        ((Code("x"), RIGHT, Answer("41")), "answered", ("output",), 0.5),
        ((Text("6 * 7 = 41"), Code("x"), RIGHT, Answer("42")), "answered", ("prose",), 0.8),
        ((claimed("false"), Answer("41")), "answered", ("false",), 0.25),
        ((claimed("unchecked"), Answer("41")), "answered", (), 1.0),
        ((claimed("false"), Code("x"), RIGHT, Answer("42")), "answered", ("prose", "false"), 0.64),
        ((Code("x"), Output(status="error"), Answer("42")), "answered", ("failed",), 0.5),
        ((Code("x"), RIGHT, Answer("42", "output")), "no_answer", ("unboxed",), 0.5),
        ((Code("x"), RIGHT, Answer("42", "output")), "answered", (), 1.0),
        ((STEPS, Answer("42")), "tokens", ("unfinished",), 0.5),
        ((claimed("false"), Code("x"), Output(status="error"), Answer("4", "number")), "rounds", None, 0.1),
        ((STEPS,), "no_answer", (), 0.0),
    ],
)
def test_what_speaks_against_an_attempt_is_told_and_makes_it_count_less_where_votes_are_weighed(
    parts: tuple[Part, ...], ended: str, why: tuple[str, ...] | None, weight: float
) -> None:

    def equal(a: str, b: str) -> bool:
        return a == b or a.removesuffix(".0") == b

    found = weighed(Attempt(parts, ended=ended), equal, weigh=True)
    assert found.weight == weight
    as_usual = weighed(Attempt(parts, ended=ended), equal, weigh=False)
    assert (as_usual.weight, as_usual.why) == (1.0 if weight else 0.0, found.why)
    if why is not None:
        assert found.why == why
