"""What is said of answers that no black box of the protocol gives, over HTTP and in frames; of each, one sentence."""

from __future__ import annotations

import contextlib
import io
import struct
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trainer.cbbt import toy_box
from trainer.cbbt.box import BoxFault, Budget, HttpBox
from trainer.cbbt.encoder import EncoderBox
from trainer.cbbt.frames import LENGTH, Array, pack_frame, read_frame
from trainer.cbbt.serving import answer
from tutor_app.core.errors import TutorError, UserFault

INFO: dict[str, Any] = {
    "op": "ready", "embedding": toy_box.EMBEDDING, "features": toy_box.FEATURES, "classes": 4, "scale": 10.0,
}  # fmt: skip
UNIT = np.zeros((2, 4, toy_box.FEATURES), np.float32)
UNIT[..., 0] = 1
SHAPES = {"features": UNIT.shape}
PROMPTS = np.zeros((2, 1, toy_box.EMBEDDING), np.float32)

Reply = Callable[[BaseHTTPRequestHandler], None]


@contextlib.contextmanager
def service(post: Reply, get: Reply | None = None) -> Iterator[str]:
    """A service that answers its requests so."""

    class Service(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            (get or body(pack_frame(INFO)))(self)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            post(self)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def body(data: bytes, status: int = 200, announced: int = 0, **headers: str) -> Reply:
    """A reply of these bytes, of which more may be announced."""

    def reply(to: BaseHTTPRequestHandler) -> None:
        to.send_response(status)
        for name, value in {**headers, "Content-Length": str(announced or len(data))}.items():
            to.send_header(name.replace("_", "-"), value)
        to.end_headers()
        to.wfile.write(data)

    return reply


def raw(data: bytes) -> Reply:
    """A reply that is no HTTP, or none."""

    def reply(to: BaseHTTPRequestHandler) -> None:
        to.wfile.write(data)
        to.close_connection = True

    return reply


def head(text: str) -> bytes:
    """A frame that is this JSON alone."""
    return struct.pack("<I", len(text)) + text.encode()


def npy(header: str, data: bytes = b"") -> bytes:
    """A frame whose only array states this of itself."""
    said = header.encode() + b"\n"
    whole = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(said)) + said + data
    return head('{"op": "answer", "arrays": ["features"]}') + LENGTH.pack(len(whole)) + whole


def stating(kind: str, shape: str) -> str:
    """The header of an ``.npy`` file."""
    return f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}, }}"


def asked(url: str, seconds: float = 20) -> TutorError:
    """What is said of the answer to a query."""
    with pytest.raises(TutorError) as e:
        HttpBox(url, seconds=seconds).ask("texts", {"prompts": PROMPTS}, SHAPES)
    assert "\n" not in str(e.value)
    return e.value


ANSWER = pack_frame({"op": "answer"}, {"features": UNIT})


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (body(b"", 500), "failed at a request (500 Internal Server Error)"),
        (body(b"slow", 429), "takes no more requests for now (429 Too Many Requests). Wait a little. What was learned"),
        (body(b"", 429, Retry_After="7"), "(429 Too Many Requests). Wait 7 seconds. What was learned so far is kept"),
        (body(b"", 503, Retry_After="Fri, 31 Dec 1999 23:59:59 GMT"), "(503 Service Unavailable). Wait a little."),
        (body(b"", 401), "wants a login (401 Unauthorized)"),
        (body(ANSWER[:50], announced=999), "broke off in the middle of an answer. What was learned so far is kept"),
        (body(ANSWER[:-9]), "broke off in the middle of an answer"),
        (body(b""), "broke off in the middle of an answer"),
        (raw(b""), "cannot be reached: Remote end closed connection without response"),
        (raw(b"HELLO THERE\r\n\r\n"), "cannot be reached: HELLO THERE"),
        (body(b"<html><body>Welcome</body></html>"), "no frame of its protocol (it begins with a length of"),
        (body(head('{"op": "answer", "ar')), "no frame of its protocol (Unterminated string"),
        (body(head("[" * 100_000)), "no frame of its protocol (its JSON is nested too deeply)"),
        (body(head("[]")), "no frame of its protocol (the message is no object)"),
        (body(head('{"op": "answer", "arrays": 3}')), "it does not name its arrays"),
        (body(head('{"op": "answer", "arrays": [null]}')), "it does not name its arrays"),
        (body(npy(stating("'<f4'", "(10**12, 8)"))), "features is no array"),
        (body(npy(stating("'<f4'", "(1000000000000, 8)"))), "features states more numbers than it holds"),
        (body(npy(stating("'<f4'", "(-8, 8)"))), "features is no array"),
        (body(npy(stating("__import__('os')", "(2,)"))), "features is no array"),
        (body(npy(stating("'|O'", "(2,)"), b"0" * 16)), "features is object"),
        (body(npy(stating("'<f8'", "(1,)"), b"0" * 8)), "features is float64"),
        (body(npy("{'descr': '<f4', (((")), "features is no array"),
        (body(pack_frame({"op": "answer"}, {"features": UNIT.astype(np.int64)})), "as int64 where float32 was agreed"),
        (body(pack_frame({"op": "answer"}, {"features": UNIT.astype(np.uint8)})), "as uint8 where float32 was agreed"),
        (
            body(pack_frame({"op": "answer"}, {"features": np.where(UNIT, UNIT, np.float32("inf"))})),
            "not all finite numbers",
        ),
        (body(pack_frame({"op": "ready"}, {"features": UNIT})), "a frame 'ready' where 'answer' was agreed"),
        (body(pack_frame({"op": "refused", "message": "Too\n many.\n"})), "refused a request: Too many."),
    ],
)
def test_an_answer_of_another_kind(reply: Reply, sentence: str) -> None:
    with service(reply) as url:
        assert sentence in str(asked(url))


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (body(b"", 302, Location="/again"), "failed at a request (302"),
        (body(b"", 404), "There is no black box at http://127.0.0.1:"),
        (body(b"<!doctype html>"), "no frame of its protocol"),
        (body(pack_frame({"op": "refused", "message": "No model."})), "refused a request: No model."),
        (body(ANSWER), "a frame 'answer' where 'ready' was agreed"),
    ],
)
def test_a_service_that_is_none(reply: Reply, sentence: str) -> None:
    with service(body(ANSWER), reply) as url:
        assert sentence in str(asked(url))


