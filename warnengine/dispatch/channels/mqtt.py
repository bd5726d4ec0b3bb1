"""Village loudspeakers (大喇叭) and the district's own app, by MQTT 5."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time

import structlog

from warnengine import metrics
from warnengine.dispatch.channel import Accepted, ChannelError, Inbox, Outgoing, Reason, Receipt, Reply, told
from warnengine.dispatch.channels.http_profile import Unreadable
from warnengine.dispatch.channels.mqtt_messages import Status, listened_to, payload_of, read, topic_of
from warnengine.dispatch.channels.mqtt_session import Session
from warnengine.dispatch.channels.reconnect import pause
from warnengine.settings import MqttGateway

log = structlog.get_logger(__name__)

TICK = 1.0
"""Seconds between two looks after the connection."""
STEADY = 10.0
"""Seconds after which a session is no failure any more."""
PATIENCE = 1.0
"""Seconds for each step of a goodbye."""


class MqttChannel:
    """One broker, one kind of device. The broker's confirmation is acceptance, the device's word the receipt."""

    def __init__(self, gateway: MqttGateway, inbox: Inbox) -> None:
        self.kind: str = gateway.serves
        self.gateway = gateway.name
        self.window = gateway.window
        self._settings = gateway
        self._inbox = inbox
        self._tls = ssl.create_default_context(cafile=gateway.ca_file) if gateway.tls else None
        self._client_id = gateway.client_id or f"warnengine-{gateway.name}-{socket.gethostname()}"
        self._session: Session | None = None
        self._away: set[str] = set()
        """Devices that have said, or whose broker has said, that they are offline."""
        self._trouble = ChannelError(Reason.UNREACHABLE, "not connected yet", retry=True)
        self._failures = 0

    async def run(self) -> None:
        """Keep a session up until cancelled."""
        while True:
            await self._one_session()
            await asyncio.sleep(pause(self._failures, self._trouble.reason))

    async def send(self, message: Outgoing) -> Accepted:
        """Publish for one device; our id of the attempt stands for the gateway's, for devices repeat it."""
        topic, payload = topic_of(self._settings, message), payload_of(self._settings, message)
        session = self._session
        if session is None or not session.open:
            raise ChannelError(self._trouble.reason, self._trouble.detail, retry=True)
        if message.address in self._away:
            raise ChannelError(Reason.OFFLINE, f"the device {message.address} is offline", retry=True)
        await session.publish(topic, payload, message.expires_in)
        return Accepted((message.client_id,), receipts=True)

    def healthy(self) -> bool:
        """Whether the session stands."""
        return self._session is not None and self._session.open

    def trouble(self) -> str:
        """Why no session stands, in words."""
        return "" if self.healthy() else told(self._trouble)

    async def _one_session(self) -> None:
        """Connect, listen, stay until the connection ends; leave word of the trouble."""
        self._failures += 1
        session = Session(self._settings, self._client_id, self._tls, self._take)
        try:
            await session.begin(listened_to(self._settings))
            self._session = session
            log.info("MQTT session stands", gateway=self.gateway)
            await self._stay(session)
            self._trouble = self._lost(session.closed.result())
        except ChannelError as error:
            self._trouble = error
        finally:
            await session.farewell(PATIENCE)
            self._session = None
            self._away.clear()
        if self._failures <= 1:
            log.warning("no MQTT session", gateway=self.gateway, reason=self._trouble.detail)

    async def _stay(self, session: Session) -> None:
        began = time.monotonic()
        while not session.closed.done():
            await asyncio.wait({session.closed}, timeout=TICK)
            session.tick()
            if time.monotonic() > began + STEADY:
                self._failures = 0

    def _lost(self, why: str) -> ChannelError:
        """Two programs under one client id throw each other out for ever, and few brokers say so."""
        if self._failures > 2:
            why += f"; does another program use our client id {self._client_id}? Then set client_id"
        return ChannelError(Reason.UNREACHABLE, f"MQTT broker {self.gateway}: {why}", retry=True)

    async def _take(self, topic: str, payload: bytes) -> None:
        """Store what a device says. What cannot be understood is counted, and never asked for again."""
        try:
            said = read(self._settings, topic, payload)
        except Unreadable as error:
            metrics.CALLBACKS_UNREADABLE.labels(self.gateway).inc()
            log.error("device", gateway=self.gateway, problem=str(error), size=len(payload))
            return
        match said:
            case Status():
                (self._away.discard if said.online else self._away.add)(said.address)
            case Receipt():
                await self._inbox.receipt(said)
            case Reply():
                await self._inbox.reply(said)
