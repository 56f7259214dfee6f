"""What a client sends by mistake or on purpose is answered by one typed error in one sentence."""

from __future__ import annotations

import gzip
import json
import socket
from typing import Any

import pytest

from tests.scripted_model import ScriptedModel
from tests.server.served import Served, served
from tutor_app.core.errors import UserFault
from tutor_app.server import application, serving
from tutor_app.server.requests import RequestFault, chat_request, completion_request, read_json, solve_request

HEAD = b"POST /v1/solve HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def sent(server: Served, data: bytes) -> tuple[int, dict[str, Any]]:
    """Status and error of the reply to these very bytes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as raw:
        raw.sendall(data)
        got = b""
        while not got.endswith(b"}") and (more := raw.recv(65536)):
            got += more
    head, _, body = got.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["error"]


@pytest.mark.parametrize(
    ("lines", "status", "part"),
    [
        (b"".join(b"X%d: y\r\n" % i for i in range(10_000)), 431, "more than 100"),
        (b"".join(b"X%d: y\r\n" % i for i in range(150)), 431, "more than 100"),
        (b"X: " + b"y" * 40_000 + b"\r\n", 431, "16,384 bytes"),
        (b"Content-Length: 104857600\r\n", 413, "1,000,000 bytes"),
        (b"Content-Length: 99999999999999999999\r\n", 413, "1,000,000 bytes"),
        (b"Content-Length: 2\r\nContent-Type: text/plain\r\n", 400, "Content-Type was sent twice"),
        (b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n", 400, "Authorization was sent twice"),
        (b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", 400, "not both"),
    ],
)
def test_a_head_that_no_request_needs(lines: bytes, status: int, part: str) -> None:
    with served() as server:
        got, error = sent(server, HEAD + lines + b"\r\n{}")
        assert server.ask("/health")[0] == 200
    assert got == status
    assert part in error["message"]


@pytest.mark.parametrize(
    ("data", "status", "part"),
    [
        (b"\x16\x03\x01\x02\x00" + b"a" * 500 + b"\r\n\r\n", 400, "no request of HTTP"),
        (b"GET /health\r\n\r\n", 400, "no request of HTTP"),
        (b"GET /health HTTP/1.1\r\n\r\n", 400, "no request of HTTP"),
        (HEAD + b"Content-Length: -5\r\n\r\n{}", 400, "no request of HTTP"),
        (HEAD + b"Content-Length: 5, 6\r\n\r\n{}", 400, "no request of HTTP"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n", 400, "no request of HTTP"),
        (HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, "no other Transfer-Encoding"),
        (b"GET /health HTTP/1.1\r\nX: " + b"y" * 2_000_000, 431, "too long"),
    ],
)
def test_what_is_no_http_gets_a_typed_error_too(data: bytes, status: int, part: str) -> None:
    with served() as server:
        got, error = sent(server, data)
        assert server.ask("/health")[0] == 200
    assert (got, error["type"]) == (status, "invalid_request_error")
    assert part in error["message"]


def test_a_head_that_comes_too_slowly_is_told_so_also_after_another_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HEADER_SECONDS", 0.2)
    for before in (b"", b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"):
        with served() as server, socket.create_connection(("127.0.0.1", server.port), timeout=30) as raw:
            raw.sendall(before + b"GET /hea")
            raw.sendall(b"l")
            got = b""
            while more := raw.recv(65536):
                got += more
        assert got.count(b"HTTP/1.1 408") == 1
        assert b"within 0.2 seconds" in got


def test_a_body_that_is_refused_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "LEFT_SECONDS", 0.1)
    with served() as server, socket.create_connection(("127.0.0.1", server.port), timeout=30) as raw:
        raw.sendall(HEAD + b"Content-Length: 104857600\r\n\r\n" + b"x" * 100_000)
        got = b""
        while more := raw.recv(65536):
            got += more
    assert got.startswith(b"HTTP/1.1 413")


def test_more_connections_than_the_server_takes_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "MOST_CONNECTIONS", 2)
    with served() as server:
        idle = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(2)]
        status, error = sent(server, b"")
        for raw in idle:
            raw.close()
    assert (status, error["code"]) == (503, "overloaded")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "GZIP, identity"])
def test_nothing_is_unpacked(coding: str) -> None:
    body = gzip.compress(json.dumps({"problem": "x" * 50_000_000}).encode(), 1)[:900_000]
    with served() as server:
        status, _, said = server.ask("/v1/solve", body, headers={"Content-Encoding": coding})
        assert (status, server.ask("/health")[0]) == (415, 200)
    assert "unpacks nothing" in said["error"]["message"]


def test_a_body_that_stops_is_given_up_and_its_connection_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "SILENT_SECONDS", 0.05)
    with served() as server:
        for rest in (b"Content-Length: 50\r\n\r\n{}", b"Transfer-Encoding: chunked\r\n\r\n5\r\nhe"):
            with socket.create_connection(("127.0.0.1", server.port), timeout=30) as raw:
                raw.sendall(HEAD + rest)
                got = b""
                while more := raw.recv(65536):
                    got += more
            assert got.startswith(b"HTTP/1.1 408")
            assert b"silent for 0.05" in got


@pytest.mark.parametrize("path", ["/v1/solve/", "/v1/models/../solve/", "/health/"])
def test_an_address_is_right_or_it_is_not(path: str) -> None:
    with served() as server:
        status, _, said = server.ask(path, None)
    assert status == 404
    assert said["error"]["message"].endswith(".")


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (b'{"seed": ' + b"9" * 5000 + b"}", "5,000 digits"),
        (b'{"anything": [-' + b"1" * 900_000 + b"]}", "900,001 digits"),
        (b'{"temperature": NaN}', "NaN is no number"),
        (b'{"a": {"b": -Infinity}}', "-Infinity is no number"),
        (b'{"problem": "x\\ud800"}', "half of a character"),
        (b'{"\\udfff": 1}', "half of a character"),
        (b'{"problem": "\xed\xa0\x80"}', "half of a character"),
        (b'{"problem": "\xe9"}', "no text in UTF-8"),
        (b"\x1f\x8b\x08", "no text in UTF-8"),
        (b"{'problem': 1}", "line 1, character 2"),
        (b'{"problem": 1} x', "line 1, character 16"),
        (b'{"a":' * 50_000, "nested too deeply"),
    ],
)
def test_what_is_no_request_is_said_in_the_programs_own_words(body: bytes, part: str) -> None:
    with pytest.raises(RequestFault) as refused:
        read_json(body)
    assert refused.value.status == 400
    assert part in refused.value.message
    for word in ("sys.", "codec", "column", "Expecting", "limit ("):
        assert word not in refused.value.message


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"temperature": 10**400}, "temperature"),
        ({"seconds": 10**400}, "seconds"),
        ({"top_p": -(10**400)}, "top_p"),
        ({"temperature": float("inf")}, "temperature"),
        ({"stop": False}, "stop"),
        ({"stop": 0}, "stop"),
        ({"stop": {}}, "stop"),
        ({"stop": "x" * 1001}, "stop"),
        ({"stream_options": []}, "stream_options"),
        ({"stream_options": False}, "stream_options"),
        ({"best_of": 3}, "best_of"),
        ({"echo": True}, "echo"),
        ({"suffix": "end"}, "suffix"),
        ({"presence_penalty": 0.5}, "presence_penalty"),
    ],
)
def test_a_value_that_does_not_fit_names_its_field(change: dict[str, object], param: str) -> None:
    with pytest.raises(RequestFault) as refused:
        solve_request({"problem": "x"} | change)
    assert (refused.value.status, refused.value.param) == (400, param)


def test_what_says_nothing_is_no_mistake() -> None:
    nothing = {"stop": None, "stream_options": None, "best_of": 1, "echo": False, "presence_penalty": 0}
    assert completion_request({"prompt": "x"} | nothing).asked.stop == ()
    assert chat_request({"messages": [{"role": "user", "content": "x"}]} | nothing).problem == "x"
    assert read_json(json.dumps({"seed": 2**64, "problem": "\U0001d465"}).encode()) == {
        "seed": 2**64,
        "problem": "\U0001d465",
    }


@pytest.mark.parametrize(
    "host", ["", " ", "fe80::1", "::ffff:127.0.0.1", "\0", "http://127.0.0.1", "[::1]:80", "a" * 300]
)
def test_what_is_no_address_is_said_to_be_none(host: str) -> None:
    with pytest.raises(UserFault, match="is no address of this computer") as told:
        serving.bind(host, 0)
    assert not str(told.value).startswith(" ")
    assert "while attempting" not in str(told.value)


def test_a_prompt_that_does_not_fit_names_its_field() -> None:
    long = "word " * 200
    asked = {
        "/v1/completions": ("prompt", long),
        "/v1/solve": ("problem", long),
        "/v1/chat/completions": ("messages", [{"role": "user", "content": long}]),
    }
    with served(model=ScriptedModel(["x"], n_ctx=100)) as server:
        for path, (name, value) in asked.items():
            status, _, said = server.ask(path, {name: value})
            assert (status, said["error"]["param"]) == (400, name)
            assert said["error"]["code"] == "context_length_exceeded"
