"""The schema says what it promises, and a database that cannot keep it is refused."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import Postgres
from warnengine.audit.anchor import Anchors, read
from warnengine.audit.chain import Link, verify
from warnengine.model.errors import StartRefused
from warnengine.store.audit import AuditStore
from warnengine.store.board import BoardStore
from warnengine.store.database import DATABASE_ERRORS, Database
from warnengine.store.embedded import EmbeddedPostgres
from warnengine.store.orders import OrderStore


@pytest.fixture
async def private() -> AsyncIterator[Database]:
    """A server of its own, with its settings as shipped."""
    with tempfile.TemporaryDirectory(prefix="we-") as folder:
        embedded = EmbeddedPostgres(Path(folder))
        database = await Database.open(embedded.start())
        try:
            yield database
        finally:
            await database.close()
            embedded.stop()


async def test_migrating_again_changes_nothing(database: Database) -> None:
    async with database.reading() as connection:
        before = await connection.fetch("SELECT * FROM migration")
        await database.migrate()
        assert before == await connection.fetch("SELECT * FROM migration")
        assert len(before) > 0


async def test_a_database_of_a_newer_version_is_refused(database: Database) -> None:
    async with database.reading() as connection:
        await connection.execute("INSERT INTO migration (name) VALUES ('9999_from_tomorrow')")
    with pytest.raises(StartRefused, match="9999_from_tomorrow"):
        await database.migrate()


async def test_a_demo_database_does_not_serve_live(database: Database) -> None:
    await database.installation("demo")
    with pytest.raises(StartRefused, match="belongs to a demo installation"):
        await database.installation("live")


async def test_the_clock_of_a_live_installation_cannot_be_set(database: Database) -> None:
    async with database.reading() as connection:
        await connection.execute("UPDATE installation SET kind = 'live', clock_offset = '0'")
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute("UPDATE installation SET clock_offset = '1 hour'")
        moment = await connection.fetchval("SELECT now() + interval '1 hour'")
    assert await BoardStore(database).jump(moment) is False


async def test_a_server_that_may_forget_is_refused(private: Database) -> None:
    await private.refuse_unsafe()
    async with private.reading() as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            await connection.execute(f"ALTER SYSTEM SET {name} = off")
            await reload(connection, name, "off")
            with pytest.raises(StartRefused, match=f"{name} is off"):
                await private.refuse_unsafe()
            await connection.execute(f"ALTER SYSTEM RESET {name}")
            await reload(connection, name, "on")
    await private.refuse_unsafe()


async def reload(connection: asyncpg.pool.PoolConnectionProxy[asyncpg.Record], name: str, value: str) -> None:
    """Until this connection has read the settings again."""
    await connection.execute("SELECT pg_reload_conf()")
    for _ in range(2000):
        if await connection.fetchval("SELECT current_setting($1)", name) == value:
            return
    raise AssertionError(f"{name} stayed")


async def test_an_unreachable_database_is_named_without_its_password() -> None:
    with pytest.raises(StartRefused, match="127.0.0.1:1/none") as refusal:
        await Database.open("postgresql://somebody:secret@127.0.0.1:1/none")
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("statement", ["UPDATE audit SET kind = 'x'", "DELETE FROM audit", "TRUNCATE audit"])
async def test_the_record_only_grows(database: Database, statement: str) -> None:
    async with database.reading() as connection:
        await connection.execute("SELECT audit_append('test', '{}')")
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            await connection.execute(statement)


TAMPERED = {
    "edited": ("UPDATE audit SET body = '{\"n\": 99}' WHERE seq = 3", 3),
    "dated back": ("UPDATE audit SET at = at - interval '1 second' WHERE seq = 2", 2),
    "removed": ("DELETE FROM audit WHERE seq = 2", 3),
    "swapped": ("UPDATE audit SET seq = CASE seq WHEN 2 THEN 30 WHEN 3 THEN 2 ELSE seq END", 2),
}


@pytest.mark.parametrize(("statement", "broken"), TAMPERED.values(), ids=TAMPERED)
async def test_the_chain_names_the_row_that_was_touched(database: Database, statement: str, broken: int) -> None:
    async with database.reading() as connection:
        for n in range(5):
            await connection.execute("SELECT audit_append('test', $1)", {"n": n})
        assert (await verified(database)) == (5, None)
        await connection.execute("ALTER TABLE audit DISABLE TRIGGER audit_append_only")
        await connection.execute(statement)
    assert (await verified(database))[1] == broken


@pytest.mark.parametrize(
    ("statement", "broken"),
    [("DELETE FROM audit WHERE seq > 3", 4), ("DELETE FROM audit", 1)],
    ids=["its end was cut", "all of it"],
)
async def test_what_was_written_down_elsewhere_tells_that_the_end_is_cut(
    database: Database, tmp_path: Path, statement: str, broken: int
) -> None:
    anchors = Anchors(AuditStore(database).head, tmp_path / "anchors")
    await anchors.step()
    assert not anchors.file.exists(), "there is no chain yet"
    async with database.reading() as connection:
        for n in range(5):
            await connection.execute("SELECT audit_append('test', $1)", {"n": n})
        await Anchors(anchors.head, anchors.file).step()
        await Anchors(anchors.head, anchors.file).step()
        assert len(anchors.file.read_text().splitlines()) == 1, "written down once"
        assert (await verified(database, anchors.file)) == (5, None)
        await connection.execute("ALTER TABLE audit DISABLE TRIGGER audit_append_only")
        await connection.execute(statement)
    assert (await verified(database))[1] is None, "the chain itself holds"
    assert (await verified(database, anchors.file))[1] == broken


async def verified(database: Database, anchors: Path | None = None) -> tuple[int, int | None]:
    async def links() -> AsyncIterator[Link]:
        async for seq, sealed, hash_ in AuditStore(database).chain():
            yield Link(seq, sealed, hash_)

    finding = await verify(links(), read(anchors) if anchors else {})
    return finding.rows, finding.broken


async def test_one_order_stands_per_key(database: Database) -> None:
    async with database.reading() as connection:
        insert = """INSERT INTO standing_order (district, unit, hazard, family, opened_at)
                    VALUES ('500151', 'water', 'rainstorm', 'signal', now())"""
        await connection.execute(insert)
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute(insert)
        await connection.execute("UPDATE standing_order SET lapsed_at = now()")
        await connection.execute(insert)


async def test_bundle_ids_are_ordered_by_time_and_fall_into_their_month(database: Database) -> None:
    async with database.reading() as connection:
        ids = [await connection.fetchval("SELECT next_bundle()") for _ in range(50)]
        assert ids == sorted(set(ids))
        assert all(id_ % 16 == 0 for id_ in ids)
        room = await connection.fetchval("SELECT id_at(clock_timestamp() + interval '1 minute')")
        assert ids[-1] < room


async def test_partitions_are_made_once_and_hold_the_next_months(database: Database) -> None:
    board = BoardStore(database)
    await board.ensure_partitions()
    async with database.reading() as connection:
        count = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'delivery'::regclass"
        before = await connection.fetchval(count)
        await board.ensure_partitions()
        assert await connection.fetchval(count) == before >= 4


async def test_a_rule_book_is_kept_once_under_its_hash(database: Database) -> None:
    orders = OrderStore(database)
    await orders.publish("500151", "铜梁区", "abc", {"a.yaml": "1"})
    await orders.publish("500151", "铜梁区", "abc", {"a.yaml": "2"})
    async with database.reading() as connection:
        assert await connection.fetchval("SELECT files FROM rule_book WHERE hash = 'abc'") == {"a.yaml": "1"}


ADDRESSES = {
    "the same": ("+8619900000001", "+8619900000001", True),
    "without country": ("+8619900000001", "19900000001", True),
    "with 0086": ("+8619900000001", "008619900000001", True),
    "another number": ("+8619900000001", "+8619900000002", False),
    "two mailboxes": ("a@example.cn", "b@example.cn", False),
    "digits in a mailbox": ("19900000001@example.cn", "+8619900000001", False),
    "two endpoints": ('{"endpoint": "x1"}', '{"endpoint": "y1"}', False),
}


@pytest.mark.parametrize(("one", "other", "same"), ADDRESSES.values(), ids=ADDRESSES)
async def test_what_counts_as_the_same_address(database: Database, one: str, other: str, same: bool) -> None:
    async with database.reading() as connection:
        assert await connection.fetchval("SELECT same_address($1, $2)", one, other) is same


async def test_a_killed_backend_is_an_error_that_loops_wait_out(postgres: Postgres) -> None:
    async with postgres.copy() as database:
        async with database.reading() as connection:
            pid = await connection.fetchval("SELECT pg_backend_pid()")
            async with database.reading() as other:
                await other.execute("SELECT pg_terminate_backend($1)", pid)
            with pytest.raises(DATABASE_ERRORS):
                await connection.execute("SELECT 1")
        async with database.reading() as connection:
            assert await connection.fetchval("SELECT 1") == 1
