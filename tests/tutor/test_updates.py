"""A look for a newer version: what is believed, what is not, and what a bad server can do."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import sign_update
from nacl.signing import SigningKey

from tests.adapters.file_server import Behaviour, serving
from tutor_app.adapters.models.transfer import Timing, TransferStopped
from tutor_app.adapters.updates.signed_note import UntrustedNote, read_keys, read_note
from tutor_app.core.errors import HostFault, UserFault
from tutor_app.core.ports import NeverCancelled
from tutor_app.core.settings import Settings
from tutor_app.core.updates import UpdateAnswer, UpdateNote, version_numbers
from tutor_app.text.release_notes import Release
from tutor_app.tutor.paths import Folders
from tutor_app.tutor.updates import EVERY_SECONDS, MOST_BYTES, Updates, own_keys

KEY = SigningKey(b"k" * 32)
OTHER = SigningKey(b"o" * 32)
TODAY = date(2026, 11, 30)
ALWAYS = date.max
"""A note that is good until then is good on the day of the test, and where midnight falls into the test."""
PAGE = "https://example.org/tutor"
QUICK = Timing(connect=0.5, stall=0.5)
NEVER = NeverCancelled()


def note(told: str = "0.2.0", *, key: SigningKey = KEY, until: date = ALWAYS, **other: object) -> bytes:
    release = Release(told, date(2027, 1, 5), ("Faster.", "A new page."))
    text = json.dumps(json.loads(sign_update.make_note(release, PAGE, until)) | other)
    return sign_update.signed(text, bytes(key))


def changed(data: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    outer = json.loads(data)
    change(outer)
    return json.dumps(outer).encode()


@pytest.fixture
def where(tmp_path: Path) -> Folders:
    folders = Folders.under(tmp_path / "data")
    folders.create()
    return folders


@pytest.fixture
def server() -> Iterator[Behaviour]:
    with serving(Behaviour(note())) as behaviour:
        yield behaviour


def updates(where: Folders, running: str = "0.1.0") -> Updates:
    return Updates(where, keys=[bytes(OTHER.verify_key), bytes(KEY.verify_key)], running=running, timing=QUICK)


def on(server: Behaviour) -> Settings:
    return Settings(check_updates=True, update_url=server.url)


def test_a_newer_version_is_told_with_its_page_and_kept(where: Folders, server: Behaviour) -> None:
    answer = updates(where).look(on(server), NEVER)
    expected = UpdateNote("0.2.0", date(2027, 1, 5), ("Faster.", "A new page."), PAGE)
    assert answer == UpdateAnswer("0.1.0", expected)
    assert answer.newer
    assert answer.sentence == "Version 0.2.0 of 2027-01-05 is there; you have 0.1.0."
    assert updates(where).known() == answer
    assert [sorted(asked) for asked in server.seen] == [["accept-encoding", "connection", "host", "user-agent"]]
    assert server.seen[0]["user-agent"] == "mumath-tutor"


@pytest.mark.parametrize(
    ("running", "told", "newer"),
    [
        ("0.1.0", "0.1.0", False),
        ("0.2.0", "0.1.9", False),
        ("0.9.0", "0.10.0", True),
        ("0.10", "0.9.99", False),
        ("1", "1.0.0", False),
        ("1.0.0", "1.0.0.1", True),
    ],
)
def test_versions_are_compared_as_numbers(running: str, told: str, newer: bool) -> None:
    answer = UpdateAnswer(running, read_note(note(told), [bytes(KEY.verify_key)], TODAY))
    assert answer.newer is newer
    if not newer:
        assert answer.sentence == f"You have the newest version, {running}."


def test_numbers_of_a_version() -> None:
    assert version_numbers("3.14") == (3, 14, 0, 0)


BAD = {
    "changed text": changed(note(), lambda o: o.update(note=o["note"].replace("0.2.0", "9.9.9"))),
    "changed signature": changed(note(), lambda o: o.update(signature=base64.b64encode(b"s" * 64).decode())),
    "short signature": changed(note(), lambda o: o.update(signature="c2hvcnQ=")),
    "signature of nothing": changed(note(), lambda o: o.update(signature="")),
    "no Base64": changed(note(), lambda o: o.update(signature="\u00e4\u00f6")),
    "another key": note(key=SigningKey(b"x" * 32)),
    "no purpose": json.dumps(
        {"note": "{}", "signature": base64.b64encode(KEY.sign(b"{}").signature).decode()}
    ).encode(),
    "not JSON": b"<html>log in</html>",
    "a list": b"[1, 2]",
    "a number": b"1",
    "empty": b"",
    "no text": b"\xff\xfe\x00",
    "note is no text": changed(note(), lambda o: o.update(note={"version": "9"})),
    "half a character": b'{"note": "\\ud800", "signature": ""}',
    "deep": b"[" * 60_000,
    "too old": note(until=TODAY - timedelta(days=1)),
    "another program": note(program="calculator"),
    "no version": note(version="newest"),
    "version with words": note(version="1.0; rm"),
    "a number as version": note(version=2),
    "page of another kind": note(page="file:///etc/passwd"),
    "page that is no text": note(page=5),
    "script": note(page="javascript:alert(1)"),
    "changes are a number": note(changes=7),
    "changes hold numbers": note(changes=[7]),
    "no date": note(day="soon"),
    "no end": note(good_until="never"),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_what_is_not_signed_or_not_understood_is_not_believed(data: bytes, where: Folders) -> None:
    with serving(Behaviour(data)) as server, pytest.raises(UntrustedNote) as failure:
        updates(where).look(on(server), NEVER)
    assert str(failure.value).count(".") == 1
    assert updates(where).known() is None


def test_a_kept_note_that_was_changed_is_not_believed(where: Folders, server: Behaviour) -> None:
    updates(where).look(on(server), NEVER)
    (kept,) = where.cache.iterdir()
    kept.write_bytes(kept.read_bytes().replace(b"0.2.0", b"0.9.0"))
    assert updates(where).known() is None
    kept.write_bytes(os.urandom(1000))
    assert updates(where).known() is None


def test_long_words_are_cut(where: Folders) -> None:
    answer = read_note(note(changes=["a\nb " + "x" * 5000] * 90), [bytes(KEY.verify_key)], TODAY)
    assert len(answer.changes) == 50
    assert answer.changes[0].startswith("a b xx")
    assert len(answer.changes[0]) == 500


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (Behaviour(b"x" * (MOST_BYTES + 1)), "it sends more than it should"),
        (Behaviour(note(), claim=10**12), "it sends more than it should"),
        (Behaviour(note(), status=404), "there is no such file (404)"),
        (Behaviour(note(), status=500), "the server is out of order (500)"),
        (Behaviour(note(), cut_after=0), "the connection broke off"),
        (Behaviour(note(), cut_after=30), "the connection broke off"),
        (Behaviour(note(), stall_after=0), "no answer within 0.5 seconds"),
        (Behaviour(note(), stall_after=20), "no answer within 0.5 seconds"),
    ],
)
def test_a_server_that_is_bad_is_one_sentence(behaviour: Behaviour, said: str, where: Folders) -> None:
    with serving(behaviour) as server, pytest.raises(HostFault) as failure:
        updates(where).look(on(server), NEVER)
    assert str(failure.value) == f"127.0.0.1 does not tell the newest version: {said}."
    assert list(where.cache.iterdir()) == []


@pytest.mark.parametrize("more", [1, MOST_BYTES])
def test_more_than_is_announced_by_nobody_is_refused(more: int, where: Folders) -> None:
    def without_length(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(b" " * MOST_BYTES)
        request.wfile.flush()
        request.wfile.write(b" " * more)

    with serving(Behaviour(b"", answer=without_length)) as server, pytest.raises(HostFault, match="more than it"):
        updates(where).look(on(server), NEVER)


@pytest.mark.parametrize(
    "to", ["file:///etc/passwd", "ftp://127.0.0.1:9/x", "data:text/plain,x", "http://[::1/x", "", "/note"]
)
def test_a_server_that_sends_on_to_nowhere_is_one_sentence(to: str, where: Folders) -> None:
    def sent_on(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", to)
        request.send_header("Content-Length", "0")
        request.end_headers()

    said = r"127\.0\.0\.1 does not tell the newest version: it sends on to what is no page of the web, or round"
    with serving(Behaviour(b"", answer=sent_on)) as server, pytest.raises(HostFault, match=said):
        updates(where).look(on(server), NEVER)


def test_nobody_there(where: Folders) -> None:
    with serving(Behaviour(b"")) as server:
        url = server.url
    with pytest.raises(HostFault, match=r"127\.0\.0\.1 does not tell the newest version: the connection is refused\."):
        updates(where).look(Settings(update_url=url), NEVER)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://example.org/x", "example.org", "http://", "http://[::1/x"]
)
def test_only_the_web_is_asked(url: str, where: Folders) -> None:
    with pytest.raises(UserFault, match="Correct it in Settings, Updates"):
        updates(where).look(Settings(update_url=url), NEVER)


def test_without_an_address_it_says_where_to_set_one(where: Folders) -> None:
    with pytest.raises(UserFault, match="Set one in Settings, Updates"):
        updates(where).look(Settings(check_updates=True), NEVER)


def test_a_look_can_be_stopped(where: Folders, server: Behaviour) -> None:
    stop = threading.Event()
    stop.set()
    server.stall_after = 5
    with pytest.raises(TransferStopped):
        updates(where).look(on(server), stop)


def test_nothing_is_asked_unless_it_is_switched_on(where: Folders, server: Behaviour) -> None:
    assert not Settings().check_updates
    assert updates(where).look_if_due(Settings(update_url=server.url), NEVER) is None
    assert updates(where).look_if_due(Settings(check_updates=True), NEVER) is None
    assert server.seen == []


def test_a_start_asks_once_a_day(where: Folders, server: Behaviour) -> None:
    first = updates(where).look_if_due(on(server), NEVER)
    assert updates(where).look_if_due(on(server), NEVER) == first
    assert len(server.seen) == 1
    (kept,) = where.cache.iterdir()
    for moved in (-EVERY_SECONDS - 5, EVERY_SECONDS):  # a day has passed; the clock was wrong
        stamp = kept.stat().st_mtime + moved
        os.utime(kept, (stamp, stamp))
        updates(where).look_if_due(on(server), NEVER)
    assert len(server.seen) == 3


def test_a_cache_that_cannot_be_written_costs_nothing_but_another_look(where: Folders, server: Behaviour) -> None:
    where.cache.rmdir()
    where.cache.touch()
    assert updates(where).look(on(server), NEVER).newer
    assert updates(where).known() is None


def test_the_makers_keys_can_be_read_and_a_damaged_line_is_told() -> None:
    assert own_keys()
    assert all(len(key) == 32 for key in own_keys())
    assert read_keys("# none\n\n") == []
    with pytest.raises(ValueError, match=r"base64|padding"):
        read_keys("AAA")


@pytest.fixture
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A private key whose public one is among the makers'."""
    place = tmp_path / "private.key"
    assert sign_update.main(["keygen", str(place)]) == 0
    public = base64.b64decode(capsys.readouterr().out)
    monkeypatch.setattr(sign_update, "own_keys", lambda: [bytes(OTHER.verify_key), public])
    return place


