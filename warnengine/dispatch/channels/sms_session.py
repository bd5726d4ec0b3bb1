"""One connection to an SMS gateway, whatever it speaks: frames, answers, time limits."""

from __future__ import annotations

import asyncio
import struct
import traceback
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import ClassVar, Generic, NamedTuple, TypeVar, cast

import structlog

from warnengine.dispatch.channel import ChannelError, Reason, Unanswered
from warnengine.dispatch.channels.sms_answers import Answer
from warnengine.dispatch.channels.sockets import abandon, bound_unanswered, unconfirmed

log = structlog.get_logger(__name__)

HANDING_OVER = 2000
"""So many receipts on their way into the store: then the gateway's next bytes wait in its kernel."""

LENGTH = struct.Struct(">I")
"""What SMPP and CMPP begin every PDU with: its octets, these four among them."""

Handed = TypeVar("Handed")
"""What a gateway hands over: a deliver_sm, a CMPP_DELIVER."""


class _Waiting(NamedTuple):
    answer: asyncio.Future[Answer]
    written: float
    deadline: float


class SmsSession(asyncio.Protocol, ABC, Generic[Handed]):
    """A session in which both sides may ask, from connect to close; never used again after.

    All submits written in one turn of the loop leave in one write. A submit that has left always ends as its
    answer, or as Unanswered at its deadline or when the connection is lost.
    """

    protocol: ClassVar[str]
    """Its name, for people."""
    shortest: ClassVar[int]
    """Octets of a header."""
    longest: ClassVar[int]
    """Octets of a PDU; a length beyond this means that we have lost the frame."""
    submit_command: ClassVar[int]
    enquire_command: ClassVar[int]
    goodbye_command: ClassVar[int]

    def __init__(
        self,
        name: str,
        window: int,
        answer_seconds: float,
        take: Callable[[Handed], Awaitable[None]],
        *,
        first: int = 0,
    ) -> None:
        """`take` returns once what a gateway handed over is stored; sequence numbers count on from `first`."""
        self._logger = log.bind(gateway=name)
        self._answer_seconds = answer_seconds
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._leaving: list[bytes] = []
        self._leaving_submits: list[int] = []
        self._sequence = first
        self._waiting: dict[int, _Waiting] = {}
        self._slots = asyncio.Semaphore(window)
        self._handing_over: dict[asyncio.Task[None], float] = {}
        self._heard = self._loop.time()
        self._enquired: float | None = None
        self.bound: asyncio.Future[int] = self._loop.create_future()
        """The status of the login, zero for yes; cancelled when the connection is lost before it."""
        self.closed: asyncio.Future[str] = self._loop.create_future()
        """Why the connection ended."""
        self.open = False
        """Bound, and neither side has said goodbye."""
        self.ours: Callable[[], bool] = lambda: True
        """Whether this process may still write; asked at every write."""

    # What the channel asks for

    async def slot(self, deadline: float) -> bool:
        """Wait for room in the window; False when there was none until the deadline (loop time)."""
        if not self._slots.locked():
            return await self._slots.acquire()
        try:
            async with asyncio.timeout_at(deadline):
                return await self._slots.acquire()
        except TimeoutError:
            return False

    def submit(self, body: bytes, deadline: float) -> asyncio.Future[Answer]:
        """Write a submit into a slot that the caller holds; the future always gets a result."""
        answer: asyncio.Future[Answer] = self._loop.create_future()
        if not self.open:
            self._slots.release()
            answer.set_result(self._not_sent())
            return answer
        sequence = self._write(self.submit_command, body)
        self._leaving_submits.append(sequence)
        self._waiting[sequence] = _Waiting(answer, self._loop.time(), deadline)
        return answer

    def sweep(self, enquire_seconds: float) -> None:
        """Settle what is overdue, and enquire after the link when it has been quiet. Call a few times a second."""
        now = self._loop.time()
        overdue = [(number, waiting) for number, waiting in self._waiting.items() if waiting.deadline <= now]
        for number, waiting in overdue:
            self._settle(number, Unanswered(f"the gateway did not answer within {self._answer_seconds:g} s"))
            if self._heard < waiting.written or self._unconfirmed():
                self.reset("it left a submit unanswered and has fallen silent")
        for task, since in self._handing_over.items():
            if since + self._answer_seconds < now and not task.cancelling():
                self._logger.error("the store took too long for what the gateway handed over; it will repeat")
                task.cancel()
        if self._enquired is not None and now > self._enquired + self._answer_seconds:
            self.reset("it did not answer an enquiry about the link")
        elif not (self.open or self._waiting or self._handing_over):
            self.reset("the gateway said goodbye")
        elif self.open and self._enquired is None and now > self._heard + enquire_seconds:
            self._enquired = now
            self._write(self.enquire_command)

    def reset(self, reason: str) -> None:
        """Give the connection up with a TCP reset, so that nothing of it arrives later."""
        self.open = False
        if not self.closed.done():
            self._logger.warning(f"{self.protocol} connection given up", reason=reason)
            self.closed.set_result(reason)
        if self._transport:
            abandon(self._transport)

    async def farewell(self, patience: float) -> None:
        """Finish handing over, say goodbye and close, each within `patience` seconds."""
        was_open, self.open = self.open, False
        if self._handing_over:
            await asyncio.wait(self._handing_over, timeout=patience)
        if was_open and not self.closed.done():
            self._write(self.goodbye_command)
            await asyncio.wait({self.closed}, timeout=patience)
        for task in self._handing_over:
            task.cancel()
        await asyncio.gather(*self._handing_over, return_exceptions=True)
        if self._transport:
            abandon(self._transport)

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Bound the kernel's patience to ours."""
        self._transport = cast(asyncio.Transport, transport)
        bound_unanswered(self._transport.get_extra_info("socket"), self._answer_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Settle everything: what had left is unanswered, what had not is not sent."""
        self.open = False
        self.bound.cancel()
        if not self.closed.done():
            self.closed.set_result(str(exc or "the gateway closed the connection"))
        for number in self._leaving_submits:
            self._settle(number, self._not_sent())
        for number in list(self._waiting):
            self._settle(number, Unanswered(f"the connection was lost before the answer: {self.closed.result()}"))

    def data_received(self, data: bytes) -> None:
        """Cut the stream into PDUs; give up on a length that cannot be."""
        self._heard, self._enquired = self._loop.time(), None
        self._received += data
        at = 0
        while len(self._received) - at >= self.shortest:
            (length,) = LENGTH.unpack_from(self._received, at)
            if not self.shortest <= length <= self.longest:
                self.reset(f"it sent a PDU of {length} octets")
                return
            if len(self._received) - at < length:
                break
            self._read(bytes(self._received[at : at + length]))
            at += length
        del self._received[:at]

    # What a protocol adds

    @staticmethod
    @abstractmethod
    def frame(command: int, sequence: int, body: bytes = b"") -> bytes:
        """Put the header before a body."""

    @abstractmethod
    def _read(self, octets: bytes) -> None:
        """Act on one whole PDU."""

    # PDUs in

    def _login_answered(self, status: int) -> None:
        if not self.bound.done():
            self.open = status == 0
            self.bound.set_result(status)

    def _said_goodbye(self) -> None:
        if not self.closed.done():
            self.closed.set_result("we said goodbye")

    def _settle(self, sequence: int, answer: Answer) -> None:
        waiting = self._waiting.pop(sequence, None)
        if waiting is None:
            self._logger.info("late or unknown answer of the gateway", answer=str(answer))
            return
        self._slots.release()
        if not waiting.answer.done():
            waiting.answer.set_result(answer)

    def _delivered(self, message: Handed, confirm: Callable[[bool], None]) -> None:
        """Hand over, then confirm; False where it could not be stored and the gateway must repeat."""
        task = self._loop.create_task(self._hand_over(message, confirm))
        self._handing_over[task] = self._heard
        task.add_done_callback(self._handed_over)
        if len(self._handing_over) == HANDING_OVER and self._transport:
            self._transport.pause_reading()

    async def _hand_over(self, message: Handed, confirm: Callable[[bool], None]) -> None:
        stored = False
        try:
            await self._take(message)
            stored = True
        except Exception as error:  # noqa: BLE001 - whatever keeps it from the store: the gateway must repeat
            self._logger.error(
                "could not store what the gateway handed over; it will repeat",
                problem=type(error).__name__,  # its words may hold a number or a text
                traceback="".join(traceback.format_tb(error.__traceback__)),
            )
        finally:
            confirm(stored)

    def _handed_over(self, task: asyncio.Task[None]) -> None:
        del self._handing_over[task]
        if len(self._handing_over) == HANDING_OVER // 2 and self._transport:
            self._transport.resume_reading()

    # PDUs out

    def _write(self, command: int, body: bytes = b"", *, sequence: int | None = None) -> int:
        if sequence is None:
            self._sequence = sequence = self._sequence % 0x7FFFFFFF + 1
        self._leave(self.frame(command, sequence, body))
        return sequence

    def _leave(self, octets: bytes) -> None:
        if not self._leaving:
            self._loop.call_soon(self._flush)
        self._leaving.append(octets)

    def _flush(self) -> None:
        if not self.ours():
            self.reset("another process may have the line by now")
        elif self._transport and not self._transport.is_closing():
            self._transport.write(b"".join(self._leaving))
            self._leaving_submits.clear()
        self._leaving.clear()

    def _unconfirmed(self) -> int:
        return unconfirmed(self._transport) if self._transport and not self._transport.is_closing() else 0

    def _not_sent(self) -> ChannelError:
        reason = self.closed.result() if self.closed.done() else "the session is ending"
        return ChannelError(
            Reason.UNREACHABLE, f"no session with the {self.protocol} gateway: {reason}", retry=True
        )
