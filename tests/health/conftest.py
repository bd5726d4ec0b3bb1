"""An engine whose gateways have loop-back addresses, over a real store."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.dispatch.fake_channel import Entry, FakeChannel
from tests.store.world import World, few_units, small_directory
from warnengine.app import ROLES, Engine
from warnengine.app.canary import Line
from warnengine.health.canary import message
from warnengine.ingest.intake import Intake
from warnengine.model.arrival import Arrival, Taken
from warnengine.model.book import RuleBook
from warnengine.model.delivery import Fate, Receipt, Reply
from warnengine.settings import Settings
from warnengine.store.database import Database

LOOP, BOX = "+8610690000001", "loop@example.cn"
KEY = b"of this test"
SMPP = {
    "kind": "smpp",
    "name": "line",
    "host": "127.0.0.1",
    "port": 1,
    "system_id": "a",
    "password": "b",
    "source": "1069",
}
SMTP = {"kind": "smtp", "name": "mail", "host": "127.0.0.1", "port": 1, "sender": "duty@example.cn"}


class Cage:
    """A world with a canary in it."""

    def __init__(self, database: Database, book: RuleBook, folder: Path) -> None:
        self.world = World(database, few_units(book), folder)
        gateways = [SMPP | {"canary": LOOP}, SMTP | {"canary": BOX}]
        self.settings = Settings.model_validate(
            {
                "data": folder,
                "installation": "demo",
                "link_key": KEY.decode(),
                "gateways": gateways,
                "sources": [{"name": "bureau", "token": "bureau-token"}],
                "templates": Path(__file__).parents[2] / "templates",
            }
        )
        self.engine = Engine(self.settings, self.world.book, database, ROLES)
        self.world.engine = self.engine
        real = self.engine.intake.read
        known = self.world.read
        read = lambda raw: [known[raw]] if raw in known else real(raw)  # noqa: E731
        self.engine.intake = Intake(self.engine.warnings, read, self.world.book)
        self.database = database
        count = itertools.count()
        self.line = FakeChannel("sms", "line", counter=count)
        self.mail = FakeChannel("email", "mail", receipts=False, counter=count)
        self.world.channels = {"sms": self.line, "email": self.mail}
        self.engine.canary.lines = [Line(self.line), Line(self.mail)]
        self.slots = itertools.count(1_780_000_000)

    async def fly(self, path: str = "http", *, send: bool = True, at: datetime | None = None) -> Taken:
        """A canary comes in by a path, and the engine reacts."""
        raw = message(path, next(self.slots), at or datetime.now(UTC), KEY, send=send)
        taken = await self.engine.take(Arrival("bureau", f"somewhere {next(self.slots)}", raw))
        await self.world.react()
        return taken

    async def send(self) -> None:
        """Every dispatcher of the canary sends what is due."""
        for _, step in self.engine.canary.dispatching(self.engine.sending, self.engine.wording):
            while await step():
                await asyncio.sleep(0)

    async def receipt(self, entry: Entry) -> None:
        id_ = self.line.ids(entry)[0]
        await self.engine.inbox.receipt(
            Receipt("line", id_, entry.address, Fate.DELIVERED, "DELIVRD", id_.encode())
        )

    async def reply(self, words: str = "1") -> None:
        await self.engine.inbox.reply(Reply("line", LOOP, "1069", words, words.encode()))

    async def proven(self) -> set[str]:
        """Paths of which there is a proof."""
        return {row["path"] for row in await self.engine.canary.store.proofs() if row["proven"]}


@pytest.fixture
async def cage(database: Database, book: RuleBook, tmp_path: Path) -> Cage:
    cage = Cage(database, book, tmp_path)
    await cage.world.people(small_directory())
    await cage.engine.canary.register()
    return cage
