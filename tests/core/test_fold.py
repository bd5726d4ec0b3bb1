"""The situation does not care in which order, how often, or by how many ways it hears something."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.district import ANJU, BOOK, EASES, GAOLOU, NIGHT, TOWNS, at, claim, force, warning
from warnengine.demo import scenario
from warnengine.model.level import Level
from warnengine.model.situation import Cell, CellKey, Statement
from warnengine.model.warning import MsgType, Precision, Warning
from warnengine.situation.fold import apply, doubts, fold, forces, forget, in_force, join, statements

KEY = CellKey(ANJU, "rainstorm", "signal")
DISTRICT = BOOK.district
START = at("00:00")
moments = st.integers(0, 5).map(lambda minutes: START + timedelta(minutes=minutes))
levels = st.one_of(st.none(), st.sampled_from(Level))

readings = st.builds(
    Statement,
    issuer=st.sampled_from(["observatory", "city"]),
    identifier=st.sampled_from("abcde"),
    sent=moments,
    level=levels,
    begins=st.none() | moments,
    ends=st.none() | moments,
    precision=st.sampled_from(Precision),
    over=st.booleans(),
    references=st.frozensets(st.sampled_from("abcdex"), max_size=2),
    lifts=levels,
)
"""Readings of few messages, so that the same message is often read twice, and differently."""
true_readings = readings.map(
    # issuer and time are fields of the message itself: every feed has them alike
    lambda r: replace(
        r,
        issuer=f"issuer {r.identifier > 'd'}",
        sent=START + timedelta(minutes=ord(r.identifier)),
        references=frozenset(name for name in r.references if name < r.identifier),
    )
)


def heard(said: Sequence[Statement]) -> Cell:
    return reduce(apply, said, Cell(KEY))


@given(st.lists(readings, max_size=6), st.randoms(use_true_random=False))
def test_any_order_gives_the_same_cell(said: list[Statement], chance: random.Random) -> None:
    shuffled = chance.sample(said, len(said))
    assert heard(said) == heard(shuffled)
    assert in_force(heard(said), START) == in_force(heard(shuffled), START)


@given(st.lists(readings, max_size=6), st.sampled_from("abcde"), moments)
def test_any_order_leaves_the_same_doubts(said: list[Statement], name: str, arrived: datetime) -> None:
    assert doubts(heard(said), name, arrived) == doubts(heard(said[::-1]), name, arrived)


@given(st.lists(true_readings, max_size=8), true_readings)
def test_an_all_clear_in_doubt_ends_nothing(said: list[Statement], last: Statement) -> None:
    cell = heard(said)
    clear = replace(last, identifier="f", sent=START + timedelta(hours=2), level=None, over=False)
    if any(doubt.statement == clear for doubt in doubts(apply(cell, clear), "f", START)):
        assert in_force(apply(cell, clear), START) == in_force(cell, START) is not None


@given(st.lists(true_readings, max_size=8), true_readings)
def test_what_was_over_when_it_came_warns_of_nothing(said: list[Statement], late: Statement) -> None:
    cell = heard([one for one in said if one.identifier != late.identifier])
    late = replace(late, level=late.level or Level.RED, over=True, references=frozenset())
    named = any(late.identifier in one.references for one in cell.statements.values())
    assert named or in_force(apply(cell, late), START) == in_force(cell, START)


@given(st.lists(readings, max_size=6), st.data())
def test_hearing_it_again_changes_nothing(said: list[Statement], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(said), max_size=6)) if said else []
    assert heard([*said, *again]) == heard(said)


@given(readings, readings, readings)
def test_joining_readings_of_one_message_is_associative(one: Statement, two: Statement, three: Statement) -> None:
    one, two, three = (replace(reading, identifier="a") for reading in (one, two, three))
    assert join(join(one, two), three) == join(one, join(two, three))
    assert join(one, two) == join(two, one)
    assert join(one, one) == one


@given(st.lists(true_readings, max_size=8), moments.map(lambda m: m + timedelta(minutes=98)), true_readings)
def test_forgetting_changes_nothing_that_is_or_will_be_in_force(
    said: list[Statement], before: object, later: Statement
) -> None:
    cell = heard(said)
    forgotten = forget(cell, before)  # type: ignore[arg-type]
    assert in_force(forgotten, START) == in_force(cell, START)
    assert set(forgotten.statements) <= set(cell.statements)
    gone = cell.statements.keys() - forgotten.statements.keys()
    if later.identifier not in gone and not later.references & gone and later.sent >= before:  # type: ignore[operator]
        assert in_force(apply(forgotten, later), START) == in_force(apply(cell, later), START)


def test_a_forgotten_message_that_comes_once_more_stays_overtaken() -> None:
    old, new = (
        warning("a", at("05:00"), claim(ANJU, Level.RED)),
        warning("b", at("06:00"), claim(ANJU, Level.BLUE)),
    )
    cell = forget(fold([old, new], DISTRICT)[KEY], at("05:30"))
    assert set(cell.statements) == {"b"}
    assert in_force(apply(cell, statements(old, DISTRICT)[KEY]), START) == in_force(cell, START)


def test_every_order_of_the_nights_messages_gives_the_same_cells() -> None:
    expected = fold(NIGHT, DISTRICT)
    for order in itertools.islice(itertools.permutations(NIGHT), 0, 5040, 50):
        assert fold((*order, *order[:3]), DISTRICT) == expected


def test_after_the_night_nothing_is_in_force() -> None:
    assert forces(fold(NIGHT, DISTRICT), START) == []
    assert len(forces(fold(NIGHT[:-1], DISTRICT), START)) == 28


def test_an_update_that_names_fewer_townships_leaves_the_others() -> None:
    levels = {f.key.area: f.level for f in forces(fold(NIGHT[:4], DISTRICT), START)}
    spared = {"500151" + scenario.TOWNS[name] for name in scenario.SPARED}
    assert {town for town, level in levels.items() if level is Level.ORANGE} == spared
    assert {town for town, level in levels.items() if level is Level.RED} == set(TOWNS) - spared


def test_one_message_eases_some_and_restates_the_others() -> None:
    cells = fold(NIGHT[:6], DISTRICT)
    eased, kept = in_force(cells[CellKey(GAOLOU, "rainstorm", "signal")], START), in_force(cells[KEY], START)
    assert eased is not None
    assert (eased.level, eased.renewed) == (Level.YELLOW, {EASES.identifier})
    assert kept is not None
    assert (kept.level, kept.because, kept.renewed) == (Level.RED, {EASES.identifier}, frozenset())


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ([claim("500151", Level.RED), claim(ANJU, Level.YELLOW)], Level.YELLOW),
        ([claim(ANJU, Level.YELLOW), claim("500151", Level.RED)], Level.YELLOW),
        ([claim("500151", None), claim(ANJU, Level.RED)], Level.RED),
        ([claim("500151", Level.RED), claim(ANJU, None)], None),
        ([claim("500224000000", Level.RED)], Level.RED),
        ([claim(ANJU + "000", Level.RED)], Level.RED),
        ([claim("500224105", Level.BLUE), claim(ANJU, Level.ORANGE)], Level.ORANGE),
        ([claim(ANJU, Level.RED), claim(ANJU + "201", Level.BLUE)], Level.RED),
        ([claim("500151", Level.BLUE), claim(ANJU + "201", Level.ORANGE)], Level.ORANGE),
    ],
    ids=[
        "the township beats the district",
        "whichever comes first",
        "all clear for the district but not for it",
        "all clear for it alone",
        "the county's old code",
        "12 digits that say the township",
        "two claims about it: the graver",
        "one village does not ease its township",
        "a village beats the district",
    ],
)
def test_one_message_about_one_township(claims: list[object], expected: Level | None) -> None:
    cell = fold([warning("a", START, *claims)], DISTRICT)[KEY]  # type: ignore[arg-type]
    now = in_force(cell, START)
    assert (now.level if now else None) == expected


def red(identifier: str, sent: str, **fields: object) -> Warning:
    return warning(identifier, at(sent), claim(ANJU, Level.RED), **fields)


def test_a_cancel_that_overtakes_its_alert_still_wins() -> None:
    alert = red("a", "05:54")
    cancel = warning("b", at("12:30"), claim("500151", None), msg_type=MsgType.CANCEL)
    assert forces(fold([cancel, alert], DISTRICT), START) == []


def test_one_message_by_two_feeds_that_disagree_counts_as_the_graver() -> None:
    by_one = warning("a", START, claim(ANJU, Level.ORANGE, ends=at("03:00")))
    by_other = warning("a", START, claim(ANJU, Level.RED, ends=at("02:00")))
    (now,) = forces(fold([by_one, by_other], DISTRICT), START)
    assert now == replace(force(ANJU, Level.RED, because="a"), ends=at("03:00"))


def test_the_newest_word_of_each_issuer_counts_and_of_those_the_gravest() -> None:
    city = red("a", "05:00", issuer="50000041600000")
    ours = warning("b", at("06:00"), claim(ANJU, Level.YELLOW))
    (now,) = forces(fold([city, ours], DISTRICT), START)
    assert (now.level, now.because) == (Level.RED, {"a"})
    lifted = warning("c", at("07:00"), claim(ANJU, None), issuer="50000041600000")
    (now,) = forces(fold([city, ours, lifted], DISTRICT), START)
    assert (now.level, now.because) == (Level.YELLOW, {"b"})


def test_two_families_and_two_hazards_are_four_situations() -> None:
    claims = [
        claim(ANJU, Level.RED, hazard, family=f)
        for hazard in ("rainstorm", "gale")
        for f in ("signal", "response")
    ]
    assert len(forces(fold([warning("a", START, *claims)], DISTRICT), START)) == 4


def test_an_unknown_hazard_is_kept_under_the_issuers_own_word() -> None:
    (now,) = forces(fold([warning("a", START, claim(ANJU, Level.RED, None, event="陨石"))], DISTRICT), START)
    assert now.key == CellKey(ANJU, "?陨石", "signal")


def test_places_elsewhere_make_no_cell() -> None:
    assert (
        fold([warning("a", START, claim("500117", Level.RED), claim(None, Level.RED, name="合川区"))], DISTRICT)
        == {}
    )


def test_an_end_that_one_of_them_does_not_know_is_no_end() -> None:
    a = warning("a", START, claim(ANJU, Level.RED, ends=at("03:00")))
    b = warning("b", START, claim(ANJU, Level.RED), issuer="50000041600000")
    (now,) = forces(fold([a, b], DISTRICT), START)
    assert now.ends is None


def cleared(*references: str, lifts: Level | None = None, issuer: str | None = None) -> Warning:
    fields = {"issuer": issuer} if issuer else {}
    return warning(
        "z", at("12:30"), claim(ANJU, None, lifts=lifts), references=references, msg_type=MsgType.CANCEL, **fields
    )


ORANGE1 = warning("orange1", at("05:00"), claim(ANJU, Level.ORANGE))
RED1 = red("red1", "06:00")
CHAIN = [
    ORANGE1,
    red("red2", "06:00", references=("orange1",)),
    red("red3", "07:00", references=("orange1",)),
]
"""Every message names the first, as those of the national platform do."""


@pytest.mark.parametrize(
    ("before", "clear", "level"),
    [
        ([ORANGE1, RED1], cleared("orange1"), Level.RED),
        ([ORANGE1, RED1], cleared(lifts=Level.ORANGE), Level.RED),
        ([ORANGE1, RED1], cleared("red1", lifts=Level.ORANGE), Level.RED),
        ([ORANGE1, RED1], cleared("red1"), None),
        ([ORANGE1, RED1], cleared("orange1", "red1"), None),
        ([ORANGE1, RED1], cleared("nobody"), None),
        ([ORANGE1, RED1], cleared("z"), None),
        ([ORANGE1, RED1], cleared(lifts=Level.RED), None),
        ([ORANGE1, RED1], cleared(), None),
        (CHAIN, cleared("orange1"), None),
        (CHAIN, cleared("red2"), None),
        (CHAIN[1:], cleared("orange1"), None),
        ([ORANGE1], cleared(lifts=Level.RED), None),
        ([RED1], cleared("orange1", issuer="50000041600000"), Level.RED),
    ],
    ids=[
        "it names the orange",
        "it says orange",
        "it names the red and says orange",
        "it names the red",
        "it names both",
        "it names what never came",
        "it names itself",
        "it says red",
        "it names nothing",
        "it names the first of the chain",
        "it names the middle of the chain",
        "it names the first, which never came",
        "it says more than stands",
        "somebody else's",
    ],
)
def test_an_all_clear_ends_what_it_means(before: list[Warning], clear: Warning, level: Level | None) -> None:
    for order in itertools.permutations([*before, clear]):
        now = in_force(fold(order, DISTRICT)[KEY], START)
        assert (now.level if now else None) == level


def test_an_all_clear_in_doubt_is_remembered_with_what_it_names() -> None:
    cell = fold([ORANGE1, RED1, cleared("orange1")], DISTRICT)[KEY]
    assert forget(cell, at("12:00")) == cell
    assert set(forget(fold([ORANGE1, RED1, cleared("red1")], DISTRICT)[KEY], at("12:00")).statements) == {"z"}
