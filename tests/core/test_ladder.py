"""The next move about somebody who has not answered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.district import BOOK, at
from warnengine.acknowledge.ladder import (
    Call,
    Escalate,
    Finish,
    Letter,
    Move,
    Nothing,
    Remind,
    Report,
    Share,
    Visit,
    climb,
    letters,
)
from warnengine.model.book import Act, After, Enough
from warnengine.model.bundle import Rung, Waiting
from warnengine.model.level import Level
from warnengine.model.proof import Proof

OPEN = Waiting(Level.RED, Proof.SUBMITTED, called=4, answered=0)
SILENT = Rung(
    bundle=160,
    step=1,
    act=Act.AGAIN,
    waiting=(OPEN,),
    owing=(),
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
    assert climb(replace(SILENT, act=act, **fields), BOOK.ladder) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize(
    ("fields", "because"),
    [
        ({"waiting": ()}, "answered"),
        ({"stale": True}, "superseded"),
        ({"not_after": at("06:00")}, "expired"),
        ({"off_duty": True}, "off duty"),
        ({"waiting": (), "stale": True}, "superseded"),
        ({"waiting": (), "not_after": at("06:00")}, "expired"),
    ],
)
def test_nobody_is_chased_who_has_answered_or_is_asked_anew_or_too_late(
    act: Act, fields: dict[str, object], because: str
) -> None:
    assert climb(replace(SILENT, act=act, **fields), BOOK.ladder) == Nothing(because)  # type: ignore[arg-type]


@given(
    st.builds(
        Rung,
        bundle=st.integers(0),
        step=st.integers(1, 9),
        act=st.sampled_from(Act),
        waiting=st.just((OPEN,)),
        owing=st.just(()),
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
    move = climb(rung, BOOK.ladder)
    assert not isinstance(move, Nothing)
    assert not isinstance(move, Escalate) or move.people
    assert not isinstance(move, Visit) or move.words.startswith(rung.name)


RED, BLUE = BOOK.ladder[Level.RED], BOOK.ladder[Level.BLUE]
TWO = {Level.RED: RED.model_copy(update={"answer": Enough(at_least=2)})}
HEARD = {Level.RED: RED.model_copy(update={"proof": Proof.DELIVERED})}


@pytest.mark.parametrize(
    ("rules", "waiting", "expected"),
    [
        (BOOK.ladder, [(Proof.READ, 4, 3)], Remind()),
        (TWO, [(Proof.SUBMITTED, 4, 1)], Remind()),
        (TWO, [(Proof.SUBMITTED, 4, 2)], Nothing("enough answers")),
        (TWO, [(Proof.SUBMITTED, 1, 0)], Remind()),
        (TWO, [(Proof.SUBMITTED, 4, 2), (Proof.SUBMITTED, 4, 1)], Remind()),
        (HEARD, [(Proof.DELIVERED, 4, 0)], Nothing("enough proof")),
        (HEARD, [(Proof.SUBMITTED, 4, 0)], Remind()),
        ({Level.RED: RED.model_copy(update={"proof": Proof.VERIFIED})}, [(Proof.DELIVERED, 4, 0)], Remind()),
    ],
    ids=[
        "all must answer, one has not",
        "two must, one has",
        "two must, two have",
        "two must and one is called",
        "enough in one unit, not in the other",
        "a receipt is enough",
        "a receipt would be enough",
        "a receipt is not 应",
    ],
)
def test_who_must_answer_and_how_sure_is_a_rule(
    rules: object, waiting: list[tuple[Proof, int, int]], expected: Move
) -> None:
    open_ = tuple(Waiting(Level.RED, *one) for one in waiting)
    assert climb(replace(SILENT, waiting=open_), rules) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("act", "fields", "expected"),
    [
        (After.FINISH, {"owing": ((1, "li_si"), (2, "li_si"))}, Finish(("li_si",))),
        (After.FINISH, {"owing": ((1, "wang_wu"),)}, Finish(("wang_wu",))),
        (After.FINISH, {}, Nothing("not owing")),
        (After.FINISH, {"owing": ((1, "li_si"),), "stale": True}, Nothing("superseded")),
        (After.FINISH, {"owing": ((1, "li_si"),), "off_duty": True}, Finish(("li_si",))),
        (After.UNFINISHED, {"owing": ((1, "li_si"),)}, Report(("zhao_liu", "sun_qi"))),
        (
            After.UNFINISHED,
            {"owing": ((1, "li_si"),), "superiors": ()},
            Visit("李四已收到未办结,没有上级可报:请催办"),
        ),
        (After.UNFINISHED, {}, Nothing("not owing")),
        (After.SHARED, {}, Share()),
    ],
    ids=[
        "asked once for two orders",
        "who answered for another is asked",
        "done, or never answered",
        "a newer message asks",
        "went home, and is still responsible",
        "the superior learns it",
        "no superior",
        "done before the superior",
        "two have answered",
    ],
)
def test_who_has_answered_is_asked_for_the_end(act: After, fields: dict[str, object], expected: Move) -> None:
    assert climb(replace(SILENT, act=act, waiting=(), **{"owing": (), **fields}), BOOK.ladder) == expected  # type: ignore[arg-type]


def test_what_runs_out_at_once_is_one_message_to_each_person_for_each_step() -> None:
    rain, gale = SILENT, replace(SILENT, bundle=320)
    other = replace(SILENT, bundle=480, person="zhou_ba")
    moves = [
        (rain, Remind()),
        (replace(rain, step=2), Remind()),  # after an outage two reminders are due
        (gale, Remind()),
        (other, Escalate(("wang_wu",))),
        (gale, Escalate(("wang_wu",))),
        (rain, Call("duty_room")),
    ]
    assert letters(moves) == (
        Letter("li_si", "reminder", (rain, gale)),
        Letter("wang_wu", "escalation", (other, gale)),
    )


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3), st.sampled_from(["a", "b"]))))
def test_no_message_is_lost_and_none_is_doubled_by_gathering(due: list[tuple[int, int, str]]) -> None:
    moves = [(replace(SILENT, bundle=bundle, step=step), Escalate((to,))) for bundle, step, to in due]
    found = [(letter.to, rung.bundle) for letter in letters(moves) for rung in letter.rungs]
    assert sorted(found) == sorted({(to, bundle) for bundle, _, to in due})
    assert len({(letter.to, letter.purpose) for letter in letters(moves)}) == len(letters(moves))
