"""Statements are checked while a solution is made: paragraph by paragraph, through the one path."""

from dataclasses import replace
from typing import cast

import pytest

from tests.fakes import FakeExecutor, HereChecker, MemoryLibrary
from tests.scripted_model import ScriptedModel
from tutor_app.adapters.sandbox.sessions import Sandbox
from tutor_app.core.dialect import CHATML, PromptSet
from tutor_app.core.events import AnswerFound, ClaimsFound, Finished, SolveEvent
from tutor_app.core.parts import Output, Part, Text
from tutor_app.core.solve_settings import SolveSettings
from tutor_app.core.transcript import Transcript, claims_of
from tutor_app.tutor.checked import StatementChecker, with_claims
from tutor_app.tutor.service import LoadableModel, Tutor

REPLIES = (
    "First 6 * 7 = 42 apples.\n\nThen 42 + 8 = 51 of them.\n```python\nprint(50)\n```\n",
    "So 50 - 8 = 42 and $\\boxed{50}$.",
)


def events(
    checker: StatementChecker, *replies: str, library: MemoryLibrary | None = None, problem: str = "How many?"
) -> list[SolveEvent]:
    model = cast(LoadableModel, ScriptedModel(list(replies or REPLIES)))
    executor = cast(Sandbox, FakeExecutor())
    tutor = Tutor(model, executor, CHATML, PromptSet(), checker=checker)
    opened = (lambda: library) if library is not None else None
    return list(tutor.solve(problem, settings=SolveSettings(), library=opened))


def correcting(*replies: str) -> Finished:
    model, executor = cast(LoadableModel, ScriptedModel(list(replies))), cast(Sandbox, FakeExecutor())
    tutor = Tutor(model, executor, CHATML, PromptSet(), checker=HereChecker())
    *_, last = tutor.solve("How many?", settings=SolveSettings(correct_statements=True))
    assert isinstance(last, Finished)
    return last


def test_a_false_calculation_is_told_before_the_model_goes_on() -> None:
    last = correcting("6 * 7 = 41 apples.\nSo 41 + 1 = 42.\n", "6 * 7 = 42, so \\boxed{42}.")
    told = "The calculation above has encountered a problem: 6 * 7 = 41 is wrong, it is 42."
    words = "".join(part.text for part in last.transcript.solution if isinstance(part, Text))
    assert words.startswith(f"6 * 7 = 41 apples.\n{told}")
    assert "41 + 1" not in words
    assert last.transcript.answer is not None
    assert last.transcript.answer.latex == "42"
    assert last.usage.rounds == 2


def test_a_false_calculation_is_told_once_and_only_before_code_has_run() -> None:
    again = "6 * 7 = 41.\n```python\nprint(42)\n```\n"
    last = correcting("6 * 7 = 41.\nGo.\n", again, "5 + 5 = 11.\nSo \\boxed{42}.")
    words = "".join(part.text for part in last.transcript.solution if isinstance(part, Text))
    assert words.count("has encountered a problem") == 1
    assert last.usage.rounds == 3


@pytest.mark.parametrize(
    "said",
    ["6 * 7 = 42.\nSo \\boxed{42}.\n", "Suppose 6 * 7 = 41.\nSo \\boxed{42}.\n", "2x = 6, so x = 4.\nSo \\boxed{4}.\n"],
)
def test_nothing_is_told_where_no_calculation_is_false(said: str) -> None:
    last = correcting(said)
    assert last.usage.rounds == 1
    assert "encountered" not in last.transcript.to_json()


def test_each_paragraph_is_checked_as_it_closes_and_the_answer_comes_after() -> None:
    found = events(HereChecker())
    claims = [e for e in found if isinstance(e, ClaimsFound)]
    said = [(e.text, [(c.text, c.verdict) for c in e.claims]) for e in claims]
    first, second, last = ("6 * 7 = 42", "true"), ("42 + 8 = 51", "false"), ("50 - 8 = 42", "true")
    assert said == [(0, [first]), (0, [first, second]), (1, [last])]
    assert found.index(claims[-1]) < next(i for i, e in enumerate(found) if isinstance(e, AnswerFound))


