"""A database with orders in it, of before there were months, is brought up to date: nothing is lost, nothing forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.conftest import Postgres
from warnengine.audit.chain import Link, verify
from warnengine.store.audit import AuditStore
from warnengine.store.board import BoardStore
from warnengine.store.database import DATABASE_ERRORS, Database
from warnengine.store.retention import RetentionStore
from warnengine.store.schema import FOLDER

NEW = "0040_months_that_can_go"
TABLES = (
    "bundle", "obligation", "delivery", "attempt", "delivery_event", "part", "receipt", "reply", "answer", "timer",
    "task", "verification", "item_done", "chunk", "order_version", "text", "audit",
)  # fmt: skip
EVENING = """
INSERT INTO installation (kind) VALUES ('demo');
SELECT ensure_partitions((now() - interval '2 months')::date, 5);
INSERT INTO district VALUES ('500151', '铜梁区');
INSERT INTO rule_book (hash, files) VALUES ('h', '{}');
INSERT INTO person SELECT '500151', 'p' || n, '某' || n FROM generate_series(1, 30) AS n;
INSERT INTO change (district, made_at, because, expanded_at) VALUES ('500151', now(), '{}', now()), ('500151', now(), '{}', now());
INSERT INTO standing_order (district, unit, hazard, family, opened_at)
    SELECT '500151', 'u' || n, 'rainstorm', 'signal', now() FROM generate_series(1, 3) AS n;
INSERT INTO order_version (standing_order, version, change, kind, level, measures, reach, because, posts, channels, book, made_at, not_after)
    SELECT n, 1, 1, 'issue', 4, '[]', '[]', '{}', '{duty}', '{sms}', 'h', now(), now() + interval '3 hours' FROM generate_series(1, 3) AS n;
INSERT INTO text (change, versions, purpose, short, subject, body, html, sha256)
    SELECT n, '{}', 'order', '令', '令', '令', '', '' FROM generate_series(1, 2) AS n;
INSERT INTO bundle (id, district, change, person, purpose, kind, level, lane, versions, text, posts, code, made_at, not_after)
    SELECT id_at(at) | (n << 4), '500151', 1, 'p' || n, 'order', 'issue', 4, 0, '{1,2}', 1, '{u1/duty}', sha256(int8send(n)), at, at
    FROM generate_series(1, 30) AS n, LATERAL (SELECT now() - n * interval '1 day' - interval '1 hour' AS at) AS moment;
INSERT INTO bundle (id, district, change, person, purpose, kind, level, lane, versions, text, posts, code, behalf, made_at, not_after)
    SELECT id + 64, district, 2, person, 'escalation', kind, 4, 0, versions, 2, posts, sha256(code), id, made_at, not_after FROM bundle;
INSERT INTO district VALUES (canary(), 'canary');
INSERT INTO person VALUES (canary(), 'line', 'canary');
INSERT INTO bundle (id, district, change, person, purpose, kind, level, lane, versions, text, posts, code, made_at, not_after)
    VALUES (-(1::bigint << 40), canary(), 1, 'line', 'order', 'issue', 1, 3, '{}', 1, '{}', '\\x0102', now(), now());
INSERT INTO obligation (version, district, person, bundle, chased, counts)
    SELECT v, '500151', person, id, true, false FROM bundle, unnest(versions) AS v WHERE purpose = 'order';
INSERT INTO verification (version, person, by) VALUES (1, 'p1', '督查组');
INSERT INTO item_done (version, measure, person) VALUES (1, 'm', 'p1');
INSERT INTO delivery SELECT id, id, 'sms', '+8619900000001', 1 FROM bundle;
INSERT INTO chunk (channel, lane, purpose, number, due) VALUES ('sms', 0, 'first', 1, now());
INSERT INTO attempt SELECT id, 1, 1, 'one', 1, 'sms', id::text, 'first', '', made_at FROM bundle;
INSERT INTO delivery_event (delivery, number, at, what, gateway) SELECT id, 1, made_at, 'accepted', 'sms' FROM bundle;
INSERT INTO part (gateway, provider_id, delivery, number, part, parts, address) SELECT 'sms', id::text, id, 1, 1, 1, '+8619900000001' FROM bundle;
INSERT INTO receipt (gateway, sha256, raw, provider_id, address, fate, code)
    SELECT 'sms', sha256(int8send(id)), int8send(id), id::text, '', 'delivered', '' FROM bundle;
