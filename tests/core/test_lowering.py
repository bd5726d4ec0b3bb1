"""A conclusion lowers exactly the messages that it names, where it names them, until it ends or is withdrawn."""

from __future__ import annotations

import itertools
import random
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.district import ANJU, BOOK, GAOLOU, SHAOYUN, Hall, at, claim, warning
from warnengine.model.consultation import Verb, identifier
from warnengine.model.level import Level
from warnengine.model.situation import CellKey, InForce, Unheeded
from warnengine.model.warning import MsgType, Precision, Warning
from warnengine.situation.fold import apply, doubts, fold, forces, forget, in_force, statements, turns, words

KEY = CellKey(ANJU, "rainstorm", "signal")
DISTRICT = BOOK.district
CITY = "50000041600000"
NOW, ENDS, AFTER = at("03:10"), at("06:00"), at("06:01")


def concluded(
    verb: Verb, number: int, sent: str, level: Level | None, *towns: str, ends: datetime = ENDS, lowers: str = ""
) -> Warning:
    """A conclusion as the engine says it. lowers: identifiers, one letter each."""
    claims = [claim(town, level, ends=ends, lowers=tuple(lowers)) for town in towns or (ANJU,)]
    return warning(identifier(number, verb), at(sent), *claims, issuer=f"consultation:{number}")


def lowered(level: Level | None, names: str, *towns: str, number: int = 7, ends: datetime = ENDS) -> Warning:
    return concluded(Verb.LOWER, number, "03:10", level, *towns, ends=ends, lowers=names)


def withdrawn(number: int, of: Verb, sent: str = "04:00") -> Warning:
    return warning(
        identifier(90 + number, Verb.WITHDRAW),
        at(sent),
        claim(ANJU, None),
        issuer=f"consultation:{number}",
        references=(identifier(number, of),),
        msg_type=MsgType.CANCEL,
    )


def said(name: str, sent: str, level: Level | None, *towns: str, **fields: object) -> Warning:
    return warning(name, at(sent), *(claim(town, level, ends=at("09:00")) for town in towns or (ANJU,)), **fields)


RED = said("a", "01:00", Level.RED)
ORANGE = said("b", "01:00", Level.ORANGE, issuer=CITY)
AGAIN = said("c", "04:00", Level.RED)
STILL = warning("d", at("04:00"), claim(ANJU, Level.RED, precision=Precision.STILL))
YELLOW = said("e", "04:00", Level.YELLOW)
RAISED = concluded(Verb.RAISE, 5, "02:00", Level.RED)
EXTENDED = concluded(Verb.EXTEND, 6, "02:00", Level.ORANGE, ends=at("12:00"))
LOWER, NOTHING = lowered(Level.YELLOW, "a"), lowered(None, "a")

