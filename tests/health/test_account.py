"""The account says zero after an honest night, and names what somebody has lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.store.world import World
from warnengine.health.account import Account, Unexplained, colour, task_of
from warnengine.health.paths import Colour

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTES = timedelta(minutes=5)


async def night(world: World) -> None:
    """A red comes in; texts go out, one number is dead, some have receipts, somebody answers."""
    await world.warn("red")
    await world.send("sms", "email")
    for entry in world.sms.log[::2]:
        await world.receipt(entry)
    await world.reply("anju_mayor", "1")
    await world.jump(MINUTES)
    await world.engine.listen()
    await world.settle()


async def unexplained(world: World) -> set[str]:
    account = await world.engine.accountant.make()
    return {one.what for one in account.unexplained}


async def test_an_honest_night_has_nothing_unexplained(world: World) -> None:
    await night(world)
    account = await world.engine.accountant.make()
    assert account.unexplained == ()
    assert account.line.endswith(" acked, 0 unexplained")
    figures = account.figures
    assert figures["warnings"] == 1
    assert figures["orders"] > 1
    assert figures["people"] > 5
    assert figures["accepted"] >= figures["delivered"] > 0
    assert figures["acked"] >= 1
    assert await world.rows("SELECT * FROM task WHERE words LIKE '对账%'") == []


async def test_a_quiet_day_and_an_all_clear_add_up(world: World) -> None:
    assert (await world.engine.accountant.make()).line.endswith("0 acked, 0 unexplained")
    await night(world)
    await world.warn(None)
    await world.settle()
    await world.jump(MINUTES)
    await world.engine.listen()
    await world.settle()
    assert await unexplained(world) == set()


LOSSES = {
    "a warning that nobody takes in": (
        "UPDATE district_warning SET applied_at = NULL; UPDATE arrival SET received_at = received_at - interval '1 hour'",
        {"not_taken"},
    ),
    "orders that were deleted": (
        "UPDATE standing_order SET lapsed_at = engine_now()",
        {"without_orders", "missing"},
    ),
    "one order that was deleted": (
        "UPDATE standing_order SET lapsed_at = engine_now() WHERE unit = 'water'",
        {"missing"},
    ),
    "an order without its danger": ("DELETE FROM cell", {"surplus"}),
    "an order of another level": ("UPDATE order_version SET level = 3 WHERE superseded_at IS NULL", {"differs"}),
    "a change that stays half done": ("UPDATE change SET expanded_at = NULL", {"not_expanded"}),
    "a person who was forgotten": (
        "DELETE FROM obligation WHERE person = 'anju_secretary' AND chased",
        {"not_told"},
    ),
    "a message without a way": (
        "DELETE FROM delivery WHERE bundle = (SELECT max(id) FROM bundle WHERE purpose = 'order'); DELETE FROM task",
        {"not_sent"},
    ),
    "a text that was never sent": (
        "DELETE FROM delivery_event; DELETE FROM attempt",
        {"no_record"},
    ),
    "a send without an outcome": ("DELETE FROM delivery_event", {"no_outcome"}),
    "a failure that nobody was told of": (
        "UPDATE delivery_event SET what = 'failed'; DELETE FROM task",
        {"no_end"},
    ),
    "a receipt that is neither there nor missed": (
        "DELETE FROM delivery_event WHERE what IN ('silent', 'delivered'); UPDATE delivery_event SET at = at - interval '1 hour'",
        {"no_receipt"},
    ),
    "a receipt of no message": (
        "UPDATE receipt SET matched_at = NULL, received_at = received_at - interval '1 hour'",
        {"parked"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("statement", "found"), LOSSES.values(), ids=LOSSES)
async def test_what_is_lost_is_named(world: World, statement: str, found: set[str]) -> None:
    await night(world)
    async with world.database.reading() as connection:
        await connection.execute(statement)
    assert await unexplained(world) >= found
    (task,) = await world.rows("SELECT words FROM task WHERE words LIKE '对账%'")
    assert "请运维查明" in task["words"]
    await world.engine.accountant.make()
    assert len(await world.rows("SELECT words FROM task WHERE words LIKE '对账%'")) == 1, (
        "one task while it is open"
    )


async def test_it_is_made_once_in_an_interval_whoever_makes_it(world: World) -> None:
    await world.engine.accountant.step()
    world.engine.accountant._due = 0
    await world.engine.accountant.step()
    assert len(await world.rows("SELECT * FROM account")) == 1


@pytest.mark.parametrize(
    ("name", "age", "unexplained", "expected"),
    [
        ("fresh and clean", timedelta(minutes=3), [], Colour.GREEN),
        ("just in its time", HOUR + timedelta(minutes=10), [], Colour.GREEN),
        ("overdue", HOUR + timedelta(minutes=11), [], Colour.GREY),
        ("overdue and not clean", HOUR + timedelta(minutes=11), [1], Colour.GREY),
        ("not clean", timedelta(minutes=3), [1], Colour.RED),
        ("never", None, [], Colour.GREY),
    ],
)
def test_its_light(name: str, age: timedelta | None, unexplained: list[int], expected: Colour) -> None:
    assert colour(NOW - age if age is not None else None, unexplained, NOW, HOUR) is expected, name


def test_its_words() -> None:
    figures = {"warnings": 2, "orders": 31, "people": 180, "accepted": 360, "delivered": 350, "acked": 170}
    account = Account(NOW, figures, (Unexplained("no_record", "12"), Unexplained("no_record", "13")))
    assert (
        account.line == "2 warnings, 31 orders, 180 people, 360 accepted, 350 delivered, 170 acked, 2 unexplained"
    )
    assert account.words == "预警2、指令31、人180、网关接收360、送达350、应答170,说不清的2"
    assert task_of(account) == "对账有2项说不清:没有任何发送记录2项(12、13)。请运维查明,相关人员先电话核实"
