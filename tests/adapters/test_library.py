"""The library's file: forms, searching, death and company, bad places. What every library does is a contract."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tutor_app.adapters.library import Library, schema
from tutor_app.adapters.library.schema import SCHEMA_VERSION
from tutor_app.core.errors import LibraryFault, UserFault
from tutor_app.core.parts import Answer, Code, Figure, Output, Text
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import Verdict

ROOT = Path(__file__).parents[2]

SOLVED = Transcript.of(
    "What is $\\frac{1}{2} + \\frac{1}{3}$?",
    Text("We add the fractions with a common Nenner. "),
    Code("from sympy import Rational\nprint(Rational(1, 2) + Rational(1, 3))"),
    Output(stdout="5/6\n", seconds=0.1, feedback="5/6"),
    Figure(svg="<svg/>", png="AAAA", width=3, height=4, alt="a line"),
    Text("So it is $\\boxed{\\frac{5}{6}}$."),
    Answer("\\frac{5}{6}"),
    meta={"model": "starter", "seed": 0},
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "Eine Mappe mit Ümläuten, Пробелы und 数学" / "library.sqlite3"


@pytest.fixture
def library(path: Path) -> Iterator[Library]:
    with Library(path) as opened:
        yield opened


def child(code: str, *args: str) -> subprocess.Popen[str]:
    """A second program that uses the library; its code finds its arguments in ``args``."""
    start = "import sys, time\nfrom tutor_app.adapters.library import *\n"
    start += "from tutor_app.core.transcript import *\nargs = sys.argv[1:]\n"
    return subprocess.Popen(
        [sys.executable, "-c", start + code, *args],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def finish(process: subprocess.Popen[str]) -> str:
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return out.strip()


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_problem_is_there_before_anything_is_generated(library: Library, path: Path) -> None:
    key = library.create(Transcript.of("2+2?"))
    with Library(path) as other:
        (entry,) = other.entries()
        assert (entry.id, entry.problem, entry.status, entry.answer) == (key, "2+2?", "running", "")
        assert other.get(key) == Transcript.of("2+2?")


def test_round_trip_and_restart(path: Path) -> None:
    before = time.time()
    with Library(path) as library:
        key = library.create(Transcript.of(SOLVED.problem))
        library.save(key, SOLVED, "finished")
    with Library(path) as library:
        assert library.get(key) == SOLVED
        (entry,) = library.entries()
    assert entry.model == "starter"
    assert entry.answer == "\\frac{5}{6}"
    assert entry.status == "finished"
    assert before - 1 <= entry.created <= entry.updated <= time.time() + 1
    assert sorted(p.name for p in path.parent.iterdir()) == ["library.sqlite3"], "closing must tidy up"


class WithoutIndex(sqlite3.Connection):
    """As of an SQLite that was built without full-text search."""

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if "fts5" in sql:
            raise sqlite3.OperationalError("no such module: fts5")
        return super().execute(sql, *values)


def without_index(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **k, factory=WithoutIndex))


@pytest.fixture(params=["index", "no index"])
def searched(request: pytest.FixtureRequest, path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    if request.param == "no index":
        without_index(monkeypatch)
    with Library(path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("query", "hit"),
    [
        ("", True),
        ("  ", True),
        ("\\frac{1}{2}", True),  # the problem
        ("nenner", True),  # the prose, whatever its case
        ("nen", True),  # the beginning of a word
        ("enne", True),  # its middle
        ("Rational(1, 3)", True),  # the code
        ("\\frac{5}{6}", True),  # the answer
        ("fractions sympy", True),  # both words, in different places
        ("fractions absent", False),
        ("5/6", False),  # only the output has it
        ("svg", False),
        ("is", True),  # shorter than the index's triples
        ("zq", False),
        ('"', False),
        ("'; DROP", False),
        ("NOT", False),  # a word of the index's query language
        ("fractions OR absent", False),
        ("body:", False),
        ("%", False),  # no pattern
        ("_", False),
        ("!", False),
        ("\0", False),
        ("\ud83d", False),  # half an emoji
        ("*" * 500, False),
    ],
)
def test_search(searched: Library, query: str, hit: bool) -> None:
    searched.save(searched.create(Transcript.of("?")), SOLVED, "finished")
    assert len(searched.entries(query)) == hit


def test_search_follows_what_is_saved(searched: Library) -> None:
    key = searched.create(Transcript.of("first words"))
    other = searched.create(Transcript.of("first of another"))
    searched.save(key, Transcript.of("first words", Text("second thoughts")))
    searched.save(key, Transcript.of("first words", Text("third thoughts")))
    assert [e.id for e in searched.entries("third")] == [key]
    assert searched.entries("second") == ()
    assert [e.id for e in searched.entries("first")] == [other, key]
    searched.delete(key)
    assert [e.id for e in searched.entries("first")] == [other]
    assert [e.id for e in searched.entries("third", deleted=True)] == [key]
    assert searched.purge() == 1
    assert searched.entries("third", deleted=True) == ()


def test_index_catches_up_with_a_program_that_had_none(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Library(path) as library:
        key = library.create(Transcript.of("a problem of whales"))
    with monkeypatch.context() as patch:
        without_index(patch)
        with Library(path) as library:
            library.save(key, Transcript.of("a problem of dolphins"), "finished")
            new = library.create(Transcript.of("another of dolphins"))
            library.delete(library.create(Transcript.of("neither")))
            library.purge()
    with Library(path) as library:
        assert library.entries("whales") == ()
        assert [e.id for e in library.entries("dolphins")] == [new, key]
        check_index(path)


def check_index(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)")


COMPOSED, SPLIT = "L'\u00e9t\u00e9 \u1e69", "L'e\u0301te\u0301 s\u0307\u0323"


@pytest.mark.parametrize("written", [COMPOSED, SPLIT])
@pytest.mark.parametrize("asked", [COMPOSED, SPLIT, "\u00e9T\u00c9", "e\u0301", "\u00e9", "\u00c9T", "s\u0323\u0307"])
def test_accents_are_found_however_they_are_written(searched: Library, written: str, asked: str) -> None:
    key = searched.create(Transcript.of(written))
    assert [e.id for e in searched.entries(asked)] == [key]
    assert searched.entries("ete") == ()
    assert searched.get(key).problem == written


def test_accents_in_a_library_of_an_earlier_version_are_found(path: Path) -> None:
    make_v1(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for n, text in enumerate((COMPOSED, SPLIT)):
            db.execute(
                "INSERT INTO solution VALUES (?, 400, 400, 'finished', NULL, ?, '', '', ?)",
                (f"accent{n}", text, Transcript.of(text).to_json()),
            )
    with Library(path) as library:
        for asked in ("\u00e9t\u00e9", "e\u0301te\u0301"):
            assert {e.id for e in library.entries(asked)} == {"accent0", "accent1"}
        check_index(path)


def test_delete_and_undo(library: Library, path: Path) -> None:
    key = library.create(SOLVED)
    library.save(key, SOLVED, "finished")
    library.delete(key)
    assert library.entries() == ()
    assert [e.id for e in library.entries(deleted=True)] == [key]
    assert library.get(key) == SOLVED
    library.undelete(key)
    assert [e.id for e in library.entries()] == [key]
    assert library.purge() == 0
    library.delete(key)
    assert library.purge() == 1
    for gone in (library.undelete, library.delete, library.get):
        with pytest.raises(UserFault, match="no longer in the library"):
            gone(key)
    with pytest.raises(UserFault, match="no longer in the library"):
        library.save(key, SOLVED)
    check_index(path)


def test_trash_is_emptied_after_thirty_days(path: Path) -> None:
    with Library(path) as library:
        old, young, kept = (library.create(Transcript.of(name)) for name in ("old", "young", "kept"))
        library.delete(old)
        library.delete(young)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for key, days in ((old, 31), (young, 29)):
            db.execute("UPDATE solution SET deleted = ? WHERE id = ?", (time.time() - days * 86400, key))
    with Library(path) as library:
        assert [e.id for e in library.entries(deleted=True)] == [young]
        assert [e.id for e in library.entries()] == [kept]


@pytest.mark.parametrize(
    "text",
    ["NUL \0 inside", "\x01\x1b[31m\x7f", "half \ud83d an emoji \\\udc00", "😀 שלום مرحبا", "x" * 20_000, ""],
)
def test_any_text_comes_back(library: Library, text: str) -> None:
    transcript = Transcript.of(text, Text(text), Code(text), Output(text), Answer(text), meta={"model": text})
    key = library.create(transcript)
    assert library.get(key) == transcript
    library.save(key, transcript, "finished")
    assert library.get(key) == transcript
    (entry,) = library.entries()
    assert "\0" not in entry.problem
    assert [e.id for e in library.entries(text)] == [key]


@given(st.text(st.characters(categories=None), max_size=20), st.text(st.characters(categories=None), max_size=20))
@hypothesis_settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=60)
def test_any_text_at_all(library: Library, one: str, two: str) -> None:
    key = library.create(Transcript.of(one))
    transcript = Transcript.of(one, Text(two), Answer(one))
    library.save(key, transcript, "finished")
    assert library.get(key) == transcript
    assert key in {e.id for e in library.entries(two, limit=-1)}


# Death and company


WRITER = """
library = Library(args[0])
key = library.create(Transcript.of("to be killed"))
print(key, flush=True)
n = 0
while True:
    n += 1
    library.save(key, Transcript.of("to be killed", Text("x" * 5000), Text(str(n))))
    print(n, flush=True)
