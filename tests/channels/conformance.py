"""The promises that every channel keeps, whatever its gateway speaks.

A channel's tests subclass `ChannelConformance` as `TestSomething` and set `make_peer`: a real gateway on the
loopback, driven through the `Peer` protocol. A promise that a kind of channel cannot make (email has no receipts
yet) is marked `promise("receipts")` and left out at collection by the peer's own flags.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import pytest

from warnengine.dispatch.channel import (
    Accepted,
    Channel,
    ChannelError,
    Fate,
    Inbox,
    Outgoing,
    Reason,
    Receipt,
    Reply,
    Telling,
    Text,
    Unanswered,
)

BOUND = 60.0
"""Seconds after which a test gives up waiting. No promise is measured by it."""

ISOLATED = "WARNENGINE_TEST_ISOLATED"
"""Set in the child process whose loopback is its own and may be taken down."""

Answer = Literal[
    "accept", "throttle", "reject", "bad_address", "credentials", "silent", "drop_before_answer", "temporary"
]
"""What the gateway does with every message (with `credentials`: every login) from now on.

accept: takes it and says so. throttle: asks for less. reject: refuses this text for good. bad_address: 空号.
credentials: refuses our login (a session that stands is ended, so that the channel must log in again).
temporary: fails inside and says so. silent: takes the bytes and never answers.
drop_before_answer: takes the bytes, then cuts the connection.
"""


class Peer(Protocol):
    """A real gateway on 127.0.0.1 that plays what a test asks for."""

    address: str
    """An address of this kind: a number, a mailbox, a subscription."""
    has_receipts: bool
    has_replies: bool
    has_network: bool
    """Whether bytes are on their way where a cable can be cut."""
    answers: frozenset[Answer]
    """What it can play; tests of anything else are left out when tests are collected."""

    @property
    def received(self) -> list[tuple[str, str]]:
        """(address, text) of every message taken whole, decoded by the gateway's own code."""

    async def start(self) -> None:
        """Listen; on a free port the first time, on the same port afterwards. `received` is kept."""

    async def stop(self) -> None:
        """Stop listening and cut all connections. Harmless when stopped."""

    def script(self, answer: Answer) -> None:
        """Do this from now on; `accept` at first."""

    def channel(self, inbox: Inbox) -> Channel:
        """Make a channel to this peer, with time limits of a few seconds. Called once, after `start`."""

    def carries(self, text: Text) -> str:
        """Say what of the text arrives at the gateway by this kind of channel."""

    async def receipt(self, fate: Fate) -> bool:
        """Report the fate of (the first part of) the last accepted message.

        True when the channel confirmed it; False when it refused, so that a gateway would repeat.
        """

    async def reply(self, text: str) -> bool:
        """Hand over what the person at `address` wrote back; True when the channel confirmed it."""


@dataclass
class Recorder:
    """An Inbox that remembers, fails or waits on demand."""

    receipts: list[Receipt] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    failing: bool = False
    open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()

    async def receipt(self, receipt: Receipt) -> None:
        await self._store()
        self.receipts.append(receipt)

    async def batch(self, receipts: Sequence[Receipt]) -> None:
        await self._store()
        self.receipts.extend(receipts)

    async def reply(self, reply: Reply) -> None:
        await self._store()
        self.replies.append(reply)

    async def _store(self) -> None:
        await self.open.wait()
        if self.failing:
            raise OSError("the database is away")


@dataclass
class Line:
    """A channel whose `run` is running, and the Inbox it hands over to."""

    channel: Channel
    inbox: Recorder
    running: asyncio.Task[None]

    async def send(self, message: Outgoing) -> Accepted:
        """Send with a bounded wait."""
        async with asyncio.timeout(BOUND):
            return await self.channel.send(message)


