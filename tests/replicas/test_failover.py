"""The primary is killed under load and the standby promoted: nothing that was accepted is lost, nothing is hidden."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import asyncpg
import pytest
import pytest_asyncio

from tests.acceptance.program import until
from tests.replicas.bureau import Account, Replica, account_for, bureau, reds, sent
from tests.replicas.servers import Pair, servers
from warnengine.demo import scenario

SOME = 40
"""Of about 170 messages, so many have left when the primary is killed."""
MOST = 400
"""Messages of the bureau that may come meanwhile."""


@dataclass
class Source:
    """A bureau that posts one message after another, each again until it is accepted, by whichever engine answers."""

    engines: list[Replica]
    accepted: list[str] = field(default_factory=list)
    """Identifiers that were answered 202 or 200."""
    refused: int = 0

    async def run(self) -> None:
        for place, message in enumerate(reds(MOST)):
            while not await self._posted(self.engines[place % 2], message.xml()):
                self.refused += 1
                await asyncio.sleep(0.05)
            self.accepted.append(message.identifier)

    @staticmethod
    async def _posted(engine: Replica, body: bytes) -> bool:
        try:
            status, _ = await engine.warn(body)
        except (aiohttp.ClientError, TimeoutError):
            return False
        assert status in {200, 202, 503}, status
        return status != 503


@pytest.fixture
def pair() -> Iterator[Pair]:
    with servers() as made:
        yield made


@pytest_asyncio.fixture
async def two(tmp_path: Path, pair: Pair) -> AsyncIterator[tuple[Account, list[Replica]]]:
    await pair.start()
    async with bureau(tmp_path, pair.dsn, ("first", "second")) as (account, engines):
        await engines[0].jump(scenario.RED.entered)
        assert "database" not in await engines[0].notes(), "it knows its standby"
        yield account, engines


async def test_what_was_accepted_survives_the_primary_and_every_copy_is_a_recorded_doubt(
    pair: Pair, two: tuple[Account, list[Replica]]
) -> None:
    account, engines = two
    account.muted_after = SOME
    source = Source(engines)
    posting = asyncio.create_task(source.run())
    await until("messages that are taken and not answered", taken_unanswered(account), engines[0].engine)
    pair.primary.kill()
    killed, before = time.monotonic(), len(source.accepted)
    assert source.accepted
    await until("the engine to find that it cannot record", cannot_record(engines[0]), engines[0].engine)
    account.muted_after = None
    at, stood_up = len(account.log), time.monotonic()
    await pair.promote()
    await sent(account, at + 1, engines[0])
    print(
        f"{time.monotonic() - killed:.1f} s from the kill, {time.monotonic() - stood_up:.1f} s from the promotion "
        "to the first send"
    )

    async def more_is_accepted() -> bool:
        return len(source.accepted) > before

    await until("a warning to be accepted after the failover", more_is_accepted, engines[1].engine)
    posting.cancel()
    await asyncio.wait({posting})
    print(f"{len(source.accepted)} messages accepted, {source.refused} times told to come again")
    deliveries = await engines[1].settled()
    assert set(source.accepted) <= await kept(pair)
    account_for(account, deliveries)
    assert any(one["possible_duplicates"] for one in deliveries), "what was on the wire is in doubt, and told"
    await attempts_are_what_left(pair, account, deliveries)
    status, _ = await engines[0].warn(scenario.RED.xml())
    assert status == 200, "the very first is known"


def taken_unanswered(account: Account) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return account.muted

    return look


def cannot_record(engine: Replica) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return "dispatch line" in (await engine.problems() or {})

    return look


async def kept(pair: Pair) -> set[str]:
    """Identifiers of the warnings in the server that was promoted."""
    connection = await asyncpg.connect(pair.standby.dsn)
    try:
        return {row["identifier"] for row in await connection.fetch("SELECT identifier FROM warning")}
    finally:
        await connection.close()


async def attempts_are_what_left(pair: Pair, account: Account, deliveries: list[dict[str, object]]) -> None:
    """By number: at least as many attempts on record as messages on the wire, whatever came of them."""
    connection = await asyncpg.connect(pair.standby.dsn)
    try:
        rows = await connection.fetch(
            "SELECT d.address, count(*) AS n FROM attempt a JOIN delivery d ON d.id = a.delivery "
            "WHERE d.channel = 'sms' GROUP BY d.address"
        )
        unsettled = await connection.fetchval("SELECT count(*) FROM attempt_state WHERE state = 'sending'")
    finally:
        await connection.close()
    intended = {row["address"]: row["n"] for row in rows}
    assert all(n <= intended[number] for number, n in account.copies().items())
    assert unsettled == 0, "what nobody knows is unknown, not for ever on its way"
    doubts = sum(int(str(one["possible_duplicates"])) for one in deliveries)
    print(f"{len(account.log)} messages on the wire, {sum(intended.values())} attempts, {doubts} of them in doubt")
