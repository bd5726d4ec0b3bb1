"""A trial computes everything and tells only the duty room; two people make it live, and nothing leaps."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.dispatch.fake_channel import Will
from tests.store.test_pages import page
from tests.store.world import ANJU, BAIYANG, World, few_units, small_directory
from warnengine.app import ROLES, Engine
from warnengine.dispatch.dispatcher import Dispatcher
from warnengine.ingest.intake import Intake
from warnengine.model.book import RuleBook
from warnengine.model.digest import Preview
from warnengine.model.directory import Directory
from warnengine.model.mode import TRIAL
from warnengine.order.digest import ROOM
from warnengine.settings import Settings
from warnengine.store.database import Database
from warnengine.store.trial import NotYet, TrialStore

MOBILE, MAILBOX = "+8613800000000", "duty@example.cn"
Json = dict[str, Any]


class TrialWorld(World):
    """An engine on trial, its gateways in memory behind the fence that the engine puts around them."""

    def __init__(self, database: Database, book: RuleBook, folder: Path) -> None:
        super().__init__(database, book, folder)
        room = {"sms": [MOBILE], "email": [MAILBOX]}
        values = {"data": folder, "installation": "trial", "trial": room, "link_key": "of this test"}
        self.engine = Engine(Settings.model_validate(values), book, database, ROLES)
        self.engine.intake = Intake(self.engine.warnings, lambda raw: [self.read[raw]], book)

    async def begin(self) -> None:
        """On trial, with a clock that a test may set."""
        await self.execute("ALTER TABLE installation DROP CONSTRAINT live_clock_is_the_real_clock")
        await self.execute("UPDATE installation SET kind = 'trial'")

    def dispatcher(self, *arguments: Any, **settings: Any) -> Dispatcher:
        made = super().dispatcher(*arguments, **settings)
        return replace(made, channel=self.engine.mode.fenced(made.channel))

    @property
    def sink(self) -> list[tuple[str, str, str]]:
        """Everything that has left: kind, address, text."""
        return [(kind, e.address, e.short) for kind, channel in self.channels.items() for e in channel.log]

    def preview(self, *, send_anew: bool = False, **facts: Any) -> Preview:
        return Preview(self.book.district.code, {"book": self.book.hash} | facts, send_anew)

    async def go_live(self, *, send_anew: bool = False) -> list[Json]:
        """Two people agree."""
        number, _ = await self.store.ask(self.preview(send_anew=send_anew), "duty_room_duty")
        return await self.store.confirm(number, self.preview(), "duty_room_chief")

    @property
    def store(self) -> TrialStore:
        return TrialStore(self.database)

    async def live(self, folder: Path) -> World:
        """The engine that is started after it, with the same gateways, sinks emptied."""
        after = World(self.database, self.book, folder)
        after.numbers = self.numbers
        return after


@pytest.fixture
async def trial(database: Database, book: RuleBook, tmp_path: Path) -> TrialWorld:
    world = TrialWorld(database, few_units(book), tmp_path)
    await world.begin()
    await world.people(small_directory())
    return world


async def test_a_change_is_computed_whole_and_told_to_the_duty_room_once(trial: TrialWorld) -> None:
    await trial.warn("red", ANJU)
    await trial.settle()
    people = await trial.value(
        "SELECT count(DISTINCT person) FROM bundle WHERE purpose = 'order' AND person <> $1", ROOM
    )
    assert people >= 7
    assert {(kind, address) for kind, address, _ in trial.sink} == {("sms", MOBILE), ("email", MAILBOX)}
    assert len(trial.sink) == 2
    (text,) = [short for kind, _, short in trial.sink if kind == "sms"]
    assert text.startswith(f"【{trial.book.signature}】{TRIAL}红色,{people}人,")
    assert "未发给任何责任人" in text
    assert "例:" in text
    (mail,) = [entry.body for entry in trial.email.log]
    assert "ANJU_MAYOR(email、sms)" in mail
    approvals = await trial.value("SELECT count(*) FROM approval WHERE decided_at IS NULL")
    assert approvals == 1
    assert "项强制措施待批" in text
    assert await trial.state("anju_mayor") == "accepted"
    details = await trial.column(
        "SELECT DISTINCT detail FROM delivery_event e JOIN bundle b ON b.id = e.delivery & ~15::bigint WHERE b.person <> $1",
        ROOM,
    )
    assert details == ["试运行:只计算,没有发出"]
    await trial.people(small_directory())  # the list is imported again: orders look for their people again
    await trial.settle()
    assert len(trial.sink) == 2


async def test_the_digest_has_a_page(trial: TrialWorld) -> None:
    await trial.warn("red", ANJU)
    assert TRIAL in await page(trial, ROOM)


async def test_a_digest_that_a_gateway_refuses_is_tried_again(trial: TrialWorld) -> None:
    trial.sms.script.append(Will.REFUSE)
    await trial.warn("red", ANJU)
    await trial.send()
    assert not trial.sms.log
    await trial.jump(timedelta(seconds=30))
    await trial.send()
    assert [entry.address for entry in trial.sms.log] == [MOBILE]


async def test_the_ladder_climbs_and_nobody_is_called(trial: TrialWorld) -> None:
    await trial.warn("red", ANJU)
    for _ in range(6):
        await trial.settle()
        await trial.jump(timedelta(minutes=10))
    assert await trial.value("SELECT count(*) FROM bundle WHERE purpose = 'escalation'")
    assert await trial.value("SELECT count(*) FROM bundle WHERE purpose = 'approval'")
    assert len(trial.sink) == 2
    words = await trial.column("SELECT words FROM task")
    assert all(said.startswith("【试运行,勿联系】") for said in words)
    assert not await trial.tasks("call")


def odd_directory(dice: random.Random) -> Directory:
    """A list as any bureau may have it: some hold no post, some have no address, some share the duty room's."""
    keys = list(small_directory().people)
    listed = small_directory(without=dice.sample(keys, 3), mute=dice.sample(keys, 3))
    own = dict.fromkeys(dice.sample(keys, 2), MOBILE)
    people = {
        key: replace(one, mobile=own.get(key, one.mobile), email=MAILBOX if key in own else one.email)
        for key, one in listed.people.items()
    }
    return Directory(people, listed.holdings)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_the_list_and_the_night_only_digests_reach_the_duty_room(
    trial: TrialWorld, seed: int
) -> None:
    dice = random.Random(seed)
    for _ in range(5):
        await trial.people(odd_directory(dice))
        towns = dice.sample([ANJU, BAIYANG], dice.randint(1, 2))
        hazard = dice.choice(["rainstorm", "gale"])
        await trial.warn(dice.choice(["blue", "yellow", "orange", "red", None]), *towns, hazard=hazard)
        await trial.jump(timedelta(minutes=dice.randint(0, 15)))
        await trial.settle()
    assert {(kind, address) for kind, address, _ in trial.sink} <= {("sms", MOBILE), ("email", MAILBOX)}
    assert all(TRIAL in short for _, _, short in trial.sink)
    changes = await trial.value("SELECT count(*) FROM change")
    assert len(trial.sink) == 2 * changes > 0


