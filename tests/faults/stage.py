"""What stands around the engine in a case: databases, gateways with their logs, proxies, engines, a bureau, the duty room."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from tests.faults.district import PROJECT, Bureau, Issued, People, crowd
from tests.faults.postgres import Postgres
from tests.faults.processes import HOST, Child, free_port, until, within
from tests.faults.proxy import Proxy
from tests.faults.verdict import Broken, NotRun

Json = dict[str, Any]
OPERATOR, SOURCES = "operator-token", ("bureau", "city")
CROWD = crowd(4)
"""112 people, four in every town."""


def clean(**ours: str) -> dict[str, str]:
    """This environment without an engine's settings, and with these."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("WARNENGINE_")}
    return inherited | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(PROJECT)} | ours


@dataclass
class Seeds:
    """One server for all cases; a database with an address list is made once and copied."""

    server: Postgres
    folder: Path
    made: set[str]
    broker: Any = None
    """Of the cases about Kafka, once one has asked for it."""

    @classmethod
    async def open(cls, folder: Path) -> Seeds:
        server = Postgres(folder)
        await server.init()
        await server.start()
        return cls(server, folder, set())

    async def database(self, name: str, people: People) -> str:
        """A fresh database with this address list; its DSN."""
        if people.name not in self.made:
            await self.server.run(f"CREATE DATABASE seed_{people.name}")
            await import_people(self.folder, self.server.dsn(f"seed_{people.name}"), people)
            self.made.add(people.name)
        await self.server.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await self.server.run(f"CREATE DATABASE {name} TEMPLATE seed_{people.name}")
        return self.server.dsn(name)

    async def close(self) -> None:
        """End what stood for all cases."""
        if self.broker:
            await self.broker.kill()
        await self.server.stop()


async def import_people(folder: Path, dsn: str, people: People) -> None:
    """Import an address list by the command."""
    file = folder / f"{people.name}.csv"
    people.write(file)
    settings = {
        "DATABASE": dsn,
        "INSTALLATION": "demo",
        "DATA": str(folder / "import"),
        "RULES": str(PROJECT / "rules"),
    }
    settings |= {"TEMPLATES": str(PROJECT / "templates"), "LINK_KEY": "of all faults"}
    environment = clean(**{f"WARNENGINE_{key}": value for key, value in settings.items()})
    command = (sys.executable, "-m", "warnengine", "directory", "import", str(file))
    child = Child(folder / "import.log", *command, environment=environment)
    await child.start()
    if await child.ended(120):
        raise Broken(f"the address list was not imported:\n{child.tail()}")


class Gateway:
    """A sink process with its log and its control port."""

    def __init__(self, folder: Path, name: str, module: str, *arguments: str, **manners: Any) -> None:
        self.name = name
        self.log = folder / f"{name}.jsonl"
        self.port, self._control = free_port(), free_port()
        given = ("--port", str(self.port), "--control", str(self._control), "--log", str(self.log), *arguments)
        self._given = given
        self._module = module
        self._folder = folder
        self._manners = manners
        self.process = self._child()

    def _child(self) -> Child:
        command = (sys.executable, "-m", f"tests.faults.{self._module}", *self._given)
        command += ("--manners", json.dumps(self._manners))
        return Child(self._folder / f"{self.name}.log", *command, environment=clean())

    async def start(self) -> None:
        await self.process.start(speaks=True)

    async def tell(self, **manners: Any) -> Json:
        """Set manners; how it stands."""
        self._manners |= {key: value for key, value in manners.items() if key not in ("do", "replies")}
        reader, writer = await asyncio.open_connection(HOST, self._control)
        writer.write(json.dumps(manners).encode() + b"\n")
        state: Json = json.loads(await asyncio.wait_for(reader.readline(), 10))
        writer.close()
        return state

    async def kill(self) -> None:
        await self.process.kill()

    async def back(self) -> None:
        """Start it again on the same port, with the manners that it was told last."""
        self.process = self._child()
        await self.start()

    def lines(self) -> list[Json]:
        """Everything that it has written."""
        if not self.log.exists():
            return []
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [{**json.loads(line), "line": self.name} for line in lines]

    def submits(self) -> list[Json]:
        return [line for line in self.lines() if line["what"] == "submit"]


