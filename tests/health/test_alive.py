"""The sign of life goes out while the engine may be relied on, and only then."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.health.conftest import Cage
from tests.waiting import LONGEST
from warnengine.health.alive import Beacon, hanging
from warnengine.settings import Alive, Settings


class Listener:
    """The other side."""

    def __init__(self) -> None:
        self.heard = 0
        self.status = 200
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.heard += request.method == "POST"
        return web.Response(status=self.status)


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener()
    application = web.Application()
    application.router.add_route("*", "/alive", listener.take)
    runner = web.AppRunner(application)
    await runner.setup()
    with socket.create_server(("127.0.0.1", 0)) as door:
        await web.SockSite(runner, door).start()
        listener.url = f"http://127.0.0.1:{door.getsockname()[1]}/alive"
        try:
            yield listener
        finally:
            await runner.cleanup()


def beacon(url: str | None, problems: dict[str, str], hangs: dict[str, str], **environment: str) -> Beacon:
    async def told() -> dict[str, str]:
        return problems

    return Beacon(Alive(url=url) if url else None, told, lambda: hangs, environment)


@pytest.mark.parametrize(
    ("name", "problems", "hangs", "heard", "watchdog"),
    [
        ("all well", {}, {}, 1, True),
        ("a gateway's canary does not come back", {"out/line": "…"}, {}, 0, True),
        ("no database", {"database": "…"}, {}, 0, True),
        ("a loop hangs", {}, {"reconcile": "…"}, 0, False),
    ],
)
async def test_who_is_told_what(
    name: str, problems: dict[str, str], hangs: dict[str, str], heard: int, watchdog: bool, tmp_path: Path
) -> None:
    """A restart cures a loop that hangs and nothing else; people outside learn of everything, by silence."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "s"))
        systemd.setblocking(False)
        async with listening() as listener, aiohttp.ClientSession() as session:
            one = beacon(listener.url, problems, hangs, NOTIFY_SOCKET=str(tmp_path / "s"))
            assert await one.beat(session) == bool(heard), name
            assert listener.heard == heard, name
        if watchdog:
            assert systemd.recv(100) == b"WATCHDOG=1"
        else:
            with pytest.raises(BlockingIOError):
                systemd.recv(100)


@pytest.mark.parametrize("status", [404, 500])
async def test_a_listener_that_refuses_has_not_heard(status: int) -> None:
    async with listening() as listener, aiohttp.ClientSession() as session:
        listener.status = status
        assert not await beacon(listener.url, {}, {}).beat(session)


async def test_nobody_there_is_no_end_of_the_engine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        url = f"http://127.0.0.1:{door.getsockname()[1]}/"
    async with aiohttp.ClientSession() as session:
        assert not await beacon(url, {}, {}).beat(session)


@pytest.mark.parametrize(("usec", "pause"), [("0", 30), ("20000000", 10), ("600000000", 30)])
def test_systemd_hears_it_twice_in_its_patience(usec: str, pause: float) -> None:
    assert beacon("http://a/", {}, {}, WATCHDOG_USEC=usec).pause == pause


async def test_without_anybody_who_listens_it_ends_at_once() -> None:
    await asyncio.wait_for(beacon(None, {}, {}).run(), LONGEST)


@pytest.mark.parametrize(
    ("name", "age", "lease", "hangs"),
    [
        ("reconcile", 59, 30, False),
        ("reconcile", 61, 30, True),
        ("dispatch line", 199, 100, False),
        ("dispatch line", 201, 100, True),
        ("account", 299, 30, False),
        ("audit", 899, 30, False),
        ("audit", 901, 30, True),
    ],
)
def test_a_loop_hangs_when_a_step_does_not_end(name: str, age: float, lease: float, hangs: bool) -> None:
    assert (name in hanging({name: 1000 - age}, 1000, lease)) == hangs


async def test_the_engine_is_sick_with_a_failing_loop_a_lost_canary_or_no_database(cage: Cage) -> None:
    engine = cage.engine
    assert await engine.fitness.sick() == {}
    engine.loops.troubles["chase"] = "no space left"
    assert set(await engine.fitness.sick()) == {"chase"}
    engine.loops.troubles.clear()
    await engine.database.pool.close()
    assert set(await engine.fitness.sick()) == {"database"}


def test_the_url_is_one_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARNENGINE_ALIVE__URL", "https://hc.example.cn/ping/1")
    assert Settings().alive == Alive(url="https://hc.example.cn/ping/1", every_seconds=30)
