"""What the window's services must do; run on the script that stands for them and on the real ones."""

from __future__ import annotations

import base64
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes import HereChecker
from tests.tiny_gguf import write_model
from tests.ui.recordings import recorded
from tests.ui.scripted import QUADRATIC, REPAIRED, ScriptedServices
from tutor_app.core.errors import UserFault
from tutor_app.core.events import EndReason, Finished, QuestionAsked, Recorded
from tutor_app.core.hints import Hint, HintLimit
from tutor_app.core.parts import Answer, Code, Figure, Output, Text
from tutor_app.core.ports import NeverCancelled
from tutor_app.core.practice import Exercise, Marked
from tutor_app.core.settings import Settings
from tutor_app.core.transcript import Transcript, claims_of
from tutor_app.core.window_state import WindowState
from tutor_app.export import write_export
from tutor_app.handout.options import DEFAULTS, Options
from tutor_app.render.typeset import FormulaCache
from tutor_app.tutor.paths import Folders
from tutor_app.ui.services import Services
from tutor_app.window_services import AppServices

pytestmark = pytest.mark.usefixtures("shared_sandboxes")

FIRST = Transcript.of("Find the roots of $x^2 - 5x + 6$.", *QUADRATIC, meta={"model": "M", "ended": "answered"})
SECOND = Transcript.of("Sum the squares.", *REPAIRED)


