"""Who has to wait for a text below orange, how long, and what it says then."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.district import at
from warnengine.model.book import Pace
from warnengine.model.bundle import Listener
from warnengine.model.level import Level
from warnengine.model.pace import Held, Lately, free_at
from warnengine.order.pace import paced

PACE = Pace.model_validate({"texts": 3, "within": "10m"})
NOW = at("08:00")
MINUTE = timedelta(minutes=1)


def ago(*minutes: float) -> tuple[datetime, ...]:
    return tuple(NOW - minute * MINUTE for minute in minutes)


def who(level: Level = Level.YELLOW, kind: str = "issue", versions: tuple[int, ...] = (7,)) -> Listener:
    return Listener("500151", "a1", versions, ("water/duty",), level, kind, at("12:00"), (), (("sms", "1"),))


def held(**fields: object) -> Held:
    values = {
        "bundle": 16,
        "until": NOW + 2 * MINUTE,
        "versions": (3,),
        "known": (),
        "posts": ("water/duty",),
        "level": 1,
        "kind": "issue",
        "not_after": at("09:00"),
        "follows": (),
    }
    return Held(**(values | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "waits"),
    [
        ((), 0),
        (ago(1, 2), 0),
        (ago(1, 2, 3), 7),
        (ago(1, 2, 9.5), 0.5),
        (ago(1, 2, 10), 0),
        (ago(1, 2, 3, 4, 5), 7),
        (ago(9, 9, 9), 1),
        (ago(0, 0, 0), 10),
    ],
    ids=["nothing yet", "room for one", "full", "nearly free", "free", "more than allowed", "old", "all just now"],
)
def test_how_long_the_next_text_waits(said: tuple[datetime, ...], waits: float) -> None:
    assert free_at(said, NOW, PACE) - NOW == waits * MINUTE


@pytest.mark.parametrize("level", [Level.ORANGE, Level.RED])
@pytest.mark.parametrize("kind", ["issue", "update", "reopen", "lapse"])
def test_orange_and_red_never_wait_and_take_nothing_in(level: Level, kind: str) -> None:
    one = who(level, kind)
    assert paced(one, Lately(ago(1, 1, 1, 1), (held(),)), NOW, PACE) == one


@pytest.mark.parametrize(
    ("new", "waiting", "versions", "kind", "level"),
    [
        (who(), (held(),), (3, 7), "issue", Level.YELLOW),
        (who(kind="lapse"), (held(),), (3, 7), "update", Level.YELLOW),
        (who(Level.BLUE), (held(level=2),), (3, 7), "issue", Level.YELLOW),
        (who(), (held(versions=()),), (7,), "issue", Level.YELLOW),
        (who(versions=(3, 7)), (held(),), (3, 7), "issue", Level.YELLOW),
        (who(), (held(), held(bundle=32, versions=(5,))), (3, 5, 7), "issue", Level.YELLOW),
    ],
    ids=["both", "an end and a beginning", "the graver counts", "superseded", "already in it", "two"],
)
def test_one_text_says_what_two_would_have(
    new: Listener, waiting: tuple[Held, ...], versions: tuple[int, ...], kind: str, level: Level
) -> None:
    text = paced(new, Lately(ago(1, 2, 3), waiting), NOW, PACE)
    assert (text.versions, text.kind, text.level) == (versions, kind, level)
    assert text.held == 2 * MINUTE, "as the first of them was promised"
    assert text.not_after == new.not_after


MOMENTS = st.lists(st.integers(0, 1200).map(lambda seconds: NOW - timedelta(seconds=seconds)), max_size=8)


@given(MOMENTS, st.integers(1, 4))
def test_no_window_ever_holds_more_than_is_allowed(said: list[datetime], texts: int) -> None:
    """Starting from what may have gone before there was a pace, ten more texts, each as soon as it may."""
    pace = PACE.model_copy(update={"texts": texts})
    now, sent = NOW, list(said)
    for _ in range(10):
        now = free_at(sent, now, pace)
        sent.append(now)
        assert len([moment for moment in sent[len(said) :] if moment > now - pace.within]) <= texts


@given(MOMENTS, st.lists(st.integers(0, 600), max_size=3))
def test_nobody_waits_longer_than_was_promised(said: list[datetime], promised: list[int]) -> None:
    waiting = tuple(held(until=NOW + timedelta(seconds=seconds)) for seconds in promised)
    wait = paced(who(), Lately(tuple(said), waiting), NOW, PACE).held
    assert timedelta() <= wait <= min([PACE.within, *(one.until - NOW for one in waiting)])
