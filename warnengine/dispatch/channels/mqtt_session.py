"""One connection to an MQTT 5 broker, never used again after it ends.

A client of paho that reconnects repeats what was in flight, and so a text that was given up long ago; therefore a
new client for every connection. What comes in is confirmed to the broker only once it is taken. Until then the
broker keeps it, also while we are away.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import traceback
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import structlog
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from warnengine.dispatch.channel import ChannelError, Reason, Unanswered
from warnengine.dispatch.channels.mqtt_answers import login_refusal, refusal
from warnengine.dispatch.channels.reconnect import pause
from warnengine.dispatch.channels.sockets import RESET_ON_CLOSE, bound_unanswered, unconfirmed_by
from warnengine.settings import MqttGateway

log = structlog.get_logger(__name__)

KEPT_SECONDS = 24 * 3600
"""How long the broker keeps what devices say while no engine listens."""
HANDING_OVER = 200
"""So many messages on their way into the store; the broker holds the others back."""

Take = Callable[[str, bytes], Awaitable[None]]
"""Takes topic and payload; returns once they are stored."""


class _Waiting(NamedTuple):
    answer: asyncio.Future[ReasonCode]
    written: float


class Session:
    """From connect to close; what was published and has no answer then is Unanswered."""

    def __init__(self, gateway: MqttGateway, client_id: str, tls: ssl.SSLContext | None, take: Take) -> None:
        self._settings = gateway
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[int, _Waiting] = {}
        self._subscribed: asyncio.Future[Sequence[ReasonCode]] = self._loop.create_future()
        self._welcome: asyncio.Future[ReasonCode] = self._loop.create_future()
        self._handing_over: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(gateway.window)
        self._heard = 0.0
        self._sock: Any = None
        self.closed: asyncio.Future[str] = self._loop.create_future()
        """Why the connection ended."""
        self._client = self._new_client(client_id, tls)

    @property
    def open(self) -> bool:
        """Welcomed and subscribed, and not ended yet."""
        return self._subscribed.done() and not self.closed.done()

    async def begin(self, topics: Sequence[str]) -> None:
        """Connect, log in and subscribe; raise ChannelError where that fails."""
        connecting = self._loop.run_in_executor(None, self._connect)
        try:
            await asyncio.shield(connecting)
        except asyncio.CancelledError:
            connecting.add_done_callback(lambda _: self._drop_socket())
            raise
        except (OSError, ValueError) as error:  # ValueError: a host that is none
            # without its frames, which hold the socket
            raise self._unreachable(str(error) or type(error).__name__) from error.with_traceback(None)
        self._watch()
        try:
            async with asyncio.timeout(self._settings.connect_seconds):
                await self._first_of(self._welcome)
                self._read_welcome()
                self._client.subscribe([(topic, 1) for topic in topics])
                await self._first_of(self._subscribed)
        except TimeoutError as error:
            raise self._unreachable(f"no answer within {self._settings.connect_seconds:g} s") from error
        self._read_subscription(topics)

    async def publish(self, topic: str, payload: bytes, expires_in: float) -> None:
        """Hand one message over at QoS 1; never retained. Raise ChannelError or Unanswered as a channel does."""
        limit = self._settings.answer_seconds
        deadline = self._loop.time() + limit
        try:
            async with asyncio.timeout_at(deadline):
                await self._slots.acquire()
        except TimeoutError as error:
            full = f"the window stayed full for {limit:g} s"
            raise ChannelError(Reason.THROTTLED, full, retry=True) from error
        try:
            await asyncio.sleep(0)  # a connection that is lost is noticed before anything leaves by it
            code = await self._answer(self._publish(topic, payload, expires_in), deadline)
        finally:
            self._slots.release()
        if problem := refusal(code):
            raise problem

    def tick(self) -> None:
        """Ask after the connection when it has been quiet. Call once a second."""
        self._client.loop_misc()

    def reset(self, why: str) -> None:
        """Give the connection up with a TCP reset, so that nothing of it arrives later."""
        if self._sock is not None and self._sock.fileno() >= 0:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self._end(why)

    async def farewell(self, patience: float) -> None:
        """Finish handing over, say goodbye and close, each within `patience` seconds."""
        if self._handing_over:
            await asyncio.wait(self._handing_over, timeout=patience)
        if not self.closed.done() and self._sock is not None:
            self._client.disconnect()
            await asyncio.wait({self.closed}, timeout=patience)
        self.reset("we said goodbye")
        for task in self._handing_over:
            task.cancel()
        await asyncio.gather(*self._handing_over, return_exceptions=True)

    # Connecting

    def _new_client(self, client_id: str, tls: ssl.SSLContext | None) -> paho.Client:
        settings = self._settings
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=paho.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = settings.connect_seconds
        client.max_inflight_messages_set(0)
        if settings.username is not None and settings.password is not None:
            client.username_pw_set(settings.username, settings.password.get_secret_value())
        if tls:
            client.tls_set_context(tls)
        client.on_connect = self._welcomed
        client.on_subscribe = lambda *said: _settle(self._subscribed, said[3])
        client.on_publish = self._published
        client.on_message = self._arrived
        client.on_disconnect = self._disconnected
        return client

    def _connect(self) -> None:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = KEPT_SECONDS
        properties.ReceiveMaximum = HANDING_OVER
        keepalive = max(1, int(self._settings.enquire_seconds))
        host, port = self._settings.host, self._settings.port
        self._client.connect(host, port, keepalive, clean_start=False, properties=properties)

    def _watch(self) -> None:
        """From here on everything happens on the loop."""
        self._sock = self._client.socket()
        bound_unanswered(self._sock, self._settings.answer_seconds)
        descriptor = self._sock.fileno()
        self._client.on_socket_register_write = lambda *_: self._loop.add_writer(descriptor, self._write)
        self._client.on_socket_unregister_write = lambda *_: _ignored(self._loop.remove_writer(descriptor))
        self._client.on_socket_close = lambda *_: _ignored(self._loop.remove_reader(descriptor))
        self._loop.add_reader(descriptor, self._read)

    async def _first_of(self, answer: asyncio.Future[Any]) -> None:
        """Until the answer is there, or the connection has ended."""
        either: set[asyncio.Future[Any]] = {answer, self.closed}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)

    def _read_welcome(self) -> None:
        if not self._welcome.done():
            raise self._unreachable(self.closed.result())
        if problem := login_refusal(self._welcome.result()):
            raise problem

    def _read_subscription(self, topics: Sequence[str]) -> None:
        if not self._subscribed.done():
            raise self._unreachable(self.closed.result())
        for topic, code in zip(topics, self._subscribed.result(), strict=True):
            if code.is_failure:
                detail = f"the broker does not let us listen to {topic}: {code}"
                raise ChannelError(Reason.CREDENTIALS, detail, retry=True)

    # What the loop calls

    def _read(self) -> None:
        self._heard = self._loop.time()
        self._guarded(self._read_all)

    def _read_all(self) -> None:
        self._client.loop_read()
        while isinstance(self._sock, ssl.SSLSocket) and self._sock.fileno() >= 0 and self._sock.pending():
            self._client.loop_read()

    def _write(self) -> None:
        self._guarded(self._client.loop_write)

    def _guarded(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever a broker sends must not end the engine
            log.error("broken MQTT", gateway=self._settings.name, problem=type(error).__name__)
            self.reset(f"the broker sent what is not MQTT: {type(error).__name__}")

    # What paho calls

    def _welcomed(self, client: Any, userdata: Any, flags: Any, code: ReasonCode, said: Properties | None) -> None:
        most = getattr(said, "ReceiveMaximum", self._settings.window)
        self._slots = asyncio.Semaphore(min(self._settings.window, most))
        _settle(self._welcome, code)

    def _disconnected(self, client: Any, userdata: Any, flags: Any, code: ReasonCode, said: Any) -> None:
        theirs = flags.is_disconnect_packet_from_server
        self._end(f"the broker ended it: {code}" if theirs else "the connection was lost")

    def _published(self, client: Any, userdata: Any, mid: int, code: ReasonCode, said: Any) -> None:
        if mid in self._waiting:
            _settle(self._waiting.pop(mid).answer, code)

    def _arrived(self, client: Any, userdata: Any, message: paho.MQTTMessage) -> None:
        task = self._loop.create_task(self._hand_over(message))
        self._handing_over.add(task)
        task.add_done_callback(self._handing_over.discard)

    async def _hand_over(self, message: paho.MQTTMessage) -> None:
        """Until it is stored: the broker repeats only to a new connection."""
        failures = 0
        while True:
            try:
                await self._take(message.topic, bytes(message.payload))
                break
            except Exception as error:  # noqa: BLE001 - whatever keeps it from the store
                failures += 1
                log.error(
                    "could not store what a device said; it is tried again",
                    gateway=self._settings.name,
                    problem=type(error).__name__,  # its words may hold a text
                    traceback="".join(traceback.format_tb(error.__traceback__)),
                )
                await asyncio.sleep(pause(failures, Reason.UNREACHABLE))
        if not self.closed.done():
            self._client.ack(message.mid, message.qos)

    # Publishing

    def _publish(self, topic: str, payload: bytes, expires_in: float) -> int:
        if not self.open:
            raise self._unreachable(self.closed.result() if self.closed.done() else "not connected yet")
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.MessageExpiryInterval = max(1, int(expires_in))
        handed = self._client.publish(topic, payload, qos=1, retain=False, properties=properties)
        if handed.rc != paho.MQTT_ERR_SUCCESS:
            raise self._unreachable(paho.error_string(handed.rc))
        return handed.mid

    async def _answer(self, mid: int, deadline: float) -> ReasonCode:
        waiting = self._waiting[mid] = _Waiting(self._loop.create_future(), self._loop.time())
        try:
            async with asyncio.timeout_at(deadline):
                return await waiting.answer
        except TimeoutError as error:
            if self._heard < waiting.written or (self._sock.fileno() >= 0 and unconfirmed_by(self._sock)):
                self.reset("it left a message unanswered and has fallen silent")
            limit = f"{self._settings.answer_seconds:g} s"
            raise Unanswered(f"the broker did not answer within {limit}") from error
        finally:
            self._waiting.pop(mid, None)

    # Ending

    def _end(self, why: str) -> None:
        if self.closed.done():
            return
        self.closed.set_result(why)
        self._drop_socket()
        for waiting in self._waiting.values():
            if not waiting.answer.done():
                waiting.answer.set_exception(Unanswered(f"the connection was lost before the answer: {why}"))

    def _drop_socket(self) -> None:
        sock = self._client.socket()
        if sock is not None and sock.fileno() >= 0:
            self._loop.remove_reader(sock.fileno())
            self._loop.remove_writer(sock.fileno())
            sock.close()

    def _unreachable(self, why: str) -> ChannelError:
        where = f"{self._settings.host}:{self._settings.port}"
        return ChannelError(Reason.UNREACHABLE, f"MQTT broker {self._settings.name} at {where}: {why}", retry=True)


def _settle(future: asyncio.Future[Any], value: object) -> None:
    if not future.done():
        future.set_result(value)


def _ignored(_: object) -> None:
    """What paho does not ask for."""