class Engine:
    """One `warnengine` process and its API."""

    def __init__(
        self, stage: Stage, name: str, *, wrapper: Sequence[str], environment: Json, roles: str, settings: Json
    ) -> None:
        self.stage = stage
        self.name = name
        self.port = settings["http"]["port"]
        self.data = Path(settings["data"])
        values = {
            f"WARNENGINE_{key.upper()}": value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for key, value in settings.items()
        }
        self.environment = clean(**values, **environment)
        command = (*wrapper, sys.executable, "-m", "warnengine", "serve", *(("--roles", roles) if roles else ()))
        self.child = Child(stage.folder / f"{name}.log", *command, environment=self.environment)
        self.web = aiohttp.ClientSession(f"http://{HOST}:{self.port}", timeout=aiohttp.ClientTimeout(10))

    async def start(self, *, ready: bool = True) -> None:
        """Start it; wait until it says that it may be trusted, or at least that it lives."""
        await self.child.start()
        await until(f"{self.name} to come up", self.ready if ready else self.alive, tail=self.child)

    async def again(self) -> None:
        """After a kill: start the same one again."""
        await self.start()

    async def ready(self) -> bool:
        if not self.child.running:
            raise Broken(f"{self.name} ended:\n{self.child.tail()}")
        return (await self.problems()) == {}

    async def alive(self) -> bool:
        if not self.child.running:
            raise Broken(f"{self.name} ended:\n{self.child.tail()}")
        return (await self.problems()) is not None

    async def problems(self) -> Json | None:
        """What /readyz complains of; None where nobody answers."""
        try:
            async with self.web.get("/readyz", timeout=aiohttp.ClientTimeout(12)) as answer:
                found: Json = (await answer.json())["problems"]
                return found
        except (aiohttp.ClientError, TimeoutError):
            return None

    async def metric(self, name: str) -> dict[str, float]:
        """Values of a series by its labels."""
        async with self.web.get("/metrics") as answer:
            text = await answer.text()
        found: dict[str, float] = {}
        for line in text.splitlines():
            head, _, value = line.rpartition(" ")
            if head.split("{")[0] == name:
                found[head[len(name) :]] = float(value)
        return found

    async def warn(self, warning: Issued | bytes, source: str = "bureau") -> int:
        """POST a warning; the status, 0 where nobody answers."""
        body = warning if isinstance(warning, bytes) else warning.body
        headers = {"Authorization": f"Bearer {source}-token", "Content-Type": "application/xml"}
        try:
            async with self.web.post("/v1/warnings", data=body, headers=headers) as answer:
                await answer.read()
                if answer.status < 300:
                    self.stage.acknowledged.append(body)
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return 0

    async def get(self, path: str, **query: str) -> Any:
        async with self.web.get(path, params=query, headers={"Authorization": f"Bearer {OPERATOR}"}) as answer:
            return await answer.json()

    async def post(self, path: str, body: Json) -> int:
        async with self.web.post(path, json=body, headers={"Authorization": f"Bearer {OPERATOR}"}) as answer:
            await answer.read()
            return answer.status

    async def alarms(self) -> list[str]:
        """What people can see: open tasks of the duty room and what /readyz complains of."""
        tasks = [json.dumps(task, ensure_ascii=False) for task in await self.get("/v1/tasks")]
        return tasks + [f"{part}: {words}" for part, words in (await self.problems() or {}).items()]

    async def jump(self, seconds: float) -> None:
        """Set the demo's clock forward."""
        clock = await self.get("/v1/clock")
        moment = datetime.fromisoformat(clock["now"]) + timedelta(seconds=seconds)
        status = await self.post("/v1/clock", {"to": moment.isoformat()})
        if status != 204:
            raise Broken(f"the demo's clock was not set: {status}")

    async def close(self) -> None:
        self.child.thaw()
        await self.child.kill()
        await self.web.close()


