"""One bound connection to an SMPP 3.4 gateway."""

from __future__ import annotations

from warnengine.dispatch.channel import Receipt
from warnengine.dispatch.channels import smpp_pdu as pdu
from warnengine.dispatch.channels.numbers import e164
from warnengine.dispatch.channels.smpp_answers import is_receipt, read_receipt, refusal
from warnengine.dispatch.channels.sms_inbound import Piece
from warnengine.dispatch.channels.sms_parts import Place, read_header, read_text
from warnengine.dispatch.channels.sms_session import SmsSession, Taker
from warnengine.settings import SmppGateway

NOT_STORED = 0x64
"""ESME_RX_T_APPN, a temporary error of ours: the gateway repeats."""
UNREADABLE = 0x65
"""ESME_RX_P_APPN: repeating would not help."""
UNKNOWN_COMMAND = 0x03
UNKNOWN_ERROR = 0xFF


class SmppSession(SmsSession):
    """A transceiver session."""

    protocol = "SMPP"
    shortest = pdu.HEADER.size
    longest = pdu.LONGEST
    submit_command = pdu.SUBMIT_SM
    enquire_command = pdu.ENQUIRE_LINK
    goodbye_command = pdu.UNBIND
    frame = staticmethod(pdu.frame)

    def __init__(self, gateway: SmppGateway, take: Taker) -> None:
        super().__init__(gateway.name, gateway.window, gateway.answer_seconds, take)
        self._gateway = gateway

    def bind(self) -> None:
        """Log in; the answer comes in `bound`."""
        gateway = self._gateway
        login = pdu.bind_transceiver(gateway.system_id, gateway.password.get_secret_value(), gateway.system_type)
        self._write(pdu.BIND_TRANSCEIVER, login)

    def cancel(self, body: bytes) -> None:
        """Write a cancel_sm; its answer is only logged."""
        if self.open:
            self._write(pdu.CANCEL_SM, body)

    def _read(self, octets: bytes) -> None:
        _, command, status, sequence = pdu.HEADER.unpack_from(octets)
        if command == pdu.SUBMIT_SM | pdu.RESPONSE:
            body = octets[pdu.HEADER.size :]
            self._settle(sequence, refusal(status) if status else pdu.read_message_id(body))
        elif command == pdu.GENERIC_NACK:
            self._settle(sequence, refusal(status or UNKNOWN_ERROR))
        elif command == pdu.DELIVER_SM:
            self._deliver_sm(sequence, octets[pdu.HEADER.size :])
        elif command == pdu.ENQUIRE_LINK:
            self._write(pdu.ENQUIRE_LINK | pdu.RESPONSE, sequence=sequence)
        elif command == pdu.BIND_TRANSCEIVER | pdu.RESPONSE:
            self._login_answered(status)
        elif command == pdu.UNBIND:
            self.open = False
            self._write(pdu.UNBIND | pdu.RESPONSE, sequence=sequence)
        elif command == pdu.UNBIND | pdu.RESPONSE:
            self._said_goodbye()
        elif command == pdu.CANCEL_SM | pdu.RESPONSE:
            self._logger.info("recalled" if status == 0 else "not recalled", status=pdu.describe(status))
        elif not command & pdu.RESPONSE:
            self._leave(pdu.frame(pdu.GENERIC_NACK, sequence, status=UNKNOWN_COMMAND))

    def _deliver_sm(self, sequence: int, body: bytes) -> None:
        def answer(status: int) -> None:
            self._leave(pdu.frame(pdu.DELIVER_SM | pdu.RESPONSE, sequence, b"\0", status))

        try:
            message = pdu.read_deliver_sm(body)
        except pdu.Malformed as error:
            self._logger.error("unreadable deliver_sm refused", error=str(error), size=len(body))
            answer(UNREADABLE)
            return
        self._delivered(self._understood(message), lambda stored: answer(0 if stored else NOT_STORED))

    def _understood(self, message: pdu.DeliverSm) -> Receipt | Piece:
        if is_receipt(message):
            return read_receipt(message, self._gateway.name, e164(message.source, self._gateway.country))
        place, octets = _place(message)
        text = read_text(octets, message.data_coding)
        return Piece(message.source, message.destination, place, text, message.body)


def _place(message: pdu.DeliverSm) -> tuple[Place | None, bytes]:
    """Find where a part stands, in a user data header or in the sar TLVs (§5.3.2.22)."""
    if message.esm_class & pdu.UDH_INDICATOR:
        return read_header(message.user_data)
    reference, total, number = map(message.number, (pdu.SAR_REFERENCE, pdu.SAR_TOTAL, pdu.SAR_NUMBER))
    if reference is None or total is None or number is None:
        return None, message.user_data
    return Place.checked(reference, total, number), message.user_data
