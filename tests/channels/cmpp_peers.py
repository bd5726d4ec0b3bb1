"""A CMPP gateway for the tests whose protocol code is not ours: com.chinamobile.cmos:sms-core, on a JVM.

    python -m tests.channels.cmpp_peers fetch

puts its jars beside java/CmppGateway.java with Maven. Without them, or without Java, the tests that want them are
skipped.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args

import pytest

from tests.channels.conformance import BOUND, Answer, until
from tests.channels.smpp_peers import SOURCE, Handset, reply_parts
from tests.kafka.apache_kafka import copy_jars
from warnengine.demo.relay import free_port
from warnengine.dispatch.channel import Channel, Fate, Inbox, Text
from warnengine.dispatch.channels.cmpp import CmppChannel
from warnengine.settings import CmppGateway

JAVA = Path(__file__).parent / "java"
JARS = JAVA / "jars"

Version = Literal["2.0", "3.0"]


def settings(port: int, **changes: Any) -> CmppGateway:
    """Make settings with time limits of a few seconds."""
    values: dict[str, Any] = {
        "kind": "cmpp",
        "name": "line-a",
        "host": "127.0.0.1",
        "port": port,
        "company": "901234",
        "password": "secret",
        "source": SOURCE,
        "service_id": "YJ",
        "connect_seconds": 3,
        "answer_seconds": 3,
        "window": 8,
    }
    return CmppGateway(**values | changes)


def missing() -> str | None:
    """Why there can be no gateway; None where there can."""
    if not shutil.which("java"):
        return "no Java: CMPP is not tested against a codec of others"
    if not list(JARS.glob("sms-core-*.jar")):
        return "no jars of sms-core: python -m tests.channels.cmpp_peers fetch"
    return None


def fetch() -> None:
    """Bring the jars with Maven; raise CalledProcessError where that is not possible."""
    if missing() is not None:
        copy_jars(JAVA)


@contextlib.contextmanager
def gateways() -> Iterator[Path]:
    """One JVM for all gateways of a test run; gives the Unix socket that they are commanded by."""
    if reason := missing():
        pytest.skip(reason)
    quick = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
    with tempfile.TemporaryDirectory() as folder:
        control, log = Path(folder, "control"), Path(folder, "log")
        program = ("java", *quick, "-cp", f"{JARS}/*", str(JAVA / "CmppGateway.java"), str(control))
        with (
            log.open("wb") as written,
            subprocess.Popen(program, stdin=subprocess.PIPE, stdout=written, stderr=written) as process,
        ):
            yield control
            process.communicate(timeout=BOUND)


class CmppPeer:
    """One gateway in that JVM; see java/CmppGateway.java."""

    address = "+8613800138001"
    has_receipts = True
    has_replies = True
    has_network = True
    answers: frozenset[Answer] = frozenset(get_args(Answer))

    def __init__(self, control: Path, version: Version) -> None:
        self.port = free_port()
        self.submits: list[dict[str, str]] = []
        self.events: list[list[str]] = []
        self._version: Version = version
        self._control = control
        self._handset = Handset()
        self._folder = tempfile.TemporaryDirectory()
        self._script = Path(self._folder.name, "answer")
        self._script.write_text("accept")
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._tags = itertools.count()
        self._listening = False

    @property
    def received(self) -> list[tuple[str, str]]:
        return self._handset.received

    async def start(self) -> None:
        if self._writer is None:
            reader, self._writer = await self._connect()
            self._reading = asyncio.create_task(self._read(reader))
        version = {"2.0": 0x20, "3.0": 0x30}[self._version]
        self.port = int((await self.ask(f"start {version} {self.port} {self._script}", "listening"))[0])
        self._listening = True

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Wait for the JVM, which compiles first."""
        async with asyncio.timeout(4 * BOUND):
            while True:
                try:
                    return await asyncio.open_unix_connection(self._control)
                except (FileNotFoundError, ConnectionRefusedError):
                    await asyncio.sleep(0.05)

    async def stop(self) -> None:
        if self._listening:
            self._listening = False
            await self.ask("stop", "stopped")

    async def end(self) -> None:
        """Give the gateway back."""
        if self._writer and self._reading:
            self._writer.close()
            await self._writer.wait_closed()
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        self._folder.cleanup()

    def script(self, answer: Answer) -> None:
        self._script.write_text(answer)
        if answer == "credentials":
            self._tell("cut")

    def channel(self, inbox: Inbox) -> Channel:
        return CmppChannel(settings(self.port, version=self._version), inbox)

    def carries(self, text: Text) -> str:
        return text.short

    async def receipt(self, fate: Fate) -> bool:
        await until(lambda: bool(self.submits), "the gateway tells of the message")
        stat = {Fate.DELIVERED: "DELIVRD", Fate.FAILED: "MA:0045", Fate.PENDING: "ACCEPTD"}[fate]
        first = next(submit for submit in reversed(self.submits) if submit["number"] == "1")
        return await self.hand_over(f"report {{tag}} {first['id']} {stat}") == 0

    async def reply(self, text: str) -> bool:
        results = [self.deliver(header, piece.encode("utf-16-be"), 8) for header, piece in reply_parts(text)]
        return not any(await asyncio.gather(*results))

    async def deliver(self, header: bytes, octets: bytes, coding: int) -> int:
        """Hand a CMPP_DELIVER over from `address`; give the Result that the channel answered."""
        content = (header + octets).hex()
        return await self.hand_over(f"deliver {{tag}} {self.address[1:]} {bool(header):d} {coding} {content}")

    async def hand_over(self, command: str) -> int:
        tag = f"t{next(self._tags)}"
        return int((await self.ask(command.format(tag=tag), "delivered", tag))[0])

    def _tell(self, line: str) -> None:
        assert self._writer
        self._writer.write(line.encode() + b"\n")

    async def ask(self, command: str, *event: str) -> list[str]:
        """Give a command and wait for the event that begins with these words; give the rest of it."""
        wanted = list(event)

        def found() -> list[str] | None:
            return next((told for told in self.events if told[: len(wanted)] == wanted), None)

        self._tell(command)
        await until(lambda: found() is not None, f"the gateway says {wanted}")
        told = found()
        assert told
        self.events.remove(told)
        return told[len(wanted) :]

    async def _read(self, reader: asyncio.StreamReader) -> None:
        async for line in reader:
            name, *words = line.decode().split()
            if name == "submit":
                self._took(dict(word.split("=", 1) for word in words))
            else:
                self.events.append([name, *words])

    def _took(self, submit: dict[str, str]) -> None:
        self.submits.append(submit)
        octets = bytes.fromhex(submit["content"])
        assert submit["format"] == "8"
        assert (submit["total"] != "1") == (submit["udhi"] == "1")
        header, octets = (octets[1:6], octets[6:]) if submit["udhi"] == "1" else (b"", octets)
        self._handset.take(submit["destination"], header, octets.decode("utf-16-be"))


if __name__ == "__main__":
    if sys.argv[1:] != ["fetch"]:
        sys.exit(__doc__)
    fetch()
