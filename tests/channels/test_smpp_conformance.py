"""The SMPP channel keeps the promises of every channel, against two gateways with unrelated protocol code."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.channels.conformance import ChannelConformance
from tests.channels.smpp_peers import NodePeer, Smpp34Peer


class TestSmpp34(ChannelConformance):
    make_peer = Smpp34Peer


class TestNodeSmpp(ChannelConformance):
    make_peer = NodePeer

    @pytest.fixture
    async def peer(self) -> AsyncIterator[NodePeer]:
        peer = NodePeer()
        await peer.start()
        yield peer
        await peer.stop()
        await peer.end()
