"""Opens the port and serves until it is told to stop; who may come in from where is decided here."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import secrets
import socket
from pathlib import Path
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from tutor_app.adapters.files import write_file
from tutor_app.core.errors import HostFault, UserFault
from tutor_app.server.application import Service, application

HEADER_SECONDS: Final = 15.0
"""How long a client may take to send the head of its first request."""
LEAVE_SECONDS: Final = 8
"""How long the server waits for solutions to stop when it is told to end."""
MOST_CONNECTIONS: Final = 1000
BACKLOG: Final = 512
LEAST_KEY: Final = 16
"""Characters of an API key that cannot be guessed."""


class _Protocol(H11Protocol):
    """uvicorn's own, which lets a client that never sends a request stay for ever."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._waiting = self.loop.call_later(HEADER_SECONDS, transport.close)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        request: RequestResponseCycle | None = self.cycle
        if request is not None and self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        super().connection_lost(exc)


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
        f"{host} is no address of this computer.",
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
            raise UserFault(f"Port {port} may not be opened by you.", "Choose one above 1024 with --port.") from None
        if e.errno == errno.EADDRNOTAVAIL:
            raise no_address from None
        raise UserFault(f"Nothing can be served at {host}, port {port}: {e.strerror}.") from None


def read_key(file: Path) -> str:
    """The API key that stands in ``file``.

    Raises:
        UserFault: If it cannot be read, or is none.
    """
    try:
        key = file.read_text(encoding="utf-8").strip()
    except OSError as e:
        raise UserFault(f"The API key cannot be read from {file}: {e.strerror}.") from None
    except ValueError:
        raise UserFault(f"{file} is no text file with an API key.") from None
    return checked_key(key)


def checked_key(key: str) -> str:
    """``key``, if it can be sent in a header and is long enough.

    Raises:
        UserFault: If not.
    """
    if len(key) < LEAST_KEY or not key.isascii() or not key.isprintable() or " " in key:
        raise UserFault(f"The API key must have at least {LEAST_KEY} letters, digits and signs, without blanks.")
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
        "log_level": "error",  # not a line for each client that sends garbage
        "access_log": False,  # addresses of students are nobody's business
        "proxy_headers": False,
        "server_header": False,
        "limit_concurrency": MOST_CONNECTIONS,
        "timeout_graceful_shutdown": LEAVE_SECONDS,
        "timeout_keep_alive": 15,
    }
    # It warns at every write to a client that is gone, of which a stream makes hundreds before it is stopped.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    return uvicorn.Server(uvicorn.Config(application(service), **options))
