"""What every library of solutions must do; run on the one in memory and on the file."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import MemoryLibrary
from tutor_app.adapters.library import Library
from tutor_app.core.errors import LibraryFault, UserFault
from tutor_app.core.parts import Answer, AnswerPart, Code, Output, Text
from tutor_app.core.ports import SolutionLibrary
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import Verdict, VerdictKind

SOLVED = Transcript.of(
    "What is $\\frac{1}{2} + \\frac{1}{3}$?",
    Text("We add the fractions with a common Nenner. "),
    Code("print(Rational(1, 2) + Rational(1, 3))"),
    Output(stdout="5/6\n"),
    Text("So it is $\\boxed{\\frac{5}{6}}$."),
    Answer("\\frac{5}{6}"),
    meta={"model": "starter", "seed": 0},
)


@pytest.fixture(params=["memory", "file"])
def library(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SolutionLibrary]:
    made: SolutionLibrary = MemoryLibrary() if request.param == "memory" else Library(tmp_path / "library.sqlite3")
    yield made
    made.close()


def test_a_problem_is_there_at_once_and_its_solution_comes_later(library: SolutionLibrary) -> None:
    key = library.create(Transcript.of(SOLVED.problem))
    (entry,) = library.entries()
    assert (entry.id, entry.problem, entry.status, entry.answer) == (key, SOLVED.problem, "running", "")
    library.save(key, SOLVED, "finished")
    (entry,) = library.entries()
    assert (entry.model, entry.answer, entry.status) == ("starter", "\\frac{5}{6}", "finished")
    assert 0 < entry.created <= entry.updated
    assert library.get(key) == SOLVED


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (Answer("5"), "unchecked"),
        (Answer("5", verdict=Verdict("wrong", "known")), "wrong"),
        (Answer("9", verdict=Verdict("checked", "code")), "checked"),
        (Answer("1, 2", parts=(AnswerPart("1"), AnswerPart("2", verdict=Verdict("wrong", "known")))), "wrong"),
    ],
)
def test_the_list_tells_what_was_found_about_an_answer(
    library: SolutionLibrary, answer: Answer, verdict: VerdictKind
) -> None:
    key = library.create(Transcript.of("A problem."))
    assert library.entries()[0].verdict == "unchecked"
    library.save(key, Transcript.of("A problem.", answer), "finished")
    assert library.entries()[0].verdict == verdict


def test_an_unknown_status_is_refused(library: SolutionLibrary) -> None:
    with pytest.raises(ValueError, match="half"):
        library.save(library.create(SOLVED), SOLVED, "half")  # type: ignore[arg-type]


def test_newest_first_in_pages(library: SolutionLibrary) -> None:
    keys = [library.create(Transcript.of(f"problem {i}")) for i in range(7)]
    assert [e.id for e in library.entries()] == keys[::-1]
    assert [e.id for e in library.entries(limit=3, offset=2)] == keys[::-1][2:5]
    assert [e.id for e in library.entries(limit=-1, offset=5)] == keys[::-1][5:]
    library.save(keys[0], SOLVED)
    assert library.entries()[-1].id == keys[0]


@pytest.mark.parametrize(
    ("query", "hit"),
    [
        ("", True),
        ("  ", True),
        ("\\frac{1}{2}", True),
        ("NENNER enne", True),
        ("Rational(1, 3)", True),
        ("\\frac{5}{6}", True),
        ("fractions absent", False),
        ("is", True),
        ("5/6", False),  # only the output has it
        ("seed", False),  # only the provenance has it
        ("%", False),
        ('"', False),
        ("\0", False),
        ("\ud83d", False),
        ("*" * 500, False),
        (" ".join(["we"] * 20 + ["absent"]), True),  # twenty words count
    ],
)
def test_search(library: SolutionLibrary, query: str, hit: bool) -> None:
    library.save(library.create(Transcript.of("?")), SOLVED, "finished")
    assert len(library.entries(query)) == hit


@pytest.mark.parametrize("asked", ["L'\u00e9t\u00e9", "l'e\u0301te\u0301", "\u00c9T"])
def test_accents_are_found_however_they_are_written(library: SolutionLibrary, asked: str) -> None:
    for written in ("L'\u00e9t\u00e9", "L'e\u0301te\u0301"):
        library.create(Transcript.of(written))
    assert len(library.entries(asked)) == 2
    assert library.entries("ete") == ()


def test_search_follows_what_is_saved(library: SolutionLibrary) -> None:
    key = library.create(Transcript.of("first words"))
    library.save(key, Transcript.of("first words", Text("second thoughts")))
    library.save(key, Transcript.of("first words", Text("third thoughts")))
    assert [e.id for e in library.entries("third")] == [key]
    assert library.entries("second") == ()


def test_counting_and_finding(library: SolutionLibrary) -> None:
    assert (library.count(), library.find(SOLVED), library.has("one")) == (0, "", False)
    first, twin = library.create(SOLVED), library.create(SOLVED)
    other = library.create(Transcript.of(SOLVED.problem))
    assert library.count() == 3
    assert library.find(SOLVED) == first
    assert library.find(Transcript.of(SOLVED.problem)) == other
    assert library.find(Transcript.of("half an emoji \ud83d")) == ""
    library.delete(first)
    assert (library.has(first), library.has(other)) == (False, True)
    assert library.find(SOLVED) == twin
    assert (library.count(), library.count(deleted=True)) == (2, 1)
    assert library.ids(other[:16]) == (other,)
    assert library.ids(first) == library.ids("%") == ()
    assert sorted(library.ids("", 5)) == sorted([twin, other])


def test_deleted_and_taken_back(library: SolutionLibrary) -> None:
    key = library.create(SOLVED)
    library.delete(key)
    assert library.entries() == ()
    assert [e.id for e in library.entries("nenner", deleted=True)] == [key]
    assert library.get(key) == SOLVED
    library.save(key, SOLVED, "finished")
    library.undelete(key)
    assert [(e.id, e.status) for e in library.entries()] == [(key, "finished")]


def test_what_is_not_there_is_one_sentence(library: SolutionLibrary) -> None:
    for use in (library.undelete, library.delete, library.get, lambda key: library.save(key, SOLVED)):
        with pytest.raises(UserFault, match="no longer in the library"):
            use("no such id")


@pytest.mark.parametrize("text", ["NUL \0 inside", "half \ud83d an emoji", "😀 שלום", "x" * 20_000, ""])
def test_any_text_comes_back(library: SolutionLibrary, text: str) -> None:
    transcript = Transcript.of(text, Text(text), Code(text), Output(text), Answer(text), meta={"model": text})
    key = library.create(transcript)
    assert library.get(key) == transcript
    assert library.find(transcript) == key
    (entry,) = library.entries(text)
    assert "\0" not in entry.problem
    entry.problem.encode()


def test_a_model_that_is_no_name_is_shown_as_it_is(library: SolutionLibrary) -> None:
    library.create(Transcript.of("?", meta={"model": {"id": "x"}}))
    assert library.entries()[0].model == '{"id": "x"}'


def test_several_threads_write_their_own_solutions(library: SolutionLibrary) -> None:
    def solve(name: str) -> None:
        key = library.create(Transcript.of(name))
        for i in range(10):
            library.save(key, Transcript.of(name, Text(f"step {i}")), "finished" if i == 9 else "running")

    threads = [threading.Thread(target=solve, args=(f"problem {n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = {e.problem: library.get(e.id).solution for e in library.entries()}
    assert found == {f"problem {n}": (Text("step 9"),) for n in range(6)}
    assert {e.status for e in library.entries()} == {"finished"}


def test_closed_twice_and_then_of_no_use(library: SolutionLibrary) -> None:
    key = library.create(SOLVED)
    library.close()
    library.close()
    for use in (library.entries, library.count, lambda: library.get(key), lambda: library.create(SOLVED)):
        with pytest.raises(LibraryFault, match="closed"):
            use()