@pytest.fixture(scope="module")
def data_with_a_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copied for each test: to import a model, llama.cpp is started."""
    folder = tmp_path_factory.mktemp("services")
    real = AppServices(Folders.under(folder / "data"))
    real.import_model(str(write_model(folder / "tiny.gguf")))
    real.save_settings(real.load_settings().changed(max_tokens=32, max_rounds=1))
    real.close()
    return folder / "data"


@pytest.fixture(params=["script", "real"])
def services(request: pytest.FixtureRequest, tmp_path: Path, data_with_a_model: Path) -> Iterator[Services]:
    if request.param == "script":
        yield ScriptedServices(checker=HereChecker())
        return
    shutil.copytree(data_with_a_model, tmp_path / "data")
    real = AppServices(Folders.under(tmp_path / "data"))
    yield real
    real.close()


@pytest.fixture
def file(tmp_path: Path) -> str:
    write_export(tmp_path / "two.json", [FIRST, SECOND])
    return str(tmp_path / "two.json")


def test_a_solution_says_its_id_first_and_is_kept(services: Services) -> None:
    first, *_, last = services.solve(" What is\x07 2+2?\r\n", NeverCancelled())
    assert isinstance(first, Recorded)
    assert isinstance(last, Finished)
    (entry,) = services.entries("")
    assert (entry.id, entry.problem, entry.status) == (first.solution_id, "What is 2+2?", "finished")
    assert entry.model == services.model_name() != ""
    kept = services.solution(first.solution_id)
    assert kept.problem == last.transcript.problem == "What is 2+2?"
    assert kept.solution == last.transcript.solution
    assert services.model_info() is not None


def test_a_vote_is_kept_with_its_attempts_and_another_of_them_can_be_the_solution(services: Services) -> None:
    first, *_, last = services.vote("What is 2+2?", 2, NeverCancelled())
    assert isinstance(first, Recorded)
    assert isinstance(last, Finished)
    kept = services.solution(first.solution_id)
    assert (len(kept.attempts), kept.chosen) == (2, last.transcript.chosen)
    assert kept.solution == last.transcript.solution
    other = services.promote(first.solution_id, 1 - kept.chosen)
    assert other.chosen == 1 - kept.chosen
    assert other == services.solution(first.solution_id)
    with pytest.raises(UserFault, match="no longer in the library"):
        services.promote("no such id", 0)


def test_trace_tables_are_made_where_the_options_ask_for_them(services: Services) -> None:
    solution = Transcript.of("Add.", Text("We add."), Code("a = 2\nb = a + 1"), Output())
    assert services.with_trace_tables(solution, DEFAULTS, NeverCancelled()) == solution
    sheet = Options(solution=False, trace_tables=True)
    assert services.with_trace_tables(solution, sheet, NeverCancelled()) == solution
    tabled = services.with_trace_tables(solution, Options(trace_tables=True, calculations=False), NeverCancelled())
    table = tabled.solution[-1]
    assert isinstance(table, Text)
    assert "| 2 | `b = a + 1` | $2$ | $3$ |" in table.text


def test_hints_are_given_silently(services: Services) -> None:
    found = services.hints("What is 2+2?", NeverCancelled())
    assert found.hints[0].title == "What is asked"
    assert list(services.entries("")) == []
    stop = threading.Event()
    stop.set()
    with pytest.raises(UserFault, match="Stopped before"):
        services.hints("What is 2+2?", stop)
    with pytest.raises(UserFault):
        services.hints(" ", NeverCancelled())


def test_the_limit_of_the_hints_is_guarded(services: Services) -> None:
    assert services.hint_limit() == HintLimit(8, guarded=False)
    services.set_hint_limit(2, "2468")
    assert services.hint_limit() == HintLimit(2, guarded=True)
    for pin in ("1357", "1"):
        with pytest.raises(UserFault):
            services.set_hint_limit(8, pin)
    assert len(services.hints("What is 2+2?", NeverCancelled()).hints) == 2
    with pytest.raises(UserFault, match="Ask for a hint instead"):
        list(services.solve("What is 2+2?", NeverCancelled()))
    with pytest.raises(UserFault, match="Ask for a hint instead"):
        list(services.vote("What is 2+2?", 2, NeverCancelled()))
    solved = Transcript.of("What is 1+1?", Text("2."), Answer("2"))
    with pytest.raises(UserFault, match="Ask for a hint instead"):
        list(services.ask(solved, "What is 2+2?", NeverCancelled()))
    services.set_hint_limit(8, "2468", "1357")
    with pytest.raises(UserFault):
        services.set_hint_limit(8, "2468")
    services.set_hint_limit(2, "1357")
    assert list(services.entries("")) == []


def test_what_is_asked_about_a_solution_is_kept_with_it(services: Services, file: str) -> None:
    (key, _) = services.import_solutions([file]).ids
    first, second, *_, last = services.ask(FIRST, " Why?\x07 ", NeverCancelled(), key=key)
    assert first == Recorded(key)
    assert second == QuestionAsked("Why?")
    assert isinstance(last, Finished)
    kept = services.solution(key)
    assert kept == last.transcript
    assert [asked for asked, _ in kept.replies] == [FIRST.problem, "Why?"]
    bare = [replace(p, claims=()) if isinstance(p, Text) else p for p in kept.replies[0][1]]
    assert bare == list(FIRST.solution)
    assert kept.meta["model"] == "M"
    assert len(list(services.entries(""))) == 2


def test_a_solution_that_is_not_kept_is_kept_once_it_is_asked_about(services: Services) -> None:
    first, *_ = services.ask(FIRST, "Why?", NeverCancelled())
    assert isinstance(first, Recorded)
    assert services.solution(first.solution_id).replies[1][0] == "Why?"


@pytest.mark.parametrize("question", ["", " \n", "x" * 20_001])
def test_what_is_no_question_is_a_sentence(services: Services, question: str) -> None:
    with pytest.raises(UserFault):
        list(services.ask(FIRST, question, NeverCancelled()))
    assert list(services.entries("")) == []


def test_own_lines_are_judged(services: Services) -> None:
    report = services.check_work("Solve 2x + 3 = 11", "2x = 8\nx = 5", None, NeverCancelled())
    assert [line.kind for line in report.lines] == ["equivalent", "false"]
    assert report.answer.kind == "wrong"
    stop = threading.Event()
    stop.set()
    with pytest.raises(UserFault, match="Stopped"):
        services.check_work("Solve 2x + 3 = 11", "2x = 8", None, stop)


def test_a_drawing_is_kept_with_the_solution(services: Services, file: str) -> None:
    (key, _) = services.import_solutions([file]).ids
    assert services.drawable(FIRST)
    assert not services.drawable(SECOND)
    *_, last = services.draw(FIRST, NeverCancelled(), key=key)
    assert isinstance(last, Finished)
    assert services.solution(key) == last.transcript
    assert [asked for asked, _ in last.transcript.replies] == [FIRST.problem, "Draw it."]
    assert any(isinstance(part, Figure) for part in last.transcript.solution)


def test_what_was_missed_is_kept_until_it_is_right(services: Services) -> None:
    exercise = Exercise("What is 3 + 5?", "8")
    assert services.mark(exercise, "8") == Marked(True, "Right.")
    assert services.mark(exercise, "9") == Marked(False, "That is not right. It is 8.")
    assert services.mark(exercise, "") == Marked(False, "It is 8.")


def test_a_problem_without_numbers_has_no_variant(services: Services) -> None:
    with pytest.raises(UserFault, match="No variant of this problem can be made"):
        services.another(SECOND, NeverCancelled())


def test_statements_are_checked_where_that_was_not_done(services: Services) -> None:
    bare = Transcript.of("Add them.", Text("So 2 + 2 = 5."), Output("7\n"), Text("And 3 + 4 = 7."))
    found = services.check_statements(bare)
    verdicts = [(c.text, c.verdict, c.right) for c in claims_of(found.solution)]
    assert verdicts == [("2 + 2 = 5", "false", "4"), ("3 + 4 = 7", "true", "")]
    assert services.check_statements(found) == found


def test_a_solution_is_in_the_list_while_it_is_made(services: Services) -> None:
    events = services.solve("What is 2+2?", NeverCancelled())
    first = next(events)
    assert isinstance(first, Recorded)
    assert [(e.id, e.status) for e in services.entries("")] == [(first.solution_id, "running")]
    events.close()  # type: ignore[attr-defined]
    assert [(e.id, e.status) for e in services.entries("")] == [(first.solution_id, "interrupted")]


def test_a_stopped_solution_ends_like_every_other(services: Services) -> None:
    stop = threading.Event()
    stop.set()
    *_, last = services.solve("What is 2+2?", stop)
    assert isinstance(last, Finished)
    assert last.reason is EndReason.STOPPED
    assert [e.status for e in services.entries("")] == ["finished"]


@pytest.mark.parametrize("problem", ["", " \n", "x" * 20_001])
def test_what_is_no_problem_is_a_sentence_and_not_kept(services: Services, problem: str) -> None:
    with pytest.raises(UserFault):
        list(services.solve(problem, NeverCancelled()))
    assert list(services.entries("")) == []


def test_imported_once_however_often_it_is_asked(services: Services, file: str) -> None:
    result = services.import_solutions([file])
    assert (result.new, result.sentence) == (2, "Imported 2 solutions.")
    assert [services.solution(key) for key in result.ids] == [FIRST, SECOND]
    again = services.import_solutions([file])
    assert (again.ids, again.new) == (result.ids, 0)


def test_the_list_is_searched_and_comes_in_pages(services: Services, file: str) -> None:
    first, second = services.import_solutions([file]).ids
    assert [e.id for e in services.entries("")] == [second, first]
    assert [e.id for e in services.entries("", 1)] == [second]
    assert [e.id for e in services.entries("", 5, 1)] == [first]
    assert list(services.entries("", 5, 2)) == []
    assert [e.id for e in services.entries("SQUARES sum")] == [second]
    assert list(services.entries("squares absent")) == []
    assert [e.answer for e in services.entries("roots")] == ["\\{2, 3\\}"]


def test_deleted_and_taken_back(services: Services, file: str) -> None:
    first, second = services.import_solutions([file]).ids
    services.delete(second)
    assert [e.id for e in services.entries("")] == [first]
    services.undelete(second)
    assert [e.id for e in services.entries("")] == [second, first]
    for use in (services.solution, services.delete, services.undelete):
        with pytest.raises(UserFault, match="no longer in the library"):
            use("no such id")


def test_an_export_is_where_it_says(services: Services, tmp_path: Path) -> None:
    assert services.export_name(None, "md") == "Worked solutions.md"
    name = services.export_name(FIRST, "md")
    written = services.export(str(tmp_path / name), [FIRST], "md", DEFAULTS, FormulaCache())
    assert "## Problem" in Path(written).read_text(encoding="utf-8")


def test_an_export_lists_the_hints_that_were_given_if_that_is_asked_for(services: Services, tmp_path: Path) -> None:
    services.hint_given(FIRST.problem, Hint(1, "What is asked", "Every root is asked for."))
    services.hint_given(FIRST.problem, Hint(2, "What is known", "The polynomial is given."))
    path = str(tmp_path / "a.md")
    services.export(path, [FIRST, SECOND], "md", replace(DEFAULTS, hints=True), FormulaCache())
    text = Path(path).read_text(encoding="utf-8")
    assert text.count("Hints given") == 1
    assert text.index("Every root is asked for.") < text.index("The polynomial is given.")
    services.export(path, [FIRST], "md", DEFAULTS, FormulaCache())
    assert "Every root" not in Path(path).read_text(encoding="utf-8")


def test_a_figure_is_written_as_its_name_says(services: Services, tmp_path: Path) -> None:
    figure = Figure("<svg/>", base64.b64encode(b"a picture").decode(), 4, 3)
    for name, data in (("a.png", b"a picture"), ("b.SVG", b"<svg/>")):
        services.export_figure(str(tmp_path / name), figure)
        assert (tmp_path / name).read_bytes() == data
    for kept in (replace(figure, svg=""), replace(figure, svg="", png="not base64!")):
        with pytest.raises(UserFault, match="cannot be saved as SVG"):
            services.export_figure(str(tmp_path / "b.SVG"), kept)
    assert (tmp_path / "b.SVG").read_bytes() == b"<svg/>"
    with pytest.raises(UserFault, match="There is no folder"):
        services.export_figure(str(tmp_path / "none" / "a.png"), figure)


def test_what_is_kept_comes_back(services: Services) -> None:
    settings = Settings(zoom=120, theme="dark")
    services.save_settings(settings)
    assert services.load_settings() == settings
    state = WindowState()
    services.save_window_state(state)
    assert services.window_state() == state


def test_models_and_samples_can_be_told_apart(services: Services) -> None:
    offers = services.offers()
    assert len({o.id for o in offers}) == len(offers) > 0
    assert all(o.bytes > 0 and o.ram_bytes > 0 and o.licence for o in offers)
    assert services.model_name() in [name for _, name in services.installed_models()]
    samples = services.samples()
    assert len({s.problem for s in samples}) == len(samples) > 0
    assert all(1 <= s.difficulty <= 5 and s.topic for s in samples)


def test_a_block_is_recorded_after_those_before_it(services: Services) -> None:
    blocks = (Code("a = 6"), Output(), Code("b = a * 7\nprint(b)"), Output(stdout="42\n"))
    if isinstance(services, ScriptedServices):
        services.recordings[1] = recorded("a = 6\nb = a * 7\nprint(b)")
    recording = services.record_block(Transcript.of("p", *blocks), 1, NeverCancelled())
    last = len(recording) - 1
    assert recording[last].event == "end"
    assert recording.printed_at(last) == "42\n"
    b = recording.frames(last)[0].get("b")
    assert b is not None
    assert b.text == "42"
