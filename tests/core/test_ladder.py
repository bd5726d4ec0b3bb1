"""The next move about somebody who has not answered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.district import at
from warnengine.acknowledge.ladder import Call, Escalate, Move, Nothing, Remind, Visit, climb
from warnengine.model.book import Act
from warnengine.model.bundle import Rung

SILENT = Rung(
    bundle=160,
    step=1,
    act=Act.AGAIN,
    answered=False,
    stale=False,
    off_duty=False,
    not_after=at("08:00"),
    now=at("06:00"),
    person="li_si",
    name="李四",
    deputies=("wang_wu",),
    superiors=("zhao_liu", "sun_qi"),
)


@pytest.mark.parametrize(
    ("act", "fields", "expected"),
    [
        (Act.AGAIN, {}, Remind()),
        (Act.DEPUTY, {}, Escalate(("wang_wu",))),
        (Act.SUPERIOR, {}, Escalate(("zhao_liu", "sun_qi"))),
        (Act.DUTY_ROOM, {}, Call("duty_room")),
        (Act.VOICE, {}, Call("voice", channel="voice")),
        (Act.VISIT, {}, Visit("李四多次未应答:请派人上门")),
        (Act.DEPUTY, {"deputies": ()}, Call("no deputy")),
        (Act.SUPERIOR, {"superiors": ()}, Call("no superior")),
    ],
    ids=["again", "deputy", "superiors", "duty room", "voice", "visit", "no deputy", "no superior"],
)
def test_a_step_that_finds_nobody_goes_to_the_duty_room(
    act: Act, fields: dict[str, object], expected: Move
) -> None:
    assert climb(replace(SILENT, act=act, **fields)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize(
    ("fields", "because"),
    [
        ({"answered": True}, "answered"),
        ({"stale": True}, "superseded"),
        ({"not_after": at("06:00")}, "expired"),
        ({"off_duty": True}, "off duty"),
        ({"answered": True, "stale": True}, "superseded"),
        ({"answered": True, "not_after": at("06:00")}, "expired"),
    ],
)
def test_nobody_is_chased_who_has_answered_or_is_asked_anew_or_too_late(
    act: Act, fields: dict[str, object], because: str
) -> None:
    assert climb(replace(SILENT, act=act, **fields)) == Nothing(because)  # type: ignore[arg-type]


@given(
    st.builds(
        Rung,
        bundle=st.integers(0),
        step=st.integers(1, 9),
        act=st.sampled_from(Act),
        answered=st.just(False),
        stale=st.just(False),
        off_duty=st.just(False),
        not_after=st.just(at("08:00")),
        now=st.just(at("07:59:59")),
        person=st.just("li_si"),
        name=st.text(max_size=4),
        deputies=st.lists(st.text(min_size=1), max_size=2).map(tuple),
        superiors=st.lists(st.text(min_size=1), max_size=2).map(tuple),
    )
)
def test_whoever_is_silent_always_has_somebody_who_acts(rung: Rung) -> None:
    move = climb(rung)
    assert not isinstance(move, Nothing)
    assert not isinstance(move, Escalate) or move.people
    assert not isinstance(move, Visit) or move.words.startswith(rung.name)