# going live


async def test_going_live_puts_the_trial_aside_and_reaches_nobody(trial: TrialWorld, tmp_path: Path) -> None:
    await trial.warn("orange", ANJU)
    await trial.settle()
    assert len(await trial.go_live()) > 0
    live = await trial.live(tmp_path)
    await live.settle()
    await live.jump(timedelta(hours=1))
    await live.settle()
    assert live.sms.log == live.email.log == []
    assert await live.column("SELECT words FROM task WHERE closed_at IS NULL") == []
    await live.warn(None, ANJU)  # an all-clear of what nobody was told
    await live.settle()
    assert live.sms.log == live.email.log == []


async def test_after_it_the_next_warning_reaches_the_officials_with_the_whole_order(
    trial: TrialWorld, tmp_path: Path
) -> None:
    await trial.warn("orange", ANJU)
    await trial.settle()
    await trial.go_live()
    live = await trial.live(tmp_path)
    await live.warn("red", ANJU)
    await live.send()
    (text,) = await live.inbox("anju_mayor")
    assert "升为" not in text
    assert MOBILE not in {entry.address for entry in live.sms.log}
    assert text.startswith(f"【{trial.book.signature}】暴雨红色 安居镇")


async def test_asked_for_from_the_preview_the_orders_in_force_are_issued_anew(
    trial: TrialWorld, tmp_path: Path
) -> None:
    await trial.warn("yellow", BAIYANG)
    await trial.warn(None, BAIYANG)
    await trial.warn("red", ANJU)
    await trial.settle()
    await trial.go_live(send_anew=True)
    live = await trial.live(tmp_path)
    await live.react()
    await live.send()
    assert len(await live.inbox("anju_mayor")) == 1
    assert await live.inbox("baiyang_mayor") == []
    assert await live.value("SELECT count(*) FROM approval WHERE decided_at IS NULL") == 1


