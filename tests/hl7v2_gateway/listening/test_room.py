"""How much of messages a listener holds."""

from __future__ import annotations

import asyncio

from hl7v2_gateway.listening.room import SMALL, Room

MOST = 10 * SMALL


def test_messages_get_in_in_their_order_as_others_leave() -> None:
    async def run() -> list[int]:
        room, entered = Room(MOST), []

        async def enter(number: int, size: int) -> None:
            await room.enter(size)
            entered.append(number)

        tasks = [asyncio.create_task(enter(n, 6 * SMALL)) for n in range(3)]
        await asyncio.sleep(0)
        small = asyncio.create_task(enter(3, 1))
        await asyncio.sleep(0)
        before = list(entered)
        for _ in range(3):
            room.leave(6 * SMALL)
            await asyncio.sleep(0)
        await asyncio.gather(*tasks, small)
        assert before == [0]
        return entered

    # A small one doesn't overtake: large ones would wait for ever.
    assert asyncio.run(run()) == [0, 1, 2, 3]


def test_one_alone_always_has_room() -> None:
    asyncio.run(asyncio.wait_for(Room(1).enter(1000), 60))


def test_who_gives_up_waiting_leaves_its_place_to_the_next() -> None:
    async def run() -> None:
        room = Room(MOST)
        await room.enter(MOST)
        first = asyncio.create_task(room.enter(MOST))
        second = asyncio.create_task(room.enter(MOST))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        room.leave(MOST)
        await asyncio.wait_for(second, 60)

    asyncio.run(run())


def test_of_messages_that_are_still_coming_there_may_be_so_much() -> None:
    room = Room(MOST)

    assert room.grows(1, 20 * SMALL)  # nobody else is there
    assert room.grows(2, SMALL)  # what one read brings
    assert not room.grows(2, 2 * SMALL)
    assert room.grows(2, 0)
    assert room.grows(1, 0)
    assert room.grows(2, 5 * SMALL)
    assert room.grows(3, 5 * SMALL)
    assert not room.grows(3, 6 * SMALL)
