"""A defect in one loop of the engine: it is told, and what the others do goes on."""

from __future__ import annotations

import asyncio

import pytest

from tests.store.world import World
from tests.waiting import until


async def test_what_one_loop_cannot_do_keeps_no_order_from_being_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def defect(*_: object) -> bool:
        raise KeyError("+8619900000001")

    engine = world.engine
    monkeypatch.setattr(engine.accountant, "step", defect)
    monkeypatch.setattr(engine, "chase", defect)
    running = asyncio.create_task(engine.run())
    try:
        await until(
            lambda: asyncio.sleep(0, "chase" in engine.loops.troubles and "account" in engine.loops.troubles)
        )
        await world.warn("red", react=False)
        await until(lambda: world.value("SELECT count(*) > 0 FROM change WHERE expanded_at IS NOT NULL"))
        assert not running.done()
        assert engine.loops.troubles["chase"] == "defect: KeyError", "not the number that it holds"
        assert "chase" in await engine.fitness.sick(), "no sign of life goes out"
        assert "chase" in await engine.fitness.ready()
    finally:
        engine.loops.stopping.set()
        await running


async def test_a_loop_that_can_go_on_again_is_well(world: World) -> None:
    outcomes = iter([RuntimeError("once")])

    async def step() -> bool:
        if failure := next(outcomes, None):
            raise failure
        world.engine.loops.stopping.set()
        return False

    await asyncio.wait_for(world.engine.loops.keep("test", step), 10)
    assert world.engine.loops.troubles == {}
