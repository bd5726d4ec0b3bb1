"""SMPP gateways for the tests whose protocol code is not ours: npm `smpp` and PyPI `smpp34`."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import smpp34

from tests.channels.conformance import BOUND, Answer, until
from warnengine.demo.relay import free_port
from warnengine.dispatch.channel import Channel, Fate, Inbox, Text
from warnengine.dispatch.channels.smpp import SmppChannel
from warnengine.settings import SmppGateway

NODE = Path(__file__).parent / "node"
SOURCE = "106900120"


def settings(port: int, **changes: Any) -> SmppGateway:
    """Make settings with time limits of a few seconds."""
    values: dict[str, Any] = {
        "kind": "smpp",
        "name": "line-a",
        "host": "127.0.0.1",
        "port": port,
        "system_id": "tongliang",
        "password": "secret",
        "source": SOURCE,
        "connect_seconds": 3,
        "answer_seconds": 3,
        "window": 8,
    }
    return SmppGateway(**values | changes)


class Handset:
    """Joins parts as a handset does: by sender, reference and total."""

    def __init__(self) -> None:
        self.received: list[tuple[str, str]] = []
        self._parts: dict[tuple[str, bytes], dict[int, str]] = {}

    def take(self, destination: str, header: bytes, text: str) -> None:
        """Take one part; `header` is the concatenation element (00 03 reference total number), or empty."""
        if not header:
            self.received.append((f"+{destination}", text))
            return
        assert header[:2] == b"\x00\x03"
        parts = self._parts.setdefault((destination, header[2:4]), {})
        parts[header[4]] = text
        if len(parts) == header[3]:
            self.received.append((f"+{destination}", "".join(parts[number] for number in sorted(parts))))
            del self._parts[destination, header[2:4]]


def receipt_text(message_id: str, fate: Fate) -> str:
    """Write a receipt as SMPP 3.4 appendix B has it."""
    stat, err = ("DELIVRD", "000") if fate is Fate.DELIVERED else ("UNDELIV", "045")
    dates = "submit date:2611230801 done date:2611230802"
    return f"id:{message_id} sub:001 dlvrd:001 {dates} stat:{stat} err:{err} text:"


def reply_parts(text: str) -> list[tuple[bytes, str]]:
    """Cut a reply as a handset does, with the sixteen-bit reference; header empty for a single part."""
    octets = text.encode("utf-16-be")
    if len(octets) <= 140:
        return [(b"", text)]
    pieces = [octets[at : at + 132] for at in range(0, len(octets), 132)]
    return [
        (b"\x06\x08\x04\x12\x34" + bytes((len(pieces), number)), piece.decode("utf-16-be"))
        for number, piece in enumerate(pieces, start=1)
    ]


class Smpp34Peer:
    """PyPI smpp34's server (Rust). It accepts every login, and answers what is open before it closes."""

    address = "+8613800138001"
    has_receipts = True
    has_replies = True
    has_network = True
    answers: frozenset[Answer] = frozenset({"accept", "throttle", "reject", "bad_address", "temporary", "silent"})
    statuses: dict[Answer, int] = {"throttle": 0x58, "reject": 0x0A, "bad_address": 0x0B, "temporary": 0x08}

    def __init__(self) -> None:
        self.port = free_port()
        self._server: smpp34.Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._handset = Handset()
        self._esmes: dict[str, smpp34.Esme] = {}
        self._answer: Answer = "accept"
        self._held: list[smpp34.SubmitSmEvent] = []
        self._ids = itertools.count(1)
        self._first_ids: list[str] = []
        self._channel: Channel | None = None

    @property
    def received(self) -> list[tuple[str, str]]:
        return self._handset.received

    async def start(self) -> None:
        self._server = smpp34.Server("127.0.0.1", self.port, inbound_capacity=100_000)
        async with asyncio.timeout(BOUND):
            while not await self._listens(self._server):
                await asyncio.sleep(0.02)
        self._serving = asyncio.create_task(self._serve(self._server))

    @staticmethod
    async def _listens(server: smpp34.Server) -> bool:
        """Say whether the port was free; after a stop it is so only a little later."""
        try:
            await server.start()
        except smpp34.SmppError:
            return False
        return True

    async def stop(self) -> None:
        if self._server is None or self._serving is None:
            return
        await until(self._knows_its_session, "the peer has heard of the session that the channel has")
        self._serving.cancel()
        await asyncio.gather(self._serving, return_exceptions=True)
        await self._server.stop()
        # Its stop ends no session.
        await asyncio.gather(*(esme.unbind() for esme in self._esmes.values()))
        self._server, self._esmes = None, {}
        self._held.clear()

    def _knows_its_session(self) -> bool:
        """Only such a session can be ended; the library tells of it a little after the channel is bound."""
        return bool(self._esmes) or not (self._channel and self._channel.healthy())

    def script(self, answer: Answer) -> None:
        self._answer = answer

    def channel(self, inbox: Inbox) -> Channel:
        self._channel = SmppChannel(settings(self.port), inbox)
        return self._channel

    def carries(self, text: Text) -> str:
        return text.short

    async def receipt(self, fate: Fate) -> bool:
        text = receipt_text(self._first_ids[-1], fate).encode()
        return await self._deliver(text, esm_class=0x04)

    async def reply(self, text: str) -> bool:
        parts = [
            self._deliver(header + piece.encode("utf-16-be"), esm_class=0x40 if header else 0, data_coding=8)
            for header, piece in reply_parts(text)
        ]
        return all(await asyncio.gather(*parts))

    async def _deliver(self, short_message: bytes, **fields: int) -> bool:
        await until(lambda: bool(self._esmes), "a session is bound")
        esme = list(self._esmes.values())[-1]
        answer = await esme.deliver_sm(SOURCE, short_message, source_addr=self.address[1:], **fields)  # type: ignore[arg-type]
        return answer.is_success

    async def _serve(self, server: smpp34.Server) -> None:
        while True:
            event = await server.next()
            if isinstance(event, smpp34.Esme):
                self._esmes[event.session_id] = event
            elif isinstance(event, smpp34.SubmitSmEvent):
                self._submitted(event)
            else:
                self._esmes.pop(event.session_id, None)

    def _submitted(self, event: smpp34.SubmitSmEvent) -> None:
        if status := self.statuses.get(self._answer):
            event.reject(status)
        elif self._answer == "silent":
            self._held.append(event)
        else:
            self._accept(event)

    def _accept(self, event: smpp34.SubmitSmEvent) -> None:
        assert (event.source_addr, event.data_coding, event.registered_delivery) == (SOURCE, 8, 1)
        message_id = f"{next(self._ids):08X}"
        octets = event.short_message
        header, octets = (octets[1:6], octets[6:]) if event.esm_class & 0x40 else (b"", octets)
        if not header or header[4] == 1:
            self._first_ids.append(message_id)
        self._handset.take(event.destination_addr, header, octets.decode("utf-16-be"))
        event.accept(message_id)


