"""The reconciler asks about what it does not act on, and forgets what is long overtaken."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.core.district import ANJU, NIGHT, ORANGE, RED, Hall, read
from warnengine.demo import scenario
from warnengine.model.level import Level
from warnengine.model.situation import CellKey
from warnengine.model.warning import Warning
from warnengine.order.reconcile import KEPT

KEY = CellKey(ANJU, "rainstorm", "signal")


def test_what_is_long_overtaken_is_forgotten_where_a_cell_is_written() -> None:
    hall = Hall()
    for message in NIGHT:
        hall.take(message, now=message.sent)
    assert len(hall.known[KEY].statements) == len(NIGHT)
    shift = KEPT + timedelta(days=1)
    later = replace(RED, identifier="next", sent=RED.sent + shift, claims=moved(RED, shift), references=())
    hall.take(later, now=later.sent)
    assert set(hall.known[KEY].statements) == {"next"}


def moved(warning: Warning, by: timedelta) -> tuple[object, ...]:
    return tuple(replace(claim, begins=None, ends=claim.ends and claim.ends + by) for claim in warning.claims)


@pytest.mark.parametrize("seed", range(20))
def test_the_nights_own_all_clear_is_never_in_doubt(seed: int) -> None:
    hall = Hall()
    for message in random.Random(seed).sample(NIGHT, len(NIGHT)):
        hall.take(message)
    assert hall.orders == {}
    assert not [question for question in hall.questions if question.startswith("解除未执行")]


@pytest.mark.parametrize(
    ("old", "new", "lifts"),
    [("", "", Level.RED), ("红色", "橙色", Level.ORANGE), ("红色", "", Level.YELLOW)],
    ids=["red", "orange", "one colour of two"],
)
def test_an_all_clear_lifts_the_gravest_level_that_it_names(old: str, new: str, lifts: Level) -> None:
    message = scenario.CANCEL
    words = {"headline": message.headline.replace(old, new), "text": message.text.replace(old, new)}
    clear = read(replace(message, **words).xml())
    assert {claim.lifts for claim in clear.claims} == {lifts}
    assert {claim.lifts for claim in ORANGE.claims} == {None}
