"""The parts of the model process that need no process: stop strings, drawing, token memory, the loop."""

import io
import queue
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.tiny_gguf import write_model
from tutor_app.adapters.engine.llama import CPU_CHUNK, LlamaModel, layers_on_card
from tutor_app.adapters.engine.prefix_states import PrefixStates
from tutor_app.adapters.engine.sampling import Generated, StopWatcher, common_prefix, draw
from tutor_app.adapters.engine.worker import DEBUG, LOG_LINES, EngineWorker, log_line
from tutor_app.adapters.wire import pack, read_message

# --- what llama.cpp says ---------------------------------------------------------------------------------------

CARD = "llama_prepare_model_devices: using device Vulkan0 (A Card (TM) 7) (unknown id) - 2048 MiB free\n"
OTHER_CARD = "llama_prepare_model_devices: using device CUDA0 (Another) (0000:01:00.0) - 9 MiB free\n"


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ([CARD, "load_tensors: offloaded 25/25 layers to GPU\n"], "25/25 layers on Vulkan0 (A Card (TM) 7)"),
        ([OTHER_CARD, "load_tensors: offloaded 3/25 layers to GPU\n"], "3/25 layers on CUDA0 (Another) (0000:01:00.0)"),
        (["load_tensors: offloaded 25/25 layers to GPU\n"], "25/25 layers on GPU"),
        ([CARD, "load_tensors: offloaded 0/25 layers to GPU\n"], ""),
        ([CARD], ""),
        ([], ""),
    ],
)
def test_the_layers_on_a_card_are_told(log: list[str], told: str) -> None:
    assert layers_on_card(log) == told


def test_a_line_for_each_tensor_pushes_nothing_out_of_the_log() -> None:
    log: list[str] = []
    assert log_line(log, 2, CARD.encode()) == CARD.strip()
    for number in range(2 * LOG_LINES):
        assert log_line(log, DEBUG, f"load_tensors: layer {number} assigned to device Vulkan0\n".encode()) == ""
    log_line(log, 2, b"load_tensors: offloaded 25/25 layers to GPU\n")
    assert layers_on_card(log) == "25/25 layers on Vulkan0 (A Card (TM) 7)"
    assert log_line(log, 4, b"error \xff\n") == "error \N{REPLACEMENT CHARACTER}"
    for _ in range(2 * LOG_LINES):
        log_line(log, 2, b"more\n")
    assert len(log) == LOG_LINES


# --- stop strings ----------------------------------------------------------------------------------------------

STOPS = st.lists(st.text("ab`", min_size=1, max_size=4), max_size=3)


@given(st.lists(st.text("ab`c", max_size=4), max_size=12), STOPS)
def test_a_stop_string_is_found_wherever_the_stream_is_cut(pieces: list[str], stops: list[str]) -> None:
    watcher = StopWatcher(stops)
    shown = ""
    for piece in pieces:
        shown += watcher.feed(piece)
        assert not any(s in shown for s in stops)
        if watcher.found:
            break
    else:
        shown += watcher.flush()
        assert shown == "".join(pieces)
        return
    # Nothing before the stop string is lost, and nothing after it is shown.
    assert "".join(pieces).startswith(shown + watcher.found)


def test_no_more_is_held_back_than_may_become_a_stop_string() -> None:
    watcher = StopWatcher(["</s>", ""])
    assert [watcher.feed(p) for p in ("a<", "/", "b", "</s", "p>")] == ["a", "", "</b", "", "</sp>"]


# --- drawing ---------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(-30, 30, width=32), min_size=1, max_size=40), st.floats(0.05, 3), st.floats(0.01, 1))
def test_only_the_nucleus_is_drawn_from(values: list[float], temperature: float, top_p: float) -> None:
    logits = np.array(values, np.float32)
    p = np.exp((logits.astype(np.float64) - logits.max()) / temperature)
    p /= p.sum()
    rng = np.random.default_rng(0)
    for _ in range(5):
        token = draw(logits, temperature, top_p, rng)
        # All tokens that are likelier than this one do not reach top_p by themselves.
        assert p[p > p[token]].sum() <= top_p + 1e-9


def test_frequencies_are_the_probabilities() -> None:
    p = np.array([0.5, 0.3, 0.15, 0.05])
    rng = np.random.default_rng(1)
    n = 4000
    for top_p, expected in ((1.0, p), (0.8, np.array([0.625, 0.375, 0, 0]))):
        drawn = [draw(np.log(p).astype(np.float32), 1.0, top_p - 1e-6, rng) for _ in range(n)]
        assert np.bincount(drawn, minlength=4) / n == pytest.approx(expected, abs=0.04)


