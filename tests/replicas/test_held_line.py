"""Of several processes one uses a line; who loses it is off it before anybody else can have it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from tests.replicas.bureau import Account
from tests.waiting import until
from warnengine.app import standing
from warnengine.demo.relay import HOST
from warnengine.dispatch.channel import Accepted, ChannelError, Outgoing, Receipt, Reply, Text
from warnengine.dispatch.channels.held import HeldLine
from warnengine.dispatch.channels.smpp import SmppChannel
from warnengine.model.line import Hold
from warnengine.settings import SmppGateway
from warnengine.store.database import Database
from warnengine.store.lines import LineStore

LEASE = 1.5
"""Seconds: as short as a busy machine allows."""
MESSAGE = Outgoing(
    16, "0123456789abcdef", "fedcba9876543210", "+8619900000001", Text("短", "题", "文", "", ""), 60, urgent=True
)


@dataclass
class Line:
    """What is bound and sent, and by whom."""

    name: str
    log: list[str] = field(default_factory=list)
    """Shared by all that bind the same account."""
    kind: str = "sms"
    gateway: str = "line"
    window: int = 1
    bound: bool = False

    async def run(self) -> None:
        self.log.append(f"{self.name} binds")
        self.bound = True
        try:
            await asyncio.Event().wait()
        finally:
            self.bound = False
            self.log.append(f"{self.name} unbinds")

    async def send(self, message: Outgoing) -> Accepted:
        self.log.append(f"{self.name} sends")
        return Accepted((), receipts=False)

    def healthy(self) -> bool:
        return self.bound


@dataclass
class Cut:
    """Leases behind a wire that can be cut."""

    leases: LineStore
    cut: bool = False

    async def take(self, gateway: str, lease: timedelta, *, well: bool) -> Hold:
        if self.cut:
            raise ConnectionError("cut")
        return await self.leases.take(gateway, lease, well=well)

    async def give_back(self, gateway: str) -> None:
        if self.cut:
            raise ConnectionError("cut")
        await self.leases.give_back(gateway)


@contextlib.asynccontextmanager
async def running(line: HeldLine) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(line.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_one_binds_and_the_other_stands_by_without_a_claim(database: Database) -> None:
    log: list[str] = []
    line = Line("first", log)
    first = HeldLine(line, LineStore(database, "here:1:aa"), LEASE)
    second = HeldLine(Line("second", log), LineStore(database, "there:2:bb"), LEASE)
    noted: dict[str, bool] = {}

    def note(gateway: str, well: bool, why: str) -> None:
        noted[gateway] = well

    async def step() -> bool:
        return True

    async def stands_by() -> bool:
        return bool(second.holder)

    async with running(first):
        await until(as_awaited(first.healthy))
        async with running(second):
            await until(stands_by)
            assert log == ["first binds"]
            assert not second.healthy()
            with pytest.raises(ChannelError, match="held by here:1"):
                await second.send(MESSAGE)
            assert standing.used([first, second]) == [first]
            assert standing.by([first, second]) == {"line": "on standby: here:1 holds the line"}
            assert await standing.only_where_used(first, step, note)()
            assert not noted

            async def is_told_well() -> bool:
                return not await standing.only_where_used(second, step, note)() and noted["line"]

            await until(is_told_well)
            line.bound = False

            async def is_told_ill() -> bool:
                return not await standing.only_where_used(second, step, note)() and not noted["line"]

            await until(is_told_ill)


async def test_who_stops_gives_the_line_back_at_once_and_not_before_it_has_unbound(database: Database) -> None:
    log: list[str] = []
    first = HeldLine(Line("first", log), LineStore(database, "here:1:aa"), 20)
    second = HeldLine(Line("second", log), LineStore(database, "there:2:bb"), 20)
    async with running(first) as stopping:
        await until(as_awaited(first.healthy))
        async with running(second):
            stopping.cancel()
            await until(as_awaited(second.healthy))
    assert log[:3] == ["first binds", "first unbinds", "second binds"]


async def test_who_cannot_renew_unbinds_before_the_other_binds(database: Database) -> None:
    log: list[str] = []
    wire = Cut(LineStore(database, "here:1:aa"))
    first = HeldLine(Line("first", log), wire, LEASE)
    async with running(first):
        await until(as_awaited(first.healthy))
        async with running(HeldLine(Line("second", log), LineStore(database, "there:2:bb"), LEASE)) as heir:
            wire.cut = True

            async def taken_over() -> bool:
                return "second binds" in log

            await until(taken_over)
            assert log == ["first binds", "first unbinds", "second binds"]
            with pytest.raises(ChannelError, match="not ours"):
                await first.send(MESSAGE)
            wire.cut = False

            async def stands_by() -> bool:
                return first.holder == "there:2"

            await until(stands_by)
            assert not heir.done()


async def test_a_lease_changes_hands_only_when_it_has_run_out_and_every_change_is_counted(
    database: Database,
) -> None:
    one, other = LineStore(database, "here:1:aa"), LineStore(database, "there:2:bb")
    minute, over = timedelta(minutes=1), timedelta(seconds=-1)
    assert await one.take("line", minute, well=True) == Hold(ours=True, owner="here:1:aa", epoch=1, well=True)
    assert await other.take("line", minute, well=True) == Hold(ours=False, owner="here:1:aa", epoch=1, well=True)
    await one.take("line", minute, well=False)
    assert not (await other.take("line", minute, well=True)).well, "who stands by learns how it is"
    assert await one.take("line", over, well=True) == Hold(ours=True, owner="here:1:aa", epoch=1, well=True)
    assert await other.take("line", minute, well=True) == Hold(ours=True, owner="there:2:bb", epoch=2, well=True)
    await one.give_back("line")
    assert (await one.take("line", minute, well=True)).owner == "there:2:bb", "only its holder gives it back"
    await other.give_back("line")
    assert await other.take("line", minute, well=True) == Hold(ours=True, owner="there:2:bb", epoch=3, well=True)
    await other.free()
    assert await one.take("line", minute, well=True) == Hold(ours=True, owner="here:1:aa", epoch=4, well=True)


async def test_of_many_that_want_a_line_at_once_one_gets_it(database: Database) -> None:
    stores = [LineStore(database, f"here:{number}:aa") for number in range(12)]
    holds = await asyncio.gather(*(store.take("line", timedelta(minutes=1), well=True) for store in stores))
    assert [hold.ours for hold in holds].count(True) == 1


async def test_what_was_handed_to_a_session_before_a_freeze_does_not_leave_after_it() -> None:
    account = Account()
    await account.start()
    gateway = {
        "kind": "smpp", "name": "line", "host": HOST, "port": account.port, "source": "1069", "system_id": "test",
        "password": "test",
    }  # fmt: skip
    line, right = SmppChannel(SmppGateway.model_validate(gateway), Nobody()), [True]
    line.ours = lambda: right[0]
    running = asyncio.create_task(line.run())
    try:
        await until(as_awaited(line.healthy))
        assert (await line.send(MESSAGE)).provider_ids
        sending = asyncio.create_task(line.send(MESSAGE))
        asyncio.get_running_loop().call_soon(right.__setitem__, 0, False)  # after the submit, before the write
        with pytest.raises(ChannelError, match="may have the line"):
            await sending
        await until(as_awaited(lambda: not account.bound))
        assert len(account.submits) == 1
    finally:
        running.cancel()
        await asyncio.wait({running})
        await account.stop()


class Nobody:
    """Nothing comes back."""

    async def receipt(self, receipt: Receipt) -> None: ...

    async def reply(self, reply: Reply) -> None: ...


def as_awaited(look: Callable[[], object]) -> Callable[[], Awaitable[bool]]:
    async def looked() -> bool:
        return bool(look())

    return looked
