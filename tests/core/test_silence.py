"""Why a unit gets nothing: each reason of the closed list, in its words."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.core.district import ANJU, BOOK, GAOLOU, TOWNS, force, rain
from warnengine.match.silence import Scene, Why, silence
from warnengine.model.book import Measure, RuleBook, Silent
from warnengine.model.level import Level
from warnengine.model.order import Stands
from warnengine.model.situation import InForce

DANGER = ("rainstorm", "signal")
TODAY = date(2026, 7, 27)
YELLOW = {"id": "water.rainstorm.yellow.1", "when": {"hazard": "rainstorm", "level": "yellow"}, "order": "值守"}
WATER = Measure.model_validate(YELLOW | {"deadline": "30m"})
NONE = {"hazards": ("rainstorm",), "because": "没有专门措施", "decided_by": "区应急局"}


def book(measures: tuple[Measure, ...] = (WATER,), *silent: dict[str, Any]) -> RuleBook:
    """The real units, with these measures of the water bureau and no others."""
    entries = tuple(Silent.model_validate(NONE | one) for one in silent)
    parts = {
        "kinds": {},
        "plans": {},
        "sectors": {"water": measures},
        "silent": {"water": entries, "township": entries},
    }
    return BOOK.model_copy(update=parts)


def scene(
    rules: RuleBook,
    levels: dict[str, Level],
    *,
    said: dict[str, Level | None] | None = None,
    standing: tuple[Stands, ...] = (),
    today: date = TODAY,
) -> Scene:
    forces: dict[str, InForce] = {town: force(town, level) for town, level in levels.items()}
    told: dict[str, Level | None] = dict(levels) if said is None else said
    return Scene(rules, {DANGER: told}, {DANGER: forces}, {one.key: one for one in standing}, today)


def stands(unit: str) -> Stands:
    return Stands(1, 2, rain(unit), Level.BLUE, frozenset(), (), frozenset(), BOOK.hash)


BLUE = {ANJU: Level.BLUE}


@pytest.mark.parametrize(
    ("unit", "where", "why", "words"),
    [
        pytest.param(GAOLOU, scene(BOOK, BLUE), Why.OUTSIDE, "暴雨没有点到高楼镇", id="another township"),
        pytest.param("water", scene(BOOK, {}, said={}), Why.OUTSIDE, "它的镇街", id="another place altogether"),
        pytest.param("water", scene(book(), BLUE), Why.BELOW, "现为暴雨蓝色,黄色起有措施", id="below its first"),
        pytest.param(
            "water",
            scene(book((WATER,), {"levels": ["blue"], "until": "2026-09-30"}), BLUE),
            Why.DECIDED,
            "区应急局决定,没有专门措施,至2026-09-30",
            id="decided for this level",
        ),
        pytest.param(
            "water",
            scene(book((WATER,), {"levels": ["red"]}), BLUE),
            Why.BELOW,
            "",
            id="decided for another level",
        ),
        pytest.param(
            ANJU,
            scene(book((WATER,), {"levels": "all"}), BLUE),
            Why.DECIDED,
            "没有专门措施",
            id="decided for its kind",
        ),
        pytest.param(
            ANJU,
            scene(book((WATER,), {"until": "2026-07-27"}), BLUE, today=date(2026, 7, 28)),
            Why.GAP,
            "暴雨蓝色",
            id="a decision that has run out is a gap",
        ),
        pytest.param(ANJU, scene(book(), BLUE), Why.GAP, "暴雨蓝色", id="neither a measure nor a decision"),
        pytest.param(ANJU, scene(book(()), BLUE), Why.UNKNOWN, "暴雨", id="nobody has a measure"),
        pytest.param("district", scene(book(), BLUE), Why.NOT_ADDRESSED, "", id="the district's leaders"),
        pytest.param(
            "water", scene(BOOK, BLUE, standing=(stands("water"),)), Why.UNCHANGED, "暴雨蓝色,第2版", id="goes on"
        ),
        pytest.param(ANJU, scene(BOOK, {}, said={ANJU: None}), Why.NOTHING_TO_END, "暴雨", id="nothing to end"),
        pytest.param(
            ANJU, scene(BOOK, {}, said={ANJU: Level.RED}), Why.NOT_COUNTED, "有效期", id="over, or overtaken"
        ),
        pytest.param(
            "water", scene(book(), {ANJU: Level.RED}), Why.TAKEN_BACK, "暴雨红色", id="taken back by hand"
        ),
    ],
)
def test_the_reason(unit: str, where: Scene, why: Why, words: str) -> None:
    found = silence(where.book.units[unit], DANGER, where)
    assert found.why is why
    assert words in found.more
    assert found.reason.startswith(str(why))


def test_every_unit_has_a_reason_for_every_level() -> None:
    for level in Level:
        for unit in BOOK.units.values():
            found = silence(unit, DANGER, scene(BOOK, dict.fromkeys(TOWNS, level)))
            assert found.unit == unit.code
            assert found.why in Why
