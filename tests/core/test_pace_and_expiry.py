"""A text that waits for its turn must not be over by then: nobody loses an order to good manners."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.core.test_pace import MINUTE, NOW, PACE, ago, held, who
from warnengine.model.pace import Lately
from warnengine.order.pace import paced

FULL = ago(1, 2, 3)
"""One more text is allowed in seven minutes."""


@pytest.mark.parametrize(
    ("life", "waits"),
    [(5, 0), (7, 0), (13.9, 0), (14, 7), (180, 7)],
    ids=["over before", "over then", "half of it gone", "time enough", "hours"],
)
def test_at_most_half_of_the_time_that_is_left_goes_by_waiting(life: float, waits: float) -> None:
    one = replace(who(), not_after=NOW + life * MINUTE)
    assert paced(one, Lately(FULL), NOW, PACE).held == waits * MINUTE


def test_what_is_taken_in_must_not_be_over_either() -> None:
    soon = held(until=NOW + 2 * MINUTE, not_after=NOW + 3 * MINUTE)
    assert paced(who(), Lately(FULL, (soon,)), NOW, PACE).held == timedelta()
    superseded = replace(soon, versions=())
    assert paced(who(), Lately(FULL, (superseded,)), NOW, PACE).held == 2 * MINUTE
