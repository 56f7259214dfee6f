"""The framing of messages, and a worker that answers one request after the other."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor_app.adapters.wire import HEADER, pack, read_message, write_message

ROOT = Path(__file__).parents[2]


@given(st.lists(st.dictionaries(st.text(max_size=5), st.one_of(st.text(), st.integers(), st.booleans())), max_size=4))
def test_messages_are_read_as_they_were_written(messages: list[dict[str, Any]]) -> None:
    stream = io.BytesIO()
    for message in messages:
        write_message(stream, message)
    stream.seek(0)
    assert [read_message(stream) for _ in messages] == messages
    assert read_message(stream) is None


def test_a_message_that_is_cut_off_is_the_end() -> None:
    data = pack({"op": "piece"})
    for n in range(len(data)):
        assert read_message(io.BytesIO(data[:n])) is None


@pytest.mark.parametrize("text", ["a\ud800b", "\udce9.gguf", "\udc00\ud800", "\\ud800"])
def test_half_a_surrogate_pair_does_not_break_the_wire(text: str) -> None:
    assert read_message(io.BytesIO(pack({"text": text}))) == {"text": text}


@pytest.mark.parametrize("data", [b"[1]", b"1", b"null", b"{", b"\xff"])
def test_what_is_no_object_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_message(io.BytesIO(HEADER.pack(len(data)) + data))


def test_what_a_library_prints_is_no_message() -> None:
    code = (
        "from tutor_app.adapters.wire import serve_requests\n"
        "def answer(request):\n"
        "    print('a library says something')\n"
        "    return {'twice': 2 * request['n']}\n"
        "serve_requests(answer)\n"
    )
    asked = pack({"n": 4, "seconds": 60}) + pack({"n": 5, "seconds": 60})
    done = subprocess.run([sys.executable, "-c", code], input=asked, capture_output=True, cwd=ROOT, check=True)
    stream = io.BytesIO(done.stdout)
    assert [read_message(stream) for _ in range(4)] == [
        {"op": "ready"},
        {"op": "answer", "twice": 8},
        {"op": "answer", "twice": 10},
        None,
    ]
    assert done.stderr.split() == [b"a", b"library", b"says", b"something"] * 2


def test_a_worker_ends_itself_when_its_time_is_over() -> None:
    """Even with nobody left who could kill it."""
    code = (
        "import time\n"
        "from tutor_app.adapters.wire import serve_requests\n"
        "serve_requests(lambda request: time.sleep(1000))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=pack({"seconds": 0.2}), capture_output=True, cwd=ROOT, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, pack({"op": "ready"}), b"")
