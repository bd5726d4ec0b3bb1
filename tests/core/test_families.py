"""A response, a risk product or a threshold never reads like a 预警信号, which nobody but a weather office issues."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.core.district import BOOK
from warnengine.match.desired import desired
from warnengine.model.level import Level
from warnengine.model.order import Desired, OrderKey
from warnengine.model.situation import CellKey, InForce
from warnengine.order.compose import section
from warnengine.order.diff import diff
from warnengine.order.draft import draft

NOW = datetime(2026, 7, 26, 21, 55, tzinfo=UTC)
ANJU = "500151105"
SAYS = {
    "a signal": ("signal", "rainstorm", Level.RED, "暴雨红色"),
    "a response": ("response", "water_drought", Level.ORANGE, "水旱灾害Ⅱ级响应"),
    "a joint risk": ("joint_risk", "geological", Level.YELLOW, "地质灾害黄色风险"),
    "a flood command": ("flood_command", "flood", Level.RED, "洪水防指红色"),
    "a stage": ("hydrology", "flood", Level.RED, "洪水水情红色"),
    "an alarm two hours before": ("imminent", "rainstorm", Level.RED, "暴雨2小时警报"),
    "a threshold": ("observed", "flash_flood", Level.RED, "山洪灾害达立即转移线"),
}


def wanted(family: str, hazard: str, level: Level) -> dict[OrderKey, Desired]:
    force = InForce(CellKey(ANJU, hazard, family), level, frozenset({"x"}), NOW + timedelta(hours=3))
    orders = desired([force], BOOK, frozenset())
    return {key: order for key, order in orders.items() if key.unit == ANJU}


@pytest.mark.parametrize(("family", "hazard", "level", "says"), SAYS.values(), ids=SAYS)
def test_an_order_says_where_it_comes_from(family: str, hazard: str, level: Level, says: str) -> None:
    (change,) = diff({}, wanted(family, hazard, level), BOOK.hash)
    assert section(draft(change, None, BOOK, NOW), BOOK).head == says
