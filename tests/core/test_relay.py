"""The duty room is told of a danger without measures; once there are orders for it, that is no all-clear."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.core.district import ANJU, BOOK, GAOLOU, TEXTS, Hall, at, claim, warning
from warnengine.model.level import Level
from warnengine.model.order import Kind, Version
from warnengine.model.warning import Warning
from warnengine.order.compose import compose

DANGER = {"hazard": "drought", "family": "response"}
"""The book has measures for it from orange."""


def drought(name: str, level: Level | None, sent: datetime, *towns: str) -> Warning:
    return warning(name, sent, *(claim(town, level, **DANGER) for town in towns or (ANJU,)))


def words(version: Version) -> str:
    return compose([version], BOOK, TEXTS).short


def relayed(hall: Hall) -> Version:
    (version,) = hall.take(drought("a", Level.YELLOW, at("05:00")), now=at("05:00")).values()
    assert version.change.key.unit == "duty_room"
    assert "研判并决定如何处置" in words(version)
    return version


def test_a_danger_that_rises_to_orders_is_taken_over_and_not_over() -> None:
    hall = Hall()
    relayed(hall)
    made = hall.take(drought("b", Level.ORANGE, at("06:00")), now=at("06:00"))
    room, units = made["duty_room"], made.keys() - {"duty_room"}
    assert units
    assert room.change.kind is Kind.LAPSE
    text = words(room)
    assert f"险情没有解除,已按规则向{len(units)}个单位下达指令" in text
    assert "到此结束" not in text
    assert "返回前" not in text
    assert "已有指令" in text.split("。", 1)[0]
    assert "解除干旱" not in text


@pytest.mark.parametrize("level", [None, Level.BLUE], ids=["it ends", "it falls"])
def test_a_danger_that_ends_reads_as_an_all_clear(level: Level | None) -> None:
    hall = Hall()
    relayed(hall)
    made = hall.take(drought("b", level, at("06:00")), now=at("06:00"))
    if level:
        assert made["duty_room"].change.kind is Kind.UPDATE
    else:
        assert "解除" in words(made["duty_room"])
        assert "险情没有解除" not in words(made["duty_room"])


def test_what_ends_in_one_township_and_rises_in_another_is_not_over() -> None:
    hall = Hall()
    relayed(hall)
    other = warning("b", at("06:00"), claim(ANJU, None, **DANGER), claim(GAOLOU, Level.RED, **DANGER))
    made = hall.take(other, now=at("06:00"))
    assert "险情没有解除" in words(made["duty_room"])
