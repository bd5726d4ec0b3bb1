"""Two engines on one SMS account: one is bound, and whatever becomes of it nothing is sent by both."""

from __future__ import annotations

import itertools
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.acceptance.program import until
from tests.acceptance.smsc import SLOWLY
from tests.replicas.bureau import Account, Replica, account_for, bureau, sent
from tests.replicas.servers import Server, servers
from warnengine.demo import scenario

SOME = 40
COUNT = itertools.count()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with servers() as pair:
        pair.primary.make()
        pair.primary.start()
        yield pair.primary


@pytest_asyncio.fixture
async def two(tmp_path: Path, server: Server) -> AsyncIterator[tuple[Account, Replica, Replica]]:
    """An account, the engine that is bound, and the one that stands by; a red has come in to the latter."""
    await server.up()
    dsn = await server.fresh(f"bureau_{next(COUNT)}")
    async with bureau(tmp_path, dsn, ("first", "second")) as (account, (first, second)):
        await until("the second to stand by", second.stands_by, second.engine)
        await second.jump(scenario.RED.entered)
        assert account.bound == 1
        assert "no synchronous standby" in (await second.notes())["database"]
        yield account, first, second


async def taken_over(heir: Replica) -> None:
    began = time.monotonic()
    await until("the heir to hold the line", heir.holds, heir.engine)
    print(f"the line changed hands in {time.monotonic() - began:.1f} s")


async def test_a_killed_holder_is_followed_by_the_other_and_every_copy_is_a_recorded_doubt(
    two: tuple[Account, Replica, Replica],
) -> None:
    account, first, second = two
    account.pace = SLOWLY
    assert (await second.warn(scenario.RED.xml()))[0] == 202
    await sent(account, SOME, first)
    assert len(account.sessions) == 1
    await first.engine.kill()
    account.pace = 0
    await taken_over(second)
    account_for(account, await second.settled())
    assert len(account.sessions) == 2


async def test_a_holder_frozen_beyond_its_lease_sends_nothing_after_it_wakes(
    two: tuple[Account, Replica, Replica],
) -> None:
    account, first, second = two
    account.pace = SLOWLY
    assert (await second.warn(scenario.RED.xml()))[0] == 202
    await sent(account, SOME, first)
    first.engine.signal(signal.SIGSTOP)
    account.pace = 0
    await taken_over(second)
    deliveries = await second.settled()
    frozen, heir = account.sessions
    before = [one.session for one in account.submits].count(frozen)
    first.engine.signal(signal.SIGCONT)
    await until("the one that was frozen to stand by", first.stands_by, first.engine)

    async def one_is_bound() -> bool:
        return account.bound == 1

    await until("the frozen session to end", one_is_bound, first.engine)
    assert [one.session for one in account.submits].count(frozen) == before
    assert account.sessions == [frozen, heir]
    account_for(account, deliveries)


async def test_an_engine_that_is_stopped_hands_the_line_over_without_a_doubt(
    two: tuple[Account, Replica, Replica],
) -> None:
    account, first, second = two
    account.pace = SLOWLY
    assert (await second.warn(scenario.RED.xml()))[0] == 202
    await sent(account, SOME, first)
    first.engine.signal(signal.SIGTERM)
    assert await first.engine.ended() == 0
    account.pace = 0
    await taken_over(second)
    deliveries = await second.settled()
    account_for(account, deliveries)
    assert sum(one["possible_duplicates"] for one in deliveries) == 0
