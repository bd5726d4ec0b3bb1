"""An upgrade while older engines run, and the way back, on a real database."""

from __future__ import annotations

import asyncpg
import pytest

from warnengine.model.errors import StartRefused
from warnengine.store import schema
from warnengine.store.database import Database


async def add(database: Database, name: str, works_with: str | None) -> None:
    async with database.reading() as connection:
        await connection.execute("INSERT INTO migration (name, works_with) VALUES ($1, $2)", name, works_with)


async def test_an_older_engine_starts_on_a_schema_that_a_newer_one_has_only_expanded(database: Database) -> None:
    await add(database, "9999_from_tomorrow", schema.newest(schema.migrations()))
    await database.migrate()
    assert await database.outgrown() == ""


async def test_an_engine_that_runs_says_that_it_cannot_go_on(database: Database) -> None:
    await add(database, "9999_from_tomorrow", "9999")
    assert "9999_from_tomorrow" in await database.outgrown()
    with pytest.raises(StartRefused, match="start the newer version"):
        await database.migrate()


async def test_what_breaks_an_engine_that_runs_is_not_applied(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = schema.migrations()
    breaks = schema.read("9998_contracted", "ALTER TABLE person DROP COLUMN name")
    monkeypatch.setattr(schema, "migrations", lambda: (*ours, breaks))
    with pytest.raises(StartRefused, match=f"up to {schema.newest(ours)} still run"):
        await database.migrate()
    async with database.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM migration WHERE name = '9998_contracted'") == 0
        await connection.fetch("SELECT name FROM person")


async def test_a_migration_waits_for_those_who_send_and_lets_them_pass(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = schema.migrations()
    more = schema.read(
        "9998_more", f"-- works with: {schema.newest(ours)}\nALTER TABLE chunk ADD COLUMN later text"
    )
    monkeypatch.setattr(schema, "migrations", lambda: (*ours, more))
    monkeypatch.setattr(schema, "PATIENCE", "50ms")
    monkeypatch.setattr(schema, "TRIES", 2)
    async with database.transaction() as sending:
        await sending.execute("LOCK TABLE chunk IN ROW EXCLUSIVE MODE")
        with pytest.raises(StartRefused, match="had to wait too long"):
            await database.migrate()
    await database.migrate()
    async with database.reading() as connection:
        with pytest.raises(asyncpg.UndefinedColumnError):
            await connection.fetch("SELECT never FROM chunk")
        assert await connection.fetch("SELECT later FROM chunk") == []
