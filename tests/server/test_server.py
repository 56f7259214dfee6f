from __future__ import annotations

import errno
import json
import logging
import socket
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest

from tests.fakes import FakeExecutor
from tests.scripted_model import Failure, ScriptedModel
from tests.server.served import SOLUTION, Served, parse_events, served
from tests.waiting import wait_until
from tutor_app.core.errors import EngineFault, UserFault
from tutor_app.core.parts import CodeError, Output
from tutor_app.core.ports import Sampling
from tutor_app.core.solve_settings import SolveSettings
from tutor_app.core.transcript import Transcript
from tutor_app.server import application, serving
from tutor_app.server.replies import StopStrings
from tutor_app.server.serving import bind, checked_key, is_loopback, own_key, read_key

if TYPE_CHECKING:  # with its thousand modules it would hold up the collection of all other tests
    import openai

LONG = " ".join(f"word{n}" for n in range(40_000))  # what repeats itself is cut off
FOR_EVER = 10_000  # seconds; what ends all the same ended by itself
TEXT = "Let us compute.\n```python\nprint(6*7)\n```\n```output\n42\n```\nSo it is $\\boxed{42}$."


def user(text: str) -> Any:
    return {"role": "user", "content": text}


def client(server: Served, key: str = "none", **options: Any) -> openai.OpenAI:
    import openai

    return openai.OpenAI(base_url=server.url, api_key=key, max_retries=0, timeout=60, **options)


def test_the_official_client_gets_code_and_outputs_in_the_text() -> None:
    with served() as server, client(server) as api:
        (model,) = api.models.list().data
        reply = api.chat.completions.create(model=model.id, messages=[user("What is 6*7?")])
        (choice,) = reply.choices
        assert (choice.message.content, choice.finish_reason) == (TEXT, "stop")
        assert reply.usage is not None
        assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens > 20
        extra = reply.model_extra or {}
        assert extra["tutor"]["ended"] == "answered"
        assert extra["tutor"]["answer"]["latex"] == "42"
    assert server.executor.ran == ["print(6*7)"]


def test_the_official_client_streams() -> None:
    with served() as server, client(server) as api:
        stream = api.chat.completions.create(
            model="scripted", messages=[user("What is 6*7?")], stream=True, stream_options={"include_usage": True}
        )
        chunks = list(stream)
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == TEXT
    assert len(chunks) > 8, "it must come as it is written"
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens > 10


def test_earlier_messages_are_earlier_turns() -> None:
    class Listening(ScriptedModel):
        asked = ""

        def generate(self, prompt: Any, **options: Any) -> Any:
            Listening.asked = "".join(span.text for span in prompt)
            return super().generate([s for s in prompt if not s.supervised], **options)

    model = Listening(["It is $\\boxed{64}$."])
    messages = [user("What is 6*7?"), {"role": "assistant", "content": "It is 42."}, user("And 8*8?")]
    with served(model=model) as server, client(server) as api:
        reply = api.chat.completions.create(model="scripted", messages=[{"role": "system", "content": "Hi"}, *messages])
    assert reply.choices[0].message.content == "It is $\\boxed{64}$."
    places = [Listening.asked.index(t) for t in ("Hi", "What is 6*7?", "It is 42.", "And 8*8?")]
    assert places == sorted(places)


def test_the_bare_model_completes_a_text() -> None:
    with served(["one two three four"]) as server, client(server) as api:
        whole = api.completions.create(model="scripted", prompt="Count:", max_tokens=100)
        assert (whole.choices[0].text, whole.choices[0].finish_reason) == ("one two three four", "stop")
        short = api.completions.create(model="scripted", prompt="Count:", max_tokens=2)
        assert (short.choices[0].text, short.choices[0].finish_reason) == ("one two ", "length")
        cut = api.completions.create(model="scripted", prompt="Count:", stop=[" three"])
        assert cut.choices[0].text == "one two"
        pieces = [
            c.choices[0].text
            for c in api.completions.create(model="scripted", prompt="Count:", stream=True)
            if c.choices
        ]
        assert "".join(pieces) == "one two three four"


