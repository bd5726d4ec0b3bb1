"""What a gateway or a network may do to an SMPP session, and what the channel makes of it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import socket
import ssl
import struct
from collections.abc import Awaitable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.channels.bare_peers import NUMBER, RESPONSE, Act, line_to, refused_for
from tests.channels.bare_smsc import BIND, CANCEL, DELIVER, SUBMIT, Smsc, deliver, frame
from tests.channels.conformance import BOUND, ORDER, TEXTS, Recorder, outgoing, running, until
from tests.channels.smpp_peers import NodePeer, receipt_text, reply_parts, settings
from warnengine.dispatch.channel import (
    Accepted,
    BulkChannel,
    ChannelError,
    Fate,
    Reason,
    Recalling,
    Unanswered,
)
from warnengine.dispatch.channels.smpp import SmppChannel

# Frames


async def test_what_cannot_be_read_is_refused_for_good_and_the_session_lives() -> None:
    async with Smsc() as smsc, line_to(smsc) as line:
        smsc.send(frame(DELIVER, 1, b"\0\x01"))
        smsc.send(frame(0x00000103, 2, b"data_sm"))
        await until(lambda: smsc.count((DELIVER | RESPONSE) + 0x65) == 1, "the deliver_sm is refused")
        await until(lambda: smsc.count(0x80000000 + 0x03) == 1, "the unknown command is refused")
        await line.send(outgoing(NUMBER))
        assert len(smsc.sessions) == 1


# Answers


def answering(*statuses: int) -> Act:
    """Answer the submits with these statuses in turn."""
    left = list(statuses)

    def act(smsc: Smsc, command: int, sequence: int, octets: bytes) -> None:
        if command == SUBMIT:
            smsc.send(frame(SUBMIT | RESPONSE, sequence, b"", left.pop(0)))

    return act


@pytest.mark.parametrize(
    ("statuses", "reason"),
    [
        ((0x58, 0x58, 0x58), Reason.THROTTLED),
        ((0x58, 0x0B, 0x58), Reason.BAD_ADDRESS),
        ((0, 0x58, 0), Reason.UNANSWERED),
        ((0, 0, 0x0B), Reason.UNANSWERED),
    ],
)
async def test_a_text_of_which_a_part_may_arrive_is_not_called_refused(
    statuses: tuple[int, ...], reason: Reason
) -> None:
    async with Smsc(answering(*statuses)) as smsc, line_to(smsc) as line:
        with pytest.raises((ChannelError, Unanswered)) as caught:
            await line.send(outgoing(NUMBER, "撤" * 200))
        assert getattr(caught.value, "reason", Reason.UNANSWERED) is reason


async def test_one_lost_answer_costs_only_its_own_message() -> None:
    def lose_first(smsc: Smsc, command: int, sequence: int, octets: bytes) -> None:
        if command == SUBMIT and smsc.count(SUBMIT) > 1:
            smsc.send(frame(SUBMIT | RESPONSE, sequence, b"x\0"))

    async with Smsc(lose_first) as smsc, line_to(smsc) as line:
        lost = asyncio.create_task(line.send(outgoing(NUMBER)))
        await until(lambda: smsc.count(SUBMIT) == 1, "the first has left")
        while not lost.done():
            await line.send(outgoing(NUMBER, "【铜梁应急】另一条"))
            await asyncio.sleep(0.05)
        with pytest.raises(Unanswered):
            await lost
        assert line.channel.healthy()
        assert len(smsc.sessions) == 1


async def test_a_yes_that_comes_after_it_was_given_up_still_counts() -> None:
    held: list[int] = []

    def hold_back(smsc: Smsc, command: int, sequence: int, octets: bytes) -> None:
        if command == SUBMIT and smsc.count(SUBMIT) == 1:
            held.append(sequence)
        elif command == SUBMIT:
            smsc.send(frame(SUBMIT | RESPONSE, sequence, b"x\0"))

    answers: list[object] = []
    async with Smsc(hold_back) as smsc, line_to(smsc) as line:
        assert isinstance(line.channel, BulkChannel)
        line.channel.submit(outgoing(NUMBER), answers.append)
        while not answers:
            await line.send(outgoing(NUMBER, "【铜梁应急】另一条"))
            await asyncio.sleep(0.05)
        assert isinstance(answers[0], Unanswered)
        smsc.send(frame(SUBMIT | RESPONSE, held[0], b"late\0"))
        await until(lambda: len(answers) == 2, "the late yes is handed on")
    assert answers[1] == Accepted(("late",), receipts=True)


async def test_what_the_gateway_still_holds_is_recalled_as_it_was_submitted() -> None:
    def take(smsc: Smsc, command: int, sequence: int, octets: bytes) -> None:
        if command == SUBMIT:
            smsc.send(frame(SUBMIT | RESPONSE, sequence, b"id-7\0"))
        elif command == CANCEL:
            smsc.send(frame(CANCEL | RESPONSE, sequence))

    async with Smsc(take) as smsc, line_to(smsc) as line:
        taken = await line.send(outgoing(NUMBER))
        assert isinstance(line.channel, Recalling)
        line.channel.recall(taken.provider_ids[0], NUMBER)
        await until(lambda: smsc.count(CANCEL) == 1, "the gateway is asked")
        await line.send(outgoing(NUMBER, "【铜梁应急】解除"))
    submitted = next(octets for command, _, octets in smsc.pdus if command == SUBMIT)[16:]
    cancelled = next(octets for command, _, octets in smsc.pdus if command == CANCEL)[16:]
    source, destination = addresses(submitted[1:])
    assert cancelled == b"\0id-7\0" + source + destination, "§4.9.1: service type, id, source, destination"


def addresses(octets: bytes) -> tuple[bytes, bytes]:
    """Both addresses with their types (SMPP 3.4 §4.4.1)."""
    first = octets.index(0, 2) + 1
    return octets[:first], octets[first : octets.index(0, first + 2) + 1]


async def test_the_window_is_never_exceeded() -> None:
    most = 0

    async def hold(smsc: Smsc, sequence: int) -> None:
        nonlocal most
        held.append(sequence)
        most = max(most, len(held))
        await asyncio.sleep(0)
        if len(held) == 3:
            held.clear()
            for waiting in range(sequence - 2, sequence + 1):
                smsc.send(frame(SUBMIT | RESPONSE, waiting, b"x\0"))

    held: list[int] = []

    def act(smsc: Smsc, command: int, sequence: int, octets: bytes) -> Awaitable[None] | None:
        return hold(smsc, sequence) if command == SUBMIT else None

    async with Smsc(act) as smsc, line_to(smsc, window=3) as line:
        await asyncio.gather(*(line.send(outgoing(NUMBER, "撤" * 200, delivery=n)) for n in range(10)))
        assert smsc.count(SUBMIT) == 30
        assert most == 3


async def test_a_line_whose_whole_window_is_owed_an_answer_is_bound_anew() -> None:
    def lose_answers(smsc: Smsc, command: int, sequence: int, octets: bytes) -> None:
        if command == SUBMIT and len(smsc.sessions) > 1:
            smsc.send(frame(SUBMIT | RESPONSE, sequence, b"x\0"))

    async with Smsc(lose_answers) as smsc, line_to(smsc, window=2) as line:
        lost = await asyncio.gather(
            *(line.send(outgoing(NUMBER, delivery=n)) for n in range(2)), return_exceptions=True
        )
        assert [type(one) for one in lost] == [Unanswered, Unanswered]
        await until(lambda: len(smsc.sessions) == 2, "the line is bound anew")
        await until(line.channel.healthy, "it can send again")
        assert (await line.send(outgoing(NUMBER, delivery=3))).provider_ids == ("x",)


async def test_a_send_that_finds_no_room_in_time_is_throttled_and_nothing_has_left() -> None:
    async with Smsc(answering()) as smsc, line_to(smsc, window=1) as line:
        smsc.act = lambda *_: None
        first = asyncio.create_task(line.send(outgoing(NUMBER)))
        await until(lambda: smsc.count(SUBMIT) == 1, "the first has left")
        with pytest.raises(ChannelError) as caught:
            await line.send(outgoing(NUMBER, "【铜梁应急】第二条"))
        assert caught.value.reason in {Reason.THROTTLED, Reason.UNREACHABLE}
        assert caught.value.retry
        with pytest.raises(Unanswered):
            await first
        assert smsc.count(SUBMIT) == 1


@pytest.mark.parametrize("address", ["13800138001", "+", "+86138a", "+8613800138001\0", "", "a@b.cn"])
async def test_what_is_no_number_never_leaves(address: str) -> None:
    async with Smsc() as smsc, line_to(smsc) as line:
        with pytest.raises(ChannelError) as caught:
            await line.send(outgoing(address))
        assert (caught.value.reason, caught.value.retry) == (Reason.BAD_ADDRESS, False)
        assert smsc.count(SUBMIT) == 0


# The link


async def test_bytes_that_wait_in_our_kernel_never_arrive_after_giving_up() -> None:
    """The gateway stops reading; when it reads on, it finds a reset instead of the rest."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    listener.setblocking(False)
    loop = asyncio.get_running_loop()
    inbox = Recorder()
    channel = SmppChannel(settings(listener.getsockname()[1], window=1000), inbox)
    with listener:
        async with running(channel, inbox):
            session, _ = await loop.sock_accept(listener)
            with session:
                bind = await loop.sock_recv(session, 1000)
                await loop.sock_sendall(
                    session, frame(BIND | RESPONSE, struct.unpack(">I", bind[12:16])[0], b"s\0")
                )
                await until(channel.healthy, "the session is bound")
                sent = [channel.send(outgoing(NUMBER, TEXTS["ten parts"], delivery=n)) for n in range(60)]
                outcomes = await asyncio.gather(*sent, return_exceptions=True)
                assert all(isinstance(outcome, Unanswered) for outcome in outcomes)
                arrived = b""
                with contextlib.suppress(ConnectionResetError):
                    async with asyncio.timeout(BOUND):
                        while octets := await loop.sock_recv(session, 65536):
                            arrived += octets
        assert 0 < len(arrived) < 60 * 10 * 150 / 2


