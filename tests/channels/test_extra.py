"""Apprise keeps what it can of the promises of every channel; its answer is the last that is heard."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from tests.channels.conformance import Answer, ChannelConformance, Line, Recorder, outgoing
from tests.channels.http_peers import HttpPeer
from warnengine.app.channels import built
from warnengine.dispatch.channel import Channel, ChannelError, Inbox, Reason, Text, Unanswered
from warnengine.dispatch.channels.extra import ExtraChannel
from warnengine.dispatch.channels.extra_words import outcome_of
from warnengine.model.errors import StartRefused
from warnengine.settings import ExtraGateway


def extra_settings(url: str, **fields: object) -> ExtraGateway:
    """Make settings with time limits of a few seconds."""
    return ExtraGateway.model_validate(
        {"kind": "extra", "name": "extra", "url": url, "connect_seconds": 3, "answer_seconds": 3} | fields
    )


class AppriseTarget(HttpPeer):
    """A service that takes Apprise's JSON."""

    address = "群/应急 1"
    has_receipts = False
    has_replies = False
    has_network = False  # its sockets are not ours: they cannot be given up with a reset
    answers: frozenset[Answer] = frozenset(
        {"accept", "throttle", "temporary", "reject", "credentials", "silent", "drop_before_answer"}
    )
    statuses: dict[Answer, int] = {"throttle": 429, "credentials": 401, "temporary": 500, "reject": 400}

    def channel(self, inbox: Inbox) -> Channel:
        return ExtraChannel(extra_settings(f"json://127.0.0.1:{self._site.port}/to/{{address}}"), inbox)

    def carries(self, text: Text) -> str:
        return f"{text.subject}\n{text.short}"

    def play(self, request: web.BaseRequest, body: bytes) -> web.Response:
        if status := self.statuses.get(self._answer):
            return web.Response(status=status)
        said = json.loads(body)
        self.requests.append({"path": request.path})
        self.received.append((self.address, f"{said['title']}\n{said['message']}"))
        return web.Response()


class TestExtra(ChannelConformance):
    make_peer = AppriseTarget

    @pytest.fixture
    async def peer(self) -> AsyncIterator[AppriseTarget]:
        peer = AppriseTarget()
        await peer.start()
        yield peer
        await peer.end()

    async def test_the_address_stands_in_the_url(self, peer: AppriseTarget, line: Line) -> None:
        await line.send(outgoing(peer.address))
        assert "应急" in peer.requests[-1]["path"]

    async def test_wrong_credentials_are_named(self, peer: AppriseTarget, line: Line) -> None:
        peer.script("credentials")
        with pytest.raises(ChannelError):
            await line.send(outgoing(peer.address))
        assert isinstance(line.channel, ExtraChannel)
        assert line.channel.trouble() == "credentials refused: the service answered HTTP 401"


@pytest.mark.parametrize("url", ["nothing://here", "", "json://"])
def test_a_service_that_apprise_does_not_know_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="does not know a service"):
        ExtraChannel(extra_settings(url), Recorder())


def test_without_apprise_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(StartRefused, match=r"pip install 'warnengine\[extra\]'"):
        built(extra_settings("json://127.0.0.1"), Recorder())


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Failed to send JSON POST notification: Not Found., error=404.", Reason.REJECTED),
        ("Failed to send X: error=503", Reason.GATEWAY_ERROR),
        ("Socket Exception: HTTPConnectionPool(host='secret'): Read timed out. (read timeout=4.0)", None),
        (
            "Socket Exception: Failed to establish a new connection: [Errno 111] Connection refused",
            Reason.UNREACHABLE,
        ),
        ("Socket Exception: SSLError(CERTIFICATE_VERIFY_FAILED)", Reason.UNREACHABLE),
        ("", None),
    ],
)
def test_what_a_no_means(line: str, reason: Reason | None) -> None:
    found = outcome_of(["Sending to secret", line])
    if reason:
        assert isinstance(found, ChannelError)
        assert found.reason is reason
    else:
        assert isinstance(found, Unanswered)
    assert "secret" not in str(found)
