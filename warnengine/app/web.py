"""The HTTP application over an engine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlencode

import structlog
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from warnengine import __version__, metrics
from warnengine.acknowledge.inbox import StoredInbox
from warnengine.api import (
    consultations,
    control,
    gauges,
    observations,
    problems,
    quarantine,
    routes,
    rulebook,
    waiting,
)
from warnengine.api.mode import SaysMode
from warnengine.api.operators import Operators
from warnengine.app import standing
from warnengine.app.condition import Condition
from warnengine.app.consulting import Consulting
from warnengine.app.engine import Engine
from warnengine.app.publishing import Publisher
from warnengine.app.quarantine import Quarantine
from warnengine.app.settled import link_key
from warnengine.console import duty, official
from warnengine.console.duty.gate import Gate
from warnengine.dispatch.channel import Receipt, Reply
from warnengine.dispatch.channels.http_profile import Garbled, Unreadable
from warnengine.dispatch.channels.push import PushChannel
from warnengine.dispatch.channels.sms_http import HttpChannel
from warnengine.dispatch.channels.wecom import WecomChannel
from warnengine.model.arrival import Arrival, Verdict
from warnengine.settings import HttpLine, WecomGateway
from warnengine.store.room import RoomStore
from warnengine.store.warnings import WarningStore

log = structlog.get_logger()


class Current:
    """The application of the book in force: another book makes another one, and a request that has begun is
    answered by the one that it began with."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.application = web(engine)
        engine.adopted.append(self.renew)

    def renew(self) -> None:
        """Join it anew."""
        self.application = web(self.engine)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI says."""
        await self.application(scope, receive, send)


def web(engine: Engine) -> FastAPI:
    """The HTTP application over an engine; without the role console only what a monitor asks for."""
    application = FastAPI(title="warnengine", version=__version__, docs_url=None, redoc_url=None)
    problems.install(application)
    application.add_middleware(SaysMode, mode=engine.settings.installation)
    services = _services(engine)
    if "console" not in engine.roles:
        application.include_router(routes.operations(services))
        return application
    application.include_router(routes.build(services))
    operators = Operators(engine.settings)
    application.include_router(waiting.build(engine.board, engine.book.pace, operators))
    application.include_router(control.stops(engine.halts, operators, engine.loops.bell.ring))
    hand = control.Hands(engine.hand, engine.drafts, engine.telephone, engine.board)
    for routers in (control.by_hand, control.taking_back, control.by_telephone):
        application.include_router(routers(hand, operators, engine.loops.bell.ring))
    application.include_router(rulebook.publishing(Publisher(engine), operators))
    application.include_router(consultations.build(Consulting(engine), operators))
    application.include_router(quarantine.build(Quarantine(engine), operators))
    watching = observations.Watching(
        engine.settings, engine.take_observations, engine.observing, engine.loops.bell.ring
    )
    application.include_router(observations.build(watching, operators))
    application.include_router(official.build(engine.answers, _house(engine)))
    application.include_router(duty.build(_room(engine)))
    return application


def _house(engine: Engine) -> official.Official:
    """What an official's page says of this house."""
    push = next((channel for channel in engine.gateways if isinstance(channel, PushChannel)), None)
    return official.Official(
        engine.book.signature,
        engine.book.duty_phone,
        push,
        engine.wording.shown,
        engine.settings.installation,
        lambda: engine.mode.paused,
    )


def _services(engine: Engine) -> routes.Services:
    """What the routes call, from the parts of an engine."""
    settings = engine.settings
    return routes.Services(
        settings=settings,
        book=engine.book,
        take=engine.take,
        warnings=engine.warnings,
        board=engine.board,
        duty=engine.duty,
        called=engine.duty_room.called,
        answers=engine.answers,
        ready=engine.fitness.ready,
        notes=engine.fitness.notes,
        refresh=lambda: gauges.refresh(engine.board, standing.used(engine.running), settings),
        shown=engine.wording.shown,
        ring=engine.loops.bell.ring,
        halted=engine.fitness.halted,
        health=engine.fitness.health,
        canary=lambda: {one.path: one.words for one in engine.canary.lights},
        roll_call=engine.roll.call,
        callbacks=_callbacks(engine),
    )


def _callbacks(engine: Engine) -> dict[tuple[str, str], routes.Callback]:
    """What takes the calls of providers, by gateway and secret."""
    return {
        (channel.gateway, gateway.callback_secret.get_secret_value()): _callback(
            channel, engine.inbox, engine.warnings
        )
        for channel, gateway in zip(engine.gateways, engine.settings.gateways, strict=True)
        if isinstance(gateway, HttpLine | WecomGateway) and isinstance(channel, HttpChannel | WecomChannel)
    }


def _room(engine: Engine) -> duty.Room:
    """The duty room's pages over an engine."""
    store = RoomStore(engine.database)
    condition = Condition(engine, store)
    return duty.Room(
        gate=Gate(engine.settings, link_key(engine.settings)),
        book=engine.book,
        hand=engine.hand,
        drafts=engine.drafts,
        telephone=engine.telephone,
        board=engine.board,
        halts=engine.halts,
        duty=engine.duty,
        store=store,
        consulting=Consulting(engine),
        quarantine=Quarantine(engine),
        called=engine.duty_room.called,
        ring=engine.loops.bell.ring,
        condition=condition.shown,
        examine=condition.examine,
        roll_call=engine.roll.call,
        notice=lambda: engine.mode.paused,
    )


def _callback(channel: HttpChannel | WecomChannel, inbox: StoredInbox, warnings: WarningStore) -> routes.Callback:
    async def take(method: str, query: Mapping[str, str], body: bytes) -> tuple[bytes, str]:
        try:
            things = channel.read_callback(method, query, body)
        except Unreadable as error:
            await put_aside(Garbled(str(error), body or urlencode(query).encode()))
            raise problems.Problem(400, "Not understood", f"{error}. It is kept; do not send it again.") from error
        await asyncio.gather(*(inbox.receipt(thing) for thing in things if isinstance(thing, Receipt)))
        for thing in things:
            if isinstance(thing, Reply):
                await inbox.reply(thing)
            elif isinstance(thing, Garbled):
                await put_aside(thing)
        return channel.answer(method, query)

    async def put_aside(garbled: Garbled) -> None:
        metrics.CALLBACKS_UNREADABLE.labels(channel.gateway).inc()
        log.error("callback", gateway=channel.gateway, problem=garbled.why, size=len(garbled.raw))
        async with warnings.arrival() as desk:
            arrival = Arrival(channel.gateway, "callback", garbled.raw)
            await desk.keep(arrival, Verdict.QUARANTINED, "unreadable_callback", garbled.why)

    return take