def test_a_solution_in_the_programs_own_form() -> None:
    with served() as server:
        status, _, whole = server.ask("/v1/solve", {"problem": "What is 6*7?"})
        events = server.events("/v1/solve", {"problem": "What is 6*7?", "stream": True})
    assert status == 200
    transcript = Transcript.from_dict(whole["transcript"])
    assert transcript.answer is not None
    assert (transcript.answer.latex, whole["reason"]) == ("42", "answered")
    names = [name for name, _ in events]
    assert {"round", "text", "code_started", "code", "code_ended", "run", "answer"} < set(names)
    assert names[-1] == "finished"
    assert "".join(v["text"] for n, v in events if n == "text") == "Let us compute.\n" + SOLUTION[1]
    run = next(value for name, value in events if name == "run")
    assert run["output"]["stdout"] == "42\n"
    streamed = Transcript.from_dict(events[-1][1]["transcript"])
    assert [turn.parts for turn in streamed.turns] == [turn.parts for turn in transcript.turns]


def test_reasoning_only_and_an_error_in_the_code() -> None:
    failed = Output(status="error", error=CodeError("ZeroDivisionError", "division by zero", 1))
    with served(executor=FakeExecutor([failed])) as server:
        _, _, said = server.ask("/v1/chat/completions", {"messages": [user("x")]})
        _, _, silent = server.ask("/v1/solve", {"problem": "x", "run_code": False})
    assert "```output\nZeroDivisionError: division by zero\n```" in said["choices"][0]["message"]["content"]
    assert silent["usage"]["runs"] == 0


def test_stop_strings_of_a_chat_end_it_wherever_they_are_cut() -> None:
    with served(places=1) as server:
        for stop in ("```output", "is $"):
            _, _, said = server.ask("/v1/chat/completions", {"messages": [user("x")], "stop": [stop]})
            assert said["choices"][0]["message"]["content"] == TEXT[: TEXT.index(stop)]
            events = server.events("/v1/chat/completions", {"messages": [user("x")], "stop": stop, "stream": True})
            assert events[-1][1] == "[DONE]"
            text = "".join(v["choices"][0]["delta"].get("content", "") for _, v in events[:-1])
            assert text == TEXT[: TEXT.index(stop)]


@pytest.mark.parametrize("stop", ["So it", "Let us"])
def test_what_a_chat_has_cost_is_told_also_where_a_stop_string_ends_it(stop: str) -> None:
    """Of the text that the stop string cut off the model has written little or nothing more."""
    slow = ScriptedModel(["Let us compute.", ""], seconds_per_token=0.002, n_seq=1)
    long = ScriptedModel(["So it is. " + LONG, ""], seconds_per_token=0.002, n_ctx=10**9, n_seq=1)
    asked: dict[str, Any] = {"messages": [user("What is 6*7?")], "stop": stop, "max_tokens": 5000}
    with served(model=long if stop == "So it" else slow, places=1) as server:
        _, _, whole = server.ask("/v1/chat/completions", asked)
        assert whole["choices"][0]["finish_reason"] == "stop"
        assert "tutor" not in whole
        assert whole["usage"]["prompt_tokens"] > 0
        assert 0 < whole["usage"]["completion_tokens"] < 5000
        options = {"stream": True, "stream_options": {"include_usage": True}}
        streamed = [v for _, v in server.events("/v1/chat/completions", asked | options)]
        ends = [v["choices"][0]["finish_reason"] for v in streamed[:-1] if v["choices"]]
        assert [end for end in ends if end] == ["stop"]
        assert streamed[-2]["usage"]["completion_tokens"] > 0
        assert streamed[-1] == "[DONE]"


def test_what_a_request_does_not_say_of_drawing_is_as_in_the_settings() -> None:
    class Listening(ScriptedModel):
        told: list[Sampling] = []  # noqa: RUF012 - of this test alone

        def generate(self, prompt: Any, *, sampling: Sampling, **options: Any) -> Any:
            self.told.append(sampling)
            return super().generate(prompt, sampling=sampling, **options)

    own = SolveSettings(sampling=Sampling(0.7, 0.9, 3))
    with served(model=Listening(["$\\boxed{1}$"] * 9), settings=own) as server:
        for asked in ({}, {"seed": 8}, {"top_p": 0.5}, {"temperature": 0}):
            server.ask("/v1/solve", {"problem": "x"} | asked)
            server.ask("/v1/completions", {"prompt": "x"} | asked)
    expected = [Sampling(0.7, 0.9, 3), Sampling(0.7, 0.9, 8), Sampling(0.7, 0.5, 3), Sampling(0, 0.9, 3)]
    assert Listening.told == [each for each in expected for _ in range(2)]


