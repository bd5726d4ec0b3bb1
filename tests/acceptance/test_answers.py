"""A red comes in by HTTP; people get it, and answer in every way that they are promised."""

from __future__ import annotations

import asyncio
import re
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.acceptance.house import PATIENT, House, Json, phone
from tests.acceptance.program import until
from warnengine.demo import scenario
from warnengine.demo.relay import HOST

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOSTILE = "<script>alert('安居')</script>"
RED = replace(scenario.RED, text=f"{scenario.RED.text}{HOSTILE}")
SCHOOLS_CLOSE = "全区学校停课"
KEY = ec.generate_private_key(ec.SECP256R1())
VAPID = urlsafe_b64encode(KEY.private_numbers().private_value.to_bytes(32, "big")).rstrip(b"=").decode()


class PushService:
    """Where browsers are reached: takes every message and counts them by subscriber."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/push/{owner}", self._take)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        await self._runner.cleanup()

    def subscription(self, owner: str) -> Json:
        """What a browser says about itself."""
        point = KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": urlsafe_b64encode(point).rstrip(b"=").decode(), "auth": "A" * 22}
        return {"endpoint": f"http://{HOST}:{self.port}/push/{owner}", "expirationTime": None, "keys": keys}

    async def _take(self, request: web.Request) -> web.Response:
        self.taken.append(request.match_info["owner"])
        return web.Response(status=201, headers={"Location": "/message/1"})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, seed: Any) -> AsyncIterator[House]:
    push = {"kind": "push", "name": "push", "private_key": VAPID, "subject": "mailto:duty@example.cn"}
    here = {"allow_http_loopback": True, **PATIENT}
    made = House(tmp_path_factory.mktemp("house"), gateways=[push | here])
    try:
        await made.open(seed)
        await made.jump(RED.entered)
        status, answer = await made.warn(RED.xml())
        assert (status, answer["verdict"]) == (202, "new")
        await made.settled()
        yield made
    finally:
        await made.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def push_service() -> AsyncIterator[PushService]:
    service = PushService()
    await service.start()
    yield service
    await service.stop()


async def order_of(house: House, unit: str) -> Json:
    return next(order for order in await house.all("orders") if order["unit"] == unit)


async def page(house: House, officer: str, **headers: str) -> tuple[int, str]:
    async with house.web.get(house.link(officer), headers=headers) as answer:
        return answer.status, await answer.text()


async def press(house: House, officer: str, **form: str) -> tuple[int, str]:
    """What a browser without JavaScript does with a button."""
    async with house.web.post(house.link(officer), data=form) as answer:
        return answer.status, await answer.text()


async def test_everyone_called_gets_one_sms_with_the_text_that_the_duty_room_sees(house: House) -> None:
    deliveries = await house.all("deliveries")
    assert Counter((one["address"], one["text"]) for one in deliveries) == Counter(
        (sms.to, sms.text) for sms in house.smsc.log
    )
    assert not [one for one in deliveries if one["kind"] not in {"order", "approval"}]
    anju = await order_of(house, "500151105")
    assert anju["level"] == "red"
    assert anju["people"] == anju["reached"] == 4


async def test_a_warning_that_came_in_is_kept_under_the_same_id_when_it_comes_again(house: House) -> None:
    before = len(house.smsc.log)
    status, answer = await house.warn(RED.xml())
    assert (status, answer["verdict"]) == (200, "repeat")
    assert (await house.warn(RED.xml(), source="city"))[1]["warnings"] == answer["warnings"]
    await until("quiet", house.calm, house.engine)
    assert len(house.smsc.log) == before


async def test_a_reply_of_1_acknowledges_and_3_with_a_number_reports_the_people(house: House) -> None:
    officer = phone("housing")
    await house.smsc.reply(officer, "1")
    assert (await order_of(house, "housing"))["acknowledged"] == 1
    await house.smsc.reply(officer, "3 35人")
    order = await order_of(house, "housing")
    assert (order["acknowledged"], order["acting"], order["done"], order["number"]) == (1, 1, 1, 35)


@pytest.mark.parametrize(
    ("method", "agent"),
    [
        ("GET", "Mozilla/5.0 (Linux; Android 15) MicroMessenger/8.0.50"),
        ("GET", "WhatsApp/2.23.20.0"),
        ("GET", "facebookexternalhit/1.1"),
        ("GET", "Mozilla/5.0 (compatible; Baiduspider/2.0)"),
        ("HEAD", "Slackbot-LinkExpanding 1.0"),
        ("HEAD", "curl/8.10"),
    ],
)
async def test_opening_a_link_never_acknowledges(house: House, method: str, agent: str) -> None:
    officer = phone("water")
    async with house.web.request(method, house.link(officer), headers={"User-Agent": agent}) as answer:
        assert answer.status == 200
        assert ("<form" in await answer.text()) == (method == "GET")
    assert (await order_of(house, "water"))["acknowledged"] == 0


async def test_the_buttons_of_the_page_work_without_javascript(house: House) -> None:
    officer = phone("mines")
    _, shown = await page(house, officer)
    assert re.findall(r'<button name="step" value="(\d)">', shown) == ["1", "2"]
    assert f'action="{house.link(officer)}"' in shown
    assert "您已收到" in (await press(house, officer, step="1"))[1]
    assert (await order_of(house, "mines"))["acknowledged"] == 1
    status, shown = await press(house, officer, step="3", count="12")
    assert (status, "您已完成" in shown) == (200, True)
    order = await order_of(house, "mines")
    assert (order["done"], order["number"]) == (1, 12)


@pytest.mark.parametrize("form", [{}, {"step": "9"}, {"step": "收到"}, {"step": "1" * 5000}])
async def test_a_form_that_says_nothing_acknowledges_nothing(house: House, form: dict[str, str]) -> None:
    officer = phone("urban")
    status, shown = await press(house, officer, **form)
    assert (status, "您已收到" in shown) == (200, False)
    assert (await order_of(house, "urban"))["acknowledged"] == 0


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("code", ["nobodys2345", "a", "%00", "%2e%2e%2fv1"])
async def test_a_wrong_link_is_not_found_and_says_whom_to_call(house: House, method: str, code: str) -> None:
    async with house.web.request(method, f"/a/{code}", data={"step": "1"}) as answer:
        assert answer.status == 404
        if "2f" not in code:
            assert "023-45600000" in await answer.text()


async def test_a_script_in_a_warning_is_shown_as_text(house: House) -> None:
    _, shown = await page(house, phone("water"))
    assert "&lt;script&gt;alert(" in shown
    assert "<script>" not in shown
    assert not [sms for sms in house.smsc.log if "<script" in sms.text]


async def test_the_page_allows_no_script_but_its_own_and_no_frame(house: House) -> None:
    officer = phone("water")
    async with house.web.get(house.link(officer)) as answer:
        policy = dict(part.split(maxsplit=1) for part in answer.headers["Content-Security-Policy"].split("; "))
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["form-action"] == "'self'"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def approved(house: House, push_service: PushService) -> Json:
    """The schools' duty officer has registered a phone; the district's leader has then approved the request."""
    officer = phone("education")
    _, shown = await page(house, officer)
    place = re.search(r'data-to="([^"]+)"', shown)
    assert place
    async with house.web.post(place[1], json=push_service.subscription("education")) as answer:
        assert answer.status == 201
    (request,) = await house.all("approvals")
    assert request["authority"]["unit"] == "district"
    assert SCHOOLS_CLOSE in {measure["order"] for measure in request["measures"]}
    assert not [text for text in house.smsc.to(officer) if SCHOOLS_CLOSE in text]
    decision = {"decision": "yes", "by": "tl003", "comment": ""}
    status, _ = await house.post(f"/v1/approvals/{request['id']}", decision)
    assert status == 200

    async def pushed() -> bool:
        return any(
            one["channel"] == "push" and one["state"] == "accepted" for one in await house.all("deliveries")
        )

    await until("the push service to be handed a message", pushed, house.engine)
    await house.settled()
    return {**request, "officer": officer}


async def test_an_approved_measure_reaches_those_who_carry_it_out(house: House, approved: Json) -> None:
    assert SCHOOLS_CLOSE in house.smsc.to(approved["officer"])[-1]
    assert await house.all("approvals") == []
    (decided,) = await house.all("approvals", state="decided")
    assert (decided["id"], decided["state"], decided["by"]) == (approved["id"], "approved", "tl003")


async def test_a_registered_phone_gets_the_next_order_by_push_too(
    house: House, approved: Json, push_service: PushService
) -> None:
    assert push_service.taken == ["education"]
    pushed = [one for one in await house.all("deliveries") if one["channel"] == "push"]
    assert [one["state"] for one in pushed] == ["accepted"]


@pytest.mark.parametrize("decision", ["yes", "no"])
async def test_the_second_decision_is_refused(house: House, approved: Json, decision: str) -> None:
    before = len(house.smsc.log)
    status, said = await house.post(f"/v1/approvals/{approved['id']}", {"decision": decision, "by": "tl002"})
    assert (status, "tl003" in said["detail"]) == (409, True)
    await until("quiet", house.calm, house.engine)
    assert len(house.smsc.log) == before


async def test_a_decision_on_nothing_is_refused(house: House) -> None:
    status, said = await house.post("/v1/approvals/4711", {"decision": "yes", "by": "tl003"})
    assert (status, "4711" in said["detail"]) == (404, True)
    status, said = await house.post("/v1/approvals/1", {"decision": "maybe", "by": "tl003"})
    assert (status, "decision" in said["detail"]) == (422, True)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"no json", 400),
        (b"{}", 400),
        (b'{"endpoint": "https://push.example/x", "keys": {}}', 400),
        (b"[" * 3_000, 400),
        (b"[" * 5_000, 413),
    ],
)
async def test_a_subscription_that_cannot_work_is_refused(house: House, body: bytes, status: int) -> None:
    officer = phone("water")
    async with house.web.post(f"{house.link(officer)}/push", data=body) as answer:
        assert answer.status == status


async def test_a_phone_is_not_registered_under_a_wrong_link(house: House, push_service: PushService) -> None:
    async with house.web.post("/a/nobodys2345/push", json=push_service.subscription("nobody")) as answer:
        assert answer.status == 404


async def test_an_answer_that_nobody_understands_becomes_a_task_and_closing_it_acknowledges(house: House) -> None:
    officer = phone("tourism")
    await house.smsc.reply(officer, "你是哪个哦")
    task = next(one for one in await house.all("tasks") if one["number"] == officer)
    assert (task["kind"], "你是哪个哦" in task["text"]) == ("unclear", True)
    assert (await order_of(house, "tourism"))["acknowledged"] == 0
    closing = {"result": "answered", "by": "吕思宁", "words": "电话已通,人员在岗"}
    status, _ = await house.post(f"/v1/tasks/{task['id']}", closing)
    assert (status, (await order_of(house, "tourism"))["acknowledged"]) == (200, 1)
    status, _ = await house.post(f"/v1/tasks/{task['id']}", closing)
    assert status == 409


@pytest.mark.parametrize("path", ["orders", "deliveries", "tasks", "approvals", "quarantine"])
async def test_lists_are_for_the_duty_room_only(house: House, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer bureau-token"}, {"Authorization": "Basic b3A6"}):
        async with house.web.get(f"/v1/{path}", headers=headers) as answer:
            assert (answer.status, answer.content_type) == (401, "application/problem+json")


async def test_a_thousand_presses_of_one_button_are_one_acknowledgement(house: House) -> None:
    officer = phone("telecom")
    answers = await asyncio.gather(*(press(house, officer, step="1") for _ in range(100)))
    assert {status for status, _ in answers} == {200}
    assert (await order_of(house, "telecom"))["acknowledged"] == 1
