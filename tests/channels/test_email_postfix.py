"""Email through a real mail server: a private postfix with its own folders and ports, started as root."""

from __future__ import annotations

import asyncio
import contextlib
import email.policy
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.channels.conformance import ORDER, Recorder, outgoing, running, until
from tests.channels.test_email_conformance import AiosmtpdPeer, readable
from warnengine.demo.relay import free_port
from warnengine.dispatch.channel import ChannelError, Reason
from warnengine.dispatch.channels.email import EmailChannel

pytestmark = pytest.mark.skipif(
    not shutil.which("postfix") or os.geteuid() != 0, reason="needs Debian's postfix on the PATH, and root"
)

OFFICIAL, SENDER = "chen.wei@tongliang.example.cn", "duty@tongliang.example.cn"

MAIN = """
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {home}/log
maillog_file_prefixes = {home}
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.test
mydestination =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = tongliang.example.cn
virtual_mailbox_maps = inline:{{ {official}=here, {sender}=here }}
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
smtpd_relay_restrictions = reject_unauth_destination
minimal_backoff_time = 1s
"""

MASTER = """
127.0.0.1:{smtp} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    smtp: int
    lmtp: int
    """Where it delivers to."""
    log: Path


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    with tempfile.TemporaryDirectory(prefix="postfix-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # its processes run as another user
        for name in ("etc", "queue", "data"):
            (home / name).mkdir()
        shutil.chown(home / "data", "postfix")
        server = Postfix(free_port(), free_port(), home / "log")
        main = MAIN.format(home=home, official=OFFICIAL, sender=SENDER, lmtp=server.lmtp)
        (home / "etc/main.cf").write_text(main)
        (home / "etc/master.cf").write_text(MASTER.format(smtp=server.smtp))
        control = ["postfix", "-c", str(home / "etc")]
        started = subprocess.run([*control, "start"], capture_output=True, text=True, check=False)
        assert started.returncode == 0, started.stderr + started.stdout
        yield server
        subprocess.run([*control, "stop"], capture_output=True, check=True)


@dataclass
class Mailboxes:
    """The LMTP server behind postfix: every mail that is finally delivered."""

    orders: list[tuple[str, str]] = field(default_factory=list)
    reports: list[EmailMessage] = field(default_factory=list)
    """Delivery status notifications to the sender (RFC 3464)."""
    full: bool = False
    """Refuses every order for good."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        if envelope.rcpt_tos == [SENDER]:
            report = email.message_from_bytes(envelope.content, _class=EmailMessage, policy=email.policy.SMTP)
            self.reports.append(report)
        elif self.full:
            return "552 5.2.2 the mailbox is full"
        else:
            self.orders.append((envelope.rcpt_tos[0], readable(envelope.content)))
        return "250 2.0.0 OK"


@pytest.fixture
async def mailboxes(postfix: Postfix) -> AsyncIterator[Mailboxes]:
    boxes = Mailboxes()
    transports: set[asyncio.BaseTransport] = set()

    class Box(LMTP):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            transports.add(transport)
            super().connection_made(transport)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Box(boxes, hostname="lmtp.test"), "127.0.0.1", postfix.lmtp)
    yield boxes
    server.close()
    for transport in transports:
        transport.close()
    await server.wait_closed()


@contextlib.asynccontextmanager
async def talking(postfix: Postfix) -> AsyncIterator[EmailChannel]:
    inbox = Recorder()
    settings = AiosmtpdPeer().settings(port=postfix.smtp, username=None, password=None, answer_seconds=5)
    channel = EmailChannel(settings, inbox)
    async with running(channel, inbox):
        await until(channel.healthy, "connected")
        yield channel


async def test_only_what_fails_is_reported_and_under_our_id(postfix: Postfix, mailboxes: Mailboxes) -> None:
    async with talking(postfix) as channel:
        arrives = outgoing(OFFICIAL, delivery=4711)
        accepted = await channel.send(arrives)
        await until(lambda: bool(mailboxes.orders), "the mail has come")
        mailboxes.full = True
        fails = outgoing(OFFICIAL, delivery=4712)
        await channel.send(fails)
        await until(lambda: bool(mailboxes.reports), "the report has come")
    assert mailboxes.orders == [(OFFICIAL, f"{arrives.text.body}\n--\n{arrives.text.html}")]
    (report,) = mailboxes.reports
    told = {name: value for part in report.walk() for name, value in part.items()}
    assert told["Original-Envelope-Id"] == fails.client_id
    assert told["Action"] == "failed"
    assert accepted.provider_ids[0] in postfix.log.read_text()


async def test_fifty_orders_arrive_once_each(postfix: Postfix, mailboxes: Mailboxes) -> None:
    async with talking(postfix) as channel:
        for start in range(0, 50, channel.window):
            numbers = range(start, min(start + channel.window, 50))
            await asyncio.gather(*(channel.send(outgoing(OFFICIAL, f"{ORDER}{n}", delivery=n)) for n in numbers))
        await until(lambda: len(mailboxes.orders) >= 50, "all have arrived")
    assert len(set(mailboxes.orders)) == len(mailboxes.orders) == 50


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("nobody@tongliang.example.cn", Reason.BAD_ADDRESS),
        ("chen@elsewhere.example.com", Reason.REJECTED),
    ],
    ids=["unknown mailbox", "a domain it does not serve"],
)
async def test_refusal_of_a_real_server(postfix: Postfix, address: str, reason: Reason) -> None:
    async with talking(postfix) as channel:
        with pytest.raises(ChannelError) as caught:
            await channel.send(outgoing(address))
    assert (caught.value.reason, caught.value.retry) == (reason, False)
    assert address not in caught.value.detail
