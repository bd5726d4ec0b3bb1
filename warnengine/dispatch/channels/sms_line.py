"""An SMS line: one session with the gateway, kept up; what is said in it is a subclass's."""

from __future__ import annotations

import asyncio
import ssl
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import structlog

from warnengine.dispatch.channel import Accepted, ChannelError, Outgoing, Reason, Unanswered, told
from warnengine.dispatch.channels.last_good import LastGood, connect
from warnengine.dispatch.channels.numbers import destination
from warnengine.dispatch.channels.reconnect import pause
from warnengine.dispatch.channels.sms_answers import verdict
from warnengine.dispatch.channels.sms_parts import TooLong, split_ucs2
from warnengine.dispatch.channels.sms_session import SmsSession
from warnengine.settings import CmppGateway, SmppGateway

log = structlog.get_logger(__name__)

TICK = 0.25
"""Seconds between two looks at the time limits."""
PATIENCE = 1.0
"""Seconds for each step of a goodbye."""


Session = TypeVar("Session", bound=SmsSession)


class SmsLine(ABC, Generic[Session]):
    """A line of the kind sms."""

    kind = "sms"
    protocol: str
    """Its name, for people."""

    def __init__(self, gateway: SmppGateway | CmppGateway, tls: ssl.SSLContext | None = None) -> None:
        self.gateway = gateway.name
        self.window = gateway.window
        self._line = gateway
        self._where = LastGood(gateway.host, gateway.port, gateway.connect_seconds)
        self._tls = tls
        self._session: Session | None = None
        self._trouble = self._unreachable("not connected yet")
        self._failures = 0
        self.ours: Callable[[], bool] = lambda: True
        """Whether this process may use the line now."""

    @abstractmethod
    def _new_session(self) -> Session:
        """Make a session that is not connected yet."""

    @abstractmethod
    def _log_in(self, session: Session) -> None:
        """Write the login; its answer comes in `session.bound`."""

    @abstractmethod
    def _login_refused(self, status: int) -> ChannelError:
        """Read the status of a login other than zero."""

    @abstractmethod
    def _submits(self, message: Outgoing, number: str, pieces: Sequence[bytes]) -> list[bytes]:
        """Write the body of one submit for each piece of user data; several begin with a user data header."""

    def healthy(self) -> bool:
        """Whether the session is bound."""
        return self._session is not None and self._session.open

    def trouble(self) -> str:
        """Why no session stands, in words."""
        return "" if self.healthy() else told(self._trouble)

    async def run(self) -> None:
        """Keep a session up until cancelled."""
        while True:
            await self._one_session()
            await asyncio.sleep(pause(self._failures, self._trouble.reason))

    async def send(self, message: Outgoing) -> Accepted:
        """Submit every part at once and judge by all answers."""
        answer: asyncio.Future[Accepted | ChannelError | Unanswered] = asyncio.get_running_loop().create_future()
        self.submit(message, lambda found: None if answer.done() else answer.set_result(found))
        found = await answer
        if isinstance(found, Accepted):
            return found
        raise found

    def submit(self, message: Outgoing, answered: Callable[[Accepted | ChannelError | Unanswered], None]) -> None:
        """As `send`, without a task for each message: `answered` is called once, maybe before this returns, and
        once more with Accepted where the gateway's yes comes after it was given up."""
        session = self._session
        try:
            parts = self._parts(message)
        except ChannelError as error:
            answered(error)
            return
        if session is None or not session.open:
            answered(ChannelError(self._trouble.reason, self._trouble.detail, retry=True))
            return
        deadline = asyncio.get_running_loop().time() + self._line.answer_seconds
        session.submit(parts, deadline, lambda answers: answered(verdict(answers)))

    def _parts(self, message: Outgoing) -> list[bytes]:
        """Write the submit of every part, or raise what is certain before a byte has left."""
        number = destination(message)
        try:
            pieces = split_ucs2(message.text.short, zlib.crc32(message.client_id.encode()))
        except TooLong as error:
            raise ChannelError(Reason.REJECTED, str(error), retry=False) from error
        return self._submits(message, number, pieces)

    async def _one_session(self) -> None:
        """Connect, bind, stay until the connection ends; leave word of the trouble."""
        self._failures += 1
        session = self._new_session()
        session.ours = self.ours
        try:
            await self._bind(session)
            while not session.closed.done():
                await asyncio.wait({session.closed}, timeout=TICK)
                session.sweep(self._line.enquire_seconds)
            self._trouble = self._unreachable(session.closed.result())
        except ChannelError as error:
            self._trouble = error
        finally:
            await session.farewell(PATIENCE)
            self._session = None
        if self._failures <= 1:
            log.warning(f"no {self.protocol} session", gateway=self.gateway, reason=self._trouble.detail)

    async def _bind(self, session: Session) -> None:
        line = self._line
        try:
            async with asyncio.timeout(line.connect_seconds):
                name = line.host if self._tls else None
                await connect(
                    self._where, line.port, protocol_factory=lambda: session, ssl=self._tls, server_hostname=name
                )
                self._log_in(session)
                await asyncio.wait({session.bound})
        except TimeoutError as error:
            raise self._unreachable(f"no answer within {line.connect_seconds:g} s") from error
        except OSError as error:
            raise self._unreachable(str(error)) from error
        if session.bound.cancelled():
            raise self._unreachable(session.closed.result())
        if status := session.bound.result():
            raise self._login_refused(status)
        self._session = session
        self._failures = 0
        log.info(f"{self.protocol} session bound", gateway=self.gateway)

    def _unreachable(self, why: str) -> ChannelError:
        where = f"{self._line.host}:{self._line.port}"
        return ChannelError(
            Reason.UNREACHABLE, f"{self.protocol} gateway {self.gateway} at {where}: {why}", retry=True
        )
