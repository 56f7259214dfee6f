"""Models added from the hub: pinned when they are added, fetched by their hash, one sentence for whatever is wrong."""

import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.adapters.gguf_files import gguf_bytes
from tests.tiny_gguf import random_weights, split_model
from tutor_app.adapters.engine.client import check_model
from tutor_app.adapters.models.gguf import read_gguf
from tutor_app.adapters.models.hub import ask_hub
from tutor_app.adapters.models.store import ModelStore
from tutor_app.adapters.models.transfer import Timing
from tutor_app.core.errors import ModelFileFault, ModelStoreFault, UserFault
from tutor_app.core.ports import NeverCancelled
from tutor_app.core.values import Progress
from tutor_app.tutor.paths import Folders
from tutor_app.window_services import AppServices

CONTENT = gguf_bytes({"general.architecture": "llama", "general.name": "Extra"})
SHA = hashlib.sha256(CONTENT).hexdigest()
COMMIT = "0123456789abcdef0123456789abcdef01234567"
QUICK = Timing(connect=5.0, stall=5.0, pause=0.01, retries=0)


class Hub:
    """A hub on this computer with one repository, ``maker/extra-gguf``, that was called ``maker/old`` before."""

    def __init__(self) -> None:
        self.headers = {"X-Linked-Etag": f'"{SHA}"', "X-Linked-Size": str(len(CONTENT)), "X-Repo-Commit": COMMIT}
        self.asked: list[str] = []
        self.files: dict[str, bytes] = {}
        self.gone: set[str] = set()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                hub.asked.append(self.path)
                if self.path.startswith("/maker/old/"):
                    self.send_response(307)
                    self.send_header("Location", self.path.replace("/maker/old/", "/maker/extra-gguf/"))
                elif self.path.rpartition("/")[2] in hub.gone:
                    self.send_response(404)
                elif self.path.startswith(("/maker/extra-gguf/resolve/main/", f"/maker/extra-gguf/resolve/{COMMIT}/")):
                    self.send_response(302)
                    self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                    headers = dict(hub.headers)
                    if (content := hub.files.get(self.path.rpartition("/")[2])) is not None:
                        headers["X-Linked-Etag"] = hashlib.sha256(content).hexdigest()
                        headers["X-Linked-Size"] = str(len(content))
                    for name, value in headers.items():
                        self.send_header(name, value)
                else:
                    self.send_response(404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self) -> None:
                hub.asked.append(self.path)
                name = self.path.rpartition("/")[2]
                pinned = f"/resolve/{COMMIT}/" in self.path and name not in hub.gone
                content = hub.files.get(name, CONTENT) if pinned else b""
                self.send_response(200 if pinned else 404)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

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


@pytest.mark.parametrize(
    ("repository", "file"),
    [
        ("{hub}/maker/extra-gguf/blob/main/sub/Extra%20Q8_0.gguf", ""),
        ("{hub}/maker/extra-gguf/resolve/main/sub/Extra%20Q8_0.gguf?download=true", " "),
        ("{hub}/maker/extra-gguf", "sub/Extra Q8_0.gguf"),
        (" {hub}/maker/extra-gguf/tree/main ", "sub/Extra Q8_0.gguf"),
        ("maker/extra-gguf/", "/sub/Extra Q8_0.gguf"),
    ],
)
def test_the_address_of_the_file_or_of_its_repository_will_do(
    hub: Hub, store: ModelStore, repository: str, file: str
) -> None:
    entry = store.add_from_hub(repository.format(hub=hub.url), file)
    assert hub.asked == ["/maker/extra-gguf/resolve/main/sub/Extra%20Q8_0.gguf"]
    assert (entry.file, entry.sha256) == ("Extra Q8_0.gguf", SHA)
    assert entry.note == f"Added by you from maker/extra-gguf at {COMMIT[:10]}, SHA-256 {SHA[:12]}"


def test_the_window_adds_and_fetches_what_the_hub_has(hub: Hub, tmp_path: Path) -> None:
    services = AppServices(Folders.under(tmp_path / "data"))
    offer = services.add_from_hub("maker/extra-gguf", "Extra-Q8_0.gguf", NeverCancelled())
    assert (offer.id, offer.bytes, offer.licence) == ("extra-q8-0", len(CONTENT), "see maker/extra-gguf")
    assert services.offers()[-1] == offer
    services.pull(offer.id, lambda _: None, NeverCancelled())
    assert services.installed_models() == [("extra-q8-0", "Extra-Q8_0")]
    services.close()


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


