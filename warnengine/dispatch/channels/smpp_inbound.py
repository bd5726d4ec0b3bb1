"""What an SMPP gateway hands over: receipts, replies, and replies in several parts."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from warnengine.dispatch.channel import Inbox, Reply
from warnengine.dispatch.channels import smpp_pdu as pdu
from warnengine.dispatch.channels.numbers import e164
from warnengine.dispatch.channels.smpp_answers import is_receipt, read_receipt
from warnengine.dispatch.channels.sms_parts import Place, read_header, read_text

PATIENCE = 2.0
"""Seconds that a part waits for the others before it is stored as it stands."""
REMEMBERED = 1000
"""Long replies kept in mind at once."""

Key = tuple[str, str, int, int]


@dataclass
class LongReply:
    """The parts of one long reply, by number."""

    total: int
    parts: dict[int, pdu.DeliverSm] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    stored: asyncio.Event = field(default_factory=asyncio.Event)

    def whole(self) -> bool:
        """Say whether all parts have come."""
        return len(self.parts) == self.total

    def has(self, number: int, text: str) -> bool:
        """Say whether the part has come before, with the same text."""
        return self.texts.get(number) == text

    def text(self) -> str:
        """Join the parts."""
        return "".join(self.texts[number] for number in sorted(self.texts))

    def raw(self) -> bytes:
        """Join the bytes that the parts were read from."""
        return b"".join(self.parts[number].body for number in sorted(self.parts))


class Inbound:
    """Reads deliver_sm and hands over to the Inbox."""

    def __init__(self, gateway: str, country: str, inbox: Inbox) -> None:
        self._gateway = gateway
        self._country = country
        self._inbox = inbox
        self._long: OrderedDict[Key, LongReply] = OrderedDict()

    async def take(self, message: pdu.DeliverSm) -> None:
        """Store a receipt or a reply; raise what the Inbox raises."""
        if is_receipt(message):
            address = e164(message.source, self._country)
            await self._inbox.receipt(read_receipt(message, self._gateway, address))
            return
        place, octets = _place(message)
        text = read_text(octets, message.data_coding)
        if place is None:
            await self._reply(message, text, message.body)
        else:
            await self._part(message, place, text)

    async def _part(self, message: pdu.DeliverSm, place: Place, text: str) -> None:
        """Store a long reply whole once all its parts are here.

        No part is confirmed before it is stored. A gateway that hands over one part at a time would wait for ever:
        so a part that has waited long enough is stored as it stands, and the whole follows with the last part.
        """
        long = self._find(message, place, text)
        long.parts[place.number], long.texts[place.number] = message, text
        if long.stored.is_set():
            return
        if long.whole():
            await self._reply(message, long.text(), long.raw())
            long.stored.set()
            return
        try:
            await asyncio.wait_for(long.stored.wait(), PATIENCE)
        except TimeoutError:
            await self._reply(message, text, message.body)

    def _find(self, message: pdu.DeliverSm, place: Place, text: str) -> LongReply:
        """Find the long reply a part belongs to; a handset counts its references round, so old ones are new."""
        key = (message.source, message.destination, place.reference, place.total)
        long = self._long.get(key)
        if long is None or (long.stored.is_set() and not long.has(place.number, text)):
            long = self._long[key] = LongReply(place.total)
        self._long.move_to_end(key)
        if len(self._long) > REMEMBERED:
            self._long.popitem(last=False)
        return long

    async def _reply(self, message: pdu.DeliverSm, text: str, raw: bytes) -> None:
        await self._inbox.reply(
            Reply(
                gateway=self._gateway,
                address=e164(message.source, self._country),
                to=message.destination,
                text=text,
                raw=raw,
            )
        )


def _place(message: pdu.DeliverSm) -> tuple[Place | None, bytes]:
    """Find where a part stands, in a user data header or in the sar TLVs (§5.3.2.22)."""
    if message.esm_class & pdu.UDH_INDICATOR:
        return read_header(message.user_data)
    reference, total, number = map(message.number, (pdu.SAR_REFERENCE, pdu.SAR_TOTAL, pdu.SAR_NUMBER))
    if reference is None or total is None or number is None:
        return None, message.user_data
    return Place.checked(reference, total, number), message.user_data
