"""The Inbox of every channel: store first, then make sense of it; the gateway is answered only after both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from warnengine import metrics
from warnengine.acknowledge.replies import Meaning, ReadReply, read_reply
from warnengine.model.delivery import Receipt, Reply

STEPS = {Meaning.RECEIVED: 1, Meaning.ACTING: 2, Meaning.DONE: 3}


class ReceiptStore(Protocol):
    """Where receipts are kept."""

    async def take(self, receipts: Sequence[Receipt]) -> None:
        """Store receipts and what they say; a gateway hears yes only after that."""


class AnswerStore(Protocol):
    """What answers need of the store; each call is one transaction."""

    async def answered_by_sms(self, reply: Reply, step: int, number: int | None, item: int | None) -> str:
        """Keep a reply and record its answer on the last message to that number; return the verdict."""

    async def wrong_person(self, reply: Reply) -> str:
        """Keep a reply, open a contact task, send nothing more there, let the ladder go on at once."""

    async def unclear(self, reply: Reply) -> str:
        """Keep a reply and give it to the duty room."""


@dataclass(frozen=True, slots=True)
class StoredInbox:
    """Fulfils the channels' `Inbox`."""

    receipts: ReceiptStore
    store: AnswerStore

    async def receipt(self, receipt: Receipt) -> None:
        """Store a receipt; match it later if its message is not known yet."""
        await self.batch([receipt])

    async def batch(self, receipts: Sequence[Receipt]) -> None:
        """Store receipts that came together."""
        await self.receipts.take(receipts)

    async def reply(self, reply: Reply) -> None:
        """Store a reply and what it means."""
        verdict = await self._take(reply, read_reply(reply.text))
        metrics.REPLIES.labels(verdict).inc()

    async def _take(self, reply: Reply, read: ReadReply) -> str:
        if read.meaning is Meaning.WRONG_PERSON:
            return await self.store.wrong_person(reply)
        if read.meaning is Meaning.UNCLEAR:
            return await self.store.unclear(reply)
        return await self.store.answered_by_sms(reply, STEPS[read.meaning], read.number, read.item)
