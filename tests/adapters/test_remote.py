import json
import socket
import threading
from typing import Any

import pytest

from tests.generations import ask, stopped, text_of
from tests.scripted_model import Failure, ScriptedModel
from tests.server.served import served
from tests.server.silent import saying
from tests.waiting import wait_until
from tutor_app import __version__
from tutor_app.adapters.engine.remote import RemoteModel
from tutor_app.adapters.engine.requests import Address
from tutor_app.core.dialect import CHATML, Span
from tutor_app.core.errors import EngineFault, UserFault
from tutor_app.core.ports import Generation, Piece, Sampling, Stopped

KEY = "a-key-of-the-classroom"
PROMPT = (Span("Say something: "),)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("http://192.168.1.5:8642", Address("192.168.1.5", 8642)),
        (" http://192.168.1.5:8642/v1/ ", Address("192.168.1.5", 8642)),
        ("192.168.1.5:9000", Address("192.168.1.5", 9000)),
        ("school.local", Address("school.local", 8642)),
        ("http://school.local", Address("school.local", 80)),
        ("https://school.example/tutor/v1", Address("school.example", 443, "/tutor", secure=True)),
        ("http://[::1]:8642", Address("::1", 8642)),
    ],
)
def test_addresses_as_people_type_them(typed: str, address: Address) -> None:
    assert Address.of(typed) == address


@pytest.mark.parametrize(
    "typed",
    [
        *("", "ftp://x", "http://", "http://x:99999", "http://x:0", "http://a b", "http://u:p@x", "http://a..b:80"),
        *("http://" + 64 * "a" + ".de", "http://x\n:80", "http://[::1", "http://x/?q=1", "http://bücher.de"),
    ],
)
def test_what_is_no_address_is_one_sentence(typed: str) -> None:
    with pytest.raises(UserFault, match="is no address of a server"):
        RemoteModel(typed)


def test_what_is_served_is_told() -> None:
    with served(places=3, api_key=KEY) as server:
        model = RemoteModel(server.url, KEY)
        told = model.describe()
    assert (told.model, told.dialect, told.prompt, told.info.n_seq) == ("scripted", CHATML, "terse", 3)
    assert model.info.name == "scripted"
    assert model.info.device == f"on 127.0.0.1:{server.port}: no model: a script"
    assert told.defaults["max_tokens"] == 0


@pytest.mark.parametrize(("key", "says"), [("", "asks for a key"), ("wrong", "refuses the key")])
def test_a_key_that_is_wrong_or_missing(key: str, says: str) -> None:
    with served(api_key=KEY) as server, pytest.raises(UserFault, match=says):
        RemoteModel(server.url, key).describe()


def test_a_key_that_can_be_none() -> None:
    with pytest.raises(UserFault, match="characters that no key has"):
        RemoteModel("http://x", "schlüssel")


def described(**changes: Any) -> bytes:
    """A server of this program that describes itself with something changed."""
    more = {
        "version": __version__,
        "info": {"name": "M", "n_ctx": 100},
        "dialect": {"name": "d", "user_open": "", "user_close": "", "assistant_open": "", "assistant_close": ""},
        "defaults": {},
        "prompt": "short",
    } | changes
    return reply(json.dumps({"data": [{"id": "m", "tutor": more}]}).encode())


def reply(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        reply(b"<html>\n<p>It works!</p>\n</html>"),
        reply(b'{\n "data": [{"id": "some-model"}]\n}'),
        reply(b'{"data": []}'),
        reply(b"[]"),
        reply(b"nothing", "404 Not Found"),
        reply(b"", "301 Moved Permanently"),
        reply(b"[" * 100_000),
    ],
)
def test_another_program_is_told_from_a_tutors_server(answer: bytes) -> None:
    with saying(answer) as port, pytest.raises(EngineFault, match="is no tutor's server"):
        RemoteModel(f"127.0.0.1:{port}").describe()