# What is handed over


async def test_a_long_reply_handed_over_part_by_part_arrives_whole_in_the_end() -> None:
    """A gateway with a window of one waits for each confirmation before the next part."""
    text = "撤离 35 人，水已到路口。" * 12
    async with Smsc() as smsc, line_to(smsc, answer_seconds=5) as line:
        for sequence, (header, piece) in enumerate(reply_parts(text), start=1):
            smsc.send(deliver(sequence, header + piece.encode("utf-16-be"), 0x40, 8))
            await until(lambda n=sequence: smsc.count(DELIVER | RESPONSE) == n, "the part is confirmed")  # type: ignore[misc]
        assert line.inbox.replies[-1].text == text
        assert line.inbox.replies[-1].address == NUMBER


async def test_a_repeated_long_reply_is_not_stored_twice() -> None:
    parts = reply_parts("已转移" * 40)
    async with Smsc() as smsc, line_to(smsc) as line:
        for sequence, (header, piece) in enumerate([*parts, *parts], start=1):
            smsc.send(deliver(sequence, header + piece.encode("utf-16-be"), 0x40, 8))
        await until(lambda: smsc.count(DELIVER | RESPONSE) == 2 * len(parts), "all are confirmed")
        assert [reply.text for reply in line.inbox.replies] == ["已转移" * 40]


