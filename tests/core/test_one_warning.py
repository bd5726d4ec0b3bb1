"""A warning that comes by many ways is one: titles, whole texts, other names, other issuers' codes."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.district import ANJU, BOOK, GAOLOU, SHAOYUN, TOWNS, Hall, at, claim, warning
from warnengine.model.level import Level
from warnengine.model.order import Kind
from warnengine.model.voice import moments, number, sayings, voice
from warnengine.model.warning import Gravity, Problem, Warning
from warnengine.situation.fold import fold, forces, forget

DISTRICT = BOOK.district
CODE, NAME = "50015141600000", "铜梁区气象台"
SPARED = (GAOLOU, SHAOYUN, TOWNS[0])
NAMED = tuple(town for town in TOWNS if town not in SPARED)
NOW = at("06:30")
ENDS = at("12:00")


def national(entered: str, sent: datetime, *claims: object, old: bool = True, **fields: object) -> Warning:
    """As the national platform has it, with its text."""
    name = f"{'500224' if old else '500151'}41600000_202607{entered}"
    return warning(name, sent, *claims, description="铜梁区气象台发布。", **fields)  # type: ignore[arg-type]


def row(name: str, sent: datetime, level: Level | None, hazard: str = "rainstorm", **fields: object) -> Warning:
    """A row of somebody's list: a title that names the district, under a name of its own."""
    ends = None if level is None else at("05:54", 28)
    values = {"issuer": NAME, "sender": NAME, "format": "list"} | fields
    return warning(name, sent, claim("500151", level, hazard, ends=ends), **values)


def whole(level: Level, *towns: str) -> tuple[object, ...]:
    return tuple(claim(town, level, ends=ENDS) for town in towns)


RED = national("27055412", at("05:54"), *whole(Level.RED, *NAMED))
ROW = row("101043500202607270554", at("05:54"), Level.RED)


def spoken(said: Iterable[Warning]) -> list[Warning]:
    """Every message under the voice of its issuer, as the engine takes it in."""
    return [replace(one, issuer=voice(one.issuer, BOOK.issuers, DISTRICT)) for one in said]


def picture(said: Iterable[Warning]) -> dict[str, tuple[Level, datetime | None]]:
    """Level and end by township, of rain."""
    return {one.key.area: (one.level, one.ends) for one in forces(fold(spoken(said), DISTRICT), NOW)}


@pytest.mark.parametrize(
    ("said", "levels"),
    [
        ([ROW], dict.fromkeys(TOWNS, Level.RED)),
        ([RED, ROW], dict.fromkeys(NAMED, Level.RED)),
        ([RED, replace(ROW, sent=at("05:54"), identifier=RED.identifier)], dict.fromkeys(NAMED, Level.RED)),
        (
            [national("27055412", at("05:50"), *whole(Level.RED, *NAMED)), ROW],
            dict.fromkeys(NAMED, Level.RED),
        ),
        (
            [national("27060010", at("06:00"), *whole(Level.YELLOW, ANJU), *whole(Level.ORANGE, SHAOYUN)),
             row("r", at("06:00"), Level.ORANGE)],
            {ANJU: Level.YELLOW, SHAOYUN: Level.ORANGE},
        ),
        (
            [national("27060010", at("06:00"), *whole(Level.ORANGE, ANJU)), row("r", at("06:00"), Level.RED)],
            dict.fromkeys(TOWNS, Level.RED),
        ),
        ([RED, row("clear", at("06:10"), None)], {}),
        ([ROW, national("27061012", at("06:10"), claim("500151", None))], {}),
        ([RED, row("r", at("06:10"), Level.BLUE)], dict.fromkeys(TOWNS, Level.BLUE)),
    ],
    ids=[
        "a title is for the whole district",
        "the whole text tells the townships",
        "a title and a text under one name",
        "the list shows the time of entry, the text that of issue",
        "the text eases one township, the title knows the gravest level only",
        "they contradict each other: the graver",
        "what the platform issued, a list lifts",
        "what a list told, the platform lifts",
        "a later title of another level is a message of its own",
    ],
)  # fmt: skip
def test_title_and_text_in_any_order(said: list[Warning], levels: dict[str, Level]) -> None:
    for order in itertools.permutations(said):
        assert {town: level for town, (level, _) in picture(order).items()} == levels


