"""One warning by several providers, an end that moves, a first start, and warnings without an order: in the store."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.store.world import ANJU, BAIYANG, HOUR, ISSUER, World
from warnengine.ingest.spool import SpoolSource
from warnengine.model.arrival import Arrival, Taken, Verdict
from warnengine.model.level import Level
from warnengine.model.place import Area
from warnengine.model.warning import Claim, MsgType, Status, Warning

NAME = "铜梁区气象台"
TEXT = "铜梁区气象台发布。"
PICTURE = """
SELECT o.unit, o.hazard, v.level, v.reach, (SELECT array_agg(m ORDER BY m) FROM jsonb_path_query(v.measures, '$[*].standing') AS m)
FROM standing_order o JOIN order_version v ON v.standing_order = o.id AND v.superseded_at IS NULL
WHERE o.lapsed_at IS NULL ORDER BY 1, 2"""


def message(
    name: str, sent: datetime, claims: dict[str, Level | None], ends: datetime, text: str = TEXT
) -> Warning:
    """A message of the observatory, in its national form with a text, else as the row of a list."""
    national = bool(text)
    return Warning(
        identifier=name,
        sender=NAME,
        issuer="50015141600000" if national else NAME,
        sent=sent,
        status=Status.ACTUAL,
        msg_type=MsgType.ALERT if any(claims.values()) else MsgType.CANCEL,
        references=(),
        format="national" if national else "list",
        headline="暴雨预警",
        description=text,
        effective=None,
        onset=None,
        expires=None,
        claims=tuple(
            Claim(Area(code, code), "rainstorm", "rainstorm", "signal", level, sent, ends if level else None)
            for code, level in claims.items()
        ),
    )


async def minute(world: World) -> datetime:
    return (await world.now()).replace(second=0, microsecond=0)


def national(sent: datetime, number: int = 12) -> str:
    return f"{ISSUER}_{sent.astimezone().strftime('%Y%m%d%H%M')}{number:02}"


async def bring(world: World, warning: Warning, source: str) -> Verdict:
    raw = repr(warning).encode()
    world.read[raw] = warning
    taken: Taken = await world.engine.intake.take(Arrival(source, f"{source} {next(world.numbers)}", raw))
    await world.react()
    return taken.verdict


async def both(world: World, level: Level = Level.RED) -> tuple[Warning, Warning]:
    """A text for one township, and the row of a list on it."""
    sent = await minute(world)
    text = message(national(sent), sent, {ANJU: level}, sent + 3 * HOUR)
    return text, message("row-1", sent, {"500151": level}, sent + 24 * HOUR, "")


@pytest.mark.parametrize("first", [0, 1], ids=["text first", "row first"])
async def test_a_row_and_a_text_are_one_warning(world: World, first: int) -> None:
    pair = await both(world)
    assert await bring(world, pair[first], "one") is Verdict.NEW
    orders = set(await world.column("SELECT id FROM standing_order"))
    assert await bring(world, pair[1 - first], "two") is Verdict.REPEAT
    assert await world.value("SELECT count(*) FROM warning") == 1
    assert await world.column("SELECT title_only FROM warning") == [False]
    assert await world.column("SELECT identifier FROM warning_name") == [pair[1 - first].identifier]
    assert set(await world.column("SELECT id FROM standing_order")) == orders, "no second order"
    assert "reopen" not in await world.column("SELECT kind FROM order_version")
    assert {row["unit"] for row in await world.rows(PICTURE)} & {ANJU, BAIYANG} == {ANJU}
    assert await world.tasks("unclear") == []


async def test_two_rows_of_one_list_stay_two(world: World) -> None:
    _, row = await both(world)
    await bring(world, row, "list")
    assert await bring(world, replace(row, identifier="row-2"), "list") is Verdict.NEW
    assert await world.value("SELECT count(*) FROM warning") == 2


async def test_two_texts_of_one_minute_stay_two(world: World) -> None:
    text, row = await both(world)
    await bring(world, text, "one")
    await bring(world, row, "list")
    update = replace(text, identifier=national(text.sent, 50))
    assert await bring(world, update, "two") is Verdict.NEW
    assert "reopen" in await world.column("SELECT kind FROM order_version"), "a repeated red asks again"


async def test_a_list_that_brings_the_text_later_does_not_contradict_itself(world: World) -> None:
    text, row = await both(world)
    assert await bring(world, row, "list") is Verdict.NEW
    whole = replace(row, description=TEXT, claims=text.claims)
    assert await bring(world, whole, "list") is Verdict.REPEAT
    assert await bring(world, row, "list") is Verdict.REPEAT, "and its title again"
    assert await world.value("SELECT description FROM warning") == TEXT
    graver = replace(row, claims=tuple(replace(one, level=Level.BLUE) for one in row.claims))
    assert await bring(world, graver, "list") is Verdict.QUARANTINED


async def test_one_row_that_contradicts_itself_does_not_hold_back_a_list(world: World) -> None:
    text, row = await both(world)
    await bring(world, row, "list")
    changed = replace(row, claims=tuple(replace(one, level=Level.BLUE) for one in row.claims))
    gale = replace(text, identifier="row-3", claims=tuple(replace(one, hazard="gale") for one in text.claims))
    world.engine.intake = replace(world.engine.intake, read=lambda raw: [changed, gale])
    taken = await world.engine.intake.take(Arrival("list", "whole", b"a list"))
    await world.react()
    assert taken.verdict is Verdict.NEW
    assert {row["hazard"] for row in await world.rows(PICTURE)} == {"rainstorm", "gale"}
    assert any("另有预警没有收下" in task["words"] for task in await world.tasks("unclear"))


async def test_two_sources_that_differ_are_shown_and_the_graver_counts(world: World) -> None:
    text, _ = await both(world, Level.ORANGE)
    await bring(world, text, "one")
    other = replace(text, claims=tuple(replace(one, level=Level.RED) for one in text.claims))
    assert await bring(world, other, "two") is Verdict.CONFLICT
    assert {row["level"] for row in await world.rows(PICTURE)} == {Level.RED}
    assert any("不同来源" in task["words"] for task in await world.tasks("unclear"))


async def test_what_is_issued_again_is_over_later_and_nobody_is_told(world: World) -> None:
    first = await world.warn("orange", lasts=3 * HOUR)
    await world.send()
    sent, versions = len(world.sms.log), await world.value("SELECT count(*) FROM order_version")
    await world.jump(HOUR)
    again = await world.warn("orange", lasts=6 * HOUR)
    await world.send()
    assert again.sent > first.sent
    assert len(world.sms.log) == sent
    assert await world.value("SELECT count(*) FROM order_version") == versions
    await world.jump(3 * HOUR)
    await world.chase()
    assert await world.tasks("ended") == [], "the old end has passed"
    await world.jump(4 * HOUR)
    await world.chase()
    (task,) = await world.tasks("ended")
    assert "到期待确认" in task["words"]
    assert await world.value("SELECT count(*) FROM standing_order WHERE lapsed_at IS NOT NULL") == 0
    await world.warn("orange", lasts=6 * HOUR)
    await world.engine.duty.drop_moot()
    assert [one["closed_at"] is None for one in await world.tasks("ended")] == [False]


async def started(world: World) -> None:
    await world.execute("UPDATE installation SET found_until = engine_now()")


async def test_a_first_start_takes_what_is_in_force_and_tells_nobody(world: World) -> None:
    await started(world)
    sent = await minute(world) - HOUR
    old = message(national(sent), sent, {ANJU: Level.RED}, sent + 6 * HOUR)
    await bring(world, old, "list")
    await world.settle()
    assert world.sms.log == world.email.log == []
    assert {row["unit"] for row in await world.rows(PICTURE)} >= {ANJU, "water"}
    assert await world.value("SELECT count(*) FROM bundle") == 0
    assert await world.value("SELECT count(*) FROM approval") == 0
    assert {task["kind"] for task in await world.rows("SELECT kind FROM task")} == {"unclear"}
    (question,) = await world.tasks("unclear")
    assert "首次启动" in question["words"]
    now = await world.now()
    await bring(world, message(national(now), now, {ANJU: Level.RED}, now + 6 * HOUR), "list")
    await world.send()
    assert world.sms.log, "a red that is newer than the start is sent"


async def test_an_upgrade_and_an_all_clear_after_a_first_start_go_to_whom_they_concern(world: World) -> None:
    await started(world)
    sent = await minute(world) - HOUR
    await bring(world, message(national(sent), sent, {ANJU: Level.YELLOW}, sent + 6 * HOUR), "list")
    await bring(world, message(national(sent, 13), sent, {BAIYANG: Level.YELLOW}, sent + 6 * HOUR), "list")
    now = await world.now()
    await bring(world, message(national(now, 1), now, {BAIYANG: None}, now), "list")
    await world.send()
    assert await world.inbox("baiyang_mayor") == [], "who was never told of it hears of no end"
    await bring(world, message(national(now, 2), now, {ANJU: Level.RED}, now + 6 * HOUR), "list")
    await world.send()
    assert await world.inbox("anju_mayor")


@pytest.mark.parametrize(
    ("late", "before"), [(2 * HOUR, HOUR), (timedelta(), timedelta(minutes=5))], ids=["hours later", "minutes old"]
)
async def test_what_is_not_part_of_a_first_start_is_told(world: World, late: timedelta, before: timedelta) -> None:
    await started(world)
    sent = await minute(world) - before
    await world.jump(late)
    await bring(world, message(national(sent), sent, {ANJU: Level.RED}, sent + 9 * HOUR), "list")
    await world.send()
    assert world.sms.log


async def test_only_a_new_live_installation_starts_for_the_first_time(world: World) -> None:
    assert await world.value("SELECT found_until FROM installation") is None, "this is none"
    await world.execute("DELETE FROM installation")
    await world.database.installation("live")
    moment = await world.value("SELECT found_until FROM installation")
    assert moment is not None
    await world.database.installation("live")
    assert await world.value("SELECT found_until FROM installation") == moment, "a restart is no first start"


async def test_warnings_without_an_order_are_listed_with_the_reason(world: World) -> None:
    now = await world.now()
    meteor = message("meteor", now, {ANJU: Level.RED}, now + HOUR)
    await bring(
        world, replace(meteor, claims=tuple(replace(c, hazard=None, event="陨石") for c in meteor.claims)), "a"
    )
    await bring(world, message("heard", now, {ANJU: Level.RED}, now + HOUR), "a")
    await bring(world, message("heard", now, {ANJU: Level.RED}, now + HOUR), "b")
    past = now - 6 * HOUR
    await bring(world, message("old", past, {BAIYANG: Level.RED}, past + HOUR), "a")
    listed = {row["identifier"]: row["why"] for row in await world.engine.board.unmatched(10)}
    assert set(listed) == {"meteor", "old"}
    assert "不认识" in listed["meteor"]
    assert "已过有效时间" in listed["old"]


@pytest.mark.parametrize("status", [Status.EXERCISE, Status.TEST, Status.SYSTEM, Status.DRAFT])
async def test_what_is_not_for_real_never_reaches_the_live_path(world: World, status: Status) -> None:
    now = await world.now()
    assert await bring(world, replace(message("x", now, {ANJU: Level.RED}, now + HOUR), status=status), "a") is (
        Verdict.QUARANTINED
    )
    for table in ("district_warning", "cell", "standing_order", "bundle"):
        assert await world.value(f"SELECT count(*) FROM {table}") == 0


async def chain(world: World) -> list[tuple[str, Warning]]:
    """发布, 升级, 继续, by township, 解除, with rows of a list beside, each with its source."""
    t = await minute(world) - timedelta(minutes=50)
    end = t + 9 * HOUR

    def at(minutes: int) -> datetime:
        return t + timedelta(minutes=minutes)

    def text(minutes: int, claims: dict[str, Level | None]) -> Warning:
        return message(national(at(minutes)), at(minutes), claims, end)

    return [
        ("kafka", text(0, {ANJU: Level.YELLOW, BAIYANG: Level.YELLOW})),
        ("list", message("r1", at(0), {"500151": Level.YELLOW}, end, "")),
        ("kafka", text(10, {ANJU: Level.RED, BAIYANG: Level.ORANGE})),
        ("list", message("r2", at(10), {"500151": Level.RED}, end, "")),
        ("http", text(20, {ANJU: Level.RED, BAIYANG: Level.ORANGE})),
        ("kafka", text(30, {ANJU: Level.ORANGE, BAIYANG: None})),
        ("list", message("r3", at(40), {"500151": None}, end, "")),
    ]


@pytest.mark.parametrize("kept", range(7))
async def test_every_beginning_of_a_chain_goes_on_after_a_restart(world: World, kept: int) -> None:
    """The engine dies with messages that it has and has not taken in; all of them come again, and then the rest."""
    messages = await chain(world)
    for source, one in messages[:kept]:
        raw = repr(one).encode()
        world.read[raw] = one
        await world.engine.intake.take(Arrival(source, "the same", raw))
        if kept % 2:
            await world.react()
    restarted = World(world.database, world.book, world.engine.settings.data)
    for source, one in (*messages[:kept][::-1], *messages[:-1]):
        await bring(restarted, one, source)
    assert {row["unit"]: row["level"] for row in await world.rows(PICTURE)} == {
        ANJU: Level.ORANGE, "water": Level.ORANGE,
    }  # fmt: skip
    await bring(restarted, messages[-1][1], "list")
    assert await world.rows(PICTURE) == []
    assert await world.value("SELECT count(*) FROM warning") == 5


async def test_every_way_in_gives_the_same_warning(world: World) -> None:
    text, _ = await both(world)
    raw = repr(text).encode()
    world.read[raw] = text
    spool = SpoolSource(world.engine.settings.data / "spool", world.engine.take)
    for place in ("", "taken", "refused"):
        (spool.folder / place).mkdir(parents=True, exist_ok=True)
    file = spool.folder / "a.xml"
    file.write_bytes(raw)
    os.utime(file, (1, 1))
    await spool.look()
    for source in ("http token", "kafka"):
        assert (await world.engine.take(Arrival(source, f"{source}/1", raw))).verdict is Verdict.REPEAT
    await world.react()
    bodies = await world.column("SELECT DISTINCT body FROM district_warning")
    assert len(bodies) == 1
    assert await world.value("SELECT count(*) FROM district_warning") == 3
    assert await world.column("SELECT DISTINCT version FROM order_version") == [1]