"""


def test_kill_loses_at_most_what_was_not_saved(path: Path) -> None:
    for round_ in range(3):
        process = child(WRITER, str(path))
        key = line(process)
        for _ in range(20 + 7 * round_):
            line(process)
        process.send_signal(signal.SIGKILL)
        out, _ = process.communicate()
        # The last number may be cut, or follow a save whose line was not written any more.
        told = int(out.splitlines()[-2]) if len(out.splitlines()) > 1 else 20
        with Library(path) as library:
            parts = library.get(key).solution
            assert isinstance(parts[-1], Text)
            assert int(parts[-1].text) >= told
            entry = next(e for e in library.entries() if e.id == key)
            assert entry.status == "interrupted"
            check_index(path)
    assert list(path.parent.glob(".*")) == [], "what the dead left must be swept"


def test_kill_before_the_first_word_keeps_the_problem(path: Path) -> None:
    process = child("print(Library(args[0]).create(Transcript.of('half a thought')), flush=True); input()", str(path))
    key = line(process)
    kill(process)
    with Library(path) as library:
        assert library.get(key).problem == "half a thought"
        assert library.entries()[0].status == "interrupted"


def test_a_live_second_program_is_not_harmed(path: Path) -> None:
    code = """
library = Library(args[0])
key = library.create(Transcript.of("of the other"))
print(key, flush=True)
input()
library.save(key, Transcript.of("of the other", Text("done")), "finished")
library.close()
"""
    process = child(code, str(path))
    key = line(process)
    for _ in range(2):
        with Library(path) as library:
            mine = library.create(Transcript.of("mine"))
            assert next(e for e in library.entries() if e.id == key).status == "running"
            library.save(mine, SOLVED, "finished")
    assert finish_with(process, "\n") == ""
    with Library(path) as library:
        assert {e.status for e in library.entries()} == {"finished"}
        assert len(library.entries()) == 3


def finish_with(process: subprocess.Popen[str], text: str) -> str:
    out, _ = process.communicate(text, timeout=60)
    assert process.returncode == 0
    return out


def test_many_programs_open_and_write_at_once(path: Path) -> None:
    code = """
