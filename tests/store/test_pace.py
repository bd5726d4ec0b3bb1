"""Nobody gets more texts below orange than the rule book allows; what is more waits and becomes one text."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from tests.dispatch.fake_channel import FakeChannel
from tests.serving import serving
from tests.store.world import ANJU, World, few_units, small_directory
from warnengine.app import ROLES, Engine, web
from warnengine.ingest.intake import Intake
from warnengine.model.book import Measure, Pace, RuleBook, UnitKind
from warnengine.store.database import Database

MINUTE = timedelta(minutes=1)
WHO = "anju_duty"
HAZARDS = ("gale", "snowstorm", "fog", "heat", "lightning", "hail")


def slow(book: RuleBook) -> RuleBook:
    """Two texts in ten minutes; a township owes something in each of six hazards; nobody is reminded."""
    townships = [
        Measure.model_validate(
            {
                "id": f"township.{hazard}.{level}.1",
                "when": {"hazard": hazard, "level": level},
                "order": f"检查{hazard}",
                "deadline": "30m",
            }
        )
        for hazard in HAZARDS
        for level in ("blue", "red")
    ]
    own = (*(m for m in book.kinds[UnitKind.TOWNSHIP] if m.when.hazard == "rainstorm"), *townships)
    rungs = {level: rung.model_copy(update={"steps": ()}) for level, rung in book.ladder.items()}
    return book.model_copy(
        update={
            "pace": Pace.model_validate({"texts": 2, "within": "10m"}),
            "kinds": {**book.kinds, UnitKind.TOWNSHIP: own},
            "ladder": rungs,
        }
    )


@pytest.fixture
async def world(database: Database, book: RuleBook, tmp_path: Path) -> World:
    world = World(database, slow(few_units(book)), tmp_path)
    await world.people(small_directory())
    return world


async def blue(world: World, *hazards: str) -> None:
    for hazard in hazards:
        await world.warn("blue", hazard=hazard)
        await world.send()


async def test_what_is_more_waits_and_goes_when_it_may(world: World) -> None:
    await blue(world, *HAZARDS[:3])
    assert len(await world.inbox(WHO)) == 2
    await world.jump(9 * MINUTE)
    await world.send()
    assert len(await world.inbox(WHO)) == 2
    await world.jump(MINUTE)
    await world.send()
    assert "检查fog" in (await world.inbox(WHO))[2]


async def test_what_waits_becomes_one_text_and_each_order_is_in_it_once(world: World) -> None:
    await blue(world, *HAZARDS)
    await world.jump(10 * MINUTE)
    await world.send()
    texts = await world.inbox(WHO)
    assert len(texts) == 3
    assert [text.count(f"检查{hazard}") for hazard in HAZARDS for text in texts[2:]] == [0, 0, 1, 1, 1, 1]
    await world.reply(WHO, "1")
    assert {
        f"{ANJU}/{hazard}": state for hazard, state in zip(HAZARDS[2:], 4 * ["acked"], strict=True)
    }.items() <= (await world.duties(WHO)).items()


@pytest.mark.parametrize("level", ["orange", "red"])
async def test_orange_and_red_go_at_once(world: World, level: str) -> None:
    await blue(world, *HAZARDS[:3])
    await world.warn(level)
    await world.send()
    texts = await world.inbox(WHO)
    assert len(texts) == 3
    assert "暴雨" in texts[2]


async def test_an_upgrade_of_what_waits_goes_at_once_and_the_rest_later(world: World) -> None:
    await blue(world, *HAZARDS[:4])
    await world.warn("red", hazard=HAZARDS[2])
    await world.send()
    assert len(await world.inbox(WHO)) == 3
    await world.jump(10 * MINUTE)
    await world.send()
    texts = await world.inbox(WHO)
    said = "\n".join(texts[2:])
    assert "fog" in texts[2]
    assert said.count("检查heat") == 1, "it moved into the red, or went when it might"


async def test_the_end_of_what_waits_is_not_told(world: World) -> None:
    """Nobody is told of the end of something that they never heard of."""
    await blue(world, *HAZARDS[:3])
    await world.warn(None, hazard=HAZARDS[2])
    await world.jump(10 * MINUTE)
    await world.send()
    assert len(await world.inbox(WHO)) == 2


async def test_an_all_clear_waits_too_and_is_said_with_what_comes_next(world: World) -> None:
    await blue(world, *HAZARDS[:2])
    await world.warn(None, hazard=HAZARDS[0])
    await world.send()
    assert len(await world.inbox(WHO)) == 2
    await blue(world, HAZARDS[3])
    await world.jump(10 * MINUTE)
    await world.send()
    (text,) = (await world.inbox(WHO))[2:]
    assert "检查heat" in text
    assert "解除" in text


async def test_nobody_else_waits(world: World) -> None:
    await blue(world, *HAZARDS[:2])
    await world.warn("blue", "500151106", hazard=HAZARDS[3])
    await world.send()
    assert len(await world.inbox("baiyang_duty")) == 1


async def test_what_waits_outlives_the_engine(world: World) -> None:
    await blue(world, *HAZARDS[:4])
    world.engine = Engine(world.engine.settings, world.book, world.database, ROLES)
    await world.jump(10 * MINUTE)
    await world.send()
    assert len(await world.inbox(WHO)) == 3


async def test_what_was_merged_has_an_end_on_the_record(world: World) -> None:
    await blue(world, *HAZARDS[:5])
    await world.jump(10 * MINUTE)
    await world.send()
    states = await world.column(
        "SELECT s.state FROM delivery_state s JOIN bundle b ON b.id = s.bundle WHERE b.person = $1 ORDER BY s.id",
        WHO,
    )
    assert states == ["accepted", "accepted", "withdrawn", "withdrawn", "accepted"]
    assert await world.value("SELECT count(*) FROM chunk WHERE finished_at IS NULL AND due <= engine_now()") == 0


async def waiting(world: World) -> list[dict[str, str]]:
    engine = world.engine
    engine.settings = engine.settings.model_copy(update={"operator_token": SecretStr("secret")})
    headers = {"Authorization": "Bearer secret"}
    async with (
        serving(web(engine)) as url,
        aiohttp.ClientSession(url, headers=headers) as session,
        session.get("/v1/waiting") as answer,
    ):
        assert answer.status == 200
        return [one for one in await answer.json() if one["person"] == WHO]


async def test_the_duty_room_sees_who_waits_and_why(world: World) -> None:
    await blue(world, *HAZARDS[:2])
    assert await waiting(world) == []
    await blue(world, *HAZARDS[2:4])
    (one,) = await waiting(world)
    assert (one["channel"], one["level"], one["turn"]) == ("sms", "blue", False)
    assert one["why"].startswith("限发:10分钟内已发2条,")
    assert "检查heat" in one["text"]
    await world.jump(10 * MINUTE)
    await world.send()
    assert await waiting(world) == []


async def test_the_duty_room_sees_whose_channel_waits_for_its_turn(world: World) -> None:
    directory = small_directory()
    duty = replace(directory.people[WHO], wecom="LiMing")
    await world.people(replace(directory, people={**directory.people, WHO: duty}))
    rungs = {
        level: rung.model_copy(update={"channels": ("sms", "wecom")}) for level, rung in world.book.ladder.items()
    }
    world.engine = Engine(
        world.engine.settings, world.book.model_copy(update={"ladder": rungs}), world.database, ROLES
    )
    world.engine.intake = Intake(world.engine.warnings, lambda raw: [world.read[raw]], world.book)
    await world.warn("blue", hazard=HAZARDS[0])
    (one,) = await waiting(world)
    assert (one["channel"], one["turn"]) == ("wecom", True)
    assert one["why"].startswith("轮候:前面的渠道失败、无回执,或到")
    assert one["why"].endswith("仍未应答,改用企业微信")
    await world.send("sms")
    await world.reply(WHO, "1")
    assert await waiting(world) == []


async def test_what_was_merged_leaves_by_no_later_channel_either(
    database: Database, book: RuleBook, tmp_path: Path
) -> None:
    slowly = slow(few_units(book))
    rungs = {
        level: rung.model_copy(update={"channels": ("sms", "wecom"), "next_channel": 10 * MINUTE})
        for level, rung in slowly.ladder.items()
    }
    world = World(database, slowly.model_copy(update={"ladder": rungs}), tmp_path)
    world.channels["wecom"] = FakeChannel("wecom", "wecom-1", receipts=False)
    directory = small_directory()
    duty = replace(directory.people[WHO], wecom="LiMing")
    await world.people(replace(directory, people={**directory.people, WHO: duty}))
    await blue(world, *HAZARDS[:4])
    for _ in range(3):
        await world.jump(10 * MINUTE)
        await world.send()
    texts = await world.inbox(WHO, "wecom")
    assert [sum(f"检查{hazard}" in text for text in texts) for hazard in HAZARDS[:4]] == [1, 1, 1, 1]
    assert len(texts) == 3
    ends = await world.column(
        "SELECT e.detail FROM delivery_event e JOIN delivery d ON d.id = e.delivery "
        "WHERE e.what NOT IN ('accepted', 'delivered') AND d.channel = 'wecom'"
    )
    assert ends == ["并入随后的一条"], "one end of each is on record"