async def test_ten_thousand_receipts_at_once_are_all_confirmed() -> None:
    async with Smsc() as smsc, line_to(smsc, answer_seconds=BOUND) as line:
        receipt = receipt_text("a", Fate.DELIVERED).encode()
        smsc.send(b"".join(deliver(sequence, receipt, 4) for sequence in range(1, 10_001)))
        await until(lambda: smsc.count(DELIVER | RESPONSE) == 10_000, "all are confirmed")
        assert len(line.inbox.receipts) == 10_000
        await line.send(outgoing(NUMBER))


async def test_answers_keep_coming_while_the_store_is_away() -> None:
    async with Smsc() as smsc, line_to(smsc) as line:
        line.inbox.open.clear()
        smsc.send(b"".join(deliver(sequence, b"1") for sequence in range(1, 6)))
        await line.send(outgoing(NUMBER))
        await until(lambda: smsc.count((DELIVER | RESPONSE) + 0x64) == 5, "all are given back after a while")
        line.inbox.open.set()
        smsc.send(deliver(6, b"1"))
        await until(lambda: smsc.count(DELIVER | RESPONSE) == 1, "the repeat is stored")


# TLS


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Write a certificate for 127.0.0.1 and its key into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "smsc")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "smsc.pem"
    file.write_bytes(
        built.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


async def test_tls_with_the_gateways_own_authority(certificate: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with Smsc(ssl=context) as smsc, line_to(smsc, tls=True, ca_file=certificate) as line:
        accepted = await line.send(outgoing(NUMBER, TEXTS["ten parts"]))
        assert len(accepted.provider_ids) == 10


async def test_tls_refuses_a_gateway_that_nobody_vouches_for(certificate: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with Smsc(ssl=context) as smsc:
        inbox = Recorder()
        channel = SmppChannel(settings(smsc.port, tls=True), inbox)
        async with running(channel, inbox):
            error = await refused_for(channel, Reason.UNREACHABLE, "certificate")
            assert error.retry
            assert not channel.healthy()
            assert smsc.pdus == []


async def test_what_a_submit_carries_beside_the_text() -> None:
    """Receipt asked for every part, validity from the order's expiry, priority for red, our number as source."""
    peer = NodePeer()
    await peer.start()
    inbox = Recorder()
    channel = SmppChannel(settings(peer.port), inbox)
    async with running(channel, inbox):
        await until(channel.healthy, "the session is bound")
        await channel.send(outgoing(NUMBER, ORDER + "撤" * 100, expires_in=90 * 60))
        await until(lambda: len(peer.submits) == 3, "all parts have come")
    await peer.stop()
    await peer.end()
    seen = {(s["registered"], s["priority"], s["coding"], s["source"]) for s in peer.submits}
    assert seen == {(1, 1, 8, "106900120")}
