"""A second provider: an SMS gateway by HTTP and JSON in a process of its own, with the same kind of log as `sink`.

    python -m tests.faults.http_sink --log FILE --port PORT --control PORT --callback URL

POST /send {"id", "to", "text", …} is answered {"ids"}; receipts go to the callback.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import random
import time
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

HOST = "127.0.0.1"


class Gateway:
    def __init__(self, log: Path, callback: str, manners: dict[str, Any]) -> None:
        self.log = os.fdopen(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "a")
        self.callback = callback
        self.manners: dict[str, Any] = {
            "delay": 0,
            "nack": 0,
            "nack_status": 429,
            "mute": False,
            "receipts": "on",
        } | manners
        self.taken = 0
        self.owed = 0
        self.tasks: set[asyncio.Task[None]] = set()

    def note(self, what: str, **more: Any) -> None:
        self.log.write(json.dumps({"what": what, "at": time.time(), **more}, ensure_ascii=False) + "\n")
        self.log.flush()

    async def send(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        refused = random.random() < self.manners["nack"]
        self.taken += not refused
        provider_id = f"h{self.taken}"
        self.note(
            "submit", connection=0, to=wanted["to"], text=wanted["text"], reference="", part=1, parts=1,
            sha=hashlib.sha256(wanted["text"].encode()).hexdigest()[:16], id=provider_id, client=wanted["id"],
            answer="refused" if refused else "none" if self.manners["mute"] else "accepted",
            validity=str(wanted["expires_in"]),
        )  # fmt: skip
        if self.manners["mute"]:
            await asyncio.sleep(600)
        await asyncio.sleep(self.manners["delay"])
        if refused:
            return web.Response(status=self.manners["nack_status"])
        if self.manners["receipts"] == "on":
            self.owed += 1
            task = asyncio.create_task(self.report(provider_id, wanted["to"]))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        return web.json_response({"ids": [provider_id]})

    async def report(self, provider_id: str, to: str) -> None:
        said = {"id": provider_id, "to": to.lstrip("+"), "status": "delivered", "code": "DELIVRD"}
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(5)) as client:
            while True:
                try:
                    async with client.post(self.callback, json=said) as answer:
                        if answer.ok:
                            break
                except (aiohttp.ClientError, TimeoutError):
                    pass
                await asyncio.sleep(0.3)
        self.owed -= 1
        self.note("receipt", id=provider_id, to=to, stat="DELIVRD", connection=0)

    async def control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            self.manners |= json.loads(line)
            writer.write(
                json.dumps({"taken": self.taken, "owed": self.owed, "held": 0, "open": 1}).encode() + b"\n"
            )
            await writer.drain()
        writer.close()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--callback", required=True)
    parser.add_argument("--manners", type=json.loads, default={})
    given = parser.parse_args()
    gateway = Gateway(given.log, given.callback, given.manners)
    application = web.Application()
    application.router.add_post("/send", gateway.send)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, HOST, given.port).start()
    await asyncio.start_server(gateway.control, HOST, given.control)
    print("up", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
