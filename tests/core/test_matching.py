"""Matching on random books: as the long way round, and what no change of a book or a warning may do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core import naive
from tests.core.books import approvals, books, force, measures, situations
from tests.core.district import BOOK, SITUATION, TOWNS, Hall, at, claim, warning
from warnengine.match.desired import desired
from warnengine.model.book import RELAY, Measure, Plan, RuleBook, Unit, UnitKind
from warnengine.model.level import Level
from warnengine.model.order import Desired, OrderKey
from warnengine.model.place import Township
from warnengine.model.situation import InForce
from warnengine.model.warning import Claim, MsgType, Warning
from warnengine.situation import fold

NEW = "500151199"
NOBODY: frozenset[tuple[OrderKey, str]] = frozenset()


def as_naive(wanted: dict[OrderKey, Desired]) -> naive.Orders:
    return {
        key: (
            one.level,
            frozenset((standing.measure, standing.form) for standing in one.measures),
            frozenset((town, part.level) for part in one.reach for town in part.towns),
            one.because,
            one.renewed,
            one.ends,
        )
        for key, one in wanted.items()
    }


def by_rule(wanted: dict[OrderKey, Desired]) -> set[OrderKey]:
    """Who owes something by a measure, and not because nobody has one."""
    return {key for key, one in wanted.items() if RELAY.id not in {standing.measure for standing in one.measures}}


@given(st.data())
def test_the_index_finds_what_the_long_way_finds(data: st.DataObject) -> None:
    book = data.draw(books())
    situation, granted = data.draw(situations(book)), data.draw(approvals(book))
    assert as_naive(desired(situation, book, granted)) == naive.orders(situation, book, granted)


@given(st.data())
def test_what_is_ordered_by_hand_is_found_beside_the_index(data: st.DataObject) -> None:
    book = data.draw(books())
    situation = data.draw(situations(book))
    desired(situation, book, NOBODY)  # the index is made now, and kept
    unit = data.draw(st.sampled_from(sorted(book.units)))
    when = {"hazard": "临时指令", "family": "manual_1", "level": "red"}
    one = {"id": "manual.1", "when": when, "order": "立即撤离", "deadline": "30m"}
    beside = book.model_copy(update={"by_hand": {unit: (Measure.model_validate(one),)}})
    everywhere = [force(town.code, ("临时指令", "manual_1"), Level.RED) for town in book.district.townships]
    wanted = desired([*situation, *everywhere], beside, NOBODY)
    assert as_naive(wanted) == naive.orders([*situation, *everywhere], beside, NOBODY)
    assert [key for key in wanted if key.family == "manual_1"] == [OrderKey(unit, "临时指令", "manual_1")]


@given(st.data())
def test_a_changed_book_is_matched_anew(data: st.DataObject) -> None:
    book, other = data.draw(books()), data.draw(books())
    situation = data.draw(situations(book))
    desired(situation, book, NOBODY)
    changed = book.model_copy(update={name: getattr(other, name) for name in ("sectors", "kinds", "plans")})
    assert as_naive(desired(situation, changed, NOBODY)) == naive.orders(situation, changed, NOBODY)


@given(st.data())
def test_another_township_changes_no_order_of_others(data: st.DataObject) -> None:
    """Neither that it joins the book, nor its own weather, for whoever does not share it."""
    book = data.draw(books())
    situation, granted = data.draw(situations(book)), data.draw(approvals(book))
    larger = with_township(book, data.draw(measures(f"p{NEW}")))
    before = desired(situation, book, granted)
    assert desired(situation, larger, granted) == before
    weather = [force(NEW, danger, level) for danger, level in data.draw(dangers_there()).items()]
    after = desired([*situation, *weather], larger, granted)
    for key in by_rule(before):
        if not sees_everything(book.units[key.unit]):
            assert after[key] == before[key]


def dangers_there() -> st.SearchStrategy[dict[tuple[str, str], Level]]:
    return st.dictionaries(
        st.sampled_from([("rainstorm", "signal"), ("gale", "response")]), st.sampled_from(Level)
    )


def sees_everything(unit: Unit) -> bool:
    return unit.kind in (UnitKind.SECTOR, UnitKind.COMMITTEE) and not unit.towns


def with_township(book: RuleBook, own: tuple[Measure, ...]) -> RuleBook:
    towns = (*book.district.townships, Township(NEW, "新镇"))
    unit = Unit(code=NEW, name="新镇", short="新镇", kind=UnitKind.TOWNSHIP)
    village = Unit(code=f"{NEW}001", name="新村", short="新村", kind=UnitKind.VILLAGE, parent=NEW)
    return book.model_copy(
        update={
            "district": replace(book.district, townships=towns),
            "units": {**book.units, NEW: unit, village.code: village},
            "plans": {**book.plans, NEW: Plan(township=NEW, name="新镇", measures=own)},
        }
    )


@given(st.data())
def test_a_higher_level_never_removes_a_recipient(data: st.DataObject) -> None:
    book = data.draw(books())
    low, granted = data.draw(situations(book)), data.draw(approvals(book))
    high = [
        force(
            f.key.area,
            (f.key.hazard, f.key.family),
            data.draw(st.sampled_from([lv for lv in Level if lv >= f.level])),
        )
        for f in low
    ]
    before, after = desired(low, book, granted), desired(high, book, granted)
    assert by_rule(before) <= by_rule(after)
    assert all(before[key].level <= after[key].level for key in by_rule(before))


@st.composite
def chains(draw: st.DrawFn) -> list[Warning]:
    """A first warning of the real district and what follows it, each naming one of those before."""
    found: list[Warning] = []
    for number in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from([MsgType.UPDATE, MsgType.UPDATE, MsgType.CANCEL])) if found else MsgType.ALERT
        towns = draw(
            st.lists(st.sampled_from([*TOWNS[:4], BOOK.district.code]), min_size=1, max_size=3, unique=True)
        )
        sent = at("05:00") + timedelta(minutes=draw(st.integers(0, 3)) + 4 * number)
        named = (draw(st.sampled_from(found)).identifier,) if found else ()
        level = None if kind is MsgType.CANCEL else draw(st.sampled_from(Level))
        said: list[Claim] = [claim(town, level) for town in towns]
        found.append(warning(f"m{number}", sent, *said, msg_type=kind, references=named))
    return found


def stands(messages: Iterable[Warning]) -> dict[OrderKey, Desired]:
    forces: list[InForce] = SITUATION.forces(fold.fold(messages, BOOK.district), at("05:00"))
    return desired(forces, BOOK, NOBODY)


@given(st.data())
def test_any_permutation_of_a_chain_gives_the_same_standing_orders(data: st.DataObject) -> None:
    chain = data.draw(chains())
    mixed = data.draw(st.permutations([*chain, *data.draw(st.lists(st.sampled_from(chain), max_size=3))]))
    assert stands(mixed) == stands(chain)


@settings(max_examples=15)
@given(st.data())
def test_the_reconciler_ends_in_the_same_orders_whatever_came_first(data: st.DataObject) -> None:
    """Also one by one, with every version between written down, and some of it twice."""
    chain = data.draw(chains())
    one_by_one, mixed = Hall(), Hall()
    for message in chain:
        one_by_one.take(message)
    for message in data.draw(st.permutations([*chain, data.draw(st.sampled_from(chain))])):
        mixed.take(message)
    assert mixed.picture() == one_by_one.picture()
    assert mixed.picture() == {key: (one.level, one.measures, one.reach) for key, one in stands(chain).items()}
