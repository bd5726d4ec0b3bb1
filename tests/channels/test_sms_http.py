"""What the HTTP channel makes of answers and callbacks that are particular to HTTP or to one make of gateway."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Mapping

import pytest
from aiohttp import web

from tests.channels.conformance import Recorder, outgoing, running, until
from tests.channels.http_peers import JsonPeer, KannelShape, Site, YunmasPeer, settings
from warnengine.dispatch.channel import Channel, ChannelError, Fate, Reason, Receipt, Reply, Unanswered
from warnengine.dispatch.channels.sms_http import HttpSmsChannel

NUMBER = "+8613800138001"
VALUES = {
    "json": {"token": "t0ken"},
    "kannel": {"username": "u", "password": "p", "from": "1069", "callback": "http://127.0.0.1/c"},
    "yunmas": {"ecName": "区应急局", "apId": "a", "secretKey": "k", "sign": "s"},
}


def channel_to(url: str, profile: str = "json") -> HttpSmsChannel:
    return HttpSmsChannel(settings(url, profile, VALUES[profile]), Recorder())


class Fixed:
    """A server that gives one answer and counts the requests."""

    def __init__(self) -> None:
        self.site = Site(self._handle)
        self.fields: dict[str, object] = {}
        self.requests = 0

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        self.requests += 1
        await request.read()
        return web.Response(**self.fields)  # type: ignore[arg-type]


@pytest.fixture
async def fixed() -> AsyncIterator[Fixed]:
    server = Fixed()
    await server.site.start()
    yield server
    await server.site.stop()


ANSWERS = {
    "a proxy lost the gateway": ("json", {"status": 502}, None),
    "a proxy waited in vain": ("json", {"status": 504}, None),
    "accepted in words we cannot read": ("json", {"status": 200, "text": "<html>ok</html>"}, None),
    "accepted without an id": ("json", {"status": 200, "text": "{}"}, None),
    "yunmas without a verdict": ("yunmas", {"status": 200, "text": "{}"}, None),
    "kannel in other words": ("kannel", {"status": 202, "text": "Sent."}, None),
    "unknown code of yunmas": ("yunmas", {"text": '{"rspcod":"Odd","success":false}'}, Reason.GATEWAY_ERROR),
    "a redirect is not followed": (
        "json",
        {"status": 307, "headers": {"Location": "/elsewhere"}},
        Reason.GATEWAY_ERROR,
    ),
    "nobody": ("json", {"body": b"[]"}, None),
    "nested": ("json", {"body": b"[" * 100_000}, None),
    "null": ("json", {"body": b"null"}, None),
    "half a pair": ("json", {"body": b'{"ids":"\\ud800"}'}, None),
    "endless id": ("json", {"body": json.dumps({"ids": ["x" * 5000]}).encode()}, None),
    "yunmas of nobody": ("yunmas", {"body": b"[]"}, None),
    "no such number": ("json", {"status": 422}, Reason.BAD_ADDRESS),
    "forbidden": ("json", {"status": 403}, Reason.CREDENTIALS),
    "too large": ("json", {"status": 413}, Reason.REJECTED),
}


@pytest.mark.parametrize(("profile", "fields", "reason"), ANSWERS.values(), ids=ANSWERS.keys())
async def test_answers(fixed: Fixed, profile: str, fields: dict[str, object], reason: Reason | None) -> None:
    """None: nobody knows whether the gateway took it."""
    fixed.fields = fields
    channel = channel_to(fixed.site.url, profile)
    async with running(channel, Recorder()):
        await until(channel.healthy, "the gateway listens")
        with pytest.raises(ChannelError if reason else Unanswered) as caught:
            await channel.send(outgoing(NUMBER))
    assert getattr(caught.value, "reason", None) is reason
    assert fixed.requests == 1


@pytest.mark.parametrize(("header", "after"), [("7", 7.0), ("Mon, 23 Nov 2026 08:00:00 GMT", None), (None, None)])
async def test_how_long_the_gateway_asks_us_to_wait(fixed: Fixed, header: str | None, after: float | None) -> None:
    fixed.fields = {"status": 429, "headers": {"Retry-After": header} if header else {}}
    channel = channel_to(fixed.site.url)
    async with running(channel, Recorder()):
        await until(channel.healthy, "the gateway listens")
        with pytest.raises(ChannelError) as caught:
            await channel.send(outgoing(NUMBER))
    assert (caught.value.reason, caught.value.after) == (Reason.THROTTLED, after)


def report(profile: str, query: Mapping[str, str] | None = None, body: object = None) -> list[Receipt | Reply]:
    octets = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
    return channel_to("http://127.0.0.1", profile).read_callback("POST" if octets else "GET", query or {}, octets)


@pytest.mark.parametrize(
    ("kind", "answer", "fate", "code"),
    [
        ("1", "id:7 stat:DELIVRD err:000", Fate.DELIVERED, "DELIVRD"),
        ("2", "id:7 stat:UNDELIV err:045", Fate.FAILED, "UNDELIV"),
        ("8", "ACK/", Fate.PENDING, "dlr 8"),
        ("4", "", Fate.PENDING, "dlr 4"),
        ("16", "NACK/11/Invalid", Fate.FAILED, "dlr 16"),
        ("34", "id:7 stat:EXPIRED", Fate.FAILED, "EXPIRED"),
    ],
)
def test_kannels_kinds_of_report(kind: str, answer: str, fate: Fate, code: str) -> None:
    (receipt,) = report("kannel", {"id": "c1", "to": NUMBER, "dlr": kind, "answer": answer})
    assert isinstance(receipt, Receipt)
    assert (receipt.provider_id, receipt.address, receipt.fate, receipt.code) == ("c1", NUMBER, fate, code)


@pytest.mark.parametrize(
    ("status", "fate"), [("CM:0000", Fate.DELIVERED), ("SM:0000", Fate.PENDING), ("MI:0013", Fate.FAILED)]
)
def test_yunmas_reports(status: str, fate: Fate) -> None:
    event = {"msgGroup": "g1", "mobile": "13800138001", "reportStatus": status}
    (plain,) = report("yunmas", body=event)
    (wrapped,) = report("yunmas", body=base64.b64encode(json.dumps([event]).encode()))
    assert plain == wrapped
    assert isinstance(plain, Receipt)
    assert (plain.provider_id, plain.address, plain.fate, plain.code) == ("g1", NUMBER, fate, status)


def test_receipts_that_come_together_are_told_apart() -> None:
    events = [{"id": "a", "status": "delivered"}, {"id": "b", "status": "delivered"}]
    assert len({event.raw for event in report("json", body=events)}) == 2


def test_one_callback_may_hold_receipts_and_replies() -> None:
    receipt, reply = report(
        "json", body=[{"id": "a", "status": "failed", "code": "MI:0013"}, {"from": "13800138001", "text": "收到"}]
    )
    assert isinstance(receipt, Receipt)
    assert isinstance(reply, Reply)
    assert (receipt.code, reply.address, reply.text) == ("MI:0013", NUMBER, "收到")


UNREADABLE: dict[str, tuple[str, dict[str, str], object]] = {
    "not JSON": ("json", {}, b"<xml/>"),
    "a number": ("json", {}, 7),
    "no status": ("json", {}, {"id": "a"}),
    "odd status": ("json", {}, {"id": "a", "status": "gone"}),
    "no number": ("yunmas", {}, {"msgGroup": "g", "reportStatus": "CM:0000"}),
    "base64 of rubbish": ("yunmas", {}, base64.b64encode(b"\xff\xfe")),
    "empty": ("kannel", {}, None),
    "%d left as it is": ("kannel", {"dlr": "%d", "id": "a"}, None),
}


@pytest.mark.parametrize(("profile", "query", "body"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_the_gateway_does_not_send_is_refused(profile: str, query: dict[str, str], body: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        report(profile, query, body)


@pytest.mark.parametrize(
    ("profile", "values", "words"),
    [("nobody", {}, "json, kannel, yunmas"), ("yunmas", {"ecName": "x"}, "apId, secretKey, sign")],
)
def test_settings_that_cannot_work_are_told_at_the_start(profile: str, values: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        HttpSmsChannel(settings("http://127.0.0.1", profile, values), Recorder())


async def send_to(peer: JsonPeer | KannelShape | YunmasPeer) -> None:
    await peer.start()
    channel: Channel = peer.channel(Recorder())
    async with running(channel, Recorder()):
        await until(channel.healthy, "the gateway listens")
        await channel.send(outgoing(NUMBER, expires_in=90 * 60 + 30))
    await peer.end()


async def test_the_expiry_travels_along() -> None:
    json_peer, kannel = JsonPeer(), KannelShape()
    await send_to(json_peer)
    await send_to(kannel)
    assert json_peer.requests[0]["expires_in"] == 90 * 60 + 30
    assert kannel.requests[0]["X-Kannel-Validity"] == "90"


def test_secrets_do_not_show() -> None:
    assert "t0ken" not in repr(settings("http://127.0.0.1", "json", VALUES["json"]))
