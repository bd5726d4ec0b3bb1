"""The one table of channels: which class speaks to which gateway."""

from __future__ import annotations

from typing import assert_never

from warnengine.dispatch.channel import Channel, Inbox
from warnengine.dispatch.channels import held
from warnengine.dispatch.channels.cmpp import CmppChannel
from warnengine.dispatch.channels.email import EmailChannel
from warnengine.dispatch.channels.push import PushChannel
from warnengine.dispatch.channels.smpp import SmppChannel
from warnengine.dispatch.channels.sms_http import HttpSmsChannel
from warnengine.dispatch.channels.voice import VoiceChannel
from warnengine.model.errors import StartRefused
from warnengine.settings import (
    AnyGateway,
    CmppGateway,
    HttpGateway,
    PushGateway,
    SmppGateway,
    SmtpGateway,
    VoiceGateway,
)

ONE_AT_A_TIME = (SmppGateway, CmppGateway, VoiceGateway)
"""An account takes one bind; and that a number gets one call at a time is known only to who makes the calls."""


def shared(channel: Channel, gateway: AnyGateway, leases: held.Leases, lease: float) -> Channel:
    """The channel as several processes may run it; `lease` in seconds."""
    return held.held(channel, leases, lease) if isinstance(gateway, ONE_AT_A_TIME) else channel


def built(gateway: AnyGateway, inbox: Inbox) -> Channel:
    """As `channel_of`, but settings that cannot work are StartRefused."""
    try:
        return channel_of(gateway, inbox)
    except ValueError as error:
        raise StartRefused(f"the settings of a gateway: {error}") from error


def channel_of(gateway: AnyGateway, inbox: Inbox) -> Channel:
    """The channel that speaks to a gateway: the one table of channels."""
    match gateway:
        case SmppGateway():
            return SmppChannel(gateway, inbox)
        case CmppGateway():
            return CmppChannel(gateway, inbox)
        case HttpGateway():
            return HttpSmsChannel(gateway, inbox)
        case VoiceGateway():
            return VoiceChannel(gateway, inbox)
        case SmtpGateway():
            return EmailChannel(gateway, inbox)
        case PushGateway():
            return PushChannel(gateway, inbox)
        case _:
            assert_never(gateway)
