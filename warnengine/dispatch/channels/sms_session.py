"""One connection to an SMS gateway, whatever it speaks: frames, answers, time limits."""

from __future__ import annotations

import asyncio
import struct
import traceback
from abc import ABC, abstractmethod
from collections import OrderedDict, deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, cast

import structlog

from warnengine.dispatch.channel import ChannelError, Reason, Receipt, Unanswered
from warnengine.dispatch.channels.sms_answers import Answer
from warnengine.dispatch.channels.sms_inbound import Piece
from warnengine.dispatch.channels.sockets import abandon, bound_unanswered, unconfirmed

log = structlog.get_logger(__name__)

HANDING_OVER = 2000
"""So many receipts on their way into the store: then the gateway's next bytes wait in its kernel."""

REMEMBERED = 1000
"""Submits whose answer may still come though nobody waits for it."""
LENGTH = struct.Struct(">I")
"""What SMPP and CMPP begin every PDU with: its octets, these four among them."""


class Taker(Protocol):
    """Takes what a gateway hands over; each returns once it is stored, and raises where it could not be."""

    async def receipts(self, receipts: Sequence[Receipt]) -> None:
        """Store receipts."""

    async def piece(self, piece: Piece) -> None:
        """Store a reply, or a part of one."""


class Message:
    """The parts of one message, answered one by one."""

    __slots__ = ("_answered", "_answers", "_left")

    def __init__(self, parts: int, answered: Callable[[Sequence[Answer]], None]) -> None:
        self._answers: list[Answer] = [""] * parts
        self._left = parts
        self._answered = answered

    def answer(self, place: int, answer: Answer) -> None:
        """Note what became of a part; the last one settles the message."""
        self._answers[place] = answer
        self._left -= 1
        if not self._left:
            self._answered(self._answers)

    def late(self, place: int, identifier: str) -> None:
        """Note the id of a part that was given up; where that was the last one, the message is taken after all."""
        self._answers[place] = identifier
        if not self._left and all(isinstance(answer, str) for answer in self._answers):
            self._answered(self._answers)


@dataclass(slots=True)
class _Part:
    message: Message
    place: int
    body: bytes
    deadline: float
    written: float = 0.0


