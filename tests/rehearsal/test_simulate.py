"""simulate: the shipped timelines through the real reconciler, expander and dispatcher, and two books compared."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import RULES
from tests.rehearsal.conftest import ROOT, Set
from warnengine.app.simulate import Burden, Run, burden, compare, direction, simulated
from warnengine.model.arrival import Verdict
from warnengine.model.book import RuleBook
from warnengine.model.errors import Unplayable
from warnengine.store.rehearsal import Left

TIMELINES = sorted((ROOT / "docs/timelines").glob("*.xml"))


def played(name: str) -> list[tuple[str, bytes]]:
    return [(name, (ROOT / "docs/timelines" / name).read_bytes())]


def written(name: str) -> list[str]:
    """The figures that the table of the timelines gives of one."""
    text = (ROOT / "docs/timelines/README.md").read_text(encoding="utf-8")
    (row,) = [line for line in text.splitlines() if line.startswith(f"| `{name}` |") and line.endswith("| 0 |")]
    return [cell.strip() for cell in row.strip("| ").split("|")[1:]]


def kinds(run: Run) -> list[Counter[str]]:
    return [Counter(direction(version.change) for version in one.versions.values()) for one in run.played]


@pytest.mark.parametrize("file", TIMELINES, ids=lambda file: file.stem)
async def test_nobody_gets_two_messages_for_one_change(stage: Set, file: Path) -> None:
    run = await simulated(await stage(), played(file.name))
    found = run.burden
    assert found.twice == ()
    assert found.most <= len(run.played)
    assert 0 < found.median <= found.p95 <= found.most
    figures = [str(n) for n in (found.people, found.messages, int(found.median), found.p95, found.most, 0)]
    assert figures == written(file.name), "docs/timelines/README.md says something else"
    assert int(found.median) == found.median
    assert all(one.taken.verdict is Verdict.NEW for one in run.played)
    assert kinds(run)[-1].keys() == {"lapsed"}, "every timeline ends with an all-clear"
    for one in run.played:
        assert len({who.person for who in one.told}) == len(one.told)


async def test_a_flood_from_upstream_needs_no_rain(stage: Set) -> None:
    """2018: a level Ⅱ warning of the flood command at seven, a level Ⅲ response at noon; each stands on its own."""
    run = await simulated(await stage(), played("2018-07-transit-flood.xml"))
    dangers = [{version.change.key[1:] for version in one.versions.values()} for one in run.played]
    assert dangers[0] == {("flood", "flood_command")}
    assert dangers[1] == {("water_drought", "response")}
    levels = [{version.lane_level.key for version in one.versions.values()} for one in run.played[:2]]
    assert levels == [{"orange"}, {"yellow"}]


async def test_five_reds_are_five_calls_and_not_one(stage: Set) -> None:
    run = await simulated(await stage(), played("2021-07-20-zhengzhou.xml"))
    first, *again, _ = kinds(run)
    assert first.keys() == {"new"}
    assert [found.keys() for found in again] == [{"reopened"}] * 4


async def test_the_neighbours_red_is_not_ours(stage: Set) -> None:
    run = await simulated(await stage(), played("07-27-red.xml"))
    assert [bool(one.versions) for one in run.played] == [False, True, True]
    towns = {version.change.key.unit for version in run.played[1].versions.values()}
    assert not {"500151109", "500151115", "500151116"} & towns, "双山、维新、高楼 are not named"


@pytest.fixture
def hastier(tmp_path: Path) -> Path:
    """The shipped rules, with less time for one measure of the townships."""
    folder = tmp_path / "rules"
    shutil.copytree(RULES, folder)
    file = folder / "measures/township.yaml"
    words, mark = file.read_text(encoding="utf-8"), "  - id: township.rainstorm.red.2"
    before, after = words.split(mark, 1)
    file.write_text(before + mark + after.replace("deadline: 30m", "deadline: 15m", 1), encoding="utf-8")
    return folder


async def test_another_book_is_compared_person_by_person(stage: Set, hastier: Path, book: RuleBook) -> None:
    files = played("2020-06-27-red.xml")
    one, other = await simulated(await stage(), files), await simulated(await stage(hastier), files)
    found = compare(one, other)
    assert (found.more, found.fewer) == ((), ())
    towns = {unit.code for unit in book.units.values() if unit.kind == "township"}
    assert {shift.who for shift in found.units} == towns
    assert all(towns & set(shift.units) for shift in found.other), "some hold a post elsewhere too"
    assert towns <= {unit for shift in found.other for unit in shift.units}
    assert all(shift.before == shift.after for shift in found.other)
    same = compare(one, one)
    assert (same.more, same.fewer, same.other, same.units) == ((), (), (), ())


async def test_an_empty_timeline_is_refused(stage: Set) -> None:
    with pytest.raises(Unplayable, match="nothing to play"):
        await simulated(await stage(listed=None), [("empty.xml", b"<alerts></alerts>")])


def left(*messages: tuple[str, int, int, str]) -> list[Left]:
    return [Left(bundle, change, person, channel, 1) for person, change, bundle, channel in messages]


@pytest.mark.parametrize(
    ("messages", "found"),
    [
        pytest.param((), Burden(0, 0, 0, 0, 0, ()), id="nobody"),
        pytest.param(
            (("a", 1, 1, "sms"), ("a", 1, 1, "email")),
            Burden(1, 1, 1, 1, 1, ()),
            id="two channels are one message",
        ),
        pytest.param(
            (("a", 1, 1, "sms"), ("a", 2, 2, "sms"), ("b", 1, 3, "sms")),
            Burden(2, 3, 1.5, 2, 2, ()),
            id="two people",
        ),
        pytest.param(
            (("a", 1, 1, "sms"), ("a", 1, 2, "sms")), Burden(1, 2, 2, 2, 2, (("a", 1),)), id="twice for one change"
        ),
        pytest.param(
            tuple((f"p{n:02}", c, n * 100 + c, "sms") for n in range(20) for c in range(1 + 9 * (n == 19))),
            Burden(20, 29, 1, 1, 10, ()),
            id="one who gets most of it",
        ),
    ],
)
def test_messages_per_person(messages: tuple[tuple[str, int, int, str], ...], found: Burden) -> None:
    assert burden(left(*messages)) == found
