"""One bound connection to an SMPP 3.4 gateway."""

from __future__ import annotations

from warnengine.dispatch.channels import smpp_pdu as pdu
from warnengine.dispatch.channels.smpp_answers import refusal
from warnengine.dispatch.channels.sms_session import SmsSession

NOT_STORED = 0x64
"""ESME_RX_T_APPN, a temporary error of ours: the gateway repeats."""
UNREADABLE = 0x65
"""ESME_RX_P_APPN: repeating would not help."""
UNKNOWN_COMMAND = 0x03
UNKNOWN_ERROR = 0xFF


class SmppSession(SmsSession[pdu.DeliverSm]):
    """A transceiver session."""

    protocol = "SMPP"
    shortest = pdu.HEADER.size
    longest = pdu.LONGEST
    submit_command = pdu.SUBMIT_SM
    enquire_command = pdu.ENQUIRE_LINK
    goodbye_command = pdu.UNBIND
    frame = staticmethod(pdu.frame)

    def bind(self, system_id: str, password: str, system_type: str) -> None:
        """Log in; the answer comes in `bound`."""
        self._write(pdu.BIND_TRANSCEIVER, pdu.bind_transceiver(system_id, password, system_type))

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
        self._delivered(message, lambda stored: answer(0 if stored else NOT_STORED))
