"""What stands by a threshold that a book does not watch any more, whatever of it that book has left out."""

from __future__ import annotations

import pytest

from tests.observe.sky import ANJU, GAUGE, RAIN, RIVER, STAGE, file
from warnengine.model.book import Triggers
from warnengine.model.level import Level
from warnengine.model.observation import Told
from warnengine.observe.decide import left

OTHER = "500151106"
RED = Told(level=Level.RED, identifier="observed.rain.1")
WHOLE = file(RAIN, STAGE)
CASES = {
    "the book as it was": ("rain", WHOLE, RED, False),
    "no such trigger": ("rain", file(STAGE), RED, True),
    "no trigger at all": ("rain", Triggers(stations=(), triggers=()), RED, True),
    "in the shadow now": ("rain", file(RAIN | {"shadow": True}), RED, True),
    "for another township": ("rain", file(RAIN | {"towns": [OTHER]}), RED, True),
    "for all townships": ("rain", file(RAIN | {"towns": "all"}), RED, False),
    "its only station is gone": ("rain", file(RAIN, stations=[RIVER]), RED, True),
    "its station tells something else": ("rain", file(RAIN, stations=[GAUGE | {"tells": ["wind"]}]), RED, True),
    "one of two stations is gone": ("rain", file(RAIN, stations=[GAUGE | {"id": "S2"}]), RED, False),
    "the station that it names is gone": ("stage", file(STAGE, stations=[GAUGE]), RED, True),
    "its thresholds are others": ("rain", file(RAIN | {"orange": {"1h": 90}, "red": {"1h": 99}}), RED, False),
    "nothing stands": ("rain", file(STAGE), Told(), False),
    "it was told in the shadow": ("rain", file(STAGE), Told(level=Level.RED), False),
}


@pytest.mark.parametrize(("trigger", "book", "told", "expected"), CASES.values(), ids=CASES)
def test_what_nothing_watches(trigger: str, book: Triggers, told: Told, expected: bool) -> None:
    assert left(trigger, ANJU, told, book) is expected
