"""What a gateway calls back with, through the engine's own address: stored, refused, or kept to be looked at."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from tests.serving import serving
from tests.store.world import World
from warnengine.app import ROLES, Engine, web
from warnengine.settings import Settings

NUMBER = "13800138001"
GATEWAY = {
    "kind": "sms_http",
    "name": "http-1",
    "url": "http://127.0.0.1:9/",
    "profile": "json",
    "values": {"token": "t0ken"},
    "callback_secret": "s3cret",
}


@contextlib.asynccontextmanager
async def callbacks(world: World, folder: Path) -> AsyncIterator[str]:
    settings = Settings.model_validate(
        {"data": folder, "installation": "demo", "link_key": "of this test", "gateways": [GATEWAY]}
    )
    async with serving(web(Engine(settings, world.book, world.database, ROLES))) as url:
        yield f"{url}/v1/callbacks/http-1/s3cret"


async def call(url: str, body: bytes) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as http, http.post(url, data=body) as answer:
        return answer.status, json.loads(await answer.read())


def counted() -> float:
    return REGISTRY.get_sample_value("ews_callbacks_unreadable_total", {"gateway": "http-1"}) or 0


UNREADABLE = {
    "empty": b"",
    "not JSON": b"<xml/>",
    "an empty object": b"{}",
    "a number": b"7",
    "nested": b"[" * 100_000,
    "only unknown states": b'[{"id":"1","status":"weird"},{"id":"2","status":"odd"}]',
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_what_cannot_be_read_at_all_is_refused_and_kept(world: World, tmp_path: Path, body: bytes) -> None:
    before = counted()
    async with callbacks(world, tmp_path) as url:
        for _ in range(2):
            status, problem = await call(url, body)
            assert (status, problem["status"], problem["title"]) == (400, 400, "Not understood")
    assert counted() == before + 2
    (kept,) = await world.engine.warnings.quarantine()
    assert (kept["source"], kept["reason"], kept["size"]) == ("http-1", "unreadable_callback", len(body))
    assert await world.value("SELECT raw FROM arrival") == body


async def test_one_odd_entry_does_not_lose_the_others(world: World, tmp_path: Path) -> None:
    entries: list[object] = [
        {"id": "1", "status": "delivered"},
        {"id": "2", "status": "weird", "to": NUMBER},
        NUMBER,
        {"from": NUMBER, "text": "桥被冲了"},
    ]
    before = counted()
    with capture_logs() as logs:
        async with callbacks(world, tmp_path) as url:
            assert await call(url, json.dumps(entries).encode()) == (200, {"ok": True})
    assert await world.column("SELECT provider_id FROM receipt") == ["1"]
    assert await world.column("SELECT words FROM reply") == ["桥被冲了"]
    kept = await world.column("SELECT raw FROM arrival WHERE verdict = 'quarantined' ORDER BY id")
    assert [json.loads(raw) for raw in kept] == entries[1:3]
    assert counted() == before + 2
    assert [line["problem"] for line in logs if line["event"] == "callback"] == [
        "an unknown status: write delivered, failed or pending",
        "not a JSON object",
    ]
    assert NUMBER not in repr(logs)
    assert "桥" not in repr(logs)


async def test_an_empty_batch_is_confirmed(world: World, tmp_path: Path) -> None:
    async with callbacks(world, tmp_path) as url:
        assert await call(url, b"[]") == (200, {"ok": True})
