"""The library: every solution in one SQLite file, written while it grows, searchable.

A row is there before the first word is generated, and every :meth:`Library.save` is a transaction of its own
in the write-ahead log: killing the program loses what was not saved yet and nothing else. Two windows may
share a library. Foreign errors become :class:`LibraryFault` in :func:`_faults`, one sentence each.

It refuses to repair a damaged file or to touch one of a newer version, and never throws a solution away
before it has been thirty days in the trash.

Threads: safe from any thread. There are two connections, each behind a lock: one writes, one reads. A reader
therefore never waits for a save, not even for one that waits for another program's save.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final, get_args

from tutor_app.adapters.library.presence import Presence
from tutor_app.adapters.library.schema import (
    connect,
    make_index,
    prepare,
    searchable,
    searched_text,
    storable,
    transaction,
)
from tutor_app.core.errors import LibraryFault, UserFault
from tutor_app.core.part_json import TranscriptFormatError
from tutor_app.core.transcript import Transcript
from tutor_app.core.values import Entry, Status

TRASH_DAYS: Final = 30
_STATUSES: Final = frozenset(get_args(Status))


class Library:
    """The solutions in one file."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open the library, made or brought to this version's form if need be.

        Solutions that a program left unfinished when it died are marked ``interrupted``; those of a program
        that lives are left alone. What has been in the trash for longer than :data:`TRASH_DAYS` is removed.

        Raises:
            LibraryFault: If it cannot be used; says why.
        """
        self._path = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links the user chose
        self._write_lock = threading.Lock()
        self._read_lock = threading.Lock()
        self._closed = False
        with contextlib.ExitStack() as undo, _faults(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._presence = Presence(self._path)
            undo.callback(self._presence.close)
            self._writer = connect(self._path)
            undo.callback(self._writer.close)
            prepare(self._writer, self._path)
            self._reader = connect(self._path)
            undo.callback(self._reader.close)
            self._reader.execute("PRAGMA query_only = ON")
            # SQLite's own functions know the upper case of A to Z only.
            self._reader.create_function("casefold", 1, str.casefold, deterministic=True)
            self._indexed = make_index(self._writer)
            self._adopt_orphans()
            self.purge(time.time() - TRASH_DAYS * 86400)
            undo.pop_all()

    # Writing

    def create(self, transcript: Transcript) -> str:
        """Add a problem, before its solution is begun; returns its id.

        Raises:
            LibraryFault: If it cannot be written.
        """
        now = time.time()
        key = uuid.uuid4().hex
        row = _row(transcript)
        with self._writing() as db:
            rowid = db.execute(
                "INSERT INTO solution (id, created, updated, status, owner, problem, model, answer, verdict,"
                " transcript, body, indexed) VALUES (?, ?, ?, 'running', ?, ?, ?, ?, ?, ?, ?, ?)",
                (key, now, now, self._presence.name, *row, self._indexed),
            ).lastrowid
            if self._indexed:
                db.execute("INSERT INTO search (rowid, body) VALUES (?, ?)", (rowid, row[-1]))
        return key

    def save(self, id: str, transcript: Transcript, status: Status = "running") -> None:
        """Write what there is of a solution; whoever makes it calls this at least once a second.

        Raises:
            UserFault: If there is no such solution (any more).
            LibraryFault: If it cannot be written.
        """
        if status not in _STATUSES:
            raise ValueError(f"status {status!r}")
        row = _row(transcript)
        owner = self._presence.name if status == "running" else None
        with self._writing() as db:
            old = db.execute("SELECT rowid, body, indexed FROM solution WHERE id = ?", (id,)).fetchone()
            if old is None:
                raise _unknown()
            rowid, body, indexed = old
            indexed = indexed and self._indexed
            db.execute(
                "UPDATE solution SET updated = ?, status = ?, owner = ?, problem = ?, model = ?, answer = ?,"
                " verdict = ?, transcript = ?, body = ?, indexed = ? WHERE rowid = ?",
                (time.time(), status, owner, *row, indexed, rowid),
            )
            if indexed and body != row[-1]:
                # The index holds no text of its own, so it must be told what to forget.
                db.execute("INSERT INTO search (search, rowid, body) VALUES ('delete', ?, ?)", (rowid, body))
                db.execute("INSERT INTO search (rowid, body) VALUES (?, ?)", (rowid, row[-1]))

    def delete(self, id: str) -> None:
        """Put a solution into the trash; it is out of every list until :meth:`undelete`.

        Raises:
            UserFault: If there is no such solution.
            LibraryFault: If it cannot be written.
        """
        self._set_deleted(id, time.time())

    def undelete(self, id: str) -> None:
        """Take a solution out of the trash.

        Raises:
            UserFault: If it is gone for good.
            LibraryFault: If it cannot be written.
        """
        self._set_deleted(id, None)

    def purge(self, before: float = math.inf) -> int:
        """Remove what is in the trash for good; returns how many solutions went.

        Args:
            before: POSIX seconds; what was deleted later stays in the trash.

        Raises:
            LibraryFault: If it cannot be written.
        """
        with self._writing() as db:
            gone = db.execute("SELECT rowid, body, indexed FROM solution WHERE deleted < ?", (before,)).fetchall()
            for rowid, body, indexed in gone:
                if indexed and self._indexed:
                    db.execute("INSERT INTO search (search, rowid, body) VALUES ('delete', ?, ?)", (rowid, body))
                db.execute("DELETE FROM solution WHERE rowid = ?", (rowid,))
        return len(gone)

    # Reading

    def get(self, id: str) -> Transcript:
        """The solution, also one in the trash.

        Raises:
            UserFault: If there is none of this id.
            LibraryFault: If it cannot be read.
        """
        with self._reading() as db:
            row = db.execute("SELECT transcript FROM solution WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise _unknown()
        try:
            return Transcript.from_json(row[0])
        except (TranscriptFormatError, TypeError) as e:
            raise LibraryFault(f"This solution is damaged in the library: {e}.", "Delete it, or solve it again.") from e

    def count(self, *, deleted: bool = False) -> int:
        """How many solutions there are.

        Args:
            deleted: In the trash instead of outside it.

        Raises:
            LibraryFault: If it cannot be read.
        """
        with self._reading() as db:
            (found,) = db.execute(f"SELECT count(*) FROM solution WHERE {_in_trash(deleted)}").fetchone()
        return int(found)

    def has(self, id: str) -> bool:
        """Whether there is a solution of this id, outside the trash.

        Raises:
            LibraryFault: If it cannot be read.
        """
        with self._reading() as db:
            row = db.execute(f"SELECT 1 FROM solution WHERE id = ? AND {_in_trash(False)}", (id,)).fetchone()
        return row is not None

    def ids(self, beginning: str, limit: int = 2) -> tuple[str, ...]:
        """The ids that begin so, outside the trash; by default just enough to tell one from several.

        Raises:
            LibraryFault: If it cannot be read.
        """
        with self._reading() as db:
            rows = db.execute(
                f"SELECT id FROM solution WHERE substr(id, 1, ?) = ? AND {_in_trash(False)} LIMIT ?",
                (len(beginning), storable(beginning), limit),
            ).fetchall()
        return tuple(key for (key,) in rows)

    def find(self, transcript: Transcript) -> str:
        """The id of a solution that equals ``transcript`` in everything, outside the trash; empty if none does.

        Raises:
            LibraryFault: If it cannot be read.
        """
        problem, _, _, _, text, _ = _row(transcript)
        with self._reading() as db:
            rows = db.execute(
                f"SELECT id, transcript FROM solution WHERE problem = ? AND {_in_trash(False)} ORDER BY rowid",
                (problem,),
            ).fetchall()
        for key, stored in rows:
            if stored == text:
                return str(key)
            # An earlier version may have written the same transcript in another order; a damaged one equals none.
            with contextlib.suppress(TranscriptFormatError, TypeError):
                if Transcript.from_json(stored) == transcript:
                    return str(key)
        return ""

    def entries(
        self, query: str = "", limit: int = 200, offset: int = 0, *, deleted: bool = False
    ) -> tuple[Entry, ...]:
        """The solutions, newest first.

        Args:
            query: Words that must all occur, anywhere in the problem, the prose, the code or the answer; upper
                and lower case are the same, and so are the ways to write an accent. ``x^2`` or ``\\frac`` are
                words too. Of a longer query the first twenty words count, and of a word the first sixty characters.
            limit: How many at most.
            offset: How many to leave out at the beginning.
            deleted: Those in the trash instead of the others.

        Raises:
            LibraryFault: If it cannot be read.
        """
        where = [_in_trash(deleted)]
        values: list[str | int] = []
        # The index takes seconds for a pasted page, and the slow way refuses it.
        for word in (w[:60] for w in searchable(query).split()[:20]):
            # The index is made of triples of characters, so it cannot find less.
            if self._indexed and len(word) >= 3:
                where.append("solution.rowid IN (SELECT rowid FROM search WHERE search MATCH ?)")
                values.append('"' + word.replace('"', '""') + '"')
            else:
                where.append("instr(casefold(body), ?)")
                values.append(word.casefold())
        with self._reading() as db:
            rows = db.execute(
                "SELECT id, problem, model, answer, status, created, updated, verdict FROM solution"
                f" WHERE {' AND '.join(where)} ORDER BY created DESC, solution.rowid DESC LIMIT ? OFFSET ?",
                (*values, limit, offset),
            ).fetchall()
        return tuple(Entry(*row) for row in rows)

    def close(self) -> None:
        """Close the file; safe to call twice. What this object left running is marked ``interrupted``."""
        with self._write_lock, self._read_lock:
            if self._closed:
                return
            self._closed = True
            # Whatever fails here, the next opening does the same for a program that is gone.
            with contextlib.suppress(sqlite3.Error):
                self._writer.execute(
                    "UPDATE solution SET status = 'interrupted', owner = NULL WHERE owner = ?", (self._presence.name,)
                )
            self._reader.close()
            # The last connection to close folds the write-ahead log into the file; the disk may be full.
            with contextlib.suppress(sqlite3.Error):
                self._writer.close()
            self._presence.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Inside

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._write_lock, _faults(self._path):
            self._check_open()
            with transaction(self._writer):
                yield self._writer

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._read_lock, _faults(self._path):
            self._check_open()
            yield self._reader

    def _check_open(self) -> None:
        if self._closed:
            raise LibraryFault("The library is closed.")

    def _set_deleted(self, id: str, when: float | None) -> None:
        with self._writing() as db:
            if not db.execute("UPDATE solution SET deleted = ? WHERE id = ?", (when, id)).rowcount:
                raise _unknown()

    def _adopt_orphans(self) -> None:
        with self._writing() as db:
            owners = [o for (o,) in db.execute("SELECT DISTINCT owner FROM solution WHERE status = 'running'")]
            for owner in owners:
                if owner is None or not self._presence.is_alive(owner):
                    db.execute(
                        "UPDATE solution SET status = 'interrupted', owner = NULL"
                        " WHERE status = 'running' AND owner IS ?",
                        (owner,),
                    )
            self._presence.sweep()


def _row(transcript: Transcript) -> tuple[str, str, str, str, str, str]:
    """Problem, model, answer, verdict, transcript and body."""
    model = transcript.meta.get("model", "")
    answer, verdict = (transcript.answer.latex, transcript.answer.judged) if transcript.answer else ("", "unchecked")
    # Half of a surrogate pair (a cut emoji) cannot be stored as UTF-8. In JSON the escape \udXXX, which
    # "backslashreplace" writes, means exactly that half, so nothing is lost.
    text = transcript.to_json().encode("utf-8", "backslashreplace").decode("utf-8")
    shown = model if isinstance(model, str) else json.dumps(model)
    return storable(transcript.problem), storable(shown), storable(answer), verdict, text, searched_text(transcript)


def _in_trash(deleted: bool) -> str:
    return f"deleted IS {'NOT ' if deleted else ''}NULL"


def _unknown() -> UserFault:
    return UserFault("This solution is no longer in the library.")


@contextlib.contextmanager
def _faults(path: Path) -> Iterator[None]:
    """The one place where SQLite's and the system's errors become a :class:`LibraryFault`."""
    elsewhere = "Choose another folder with --data-dir."
    try:
        yield
    except sqlite3.Error as e:
        # The low byte is the kind, the rest a refinement.
        code = getattr(e, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            raise LibraryFault(
                f"The disk is full, so the library {path} cannot be written.", "Make room and try again."
            ) from e
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
            raise LibraryFault(f"The library {path} is read-only.", elsewhere) from e
        if code == sqlite3.SQLITE_CANTOPEN:
            raise LibraryFault(f"The library {path} cannot be opened.", elsewhere) from e
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise LibraryFault(
                f"The library {path} is damaged or no library; it was left as it is.",
                "Rename it and a new one will be made, or put a copy in its place.",
            ) from e
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise LibraryFault(f"Another program holds the library {path}.", "Close that program and try again.") from e
        raise LibraryFault(f"The library {path} failed: {e}.", elsewhere) from e
    except (OSError, ValueError) as e:
        reason = e.strerror if isinstance(e, OSError) and e.strerror else str(e)
        raise LibraryFault(f"The library {path} cannot be used: {reason}.", elsewhere) from e
