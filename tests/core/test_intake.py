"""Which warnings may order something here, and what becomes of an arrival."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.core.district import ANJU, BOOK, NIGHT, RED, at, claim, read, warning
from warnengine.demo import scenario
from warnengine.ingest.admission import Admission, admit, compare, concerns, told_apart
from warnengine.model.arrival import Met, Verdict
from warnengine.model.errors import RefusedWarning
from warnengine.model.level import Level
from warnengine.model.warning import Gravity, MsgType, Problem, Status, Warning

HUNAN = {"issuer": "43000041600000", "sender": "湖南省气象台"}
CITY = {"issuer": "50000041600000", "sender": "重庆市气象台"}
NO_AREA = Problem("no_area", Gravity.REJECT, "The message names no area that could be read.")


def red(*codes: str | None, name: str = "某地", **fields: object) -> Warning:
    claims = (claim(code, Level.RED, name=name) for code in codes)
    return warning("a", at("05:54"), *claims, **fields)


@pytest.mark.parametrize("message", NIGHT, ids=lambda message: message.headline[:20])
def test_every_message_of_the_night_is_let_in(message: Warning) -> None:
    admit(message, BOOK)
    assert concerns(message, BOOK)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (red(ANJU, status=Status.EXERCISE), "not_actual"),
        (red(ANJU, status=Status.TEST), "not_actual"),
        (red(ANJU, status=Status.DRAFT), "not_actual"),
        (red(), "no_claim"),
        (red(problems=(NO_AREA,)), "no_area"),
        (red(msg_type=MsgType.CANCEL), "no_claim"),
        (red(ANJU, **HUNAN), "unknown_sender"),
        (red(None), "unknown_area"),
        (red("500151199"), "unknown_area"),
        (red("500224199000"), "unknown_area"),
        (red("500117"), "unknown_area"),
        (red("500151199", **CITY), "unknown_area"),
        (red(None, issuer="铜梁区气象台", sender="铜梁区气象台"), "unknown_area"),
        (red(None, name="铜粱区", **CITY), "unknown_area"),
    ],
    ids=[
        "a drill",
        "a test",
        "a draft",
        "no claim",
        "no area",
        "a cancel that names nothing",
        "a stranger about us",
        "our own observatory about a place without a code",
        "a township that we do not know",
        "the same by the county's old code",
        "our own observatory about another district",
        "the city about a township that we do not know",
        "our own observatory by name",
        "the city about a place without a code, which may be ours misspelt",
    ],
)
def test_what_must_not_order_anything_is_refused_with_a_reason(message: Warning, reason: str) -> None:
    with pytest.raises(RefusedWarning) as refusal:
        admit(message, BOOK)
    assert refusal.value.reason == reason
    assert len(str(refusal.value)) > 20


@pytest.mark.parametrize(
    "message",
    [
        red("500117", **HUNAN),
        red("500117", **CITY),
        red(None, **HUNAN),
        red(msg_type=MsgType.ACK),
        red(ANJU, None),
        red(ANJU, "500151199"),
        red(ANJU, **CITY),
        red("500117", None, **CITY),
    ],
    ids=[
        "elsewhere, by a stranger",
        "elsewhere, by the city",
        "a place without a code elsewhere",
        "an acknowledgement",
        "one place known, one not: the known one must not wait",
        "one township known, one not",
        "the city about us",
        "the city about a place elsewhere and one without a code",
    ],
)
def test_what_is_let_in(message: Warning) -> None:
    admit(message, BOOK)


def test_real_messages_about_unknown_places_are_not_lost() -> None:
    xml = scenario.RED.xml().decode().replace(scenario.RED.text, "预计27日5时至8时累计雨量将达100毫米以上。")
    for names, codes in (("某村", ""), ("新镇", "500151125000"), ("", "")):
        body = re.sub("<areaDesc>.*</areaDesc>", f"<areaDesc>{names}</areaDesc>", xml)
        body = re.sub("<geocode>.*</geocode>", f"<geocode>{codes}</geocode>", body)
        with pytest.raises(RefusedWarning) as refusal:
            admit(read(body.encode()), BOOK)
        assert refusal.value.reason in {"unknown_area", "no_area"}


def met(**fields: object) -> Met:
    return Met(**{"id": 7, "fresh": False, "source": "kafka", "same_meaning": True, "same_levels": True} | fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "known", "verdict", "reason"),
    [
        ("kafka", [met(fresh=True)], Verdict.NEW, None),
        ("kafka", [met()], Verdict.REPEAT, None),
        ("http", [met()], Verdict.REPEAT, None),
        ("http", [met(same_meaning=False)], Verdict.REPEAT, None),
        ("http", [met(same_meaning=False, same_levels=False)], Verdict.CONFLICT, "source_conflict"),
        ("kafka", [met(), met(fresh=True)], Verdict.NEW, None),
        (
            "http",
            [met(fresh=True), met(same_meaning=False, same_levels=False)],
            Verdict.CONFLICT,
            "source_conflict",
        ),
        ("kafka", [], Verdict.REPEAT, None),
    ],
    ids=[
        "new",
        "again from the same source",
        "again by another way",
        "another end by another way",
        "another level by another way",
        "one new, one known",
        "one new, one in conflict",
        "an empty list",
    ],
)
def test_the_verdict(source: str, known: list[Met], verdict: Verdict, reason: str | None) -> None:
    found = compare(source, [(admission(str(place)), one) for place, one in enumerate(known)])
    assert found[:2] == (verdict, reason)
    assert (found[2] is None) == (reason is None)


def admission(identifier: str) -> Admission:
    warning = replace(RED, identifier=identifier)
    return Admission(warning, warning, None)


def test_one_source_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(RefusedWarning, match=RED.identifier) as refusal:
        told_apart("kafka", [admission(RED.identifier)], [met(same_meaning=False)])
    assert refusal.value.reason == "identifier_reused"
