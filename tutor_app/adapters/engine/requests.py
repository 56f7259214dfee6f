"""A request to another computer whose reply comes line by line, and which may be given up at any moment.

A thread reads, so that a server that is silent keeps nobody from stopping. It knows HTTP and nothing of what is said.
"""

from __future__ import annotations

import http.client
import queue
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final
from urllib.parse import urlsplit

from tutor_app.core.errors import UserFault
from tutor_app.core.ports import Cancel

POLL_SECONDS: Final = 0.05
"""How often a wait looks whether it was cancelled."""
CONNECT_SECONDS: Final = 10.0
SILENCE_SECONDS: Final = 60.0
"""Without a byte: the server sends a sign of life every few seconds while it works or lets wait."""
LONGEST_LINE: Final = 1_000_000
_PORT: Final = 8642


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is.

    Attributes:
        host: Name or number.
        port: Its port.
        path: What stands before ``/v1``, as a reverse proxy may have it.
        secure: Whether it is asked over TLS.
    """

    host: str
    port: int
    path: str = ""
    secure: bool = False

    @classmethod
    def of(cls, url: str) -> Address:
        """Read an address as typed: ``http://192.168.1.5:8642``, also with ``/v1`` or without ``http://``.

        Raises:
            UserFault: If it is none.
        """
        text = url.strip()
        fault = UserFault(
            f"{text[:200]!r} is no address of a server.", "Write it as `tutor serve` prints it: http://192.168.1.5:8642"
        )
        if not text.isascii() or not text.isprintable() or " " in text:
            raise fault
        try:
            parts = urlsplit(text if "://" in text else f"http://{text}")
            host, port = parts.hostname or "", parts.port
            host.encode("idna")  # what asks for the number of a name raises no OSError for a label that is none
        except ValueError:
            raise fault from None
        odd = parts.scheme not in ("http", "https") or not host or "@" in parts.netloc
        if odd or parts.query or parts.fragment or port == 0:
            raise fault
        path = parts.path.rstrip("/").removesuffix("/v1")
        secure = parts.scheme == "https"
        return cls(host, port or (443 if secure else _PORT if "://" not in text else 80), path, secure)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def connection(self) -> http.client.HTTPConnection:
        """A connection that is opened at the first request."""
        if self.secure:
            return http.client.HTTPSConnection(
                self.host, self.port, timeout=CONNECT_SECONDS, context=ssl.create_default_context()
            )
        return http.client.HTTPConnection(self.host, self.port, timeout=CONNECT_SECONDS)


class RequestCancelled(Exception):
    """Whoever waited for the reply was told to stop."""


class Exchange:
    """One request and its reply; a context manager, at whose end the connection is closed.

    Args:
        address: Of the server.
        method: ``GET`` or ``POST``.
        path: Below the address.
        headers: To send.
        body: To send, if anything.
    """

    def __init__(
        self, address: Address, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> None:
        self._connection = address.connection()
        self._request = (method, address.path + path, body, dict(headers))
        self._inbox: queue.Queue[int | bytes | Exception] = queue.Queue()
        self._over = threading.Event()
        self._reader = threading.Thread(target=self._read, name="remote-engine", daemon=True)

    def __enter__(self) -> Exchange:
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        with suppress(OSError, AttributeError):  # no connection yet, or one that is being encrypted
            self._connection.sock.shutdown(socket.SHUT_RDWR)  # ends the read in the other thread
            self._reader.join()
        # A thread that still waits for a connection ends by itself when it has one, or when there will be none.

    def status(self, cancel: Cancel | None = None) -> int:
        """The status of the reply.

        Raises:
            RequestCancelled: If ``cancel`` was set first.
            OSError: If there is no reply.
            http.client.HTTPException: If what answers speaks no HTTP.
        """
        item = self._next(cancel)
        assert isinstance(item, int)
        return item

    def line(self, cancel: Cancel | None = None) -> bytes:
        """The next line of the reply; empty at its end. Raises as :meth:`status` does."""
        item = self._next(cancel)
        assert isinstance(item, bytes)
        return item

    def text(self, cancel: Cancel | None = None) -> bytes:
        """The rest of the reply, cut after :data:`LONGEST_LINE` bytes. Raises as :meth:`status` does."""
        lines: list[bytes] = []
        while sum(map(len, lines)) < LONGEST_LINE and (line := self.line(cancel)):
            lines.append(line)
        return b"".join(lines)

    def _next(self, cancel: Cancel | None) -> int | bytes:
        while cancel is None or not cancel.is_set():
            with suppress(queue.Empty):
                item = self._inbox.get(timeout=POLL_SECONDS)
                if isinstance(item, Exception):
                    raise item
                return item
        raise RequestCancelled

    def _read(self) -> None:
        """Put the status and every line of the reply into the queue, and at the end nothing or what went wrong."""
        connection = self._connection
        try:
            connection.connect()
            if self._over.is_set():
                return
            connection.sock.settimeout(SILENCE_SECONDS)
            connection.request(*self._request)
            reply = connection.getresponse()
            self._inbox.put(reply.status)
            while line := reply.readline(LONGEST_LINE):
                self._inbox.put(line)
            self._inbox.put(b"")
        except (OSError, http.client.HTTPException) as e:
            self._inbox.put(e)
        except (ValueError, AttributeError) as e:
            # Hanging up in the middle of a read makes http.client raise these two.
            self._inbox.put(http.client.HTTPException(str(e)))
        finally:
            connection.close()
