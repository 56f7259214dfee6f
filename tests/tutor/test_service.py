"""The one path: a problem is normalised, solved, checked and kept, whatever becomes of the library."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from tests.fakes import FakeExecutor, MemoryLibrary
from tests.scripted_model import ScriptedModel
from tutor_app.adapters.library import Library
from tutor_app.adapters.models.speed import read_speed
from tutor_app.adapters.models.store import ModelStore
from tutor_app.adapters.sandbox.sessions import Sandbox
from tutor_app.core.dialect import CHATML, MUMATH, PromptSet
from tutor_app.core.errors import LibraryFault, UserFault
from tutor_app.core.events import Finished, Recorded, RunFinished, SolveEvent, TextDelta
from tutor_app.core.parts import Code, Text
from tutor_app.core.ports import Sampling, SolutionLibrary
from tutor_app.core.problem import MAX_PROBLEM
from tutor_app.core.settings import Settings
from tutor_app.core.solve_settings import SolveSettings
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import KNOWN_RIGHT, KNOWN_WRONG, NOT_LOOKED, Verdict
from tutor_app.tutor import models
from tutor_app.tutor.paths import Folders
from tutor_app.tutor.recorder import recorded
from tutor_app.tutor.samples import sample_problems
from tutor_app.tutor.service import LoadableModel, SolveDefaults, Tutor, load_prompt, open_tutor, solve_settings

REPLIES = ["Compute.\n```python\nprint(42)\n```\n", "So $\\boxed{42}$."]
SETTINGS = SolveSettings(sampling=Sampling(0.5, 0.9, 3))
PROBLEM = "What is 6*7?"


def tutor(*replies: str, executor: FakeExecutor | None = None) -> Tutor:
    model = ScriptedModel(list(replies or REPLIES))
    return Tutor(cast(LoadableModel, model), cast(Sandbox, executor or FakeExecutor()), CHATML, PromptSet("terse"))


def solved(library: SolutionLibrary, problem: str = PROBLEM) -> Iterator[SolveEvent]:
    return tutor().solve(problem, settings=SETTINGS, library=lambda: library)


@pytest.fixture
def library() -> Iterator[MemoryLibrary]:
    with MemoryLibrary() as opened:
        yield opened


def test_a_recorded_solution_is_in_the_library(library: MemoryLibrary) -> None:
    first, *_, last = solved(library)
    assert isinstance(last, Finished)
    (entry,) = library.entries()
    assert first == Recorded(entry.id)
    assert (entry.problem, entry.answer, entry.status) == (PROBLEM, "42", "finished")
    assert library.get(entry.id) == last.transcript


def test_a_question_and_its_reply_are_kept_with_the_solution(library: MemoryLibrary) -> None:
    *_, last = solved(library)
    assert isinstance(last, Finished)
    (entry,) = library.entries()
    asked = tutor("Because $6 \\cdot 7 = 42$.").ask(
        last.transcript, " Why?\r\n", settings=SETTINGS, library=lambda: library, key=entry.id
    )
    first, *_, end = asked
    assert first == Recorded(entry.id)
    assert isinstance(end, Finished)
    assert library.count() == 1
    assert library.get(entry.id) == end.transcript
    assert end.transcript.replies[1] == ("Why?", (Text("Because $6 \\cdot 7 = 42$."),))
    assert [e.id for e in library.entries("because")] == [entry.id]


def test_a_solution_that_is_not_kept_yet_is_kept_with_its_question(library: MemoryLibrary) -> None:
    made = Transcript.of(PROBLEM, Text("42."))
    *_, end = tutor("Yes.").ask(made, "Sure?", settings=SETTINGS, library=lambda: library)
    assert isinstance(end, Finished)
    assert [library.get(e.id) for e in library.entries()] == [end.transcript]


@pytest.mark.parametrize(
    ("made", "question"), [(Transcript.of(PROBLEM), "Why?"), (Transcript.of(PROBLEM, Text("42")), " ")]
)
def test_what_cannot_be_asked_is_refused_before_anything_happens(
    library: MemoryLibrary, made: Transcript, question: str
) -> None:
    with pytest.raises(UserFault):
        next(tutor("Yes.").ask(made, question, settings=SETTINGS, library=lambda: library))
    assert library.count() == 0


def test_without_a_library_nothing_is_kept_and_nothing_said_of_it() -> None:
    events = list(tutor().solve(PROBLEM, settings=SETTINGS))
    assert not any(isinstance(e, Recorded) for e in events)
    assert isinstance(events[-1], Finished)
    assert events[-1].detail == ""


def test_the_problem_is_normalised_for_the_model_and_the_library(library: MemoryLibrary) -> None:
    *_, last = solved(library, "  What\x1b is\r\n6*7?\n")
    assert isinstance(last, Finished)
    assert last.transcript.problem == library.entries()[0].problem == "What is\n6*7?"


@pytest.mark.parametrize("problem", ["", " \n", "\0", "x" * (MAX_PROBLEM + 1)])
def test_a_problem_that_cannot_be_asked_is_not_kept(library: MemoryLibrary, problem: str) -> None:
    executor = FakeExecutor()
    events = tutor(executor=executor).solve(problem, settings=SETTINGS, library=lambda: library)
    with pytest.raises(UserFault):
        next(events)
    assert (library.count(), executor.opened) == (0, 0)


def test_what_a_kill_would_leave_knows_how_it_was_made(library: MemoryLibrary) -> None:
    events = solved(library)
    first = next(events)
    assert isinstance(first, Recorded)
    at_once = library.get(first.solution_id)
    assert library.entries()[0].status == "running"
    assert library.entries()[0].model == "scripted"
    for event in events:
        if isinstance(event, RunFinished):
            break
    later = library.get(first.solution_id)
    assert [type(p).__name__ for p in later.solution] == ["Text", "Code", "Output"]
    for kept in (at_once, later):
        assert kept.meta["model"] == "scripted"
        assert kept.meta["sampling"] == {"temperature": 0.5, "top_p": 0.9, "seed": 3}
        assert (kept.meta["dialect"], kept.meta["prompt"]) == ("chatml", "terse")
        assert kept.meta["created"][:2] == "20"
    *_, last = events
    assert isinstance(last, Finished)
    assert last.transcript.meta["created"] == at_once.meta["created"]


def test_what_there_is_is_kept_when_the_user_walks_away(library: MemoryLibrary) -> None:
    stream = solved(library)
    for event in stream:
        if isinstance(event, TextDelta) and "." in event.text:
            break
    stream.close()  # type: ignore[attr-defined]
    (entry,) = library.entries()
    assert entry.status == "interrupted"
    assert library.get(entry.id).solution[0] == Text("Compute.")


def test_parts_are_saved_while_they_come(library: MemoryLibrary) -> None:
    ticks = iter(range(10_000))
    parts: list[Text | Code] = []

    def events() -> Iterator[SolveEvent]:
        for part in (Text("one"), Code("two"), Text("three")):
            parts.append(part)
            yield TextDelta("x")

    def draft() -> Transcript:
        return Transcript.of(PROBLEM, *parts)

    seen = []
    for _ in recorded(events(), lambda: library, draft, clock=lambda: 0.3 * next(ticks)):
        (entry,) = library.entries()
        assert entry.status == "running"
        seen.append(len(library.get(entry.id).solution))
    assert seen == [0, 0, 2, 2]
    assert library.entries()[0].status == "interrupted"
    assert len(library.get(library.entries()[0].id).solution) == 3


def test_one_who_walks_away_at_once_leaves_an_interrupted_solution(library: MemoryLibrary) -> None:
    stream = solved(library)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert [e.status for e in library.entries()] == ["interrupted"]


class FullLibrary(MemoryLibrary):
    """A library whose disk is full after the problem was written."""

    def save(self, *_: object, **__: object) -> None:
        raise LibraryFault("The disk is full.", "Make room.")


def test_a_library_that_fails_on_the_way_loses_no_solution() -> None:
    with FullLibrary() as library:
        *_, last = solved(library)
    assert isinstance(last, Finished)
    assert last.transcript.answer is not None
    assert last.sentence() == (
        "The model gave its answer. The solution is not kept as a whole: The disk is full. Make room."
    )


def test_a_library_that_cannot_be_opened_stops_no_solution(tmp_path: Path) -> None:
    (tmp_path / "l.sqlite3").write_bytes(b"no database at all, but long enough to be looked at" * 40)
    events = list(tutor().solve(PROBLEM, settings=SETTINGS, library=lambda: Library(tmp_path / "l.sqlite3")))
    last = events[-1]
    assert isinstance(last, Finished)
    assert not any(isinstance(e, Recorded) for e in events)
    assert last.transcript.answer is not None
    assert last.sentence().startswith("The model gave its answer. The solution is not kept: The library ")


def test_a_solution_that_is_deleted_for_good_meanwhile_goes_on(library: MemoryLibrary) -> None:
    events = solved(library)
    first = next(events)
    assert isinstance(first, Recorded)
    library.delete(first.solution_id)
    library.purge()
    *_, last = events
    assert isinstance(last, Finished)
    assert last.sentence().endswith("This solution is no longer in the library.")


@pytest.mark.parametrize(("said", "verdict"), [("answer", KNOWN_RIGHT), ("x + 1 + answer", KNOWN_WRONG)])
def test_a_samples_answer_is_known(library: MemoryLibrary, said: str, verdict: Verdict) -> None:
    sample = next(s for s in sample_problems() if s.answer.isdigit())
    reply = f"So $\\boxed{{{said.replace('answer', sample.answer)}}}$."
    typed = "\n" + sample.problem.replace(" ", "  ") + " "
    *_, last = tutor(reply).solve(typed, settings=SETTINGS, library=lambda: library)
    assert isinstance(last, Finished)
    assert last.transcript.answer is not None
    assert last.transcript.answer.verdict == verdict


def test_of_other_problems_no_answer_is_known() -> None:
    *_, last = tutor().solve(PROBLEM, settings=SETTINGS)
    assert isinstance(last, Finished)
    assert last.transcript.answer is not None
    assert last.transcript.answer.verdict == NOT_LOOKED


def test_prompts_by_name_by_file_and_none(tmp_path: Path) -> None:
    assert load_prompt("", CHATML).system
    assert load_prompt("", MUMATH).name == "none"
    assert load_prompt("none", CHATML).name == "none"
    path = tmp_path / "p.json"
    path.write_text(json.dumps({"name": "mine", "system": "S"}))
    assert load_prompt(str(path), CHATML).name == "mine"


@pytest.mark.parametrize(
    "content", ["", "[1]", "{", '{"demonstrations": [{}]}', '{"demonstrations": 3}', "[" * 100_000]
)
def test_a_prompt_file_that_is_none_is_one_sentence(tmp_path: Path, content: str) -> None:
    path = tmp_path / "p.json"
    path.write_text(content)
    with pytest.raises(UserFault, match="not in the form of a prompt"):
        load_prompt(str(path), CHATML)


def test_unknown_names_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="There is no prompt"):
        load_prompt("nonsense", CHATML)
    with pytest.raises(UserFault, match="cannot be read"):
        load_prompt(str(tmp_path / "none.json"), CHATML)
    with pytest.raises(UserFault, match="tutor models pull starter"):
        open_tutor("", Folders.under(tmp_path))


def test_the_readers_settings_become_budgets() -> None:
    found = solve_settings(Settings(max_rounds=2, seconds=60, temperature=0.5, seed=7))
    assert (found.max_rounds, found.seconds, found.sampling.temperature, found.sampling.seed) == (2, 60.0, 0.5, 7)


def test_a_model_that_thinks_is_not_decoded_greedily_and_has_room() -> None:
    thinking = SolveDefaults(max_tokens=8192, temperature=0.6, top_p=0.95)
    made = thinking.applied(SolveSettings())
    assert (made.max_tokens, made.sampling.temperature, made.sampling.top_p) == (8192, 0.6, 0.95)
    chosen = SolveSettings(max_tokens=9000, sampling=Sampling(0.2, 0.5, 3))
    assert thinking.applied(chosen) == chosen
    assert SolveDefaults().applied(SolveSettings()) == SolveSettings()


def test_reasoning_only_is_a_budget_of_the_solution() -> None:
    assert not solve_settings(Settings(reasoning_only=True)).run_code


def _store_of(tmp_path: Path, *entries: dict[str, object]) -> ModelStore:
    common = {"licence": "MIT", "sha256": "0" * 64, "context": 4096, "dialect": "chatml", "roles": [], "note": ""}
    models = [
        {
            **common,
            "name": str(e["id"]),
            "file": f"{e['id']}.gguf",
            "sources": [{"kind": "hub", "url": "https://example.org/x.gguf"}],
            **e,
        }
        for e in entries
    ]
    (tmp_path / "c.json").write_text(json.dumps({"version": 1, "models": models}), encoding="utf-8")
    return ModelStore(tmp_path / "models", tmp_path / "c.json")


def test_the_strongest_model_that_suits_the_computer_is_recommended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "free_memory", lambda: 8 * 10**9)
    monkeypatch.setattr(models, "read_speed", lambda: 50e9)
    store = _store_of(
        tmp_path,
        {"id": "other", "bytes": 10**9, "ram_bytes": 2 * 10**9},
        {"id": "large", "bytes": 5 * 10**9, "ram_bytes": 9 * 10**9, "rank": 4},
        {"id": "slow", "bytes": 7 * 10**9, "ram_bytes": 7 * 10**9, "rank": 3},
        {"id": "sparse", "bytes": 6 * 10**9, "active_bytes": 10**9, "ram_bytes": 7 * 10**9, "rank": 2},
        {"id": "small", "bytes": 10**9, "ram_bytes": 10**9, "rank": 1, "roles": ["starter"]},
    )
    found = models.measured_offers(store)
    assert [(o.id, o.recommended) for o in found] == [
        ("small", False),
        ("sparse", True),
        ("large", False),
        ("slow", False),
        ("other", False),
    ]
    assert found[1].here == "here about 30 tokens a second, 7 GB of 8 GB free memory"
    assert found[3].here.startswith("here about 4 tokens a second")
    monkeypatch.setattr(models, "free_memory", lambda: 5 * 10**8)
    assert not any(o.recommended for o in models.measured_offers(store))


def test_the_probe_measures_something() -> None:
    assert 10**8 < read_speed(0.01) < 10**13


def test_a_list_of_offers_alone_measures_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def measured() -> float:
        raise AssertionError("the speed was measured")

    monkeypatch.setattr(models, "read_speed", measured)
    store = _store_of(
        tmp_path,
        {"id": "other", "bytes": 10**9, "ram_bytes": 2 * 10**9},
        {"id": "small", "bytes": 10**9, "ram_bytes": 10**9, "roles": ["starter"]},
    )
    assert [(o.id, o.here) for o in models.offers(store)] == [("small", ""), ("other", "")]
