"""Work in a thread for a client that may go away: its reply is sent while the work goes on.

A reply is an ASGI response. It waits for its turn, starts the work, and sends what a writer makes of the events. When
the client goes away, does not read, or the server ends, the work is told to stop, and its place is given to the next
client once it really has stopped.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any, Final, Generic, TypeVar

import anyio
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from tutor_app.core.errors import TutorError, UserFault
from tutor_app.core.ports import Cancel
from tutor_app.server.replies import Writer, data
from tutor_app.server.requests import RequestFault
from tutor_app.server.turns import TooMany, Turns

log = logging.getLogger(__name__)

SIGN_OF_LIFE_SECONDS: Final = 10.0
"""How long a stream may be silent: then a comment is sent, which keeps proxies and clients from giving up."""
SEND_SECONDS: Final = 30.0
"""How long a client may take none of what is sent to it."""

T = TypeVar("T")
_END: Final = object()


def _ending() -> RequestFault:
    return RequestFault(503, "The server is ending.", type="server_error", code="shutting_down")


class Desk:
    """The places at which work is done, and the threads that do it.

    Args:
        turns: Shares the places.
        places: How many there are.
    """

    def __init__(self, turns: Turns, places: int) -> None:
        self.turns = turns
        self._threads = ThreadPoolExecutor(places, thread_name_prefix="serve")
        self._stops: set[threading.Event] = set()
        self._open: set[asyncio.Queue[Any]] = set()
        self._leaving = False

    def leave(self) -> None:
        """Tell every client, also one that waits and one that still comes, that the server ends."""
        self._leaving = True
        for out in self._open:
            out.put_nowait(_ending())

    def close(self) -> None:
        """Stop all work and wait for it."""
        for stop in tuple(self._stops):
            stop.set()
        self._threads.shutdown()

    async def work(
        self, client: str, make: Callable[[Cancel], Iterator[T]], out: asyncio.Queue[Any], stop: threading.Event
    ) -> None:
        """Wait for a place, then put every event of ``make`` into ``out``; at last an exception or the end.

        Setting ``stop`` stops the work, and so does cancelling this, which sets it.
        """
        if self._leaving:
            out.put_nowait(_ending())
            return
        self._open.add(out)
        try:
            async with self.turns.place(client):
                await self._in_thread(make, out, stop)
        except TooMany as e:
            who = "You have" if e.own else "The server has"
            out.put_nowait(
                RequestFault(
                    429 if e.own else 503,
                    f"{who} too many requests waiting; ask again in a few seconds.",
                    type="rate_limit_error" if e.own else "server_error",
                    code="rate_limit_exceeded" if e.own else "overloaded",
                    retry_after=5,
                )
            )
        finally:
            self._open.discard(out)

    async def _in_thread(
        self, make: Callable[[Cancel], Iterator[T]], out: asyncio.Queue[Any], stop: threading.Event
    ) -> None:
        loop = asyncio.get_running_loop()

        def put(item: object) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody listens any more
                loop.call_soon_threadsafe(out.put_nowait, item)

        def run() -> None:
            try:
                events = make(stop)
                with closing(events):  # type: ignore[type-var]
                    for event in events:
                        put(event)
                put(_END)
            except UserFault as e:
                put(RequestFault(400, str(e)))
            except TutorError as e:
                put(RequestFault(503, str(e), type="server_error"))
            except Exception:
                log.exception("a request failed")
                put(RequestFault(500, "The server failed; its log says how.", type="server_error"))

        self._stops.add(stop)
        done = loop.run_in_executor(self._threads, run)
        try:
            await asyncio.shield(done)
        except asyncio.CancelledError:
            stop.set()
            # The place is free only when the work has ended, which it does within seconds of being told.
            with anyio.CancelScope(shield=True):
                await done
            raise
        finally:
            self._stops.discard(stop)


class Reply(Generic[T]):
    """An ASGI response that is made while it is sent.

    Args:
        desk: Where the work is done.
        client: Who asks, for a fair share.
        make: Begins the work; its events are what the writer takes.
        writer: Turns events into the reply.
        stream: Send it as server-sent events.
        fault: Completes an error before it is sent.
    """

    def __init__(
        self,
        desk: Desk,
        client: str,
        make: Callable[[Cancel], Iterator[T]],
        writer: Writer[T],
        *,
        stream: bool,
        fault: Callable[[RequestFault], RequestFault] = lambda fault: fault,
    ) -> None:
        self._desk, self._client, self._make, self._writer = desk, client, make, writer
        self._stream, self._fault = stream, fault
        self._begun = False
        self._stop = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Work and send, until all is said or the client is gone."""
        events: asyncio.Queue[Any] = asyncio.Queue()

        async def gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            tasks.cancel_scope.cancel()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(gone)
            tasks.start_soon(self._desk.work, self._client, self._make, events, self._stop)
            try:
                await self._send_all(events, scope, receive, send)
            except RequestFault as e:
                await self._complain(self._fault(e), scope, receive, send)
            except (TimeoutError, OSError):  # it takes nothing, or is gone
                log.info("a client took nothing for %g s", SEND_SECONDS)
            tasks.cancel_scope.cancel()

    async def _send_all(self, events: asyncio.Queue[Any], scope: Scope, receive: Receive, send: Send) -> None:
        while not self._writer.over:
            try:
                with anyio.fail_after(SIGN_OF_LIFE_SECONDS):
                    event = await events.get()
            except TimeoutError:
                if self._stream:
                    await self._send(send, ": still at work\n\n")
                continue
            if event is _END:
                break
            if isinstance(event, RequestFault):
                raise event
            text = self._writer.write(event)
            if self._writer.enough:
                self._stop.set()
            if self._stream and text:
                await self._send(send, text)
        if not self._stream:
            await JSONResponse(self._writer.body())(scope, receive, send)
            return
        await self._finish(send)

    async def _send(self, send: Send, text: str) -> None:
        with anyio.fail_after(SEND_SECONDS):
            if not self._begun:
                self._begun = True
                headers = [
                    (b"content-type", b"text/event-stream; charset=utf-8"),
                    (b"cache-control", b"no-store"),
                    (b"x-accel-buffering", b"no"),  # nginx would keep the events back
                ]
                await send({"type": "http.response.start", "status": 200, "headers": headers})
            body = text.encode("utf-8", "replace")
            await send({"type": "http.response.body", "body": body, "more_body": True})

    async def _finish(self, send: Send) -> None:
        with anyio.fail_after(SEND_SECONDS):
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _complain(self, fault: RequestFault, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._begun:
            await error_response(fault)(scope, receive, send)
            return
        with suppress(TimeoutError, OSError):
            await self._send(send, data(fault.to_dict()))
            await self._finish(send)


def error_response(fault: RequestFault) -> JSONResponse:
    """The error as a response of its own."""
    headers = {"retry-after": str(fault.retry_after)} if fault.retry_after else {}
    if fault.status == 401:
        headers["www-authenticate"] = "Bearer"
    if fault.status == 408:
        headers["connection"] = "close"  # what still comes would be taken for the next request
    return JSONResponse(fault.to_dict(), fault.status, headers)
