"""Calls by a vendor's HTTP interface: a machine calls, speaks the text and takes a key."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from warnengine.dispatch.channel import Accepted, ChannelError, Inbox, Outgoing, Reason, Receipt, Reply
from warnengine.dispatch.channels.http_profile import Garbled
from warnengine.dispatch.channels.sms_http import HttpChannel, named
from warnengine.dispatch.channels.speech import spoken
from warnengine.dispatch.channels.voice_profiles import VENDORS, profile_of
from warnengine.settings import VoiceGateway


class VoiceChannel(HttpChannel):
    """A line for calls. A number is called once at a time, with a pause between."""

    kind = "voice"

    def __init__(self, gateway: VoiceGateway, inbox: Inbox) -> None:
        """Look the vendor up; raise ValueError where it does not exist or lacks values."""
        profile = gateway.profile
        vendor = named(gateway, profile, VENDORS) if isinstance(profile, str) else profile
        super().__init__(gateway, profile_of(vendor))
        self._line = gateway
        self._free: dict[str, float] = {}
        """When a number may be called again, by the monotonic clock; only what lies ahead is kept."""

    async def send(self, message: Outgoing) -> Accepted:
        """Have a number called; the fate of the call comes by callback."""
        self._begin(message.address)
        try:
            return await super().send(
                replace(message, text=replace(message.text, short=spoken(message.text.short)))
            )
        except ChannelError:
            self._free.pop(message.address, None)
            raise

    def read_callback(self, method: str, query: Mapping[str, str], body: bytes) -> list[Receipt | Reply | Garbled]:
        """Read the reports of calls, as every line by HTTP does; a call that is reported is over."""
        found = super().read_callback(method, query, body)
        for thing in found:
            if isinstance(thing, Receipt) and thing.address in self._free:
                over = time.monotonic() + self._line.pause_seconds
                self._free[thing.address] = min(self._free[thing.address], over)
        return found

    def _begin(self, number: str) -> None:
        now = time.monotonic()
        self._free = {one: free for one, free in self._free.items() if free > now}
        if number in self._free:
            detail = "this number is being called, or was a moment ago"
            raise ChannelError(Reason.THROTTLED, detail, retry=True, after=self._free[number] - now)
        self._free[number] = now + self._line.call_seconds + self._line.pause_seconds
