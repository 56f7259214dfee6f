"""Servers that are no tutor's: each says a fixed thing to whoever connects, and then does as it is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def saying(answer: bytes, *, then: bytes | None = None, hang_up: bool = True) -> Iterator[int]:
    """A port at which every connection gets ``answer`` after its request, and then the end or silence.

    Args:
        answer: To the first connection; to every one if nothing is said of the others.
        then: To every later one.
        hang_up: End the connection after it.
    """
    over = threading.Event()
    open_ones: list[socket.socket] = []

    def serve(listening: socket.socket) -> None:
        while True:
            with suppress(TimeoutError):
                connection, _ = listening.accept()
                if over.is_set():
                    connection.close()
                    return
                open_ones.append(connection)
                with suppress(OSError):
                    connection.recv(65536)
                    connection.sendall(answer if then is None or len(open_ones) == 1 else then)
                    if hang_up:
                        connection.shutdown(socket.SHUT_RDWR)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        try:
            yield port
        finally:
            over.set()
            socket.create_connection(("127.0.0.1", port)).close()
            thread.join(30)
            for connection in open_ones:
                connection.close()
