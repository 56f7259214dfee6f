"""A solution that was asked about: what the model is told, what is kept, and what gives way in a full context."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.fakes import FakeExecutor
from tests.scripted_model import ScriptedModel
from tutor_app.core.builder import Builder
from tutor_app.core.dialect import ALPACA, CHATML, MUMATH, Dialect, PromptSet, Span, header, render
from tutor_app.core.errors import UserFault
from tutor_app.core.events import EndReason, Finished, LeftOut, QuestionAsked, SolveEvent
from tutor_app.core.parts import Answer, Code, Output, Part, Question, Text
from tutor_app.core.ports import Generation, Stopped
from tutor_app.core.problem import check_question
from tutor_app.core.replaying import replayed
from tutor_app.core.solve import solve
from tutor_app.core.transcript import Transcript, Turn

SOLVED = Transcript.of(
    "What is 6*7?",
    Text("Multiply.\n"),
    Code("n = 6 * 7\nprint(n)"),
    Output("42\n", feedback="42"),
    Text("So \\boxed{42}."),
    Answer("42"),
    meta={"ended": "answered", "model": "first"},
)
ASKED = SOLVED.with_solution((*SOLVED.solution, Question("Why?"), Text("Because 7 six times.")))


@dataclass
class SmallContext:
    """A model that takes no prompt above a length, in characters."""

    limit: int
    replies: Sequence[str]
    prompts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._model = ScriptedModel(list(self.replies))

    @property
    def info(self) -> Any:
        return self._model.info

    def generate(self, prompt: Sequence[Any], **options: Any) -> Iterator[Generation]:
        text = "".join(span.text for span in prompt)
        self.prompts.append(text)
        if len(text) > self.limit:
            yield Stopped("context", prompt_tokens=len(text))
            return
        yield from self._model.generate(prompt, **options)


def ask(earlier: Transcript, question: str, model: Any, executor: FakeExecutor | None = None) -> list[SolveEvent]:
    return list(solve(question, model=model, executor=executor or FakeExecutor(), dialect=CHATML, earlier=earlier))


def ended(events: Sequence[SolveEvent]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


def test_a_reply_goes_on_with_the_solution() -> None:
    events = ask(SOLVED, "Why?", ScriptedModel(["Because 7 six times."]))
    end = ended(events)
    assert events[0] == QuestionAsked("Why?")
    assert end.reason is EndReason.ANSWERED
    assert end.transcript.turns == ASKED.turns
    assert end.transcript.turns[2:] == (
        Turn("user", (Text("Why?"),)),
        Turn("assistant", (Text("Because 7 six times."),)),
    )
    assert end.transcript.answer == Answer("42")
    assert end.transcript.meta["model"] == "first"
    (reply,) = end.transcript.meta["replies"]
    assert reply["ended"] == "answered"


def test_a_number_in_a_reply_is_no_answer_and_a_box_is() -> None:
    assert ended(ask(SOLVED, "Why?", ScriptedModel(["There are 6 sevens."]))).transcript.solution[-1] == Text(
        "There are 6 sevens."
    )
    boxed = ended(ask(SOLVED, "And 6*8?", ScriptedModel(["It is \\boxed{48}."]))).transcript
    assert boxed.solution[-1] == Answer("48")
    assert boxed.answer == Answer("42")


@pytest.mark.parametrize("dialect", [CHATML, MUMATH, ALPACA])
def test_the_model_is_told_the_whole_conversation(dialect: Dialect) -> None:
    prompt = PromptSet(suffix=" Box it.", system="Teach.") if dialect is CHATML else PromptSet()
    text = "".join(span.text for span in header(dialect, "Again?", prompt, earlier=ASKED))
    places = [
        text.index(words) for words in ("What is 6*7?", "n = 6 * 7", "\\boxed{42}", "Why?", "six times", "Again?")
    ]
    assert places == sorted(places)
    assert text.count(dialect.user_open) == 3
    assert text.endswith(dialect.assistant_open)
    assert text.count(" Box it.") == (1 if dialect is CHATML else 0)


def test_what_a_solution_was_made_to_begin_with_stands_apart_as_it_did_then() -> None:
    prompt = PromptSet(opening="1.")
    earlier = Transcript.of("p", Text("1. Two."), Answer("2"))
    before = (*header(CHATML, "p", prompt), Span("1."))
    after = header(CHATML, "Why?", prompt, earlier=earlier, opened="1.")
    assert after[: len(before) + 1] == (*before, Span(" Two.", supervised=True))
    assert "".join(s.text for s in after) == "".join(s.text for s in header(CHATML, "Why?", prompt, earlier=earlier))
    other = Transcript.of("p", Text("Two."))
    assert header(CHATML, "Why?", prompt, earlier=other, opened="1.") == header(CHATML, "Why?", prompt, earlier=other)


def test_a_conversation_for_training_supervises_the_replies_alone() -> None:
    own = [span.text for span in render(ASKED, CHATML) if span.supervised and not span.special]
    assert "".join(own).replace("42\n```\n", "").count("Why?") == 0
    assert any("Because 7 six times." in words for words in own)


def test_a_reply_to_code_runs_it_after_the_earlier_code() -> None:
    executor = FakeExecutor()
    end = ended(ask(SOLVED, "Double it.", ScriptedModel(["Then\n```python\nprint(2 * n)\n```\n", "Done."]), executor))
    assert executor.ran == ["n = 6 * 7\nprint(n)", "print(2 * n)"]
    assert end.usage.runs == 1


def test_the_oldest_questions_give_way_and_it_is_said() -> None:
    parts = [
        part for n in range(3) for part in (Question(f"Question {n}? " + "x" * 200), Text(f"Reply {n}. " + "y" * 200))
    ]
    long = SOLVED.with_solution((*SOLVED.solution, *parts))
    model = SmallContext(1000, ["Yes."])
    events = ask(long, "Last?", model)
    told = [event for event in events if isinstance(event, LeftOut)]
    assert told[-1] == LeftOut(2)
    assert "first 2 questions" in told[-1].sentence()
    assert "Question 1?" not in model.prompts[-1]
    assert all(words in model.prompts[-1] for words in ("What is 6*7?", "Question 2?", "Reply 2.", "Last?"))
    end = ended(events)
    assert end.transcript.solution[-1] == Text("Yes.")
    assert [q for q, _ in end.transcript.replies] == [q for q, _ in long.replies] + ["Last?"]


def test_a_question_that_never_fits_ends_with_the_reason_and_is_kept() -> None:
    end = ended(ask(ASKED, "z" * 3000, SmallContext(1000, ["Yes."])))
    assert end.reason is EndReason.CONTEXT
    assert end.transcript.solution[-1] == Question("z" * 3000)


def test_a_conversation_is_the_same_after_json_and_after_its_events() -> None:
    assert Transcript.from_json(ASKED.to_json()) == ASKED
    assert [turn["role"] for turn in ASKED.to_dict()["turns"]] == ["user", "assistant", "user", "assistant"]
    fold = Builder()
    for event in replayed(ASKED.solution):
        fold.apply(event)
    assert fold.parts() == ASKED.solution


def test_parts_and_turns_are_the_same_in_both_directions() -> None:
    some: tuple[Part, ...] = (Text("a"), Question("b"), Question("c"), Text("d"))
    for parts in itertools.permutations(some):
        assert SOLVED.with_solution(parts).solution == parts


@pytest.mark.parametrize("question", ["", " \n", "\x00", "w" * 20_001])
def test_what_cannot_be_asked_is_refused(question: str) -> None:
    with pytest.raises(UserFault, match="question"):
        check_question(question)


def test_a_conversation_that_leaves_no_room_for_a_reply_is_shortened_before_it_begins() -> None:
    parts = [part for n in range(3) for part in (Question(f"Question {n}?"), Text(f"Reply {n}. " + "y" * 600))]
    long = SOLVED.with_solution((*SOLVED.solution, *parts))
    whole = sum(len(span.text) for span in header(CHATML, "Last?", earlier=long)) // 4
    reply = ["A reply of more than a word."]
    events = ask(long, "Last?", ScriptedModel(reply, token_size=4, n_ctx=whole + 20))
    assert [event for event in events if isinstance(event, LeftOut)] == [LeftOut(1)]
    assert ended(events).transcript.solution[-1] == Text("A reply of more than a word.")
    roomy = ScriptedModel(reply, token_size=4, n_ctx=whole + 400)
    assert not any(isinstance(event, LeftOut) for event in ask(long, "Last?", roomy))
