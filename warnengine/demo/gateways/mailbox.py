"""A mail server of the library aiosmtpd, with mailboxes that exist and some that do not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from email import message_from_bytes, policy
from itertools import count

from aiosmtpd.smtp import SMTP, Envelope, Session

from warnengine.demo import phones
from warnengine.demo.relay import HOST, Relay
from warnengine.demo.sink import Sink

BYTES = 200_000


class Mailboxes:
    """Takes mail for everybody, but for the mailboxes that were closed."""

    name = "smtp"
    busy = 0
    """A mail server owes nothing back."""

    def __init__(self, sink: Sink) -> None:
        self.relay = Relay()
        self._sink = sink
        self._connections = count(1)

    async def start(self, port: int) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, HOST, 0)
        self.relay.target = self._server.sockets[0].getsockname()[1]
        await self.relay.start(port)

    def _session(self) -> SMTP:
        return SMTP(
            _Handler(self._sink, self.name, next(self._connections)),
            hostname="mail.tongliang.example",
            data_size_limit=BYTES,
            enable_SMTPUTF8=True,
            loop=asyncio.get_running_loop(),
        )


class _Handler:
    """The hooks that aiosmtpd calls for one connection."""

    def __init__(self, sink: Sink, gateway: str, connection: int) -> None:
        self._write: Callable[..., object] = sink.write
        self._gateway = gateway
        self._connection = connection

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or say that there is none of that name."""
        if not phones.mailbox_exists(address):
            self._write(
                self._gateway, "refused", address, connection=self._connection, text="", fate="bad_address"
            )
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take the mail and write it down, then say so."""
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=policy.default)
        plain = mail.get_body(("plain",))
        for address in envelope.rcpt_tos:
            self._write(
                self._gateway,
                "message",
                address,
                connection=self._connection,
                text=plain.get_content().rstrip("\n") if plain else "",
                subject=str(mail["Subject"]),
                parts=1,
                ids=[str(mail["Message-ID"])],
                fate="delivered",
            )
        return "250 2.0.0 taken"
