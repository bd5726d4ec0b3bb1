"""Loudspeakers and the app keep the promises of every channel, at a real mosquitto."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.channels.conformance import ChannelConformance
from tests.channels.mqtt_peers import MOSQUITTO, REASON, AppPeer, SpeakerPeer

pytestmark = pytest.mark.skipif(not MOSQUITTO, reason=REASON)


class _Ended(ChannelConformance):
    @pytest.fixture
    async def peer(self) -> AsyncIterator[SpeakerPeer]:
        peer = type(self).make_peer()
        assert isinstance(peer, SpeakerPeer)
        await peer.start()
        yield peer
        await peer.end()


class TestLoudspeaker(_Ended):
    make_peer = SpeakerPeer


class TestApp(_Ended):
    make_peer = AppPeer
