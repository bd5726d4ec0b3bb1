"""What the doctor tries outside: the engine, every gateway by its own channel, Kafka, the dead-man's URL."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, MutableMapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from structlog.testing import capture_logs

from warnengine.app.canary import ANYWHERE
from warnengine.app.channels import channel_of
from warnengine.app.engine import Engine
from warnengine.dispatch.channel import Channel
from warnengine.health.check import Check
from warnengine.ingest.feed_words import lag
from warnengine.settings import AnyGateway, Settings

ANSWER = 5.0
"""Seconds that something outside has to answer, where no setting says otherwise."""
LOOK = 0.05
FIT = {"green": True, "yellow": True, "grey": None, "red": False}


@dataclass(frozen=True, slots=True)
class Running:
    """The engine that answers at the address of the settings."""

    gateways: dict[str, bool]
    """Whether each gateway that it runs would take a message."""


async def examine(engine: Engine) -> AsyncIterator[Check]:
    """The engine first: where it holds a line, the doctor must not log in beside it."""
    settings = engine.settings
    running = await _running(settings)
    where = f"{settings.http.host}:{settings.http.port}"
    found = "runs" if running else "does not run here: what follows is tried without it"
    yield Check("engine", where, True if running else None, found)
    with capture_logs() as logged:
        tries = [
            _gateway(gateway, channel, running)
            for gateway, channel in zip(settings.gateways, _channels(engine), strict=True)
        ]
        checks = await asyncio.gather(*tries)
    for gateway, check in zip(settings.gateways, checks, strict=True):
        yield check if check.ok is not False else _explained(check, gateway.name, logged)
    yield _receipts(settings)
    yield await _kafka(settings)
    async for check in _feeds(engine):
        yield check
    yield await _alive(settings)


def _channels(engine: Engine) -> Sequence[Channel]:
    """One for each gateway. On a database of several engines a line is only tried where nobody else has it; in the
    embedded one whoever had it is down."""
    if engine.settings.database:
        return engine.channels[: len(engine.gateways)]
    return [channel_of(gateway, engine.inbox) for gateway in engine.settings.gateways]


async def _running(settings: Settings) -> Running | None:
    host = ANYWHERE.get(settings.http.host, settings.http.host)
    url = f"http://{host}:{settings.http.port}/metrics"
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(ANSWER)) as web, web.get(url) as answer:
            page = await answer.text()
    except (aiohttp.ClientError, TimeoutError, OSError, UnicodeError):
        return None
    if "ews_build_info" not in page:
        return None
    found = re.findall(r'^ews_gateway_up\{gateway="([^"]+)"\} (\S+)', page, re.M)
    return Running({name: float(value) == 1 for name, value in found})


def _explained(check: Check, gateway: str, logged: Sequence[MutableMapping[str, Any]]) -> Check:
    """With the last thing that the gateway's channel said of its trouble."""
    said = [str(one.get("reason") or one.get("problem")) for one in logged if one.get("gateway") == gateway]
    words = next((one for one in reversed(said) if one != "None"), "")
    return replace(check, found=f"{check.found}: {words}") if words else check


async def _gateway(gateway: AnyGateway, channel: Channel, running: Running | None) -> Check:
    what = f"gateway {gateway.name}"
    known = running.gateways.get(gateway.name) if running else None
    do = "is it the address, the firewall, the certificate or the login? The engine's log has more"
    if known is not None:
        found = "the engine holds it" if known else "the engine is cut off from it"
        return Check(what, gateway.kind, known, found, "" if known else do)
    if running:
        found = "another process runs it, and a second login may cut it off: ask that one's /readyz"
        return Check(what, gateway.kind, None, found)
    up = await _taken(channel, gateway.connect_seconds + gateway.answer_seconds)
    found = "reached, and the login accepted" if up else "not reached, or the login refused"
    return Check(what, gateway.kind, up, found, "" if up else do)


async def _taken(channel: Channel, seconds: float) -> bool:
    """Whether the channel comes up by itself, as it does in the engine."""
    session = asyncio.create_task(channel.run())
    try:
        async with asyncio.timeout(seconds):
            while not channel.healthy():  # noqa: ASYNC110 - a channel has no event for it
                await asyncio.sleep(LOOK)
            # some say that they are well until they have tried: give the first try its answer
            await asyncio.sleep(LOOK * 10)
            return channel.healthy()
    except TimeoutError:
        return False
    finally:
        session.cancel()
        await asyncio.gather(session, return_exceptions=True)


def _receipts(settings: Settings) -> Check:
    with_receipts = [gateway.name for gateway in settings.gateways if gateway.kind not in {"smtp", "push"}]
    found = f"expected of {', '.join(with_receipts)}" if with_receipts else "no gateway gives any"
    do = "" if with_receipts else "nothing shows whether a text arrived: add a line with receipts"
    return Check("receipts", "", bool(with_receipts), found, do)


async def _kafka(settings: Settings) -> Check:
    if settings.kafka is None:
        return Check("kafka", "", None, "not configured")
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka.bootstrap, request_timeout_ms=int(ANSWER * 1000))
    try:
        async with asyncio.timeout(2 * ANSWER):
            await admin.start()
            topics = await admin.list_topics()
    except (KafkaError, OSError, TimeoutError) as error:
        do = "start the broker or correct WARNENGINE_KAFKA__BOOTSTRAP; warnings still come by HTTP and spool"
        return Check("kafka", settings.kafka.bootstrap, False, str(error) or type(error).__name__, do)
    finally:
        await admin.close()
    missing = sorted({settings.kafka.warnings, settings.kafka.observations} - set(topics))
    there = settings.kafka.warnings not in missing
    found = f"answers; missing topics: {', '.join(missing)}" if missing else "answers; its topics exist"
    return Check("kafka", settings.kafka.bootstrap, there, found, "create them" if missing else "")


async def _feeds(engine: Engine) -> AsyncIterator[Check]:
    """Where each feed stands, and the lag of each source: the doctor polls none, engines would miss their turn."""
    if not engine.settings.feeds:
        yield Check("feeds", "", None, "not configured")
    for feed, colour, words in await engine.feeds.findings():
        do = "" if colour == "green" else "the duty room's task 预警来源 says what to try; does `ingest` run?"
        yield Check("feed", feed.name, FIT[colour], words, do)
    for source, half, most, count in await engine.feeds.store.lags():
        yield Check("lag", source, None, lag(source, half, most, count))


async def _alive(settings: Settings) -> Check:
    """Only that somebody listens: a request would be a sign of life, and the doctor is none."""
    if settings.alive is None:
        return Check("dead-man's ear", "", None, "no URL")
    url = urlsplit(settings.alive.url)
    secure = ssl.create_default_context() if url.scheme == "https" else None
    try:
        async with asyncio.timeout(ANSWER):
            _, writer = await asyncio.open_connection(
                url.hostname, url.port or (443 if secure else 80), ssl=secure
            )
        writer.close()
    except (OSError, TimeoutError) as error:
        do = "nobody would hear that this engine has died: mend the other side"
        return Check("dead-man's ear", settings.alive.url, False, str(error) or "no answer", do)
    return Check("dead-man's ear", settings.alive.url, True, "listens")
