"""What is not let in is work for people: listed, read anew, released by two, closed; and nothing of it is lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.core.district import READING
from tests.ingest.signing import Signer, signer, written
from tests.store.world import ANJU, World
from warnengine.app.quarantine import Quarantine
from warnengine.demo.scenario import BLUE, EXERCISE, ISSUER, RED
from warnengine.ingest import formats
from warnengine.ingest.formats import xml
from warnengine.ingest.intake import Intake
from warnengine.ingest.quarantine import MOST, plain_text
from warnengine.ingest.signature import Pins
from warnengine.ingest.trust import Trust
from warnengine.model.arrival import Arrival, Taken, Verdict
from warnengine.model.book import Issuer
from warnengine.model.errors import Refused
from warnengine.model.level import Level

STRANGER = RED.xml().replace(ISSUER.encode(), b"51000041600000")
"""An observatory elsewhere about this district."""
ZHANG, LI = "张三", "李四"
CANONICAL = "50015141600000"


async def put(world: World, raw: bytes, where: str = "1", source: str = "bureau") -> Taken:
    return await world.engine.intake.take(Arrival(source, where, raw))


async def levels(world: World) -> set[int]:
    query = """SELECT DISTINCT v.level FROM order_version v JOIN standing_order o ON o.id = v.standing_order
               WHERE o.lapsed_at IS NULL AND v.superseded_at IS NULL"""
    return set(await world.column(query))


async def tasks(world: World) -> list[str]:
    return await world.column(
        "SELECT words FROM task WHERE closed_at IS NULL AND danger LIKE 'quarantine %' ORDER BY id"
    )


async def acts(world: World) -> list[dict[str, Any]]:
    return await world.column("SELECT body FROM audit WHERE kind = 'quarantine' ORDER BY seq")


async def open_cases(world: World) -> list[dict[str, Any]]:
    return await work(world).listed("open")


def work(world: World) -> Quarantine:
    return Quarantine(world.engine)


@pytest.fixture
async def dawn(world: World) -> World:
    """It is the morning of the red, and messages are read as they come."""
    await world.execute("UPDATE installation SET clock_offset = $1::timestamptz - clock_timestamp()", RED.entered)
    world.engine.intake = Intake(world.engine.warnings, lambda raw: formats.read(raw, READING), world.book)
    return world


async def the_case(world: World) -> int:
    return int(await world.value("SELECT max(id) FROM arrival WHERE verdict = 'quarantined'"))


async def test_a_stranger_about_us_waits_on_the_list_with_what_to_do(dawn: World) -> None:
    assert (await put(dawn, STRANGER)).reason == "unknown_sender"
    (case,) = await open_cases(dawn)
    assert (case["reason"], case["part"], case["open"]) == ("unknown_sender", False, True)
    assert "名单" in case["words"]
    (task,) = await tasks(dawn)
    assert f"第{case['id']}号" in task
    assert await work(dawn).count() == 1
    one = await work(dawn).one(case["id"])
    assert one["text"] == STRANGER.decode().replace("\r", "")
    assert one["read"]["warnings"][0]["level"] == "red"
    assert one["releasable"]


async def test_the_same_bytes_again_are_nobodys_work_twice(dawn: World) -> None:
    for where in "123":
        await put(dawn, STRANGER, where)
    assert len(await open_cases(dawn)) == 1
    assert len(await tasks(dawn)) == 1
    assert [one["became"] for one in await work(dawn).listed("closed")] == ["与已处理的一份相同"] * 2
    await put(dawn, STRANGER, "4", source="another")
    assert len(await open_cases(dawn)) == 2, "by another way it is another question"


@pytest.mark.parametrize(
    ("raw", "cases", "asked"),
    [
        pytest.param(EXERCISE.xml(), 0, 0, id="an exercise is nothing to do"),
        pytest.param(b"<alert>", 1, 1, id="what cannot be read may concern us"),
        pytest.param(RED.xml().replace(b"<areaDesc>", b"<areaDesc/><x>").replace(b"</areaDesc>", b"</x>").replace(
            b"<geocode>", b"<y>").replace(b"</geocode>", b"</y>").replace("铜梁".encode(), b"").replace(
            ISSUER.encode(), b"61000041600000"), 1, 1, id="without a place it may be ours"),
    ],
)  # fmt: skip
async def test_who_is_asked(dawn: World, raw: bytes, cases: int, asked: int) -> None:
    assert (await put(dawn, raw)).verdict is Verdict.QUARANTINED
    assert len(await open_cases(dawn)) == cases
    assert len(await tasks(dawn)) == asked


async def test_what_cannot_be_read_of_one_source_is_one_task_until_all_of_it_is_closed(dawn: World) -> None:
    await put(dawn, b"<alert>", "1")
    await put(dawn, b"<alert><", "2")
    await put(dawn, b"<alert>", "3", source="other")
    assert len(await tasks(dawn)) == 2
    mine = [one["id"] for one in await open_cases(dawn) if one["source"] == "bureau"]
    await work(dawn).close(mine[0], ZHANG, "是乱码")
    assert len(await tasks(dawn)) == 2
    await work(dawn).close(mine[1], ZHANG, "也是乱码")
    assert len(await tasks(dawn)) == 1


async def test_after_the_rules_were_changed_it_is_read_anew_and_ordered(dawn: World) -> None:
    await put(dawn, STRANGER)
    number = await the_case(dawn)
    still = await work(dawn).retry(number, ZHANG)
    assert still["open"], "nothing has changed yet"
    assert [done["act"] for done in still["history"]] == ["retried"]
    assert len(await tasks(dawn)) == 1
    book = dawn.book.model_copy(update={"issuers": dawn.book.issuers | {"51000041600000": "四川省气象台"}})
    dawn.engine.intake = replace(dawn.engine.intake, book=book)
    done = await work(dawn).retry(number, LI)
    assert (done["state"], done["outcome"], done["closed_by"]) == ("closed", "admitted", LI)
    await dawn.react()
    assert await levels(dawn) == {Level.RED}
    assert await tasks(dawn) == []
    assert [one["act"] for one in await acts(dawn)] == ["admitted"]
    with pytest.raises(Refused) as why:
        await work(dawn).retry(number, ZHANG)
    assert why.value.status == 409
    assert LI in str(why.value)
    again = await dawn.rows("SELECT source, position, raw FROM arrival ORDER BY id DESC LIMIT 1")
    assert (again[0]["source"], again[0]["raw"]) == ("bureau", STRANGER), "the kept bytes, under their own source"


async def test_two_who_read_it_anew_at_once_let_it_in_once(dawn: World) -> None:
    await put(dawn, STRANGER)
    number = await the_case(dawn)
    book = dawn.book.model_copy(update={"issuers": dawn.book.issuers | {"51000041600000": "四川省气象台"}})
    dawn.engine.intake = replace(dawn.engine.intake, book=book)
    outcomes = await asyncio.gather(
        *(work(dawn).retry(number, who) for who in (ZHANG, LI)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["Refused", "dict"]
    assert await dawn.value("SELECT count(*) FROM arrival WHERE position LIKE 'quarantine/%'") == 1


async def test_two_people_release_it_and_the_order_says_so(dawn: World) -> None:
    await put(dawn, STRANGER)
    number = await the_case(dawn)
    asked = await work(dawn).ask(number, ZHANG, "已打电话向市台核实")
    assert (asked["open"], asked["asked_by"]) == (True, ZHANG)
    await dawn.react()
    assert await levels(dawn) == set(), "one alone lets nothing in"
    with pytest.raises(Refused) as why:
        await work(dawn).agree(number, ZHANG)
    assert why.value.status == 403
    done = await work(dawn).agree(number, LI)
    assert (done["outcome"], done["closed_by"]) == ("released", LI)
    await dawn.react()
    assert await levels(dawn) == {Level.RED}
    assert await tasks(dawn) == []
    ask, release = await acts(dawn)
    assert (ask["act"], ask["by"], ask["reasons"]) == ("asked", ZHANG, ["unknown_sender"])
    assert (release["act"], release["by"], release["asked_by"]) == ("released", LI, ZHANG)
    assert release["why"] == "已打电话向市台核实"
    orders = await dawn.engine.board.orders(10)
    (said,) = {str(one["released"]) for one in orders}
    assert ZHANG in said
    assert LI in said
    await put(dawn, STRANGER.replace(b"</alert>", b"\n</alert>"), "next")
    assert len(await open_cases(dawn)) == 1, "it was let in once, the issuer is not"


async def test_nobody_agrees_to_what_nobody_asked(dawn: World) -> None:
    await put(dawn, STRANGER)
    with pytest.raises(Refused) as why:
        await work(dawn).agree(await the_case(dawn), LI)
    assert why.value.status == 409


NO_AREA = RED.xml().replace(b"</areaDesc>", b"").replace(b"<areaDesc>", b"<other>")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        pytest.param(RED.xml().replace(b"<alert>", b"<!DOCTYPE a><alert>"), "DOCTYPE", id="a DOCTYPE"),
        pytest.param(b"<alert>", "读不了", id="not readable"),
        pytest.param(EXERCISE.xml().replace(b"Exercise", b"Test"), "不用再处理", id="a test"),
        pytest.param(
            b"<alert><identifier>x</identifier><sender>50015141600000</sender><sent>2026-07-27T03:00:00+08:00</sent>"
            b"<status>Actual</status><msgType>Alert</msgType><info><event>x</event><severity>Red</severity></info></alert>",
            "没有写明地方",
            id="no area",
        ),
    ],
)
async def test_what_no_two_people_can_release(dawn: World, raw: bytes, said: str) -> None:
    await put(dawn, raw)
    number = await the_case(dawn)
    assert not (await work(dawn).one(number))["releasable"]
    with pytest.raises(Refused) as why:
        await work(dawn).ask(number, ZHANG, "急用")
    assert why.value.status == 409
    assert said in str(why.value)


async def test_what_the_rules_let_in_by_now_needs_no_release(dawn: World) -> None:
    await put(dawn, STRANGER)
    book = dawn.book.model_copy(update={"issuers": dawn.book.issuers | {"51000041600000": "四川省气象台"}})
    dawn.engine.intake = replace(dawn.engine.intake, book=book)
    with pytest.raises(Refused) as why:
        await work(dawn).ask(await the_case(dawn), ZHANG, "急用")
    assert "重读" in str(why.value)


async def test_junk_is_closed_with_a_reason_and_kept(dawn: World) -> None:
    await put(dawn, STRANGER)
    number = await the_case(dawn)
    done = await work(dawn).close(number, ZHANG, "是广告")
    assert (done["outcome"], done["closed_why"], done["state"]) == ("junk", "是广告", "closed")
    assert await tasks(dawn) == []
    assert await dawn.engine.warnings.original(number) == STRANGER
    with pytest.raises(Refused):
        await work(dawn).ask(number, LI, "还是要")
    await put(dawn, STRANGER, "again")
    assert await open_cases(dawn) == [], "somebody has said what these bytes are"


async def test_there_is_no_case_of_that_number(dawn: World) -> None:
    await put(dawn, BLUE.xml())
    for number in (1, 999):
        with pytest.raises(Refused) as why:
            await work(dawn).one(number)
        assert why.value.status == 404


# a part


def only(world: World, *areas: str) -> None:
    """The district's own observatory may warn these places only."""
    remit = Issuer.model_validate({"name": "铜梁区气象台", "areas": areas})
    book = world.book.model_copy(update={"remits": {ISSUER: remit, CANONICAL: remit}})
    world.engine.intake = replace(world.engine.intake, book=book)