@pytest.mark.parametrize("asked", ["Big-Q8_0-00001-of-00003.gguf", "Big-Q8_0-00002-of-00003.gguf"])
def test_a_model_in_several_files_comes_whole_and_runs(hub: Hub, store: ModelStore, asked: str) -> None:
    hub.files = split_model("Big-Q8_0", 3)
    total = sum(map(len, hub.files.values()))
    entry = store.add_from_hub("maker/extra-gguf", asked)
    assert (entry.id, entry.name, entry.bytes, entry.offer.bytes) == ("big-q8-0", "Big-Q8_0", total, total)
    seen: list[Progress] = []
    model = store.pull(entry.id, seen.append)
    assert [p.stage for p in seen].count("done") == 1
    assert (seen[-1].stage, seen[-1].done, seen[-1].total) == ("done", total, total)
    assert [p.done for p in seen if p.stage == "download"] == sorted(p.done for p in seen if p.stage == "download")
    assert {p.name: p.read_bytes() for p in store.folder.glob("*.gguf")} == hub.files
    assert (model.path.name, model.bytes) == ("Big-Q8_0-00001-of-00003.gguf", total)
    check_model(model.path)  # llama.cpp finds the other files itself
    assert store.verify(entry.id) == model
    info = read_gguf(model.path)
    assert (info.size, info.weight_bytes) == (total, sum(w.nbytes for w in random_weights().values()))
    assert "removed" in store.remove(entry.id)
    assert list(store.folder.glob("*.gguf*")) == []


def test_what_came_of_a_model_in_several_files_stays_when_the_rest_does_not(hub: Hub, store: ModelStore) -> None:
    hub.files = split_model("big", 3)
    entry = store.add_from_hub("maker/extra-gguf", "big-00001-of-00003.gguf")
    hub.gone = {"big-00003-of-00003.gguf"}
    with pytest.raises(ModelStoreFault, match="404"):
        store.pull(entry.id)
    assert store.installed() == ()
    assert sorted(p.name for p in store.folder.glob("*.gguf")) == [f"big-0000{n}-of-00003.gguf" for n in (1, 2)]
    hub.gone, hub.asked = set(), []
    store.pull(entry.id)
    assert [path.rpartition("/")[2] for path in hub.asked] == ["big-00003-of-00003.gguf"]


def test_a_part_that_is_gone_or_was_never_there_is_a_sentence(hub: Hub, store: ModelStore) -> None:
    hub.files = split_model("big", 2)
    hub.gone = {"big-00002-of-00002.gguf"}
    with pytest.raises(ModelStoreFault, match=r"big-00002-of-00002.gguf .* no such file \(404\)"):
        store.add_from_hub("maker/extra-gguf", "big-00001-of-00002.gguf")
    hub.gone = set()
    model = store.pull(store.add_from_hub("maker/extra-gguf", "big-00001-of-00002.gguf").id)
    (store.folder / "big-00002-of-00002.gguf").unlink()
    (listed,) = store.installed()
    assert "is gone" in listed.problem
    assert "big-00002-of-00002.gguf" in listed.problem
    with pytest.raises(ModelFileFault, match="not beside the others"):
        read_gguf(model.path)
    assert store.pull(model.id) == model


def test_two_models_in_several_files_of_one_name_stay_two(hub: Hub, store: ModelStore) -> None:
    hub.files = split_model("big", 2)
    store.add_from_hub("maker/extra-gguf", "big-00001-of-00002.gguf")
    other = split_model("big", 2)
    hub.files = {name: content + b"\0" for name, content in other.items()}
    second = store.add_from_hub("maker/extra-gguf", "v2/big-00001-of-00002.gguf")
    assert [part.file for part in second.files] == ["big-2-00001-of-00002.gguf", "big-2-00002-of-00002.gguf"]
    assert store.pull(second.id).path.name == "big-2-00001-of-00002.gguf"


def test_the_users_own_parts_are_used_where_they_lie(store: ModelStore, tmp_path: Path) -> None:
    for name, content in split_model("mine", 2).items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelFileFault, match=r"part 2 of 2 .* Choose the first, mine-00001-of-00002.gguf"):
        store.import_(tmp_path / "mine-00002-of-00002.gguf")
    model = store.import_(tmp_path / "mine-00001-of-00002.gguf")
    assert (model.id, store.find(model.id).problem) == ("mine", "")
    assert model.bytes == sum((tmp_path / name).stat().st_size for name in split_model("mine", 2))
    (tmp_path / "mine-00002-of-00002.gguf").rename(tmp_path / "away.gguf")
    with pytest.raises(ModelFileFault, match="is gone"):
        store.find(model.id)
    (tmp_path / "one.gguf").write_bytes((tmp_path / "mine-00001-of-00002.gguf").read_bytes())
    with pytest.raises(ModelFileFault, match="lost its name"):
        store.import_(tmp_path / "one.gguf")


def test_without_a_connection_it_is_one_sentence_with_one_colon(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ModelStoreFault) as told:
        ask_hub("maker/extra-gguf", "extra.gguf", cancel=NeverCancelled(), timing=QUICK)
    assert str(told.value).startswith(
        "The hub does not give extra.gguf of maker/extra-gguf: it cannot be found, for there is no connection to the "
        "Internet, or it is blocked."
    )
