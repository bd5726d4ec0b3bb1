"""One connection to an SMTP gateway, logged in, used for many messages."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
from email.utils import parseaddr
from typing import TYPE_CHECKING, cast

from aiosmtplib import SMTP, SMTPException, SMTPRecipientRefused, SMTPResponseException, SMTPSenderRefused

from warnengine.dispatch.channel import ChannelError, Reason, Unanswered
from warnengine.dispatch.channels.email_answers import Step, refusal

if TYPE_CHECKING:
    from ssl import SSLContext

    from warnengine.dispatch.channels.email_message import Mail
    from warnengine.settings import SmtpGateway

_MESSAGES = 100
"""Many gateways close after so many messages of one connection; we go first."""
_IDLE_SECONDS = 60
"""Firewalls forget an idle connection without a word; ours is renewed before."""
_QUIT_SECONDS = 0.5


class Session:
    """A logged-in connection. Not for two messages at once."""

    def __init__(self, smtp: SMTP, answer_seconds: float) -> None:
        self._smtp = smtp
        self._transport = cast("asyncio.Transport", smtp.transport)
        self._answer_seconds = answer_seconds
        self._sent = 0
        self._used = asyncio.get_running_loop().time()
        self._in_step = True
        self._clean = True
        sock = self._transport.get_extra_info("socket")
        # However this socket ends, nothing of it may arrive later, even when our own process is killed.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(answer_seconds * 1000))

    @classmethod
    async def open(cls, gateway: SmtpGateway, tls: SSLContext | None) -> Session:
        """Connect, encrypt, greet and log in within `connect_seconds`; raises ChannelError."""
        smtp = SMTP(
            hostname=gateway.host,
            port=gateway.port,
            username=gateway.username,
            password=gateway.password.get_secret_value() if gateway.password else None,
            local_hostname=parseaddr(gateway.sender)[1].rpartition("@")[2],
            timeout=gateway.connect_seconds,
            use_tls=gateway.tls == "implicit",
            start_tls=gateway.tls == "starttls",
            tls_context=tls,
        )
        with contextlib.ExitStack() as undo:
            undo.callback(smtp.close)
            await _connect(smtp, gateway.connect_seconds)
            undo.pop_all()
        return cls(smtp, gateway.answer_seconds)

    @property
    def usable(self) -> bool:
        """Whether the next message may go over it."""
        age = asyncio.get_running_loop().time() - self._used
        return self._smtp.is_connected and self._in_step and self._sent < _MESSAGES and age < _IDLE_SECONDS

    async def transfer(self, mail: Mail) -> None:
        """Hand one mail over within `answer_seconds`.

        Raises ChannelError where the gateway certainly has not taken it, Unanswered where the text left and no
        answer came. Unless the dialogue ended with a clear answer, the connection is reset.
        """
        deadline = asyncio.get_running_loop().time() + self._answer_seconds
        self._in_step = False
        try:
            await self._announce(mail, deadline)
            await self._hand_over(mail, deadline)
        finally:
            self._used = asyncio.get_running_loop().time()
            if not self._in_step:
                self.abandon()

    async def _announce(self, mail: Mail, deadline: float) -> None:
        """Everything before the text; what fails here has not been taken."""
        try:
            async with asyncio.timeout_at(deadline):
                if not self._clean:
                    await self._smtp.rset()
                self._clean = False
                await self._smtp.mail(
                    mail.sender, options=self._report_options(f"ENVID={mail.envelope_id}", "RET=HDRS")
                )
                await self._smtp.rcpt(mail.recipient, options=self._report_options("NOTIFY=FAILURE,DELAY"))
                start = await self._smtp.execute_command(b"DATA")
        except SMTPSenderRefused as answer:
            raise self._refusal(answer.code, answer.message, Step.SENDER, mail) from answer
        except SMTPRecipientRefused as answer:
            raise self._refusal(answer.code, answer.message, Step.RECIPIENT, mail) from answer
        except SMTPResponseException as answer:
            raise self._refusal(answer.code, answer.message, Step.TEXT, mail) from answer
        except (SMTPException, OSError) as lost:
            raise ChannelError(Reason.UNREACHABLE, f"lost before the text: {_told(lost)}", retry=True) from lost
        if start.code != 354:
            raise self._refusal(start.code, start.message, Step.TEXT, mail)

    async def _hand_over(self, mail: Mail, deadline: float) -> None:
        """The text with its final dot; from here on silence may mean taken."""
        protocol = self._smtp.protocol
        assert protocol is not None
        try:
            async with asyncio.timeout_at(deadline):
                protocol.write(re.sub(rb"(?m)^\.", b"..", mail.content) + b".\r\n")
                answer = await protocol.read_response()
        except (SMTPException, OSError) as lost:
            raise Unanswered(f"no answer after the text: {_told(lost)}") from lost
        if 400 <= answer.code < 600:
            raise self._refusal(answer.code, answer.message, Step.TEXT, mail)
        if not 200 <= answer.code < 300:
            raise Unanswered(f"answer {answer.code} after the text means neither yes nor no")
        self._in_step = self._clean = True
        self._sent += 1

    def _refusal(self, code: int, text: str, step: Step, mail: Mail) -> ChannelError:
        """The gateway's no; 421 says that it hangs up (RFC 5321 §3.8), and below 400 it answers something else."""
        self._in_step = 400 <= code < 600 and code != 421
        return refusal(code, text.replace(mail.recipient, "…"), step)

    def _report_options(self, *options: str) -> tuple[str, ...]:
        return options if self._smtp.supports_extension("dsn") else ()

    async def quit(self) -> None:
        """Take leave between two messages; a gateway that does not answer is left without its goodbye."""
        try:
            with contextlib.suppress(SMTPException, OSError):
                async with asyncio.timeout(_QUIT_SECONDS):
                    await self._smtp.quit()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Reset the connection; bytes still in the kernel are dropped."""
        self._transport.abort()


async def _connect(smtp: SMTP, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await smtp.connect()
            if smtp.is_ehlo_or_helo_needed:
                await smtp.ehlo()
    except SMTPResponseException as answer:
        raise refusal(answer.code, answer.message, Step.OPEN) from answer
    except (SMTPException, OSError) as lost:
        raise ChannelError(
            Reason.UNREACHABLE, f"no session with the mail gateway: {_told(lost)}", retry=True
        ) from lost


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__