with Library(args[0]) as library:
    for i in range(20):
        key = library.create(Transcript.of(f"{args[1]}-{i}"))
        library.save(key, Transcript.of(f"{args[1]}-{i}", Text("done")), "finished")
"""
    processes = [child(code, str(path), str(i)) for i in range(4)]
    for process in processes:
        assert finish(process) == ""
    with Library(path) as library:
        assert {e.problem for e in library.entries()} == {f"{i}-{j}" for i in range(4) for j in range(20)}
        assert {e.status for e in library.entries()} == {"finished"}


def test_two_in_one_process_know_each_other_alive(library: Library, path: Path) -> None:
    key = library.create(Transcript.of("?"))
    with Library(path) as other:
        assert other.entries()[0].status == "running"
        library.close()
        assert other.entries()[0].status == "interrupted"
        assert other.get(key).problem == "?"


def test_threads_share_one_library(library: Library) -> None:
    stop = threading.Event()
    seen: list[int] = []
    failures: list[BaseException] = []

    def read() -> None:
        try:
            while not stop.is_set():
                seen.append(len(library.entries("problem")))
        except BaseException as e:  # noqa: BLE001 - reported by the test
            failures.append(e)

    def write(name: str) -> None:
        try:
            for i in range(30):
                key = library.create(Transcript.of(f"problem {name}{i}"))
                library.save(key, SOLVED.with_solution((Text("problem"),)), "finished")
        except BaseException as e:  # noqa: BLE001 - reported by the test
            failures.append(e)

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    reader.join()
    assert failures == []
    assert len(library.entries(limit=100)) == 60
    assert seen == sorted(seen)


def test_reading_does_not_wait_for_a_writer(library: Library, path: Path) -> None:
    key = library.create(SOLVED)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert library.get(key) == SOLVED
        other.execute("ROLLBACK")


def test_a_library_that_stays_busy_is_one_sentence(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.05)
    with Library(path) as library, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LibraryFault, match=r"Another program holds the library .* Close that program"):
            library.create(SOLVED)
        other.execute("ROLLBACK")
        library.create(SOLVED)


def test_closed(path: Path) -> None:
    library = Library(path)
    key = library.create(SOLVED)
    library.close()
    library.close()
    for use in (library.entries, library.purge, lambda: library.get(key), lambda: library.create(SOLVED)):
        with pytest.raises(LibraryFault, match="closed"):
            use()
    with Library(path) as library:
        assert library.entries()[0].status == "interrupted"


# Forms of the file


def make_v1(path: Path) -> None:
    """A library as version 1 wrote it."""
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(
            "CREATE TABLE solution (id TEXT NOT NULL UNIQUE, created REAL NOT NULL, updated REAL NOT NULL,"
            " status TEXT NOT NULL, owner TEXT, problem TEXT NOT NULL, model TEXT NOT NULL, answer TEXT NOT NULL,"
            " transcript TEXT NOT NULL)"
        )
        db.execute("CREATE INDEX solution_by_time ON solution (created)")
        insert = "INSERT INTO solution VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        fractions = "\\frac{5}{6}"
        row = ("finished", None, SOLVED.problem, "starter", fractions, SOLVED.to_json())
        db.execute(insert, ("one", 100.0, 101.0, *row))
        cut = Transcript.of("was running").to_json()
        db.execute(insert, ("two", 200.0, 201.0, "running", "gone", "was running", "", "", cut))
        wrong = Transcript.of("Solve.", Answer("5", verdict=Verdict("wrong", "known"))).to_json()
        db.execute(insert, ("four", 50.0, 51.0, "finished", None, "Solve.", "", "5", wrong))
        db.execute(insert, ("three", 300.0, 301.0, "finished", None, "a damaged one", "", "", '{"turns": 3}'))
        db.execute("PRAGMA user_version = 1")


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        assert isinstance(version, int)
        return version


def test_migration_from_version_1(path: Path) -> None:
    make_v1(path)
    with Library(path) as library:
        assert [(e.id, e.status, e.created) for e in library.entries()] == [
            ("three", "finished", 300.0),
            ("two", "interrupted", 200.0),
            ("one", "finished", 100.0),
            ("four", "finished", 50.0),
        ]
        assert [e.verdict for e in library.entries()] == ["unchecked", "unchecked", "unchecked", "wrong"]
        assert library.get("one") == SOLVED
        assert [e.id for e in library.entries("Nenner")] == ["one"]
        assert [e.id for e in library.entries("damaged")] == ["three"]
        with pytest.raises(LibraryFault, match="This solution is damaged"):
            library.get("three")
        library.delete("three")
        library.save("two", SOLVED, "finished")
        check_index(path)
    assert version_of(path) == SCHEMA_VERSION == 4
    # An earlier program goes on with the copy, which later openings leave alone.
    copy = schema.backup_of(path, 1)
    assert sorted(p.name for p in path.parent.iterdir() if ".form" in p.name) == [copy.name]
    assert version_of(copy) == 1
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("SELECT id, status FROM solution ORDER BY created DESC").fetchall() == [
            ("three", "finished"),
            ("two", "running"),
            ("one", "finished"),
            ("four", "finished"),
        ]


def test_a_new_library_leaves_no_copy(path: Path) -> None:
    Library(path).close()
    Library(path).close()
    assert [p.name for p in path.parent.iterdir() if ".form" in p.name or p.name.endswith(".part")] == []


def test_failed_migration_leaves_the_old_form(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_v1(path)

    def broken(db: sqlite3.Connection) -> None:
        db.execute("ALTER TABLE solution ADD COLUMN lost")
        raise sqlite3.OperationalError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
        patch.setattr(schema, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
        with pytest.raises(LibraryFault, match="power cut"):
            Library(path)
    assert version_of(path) == 1
    with Library(path) as library:
        assert library.get("one") == SOLVED


def test_library_of_a_newer_version_is_left_alone(path: Path) -> None:
    Library(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(LibraryFault, match=r"newer version of this program\. Install that version, or choose another"):
        Library(path)
    assert path.read_bytes() == before


def test_an_older_program_names_the_copy_that_a_newer_one_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Library(path) as library:
        key = library.create(SOLVED)
        library.save(key, SOLVED, "finished")
    with monkeypatch.context() as newer:
        newer.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, lambda db: db.execute("DELETE FROM solution")))
        newer.setattr(schema, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
        Library(path).close()
    copy = schema.backup_of(path, SCHEMA_VERSION)
    with pytest.raises(LibraryFault, match=rf"move that file away and call the copy {copy.name} {path.name}\."):
        Library(path)
    path.rename(path.with_name("newer.sqlite3"))
    copy.rename(path)
    with Library(path) as library:
        assert library.get(key) == SOLVED


def test_the_form_written_today_is_the_form_of_a_migrated_library(tmp_path: Path) -> None:
    make_v1(tmp_path / "old" / "library.sqlite3")
    forms = []
    for name in ("old", "new"):
        path = tmp_path / name / "library.sqlite3"
        Library(path).close()
        with closing(sqlite3.connect(path)) as db:
            forms.append(db.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall())
    assert forms[0] == forms[1]


# Bad places


@pytest.mark.parametrize("content", [b"this is no database, only a text of some length" * 50, b"SQLite format 3\0"])
def test_damaged_file_is_one_sentence_and_is_left(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(LibraryFault, match=r"is damaged or no library; it was left as it is\. Rename it"):
        Library(path)
    assert path.read_bytes() == content
    assert [p.name for p in path.parent.glob(".*")] == []


def test_damaged_in_the_middle(path: Path) -> None:
    with Library(path) as library:
        for i in range(50):
            library.create(Transcript.of(f"{i}" * 3000))
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(size - 4096))
    with pytest.raises(LibraryFault, match="damaged"), Library(path) as library:
        library.entries("000")


def test_a_folder_or_file_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(LibraryFault, match="cannot be opened"):
        Library(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(LibraryFault, match="cannot be used"):
        Library(tmp_path / "file" / "library.sqlite3")
    with pytest.raises(LibraryFault, match="cannot be used"):
        Library(tmp_path / "nul\0in it" / "library.sqlite3")


@pytest.fixture
def plain_user() -> Iterator[Path]:
    """A folder that a user without privileges can reach; the test is that user (root may write anywhere)."""
    if os.name != "posix":
        pytest.skip("needs POSIX permissions")
    folder = Path(tempfile.mkdtemp(prefix="tutor-library-"))
    folder.chmod(0o777)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        for place in (folder, *folder.rglob("*")):
            place.chmod(0o777)
        shutil.rmtree(folder)


def test_read_only_folder(plain_user: Path) -> None:
    path = plain_user / "data" / "library.sqlite3"
    Library(path).close()
    path.parent.chmod(0o555)
    with pytest.raises(LibraryFault, match=r"cannot be used: Permission denied\. Choose another folder"):
        Library(path)
    with pytest.raises(LibraryFault, match="Permission denied"):
        Library(path.parent / "below" / "library.sqlite3")


def test_read_only_file(plain_user: Path) -> None:
    path = plain_user / "library.sqlite3"
    Library(path).close()
    path.chmod(0o444)
    with pytest.raises(LibraryFault, match=r"is read-only\. Choose another folder"):
        Library(path)
    path.chmod(0o000)
    with pytest.raises(LibraryFault, match=r"cannot be opened\."):
        Library(path)


def test_full_disk_keeps_what_was_saved(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    made: list[sqlite3.Connection] = []

    def remembered(*values: Any, **named: Any) -> sqlite3.Connection:
        made.append(connect(*values, **named))
        return made[-1]

    monkeypatch.setattr(sqlite3, "connect", remembered)
    with Library(path) as library:
        key = library.create(SOLVED)
        db = made[0]  # the one that writes; a limit on the pages of a file is the connection's own
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages + 2}")
        big = SOLVED.with_solution((Text("long " * 20_000),))
        for _ in range(2):
            with pytest.raises(LibraryFault, match=r"The disk is full, .* Make room and try again\."):
                library.save(key, big)
            assert library.get(key) == SOLVED
        db.execute("PRAGMA max_page_count = 1000000")
        library.save(key, big, "finished")
        assert library.get(key) == big
        check_index(path)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)]
    if sys.platform != "linux" or not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this test mounts a small disk, which is not allowed here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_really_full_disk(tiny_disk: Path) -> None:
    path = tiny_disk / "library.sqlite3"
    with Library(path) as library:
        key = library.create(SOLVED)
        big = SOLVED.with_solution((Text("long " * 200_000),))
        with pytest.raises(LibraryFault, match="disk is full"):
            library.save(key, big, "finished")
        assert library.get(key) == SOLVED
        library.delete(key)
        library.undelete(key)
    with Library(path) as library:
        assert library.get(key) == SOLVED
        assert library.entries()[0].status == "interrupted"
    (tiny_disk / "filler").write_bytes(b"x" * (shutil.disk_usage(tiny_disk).free))
    with pytest.raises(LibraryFault, match="disk is full"):
        Library(tiny_disk / "new" / "library.sqlite3")


def test_stored_form_is_the_transcripts_own(library: Library, path: Path) -> None:
    library.create(SOLVED)
    with closing(sqlite3.connect(path)) as db:
        (text,) = db.execute("SELECT transcript FROM solution").fetchone()
    assert json.loads(text) == SOLVED.to_dict()
