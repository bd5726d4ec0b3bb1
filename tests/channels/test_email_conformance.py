"""Email keeps the promises of every channel: against aiosmtpd, and against Debian's postfix where it is there."""

from __future__ import annotations

import asyncio
import email.policy
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pydantic import SecretStr

from tests.channels.conformance import Answer, ChannelConformance
from warnengine.demo.relay import free_port
from warnengine.dispatch.channel import Channel, Fate, Inbox, Text
from warnengine.dispatch.channels.email import EmailChannel
from warnengine.settings import SmtpGateway

REFUSALS: dict[Answer, tuple[str, str]] = {
    "throttle": ("RCPT", "451 4.7.1 greylisted, come back later"),
    "temporary": ("DATA", "454 4.3.0 disk trouble"),
    "reject": ("DATA", "554 5.6.0 content refused"),
    "bad_address": ("RCPT", "550 5.1.1 no such mailbox"),
}


class Dialogue(SMTP):
    """One connection of the server, known to its peer."""

    def __init__(self, peer: AiosmtpdPeer) -> None:
        super().__init__(
            peer,
            hostname="mx.test",
            timeout=60,
            authenticator=peer.login,
            auth_require_tls=False,
            tls_context=peer.starttls,
            require_starttls=peer.starttls is not None,
        )
        self._peer = peer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._peer.transports.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._peer.transports.discard(self.transport)
        super().connection_lost(error)


@dataclass
class AiosmtpdPeer:
    """An SMTP server that takes, refuses, keeps silent or hangs up."""

    address: str = "chen.wei@tongliang.example.cn"
    has_receipts = False
    has_replies = False
    has_network = True
    answers: frozenset[Answer] = frozenset({*REFUSALS, "accept", "credentials", "silent", "drop_before_answer"})
    received: list[tuple[str, str]] = field(default_factory=list)
    transports: set[asyncio.Transport] = field(default_factory=set)
    connections: int = 0
    starttls: ssl.SSLContext | None = None
    implicit: ssl.SSLContext | None = None
    _answer: Answer = "accept"
    _server: asyncio.Server | None = None
    _port: int = field(default_factory=free_port)

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._dialogue, "127.0.0.1", self._port, ssl=self.implicit)

    async def stop(self) -> None:
        if self._server:
            self._server.close()
            self._cut()
            await self._server.wait_closed()
            self._server = None

    def _dialogue(self) -> Dialogue:
        self.connections += 1
        return Dialogue(self)

    def _cut(self) -> None:
        for transport in set(self.transports):
            transport.abort()

    def script(self, answer: Answer) -> None:
        self._answer = answer
        if answer == "credentials":
            self._cut()

    def settings(self, **other: object) -> SmtpGateway:
        return SmtpGateway.model_validate(
            {
                "kind": "smtp",
                "name": "mail",
                "host": "127.0.0.1",
                "port": self._port,
                "username": "duty",
                "password": SecretStr("值班-pass"),
                "sender": "铜梁应急 <duty@tongliang.example.cn>",
                "connect_seconds": 3,
                "answer_seconds": 3,
                **other,
            }
        )

    def channel(self, inbox: Inbox) -> Channel:
        return EmailChannel(self.settings(), inbox)

    def carries(self, text: Text) -> str:
        return f"{text.body}\n--\n{text.html}"

    async def receipt(self, fate: Fate) -> bool:
        raise NotImplementedError(f"no {fate} here: has_receipts is off")

    async def reply(self, text: str) -> bool:
        raise NotImplementedError(f"no {text} here: has_replies is off")

    def login(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        known = isinstance(data, LoginPassword) and data.password == "值班-pass".encode()
        return AuthResult(success=known and self._answer != "credentials", handled=False)

    async def handle_RCPT(  # noqa: N802 - the server's own name for it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        step, line = REFUSALS.get(self._answer, ("", ""))
        if step == "RCPT":
            return line
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        step, line = REFUSALS.get(self._answer, ("", ""))
        if step == "DATA":
            return line
        if self._answer == "silent":
            await asyncio.Event().wait()
        if self._answer == "drop_before_answer":
            self._cut()
        assert isinstance(envelope.content, bytes)
        self.received.append((envelope.rcpt_tos[0], readable(envelope.content)))
        return "250 2.0.0 OK: taken"


def readable(content: bytes) -> str:
    """Read a mail as a person's program would: its text, then its HTML."""
    mail = email.message_from_bytes(content, _class=EmailMessage, policy=email.policy.SMTP)
    parts = [mail.get_body(("plain",)), mail.get_body(("html",))]
    return "\n--\n".join(part.get_content().replace("\r\n", "\n") for part in parts if part)


class TestEmail(ChannelConformance):
    make_peer = AiosmtpdPeer