@given(st.integers(1, 1500), st.floats(0, 1, exclude_max=True), st.integers(0, 2**32), st.floats(0.2, 2))
@example(512, 0.0, 1, 1.0)
@example(1024, 1 - 2**-53, 2, 1.0)
def test_of_all_tokens_the_one_is_drawn_that_a_sum_in_double_precision_reaches(
    size: int, u: float, seed: int, temperature: float
) -> None:
    class Said:
        def random(self) -> float:
            return u

    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, size).astype(np.float32)
    masked = rng.random(size) < 0.7
    masked[rng.integers(size)] = False
    logits[masked] = -np.inf
    token = draw(logits, temperature, 1.0, Said())
    p = np.exp((logits.astype(np.float64) - logits.max()) / temperature)
    sums = np.cumsum(p / p.sum())
    assert p[token] > 0
    assert sums[token] - p[token] / p.sum() - 1e-5 <= u <= sums[token] + 1e-5


def test_temperature_zero_is_the_likeliest() -> None:
    assert draw(np.array([0.1, 3.0, 2.9], np.float32), 0.0, 1.0, None) == 1


# --- tokens ----------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 3)), st.lists(st.integers(0, 3)))
def test_common_prefix(a: list[int], b: list[int]) -> None:
    n = common_prefix(a, b)
    assert a[:n] == b[:n]
    assert n in (len(a), len(b)) or a[n] != b[n]


@given(st.lists(st.binary(max_size=5), max_size=12), st.data())
def test_ids_come_back_for_any_beginning_of_the_text(pieces: list[bytes], data: st.DataObject) -> None:
    generated = Generated()
    text = "".join(generated.add(i, piece) for i, piece in enumerate(pieces))
    text += generated.end()
    assert text == generated.text == b"".join(pieces).decode("utf-8", "replace")
    cut = data.draw(st.integers(0, len(text)))
    ids, rest = generated.upto(text[:cut])
    assert ids == list(range(len(ids)))
    whole = b"".join(pieces[: len(ids)]).decode("utf-8", "replace")
    assert whole + rest == text[:cut]
    if cut == len(text):
        assert (ids, rest) == (list(range(len(pieces))), "")


def test_a_character_cut_apart_by_two_tokens_belongs_to_the_second() -> None:
    generated = Generated()
    assert [generated.add(i, p) for i, p in enumerate((b"a\xc3", b"\xa9b", b"c"))] == ["a", "éb", "c"]
    assert generated.upto("a") == ([], "a")
    assert generated.upto("aé") == ([], "aé")
    assert generated.upto("aéb") == ([0, 1], "")


# --- kept states -----------------------------------------------------------------------------------------------


def test_states_are_bounded_in_memory_by_number_and_size() -> None:
    states = PrefixStates("", "x", 100)
    for i in range(6):
        states.put([i], bytes(10))
    assert [states.get([i]) is not None for i in range(6)] == [False, False, True, True, True, True]
    states.put([9], bytes(95))
    assert [states.get([i]) is not None for i in (5, 9)] == [False, True]
    states.put([10], bytes(101))
    assert states.get([10]) is None
    states.drop([9])
    assert states.get([9]) is None


def test_states_survive_on_disk_for_the_same_identity_only(tmp_path: Path) -> None:
    PrefixStates(str(tmp_path), "x", 100).put([1, 2], b"state")
    assert PrefixStates(str(tmp_path), "x", 100).get([1, 2]) == b"state"
    assert PrefixStates(str(tmp_path), "x", 100).get([1]) is None
    assert PrefixStates(str(tmp_path), "y", 100).get([1, 2]) is None
    PrefixStates(str(tmp_path), "x", 100).drop([1, 2])
    assert list(tmp_path.iterdir()) == []
    PrefixStates(str(tmp_path), "x", 4).put([1, 2], b"state")
    assert list(tmp_path.iterdir()) == []


# --- the loop --------------------------------------------------------------------------------------------------