def test_a_note_is_made_from_the_release_notes(
    private: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert private.stat().st_mode & 0o077 == 0
    assert sign_update.main(["public", str(private)]) == 0
    public = base64.b64decode(capsys.readouterr().out)
    file = tmp_path / "update.json"
    before = date.today()
    assert sign_update.main(["sign", str(private), "--page", PAGE, "--days", "3", "-o", str(file)]) == 0
    after = date.today()  # another day where midnight falls between
    made = read_note(file.read_bytes(), [public], before + timedelta(days=3))
    assert made.page == PAGE
    with pytest.raises(UntrustedNote, match="too old"):
        read_note(file.read_bytes(), [public], after + timedelta(days=4))
    assert sign_update.main(["verify", str(file)]) == 0
    monkeypatch.setattr(sign_update, "own_keys", own_keys)
    capsys.readouterr()
    assert sign_update.main(["verify", str(file)]) == 1  # another key than the makers' own
    assert "not signed by the makers" in capsys.readouterr().err


def test_what_no_program_would_believe_is_not_published(
    private: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, foreign, damaged, raw, short, open_ = (
        tmp_path / name for name in ("o", "foreign", "damaged", "raw", "s", "p")
    )
    foreign.write_bytes(base64.b64encode(b"f" * 32))
    damaged.write_bytes(b"not a key\n")
    raw.write_bytes(b"\xff" * 32)
    short.write_bytes(base64.b64encode(b"f" * 31))
    open_.write_bytes(private.read_bytes())
    for key in (foreign, damaged, raw, short):
        key.chmod(0o600)
    open_.chmod(0o644)
    page = ("--page", PAGE)
    wrong: list[tuple[Path, tuple[str, ...], str]] = [
        (foreign, page, "No program believes this key: "),
        *((key, page, f"{key} is no private key that keygen has written.") for key in (damaged, raw, short)),
        (tmp_path / "none", page, "none: No such file or directory."),
        (tmp_path, page, "Others may read " if tmp_path.stat().st_mode & 0o077 else "Is a directory"),
        *((private, (*page, "--days", days), f"not for {days}.") for days in ("0", "-4", "1001", "999999999999")),
        *(
            (private, ("--page", page), f"not {page!r}.")
            for page in ("javascript:alert(1)", "tutor.html", "", "https://a\n")
        ),
    ]
    if os.name == "posix":
        wrong.append((open_, page, f"Others may read {open_}; make it yours alone with: chmod 600 {open_}"))
    for key, options, said in wrong:
        assert sign_update.main(["sign", str(key), *options, "-o", str(file)]) == 1
        told = capsys.readouterr()
        assert said in told.err
        assert told.err.count("\n") == 1
        assert not file.exists()
    assert sign_update.main(["keygen", str(private)]) == 1
    assert capsys.readouterr().err == f"{private}: File exists.\n"
