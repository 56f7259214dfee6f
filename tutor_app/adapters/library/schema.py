"""The form of the library's file: how it is opened, brought up to date, and indexed for searching.

A migration takes a database of version i to version i + 1; one that was released is never edited again. All that are
missing run in one transaction: a crash leaves the old form. A copy in the old form is kept beside the library. Errors
are SQLite's own; the library maps them.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tutor_app.core.errors import LibraryFault
from tutor_app.core.part_json import TranscriptFormatError
from tutor_app.core.parts import Code, Text
from tutor_app.core.transcript import Transcript

BUSY_SECONDS: Final = 10.0
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")


def searched_text(transcript: Transcript) -> str:
    """Everything that is searched: not outputs, pictures and what draws them, which nobody remembers word by word."""
    pieces: list[str] = []
    for turn in transcript.without_drawings().turns:
        pieces += (p.text if isinstance(p, Text) else p.source for p in turn.parts if isinstance(p, Text | Code))
    if transcript.answer:
        pieces.append(transcript.answer.latex)
    return searchable("\n".join(pieces))


def searchable(text: str) -> str:
    """``text`` as it is indexed and looked for: a letter with an accent is one character (Unicode's NFC).

    A Mac writes file names, and what is copied of them, as letter and combining accent; everybody else composes.
    """
    return storable(unicodedata.normalize("NFC", text))


def storable(text: str) -> str:
    """Without what SQLite's text functions stop at (NUL) or UTF-8 cannot hold (half a pair)."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _to_v1(db: sqlite3.Connection) -> None:
    db.execute(
        "CREATE TABLE solution (id TEXT NOT NULL UNIQUE, created REAL NOT NULL, updated REAL NOT NULL,"
        " status TEXT NOT NULL, owner TEXT, problem TEXT NOT NULL, model TEXT NOT NULL, answer TEXT NOT NULL,"
        " transcript TEXT NOT NULL)"
    )
    db.execute("CREATE INDEX solution_by_time ON solution (created)")


def _to_v2(db: sqlite3.Connection) -> None:
    """Adds the trash, and the text that is searched."""
    db.execute("ALTER TABLE solution ADD COLUMN deleted REAL")
    db.execute("ALTER TABLE solution ADD COLUMN body TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE solution ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0")
    for rowid, problem, text in db.execute("SELECT rowid, problem, transcript FROM solution").fetchall():
        try:
            body = searched_text(Transcript.from_json(text))
        except (TranscriptFormatError, TypeError):  # reported when it is opened; here it must not stop the rest
            body = problem
        db.execute("UPDATE solution SET body = ? WHERE rowid = ?", (body, rowid))


def _to_v3(db: sqlite3.Connection) -> None:
    """One way to write an accent in what is searched, and a quick way to a problem."""
    db.execute("CREATE INDEX solution_by_problem ON solution (problem)")
    for rowid, body in db.execute("SELECT rowid, body FROM solution").fetchall():
        if (composed := searchable(body)) != body:
            db.execute("UPDATE solution SET body = ?, indexed = 0 WHERE rowid = ?", (composed, rowid))


def _to_v4(db: sqlite3.Connection) -> None:
    """Adds the verdict on the answer, for the list."""
    db.execute("ALTER TABLE solution ADD COLUMN verdict TEXT NOT NULL DEFAULT 'unchecked'")
    for rowid, text in db.execute("SELECT rowid, transcript FROM solution WHERE answer != ''").fetchall():
        with contextlib.suppress(TranscriptFormatError, TypeError):  # reported when it is opened
            answer = Transcript.from_json(text).answer
            if answer is not None and answer.judged != "unchecked":
                db.execute("UPDATE solution SET verdict = ? WHERE rowid = ?", (answer.judged, rowid))


MIGRATIONS: Final[tuple[Callable[[sqlite3.Connection], None], ...]] = (_to_v1, _to_v2, _to_v3, _to_v4)
SCHEMA_VERSION: Final = len(MIGRATIONS)


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, for any thread."""
    # Transactions are begun by hand (isolation_level=None): only BEGIN IMMEDIATE waits its turn; a reading
    # transaction that turns into a writing one fails at once if another program wrote in between.
    db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    # In the write-ahead log this survives the death of the program, though not of the computer, and costs no
    # wait for the disk at every save.
    try:
        db.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        db.close()
        raise
    return db


def prepare(db: sqlite3.Connection, path: Path) -> None:
    """Switch to the write-ahead log and bring the form up to date."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as e:
            # This switch does not honour the busy timeout while another program makes the same one.
            if e.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if 0 < version < SCHEMA_VERSION:
        _keep(db, path, version)
    with transaction(db):
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise LibraryFault(f"The library {path} was written by a newer version of this program.", _way_back(path))
        for step in MIGRATIONS[version:]:
            step(db)
        # Written even if it is right already: that the file is read-only is said now, not at the first problem.
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def backup_of(path: Path, version: int) -> Path:
    """Where the library as a version of the form left it is kept, for going back to an earlier program."""
    return path.with_name(f"{path.stem}.form{version}{path.suffix}")


def _way_back(path: Path) -> str:
    """What to do with a library that a newer version has brought into its form."""
    copy = backup_of(path, SCHEMA_VERSION)
    if not copy.is_file():
        return "Install that version, or choose another folder with --data-dir."
    before = f"to go back to what there was before it, move that file away and call the copy {copy.name} {path.name}"
    return f"Install that version again; or, {before}."


def _keep(db: sqlite3.Connection, path: Path, version: int) -> None:
    """Copy the library beside itself before its form changes; a copy that is there already is the older, and stays."""
    copy = backup_of(path, version)
    if copy.exists():
        return
    part = copy.with_name(f"{copy.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    try:
        db.execute("VACUUM INTO ?", (str(part),))
        part.replace(copy)
    finally:
        part.unlink(missing_ok=True)


def make_index(db: sqlite3.Connection) -> bool:
    """Make the search index complete; False if this SQLite has none, and then searching reads every row."""
    with transaction(db):
        try:
            # Triples of characters: finds "x^2" and any part of a word, in every script, like the slow way does.
            db.execute(
                "CREATE VIRTUAL TABLE IF NOT EXISTS search USING fts5"
                "(body, content = 'solution', content_rowid = 'rowid', tokenize = 'trigram')"
            )
            # Fails also if the table was made by another SQLite and this one lacks the module.
            db.execute("SELECT rowid FROM search WHERE search MATCH '\"abc\"' LIMIT 1").fetchall()
        except sqlite3.OperationalError as e:
            if "no such module" in str(e) or "no such tokenizer" in str(e):
                return False
            raise
        if db.execute("SELECT 1 FROM solution WHERE NOT indexed LIMIT 1").fetchone():
            db.execute("INSERT INTO search (search) VALUES ('rebuild')")
            db.execute("UPDATE solution SET indexed = 1 WHERE NOT indexed")
    return True


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Everything in the block, or nothing of it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        # SQLite has already rolled back by itself after some faults, a full disk among them.
        if db.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                db.execute("ROLLBACK")
        raise
