"""The voice channel keeps the promises of every channel, with each of its vendors."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.channels.conformance import ChannelConformance
from tests.channels.voice_peers import AliyunVoicePeer, JsonVoicePeer, VoicePeer


class _Ended(ChannelConformance):
    @pytest.fixture
    async def peer(self) -> AsyncIterator[VoicePeer]:
        peer = type(self).make_peer()
        assert isinstance(peer, VoicePeer)
        await peer.start()
        yield peer
        await peer.end()


class TestJson(_Ended):
    make_peer = JsonVoicePeer


class TestAliyun(_Ended):
    make_peer = AliyunVoicePeer
