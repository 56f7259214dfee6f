"""The card of an answer in the window says how likely the answer is right, once the verifier has said so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from tests.ui.scripted import ScriptedServices
from tests.windows import until_done
from tutor_app.core.events import AnswerFound, Finished, SolveEvent
from tutor_app.core.parts import Answer, Part
from tutor_app.core.ports import Cancel
from tutor_app.core.verdicts import Verdict
from tutor_app.tutor.odds import with_odds
from tutor_app.window.window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", "support raise")

OPEN = Verdict("unchecked", "unrecognised")
LINE = (
    "72 of 100 answers like this are right, by an estimate of the model's verifier, calibrated on 60 graded solutions"
)


class Judging:
    """Says one thing of every solution."""

    graded = 60
    power = 0.0

    def probability(self, problem: str, parts: Sequence[Part]) -> float | None:
        return 0.72


class JudgedServices(ScriptedServices):
    """Solves as scripted, with answers that nothing has checked, and a verifier."""

    def solve(self, problem: str, cancel: Cancel, *, as_typed: bool = False) -> Iterator[SolveEvent]:
        return with_odds(self._open(problem, cancel), problem, Judging(), cancel)

    def _open(self, problem: str, cancel: Cancel) -> Iterator[SolveEvent]:
        def opened(part: Part) -> Part:
            return replace(part, verdict=OPEN) if isinstance(part, Answer) else part

        for event in super().solve(problem, cancel):
            if isinstance(event, AnswerFound):
                event = AnswerFound(replace(event.answer, verdict=OPEN))
            if isinstance(event, Finished):
                parts = tuple(map(opened, event.transcript.solution))
                event = replace(event, transcript=event.transcript.with_solution(parts))
            yield event


def test_the_card_says_how_likely_the_answer_is(qtbot: QtBot, open_window: Callable[..., MainWindow]) -> None:
    window = open_window(JudgedServices())
    window.use_problem("What is 2 + 3?")
    window.box.solve_button.click()
    until_done(qtbot, window)
    text = window.view.document().toPlainText()
    assert text.count(LINE) == 1
