"""Models added from the hub: pinned when they are added, fetched by their hash, one sentence for whatever is wrong."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.adapters.gguf_files import gguf_bytes
from tutor_app.adapters.models.hub import ask_hub
from tutor_app.adapters.models.store import ModelStore
from tutor_app.adapters.models.transfer import Timing
from tutor_app.core.errors import ModelStoreFault, UserFault
from tutor_app.core.ports import NeverCancelled

CONTENT = gguf_bytes({"general.architecture": "llama", "general.name": "Extra"})
SHA = hashlib.sha256(CONTENT).hexdigest()
COMMIT = "0123456789abcdef0123456789abcdef01234567"
QUICK = Timing(connect=5.0, stall=5.0, pause=0.01, retries=0)


class Hub:
    """A hub on this computer with one repository, ``maker/extra-gguf``, that was called ``maker/old`` before."""

    def __init__(self) -> None:
        self.headers = {"X-Linked-Etag": f'"{SHA}"', "X-Linked-Size": str(len(CONTENT)), "X-Repo-Commit": COMMIT}
        self.asked: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                hub.asked.append(self.path)
                if self.path.startswith("/maker/old/"):
                    self.send_response(307)
                    self.send_header("Location", self.path.replace("/maker/old/", "/maker/extra-gguf/"))
                elif self.path.startswith("/maker/extra-gguf/resolve/main/"):
                    self.send_response(302)
                    self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                    for name, value in hub.headers.items():
                        self.send_header(name, value)
                else:
                    self.send_response(404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self) -> None:
                hub.asked.append(self.path)
                pinned = f"/resolve/{COMMIT}/" in self.path
                self.send_response(200 if pinned else 404)
                self.send_header("Content-Length", str(len(CONTENT) if pinned else 0))
                self.end_headers()
                if pinned:
                    self.wfile.write(CONTENT)

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = False
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    made = Hub()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", made.url)
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    catalogue = tmp_path / "models.json"
    catalogue.write_text(json.dumps({"version": 1, "models": []}), encoding="utf-8")
    return ModelStore(tmp_path / "models", catalogue, timing=QUICK)


def test_a_file_is_pinned_when_it_is_added_and_fetched_by_its_hash(hub: Hub, store: ModelStore) -> None:
    entry = store.add_from_hub("maker/extra-gguf", "Extra-Q8_0.gguf", name="My extra")
    assert (entry.id, entry.name, entry.sha256, entry.bytes) == ("extra-q8-0", "My extra", SHA, len(CONTENT))
    assert store.entry("extra-q8-0") == entry
    model = store.pull("extra-q8-0")
    assert model.path.read_bytes() == CONTENT
    assert hub.asked[-1] == f"/maker/extra-gguf/resolve/{COMMIT}/Extra-Q8_0.gguf"
    assert [m.id for m in store.installed()] == ["extra-q8-0"]


def test_the_same_bytes_are_added_once_and_removing_takes_them_off_the_list(hub: Hub, store: ModelStore) -> None:
    first = store.add_from_hub("maker/extra-gguf", "Extra-Q8_0.gguf")
    assert store.add_from_hub("maker/extra-gguf", "sub/Extra-Q8_0.gguf") == first
    assert len(store.entries()) == 1
    assert "no longer on the list" in store.remove(first.id)
    assert store.entries() == ()
    store.pull(store.add_from_hub("maker/extra-gguf", "Extra-Q8_0.gguf").id)
    assert "removed" in store.remove("extra-q8-0")
    assert store.entries() == ()


def test_two_files_of_one_name_stay_two(hub: Hub, store: ModelStore) -> None:
    store.add_from_hub("maker/extra-gguf", "a.gguf")
    hub.headers["X-Linked-Etag"] = "f" * 64
    second = store.add_from_hub("maker/extra-gguf", "v2/a.gguf")
    assert [(e.id, e.file) for e in store.entries()] == [("a", "a.gguf"), ("a-2", "a-2.gguf")]
    assert second.sources[0].label == "127.0.0.1"


def test_a_repository_that_was_renamed_is_followed(hub: Hub, store: ModelStore) -> None:
    assert store.add_from_hub("maker/old", "Extra-Q8_0.gguf").sha256 == SHA


@pytest.mark.parametrize(
    ("repository", "file", "said"),
    [
        ("extra", "a.gguf", "owner/name"),
        ("maker/extra/more", "a.gguf", "owner/name"),
        ("maker/extra-gguf", "model.safetensors", "no GGUF file"),
        ("maker/extra-gguf", "../../etc/passwd.gguf", "no GGUF file"),
        ("maker/extra-gguf", "big-00001-of-00003.gguf", "one of 3 parts"),
    ],
)
def test_names_that_cannot_be_a_file_of_the_hub(repository: str, file: str, said: str) -> None:
    with pytest.raises(UserFault, match=said):
        ask_hub(repository, file, cancel=NeverCancelled(), timing=QUICK)


def test_what_the_hub_lacks_or_does_not_state(hub: Hub, store: ModelStore) -> None:
    with pytest.raises(ModelStoreFault, match=r"there is no such file \(404\)"):
        store.add_from_hub("maker/none", "a.gguf")
    hub.headers["X-Linked-Etag"] = '"abc"'
    with pytest.raises(ModelStoreFault, match="does not state"):
        store.add_from_hub("maker/extra-gguf", "a.gguf")
    assert store.entries() == ()


def test_a_hub_whose_file_is_another_than_it_said(hub: Hub, store: ModelStore) -> None:
    hub.headers["X-Linked-Size"] = str(len(CONTENT) + 1)
    entry = store.add_from_hub("maker/extra-gguf", "a.gguf")
    with pytest.raises(ModelStoreFault, match="offers another file"):
        store.pull(entry.id)
    assert store.installed() == ()


def test_a_damaged_list_of_added_models_is_an_empty_one(hub: Hub, store: ModelStore) -> None:
    store.folder.mkdir()
    (store.folder / "added.json").write_text("{", encoding="utf-8")
    assert store.entries() == ()
    assert store.add_from_hub("maker/extra-gguf", "a.gguf").id == "a"
    assert [e.id for e in store.entries()] == ["a"]
