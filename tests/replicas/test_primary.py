"""Whichever of the named servers is the primary is written to, and no other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.replicas.servers import Pair, servers
from tests.waiting import until
from warnengine.model.errors import StartRefused
from warnengine.store.database import Database
from warnengine.store.primary import NotPrimary, each_host, place

DSNS = [
    ("postgresql://u:p@one:5432/name?x=1", ["postgresql://u:p@one:5432/name?x=1"]),
    ("postgresql://u@one:5432,two:5433/n", ["postgresql://u@one:5432/n", "postgresql://u@two:5433/n"]),
    ("postgresql://one,two,[::1]:3/n", ["postgresql://one/n", "postgresql://two/n", "postgresql://[::1]:3/n"]),
    ("postgresql:///name?host=/tmp/x", ["postgresql:///name?host=/tmp/x"]),
    ("postgresql://u:a,b@one,two/n", ["postgresql://u:a,b@one/n", "postgresql://u:a,b@two/n"]),
    ("postgresql://postgres:@/postgres?host=/tmp/x", ["postgresql://postgres:@/postgres?host=/tmp/x"]),
]


@pytest.mark.parametrize(("dsn", "each"), DSNS)
def test_a_dsn_of_several_hosts_is_one_of_each(dsn: str, each: list[str]) -> None:
    assert each_host(dsn) == each


def test_where_a_dsn_points_is_told_without_the_login() -> None:
    assert place("postgresql://user:secret@one:5432/name") == "one:5432"


@pytest.fixture
def pair() -> Iterator[Pair]:
    with servers() as made:
        yield made


async def test_a_standby_is_refused_and_so_is_a_primary_of_before_the_failover(pair: Pair) -> None:
    await pair.start()
    with pytest.raises(StartRefused, match="it is a standby"):
        await Database.open(pair.standby.dsn)
    database = await Database.open(pair.dsn)
    try:
        assert await database.standby() == "configured"
        pair.standby.kill()

        async def missing() -> bool:
            return await database.standby() == "missing"

        await until(missing)
        pair.standby.start()
        await pair.standby.up()
        pair.primary.kill()
        with pytest.raises(NotPrimary, match=f"no server is the primary .*{pair.standby.where}: it is a standby"):
            await database.primary.connect(timeout=5)
        await pair.promote()
        async with database.reading() as connection:
            assert await connection.fetchval("SELECT inet_server_port()") == pair.standby.port
        assert await database.standby() == "none"
        pair.primary.start()
        await pair.primary.up()
        database.primary.servers.reverse()
        connection = await database.primary.connect(timeout=5)
        assert await connection.fetchval("SELECT inet_server_port()") == pair.standby.port, "there are two now"
        await connection.close()
    finally:
        await database.close()


async def test_a_process_that_vanishes_in_a_transaction_does_not_keep_its_locks(database: Database) -> None:
    async with database.reading() as connection:
        assert await connection.fetchval("SHOW idle_in_transaction_session_timeout") == "10s"
