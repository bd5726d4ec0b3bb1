"""What a CMPP gateway may do to a session, and what the channel makes of it."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import pytest

from tests.channels.cmpp_peers import settings
from tests.channels.conformance import Line, Recorder, outgoing, running, until
from tests.channels.smpp_peers import reply_parts
from tests.channels.test_cmpp_codec import DELIVERS, join, report
from tests.channels.test_smpp_faults import Smsc, refused_for
from warnengine.dispatch.channel import Reason, Unanswered
from warnengine.dispatch.channels.cmpp import CmppChannel

NUMBER = "+8613800138001"
CONNECT, TERMINATE, SUBMIT, DELIVER, ACTIVE_TEST = 1, 2, 4, 5, 8
RESPONSE = 0x80000000
MSG_ID = bytes.fromhex("b9700a1e00c80001")


def frame(command: int, sequence: int, body: bytes = b"") -> bytes:
    return struct.pack(">III", 12 + len(body), command, sequence) + body


class Ismg(Smsc):
    """A gateway of bare frames, for what no well-behaved library would send."""

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                header = await reader.readexactly(12)
                length, command, sequence = struct.unpack(">III", header)
                octets = header + await reader.readexactly(length - 12)
                self.pdus.append((command, sequence, octets))
                await self._answer(writer, command, sequence, octets)

    async def _answer(self, writer: asyncio.StreamWriter, command: int, sequence: int, octets: bytes) -> None:
        acted = self.act(self, command, sequence, octets) if self.act else None
        if acted is not None:
            await acted
        elif self.act and command == SUBMIT:
            return
        elif command == CONNECT:
            status = struct.pack(">I", self.bind_status)
            writer.write(frame(CONNECT | RESPONSE, sequence, status + bytes(16) + b"\x30"))
        elif command == SUBMIT:
            writer.write(frame(SUBMIT | RESPONSE, sequence, struct.pack(">QI", sequence, 0)))
        elif command in {ACTIVE_TEST, TERMINATE}:
            writer.write(frame(command | RESPONSE, sequence, b"\0" if command == ACTIVE_TEST else b""))

    def results(self) -> list[int]:
        """The Result of every CMPP_DELIVER_RESP."""
        return [octets[-1] for command, _, octets in self.pdus if command == DELIVER | RESPONSE]


@contextlib.asynccontextmanager
async def line_to(ismg: Ismg, **changes: Any) -> AsyncIterator[Line]:
    inbox = Recorder()
    async with running(CmppChannel(settings(ismg.port, **changes), inbox), inbox) as line:
        await until(line.channel.healthy, "the session is open")
        yield line


def deliver(sequence: int, content: bytes, **fields: bytes) -> bytes:
    fields = {"Msg_Id": MSG_ID, "Src_terminal_Id": NUMBER[1:].encode(), "Dest_Id": b"106900120"} | fields
    return frame(DELIVER, sequence, join(DELIVERS["3.0"], Msg_Content=content, **fields))


def receipt(sequence: int) -> bytes:
    return deliver(sequence, report(32), Registered_Delivery=b"\1")


# Frames


async def test_sliced_bytes_are_put_together_again() -> None:
    async with Ismg() as ismg, line_to(ismg) as line:
        for octet in receipt(1) + deliver(2, b"1"):
            ismg.send(bytes((octet,)))
            await ismg.sessions[-1].drain()
            await asyncio.sleep(0)
        await until(lambda: ismg.results() == [0, 0], "both are confirmed")
        assert (line.inbox.receipts[0].provider_id, line.inbox.replies[0].text) == (MSG_ID.hex(), "1")


@pytest.mark.parametrize("length", [0, 11, 0x20000000, 0xFFFFFFFF])
async def test_a_length_that_cannot_be_ends_the_session_not_the_channel(length: int) -> None:
    async with Ismg() as ismg, line_to(ismg) as line:
        ismg.send(struct.pack(">III", length, DELIVER, 1))
        await until(lambda: len(ismg.sessions) == 2, "the channel has connected afresh")
        await until(line.channel.healthy, "the channel is logged in afresh")
        await line.send(outgoing(NUMBER))


async def test_an_answer_cut_in_the_middle_is_no_answer() -> None:
    def cut(ismg: Smsc, command: int, sequence: int, octets: bytes) -> None:
        if command == SUBMIT:
            ismg.send(frame(SUBMIT | RESPONSE, sequence, bytes(12))[:17])
            ismg.sessions[-1].close()

    async with Ismg(cut) as ismg, line_to(ismg) as line:
        with pytest.raises(Unanswered):
            await line.send(outgoing(NUMBER))
        ismg.act = None
        await until(line.channel.healthy, "the channel is logged in afresh")
        await line.send(outgoing(NUMBER))


async def test_an_answer_without_a_result_is_no_answer() -> None:
    def shorten(ismg: Smsc, command: int, sequence: int, octets: bytes) -> None:
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


@pytest.mark.parametrize("status", [2, 3, 4])
async def test_a_refused_login_is_told_and_not_tried_in_a_loop(status: int) -> None:
    async with Ismg() as ismg:
        ismg.bind_status = status
        inbox = Recorder()
        channel = CmppChannel(settings(ismg.port), inbox)
        async with running(channel, inbox):
            error = await refused_for(channel, Reason.CREDENTIALS)
            assert error.retry
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await until(lambda: ismg.count(CONNECT) > 1, "we try again")
            assert ismg.count(CONNECT) == 1


async def test_an_answer_to_the_login_that_cannot_be_read_is_no_session() -> None:
    def mumble(ismg: Smsc, command: int, sequence: int, octets: bytes) -> Awaitable[None] | None:
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


async def test_a_quiet_link_is_tested_and_a_dead_one_replaced() -> None:
    async with Ismg() as ismg, line_to(ismg, enquire_seconds=0.1, answer_seconds=2) as line:
        await until(lambda: ismg.count(ACTIVE_TEST) >= 2, "the channel tests again and again")
        assert len(ismg.sessions) == 1
        deaf = ismg.sessions[0]

        def fall_silent(ismg: Smsc, command: int, sequence: int, octets: bytes) -> Awaitable[None] | None:
            return asyncio.sleep(0) if ismg.sessions[-1] is deaf else None

        ismg.act = fall_silent
        await until(lambda: len(ismg.sessions) == 2, "the channel has connected afresh")
        await until(line.channel.healthy, "the channel is logged in afresh")


async def test_our_answer_to_an_active_test() -> None:
    async with Ismg() as ismg, line_to(ismg):
        ismg.send(frame(ACTIVE_TEST, 77))
        answer = (ACTIVE_TEST | RESPONSE, 77, frame(ACTIVE_TEST | RESPONSE, 77, b"\0"))
        await until(lambda: answer in ismg.pdus, "we answer")


async def test_a_gateway_that_says_goodbye_is_answered_and_returned_to() -> None:
    async with Ismg() as ismg, line_to(ismg) as line:
        ismg.send(frame(TERMINATE, 5))
        await until(lambda: ismg.count(TERMINATE | RESPONSE) == 1, "we answer")
        await until(lambda: len(ismg.sessions) == 2, "the channel has connected afresh")
        await until(line.channel.healthy, "the channel is logged in afresh")


async def test_goodbye_is_said() -> None:
    async with Ismg() as ismg:
        async with line_to(ismg):
            pass
        assert ismg.count(TERMINATE) == 1


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
    def hurry(ismg: Smsc, command: int, sequence: int, octets: bytes) -> None:
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
