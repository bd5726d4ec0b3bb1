"""Email beyond the shared promises: what a mail looks like, what refusals mean, how connections are kept."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import email.policy
import ipaddress
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.channels.conformance import Answer, Recorder, isolate, loopback, outgoing, running, until, words
from tests.channels.test_email_conformance import AiosmtpdPeer, readable
from warnengine.dispatch.channel import ChannelError, Outgoing, Reason, Unanswered
from warnengine.dispatch.channels import email_session
from warnengine.dispatch.channels.email import EmailChannel, pause_after
from warnengine.dispatch.channels.email_answers import Step, refusal
from warnengine.dispatch.channels.email_message import compose
from warnengine.settings import SmtpGateway

SENDER = "铜梁应急 <duty@tongliang.example.cn>"
ADDRESS = "chen.wei@tongliang.example.cn"


def parsed(message: Outgoing) -> EmailMessage:
    content = compose(message, SENDER).content
    return email.message_from_bytes(content, _class=EmailMessage, policy=email.policy.SMTP)


# What a mail looks like


def test_mail_names_sender_reader_and_attempt() -> None:
    mail = parsed(outgoing(ADDRESS))
    assert mail["From"] == SENDER
    assert mail["To"] == ADDRESS
    assert mail["Subject"] == "【铜梁应急】暴雨红色预警 撤离指令"
    assert mail["Message-ID"] == "<0000000000000001@tongliang.example.cn>"
    assert mail["Date"].datetime.tzinfo is not None
    assert mail["Auto-Submitted"] == "auto-generated"
    assert (mail["Importance"], mail["X-Priority"]) == ("high", "1")
    assert not mail.defects


def test_yellow_and_blue_are_not_marked_urgent() -> None:
    assert parsed(replace(outgoing(ADDRESS), urgent=False))["Importance"] is None


def test_two_people_of_one_order_get_their_own_mail() -> None:
    first = parsed(outgoing("a@example.cn", "甲的指令", delivery=1))
    second = parsed(outgoing("b@example.cn", "乙的指令", delivery=2))
    for mail, address, mine, others in [(first, "a@example.cn", "甲", "乙"), (second, "b@example.cn", "乙", "甲")]:
        assert mail["To"] == address
        for part in mail.iter_parts():
            assert mine in part.get_content()
            assert others not in part.get_content()
    assert first["Message-ID"] != second["Message-ID"]


LETTERS = st.characters(exclude_categories=["Cs"])


@given(st.text(LETTERS), st.text(LETTERS), st.text(LETTERS))
def test_any_text_travels_as_seven_bit_lines(subject: str, body: str, html: str) -> None:
    text = replace(words(""), subject=subject, body=body, html=html)
    content = compose(replace(outgoing(ADDRESS), text=text), SENDER).content
    assert content.isascii()
    assert content.count(b"\n") == content.count(b"\r\n") == content.count(b"\r")
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    plain, rich = (part.replace("\r\n", "\n").replace("\r", "\n") for part in (body, html))
    assert readable(content) == f"{plain}\n--\n{rich}"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "chen",
        "chen@",
        "@example.cn",
        "陈伟@example.cn",
        "a b@example.cn",
        "a@example.cn\r\nRCPT TO:<b@example.cn>",
        "a@example.cn,b@example.cn",
        "<a@example.cn>",
        "陈 <a@example.cn>",
        f"{'a' * 250}@example.cn",
        "+8613800000000",
    ],
)
def test_what_is_no_mailbox_is_a_bad_address(address: str) -> None:
    with pytest.raises(ChannelError) as caught:
        compose(outgoing(address), SENDER)
    assert (caught.value.reason, caught.value.retry) == (Reason.BAD_ADDRESS, False)


@pytest.mark.parametrize(
    ("field", "value"), [("sender", "铜梁应急"), ("sender", "值班@example.cn"), ("password", None)]
)
def test_settings_that_cannot_serve_are_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=r"sender|password"):
        AiosmtpdPeer().settings(**{field: value})


# What refusals mean

REFUSALS = [
    (Step.OPEN, 421, "4.3.2 too many connections", Reason.THROTTLED, True),
    (Step.OPEN, 554, "no SMTP service here", Reason.GATEWAY_ERROR, True),
    (Step.OPEN, 454, "4.7.0 temporary authentication failure", Reason.GATEWAY_ERROR, True),
    (Step.OPEN, 535, "5.7.8 authentication credentials invalid", Reason.CREDENTIALS, True),
    (Step.OPEN, 534, "5.7.9 mechanism too weak", Reason.CREDENTIALS, True),
    (Step.SENDER, 530, "5.7.0 authentication required", Reason.CREDENTIALS, True),
    (Step.SENDER, 452, "4.3.1 insufficient storage", Reason.THROTTLED, True),
    (Step.SENDER, 550, "5.1.8 bad sender", Reason.REJECTED, False),
    (Step.SENDER, 553, "5.7.1 sender not owned by user", Reason.REJECTED, False),
    (Step.RECIPIENT, 450, "4.2.0 greylisted", Reason.THROTTLED, True),
    (Step.RECIPIENT, 451, "4.3.0 try later", Reason.THROTTLED, True),
    (Step.RECIPIENT, 447, "odd", Reason.GATEWAY_ERROR, True),
    (Step.RECIPIENT, 501, "5.1.3 bad syntax", Reason.BAD_ADDRESS, False),
    (Step.RECIPIENT, 550, "5.1.1 user unknown", Reason.BAD_ADDRESS, False),
    (Step.RECIPIENT, 550, "No such user", Reason.BAD_ADDRESS, False),
    (Step.RECIPIENT, 551, "5.1.6 moved", Reason.BAD_ADDRESS, False),
    (Step.RECIPIENT, 553, "5.1.3 mailbox name not allowed", Reason.BAD_ADDRESS, False),
    (Step.RECIPIENT, 556, "5.1.10 null MX", Reason.BAD_ADDRESS, False),
    (Step.RECIPIENT, 550, "5.7.1 relaying denied", Reason.REJECTED, False),
    (Step.RECIPIENT, 554, "5.7.1 relay access denied", Reason.REJECTED, False),
    (Step.RECIPIENT, 552, "5.2.2 mailbox full", Reason.REJECTED, False),
    (Step.TEXT, 421, "4.4.2 closing", Reason.THROTTLED, True),
    (Step.TEXT, 454, "4.3.0 disk", Reason.GATEWAY_ERROR, True),
    (Step.TEXT, 550, "5.7.1 content refused", Reason.REJECTED, False),
    (Step.TEXT, 552, "5.3.4 too big", Reason.REJECTED, False),
    (Step.TEXT, 554, "5.6.0 refused", Reason.REJECTED, False),
    (Step.TEXT, 250, "instead of 354", Reason.GATEWAY_ERROR, True),
]


@pytest.mark.parametrize(("step", "code", "text", "reason", "retry"), REFUSALS)
def test_refusal_has_a_meaning(step: Step, code: int, text: str, reason: Reason, retry: bool) -> None:
    error = refusal(code, text, step)
    assert (error.reason, error.retry) == (reason, retry)
    assert str(code) in error.detail
    assert text in error.detail


@given(st.sampled_from(Step), st.integers(-1, 999), st.text())
def test_any_answer_has_a_meaning_that_a_database_can_hold(step: Step, code: int, text: str) -> None:
    error = refusal(code, text, step)
    assert error.detail.isprintable()
    assert len(error.detail) < 300
    error.detail.encode()
    assert error.retry or 500 <= code < 600


# The dialogue, cut or garbled at every step

STEPS = ["EHLO", "MAIL", "RCPT", "DATA", "."]
"""What the client says, in order; the greeting comes before."""
USUAL = {
    "greeting": b"220 mx.test\r\n",
    "EHLO": b"250-mx.test\r\n250 8BITMIME\r\n",
    "MAIL": b"250 ok\r\n",
    "RCPT": b"250 ok\r\n",
    "DATA": b"354 go on\r\n",
    ".": b"250 taken\r\n",
    "RSET": b"250 ok\r\n",
    "QUIT": b"221 bye\r\n",
}


@contextlib.asynccontextmanager
async def odd_server(step: str, answer: bytes | None) -> AsyncIterator[SmtpGateway]:
    """A server that answers as usual, but at `step` of the second connection with `answer`; None cuts."""
    connections = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        told = {**USUAL, step: answer} if connections > 1 else USUAL
        said = "greeting"
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while (line := told[said]) is not None:
                writer.write(line)
                asked = await reader.readuntil(b"\r\n.\r\n" if line.startswith(b"354") else b"\r\n")
                said = "." if asked.endswith(b"\r\n.\r\n") else asked[:4].decode()
        writer.transport.abort()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        yield AiosmtpdPeer().settings(
            port=server.sockets[0].getsockname()[1], username=None, password=None, window=1
        )


CERTAIN = [(step, None) for step in ("greeting", *STEPS[:-1])]
GARBLED = [(step, b"what?\r\n") for step in ("greeting", *STEPS[:-1])]


@pytest.mark.parametrize(("step", "answer"), [*CERTAIN, *GARBLED])
async def test_trouble_before_the_text_means_not_taken(step: str, answer: bytes | None) -> None:
    async with odd_server(step, answer) as settings:
        error = await _second_connection(settings)
    assert isinstance(error, ChannelError)
    assert error.retry
    assert error.reason in {Reason.UNREACHABLE, Reason.GATEWAY_ERROR}
    assert answer or error.reason is Reason.UNREACHABLE


@pytest.mark.parametrize("answer", [None, b"what?\r\n", b"354 again\r\n", b"100 hm\r\n"])
async def test_trouble_after_the_text_means_unknown(answer: bytes | None) -> None:
    async with odd_server(".", answer) as settings:
        assert isinstance(await _second_connection(settings), Unanswered)


async def _second_connection(settings: SmtpGateway) -> Exception:
    """Send twice at once, so that the second mail has to go over a connection of its own."""
    inbox = Recorder()
    channel = EmailChannel(settings, inbox)
    async with running(channel, inbox) as line:
        await until(channel.healthy, "connected")
        mails = [line.send(outgoing(ADDRESS, delivery=number)) for number in (1, 2)]
        outcomes = await asyncio.gather(*mails, return_exceptions=True)
    (error,) = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    return error


# What happens to a mail that was given up


@dataclass
class DeafServer:
    """A server that asks for the text and is never heard of again."""

    cut_network: bool
    text: bytes = b""
    """What came after it asked for the text."""
    ended: Exception | None = None

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = "greeting"
        with contextlib.suppress(asyncio.IncompleteReadError):
            while said != "DATA":
                writer.write(USUAL[said])
                said = (await reader.readuntil(b"\r\n"))[:4].decode()
            writer.write(USUAL["DATA"])
            if self.cut_network:
                loopback(up=False)
            try:
                while received := await reader.read(1000):
                    self.text += received
            except ConnectionError as error:
                self.ended = error
        writer.transport.abort()


@contextlib.asynccontextmanager
async def deaf(server: DeafServer) -> AsyncIterator[EmailChannel]:
    """Give up a mail at its text."""
    async with await asyncio.start_server(server.talk, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        async with talking(AiosmtpdPeer(), port=port, username=None, password=None) as channel:
            with pytest.raises(Unanswered):
                await channel.send(outgoing(ADDRESS))
            yield channel


async def test_given_up_connection_is_reset_without_another_byte() -> None:
    server = DeafServer(cut_network=False)
    async with deaf(server):
        await until(lambda: server.ended is not None, "the connection is reset")
    assert isinstance(server.ended, ConnectionResetError)
    assert server.text.endswith(b"\r\n.\r\n")


async def test_text_given_up_in_a_partition_does_not_arrive_when_it_heals(request: pytest.FixtureRequest) -> None:
    if not isolate(request):
        return
    server = DeafServer(cut_network=True)
    async with deaf(server):
        loopback(up=True)
        # The kernel repeats the bytes of an orphaned connection at growing intervals; 2 s see the next one.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await asyncio.Event().wait()
        assert server.text == b""


# How connections are kept


@pytest.fixture
async def peer() -> AsyncIterator[AiosmtpdPeer]:
    peer = AiosmtpdPeer()
    await peer.start()
    yield peer
    await peer.stop()


@contextlib.asynccontextmanager
async def talking(peer: AiosmtpdPeer, **settings: object) -> AsyncIterator[EmailChannel]:
    inbox = Recorder()
    channel = EmailChannel(peer.settings(**settings), inbox)
    async with running(channel, inbox):
        await until(channel.healthy, "connected")
        yield channel


async def test_one_connection_serves_many_mails(peer: AiosmtpdPeer) -> None:
    async with talking(peer) as channel:
        for number in range(20):
            await channel.send(outgoing(ADDRESS, delivery=number))
    assert peer.connections == 1
    assert len(peer.received) == 20


async def test_refusals_do_not_cost_the_connection_nor_the_next_mail(peer: AiosmtpdPeer) -> None:
    async with talking(peer) as channel:
        answers: tuple[Answer, ...] = ("bad_address", "throttle", "reject", "temporary")
        for answer in answers:
            peer.script(answer)
            with pytest.raises(ChannelError):
                await channel.send(outgoing(ADDRESS))
            peer.script("accept")
            await channel.send(outgoing(ADDRESS))
    assert peer.connections == 1
    assert len(peer.received) == 4


@pytest.mark.parametrize(("constant", "value"), [("_MESSAGES", 1), ("_IDLE_SECONDS", 0)])
async def test_connections_are_renewed(
    peer: AiosmtpdPeer, monkeypatch: pytest.MonkeyPatch, constant: str, value: int
) -> None:
    monkeypatch.setattr(email_session, constant, value)
    async with talking(peer) as channel:
        for number in range(3):
            await channel.send(outgoing(ADDRESS, delivery=number))
    assert peer.connections >= 3
    assert len(peer.received) == 3


async def test_no_more_than_the_window_is_kept(peer: AiosmtpdPeer) -> None:
    async with talking(peer, window=2) as channel:
        await asyncio.gather(*(channel.send(outgoing(ADDRESS, delivery=number)) for number in range(6)))
        await until(lambda: len(peer.transports) <= 2, "the surplus has taken leave")


async def test_refusal_does_not_tell_the_mailbox(peer: AiosmtpdPeer) -> None:
    async with odd_server("RCPT", f"550 5.1.1 <{ADDRESS}>: unknown\r\n".encode()) as settings:
        error = await _second_connection(settings)
    assert ADDRESS not in str(error)
    assert "unknown" in str(error)


@pytest.mark.parametrize(("failures", "seconds"), [(0, 0.25), (1, 0.5), (5, 8), (6, 10), (1_000_000, 10)])
def test_pause_grows_to_its_limit_however_long_the_outage(failures: int, seconds: float) -> None:
    assert pause_after(failures, longest=10) == seconds


async def test_login_that_was_refused_is_not_hammered(peer: AiosmtpdPeer) -> None:
    async with talking(peer) as channel:
        peer.script("credentials")
        await until(lambda: not peer.transports, "the session has ended")
        before, reasons = peer.connections, set()
        for _ in range(50):
            with pytest.raises(ChannelError) as caught:
                await channel.send(outgoing(ADDRESS))
            reasons.add(caught.value.reason)
        assert reasons == {Reason.CREDENTIALS}
        assert caught.value.after is not None
        assert peer.connections - before <= 2


# Encryption


def certificate(folder: Path, host: str) -> tuple[ssl.SSLContext, Path]:
    """A certificate for `host` that vouches for itself: the server's side, and the file that trusts it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(names, critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted, both = folder / "trusted.pem", folder / "both.pem"
    trusted.write_bytes(built.public_bytes(Encoding.PEM))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both.write_bytes(secret + trusted.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context, trusted


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("host", ["127.0.0.1", "192.0.2.1"])
async def test_only_the_right_certificate_gets_our_mail(tmp_path: Path, tls: str, host: str) -> None:
    context, trusted = certificate(tmp_path, host)
    peer = AiosmtpdPeer(
        starttls=context if tls == "starttls" else None, implicit=context if tls == "implicit" else None
    )
    await peer.start()
    inbox = Recorder()
    channel = EmailChannel(peer.settings(tls=tls, ca_file=trusted), inbox)
    async with running(channel, inbox) as line:
        if host == "127.0.0.1":
            await until(channel.healthy, "connected")
            await line.send(outgoing(ADDRESS))
        else:
            await asyncio.sleep(0)
            with pytest.raises(ChannelError, match="certificate") as caught:
                await line.send(outgoing(ADDRESS))
            assert caught.value.reason is Reason.UNREACHABLE
            assert not channel.healthy()
    assert len(peer.received) == (1 if host == "127.0.0.1" else 0)
    await peer.stop()


async def test_without_starttls_on_offer_nothing_leaves_in_clear(peer: AiosmtpdPeer) -> None:
    inbox = Recorder()
    channel = EmailChannel(peer.settings(tls="starttls"), inbox)
    async with running(channel, inbox) as line:
        await asyncio.sleep(0)
        with pytest.raises(ChannelError, match="STARTTLS") as caught:
            await line.send(outgoing(ADDRESS))
    assert caught.value.reason is Reason.UNREACHABLE
    assert peer.received == []
