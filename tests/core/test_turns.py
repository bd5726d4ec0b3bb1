"""Which channels of a person go at once, which wait, and when a turn has come."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.district import BOOK, at
from warnengine.model.bundle import Listener, Turns
from warnengine.model.level import Level
from warnengine.model.turns import Ahead, Known
from warnengine.order.turns import has_come, in_turn

LADDER = {
    level: rung.model_copy(update={"channels": ("sms", "wecom", "push")}) for level, rung in BOOK.ladder.items()
}
ALL = BOOK.model_copy(update={"ladder": LADDER})
EVERY = ALL.ladder[Level.YELLOW].next_channel
ADDRESSES = {"sms": "+8619900000001", "wecom": "LiMing", "push": "{}", "call": "+862345600000", "app": "phone-1"}


def listener(level: Level, kind: str, channels: str) -> Listener:
    ways = tuple((channel, ADDRESSES[channel]) for channel in channels.split())
    return Listener("500151", "a1", (1,), ("500151105/duty",), level, kind, at("08:00"), (), ways)


def known(prefers: str = "", used: str = "") -> Known:
    return Known(tuple(prefers.split()), frozenset((channel, ADDRESSES[channel]) for channel in used.split()))


def said(who: Listener) -> str:
    """sms | wecom push: what goes at once, and what waits."""
    channels = [channel for channel, _ in who.addresses]
    if who.turns is None:
        return " ".join(channels)
    return " ".join([*channels[: who.turns.at_once], "|", *channels[who.turns.at_once :]])


@pytest.mark.parametrize(
    ("level", "kind", "channels", "facts", "wanted"),
    [
        (Level.RED, "issue", "wecom sms push", known(), "wecom sms push"),
        (Level.ORANGE, "issue", "wecom sms push", known("push"), "wecom sms push"),
        (Level.ORANGE, "update", "wecom sms push", known(used="sms"), "wecom sms push"),
        (Level.YELLOW, "issue", "wecom sms push", known(), "sms | wecom push"),
        (Level.BLUE, "issue", "wecom sms push", known("push"), "push | sms wecom"),
        (Level.BLUE, "issue", "wecom sms push", known("push wecom"), "push | wecom sms"),
        (Level.BLUE, "issue", "wecom sms", known("push"), "sms | wecom"),
        (Level.BLUE, "issue", "call push", known(), "push | call"),
        (Level.BLUE, "issue", "call push", known("call"), "call | push"),
        (Level.BLUE, "issue", "app sms", known(), "sms | app"),
        (Level.BLUE, "issue", "sms", known(), "sms"),
        (Level.BLUE, "issue", "", known(), ""),
        (Level.YELLOW, "update", "wecom sms push", known(used="wecom"), "wecom | sms push"),
        (Level.YELLOW, "update", "wecom sms push", known(used="wecom sms"), "wecom sms | push"),
        (Level.YELLOW, "update", "wecom sms", known(used="wecom sms"), "wecom sms"),
        (Level.YELLOW, "reopen", "wecom sms", known(used="wecom"), "wecom | sms"),
        (Level.YELLOW, "lapse", "wecom sms push", known(used="sms"), "sms"),
        (Level.RED, "lapse", "wecom sms push", known(used="sms push"), "sms push"),
        (Level.YELLOW, "lapse", "wecom sms", known(), "sms | wecom"),
        (Level.RED, "lapse", "wecom sms", known(), "wecom sms"),
    ],
    ids=[
        "red: all at once",
        "orange: all at once, whatever is preferred",
        "an update at orange: all at once",
        "as the ladder lists them",
        "as the person is listed",
        "and the rest as the ladder lists them",
        "what is preferred and missing is passed over",
        "a call by hand comes last",
        "unless it is preferred",
        "what the ladder does not name comes after",
        "one way needs no turns",
        "no way at all",
        "an update goes where the old text is",
        "on all of those ways at once",
        "and waits for nothing then",
        "what is taken up again too",
        "an all-clear goes where the order went",
        "at red too",
        "an all-clear of what was told at the door, below orange",
        "and at red",
    ],
)
def test_what_goes_at_once_and_what_waits(
    level: Level, kind: str, channels: str, facts: Known, wanted: str
) -> None:
    assert said(in_turn(listener(level, kind, channels), facts, ALL)) == wanted


def test_how_long_one_waits_stands_in_the_rule_book() -> None:
    assert in_turn(listener(Level.YELLOW, "issue", "sms wecom"), known(), ALL).turns == Turns(1, EVERY)
    assert ALL.ladder[Level.BLUE].next_channel > EVERY > timedelta()


CHANNELS = st.lists(st.sampled_from(sorted(ADDRESSES)), unique=True)


@given(
    st.sampled_from(Level),
    st.sampled_from(["issue", "update", "reopen"]),
    CHANNELS.map(" ".join),
    CHANNELS.map(" ".join),
    CHANNELS.map(" ".join),
)
def test_nobody_loses_a_way_and_somebody_with_one_is_told_at_once(
    level: Level, kind: str, channels: str, prefers: str, used: str
) -> None:
    before = listener(level, kind, channels)
    after = in_turn(before, known(prefers, used), ALL)
    assert sorted(after.addresses) == sorted(before.addresses)
    at_once = len(after.addresses) if after.turns is None else after.turns.at_once
    assert at_once >= min(1, len(before.addresses))
    assert level < Level.ORANGE or after == before
    old = {way for way in before.addresses if way[0] in used.split()}
    assert level >= Level.ORANGE or old <= {*after.addresses[:at_once]}


@pytest.mark.parametrize(
    ("ahead", "come"),
    [
        ([("queued", True)], False),
        ([("sending", True)], False),
        ([("refused", True)], False),
        ([("unknown", True)], False),
        ([("accepted", False)], False),
        ([("delivered", False)], False),
        ([("silent", False)], True),
        ([("undelivered", False)], True),
        ([("undelivered", True)], False),
        ([("failed", False)], True),
        ([("failed", True)], False),
        ([("held", False)], True),
        ([("refused", False)], True),
        ([("failed", False), ("queued", True)], False),
        ([("failed", False), ("delivered", False)], False),
        ([("failed", False), ("silent", False)], True),
    ],
    ids=lambda value: (
        " ".join(f"{state}{'+' * trying}" for state, trying in value) if isinstance(value, list) else ""
    ),
)
def test_a_turn_comes_when_nothing_ahead_is_to_be_waited_for(ahead: list[tuple[str, bool]], come: bool) -> None:
    """Delivered and not answered is waited for: the clock of the rule book ends that."""
    assert has_come([Ahead(*way) for way in ahead]) is come