def test_a_server_that_has_ended_leaves_the_logs_as_they_were() -> None:
    names = ("uvicorn.error", "uvicorn.access", "uvicorn.asgi", "asyncio")
    before = [logging.getLogger(name).level for name in names]
    with served() as server:
        assert server.ask("/health")[0] == 200
        assert not logging.getLogger("uvicorn.error").isEnabledFor(logging.WARNING)
    assert [logging.getLogger(name).level for name in names] == before


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_a_stop_string_in_pieces(size: int) -> None:
    stops = StopStrings(["abc", "cd"])
    text = "aab abz xabcd"
    out = "".join(stops.feed(text[i : i + size]) for i in range(0, len(text), size)) + stops.finish()
    assert (out, stops.met) == ("aab abz x", True)
    free = StopStrings(["abc"])
    assert "".join(free.feed(c) for c in "xab") + free.finish() == "xab"


def test_a_context_that_is_exceeded_says_the_counts() -> None:
    import openai

    model = ScriptedModel(SOLUTION, n_ctx=100)
    with served(model=model) as server, client(server) as api:
        for stream in (False, True):
            with pytest.raises(openai.BadRequestError) as refused:
                api.chat.completions.create(model="scripted", messages=[user("word " * 200)], stream=stream)
            assert refused.value.code == "context_length_exceeded"
            assert refused.value.type == "exceed_context_size_error"
            body: Any = refused.value.body
            assert body["n_ctx"] == 100
            assert body["n_prompt_tokens"] > 200
            assert f"They have {body['n_prompt_tokens']} tokens, and it holds 100" in body["message"]
        with pytest.raises(openai.BadRequestError):
            api.completions.create(model="scripted", prompt="word " * 200)


def test_a_model_that_fails_is_an_error_before_the_first_word_and_in_the_stream_after_it() -> None:
    fault = EngineFault("The model process was killed.")
    with served(model=ScriptedModel(SOLUTION, failure=Failure(0, 0, fault))) as server:
        status, _, said = server.ask("/v1/chat/completions", {"messages": [user("x")], "stream": True})
        assert (status, said["error"]["message"]) == (503, "The model process was killed.")
    with served(["one two three"], model=ScriptedModel(["one two three"], failure=Failure(0, 2, fault))) as server:
        events = server.events("/v1/completions", {"prompt": "x", "stream": True})
        assert events[-1][1]["error"]["message"] == "The model process was killed."
        status, _, said = server.ask("/v1/completions", {"prompt": "x"})
        assert (status, said["choices"][0]["text"]) == (200, "one two three")


def test_what_the_official_client_raises_for_each_error() -> None:
    """Every one arrives as the class that its users catch, with the sentence and the code, also in a stream."""
    import openai

    endless = ScriptedModel(["word " * 100_000], seconds_per_token=0.005, n_ctx=10**9, n_seq=1)
    key = "a-key-of-the-class-2026"
    wrong: list[tuple[type[openai.APIStatusError], str | None, dict[str, Any]]] = [
        (openai.BadRequestError, None, {"temperature": -1}),
        (openai.BadRequestError, "unsupported_parameter", {"tools": [{"type": "function", "function": {"name": "f"}}]}),
        (openai.NotFoundError, "model_not_found", {"model": "another"}),
        (openai.APIStatusError, None, {"messages": [user("y" * 30_000_000)]}),
    ]
    with served(model=endless, places=1, api_key=key) as server, client(server, key) as api:
        for kind, code, change in wrong:
            for stream in (False, True):
                asked: dict[str, Any] = {"model": "scripted", "messages": [user("x")], "stream": stream, **change}
                with pytest.raises(kind) as told:
                    api.chat.completions.create(**asked)
                assert (told.value.code, told.value.type) == (code, "invalid_request_error")
                assert str(told.value.body["message"] if isinstance(told.value.body, dict) else "").endswith(".")
        with client(server, "wrong-key-of-the-class") as other, pytest.raises(openai.AuthenticationError) as refused:
            other.chat.completions.create(model="scripted", messages=[user("x")])
        assert refused.value.code == "invalid_api_key"
        waiting = [server.open("/v1/completions", {"prompt": "x"}, key) for _ in range(17)]
        wait_until(lambda: server.ask("/health")[2]["waiting"] == 16)
        with pytest.raises(openai.RateLimitError) as much:
            api.completions.create(model="scripted", prompt="x")
        assert much.value.code == "rate_limit_exceeded"
        assert much.value.response.headers["retry-after"] == "5"  # which it keeps to, unless it is told not to retry
        for raw in waiting:
            raw.close()


