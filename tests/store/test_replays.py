"""Whoever can repeat yesterday's message, by whatever way and however often, moves nothing today."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.store.world import HOUR, World
from warnengine.model.arrival import Arrival, Verdict
from warnengine.model.warning import Warning

DAY = timedelta(days=1)


async def replay(world: World, warning: Warning, source: str) -> Verdict:
    """The very message again, by this way; the engine does all that it then would."""
    raw = repr(warning).encode()
    world.read[raw] = warning
    taken = await world.engine.intake.take(Arrival(source, f"replay by {source} at {await world.now()}", raw))
    await world.react()
    await world.send()
    return taken.verdict


@pytest.fixture
async def yesterday(world: World) -> tuple[Warning, Warning]:
    """A red and its all-clear, both heard."""
    red = await world.warn("red")
    await world.send()
    over = await world.warn(None)
    await world.send()
    await world.jump(DAY)
    return red, over


async def test_the_order_of_yesterday_is_not_given_again(world: World, yesterday: tuple[Warning, Warning]) -> None:
    sent = len(world.sms.log)
    for source in ("test", "another", "test"):
        assert await replay(world, yesterday[0], source) is Verdict.REPEAT
    assert len(world.sms.log) == sent
    assert await world.value("SELECT count(*) FROM standing_order WHERE lapsed_at IS NULL") == 0


async def test_the_all_clear_of_yesterday_ends_nothing_of_today(
    world: World, yesterday: tuple[Warning, Warning]
) -> None:
    await world.warn("orange")
    await world.send()
    sent = len(world.sms.log)
    for source in ("test", "another"):
        await replay(world, yesterday[1], source)
    assert len(world.sms.log) == sent
    assert await world.value("SELECT count(*) FROM standing_order WHERE lapsed_at IS NULL") > 0


async def test_the_red_of_yesterday_raises_nothing_of_today(
    world: World, yesterday: tuple[Warning, Warning]
) -> None:
    await world.warn("yellow")
    await world.send()
    await replay(world, yesterday[0], "another")
    await replay(world, replace(yesterday[0], identifier="another name"), "another")
    assert set(
        await world.column("SELECT level FROM order_version WHERE superseded_at IS NULL AND level IS NOT NULL")
    ) == {2}


async def test_a_new_time_under_the_old_name_is_refused(world: World, yesterday: tuple[Warning, Warning]) -> None:
    now = await world.now()
    claims = tuple(replace(claim, begins=now, ends=now + HOUR) for claim in yesterday[0].claims)
    dressed_up = replace(yesterday[0], sent=now, claims=claims)
    assert await replay(world, dressed_up, "test") is Verdict.QUARANTINED
    assert await world.value("SELECT count(*) FROM standing_order WHERE lapsed_at IS NULL") == 0


async def test_what_we_missed_yesterday_and_is_over_is_a_question_and_no_order(world: World) -> None:
    red = await world.warn("red", react=False)
    for table in ("district_warning", "arrival_warning", "warning"):
        await world.execute(f"DELETE FROM {table}")  # as if it had never come
    await world.jump(DAY)
    await replay(world, red, "test")
    assert world.sms.log == []
    (question,) = await world.tasks("unclear")
    assert "过期的预警" in question["words"]
