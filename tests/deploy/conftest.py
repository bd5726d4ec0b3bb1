"""The dev profile without containers: every role a process of its own, simulated phones, a broker, a database."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.acceptance.house import clean_environment
from tests.acceptance.program import Program, command, until
from tests.deploy.files import DEPLOY, PROJECT, ROLES
from warnengine.demo.relay import HOST, free_port
from warnengine.demo.scenario import Event, night
from warnengine.settings import Kafka
from warnengine.store.embedded import EmbeddedPostgres


@dataclass
class Town:
    """All processes of one installation by roles, and how to ask them."""

    folder: Path
    web: aiohttp.ClientSession
    ports: Mapping[str, int]
    """By role."""
    programs: dict[str, Program] = field(default_factory=dict)
    broker: str = ""
    """Address of the broker's control."""
    operator: str = ""

    async def up(self, role: str) -> None:
        """Wait until a role answers."""

        async def look() -> bool:
            try:
                return (await self.get(role, "/healthz"))[0] == 200
            except aiohttp.ClientError:
                return False

        await until(f"{role} to answer", look, self.programs[role])

    async def get(self, role: str, path: str) -> tuple[int, str]:
        """Status and body."""
        async with self.web.get(f"http://{HOST}:{self.ports[role]}{path}") as answer:
            return answer.status, await answer.text()

    async def figure(self, role: str, line: str) -> float:
        """One sample of a role's metrics, 0 where there is none; `line` is name and labels as they are written."""
        _, text = await self.get(role, "/metrics")
        return next((float(one.split()[-1]) for one in text.splitlines() if one.startswith(f"{line} ")), 0.0)

    async def reaches(self, role: str, line: str, least: float = 1) -> None:
        """Wait until a sample is at least so much."""

        async def look() -> bool:
            return await self.figure(role, line) >= least

        await until(f"{line} ≥ {least} at {role}", look, self.programs[role])

    async def jump(self, event: Event, later: timedelta = timedelta()) -> None:
        """Set the engine's clock, and the phones': what they get before they are told is of another day for them."""
        where = f"http://{HOST}:{self.ports['console']}/v1/clock"
        headers = {"Authorization": f"Bearer {self.operator}"}
        async with self.web.post(where, json={"to": (event.at + later).isoformat()}, headers=headers) as answer:
            assert answer.status == 204, await answer.text()
        _, told = await self.get("console", "/v1/clock")
        places = json.loads((self.folder / "phones/gateways.json").read_text())
        async with self.web.post(
            f"http://{HOST}:{places['control']}/clock", json={"now": json.loads(told)["now"]}
        ) as answer:
            assert answer.ok, await answer.text()

    async def warn(self, body: bytes) -> None:
        """Produce a message to the topic of warnings."""
        topic = Kafka.model_fields["warnings"].default
        message = {"topic": topic, "key": "500151", "value": b64encode(body).decode()}
        async with self.web.post(f"{self.broker}/put", json=message) as answer:
            assert answer.ok

    def start(self, name: str, *arguments: str, environment: Mapping[str, str]) -> Program:
        """Remember a program, to be started and surely ended."""
        program = Program(self.folder / f"{name}.log", sys.executable, *arguments, environment=environment)
        self.programs[name] = program
        return program


def settings_file(folder: Path, smpp: int) -> tuple[Path, str]:
    """The dev profile's settings as prepare.sh makes them, with the phones at their port here; and the operator's
    token."""
    ignore = shutil.ignore_patterns("secrets", "grafana")
    shutil.copytree(DEPLOY, folder / "deploy", ignore=ignore)
    (folder / "warnengine/demo").mkdir(parents=True)
    shutil.copy(PROJECT / "warnengine/demo/directory.csv", folder / "warnengine/demo")
    subprocess.run(["sh", "deploy/prepare.sh", "dev"], cwd=folder, check=True, capture_output=True)
    made = (folder / "deploy/secrets/warnengine.toml").read_text(encoding="utf-8")
    here = folder / "warnengine.toml"
    here.write_text(made.replace("port = 2775", f"port = {smpp}").replace('"mail"\nport', f'"{HOST}"\nport'))
    return here, made.partition('operator_token = "')[2].partition('"')[0]


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    """An empty database of a server that keeps what it confirms."""
    with tempfile.TemporaryDirectory(prefix="we-") as folder:
        postgres = EmbeddedPostgres(Path(folder))
        yield postgres.start()
        postgres.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory, dsn: str) -> AsyncIterator[Town]:
    """An installation by roles in which one blue warning has come in by Kafka and people have answered."""
    folder = tmp_path_factory.mktemp("town")
    smpp, ports = free_port(), {role: free_port() for role in ROLES}
    config, operator = settings_file(folder / "bureau", smpp)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(60)) as web:
        town = Town(folder, web, ports, operator=operator)
        try:
            kafka = await start_broker(town)
            await start_engine(town, {"CONFIG": str(config), "DATABASE": dsn, "KAFKA__BOOTSTRAP": kafka})
            await start_phones(town, smpp)
            await play(town)
            yield town
        finally:
            for program in reversed(town.programs.values()):
                await program.kill()


async def start_broker(town: Town) -> str:
    """Start librdkafka's broker; its address."""
    log = str(town.folder / "kafka.jsonl")
    broker = town.start("broker", "-m", "warnengine.demo.broker", "--log", log, environment=clean_environment())
    await broker.start()

    async def spoken() -> dict[str, Any] | None:
        return next((json.loads(line) for line in broker.tail().splitlines() if line.startswith("{")), None)

    places = await until("the broker to come up", spoken, broker)
    town.broker = f"http://{HOST}:{places['control']}"
    return str(places["kafka"])


async def start_engine(town: Town, settings: Mapping[str, str]) -> None:
    """Import the address list, then start every role as docker-compose.yml does."""
    folders = {"RULES": str(PROJECT / "rules"), "TEMPLATES": str(PROJECT / "templates"), "DATA": str(town.folder)}
    common = clean_environment(**settings, **folders)
    people = town.folder / "bureau/deploy/secrets/directory.csv"
    said = await command("directory", "import", str(people), environment=common, cwd=town.folder)
    assert said.code == 0, said.err
    for role, service in ROLES.items():
        ours = {**common, "WARNENGINE_HTTP__PORT": str(town.ports[role])}
        await town.start(role, "-m", "warnengine", *service["command"], environment=ours).start()
    for role in ROLES:
        await town.up(role)


async def start_phones(town: Town, smpp: int) -> None:
    """Start the simulated SMS centre and its people as docker-compose.yml does."""
    folder = town.folder / "phones"
    folder.mkdir()
    await town.start(
        "phones", str(DEPLOY / "dev/phones.py"), "--folder", str(folder),
        "--engine", f"http://{HOST}:{town.ports['console']}", "--port", str(smpp), environment=clean_environment(),
    ).start()  # fmt: skip


async def play(town: Town) -> None:
    """A message that is none, then the evening's blue, by Kafka; receipts; the minutes in which people answer."""
    blue = night()[0]
    await town.reaches("dispatch", 'ews_gateway_up{gateway="smpp"}')
    await town.jump(blue)
    await town.warn(b"this is no warning")
    await town.warn(blue.body)
    await town.reaches("console", 'ews_deliveries{channel="sms",state="delivered"}', 10)
    await town.jump(blue, timedelta(minutes=10))
    await town.reaches("console", 'ews_obligations_answered{severity="blue"}', 10)
