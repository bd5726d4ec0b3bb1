"""What a CMPP gateway may do to a session, and what the channel makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest

from tests.channels.bare_ismg import CONNECT, DELIVER, MSG_ID, SUBMIT, Ismg, deliver, frame, receipt
from tests.channels.bare_peers import NUMBER, RESPONSE, line_to
from tests.channels.cmpp_peers import settings
from tests.channels.conformance import Recorder, outgoing, running, until
from tests.channels.smpp_peers import reply_parts
from tests.channels.test_cmpp_codec import report
from warnengine.dispatch.channel import Unanswered
from warnengine.dispatch.channels.cmpp import CmppChannel

# Frames


async def test_an_answer_without_a_result_is_no_answer() -> None:
    def shorten(ismg: Ismg, command: int, sequence: int, octets: bytes) -> None:
        if command == SUBMIT:
            ismg.send(frame(SUBMIT | RESPONSE, sequence, MSG_ID))

    async with Ismg(shorten) as ismg, line_to(ismg) as line:
        with pytest.raises(Unanswered, match="no result"):
            await line.send(outgoing(NUMBER))


async def test_what_cannot_be_read_is_refused_for_good_and_the_session_lives() -> None:
    async with Ismg() as ismg, line_to(ismg) as line:
        ismg.send(frame(DELIVER, 1, b"\0\x01"))
        ismg.send(deliver(2, b"1", Msg_Length=b"\xff"))
        ismg.send(deliver(3, report(21)[:40], Registered_Delivery=b"\1"))
        ismg.send(frame(0x000000FF, 4, b"?"))
        await until(lambda: ismg.results() == [1, 1, 1], "all are refused")
        await line.send(outgoing(NUMBER))
        assert len(ismg.sessions) == 1
        assert line.inbox.receipts == line.inbox.replies == []


# The link


async def test_an_answer_to_the_login_that_cannot_be_read_is_no_session() -> None:
    def mumble(ismg: Ismg, command: int, sequence: int, octets: bytes) -> Awaitable[None] | None:
        if command != CONNECT:
            return None
        ismg.send(frame(CONNECT | RESPONSE, sequence, b"\0"))
        return asyncio.sleep(0)

    async with Ismg(mumble) as ismg:
        inbox = Recorder()
        channel = CmppChannel(settings(ismg.port), inbox)
        async with running(channel, inbox):
            await until(lambda: ismg.count(CONNECT) > 1, "we try again")
            assert not channel.healthy()


async def test_a_new_session_does_not_repeat_the_numbers_of_the_old_one() -> None:
    """A gateway may take a number that comes again for a repeat and drop the text."""
    async with Ismg() as ismg, line_to(ismg) as line:
        await line.send(outgoing(NUMBER))
        ismg.sessions[-1].transport.abort()
        await until(lambda: len(ismg.sessions) == 2, "the channel has connected afresh")
        await until(line.channel.healthy, "the channel is logged in afresh")
        await line.send(outgoing(NUMBER, "【铜梁应急】另一条"))
        numbers = [sequence for command, sequence, _ in ismg.pdus if command == SUBMIT]
        assert len(set(numbers)) == len(numbers) == 2


# What is handed over


async def test_a_receipt_that_comes_before_the_answer_has_the_same_id() -> None:
    def hurry(ismg: Ismg, command: int, sequence: int, octets: bytes) -> None:
        if command == SUBMIT:
            ismg.send(receipt(1))
            ismg.send(frame(SUBMIT | RESPONSE, sequence, MSG_ID + bytes(4)))

    async with Ismg(hurry) as ismg, line_to(ismg) as line:
        accepted = await line.send(outgoing(NUMBER))
        await until(lambda: ismg.results() == [0], "the receipt is confirmed")
        assert [stored.provider_id for stored in line.inbox.receipts] == list(accepted.provider_ids)


async def test_a_receipt_is_asked_for_again_until_it_is_stored() -> None:
    async with Ismg() as ismg, line_to(ismg) as line:
        line.inbox.failing = True
        ismg.send(receipt(1))
        await until(lambda: ismg.results() == [8], "it is given back")
        line.inbox.failing = False
        ismg.send(receipt(2))
        await until(lambda: ismg.results() == [8, 0], "it is stored")
        assert len(line.inbox.receipts) == 1


async def test_a_long_reply_of_which_a_part_is_missing_is_handed_on_as_it_is() -> None:
    first, *_ = reply_parts("撤离 35 人，水已到路口。" * 12)
    async with Ismg() as ismg, line_to(ismg, answer_seconds=5) as line:
        content = first[0] + first[1].encode("utf-16-be")
        ismg.send(deliver(1, content, TP_udhi=b"\1", Msg_Fmt=b"\x08"))
        await until(lambda: ismg.results() == [0], "the part is confirmed")
        assert [reply.text for reply in line.inbox.replies] == [first[1]]
