"""Every figure of the engine is seen to move by what it counts, on the page that Prometheus reads."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import asyncpg
import pytest
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from tests.dispatch.fake_channel import Will
from tests.store.world import EVERYTHING, World
from warnengine.api import gauges
from warnengine.audit.ledger import Ledger
from warnengine.audit.watch import Watch
from warnengine.model.delivery import Event, Outcome, What
from warnengine.store.board import BoardStore

MINUTE = timedelta(minutes=1)


async def scrape(world: World) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """The page, read as Prometheus reads it: nothing is counted twice, everything is up to date."""
    await gauges.refresh(BoardStore(world.database), [], world.engine.settings)
    families = text_string_to_metric_families(generate_latest(REGISTRY).decode())
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


class Meter:
    """What has been added to the counters since it was made."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.before: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}

    async def begin(self) -> None:
        self.before = await scrape(self.world)

    async def added(self, name: str, **labels: str) -> float:
        key = (name, frozenset(labels.items()))
        return (await scrape(self.world)).get(key, 0) - self.before.get(key, 0)


@pytest.fixture
async def meter(world: World) -> Meter:
    meter = Meter(world)
    await meter.begin()
    return meter


async def seal(world: World) -> None:
    """Everything until now is sealed and counted."""
    ledger = Ledger(world.engine.audit)
    await world.jump(MINUTE)
    await ledger.step()
    ledger.due = 0
    await ledger.step()


async def test_orders_are_counted_when_they_are_committed(world: World, meter: Meter) -> None:
    async def lost() -> None:
        async with world.engine.orders.due_district() as desks:
            assert desks
            await world.engine.reconciler.reconcile(desks[0])
            raise ConnectionError

    await world.warn("red", react=False)
    with pytest.raises(ConnectionError):
        await lost()
    await seal(world)
    assert await meter.added("ews_orders_created_total", severity="red", mode="live") == 0
    await world.react()
    await seal(world)
    await seal(world)
    versions = await world.value("SELECT count(*) FROM order_version")
    assert await meter.added("ews_orders_created_total", severity="red", mode="live") == versions > 0


async def test_the_time_to_the_first_answer_and_to_the_receipt(world: World, meter: Meter) -> None:
    await world.warn("red")
    await world.send()
    await world.jump(2 * MINUTE)
    await world.receipt((await world.entries("anju_duty"))[0])
    await world.reply("anju_vice", "1")
    await world.reply("anju_vice", "2")
    await seal(world)
    assert await meter.added("ews_ack_seconds_count", severity="red") == 1
    assert 120 <= await meter.added("ews_ack_seconds_sum", severity="red") < 130
    assert await meter.added("ews_receipt_lag_seconds_count", gateway="sms-1") == 1
    assert 120 <= await meter.added("ews_receipt_lag_seconds_sum", gateway="sms-1") < 130


async def test_what_nobody_needed_any_more(world: World, meter: Meter) -> None:
    await world.warn("orange")
    await world.warn("red")
    await world.send()
    await seal(world)
    withdrawn = await world.value("SELECT count(*) FROM delivery_event WHERE what = 'withdrawn'")
    assert await meter.added("ews_withdrawn_total", reason="superseded") == withdrawn > 0


async def test_a_send_after_one_that_nobody_knows_of(world: World, meter: Meter) -> None:
    world.sms.script.append(Will.LOSE_ANSWER)
    await world.warn("red")
    await world.send()
    await seal(world)
    assert await meter.added("ews_duplicates_possible_total") == 1


async def test_what_must_never_be_is_counted(world: World, meter: Meter) -> None:
    await world.warn("red")
    await world.send()
    await world.execute("UPDATE bundle SET not_after = made_at - interval '1 hour'")
    await seal(world)
    attempts = await world.value("SELECT count(*) FROM attempt")
    assert await meter.added("ews_invariant_violations_total", invariant="sent_after_expiry") == attempts
    assert await meter.added("ews_invariant_violations_total", invariant="overtook") == 0


async def test_a_text_that_overtakes_is_counted(world: World, meter: Meter) -> None:
    await world.warn("red")
    await world.send()
    await world.execute("DELETE FROM delivery_event WHERE delivery = (SELECT min(delivery) FROM attempt)")
    before = await world.value("SELECT min(delivery) & ~15::bigint FROM attempt")
    await world.execute("UPDATE bundle SET follows = ARRAY[$1::bigint] WHERE id > $1", before)
    await seal(world)
    assert await meter.added("ews_invariant_violations_total", invariant="overtook") > 0


