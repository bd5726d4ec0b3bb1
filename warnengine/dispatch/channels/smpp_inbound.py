"""What an SMPP gateway hands over: receipts, replies, and replies in several parts."""

from __future__ import annotations

from warnengine.dispatch.channel import Inbox
from warnengine.dispatch.channels import smpp_pdu as pdu
from warnengine.dispatch.channels.numbers import e164
from warnengine.dispatch.channels.smpp_answers import is_receipt, read_receipt
from warnengine.dispatch.channels.sms_inbound import Piece, Replies
from warnengine.dispatch.channels.sms_parts import Place, read_header, read_text


class Inbound:
    """Reads deliver_sm and hands over to the Inbox."""

    def __init__(self, gateway: str, country: str, inbox: Inbox) -> None:
        self._gateway = gateway
        self._country = country
        self._inbox = inbox
        self._replies = Replies(gateway, country, inbox)

    async def take(self, message: pdu.DeliverSm) -> None:
        """Store a receipt or a reply; raise what the Inbox raises."""
        if is_receipt(message):
            address = e164(message.source, self._country)
            await self._inbox.receipt(read_receipt(message, self._gateway, address))
            return
        place, octets = _place(message)
        text = read_text(octets, message.data_coding)
        await self._replies.take(Piece(message.source, message.destination, place, text, message.body))


def _place(message: pdu.DeliverSm) -> tuple[Place | None, bytes]:
    """Find where a part stands, in a user data header or in the sar TLVs (§5.3.2.22)."""
    if message.esm_class & pdu.UDH_INDICATOR:
        return read_header(message.user_data)
    reference, total, number = map(message.number, (pdu.SAR_REFERENCE, pdu.SAR_TOTAL, pdu.SAR_NUMBER))
    if reference is None or total is None or number is None:
        return None, message.user_data
    return Place.checked(reference, total, number), message.user_data