def words(short: str) -> Text:
    """Make a text whose parts all tell where they came from."""
    return Text(
        short=short,
        subject="【铜梁应急】暴雨红色预警 撤离指令",
        body=f"{short}\n\n请在页面上确认。",
        html=f"<p>{short}</p>",
        link="https://yj.example.cn/a/K7MPQ2RTXYZ",
    )


ORDER = "【铜梁应急】[红]暴雨红色预警 东城街道:17:30前撤离临河住户,回1收到。"


def outgoing(address: str, short: str = ORDER, *, expires_in: float = 3600.0, delivery: int = 1) -> Outgoing:
    """Make one attempt."""
    return Outgoing(
        delivery=delivery,
        client_id=f"{delivery:016d}",
        dedupe_id=f"{delivery:016d}",
        address=address,
        text=words(short),
        expires_in=expires_in,
        urgent=True,
    )


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition, not longer than `BOUND`."""
    try:
        async with asyncio.timeout(BOUND):
            while not condition():
                await asyncio.sleep(0.005)
    except TimeoutError:
        pytest.fail(f"waited {BOUND:.0f} s in vain until {what}")


@contextlib.asynccontextmanager
async def running(channel: Channel, inbox: Recorder) -> AsyncIterator[Line]:
    """Run a channel while the block lasts; end it within the bound."""
    task = asyncio.create_task(channel.run())
    try:
        yield Line(channel, inbox, task)
    finally:
        task.cancel()
        async with asyncio.timeout(BOUND):
            await asyncio.gather(task, return_exceptions=True)


def loopback(*, up: bool) -> None:
    """Take the loopback of this network namespace up or down; needs a namespace of our own."""
    get_flags, set_flags, iff_up = 0x8913, 0x8914, 0x1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack_from("16sH", fcntl.ioctl(control, get_flags, request))[1]
        flags = flags | iff_up if up else flags & ~iff_up
        fcntl.ioctl(control, set_flags, struct.pack("16sH14x", b"lo", flags))


def isolate(request: pytest.FixtureRequest) -> bool:
    """Say whether the loopback is ours; if not, run the requesting test in a child whose loopback is its own.

    Skips where the system allows no namespace to an ordinary user.
    """
    if os.environ.get(ISOLATED):
        return True
    unshare = shutil.which("unshare")
    if not unshare or subprocess.run([unshare, "-rn", "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs a network namespace of its own (unshare -rn), which this system does not allow")
    child = subprocess.run(
        [unshare, "-rn", sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", request.node.nodeid],
        env=os.environ | {ISOLATED: "1"},
        cwd=Path(request.config.rootpath),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert child.returncode == 0, child.stdout[-4000:] + child.stderr[-2000:]
    return False


TEXTS = {
    "one character": "1",
    "latin": "[RED] evacuate by 17:30, reply 1",
    "the 70 characters of one SMS": ("【铜梁应急】" + "撤" * 70)[:70],
    "71 characters": ("【铜梁应急】" + "撤" * 71)[:71],
    "two full parts": ("【铜梁应急】" + "离" * 140)[:134],
    "emoji across the end of a part": "【铜梁应急】" + "撤" * 60 + "🌧🚨" * 5 + "离" * 60,
    "characters beyond the basic plane": "【铜梁应急】𠮷野家旁𡘙路口" * 6,
    "quotes, brackets, percent and backslash": "【铜梁应急】“17:30”前&<撤离>%20+\\n'完'=1;2,3",
    "several lines": "【铜梁应急】一、停工\n二、撤离\n三、报人数",
    "ten parts": ("【铜梁应急】" + "一二三四五六七八九十" * 67)[:670],
}


class ChannelConformance:
    """Subclass as `TestSomething` and set `make_peer`."""

    make_peer: Callable[[], Peer]

    @pytest.fixture
    async def peer(self) -> AsyncIterator[Peer]:
        peer = type(self).make_peer()
        await peer.start()
        yield peer
        await peer.stop()

    @pytest.fixture
    async def line(self, peer: Peer) -> AsyncIterator[Line]:
        inbox = Recorder()
        async with running(peer.channel(inbox), inbox) as line:
            await until(line.channel.healthy, "the channel is connected")
            yield line

    @staticmethod
    async def refused(line: Line, message: Outgoing) -> ChannelError:
        """Send; the gateway certainly has not taken it."""
        with pytest.raises(ChannelError) as caught:
            await line.send(message)
        assert caught.value.detail, "an operator needs words"
        return caught.value

    @staticmethod
    def trouble(line: Line) -> str:
        """What /readyz says of the channel."""
        assert isinstance(line.channel, Telling)
        return line.channel.trouble()

    # What goes out

    @pytest.mark.parametrize("short", TEXTS.values(), ids=TEXTS.keys())
    async def test_text_arrives_unaltered(self, peer: Peer, line: Line, short: str) -> None:
        message = outgoing(peer.address, short)
        await line.send(message)
        await until(lambda: bool(peer.received), "the message has arrived")
        assert [text for _, text in peer.received] == [peer.carries(message.text)]

    async def test_accepted_names_the_parts(self, peer: Peer, line: Line) -> None:
        accepted = await line.send(outgoing(peer.address, TEXTS["ten parts"]))
        assert accepted.receipts == peer.has_receipts
        assert len(set(accepted.provider_ids)) == len(accepted.provider_ids)
        assert all(accepted.provider_ids)

    async def test_many_at_once_each_get_their_own_answer(self, peer: Peer, line: Line) -> None:
        count = 3 * line.channel.window
        sent = [line.send(outgoing(peer.address, f"{ORDER}{n}", delivery=n)) for n in range(count)]
        accepted = await asyncio.gather(*sent)
        await until(lambda: len(peer.received) >= count, "all have arrived")
        assert len({ids for answer in accepted for ids in answer.provider_ids}) in (0, count)
        assert len(set(peer.received)) == len(peer.received) == count

    async def test_expired_message_never_leaves(self, peer: Peer, line: Line) -> None:
        for expires_in in (0.0, -5.0):
            error = await self.refused(line, outgoing(peer.address, expires_in=expires_in))
            assert (error.reason, error.retry) == (Reason.EXPIRED, False)
        await line.send(outgoing(peer.address, "【铜梁应急】后来"))
        await until(lambda: bool(peer.received), "the later message has arrived")
        assert [text for _, text in peer.received] == [peer.carries(words("【铜梁应急】后来"))]

    # What the gateway answers

    @pytest.mark.parametrize(
        ("answer", "reason", "retry"),
        [
            ("throttle", Reason.THROTTLED, True),
            ("temporary", Reason.GATEWAY_ERROR, True),
            ("reject", Reason.REJECTED, False),
            ("bad_address", Reason.BAD_ADDRESS, False),
        ],
    )
    async def test_refusal_tells_why_and_whether_to_try_again(
        self, peer: Peer, line: Line, answer: Answer, reason: Reason, retry: bool
    ) -> None:
        peer.script(answer)
        error = await self.refused(line, outgoing(peer.address))
        assert (error.reason, error.retry) == (reason, retry)
        assert peer.received == []
        peer.script("accept")
        await line.send(outgoing(peer.address))

    @pytest.mark.promise("credentials")
    async def test_wrong_credentials_are_told_and_healed(self, peer: Peer, line: Line) -> None:
        peer.script("credentials")
        reasons = set()
        async with asyncio.timeout(BOUND):
            while Reason.CREDENTIALS not in reasons:
                with contextlib.suppress(Unanswered):  # the session that stood is cut under the first
                    reasons.add((await self.refused(line, outgoing(peer.address))).reason)
                await asyncio.sleep(0.01)
        assert reasons <= {Reason.UNREACHABLE, Reason.CREDENTIALS}
        assert not line.channel.healthy()
        assert self.trouble(line).startswith("credentials refused: "), "a wrong password is not a dead network"
        assert peer.received == []
        peer.script("accept")
        await until(line.channel.healthy, "the channel has logged in again")
        await line.send(outgoing(peer.address))

    @pytest.mark.promise("silent")
    async def test_no_answer_is_unknown_within_bounded_time(self, peer: Peer, line: Line) -> None:
        peer.script("silent")
        with pytest.raises(Unanswered) as caught:
            await line.send(outgoing(peer.address))
        assert caught.value.detail

    @pytest.mark.promise("drop_before_answer")
    async def test_connection_cut_before_the_answer_is_unknown(self, peer: Peer, line: Line) -> None:
        peer.script("drop_before_answer")
        with pytest.raises(Unanswered):
            await line.send(outgoing(peer.address))
        peer.script("accept")
        await until(line.channel.healthy, "the channel has come back")
        await line.send(outgoing(peer.address))

    # The connection

    async def test_without_a_gateway_nothing_leaves_and_it_may_go_later(self, peer: Peer, line: Line) -> None:
        await peer.stop()
        error = await self.refused(line, outgoing(peer.address))
        assert (error.reason, error.retry) == (Reason.UNREACHABLE, True)
        await until(lambda: not line.channel.healthy(), "the channel is known to be down")
        assert self.trouble(line), "an operator needs words"
        await peer.start()
        await until(line.channel.healthy, "the channel has come back")
        assert self.trouble(line) == ""
        assert peer.received == []

    async def test_before_run_it_is_not_healthy(self, peer: Peer) -> None:
        assert not peer.channel(Recorder()).healthy()

    async def test_it_waits_for_a_gateway_that_starts_later(self, peer: Peer) -> None:
        inbox = Recorder()
        channel = peer.channel(inbox)
        await peer.stop()
        async with running(channel, inbox) as line:
            error = await self.refused(line, outgoing(peer.address))
            assert error.reason == Reason.UNREACHABLE
            await peer.start()
            await until(channel.healthy, "the channel is connected")
            await line.send(outgoing(peer.address))

    async def test_it_comes_back_after_the_gateway_restarts(self, peer: Peer, line: Line) -> None:
        await line.send(outgoing(peer.address))
        await peer.stop()
        await peer.start()
        await self._sent_at_last(peer, line)

    @staticmethod
    async def _sent_at_last(peer: Peer, line: Line) -> Accepted:
        """Try until the channel has noticed that its gateway is back."""
        async with asyncio.timeout(BOUND):
            while True:
                try:
                    return await line.send(outgoing(peer.address))
                except (ChannelError, Unanswered):
                    await asyncio.sleep(0.02)

    async def test_cancelling_ends_it_and_leaves_no_task(self, peer: Peer) -> None:
        before = asyncio.all_tasks()
        inbox = Recorder()
        async with running(peer.channel(inbox), inbox) as line:
            await until(line.channel.healthy, "the channel is connected")
            await line.send(outgoing(peer.address))
        assert not line.channel.healthy()
        error = await self.refused(line, outgoing(peer.address))
        assert error.reason == Reason.UNREACHABLE
        await until(lambda: asyncio.all_tasks() <= before, "no task of the channel is left")

    @pytest.mark.promise("network")
    async def test_nothing_arrives_after_it_was_given_up(self, request: pytest.FixtureRequest, peer: Peer) -> None:
        """The network is cut under a message and mended after the channel has given up."""
        await peer.stop()
        if not isolate(request):
            return
        await peer.start()
        inbox = Recorder()
        async with running(peer.channel(inbox), inbox) as line:
            await until(line.channel.healthy, "the channel is connected")
            await line.send(outgoing(peer.address, "【铜梁应急】之前"))
            loopback(up=False)
            with pytest.raises((Unanswered, ChannelError)):
                await line.send(outgoing(peer.address, "【铜梁应急】撤离"))
            loopback(up=True)
            await self._sent_at_last(peer, line)
            # The kernel repeats the bytes of an orphaned connection at growing intervals; 2 s see the next one.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(2):
                    await asyncio.Event().wait()
            ghost = peer.carries(words("【铜梁应急】撤离"))
            assert ghost not in [text for _, text in peer.received]

    # What comes back

    @pytest.mark.parametrize("fate", [Fate.DELIVERED, Fate.FAILED])
    @pytest.mark.promise("receipts")
    async def test_receipt_reaches_the_inbox(self, peer: Peer, line: Line, fate: Fate) -> None:
        accepted = await line.send(outgoing(peer.address))
        assert await self._bounded(peer.receipt(fate))
        (receipt,) = line.inbox.receipts
        assert (receipt.gateway, receipt.fate) == (line.channel.gateway, fate)
        assert receipt.provider_id in accepted.provider_ids
        assert receipt.raw
        assert receipt.code or fate is Fate.DELIVERED

    @pytest.mark.promise("receipts")
    async def test_repeated_receipt_has_equal_bytes(self, peer: Peer, line: Line) -> None:
        await line.send(outgoing(peer.address))
        for _ in range(2):
            assert await self._bounded(peer.receipt(Fate.DELIVERED))
        first, second = line.inbox.receipts
        assert first == second

    @pytest.mark.promise("receipts")
    async def test_receipt_is_confirmed_only_once_it_is_stored(self, peer: Peer, line: Line) -> None:
        await line.send(outgoing(peer.address))
        line.inbox.open.clear()
        confirmed = asyncio.create_task(self._bounded(peer.receipt(Fate.DELIVERED)))
        done, _ = await asyncio.wait({confirmed}, timeout=0.3)
        assert not done, "confirmed before it was stored"
        line.inbox.open.set()
        assert await confirmed

    @pytest.mark.promise("receipts")
    async def test_receipt_that_could_not_be_stored_is_repeated(self, peer: Peer, line: Line) -> None:
        await line.send(outgoing(peer.address))
        line.inbox.failing = True
        assert not await self._bounded(peer.receipt(Fate.DELIVERED))
        line.inbox.failing = False
        assert await self._bounded(peer.receipt(Fate.DELIVERED))
        assert len(line.inbox.receipts) == 1

    @pytest.mark.promise("receipts")
    async def test_receipt_of_an_earlier_session_is_handed_over(self, peer: Peer, line: Line) -> None:
        accepted = await line.send(outgoing(peer.address))
        await peer.stop()
        with contextlib.suppress(ChannelError, Unanswered):
            await line.send(outgoing(peer.address))  # a channel without a session notices by sending
        await until(lambda: not line.channel.healthy(), "the channel is known to be down")
        await peer.start()
        await until(line.channel.healthy, "the channel has come back")
        assert await self._bounded(peer.receipt(Fate.DELIVERED))
        assert line.inbox.receipts[0].provider_id in accepted.provider_ids

    @pytest.mark.parametrize("text", ["1", "收到", "１", "已收到，马上去🚶", "撤离 35 人，水已到路口。" * 12])
    @pytest.mark.promise("replies")
    async def test_reply_reaches_the_inbox(self, peer: Peer, line: Line, text: str) -> None:
        await line.send(outgoing(peer.address))
        assert await self._bounded(peer.reply(text))
        reply = line.inbox.replies[-1]
        assert (reply.gateway, reply.address, reply.text) == (line.channel.gateway, peer.address, text)

    @pytest.mark.promise("replies")
    async def test_reply_that_could_not_be_stored_is_repeated(self, peer: Peer, line: Line) -> None:
        await line.send(outgoing(peer.address))
        line.inbox.failing = True
        assert not await self._bounded(peer.reply("收到"))
        line.inbox.failing = False
        assert await self._bounded(peer.reply("收到"))
        assert [reply.text for reply in line.inbox.replies] == ["收到"]

    @staticmethod
    async def _bounded(confirmed: Awaitable[bool]) -> bool:
        async with asyncio.timeout(BOUND):
            return await confirmed