CASES: dict[str, tuple[list[Warning], Level | None]] = {
    "a red that is lowered to yellow": ([RED, LOWER], Level.YELLOW),
    "to nothing": ([RED, NOTHING], None),
    "another issuer's word that it does not name": ([RED, ORANGE, LOWER], Level.ORANGE),
    "both named": ([RED, ORANGE, lowered(Level.BLUE, "ab")], Level.BLUE),
    "lowered to more than is said": ([ORANGE, lowered(Level.RED, "b")], Level.ORANGE),
    "nothing named": ([RED, lowered(Level.YELLOW, "x")], Level.RED),
    "a conclusion that lowers states nothing of its own": ([lowered(Level.RED, "x")], None),
    "a new message of the same issuer": ([RED, LOWER, AGAIN], Level.RED),
    "one that only restates": ([RED, LOWER, STILL], Level.RED),
    "one that eases it further": ([RED, lowered(Level.ORANGE, "a"), YELLOW], Level.YELLOW),
    "one that ends it": ([RED, LOWER, said("f", "05:00", None, msg_type=MsgType.CANCEL)], None),
    "the new one is named by another conclusion": ([RED, LOWER, AGAIN, lowered(Level.BLUE, "c", number=8)], Level.BLUE),
    "two conclusions on one message: the lower": ([RED, LOWER, lowered(Level.BLUE, "a", number=8)], Level.BLUE),
    "one of the two is withdrawn": (
        [RED, LOWER, lowered(Level.BLUE, "a", number=8), withdrawn(8, Verb.LOWER)],
        Level.YELLOW,
    ),
    "withdrawn": ([RED, LOWER, withdrawn(7, Verb.LOWER)], Level.RED),
    "to nothing, and withdrawn": ([RED, NOTHING, withdrawn(7, Verb.LOWER)], Level.RED),
    "raised from nothing": ([RAISED], Level.RED),
    "raised above the signal": ([ORANGE, RAISED], Level.RED),
    "raised, and the signal ends": ([ORANGE, RAISED, said("f", "05:00", None, issuer=CITY)], Level.RED),
    "raised, and withdrawn": ([ORANGE, RAISED, withdrawn(5, Verb.RAISE)], Level.ORANGE),
    "extended, and the signal ends": ([ORANGE, EXTENDED, said("f", "05:00", None, issuer=CITY)], Level.ORANGE),
    "a red beside an extended orange": ([RED, EXTENDED], Level.RED),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_stands_after_conclusions_in_any_order_of_arrival(case: str) -> None:
    messages, level = CASES[case]
    found = {_level(fold((*order, order[0]), DISTRICT)[KEY]) for order in itertools.permutations(messages)}
    assert found == {level}


def _level(cell: object, moment: datetime = NOW) -> Level | None:
    now = in_force(cell, moment)  # type: ignore[arg-type]
    return now.level if now else None


def test_a_conclusion_that_is_lowered_counts_lower_too() -> None:
    cell = fold([ORANGE, RAISED], DISTRICT)[KEY]
    lower = warning("consultation.lower.7", NOW, claim(ANJU, Level.ORANGE, ends=ENDS, lowers=(RAISED.identifier,)))
    assert _level(apply(cell, statements(lower, DISTRICT)[KEY])) is Level.ORANGE


def test_a_lowering_that_ends_brings_the_level_back_without_any_message() -> None:
    cell = fold([RED, LOWER, lowered(Level.BLUE, "a", number=8, ends=at("05:00"))], DISTRICT)[KEY]
    levels = [_level(cell, at(clock)) for clock in ("04:59", "05:00", "05:59", "06:00")]
    assert levels == [Level.BLUE, Level.YELLOW, Level.YELLOW, Level.RED]
    assert turns(cell, NOW) == {at("05:00"), ENDS}
    assert turns(cell, at("05:00")) == {ENDS}
    assert turns(cell, ENDS) == frozenset()


def test_what_is_withdrawn_turns_nothing_any_more() -> None:
    assert turns(fold([RED, LOWER, withdrawn(7, Verb.LOWER)], DISTRICT)[KEY], NOW) == frozenset()


def test_a_lowering_holds_in_the_townships_that_it_names() -> None:
    cells = fold([said("a", "01:00", Level.RED, "500151"), lowered(Level.BLUE, "a", ANJU, GAOLOU)], DISTRICT)
    blue = {force.key.area for force in forces(cells, NOW) if force.level is Level.BLUE}
    assert blue == {ANJU, GAOLOU}
    assert in_force(cells[KEY._replace(area=SHAOYUN)], NOW).level is Level.RED  # type: ignore[union-attr]


def test_it_holds_in_its_own_hazard_and_family() -> None:
    both = warning("a", at("01:00"), claim(ANJU, Level.RED), claim(ANJU, Level.RED, family="response"))
    levels = {f.key.family: f.level for f in forces(fold([both, LOWER], DISTRICT), NOW)}
    assert levels == {"signal": Level.YELLOW, "response": Level.RED}


def test_who_asks_why_finds_the_message_and_the_conclusion() -> None:
    cell = fold([RED, LOWER], DISTRICT)[KEY]
    assert in_force(cell, NOW) == InForce(
        KEY, Level.YELLOW, frozenset({"a", "consultation.lower.7"}), at("09:00"), renewed=frozenset({"a"})
    )
    (word,) = words(cell, NOW)
    assert (word.statement.level, word.level, word.by) == (Level.RED, Level.YELLOW, {"consultation.lower.7"})


DOUBTS: dict[str, tuple[list[Warning], Warning, bool]] = {
    "a new red after the conclusion": ([RED, LOWER], AGAIN, True),
    "one that only restates": ([RED, LOWER], STILL, True),
    "one that is no graver than was concluded": ([RED, LOWER], YELLOW, False),
    "another issuer's": ([RED, LOWER], ORANGE, False),
    "the message that it names": ([LOWER], RED, False),
    "after it was withdrawn": ([RED, LOWER, withdrawn(7, Verb.LOWER)], AGAIN, False),
    "an all-clear": ([RED, LOWER], said("f", "05:00", None), False),
}


@pytest.mark.parametrize("case", DOUBTS)
def test_the_duty_room_is_told_where_a_conclusion_covers_a_chain_no_longer(case: str) -> None:
    before, new, told = DOUBTS[case]
    found = doubts(fold([*before, new], DISTRICT)[KEY], new.identifier, at("04:05"))
    assert [doubt.why for doubt in found] == [Unheeded.BEYOND] * told


def test_nobody_is_told_of_what_comes_after_its_end() -> None:
    assert doubts(fold([RED, LOWER, AGAIN], DISTRICT)[KEY], "c", AFTER) == ()


levels = st.sampled_from([None, *Level])
minutes = st.integers(0, 300).map(lambda after: at("01:00") + timedelta(minutes=after))


@st.composite
def chains(draw: st.DrawFn) -> list[Warning]:
    """Messages of two issuers, and conclusions on them, some of which are withdrawn."""
    found: list[Warning] = []
    for name in "abcdef"[: draw(st.integers(0, 6))]:
        issuer = draw(st.sampled_from([CITY, "50015141600000"]))
        sent = draw(minutes) + timedelta(seconds=ord(name) - 90)  # of one minute they might be one message
        found.append(warning(name, sent, claim(ANJU, draw(levels)), issuer=issuer))
    for number in range(draw(st.integers(0, 3))):
        names = "".join(draw(st.sets(st.sampled_from("abcdefx"))))
        sent, ends = draw(minutes), draw(minutes)
        verb = Verb.LOWER if names else Verb.RAISE
        said_ = claim(ANJU, draw(levels), ends=ends, lowers=tuple(names))
        found.append(warning(identifier(number, verb), sent, said_, issuer=f"consultation:{number}"))
        if draw(st.booleans()):
            found.append(withdrawn(number, verb, "23:00"))
    return found


@given(chains(), minutes, st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_gives_the_same(
    chain: list[Warning], moment: datetime, chance: random.Random
) -> None:
    cells = fold(chain, DISTRICT)
    again = chance.sample(chain, len(chain)) + chance.choices(chain, k=3) if chain else []
    assert fold(again, DISTRICT) == cells
    assert forces(fold(again, DISTRICT), moment) == forces(cells, moment)


@given(chains(), minutes)
def test_conclusions_lower_never_below_what_they_say_and_never_what_they_do_not_name(
    chain: list[Warning], moment: datetime
) -> None:
    """Worked out anew from the messages, message by message."""
    cell = fold(chain, DISTRICT).get(KEY)
    gone = {one.issuer for one in chain if one.identifier.startswith("consultation.withdraw")}
    lowering = [o for o in chain if o.claims[0].lowers and o.issuer not in gone and o.claims[0].ends > moment]  # type: ignore[operator]
    newest: dict[str, Warning] = {}
    for one in sorted(chain, key=lambda one: (one.sent, one.identifier)):
        if not one.claims[0].lowers and one.issuer not in gone:
            newest[one.issuer] = one
    expected = 0
    for one in newest.values():
        caps = [o.claims[0].level or 0 for o in lowering if one.identifier in o.claims[0].lowers]
        expected = max(expected, min([one.claims[0].level or 0, *caps]))
    assert (_level(cell, moment) or 0) == expected if cell else expected == 0


def test_conclusions_that_are_over_are_forgotten() -> None:
    cell = fold([RED, LOWER, RAISED, withdrawn(5, Verb.RAISE)], DISTRICT)[KEY]
    assert set(forget(cell, ENDS).statements) == {"a", LOWER.identifier}, "it ends only now"
    assert set(forget(cell, AFTER).statements) == {"a"}
    assert set(forget(fold([RAISED, EXTENDED], DISTRICT)[KEY], at("23:00")).statements) == {
        RAISED.identifier,
        EXTENDED.identifier,
    }, "they stand until a person ends them"


@given(chains(), minutes, minutes)
def test_forgetting_changes_nothing_that_is_in_force(
    chain: list[Warning], before: datetime, moment: datetime
) -> None:
    cell, moment = fold(chain, DISTRICT).get(KEY), max(before, moment)
    if cell:
        assert in_force(forget(cell, before), moment) == in_force(cell, moment)
        assert turns(forget(cell, before), moment) == turns(cell, moment)


@settings(max_examples=25)
@given(chains(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_ends_in_the_same_orders(chain: list[Warning], chance: random.Random) -> None:
    halls = []
    for order in (chain, chance.sample(chain, len(chain))):
        hall = Hall()
        for message in order:
            hall.take(message, now=NOW)
        halls.append(hall)
    one, other = halls
    assert one.picture() == other.picture()
    for hall in halls:
        needed = {turn for cell in hall.known.values() for turn in turns(cell, NOW)}
        assert needed <= hall.turns, "one that nobody needs any more does no harm"
        hall.take(now=AFTER)
    assert one.picture() == other.picture()
