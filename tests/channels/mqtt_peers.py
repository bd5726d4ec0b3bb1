"""Debian's mosquitto, a device at it, and between it and the channel a door that plays what mosquitto would not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
import subprocess
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.channels.conformance import BOUND, Answer, until
from warnengine.demo.relay import free_port
from warnengine.dispatch.channel import Channel, Fate, Inbox, Receipt, Reply, Text
from warnengine.dispatch.channels.mqtt import MqttChannel
from warnengine.dispatch.channels.speech import proclaimed
from warnengine.dispatch.channels.voice_profiles import call_of
from warnengine.settings import MqttGateway

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
REASON = "needs Debian's mosquitto (apt-get install mosquitto)"
PUBLISH, PUBACK, CONNECT = 3, 4, 1
REFUSALS: dict[Answer, int] = {"throttle": 0x97, "temporary": 0x83, "reject": 0x99, "bad_address": 0x90}


def mqtt_settings(port: int, **fields: object) -> MqttGateway:
    """Make settings with time limits of a few seconds."""
    return MqttGateway.model_validate(
        {
            "kind": "mqtt",
            "serves": "loudspeaker",
            "name": "speakers",
            "host": "127.0.0.1",
            "port": port,
            "tls": False,
            "username": "engine",
            "password": "喇叭-pass",
            "client_id": "warnengine-test",
            "topic": "tongliang/{address}/play",
            "receipts": "tongliang/{address}/receipt",
            "status": "tongliang/{address}/status",
            "connect_seconds": 3,
            "answer_seconds": 3,
            "window": 8,
        }
        | fields
    )


class Mosquitto:
    """A broker with two users on a free port of the loopback; everybody has a name and a password."""

    def __init__(self, *listener: str) -> None:
        if not MOSQUITTO:
            pytest.skip(REASON)
        self.folder = tempfile.TemporaryDirectory()
        self.port = free_port()
        passwords = self._file("passwords", "engine:喇叭-pass\ndevice:d\n")
        subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True, capture_output=True)
        lines = [
            f"listener {self.port} 127.0.0.1",
            *listener,
            "allow_anonymous false",
            f"password_file {passwords}",
            "persistence false",
            "user root",
        ]
        self._config = self._file("mosquitto.conf", "\n".join(lines))
        self._process: asyncio.subprocess.Process | None = None

    def _file(self, name: str, text: str) -> Path:
        path = Path(self.folder.name) / name
        path.write_text(text)
        return path

    async def start(self) -> None:
        assert MOSQUITTO
        self._process = await asyncio.create_subprocess_exec(
            MOSQUITTO, "-c", str(self._config), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        await until(self._listens, "mosquitto listens")

    async def kill(self) -> None:
        if self._process:
            self._process.kill()
            await self._process.wait()
            self._process = None

    async def end(self) -> None:
        await self.kill()
        self.folder.cleanup()

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False


class Device:
    """A loudspeaker or a phone with the app: paho in a thread of its own, straight at the broker."""

    def __init__(self, port: int, name: str = "anju-1", *, will: bool = True) -> None:
        self.name = name
        self.heard: list[dict[str, Any]] = []
        self.retained: list[bool] = []
        self.listening = False
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=paho.MQTTv5)
        self._client.username_pw_set("device", "d")
        self._client.on_connect = lambda *_: self._client.subscribe(f"tongliang/{name}/play", 1)
        self._client.on_subscribe = lambda *_: setattr(self, "listening", True)
        self._client.on_message = self._take
        if will:
            self._client.will_set(f"tongliang/{name}/status", "offline", qos=1, retain=True)
        self._client.connect("127.0.0.1", port, keepalive=5, clean_start=True)
        self._client.loop_start()

    def _take(self, client: Any, userdata: Any, message: paho.MQTTMessage) -> None:
        self.retained.append(message.retain)
        self.heard.append(json.loads(message.payload))

    def say(self, what: str, payload: bytes, *, retain: bool = False) -> None:
        self._client.publish(f"tongliang/{self.name}/{what}", payload, qos=1, retain=retain)

    def crash(self) -> None:
        """Lose power: the broker speaks the will."""
        sock = self._client.socket()
        assert isinstance(sock, socket.socket)
        sock.shutdown(socket.SHUT_RDWR)
        self._client.loop_stop()

    def end(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@dataclass
class Watched:
    """The Inbox of a test, and how often it could not store."""

    inbox: Inbox
    refused: int = 0

    async def receipt(self, receipt: Receipt) -> None:
        await self._watched(self.inbox.receipt(receipt))

    async def reply(self, reply: Reply) -> None:
        await self._watched(self.inbox.reply(reply))

    async def _watched(self, storing: Awaitable[None]) -> None:
        try:
            await storing
        except OSError:
            self.refused += 1
            raise


@dataclass
class Door:
    """Between a channel and a broker: passes frames on, or answers in the broker's place."""

    broker: Callable[[], int]
    """The broker's port."""
    answer: Answer = "accept"
    port: int = field(default_factory=free_port)
    confirmed: Counter[bytes] = field(default_factory=Counter)
    """Payloads that the channel has confirmed to the broker."""
    connections: int = 0
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def close(self) -> None:
        if self._server:
            self._server.close()
            self.cut()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._server = None

    def cut(self) -> None:
        for writer in set(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        ours, theirs = await asyncio.open_connection("127.0.0.1", self.broker())
        self._writers |= {writer, theirs}
        handed: dict[int, bytes] = {}
        inwards = asyncio.create_task(self._from_broker(ours, writer, handed))
        try:
            await self._from_channel(reader, writer, theirs, handed)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            for one in (writer, theirs):
                one.transport.abort()
            await asyncio.gather(inwards, return_exceptions=True)
            self._writers -= {writer, theirs}

    async def _from_channel(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        theirs: asyncio.StreamWriter,
        handed: dict[int, bytes],
    ) -> None:
        while True:
            head, body = await _frame(reader)
            kind = head[0] >> 4
            if kind == PUBACK:
                self.confirmed[handed.get(int.from_bytes(body[:2], "big"), b"")] += 1
            if kind == CONNECT and self.answer == "credentials":
                writer.write(bytes([0x20, 3, 0, 0x87, 0]))
            elif kind == PUBLISH and self.answer == "drop_before_answer":
                writer.transport.abort()
            elif kind == PUBLISH and self.answer in REFUSALS:
                writer.write(bytes([0x40, 3, *_message_id(body)[0], REFUSALS[self.answer]]))
            elif kind != PUBLISH or self.answer != "silent":
                theirs.write(head + body)

    async def _from_broker(
        self, ours: asyncio.StreamReader, writer: asyncio.StreamWriter, handed: dict[int, bytes]
    ) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head, body = await _frame(ours)
                if head[0] >> 4 == PUBLISH and head[0] & 6:
                    number, rest = _message_id(body)
                    handed[int.from_bytes(number, "big")] = rest[1:]  # behind the length of no properties
                writer.write(head + body)
        writer.transport.abort()


async def _frame(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head, length = await reader.readexactly(1), 0
    for shift in (0, 7, 14, 21):
        head += await reader.readexactly(1)
        length |= (head[-1] & 127) << shift
        if head[-1] < 128:
            break
    return head, await reader.readexactly(length)


def _message_id(body: bytes) -> tuple[bytes, bytes]:
    topic = 2 + int.from_bytes(body[:2], "big")
    return body[topic : topic + 2], body[topic + 2 :]


class SpeakerPeer:
    """A loudspeaker at mosquitto."""

    address = "anju-1"
    has_receipts = True
    has_replies = False
    has_network = True
    answers: frozenset[Answer] = frozenset({*REFUSALS, "accept", "credentials", "silent", "drop_before_answer"})
    fields: dict[str, object] = {}
    results = {Fate.DELIVERED: "played", Fate.FAILED: "failed"}

    def __init__(self) -> None:
        self.broker = Mosquitto()
        self.door = Door(lambda: self.broker.port)
        self.device: Device | None = None
        self._inbox: Watched | None = None
        self._repeating: set[bytes] = set()
        """What the channel has not confirmed: the broker goes on keeping it."""

    @property
    def received(self) -> list[tuple[str, str]]:
        assert self.device
        return [(self.address, self.heard(entry)) for entry in self.device.heard]

    def heard(self, entry: dict[str, Any]) -> str:
        assert entry["repeat"] == 1, "the text itself says everything twice"
        speech = str(entry["speech"])
        first, second = speech.split("再播一遍。")
        assert first == second
        return speech

    def carries(self, text: Text) -> str:
        return proclaimed(text.short)

    async def start(self) -> None:
        if not self.device:
            await self.broker.start()
            device = self.device = Device(self.broker.port)
            await until(lambda: device.listening, "the device listens")
        await self.door.open()

    async def stop(self) -> None:
        await self.door.close()

    async def end(self) -> None:
        await self.stop()
        if self.device:
            self.device.end()
        await self.broker.end()

    def script(self, answer: Answer) -> None:
        self.door.answer = answer
        if answer == "credentials":
            self.door.cut()

    def channel(self, inbox: Inbox) -> Channel:
        self._inbox = Watched(inbox)
        return MqttChannel(mqtt_settings(self.door.port, **self.fields), self._inbox)

    async def receipt(self, fate: Fate) -> bool:
        heard = self.device.heard if self.device else []
        await until(lambda: bool(heard), "the device has heard it")
        entry = heard[-1]
        return await self._said("receipt", {"id": entry["id"], "result": self.results[fate]})

    async def reply(self, text: str) -> bool:
        return await self._said("reply", {"order": call_of(1), "text": text})

    async def _said(self, what: str, payload: dict[str, str]) -> bool:
        assert self.device
        assert self._inbox
        said = json.dumps(payload, ensure_ascii=False).encode()
        wanted, refused = self.door.confirmed[said] + 1, self._inbox.refused
        if said not in self._repeating:
            self.device.say(what, said)
        async with asyncio.timeout(BOUND):
            while self.door.confirmed[said] < wanted:
                if self._inbox.refused > refused and said not in self._repeating:
                    self._repeating.add(said)
                    return False
                await asyncio.sleep(0.005)
        self._repeating.discard(said)
        return True


class AppPeer(SpeakerPeer):
    """The district's own app, by the same broker."""

    has_replies = True
    fields: dict[str, object] = {"serves": "app", "name": "app", "replies": "tongliang/{address}/reply"}
    results = {Fate.DELIVERED: "delivered", Fate.FAILED: "failed"}

    def heard(self, entry: dict[str, Any]) -> str:
        return f"{entry['title']}\n{entry['text']}\n{entry['body']}\n{entry['link']}"

    def carries(self, text: Text) -> str:
        return f"{text.subject}\n{text.short}\n{text.body}\n{text.link}"
