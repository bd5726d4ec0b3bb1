"""The difference between what should stand and what stands, and that it closes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.district import ANJU, BOOK, GAOLOU, SHAOYUN, TOWNS, Hall, advised, at, force, ordered, rain, taken
from warnengine.match.desired import desired
from warnengine.model.book import RuleBook
from warnengine.model.level import Level
from warnengine.model.order import Change, Desired, Form, Kind, OrderKey, Reach, Standing, Stands
from warnengine.order.diff import diff
from warnengine.order.draft import draft

KEY = rain(ANJU)
A, B, C = (Standing(name, Form.ORDER) for name in ("a", "b", "c"))
B_ADVICE = Standing("b", Form.ADVICE)
HERE = (Reach(Level.RED, (ANJU,)),)
NOBODY: frozenset[tuple[OrderKey, str]] = frozenset()


def wants(level: Level, *measures: Standing, because: str = "m1", **fields: object) -> dict[OrderKey, Desired]:
    one = Desired(KEY, level, frozenset(measures), HERE, frozenset({because}), None, frozenset({because}))
    return {KEY: replace(one, **fields)}  # type: ignore[arg-type]


def stands(level: Level, *measures: Standing, seen: str = "m1", book: str = "book") -> dict[OrderKey, Stands]:
    return {KEY: Stands(7, 3, KEY, level, frozenset(measures), HERE, frozenset({seen}), book)}


def only(changes: tuple[Change, ...]) -> Change:
    (change,) = changes
    return change


def test_what_is_new_is_issued() -> None:
    change = only(diff({}, wants(Level.RED, A, B), "book"))
    assert (change.kind, change.order, change.version) == (Kind.ISSUE, None, 1)
    assert (change.before, change.level) == (None, Level.RED)
    assert (change.added, change.continuing, change.lapsed) == ((A, B), (), ())


def test_what_is_over_lapses() -> None:
    change = only(diff(stands(Level.RED, A, B), {}, "book"))
    assert (change.kind, change.order, change.version) == (Kind.LAPSE, 7, 4)
    assert (change.before, change.level) == (Level.RED, None)
    assert (change.added, change.continuing, change.lapsed) == ((), (), (A, B))
    assert change.reach == HERE


@pytest.mark.parametrize(
    ("before", "after", "added", "continuing", "lapsed"),
    [
        ((Level.ORANGE, A), (Level.RED, A, B), (B,), (A,), ()),
        ((Level.ORANGE, A), (Level.RED, B), (B,), (), (A,)),
        ((Level.RED, A, B), (Level.YELLOW, C), (C,), (), (A, B)),
        ((Level.RED, A, B_ADVICE), (Level.RED, A, B), (B,), (A,), (B_ADVICE,)),
        ((Level.ORANGE, A), (Level.RED, A), (), (A,), ()),
    ],
    ids=["upgrade", "upgrade that replaces", "downgrade", "approval", "a level without measures of its own"],
)
def test_what_changes_is_updated_by_its_difference(
    before: tuple[Level, Standing],
    after: tuple[Level, Standing],
    added: tuple[Standing, ...],
    continuing: tuple[Standing, ...],
    lapsed: tuple[Standing, ...],
) -> None:
    change = only(diff(stands(*before), wants(*after), "book"))
    assert (change.kind, change.order, change.version) == (Kind.UPDATE, 7, 4)
    assert (change.before, change.level) == (before[0], after[0])
    assert (change.added, change.continuing, change.lapsed) == (added, continuing, lapsed)


def test_other_places_at_the_same_level_are_an_update() -> None:
    wider = (Reach(Level.RED, (ANJU, SHAOYUN)),)
    change = only(diff(stands(Level.RED, A), wants(Level.RED, A, reach=wider), "book"))
    assert (change.kind, change.reach, change.continuing) == (Kind.UPDATE, wider, (A,))


@pytest.mark.parametrize(
    ("level", "because", "renewed", "expected"),
    [
        (Level.RED, "m1", {"m1"}, None),
        (Level.RED, "m2", {"m2"}, Kind.REOPEN),
        (Level.RED, "m2", set(), None),
        (Level.ORANGE, "m2", {"m2"}, None),
    ],
    ids=["the same message", "继续发布", "其余…仍生效", "orange is not asked again"],
)
def test_a_repeated_red_asks_again_once(
    level: Level, because: str, renewed: set[str], expected: Kind | None
) -> None:
    wanted = wants(level, A, because=because, renewed=frozenset(renewed))
    changes = diff(stands(level, A), wanted, "book")
    assert [change.kind for change in changes] == ([expected] if expected else [])
    if changes:
        version = draft(changes[0], stands(level, A)[KEY], BOOK, at("07:42"))
        after = {KEY: replace(taken(version, stands(level, A)[KEY]), book="book")}
        assert diff(after, wanted, "book") == ()
        earlier = wants(level, A, because="m1")
        assert diff(after, earlier, "book") == (), "an older message that comes again does not"


def test_a_reopen_carries_all_that_stands() -> None:
    change = only(diff(stands(Level.RED, A, B), wants(Level.RED, A, B, because="m2"), "book"))
    assert (change.kind, change.before, change.level) == (Kind.REOPEN, Level.RED, Level.RED)
    assert (change.added, change.continuing, change.lapsed) == ((), (A, B), ())


class TestAnotherBook:
    def test_changes_nothing_at_the_same_level(self) -> None:
        assert diff(stands(Level.RED, A), wants(Level.RED, A, C), "other") == ()

    def test_counts_once_the_level_changes(self) -> None:
        change = only(diff(stands(Level.ORANGE, A), wants(Level.RED, C), "other"))
        assert (change.added, change.lapsed) == ((C,), (A,))

    def test_lets_an_approval_through(self) -> None:
        change = only(diff(stands(Level.RED, A, B_ADVICE), wants(Level.RED, B, C), "other"))
        assert (change.added, change.continuing, change.lapsed) == ((B,), (A,), (B_ADVICE,))

    def test_without_a_word_on_it_gives_no_all_clear_while_the_danger_lasts(self) -> None:
        other = {rain("water"): replace(wants(Level.RED, C)[KEY], key=rain("water"))}
        assert [c.kind for c in diff(stands(Level.RED, A), other, "other")] == [Kind.ISSUE]
        assert {c.kind for c in diff(stands(Level.RED, A), other, "book")} == {Kind.ISSUE, Kind.LAPSE}

    def test_without_a_word_on_it_lets_it_lapse_with_the_danger(self) -> None:
        elsewhere = replace(wants(Level.RED, C)[KEY], key=rain(GAOLOU), reach=(Reach(Level.RED, (GAOLOU,)),))
        changes = diff(stands(Level.RED, A), {rain(GAOLOU): elsewhere}, "other")
        assert {change.kind: change.key for change in changes} == {Kind.ISSUE: rain(GAOLOU), Kind.LAPSE: KEY}


def revised(book: RuleBook) -> RuleBook:
    """A book in which every sector owes less at red, 教委 owes nothing, and there is no 林业局."""
    sectors = {code: tuple(m for m in own if not m.id.endswith("red.2")) for code, own in book.sectors.items()}
    units = {code: unit for code, unit in book.units.items() if code != "forestry"}
    return book.model_copy(update={"hash": "revised", "sectors": sectors | {"education": ()}, "units": units})


steps = st.lists(
    st.fixed_dictionaries(
        {
            "towns": st.dictionaries(st.sampled_from(TOWNS[:5]), st.sampled_from(Level), max_size=4),
            "message": st.integers(0, 3),
            "approve": st.booleans(),
        }
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40)
@given(steps)
def test_on_any_walk_the_difference_closes(walk: list[dict[str, object]]) -> None:
    standing: dict[OrderKey, Stands] = {}
    granted = NOBODY
    for step in walk:
        situation = [force(t, lv, because=f"m{step['message']}") for t, lv in step["towns"].items()]  # type: ignore[attr-defined]
        wanted = desired(situation, BOOK, granted)
        if step["approve"]:
            granted |= {(key, measure) for key, one in wanted.items() for measure in advised(one)}
            wanted = desired(situation, BOOK, granted)
        changes = diff(standing, wanted, BOOK.hash)
        for change in changes:
            before = standing.pop(change.key, None)
            if change.kind is not Kind.LAPSE:
                standing[change.key] = taken(draft(change, before, BOOK, at("05:55")), before)
        assert {k: (s.level, s.measures, s.reach) for k, s in standing.items()} == {
            k: (w.level, w.measures, w.reach) for k, w in wanted.items()
        }
        assert diff(standing, wanted, BOOK.hash) == ()


@settings(max_examples=40)
@given(steps, st.sampled_from(Level))
def test_a_new_book_touches_an_order_only_when_its_level_changes(
    walk: list[dict[str, object]], level: Level
) -> None:
    hall = Hall()
    for step in walk:
        situation = [force(t, lv, because=f"m{step['message']}") for t, lv in step["towns"].items()]  # type: ignore[attr-defined]
        close(hall, situation)
    before = dict(hall.orders)
    hall.book = revised(BOOK)
    close(hall, situation)
    assert {key: hall.orders[key] for key in before} == before
    close(hall, [replace(one, because=frozenset({"new"})) for one in situation])
    assert {key: hall.orders[key].measures for key in before} == {k: s.measures for k, s in before.items()}
    raised = [replace(one, level=level) for one in situation]
    close(hall, raised)
    wanted = desired(raised, hall.book, NOBODY)
    for key, old in before.items():
        new = hall.orders[key]
        if new.level == old.level or key not in wanted:
            assert (new.book, new.measures) == (old.book, old.measures)
        else:
            assert (new.book, new.measures) == ("revised", wanted[key].measures)


def close(hall: Hall, situation: list[object]) -> None:
    """What the reconciler does with a situation."""
    wanted = desired(situation, hall.book, NOBODY)  # type: ignore[arg-type]
    for change in diff(hall.orders, wanted, hall.book.hash):
        before = hall.orders.pop(change.key, None)
        if change.kind is not Kind.LAPSE:
            hall.orders[change.key] = taken(draft(change, before, hall.book, at("05:55")), before)


def test_a_new_book_in_mid_storm() -> None:
    """The engine comes up again with another book; only when the level changes do people hear of it."""
    hall = Hall()
    close(hall, [force(ANJU, Level.ORANGE)])
    hall.book = revised(BOOK)
    close(hall, [force(ANJU, Level.ORANGE), force(SHAOYUN, Level.ORANGE)])
    assert ordered(hall.orders[rain("education")]) >= {"education.rainstorm.orange.1"}
    assert hall.orders[rain("water")].book == BOOK.hash, "its measures are still those of the old book"
    assert hall.orders[rain(SHAOYUN)].book == "revised"
    close(hall, [])
    assert hall.orders == {}
