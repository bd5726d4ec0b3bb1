"""What is missing is said before the night, not found out in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from warnengine.directory import gaps, read
from warnengine.model.book import RuleBook
from warnengine.model.directory import Directory, Holding, Person
from warnengine.model.finding import Severity

DEMO = Path(__file__).parents[2] / "warnengine" / "demo" / "directory.csv"


@pytest.fixture(scope="module")
def full(book: RuleBook) -> Directory:
    return read(DEMO.read_bytes(), book)


def without(directory: Directory, unit: str, post: str) -> Directory:
    kept = tuple(held for held in directory.holdings if (held.unit, held.post) != (unit, post))
    return replace(directory, holdings=kept)


def changed(directory: Directory, unit: str, post: str, **values: str | None) -> Directory:
    def change(held: Holding) -> Holding:
        return replace(held, **values) if (held.unit, held.post) == (unit, post) else held

    return replace(directory, holdings=tuple(map(change, directory.holdings)))


def said(directory: Directory, book: RuleBook, severity: Severity) -> list[str]:
    return [str(finding) for finding in gaps(directory, book) if finding.severity is severity]


def test_the_sample_lacks_nothing(full: Directory, book: RuleBook) -> None:
    assert gaps(full, book) == []


@pytest.mark.parametrize(
    ("unit", "post", "says"),
    [
        ("500151105", "duty", "安居镇 值班员没有人"),
        ("500151105", "secretary", "安居镇 书记没有人"),
        ("hitech_zone", "mayor", "高新区管委会 主任没有人"),
        ("district", "governor", "铜梁区人民政府 区长没有人"),
        ("duty_room", "leader", "区应急局值班室 带班领导没有人"),
        ("500151105001", "secretary", "安居镇样例村 村(社区)书记没有人"),
        ("50015110500101", "grid_member", "安居镇样例村样例网格 网格员没有人"),
        # who answers for a point of a plan, or is called by the plan itself
        ("500151124001", "geo_monitor", "太平镇样例村 地灾群测群防员没有人"),
        ("500151124", "geo_officer", "太平镇 镇街地灾专管员没有人"),
        ("500151104", "reservoir_engineer", "水口镇 水库技术责任人没有人"),
    ],
)
def test_a_called_or_deciding_post_that_nobody_holds(
    full: Directory, book: RuleBook, unit: str, post: str, says: str
) -> None:
    lacking = said(without(full, unit, post), book, Severity.ERROR)
    assert [line.partition(" — ")[0] for line in lacking] == [f"通讯录: {says}"]
    assert lacking[0].endswith(f"岗位 {says.split(' ')[1].removesuffix('没有人')}")


def test_a_post_that_is_never_called_may_stay_empty(full: Directory, book: RuleBook) -> None:
    assert said(without(full, "housing", "standby"), book, Severity.ERROR) == []


def test_a_person_whom_nothing_reaches(full: Directory, book: RuleBook) -> None:
    key = full.holders("500151105", "duty")[0].person
    person = full.people[key]
    silent = replace(full, people={**full.people, key: replace(person, mobile=None, email=None)})
    mail_only = replace(full, people={**full.people, key: replace(person, mobile=None, email="x@example.cn")})
    says = f"通讯录: {person.name}({key})没有手机号码 — 填上“手机”"
    assert said(silent, book, Severity.ERROR) == [says]
    assert said(mail_only, book, Severity.WARNING) == [says]


@pytest.mark.parametrize(("column", "title"), [("deputy", "B角"), ("superior", "上级")])
def test_a_post_called_at_red_with_nobody_next(full: Directory, book: RuleBook, column: str, title: str) -> None:
    name = full.people[full.holders("500151105", "mayor")[0].person].name
    assert said(changed(full, "500151105", "mayor", **{column: None}), book, Severity.WARNING) == [
        f"通讯录: 安居镇 镇长(主任) {name}没有{title} — 填上“{title}”"
    ]


def test_nobody_is_above_the_district(full: Directory, book: RuleBook) -> None:
    assert full.holders("district", "secretary")[0].superior is None
    assert said(full, book, Severity.WARNING) == []


def test_deputies_in_a_circle(full: Directory, book: RuleBook) -> None:
    mayor, secretary = (full.holders("500151105", post)[0].person for post in ("mayor", "secretary"))
    (circle,) = said(changed(full, "500151105", "mayor", deputy=secretary), book, Severity.WARNING)
    assert circle.startswith("通讯录: B角绕成了一圈: ")
    assert full.people[mayor].name in circle
    assert full.people[secretary].name in circle


@pytest.mark.parametrize(
    ("ways", "severity"),
    [
        ({"loudspeaker": "anju-1"}, None),
        ({"wecom": "LiMing"}, Severity.WARNING),
        ({"extra": "liming"}, Severity.ERROR),
        ({}, Severity.ERROR),
    ],
    ids=str,
)
def test_what_reaches_somebody_without_a_mobile(
    full: Directory, book: RuleBook, ways: dict[str, str], severity: Severity | None
) -> None:
    people = {**full.people, "x": Person("x", "某", None, None, **ways)}
    found = gaps(replace(full, people=people), book)
    assert [finding.severity for finding in found] == ([severity] if severity else [])
