"""Email by SMTP over a few kept connections."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

from warnengine.dispatch.channel import Accepted, ChannelError, Inbox, Outgoing, Reason, Unanswered, told
from warnengine.dispatch.channels.email_message import compose
from warnengine.dispatch.channels.email_session import Session

if TYPE_CHECKING:
    from warnengine.settings import SmtpGateway

_CHECK_SECONDS = 30
"""A gateway that nobody sends to is still asked for a session this often."""
_LONGEST_PAUSE = 10.0
_LONGEST_LOGIN_PAUSE = 60.0
"""A refused login is repeated ever more rarely: gateways lock accounts that guess."""


class EmailChannel:
    """Mail through one SMTP gateway.

    The gateway's yes is the last that the engine hears: the delivery stays at accepted. Where the gateway offers
    delivery reports (RFC 3461), it is asked to report what fails or is late, with our id as ENVID; the reports go
    to the sender's mailbox, for whoever reads that. Success is not asked for: the engine reads no reports, and a
    night of them would bury the failures.

    `inbox` is what every channel is given; this one has nothing to put in. At most `window` sends at once, each
    over a connection of its own; connections are kept for the next.
    """

    kind = "email"

    def __init__(self, gateway: SmtpGateway, inbox: Inbox) -> None:
        self.gateway = gateway.name
        self.window = gateway.window
        self._settings = gateway
        self._tls = ssl.create_default_context(cafile=gateway.ca_file) if gateway.tls != "none" else None
        self._kept: list[Session] = []
        self._down = asyncio.Event()
        self._down.set()
        self._running = False
        self._refused_logins = 0
        self._login_after = 0.0
        self._trouble = "not connected yet"

    async def run(self) -> None:
        """Keep one session ready and renew it, until cancelled; then take leave of the gateway."""
        self._running, failures = True, 0
        try:
            while True:
                failures = 0 if await self._renew() else failures + 1
                await self._wait(failures)
        finally:
            self._running = False
            kept, self._kept = self._kept, []
            await asyncio.gather(*(session.quit() for session in kept))

    async def send(self, message: Outgoing) -> Accepted:
        """Hand the mail over; its Message-ID, which carries `client_id`, stands for the gateway's id."""
        if message.expires_in <= 0:
            raise ChannelError(Reason.EXPIRED, "its time was over before it could leave", retry=False)
        mail = compose(message, self._settings.sender)
        session = self._take() or await self._open()
        try:
            await session.transfer(mail)
        except (ChannelError, Unanswered) as failure:
            self._note(failure)
            raise
        finally:
            await self._keep(session)
        return Accepted((mail.message_id,), receipts=False)

    def healthy(self) -> bool:
        """Whether the last that was seen of the gateway is a session."""
        return self._running and not self._down.is_set()

    def trouble(self) -> str:
        """What went wrong last, in words."""
        return "" if self.healthy() else self._trouble

    async def _renew(self) -> bool:
        """Open a fresh session, put away the old ones; whether the gateway gave it."""
        try:
            fresh = await self._open()
        except ChannelError:
            return False
        old = [session for session in self._kept if not session.usable]
        self._kept = [session for session in self._kept if session.usable]
        await self._keep(fresh)
        await asyncio.gather(*(session.quit() for session in old))
        return True

    async def _wait(self, failures: int) -> None:
        if not failures:
            try:
                async with asyncio.timeout(_CHECK_SECONDS):
                    await self._down.wait()
            except TimeoutError:
                return
        await asyncio.sleep(pause_after(failures, _LONGEST_PAUSE))

    async def _open(self) -> Session:
        """Open a session; raises ChannelError and notes how the gateway stands."""
        if not self._running:
            raise ChannelError(Reason.UNREACHABLE, "the channel is not running", retry=True)
        pause = self._login_after - asyncio.get_running_loop().time()
        if pause > 0:
            raise ChannelError(Reason.CREDENTIALS, "the mail gateway refused our login", retry=True, after=pause)
        try:
            session = await Session.open(self._settings, self._tls)
        except ChannelError as failure:
            self._down.set()
            self._trouble = told(failure)
            if failure.reason is Reason.CREDENTIALS:
                self._put_off_login()
            raise
        self._refused_logins = 0
        self._down.clear()
        return session

    def _put_off_login(self) -> None:
        pause = pause_after(self._refused_logins, _LONGEST_LOGIN_PAUSE)
        self._refused_logins += 1
        self._login_after = asyncio.get_running_loop().time() + pause

    def _note(self, failure: ChannelError | Unanswered) -> None:
        """A lost or silent connection speaks against all kept ones too."""
        if isinstance(failure, Unanswered) or failure.reason is Reason.UNREACHABLE:
            self._down.set()
            self._trouble = failure.detail
            for session in self._kept:
                session.abandon()
            self._kept.clear()

    def _take(self) -> Session | None:
        """The kept session that was used last; the stale ones behind it are dropped."""
        while self._kept:
            session = self._kept.pop()
            if session.usable:
                return session
            session.abandon()
        return None

    async def _keep(self, session: Session) -> None:
        if self._running and session.usable and len(self._kept) < self.window:
            self._kept.append(session)
        else:
            await session.quit()


def pause_after(failures: int, longest: float) -> float:
    """Seconds until the next try: a quarter of a second, doubled with every failure, at most `longest`."""
    return min(0.25 * 2.0 ** min(failures, 16), longest)