async def test_a_batch_that_outlived_its_lease(world: World, meter: Meter) -> None:
    await world.warn("red")
    one = world.dispatcher(owner="one", lease=timedelta())
    async with one.store.claim("sms", "sms-1", lowest=3, leave=EVERYTHING) as desk:
        assert desk
    async with world.dispatcher(owner="two").store.claim("sms", "sms-1", lowest=3, leave=EVERYTHING) as other:
        assert other
    assert await meter.added("ews_lease_lost_total") == 0
    delivery = await world.value("SELECT min(id) FROM delivery")
    await desk.record(Outcome(Event(delivery, 1, What.FAILED)))
    await desk.release()
    assert await meter.added("ews_lease_lost_total") == 1


async def test_a_text_that_waits_for_the_one_that_it_replaces(world: World) -> None:
    await world.warn("red")
    one = world.dispatcher()
    async with one.store.claim("sms", "sms-1", lowest=3, leave=EVERYTHING) as desk:
        assert desk
        await one._intend(desk, 16)
    assert (await scrape(world))["ews_hold_seconds", frozenset()] == 0
    await world.warn(None)
    await world.jump(5 * MINUTE)
    assert 300 <= (await scrape(world))["ews_hold_seconds", frozenset()] < 310


PARTS = (
    "INSERT INTO part (gateway, provider_id, delivery, number, part, parts, address, accepted_at, fate) "
    "SELECT 'line', $1 || n, 16 * (n + 1000 * ascii($1)), 1, 1, 1, $2 || lpad(n::text, 4, '0'), clock_timestamp() - $3::interval, "
    "CASE WHEN n > $5 THEN 'delivered' END FROM generate_series(1, $4::int) n"
)
OLD, NEW = timedelta(minutes=10), timedelta(minutes=1)


async def test_a_prefix_that_falls_silent(world: World) -> None:
    await world.execute(PARTS, "a", "+861380013", OLD, 20, 15)
    await world.execute(PARTS, "b", "+861390013", OLD, 20, 0)
    await world.execute(PARTS, "c", "+861860013", OLD, 19, 19)
    await world.execute(PARTS, "d", "+861380013", NEW, 40, 40)
    await world.execute(PARTS, "e", "+861380013", timedelta(hours=2), 40, 40)
    ratio = {
        dict(labels)["prefix"]: value
        for (name, labels), value in (await scrape(world)).items()
        if name == "ews_receipt_missing_ratio"
    }
    assert ratio == {"1380013": 0.75, "1390013": 0, "all": pytest.approx(34 / 59)}


async def test_texts_without_a_promised_receipt_are_not_missed(world: World) -> None:
    await world.warn("red")
    await world.send("email")
    assert not any(name == "ews_receipt_missing_ratio" for name, _ in await scrape(world))


async def test_the_machine(world: World) -> None:
    lag = asyncio.create_task(gauges.LAG.run())
    while not gauges.LAG.recent:
        await asyncio.sleep(0.05)
    gauges.LAG.recent.clear()
    await asyncio.sleep(0)
    time.sleep(0.9)  # noqa: ASYNC251 what must be seen: nothing else runs meanwhile
    while not gauges.LAG.recent:
        await asyncio.sleep(0.05)
    lag.cancel()
    page = await scrape(world)
    assert page["ews_eventloop_lag_seconds", frozenset()] > 0.1
    assert 0 < page["ews_disk_free_bytes", frozenset()] < page["ews_disk_size_bytes", frozenset()]
    assert page["ews_clock_skew_seconds", frozenset()] < 1


async def test_a_clock_that_is_wrong(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    right = time.time
    monkeypatch.setattr(gauges.time, "time", lambda: right() + 7)
    assert (await scrape(world))["ews_clock_skew_seconds", frozenset()] == pytest.approx(7, abs=1)


async def test_the_database_takes_time_to_confirm(world: World, meter: Meter) -> None:
    await world.execute("SELECT 1")
    assert await meter.added("ews_db_commit_seconds_count") == 1
    with pytest.raises(asyncpg.PostgresError):
        await world.execute("SELECT 1 / 0")
    assert await meter.added("ews_db_commit_seconds_count") == 1


async def test_a_changed_table_is_a_figure(world: World) -> None:
    await world.warn("red")
    await world.settle()
    await seal(world)
    await world.execute("UPDATE text SET short = 'forged' WHERE id < 3")
    await Watch(world.engine.links, world.engine.differences).step()
    assert (await scrape(world))["ews_audit_differences", frozenset({("what", "text")})] == 2
    assert (await scrape(world))["ews_audit_differences", frozenset({("what", "answer")})] == 0