@pytest.mark.parametrize(
    "url", ["http://", "http://a b/", "http://[::1", "http://a:port/", "http://a:0/", "ftp://a/", ""]
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(UserFault, match="is no address of a service"):
        HttpBox(url)


def test_an_answer_that_only_goes_on_coming_is_given_up() -> None:
    """Each byte comes in time; the answer does not."""
    left = threading.Event()

    def drip(to: BaseHTTPRequestHandler) -> None:
        to.send_response(200)
        to.send_header("Content-Length", "1000")
        to.end_headers()
        with contextlib.suppress(OSError):
            while not left.wait(0.01):
                to.wfile.write(b"a")

    with service(drip) as url:
        said = asked(url, seconds=0.3)
        left.set()
    assert said.message == "The black box gave no answer within 0.3 seconds."


@pytest.mark.parametrize("scale", [float("inf"), float("nan"), 0, -1, True, "10", None])
def test_a_scale_that_is_none(scale: Any) -> None:
    with (
        service(body(ANSWER), body(pack_frame({**INFO, "scale": scale}))) as url,
        pytest.raises(UserFault, match="does not say the scale of its logits"),
    ):
        EncoderBox(HttpBox(url), Budget())


@pytest.mark.parametrize(("times", "said"), [(7.0, "length 7"), (0.0, "length 0"), (0.97, "length 0.97")])
def test_features_that_have_another_length(times: float, said: str) -> None:
    with service(body(pack_frame({"op": "answer"}, {"features": np.float32(times) * UNIT}))) as url:
        encoder = EncoderBox(HttpBox(url), Budget())
        with pytest.raises(BoxFault, match=f"answered features of {said} where 1 was agreed"):
            encoder.texts(PROMPTS.astype(np.float64))


def test_numbers_in_the_other_order_of_bytes_are_the_same_numbers() -> None:
    with service(body(pack_frame({"op": "answer"}, {"features": UNIT.astype(">f4")}))) as url:
        found = HttpBox(url).ask("texts", {"prompts": PROMPTS}, SHAPES)["features"]
    assert found.dtype.isnative
    assert found.tolist() == UNIT.tolist()


def test_what_a_stranger_says_is_a_part_of_a_sentence() -> None:
    said = "It is\x00 too\x1b[31m much.\n" + "word " * 1000
    with service(body(pack_frame({"op": "refused", "message": said}))) as url:
        text = str(asked(url))
    assert text.startswith("The black box refused a request: It is too [31m much. word word")
    assert text.isprintable()
    assert len(text) < 500


def test_features_of_half_precision_are_unit_enough() -> None:
    half = np.random.default_rng(0).standard_normal(UNIT.shape)
    half = (half / np.linalg.norm(half, axis=-1, keepdims=True)).astype(np.float16)
    with service(body(pack_frame({"op": "answer"}, {"features": half.astype(np.float32)}))) as url:
        assert EncoderBox(HttpBox(url), Budget()).texts(PROMPTS.astype(np.float64)).shape == UNIT.shape


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=6), st.integers(0, 400))
def test_bytes_of_any_kind_are_a_frame_or_none(changes: list[tuple[int, int]], end: int) -> None:
    """A frame with a few other bytes, cut off somewhere."""
    arrays: dict[str, Array] = {"f": np.ones((3, 4), np.float32), "n": np.arange(5)}
    frame = bytearray(pack_frame({"op": "answer", "x": [1, {"a": None}]}, arrays))
    for at, byte in changes:
        frame[at % len(frame)] = byte
    try:
        found = read_frame(io.BytesIO(bytes(frame[: end or None])))
    except ValueError:
        return
    assert found is None or isinstance(found[0], dict)


@pytest.mark.parametrize(
    "arrays", [{}, {"prompts": np.zeros((2, 1, 9), np.float32)}, {"prompts": np.zeros(0, np.int64)}]
)
def test_a_service_refuses_what_its_model_does_not_take(arrays: dict[str, Any]) -> None:
    """It goes on for the next one; a stranger's request ends no process."""
    frame = read_frame(io.BytesIO(answer({"texts": toy_box.texts}, {"op": "texts"}, arrays)))
    assert frame is not None
    assert frame[0]["op"] == "refused"
    assert str(frame[0]["message"]).startswith("it cannot be carried out (")
