"""The whole night through the engine's own reconciler: order and repetition of its messages do not matter."""

from __future__ import annotations

import random
from functools import lru_cache

import pytest

from tests.core.district import (
    ANJU,
    BLUE,
    CANCEL,
    EASES,
    GAOLOU,
    NIGHT,
    ORANGE,
    RED,
    RED_CONTINUES,
    YELLOW,
    Hall,
    at,
    rain,
    waiting,
)
from warnengine.model.level import Level
from warnengine.model.order import Form, Kind, OrderKey
from warnengine.model.warning import Warning


@lru_cache
def expected(messages: int) -> dict[OrderKey, tuple[object, ...]]:
    """What stands after so many messages in the order of their issue."""
    hall = Hall()
    for message in NIGHT[:messages]:
        hall.take(message)
    return hall.picture()


def deck(seed: int, messages: int) -> list[Warning]:
    """The first messages of the night, some twice, in any order."""
    chance = random.Random(seed)
    cards = [message for message in NIGHT[:messages] for _ in range(chance.randint(1, 2))]
    chance.shuffle(cards)
    return cards


@pytest.mark.parametrize("messages", range(1, 8), ids=lambda n: f"after {n} messages")
def test_any_order_ends_in_the_same_orders_and_a_replay_changes_nothing(messages: int) -> None:
    for seed in range(29):  # seven times: more than 200 permutations
        hall = Hall()
        for message in deck(seed, messages):
            hall.take(message)
        assert hall.picture() == expected(messages), f"seed {seed}"
        changes = len(hall.changes)
        again = random.Random(seed).sample(NIGHT[:messages], messages)
        assert not any(hall.take(message) for message in again), f"seed {seed}"
        assert len(hall.changes) == changes


def test_all_of_it_at_once_once_more_changes_nothing() -> None:
    hall = Hall()
    for message in NIGHT[:6]:
        hall.take(message)
    assert not hall.take(*NIGHT[:6], *NIGHT[:6])


def test_messages_taken_together_end_as_taken_one_by_one() -> None:
    for messages in range(1, 8):
        hall = Hall()
        hall.take(*deck(1, messages))
        assert hall.picture() == expected(messages)


def kinds(versions: dict[str, object]) -> set[Kind]:
    return {version.change.kind for version in versions.values()}  # type: ignore[attr-defined]


def test_the_night_as_it_was() -> None:
    hall = Hall()
    issued = hall.take(BLUE, now=at("19:13", 26))
    assert kinds(issued) == {Kind.ISSUE}
    assert set(issued) >= {ANJU, GAOLOU, "education", "hitech_zone"}
    assert "duty_room" not in issued
    yellow = hall.take(YELLOW, now=at("22:42:30", 26))
    assert kinds(yellow) == {Kind.UPDATE, Kind.ISSUE}, "forestry owes nothing at blue"
    assert "500151104" not in yellow, "水口镇 stays blue"
    asked = hall.take(ORANGE, now=at("02:22:30"))
    assert hall.asked[-1].level is Level.ORANGE
    hall.approve(waiting(asked.values()), now=at("02:25"))
    assert not waiting_now(hall)
    hall.take(RED, now=at("05:55:10"))
    assert hall.asked[-1].level is Level.RED
    assert {key.unit for key, _ in waiting_now(hall)} >= {ANJU, "education"}
    assert GAOLOU not in {key.unit for key, _ in waiting_now(hall)}, "it stays orange"
    hall.approve(waiting_now(hall), now=at("05:57"))
    again = hall.take(RED_CONTINUES, now=at("07:42:30"))
    assert kinds(again) == {Kind.REOPEN}
    assert GAOLOU not in again
    eased = hall.take(EASES, now=at("10:07"))
    assert kinds(eased) == {Kind.UPDATE}
    assert hall.orders[rain(GAOLOU)].level is Level.YELLOW
    assert ANJU not in eased, "其余镇街…仍生效 asks nobody anew"
    over = hall.take(CANCEL, now=at("12:32:30"))
    assert kinds(over) == {Kind.LAPSE}
    assert hall.orders == {}
    assert not hall.take(RED, now=at("12:51")), "a red that comes late is overtaken"
    assert hall.approved == frozenset()


def waiting_now(hall: Hall) -> frozenset[tuple[OrderKey, str]]:
    return frozenset(
        (key, standing.measure)
        for key, stands in hall.orders.items()
        for standing in stands.measures
        if standing.form is Form.ADVICE
    )


def test_a_request_is_sealed_over_what_it_asks_for() -> None:
    one, same, other = Hall(), Hall(), Hall()
    for hall in (one, same):
        hall.take(RED, now=at("05:55:10"))
    other.take(RED, EASES, now=at("05:55:10"))
    assert [r.sha256 for r in one.asked] == [r.sha256 for r in same.asked]
    assert one.asked[0].sha256 != other.asked[0].sha256
    assert one.asked[0].rule.level is Level.RED


def test_a_measure_that_waits_is_asked_for_once_until_it_has_gone() -> None:
    hall = Hall()
    hall.take(RED, now=at("05:55:10"))
    asked = len(hall.asked)
    hall.take(RED_CONTINUES, now=at("07:42:30"))
    assert len(hall.asked) == asked
    hall.take(CANCEL, now=at("12:32"))
    assert len(hall.asked) == asked
