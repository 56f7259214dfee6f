import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tutor_app.server.turns import TooMany, Turns


async def served_in_order(turns: Turns, clients: list[str]) -> list[str]:
    """Ask for a place for each, in this order, while the only one is taken; returns the order of service."""
    order: list[str] = []

    async def work(client: str) -> None:
        async with turns.place(client):
            order.append(client)

    async with turns.place("first"):
        tasks = [asyncio.create_task(work(client)) for client in clients]
        await asyncio.sleep(0)
        assert turns.waiting == len(clients)
    await asyncio.gather(*tasks)
    assert (turns.busy, turns.waiting) == (0, 0)
    return order


def test_one_client_waits_behind_itself_not_others_behind_it() -> None:
    assert asyncio.run(served_in_order(Turns(1), ["a", "a", "a", "b", "c", "b"])) == ["a", "b", "c", "a", "b", "a"]


def test_who_holds_places_comes_after_who_holds_none() -> None:
    async def run() -> list[str]:
        turns, order = Turns(2), list[str]()
        release = asyncio.Event()

        async def hold(client: str) -> None:
            async with turns.place(client):
                order.append(client)
                await release.wait()

        held = [asyncio.create_task(hold(c)) for c in ("a", "b")]
        await asyncio.sleep(0)
        waiting = [asyncio.create_task(hold(c)) for c in ("a", "a", "c")]
        await asyncio.sleep(0)
        release.set()
        await asyncio.gather(*held, *waiting)
        return order

    assert asyncio.run(run()) == ["a", "b", "c", "a", "a"]


@dataclass
class Demand:
    """Clients that ask again and again.

    Attributes:
        places: Of the server.
        at_once: For each client, how many requests it has under way.
        hasty: Clients that ask again before the server has taken their place back, as whoever reads a stream may.
        waits: For each time that a client waited without a place, who was served meanwhile.
    """

    places: int
    at_once: dict[str, int]
    hasty: frozenset[str] = frozenset()
    waits: list[Counter[str]] = field(default_factory=list)

    async def order(self, count: int) -> list[str]:
        """The first ``count`` clients that are served."""
        turns, order = Turns(self.places), list[str]()
        over = asyncio.Event()
        asking, served = Counter[str](), Counter[str]()
        since: dict[str, int] = {}  # for each client that waits without a place, how many had been served

        def waits(client: str) -> None:
            if asking[client] and not served[client]:
                since.setdefault(client, len(order))

        @asynccontextmanager
        async def place(client: str) -> AsyncIterator[None]:
            asking[client] += 1
            waits(client)
            async with turns.place(client):
                asking[client] -= 1
                served[client] += 1
                self.waits.append(Counter(order[since.pop(client, len(order)) :]))
                order.append(client)
                yield
            served[client] -= 1
            waits(client)

        async def ask(client: str) -> None:
            while not over.is_set():
                async with place(client):
                    if len(order) >= count:
                        over.set()
                    for _ in range(1 + len(order) % 3):
                        await asyncio.sleep(0)
                    if client in self.hasty and not over.is_set():
                        tasks.append(asyncio.create_task(ask(client)))
                        await asyncio.sleep(0)
                        return

        tasks = [asyncio.create_task(ask(client)) for client, n in self.at_once.items() for _ in range(n)]
        await over.wait()
        while pending := [task for task in tasks if not task.done()]:
            await asyncio.gather(*pending)
        assert (turns.busy, turns.waiting) == (0, 0)
        return order[:count]


NAMES = [f"client {n}" for n in range(10)]


@pytest.mark.parametrize("places", [1, 2, 4])
@pytest.mark.parametrize("hasty", [frozenset[str](), frozenset(NAMES[:5]), frozenset(NAMES)])
def test_who_asks_again_and_again_gets_as_much_as_any_other(places: int, hasty: frozenset[str]) -> None:
    order = asyncio.run(Demand(places, dict.fromkeys(NAMES, 1), hasty).order(1000))
    shares = Counter(order)
    assert min(shares[name] for name in NAMES) >= 90
    assert max(shares.values()) <= 110


@pytest.mark.parametrize("places", [1, 2, 4])
def test_ten_requests_at_once_are_no_more_than_one(places: int) -> None:
    order = asyncio.run(Demand(places, {"eager": 10} | dict.fromkeys(NAMES, 1)).order(1100))
    shares = Counter(order)
    assert shares["eager"] <= 110
    assert min(shares[name] for name in NAMES) >= 90


@given(
    st.integers(1, 4),
    st.dictionaries(st.sampled_from(NAMES), st.integers(1, 6), min_size=2),
    st.frozensets(st.sampled_from(NAMES)),
)
@example(4, {"client 0": 1, "client 1": 3}, frozenset({"client 0"}))
def test_nobody_is_overtaken_again_and_again(places: int, at_once: dict[str, int], hasty: frozenset[str]) -> None:
    """While a client without a place waits, each other one gets one turn.

    And as many as there are places where these were given before it waited, but are only begun then.
    """
    demand = Demand(places, at_once, hasty)
    asyncio.run(demand.order(200))
    assert all(n <= places + 1 for wait in demand.waits for n in wait.values()), demand.waits


def test_who_goes_away_while_waiting_takes_no_place() -> None:
    async def run() -> None:
        turns = Turns(1)

        async def take(client: str) -> str:
            async with turns.place(client):
                return client

        async with turns.place("first"):
            gone = asyncio.create_task(take("gone"))
            stays = asyncio.create_task(take("stays"))
            await asyncio.sleep(0)
            gone.cancel()
        # Cancelled at the very moment at which the place comes: it must be passed on.
        assert await stays == "stays"
        assert gone.cancelled()
        assert (turns.busy, turns.waiting) == (0, 0)
        assert await take("later") == "later"

    asyncio.run(run())


def test_the_place_that_comes_too_late_is_passed_on() -> None:
    async def run() -> None:
        turns = Turns(1)

        async def take() -> None:
            async with turns.place("x"):
                pass

        async with turns.place("first"):
            late = asyncio.create_task(take())
            await asyncio.sleep(0)
        late.cancel()  # the place is already its own
        with pytest.raises(asyncio.CancelledError):
            await late
        assert (turns.busy, turns.waiting) == (0, 0)
        await take()

    asyncio.run(run())


@pytest.mark.parametrize(("clients", "own"), [(["a", "a"], True), (["a", "b", "c"], False)])
def test_no_more_may_wait_than_said(clients: list[str], own: bool) -> None:
    async def run() -> None:
        turns = Turns(1, waiting=2, waiting_each=1)

        async def take(client: str) -> None:
            async with turns.place(client):
                pass

        async with turns.place("first"):
            tasks = [asyncio.create_task(take(client)) for client in clients[:-1]]
            await asyncio.sleep(0)
            with pytest.raises(TooMany) as refused:
                await take(clients[-1])
            assert refused.value.own is own
        await asyncio.gather(*tasks)

    asyncio.run(run())
