"""Replies that an SMS gateway hands over, and replies in several parts."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from warnengine.dispatch.channel import Inbox, Receipt, Reply
from warnengine.dispatch.channels.numbers import e164
from warnengine.dispatch.channels.sms_parts import Place
from warnengine.settings import CmppGateway, SmppGateway

PATIENCE = 2.0
"""Seconds that a part waits for the others before it is stored as it stands."""
REMEMBERED = 1000
"""Long replies kept in mind at once."""

Key = tuple[str, str, int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """A reply, or one part of it."""

    source: str
    destination: str
    place: Place | None
    """Where it stands in a long reply; None for a reply of one part."""
    text: str
    raw: bytes
    """The same when the gateway repeats."""


@dataclass
class LongReply:
    """The parts of one long reply, by number."""

    total: int
    parts: dict[int, Piece] = field(default_factory=dict)
    stored: asyncio.Event = field(default_factory=asyncio.Event)

    def whole(self) -> bool:
        """Say whether all parts have come."""
        return len(self.parts) == self.total

    def has(self, number: int, text: str) -> bool:
        """Say whether the part has come before, with the same text."""
        return number in self.parts and self.parts[number].text == text

    def text(self) -> str:
        """Join the parts."""
        return "".join(self.parts[number].text for number in sorted(self.parts))

    def raw(self) -> bytes:
        """Join the bytes that the parts were read from."""
        return b"".join(self.parts[number].raw for number in sorted(self.parts))


class Inbound:
    """Hands over to the Inbox: receipts, and replies, long ones whole where it can."""

    def __init__(self, gateway: SmppGateway | CmppGateway, inbox: Inbox) -> None:
        self._gateway = gateway.name
        self._country = gateway.country
        self._inbox = inbox
        self._long: OrderedDict[Key, LongReply] = OrderedDict()

    async def receipts(self, receipts: Sequence[Receipt]) -> None:
        """Store receipts; raise what the Inbox raises."""
        await self._inbox.batch(receipts)

    async def piece(self, piece: Piece) -> None:
        """Store a reply or a part of it; raise what the Inbox raises."""
        if piece.place is None:
            await self._reply(piece, piece.text, piece.raw)
        else:
            await self._part(piece, piece.place)

    async def _part(self, piece: Piece, place: Place) -> None:
        """Store a long reply whole once all its parts are here.

        No part is confirmed before it is stored. A gateway that hands over one part at a time would wait for ever:
        so a part that has waited long enough is stored as it stands, and the whole follows with the last part.
        """
        long = self._find(piece, place)
        long.parts[place.number] = piece
        if long.stored.is_set():
            return
        if long.whole():
            await self._reply(piece, long.text(), long.raw())
            long.stored.set()
            return
        try:
            await asyncio.wait_for(long.stored.wait(), PATIENCE)
        except TimeoutError:
            await self._reply(piece, piece.text, piece.raw)

    def _find(self, piece: Piece, place: Place) -> LongReply:
        """Find the long reply a part belongs to; a handset counts its references round, so old ones are new."""
        key = (piece.source, piece.destination, place.reference, place.total)
        long = self._long.get(key)
        if long is None or (long.stored.is_set() and not long.has(place.number, piece.text)):
            long = self._long[key] = LongReply(place.total)
        self._long.move_to_end(key)
        if len(self._long) > REMEMBERED:
            self._long.popitem(last=False)
        return long

    async def _reply(self, piece: Piece, text: str, raw: bytes) -> None:
        address = e164(piece.source, self._country)
        await self._inbox.reply(
            Reply(gateway=self._gateway, address=address, to=piece.destination, text=text, raw=raw)
        )