def test_the_period_is_that_of_the_text() -> None:
    assert {ends for _, ends in picture([ROW, RED]).values()} == {ENDS}


@pytest.mark.parametrize("rule", ["unknown_town", "level_unknown"])
def test_a_text_that_was_not_read_whole_spares_nobody(rule: str) -> None:
    broken = replace(RED, problems=(Problem(rule, Gravity.WARN, "x"),))
    assert set(picture([ROW, broken])) == set(TOWNS)


def test_another_provider_makes_nothing_new_and_a_red_is_not_asked_again() -> None:
    hall = Hall(clock=at("05:55"))
    hall.take(RED)
    before = hall.picture()
    assert hall.take(ROW, now=at("05:58")) == {}
    assert hall.take(replace(ROW, identifier="other provider"), now=at("05:59")) == {}
    assert hall.picture() == before


def test_the_whole_text_after_the_title_spares_townships_and_gives_no_second_order() -> None:
    hall = Hall(clock=at("05:55"))
    issued = hall.take(ROW)
    made = hall.take(RED, now=at("05:57"))
    assert {made[town].change.kind for town in SPARED} == {Kind.LAPSE}
    assert not set(NAMED) & set(made)
    assert {version.change.kind for version in made.values()} == {Kind.LAPSE, Kind.UPDATE}
    assert all(version.change.added == () for version in made.values())
    other = Hall(clock=at("05:55"))
    other.take(RED)
    assert hall.picture() == other.picture()
    assert set(issued) >= set(TOWNS)


@pytest.mark.parametrize(
    ("second", "kinds"),
    [
        (national("27055450", at("05:54"), *whole(Level.RED, *NAMED)), {Kind.REOPEN}),
        (national("27055412", at("05:54"), *whole(Level.RED, *NAMED), old=False), set()),
        (national("27055450", at("05:54"), *whole(Level.RED, *TOWNS)), {Kind.ISSUE, Kind.REOPEN, Kind.UPDATE}),
        (replace(ROW, sent=at("05:56")), {Kind.ISSUE, Kind.REOPEN, Kind.UPDATE}),
        (row("r", at("05:54"), Level.RED, "gale"), {Kind.ISSUE}),
    ],
    ids=[
        "an update of the same minute is another message",
        "500224 is 500151",
        "an update of the same minute for more townships",
        "a title of another minute is another message",
        "another danger of the same minute",
    ],
)
def test_what_is_the_same_message_and_what_is_not(second: Warning, kinds: set[Kind]) -> None:
    hall = Hall(clock=at("05:56"))
    hall.take(RED)
    assert {version.change.kind for version in hall.take(second, now=at("05:58")).values()} == kinds


def test_providers_that_contradict_each_other_are_shown() -> None:
    hall = Hall(clock=at("05:55"))
    hall.take(national("27055412", at("05:54"), *whole(Level.ORANGE, ANJU)))
    made = hall.take(ROW)
    assert made[ANJU].change.level is Level.RED
    (question,) = hall.questions
    assert "来源说法不一" in question
    assert "红色" in question
    assert "橙色" in question


@pytest.mark.parametrize(
    ("issuer", "speaks"),
    [
        (CODE, CODE),
        ("50022441600000", CODE),
        (NAME, CODE),
        ("铜梁区防汛抗旱指挥部", "铜梁区防汛抗旱指挥部"),
        ("某地气象台", "某地气象台"),
    ],
)
def test_one_voice(issuer: str, speaks: str) -> None:
    assert voice(issuer, BOOK.issuers, DISTRICT) == speaks


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("50022441600000_20260727055412", "41600000_20260727055412"),
        ("50015141600000_20260727055412_3", "41600000_20260727055412"),
        ("101043500202607270554", None),
        ("urn:oid:2.49.0.1.156.0.1", None),
    ],
)
def test_a_national_name_tells_the_message(name: str, told: str | None) -> None:
    assert number(name) == told


