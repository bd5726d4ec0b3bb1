"""What cannot be acted on gets a clear answer, is kept with its reason, and sends nothing."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio

from tests.acceptance.house import House, Json
from tests.acceptance.program import until
from warnengine.demo import scenario

pytestmark = pytest.mark.asyncio(loop_scope="module")

BLUE = scenario.BLUE
GOOD = BLUE.xml()


def later(seconds: int, base: scenario.Message = BLUE) -> scenario.Message:
    """A message of its own identifier."""
    return replace(base, entered=base.entered + timedelta(seconds=seconds))


def without_area(message: scenario.Message) -> bytes:
    """No place in any field."""
    text = "发布暴雨蓝色预警信号,请注意防范。"
    body = replace(message, towns=(), text=text).xml()
    return body.replace("铜梁区</areaDesc>".encode(), b"</areaDesc>").replace(
        b"500224000000</geocode>", b"</geocode>"
    )


def of_another_issuer(message: scenario.Message) -> bytes:
    """An office that may not warn this district, about this district."""
    return message.xml().replace(scenario.ISSUER.encode(), b"51000041600000")


DOCTYPE = GOOD.replace(b"<alert>", b'<!DOCTYPE alert [<!ENTITY e "x">]><alert>')
REFUSED = {
    "malformed XML": (scenario.MALFORMED, 422, "malformed"),
    "a DOCTYPE": (DOCTYPE, 422, "doctype"),
    "a text without a time": ("暴雨红色预警".encode(), 422, "missing_field"),
    "nothing": (b"", 422, "empty"),
    "JSON": (b'{"identifier": "x"}', 422, "unknown_format"),
    "some other XML": (b"<invoice><total>3</total></invoice>", 422, "unknown_format"),
    "two megabytes": (GOOD.replace(b"</alert>", b"<!--" + b"x" * (2 << 20) + b"--></alert>"), 413, "too_large"),
    "no area": (without_area(later(1)), 422, "no_area"),
    "a sender without authority here": (of_another_issuer(later(2)), 422, "unknown_sender"),
    "an exercise": (scenario.EXERCISE.xml(), 422, "not_actual"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def evening(house: House) -> None:
    await house.jump(BLUE.entered)


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def nothing_is_sent(house: House) -> AsyncIterator[None]:
    """Whatever a story hands in, no phone rings."""
    before = len(house.smsc.log)
    yield
    await until("quiet", house.calm, house.engine)
    assert len(house.smsc.log) == before


async def newest(house: House) -> Json:
    """The newest row of the quarantine."""
    return (await house.all("quarantine"))[0]


@pytest.mark.parametrize(("body", "status", "reason"), REFUSED.values(), ids=REFUSED)
async def test_a_bad_message_is_answered_with_its_reason_and_kept(
    house: House, body: bytes, status: int, reason: str
) -> None:
    answered, said = await house.warn(body)
    assert (answered, said["reason"], said["status"]) == (status, reason, status)
    assert len(said["detail"]) > 20
    row = await newest(house)
    assert (row["source"], row["verdict"], row["reason"], row["size"]) == (
        "bureau",
        "quarantined",
        reason,
        len(body),
    )
    assert row["explanation"] == said["detail"]
    assert await house.original(row["id"]) == body, "the duty room reads it"


async def test_a_body_without_end_is_cut_off_and_the_answer_says_that_nothing_is_kept(house: House) -> None:
    status, said = await house.warn(b"x" * (9 << 20))
    assert (status, "nothing of them is kept" in said["detail"]) == (413, True)


@pytest.mark.parametrize("token", ["", "Bearer wrong", "Bearer operator-token", "Bearer 错", "bureau-token"])
async def test_who_has_no_token_is_not_heard(house: House, token: str) -> None:
    before = await house.all("quarantine")
    headers = {"Authorization": token} if token else {}
    async with house.web.post("/v1/warnings", data=GOOD, headers=headers) as answer:
        said = await answer.json()
        assert (answer.status, answer.content_type) == (401, "application/problem+json")
    assert "token" in said["detail"]
    assert await house.all("quarantine") == before


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/approvals/99999999999999999999", {"decision": "yes", "by": "tl003"}),
        ("/v1/approvals/one", {"decision": "yes", "by": "tl003"}),
        ("/v1/tasks/0", {"result": "done", "by": "tl006"}),
        ("/v1/clock", {"to": "tomorrow"}),
    ],
)
async def test_a_command_that_makes_no_sense_is_refused(house: House, path: str, body: Json) -> None:
    status, said = await house.post(path, body)
    assert (status, said["title"]) == (422, "The request is not understood")


@pytest.mark.parametrize("query", ["?most=x", "?after=99999999999999999999", "?most=-1"])
async def test_a_question_that_makes_no_sense_is_refused(house: House, query: str) -> None:
    headers = {"Authorization": "Bearer operator-token"}
    async with house.web.get(f"/v1/deliveries{query}", headers=headers) as answer:
        assert (answer.status, answer.content_type) == (422, "application/problem+json")


@pytest.mark.parametrize("way", ["half of it", "grows"])
async def test_a_file_that_is_still_being_written_is_left_alone(house: House, way: str) -> None:
    spool = house.data / "spool"
    half = spool / (".half.xml" if way == "half of it" else "grows.xml")
    half.write_bytes(GOOD[:500])
    marker = spool / f"marker-{way}.xml"
    marker.write_bytes(scenario.MALFORMED)

    async def marker_is_taken() -> bool:
        os.utime(half)  # somebody writes
        return (spool / "refused" / marker.name).exists()

    await until("another file to be taken meanwhile", marker_is_taken, house.engine)
    assert half.exists()
    half.unlink()


async def test_a_refused_file_is_set_aside_and_its_reason_is_shown(house: House) -> None:
    spool = house.data / "spool"
    (spool / "broken.xml").write_bytes(DOCTYPE)

    async def refused() -> bool:
        return (spool / "refused" / "broken.xml").exists()

    await until("the file to be set aside", refused, house.engine)
    row = await newest(house)
    assert (row["source"], row["position"], row["reason"]) == ("spool", "broken.xml", "doctype")
    assert (spool / "refused" / "broken.xml").read_bytes() == DOCTYPE