@cache
def node_packages() -> str | None:
    """Install the locked npm packages beside the gateway; say why where that is not possible."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "node and npm are not installed: no second SMPP codec to test against"
    if not (NODE / "node_modules" / "smpp").exists():
        done = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund"], cwd=NODE, capture_output=True, text=True, check=False
        )
        if done.returncode:
            return f"npm ci failed: {done.stderr[-300:]}"
    return None


class NodePeer:
    """npm smpp's server, in a process of its own; see node/gateway.js."""

    address = "+8613800138001"
    has_receipts = True
    has_replies = True
    has_network = True
    answers: frozenset[Answer] = frozenset(
        {
            "accept",
            "throttle",
            "reject",
            "bad_address",
            "credentials",
            "temporary",
            "silent",
            "drop_before_answer",
        }
    )

    def __init__(self) -> None:
        self.port = free_port()
        self.submits: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self._handset = Handset()
        self._folder = tempfile.TemporaryDirectory()
        self._script = Path(self._folder.name, "answer")
        self._script.write_text("accept")
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._tags = itertools.count()
        self._listening = False

    @property
    def received(self) -> list[tuple[str, str]]:
        return self._handset.received

    async def start(self) -> None:
        if self._process is None:
            if reason := node_packages():
                pytest.skip(reason)
            pipe = asyncio.subprocess.PIPE
            program = ("node", str(NODE / "gateway.js"), str(self._script))
            self._process = await asyncio.create_subprocess_exec(*program, stdin=pipe, stdout=pipe)
            self._reading = asyncio.create_task(self._read())
        self.port = (await self.ask("listening", do="start", port=self.port))["port"]
        self._listening = True

    async def stop(self) -> None:
        if self._listening:
            self._listening = False
            await self.ask("stopped", do="stop")

    async def end(self) -> None:
        """End the process."""
        if self._process is None or self._reading is None:
            return
        assert self._process.stdin
        self._process.stdin.close()
        async with asyncio.timeout(BOUND):
            await self._process.wait()
            await self._reading
        self._folder.cleanup()

    def script(self, answer: Answer) -> None:
        self._script.write_text(answer)
        if answer == "credentials":
            self.tell(do="cut")

    def channel(self, inbox: Inbox) -> Channel:
        return SmppChannel(settings(self.port), inbox)

    def carries(self, text: Text) -> str:
        return text.short

    async def receipt(self, fate: Fate) -> bool:
        await until(lambda: bool(self.submits), "the gateway tells of the message")
        message_id = next(s["id"] for s in reversed(self.submits) if not s["udh"] or s["udh"][0].endswith("01"))
        state = {Fate.DELIVERED: 2, Fate.FAILED: 5, Fate.PENDING: 1}[fate]
        fields = {"receipted_message_id": message_id, "message_state": state, "esm_class": 4}
        return await self.deliver(fields, text=receipt_text(message_id, fate)) == 0

    async def reply(self, text: str) -> bool:
        statuses = [
            self.deliver({"data_coding": 8, "esm_class": 0x40 if header else 0}, text=piece, udh=header.hex())
            for header, piece in reply_parts(text)
        ]
        return not any(await asyncio.gather(*statuses))

    async def deliver(self, fields: dict[str, Any], **more: Any) -> int:
        """Hand a deliver_sm over; give the command_status that the channel answered."""
        tag = next(self._tags)
        fields = {"source_addr": self.address[1:], "destination_addr": SOURCE} | fields
        return int((await self.ask("delivered", tag=tag, do="deliver", fields=fields, **more))["status"])

    def tell(self, **command: Any) -> None:
        assert self._process
        assert self._process.stdin
        self._process.stdin.write(json.dumps(command).encode() + b"\n")

    async def ask(self, event: str, *, tag: int | None = None, **command: Any) -> dict[str, Any]:
        """Give a command and wait for its event."""

        def found() -> dict[str, Any] | None:
            return next((e for e in self.events if e["event"] == event and e.get("tag") == tag), None)

        self.tell(tag=tag, **command)
        await until(lambda: found() is not None, f"the gateway says {event}")
        answer = found()
        assert answer
        self.events.remove(answer)
        return answer

    async def _read(self) -> None:
        assert self._process
        assert self._process.stdout
        async for line in self._process.stdout:
            event = json.loads(line)
            if event["event"] != "submit":
                self.events.append(event)
                continue
            self.submits.append(event)
            header = bytes.fromhex(event["udh"][0]) if event["udh"] else b""
            self._handset.take(event["destination"], header, event["message"])
