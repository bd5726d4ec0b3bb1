"""CAP as issuers write it: by area, by language, with and without colours, alone or many in one document."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from warnengine.ingest.formats import Reading, read
from warnengine.model.errors import RefusedWarning
from warnengine.model.level import Level
from warnengine.model.warning import MsgType, Warning

Build = Callable[..., bytes]
Info = Callable[..., str]


def only(raw: bytes, reading: Reading) -> Warning:
    (warning,) = read(raw, reading)
    return warning


def rules(warning: Warning) -> set[str]:
    return {problem.rule for problem in warning.problems}


def said(warning: Warning) -> dict[str, Level | None]:
    """Area code, or name where there is none → level."""
    return {claim.area.code or claim.area.name: claim.level for claim in warning.claims}


@pytest.mark.parametrize(
    "namespace",
    [
        "http://www.incident.com/cap/1.0",
        "urn:oasis:names:tc:emergency:cap:1.1",
        "urn:oasis:names:tc:emergency:cap:1.2",
        "urn:example:unknown",
        "",
    ],
)
def test_every_version_and_a_missing_namespace(reading: Reading, cap: Build, info: Info, namespace: str) -> None:
    warning = only(cap(info(code="500151"), namespace=namespace), reading)
    assert said(warning) == {"500151": Level.ORANGE}
    assert ("namespace" in rules(warning)) == ("cap" not in namespace)


def test_the_chinese_info_is_read_first(reading: Reading, cap: Build, info: Info) -> None:
    english = info(language="en-US", code="500151", area="Show area", event="rainstorm", headline="orange warning")
    warning = only(cap(english, info(code="500151")), reading)
    assert warning.headline == "铜梁区气象台发布暴雨橙色预警"
    assert [(claim.area.name, claim.event) for claim in warning.claims] == [("铜梁区", "暴雨")]


def test_a_translation_may_raise_but_never_lower(reading: Reading, cap: Build, info: Info) -> None:
    higher = info(language="en-US", code="500151", event="rainstorm", severity="Extreme", headline="Red warning")
    lower = info(language="fr", code="500151", event="pluie", severity="Minor", headline="")
    warning = only(cap(higher, info(code="500151"), lower), reading)
    assert said(warning) == {"500151": Level.RED}
    assert "infos_differ" in rules(warning)


def test_an_info_of_another_area_is_no_translation(reading: Reading, cap: Build, info: Info) -> None:
    other = info(language="en-US", code="500152", event="rainstorm", severity="Extreme", headline="")
    assert said(only(cap(info(code="500151"), other), reading)) == {"500151": Level.ORANGE, "500152": Level.RED}


def test_infos_differ_by_area(reading: Reading, cap: Build, info: Info) -> None:
    red = info(code="500151105000", area="安居镇", severity="Extreme", headline="发布暴雨红色预警")
    yellow = info(code="500151114000", area="少云镇", severity="Moderate", headline="发布暴雨黄色预警")
    assert said(only(cap(yellow, red), reading)) == {"500151105": Level.RED, "500151114": Level.YELLOW}


def test_infos_of_one_area_that_differ_give_the_higher_level(reading: Reading, cap: Build, info: Info) -> None:
    red = info(code="500151", severity="Extreme", headline="发布暴雨红色预警")
    warning = only(cap(info(code="500151"), red), reading)
    assert said(warning) == {"500151": Level.RED}
    assert "infos_differ" in rules(warning)


PARAMETER = "<parameter><valueName>{}</valueName><value>{}</value></parameter>"
LEVELS = [
    ({"severity": "Extreme"}, "", Level.RED),
    ({"severity": "Severe"}, "", Level.ORANGE),
    ({"severity": "Moderate"}, "", Level.YELLOW),
    ({"severity": "Minor"}, "", Level.BLUE),
    ({"severity": "Minor", "headline": "Baoding observatory updates lightning yellow warning"}, "", Level.YELLOW),
    ({"severity": "Minor", "headline": "A bureau issued a blue gale warning [Level IV]"}, "", Level.BLUE),
    ({"severity": "Severe", "headline": "Red Flag Warning for Orange County"}, "", Level.ORANGE),
    ({"severity": "Severe"}, PARAMETER.format("awareness_level", "2; yellow; Moderate"), Level.YELLOW),
    ({"severity": "Minor"}, PARAMETER.format("alert_color", "紅色"), Level.RED),
    ({"severity": "Minor"}, PARAMETER.format("Location", "Orange"), Level.BLUE),
]


@pytest.mark.parametrize(("fields", "extra", "level"), LEVELS)
def test_a_colour_counts_before_severity(
    reading: Reading, cap: Build, info: Info, fields: dict[str, str], extra: str, level: Level
) -> None:
    raw = cap(info(language="en", area="Somewhere", extra=extra, **({"event": "x", "headline": ""} | fields)))
    assert said(only(raw, reading)) == {"Somewhere": level}


def test_chinese_colour_and_severity_that_contradict_give_the_higher(
    reading: Reading, cap: Build, info: Info
) -> None:
    warning = only(cap(info(code="500151", severity="Extreme")), reading)
    assert said(warning) == {"500151": Level.RED}
    assert "level_contradicted" in rules(warning)


def test_a_cancel_has_no_level(reading: Reading, cap: Build, info: Info) -> None:
    warning = only(cap(info(code="500151"), msgType="Cancel"), reading)
    assert said(warning) == {"500151": None}


def test_all_clear_has_no_level(reading: Reading, cap: Build, info: Info) -> None:
    clear = info(code="500151", extra="<responseType>AllClear</responseType>", headline="")
    assert said(only(cap(clear, msgType="Update"), reading)) == {"500151": None}


@pytest.mark.parametrize("msg_type", ["Ack", "Error"])
def test_an_acknowledgement_states_nothing(reading: Reading, cap: Build, info: Info, msg_type: str) -> None:
    warning = only(cap(info(code="500151"), msgType=msg_type), reading)
    assert warning.msg_type is MsgType(msg_type)
    assert warning.claims == ()
    assert len(warning.ungraded) == 1


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Office,A_1,2026-07-27T01:00:00+08:00", ("A_1",)),
        ("Office,A_1,2026-07-27T01:00:00+08:00 Office,A_2,2026-07-27T02:00:00+08:00", ("A_1", "A_2")),
        ("An Office,A_1,2026-07-27 01:00:00+08:00", ("A_1",)),
        ("A_1 A_2", ("A_1", "A_2")),
        ("", ()),
    ],
)
def test_references_are_identifiers(
    reading: Reading, cap: Build, info: Info, written: str, expected: tuple[str, ...]
) -> None:
    assert only(cap(info(code="500151"), references=written), reading).references == expected


def test_a_self_reference_is_flagged(reading: Reading, cap: Build, info: Info) -> None:
    assert "self_reference" in rules(only(cap(info(code="500151"), identifier="A", references="A"), reading))


def test_digits_of_another_country_are_no_administrative_code(reading: Reading, cap: Build, info: Info) -> None:
    geocode = "<geocode><valueName>FIPS6</valueName><value>500151</value></geocode></area>"
    raw = cap(info(language="en-US", area="Elsewhere"), identifier="NWS-1", sender="nws")
    warning = only(raw.replace(b"</area>", geocode.encode()), reading)
    assert [claim.area.code for claim in warning.claims] == [None]
    assert "area_without_code" in rules(warning)


def test_townships_named_in_a_cap_text(reading: Reading, cap: Build, info: Info) -> None:
    text = "铜梁区气象台发布暴雨橙色预警信号:预计未来3小时,安居镇、少云镇降雨量将达50毫米"
    warning = only(cap(info(code="500151000000", description=text)), reading)
    assert said(warning) == {"500151105": Level.ORANGE, "500151114": Level.ORANGE}


WRAPPERS = [
    '<feed xmlns="http://www.w3.org/2005/Atom"><entry><content>{}</content></entry><entry>{}</entry></feed>',
    "<rss><channel><item>{}</item><item>{}</item></channel></rss>",
    "<alerts>{}{}</alerts>",
    '<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0"><contentObject><xmlContent>'
    "<embeddedXMLContent>{}{}</embeddedXMLContent></xmlContent></contentObject></EDXLDistribution>",
]


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_many_alerts_in_one_document(reading: Reading, cap: Build, info: Info, wrapper: str) -> None:
    alerts = (cap(info(code="500151"), identifier=name).decode() for name in ("A", "B"))
    assert [w.identifier for w in read(wrapper.format(*alerts).encode(), reading)] == ["A", "B"]


def test_one_broken_alert_neither_stops_the_others_nor_goes_unnoticed(
    reading: Reading, cap: Build, info: Info
) -> None:
    good, bad = cap(info(code="500151")).decode(), cap(info(code="500151"), sender="").decode()
    warning = only(f"<alerts>{bad}{good}</alerts>".encode(), reading)
    assert "beside_refused" in rules(warning)


def test_an_empty_feed_has_no_warnings(reading: Reading) -> None:
    assert read(b'<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title></feed>', reading) == ()


def test_a_feed_of_links_is_not_an_empty_one(reading: Reading) -> None:
    with pytest.raises(RefusedWarning) as refusal:
        read(b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="x"/></entry></feed>', reading)
    assert refusal.value.reason == "links_only"


@pytest.mark.parametrize("field", ["identifier", "sender", "sent", "status", "msgType"])
def test_what_identifies_a_message_must_be_there(reading: Reading, cap: Build, info: Info, field: str) -> None:
    with pytest.raises(RefusedWarning) as refusal:
        read(cap(info(code="500151"), **{field: ""}), reading)
    assert refusal.value.reason == "missing_field"
    assert field in str(refusal.value)
