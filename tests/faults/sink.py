"""An SMS centre by SMPP 3.4 in a process of its own, whose append-only log is what the cases believe.

    python -m tests.faults.sink --log FILE --control PORT --port PORT [--cert FILE --key FILE]

Every submit is written down before it is answered: time of arrival, connection, number, text, part. What it does with it is
set on the control port by lines of JSON; the names are those of `Manners`. Protocol code of its own: nothing is shared with
the engine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import random
import ssl
import struct
import time
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

HEAD = struct.Struct(">IIII")
BIND_RECEIVER, BIND_TRANSMITTER, SUBMIT, DELIVER, UNBIND, CANCEL, BIND_TRANSCEIVER, ENQUIRE = (
    1,
    2,
    4,
    5,
    6,
    8,
    9,
    0x15,
)
RESPONSE = 0x80000000
HOST = "127.0.0.1"


@dataclass
class Manners:
    """How the centre behaves."""

    delay: float = 0
    """Seconds before each answer; answers do not wait for each other."""
    delay_to: tuple[str, ...] = ()
    """Only answers for numbers that begin so are delayed; empty: all."""
    each: float = 0
    """Seconds that each message takes, one after the other."""
    nack: float = 0
    """Share of the messages that are refused."""
    nack_status: int = 0x58
    """0x58 throttled, 0x0B invalid destination, 0x45 submit failed."""
    nack_to: tuple[str, ...] = ()
    """Only numbers that begin so are refused; empty: any."""
    mute: bool = False
    """Takes messages and does not answer them."""
    mute_after: int = -1
    """Takes so many messages, then is mute."""
    receipts: str = "on"
    """on, off, held (until told `on` again), early (before the answer), twice, contradicting, decimal (hex in the answer),
    strange (beside each one of an id that nobody knows)."""
    receipt_delay: float = 0
    black_hole: tuple[str, ...] = ()
    """Numbers that begin so are accepted and never delivered."""
    undeliverable: tuple[str, ...] = ()
    """Numbers that begin so get stat:UNDELIV."""
    refuse_bind: bool = False
    same_ids: bool = False
    """Ids are used again after 50."""
    deaf: bool = False
    """Connections are made and not a byte is read."""


@dataclass
class Centre:
    """Everything that the connections share."""

    log: Any
    manners: Manners = field(default_factory=Manners)
    connections: int = 0
    taken: int = 0
    sequence: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    writers: dict[int, asyncio.StreamWriter] = field(default_factory=dict)
    held: list[tuple[str, str, str, str]] = field(default_factory=list)
    owed: dict[int, tuple[str, str, str, str]] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def note(self, what: str, **more: Any) -> None:
        """Append a line; it is in the kernel before anything else happens."""
        self.log.write(json.dumps({"what": what, "at": time.time(), **more}, ensure_ascii=False) + "\n")
        self.log.flush()

    def go(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def number(self) -> int:
        self.sequence += 1
        return self.sequence

    # receipts

    async def receipt(self, provider_id: str, source: str, line: str) -> None:
        """Owe a receipt as the manners have it."""
        manners = self.manners
        if manners.receipts == "off" or source.startswith(manners.black_hole or ("?",)):
            return
        stat = "UNDELIV" if source.startswith(manners.undeliverable or ("?",)) else "DELIVRD"
        shown = str(int(provider_id, 16)) if manners.receipts == "decimal" else provider_id
        one = (shown, source, line, stat)
        if manners.receipts == "held":
            self.held.append(one)
            return
        if manners.receipt_delay:
            await asyncio.sleep(random.uniform(0, manners.receipt_delay))
        if manners.receipts == "strange":
            self.hand_over((f"{random.getrandbits(40):x}", source, line, stat))
        if manners.receipts == "contradicting":
            both = [(shown, source, line, "UNDELIV"), one]
            random.shuffle(both)
            for each in both:
                self.hand_over(each)
                await asyncio.sleep(0.02)
        else:
            self.hand_over(one)
            if manners.receipts == "twice":
                self.hand_over(one)

    def hand_over(self, one: tuple[str, str, str, str]) -> None:
        """Send a receipt by the newest session; again when that one ends before it is confirmed."""
        sequence = self.number()
        self.owed[sequence] = one
        self.say(sequence)

    def say(self, sequence: int) -> None:
        if not self.writers:
            return
        shown, source, line, stat = self.owed[sequence]
        text = (
            f"id:{shown} sub:001 dlvrd:001 submit date:2607270554 done date:2607270554 stat:{stat} err:000 text:"
        ).encode()
        body = b"\0\1\1" + source.encode() + b"\0\1\1" + line.encode() + b"\0\x04\0\0\0\0\0\0\0\0"
        body += bytes([len(text)]) + text
        writer = self.writers[max(self.writers)]
        writer.write(pdu(DELIVER, sequence, body))
        self.note("receipt", id=shown, to=source, stat=stat, connection=max(self.writers))

    def reply(self, number: str, words: str) -> None:
        """Somebody answers by SMS; in vain where nobody is connected."""
        if not self.writers:
            return
        body = b"\0\1\1" + number.lstrip("+").encode() + b"\0\1\1" + b"10690000" + b"\0\0\0\0\0\0\0\0\x08\0"
        octets = words.encode("utf-16-be")
        self.writers[max(self.writers)].write(pdu(DELIVER, self.number(), body + bytes([len(octets)]) + octets))
        self.note("reply", to=number, text=words)

    def confirmed(self, sequence: int, status: int) -> None:
        if status == 0:
            self.owed.pop(sequence, None)
        elif sequence in self.owed:
            self.go(self.again(sequence))

    async def again(self, sequence: int) -> None:
        await asyncio.sleep(0.3)
        if sequence in self.owed:
            self.say(sequence)

    async def release(self) -> None:
        held, self.held = self.held, []
        for one in held:
            self.hand_over(one)
            await asyncio.sleep(0.001)

    def joined(self) -> None:
        """A new session has come: it gets what an earlier one has not confirmed."""
        for sequence in list(self.owed):
            self.say(sequence)


def pdu(command: int, sequence: int, body: bytes = b"", status: int = 0) -> bytes:
    return HEAD.pack(HEAD.size + len(body), command, status, sequence) + body


@dataclass(frozen=True)
class Submit:
    """The fields of a submit_sm that matter here (SMPP 3.4, 4.4.1)."""

    source: str
    to: str
    text: str
    reference: str
    part: int
    parts: int
    validity: str


def read_submit(body: bytes) -> Submit:
    """Read a submit_sm."""
    place = body.index(0) + 1
    end = body.index(0, place + 2)
    source, place = body[place + 2 : end].decode(), end + 1
    end = body.index(0, place + 2)
    to, place = body[place + 2 : end].decode(), end + 1
    esm, place = body[place], place + 3
    place = body.index(0, place) + 1  # schedule_delivery_time
    end = body.index(0, place)
    validity, place = body[place:end].decode(), end + 3
    coding, place = body[place], place + 2
    length = body[place]
    octets = body[place + 1 : place + 1 + length]
    reference, part, parts = "", 1, 1
    if esm & 0x40:
        header, octets = octets[: octets[0] + 1], octets[octets[0] + 1 :]
        reference, parts, part = header[3:-2].hex(), header[-2], header[-1]
    text = octets.decode("utf-16-be" if coding == 8 else "latin-1")
    return Submit(source, to, text, reference, part, parts, validity)


class Session:
    """One connection."""

    def __init__(self, centre: Centre, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.centre, self.reader, self.writer = centre, reader, writer
        centre.connections += 1
        self.connection = centre.connections

    async def serve(self) -> None:
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                while True:
                    while self.centre.manners.deaf:
                        await asyncio.sleep(0.05)
                    length, command, status, sequence = HEAD.unpack(await self.reader.readexactly(HEAD.size))
                    body = await self.reader.readexactly(length - HEAD.size)
                    self.act(command, status, sequence, body)
                    await self.writer.drain()
        finally:
            self.centre.writers.pop(self.connection, None)
            self.centre.note("gone", connection=self.connection)
            self.writer.close()

    def act(self, command: int, status: int, sequence: int, body: bytes) -> None:
        centre = self.centre
        if command == SUBMIT:
            centre.go(self.submitted(sequence, read_submit(body)))
        elif command == DELIVER | RESPONSE:
            centre.confirmed(sequence, status)
        elif command in (BIND_TRANSCEIVER, BIND_TRANSMITTER, BIND_RECEIVER):
            refused = centre.manners.refuse_bind
            centre.note("bind", connection=self.connection, refused=refused, as_=body.split(b"\0")[0].decode())
            self.writer.write(pdu(command | RESPONSE, sequence, b"sink\0", 0x0E if refused else 0))
            if not refused:
                centre.writers[self.connection] = self.writer
                centre.joined()
        elif command == CANCEL:
            centre.note(
                "cancel", connection=self.connection, id=body[body.index(0) + 1 :].split(b"\0")[0].decode()
            )
            self.writer.write(pdu(command | RESPONSE, sequence))
        elif command in (ENQUIRE, UNBIND):
            if command == UNBIND:
                centre.note("unbind", connection=self.connection)
                centre.writers.pop(self.connection, None)
            self.writer.write(pdu(command | RESPONSE, sequence))

    async def submitted(self, sequence: int, submit: Submit) -> None:
        centre, manners = self.centre, self.centre.manners
        aimed = not manners.nack_to or submit.to.startswith(manners.nack_to)
        whole = random.Random(f"{submit.to}{submit.reference}{submit.text if not submit.reference else ''}")
        refused = aimed and whole.random() < manners.nack  # all parts of a message, or none
        centre.taken += not refused
        mute = manners.mute or 0 <= manners.mute_after < centre.taken
        provider_id = f"{centre.taken % 50 if manners.same_ids else centre.taken + 0x5A000000:08x}"
        centre.note(
            "submit", connection=self.connection, to=f"+{submit.to}", text=submit.text, reference=submit.reference,
            sha=hashlib.sha256(submit.text.encode()).hexdigest()[:16], part=submit.part, parts=submit.parts,
            answer="refused" if refused else "none" if mute else "accepted", id=provider_id, validity=submit.validity,
        )  # fmt: skip
        if manners.each:
            async with centre.turn:
                await asyncio.sleep(manners.each)
        if manners.delay and submit.to.startswith(manners.delay_to or ("",)):
            await asyncio.sleep(manners.delay)
        if refused:
            self.writer.write(pdu(SUBMIT | RESPONSE, sequence, b"", manners.nack_status))
            return
        if mute:
            return
        if manners.receipts == "early":
            await centre.receipt(provider_id, submit.to, submit.source)
            await asyncio.sleep(0.05)
        self.writer.write(pdu(SUBMIT | RESPONSE, sequence, provider_id.encode() + b"\0"))
        if manners.receipts != "early":
            await centre.receipt(provider_id, submit.to, submit.source)


async def control(centre: Centre, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One JSON object per line: manners to set, or {"do": "release"|"cut"}, {"replies": [[number, words]]}; the answer tells how things stand."""
    known = {entry.name for entry in fields(Manners)}
    while line := await reader.readline():
        for key, value in json.loads(line).items():
            if key in known:
                setattr(centre.manners, key, tuple(value) if isinstance(value, list) else value)
            elif key == "replies":
                for number, words in value:
                    centre.reply(number, words)
            elif value == "release":
                centre.manners.receipts = "on"
                await centre.release()
            elif value == "cut":
                for session in list(centre.writers.values()):
                    session.transport.abort()
        state = {
            "taken": centre.taken,
            "owed": len(centre.owed),
            "held": len(centre.held),
            "open": len(centre.writers),
        }
        writer.write(json.dumps(state).encode() + b"\n")
        await writer.drain()
    writer.close()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--cert", type=Path)
    parser.add_argument("--key", type=Path)
    parser.add_argument("--manners", type=json.loads, default={})
    given = parser.parse_args()
    context = None
    if given.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(given.cert, given.key)
    manners = {key: tuple(value) if isinstance(value, list) else value for key, value in given.manners.items()}
    centre = Centre(os.fdopen(os.open(given.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "a"), Manners(**manners))

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Session(centre, reader, writer).serve()

    async def controlled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await control(centre, reader, writer)

    server = await asyncio.start_server(served, HOST, given.port, ssl=context)
    await asyncio.start_server(controlled, HOST, given.control)
    print("up", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
