"""The doctor: each thing that may be wrong is a line with ✗, where it is, and what to do."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RULES, Postgres
from tests.health.conftest import SMPP, Cage
from tests.store.world import small_directory
from warnengine.app.doctor import examine, files, outside, people, stored
from warnengine.health.check import Check, fit, table
from warnengine.model.directory import Absence
from warnengine.settings import Settings
from warnengine.store.doctor import DoctorStore

TEMPLATES = RULES.parent / "templates"


def settings(folder: Path, **more: Any) -> Settings:
    given = {
        "data": folder / "data",
        "rules": RULES,
        "templates": TEMPLATES,
        "gateways": [SMPP],
        "installation": "demo",
    }
    return Settings.model_validate(given | more)


def one(checks: list[Check], what: str) -> Check:
    (found,) = [check for check in checks if check.what == what]
    return found


def test_the_table_says_what_is_not_well_last_and_what_to_do() -> None:
    checks = [Check("disk", "/data", False, "3 % free", "make room"), Check("kafka", "", None, "not configured")]
    assert table(checks).splitlines() == [
        "– kafka  not configured",
        "✗ disk   /data: 3 % free → make room",
        "not fit to be trusted tonight: 1 of 2 checks fail",
    ]
    assert not fit(checks)
    assert fit(checks[1:])
    assert table(checks[1:]).endswith("\nfit to be trusted tonight")


def test_a_healthy_folder(tmp_path: Path) -> None:
    found = list(files.examine(settings(tmp_path, alive={"url": "http://a/"})))
    assert [check for check in found if check.ok is False] == []


def broken_template(folder: Path) -> dict[str, Any]:
    shutil.copytree(TEMPLATES, folder / "templates")
    (folder / "templates/escalation.sms.j2").write_text("{{ nothing.of.this }}")
    return {"templates": folder / "templates"}


def broken_rule(folder: Path) -> dict[str, Any]:
    shutil.copytree(RULES, folder / "rules")
    (folder / "rules/ladder.yaml").write_text("")
    return {"rules": folder / "rules"}


def broken_case(folder: Path) -> dict[str, Any]:
    shutil.copytree(RULES, folder / "rules")
    file = folder / "rules/measures/housing.yaml"
    file.write_text(file.read_text().replace("level: red", "level: orange", 1))
    return {"rules": folder / "rules"}


def open_key(folder: Path) -> dict[str, Any]:
    (folder / "data").mkdir()
    (folder / "data/link.key").write_bytes(b"k")
    (folder / "data/link.key").chmod(0o644)
    return {}


def no_spool(folder: Path) -> dict[str, Any]:
    (folder / "file").write_bytes(b"")
    return {"spool": folder / "file"}


def old_backup(folder: Path) -> dict[str, Any]:
    (folder / "backups").mkdir()
    (folder / "backups/old").write_bytes(b"")
    os.utime(folder / "backups/old", (1, 1))
    return {"backups": folder / "backups"}


def no_backup(folder: Path) -> dict[str, Any]:
    (folder / "backups").mkdir()
    return {"backups": folder / "backups"}


@pytest.mark.parametrize(
    ("what", "wrong", "found", "do"),
    [
        ("templates", broken_template, "escalation.sms.j2", "plain text goes out"),
        ("rule book", broken_rule, "ladder.yaml", "rules check"),
        ("link key", open_key, "answer for anybody", "chmod 600"),
        ("spool folder", no_spool, "", "the right to write"),
        ("backups", old_backup, "h old", "try to restore one"),
        ("backups", no_backup, "none", "try to restore one"),
        ("dead-man", lambda _: {}, "nobody learns it", "another network"),
        ("settings", lambda _: {"gateways": []}, "no gateway", "orders reach nobody"),
        ("settings", lambda _: {"dispatch": {"lease_seconds": 5}}, "gateway line", "refuse to start"),
        ("samples in the book", lambda _: {"installation": "live"}, "invented samples", "the bureau's own ledger"),
    ],
)
def test_what_is_wrong_with_the_files(
    what: str, wrong: Callable[[Path], dict[str, Any]], found: str, do: str, tmp_path: Path
) -> None:
    check = one(list(files.examine(settings(tmp_path, **wrong(tmp_path)))), what)
    assert check.ok is False
    assert found in check.found
    assert do in check.do


async def test_without_a_database_the_rest_is_still_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        nobody = f"postgresql://x:secret@127.0.0.1:{door.getsockname()[1]}/none"
    checks = [check async for check in examine(settings(tmp_path, database=nobody))]
    database = one(checks, "database")
    assert database.ok is False
    assert "Start PostgreSQL" in database.found
    assert "secret" not in table(checks)
    assert one(checks, "rule book").ok


async def test_what_is_wrong_with_the_database(cage: Cage) -> None:
    engine = cage.engine
    checks = [check async for check in stored.examine(engine)]
    assert one(checks, "database").ok is False, "the tests' server does not write what it confirms"
    assert "orders may be lost" in one(checks, "database").found
    assert one(checks, "schema").ok
    assert one(checks, "audit chain").ok
    assert one(checks, "account").found == "never made"
    unseen = {check.where: check.ok for check in checks if check.what == "canary"}
    assert unseen == {
        "in/http": False, "in/spool": False, "out/line": False, "out/mail": False, "back/line": True, "back/mail": True,
    }  # fmt: skip

    await engine.accountant.make()
    await cage.fly()
    await cage.send()
    async with cage.database.reading() as connection:
        await connection.execute(
            "ALTER TABLE audit DISABLE TRIGGER ALL; UPDATE audit SET body = '{}' WHERE seq = 1"
        )
    checks = [check async for check in stored.examine(engine)]
    assert one(checks, "account").ok
    assert one(checks, "audit chain").where == "row 1"
    await engine.canary.store.proofs()
    checks = [check async for check in stored.examine(engine)]
    well = {check.where for check in checks if check.what == "canary" and check.ok}
    assert well == {"in/http", "out/mail", "back/line", "back/mail"}


async def test_what_is_wrong_with_the_people(cage: Cage) -> None:
    checks = [check async for check in people.examine(cage.engine)]
    assert one(checks, "people").ok
    assert one(checks, "unproven numbers").ok is False
    assert one(checks, "rota").ok
    away = Absence("water_head", datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC))
    await cage.world.people(replace(small_directory(), absences=(away,)))
    checks = [check async for check in people.examine(cage.engine)]
    assert "WATER_HEAD" in one(checks, "rota").found
    await cage.world.people(small_directory(without=["water_head", "district_leader"], mute=["anju_duty"]))
    checks = [check async for check in people.examine(cage.engine)]
    assert "没有人" in one(checks, "people").found
    assert (
        "ANJU_DUTY" in one(checks, "people").found + one(checks, "numbers").found or not one(checks, "people").ok
    )
    assert one(checks, "approvals").found.startswith("nobody holds district/leader")
    await cage.world.execute("UPDATE holding SET ends = engine_now()")
    (alone,) = [check async for check in people.examine(cage.engine)]
    assert "directory import" in alone.do


async def test_partitions_that_are_missing_are_seen(postgres: Postgres) -> None:
    async with postgres.copy() as database:
        _, before = await DoctorStore(database).schema()
        async with database.reading() as connection:
            month = await connection.fetchval(
                "SELECT to_char(date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month', 'YYYYMM')"
            )
            await connection.execute(f"DROP TABLE attempt_{month}")
        assert before >= 1
        assert (await DoctorStore(database).schema())[1] == 0


async def test_what_is_wrong_outside(cage: Cage) -> None:
    """Nobody listens at any of these ports; nothing of it is a traceback."""
    checks = [check async for check in outside.examine(cage.engine)]
    assert one(checks, "gateway line").ok is False
    assert "Connect call failed" in one(checks, "gateway line").found
    assert one(checks, "gateway mail").ok is False
    assert one(checks, "kafka").ok is None