async def towns(world: World) -> set[str]:
    return set(
        await world.column("SELECT DISTINCT area FROM cell WHERE statements @? '$.** ? (@.silent == false)'")
    )


async def test_the_allowed_part_goes_on_and_the_rest_is_asked_about(dawn: World) -> None:
    only(dawn, ANJU)
    assert (await put(dawn, RED.xml())).verdict is Verdict.NEW
    await dawn.react()
    assert await towns(dawn) == {ANJU}
    (case,) = await open_cases(dawn)
    assert (case["reason"], case["part"], case["verdict"]) == ("not_authorised", True, "new")
    (task,) = await tasks(dawn)
    assert "一部分" in task
    await work(dawn).ask(case["id"], ZHANG, "已核实")
    await work(dawn).agree(case["id"], LI)
    await dawn.react()
    assert len(await towns(dawn)) == 25
    assert await tasks(dawn) == []


async def test_a_wider_remit_lets_in_more_and_the_rest_still_waits(dawn: World) -> None:
    only(dawn, ANJU)
    await put(dawn, RED.xml())
    (case,) = await open_cases(dawn)
    only(dawn, ANJU, "500151106")
    left = await work(dawn).retry(case["id"], ZHANG)
    assert left["open"]
    await dawn.react()
    assert await towns(dawn) == {ANJU, "500151106"}
    only(dawn, "500151")
    done = await work(dawn).retry(case["id"], ZHANG)
    assert done["outcome"] == "admitted"
    await dawn.react()
    assert len(await towns(dawn)) == 25
    assert await dawn.value("SELECT count(*) FROM warning") == 1


