"""Everything that a night needs, started and ended: broker, gateways, engine, and the lines between them."""

from __future__ import annotations

import json
import os
import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric import ec

import warnengine
from warnengine.demo.children import Child, DemoFailed, end_database, wait_until
from warnengine.demo.engine import Engine
from warnengine.demo.relay import HOST, Relay, free_port

PROJECT = Path(warnengine.__file__).parents[1]
RULES, TEMPLATES = PROJECT / "rules", PROJECT / "templates"
DIRECTORY = Path(__file__).parent / "directory.csv"
TOPIC, GROUP = "warnengine.warnings", "warnengine"
COMES_UP_SECONDS = 30


class Stage:
    """The parts of the demo by their addresses. Parts that were killed come back at the same address."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds the engine's data, all logs and what must survive a kill."""
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "sink.jsonl"
        self.operator, self.token = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        self._callback = secrets.token_urlsafe(12)
        self._vapid = _vapid_key()
        self._port = free_port()
        clean = {key: value for key, value in os.environ.items() if not key.startswith("WARNENGINE_")}
        ours = clean | {"WARNENGINE_CONFIG": str(folder / "engine.toml"), "PYTHONUNBUFFERED": "1"}
        callback = f"http://{HOST}:{self._port}/v1/callbacks/sms-http/{self._callback}"
        self.gateways = Child(
            "gateways", folder, "warnengine.demo.gateways", "--folder", str(folder), "--callback", callback,
            environment=clean,
        )  # fmt: skip
        self.broker = Child(
            "broker", folder, "warnengine.demo.broker", "--log", str(folder / "kafka.jsonl"), environment=clean
        )
        self.directory = Child(
            "directory", folder, "warnengine", "directory", "import", str(DIRECTORY), environment=ours
        )
        self.engine = Child("engine", folder, "warnengine", "serve", environment=ours)
        self._doors = [Relay()]
        """Ways to the broker: its bootstrap address, and where it was before it was killed."""
        self._broker_port = self._broker_control = 0
        self._ports: Mapping[str, int] = {}

    @property
    def public_url(self) -> str:
        """Where the engine's pages are."""
        return f"http://{HOST}:{self._port}"

    async def set_up(self) -> None:
        """Start everything; raise DemoFailed where something does not come up."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._web = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10), raise_for_status=True)
        self.api = Engine(self.public_url, self.operator, self.token)
        await self._doors[0].start()
        await self.start_broker()
        await self.start_gateways()
        (self.folder / "engine.toml").write_text(self._settings(), encoding="utf-8")
        await self.directory.complete(COMES_UP_SECONDS)
        await self.start_engine()

    async def clear(self) -> None:
        """End everything that was started."""
        await self.engine.stop()
        end_database(self.data)
        for child in (self.directory, self.gateways, self.broker):
            await child.kill()
        for door in self._doors:
            await door.stop()
        await self.api.close()
        await self._web.close()

    async def start_broker(self) -> None:
        """Start the broker, anew if it was killed: clients find it at its old address, as a real one."""
        places = json.loads(await self.broker.start(speaks=True))
        port = int(places["kafka"].rpartition(":")[2])
        if self._broker_port:
            self._doors.append(Relay())
            await self._doors[-1].start(self._broker_port)
        for door in self._doors:
            door.target = port
        self._broker_port, self._broker_control = port, places["control"]

    async def start_gateways(self) -> None:
        """Start the gateways, anew if they were killed."""
        self._ports = json.loads(await self.gateways.start(speaks=True))

    async def start_engine(self) -> None:
        """Start the engine and wait until it is up."""
        await self.engine.start()
        await wait_until("the engine to come up", self._engine_up, COMES_UP_SECONDS, self.engine)

    async def put(self, body: bytes) -> None:
        """Produce a message to the topic of warnings."""
        message = {"topic": TOPIC, "key": "500151", "value": b64encode(body).decode()}
        async with self._web.post(f"http://{HOST}:{self._broker_control}/put", json=message):
            pass

    async def lag(self) -> int:
        """Messages of the topic that the engine has not committed."""
        place = f"http://{HOST}:{self._broker_control}/lag"
        async with self._web.get(place, params={"group": GROUP, "topic": TOPIC}) as answer:
            return int(await answer.json())

    async def people(self) -> Mapping[str, Any]:
        """How the gateways stand: next reply, what is busy, counters."""
        async with self._web.get(f"http://{HOST}:{self._ports['control']}/state") as answer:
            state: Mapping[str, Any] = await answer.json()
            return state

    async def tell_gateways(self, path: str, **body: str) -> None:
        """POST to the gateways' control: clock, fault."""
        async with self._web.post(f"http://{HOST}:{self._ports['control']}/{path}", json=body):
            pass

    async def _engine_up(self) -> bool:
        if not self.engine.running:
            raise DemoFailed(f"the engine ended instead of coming up:\n{self.engine.tail()}")
        return await self.api.ready()

    def _settings(self) -> str:
        return _SETTINGS.format(
            data=json.dumps(str(self.data)),
            rules=json.dumps(str(RULES)),
            templates=json.dumps(str(TEMPLATES)),
            operator=self.operator,
            token=self.token,
            kafka=self._doors[0].port,
            port=self._port,
            host=HOST,
            smpp=self._ports["smpp"],
            sms_http=self._ports["sms_http"],
            smtp=self._ports["smtp"],
            callback=self._callback,
            vapid=self._vapid,
        )


_SETTINGS = """\
installation = "demo"
data = {data}
rules = {rules}
templates = {templates}
operator_token = "{operator}"

[kafka]
bootstrap = "{host}:{kafka}"

[http]
host = "{host}"
port = {port}
public_url = "http://{host}:{port}"

[dispatch]
lease_seconds = 6
grace_seconds = 2

[[sources]]
name = "http"
token = "{token}"

[[gateways]]
kind = "smpp"
name = "smpp"
host = "{host}"
port = {smpp}
system_id = "demo"
password = "demo"
source = "10690000"
connect_seconds = 1
answer_seconds = 2

[[gateways]]
kind = "sms_http"
name = "sms-http"
url = "http://{host}:{sms_http}/send"
profile = "json"
callback_secret = "{callback}"
values = {{ token = "demo" }}
connect_seconds = 1
answer_seconds = 2

[[gateways]]
kind = "smtp"
name = "smtp"
host = "{host}"
port = {smtp}
sender = "铜梁应急 <duty@tongliang.example>"
connect_seconds = 1
answer_seconds = 2

[[gateways]]
kind = "push"
name = "push"
private_key = "{vapid}"
subject = "mailto:duty@tongliang.example"
allow_http_loopback = true
connect_seconds = 1
answer_seconds = 2
"""


def _vapid_key() -> str:
    """A new VAPID key: base64url of its 32 bytes."""
    scalar = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return urlsafe_b64encode(scalar.to_bytes(32, "big")).rstrip(b"=").decode()
