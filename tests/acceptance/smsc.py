"""A short message centre in the test's own process, with protocol code that is not ours (PyPI `smpp34`).

Its log is the oracle: what is in it has left the engine.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import smpp34

from warnengine.demo.relay import HOST, free_port

SLOWLY = 0.01
"""A pace at which a hundred messages take seconds."""
LINE = "10690000"
"""The engine's own number."""
RECEIPT = "id:{} sub:001 dlvrd:001 submit date:2607270556 done date:2607270556 stat:DELIVRD err:000 text:"


@dataclass(frozen=True)
class Sms:
    """One whole message, as a handset shows it."""

    to: str
    """E.164."""
    text: str


class Smsc:
    """Takes everything for everybody, and says that it was delivered, unless told to keep silent."""

    def __init__(self) -> None:
        self.port = free_port()
        self.log: list[Sms] = []
        self.muted_after: int | None = None
        """With so many messages in the log it takes more, but answers nothing any more."""
        self.pace = 0.0
        """Seconds between two of its answers, so that something is certainly left to send when a test strikes."""
        self._turn = asyncio.Lock()
        self._parts: dict[tuple[str, bytes], dict[int, str]] = {}
        self._esmes: dict[str, smpp34.Esme] = {}
        self._unanswered: list[smpp34.SubmitSmEvent] = []
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        self._server = smpp34.Server(HOST, self.port, inbound_capacity=100_000)
        await self._server.start()
        self._go(self._serve())

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.stop()
        await asyncio.gather(*(esme.unbind() for esme in self._esmes.values()), return_exceptions=True)

    def to(self, number: str) -> list[str]:
        """Texts that a phone has got, in order."""
        return [sms.text for sms in self.log if sms.to == number]

    def copies(self) -> Counter[str]:
        """Messages by number."""
        return Counter(sms.to for sms in self.log)

    @property
    def muted(self) -> bool:
        """Whether it has taken messages that it does not answer."""
        return bool(self._unanswered)

    async def reply(self, number: str, text: str) -> None:
        """Somebody answers; returns when the engine has taken it."""
        octets = text.encode("utf-16-be")
        taken = await self._handed_over(octets, source_addr=number.removeprefix("+"), data_coding=8)
        assert taken, f"the engine did not take the reply {text!r} of {number}"

    async def _serve(self) -> None:
        while True:
            event = await self._server.next()
            if isinstance(event, smpp34.Esme):
                self._esmes[event.session_id] = event
            elif isinstance(event, smpp34.SubmitSmEvent):
                self._submitted(event)
            else:
                self._esmes.pop(event.session_id, None)

    def _submitted(self, event: smpp34.SubmitSmEvent) -> None:
        self._take(event)
        if self.muted_after is not None and len(self.log) >= self.muted_after:
            self._unanswered.append(event)
            return
        self._go(self._answer(event))

    async def _answer(self, event: smpp34.SubmitSmEvent) -> None:
        message_id = secrets.token_hex(8)
        async with self._turn:
            if self.pace:
                await asyncio.sleep(self.pace)
            with contextlib.suppress(smpp34.SmppError):  # who is gone is not answered; the message was taken
                event.accept(message_id)
        await self._receipt(event.destination_addr, message_id)

    def _take(self, event: smpp34.SubmitSmEvent) -> None:
        """Join parts as a handset does, by number and reference (3GPP TS 23.040 §9.2.3.24.1)."""
        number, octets = f"+{event.destination_addr}", event.short_message
        if not event.esm_class & 0x40:
            self.log.append(Sms(number, octets.decode("utf-16-be")))
            return
        reference, total, part = octets[3:4], octets[4], octets[5]
        parts = self._parts.setdefault((number, reference), {})
        parts[part] = octets[6:].decode("utf-16-be")
        if len(parts) == total:
            self.log.append(Sms(number, "".join(parts[place] for place in sorted(parts))))
            del self._parts[number, reference]

    async def _receipt(self, number: str, message_id: str) -> None:
        """Hand a receipt over, again and again until the engine has taken it, as a carrier does."""
        text = RECEIPT.format(message_id).encode()
        while not await self._handed_over(text, source_addr=number, esm_class=0x04):
            await asyncio.sleep(0.2)

    async def _handed_over(self, short_message: bytes, **fields: Any) -> bool:
        for esme in reversed(list(self._esmes.values())):
            try:
                return (await esme.deliver_sm(LINE, short_message, **fields)).is_success
            except smpp34.SmppError:  # this session has ended
                continue
        return False

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