async def test_many_alerts_that_are_beyond_keep_nothing_back(dawn: World) -> None:
    """What is said of them is cut; the part that is allowed is in the store."""
    only(dawn, ANJU)
    one = RED.xml().split(b"?>", 1)[1]
    names = [ISSUER.encode() + b"_2026072705%02d00" % minute for minute in range(40)]
    raw = b"<alerts>" + b"".join(one.replace(RED.identifier.encode(), name) for name in names) + b"</alerts>"
    assert (await put(dawn, raw)).verdict is Verdict.NEW
    (task,) = await tasks(dawn)
    assert len(task) < 600
    await dawn.react()
    assert await towns(dawn) == {ANJU}


# age


def within(world: World, hours: float) -> None:
    trust = Trust(window=timedelta(hours=hours))
    world.engine.intake = replace(world.engine.intake, trust=lambda _: trust)


async def test_yesterdays_message_is_asked_about_and_may_be_released(dawn: World) -> None:
    within(dawn, 1)
    await put(dawn, BLUE.xml(), "when the store was young")
    await dawn.jump(timedelta(hours=2))
    assert (await put(dawn, replace(RED, first="").xml(), "2")).reason == "stale"
    await dawn.react()
    assert Level.RED not in await levels(dawn)
    assert (await put(dawn, BLUE.xml(), "3")).verdict is Verdict.REPEAT, "what is known is no replay"
    number = await the_case(dawn)
    await work(dawn).ask(number, ZHANG, "市台说仍有效")
    await work(dawn).agree(number, LI)
    await dawn.react()
    assert Level.RED in await levels(dawn)


