"""Loudspeakers, the app, WeCom and the rest: what counts as reached, as answered, and as nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.dispatch.fake_channel import FakeChannel, Will
from tests.store.world import ANJU, World, few_units, small_directory
from warnengine.model.book import RuleBook
from warnengine.model.delivery import Fate, Reply
from warnengine.model.directory import Directory, Holding, Person
from warnengine.store.database import Database

MINUTE = timedelta(minutes=1)
RAIN = f"{ANJU}/rainstorm"
KINDS = ("loudspeaker", "app", "wecom", "extra")


def everywhere(book: RuleBook) -> RuleBook:
    """The book of a bureau that has all channels, and calls loudspeakers."""
    rungs = {
        level: rung.model_copy(
            update={
                "channels": (*rung.channels, *KINDS),
                "called": {kind: (*posts, "speaker") for kind, posts in rung.called.items()},
            }
        )
        for level, rung in book.ladder.items()
    }
    return book.model_copy(update={"ladder": rungs})


def town(**ways: str | None) -> Directory:
    """anju_duty with these ways, and the loudspeaker of Anju; nobody else there."""
    directory = small_directory(
        without=("anju_vice", "anju_mayor", "anju_secretary"),
        also=[Holding(ANJU, "speaker", "horn_anju", None, None)],
    )
    duty = replace(directory.people["anju_duty"], **ways)
    horn = Person("horn_anju", "安居镇大喇叭", None, None, loudspeaker="anju-1")
    return replace(directory, people={**directory.people, "anju_duty": duty, "horn_anju": horn})


@pytest.fixture
async def world(database: Database, book: RuleBook, tmp_path: Path) -> World:
    world = World(database, everywhere(few_units(book)), tmp_path)
    for kind in KINDS:
        world.channels[kind] = FakeChannel(kind, f"{kind}-1", receipts=kind in ("loudspeaker", "app"))
    await world.people(town(wecom="LiMing", app="phone-1", extra="liming"))
    return world


async def test_an_order_goes_every_way_and_the_end_too(world: World) -> None:
    await world.warn("red")
    await world.send()
    for kind in ("sms", "app", "wecom", "extra"):
        assert len(await world.inbox("anju_duty", kind)) == 1, kind
    assert len(await world.inbox("horn_anju", "loudspeaker")) == 1
    await world.warn(None)
    await world.send()
    assert "解除" in (await world.inbox("horn_anju", "loudspeaker"))[-1]
    assert "解除" in (await world.inbox("anju_duty", "wecom"))[-1]


async def test_a_loudspeaker_plays_and_is_neither_chased_nor_a_sign_of_life(world: World) -> None:
    await world.warn("red")
    await world.send()
    (played,) = await world.entries("horn_anju", "loudspeaker")
    await world.receipt(played)
    assert await world.state("horn_anju", "loudspeaker") == "delivered"
    await world.jump(30 * MINUTE)
    await world.settle()
    assert [task["person"] for kind in ("call", "visit") for task in await world.tasks(kind)].count(
        "horn_anju"
    ) == 0
    assert len(await world.tasks("silent")) == 1  # nobody has heard anything of the people of the town


async def test_a_loudspeaker_that_fails_for_good_is_a_task(world: World) -> None:
    world.channels["loudspeaker"].script.append(Will.FAIL)
    await world.warn("red")
    await world.send()
    assert [task["person"] for task in await world.tasks("unreached")] == ["horn_anju"]


async def test_what_apprise_sent_reaches_nobody(world: World) -> None:
    await world.people(town(mobile="+8619900009999", extra="liming"))
    world.sms.otherwise = Will.FAIL
    await world.warn("red")
    await world.send()
    assert await world.state("anju_duty", "extra") == "accepted"
    assert await world.duties("anju_duty") == {RAIN: "open"}
    assert "anju_duty" in [task["person"] for task in await world.tasks("unreached")]


@pytest.mark.parametrize(("words", "state"), [("1", "acked"), ("收到", "acked"), ("2", "acting")])
async def test_an_answer_in_wecom_means_what_was_read_last_there(world: World, words: str, state: str) -> None:
    await world.warn("red")
    await world.send()
    reply = Reply("wecom-1", "liming", "", words, words.encode(), channel="wecom")
    await world.engine.inbox.reply(reply)
    assert await world.duties("anju_duty") == {RAIN: state}
    assert await world.value("SELECT manner FROM answer") == "wecom"


async def test_an_answer_in_the_app_means_the_order_that_it_was_given_to(world: World) -> None:
    await world.warn("red")
    await world.send()
    (shown,) = await world.entries("anju_duty", "app")
    await world.warn("blue", hazard="gale")
    await world.send()
    reply = Reply("app-1", "phone-1", "", "1", b"1", shown.delivery)
    await world.engine.inbox.reply(reply)
    duties = await world.duties("anju_duty")
    assert (duties[RAIN], duties[f"{ANJU}/gale"]) == ("acked", "open")
    assert await world.value("SELECT manner FROM answer") == "app"


async def test_what_the_app_s_people_write_and_nobody_understands_is_a_question(world: World) -> None:
    await world.warn("red")
    await world.send()
    (shown,) = await world.entries("anju_duty", "app")
    await world.receipt(shown, Fate.DELIVERED)
    await world.engine.inbox.reply(Reply("app-1", "phone-1", "", "哪里?", b"?", shown.delivery))
    (task,) = await world.tasks("unclear")
    assert "看不懂的回复" in task["words"]
    assert task["person"] == "anju_duty"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+8613800138001", "13800138001", True),
        ("LiMing", "liming", True),
        ("LiMing", "WangFang", False),
        ("li1", "wang1", False),
        ("anju-1", "anju-2", False),
        ("13800138001@example.cn", "13800138001", False),
        ("", "", True),
        ("LiMing", "", False),
    ],
)
async def test_names_are_not_numbers(world: World, one: str, other: str, same: bool) -> None:
    assert await world.value("SELECT same_address($1, $2)", one, other) is same
