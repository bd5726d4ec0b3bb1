"""explain: who gets which order, why all others do not, and that nothing is sent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from tests.rehearsal.conftest import LIST, ROOT, Set
from warnengine.app.explain import Explanation, explained
from warnengine.app.rehearsal import Message, messages, moved
from warnengine.cli.explain_words import shown
from warnengine.demo import scenario
from warnengine.match.silence import Why
from warnengine.model.book import RuleBook, UnitKind
from warnengine.model.clock import BEIJING
from warnengine.model.directory import Absence, Directory, Shift
from warnengine.model.instead import Because
from warnengine.model.order import Mark

ANJU = "500151105"
RED_HERE = replace(
    scenario.RED,
    towns=("安居镇",),
    text="铜梁区气象台7月27日5时54分发布“暴雨红色预警信号”:预计27日5时至8时,铜梁区安居镇累计雨量将达100毫米以上。",
)
ELSEWHERE = scenario.RED.xml().replace(b"500224", b"500120").replace("铜梁".encode(), "璧山".encode())


def read(book: RuleBook, *raw: bytes) -> list[Message]:
    return messages(((f"{place}.xml", one) for place, one in enumerate(raw)), book)


def reasons(found: Explanation) -> dict[str, str]:
    return {one.unit: one.reason for one in found.silent}


async def test_every_unit_has_an_order_or_a_reason(stage: Set, book: RuleBook, people: Directory) -> None:
    rehearsed = await stage()
    found = await explained(rehearsed, read(book, RED_HERE.xml()))
    ordered, silent = {order.unit for order in found.orders}, reasons(found)
    assert ordered | silent.keys() == set(book.units)
    assert not ordered & silent.keys()
    towns = {unit.code for unit in book.units.values() if unit.kind is UnitKind.TOWNSHIP}
    assert ordered & towns == {ANJU}
    assert all(silent[town].startswith(Why.OUTSIDE) for town in towns - {ANJU})
    assert await rehearsed.left() == [], "nothing leaves because of the message that is asked about"


async def test_the_recipients_are_the_holders_of_the_posts(stage: Set, book: RuleBook, people: Directory) -> None:
    found = await explained(await stage(), read(book, RED_HERE.xml()))
    for order in found.orders:
        holders = {held.person for post in order.version.posts for held in people.holders(order.unit, post)}
        assert {who.person for who in order.recipients} == holders
        for who in order.recipients:
            assert all(people.holders(order.unit, post) for post in order.posts(who))
            known = {channel for channel, _ in people.people[who.person].ways}
            assert set(who.channels) <= known


async def test_the_file_of_results(stage: Set, book: RuleBook) -> None:
    found = (await explained(await stage(), read(book, RED_HERE.xml()))).plain()
    assert set(found) == {"orders", "silent", "absent"}
    assert found["absent"] == []
    (anju,) = (order for order in found["orders"] if order["unit"] == ANJU)
    assert set(anju) == {"unit", "kind", "hazard", "level", "measures", "rule_version", "recipients"}
    assert (anju["kind"], anju["hazard"], anju["level"]) == ("issue", "rainstorm", "red")
    assert anju["rule_version"] == book.hash
    assert anju["measures"]
    assert all(set(who) == {"person", "post", "channels"} for who in anju["recipients"])
    assert all(set(one) == {"unit", "reason"} for one in found["silent"])
    json.dumps(found)


async def test_only_what_the_last_message_changes_is_ordered(stage: Set, book: RuleBook) -> None:
    """The yellow names eighteen townships: for the other ten the blue goes on."""
    found = await explained(await stage(), read(book, scenario.BLUE.xml(), scenario.YELLOW.xml()))
    ordered = {order.unit for order in found.orders}
    spared = {f"500151{code}" for name, code in scenario.TOWNS.items() if name not in scenario.RIVERS}
    assert not spared & ordered
    assert all(reasons(found)[town].startswith(Why.UNCHANGED) for town in spared)
    (order,) = (order for order in found.orders if order.unit == ANJU)
    marks = {mark.mark for mark in order.version.measures}
    assert Mark.LAPSED in marks
    assert Mark.ADDED in marks


async def test_an_all_clear_goes_to_whom_the_order_went(stage: Set, book: RuleBook) -> None:
    cancel = replace(scenario.CANCEL, towns=("安居镇",))
    first = await explained(await stage(), read(book, RED_HERE.xml()))
    last = await explained(await stage(), read(book, RED_HERE.xml(), cancel.xml()))
    assert {order.plain()["kind"] for order in last.orders} == {"lapse"}
    told = [{who.person for order in found.orders for who in order.recipients} for found in (first, last)]
    assert told[0] == told[1]


async def test_a_repeat_orders_nothing(stage: Set, book: RuleBook) -> None:
    found = await explained(await stage(), read(book, RED_HERE.xml(), RED_HERE.xml()))
    assert found.orders == ()
    assert reasons(found)[ANJU].startswith(Why.UNCHANGED)


@pytest.mark.parametrize(
    ("raw", "why", "words"),
    [
        pytest.param(scenario.EXERCISE.xml(), Why.REFUSED, "演练", id="an exercise"),
        pytest.param(ELSEWHERE, Why.ELSEWHERE, "", id="a neighbour's"),
        pytest.param(
            RED_HERE.xml().replace(b"50022441600000", b"50022499999999"), Why.REFUSED, "issuers", id="a stranger's"
        ),
    ],
)
async def test_a_message_that_orders_nothing_says_so_for_everybody(
    stage: Set, book: RuleBook, raw: bytes, why: Why, words: str
) -> None:
    found = await explained(await stage(), read(book, raw))
    assert found.orders == ()
    assert set(reasons(found)) == set(book.units)
    assert all(reason.startswith(why) and words in reason for reason in reasons(found).values())


async def test_without_an_address_list_there_are_orders_without_people(stage: Set, book: RuleBook) -> None:
    found = await explained(await stage(listed=None), read(book, RED_HERE.xml()))
    assert found.orders
    assert not any(order.recipients for order in found.orders)
    assert "没有通讯录" in shown(found, listed=False)


async def test_who_is_on_duty_in_another_store_gets_the_orders(
    stage: Set, book: RuleBook, people: Directory
) -> None:
    installed = await stage()
    duty = await installed.store.on_duty(datetime.now(BEIJING))
    here = await explained(installed, read(book, RED_HERE.xml()))
    there = await explained(await stage(listed=duty), read(book, RED_HERE.xml()))
    assert here.plain() == there.plain()


NIGHT = datetime(2021, 7, 20, 3, 0, tzinfo=BEIJING)
"""Long past: the rota counts then too."""
AROUND = {"starts": NIGHT - timedelta(days=1), "ends": NIGHT + timedelta(days=1)}


def changed(people: Directory, post: str, case: str) -> Directory:
    """The post of 安居镇 as a case has it; somebody of the water bureau stands in or is on shift."""
    (held,) = people.holders(ANJU, post)
    other = people.holders("water", "duty")[0].person
    lone = replace(held, deputy=None)
    without = tuple(one for one in people.holdings if one is not held)
    shift = Shift(ANJU, post, "每天", time(20), timedelta(hours=12), other)
    away = Absence(held.person, **AROUND)
    match case:
        case "stand-in":
            return replace(people, absences=(replace(away, stand_in=other),))
        case "deputy":
            return replace(people, absences=(away,))
        case "still":
            return replace(people, holdings=(*without, lone), absences=(away,))
        case "off shift":
            return replace(people, shifts=(shift,))
        case "no shift":
            return replace(people, shifts=(replace(shift, begins=time(8)),))
        case _:
            return replace(people, holdings=without)


WHO_STANDS_IN = {
    "stand-in": (Because.STAND_IN, "water/duty"),
    "deputy": (Because.DEPUTY, "deputy"),
    "still": (Because.STILL, f"{ANJU}/mayor"),
    "off shift": (Because.OFF_SHIFT, "water/duty"),
    "no shift": (Because.NO_SHIFT, f"{ANJU}/mayor"),
    "nobody": (Because.NOBODY, ""),
}


@pytest.mark.parametrize("case", WHO_STANDS_IN)
async def test_who_of_the_list_does_not_get_it_and_who_does(
    stage: Set, book: RuleBook, people: Directory, case: str
) -> None:
    because, where = WHO_STANDS_IN[case]
    (held,) = people.holders(ANJU, "mayor")
    gets = held.deputy if where == "deputy" else people.holders(*where.split("/"))[0].person if where else None
    rehearsed = await stage(listed=changed(people, "mayor", case), begins=NIGHT)
    found = await explained(rehearsed, moved(read(book, RED_HERE.xml()), NIGHT))
    (absent,) = found.absent
    assert (absent.unit, absent.post, absent.because, absent.sits) == (
        ANJU,
        "mayor",
        because,
        (gets,) if gets else (),
    )
    (order,) = (order for order in found.orders if order.unit == ANJU)
    told = {who.person for who in order.recipients if "mayor" in order.posts(who)}
    assert told == set(absent.sits), "what is said is what the engine does"
    words = shown(found, listed=True)
    assert because in words
    if gets and gets != held.person:
        assert people.people[gets].name in words
    if because in {Because.STAND_IN, Because.DEPUTY, Because.STILL}:
        assert absent.person == held.person
        assert "(到07-21 03:00)" in words
    json.dumps(found.plain())


async def test_an_installation_tells_the_same_of_who_stands_in(
    stage: Set, book: RuleBook, people: Directory
) -> None:
    listed = changed(people, "mayor", "stand-in")
    installed = await stage(listed=listed, begins=NIGHT)
    duty = await installed.store.on_duty(NIGHT)
    message = moved(read(book, RED_HERE.xml()), NIGHT)
    here = await explained(installed, message)
    there = await explained(await stage(listed=duty), message)
    assert here.plain() == there.plain()
    assert there.plain()["absent"]


async def test_a_clerk_can_read_it(stage: Set, book: RuleBook, people: Directory) -> None:
    found = await explained(await stage(), read(book, RED_HERE.xml()))
    words = shown(found, listed=True)
    assert "■ 安居镇  新下达  暴雨红色" in words
    assert "只推演,不发送" in words
    assert f"不下达的单位 {len(found.silent)} 个" in words
    assert people.people[people.holders(ANJU, "duty")[0].person].name in words


def test_messages_move_together(book: RuleBook) -> None:
    listed = read(book, scenario.BLUE.xml(), scenario.YELLOW.xml())
    at = datetime(2026, 10, 1, 3, 0, tzinfo=BEIJING)
    later = moved(listed, at)
    assert later[-1].at == later[-1].warning.sent == at
    assert later[-1].at - later[0].at == listed[-1].at - listed[0].at
    before, after = listed[0].warning.claims[0], later[0].warning.claims[0]
    assert before.ends
    assert after.ends
    assert after.ends - later[0].at == before.ends - listed[0].at
    assert later[0].warning.meaning()[:2] == listed[0].warning.meaning()[:2]
    assert moved([], at) == []
    assert later[0].at - listed[0].at > timedelta()


def warnengine(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("WARNENGINE_")}
    return subprocess.run(
        [sys.executable, "-m", "warnengine", *arguments],
        env={**clean, "WARNENGINE_DATA": str(folder / "data"), "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_command(tmp_path: Path, book: RuleBook) -> None:
    file = tmp_path / "red.xml"
    file.write_bytes(RED_HERE.xml())
    told = warnengine(
        tmp_path, "explain", str(file), "--at", "2026-10-01T03:00", "--directory", str(LIST), "--json"
    )
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert len(found["orders"]) + len(found["silent"]) == len(book.units)
    assert not (tmp_path / "data").exists(), "the installation's own folder is not touched"


@pytest.mark.parametrize(
    ("raw", "arguments", "code", "words"),
    [
        pytest.param(scenario.MALFORMED, ("--json",), 1, "Not well-formed", id="unreadable"),
        pytest.param(RED_HERE.xml(), ("--at", "明天"), 2, "2026-10-01T03:00", id="no time"),
        pytest.param(b"<alerts></alerts>", (), 1, "no warning", id="an empty list"),
    ],
)
def test_what_cannot_be_explained(
    tmp_path: Path, raw: bytes, arguments: tuple[str, ...], code: int, words: str
) -> None:
    file = tmp_path / "one.xml"
    file.write_bytes(raw)
    told = warnengine(tmp_path, "explain", str(file), *arguments)
    assert told.returncode == code
    assert words in told.stderr
    assert "Traceback" not in told.stderr
    if "--json" in arguments:
        found = json.loads(told.stdout)
        assert found["orders"] == []
        assert all(one["reason"].startswith(Why.REFUSED) for one in found["silent"])
