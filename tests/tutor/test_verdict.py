"""The verdict of an answer on the solve path: the event, the transcript, the library and the words for the user."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import pytest

from tests.fakes import FakeExecutor, MemoryLibrary
from tests.scripted_model import ScriptedModel
from tutor_app.adapters.checking.checker import Checker
from tutor_app.adapters.sandbox.sessions import Sandbox
from tutor_app.core.claims import Claim
from tutor_app.core.dialect import CHATML, PromptSet
from tutor_app.core.events import AnswerFound, Finished
from tutor_app.core.part_json import TranscriptFormatError
from tutor_app.core.parts import Answer, AnswerPart, Output
from tutor_app.core.solve_settings import SolveSettings
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import KNOWN_RIGHT, KNOWN_WRONG, NOT_LOOKED, Verdict
from tutor_app.handout.wording import answer_check, answer_lines, verdict_line, verdict_sentence
from tutor_app.tutor.service import LoadableModel, Tutor
from tutor_app.tutor.verdict import outputs_of, verdict_of


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    with Checker() as found:
        yield found


@pytest.mark.parametrize(
    ("problem", "reply", "verdict"),
    [
        ("Solve 3x = 12", "So $\\boxed{4}$.", Verdict("checked", "substituted")),
        ("Solve 3x = 12", "So $\\boxed{5}$.", Verdict("wrong", "recomputed", "4")),
        ("How old is the captain?", "So $\\boxed{4}$.", Verdict("unchecked", "unrecognised")),
    ],
)
def test_the_answer_of_a_solution_gets_its_verdict(
    checker: Checker, problem: str, reply: str, verdict: Verdict
) -> None:
    model, executor = cast(LoadableModel, ScriptedModel([reply])), cast(Sandbox, FakeExecutor())
    with MemoryLibrary() as library:
        tutor = Tutor(model, executor, CHATML, PromptSet("terse"), checker=checker)
        events = list(tutor.solve(problem, settings=SolveSettings(), library=lambda: library))
        told = [event.answer.verdict for event in events if isinstance(event, AnswerFound)]
        last = events[-1]
        assert isinstance(last, Finished)
        assert last.transcript.answer is not None
        assert [*told, last.transcript.answer.verdict] == [verdict, verdict]
        assert library.get(library.entries()[0].id) == last.transcript


@pytest.mark.parametrize(
    ("box", "verdict", "line"),
    [
        ("41", Verdict("unchecked", "output", "42"), "Not checked: the code printed another number, 42"),
        (
            "42",
            Verdict("unchecked", "unrecognised"),
            "Not checked: the problem is no computation that the program recognises",
        ),
    ],
)
def test_an_answer_that_is_not_what_the_code_printed_says_so(
    checker: Checker, box: str, verdict: Verdict, line: str
) -> None:
    replies = ["```python\nprint(6 * 7)\n```\n", f"So $\\boxed{{{box}}}$."]
    model, executor = cast(LoadableModel, ScriptedModel(replies)), cast(Sandbox, FakeExecutor())
    tutor = Tutor(model, executor, CHATML, PromptSet("terse"), checker=checker)
    *_, last = tutor.solve("How old is the captain?", settings=SolveSettings())
    assert isinstance(last, Finished)
    assert last.transcript.answer is not None
    assert (last.transcript.answer.verdict, verdict_line(verdict)) == (verdict, line)
    assert Transcript.from_json(last.transcript.to_json()) == last.transcript


def test_what_the_code_printed_is_taken_or_the_value_of_its_last_line() -> None:
    parts = (Output("a\n1\n"), Output(value="2"), Output("3", status="error"), Output())
    assert outputs_of(parts) == ("a\n1", "2")


@pytest.mark.parametrize(
    ("verdict", "line", "sentence"),
    [
        (NOT_LOOKED, "", ""),
        (KNOWN_RIGHT, "Agrees with the known answer", "The answer agrees with the known answer."),
        (KNOWN_WRONG, "Differs from the known answer", "The answer differs from the known answer."),
        (
            Verdict("checked", "recomputed"),
            "Checked: recomputed exactly",
            "Checked: recomputed exactly.",
        ),
        (Verdict("wrong", "recomputed", r"\frac{1}{2}"), "Wrong: it is 1/2", "Wrong: it is 1/2."),
        (Verdict("votes", "votes", agree=5, of=8), "Agrees with 5 of 8 votes", "Agrees with 5 of 8 votes."),
        (
            Verdict("votes", "votes", agree=4, of=5, begun=8),
            "Agrees with 4 of 5 votes, ended early after 5 of 8",
            "Agrees with 4 of 5 votes, ended early after 5 of 8.",
        ),
        (
            Verdict("checked", "recomputed", agree=8, of=8),
            "Checked: recomputed exactly; agrees with 8 of 8 votes",
            "Checked: recomputed exactly; agrees with 8 of 8 votes.",
        ),
    ],
)
def test_the_words_of_a_verdict(verdict: Verdict, line: str, sentence: str) -> None:
    assert (verdict_line(verdict), verdict_sentence(verdict)) == (line, sentence)


@pytest.mark.parametrize(
    "verdict",
    [NOT_LOOKED, KNOWN_WRONG, Verdict("wrong", "recomputed", "4"), Verdict("votes", "votes", agree=3, of=4, begun=8)],
)
def test_a_verdict_is_kept(verdict: Verdict) -> None:
    transcript = Transcript.of("P", Answer("4", verdict=verdict))
    assert Transcript.from_json(transcript.to_json()) == transcript


@pytest.mark.parametrize(
    ("word", "verdict"), [("correct", KNOWN_RIGHT), ("incorrect", KNOWN_WRONG), ("unknown", NOT_LOOKED)]
)
def test_the_words_of_an_older_version_are_read(word: str, verdict: Verdict) -> None:
    parts = [{"kind": "answer", "latex": "4", "verdict": word}]
    turns = [{"role": "user", "parts": []}, {"role": "assistant", "parts": parts}]
    answer = Transcript.from_dict({"version": 3, "turns": turns}).answer
    assert answer is not None
    assert answer.verdict == verdict


@pytest.mark.parametrize("verdict", ["maybe", 3, {"kind": "maybe"}, {"kind": "checked", "how": "felt"}, {"of": "8"}])
def test_a_verdict_that_is_none_is_refused(verdict: object) -> None:
    parts = [{"kind": "answer", "latex": "4", "verdict": verdict}]
    with pytest.raises(TranscriptFormatError):
        Transcript.from_dict({"version": 4, "turns": [{"role": "assistant", "parts": parts}]})


def test_each_part_of_an_answer_has_a_verdict_of_its_own() -> None:
    class Computer:
        def begin(self) -> None:
            pass

        def check(self, pieces: Sequence[tuple[str, str]], /) -> Sequence[tuple[Claim, ...]]:
            return [() for _ in pieces]

        def answer(self, problem: str, answer: str, outputs: Sequence[str] = (), /) -> Verdict:
            right = {"Compute 2+3.": "5", "Compute 4*5.": "20"}[problem]
            return Verdict("checked", "recomputed") if answer == right else Verdict("wrong", "", right)

        def close(self) -> None:
            pass

    parts = (AnswerPart("5", "(a)"), AnswerPart("21", "(b)"))
    with verdict_of("(a) Compute 2+3. (b) Compute 4*5.", Computer()) as judged:
        wrong = judged(Answer("5, 21", parts=parts), ())
        right = judged(Answer("5, 20", parts=(parts[0], AnswerPart("20", "(b)"))), ())
    assert wrong is not None
    assert right is not None
    assert [part.verdict.kind for part in wrong.parts] == ["checked", "wrong"]
    assert wrong.verdict == Verdict("wrong", "", "(b) 20")
    assert [line for _, line in answer_lines(wrong)] == ["(a) checked: recomputed exactly", "(b) wrong: it is 20"]
    assert right.verdict == Verdict("checked", "recomputed")
    assert answer_check(wrong) == "(a) checked: recomputed exactly. (b) wrong: it is 20."
    assert Transcript.from_json(Transcript.of("?", wrong).to_json()).answer == wrong