async def test_a_young_store_is_told_what_stands(dawn: World) -> None:
    within(dawn, 0.5)
    await dawn.jump(timedelta(hours=2))
    assert (await put(dawn, RED.xml())).verdict is Verdict.NEW


# signatures

BUREAU, THIEF = (
    signer(begins=RED.entered - timedelta(days=1)),
    signer("别人", begins=RED.entered - timedelta(days=1)),
)


def by(who: Signer, raw: bytes) -> bytes:
    return written(who.sign(xml.parse(raw)))


def trusting(world: World, *, required: bool) -> None:
    trust = Trust(Pins((BUREAU.certificate,)), required)
    world.engine.intake = replace(world.engine.intake, trust=lambda _: trust)


@pytest.mark.parametrize(
    ("raw", "required", "verdict"),
    [
        pytest.param(by(BUREAU, RED.xml()), True, "new", id="signed"),
        pytest.param(RED.xml(), True, "signature_missing", id="not signed"),
        pytest.param(by(THIEF, RED.xml()), True, "signature_invalid", id="signed by another"),
        pytest.param(b"{}", True, "signature_missing", id="nothing that can be signed"),
        pytest.param(RED.xml(), False, "new", id="not signed, and only told"),
        pytest.param(by(THIEF, RED.xml()), False, "new", id="signed by another, and only told"),
    ],
)
async def test_what_a_source_must_sign(dawn: World, raw: bytes, required: bool, verdict: str) -> None:
    trusting(dawn, required=required)
    taken = await put(dawn, raw)
    assert (taken.reason or taken.verdict) == verdict
    assert await dawn.value("SELECT raw FROM arrival") == raw, "what is kept is what came"


async def test_what_was_signed_when_it_came_counts_when_it_is_read_anew(dawn: World) -> None:
    """The certificate ends between the two; the rule that let it in came later."""
    brief = signer(begins=RED.entered - timedelta(days=1), days=2)
    trust = Trust(Pins((brief.certificate,)))
    dawn.engine.intake = replace(dawn.engine.intake, trust=lambda _: trust)
    assert (await put(dawn, by(brief, STRANGER))).reason == "unknown_sender"
    await dawn.jump(timedelta(days=3))
    book = dawn.book.model_copy(update={"issuers": dawn.book.issuers | {"51000041600000": "四川省气象台"}})
    dawn.engine.intake = replace(dawn.engine.intake, book=book)
    assert (await work(dawn).retry(await the_case(dawn), ZHANG))["outcome"] == "admitted"


async def test_whoever_releases_an_unsigned_message_answers_for_that_too(dawn: World) -> None:
    trusting(dawn, required=True)
    await put(dawn, STRANGER)
    number = await the_case(dawn)
    asked = await work(dawn).ask(number, ZHANG, "已核实")
    assert asked["asked_for"] == ["signature_missing", "unknown_sender"]
    await work(dawn).agree(number, LI)
    await dawn.react()
    assert await levels(dawn) == {Level.RED}


async def test_what_speaks_against_it_since_somebody_asked_must_be_asked_anew(dawn: World) -> None:
    await put(dawn, STRANGER)
    number = await the_case(dawn)
    await work(dawn).ask(number, ZHANG, "已核实")
    trusting(dawn, required=True)
    with pytest.raises(Refused) as why:
        await work(dawn).agree(number, LI)
    assert "重新申请" in str(why.value)
    await work(dawn).ask(number, ZHANG, "已核实,没有签名也收")
    assert (await work(dawn).agree(number, LI))["outcome"] == "released"


# how it is shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("预警".encode(), "预警"),
        ("预警".encode("gb18030"), "预警"),
        ("预警".encode("utf-16"), "预警"),
        (b"\xef\xbb\xbfa\r\nb", "a\nb"),
        ("红\u202e色\u200b\x00".encode(), "红⟨U+202E⟩色⟨U+200B⟩⟨U+0000⟩"),
        (b"\x1b[31m", "⟨U+001B⟩[31m"),
    ],
)
def test_nothing_in_a_text_is_unseen(raw: bytes, shown: str) -> None:
    assert plain_text(raw) == (shown, False)


def test_a_long_text_is_cut() -> None:
    text, more = plain_text(b"x" * 10 * MOST)
    assert (len(text), more) == (MOST, True)
