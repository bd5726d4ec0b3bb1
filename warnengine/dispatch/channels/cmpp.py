"""SMS by CMPP 2.0 and 3.0, China Mobile's own protocol: one session with the gateway."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from warnengine.dispatch.channel import ChannelError, Inbox, Outgoing
from warnengine.dispatch.channels import cmpp_pdu as pdu
from warnengine.dispatch.channels.cmpp_answers import login_refusal
from warnengine.dispatch.channels.cmpp_session import CmppSession
from warnengine.dispatch.channels.smpp_pdu import relative_validity
from warnengine.dispatch.channels.sms_inbound import Inbound
from warnengine.dispatch.channels.sms_line import SmsLine
from warnengine.model.clock import BEIJING
from warnengine.settings import CmppGateway

"""Gateways compare the hour of a login with their own."""


class CmppChannel(SmsLine[CmppSession]):
    """An SMS line by CMPP."""

    protocol = "CMPP"

    def __init__(self, gateway: CmppGateway, inbox: Inbox) -> None:
        super().__init__(gateway)
        self._settings = gateway
        self._inbound = Inbound(gateway, inbox)
        self._version = pdu.VERSIONS[gateway.version]
        self._contract = pdu.Contract(
            company=gateway.company.encode("ascii"),
            source=gateway.source.encode("ascii"),
            service=gateway.service_id.encode("ascii"),
            fee_user_type=gateway.fee_user_type,
            fee_terminal=gateway.fee_terminal.encode("ascii"),
            fee_type=gateway.fee_type.encode("ascii"),
            fee_code=gateway.fee_code.encode("ascii"),
        )

    def _submits(self, message: Outgoing, number: str, pieces: Sequence[bytes]) -> list[bytes]:
        validity = relative_validity(message.expires_in)  # CMPP takes the form of SMPP 3.3
        destination = number.encode("ascii")
        return [
            pdu.submit(
                self._version,
                self._contract,
                pdu.Part(destination, len(pieces), place, piece, message.urgent, validity),
            )
            for place, piece in enumerate(pieces, start=1)
        ]

    def _new_session(self) -> CmppSession:
        return CmppSession(self._settings, self._inbound)

    def _log_in(self, session: CmppSession) -> None:
        session.connect(datetime.now(UTC).astimezone(BEIJING).strftime("%m%d%H%M%S"))

    def _login_refused(self, status: int) -> ChannelError:
        return login_refusal(status)
