"""Who may warn of what, where, by which way; and how old what is new to us may be."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.core.district import ANJU, BOOK, GAOLOU, NIGHT, at, claim, warning
from warnengine.ingest.admission import authorised, concerns
from warnengine.ingest.age import refuse_stale
from warnengine.ingest.authority import allowing, permitted
from warnengine.model.book import Issuer, RuleBook
from warnengine.model.errors import RefusedWarning
from warnengine.model.level import Level
from warnengine.model.place import Area
from warnengine.model.reasons import CHINESE
from warnengine.model.warning import Warning

DISTRICT = {"issuer": "50015141600000", "sender": "铜梁区气象台"}


def said(sender: str, hazard: str | None, family: str, *codes: str, level: Level | None = Level.RED) -> Warning:
    claims = (claim(code, level, hazard, family=family) for code in codes or ("500151",))
    return warning("a", at("05:54"), *claims, issuer=sender, sender=sender)


@pytest.mark.parametrize(
    ("sender", "hazard", "family", "may"),
    [
        ("50015141600000", "rainstorm", "signal", True),
        ("50022441600000", "forest_fire", "signal", True),
        ("铜梁区气象台", "geological", "joint_risk", True),
        ("铜梁区气象局", "rainstorm", "bulletin", True),
        ("铜梁区气象台", "rainstorm", "imminent", True),
        ("铜梁区气象台", "flood", "flood_command", False),
        ("铜梁区气象局", "rainstorm", "response", False),
        ("50000041600000", "rainstorm", "signal", True),
        ("重庆市气象局", "flash_flood", "joint_risk", True),
        ("重庆市气象台", "flood", "hydrology", False),
        ("铜梁区防汛抗旱指挥部", "flood", "flood_command", True),
        ("铜梁区防汛抗旱指挥部", "flood", "response", True),
        ("铜梁区防汛抗旱指挥部", "rainstorm", "signal", False),
        ("铜梁区规划和自然资源局", "geological", "joint_risk", True),
        ("铜梁区规划和自然资源局", "rainstorm", "joint_risk", False),
        ("重庆市规划和自然资源局", "geological", "response", True),
        ("铜梁区水利局", "flash_flood", "joint_risk", True),
        ("铜梁区水利局", "water_drought", "response", True),
        ("铜梁区水利局", "geological", "joint_risk", False),
        ("重庆市水文监测总站", "flood", "hydrology", True),
        ("重庆市水文监测总站", "flood", "response", False),
        ("铜梁区应急管理局", "rain_snow_freeze", "response", True),
        ("铜梁区应急管理局", "rainstorm", "signal", False),
        ("铜梁区减灾委员会", "drought", "response", True),
        ("铜梁区森林草原防灭火指挥部", "forest_fire", "joint_risk", True),
        ("铜梁区森林草原防灭火指挥部", "flood", "response", False),
    ],
)
@pytest.mark.parametrize("level", [Level.RED, None], ids=["a red", "an all-clear"])
def test_the_shipped_book(sender: str, hazard: str, family: str, may: bool, level: Level | None) -> None:
    warning = said(sender, hazard, family, ANJU, level=level)
    part, beyond = permitted(warning, "http", BOOK)
    assert (part == warning, not beyond) == (may, may)


def limited(**limits: object) -> RuleBook:
    remit = Issuer.model_validate({"name": "铜梁区气象台", **limits})
    return BOOK.model_copy(update={"remits": {DISTRICT["issuer"]: remit}})


@pytest.mark.parametrize(
    ("limits", "code", "source", "may"),
    [
        ({}, ANJU, "http", True),
        ({"areas": ["500151"]}, "500151", "http", True),
        ({"areas": ["500224"]}, ANJU, "http", True),
        ({"areas": ["50"]}, "500151", "http", True),
        ({"areas": [ANJU]}, ANJU, "http", True),
        ({"areas": [ANJU]}, "500224105000", "http", True),
        ({"areas": [ANJU]}, GAOLOU, "http", False),
        ({"areas": [ANJU]}, "500151", "http", False),
        ({"areas": [ANJU]}, "500117", "http", True),
        ({"sources": ["kafka"]}, ANJU, "kafka", True),
        ({"sources": ["kafka"]}, ANJU, "http", False),
        ({"hazards": ["rainstorm"]}, ANJU, "http", True),
        ({"hazards": ["gale"]}, ANJU, "http", False),
        ({"families": ["response"]}, ANJU, "http", False),
    ],
    ids=[
        "a name alone is no limit", "the district", "by its old code", "the province", "a township",
        "the same by its old code, with zeros", "another township", "the whole district is more than a township",
        "elsewhere is not judged", "by its way", "by another way", "its hazard", "another hazard", "another product",
    ],
)  # fmt: skip
def test_each_limit(limits: dict[str, object], code: str, source: str, may: bool) -> None:
    told = warning("a", at("05:54"), claim(code, Level.RED), **DISTRICT)
    assert bool(permitted(told, source, limited(**limits))[1]) is not may


def test_an_unknown_hazard_is_beyond_a_limit_of_hazards() -> None:
    told = said("铜梁区水利局", None, "joint_risk", ANJU)
    with pytest.raises(RefusedWarning) as refusal:
        authorised(told, "http", BOOK)
    assert refusal.value.reason == "not_authorised"


def test_only_the_part_that_is_beyond_is_left_out() -> None:
    book = limited(areas=[ANJU])
    claims = (claim(ANJU, Level.RED, name="安居镇"), claim(GAOLOU, Level.RED, name="高楼镇"))
    told = warning("a", at("05:54"), *claims, **DISTRICT)
    admission = authorised(told, "http", book)
    assert admission.warning == told, "two sources of one warning must agree on all of it"
    assert [one.area.code for one in admission.part.claims] == [ANJU]
    assert admission.beyond
    assert "高楼镇" in admission.beyond.chinese
    assert "安居镇" not in admission.beyond.chinese
    assert "issuers" in str(admission.beyond)


def test_where_nothing_is_left_that_concerns_us_the_whole_is_refused() -> None:
    claims = (claim(GAOLOU, Level.RED), claim("500117", Level.RED))
    told = warning("a", at("05:54"), *claims, **DISTRICT)
    assert concerns(told, BOOK)
    with pytest.raises(RefusedWarning) as refusal:
        authorised(told, "http", limited(areas=[ANJU]))
    assert "铜梁区气象台" in refusal.value.chinese


@pytest.mark.parametrize("message", NIGHT, ids=lambda message: message.headline[:20])
def test_nothing_of_the_night_is_beyond(message: Warning) -> None:
    assert permitted(message, "kafka", BOOK) == (message, ())


def test_what_two_people_answer_for_is_permitted_this_once() -> None:
    stranger = said("某单位", "rainstorm", "signal", ANJU)
    beyond = said("铜梁区水利局", "rainstorm", "signal", ANJU)
    book = allowing([stranger, beyond], BOOK)
    assert book.issuers["某单位"] == "某单位"
    assert permitted(beyond, "http", book)[1] == ()
    assert permitted(said("铜梁区防汛抗旱指挥部", "rainstorm", "signal", ANJU), "http", book)[1]
    assert "某单位" not in BOOK.issuers


# age

NOW = at("06:00")
WINDOW = timedelta(hours=72)
LONG_AGO = NOW - timedelta(hours=73)


def old(**fields: object) -> Warning:
    ends = fields.pop("ends", None)
    return warning("old", LONG_AGO, claim(ANJU, Level.RED, ends=ends), **fields)


@pytest.mark.parametrize(
    ("message", "held", "stale"),
    [
        pytest.param(old(), frozenset(), True, id="old, new to us, without an end"),
        pytest.param(
            old(ends=NOW + timedelta(days=2)), frozenset(), True, id="old, new to us, still said to hold"
        ),
        pytest.param(replace(old(), sent=NOW - timedelta(hours=71)), frozenset(), False, id="within the window"),
        pytest.param(old(), frozenset({"old"}), False, id="known: a broker repeats itself"),
        pytest.param(old(references=("first",)), frozenset({"first"}), False, id="changes what is known"),
        pytest.param(old(references=("first",)), frozenset({"x"}), True, id="changes what nobody knows"),
        pytest.param(
            old(ends=NOW - timedelta(hours=1)), frozenset(), False, id="over: the situation asks about it"
        ),
    ],
)
def test_what_is_too_old_to_be_new(message: Warning, held: frozenset[str], stale: bool) -> None:
    refuse_stale(message, None, NOW, held)
    if not stale:
        refuse_stale(message, WINDOW, NOW, held)
        return
    with pytest.raises(RefusedWarning) as refusal:
        refuse_stale(message, WINDOW, NOW, held)
    assert refusal.value.reason == "stale"
    assert "72小时" in refusal.value.chinese


def test_every_reason_has_a_sentence() -> None:
    assert [reason for reason, sentence in CHINESE.items() if not sentence.endswith("。")] == []


def test_a_place_without_a_code_is_not_judged() -> None:
    told = warning("a", at("05:54"), replace(claim(ANJU, Level.RED), area=Area("某地", None)), **DISTRICT)
    assert permitted(told, "http", limited(areas=[ANJU])) == (told, ())
