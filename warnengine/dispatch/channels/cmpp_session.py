"""One connection to a CMPP gateway, logged in once."""

from __future__ import annotations

import secrets

from warnengine.dispatch.channel import Receipt, Unanswered
from warnengine.dispatch.channels import cmpp_pdu as pdu
from warnengine.dispatch.channels.cmpp_answers import read_receipt, submit_answer
from warnengine.dispatch.channels.sms_inbound import Piece
from warnengine.dispatch.channels.sms_parts import read_header, read_text
from warnengine.dispatch.channels.sms_session import SmsSession, Taker
from warnengine.settings import CmppGateway

STORED = 0
UNREADABLE = 1
"""消息结构错."""
NOT_STORED = 8
"""流量控制错, the one result that asks for the same again."""


class CmppSession(SmsSession):
    """A session that submits and takes deliveries. Its numbers begin anywhere: one that comes again after we have
    connected afresh could be taken for a repeat."""

    protocol = "CMPP"
    shortest = pdu.HEADER.size
    longest = pdu.LONGEST
    submit_command = pdu.SUBMIT
    enquire_command = pdu.ACTIVE_TEST
    goodbye_command = pdu.TERMINATE
    frame = staticmethod(pdu.frame)

    def __init__(self, gateway: CmppGateway, take: Taker) -> None:
        first = secrets.randbelow(2**31)
        super().__init__(gateway.name, gateway.window, gateway.answer_seconds, take, first=first)
        self._gateway = gateway
        self._version = pdu.VERSIONS[gateway.version]

    def connect(self, stamp: str) -> None:
        """Log in at MMDDHHMMSS; the answer comes in `bound`."""
        secret = self._gateway.password.get_secret_value()
        self._write(pdu.CONNECT, pdu.connect(self._gateway.company, secret, self._version, stamp))

    def _read(self, octets: bytes) -> None:
        _, command, sequence = pdu.HEADER.unpack_from(octets)
        body = octets[pdu.HEADER.size :]
        if command == pdu.SUBMIT | pdu.RESPONSE:
            self._submit_answered(sequence, body)
        elif command == pdu.DELIVER:
            self._deliver(sequence, body)
        elif command == pdu.ACTIVE_TEST:
            self._write(pdu.ACTIVE_TEST | pdu.RESPONSE, b"\0", sequence=sequence)
        elif command == pdu.CONNECT | pdu.RESPONSE:
            self._connect_answered(body)
        elif command == pdu.TERMINATE:
            self.open = False
            self._write(pdu.TERMINATE | pdu.RESPONSE, sequence=sequence)
        elif command == pdu.TERMINATE | pdu.RESPONSE:
            self._said_goodbye()
        elif command != pdu.ACTIVE_TEST | pdu.RESPONSE:
            self._logger.warning("unknown CMPP command left unanswered", command=f"0x{command:08x}")

    def _connect_answered(self, body: bytes) -> None:
        try:
            self._login_answered(pdu.read_connect_resp(body))
        except pdu.Malformed as error:
            self.reset(str(error))

    def _submit_answered(self, sequence: int, body: bytes) -> None:
        try:
            self._settle(sequence, submit_answer(*pdu.read_submit_resp(body)))
        except pdu.Malformed as error:
            self._settle(sequence, Unanswered(f"the gateway's answer cannot be read: {error}"))

    def _deliver(self, sequence: int, body: bytes) -> None:
        def answer(result: int) -> None:
            response = pdu.deliver_resp(body[:8].ljust(8, b"\0"), result, self._version)
            self._write(pdu.DELIVER | pdu.RESPONSE, response, sequence=sequence)

        try:
            thing = self._understood(pdu.read_deliver(body, self._version))
        except pdu.Malformed as error:
            self._logger.error("unreadable CMPP_DELIVER refused", error=str(error), size=len(body))
            answer(UNREADABLE)
            return
        self._delivered(thing, lambda stored: answer(STORED if stored else NOT_STORED))

    def _understood(self, message: pdu.Deliver) -> Receipt | Piece:
        if message.receipt:
            return read_receipt(message, self._gateway.name, self._gateway.country)
        place, octets = read_header(message.content) if message.header else (None, message.content)
        # Msg_Fmt 0 is ASCII, not the alphabet of SMPP's 0; GB18030 reads ASCII, and Chinese that is marked wrongly
        text = read_text(octets, message.format or pdu.GB18030)
        return Piece(message.source, message.destination, place, text, message.body)
