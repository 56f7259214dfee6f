"""A server behind a proxy that encrypts: whose certificate is taken, and that what goes wrong is told."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from tests.generations import stopped
from tests.server.served import served
from tutor_app.adapters.engine import requests
from tutor_app.adapters.engine.remote import RemoteModel
from tutor_app.core.dialect import Span
from tutor_app.core.errors import EngineFault
from tutor_app.core.ports import NeverCancelled, Piece, Sampling, Stopped

CERTIFICATES: Final = Path(__file__).with_name("certificates")
FOR_EVER: Final = 10_000  # seconds; what ends all the same ended by itself
WORDS: Final = "one two three four " * 50


@contextmanager
def encrypting(target: int, certificate: str = "trusted", *, most: int = 0) -> Iterator[int]:
    """A proxy before the port ``target``; it hangs up when ``most`` bytes have come from there. Gives its own port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / f"{certificate}.pem")

    def pump(source: socket.socket, sink: socket.socket, limit: int = 0) -> None:
        count = 0
        with suppress(OSError):
            while (data := source.recv(4096)) and not (limit and count > limit):
                sink.sendall(data)
                count += len(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with suppress(OSError):
            while True:
                accepted = listening.accept()[0]
                with suppress(OSError):  # who does not trust it hangs up
                    outer = context.wrap_socket(accepted, server_side=True)
                    with outer, socket.create_connection(("127.0.0.1", target)) as inner:
                        back = threading.Thread(target=pump, args=(outer, inner))
                        back.start()
                        pump(inner, outer, most)
                        back.join()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def ask(port: int, scheme: str = "https") -> list[object]:
    remote = RemoteModel(f"{scheme}://localhost:{port}")
    return list(remote.generate([Span("6*7")], sampling=Sampling(), max_tokens=40, cancel=NeverCancelled()))


def test_a_certificate_that_is_named_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "trusted.pem"))
    with served([WORDS]) as server, encrypting(server.port) as port:
        items = ask(port)
    assert "".join(item.text for item in items if isinstance(item, Piece)) == WORDS[: 40 * 4]


@pytest.mark.parametrize(
    ("certificate", "trusted", "said", "remedy"),
    [
        ("trusted", "another_name", "is not trusted: self-signed certificate.", "variable SSL_CERT_FILE."),
        ("another_name", "another_name", "is not trusted: Hostname mismatch", "its certificate is for."),
        ("expired", "expired", "is not trusted: certificate has expired.", "has to renew it"),
    ],
)
def test_a_certificate_that_is_not_trusted_is_told_with_what_to_do(
    certificate: str, trusted: str, said: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / f"{trusted}.pem"))
    with served([WORDS]) as server, encrypting(server.port, certificate) as port, pytest.raises(EngineFault) as refused:
        ask(port)
    assert f"The certificate of the server localhost:{port} {said}" in str(refused.value)
    assert remedy in str(refused.value)


def test_a_server_that_does_not_encrypt_is_told_so() -> None:
    with (
        served([WORDS]) as server,
        pytest.raises(EngineFault, match=r"does not encrypt\. Write its address with http://"),
    ):
        ask(server.port)


def test_a_connection_that_breaks_off_in_the_middle_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "trusted.pem"))
    broken = pytest.raises(EngineFault, match="broke off the connection")
    with served([WORDS]) as server, encrypting(server.port, most=2000) as port, broken:
        ask(port)


def test_a_server_that_never_begins_to_encrypt_keeps_nobody_from_stopping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "CONNECT_SECONDS", FOR_EVER)
    stop = threading.Event()
    taken: list[socket.socket] = []

    def take() -> None:
        taken.append(listening.accept()[0])
        stop.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        remote = RemoteModel(f"https://localhost:{listening.getsockname()[1]}")
        items = remote.generate([Span("6*7")], sampling=Sampling(), max_tokens=40, cancel=stop)
        thread = threading.Thread(target=take)
        thread.start()
        assert stopped(list(items)) == Stopped("cancelled")
        thread.join()
        taken[0].close()  # and the thread that waits for its first byte ends
