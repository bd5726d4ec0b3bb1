"""What is kept but not acted on is put to the duty room, once; and it orders nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.core.district import READING
from tests.store.world import ANJU, HOUR, World
from warnengine.demo.scenario import BLUE, EXERCISE, MESSAGES, RED, RED_CONTINUES
from warnengine.ingest import formats
from warnengine.ingest.admission import AHEAD
from warnengine.ingest.intake import Intake
from warnengine.model.arrival import Arrival, Taken, Verdict
from warnengine.model.level import Level
from warnengine.model.warning import MsgType, Warning

YEAR = timedelta(days=365)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def shifted(warning: Warning, name: str, by: timedelta) -> Warning:
    """The same words under another identifier, that much later."""
    claims = (replace(c, begins=None, ends=c.ends and c.ends + by) for c in warning.claims)
    return replace(warning, identifier=name, sent=warning.sent + by, claims=tuple(claims))


def clearing(warning: Warning, name: str, *references: str, lifts: Level | None = None) -> Warning:
    """An all-clear a little later."""
    claims = tuple(replace(c, level=None, begins=None, ends=None, lifts=lifts) for c in warning.claims)
    later = warning.sent + SECOND
    return replace(
        warning, identifier=name, sent=later, msg_type=MsgType.CANCEL, references=references, claims=claims
    )


async def levels(world: World) -> set[int]:
    """What stands."""
    query = """SELECT DISTINCT v.level FROM order_version v JOIN standing_order o ON o.id = v.standing_order
               WHERE o.lapsed_at IS NULL AND v.superseded_at IS NULL"""
    return set(await world.column(query))


async def questions(world: World) -> list[str]:
    return [task["words"] for task in await world.tasks("unclear")]


# sent in the future


async def test_a_message_from_next_year_is_quarantined_and_silences_nobody(world: World) -> None:
    blue = await world.warn("blue", react=False)
    assert await world.take(shifted(blue, "next year", YEAR)) is Verdict.QUARANTINED
    (kept,) = await world.engine.warnings.quarantine()
    assert (kept["reason"], "clock" in kept["explanation"]) == ("sent_ahead", True)
    await world.warn("red")
    assert await levels(world) == {Level.RED}


async def test_clocks_may_differ_by_minutes(world: World) -> None:
    blue = await world.warn("blue", react=False)
    assert await world.take(shifted(blue, "a little ahead", AHEAD - MINUTE)) is Verdict.NEW
    assert await world.take(shifted(blue, "too far ahead", AHEAD + MINUTE)) is Verdict.QUARANTINED


async def test_a_red_that_is_overtaken_by_a_clock_that_is_ahead_is_put_to_the_duty_room(world: World) -> None:
    blue = await world.warn("blue", react=False)
    await world.take(shifted(blue, "ahead", 5 * MINUTE))
    await world.react()
    red = await world.warn("red", name="real")
    await world.take(red)
    await world.react()
    (asked,) = await questions(world)
    assert "real" in asked
    assert "ahead" in asked
    assert "未下发指令" in asked


async def test_what_is_overtaken_in_the_usual_way_asks_nothing(world: World) -> None:
    red = await world.warn("red", react=False)
    await world.jump(2 * MINUTE)
    await world.warn("blue", react=False)
    await world.take(shifted(red, "late", SECOND))
    await world.react()
    assert await levels(world) == {Level.BLUE}
    assert await questions(world) == []


# over before it came


async def test_last_years_red_orders_nothing_and_is_put_to_the_duty_room_once(world: World) -> None:
    red = await world.warn("red", hazard="gale", react=False)
    old = shifted(red, "last year", -YEAR)
    old = replace(old, claims=tuple(replace(claim, hazard="rainstorm") for claim in old.claims))
    for _ in range(2):
        assert await world.take(old) in {Verdict.NEW, Verdict.REPEAT}
        await world.react()
    assert await world.value("SELECT count(*) FROM standing_order WHERE hazard = 'rainstorm'") == 0
    (asked,) = await questions(world)
    assert asked.startswith("过期的预警,未下发指令:暴雨红色预警 last year")


async def test_without_an_end_the_window_of_the_hazard_counts(world: World) -> None:
    red = await world.warn("red", hazard="gale", lasts=None, react=False)
    endless = replace(red, claims=tuple(replace(claim, hazard="rainstorm", ends=None) for claim in red.claims))
    await world.take(replace(endless, identifier="two hours old", sent=red.sent - 2 * HOUR))
    await world.react()
    assert await questions(world) == []
    await world.take(replace(endless, identifier="four hours old", sent=red.sent - 4 * HOUR))
    await world.react()
    assert await questions(world) == [], "the later one has overtaken it"
    query = "SELECT count(*) FROM standing_order WHERE hazard = 'rainstorm' AND unit = $1"
    assert await world.value(query, ANJU) == 1


async def test_a_late_duplicate_of_what_was_in_force_changes_nothing(world: World) -> None:
    red = await world.warn("red")
    await world.jump(5 * HOUR)
    before = await world.value("SELECT count(*) FROM order_version")
    await world.take(red)
    await world.react()
    assert await world.value("SELECT count(*) FROM order_version") == before
    assert await levels(world) == {Level.RED}, "it stands until a person decides"
    assert await questions(world) == []


@pytest.mark.parametrize("first", ["the old one", "its all-clear"])
async def test_an_old_warning_and_its_all_clear_end_alike_in_either_order(world: World, first: str) -> None:
    red = await world.warn("red", react=False)
    old = shifted(red, "old", -YEAR)
    both = [old, clearing(old, "old clear", "old")]
    for message in both if first == "the old one" else reversed(both):
        await world.take(message)
        await world.react()
    assert await levels(world) == {Level.RED}
    assert await questions(world) == []


async def test_a_late_eased_level_neither_eases_nor_ends_what_stands(world: World) -> None:
    red = await world.warn("red")
    eased = replace(red, claims=tuple(replace(claim, level=Level.BLUE) for claim in red.claims))
    await world.jump(5 * HOUR)
    await world.take(shifted(eased, "eased", MINUTE))
    await world.react()
    assert await levels(world) == {Level.RED}
    assert len(await questions(world)) == 1


async def test_a_whole_night_out_of_the_archive_reaches_nobody(world: World) -> None:
    real(world)
    for place, message in enumerate(MESSAGES):
        await put(world, message.xml(), str(place))
        await world.react()
    await world.send()
    assert await world.value("SELECT count(*) FROM order_version") == 0
    assert world.sms.log == []
    assert all(words.startswith("过期的预警,未下发指令") for words in await questions(world))
    assert await questions(world)


async def test_a_reading_that_cannot_be_read_back_does_not_hold_up_the_district(world: World) -> None:
    await world.warn("orange", react=False)
    await world.execute("UPDATE district_warning SET body = body - 'sent'")
    await world.warn("red")
    assert await levels(world) == {Level.RED}
    (asked,) = await questions(world)
    assert "未下发指令" in asked


# an all-clear for something else


async def ordered(world: World) -> tuple[Warning, Warning]:
    """An orange, and a red by a message of its own."""
    orange = await world.warn("orange", name="orange1", react=False)
    return orange, await world.warn("red", name="red1")


async def test_an_all_clear_of_the_orange_does_not_end_the_red(world: World) -> None:
    _, red = await ordered(world)
    assert await world.take(clearing(red, "clear", "orange1")) is Verdict.NEW
    await world.react()
    assert await levels(world) == {Level.RED}
    (asked,) = await questions(world)
    assert asked.startswith("解除未执行")
    assert "red1" in asked
    await world.take(clearing(shifted(red, "red1", MINUTE), "proper", "red1"))
    await world.react()
    assert await levels(world) == set()


async def test_an_all_clear_that_says_orange_does_not_end_the_red(world: World) -> None:
    _, red = await ordered(world)
    await world.take(clearing(red, "clear", lifts=Level.ORANGE))
    await world.react()
    assert await levels(world) == {Level.RED}
    assert len(await questions(world)) == 1


@pytest.mark.parametrize("references", [(), ("never seen",), ("red1",), ("orange1", "red1")], ids=str)
async def test_every_other_all_clear_ends_it(world: World, references: tuple[str, ...]) -> None:
    _, red = await ordered(world)
    await world.take(clearing(red, "clear", *references, lifts=Level.RED))
    await world.react()
    assert await levels(world) == set()
    assert await questions(world) == []


# parts that nobody could read


def real(world: World) -> None:
    """Messages are read as they come."""
    world.engine.intake = Intake(world.engine.warnings, lambda raw: formats.read(raw, READING), world.book)


async def put(world: World, raw: bytes, where: str) -> Taken:
    return await world.engine.intake.take(Arrival("test", where, raw))


@pytest.fixture
async def dawn(world: World) -> World:
    """It is the morning of the red."""
    await world.execute("UPDATE installation SET clock_offset = $1::timestamptz - clock_timestamp()", RED.entered)
    real(world)
    return world


RENAMED = RED.xml().decode().replace("白羊镇", "白杨新镇").replace("500224106000", "500224999000").encode()
ONLY_IN_THE_TEXT = RED.xml().decode().replace("、白羊镇", "、白杨新镇").encode()


@pytest.mark.parametrize("raw", [RENAMED, ONLY_IN_THE_TEXT], ids=["with a code", "only in the text"])
async def test_a_township_that_nobody_knows_is_put_to_the_duty_room(dawn: World, raw: bytes) -> None:
    for where in ("1", "2"):
        await put(dawn, raw, where)
        await dawn.react()
    assert await levels(dawn) == {Level.RED}
    (asked,) = await questions(dawn)
    assert RED.identifier in asked
    assert "白杨新镇" in asked


def together(*messages: bytes) -> bytes:
    bodies = b"".join(message.split(b"?>", 1)[1] for message in messages)
    return b"<alerts>" + bodies + b"</alerts>"


BROKEN = RED_CONTINUES.xml().replace(b"<sendTime>2026", b"<sendTime>at ")
TOO_EARLY = RED_CONTINUES.xml()


@pytest.mark.parametrize(
    "other", [BROKEN, EXERCISE.xml(), TOO_EARLY], ids=["broken", "an exercise", "from the future"]
)
async def test_one_alert_of_two_that_is_refused_is_put_to_the_duty_room(dawn: World, other: bytes) -> None:
    raw = together(RED.xml(), other)
    for where in ("1", "2"):
        assert (await put(dawn, raw, where)).verdict in {Verdict.NEW, Verdict.REPEAT}
    await dawn.react()
    assert await levels(dawn) == {Level.RED}
    (asked,) = await questions(dawn)
    assert RED.identifier in asked
    assert "没有收下" in asked


async def test_where_none_of_several_is_let_in_the_message_is_quarantined(dawn: World) -> None:
    assert (await put(dawn, together(EXERCISE.xml(), TOO_EARLY), "1")).verdict is Verdict.QUARANTINED
    assert await questions(dawn) == []


async def test_the_night_as_it_was_asks_nothing(world: World) -> None:
    await world.execute("UPDATE installation SET clock_offset = $1::timestamptz - clock_timestamp()", BLUE.entered)
    real(world)
    for place, message in enumerate(MESSAGES):
        await world.execute(
            "UPDATE installation SET clock_offset = $1::timestamptz - clock_timestamp()", message.entered
        )
        await put(world, message.xml(), str(place))
        await world.react()
    assert await levels(world) == set()
    assert await questions(world) == []
