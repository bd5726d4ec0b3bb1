"""Two gateways for one channel: what fails at one goes by the other, and the work goes back step by step."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from tests.dispatch.fake_channel import FakeChannel, Will
from tests.store.world import World
from warnengine.acknowledge.receipts import spellings
from warnengine.dispatch.dispatcher import Dispatcher
from warnengine.dispatch.line_watch import LineWatch
from warnengine.dispatch.routes import Routes, Way
from warnengine.model.delivery import Fate
from warnengine.settings import Dispatch
from warnengine.store.journal import Journal
from warnengine.store.receipts import ReceiptStore
from warnengine.store.sending import SendStore

SECOND = timedelta(seconds=1)


class Pair:
    """An engine with two SMS gateways."""

    def __init__(self, world: World, **ranks: int) -> None:
        self.world = world
        self.routes = Routes({name: Way("sms", rank) for name, rank in ranks.items()})
        self.journal = Journal(world.database, "one", spellings)
        self.journal.several = self.routes.several()
        self.receipts = ReceiptStore(world.database, self.journal)
        self.lines = {name: FakeChannel("sms", name, counter=world.sms.counter) for name in ranks}
        store = SendStore(world.database, self.journal, timedelta(seconds=30))
        self.dispatchers = [
            Dispatcher(line, store, world.engine.wording, Dispatch(), self.routes) for line in self.lines.values()
        ]

    async def send(self) -> None:
        """Until nothing is due, the second in the settings asking first."""
        idle = 0
        while idle < 2:  # who has just been seen down leaves its work to whoever asked before
            idle = 0 if any([await one.step() for one in reversed(self.dispatchers)]) else idle + 1

    def sent(self) -> dict[str, int]:
        return {name: len(line.log) for name, line in self.lines.items() if line.log}

    async def receipt(self, name: str, place: int, fate: Fate) -> None:
        self.world.channels[name] = self.lines[name]
        entry = self.lines[name].log[place]
        self.world.engine.inbox = type(self.world.engine.inbox)(self.journal, self.world.engine.answers)
        await self.world.receipt(entry, fate)


@pytest.fixture
def pair(world: World) -> Pair:
    return Pair(world, first=1, second=2)


async def test_the_first_in_rank_does_the_work(pair: Pair) -> None:
    await pair.world.warn("red")
    await pair.send()
    assert pair.sent() == {"first": 7}


async def test_equals_share(world: World) -> None:
    both = Pair(world, one=1, other=1)
    await world.warn("red")
    await both.send()
    assert sum(both.sent().values()) == 7


async def test_the_next_takes_over_from_one_that_is_down(pair: Pair) -> None:
    pair.lines["first"].up = False
    await pair.world.warn("red")
    await pair.send()
    assert pair.sent() == {"second": 7}


async def test_what_one_left_in_doubt_goes_by_the_other(pair: Pair) -> None:
    pair.lines["first"].script.append(Will.LOSE_ANSWER)
    await pair.world.warn("red")
    await pair.send()
    assert pair.sent() == {"first": 7, "second": 1}
    (again,) = pair.lines["second"].log
    assert again.delivery == pair.lines["first"].log[0].delivery
    assert "重发" in again.short


async def test_what_is_in_doubt_at_the_only_line_goes_there_again(world: World) -> None:
    world.sms.script.append(Will.LOSE_ANSWER)
    await world.warn("red")
    await world.send("sms")
    assert Counter(Counter(entry.delivery for entry in world.sms.log).values()) == {1: 6, 2: 1}


async def test_a_line_that_answers_nobody_is_left_after_a_few(pair: Pair) -> None:
    pair.lines["first"].otherwise = Will.LOSE_ANSWER
    for dispatcher in pair.dispatchers:
        dispatcher.settings = Dispatch(intent_batch=2)
    await pair.world.warn("red")
    await pair.send()
    assert pair.sent() == {"first": 6, "second": 7}, "three batches of two, then nothing more"
    assert list(pair.routes.resting(asyncio.get_running_loop().time())) == ["first"]


@pytest.mark.parametrize(("level", "around"), [("red", 1), ("yellow", 1)])
async def test_what_is_not_delivered_goes_around(pair: Pair, level: str, around: int) -> None:
    await pair.world.warn(level)
    await pair.send()
    await pair.receipt("first", 0, Fate.FAILED)
    await pair.send()
    assert pair.sent().get("second", 0) == around
    again = pair.lines["second"].log
    assert [entry.delivery for entry in again] == [pair.lines["first"].log[0].delivery] * around
    assert not any("重发" in entry.short for entry in again), "it is certain that nothing came"


async def test_what_one_refuses_for_good_goes_around_and_nobody_is_paged_for_it(pair: Pair) -> None:
    pair.lines["first"].script.append(Will.FAIL)
    await pair.world.warn("red")
    await pair.send()
    assert pair.sent() == {"first": 6, "second": 1}
    assert not await pair.world.tasks("unreached")


async def test_nothing_goes_around_to_who_has_answered(pair: Pair) -> None:
    await pair.world.warn("red")
    await pair.send()
    number = pair.lines["first"].log[0].address
    await pair.world.reply(
        (await pair.world.column("SELECT person FROM address WHERE address = $1", number))[0], "1"
    )
    await pair.receipt("first", 0, Fate.FAILED)
    await pair.send()
    assert "second" not in pair.sent()


async def test_what_nobody_confirms_goes_around_once(pair: Pair) -> None:
    await pair.world.warn("red")
    await pair.send()
    for _ in range(2):
        await pair.world.jump(121 * SECOND)
        await pair.receipts.silence(120 * SECOND)
        await pair.send()
    assert pair.sent() == {"first": 7, "second": 7}
    assert all("重发" in entry.short for entry in pair.lines["second"].log)


async def test_a_black_hole_is_found_named_and_avoided(pair: Pair) -> None:
    await pair.world.warn("red")
    await pair.world.warn("orange", hazard="gale")
    await pair.send()
    taken = pair.sent()["first"]
    assert taken >= 10
    await pair.world.execute("UPDATE part SET accepted_at = accepted_at - interval '1 minute'")
    watch = LineWatch(pair.routes, pair.world.engine.duty, pair.receipts, 40 * SECOND)
    await watch.step()
    words = [task["words"] for task in await pair.world.tasks("gateway")]
    assert f"first 收下短信但没有回执(全部号段,{taken} 条)。已改走 second。" in words
    assert any("1990000 号段" in line for line in words)
    assert pair.routes.leave("first", asyncio.get_running_loop().time()) is None
    await pair.send()
    assert pair.sent()["second"] >= 7, "the red, and the orange of whom still knows nothing"


async def test_a_line_that_is_down_is_on_the_list_until_it_is_back(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warnengine.dispatch.line_watch.PATIENCE", 0.0)
    watch = LineWatch(pair.routes, pair.world.engine.duty, pair.receipts, 40 * SECOND)
    pair.routes.seen("first", up=False, why="密码错误")
    for _ in range(3):
        await watch.step()
    (task,) = await pair.world.tasks("gateway")
    assert (task["words"], task["closed_at"]) == ("first 不通:密码错误。已改走 second。", None)
    pair.routes.seen("first", up=True)
    await watch.step()
    (task,) = await pair.world.tasks("gateway")
    assert task["closed_at"]
