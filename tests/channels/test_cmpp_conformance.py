"""The CMPP channel keeps the promises of every channel in both versions, against protocol code that is not ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import get_args

import pytest

from tests.channels.bare_peers import refused_for
from tests.channels.cmpp_peers import CmppPeer, Version, gateways, settings
from tests.channels.conformance import ORDER, ChannelConformance, Recorder, outgoing, running, until
from warnengine.dispatch.channel import Reason
from warnengine.dispatch.channels.cmpp import CmppChannel


@pytest.fixture(scope="module")
def control() -> Iterator[Path]:
    with gateways() as control:
        yield control


class Cmpp(ChannelConformance):
    make_peer = CmppPeer
    version: Version

    @pytest.fixture
    async def peer(self, control: Path) -> AsyncIterator[CmppPeer]:
        peer = CmppPeer(control, self.version)
        await peer.start()
        yield peer
        await peer.stop()
        await peer.end()


class TestCmpp20(Cmpp):
    version = "2.0"


class TestCmpp30(Cmpp):
    version = "3.0"


async def test_what_a_submit_carries_beside_the_text(control: Path) -> None:
    """Receipt asked for every part, validity from the order's expiry, the contract's codes, who pays, our number."""
    for version in get_args(Version):
        peer = CmppPeer(control, version)
        await peer.start()
        inbox = Recorder()
        fees = {"fee_user_type": 3, "fee_terminal": "13900139000", "fee_type": "02", "fee_code": "10"}
        channel = CmppChannel(settings(peer.port, version=version, **fees), inbox)
        async with running(channel, inbox):
            await until(channel.healthy, "the session is bound")
            await channel.send(outgoing(peer.address, ORDER + "撤" * 100, expires_in=90 * 60))
            await until(lambda peer=peer: len(peer.submits) == 3, "all parts have come")  # type: ignore[misc]
        await peer.stop()
        await peer.end()
        assert [(submit["number"], submit["total"]) for submit in peer.submits] == [
            ("1", "3"),
            ("2", "3"),
            ("3", "3"),
        ]
        varying = {"id", "number", "content", "valid"}
        same = [{name: value for name, value in submit.items() if name not in varying} for submit in peer.submits]
        assert same == [same[0]] * 3
        assert same[0] == {
            "destination": "8613800138001",
            "udhi": "1",
            "format": "8",
            "total": "3",
            "registered": "1",
            "level": "1",
            "service": "YJ",
            "company": "901234",
            "fee_user": "3",
            "fee_type": "02",
            "fee_code": "10",
            "source": "106900120",
        }
        assert {submit["valid"] for submit in peer.submits} <= {"000000013000000R", "000000012959000R"}


async def test_replies_in_every_coding_a_handset_sends(control: Path) -> None:
    peer = CmppPeer(control, "3.0")
    await peer.start()
    inbox = Recorder()
    channel = peer.channel(inbox)
    async with running(channel, inbox):
        await until(channel.healthy, "the session is bound")
        for octets, coding in (
            (b"1 @_$", 0),
            ("收到𠮷".encode("utf-16-be"), 8),
            ("已转移，3人".encode("gb18030"), 15),
        ):
            assert await peer.deliver(b"", octets, coding) == 0
    await peer.stop()
    await peer.end()
    assert [reply.text for reply in inbox.replies] == ["1 @_$", "收到𠮷", "已转移，3人"]
    assert {(reply.address, reply.to) for reply in inbox.replies} == {("+8613800138001", "106900120")}


@pytest.mark.parametrize(
    ("spoken", "changes", "words"),
    [
        ("2.0", {"version": "2.0", "password": "wrong"}, "认证错"),
        ("3.0", {"version": "3.0", "company": "901235"}, "认证错"),
        ("2.0", {"version": "3.0"}, "版本太高"),
        ("3.0", {"version": "2.0"}, "版本太高"),
    ],
)
async def test_a_refused_login_is_told_in_the_gateways_words(
    control: Path, spoken: Version, changes: dict[str, str], words: str
) -> None:
    peer = CmppPeer(control, spoken)
    await peer.start()
    inbox = Recorder()
    channel = CmppChannel(settings(peer.port, **changes), inbox)
    async with running(channel, inbox):
        error = await refused_for(channel, Reason.CREDENTIALS, words)
        assert error.retry
        assert not channel.healthy()
    await peer.stop()
    await peer.end()
