"""rules coverage on an installation: the people and the numbers that it knows, not those of a file."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from tests.conftest import Postgres
from tests.health.conftest import Cage
from tests.store.world import small_directory
from warnengine.app.coverage import Coverage, coverage
from warnengine.cli.coverage import _installed, shown
from warnengine.directory.coverage import Staffed
from warnengine.model.book import RuleBook
from warnengine.model.directory import Directory, Person
from warnengine.model.level import Level
from warnengine.settings import Settings
from warnengine.store.database import Database
from warnengine.store.doctor import DoctorStore

NOW = datetime(2026, 7, 1, 4, tzinfo=UTC)


async def proof(cage: Cage) -> Coverage:
    world, doctor = cage.world, DoctorStore(cage.database)
    district = world.book.district.code
    unproven = frozenset(await doctor.unproven_people(district, 90))
    return coverage(world.book, NOW, await doctor.directory(district), unproven)


def anju(found: Coverage) -> Staffed:
    return next(one for one in found.people or () if (one.unit.code, one.level) == ("500151105", Level.BLUE))


async def test_a_number_that_has_answered_is_proven(cage: Cage) -> None:
    found = await proof(cage)
    assert found.proofs_known
    assert "ANJU_DUTY" in anju(found).unproven[0]
    assert any("号码未验证" in line for line in shown(found))
    await cage.engine.roll.call("王主任")
    await cage.world.send("sms")
    await cage.world.reply("anju_duty", "1")
    await cage.engine.accountant.make()
    assert not anju(await proof(cage)).unproven


async def test_a_loudspeaker_is_known_with_its_way(cage: Cage) -> None:
    listed = small_directory()
    anju_duty = next(one for one in listed.holdings if one.person == "anju_duty")
    horn = Person("horn", "大喇叭", None, None, loudspeaker="anju-1")
    held = (*listed.holdings, replace(anju_duty, post="speaker", person="horn", deputy=None, superior=None))
    await cage.world.people(Directory({**listed.people, "horn": horn}, held))
    known = await DoctorStore(cage.database).directory(cage.world.book.district.code)
    assert known.people["horn"].ways == (("loudspeaker", "anju-1"),)


async def test_the_command_takes_the_people_and_the_proofs_of_the_installation(
    cage: Cage, postgres: Postgres, tmp_path: Path
) -> None:
    name = await cage.world.value("SELECT current_database()")
    settings = Settings(data=tmp_path, database=SecretStr(postgres.named(name)), installation="demo")
    people, unproven = await _installed(settings, cage.world.book)
    assert people is not None
    assert people.people["anju_duty"].name == "ANJU_DUTY"
    assert unproven is not None
    assert "anju_duty" in unproven
    await cage.engine.roll.call("王主任")
    await cage.world.send("sms")
    await cage.world.reply("anju_duty", "1")
    await cage.engine.accountant.make()
    assert "anju_duty" not in ((await _installed(settings, cage.world.book))[1] or ())


async def test_a_store_without_an_address_list_has_no_people(
    database: Database, book: RuleBook, postgres: Postgres, tmp_path: Path
) -> None:
    async with database.reading() as connection:
        name = await connection.fetchval("SELECT current_database()")
    settings = Settings(data=tmp_path, database=SecretStr(postgres.named(name)), installation="demo")
    assert await _installed(settings, book) == (None, None)


async def test_without_a_store_there_are_no_people(cage: Cage, tmp_path: Path) -> None:
    assert await _installed(Settings(data=tmp_path), cage.world.book) == (None, None)
