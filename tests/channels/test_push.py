"""Web Push beyond the shared promises: its headers, its refusals, and where it never connects to."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.conformance import Recorder, outgoing, running, until, words
from tests.channels.test_push_conformance import VAPID_KEY, Browser, PushService, from_base64url, vapid_claims
from warnengine.dispatch.channel import ChannelError, Outgoing, Reason
from warnengine.dispatch.channels.push import PushChannel
from warnengine.dispatch.channels.push_answers import refusal
from warnengine.dispatch.channels.push_keys import load_vapid_key, new_vapid_key
from warnengine.dispatch.channels.push_subscription import read_subscription
from warnengine.model.errors import StartRefused

HTTPS = "https://push.example.com/one"


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    service = PushService()
    await service.start()
    yield service
    await service.stop()


@contextlib.asynccontextmanager
async def pushing(service: PushService, **settings: object) -> AsyncIterator[PushChannel]:
    inbox = Recorder()
    channel = PushChannel(service.settings(**settings), inbox)
    async with running(channel, inbox):
        await until(channel.healthy, "the channel is running")
        yield channel


async def refused(channel: PushChannel, message: Outgoing) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        await channel.send(message)
    return caught.value


# What goes out


async def test_notice_and_headers_are_those_of_the_standard(service: PushService) -> None:
    async with pushing(service) as channel:
        message = outgoing(service.address, expires_in=1800.9)
        accepted = await channel.send(message)
        key = channel.application_server_key
    (headers,), (notice,) = service.headers, service.notices
    assert {name: headers[name] for name in ("TTL", "Urgency", "Topic", "Content-Encoding")} == {
        "TTL": "1800",
        "Urgency": "high",
        "Topic": message.dedupe_id,
        "Content-Encoding": "aes128gcm",
    }
    assert notice == {
        "title": message.text.subject,
        "body": message.text.short,
        "url": message.text.link,
        "tag": message.dedupe_id,
    }
    assert vapid_claims(headers["Authorization"])[1] == key
    assert accepted.provider_ids == (f"{service.origin}/m/1",)


async def test_yellow_and_blue_do_not_wake_the_phone(service: PushService) -> None:
    async with pushing(service) as channel:
        await channel.send(replace(outgoing(service.address), urgent=False))
    assert service.headers[0]["Urgency"] == "normal"


async def test_repeat_replaces_what_waits_at_the_service(service: PushService) -> None:
    async with pushing(service) as channel:
        first = outgoing(service.address)
        await channel.send(first)
        await channel.send(replace(first, client_id="9" * 16))
    assert service.headers[0]["Topic"] == service.headers[1]["Topic"]


async def test_text_too_long_for_a_push_is_not_cut_but_refused(service: PushService) -> None:
    async with pushing(service) as channel:
        error = await refused(channel, replace(outgoing(service.address), text=words("撤" * 1000)))
    assert (error.reason, error.retry) == (Reason.REJECTED, False)
    assert service.received == []


# What the service answers

STATUSES = [
    (400, Reason.REJECTED, False),
    (401, Reason.CREDENTIALS, True),
    (403, Reason.CREDENTIALS, True),
    (404, Reason.BAD_ADDRESS, False),
    (405, Reason.REJECTED, False),
    (408, Reason.GATEWAY_ERROR, True),
    (410, Reason.BAD_ADDRESS, False),
    (413, Reason.REJECTED, False),
    (429, Reason.THROTTLED, True),
    (500, Reason.GATEWAY_ERROR, True),
    (502, Reason.GATEWAY_ERROR, True),
    (503, Reason.GATEWAY_ERROR, True),
    (504, Reason.GATEWAY_ERROR, True),
]


@pytest.mark.parametrize(("status", "reason", "retry"), STATUSES)
async def test_every_refusal_has_its_reason(
    service: PushService, status: int, reason: Reason, retry: bool
) -> None:
    service.status = status
    async with pushing(service) as channel:
        error = await refused(channel, outgoing(service.address))
        assert (error.reason, error.retry) == (reason, retry)
        assert error.detail == f"{status} says why"
        assert channel.healthy()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_not_followed(service: PushService, status: int) -> None:
    elsewhere = PushService()
    await elsewhere.start()
    service.status, service.extra = status, {"Location": f"{elsewhere.origin}/push/one"}
    async with pushing(service) as channel:
        error = await refused(channel, outgoing(service.address))
    assert (error.reason, error.retry) == (Reason.REJECTED, False)
    assert elsewhere.received == []
    await elsewhere.stop()


LATER = [
    ("7", 7.0),
    ("0", 0.0),
    ("in an hour", 3600.0),
    ("an hour ago", 0.0),
    ("soon", None),
    ("-3", None),
    ("²", None),
    (None, None),
]


@pytest.mark.parametrize(("header", "seconds"), LATER, ids=range(len(LATER)))
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    hours = {"in an hour": 1, "an hour ago": -1}  # from now, not from when the tests were collected
    if header in hours:
        header = format_datetime(datetime.now(UTC) + timedelta(hours=hours[header]), usegmt=True)
    after = refusal(429, "", header).after
    assert after == (seconds if seconds is None else pytest.approx(seconds, abs=1800))


@given(st.integers(300, 999), st.text(), st.none() | st.text())
def test_any_answer_has_a_meaning_that_a_database_can_hold(status: int, text: str, header: str | None) -> None:
    error = refusal(status, text, header)
    assert error.detail.isprintable()
    error.detail.encode()
    assert error.after is None or error.after >= 0


# Subscriptions


def subscription(**changes: Any) -> str:
    whole = json.loads(Browser().subscription(HTTPS))
    keys = {**whole["keys"], **changes.pop("keys", {})}
    return json.dumps({**whole, "keys": keys, **changes})


MALFORMED = {
    "empty": "",
    "a phone number": "+8613800000000",
    "not an object": "[]",
    "no keys": json.dumps({"endpoint": HTTPS}),
    "no endpoint": json.dumps({"keys": {"p256dh": "", "auth": ""}}),
    "auth too short": subscription(keys={"auth": "AAAA"}),
    "p256dh is not base64": subscription(keys={"p256dh": "铜梁"}),
    "p256dh is not on the curve": subscription(keys={"p256dh": "B" + "A" * 86}),
    "p256dh is compressed": subscription(keys={"p256dh": "Ag" + "A" * 42}),
    "p256dh is empty": subscription(keys={"p256dh": ""}),
    "endpoint is no URL": subscription(endpoint="http://[::"),
    "endpoint has no host": subscription(endpoint="https:///one"),
    "endpoint is too long": subscription(endpoint=HTTPS + "x" * 3000),
    "http": subscription(endpoint="http://push.example.com/one"),
    "http to this machine": subscription(endpoint="http://127.0.0.1/one"),
    "file": subscription(endpoint="file:///etc/passwd"),
    "gopher": subscription(endpoint="gopher://push.example.com/"),
    "with a password": subscription(endpoint="https://a:b@push.example.com/one"),
    "relative": subscription(endpoint="/push/one"),
    "empty label": subscription(endpoint="https://a..b/"),
    "dots": subscription(endpoint="https://.../"),
    "empty punycode": subscription(endpoint="https://xn--/"),
    "punycode of nothing": subscription(endpoint="https://xn--a-ecp.ru/"),
    "long label": subscription(endpoint=f"https://{'a' * 70}.com/"),
    "long name": subscription(endpoint=f"https://{'a.' * 200}com/"),
    "blank in the host": subscription(endpoint="https://a b/"),
}


@pytest.mark.parametrize("address", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_subscription_is_a_bad_address(address: str) -> None:
    with pytest.raises(ChannelError) as caught:
        read_subscription(address, allow_http_loopback=False)
    assert (caught.value.reason, caught.value.retry) == (Reason.BAD_ADDRESS, False)


@given(st.text() | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps))
def test_any_address_is_read_or_bad(address: str) -> None:
    with pytest.raises(ChannelError, match="not a push subscription"):
        read_subscription(address, allow_http_loopback=False)


def test_a_browsers_own_json_is_read() -> None:
    assert str(read_subscription(subscription(), allow_http_loopback=False).url) == HTTPS


@pytest.mark.parametrize("host", ["push.example.com", "10.0.0.1", "127.0.0.1.example.com", "127.1.1.1.1"])
def test_http_is_for_this_machine_only(host: str) -> None:
    with pytest.raises(ChannelError):
        read_subscription(subscription(endpoint=f"http://{host}/one"), allow_http_loopback=True)


# Where it never connects to

PRIVATE = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "224.0.0.1",
    "localhost",
]


@pytest.mark.parametrize("host", PRIVATE)
async def test_no_endpoint_leads_into_the_private_network(service: PushService, host: str) -> None:
    async with pushing(service, allow_http_loopback=False) as channel:
        error = await refused(channel, outgoing(subscription(endpoint=f"https://{host}/one")))
        assert (error.reason, error.retry) == (Reason.BAD_ADDRESS, False)
        assert channel.healthy(), "one person's bad endpoint is not the channel's ill"


class Rebinding(AbstractResolver):
    """A name server that turns a public name into an inner address."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        kind = socket.AF_INET6 if ":" in self._address else socket.AF_INET
        return [
            ResolveResult(
                hostname=host, host=self._address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST
            )
        ]

    async def close(self) -> None:
        """Nothing is held."""


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fe80::1", "fd00::1"]
)
async def test_no_name_leads_into_the_private_network(
    service: PushService, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(aiohttp.connector, "DefaultResolver", lambda **_: Rebinding(address))
    async with pushing(service, allow_http_loopback=False) as channel:
        error = await refused(channel, outgoing(subscription()))
    assert (error.reason, error.retry) == (Reason.BAD_ADDRESS, False)


async def test_one_dead_service_does_not_stop_the_others(service: PushService) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    dead = Browser().subscription(f"http://127.0.0.1:{port}/one")
    async with pushing(service) as channel:
        await channel.send(outgoing(service.address))
        error = await refused(channel, outgoing(dead))
        assert (error.reason, error.retry) == (Reason.UNREACHABLE, True)
        assert channel.healthy()


async def test_a_service_that_trickles_its_answer_does_not_hold_us() -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 500 Oops\r\nContent-Length: 100000\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b".")
                await writer.drain()
                await asyncio.sleep(0.01)
        writer.close()

    async with await asyncio.start_server(trickle, "127.0.0.1", 0) as server, pushing(PushService()) as channel:
        port = server.sockets[0].getsockname()[1]
        error = await refused(channel, outgoing(Browser().subscription(f"http://127.0.0.1:{port}/one")))
    assert error.reason is Reason.GATEWAY_ERROR


# Keys


def test_new_keys_serve_and_differ() -> None:
    keys = {new_vapid_key() for _ in range(3)}
    assert len(keys) == 3
    for key in keys:
        assert len(from_base64url(key)) == 32
        load_vapid_key(key, "mailto:duty@example.cn")


def test_a_key_is_base64url_or_pem() -> None:
    vapid = load_vapid_key(VAPID_KEY, "mailto:duty@example.cn")
    pem = vapid.private_pem().decode()
    inbox = Recorder()
    channels = [PushChannel(PushService().settings(private_key=key), inbox) for key in (VAPID_KEY, pem)]
    first, second = (channel.application_server_key for channel in channels)
    assert first == second
    assert len(from_base64url(first)) == 65


@pytest.mark.parametrize(
    "key", ["", "short", "铜梁", "A" * 43, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
)
def test_a_key_that_does_not_serve_stops_the_start(key: str) -> None:
    with pytest.raises(StartRefused, match="private_key"):
        PushChannel(PushService().settings(private_key=key), Recorder())
