"""What is too large or too much waits for a second look; authorisations let compulsory orders go at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.store.world import ANJU, BAIYANG, World
from warnengine.model.book import Authorisation, RuleBook
from warnengine.model.errors import Refused
from warnengine.model.order import Form

EVACUATION = "p500151105.rainstorm.red.1"
BEIJING = timezone(timedelta(hours=8))


def ruled(world: World, **changes: Any) -> RuleBook:
    """The engine works with a changed book of the same hash."""
    book = world.engine.book.model_copy(update=changes)
    world.engine.book = book
    world.engine.reconciler = replace(world.engine.reconciler, book=book)
    return book


def limited(world: World, **limits: int) -> None:
    ruled(world, limits=world.book.limits.model_copy(update=limits))


async def authorised(world: World, *, until: date | None = None, **changes: Any) -> None:
    day = (await world.now()).astimezone(BEIJING).date()
    values = {"document": "铜府发〔2026〕12号", "by": "区政府", "measures": [EVACUATION], "valid_from": day,
              "valid_to": until or day}  # fmt: skip
    ruled(world, standing=(Authorisation.model_validate(values | changes),))


async def marks(world: World) -> dict[str, Any]:
    measures = await world.value(
        "SELECT v.measures FROM order_version v JOIN standing_order o ON o.id = v.standing_order "
        "WHERE o.unit = $1 AND v.superseded_at IS NULL AND o.lapsed_at IS NULL", ANJU
    )  # fmt: skip
    return {mark["standing"]["measure"]: mark for mark in measures}


async def test_an_order_to_too_many_waits_for_a_leader(world: World) -> None:
    limited(world, people_per_order=3)
    await world.warn("red", ANJU)
    await world.settle()
    assert await world.inbox("anju_mayor") == []
    held = await world.engine.halts.halts()
    assert {one["automatic"] for one in held} == {True}
    tasks = [task["words"] for task in await world.tasks("decide")]
    assert any("将发4人,超过上限3人" in words for words in tasks)
    order = await world.value("SELECT id FROM standing_order WHERE unit = $1", ANJU)
    (stop,) = (one for one in held if one["target"] == str(order))
    with pytest.raises(Refused, match="带班领导"):
        await world.engine.halts.resume(stop["id"], "李四", leader=False)
    await world.engine.halts.resume(stop["id"], "王区长", leader=True)
    await world.execute("UPDATE chunk SET due = engine_now() WHERE finished_at IS NULL")
    await world.send()
    assert len(await world.inbox("anju_mayor")) == 1


async def test_more_than_three_times_as_many_as_usual_wait(world: World) -> None:
    for _ in range(3):
        await world.warn("red", ANJU)
        await world.settle()
        await world.warn(None, ANJU)
        await world.settle()
    assert await world.engine.halts.halts() == []
    await world.execute(
        "INSERT INTO person (district, key, name) SELECT '500151', 'x' || n, 'X' FROM generate_series(1, 20) n"
    )
    await world.execute(
        "INSERT INTO holding (district, unit, post, person) SELECT '500151', $1, 'duty', 'x' || n "
        "FROM generate_series(1, 20) n", ANJU
    )  # fmt: skip
    await world.warn("red", ANJU)
    assert any("超过平时4人的3倍" in one["why"] for one in await world.engine.halts.halts())
    await world.warn(None, ANJU)
    await world.settle()


async def test_orders_beyond_those_of_a_minute_wait_and_all_clears_do_not(world: World) -> None:
    limited(world, orders_per_minute=1)
    await world.warn("red", ANJU, react=False)
    await world.warn("orange", BAIYANG)
    await world.settle()
    held = await world.engine.halts.halts()
    made = await world.value("SELECT count(*) FROM order_version")
    assert len(held) == made - 1
    assert all("一分钟内的指令超过1条" in one["why"] for one in held)
    assert world.sms.log, "the gravest has gone"
    assert await world.inbox("baiyang_mayor") == []
    before = len(world.sms.log)
    await world.warn(None, ANJU, BAIYANG)
    await world.send()
    assert len(world.sms.log) > before


async def test_within_an_authorisation_the_order_goes_at_once_and_says_on_what(world: World) -> None:
    await authorised(world)
    await world.warn("red")
    await world.settle()
    assert "撤离涪江225米线下住户" in (await world.inbox("anju_mayor"))[0]
    mark = (await marks(world))[EVACUATION]
    assert (mark["standing"]["form"], mark["authority"]) == (Form.ORDER, "依据铜府发〔2026〕12号授权")
    sealed = await world.value("SELECT body FROM audit WHERE kind = 'orders'")
    authorised_ = [order["authorised"] for order in sealed["orders"] if order["unit"] == ANJU]
    assert authorised_ == [{EVACUATION: "依据铜府发〔2026〕12号授权"}]
    requests = await world.engine.board.requests(pending=True)
    assert EVACUATION not in str(requests)


@pytest.mark.parametrize(
    "changes",
    [{"valid_from": "2020-01-01", "valid_to": "2020-12-31"}, {"units": [BAIYANG]}, {"levels": ["orange"]}],
    ids=["over", "of another unit", "of another level"],
)
async def test_beyond_an_authorisation_it_waits(world: World, changes: dict[str, Any]) -> None:
    await authorised(world, **changes)
    await world.warn("red")
    assert (await marks(world))[EVACUATION]["standing"]["form"] == Form.ADVICE
    assert EVACUATION in str(await world.engine.board.requests(pending=True))


async def test_what_was_ordered_within_it_stands_after_its_last_day(world: World) -> None:
    await authorised(world)
    await world.warn("red", lasts=timedelta(days=3))
    await world.jump(timedelta(days=1, hours=1))
    await world.warn("red", lasts=timedelta(days=3))
    mark = (await marks(world))[EVACUATION]
    assert (mark["standing"]["form"], mark["authority"]) == (Form.ORDER, "依据铜府发〔2026〕12号授权")
    await world.warn(None)
    await world.warn("red")
    assert (await marks(world))[EVACUATION]["standing"]["form"] == Form.ADVICE


async def test_the_duty_room_hears_of_the_end_in_advance_once(world: World) -> None:
    day = datetime.now(BEIJING).date()
    await authorised(world, until=day + timedelta(days=20))
    for _ in range(3):
        await world.chase()
    world.engine.announced.clear()
    await world.chase()
    tasks = await world.rows("SELECT words FROM task WHERE words LIKE '授权%'")
    assert len(tasks) == 1
    assert "及时续办" in tasks[0]["words"]
