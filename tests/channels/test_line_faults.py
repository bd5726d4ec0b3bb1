"""What a gateway or a network may do to the session of an SMS line, SMPP or CMPP, and what the channel makes of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable

import pytest

from tests.channels.bare_ismg import Ismg
from tests.channels.bare_peers import NUMBER, RESPONSE, BareGateway, line_to, refused_for
from tests.channels.bare_smsc import Smsc
from tests.channels.conformance import Recorder, outgoing, running, until
from warnengine.dispatch.channel import Reason, Unanswered

both = pytest.mark.parametrize("kind", [Smsc, Ismg])
Kind = type[BareGateway]


# Frames


@both
async def test_sliced_bytes_are_put_together_again(kind: Kind) -> None:
    async with kind() as gateway, line_to(gateway) as line:
        for octet in gateway.receipt(1) + gateway.reply(2, b"1"):
            gateway.send(bytes((octet,)))
            await gateway.sessions[-1].drain()
            await asyncio.sleep(0)
        await until(lambda: gateway.count(gateway.deliver | RESPONSE) == 2, "both are confirmed")
        assert [stored.provider_id for stored in line.inbox.receipts] == [gateway.receipt_id]
        assert [stored.text for stored in line.inbox.replies] == ["1"]


@both
@pytest.mark.parametrize("length", [0, -1, 0x20000000, 0xFFFFFFFF])
async def test_a_length_that_cannot_be_ends_the_session_not_the_channel(kind: Kind, length: int) -> None:
    """-1: one less than a header."""
    async with kind() as gateway, line_to(gateway) as line:
        said = length if length >= 0 else gateway.header.size - 1
        gateway.send(said.to_bytes(4) + gateway.frame(gateway.deliver, 1)[4:])
        await until(lambda: len(gateway.sessions) == 2, "the channel has connected afresh")
        await until(line.channel.healthy, "the channel is logged in afresh")
        await line.send(outgoing(NUMBER))


@both
async def test_an_answer_cut_in_the_middle_is_no_answer(kind: Kind) -> None:
    def cut(gateway: BareGateway, command: int, sequence: int, octets: bytes) -> None:
        if command == gateway.submit:
            gateway.send(gateway.frame(command | RESPONSE, sequence, b"abcdef\0")[: gateway.header.size + 3])
            gateway.sessions[-1].close()

    async with kind(cut) as gateway, line_to(gateway) as line:
        with pytest.raises(Unanswered):
            await line.send(outgoing(NUMBER))
        gateway.act = None
        await until(line.channel.healthy, "the channel is logged in afresh")
        await line.send(outgoing(NUMBER))


# The link


@both
async def test_a_quiet_link_is_tested_and_a_dead_one_replaced(kind: Kind) -> None:
    async with kind() as gateway, line_to(gateway, enquire_seconds=0.1, answer_seconds=0.3) as line:
        await until(lambda: gateway.count(gateway.enquire) >= 2, "the channel enquires again and again")
        assert len(gateway.sessions) == 1
        deaf = gateway.sessions[0]

        def fall_silent(
            gateway: BareGateway, command: int, sequence: int, octets: bytes
        ) -> Awaitable[None] | None:
            return asyncio.sleep(0) if gateway.sessions[-1] is deaf else None

        gateway.act = fall_silent
        await until(lambda: len(gateway.sessions) == 2, "the channel has connected afresh")
        await until(line.channel.healthy, "the channel is logged in afresh")


@both
async def test_our_answer_to_an_enquiry(kind: Kind) -> None:
    async with kind() as gateway, line_to(gateway):
        gateway.send(gateway.frame(gateway.enquire, 77))
        answer = (gateway.enquire | RESPONSE, 77, gateway.usual(gateway.enquire, 77))
        await until(lambda: answer in gateway.pdus, "we answer")


@both
async def test_a_gateway_that_says_goodbye_is_answered_and_returned_to(kind: Kind) -> None:
    async with kind() as gateway, line_to(gateway) as line:
        gateway.send(gateway.frame(gateway.goodbye, 5))
        await until(lambda: gateway.count(gateway.goodbye | RESPONSE) == 1, "we answer")
        await until(lambda: len(gateway.sessions) == 2, "the channel has connected afresh")
        await until(line.channel.healthy, "the channel is logged in afresh")


@both
async def test_goodbye_is_said_and_a_gateway_that_just_closes_is_tolerated(kind: Kind) -> None:
    def close(gateway: BareGateway, command: int, sequence: int, octets: bytes) -> None:
        if command == gateway.goodbye:
            gateway.sessions[-1].close()

    async with kind() as gateway:
        async with line_to(gateway):
            gateway.act = close
        assert gateway.count(gateway.goodbye) == 1


@pytest.mark.parametrize(
    ("kind", "status"), [(Smsc, 0x0D), (Smsc, 0x0E), (Smsc, 0x0F), (Ismg, 2), (Ismg, 3), (Ismg, 4)]
)
async def test_a_refused_login_is_told_and_not_tried_in_a_loop(kind: Kind, status: int) -> None:
    async with kind() as gateway:
        gateway.login_status = status
        inbox = Recorder()
        channel = gateway.channel(inbox)
        async with running(channel, inbox):
            error = await refused_for(channel, Reason.CREDENTIALS)
            assert error.retry
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await until(lambda: gateway.count(gateway.login) > 1, "we try again")
            assert gateway.count(gateway.login) == 1
