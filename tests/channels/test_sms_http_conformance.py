"""The HTTP channel keeps the promises of every channel, with each of its profiles."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.channels.conformance import ChannelConformance
from tests.channels.http_peers import HttpPeer, JsonPeer, KannelShape, YunmasPeer


class _Ended(ChannelConformance):
    @pytest.fixture
    async def peer(self) -> AsyncIterator[HttpPeer]:
        peer = type(self).make_peer()
        assert isinstance(peer, HttpPeer)
        await peer.start()
        yield peer
        await peer.end()


class TestJson(_Ended):
    make_peer = JsonPeer


class TestYunmas(_Ended):
    make_peer = YunmasPeer


class TestKannelShape(_Ended):
    make_peer = KannelShape
