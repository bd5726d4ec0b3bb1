"""What comes in is kept first, whatever it is, and taken in once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from tests.store.world import ANJU, BAIYANG, World
from tests.waiting import LONGEST
from warnengine.model.arrival import Arrival, Verdict
from warnengine.model.level import Level
from warnengine.model.warning import Warning


def graver(warning: Warning) -> Warning:
    return replace(warning, claims=tuple(replace(claim, level=Level.RED) for claim in warning.claims))


async def test_the_bytes_of_every_arrival_are_kept(world: World) -> None:
    warning = await world.warn("orange")
    await world.take(warning)
    await world.take(warning)
    assert await world.column("SELECT verdict FROM arrival ORDER BY id") == ["new", "repeat", "repeat"]
    assert await world.value("SELECT count(DISTINCT sha256) FROM arrival") == 1
    assert await world.value("SELECT raw FROM arrival LIMIT 1") == repr(warning).encode()


async def test_a_broker_that_repeats_itself_changes_nothing(world: World) -> None:
    warning = await world.warn("orange", react=False)
    first = await world.value("SELECT position FROM arrival")
    assert await world.take(warning, first) is Verdict.REPEAT
    assert await world.value("SELECT count(*) FROM arrival") == 1
    await world.react()
    assert await world.value("SELECT count(*) FROM change") == 1


async def test_one_warning_by_ten_ways_at_once_makes_one_order(world: World) -> None:
    warning = await world.warn("orange", react=False)
    verdicts = await asyncio.gather(*(world.take(warning) for _ in range(10)))
    assert set(verdicts) == {Verdict.REPEAT}
    await asyncio.gather(*(world.engine.reconcile() for _ in range(3)))
    await world.react()
    assert await world.value("SELECT count(*) FROM standing_order WHERE unit = $1", ANJU) == 1
    assert await world.value("SELECT count(*) FROM warning") == 1


async def test_one_identifier_with_two_meanings_from_one_source_is_quarantined(world: World) -> None:
    warning = await world.warn("orange")
    assert await world.take(graver(warning)) is Verdict.QUARANTINED
    await world.react()
    assert await world.column("SELECT DISTINCT level FROM order_version") == [3]
    (kept,) = await world.engine.warnings.quarantine()
    assert kept["reason"] == "identifier_reused"


async def test_from_another_source_it_is_a_conflict_and_the_higher_level_counts(world: World) -> None:
    warning = await world.warn("orange")
    other = graver(warning)
    world.read[b"other"] = other
    taken = await world.engine.intake.take(Arrival("another", "1", b"other"))
    assert taken.verdict is Verdict.CONFLICT
    await world.react()
    assert await world.column("SELECT max(level) FROM order_version WHERE superseded_at IS NULL") == [4]


async def test_two_reconcilers_do_not_meet_in_one_district(world: World) -> None:
    await world.warn("orange", react=False)
    async with world.engine.orders.due_district() as desks:
        assert desks is not None
        assert not await world.engine.reconcile()
    assert await world.engine.reconcile()


async def test_what_comes_in_meanwhile_waits_for_nobody(world: World) -> None:
    await world.warn("orange", react=False)
    async with world.engine.orders.due_district() as desks:
        assert desks is not None
        await asyncio.wait_for(world.warn("red", BAIYANG, react=False), LONGEST)
    await world.react()
    assert await world.value("SELECT count(*) FROM district_warning WHERE applied_at IS NULL") == 0
    assert await world.value("SELECT max(level) FROM order_version") == 4


async def test_the_order_of_arrival_does_not_matter(world: World) -> None:
    first = await world.warn("red", react=False)
    second = replace(first, identifier="later", sent=first.sent + timedelta(minutes=1),
                     claims=tuple(replace(claim, level=Level.YELLOW) for claim in first.claims))  # fmt: skip
    await world.take(second)
    await world.react()
    assert set(await world.column("SELECT level FROM order_version WHERE superseded_at IS NULL")) == {2}
    assert await world.value("SELECT count(*) FROM order_version WHERE level = 4") == 0