class Stage:
    """One case's world. Everything that it starts ends with `close`."""

    def __init__(self, folder: Path, seeds: Seeds, number: int) -> None:
        self.folder = folder
        self.seeds = seeds
        self.number = number
        self.bureau = Bureau()
        self.acknowledged: list[bytes] = []
        self.gateways: list[Gateway] = []
        self.engines: list[Engine] = []
        self.proxies: list[Proxy] = []
        self.servers: list[Postgres] = []
        self.settings_of_gateways: list[Json] = []
        self.people = CROWD
        self.dsn = ""
        self._mounts: list[Path] = []
        self.port = free_port()
        self.settings: Json = {
            "installation": "demo",
            "rules": str(PROJECT / "rules"),
            "templates": str(PROJECT / "templates"),
            "operator_token": OPERATOR,
            "link_key": "of all faults",
            "sources": [{"name": name, "token": f"{name}-token"} for name in SOURCES],
            "dispatch": {"lease_seconds": 6, "grace_seconds": 1.5},
        }

    async def database(self, people: People | None = None) -> str:
        """A fresh copy of the seeded database on the server of all cases."""
        self.people = people or self.people
        self.dsn = await self.seeds.database(f"case{self.number}", self.people)
        return self.dsn

    async def own_server(self, name: str = "own", folder: Path | None = None, **settings: str) -> Postgres:
        """A server for this case alone, with the address list."""
        server = Postgres(folder or self.folder, name)
        await server.init()
        self.servers.append(server)
        await server.start(**settings)
        await server.run("CREATE DATABASE engine")
        self.dsn = server.dsn("engine")
        dump = await self.seeds.database(f"case{self.number}", self.people)
        await pipe(server, dump, self.dsn)
        return server

    async def smpp(
        self,
        name: str = "line",
        *,
        proxy: bool = False,
        answer: float = 2,
        settings: Json | None = None,
        cert: tuple[Path, Path] | None = None,
        **manners: Any,
    ) -> Gateway:
        """An SMS centre by SMPP; with a proxy before it, `self.proxies` gets one."""
        more = ("--cert", str(cert[0]), "--key", str(cert[1])) if cert else ()
        gateway = Gateway(self.folder, name, "sink", *more, **manners)
        await gateway.start()
        self.gateways.append(gateway)
        port = gateway.port
        if proxy:
            self.proxies.append(await Proxy(gateway.port).start())
            port = self.proxies[-1].port
        self.settings_of_gateways.append(
            {
                "kind": "smpp", "name": name, "host": HOST, "port": port, "source": "10690000", "system_id": "test",
                "password": "test", "connect_seconds": 1, "answer_seconds": answer, "enquire_seconds": 3,
            } | (settings or {})
        )  # fmt: skip
        return gateway

    async def http_sms(self, name: str = "second", answer: float = 2, **manners: Any) -> Gateway:
        """A second provider, by HTTP."""
        callback = f"http://{HOST}:{self.port}/v1/callbacks/{name}/secret"
        gateway = Gateway(self.folder, name, "http_sink", "--callback", callback, **manners)
        await gateway.start()
        self.gateways.append(gateway)
        self.settings_of_gateways.append(
            {
                "kind": "sms_http", "name": name, "url": f"http://{HOST}:{gateway.port}/send", "profile": "json",
                "callback_secret": "secret", "values": {"token": "t"}, "connect_seconds": 1, "answer_seconds": answer,
                "rank": 2,
            }
        )  # fmt: skip
        return gateway

    def engine(
        self,
        name: str = "engine",
        *,
        roles: str = "",
        wrapper: Sequence[str] = (),
        environment: Json | None = None,
        **settings: Any,
    ) -> Engine:
        """An engine, not started yet. The first one has the port that callbacks go to."""
        port = free_port() if self.engines else self.port
        given = {
            **self.settings,
            "data": str(self.folder / f"{name}-data"),
            "database": self.dsn,
            "gateways": self.settings_of_gateways,
            "http": {"host": HOST, "port": port, "public_url": f"http://{HOST}:{self.port}"},
            **settings,
        }
        if "PYTHONPATH" not in (environment or {}):  # an older version knows no leases of lines
            given["dispatch"] = {"line_seconds": 9} | given["dispatch"]
        for key in [key for key, value in given.items() if value is None]:
            del given[key]
        engine = Engine(self, name, wrapper=wrapper, environment=environment or {}, roles=roles, settings=given)
        self.engines.append(engine)
        return engine

    async def running(self, name: str = "engine", **more: Any) -> Engine:
        """An engine that is up."""
        engine = self.engine(name, **more)
        await engine.start()
        return engine

    async def sql(self, question: str, *arguments: Any) -> list[asyncpg.Record]:
        """Ask the engine's store, from outside."""
        connection = await asyncpg.connect(self.dsn, timeout=10)
        try:
            return await connection.fetch(question, *arguments)
        finally:
            await connection.close()

    async def value(self, question: str, *arguments: Any) -> Any:
        rows = await self.sql(question, *arguments)
        return rows[0][0] if rows else None

    def submits(self) -> list[Json]:
        """What all gateways were given, by time of arrival."""
        found = [line for gateway in self.gateways for line in gateway.submits()]
        return sorted(found, key=lambda line: line["at"])

    async def calm(self) -> bool:
        """Whether nothing is due, in flight, or waiting to be expanded; asked of the store itself."""
        try:
            return bool(await self.value(CALM))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            return False

    async def settled(self, seconds: float = 60) -> None:
        """Wait until nothing is due or in flight and every accepted text has its receipt, or nobody owes one."""
        if not await within(self.calm, seconds):
            left = {row["what"]: row["count"] for row in await self.sql(UNSETTLED) if row["count"]}
            raise Broken(f"not settled after {seconds:g} s: {left}")

    async def tmpfs(self, name: str, size: str) -> Path:
        """A small disk; NotRun where this machine has none to give."""
        place = self.folder / name
        place.mkdir()
        process = await asyncio.create_subprocess_exec(
            "mount",
            "-t",
            "tmpfs",
            "-o",
            f"size={size},mode=0777",
            "none",
            str(place),
            stderr=asyncio.subprocess.DEVNULL,
        )
        if await process.wait():
            raise NotRun("no right to mount a small tmpfs")
        self._mounts.append(place)
        return place

    async def close(self) -> None:
        for engine in self.engines:
            await engine.close()
        for proxy in self.proxies:
            await proxy.stop()
        for gateway in self.gateways:
            gateway.process.thaw()
            await gateway.kill()
        for server in self.servers:
            await server.stop()
        for engine in self.engines:
            embedded = engine.data / "postgres" / "postmaster.pid"
            if embedded.exists():
                with_pid = int(embedded.read_text().splitlines()[0])
                try:
                    os.kill(with_pid, signal.SIGQUIT)
                except ProcessLookupError:
                    continue
        for place in self._mounts:
            process = await asyncio.create_subprocess_exec("umount", "-l", str(place))
            await process.wait()
        await self.seeds.server.run(f"DROP DATABASE IF EXISTS case{self.number} WITH (FORCE)")
        shutil.rmtree(self.folder, ignore_errors=True)