@pytest.mark.parametrize(
    "changes",
    [
        {"info": {"name": 1}},
        {"info": {"name": "M", "n_seq": "2"}},
        {"info": []},
        {"dialect": {"name": "d"}},
        {"dialect": {"name": "d", "a later field": 1}},
        {"defaults": {"max_tokens": "many"}},
        {"defaults": {"max_tokens": float("nan")}},
    ],
)
def test_another_version_is_named(changes: dict[str, Any]) -> None:
    with saying(described(version="9.9", **changes)) as port, pytest.raises(UserFault, match=r"runs version 9\.9"):
        RemoteModel(f"127.0.0.1:{port}").describe()


def test_a_later_version_may_tell_more_of_its_model() -> None:
    with saying(described(info={"name": "M", "colour": "blue"})) as port:
        assert RemoteModel(f"127.0.0.1:{port}").describe().info.name == "M"


def test_nobody_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(EngineFault, match=f"No server runs at 127.0.0.1:{port}. See that"):
        RemoteModel(f"http://127.0.0.1:{port}").describe()


def test_a_server_that_hangs_up() -> None:
    with saying(b"") as port, pytest.raises(EngineFault, match="broke off the connection"):
        RemoteModel(f"127.0.0.1:{port}").describe()


def test_a_silent_server_keeps_nobody_from_stopping() -> None:
    stop = threading.Event()
    stop.set()
    with saying(b"", hang_up=False) as port, pytest.raises(EngineFault, match="was not waited for"):
        RemoteModel(f"127.0.0.1:{port}").describe(stop)


def test_a_generation_stops_while_the_server_lets_it_wait() -> None:
    stop = threading.Event()
    model = ScriptedModel(["word " * 1000], seconds_per_token=0.01)
    with served(model=model, places=1) as server:
        remote = RemoteModel(server.url)
        items = remote.generate(PROMPT, sampling=Sampling(), max_tokens=1000, cancel=stop)
        first = next(item for item in items if isinstance(item, Piece))
        stop.set()
        *_, last = items
        assert (first.text, last) == ("word", Stopped("cancelled", generated_tokens=stopped([last]).generated_tokens))
        wait_until(lambda: server.ask("/health")[2]["busy"] == 0)


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        ([], "broke off the connection"),
        (['{"choices": [{"text": "a"}], "n_tokens": 1}'], "broke off the connection"),
        (['{"choices": [{"text": 1}], "n_tokens": 1}'], "is no tutor's server"),
        (['{"choices": [{"text": "a"}]}'], "is no tutor's server"),
        (['{"stopped": {"reason": "tired"}}'], "is no tutor's server"),
        (["{{{"], "is no tutor's server"),
        (['{"error": {"message": "no\\nmemory"}}'], "failed: no memory"),
        (['{"error": "none"}'], "is no tutor's server"),
    ],
)
def test_a_stream_that_ends_too_soon_or_is_not_understood(events: list[str], sentence: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    stream = head + b"".join(b"data: " + e.encode() + b"\n\n" for e in events)
    with saying(described(), then=stream) as port, pytest.raises(EngineFault, match=sentence):
        ask(RemoteModel(f"127.0.0.1:{port}"), PROMPT)


def test_what_goes_wrong_in_the_middle_of_an_answer() -> None:
    with served(model=ScriptedModel(["one two three"], failure=Failure(after=2))) as server:
        items = RemoteModel(server.url).generate(PROMPT, sampling=Sampling(), max_tokens=9, cancel=threading.Event())
        seen: list[Generation] = []
        with pytest.raises(EngineFault, match="The script says that the model fails here"):
            seen.extend(items)
    assert text_of(seen) == "one two "


def test_a_prompt_without_room_is_told_by_its_length() -> None:
    with served(model=ScriptedModel(["x"], n_ctx=50)) as server:
        end = stopped(ask(RemoteModel(server.url), [Span("word " * 100)]))
    assert (end.reason, end.prompt_tokens) == ("context", 125)
