"""The SMPP 3.4 door (sections 4.1 to 4.6): takes every message at once and reports it delivered."""

from __future__ import annotations

import asyncio
import itertools
import struct
import time
from collections import deque

from tests.bench.sink.tally import Conditions, Contract, Tally

HEAD = struct.Struct(">IIII")
SUBMIT, DELIVER, UNBIND, ENQUIRE = 0x04, 0x05, 0x06, 0x15
BINDS = (0x01, 0x02, 0x09)
RESPONSE = 0x80000000
THROTTLED = 0x58
REPORT = b" sub:001 dlvrd:001 submit date:2607270554 done date:2607270554 stat:DELIVRD err:000 text:"


def pdu(command: int, sequence: int, body: bytes = b"", status: int = 0) -> bytes:
    return HEAD.pack(HEAD.size + len(body), command, status, sequence) + body


def receipt(identifier: bytes, source: bytes, destination: bytes) -> bytes:
    """Body of the deliver_sm that reports a message as delivered."""
    text = b"id:" + identifier + REPORT
    head = b"\0\1\1" + source + b"\0\1\1" + destination + b"\0\x04\0\0\0\0\0\0\0\0"
    return head + bytes([len(text)]) + text


def addresses(buffer: bytes, at: int) -> tuple[bytes, bytes]:
    """Source and destination of the submit_sm whose body begins there."""
    source = buffer.index(0, at) + 3
    source_end = buffer.index(0, source)
    destination = source_end + 3
    return buffer[source:source_end], buffer[destination : buffer.index(0, destination)]


class SmppDoor:
    """What all sessions share."""

    def __init__(self, conditions: Conditions) -> None:
        self.ids = itertools.count(1)
        self.sessions: list[Session] = []
        self.reset(conditions)

    def reset(self, conditions: Conditions) -> None:
        """Forget everything; from now on these conditions hold."""
        self.conditions, self.tally, self.receipts = conditions, Tally(), Tally()
        self.owed: deque[bytes] = deque()
        """Bodies of receipts that have not left."""
        self.contract = Contract(conditions.contract)
        self.watched = conditions.watch.encode("utf-16-be")
        self.release = 1 << 60 if conditions.receipts == "at once" else 0
        """How many receipts may still leave."""
        self.window = conditions.window

    def flood(self, most: int, window: int) -> None:
        """Let so many of the held receipts go, `window` on the wire at once."""
        self.release, self.window, self.receipts = most, window, Tally()
        for session in self.sessions:
            session.pump()


class Session(asyncio.Protocol):
    """One ESME."""

    def __init__(self, door: SmppDoor) -> None:
        self.door = door
        self.rest = b""
        self.sequences = itertools.count(1)
        self.unanswered: dict[int, bytes] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.door.sessions.append(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.door.sessions.remove(self)
        self.door.owed.extend(self.unanswered.values())

    def data_received(self, data: bytes) -> None:
        buffer = self.rest + data if self.rest else data
        at, now, end, taken, acked = 0, time.time(), len(buffer), 0, 0
        answers: list[bytes] = []
        while end - at >= HEAD.size:
            length, command, status, sequence = HEAD.unpack_from(buffer, at)
            if end - at < length:
                break
            if command == SUBMIT:
                taken += self.submitted(buffer, at, length, sequence, now, answers)
            elif command == DELIVER | RESPONSE:
                acked += self.acknowledged(sequence, status)
            elif command in BINDS:
                answers.append(pdu(command | RESPONSE, sequence, b"sink\0"))
            elif command in (ENQUIRE, UNBIND):
                answers.append(pdu(command | RESPONSE, sequence))
            at += length
        self.rest = buffer[at:]
        if taken:
            self.door.tally.take(taken, now)
        if acked:
            self.door.receipts.take(acked, now)
        if answers and self.door.conditions.delay:
            asyncio.get_running_loop().call_later(self.door.conditions.delay, self.answer, answers)
        else:
            self.answer(answers)

    def submitted(
        self, buffer: bytes, at: int, length: int, sequence: int, now: float, answers: list[bytes]
    ) -> int:
        door = self.door
        if not door.contract.admits(now):
            door.tally.throttled += 1
            answers.append(pdu(SUBMIT | RESPONSE, sequence, b"", THROTTLED))
            return 0
        if door.watched and buffer.find(door.watched, at, at + length) >= 0:
            door.tally.watch(now)
        identifier = b"%012x" % next(door.ids)
        answers.append(HEAD.pack(HEAD.size + 13, SUBMIT | RESPONSE, 0, sequence) + identifier + b"\0")
        if door.conditions.receipts != "none":
            source, destination = addresses(buffer, at + HEAD.size)
            door.owed.append(receipt(identifier, destination, source))
        return 1

    def acknowledged(self, sequence: int, status: int) -> bool:
        """A receipt was taken, or it comes again."""
        body = self.unanswered.pop(sequence, b"")
        if status and body:
            self.door.owed.append(body)
        return not status

    def answer(self, answers: list[bytes]) -> None:
        """The answers first: a receipt never overtakes its own."""
        if answers and not self.transport.is_closing():
            self.transport.write(b"".join(answers))
        self.pump()

    def pump(self) -> None:
        door, out = self.door, []
        while door.owed and door.release > 0 and len(self.unanswered) < door.window:
            body, sequence = door.owed.popleft(), next(self.sequences)
            self.unanswered[sequence] = body
            door.release -= 1
            out.append(pdu(DELIVER, sequence, body))
        if out and not self.transport.is_closing():
            door.receipts.first = door.receipts.first or time.time()
            self.transport.write(b"".join(out))
