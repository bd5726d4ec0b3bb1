"""How the conductor speaks with the gateways' process: it tells the time, asks how things stand, makes faults."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from aiohttp import web

from warnengine.demo.gateways.crowd import Crowd
from warnengine.demo.relay import HOST, Mode, Relay
from warnengine.demo.sink import EngineClock, Sink


class Gateway(Protocol):
    """What all gateways have in common."""

    name: str
    relay: Relay

    @property
    def busy(self) -> int:
        """What the engine has not confirmed."""

    async def start(self, port: int) -> None:
        """Listen on the port; 0: on any."""


class Control:
    """POST /clock {"now"}, GET /state, POST /fault {"gateway", "mode"}."""

    def __init__(self, gateways: Sequence[Gateway], crowd: Crowd, clock: EngineClock, sink: Sink) -> None:
        self._gateways = gateways
        self._crowd = crowd
        self._clock = clock
        self._sink = sink

    async def start(self, port: int) -> int:
        """Listen; the port."""
        app = web.Application()
        app.add_routes(
            [
                web.post("/clock", self._set_clock),
                web.get("/state", self._state),
                web.post("/fault", self._fault),
            ]
        )
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, port).start()
        return int(self._runner.addresses[0][1])

    async def _set_clock(self, request: web.Request) -> web.Response:
        self._clock.set(datetime.fromisoformat((await request.json())["now"]))
        self._crowd.wake()
        return web.Response(status=204)

    async def _state(self, _request: web.Request) -> web.Response:
        """What waits for a line that is out of order is not busy: nothing will happen there."""
        well = [gateway for gateway in self._gateways if gateway.relay.mode is Mode.OK]
        silent = {gateway.name for gateway in self._gateways} - {gateway.name for gateway in well}
        following = self._crowd.next
        return web.json_response(
            {
                "next": following.isoformat() if following else None,
                "busy": self._crowd.busy(silent) + sum(gateway.busy for gateway in well),
                "counters": dict(self._sink.counts),
            }
        )

    async def _fault(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        for gateway in self._gateways:
            if gateway.name == wanted["gateway"]:
                gateway.relay.mode = Mode(wanted["mode"])
                return web.Response(status=204)
        return web.Response(status=404, text=f"no gateway {wanted['gateway']}")
