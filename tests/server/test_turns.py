import asyncio

import pytest

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
