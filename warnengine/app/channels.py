"""The one table of channels: which class speaks to which gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from warnengine.dispatch.channel import Channel, Inbox
from warnengine.dispatch.channels import held
from warnengine.dispatch.channels.cmpp import CmppChannel
from warnengine.dispatch.channels.email import EmailChannel
from warnengine.dispatch.channels.extra import ExtraChannel
from warnengine.dispatch.channels.mqtt import MqttChannel
from warnengine.dispatch.channels.push import PushChannel
from warnengine.dispatch.channels.smpp import SmppChannel
from warnengine.dispatch.channels.sms_http import HttpSmsChannel
from warnengine.dispatch.channels.voice import VoiceChannel
from warnengine.dispatch.channels.wecom import WecomChannel
from warnengine.model.book import RuleBook
from warnengine.model.errors import StartRefused
from warnengine.settings import (
    AnyGateway,
    CmppGateway,
    ExtraGateway,
    Gateway,
    HttpGateway,
    MqttGateway,
    PushGateway,
    SmppGateway,
    SmtpGateway,
    VoiceGateway,
    WecomGateway,
)

ADDED = frozenset({"wecom", "app", "loudspeaker", "extra"})
"""Channels that the shipped book does not name: whoever names them has them."""
CHANNELS: Mapping[type[Gateway], Callable[[Any, Inbox], Channel]] = {
    SmppGateway: SmppChannel,
    CmppGateway: CmppChannel,
    HttpGateway: HttpSmsChannel,
    VoiceGateway: VoiceChannel,
    SmtpGateway: EmailChannel,
    PushGateway: PushChannel,
    MqttGateway: MqttChannel,
    WecomGateway: WecomChannel,
    ExtraGateway: ExtraChannel,
}
ONE_AT_A_TIME = (SmppGateway, CmppGateway, VoiceGateway, MqttGateway)
"""An account takes one bind, a broker one connection of a client id; and that a number gets one call at a time is
known only to who makes the calls. So is how much of a contract has been used: what has a `rate` is one too."""


def shared(channel: Channel, gateway: AnyGateway, leases: held.Leases, lease: float) -> Channel:
    """The channel as several processes may run it; `lease` in seconds."""
    alone = isinstance(gateway, ONE_AT_A_TIME) or gateway.rate is not None
    return held.held(channel, leases, lease) if alone else channel


def built(gateway: AnyGateway, inbox: Inbox) -> Channel:
    """As `channel_of`, but settings that cannot work are StartRefused."""
    try:
        return channel_of(gateway, inbox)
    except ValueError as error:
        raise StartRefused(f"the settings of a gateway: {error}") from error


def channel_of(gateway: AnyGateway, inbox: Inbox) -> Channel:
    """The channel that speaks to a gateway."""
    return CHANNELS[type(gateway)](gateway, inbox)


def unserved(book: RuleBook, channels: Iterable[Channel]) -> dict[str, str]:
    """Channels that the bureau has put into ladder.yaml and no gateway serves: their texts would leave nowhere."""
    named = {channel for rung in book.ladder.values() for channel in rung.channels} & ADDED
    lacking = sorted(named - {channel.kind for channel in channels})
    return {kind: f"ladder.yaml names the channel {kind} and no gateway serves it" for kind in lacking}
