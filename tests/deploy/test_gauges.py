"""What /metrics says of the store, and that it says so when the store is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from warnengine.api import gauges
from warnengine.audit.chain import Difference, Link
from warnengine.audit.watch import Watch
from warnengine.settings import Settings
from warnengine.store.audit import AuditStore
from warnengine.store.board import BoardStore
from warnengine.store.database import Database


def figure(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


async def alike() -> list[Difference]:
    """No table differs."""
    return []


async def arrive(database: Database, source: str, count: int, pause: timedelta, verdict: str = "new") -> None:
    """So many arrivals with that pause between them, the last one now."""
    async with database.transaction() as connection:
        await connection.execute(
            "INSERT INTO arrival (source, position, received_at, sha256, raw, verdict, reason)"
            " SELECT $1, n::text, engine_now() - n * $3::interval, '', '', $4, nullif($4, 'new')"
            " FROM generate_series(0, $2 - 1) n",
            source, count, pause, verdict,
        )  # fmt: skip


async def test_a_source_that_has_spoken_often_has_a_usual_pause(database: Database) -> None:
    await arrive(database, "often", 21, timedelta(hours=2))
    await arrive(database, "seldom", 20, timedelta(hours=2))
    await gauges.refresh(BoardStore(database), [], Settings())
    assert figure("ews_source_usual_pause_seconds", source="often") == pytest.approx(7200)
    assert figure("ews_source_usual_pause_seconds", source="seldom") is None
    assert figure("ews_source_last_success_timestamp_seconds", source="seldom")


async def test_what_was_not_understood_is_no_sign_of_life(database: Database) -> None:
    await arrive(database, "babbler", 30, timedelta(hours=1), "quarantined")
    await gauges.refresh(BoardStore(database), [], Settings())
    assert figure("ews_source_last_success_timestamp_seconds", source="babbler") is None


async def test_a_store_that_is_gone_is_a_figure(database: Database) -> None:
    await gauges.refresh(BoardStore(database), [], Settings())
    assert figure("ews_store_up") == 1
    await database.close()
    await gauges.refresh(BoardStore(database), [], Settings())
    assert figure("ews_store_up") == 0


async def test_a_changed_decision_is_noticed(database: Database) -> None:
    async def links() -> AsyncIterator[Link]:
        async for row in AuditStore(database).chain():
            yield Link(*row)

    async with database.transaction() as connection:
        await connection.execute("""SELECT audit_append('approval', '{"decision": "yes"}')""")
    assert await Watch(links, alike).step() is False
    assert figure("ews_audit_chain_ok") == 1
    async with database.transaction() as connection:
        await connection.execute("ALTER TABLE audit DISABLE TRIGGER audit_append_only")
        await connection.execute("""UPDATE audit SET body = '{"decision": "no"}' WHERE seq = 1""")
    await Watch(links, alike).step()
    assert figure("ews_audit_chain_ok") == 0
    assert figure("ews_audit_verified_timestamp_seconds")


async def test_the_chain_is_read_when_it_is_due(database: Database) -> None:
    readings: list[str] = []

    async def links() -> AsyncIterator[Link]:
        readings.append("read")
        yield Link(1, "sealed", b"")

    watch = Watch(links, alike)
    await watch.step()
    await watch.step()
    assert readings == ["read"]
