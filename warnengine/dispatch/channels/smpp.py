"""SMS by SMPP 3.4: one transceiver session."""

from __future__ import annotations

import ssl
from collections.abc import Sequence

from warnengine.dispatch.channel import ChannelError, Inbox, Outgoing
from warnengine.dispatch.channels import smpp_pdu as pdu
from warnengine.dispatch.channels.smpp_answers import refusal
from warnengine.dispatch.channels.smpp_session import SmppSession
from warnengine.dispatch.channels.sms_inbound import Inbound
from warnengine.dispatch.channels.sms_line import SmsLine
from warnengine.settings import SmppGateway


class SmppChannel(SmsLine[SmppSession]):
    """An SMS line by SMPP."""

    protocol = "SMPP"

    def __init__(self, gateway: SmppGateway, inbox: Inbox) -> None:
        super().__init__(gateway, ssl.create_default_context(cafile=gateway.ca_file) if gateway.tls else None)
        self._settings = gateway
        self._source = gateway.source.encode("ascii")
        self._inbound = Inbound(gateway, inbox)

    def _submits(self, message: Outgoing, number: str, pieces: Sequence[bytes]) -> list[bytes]:
        validity = pdu.relative_validity(message.expires_in)
        return [
            pdu.submit_sm(
                source=self._source,
                destination=number.encode("ascii"),
                user_data=piece,
                header=len(pieces) > 1,
                urgent=message.urgent,
                validity=validity,
            )
            for piece in pieces
        ]

    def recall(self, provider_id: str, address: str) -> None:
        """Ask the gateway not to deliver a part that it still holds (SMPP 3.4 §4.9)."""
        if self._session:
            destination = address.removeprefix("+").encode("ascii")
            self._session.cancel(
                pdu.cancel_sm(message_id=provider_id.encode(), source=self._source, destination=destination)
            )

    def _new_session(self) -> SmppSession:
        return SmppSession(self._settings, self._inbound)

    def _log_in(self, session: SmppSession) -> None:
        session.bind()

    def _login_refused(self, status: int) -> ChannelError:
        return refusal(status)
