"""Opens the port and serves until it is told to stop; who may come in from where is decided here."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import os
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from tutor_app.adapters.files import read_file, write_file
from tutor_app.core.errors import HostFault, UserFault
from tutor_app.server.application import Service, application
from tutor_app.server.jobs import Desk, error_response
from tutor_app.server.requests import RequestFault
from tutor_app.server.turns import Turns

HEADER_SECONDS: Final = 15.0
"""How long a client may take to send the head of a request."""
LEFT_SECONDS: Final = 2.0
"""How long a connection stays open for what a client still sends after it has been refused, or still has to read when
the server ends."""
LEAVE_SECONDS: Final = 8
"""How long the server waits for solutions to stop when it is told to end."""
MOST_CONNECTIONS: Final = 1000
BACKLOG: Final = 512
LEAST_KEY: Final = 16
"""Characters of an API key that cannot be guessed."""
MOST_KEY: Final = 4096
"""Bytes of a file that holds one."""
_WITHOUT_ONE: Final = "Name the file that has it, or leave --api-key-file out: then one is made where it is needed."

_NO_REQUEST: Final = {
    400: "This is no request of HTTP: its first line, its headers or its length are malformed.",
    431: "The head of the request is too long.",
    501: "This server takes a body as it is or in chunks; no other Transfer-Encoding.",
}


class _Protocol(H11Protocol):
    """uvicorn's own, which lets a client that sends no request stay for ever, and answers garbage in plain text."""

    _waiting: asyncio.TimerHandle | None = None
    _refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._waiting = self.loop.call_later(HEADER_SECONDS, self._too_late)
        if len(self.connections) > MOST_CONNECTIONS:
            sentence = "The server has too many connections; ask again in a few seconds."
            self._refuse(RequestFault(503, sentence, type="server_error", code="overloaded"))

    def data_received(self, data: bytes) -> None:
        if self._refused:  # read and forgotten, so that the reply is not lost with it
            return
        super().data_received(data)
        if self._at_work:
            self._wait_no_longer()
        elif self._waiting is None:
            self._waiting = self.loop.call_later(HEADER_SECONDS, self._too_late)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY:  # of a body that is refused, no more than a little is waited for
            self._wait_no_longer()
            self._waiting = self.loop.call_later(LEFT_SECONDS, self.transport.close)
        elif self.conn.trailing_data[0] and not self._at_work:  # the next one has begun
            self._unset_keepalive_if_required()
            self._waiting = self._waiting or self.loop.call_later(HEADER_SECONDS, self._too_late)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request; uvicorn calls it while it handles h11's error."""
        error = sys.exc_info()[1]
        status = error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 400
        self._refuse(RequestFault(status, _NO_REQUEST.get(status, _NO_REQUEST[400])))

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_longer()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """End the connection, now or after the reply that is being sent; uvicorn calls it when the server ends."""
        super().shutdown()
        self.loop.call_later(LEFT_SECONDS, self.transport.abort)  # a client that does not read would hold it up

    @property
    def _at_work(self) -> bool:
        request: RequestResponseCycle | None = self.cycle
        return request is not None and not request.response_complete

    def _wait_no_longer(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _too_late(self) -> None:
        if self.conn.trailing_data[0] and self.conn.their_state is h11.IDLE:
            self._refuse(RequestFault(408, f"The request did not arrive within {HEADER_SECONDS:g} seconds."))
        else:
            self.transport.close()

    def _refuse(self, fault: RequestFault) -> None:
        """Answer by an error of this program's form instead of the application, and end the connection."""
        self._refused = True
        self._wait_no_longer()
        if self._at_work:  # and whoever waits for the rest of it is told
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            reply = error_response(fault)
            headers = [*reply.raw_headers, (b"connection", b"close")]
            reason = HTTPStatus(fault.status).phrase.encode()
            for event in (
                h11.Response(status_code=fault.status, headers=headers, reason=reason),
                h11.Data(data=bytes(reply.body)),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
            self.transport.write_eof()
            self._waiting = self.loop.call_later(LEFT_SECONDS, self.transport.close)
        else:
            self.transport.close()


class _Server(uvicorn.Server):
    """uvicorn's own, which at its end lets clients wait for their replies, and then cuts them off without a word."""

    def __init__(self, config: uvicorn.Config, desk: Desk) -> None:
        super().__init__(config)
        self._desk = desk

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        # Not a line for each client that sends garbage, nor one for every write to a client that is gone, of which a
        # stream makes hundreds before it is stopped.
        with _quiet("uvicorn.error"), _quiet("asyncio"):
            super().run(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._desk.leave()
        # Of what is cut off from here on, until the loop has ended, it says where in its code that was.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        await super().shutdown(sockets)


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Let a log tell errors only; its level is what it was before when the context ends, whatever is set meanwhile."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def is_loopback(host: str) -> bool:
    """Whether an address of this name is reached from this computer only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens at ``host`` and ``port``; port 0 takes any that is free.

    Raises:
        UserFault: If it cannot; the sentence says what to do.
    """
    if not 0 <= port <= 65_535:
        raise UserFault(f"There is no port {port}.", "Choose one from 1024 to 65535.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    no_address = UserFault(
        f"{host if host.isprintable() and host.strip() else repr(host)} is no address of this computer.",
        "Use 127.0.0.1 for this computer alone, or 0.0.0.0 for all its networks.",
    )
    try:
        socket.getaddrinfo(host, port, family)
    except (socket.gaierror, UnicodeError):
        raise no_address from None
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as e:
        if e.errno == errno.EADDRINUSE:
            raise UserFault(
                f"Port {port} of {host} is in use, perhaps by another server of this program.",
                "Choose another one with --port, or end the other program.",
            ) from None
        if e.errno == errno.EACCES:
            raise UserFault(
                f"Port {port} may be opened by the administrator only.", "Choose one from 1024 on with --port."
            ) from None
        if e.errno in (errno.EADDRNOTAVAIL, errno.EINVAL):  # the latter for one that wants the name of a network
            raise no_address from None
        raise UserFault(f"Nothing can be served at {host}, port {port}: {os.strerror(e.errno or 0)}.") from None


def read_key(file: Path) -> str:
    """The API key that stands in ``file``.

    Raises:
        UserFault: If it cannot be read, or is none.
    """
    try:
        key = read_file(file, MOST_KEY).decode().strip()
    except OSError as e:
        raise UserFault(f"The API key cannot be read from {file}: {e.strerror}.", _WITHOUT_ONE) from None
    except ValueError:
        raise UserFault(f"{file} is no text file with an API key.", _WITHOUT_ONE) from None
    return checked_key(key, f"The API key in {file}")


def checked_key(key: str, name: str = "The API key") -> str:
    """``key``, if it can be sent in a header and is long enough.

    Args:
        key: As it was given.
        name: What a person knows it by.

    Raises:
        UserFault: If not.
    """
    if len(key) < LEAST_KEY or not key.isascii() or not key.isprintable() or " " in key:
        raise UserFault(f"{name} must have at least {LEAST_KEY} letters, digits and signs, without blanks.")
    return key


def own_key(file: Path) -> str:
    """The key of this computer, kept in ``file``, for its owner only; made at first use.

    Raises:
        UserFault: If what stands there is no key.
        HostFault: If it cannot be kept.
    """
    if file.exists():
        return read_key(file)
    key = secrets.token_urlsafe(24)
    try:
        write_file(file, f"{key}\n".encode(), private=True)
    except OSError as e:
        raise HostFault(f"The API key cannot be kept in {file}: {e.strerror}.") from None
    return key


def make_server(service: Service) -> uvicorn.Server:
    """The server; ``run(sockets=[bind(...)])`` serves until ``should_exit`` is set or a signal comes."""
    options: dict[str, Any] = {
        "http": _Protocol,
        "ws": "none",
        "lifespan": "on",
        "log_config": None,
        "access_log": False,  # addresses of students are nobody's business
        "proxy_headers": False,
        "server_header": False,
        "timeout_graceful_shutdown": LEAVE_SECONDS,
        "timeout_keep_alive": 15,
    }
    desk = Desk(Turns(service.places), service.places)
    return _Server(uvicorn.Config(application(service, desk), **options), desk)