class SmsSession(asyncio.Protocol, ABC):
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
        take: Taker,
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
        self._queued: deque[_Part] = deque()
        self._waiting: dict[int, _Part] = {}
        self._given_up: OrderedDict[int, _Part] = OrderedDict()
        self._owed: set[int] = set()
        """Those of them that still have a place in the window."""
        self._free = window
        self._receipts: list[tuple[Receipt, Callable[[bool], None]]] = []
        self._handing_over: dict[asyncio.Task[None], float] = {}
        self._unstored = 0
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

    def submit(
        self, bodies: Sequence[bytes], deadline: float, answered: Callable[[Sequence[Answer]], None]
    ) -> None:
        """Write the parts of a message as the window has room; `answered` gets the answer of each, in their order.

        deadline: loop time after which an answer is not waited for, and a part that has not left does not leave.
        """
        message = Message(len(bodies), answered)
        self._queued.extend(_Part(message, place, body, deadline) for place, body in enumerate(bodies))
        self._submit_queued()

    def _submit_queued(self) -> None:
        while self._queued and (self._free or not self.open):
            part = self._queued.popleft()
            if not self.open:
                part.message.answer(part.place, self._not_sent())
                continue
            self._free -= 1
            part.written = self._loop.time()
            sequence = self._write(self.submit_command, part.body)
            self._leaving_submits.append(sequence)
            self._waiting[sequence] = part

    def sweep(self, enquire_seconds: float) -> None:
        """Settle what is overdue, and enquire after the link when it has been quiet. Call a few times a second."""
        now = self._loop.time()
        while self._queued and self._queued[0].deadline <= now:
            part = self._queued.popleft()
            part.message.answer(part.place, self._full())
        overdue = [(number, waiting) for number, waiting in self._waiting.items() if waiting.deadline <= now]
        for number, waiting in overdue:
            self._give_up(number, waiting)
            if self._unconfirmed():
                self.reset("it left a submit unanswered and does not even confirm its bytes")
            elif self._heard < waiting.written:
                self._enquire(now)
        for task, since in self._handing_over.items():
            if since + self._answer_seconds < now and not task.cancelling():
                self._logger.error("the store took too long for what the gateway handed over; it will repeat")
                task.cancel()
        if reason := self._hopeless(now):
            self.reset(reason)
        elif now > self._heard + enquire_seconds:
            self._enquire(now)

    def _hopeless(self, now: float) -> str | None:
        if self._enquired is not None and now > self._enquired + self._answer_seconds:
            return "it did not answer an enquiry about the link"
        if self._stuck(now):
            return "it owes an answer for its whole window"
        return None if self.open or self._waiting or self._handing_over else "the gateway said goodbye"

    def _enquire(self, now: float) -> None:
        if self.open and self._enquired is None:
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
        self._submit_queued()

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
        if self._receipts:
            receipts, self._receipts = self._receipts, []
            stored = self._take.receipts([receipt for receipt, _ in receipts])
            self._hand_over(stored, [confirm for _, confirm in receipts])

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
        part = self._waiting.pop(sequence, None)
        if part is None:
            self._late(sequence, answer)
            return
        self._free += 1 + self._forgiven(sequence)
        part.message.answer(part.place, answer)
        self._submit_queued()

    def _give_up(self, sequence: int, part: _Part) -> None:
        """Wait no longer. It keeps its place in the window until its answer, or that to a later one, comes: in
        this session a gateway that is stuck gets nothing more."""
        del self._waiting[sequence]
        self._owed.add(sequence)
        self._given_up[sequence] = part
        if len(self._given_up) > REMEMBERED:
            self._given_up.popitem(last=False)
        silence = Unanswered(f"the gateway did not answer within {self._answer_seconds:g} s")
        part.message.answer(part.place, silence)

    def _stuck(self, now: float) -> bool:
        """Whether every place of the window has waited for its answer twice as long as an answer may take: only
        a new session can send anything."""
        if self._free or self._waiting or not self._owed:
            return False
        newest = next(reversed(self._given_up.values()))
        return newest.deadline + self._answer_seconds <= now

    def _forgiven(self, sequence: int) -> int:
        """Places of those that were given up before this one was answered."""
        lost = {number for number in self._owed if number < sequence}
        self._owed -= lost
        return len(lost)

    def _late(self, sequence: int, answer: Answer) -> None:
        part = self._given_up.pop(sequence, None)
        if sequence in self._owed:
            self._owed.remove(sequence)
            self._free += 1
            self._submit_queued()
        self._logger.info("late or unknown answer of the gateway", known=part is not None)
        if part and isinstance(answer, str):
            part.message.late(part.place, answer)

    def _delivered(self, thing: Receipt | Piece, confirm: Callable[[bool], None]) -> None:
        """Hand over, then confirm; False where it could not be stored and the gateway must repeat."""
        if isinstance(thing, Receipt):
            self._receipts.append((thing, confirm))  # all that come in one read go together
        else:
            self._hand_over(self._take.piece(thing), [confirm])

    def _hand_over(
        self, stored: Coroutine[object, object, None], confirms: Sequence[Callable[[bool], None]]
    ) -> None:
        task = self._loop.create_task(self._confirmed(stored, confirms))
        self._handing_over[task] = self._heard
        task.add_done_callback(lambda task: self._handed_over(task, len(confirms)))
        self._unstored += len(confirms)
        if self._unstored >= HANDING_OVER and self._transport:
            self._transport.pause_reading()

    async def _confirmed(
        self, stored: Coroutine[object, object, None], confirms: Sequence[Callable[[bool], None]]
    ) -> None:
        kept = False
        try:
            await stored
            kept = True
        except Exception as error:  # noqa: BLE001 - whatever keeps it from the store: the gateway must repeat
            self._logger.error(
                "could not store what the gateway handed over; it will repeat",
                problem=type(error).__name__,  # its words may hold a number or a text
                traceback="".join(traceback.format_tb(error.__traceback__)),
            )
        finally:
            for confirm in confirms:
                confirm(kept)

    def _handed_over(self, task: asyncio.Task[None], things: int) -> None:
        del self._handing_over[task]
        full, self._unstored = self._unstored >= HANDING_OVER, self._unstored - things
        if full and self._unstored < HANDING_OVER and self._transport:
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

    def _full(self) -> ChannelError:
        full = f"the window stayed full for {self._answer_seconds:g} s"
        return ChannelError(Reason.THROTTLED, full, retry=True)

    def _unconfirmed(self) -> int:
        return unconfirmed(self._transport) if self._transport and not self._transport.is_closing() else 0

    def _not_sent(self) -> ChannelError:
        reason = self.closed.result() if self.closed.done() else "the session is ending"
        return ChannelError(
            Reason.UNREACHABLE, f"no session with the {self.protocol} gateway: {reason}", retry=True
        )
