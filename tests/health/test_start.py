"""An engine that could not be trusted does not come up, and says what to do."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from tests.conftest import RULES, Postgres
from tests.health.conftest import SMPP
from warnengine.app import refuse_unsafe
from warnengine.model.errors import StartRefused, WarnEngineError
from warnengine.rulebook import load
from warnengine.settings import Settings
from warnengine.store.database import Database, refuse_skew
from warnengine.store.embedded import owned
from warnengine.store.primary import NotPrimary


@pytest.mark.parametrize(
    ("name", "before", "theirs", "after", "refused"),
    [
        ("equal", 100.0, 100.0, 100.0, False),
        ("ahead within bounds", 100.0, 102.0, 100.1, False),
        ("ahead", 100.0, 102.2, 100.1, True),
        ("behind", 100.0, 97.9, 100.1, True),
        ("behind within bounds", 100.0, 98.0, 100.1, False),
        ("a slow answer proves nothing", 100.0, 109.0, 110.0, False),
        ("a slow answer, and still ahead", 100.0, 113.0, 110.0, True),
    ],
)
def test_clocks_apart(name: str, before: float, theirs: float, after: float, refused: bool) -> None:
    if not refused:
        refuse_skew(before, theirs, after)
        return
    with pytest.raises(StartRefused, match="apart: deadlines would be wrong; set both by the same time service"):
        refuse_skew(before, theirs, after)


async def test_clocks_apart_in_a_real_start(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        monkeypatch.setitem(__import__("warnengine.store.database", fromlist=["SAFE"]).SAFE, name, "off")
    ours = time.time
    async with postgres.copy() as database:
        await database.refuse_unsafe()
        monkeypatch.setattr("warnengine.store.database.time.time", lambda: ours() - 3600)
        with pytest.raises(StartRefused, match=r"3\d{3}\.\d s apart"):
            await database.refuse_unsafe()


LADDERS = {
    "empty": ("", "ladder.yaml"),
    "a level without steps": ("steps:\n    - {after: 60m, do: again}", "steps: []"),
    "a level that calls nobody": ("sector: [duty]", "sector: []"),
    "a level without a channel": ("channels: [sms, push]", "channels: []"),
}


@pytest.mark.parametrize(("old", "new"), LADDERS.values(), ids=LADDERS)
def test_a_ladder_that_leads_nowhere(old: str, new: str, tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(RULES, folder)
    file = folder / "ladder.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1) if old else "", encoding="utf-8")
    with pytest.raises(WarnEngineError, match=r"ladder\.yaml"):
        load(folder)


def test_a_lease_that_a_send_may_outlive(tmp_path: Path) -> None:
    (tmp_path / "any.sms.j2").write_text("")
    settings = Settings.model_validate(
        {"templates": tmp_path, "gateways": [SMPP], "dispatch": {"lease_seconds": 18, "grace_seconds": 10}}
    )
    with pytest.raises(
        StartRefused, match="gateway line: .* is 18 s and the lease 18 s: .*; lengthen WARNENGINE_DISPATCH"
    ):
        refuse_unsafe(settings)


def test_another_engine_has_the_data_folder(tmp_path: Path) -> None:
    # flock belongs to the opened file: a second opening is another engine, whichever process it is in
    words = "another engine runs on the data folder .*: stop it, or set WARNENGINE_DATA"
    with owned(tmp_path), pytest.raises(StartRefused, match=words), owned(tmp_path):
        pass
    with owned(tmp_path):
        pass


async def test_a_standby_is_not_served_from(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function of this name before the system's own makes the server say that it recovers."""
    async with database.reading() as connection:
        await connection.execute("CREATE SCHEMA first")
        await connection.execute(
            "CREATE FUNCTION first.pg_is_in_recovery() RETURNS bool LANGUAGE sql AS 'SELECT true'"
        )
        name = await connection.fetchval("SELECT current_database()")
        await connection.execute(f"ALTER DATABASE {name} SET search_path = first, pg_catalog, public")
    await database.pool.expire_connections()
    with pytest.raises(NotPrimary, match="it is a standby"):
        await database.refuse_unsafe()