async def test_a_request_granted_on_trial_is_asked_again_for_real(trial: TrialWorld, tmp_path: Path) -> None:
    await trial.warn("red", ANJU)
    await trial.settle()
    request = await trial.value("SELECT id FROM approval")
    assert await trial.engine.board.decide(request, "yes", "甲", "同意") is None
    await trial.settle()
    await trial.go_live(send_anew=True)
    live = await trial.live(tmp_path)
    await live.react()
    assert await live.value("SELECT count(*) FROM approval WHERE decided_at IS NULL") == 1


async def test_both_are_written_into_the_chain(trial: TrialWorld) -> None:
    await trial.go_live()
    rows = await trial.rows("SELECT kind, body FROM audit WHERE kind LIKE 'go%' ORDER BY seq")
    assert [row["kind"] for row in rows] == ["going_live_asked", "gone_live"]
    assert (rows[1]["body"]["asked_by"], rows[1]["body"]["confirmed_by"]) == ("duty_room_duty", "duty_room_chief")
    assert rows[0]["body"]["sha256"] == rows[1]["body"]["sha256"]
    assert await trial.value("SELECT kind FROM installation") == "live"
    with pytest.raises(NotYet, match="no trial to end"):
        await trial.go_live()


async def test_it_needs_two_people_who_have_seen_the_same(trial: TrialWorld) -> None:
    with pytest.raises(NotYet, match="holds no post"):
        await trial.store.ask(trial.preview(), "somebody")
    number, _ = await trial.store.ask(trial.preview(), "duty_room_duty")
    refusals = {
        "somebody else": ("duty_room_duty", {}, number),
        "SOMEBODY holds no post": ("SOMEBODY", {}, number),
        "no open request": ("duty_room_chief", {}, number + 1),
        "not so any more": ("duty_room_chief", {"book": "another"}, number),
    }
    for why, (by, facts, asked) in refusals.items():
        with pytest.raises(NotYet, match=why):
            await trial.store.confirm(asked, trial.preview(**facts), by)
    with pytest.raises(NotYet, match="somebody else"):
        await trial.store.confirm(number, trial.preview(), "DUTY_ROOM_DUTY")  # the same person by name
    await trial.warn("red", ANJU)
    with pytest.raises(NotYet, match="not so any more"):
        await trial.store.confirm(number, trial.preview(), "duty_room_chief")
    number, standing = await trial.store.ask(trial.preview(), "duty_room_duty")
    assert {row["unit"] for row in standing} >= {ANJU}
    await trial.jump(timedelta(hours=2))
    with pytest.raises(NotYet, match="no open request"):
        await trial.store.confirm(number, trial.preview(), "duty_room_chief")
    assert await trial.value("SELECT kind FROM installation") == "trial"
