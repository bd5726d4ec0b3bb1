"""A feed from the outside: its warning is everybody's order, it goes away and nothing is taken back, its silence is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.acceptance.house import House
from tests.acceptance.program import until
from tests.store.feed_server import FeedServer, broken, serving
from warnengine.demo import scenario

pytestmark = pytest.mark.asyncio(loop_scope="module")
BLUE = scenario.BLUE


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[FeedServer]:
    async with serving() as made:
        made.answers["/atom"] = broken(503)
        made.pages["/cap/blue"] = BLUE.xml()
        made.atom("blue")
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, seed: Path, server: FeedServer) -> AsyncIterator[House]:
    feed = {
        "name": "national", "title": "国家突发", "kind": "atom", "url": f"{server.url}/atom", "inside": ["127.0.0.0/8"],
        "interval_seconds": 1, "silent_minutes": 0.1,
    }  # fmt: skip
    made = House(tmp_path_factory.mktemp("house"), feeds=[feed])
    try:
        await made.open(seed)
        await made.jump(BLUE.entered)
        yield made
    finally:
        await made.close()


async def told(house: House) -> str:
    """What the duty room has to do about feeds."""
    return "".join(task["text"] for task in await house.all("tasks") if task["kind"] == "feed")


async def test_a_warning_of_a_feed_is_ordered_and_its_silence_is_told_and_takes_nothing_back(
    house: House, server: FeedServer
) -> None:
    del server.answers["/atom"]

    async def ordered() -> bool:
        return bool(await house.all("orders"))

    await until("the orders", ordered, house.engine)
    await house.settled()
    assert set(house.smsc.copies().values()) == {1}
    orders = await house.all("orders")

    server.atom()  # the entry is gone
    polls = server.times("/atom").total()

    async def polled_again() -> bool:
        return server.times("/atom").total() >= polls + 2

    await until("another poll", polled_again, house.engine)
    server.answers["/atom"] = broken(503)

    async def is_told() -> bool:
        return "“国家突发”断了" in await told(house)

    await until("the duty room to be told", is_told, house.engine)
    async with house.web.get("/readyz") as answer:
        said = await answer.json()
    assert (answer.status, said["problems"]) == (200, {}), "the other ways in still work"
    assert "不等于解除" in said["notes"]["feed national"]
    assert await house.all("orders") == orders
    assert set(house.smsc.copies().values()) == {1}

    del server.answers["/atom"]

    async def is_over() -> bool:
        return not await told(house)

    await until("the task to go by itself", is_over, house.engine)
