"""The boundary: what crosses it, what is refused, and what is said of a box that misbehaves."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.trainer.cbbt import toy_box
from trainer.cbbt.box import BoxFault, Budget, BudgetSpent, HttpBox, ProcessBox, size_of
from trainer.cbbt.frames import Array, pack_frame, read_frame
from trainer.cbbt.serving import answer
from tutor_app.core.errors import UserFault

PROMPTS = np.random.default_rng(1).standard_normal((3, 1, toy_box.EMBEDDING)).astype(np.float32)
SHAPES = {"features": (3, toy_box.CLASSES, toy_box.FEATURES)}


def ask(box: ProcessBox | HttpBox) -> Array:
    return box.ask("texts", {"prompts": PROMPTS}, SHAPES)["features"]


def test_embeddings_go_in_and_features_come_out() -> None:
    with ProcessBox(toy_box.command()) as box:
        assert size_of(box.info, "embedding") == 24
        got = ask(box)
        assert ask(box).tolist() == got.tolist()
    want = toy_box.texts({}, {"prompts": PROMPTS})["features"]
    np.testing.assert_allclose(got, want, atol=1e-6)


@pytest.mark.parametrize("op", ["weights", "gradient", "state_dict", "backward", ""])
def test_weights_and_gradients_are_no_operation(op: str) -> None:
    with ProcessBox(toy_box.command()) as box, pytest.raises(UserFault, match="only images, start, texts"):
        box.ask(op, {}, {})


def test_nothing_but_the_agreed_outputs_crosses(tmp_path: Path) -> None:
    """Every byte that the box sends is read back: frames of outputs, in which no row of a weight occurs."""
    log = tmp_path / "sent"
    with ProcessBox(toy_box.command(tap=log)) as box:
        ask(box)
        box.ask("images", {"images": PROMPTS[:, 0]}, {"features": (3, toy_box.FEATURES)})
    sent = log.read_bytes()
    stream, names = io.BytesIO(sent), []
    while (frame := read_frame(stream)) is not None:
        header, arrays = frame
        names.append((header["op"], {k: v.shape for k, v in arrays.items()}))
    assert stream.read() == b""
    assert names == [("ready", {}), ("answer", {"features": (3, 4, 8)}), ("answer", {"features": (3, 8)})]
    for weight in (toy_box.W1, toy_box.W2):
        assert not any(row.tobytes() in sent for row in (*weight, *np.ascontiguousarray(weight.T)))


@pytest.mark.parametrize(
    "array", [np.array([object()]), np.array(["text"]), np.zeros(2), np.zeros(2, dtype=np.complex64)]
)
def test_only_plain_numbers_have_a_form(array: Array) -> None:
    with pytest.raises(ValueError, match="x is "):
        pack_frame({}, {"x": array})


def test_a_pickled_array_is_not_read() -> None:
    body = io.BytesIO()
    np.save(body, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    size = len(body.getvalue()).to_bytes(8, "little")
    head = pack_frame({}, {"x": np.zeros(0, np.float32)})
    frame = head[: head.index(b"]}") + 2] + size + body.getvalue()
    with pytest.raises(ValueError, match="x is object"):
        read_frame(io.BytesIO(frame))


@pytest.mark.parametrize("cut", [2, 10, 40, 90, 170])
def test_a_frame_that_breaks_off_is_the_end(cut: int) -> None:
    frame = pack_frame({"op": "answer"}, {"x": np.ones((3, 4), np.float32)})
    assert cut < len(frame)
    assert read_frame(io.BytesIO(frame[:cut])) is None


@pytest.mark.parametrize(
    ("mode", "sentence"),
    [
        ("nan", "The black box answered features that are not all finite numbers."),
        ("narrow", "The black box answered features of size 3 x 4 x 3 where 3 x 4 x 8 was agreed."),
        ("nameless", "The black box answered without features."),
        ("dies", "The black box ended by itself, saying: out of memory."),
    ],
)
def test_a_bad_answer_is_one_sentence(mode: str, sentence: str) -> None:
    with ProcessBox(toy_box.command(mode)) as box, pytest.raises(BoxFault) as e:
        ask(box)
    assert e.value.message == sentence
    assert e.value.remedy


def test_a_slow_box_is_ended() -> None:
    with ProcessBox(toy_box.command("slow"), seconds=0.2) as box:
        with pytest.raises(BoxFault, match=r"gave no answer within 0\.2 seconds and was ended"):
            ask(box)
        with pytest.raises(BoxFault, match="ended by itself"):  # and stays so
            ask(box)


def test_a_box_that_reads_nothing_is_ended_too() -> None:
    """The request does not fit into the pipe: the write itself must not wait for ever."""
    with ProcessBox(toy_box.command("slow"), seconds=0.2) as box:
        big = np.zeros((1 << 18, toy_box.EMBEDDING), np.float32)
        with pytest.raises(BoxFault):
            ask(box)
        with pytest.raises(BoxFault):
            box.ask("images", {"images": big}, {"features": (None, toy_box.FEATURES)})


@pytest.mark.parametrize(
    ("mode", "sentence"), [("no start", "saying: the weights are missing"), ("garbage", "no frame of its protocol")]
)
def test_a_box_that_does_not_start_says_why(mode: str, sentence: str) -> None:
    with pytest.raises(BoxFault, match=sentence):
        ProcessBox(toy_box.command(mode))


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(BoxFault, match="cannot be started"):
        ProcessBox(["no-such-program-anywhere"])


def test_what_a_library_prints_in_the_box_harms_nothing() -> None:
    with ProcessBox(toy_box.command("noise")) as box:
        assert ask(box).shape == (3, 4, 8)


@pytest.mark.parametrize("info", [{}, {"embedding": 0}, {"embedding": "many"}, {"embedding": True}])
def test_a_model_without_embeddings_is_refused(info: dict[str, Any]) -> None:
    with pytest.raises(UserFault, match="takes embeddings and gives features"):
        size_of(info, "embedding")


def test_a_budget_is_never_exceeded() -> None:
    budget = Budget(limit=10)
    budget.take(4, each=3)
    budget.take(6, each=3)
    with pytest.raises(BudgetSpent):
        budget.take(1)
    assert (budget.spent, budget.sequences, budget.left) == (10, 30, 0)
    assert Budget().left is None


class Service(BaseHTTPRequestHandler):
    """The same protocol over HTTP."""

    def do_GET(self) -> None:
        self._send(pack_frame({"op": "ready", "embedding": toy_box.EMBEDDING}))

    def do_POST(self) -> None:
        frame = read_frame(io.BytesIO(self.rfile.read(int(self.headers["Content-Length"]))))
        assert frame is not None
        self._send(answer({"texts": toy_box.texts}, *frame))

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def service() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_a_service_speaks_the_same_protocol(service: str) -> None:
    box = HttpBox(service)
    assert size_of(box.info, "embedding") == 24
    np.testing.assert_allclose(ask(box), toy_box.texts({}, {"prompts": PROMPTS})["features"], atol=1e-6)
    with pytest.raises(UserFault, match="only texts"):
        box.ask("weights", {}, {})


def test_a_service_that_is_not_there() -> None:
    with pytest.raises(BoxFault, match="cannot be reached"):
        HttpBox("http://127.0.0.1:9/", seconds=2)
    with pytest.raises(UserFault, match="no address"):
        HttpBox("file:///etc/passwd")


def test_this_side_never_loads_a_model_library() -> None:
    """Gradients cannot cross by accident: the side that tunes prompts has no framework that could hold one."""
    import subprocess

    code = (
        "import sys, trainer.cbbt.box, trainer.cbbt.estimator, trainer.cbbt.optimiser, trainer.cbbt.prompts;"
        "print([m for m in ('torch', 'transformers', 'llama_cpp') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
