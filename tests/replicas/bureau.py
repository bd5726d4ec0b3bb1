"""Several engines of one installation: one database, one SMS account, each a process with its own port."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import smpp34

from tests.acceptance.house import OPEN, House, Json, write_address_list
from tests.acceptance.program import BOUND, Program, until
from tests.acceptance.smsc import Smsc
from warnengine.demo import scenario

EVERYTHING = "ingest,dispatch,ladder,console"


@dataclass(frozen=True)
class Submit:
    """One submit_sm as it came."""

    session: str
    to: str


class Account(Smsc):
    """An SMS centre that notes who was bound when, and by which session each part came."""

    def __init__(self) -> None:
        super().__init__()
        self.submits: list[Submit] = []
        self.sessions: list[str] = []
        """In the order of their binds."""

    @property
    def bound(self) -> int:
        """How many sessions are bound now."""
        return len(self._esmes)

    def _submitted(self, event: smpp34.SubmitSmEvent) -> None:
        if event.session_id not in self.sessions:
            self.sessions.append(event.session_id)
        self.submits.append(Submit(event.session_id, f"+{event.destination_addr}"))
        super()._submitted(event)


class Replica(House):
    """One of the engines."""

    def __init__(self, folder: Path, dsn: str, account: Account, roles: str = EVERYTHING) -> None:
        folder.mkdir()
        self._dsn = dsn
        super().__init__(folder)
        self.smsc = account
        self.engine = Program(
            folder / "engine.log", sys.executable, "-m", "warnengine", "serve", "--roles", roles,
            environment=self.environment,
        )  # fmt: skip

    @property
    def environment(self) -> dict[str, str]:
        ours = {"DATABASE": self._dsn, "LINK_KEY": "of all engines", "DISPATCH__LINE_SECONDS": "9"}
        return super().environment | {f"WARNENGINE_{key}": value for key, value in ours.items()}

    async def notes(self) -> Json:
        """What else /readyz tells."""
        async with self.web.get("/readyz") as answer:
            notes: Json = (await answer.json())["notes"]
            return notes

    async def settled(self) -> list[Json]:
        """As of one engine; what was refused for now is waited for too."""

        async def done() -> list[Json] | None:
            found = await House.settled(self)
            return None if any(one["state"] == "refused" for one in found) else found

        return await until("every delivery to settle", done, self.engine, 2 * BOUND)

    async def stands_by(self) -> bool:
        """Whether another engine holds the line."""
        return "on standby" in (await self.notes()).get("line", "")

    async def holds(self) -> bool:
        """Whether this engine can send by the line."""
        problems = await self.problems()
        return problems is not None and "line" not in problems and not await self.stands_by()


@asynccontextmanager
async def bureau(folder: Path, dsn: str, names: Sequence[str]) -> AsyncIterator[tuple[Account, list[Replica]]]:
    """An account and engines, the address list imported, the first of them bound and all ready."""
    account = Account()
    engines = [Replica(folder / name, dsn, account) for name in names]
    async with aiohttp.ClientSession():
        await account.start()
        try:
            people = folder / "people.csv"
            write_address_list(people)
            said = await engines[0].command("directory", "import", str(people))
            assert said.code == 0, said.err
            for engine in engines:
                OPEN.append(engine)
                engine.web = aiohttp.ClientSession(engine.url, timeout=aiohttp.ClientTimeout(30))
                await engine.start_engine()
            yield account, engines
        finally:
            for engine in engines:
                await engine.engine.kill()
                if engine in OPEN:
                    OPEN.remove(engine)
                    await engine.web.close()
            await account.stop()


def reds(count: int) -> list[scenario.Message]:
    """Messages of the same red, each its own: the newest counts, all are kept."""
    return [
        replace(scenario.RED, entered=scenario.RED.entered - timedelta(seconds=second), signer=f"周远航{second}")
        for second in range(count)
    ]


async def sent(account: Account, least: int, witness: Replica) -> None:
    """Wait until so many messages have left."""

    async def look() -> bool:
        return len(account.log) >= least

    await until(f"{least} messages to leave", look, witness.engine)


def account_for(account: Account, deliveries: list[Json]) -> None:
    """Every delivery is on the wire, at most once more than its recorded doubts; nothing else is."""
    wire = account.copies()
    allowed: Counter[str] = Counter()
    for one in deliveries:
        assert one["state"] == "delivered", one
        allowed[one["address"]] += 1 + one["possible_duplicates"] + one["reminders"]
    assert wire.keys() == allowed.keys()
    assert not {number: (n, allowed[number]) for number, n in wire.items() if n > allowed[number]}