UNSETTLED = """
SELECT 'changes not expanded' AS what, count(*)::int FROM change WHERE expanded_at IS NULL
UNION ALL SELECT 'warnings not applied', count(*)::int FROM district_warning WHERE applied_at IS NULL
UNION ALL SELECT concat_ws(' ', 'chunks by', channel, 'of lane', lane, purpose, CASE WHEN lease_until IS NULL THEN 'unclaimed' ELSE 'claimed' END,
    'due', round(extract(epoch FROM engine_now() - due) / 10) * 10, 's ago'), count(*)::int
    FROM chunk WHERE finished_at IS NULL AND due <= engine_now() + interval '70 seconds' AND purpose <> 'reminder' GROUP BY 1
UNION ALL SELECT 'attempts without an end', count(*)::int FROM attempt a
    WHERE NOT EXISTS (SELECT FROM delivery_event e WHERE e.delivery = a.delivery AND e.number = a.number)
"""
"""What `CALM` waits for, by name: said where it waits in vain."""

CALM = """
SELECT NOT EXISTS (SELECT FROM change WHERE expanded_at IS NULL)
   AND NOT EXISTS (SELECT FROM district_warning WHERE applied_at IS NULL)
   AND NOT EXISTS (SELECT FROM chunk WHERE finished_at IS NULL AND due <= engine_now() + interval '70 seconds' AND purpose <> 'reminder')
   AND NOT EXISTS (SELECT FROM attempt a WHERE NOT EXISTS (
           SELECT FROM delivery_event e WHERE e.delivery = a.delivery AND e.number = a.number))
   AND EXISTS (SELECT FROM arrival)
"""


async def pipe(server: Postgres, source: str, target: str) -> None:
    """Copy a database from server to server by dump and psql."""
    dump = await server.tool("pg_dump", "--no-owner", source)
    file = server.sockets / "dump.sql"
    file.write_text(dump, encoding="utf-8")
    file.chmod(0o644)
    await server.tool("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", target, "-f", str(file))
