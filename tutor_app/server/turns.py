"""A fair share of a few places: whoever has the fewest is served next, of those whoever was served longest ago.

The places are sequences of the engine. A client that asks for fifty solutions at once waits behind itself, not others
behind it; of clients that ask again and again, each gets as many turns as any other. While a client without a place
waits, every other client gets at most one. Everything here belongs to one event loop.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

REMEMBERED: Final = 4096
"""Clients of which it is known when they were served last."""


class TooMany(Exception):
    """No more may wait.

    Attributes:
        own: The client itself has too many waiting; otherwise all clients together have.
    """

    def __init__(self, own: bool) -> None:
        super().__init__("too many requests are waiting")
        self.own = own


class Turns:
    """Gives out ``places``; a client waits while there is none.

    Args:
        places: How many are at work at the same time.
        waiting: How many may wait in all.
        waiting_each: How many of one client's may wait.
    """

    def __init__(self, places: int, *, waiting: int = 256, waiting_each: int = 16) -> None:
        self._free, self._most, self._most_each = places, waiting, waiting_each
        self._busy: Counter[str] = Counter()
        # When a client was last given a place, counted in places given; the latest stands last. It is kept while the
        # client is away: one that asks anew a moment after its reply must not come before those who wait.
        self._last: OrderedDict[str, int] = OrderedDict()
        self._given = 0
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return sum(len(queue) for queue in self._waiting.values())

    @property
    def busy(self) -> int:
        """How many places are taken."""
        return self._busy.total()

    @asynccontextmanager
    async def place(self, client: str) -> AsyncIterator[None]:
        """A place for as long as the context lasts.

        Raises:
            TooMany: If none is free and no more may wait.
        """
        await self._take(client)
        try:
            yield
        finally:
            self._give_back(client)

    async def _take(self, client: str) -> None:
        if self._free:
            self._free -= 1
            self._grant(client)
            return
        queue = self._waiting.get(client, deque())
        if len(queue) >= self._most_each or self.waiting >= self._most:
            raise TooMany(own=len(queue) >= self._most_each)
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, queue).append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():  # the place came at the same moment
                self._give_back(client)
            else:
                self._leave(client, mine)
            raise

    def _grant(self, client: str) -> None:
        self._given += 1
        self._busy[client] += 1
        self._last[client] = self._given
        self._last.move_to_end(client)
        if len(self._last) > REMEMBERED:
            self._last.popitem(last=False)

    def _give_back(self, client: str) -> None:
        self._busy[client] -= 1
        if not self._busy[client]:
            del self._busy[client]
        while self._waiting:
            next_client = min(self._waiting, key=lambda name: (self._busy[name], self._last.get(name, 0)))
            mine = self._waiting[next_client][0]
            gone = mine.cancelled()  # its task is cancelled, but has not run since
            if not gone:
                self._grant(next_client)
                mine.set_result(None)
            self._leave(next_client, mine)
            if not gone:
                return
        self._free += 1

    def _leave(self, client: str, mine: asyncio.Future[None]) -> None:
        """Take out of the queue, if it is still there."""
        queue = self._waiting.get(client, deque())
        if mine in queue:
            queue.remove(mine)
            if not queue:
                del self._waiting[client]
