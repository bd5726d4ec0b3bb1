"""A message that the engine cannot take in, for a reason nobody foresaw, holds back no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tests.store.world import World
from warnengine.model.level import Level
from warnengine.model.place import District
from warnengine.model.situation import CellKey, Statement
from warnengine.model.warning import Warning


async def test_it_is_a_question_to_the_duty_room_and_those_beside_it_order(world: World) -> None:
    reconciler = world.engine.reconciler
    read = reconciler.situation.statements

    def statements(warning: Warning, district: District) -> Mapping[CellKey, Statement]:
        if warning.identifier == "beyond":
            raise KeyError(warning.identifier)
        return read(warning, district)

    situation = replace(reconciler.situation, statements=statements)
    world.engine.reconciler = replace(reconciler, situation=situation)
    await world.warn("orange", name="beyond", react=False)
    await world.warn("red")
    assert await world.value("SELECT max(level) FROM order_version") == Level.RED
    (asked,) = await world.tasks("unclear")
    assert "系统未能处理" in asked["words"]
    assert not await world.engine.reconcile(), "the district is not due for ever"
