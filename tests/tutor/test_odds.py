"""How likely an answer is right, as every face of a solution says it: terminal, page, exports, library."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes import MemoryLibrary
from tests.tutor.test_verifiers import value_of, voted, write
from tests.tutor.test_votes import SETTINGS, finished, tutor
from tutor_app.adapters.verifying.verifier import read_verifier
from tutor_app.commands.terminal_view import TerminalView
from tutor_app.core.events import AnswerFound, EndReason, Finished, Recorded, SolveEvent, Usage
from tutor_app.core.parts import Answer, Part, Text
from tutor_app.core.ports import NeverCancelled
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import KNOWN_RIGHT, KNOWN_WRONG, NOT_LOOKED, Verdict
from tutor_app.export.html import to_html
from tutor_app.export.markdown import to_markdown
from tutor_app.export.notebook import to_notebook
from tutor_app.export.tex import to_tex
from tutor_app.handout.options import Options
from tutor_app.handout.wording import answer_check, answer_lines, provenance
from tutor_app.tutor.odds import odds_of, with_odds

SENTENCE = "72 of 100 answers like this are right, by an estimate of the model's verifier"
CALIBRATED = f"{SENTENCE}, calibrated on 60 graded solutions"


class Judging:
    """A verifier that says one thing."""

    def __init__(self, probability: float | None, graded: int = 60) -> None:
        self.said, self.graded, self.power = probability, graded, 0.0
        self.asked: list[tuple[str, Sequence[Part]]] = []

    def probability(self, problem: str, parts: Sequence[Part]) -> float | None:
        self.asked.append((problem, parts))
        return self.said


def ended(answer: Answer | None, *more: Part) -> Iterator[SolveEvent]:
    parts = (Text("So."), *([answer] if answer else []), *more)
    if answer is not None:
        yield AnswerFound(answer)
    yield Finished(EndReason.ANSWERED, Transcript.of("What is 6*7?", *parts), Usage())


def last(events: Iterator[SolveEvent]) -> Transcript:
    return finished(list(events)).transcript


def test_the_answer_of_a_single_solution_says_how_likely_it_is() -> None:
    judging, library = Judging(0.7154), MemoryLibrary()
    events = list(
        tutor(r"It is \boxed{42}.").solve("What is 6*7?", settings=SETTINGS, library=lambda: library, verifier=judging)
    )
    found = finished(events).transcript
    assert found.answer is not None
    assert (found.answer.verdict.likely, found.answer.verdict.graded) == (72, 60)
    assert [problem for problem, _ in judging.asked] == ["What is 6*7?"]
    assert next(e for e in events if isinstance(e, AnswerFound)).answer.verdict.likely == -1  # shown before
    kept = Transcript.from_dict(json.loads(found.to_json()))
    assert kept == found
    key = next(e.solution_id for e in events if isinstance(e, Recorded))
    assert library.get(key).answer == found.answer


@pytest.mark.parametrize("verdict", [KNOWN_RIGHT, KNOWN_WRONG, Verdict("checked", "recomputed"), Verdict("wrong", "")])
def test_an_answer_that_was_checked_is_not_judged(verdict: Verdict) -> None:
    judging = Judging(0.7)
    answer = Answer("42", verdict=verdict)
    assert last(with_odds(ended(answer), "p", judging, NeverCancelled())).answer == answer
    assert judging.asked == []
    assert odds_of(answer, 0.7, 60).verdict.odds() == ""


def test_what_is_not_judged() -> None:
    stopped = threading.Event()
    stopped.set()
    for answer, cancel, said in ((None, NeverCancelled(), 0.7), (Answer("42"), stopped, 0.7)):
        judging = Judging(said)
        assert last(with_odds(ended(answer), "p", judging, cancel)).answer == answer
        assert judging.asked == []
    assert last(with_odds(ended(Answer("42")), "p", Judging(None), NeverCancelled())).answer == Answer("42")


@pytest.mark.parametrize(
    ("likely", "graded", "want"),
    [
        (72, 60, CALIBRATED),
        (72, 0, SENTENCE),
        (1, 0, "1 of 100 answers like this is right, by an estimate of the model's verifier"),
        (0, 0, "0 of 100 answers like this are right, by an estimate of the model's verifier"),
        (100, 0, "100 of 100 answers like this are right, by an estimate of the model's verifier"),
        (-1, 60, ""),
        (101, 60, ""),
    ],
)
def test_the_sentence(likely: int, graded: int, want: str) -> None:
    assert replace(NOT_LOOKED, likely=likely, graded=graded).odds() == want


def test_every_face_says_it() -> None:
    judged = odds_of(Answer("42", verdict=Verdict("unchecked", "unrecognised")), 0.72, 60)
    found = last(with_odds(ended(judged), "What is 6*7?", Judging(0.72), NeverCancelled()))
    assert found.answer is not None
    assert [line for _, line in answer_lines(found.answer)][-1] == CALIBRATED
    assert answer_check(found.answer).endswith(f"recognises. {CALIBRATED}.")
    assert ("Check", answer_check(found.answer)) in provenance(found)
    out = io.StringIO()
    TerminalView(out).show(ended(judged))
    assert out.getvalue().count(CALIBRATED) >= 1
    assert answer_check(odds_of(Answer("42"), 0.72, 0)) == f"{SENTENCE}."


def test_exports_say_it() -> None:
    found = Transcript.of("What is 6*7?", Text("So."), odds_of(Answer("42"), 0.72, 60))
    options = Options()
    texts = (
        to_html([found], options),
        to_markdown([found], options, "s")[0],
        to_tex([found], options, "s")[0],
        to_notebook([found], options),
    )
    for text in texts:
        assert "72 of 100 answers like this are right" in " ".join(text.split())
        assert "60 graded solutions" in " ".join(text.split())


def test_in_a_vote_each_attempt_has_its_own() -> None:
    found = voted(r"\boxed{41}", r"\boxed{42}", r"\boxed{42}")
    assert found.answer is not None
    assert found.answer.verdict.likely == 90
    assert [a.answer.verdict.likely for a in found.attempts if a.answer] == [30, 90, 90]


def test_the_number_of_graded_solutions_comes_with_the_file(tmp_path: Path) -> None:
    for value, want in ((60, 60), (None, 0), ("many", 0), (-3, 0), (True, 0)):
        path = Path(write(tmp_path / "v.json", value_of("a", report={"auc": 0.7, "calibrated_on": value})))
        assert read_verifier(path).graded == want