INSERT INTO answer (bundle, step, manner, by, late) SELECT id, 1, 'sms', person, false FROM bundle WHERE purpose = 'order' AND id > 0;
INSERT INTO reply (gateway, address, line, words, raw, bundle, verdict) SELECT 'sms', '+8619900000001', '1069', '1', '1', id, 'answered' FROM bundle;
INSERT INTO reply (gateway, address, line, words, raw, verdict) VALUES ('sms', '+8619900000002', '1069', '?', '?', 'unclear');
INSERT INTO timer (bundle, step, act, due) SELECT id, 1, 'again', now() FROM bundle;
INSERT INTO task (district, kind, bundle, person, words) SELECT '500151', 'unclear', min(id), 'p1', '?' FROM bundle WHERE id > 0;
SELECT audit_append('test', '{}');
"""
"""Some of it this month, some last month; the canary's below zero."""
MARK = "SELECT seal_mark()"


@asynccontextmanager
async def empty(postgres: Postgres, name: str) -> AsyncIterator[Database]:
    await postgres.run(f"CREATE DATABASE {name}")
    database = await Database.open(postgres.named(name))
    try:
        yield database
    finally:
        await database.close()
        await postgres.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def old(postgres: Postgres) -> AsyncIterator[Database]:
    """As the version before left it, sealed by that version."""
    async with empty(postgres, "grown") as database:
        async with database.reading() as connection:
            await connection.execute(
                "CREATE TABLE migration (name text PRIMARY KEY, applied_at timestamptz DEFAULT clock_timestamp())"
            )
            for file in sorted(FOLDER.glob("*.sql")):
                if file.stem < NEW:
                    await connection.execute(file.read_text(encoding="utf-8"))
                    await connection.execute("INSERT INTO migration (name) VALUES ($1)", file.stem)
            await connection.execute(EVENING)
            mark = await connection.fetchval(MARK)
            await connection.execute("UPDATE installation SET clock_offset = '1 minute'")
            assert await connection.fetchval("SELECT seal_up_to($1)", mark)
        yield database


async def contents(database: Database) -> dict[str, tuple[int, str]]:
    """Rows and a digest of each table."""
    found = {}
    async with database.reading() as connection:
        for table in TABLES:
            query = f"SELECT count(*), md5(string_agg(to_jsonb(t)::text, '|' ORDER BY to_jsonb(t)::text)) FROM {table} t"
            found[table] = tuple(await connection.fetchrow(query))
    return found


async def grow(database: Database) -> None:
    """This one migration; what comes later may add columns and views."""
    async with database.transaction() as connection:
        await connection.execute((FOLDER / f"{NEW}.sql").read_text(encoding="utf-8"))
        await connection.execute("INSERT INTO migration (name) VALUES ($1)", NEW)


async def test_nothing_is_lost(old: Database) -> None:
    before = await contents(old)
    assert all(count for count, _ in before.values())
    await grow(old)
    assert await contents(old) == before


async def test_what_was_sealed_before_is_proven_after(old: Database) -> None:
    await old.migrate()  # with all that comes later
    audit = AuditStore(old)

    async def links() -> AsyncIterator[Link]:
        async for row in audit.chain():
            yield Link(*row)

    assert (await verify(links(), {})).broken is None
    assert await audit.differences(None) == []
    async with old.reading() as connection:
        await connection.execute(
            "UPDATE delivery_event SET detail = 'forged' WHERE delivery = (SELECT max(delivery) FROM delivery_event)"
        )
    assert [row["what"] for row in await audit.differences(None)] == ["sent"]


async def test_what_could_not_be_written_twice_still_cannot(old: Database) -> None:
    await old.migrate()
    await BoardStore(old).ensure_partitions()
    async with old.reading() as connection:
        for table, columns in TWICE.items():
            with pytest.raises(asyncpg.UniqueViolationError):
                await connection.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table} LIMIT 1")
        for statement in WRONG:
            with pytest.raises(asyncpg.IntegrityConstraintViolationError):
                await connection.execute(statement)


