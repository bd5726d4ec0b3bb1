"""Issuers abroad: which danger, which level, until when, over or not; by their words, lists and the book's table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.core.district import READING
from tests.ingest.conftest import Build
from warnengine.ingest.formats import Reading, read
from warnengine.model.hazard import ANY, HazardTable, Source
from warnengine.model.level import Level
from warnengine.model.warning import Warning

PAIR = "<{0}><valueName>{1}</valueName><value>{2}</value></{0}>"


def only(raw: bytes, reading: Reading = READING) -> Warning:
    (warning,) = read(raw, reading)
    return warning


def code(name: str, value: str) -> str:
    return PAIR.format("eventCode", name, value)


def parameter(name: str, value: str) -> str:
    return PAIR.format("parameter", name, value)


EVENTS = [
    ("Severe Thunderstorm Warning", "", "thunderstorm"),
    ("Flash Flood Warning", "", "flash_flood"),
    ("Flood Watch", code("SAME", "FFA"), "flood"),
    ("Red Flag Warning", "", "forest_fire"),
    ("Bushfire", "", "wildfire"),
    ("Excessive Heat Warning", "", "heat"),
    ("Dense Fog Advisory", "", "fog"),
    ("STURMBÖEN", "", "gale"),
    ("STARKREGEN", "", "rainstorm"),
    ("Fortes pluies et vents violents", "", "rainstorm"),
    ("CANICULE", "", "heat"),
    ("Viento fuerte", "", "gale"),
    ("Сильный ветер", "", "gale"),
    ("Hujan Lebat dan Petir", "", "rainstorm"),
    ("ليلة أمطار غزيرة", "", "rainstorm"),
    ("颱風", "", "typhoon"),
    ("濃霧", "", "fog"),
    ("雷雨大風", "", "thunderstorm_gale"),
    ("土石流", "", "geological"),
    ("Varsel", parameter("awareness_type", "1; Wind"), "gale"),
    ("Varování", parameter("awareness_type", "6; low-temperature"), "low_temperature"),
    ("Statement", parameter("VTEC", "/O.NEW.KPSR.FF.W.0054.180815T2220Z-180816T0000Z/"), "flash_flood"),
    ("Advisory", code("profile:CAP-CP:Event:0.4", "snowfall"), "snowstorm"),
    (
        "Warning",
        code("urn:oasis:names:tc:emergency:cap:1.2:profile:CAP-AU:1.0:AUeventLIST:1.0", "grassFire"),
        "wildfire",
    ),
    ("警戒", code("profile:CAP-TWP:Event:1.0", "earthquake"), "earthquake"),
    ("Alert", parameter("eventtype", "TC"), "typhoon"),
    ("Special Weather Statement", "", None),
    ("Drinking Water", "", None),
    ("Window cleaning", "", None),
    ("血液庫存", code("profile:CAP-TWP:Event:1.0", "bloodSupply"), None),
]


@pytest.mark.parametrize(("event", "extra", "hazard"), EVENTS)
def test_the_danger_by_word_and_by_list(
    cap: Build, info: Build, event: str, extra: str, hazard: str | None
) -> None:
    warning = only(
        cap(info(language="xx", event=event, headline="", extra=extra, area="Somewhere"), identifier="X-1")
    )
    assert {(claim.hazard, claim.event) for claim in warning.claims} == {(hazard, event)}


def test_a_danger_that_the_book_lacks_keeps_its_word(cap: Build, info: Build) -> None:
    bare = Reading(READING.districts, HazardTable(()))
    warning = only(
        cap(info(language="en", event="Tornado Warning", headline="", area="X"), identifier="X-1"), bare
    )
    assert [(claim.hazard, claim.event) for claim in warning.claims] == [(None, "Tornado Warning")]


COLOURS = [
    ({"severity": "Moderate", "headline": "Vigilance orange pluie-inondation"}, "", Level.ORANGE),
    ({"severity": "Severe", "headline": "Aviso amarillo por lluvias"}, "", Level.YELLOW),
    ({"severity": "Minor", "headline": "Allerta rossa per vento"}, "", Level.RED),
    ({"severity": "Minor", "headline": "yellow watch - tornado"}, "", Level.YELLOW),
    ({"severity": "Severe"}, parameter("awareness_level", "2; jaune; Moderate"), Level.YELLOW),
    ({"severity": "Minor"}, parameter("awareness_level", "1; green; Minor"), Level.BLUE),
    ({"severity": "Extreme", "headline": "Mer Rouge: vent fort"}, "", Level.RED),
    ({"severity": "Moderate", "headline": "Red Sea Warning"}, "", Level.YELLOW),
]


@pytest.mark.parametrize(("fields", "extra", "level"), COLOURS)
def test_colours_in_their_words(cap: Build, info: Build, fields: dict[str, str], extra: str, level: Level) -> None:
    block = info(language="en", area="X", extra=extra, **({"event": "x", "headline": ""} | fields))
    assert {claim.level for claim in only(cap(block, identifier="X-1")).claims} == {level}


def graded(source: Source) -> Reading:
    return Reading(READING.districts, HazardTable(READING.hazards.hazards, (source,)))


def test_the_book_says_what_a_source_means_by_severity(cap: Build, info: Build) -> None:
    ours = graded(Source("甲", ("*@a.example",), (("severe", Level.RED),)))
    block = info(language="en", area="X", event="x", headline="", severity="Severe")
    assert only(cap(block, sender="x@A.example"), ours).claims[0].level is Level.RED
    assert only(cap(block, sender="x@b.example"), ours).claims[0].level is Level.ORANGE


def test_a_word_that_the_source_does_not_grade_is_for_a_person(cap: Build, info: Build) -> None:
    ours = graded(Source("甲", ("*",), (("severe", Level.RED),)))
    warning = only(cap(info(language="en", area="X", event="x", headline="", severity="Minor")), ours)
    assert warning.claims == ()
    assert "level_unknown" in {problem.rule for problem in warning.problems}


def test_only_the_parameters_that_a_source_names_carry_its_colour(cap: Build, info: Build) -> None:
    ours = graded(Source("甲", ("*",), ANY.severity, ("alertlevel",)))
    extra = parameter("website_color", "red") + parameter("alertlevel", "Orange")
    block = info(language="en", area="X", event="x", headline="", severity="Minor", extra=extra)
    assert only(cap(block), ours).claims[0].level is Level.ORANGE


def test_a_source_without_ends_has_its_own_hours(cap: Build, info: Build) -> None:
    ours = graded(Source("甲", ("*",), ANY.severity, hours=5))
    warning = only(cap(info(language="en", area="X", event="x", headline="")), ours)
    assert warning.expires is None
    assert warning.claims[0].ends == warning.sent + timedelta(hours=5)


OVER = [
    ("<responseType>AllClear</responseType>", True),
    ("<responseType>AllClear</responseType><responseType>Monitor</responseType>", False),
    (parameter("VTEC", "/O.CAN.PAAQ.TS.W.0001.000000T0000Z-000000T0000Z/"), True),
    (parameter("VTEC", "/O.EXP.PAAQ.TS.W.0001.000000T0000Z-000000T0000Z/"), True),
    (parameter("VTEC", "/O.CON.PAAQ.TS.W.0001.000000T0000Z-000000T0000Z/"), False),
    (
        parameter("VTEC", "/O.CAN.PAAQ.TS.A.0001.000000T0000Z-000000T0000Z/")
        + parameter("VTEC", "/O.NEW.PAAQ.TS.W.0001.000000T0000Z-000000T0000Z/"),
        False,
    ),
    (parameter("layer:EC-MSC-SMC:1.1:Alert_Location_Status", "ended"), True),
    (parameter("layer:EC-MSC-SMC:1.1:Alert_Location_Status", "active"), False),
]


@pytest.mark.parametrize(("extra", "over"), OVER)
def test_what_is_over_states_no_level(cap: Build, info: Build, extra: str, over: bool) -> None:
    block = info(language="en", area="X", event="x", headline="", extra=extra)
    assert {claim.level is None for claim in only(cap(block, msgType="Update")).claims} == {over}


REFERENCES = [
    ("Env. Canada, Toronto,urn:oid:1.2.3,2026-07-27T01:00:00-00:00", ("urn:oid:1.2.3",)),
    ("An Office,A_1,2026-07-27T01:00:00+08:00\n An Office,A_2,2026-07-27T02:00:00+08:00", ("A_1", "A_2")),
    ("a@b,922014-06-11T09:41:37+09:30,2014-06-11T09:41:37+09:30", ("922014-06-11T09:41:37+09:30",)),
    ("a@b,A_1,2026/07/27 01:00:00", ("A_1",)),
    ("a@b,A_1", ("A_1",)),
    ("a@b,A_1,2026-07-27T01:00:00+08:00 A_2", ("A_1", "A_2")),
    ("A_1;A_2", ("A_1", "A_2")),
    ("a@b,A_1,2026-07-27T01:00:00.123Z a@b,A_1,2026-07-27T01:00:00.123Z", ("A_1",)),
]


@pytest.mark.parametrize(("written", "expected"), REFERENCES)
def test_references_in_any_hand(cap: Build, info: Build, written: str, expected: tuple[str, ...]) -> None:
    assert only(cap(info(code="500151"), references=written)).references == expected


def test_no_area_leaves_danger_and_level_to_be_seen_and_nothing_to_be_acted_on(cap: Build) -> None:
    text = "<info><event>Tornado</event><severity>Extreme</severity></info>"
    warning = only(cap(text))
    assert warning.claims == ()
    assert [(claim.hazard, claim.level) for claim in warning.ungraded] == [("tornado", Level.RED)]
    assert "no_area" in {problem.rule for problem in warning.problems}


def test_a_time_in_any_form_is_the_same_time(cap: Build, info: Build) -> None:
    forms = [
        "2026-07-27T05:54:30+08:00",
        "2026-07-26T21:54:30Z",
        "2026/7/27 5:54:30+0800",
        "2026-07-27 05:54:30.127",
    ]
    times = {only(cap(info(code="500151"), sent=form)).sent for form in forms}
    assert times == {datetime(2026, 7, 26, 21, 54, 30, tzinfo=UTC)}


@pytest.mark.parametrize("language", ["zh-CN", "", "en-US"])
def test_a_chinese_issuer_is_read_by_the_book_whatever_the_language_says(
    cap: Build, info: Build, language: str
) -> None:
    block = info(language=language, code="500151", event="雷雨大风", headline="铜梁区气象台发布雷雨大风橙色预警")
    assert {claim.hazard for claim in only(cap(block)).claims} == {"thunderstorm_gale"}
