"""The measured engine: `warnengine serve` as a child process, spoken to as its users speak to it."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.bench.gateways import HOST, Settings
from tests.bench.process import Failed, Program, python

TOKEN = "bench"
READY = 60
"""Seconds within which an engine is ready, or something is wrong."""


@dataclass(frozen=True)
class House:
    """A rule book with its templates."""

    rules: Path
    templates: Path


def environment(data: Path, house: House, dsn: str, gateways: Sequence[Settings], port: int) -> dict[str, str]:
    """The settings of one engine; intents are committed a window at a time."""
    window = max((gateway["window"] for gateway in gateways), default=16)
    told = {
        "data": str(data), "rules": str(house.rules), "templates": str(house.templates), "database": dsn,
        "installation": "demo", "operator_token": TOKEN, "link_key": TOKEN, "gateways": json.dumps(gateways),
        "sources": json.dumps([{"name": "bench", "token": TOKEN}]),
        "http": json.dumps({"host": HOST, "port": port}),
        "dispatch": json.dumps({"intent_batch": min(window, 500)}),
    }  # fmt: skip
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("WARNENGINE_")}
    return inherited | {f"WARNENGINE_{key.upper()}": value for key, value in told.items()}


@dataclass
class Engine:
    """One engine at work."""

    program: Program
    web: aiohttp.ClientSession

    async def warn(self, body: bytes) -> float:
        """POST a warning; seconds that its acceptance took."""
        began = time.time()
        async with self.web.post("/v1/warnings", data=body) as answer:
            if answer.status != 202:
                raise Failed(f"the warning was answered {answer.status}: {await answer.text()}")
        return time.time() - began

    async def listed(self, what: str, **query: str) -> list[dict[str, Any]]:
        """A list of the duty room."""
        async with self.web.get(f"/v1/{what}", params=query) as answer:
            if answer.status != 200:
                raise Failed(f"/v1/{what} answered {answer.status}: {await answer.text()}")
            found: list[dict[str, Any]] = await answer.json()
            return found

    async def ready(self, usual: frozenset[str]) -> None:
        """Wait until it complains of nothing but the usual."""
        deadline = time.time() + READY
        while time.time() < deadline and self.program.running:
            try:
                async with self.web.get("/readyz") as answer:
                    if not (await answer.json())["problems"].keys() - usual:
                        return
            except aiohttp.ClientError:  # it does not listen yet
                pass
            await asyncio.sleep(0.1)
        raise Failed(f"the engine is not ready: {self.program.tail()}")


@asynccontextmanager
async def serving(
    log: Path, settings: dict[str, str], usual: frozenset[str] = frozenset()
) -> AsyncIterator[Engine]:
    """An engine with these settings, ready; ended afterwards. usual: complaints that do not matter."""
    program = python(log, "warnengine", "serve", environment=settings)
    port = json.loads(settings["WARNENGINE_HTTP"])["port"]
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/xml"}
    async with aiohttp.ClientSession(f"http://{HOST}:{port}", headers=headers) as web:
        await program.start()
        try:
            engine = Engine(program, web)
            await engine.ready(usual)
            yield engine
        finally:
            await program.stop()
