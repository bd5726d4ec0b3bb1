"""An emergency bureau for tests: the engine as a child process, its gateway, its people, its duty room."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import asyncpg

import warnengine
from tests.acceptance.program import BOUND, Program, Said, command, until
from tests.acceptance.smsc import LINE, Smsc
from warnengine.demo.children import database_pid
from warnengine.demo.relay import HOST, free_port
from warnengine.store.embedded import EmbeddedPostgres

PROJECT = Path(warnengine.__file__).parents[1]
SOURCES = ("bureau", "city")
"""Names of ways in; the token of a source is its name and `-token`."""
OPERATOR = "operator-token"
PATIENT = {"connect_seconds": 2, "answer_seconds": 6}
"""Gateways in a test's own process on a busy machine: an answer that is late for no reason would be a doubt."""
Json = dict[str, Any]
Database = asyncpg.Connection[asyncpg.Record] if TYPE_CHECKING else asyncpg.Connection
WAITING = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'arrival'::regclass"
UNSETTLED = {"queued", "sending", "accepted", "unknown"}


def clean_environment(**ours: str) -> dict[str, str]:
    """This environment without the engine's variables, and with these."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("WARNENGINE_")}
    return inherited | {"PYTHONUNBUFFERED": "1"} | {f"WARNENGINE_{key}": value for key, value in ours.items()}


def people() -> list[dict[str, str]]:
    """The demo's people with telephones only: what one of them must know is one SMS. A row for each post."""
    with (PROJECT / "warnengine" / "demo" / "directory.csv").open(encoding="utf-8") as file:
        return [{**row, "email": ""} for row in csv.DictReader(file)]


def phone(unit: str, post: str = "duty") -> str:
    """The number of the person who holds a post."""
    held = next(row for row in people() if (row["unit"], row["post"]) == (unit, post))
    return f"+86{held['mobile']}"


def write_address_list(file: Path) -> None:
    """Write the people as the bureau would."""
    rows = people()
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, fieldnames=rows[0])
        writer.writeheader()
        writer.writerows(rows)


OPEN: list[House] = []
"""Every house that stands, for failures."""