def test_a_time_to_the_second_is_not_taken_for_a_minute() -> None:
    assert moments("a", at("05:54:10")).isdisjoint(moments("b", at("05:54:20")))
    assert moments("a", at("05:54:10")) & moments("50022441600000_20260727055412", at("05:54:10"))
    assert moments("a", at("05:54")) & moments("50022441600000_20260727055412", at("05:50"))


def test_sayings_know_no_townships() -> None:
    assert set(sayings(ROW, CODE)) <= set(sayings(RED, CODE))


CHAIN = (
    national("27020012", at("02:00"), *whole(Level.YELLOW, *NAMED)),
    row("list-1", at("02:00"), Level.YELLOW),
    national("27040012", at("04:00"), *whole(Level.ORANGE, *NAMED), references=("50022441600000_20260727020012",)),
    row("list-2", at("04:00"), Level.ORANGE),
    replace(RED, references=("50015141600000_20260727020012",)),
    ROW,
    row("other-3", at("05:54"), Level.RED),
    national("27060012", at("06:00"), *whole(Level.RED, *NAMED), references=("50022441600000_20260727055412",)),
    national(
        "27062012", at("06:20"), *whole(Level.YELLOW, ANJU), *whole(Level.RED, *NAMED[3:]),
        references=("50022441600000_20260727060012",),
    ),
    national("27062512", at("06:25"), claim(ANJU, None), references=("nobody has this",)),
    row("gale-1", at("06:00"), Level.BLUE, "gale"),
    row("gale-2", at("06:15"), None, "gale"),
)  # fmt: skip
"""发布, 升级, 继续, by township, 解除, with rows of lists beside; references to the first, the last and to nothing."""


@settings(max_examples=40)
@given(st.lists(st.sampled_from(CHAIN), max_size=14), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_of_a_chain_gives_the_same_cells(
    said: list[Warning], chance: random.Random
) -> None:
    expected = fold(spoken(said), DISTRICT)
    again = [*said, *chance.choices(said, k=5)] if said else []
    assert fold(spoken(chance.sample(again, len(again))), DISTRICT) == expected


@settings(max_examples=10)
@given(st.sets(st.integers(0, len(CHAIN) - 1)), st.randoms(use_true_random=False))
def test_what_is_lost_and_comes_later_changes_nothing(lost: set[int], chance: random.Random) -> None:
    whole_chain, partly = Hall(clock=at("06:26")), Hall(clock=at("06:26"))
    whole_chain.take(*CHAIN)
    partly.take(*(one for place, one in enumerate(CHAIN) if place not in lost))
    partly.take(*chance.sample(CHAIN, len(CHAIN)))
    assert partly.picture() == whole_chain.picture()
    assert {one.key: (one.level, one.ends) for one in forces(partly.known, NOW)} == {
        one.key: (one.level, one.ends) for one in forces(whole_chain.known, NOW)
    }


@settings(max_examples=6)
@given(st.permutations(CHAIN))
def test_a_chain_message_by_message_ends_as_all_at_once(order: list[Warning]) -> None:
    one_by_one, together = Hall(clock=at("06:26")), Hall(clock=at("06:26"))
    for one in order:
        one_by_one.take(one)
    together.take(*CHAIN)
    assert one_by_one.picture() == together.picture()


@settings(max_examples=40)
@given(st.lists(st.sampled_from(CHAIN), max_size=12), st.integers(0, 27))
def test_forgetting_what_is_overtaken_leaves_what_is_in_force(said: list[Warning], quarter: int) -> None:
    moment = at(f"{quarter // 4:02}:{quarter % 4 * 15:02}")
    for cell in fold(spoken(said), DISTRICT).values():
        before, after = forces({cell.key: cell}, NOW), forces({cell.key: forget(cell, moment)}, NOW)
        assert [(one.level, one.ends) for one in after] == [(one.level, one.ends) for one in before]


def test_a_text_after_its_end_does_not_end_what_its_title_ordered() -> None:
    hall = Hall(clock=at("05:55"))
    hall.take(ROW)
    late = national("27055412", at("05:54"), *(claim(town, Level.RED, ends=at("06:00")) for town in TOWNS))
    hall.take(late, now=at("06:30"))
    assert {stands.level for stands in hall.orders.values()} == {Level.RED}