def test_what_the_official_client_raises_for_a_model_that_dies() -> None:
    import openai

    fault = EngineFault("The model process was killed.")
    failing = ScriptedModel(SOLUTION, failure=Failure(0, 0, fault))
    with (
        served(model=failing) as server,
        client(server) as api,
        pytest.raises(openai.InternalServerError, match="The model process was killed"),
    ):
        api.chat.completions.create(model="scripted", messages=[user("x")])
    failing = ScriptedModel(["one two three"], failure=Failure(0, 2, fault))
    with served(model=failing) as server, client(server) as api:
        stream = iter(api.completions.create(model="scripted", prompt="x", stream=True))
        assert next(stream).choices[0].text.startswith("one")
        with pytest.raises(openai.APIError, match="The model process was killed"):
            list(stream)
    with pytest.raises(openai.APIConnectionError), client(server) as api:
        api.models.list()


@pytest.mark.parametrize(
    ("path", "body", "status", "part"),
    [
        ("/v1/chat/completions", b"not json", 400, "not JSON"),
        ("/v1/chat/completions", b"\x00\xff" * 500, 400, "not JSON"),
        ("/v1/chat/completions", {"messages": [user(" \n ")]}, 400, "no problem"),
        ("/v1/chat/completions", {"messages": [user("x" * 20_001)]}, 400, "20,001 characters"),
        ("/v1/chat/completions", {"messages": [user("x")], "model": "gpt-4"}, 404, "'scripted' is served"),
        ("/v1/solve", {"problem": ""}, 400, "no problem"),
        ("/v1/solve", {"problem": "y" * 1_000_001}, 413, "1,000,000 bytes"),
        ("/v1/nothing", {}, 404, "nothing at this address"),
        ("/chat/completions", {}, 404, "there is something at /v1/models, /v1/chat/completions"),
        ("/v1/solve", None, 405, "does not take that method; it takes POST"),
        ("/v1/models/other", None, 404, "no model 'other'"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(path: str, body: Any, status: int, part: str) -> None:
    with served() as server:
        got, _, said = server.ask(path, body)
    assert got == status
    assert part in said["error"]["message"]
    assert set(said["error"]) >= {"message", "type", "param", "code"}


def test_only_json_is_taken_and_nothing_is_allowed_to_other_origins() -> None:
    body = json.dumps({"problem": "x"}).encode()
    with served() as server:
        status, _, _ = server.ask("/v1/solve", body, headers={"Content-Type": "text/plain"})
        assert status == 415
        ask = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
        status, headers, _ = server.ask("/v1/solve", None, method="OPTIONS", headers=ask)
        assert status == 405
        assert not [name for name in headers if name.startswith("access-control")]
        status, _, said = server.ask("/v1/models", headers={"Host": "evil.example:80"})
        assert (status, said["error"]["code"]) == (403, "wrong_host")
        assert server.ask("/v1/models", headers={"Host": "[::1]:80"})[0] == 200


def test_the_key_is_asked_for_and_the_health_is_not_secret() -> None:
    import openai

    key = "a-key-of-the-class-2026"
    with served(api_key=key, loopback=False) as server:
        for headers in ({}, {"Authorization": "Bearer no"}, {"Authorization": key}, {"Authorization": "Basic " + key}):
            status, sent, said = server.ask("/v1/models", headers=headers)
            assert (status, said["error"]["code"], sent["www-authenticate"]) == (401, "invalid_api_key", "Bearer")
        # An address is kept by browsers, proxies and logs, so that a key in it is none.
        assert server.ask(f"/v1/models?api_key={key}&key={key}")[0] == 401
        assert server.ask("/health")[2] == {"status": "ok", "busy": 0, "waiting": 0, "places": 2}
        with client(server, key) as api:
            assert api.models.retrieve("scripted").id == "scripted"
        with client(server, "wrong-key-of-the-class") as api, pytest.raises(openai.AuthenticationError):
            api.models.list()


def test_a_client_that_goes_away_gives_its_place_to_the_next() -> None:
    endless = ScriptedModel(["word " * 100_000], seconds_per_token=0.005, n_ctx=10**9, n_seq=1)
    with served(model=endless, places=1) as server:
        raw = server.open("/v1/solve", {"problem": "x", "stream": True})
        assert raw.recv(100).startswith(b"HTTP/1.1 200")
        assert server.ask("/health")[2]["busy"] == 1
        raw.close()
        wait_until(lambda: server.ask("/health")[2]["busy"] == 0)
        status, _, said = server.ask("/v1/completions", {"prompt": "x", "max_tokens": 1})
        assert (status, said["choices"][0]["text"]) == (200, "word")


def test_clients_that_go_away_or_send_garbage_fill_no_log(caplog: pytest.LogCaptureFixture) -> None:
    asked = {"messages": [{"role": "user", "content": "6*7"}], "stream": True}
    with served(SOLUTION * 40) as server:
        for _ in range(10):
            client = server.open("/v1/chat/completions", asked)
            assert client.recv(8) == b"HTTP/1.1"
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, as of a crash
            client.close()
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(b"\x16\x03\x01\x02\x00 no HTTP at all\r\n\r\n")
            assert client.recv(12) == b"HTTP/1.1 400"
        assert server.ask("/v1/chat/completions", asked | {"stream": False})[0] == 200
    assert not caplog.records


@pytest.mark.parametrize("stream", [True, False])
def test_the_server_ends_while_clients_are_served_and_tells_each(
    stream: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(serving, "LEAVE_SECONDS", FOR_EVER)
    endless = ScriptedModel([LONG], seconds_per_token=0.005, n_ctx=10**9, n_seq=1)
    with served(model=endless, places=1) as server:
        clients = [server.open("/v1/solve", {"problem": "x", "stream": stream}) for _ in range(3)]
        wait_until(lambda: server.ask("/health")[2]["waiting"] == 2)
    for one in clients:
        with one, one.makefile("rb") as reply:
            said = reply.read()
        assert b'"message":"The server is ending.","type":"server_error"' in said
        assert b'"code":"shutting_down"' in said
        assert stream or said.startswith(b"HTTP/1.1 503")
    assert not caplog.records


def test_a_client_that_reads_a_byte_now_and_then_holds_up_neither_the_next_one_nor_the_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(serving, "LEFT_SECONDS", 0.3)
    monkeypatch.setattr(serving, "LEAVE_SECONDS", FOR_EVER)
    long = ScriptedModel([LONG], n_ctx=10**9, n_seq=1)
    many = 60_000
    with served(model=long, places=1, settings=SolveSettings(max_tokens=many)) as server:
        slow = server.open("/v1/completions", {"prompt": "x", "stream": True, "max_tokens": many})
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        for _ in range(10):
            assert len(slow.recv(1)) == 1
        wait_until(lambda: server.ask("/health")[2]["busy"] == 0, 60)
        assert server.ask("/v1/completions", {"prompt": "x", "max_tokens": 1})[0] == 200
    slow.close()
    assert not caplog.records


def test_a_client_that_sends_nothing_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HEADER_SECONDS", 0.05)
    monkeypatch.setattr(application, "BODY_SECONDS", 0.05)
    with served() as server:
        with socket.create_connection(("127.0.0.1", server.port)) as silent:
            assert silent.recv(10) == b""
        with socket.create_connection(("127.0.0.1", server.port)) as slow:
            slow.sendall(b"POST /v1/solve HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
            slow.sendall(b"Content-Length: 50\r\n\r\n{")
            assert slow.recv(100).startswith(b"HTTP/1.1 408")
        with socket.create_connection(("127.0.0.1", server.port)) as garbage:
            garbage.sendall(b"\x16\x03\x01 hello \r\n\r\n")
            assert garbage.recv(100).startswith(b"HTTP/1.1 400")


def test_many_at_once_and_none_waits_for_ever() -> None:
    model = ScriptedModel(SOLUTION, seconds_per_token=0.002, n_seq=3)
    with served(model=model, places=3) as server, ThreadPoolExecutor(12) as pool:

        def ask(n: int) -> str:
            _, _, said = server.ask("/v1/chat/completions", {"messages": [user(f"problem {n}")]})
            return str(said["choices"][0]["message"]["content"])

        assert set(pool.map(ask, range(30))) == {TEXT}
        # A place is given back right behind the last byte of a reply.
        wait_until(lambda: server.ask("/health")[2] == {"status": "ok", "busy": 0, "waiting": 0, "places": 3})


def test_who_asks_too_much_is_told_when_to_come_again() -> None:
    endless = ScriptedModel(["word " * 100_000], seconds_per_token=0.005, n_ctx=10**9, n_seq=1)
    with served(model=endless, places=1) as server:
        open_ones = [server.open("/v1/completions", {"prompt": "x", "stream": True}) for _ in range(17)]
        wait_until(lambda: server.ask("/health")[2]["waiting"] == 16)
        status, headers, said = server.ask("/v1/completions", {"prompt": "x"})
        assert (status, headers["retry-after"], said["error"]["code"]) == (429, "5", "rate_limit_exceeded")
        for raw in open_ones:
            raw.close()


@pytest.mark.parametrize("proxied", [True, False])
def test_behind_a_proxy_clients_are_told_apart_by_what_it_says(proxied: bool) -> None:
    """What a client says of itself stands before what the proxy adds, and is not believed; without one nothing is."""
    endless = ScriptedModel([LONG], seconds_per_token=0.005, n_ctx=10**9, n_seq=1)
    with served(model=endless, places=1, proxied=proxied) as server:
        asked = {"prompt": "x", "stream": True}
        told = [f"X-Forwarded-For: 10.0.0.{n}, 10.1.1.1" for n in range(16)] + ["X-Forwarded-For: 10.1.1.1"]
        waiting = [server.open("/v1/completions", asked, more=line) for line in told]
        wait_until(lambda: server.ask("/health")[2]["waiting"] == 16)
        for address, refused in (("10.1.1.1", True), ("10.1.1.2", not proxied)):
            another = server.open(
                "/v1/completions", asked, more=f"X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: {address}"
            )
            if refused:
                assert another.recv(12) == b"HTTP/1.1 429"
            else:
                wait_until(lambda: server.ask("/health")[2]["waiting"] == 17)
            waiting.append(another)
        for raw in waiting:
            raw.close()


def test_behind_a_proxy_the_name_is_that_of_the_proxy() -> None:
    with served(proxied=True) as server:
        assert server.ask("/health", headers={"Host": "tutor.school.example"})[0] == 200
    with served() as server:
        assert server.ask("/health", headers={"Host": "tutor.school.example"})[0] == 403


def test_a_silent_stream_shows_a_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tutor_app.server.jobs.SIGN_OF_LIFE_SECONDS", 0.02)
    gate = threading.Event()

    def wait(_: str) -> None:
        gate.wait(60)

    with served(executor=FakeExecutor(on_run=wait)) as server:
        raw = server.open("/v1/solve", {"problem": "x", "stream": True})
        got = b""
        while b": still at work" not in got:
            got += raw.recv(10_000)
        gate.set()
        while more := raw.recv(10_000):
            got += more
        raw.close()
    assert b"event: finished" in got
    assert parse_events("event: a\ndata: {}\n\n: still at work\n\n") == [("a", {})]


def test_ports_and_addresses() -> None:
    with bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(UserFault, match="is in use"):
            bind("127.0.0.1", port)
    with pytest.raises(UserFault, match="no address of this computer"):
        bind("203.0.113.7", 0)
    with pytest.raises(UserFault, match="no address of this computer"):
        bind("no.such.host.invalid", 0)
    with pytest.raises(UserFault, match="There is no port"):
        bind("127.0.0.1", 70_000)
    with (
        patch("socket.create_server", side_effect=PermissionError(errno.EACCES, "Permission denied")),
        pytest.raises(UserFault, match=r"^Port 80 may be opened by the administrator only\. Choose one from 1024 on"),
    ):
        bind("127.0.0.1", 80)
    assert [is_loopback(h) for h in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "192.168.1.5", "school")] == [
        *[True] * 3,
        *[False] * 3,
    ]


def test_the_key_of_this_computer_is_kept_for_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "key"
    key = own_key(file)
    assert len(key) >= 16
    assert own_key(file) == read_key(file) == key
    assert file.stat().st_mode & 0o077 == 0
    file.write_text("short")
    with pytest.raises(UserFault, match="at least 16"):
        own_key(file)
    with pytest.raises(UserFault, match="cannot be read"):
        read_key(tmp_path / "none")
    for wrong in ("x" * 15, "with blanks in between", "ünïcode-key-of-a-class"):
        with pytest.raises(UserFault):
            checked_key(wrong)