class House:
    """One installation in a folder. Everything that it starts ends with `close`."""

    def __init__(self, folder: Path, **more: Any) -> None:
        """`more` goes into the settings as it stands."""
        self.folder = folder
        self.data = folder / "data"
        self.smsc = Smsc()
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.last_seen = ""
        """How the deliveries stood when somebody last looked, for failures."""
        self._more = more
        self.engine = Program(
            folder / "engine.log", sys.executable, "-m", "warnengine", "serve", environment=self.environment
        )

    @property
    def environment(self) -> dict[str, str]:
        """What the engine and its commands are given."""
        smpp = {
            "kind": "smpp", "name": "line", "host": HOST, "port": self.smsc.port, "source": LINE,
            "system_id": "test", "password": "test", **PATIENT,
        }  # fmt: skip
        values: Json = {
            "installation": "demo",
            "data": str(self.data),
            "rules": str(PROJECT / "rules"),
            "templates": str(PROJECT / "templates"),
            "operator_token": OPERATOR,
            "gateways": json.dumps([smpp, *self._more.get("gateways", ())]),
            "sources": json.dumps([{"name": name, "token": f"{name}-token"} for name in SOURCES]),
            "http": json.dumps({"host": HOST, "port": self.port, "public_url": self.url}),
            "dispatch": json.dumps({"lease_seconds": 12, "grace_seconds": 2}),
        }
        values |= {key: json.dumps(value) for key, value in self._more.items() if key != "gateways"}
        return clean_environment(**{key.upper(): value for key, value in values.items()})

    async def open(self, seed: Path | None = None) -> None:
        """Start all of it, on a copy of the seed's data folder."""
        if seed:
            await copy(seed, self.data)
        OPEN.append(self)
        self.web = aiohttp.ClientSession(self.url, timeout=aiohttp.ClientTimeout(BOUND))
        await self.smsc.start()
        await self.start_engine()

    async def close(self) -> None:
        """End everything."""
        OPEN.remove(self)
        await self.engine.kill()
        await end_database(self.data)
        await self.web.close()
        await self.smsc.stop()

    async def start_engine(self) -> None:
        """Start the engine and wait until it may be trusted."""
        await self.engine.start()
        await until("the engine to be ready", self.ready, self.engine)

    async def command(self, *arguments: str, **changes: str) -> Said:
        """Run a command of this installation."""
        changed = {f"WARNENGINE_{key}": value for key, value in changes.items()}
        return await command(*arguments, environment=self.environment | changed, cwd=self.folder)

    async def ready(self) -> bool:
        """Whether the engine says that it may be trusted; fail at once where it has ended."""
        assert self.engine.running, f"the engine has ended:\n{self.engine.tail()}"
        return (await self.problems()) == {}

    async def problems(self) -> Json | None:
        """What /readyz complains of; None where it does not answer."""
        try:
            async with self.web.get("/readyz") as answer:
                told = await answer.json()
        except (aiohttp.ClientError, TimeoutError):
            return None
        assert (answer.status == 200) == told["ready"]
        problems: Json = told["problems"]
        return problems

    async def warn(self, body: bytes, source: str = "bureau") -> tuple[int, Json]:
        """POST a warning; status and answer."""
        headers = {"Authorization": f"Bearer {source}-token", "Content-Type": "application/xml"}
        async with self.web.post("/v1/warnings", data=io.BytesIO(body), headers=headers) as answer:
            return answer.status, await answer.json()

    async def all(self, what: str, **query: str) -> list[Json]:
        """A list of the duty room: orders, deliveries, tasks, approvals, quarantine."""
        async with self.web.get(f"/v1/{what}", params=query, headers=_operator()) as answer:
            assert answer.status == 200, await answer.text()
            found: list[Json] = await answer.json()
            return found

    async def original(self, arrival: int) -> bytes:
        """What came in, byte by byte."""
        async with self.web.get(f"/v1/quarantine/{arrival}", headers=_operator()) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.read()

    async def post(self, path: str, body: Mapping[str, Any]) -> tuple[int, Json]:
        """The duty room says something; status and answer."""
        async with self.web.post(path, json=body, headers=_operator()) as answer:
            return answer.status, await answer.json(content_type=None)

    async def jump(self, to: datetime) -> None:
        """Set the demo's clock."""
        status, said = await self.post("/v1/clock", {"to": to.isoformat()})
        assert status == 204, said

    async def calm(self) -> bool:
        """Whether nothing is in flight."""
        async with self.web.get("/v1/clock") as answer:
            return answer.status == 200 and not (await answer.json())["busy"]

    async def settled(self) -> list[Json]:
        """Wait until nothing is in flight and every SMS has its receipt or its doubt; all deliveries."""

        async def done() -> list[Json] | None:
            found = await self.all("deliveries")
            states = Counter(one["state"] for one in found if one["channel"] == "sms")
            self.last_seen = f"deliveries {dict(states)}, {len(self.smsc.log)} messages at the SMSC"
            return found if found and not states.keys() & UNSETTLED and await self.calm() else None

        return await until("every delivery to settle", done, self.engine)

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        """The engine's own store, looked at from outside."""
        # not in this loop: the SMSC is in it, and the engine waits only so long for its answers
        dsn = await asyncio.to_thread(EmbeddedPostgres(self.data).start)
        connection = await asyncpg.connect(dsn)
        try:
            yield connection
        finally:
            await connection.close()

    @asynccontextmanager
    async def intake_held(self, database: Database) -> AsyncIterator[None]:
        """Whoever wants to keep an arrival waits meanwhile."""
        async with database.transaction():
            await database.execute("LOCK TABLE arrival IN EXCLUSIVE MODE")
            yield

    async def intake_waits(self, database: Database) -> None:
        """Wait until the engine wants to keep an arrival."""

        async def waits() -> bool:
            return bool(await database.fetchval(f"SELECT EXISTS ({WAITING})"))

        await until("the engine to want to keep an arrival", waits, self.engine)

    async def intake_broken(self, database: Database) -> None:
        """Cut the connections that want to keep an arrival."""
        await database.execute(f"SELECT pg_terminate_backend(pid) FROM ({WAITING}) AS waiting")

    def link(self, number: str, message: int = 0) -> str:
        """Path of the official's page, from a message to a number."""
        text = self.smsc.to(number)[message]
        found = re.search(rf"{self.url}(/a/\w+)", text)
        assert found, f"no link in {text!r}"
        return found[1]


async def copy(seed: Path, data: Path) -> None:
    """Copy a data folder with its owners: PostgreSQL's belongs to another user where root runs the tests."""
    copying = await asyncio.create_subprocess_exec("cp", "-a", seed, data)
    assert await copying.wait() == 0


async def end_database(data: Path) -> None:
    """End the embedded server of a data folder, without its farewell."""

    async def gone() -> bool:
        return database_pid(data) is None

    if pid := database_pid(data):
        os.kill(pid, signal.SIGQUIT)
        await until("the database to end", gone)


def _operator() -> dict[str, str]:
    return {"Authorization": f"Bearer {OPERATOR}"}
