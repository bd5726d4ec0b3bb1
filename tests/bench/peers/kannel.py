"""Kannel (Debian package kannel) by SMPP, with receipts: bearerbox and smsbox, its store in files."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

import aiohttp

from tests.bench.gateways import HOST
from tests.bench.peers.text import TEXT, number
from tests.bench.process import Failed, Program, cpu_seconds
from tests.bench.stand import Sample, Stand
from warnengine.demo.relay import free_port

CONFIG = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = admin
smsbox-port = {box}
smsbox-interface = 127.0.0.1
store-type = file
store-location = {folder}/store
dlr-storage = internal
log-file = {folder}/bearerbox.log
log-level = 4

group = smsc
smsc = smpp
smsc-id = line
host = 127.0.0.1
port = {smsc}
transceiver-mode = true
smsc-username = bench
smsc-password = bench
system-type = ""
reconnect-delay = 1
max-pending-submits = 64
msg-id-type = 0x00

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {http}
sendsms-interface = 127.0.0.1
log-file = {folder}/smsbox.log
log-level = 4
http-request-retry = 3

group = sendsms-user
username = bench
password = bench
max-messages = 1
"""
BATCH, AT_ONCE = 50, 8
"""Numbers in one request, and requests at once."""


def version() -> str | None:
    """None where it is not installed."""
    if not (shutil.which("bearerbox") and shutil.which("smsbox")):
        return None
    said = subprocess.run(["bearerbox", "--version"], capture_output=True, text=True, check=False)
    return (said.stdout + said.stderr).partition("version `")[2].partition("'")[0]


async def measure(stand: Stand, count: int) -> Sample:
    """From the first request to the last receipt that Kannel has told us."""
    await stand.reset()
    async with running(stand) as (boxes, web):
        await one(stand, web)
        await stand.reset()
        used, began = cpu_seconds(boxes), time.time()
        await ask(stand, web, count)
        seen = await stand.until("Kannel's last receipt", lambda seen: seen["reported"]["taken"] >= count)
        used = cpu_seconds(boxes) - used
    return {
        "rate": count / (seen["reported"]["last"] - began),
        "first_ms": (seen["smpp"]["first"] - began) * 1000,
        "last_handoff_s": seen["smpp"]["last"] - began,
        "cpu_us": used / count * 1e6,
    }


async def one(stand: Stand, web: aiohttp.ClientSession) -> None:
    """A first text with its receipt, sent again until the boxes have found each other and the line."""
    for _ in range(50):
        async with web.post("/cgi-bin/sendsms", data=TEXT.encode(), headers=headers(stand, [0])) as answer:
            taken = answer.status < 300
        if taken:
            await stand.until("Kannel's first receipt", lambda seen: seen["reported"]["taken"] > 0)
            return
        await asyncio.sleep(0.2)
    raise Failed("Kannel takes nothing")


async def ask(stand: Stand, web: aiohttp.ClientSession, count: int) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def some(numbers: list[int]) -> None:
        async with (
            gate,
            web.post("/cgi-bin/sendsms", data=TEXT.encode(), headers=headers(stand, numbers)) as answer,
        ):
            if answer.status >= 300:
                raise Failed(f"Kannel answered {answer.status}: {await answer.text()}")

    everybody = list(range(count))
    await asyncio.gather(*(some(everybody[at : at + BATCH]) for at in range(0, count, BATCH)))


def headers(stand: Stand, numbers: list[int]) -> dict[str, str]:
    """Kannel takes headers and plain text by POST; reports of delivered and failed texts are asked for."""
    return {
        "Content-Type": "text/plain; charset=UTF-8",
        "X-Kannel-Username": "bench",
        "X-Kannel-Password": "bench",
        "X-Kannel-From": "10690000",
        "X-Kannel-To": " ".join(number(n) for n in numbers),
        "X-Kannel-Coding": "2",
        "X-Kannel-DLR-Mask": "3",
        "X-Kannel-DLR-Url": f"http://{HOST}:{stand.ports['http']}/dlr?to={quote('%p', safe='%')}&dlr=%d",
    }


@asynccontextmanager
async def running(stand: Stand) -> AsyncIterator[tuple[list[int], aiohttp.ClientSession]]:
    """Both boxes."""
    folder, http = stand.folder / "kannel", free_port()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    config = folder / "kannel.conf"
    ports = {"admin": free_port(), "box": free_port(), "http": http, "smsc": stand.ports["smpp"]}
    config.write_text(CONFIG.format(folder=folder, **ports))
    boxes = [Program(stand.folder / f"{box}.log", box, "-v", "4", str(config)) for box in ("bearerbox", "smsbox")]
    try:
        async with aiohttp.ClientSession(f"http://{HOST}:{http}") as web:
            for box, port in zip(boxes, (ports["box"], http), strict=True):
                await box.start()
                await stand.listening(port)
            yield [box.pid for box in boxes], web
    finally:
        for box in reversed(boxes):
            await box.stop()
