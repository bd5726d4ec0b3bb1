"""One bound connection to an SMPP 3.4 gateway: frames, answers, time limits."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from typing import NamedTuple, cast

import structlog

from warnengine.dispatch.channel import ChannelError, Reason, Unanswered
from warnengine.dispatch.channels import smpp_pdu as pdu
from warnengine.dispatch.channels.smpp_answers import Answer, refusal
from warnengine.dispatch.channels.sockets import abandon, bound_unanswered, unconfirmed

log = structlog.get_logger(__name__)

HANDING_OVER = 2000
"""So many receipts on their way into the store: then the gateway's next bytes wait in its kernel."""

STORED = 0
NOT_STORED = 0x64
"""ESME_RX_T_APPN, a temporary error of ours: the gateway repeats."""
UNREADABLE = 0x65
"""ESME_RX_P_APPN: repeating would not help."""
UNKNOWN_COMMAND = 0x03
UNKNOWN_ERROR = 0xFF

Take = Callable[[pdu.DeliverSm], Awaitable[None]]
"""Takes what a gateway hands over; returns once it is stored."""


class _Waiting(NamedTuple):
    answer: asyncio.Future[Answer]
    written: float
    deadline: float


class SmppSession(asyncio.Protocol):
    """A transceiver session, from connect to close; never used again after.

    All submits written in one turn of the loop leave in one write. A submit that has left always ends as its
    answer, or as Unanswered at its deadline or when the connection is lost.
    """

    def __init__(self, name: str, window: int, answer_seconds: float, take: Take) -> None:
        self._logger = log.bind(gateway=name)
        self._answer_seconds = answer_seconds
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._leaving: list[bytes] = []
        self._leaving_submits: list[int] = []
        self._sequence = 0
        self._waiting: dict[int, _Waiting] = {}
        self._slots = asyncio.Semaphore(window)
        self._handing_over: dict[asyncio.Task[None], float] = {}
        self._heard = self._loop.time()
        self._enquired: float | None = None
        self.bound: asyncio.Future[int] = self._loop.create_future()
        """The command_status of the bind; cancelled when the connection is lost before it."""
        self.closed: asyncio.Future[str] = self._loop.create_future()
        """Why the connection ended."""
        self.open = False
        """Bound, and neither side has said goodbye."""

    # What the channel asks for

    def bind(self, system_id: str, password: str, system_type: str) -> None:
        """Log in; the answer comes in `bound`."""
        self._write(pdu.BIND_TRANSCEIVER, pdu.bind_transceiver(system_id, password, system_type))

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
        """Write a submit_sm into a slot that the caller holds; the future always gets a result."""
        answer: asyncio.Future[Answer] = self._loop.create_future()
        if not self.open:
            self._slots.release()
            answer.set_result(self._not_sent())
            return answer
        sequence = self._write(pdu.SUBMIT_SM, body)
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
            self.reset("the gateway unbound")
        elif self.open and self._enquired is None and now > self._heard + enquire_seconds:
            self._enquired = now
            self._write(pdu.ENQUIRE_LINK)

    def reset(self, reason: str) -> None:
        """Give the connection up with a TCP reset, so that nothing of it arrives later."""
        self.open = False
        if not self.closed.done():
            self._logger.warning("SMPP connection given up", reason=reason)
            self.closed.set_result(reason)
        if self._transport:
            abandon(self._transport)

    async def farewell(self, patience: float) -> None:
        """Finish handing over, unbind and close, each within `patience` seconds."""
        was_open, self.open = self.open, False
        if self._handing_over:
            await asyncio.wait(self._handing_over, timeout=patience)
        if was_open and not self.closed.done():
            self._write(pdu.UNBIND)
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
        while len(self._received) - at >= pdu.HEADER.size:
            length, command, status, sequence = pdu.HEADER.unpack_from(self._received, at)
            if not pdu.HEADER.size <= length <= pdu.LONGEST:
                self.reset(f"it sent a PDU of {length} octets")
                return
            if len(self._received) - at < length:
                break
            self._read(command, status, sequence, bytes(self._received[at + pdu.HEADER.size : at + length]))
            at += length
        del self._received[:at]

    # PDUs in

    def _read(self, command: int, status: int, sequence: int, body: bytes) -> None:
        if command == pdu.SUBMIT_SM | pdu.RESPONSE:
            self._settle(sequence, refusal(status) if status else pdu.read_message_id(body))
        elif command == pdu.GENERIC_NACK:
            self._settle(sequence, refusal(status or UNKNOWN_ERROR))
        elif command == pdu.DELIVER_SM:
            self._delivered(sequence, body)
        elif command == pdu.ENQUIRE_LINK:
            self._write(pdu.ENQUIRE_LINK | pdu.RESPONSE, sequence=sequence)
        elif command == pdu.BIND_TRANSCEIVER | pdu.RESPONSE:
            self._bind_answered(status)
        elif command == pdu.UNBIND:
            self.open = False
            self._write(pdu.UNBIND | pdu.RESPONSE, sequence=sequence)
        elif command == pdu.UNBIND | pdu.RESPONSE:
            self._close()
        elif not command & pdu.RESPONSE:
            self._write(pdu.GENERIC_NACK, sequence=sequence, status=UNKNOWN_COMMAND)

    def _bind_answered(self, status: int) -> None:
        if not self.bound.done():
            self.open = status == 0
            self.bound.set_result(status)

    def _close(self) -> None:
        if not self.closed.done():
            self.closed.set_result("we unbound")

    def _settle(self, sequence: int, answer: Answer) -> None:
        waiting = self._waiting.pop(sequence, None)
        if waiting is None:
            self._logger.info("late or unknown answer of the gateway", answer=str(answer))
            return
        self._slots.release()
        if not waiting.answer.done():
            waiting.answer.set_result(answer)

    def _delivered(self, sequence: int, body: bytes) -> None:
        try:
            message = pdu.read_deliver_sm(body)
        except pdu.Malformed as error:
            self._logger.error("unreadable deliver_sm refused", error=str(error), size=len(body))
            self._write(pdu.DELIVER_SM | pdu.RESPONSE, b"\0", sequence=sequence, status=UNREADABLE)
            return
        task = self._loop.create_task(self._hand_over(sequence, message))
        self._handing_over[task] = self._heard
        task.add_done_callback(self._handed_over)
        if len(self._handing_over) == HANDING_OVER and self._transport:
            self._transport.pause_reading()

    async def _hand_over(self, sequence: int, message: pdu.DeliverSm) -> None:
        status = NOT_STORED
        try:
            await self._take(message)
            status = STORED
        except Exception as error:  # noqa: BLE001 - whatever keeps it from the store: the gateway must repeat
            self._logger.error(
                "could not store what the gateway handed over; it will repeat",
                problem=type(error).__name__,  # its words may hold a number or a text
                traceback="".join(traceback.format_tb(error.__traceback__)),
            )
        finally:
            self._write(pdu.DELIVER_SM | pdu.RESPONSE, b"\0", sequence=sequence, status=status)

    def _handed_over(self, task: asyncio.Task[None]) -> None:
        del self._handing_over[task]
        if len(self._handing_over) == HANDING_OVER // 2 and self._transport:
            self._transport.resume_reading()

    # PDUs out

    def _write(self, command: int, body: bytes = b"", *, sequence: int | None = None, status: int = 0) -> int:
        if sequence is None:
            self._sequence = sequence = self._sequence % 0x7FFFFFFF + 1
        if not self._leaving:
            self._loop.call_soon(self._flush)
        self._leaving.append(pdu.frame(command, sequence, body, status))
        return sequence

    def _flush(self) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(b"".join(self._leaving))
            self._leaving_submits.clear()
        self._leaving.clear()

    def _unconfirmed(self) -> int:
        return unconfirmed(self._transport) if self._transport and not self._transport.is_closing() else 0

    def _not_sent(self) -> ChannelError:
        reason = self.closed.result() if self.closed.done() else "the session is ending"
        return ChannelError(Reason.UNREACHABLE, f"no session with the SMPP gateway: {reason}", retry=True)