def test_a_result_in_words_before_code_that_prints_another_is_false_once_the_answer_is_known() -> None:
    replies = ("So 41 buses are needed.\n```python\nprint(6 * 7)\n```\n", "So $\\boxed{42}$.")
    found = events(HereChecker(), *replies, problem="How many buses are needed?")
    (claims,) = [e for e in found if isinstance(e, ClaimsFound)]
    (claim,) = claims.claims
    assert (claims.text, claim.text, claim.verdict, claim.right) == (0, "So 41 buses are needed", "differs", "42")
    last = found[-1]
    assert isinstance(last, Finished)
    assert claims_of(last.transcript.solution) == (claim,)
    bare = Transcript.of("How many buses are needed?", *without_claims(last.transcript))
    assert claims_of(with_claims(bare, HereChecker()).solution) == (claim,)


def without_claims(transcript: Transcript) -> list[Part]:
    return [replace(part, claims=()) if isinstance(part, Text) else part for part in transcript.solution]


def test_the_transcript_and_the_library_keep_the_claims() -> None:
    with MemoryLibrary() as library:
        last = events(HereChecker(), library=library)[-1]
        assert isinstance(last, Finished)
        (entry,) = library.entries()
        assert library.get(entry.id) == last.transcript
    assert [c.verdict for c in claims_of(last.transcript.solution)] == ["true", "false", "true"]
    for part in last.transcript.solution:
        if isinstance(part, Text):
            assert all(part.text[c.start : c.end] == c.text for c in part.claims)


def test_a_checker_that_does_not_work_is_asked_once_and_stops_nothing() -> None:
    checker = HereChecker(broken=True)
    last = events(checker)[-1]
    assert isinstance(last, Finished)
    assert last.transcript.answer is not None
    assert (claims_of(last.transcript.solution), checker.calls) == ((), 1)


def test_a_formula_that_is_still_open_is_not_read() -> None:
    found = events(HereChecker(), "Sum:\n\\[\n3 + 4 =\n7\n\\]\nso it is 7.")
    claims = [e for e in found if isinstance(e, ClaimsFound)]
    assert [[c.verdict for c in e.claims] for e in claims] == [["true"]]


def test_a_finished_solution_is_checked_once() -> None:
    made = Transcript.of("p", Text("So 2 + 2 = 5."), Output("7\n"), Text("And 3 + 4 = 7."))
    found = with_claims(made, HereChecker())
    assert [(c.text, c.verdict) for c in claims_of(found.solution)] == [("2 + 2 = 5", "false"), ("3 + 4 = 7", "true")]
    again = HereChecker()
    assert with_claims(found, again) is found
    assert with_claims(Transcript.of("p", Output("7\n")), again).solution == (Output("7\n"),)
    assert again.calls == 0
    assert with_claims(made, HereChecker(broken=True)) is made


def test_what_was_found_of_a_solution_is_not_told_again_with_a_reply() -> None:
    model, executor = (
        cast(LoadableModel, ScriptedModel(["<think>\nHm.\n</think>\n3 + 4 = 8.\n"])),
        cast(Sandbox, FakeExecutor()),
    )
    tutor = Tutor(model, executor, CHATML, PromptSet(), checker=HereChecker())
    solved = with_claims(Transcript.of("How many?", Text("6 * 7 = 42.\n")), HereChecker())
    found = list(tutor.ask(solved, "And then?", settings=SolveSettings()))
    told = [(e.text, [(c.text, c.verdict) for c in e.claims]) for e in found if isinstance(e, ClaimsFound)]
    assert told == [(1, [("3 + 4 = 8", "false")])]
    assert isinstance(found[-1], Finished)
    assert [c.verdict for c in claims_of(found[-1].transcript.solution)] == ["true", "false"]
