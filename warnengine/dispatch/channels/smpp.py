"""SMS by SMPP 3.4: one transceiver session, kept up."""

from __future__ import annotations

import asyncio
import ssl
import zlib

import structlog

from warnengine.dispatch.channel import Accepted, ChannelError, Inbox, Outgoing, Reason
from warnengine.dispatch.channels import smpp_pdu as pdu
from warnengine.dispatch.channels.numbers import destination
from warnengine.dispatch.channels.reconnect import pause
from warnengine.dispatch.channels.smpp_answers import Answer, refusal, verdict
from warnengine.dispatch.channels.smpp_inbound import Inbound
from warnengine.dispatch.channels.smpp_session import SmppSession
from warnengine.dispatch.channels.sms_parts import TooLong, split_ucs2
from warnengine.settings import SmppGateway

log = structlog.get_logger(__name__)

TICK = 0.25
"""Seconds between two looks at the time limits."""
PATIENCE = 1.0
"""Seconds for each step of a goodbye."""


class SmppChannel:
    """An SMS line by SMPP."""

    kind = "sms"

    def __init__(self, gateway: SmppGateway, inbox: Inbox) -> None:
        self.gateway = gateway.name
        self.window = gateway.window
        self._settings = gateway
        self._source = gateway.source.encode("ascii")
        self._inbound = Inbound(gateway.name, gateway.country, inbox)
        self._tls = ssl.create_default_context(cafile=gateway.ca_file) if gateway.tls else None
        self._session: SmppSession | None = None
        self._trouble = self._unreachable("not connected yet")
        self._failures = 0

    def healthy(self) -> bool:
        """Whether the session is bound."""
        return self._session is not None and self._session.open

    async def run(self) -> None:
        """Keep a session up until cancelled."""
        while True:
            await self._one_session()
            await asyncio.sleep(pause(self._failures, self._trouble.reason))

    async def send(self, message: Outgoing) -> Accepted:
        """Submit every part at once and judge by all answers."""
        parts = self._parts(message)
        session = self._session
        if session is None or not session.open:
            raise ChannelError(self._trouble.reason, self._trouble.detail, retry=True)
        deadline = asyncio.get_running_loop().time() + self._settings.answer_seconds
        answers: list[asyncio.Future[Answer]] = []
        for part in parts:
            if not await session.slot(deadline):
                break
            answers.append(session.submit(part, deadline))
        outcomes: list[Answer] = [await answer for answer in answers]
        if len(answers) < len(parts):
            full = f"the window of {self.window} stayed full for {self._settings.answer_seconds:g} s"
            outcomes.append(ChannelError(Reason.THROTTLED, full, retry=True))
        return verdict(outcomes)

    def _parts(self, message: Outgoing) -> list[bytes]:
        """Write the submit_sm of every part, or raise what is certain before a byte has left."""
        number = destination(message)
        try:
            pieces = split_ucs2(message.text.short, zlib.crc32(message.client_id.encode()))
        except TooLong as error:
            raise ChannelError(Reason.REJECTED, str(error), retry=False) from error
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

    async def _one_session(self) -> None:
        """Connect, bind, stay until the connection ends; leave word of the trouble."""
        self._failures += 1
        session = self._new_session()
        try:
            await self._bind(session)
            while not session.closed.done():
                await asyncio.wait({session.closed}, timeout=TICK)
                session.sweep(self._settings.enquire_seconds)
            self._trouble = self._unreachable(session.closed.result())
        except ChannelError as error:
            self._trouble = error
        finally:
            await session.farewell(PATIENCE)
            self._session = None
        if self._failures <= 1:
            log.warning("no SMPP session", gateway=self.gateway, reason=self._trouble.detail)

    def _new_session(self) -> SmppSession:
        settings = self._settings
        return SmppSession(settings.name, settings.window, settings.answer_seconds, self._inbound.take)

    async def _bind(self, session: SmppSession) -> None:
        settings = self._settings
        try:
            async with asyncio.timeout(settings.connect_seconds):
                loop = asyncio.get_running_loop()
                await loop.create_connection(lambda: session, settings.host, settings.port, ssl=self._tls)
                session.bind(settings.system_id, settings.password.get_secret_value(), settings.system_type)
                await asyncio.wait({session.bound})
        except TimeoutError as error:
            raise self._unreachable(f"no answer within {settings.connect_seconds:g} s") from error
        except OSError as error:
            raise self._unreachable(str(error)) from error
        if session.bound.cancelled():
            raise self._unreachable(session.closed.result())
        if status := session.bound.result():
            raise refusal(status)
        self._session = session
        self._failures = 0
        log.info("SMPP session bound", gateway=self.gateway)

    def _unreachable(self, why: str) -> ChannelError:
        where = f"{self._settings.host}:{self._settings.port}"
        return ChannelError(Reason.UNREACHABLE, f"SMPP gateway {self.gateway} at {where}: {why}", retry=True)
