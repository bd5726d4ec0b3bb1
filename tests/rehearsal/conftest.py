"""A stage that is set: the shipped rules and the demo's people over a fresh copy of the template."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

import pytest

from tests.conftest import RULES, Postgres
from warnengine.app.rehearsal import People, Rehearsal, staged
from warnengine.directory import read
from warnengine.model.book import RuleBook
from warnengine.model.directory import Directory
from warnengine.settings import Settings

ROOT = Path(__file__).parents[2]
LIST = ROOT / "warnengine/demo/directory.csv"
Set = Callable[..., Awaitable[Rehearsal]]


@pytest.fixture(scope="session")
def people(book: RuleBook) -> Directory:
    return read(LIST.read_bytes(), book, "directory.csv")


@pytest.fixture
async def stage(postgres: Postgres, people: Directory, tmp_path: Path) -> AsyncIterator[Set]:
    """Sets a stage, as often as a test needs one."""
    settings = Settings.model_validate({"data": tmp_path, "templates": ROOT / "templates"})
    async with AsyncExitStack() as open_:

        async def set_(rules: Path = RULES, listed: People = people, begins: datetime | None = None) -> Rehearsal:
            database = await open_.enter_async_context(postgres.copy())
            return await staged(settings, rules, listed, database, tmp_path, begins)

        yield set_