class Answers(io.RawIOBase):
    """Collects the worker's answers and acts on each before the worker goes on."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.reactions: list[tuple[str, Any]] = []  # (op, what to do), each once

    def write(self, data: Any) -> int:
        (size,) = struct.unpack("<I", bytes(data[:4]))
        message = read_message(io.BytesIO(bytes(data)))
        assert message is not None
        assert size == len(data) - 4
        self.messages.append(message)
        for reaction in self.reactions:
            if reaction[0] == message["op"]:
                self.reactions.remove(reaction)
                reaction[1]()
                break
        return len(data)


class Requests:
    """What the worker reads, put in by a test; a request is heard when the worker comes back for the next one."""

    def __init__(self) -> None:
        self._given: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._rest = b""
        self._change = threading.Condition()
        self._sent = self._taken = 0

    def read(self, size: int) -> bytes:
        if not self._rest:
            with self._change:
                self._taken += 1
                self._change.notify_all()
            self._rest = self._given.get()
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def put(self, **message: Any) -> None:
        with self._change:
            self._sent += 1
        self._given.put(pack(message))

    def ask(self, **message: Any) -> None:
        """Put a request in; returns once it is heard."""
        self.put(**message)
        with self._change:
            assert self._change.wait_for(lambda: self._taken > self._sent, 60)

    def close(self) -> None:
        self._given.put(b"")


def loading(folder: Path, *, n_seq: int = 1, batched: bool = False) -> dict[str, Any]:
    return {
        "op": "load",
        "path": str(write_model(folder / "m.gguf")),
        "adapter": "",
        "identity": "",
        "n_ctx": 1024,
        "n_seq": n_seq,
        "batched": batched,
        "threads": 1,
        "gpu_layers": 0,
        "kv_type": "f16",
        "cache_folder": "",
        "cache_limit": 0,
    }


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[EngineWorker, Answers, Callable[..., None]]]:
    """A worker in this process, what it answers, and a way to ask it that returns once the request is heard."""
    requests, answers = Requests(), Answers()
    requests.put(**loading(tmp_path))
    yield EngineWorker(requests, answers), answers, requests.ask  # type: ignore[arg-type]
    requests.close()


def generate(text: str) -> dict[str, Any]:
    return {
        "op": "generate",
        "id": 1,
        "spans": [[text, False, False]],
        "sampling": {"temperature": 0, "top_p": 1, "seed": 0},
        "max_tokens": 50,
        "stop": [],
        "prefix": 0,
    }


def test_a_cancel_that_was_heard_is_answered_before_the_next_token(served: Any) -> None:
    worker, answers, ask = served
    answers.reactions = [
        ("loaded", lambda: ask(**generate("Hello"))),
        ("piece", lambda: ask(op="cancel", id=1)),
        ("stopped", lambda: ask(op="quit")),
    ]
    worker.run()
    ops = [m["op"] for m in answers.messages]
    assert ops[-2:] == ["piece", "stopped"]
    assert ops.count("piece") == 1
    assert answers.messages[-1]["reason"] == "cancelled"
    assert answers.messages[-1]["generated_tokens"] == 1


def test_a_cancel_is_answered_before_the_next_chunk_of_a_prompt(served: Any) -> None:
    worker, answers, ask = served
    answers.reactions = [
        ("loaded", lambda: ask(**generate("x" * 1000))),
        ("progress", lambda: None),
        ("progress", lambda: None),
        ("progress", lambda: ask(op="cancel", id=1)),
        ("stopped", lambda: ask(op="quit")),
    ]
    worker.run()
    last = answers.messages[-1]
    assert (last["op"], last["reason"], last["generated_tokens"]) == ("stopped", "cancelled", 0)
    assert last["evaluated_tokens"] == 2 * CPU_CHUNK
    assert [m["done"] for m in answers.messages if m["op"] == "progress"] == [0, CPU_CHUNK, 2 * CPU_CHUNK]


def test_a_waiting_request_is_cancelled_and_a_finished_one_ignored(served: Any) -> None:
    worker, answers, ask = served

    def two() -> None:
        ask(**generate("Hello"))
        ask(**(generate("Other") | {"id": 2}))
        ask(op="cancel", id=2)
        ask(op="cancel", id=77)

    answers.reactions = [("loaded", two), ("stopped", lambda: None), ("stopped", lambda: ask(op="quit"))]
    worker.run()
    ends = {m["id"]: m["reason"] for m in answers.messages if m["op"] == "stopped"}
    assert ends == {2: "cancelled", 1: "length"}


def test_the_end_of_the_stream_ends_the_loop(tmp_path: Path) -> None:
    EngineWorker(io.BytesIO(), io.BytesIO()).run()


def test_asking_before_loading_is_a_mistake() -> None:
    request = pack({"op": "tokenize", "id": 1, "spans": [["x", False, False]]})
    with pytest.raises(RuntimeError, match="no model is loaded"):
        EngineWorker(io.BytesIO(request), io.BytesIO()).run()


@pytest.mark.parametrize(("asked", "largest"), [(3, 1), (4, 4)])
def test_a_few_sequences_that_write_take_turns_where_that_is_faster_than_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: int, largest: int
) -> None:
    sizes: list[int] = []
    decode = LlamaModel.decode

    def watched(model: LlamaModel, rows: list[tuple[int, int, int, bool]]) -> None:
        if all(row[3] for row in rows):  # no prompt is read beside them
            sizes.append(len(rows))
        decode(model, rows)

    monkeypatch.setattr(LlamaModel, "decode", watched)
    requests, answers = Requests(), Answers()
    requests.put(**loading(tmp_path, n_seq=4, batched=True))
    for n in range(asked):
        requests.put(**(generate(f"Hello {n}") | {"id": n + 1, "max_tokens": 20}))
    answers.reactions = [("stopped", lambda: None)] * (asked - 1) + [("stopped", lambda: requests.put(op="quit"))]
    EngineWorker(requests, answers).run()  # type: ignore[arg-type]
    requests.close()
    assert max(sizes) == largest
    assert [m["reason"] for m in answers.messages if m["op"] == "stopped"] == ["length"] * asked


@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize("ends", ["stop", "cancelled"])  # at a stop string, or where the caller has read enough
def test_what_waits_for_the_output_of_its_code_is_not_overwritten(tmp_path: Path, batched: bool, ends: str) -> None:
    """Else all of it is read again; the sequence of a text that has ended is taken first, though it is newer."""
    requests, answers = Requests(), Answers()
    requests.put(**loading(tmp_path, n_seq=2, batched=batched))

    def said(number: int) -> str:
        return "".join(m["text"] for m in answers.messages if m["op"] == "piece" and m["id"] == number)

    def code() -> None:  # the same words once more, up to one that stands for the end of a block
        if ends == "cancelled":
            answers.reactions.insert(0, ("piece", lambda: requests.ask(op="cancel", id=2)))
        requests.put(**(generate("A long problem") | {"id": 2, "stop": [said(1)[10:]] if ends == "stop" else []}))

    def goes_on() -> None:
        spans = [["A long problem", False, False], [said(2), True, False], ["\noutput", False, False]]
        requests.put(**(generate("") | {"id": 5, "spans": spans}))

    answers.reactions = [
        ("loaded", lambda: requests.put(**generate("A long problem"))),
        ("stopped", code),
        ("stopped", lambda: requests.put(**(generate("Something else") | {"id": 3}))),
        ("stopped", lambda: requests.put(**(generate("A third thing") | {"id": 4}))),
        ("stopped", goes_on),
        ("stopped", lambda: requests.put(op="quit")),
    ]
    EngineWorker(requests, answers).run()  # type: ignore[arg-type]
    requests.close()
    ended = {m["id"]: m for m in answers.messages if m["op"] == "stopped"}
    assert [ended[n]["reason"] for n in (1, 2, 3, 4)] == ["length", ends, "length", "length"]
    assert ended[5]["evaluated_tokens"] < len("A long problem") < ended[5]["prompt_tokens"]


@pytest.mark.parametrize("one_cache", [False, True])
def test_a_copy_of_a_sequence_is_made_at_once(tmp_path: Path, one_cache: bool) -> None:
    """What becomes of its source before the next evaluation does not change it, and what is put into it replaces it."""
    request = loading(tmp_path, n_seq=3) | {"variant": "", "one_cache": one_cache}
    model = LlamaModel(request, [], lambda _: None)

    def read(seq: int, tokens: list[int], at: int = 0) -> Any:
        model.decode([(token, at + i, seq, i == len(tokens) - 1) for i, token in enumerate(tokens)])
        return model.logits(len(tokens) - 1).copy()

    first, second = [5, 6, 7, 8], [9, 10, 11, 12]
    read(0, first)
    expected = read(0, [13], at=4)
    model.forget(0, 4)
    read(1, second)
    other = read(1, [13], at=4)
    model.forget(1, 4)
    kept = model.state(1)
    model.copy(0, 2)
    model.forget(0, 0)
    model.restore(0, kept)
    assert np.array_equal(read(2, [13], at=4), expected)
    model.copy(2, 1)
    model.forget(1, 0)
    model.restore(1, kept)
    assert np.array_equal(read(1, [13], at=4), other)
