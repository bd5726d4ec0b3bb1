"""What an official's link shows, as the browser gets it."""

from __future__ import annotations

from datetime import timedelta

import aiohttp
from fastapi import FastAPI

from tests.serving import serving
from tests.store.world import World, small_directory
from warnengine.console import official
from warnengine.order.expand import link_code

KEY = b"of this test"


async def page(world: World, key: str, purpose: str = "order") -> str:
    """The page of the newest bundle of a person."""
    application = FastAPI()
    house = official.Official("铜梁应急", "023-45600000", None, world.engine.wording.shown)
    application.include_router(official.build(world.engine.answers, house))
    bundle = (await world.bundles(key, purpose))[-1]["id"]
    path = f"/a/{link_code(KEY, bundle)}"
    async with serving(application) as url, aiohttp.ClientSession(url) as web, web.get(path) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_who_stands_in_for_somebody_reads_for_whom(world: World) -> None:
    await world.people(small_directory(without=["anju_vice", "anju_mayor", "anju_secretary"]))
    await world.warn("red")
    await world.send()
    await world.jump(timedelta(minutes=5))
    await world.settle()
    text = await page(world, "water_vice", "escalation")
    assert "请代WATER_DUTY办:" in text
    assert "未应答:水利局值班员WATER_DUTY" in text


async def test_an_all_clear_asks_for_nothing_but_its_receipt(world: World) -> None:
    await world.warn("red")
    await world.send()
    assert "已完成" in await page(world, "anju_duty")
    await world.warn(None)
    text = await page(world, "anju_duty")
    assert "收到" in text
    assert "已完成" not in text
    assert "已开展" not in text


async def test_an_order_says_by_which_rules_it_was_made(world: World) -> None:
    await world.warn("red")
    await world.send()
    assert f"依据规则{world.book.hash[:12]}" in await page(world, "anju_duty")
