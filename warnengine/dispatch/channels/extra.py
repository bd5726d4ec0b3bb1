"""Everything else, by Apprise: what it says it has sent is sent, and nobody is reached by that."""

from __future__ import annotations

import asyncio
import importlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import quote

import structlog

from warnengine.dispatch.channel import Accepted, ChannelError, Inbox, Outgoing, Reason, Unanswered, told
from warnengine.dispatch.channels.extra_words import Overheard, outcome_of
from warnengine.dispatch.channels.reconnect import pause
from warnengine.settings import ExtraGateway

if TYPE_CHECKING:
    from apprise import NotifyBase

log = structlog.get_logger(__name__)


class ExtraChannel:
    """One service that Apprise knows. It blocks, so it works in threads, at most `window` of them.

    It tells no id and no fate, so the delivery stays at accepted and counts for nobody. `inbox` is what every
    channel is given; this one has nothing to put in.
    """

    kind = "extra"

    def __init__(self, gateway: ExtraGateway, inbox: Inbox) -> None:
        """Raise ValueError where Apprise is not installed or does not know the service."""
        try:
            self._apprise = importlib.import_module("apprise")  # large, and seldom wanted
        except ImportError as error:
            raise ValueError(f"gateway {gateway.name}: pip install 'warnengine[extra]'") from error
        self.gateway = gateway.name
        self.window = gateway.window
        self._settings = gateway
        if self._service("x") is None:
            raise ValueError(f"gateway {gateway.name}: Apprise does not know a service of this url")
        self._threads: ThreadPoolExecutor | None = None
        self._free = asyncio.Semaphore(gateway.window)
        self._trouble: ChannelError | None = None
        self._wrong = asyncio.Event()
        self._failures = 0

    async def run(self) -> None:
        """Keep the threads until cancelled; a trouble is forgotten after a pause: only a message can tell more."""
        self._threads = ThreadPoolExecutor(self.window, thread_name_prefix=self.gateway)
        try:
            while True:
                await self._wrong.wait()
                trouble, self._failures = self._trouble, self._failures + 1
                await asyncio.sleep(pause(self._failures, trouble.reason if trouble else Reason.UNREACHABLE))
                self._trouble = None
                self._wrong.clear()
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None

    async def send(self, message: Outgoing) -> Accepted:
        """Have Apprise send it, and wait for that as long as an answer may take."""
        if message.expires_in <= 0:
            raise ChannelError(Reason.EXPIRED, "its time was over before it could leave", retry=False)
        limit = self._settings.connect_seconds + self._settings.answer_seconds
        deadline = asyncio.get_running_loop().time() + limit
        sending = await self._begun(message, deadline)
        try:
            async with asyncio.timeout_at(deadline):
                problem = await asyncio.shield(sending)
        except TimeoutError as error:
            raise Unanswered(f"the service did not answer within {limit:g} s") from error
        if problem is not None:
            raise self._noted(problem)
        self._failures = 0
        return Accepted((), receipts=False)

    def healthy(self) -> bool:
        """Whether nothing has gone wrong lately: there is no session that could be looked at."""
        return self._threads is not None and self._trouble is None

    def trouble(self) -> str:
        """What went wrong last, in words."""
        return told(self._trouble) if self._trouble else ""

    async def _begun(self, message: Outgoing, deadline: float) -> asyncio.Future[ChannelError | Unanswered | None]:
        """Hand a message to a thread, once one is free."""
        try:
            async with asyncio.timeout_at(deadline):
                await self._free.acquire()
        except TimeoutError as error:
            raise ChannelError(Reason.THROTTLED, "all threads are busy", retry=True) from error
        if self._threads is None:
            self._free.release()
            raise ChannelError(Reason.UNREACHABLE, "the channel is not running", retry=True)
        sending = asyncio.wrap_future(self._threads.submit(self._send, message))
        sending.add_done_callback(self._sent)
        return sending

    def _sent(self, sending: asyncio.Future[ChannelError | Unanswered | None]) -> None:
        """A thread is free again, perhaps long after nobody waits for it."""
        self._free.release()
        if not sending.cancelled():
            sending.exception()

    def _send(self, message: Outgoing) -> ChannelError | Unanswered | None:
        """In a thread: what went wrong, or None."""
        service = self._service(message.address)
        if service is None:
            return ChannelError(Reason.BAD_ADDRESS, "Apprise cannot make a url of this address", retry=False)
        with Overheard() as overheard:
            sent = service.notify(body=message.text.short, title=message.text.subject)
        return None if sent else outcome_of(overheard.lines)

    def _service(self, address: str) -> NotifyBase | None:
        """The service for one address, with our patience; None where its url does not do."""
        url = self._settings.url.get_secret_value().replace("{address}", quote(address, safe=""))
        service: NotifyBase | None = self._apprise.Apprise.instantiate(url, suppress_exceptions=True)
        if service is not None:
            service.socket_connect_timeout = self._settings.connect_seconds
            service.socket_read_timeout = self._settings.answer_seconds
        return service

    def _noted(self, problem: ChannelError | Unanswered) -> ChannelError | Unanswered:
        """Keep in mind what makes the next send hopeless as well."""
        if isinstance(problem, ChannelError) and problem.reason in {Reason.UNREACHABLE, Reason.CREDENTIALS}:
            self._trouble = problem
            self._wrong.set()
            log.warning("gateway in trouble", gateway=self.gateway, reason=problem.reason.value)
        return problem
