"""点名: everybody on duty is asked by the way that an order goes, and the table says who was there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.store.world import World, small_directory
from warnengine.health.roll_call import Called, Presence, day, due, presence, summary, task_of
from warnengine.model.delivery import Fate
from warnengine.settings import RollCall
from warnengine.store.doctor import DoctorStore

HALF = timedelta(minutes=30)
THERE, SILENT, INVALID, BUSY = Presence.THERE, Presence.SILENT, Presence.INVALID, Presence.BUSY


def beijing(month: int, hour: int, minute: int) -> datetime:
    return datetime(2026, month, 10, hour, minute, tzinfo=UTC) - timedelta(hours=8)


@pytest.mark.parametrize(
    ("name", "now", "expected"),
    [
        ("just in time", beijing(7, 17, 30), True),
        ("a little late, after a restart", beijing(7, 17, 44), True),
        ("too late", beijing(7, 17, 45), False),
        ("too early", beijing(7, 17, 29), False),
        ("outside the flood season", beijing(11, 17, 30), False),
    ],
)
def test_when_it_is_made(name: str, now: datetime, expected: bool) -> None:
    assert due(now, RollCall()) is expected, name


def test_one_a_day_by_beijings_calendar() -> None:
    assert day(beijing(7, 0, 1)) == day(beijing(7, 23, 59)) != day(beijing(7, 23, 59) + timedelta(minutes=2))


@pytest.mark.parametrize(
    ("answered", "invalid", "expected"),
    [(True, False, THERE), (True, True, THERE), (False, True, INVALID), (False, False, SILENT)],
)
def test_what_becomes_of_one(answered: bool, invalid: bool, expected: Presence) -> None:
    assert presence(answered=answered, invalid=invalid) is expected


def test_the_words() -> None:
    everybody = [Called("甲", ("安居镇值班员",), THERE), Called("乙", ("白羊镇值班员",), SILENT)]
    assert summary(everybody) == "应到2人,实到1人,未应答1人,号码无效0人"
    assert task_of(everybody) == "点名:应到2人,实到1人,未应答1人,号码无效0人。请电话核实:乙(白羊镇值班员,未应答)"
    assert task_of(everybody[:1]) == ""
    assert summary([Called("丙", (), BUSY)]).endswith("正在应答指令1人")


async def called(world: World) -> dict[str, str]:
    shown = await world.engine.roll.shown()
    assert shown
    return {one["name"]: one["presence"] for one in shown["people"]}


async def test_an_evening(world: World) -> None:
    assert await world.engine.roll.call("王主任") == 4
    assert await world.engine.roll.call("王主任") is None, "one at a time"
    await world.send("sms")
    assert len(world.sms.log) == 4
    assert all("点名" in entry.short and "回1确认在岗" in entry.short for entry in world.sms.log)
    assert max(len(entry.short) for entry in world.sms.log) <= 70, "one SMS"

    water = await world.address("water_duty")
    await world.receipt(next(entry for entry in world.sms.log if entry.address == water), Fate.FAILED)
    await world.reply("anju_duty", "1")
    await world.reply("baiyang_duty", "不是本人")
    assert await called(world) == {
        "ANJU_DUTY": "实到", "BAIYANG_DUTY": "号码无效", "DUTY_ROOM_DUTY": "未应答", "WATER_DUTY": "号码无效",
    }  # fmt: skip

    assert not await world.engine.roll.close(), "its time is not over"
    await world.jump(HALF)
    assert await world.engine.roll.close()
    assert not await world.engine.roll.close()
    (task,) = await world.rows("SELECT words FROM task WHERE words LIKE '点名%'")
    assert "应到4人,实到1人,未应答1人,号码无效2人" in task["words"]
    assert "DUTY_ROOM_DUTY" in task["words"]
    assert "ANJU_DUTY" not in task["words"]


async def test_it_orders_nothing_and_nobody_is_chased(world: World) -> None:
    await world.engine.roll.call("王主任")
    await world.send("sms")
    await world.jump(4 * HALF)
    await world.engine.listen()
    await world.settle()
    assert len(world.sms.log) == 4
    assert await world.engine.board.orders(10) == []
    assert await world.rows("SELECT * FROM obligation") == []
    assert await world.rows("SELECT * FROM every_timer") == []
    assert (await world.engine.accountant.make()).unexplained == ()


async def test_it_is_not_sent_after_its_time(world: World) -> None:
    await world.engine.roll.call("王主任")
    await world.jump(2 * HALF)
    await world.send("sms")
    assert world.sms.log == []


async def test_whoever_is_answering_an_order_is_not_asked_beside_it(world: World) -> None:
    """A 1 must mean the order: it is what he read last."""
    await world.warn("red")
    await world.send("sms", "email")
    await world.engine.roll.call("王主任")
    assert set((await called(world)).values()) == {"正在应答指令", "未应答"}
    before = len(world.sms.log)
    await world.send("sms")
    asked = {entry.address for entry in world.sms.log[before:]}
    assert await world.address("anju_duty") not in asked
    await world.reply("anju_duty", "1")
    states = await world.rows("SELECT state FROM obligation WHERE person = 'anju_duty'")
    assert {row["state"] for row in states} == {"acked"}


async def test_an_answer_proves_the_number(world: World) -> None:
    doctor = DoctorStore(world.database)
    district = world.book.district.code
    assert "ANJU_DUTY" in await doctor.unproven(district, 90)
    await world.engine.roll.call("王主任")
    await world.send("sms")
    await world.reply("anju_duty", "1")
    water = await world.address("water_duty")
    await world.receipt(next(entry for entry in world.sms.log if entry.address == water))
    await world.engine.accountant.make()
    unproven = await doctor.unproven(district, 90)
    assert {"ANJU_DUTY", "WATER_DUTY"}.isdisjoint(unproven)
    assert "BAIYANG_DUTY" in unproven
    await world.jump(timedelta(days=91))
    assert "ANJU_DUTY" in await doctor.unproven(district, 90)


async def test_who_has_no_number_is_in_the_table_too(world: World) -> None:
    await world.people(small_directory(mute=["anju_duty"]))
    await world.engine.roll.call("王主任")
    assert (await called(world))["ANJU_DUTY"] == "号码无效"


async def test_by_the_clock_once_a_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warnengine.app.roll_call.due", lambda now, settings: True)
    world.engine.roll.settings = RollCall()
    for _ in range(3):
        world.engine.roll._due = 0
        await world.engine.roll.step()
        await world.jump(HALF)
    assert len(await world.rows("SELECT * FROM roll_call")) == 1
