import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import FakeExecutor
from tests.scripted_model import ScriptedModel
from tutor_app.adapters.library import Library
from tutor_app.core.dialect import CHATML, MUMATH
from tutor_app.core.errors import LibraryFault, UserFault
from tutor_app.core.events import Finished, Recorded, SolveEvent, TextDelta
from tutor_app.core.settings import Settings
from tutor_app.core.solve import solve
from tutor_app.core.transcript import Code, Text
from tutor_app.tutor.paths import Folders
from tutor_app.tutor.service import load_prompt, open_tutor, recorded, solve_settings

REPLIES = ["Compute.\n```python\nprint(42)\n```\n", "So $\\boxed{42}$."]


def events(problem: str = "What is 6*7?") -> Iterator[SolveEvent]:
    return solve(problem, model=ScriptedModel(REPLIES), executor=FakeExecutor(), dialect=CHATML)


def test_a_recorded_solution_is_in_the_library(tmp_path: Path) -> None:
    with Library(tmp_path / "l.sqlite3") as library:
        first, *_, last = recorded("What is 6*7?", events(), library)
        assert isinstance(last, Finished)
        (entry,) = library.entries()
        assert first == Recorded(entry.id)
        assert (entry.problem, entry.answer, entry.status) == ("What is 6*7?", "42", "finished")
        assert library.get(entry.id) == last.transcript


def test_the_problem_is_written_before_the_first_event_is_asked_for(tmp_path: Path) -> None:
    with Library(tmp_path / "l.sqlite3") as library:

        def watched() -> Iterator[SolveEvent]:
            assert [e.status for e in library.entries()] == ["running"]
            yield from events()

        assert isinstance(list(recorded("What is 6*7?", watched(), library))[-1], Finished)


def test_what_there_is_is_kept_when_the_reader_walks_away(tmp_path: Path) -> None:
    with Library(tmp_path / "l.sqlite3") as library:
        stream = recorded("What is 6*7?", events(), library)
        for event in stream:
            if isinstance(event, TextDelta) and "." in event.text:
                break
        stream.close()  # type: ignore[attr-defined]
        (entry,) = library.entries()
        assert entry.status == "interrupted"
        assert library.get(entry.id).solution[0] == Text("Compute.")


def test_parts_are_saved_while_they_come(tmp_path: Path) -> None:
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 0.3
        return now

    with Library(tmp_path / "l.sqlite3") as library:
        seen = 0
        for _ in recorded("What is 6*7?", events(), library, clock=clock):
            (entry,) = library.entries()
            seen = max(seen, sum(isinstance(p, Text | Code) for p in library.get(entry.id).solution))
            if seen:
                assert entry.status in ("running", "finished")
        assert seen >= 2


class _FullLibrary(Library):
    """A library whose disk is full after the problem was written."""

    def save(self, *_: object, **__: object) -> None:
        raise LibraryFault("The disk is full.", "Make room.")


def test_a_library_that_fails_on_the_way_loses_no_solution(tmp_path: Path) -> None:
    with _FullLibrary(tmp_path / "l.sqlite3") as library:
        *_, last = recorded("What is 6*7?", events(), library)
    assert isinstance(last, Finished)
    assert last.transcript.answer is not None
    assert "The disk is full. Make room." in last.sentence()


def test_prompts_by_name_by_file_and_none(tmp_path: Path) -> None:
    assert load_prompt("", CHATML).system
    assert load_prompt("", MUMATH).name == "none"
    assert load_prompt("none", CHATML).name == "none"
    path = tmp_path / "p.json"
    path.write_text(json.dumps({"name": "mine", "system": "S"}))
    assert load_prompt(str(path), CHATML).name == "mine"


@pytest.mark.parametrize("content", ["", "[1]", "{", '{"demonstrations": [{}]}', '{"demonstrations": 3}'])
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
