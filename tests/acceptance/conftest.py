"""One seed of a data folder for the whole run, and what the engine said last beside every failure."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.acceptance.house import OPEN, PROJECT, House, clean_environment, write_address_list
from tests.acceptance.program import command
from warnengine.store.embedded import EmbeddedPostgres


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an address list, imported by the command; its database stands still."""
    folder = tmp_path_factory.mktemp("seed")
    people = folder / "people.csv"
    write_address_list(people)
    settings = {"INSTALLATION": "demo", "DATA": str(folder / "data"), "RULES": str(PROJECT / "rules")}
    said = await command("directory", "import", str(people), environment=clean_environment(**settings), cwd=folder)
    assert said.code == 0, said.err
    EmbeddedPostgres(folder / "data").stop()
    return folder / "data"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, seed: Path) -> AsyncIterator[House]:
    """One installation for the stories of a module."""
    made = House(tmp_path_factory.mktemp("house"))
    try:
        await made.open(seed)
        yield made
    finally:
        await made.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the engines' last words beside every failure."""
    report = yield
    for house in OPEN if report.failed else ():
        report.sections.append(("the engine's last words", f"{house.last_seen}\n{house.engine.tail()}"))
    return report