TWICE = {
    "obligation": "version, district, person, bundle, chased, counts",
    "timer": "bundle, step, act, due",
    "part": "gateway, provider_id, delivery, number, part, parts, address",
    "bundle": "id, district, change, person, purpose, kind, level, lane, versions, text, posts, code, behalf, made_at, not_after",
}
COPY = "INSERT INTO bundle (id, district, change, person, purpose, kind, level, lane, versions, text, posts, code, made_at, not_after) SELECT "
WRONG = (
    "INSERT INTO receipt (id, gateway, sha256, raw, provider_id, address, fate, code) SELECT id + 1000, gateway, sha256, raw, '', '', '', '' FROM receipt LIMIT 1",
    f"{COPY} id + 1, district, change, person, purpose, kind, 1, 1, versions, text, posts, 'x', made_at, made_at FROM bundle WHERE purpose = 'order' AND id > 0 LIMIT 1",
    f"{COPY} id + 2, district, change, 'px', purpose, kind, 1, 1, versions, text, posts, 'y', made_at, made_at FROM bundle WHERE purpose = 'order' AND id > 0 LIMIT 1",
    "UPDATE obligation SET state = 'done'",
    "UPDATE timer SET act = 'shout'",
    "UPDATE answer SET step = 9",
)
"""Bytes kept already; a second message of one change; nobody; a state without its moment; words of no list."""


async def test_counters_go_on_and_the_canary_keeps_its_place(old: Database) -> None:
    await old.migrate()
    async with old.reading() as connection:
        answers = await connection.fetchval("SELECT max(id) FROM answer")
        assert await connection.fetchval("SELECT nextval('answer_id_seq')") == answers + 1
        for sequence in ("receipt_id_seq", "reply_id_seq", "order_version_id_seq"):
            assert await connection.fetchval(f"SELECT nextval('{sequence}')") > 1 << 40
        for table in ("bundle", "part", "timer"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}_canary") == 1
        await connection.execute("UPDATE installation SET clock_offset = '0'")
        assert await connection.fetchval("SELECT judged_at IS NULL FROM bundle WHERE id > 0 LIMIT 1")
        await connection.execute(
            "INSERT INTO bundle (id, district, change, person, purpose, kind, level, lane, versions, text, posts, code, made_at, not_after) "
            "SELECT id - 16, district, 2, person, purpose, kind, level, lane, versions, text, posts, 'c', made_at, made_at FROM bundle WHERE id < 0"
        )
        assert await connection.fetchval("SELECT judged_at IS NOT NULL FROM bundle_canary ORDER BY id LIMIT 1")


async def test_views_and_functions_know_the_new_tables(old: Database) -> None:
    async with old.reading() as connection:
        query = "SELECT table_name FROM information_schema.views WHERE table_schema = 'public' ORDER BY 1"
        before = [row[0] for row in await connection.fetch(query)]
        states = await connection.fetch("SELECT * FROM delivery_state ORDER BY id")
        await grow(old)
        assert [row[0] for row in await connection.fetch(query)] == before
        assert await connection.fetch("SELECT * FROM delivery_state ORDER BY id") == states
        assert await connection.fetchval("SELECT max(proof_of(o)) FROM obligation o") == 5
        assert await connection.fetchval("SELECT bool_or(stopped(b, '{all}')) FROM bundle b")
        assert await connection.fetchval("SELECT count(*) FROM possibly_read") == 0


async def test_a_migration_that_is_cut_off_leaves_everything_as_it_was(old: Database, postgres: Postgres) -> None:
    before = await contents(old)
    dying = await asyncpg.connect(postgres.named("grown"))
    await dying.execute("BEGIN")
    await dying.execute((FOLDER / f"{NEW}.sql").read_text(encoding="utf-8"))
    async with old.reading() as other:
        await other.execute("SELECT pg_terminate_backend($1)", dying.get_server_pid())
    with pytest.raises(DATABASE_ERRORS):
        await dying.execute("COMMIT")
    dying.terminate()
    assert await contents(old) == before
    await grow(old)
    assert await contents(old) == before


async def test_what_was_there_goes_when_its_last_month_is_past(old: Database) -> None:
    await old.migrate()
    async with old.reading() as connection:
        month = await connection.fetchval("SELECT date_trunc('month', now() AT TIME ZONE 'UTC')::date")
    await RetentionStore(old).retire(month, "张三")
    found = await contents(old)
    assert {table for table, (count, _) in found.items() if not count} == {
        "obligation", "receipt", "reply", "answer", "verification", "item_done"
    }  # fmt: skip
    async with old.reading() as connection:
        for table in ("bundle", "delivery", "attempt", "delivery_event", "part", "timer"):
            assert (
                await connection.fetchval(
                    f"SELECT count(*) FROM {table} WHERE {'id' if table in ('bundle', 'delivery') else 'bundle' if table == 'timer' else 'delivery'} >= 0"
                )
                == 0
            )
    assert await AuditStore(old).differences(None) == []
