"""The Inbox of every channel: store first, then make sense of it; the gateway is answered only after both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from warnengine import metrics
from warnengine.acknowledge.replies import Meaning, ReadReply, read_reply
from warnengine.model.delivery import Receipt, Reply

LONGEST_NUMBER = 64
"""Characters of an id that may be a number; a gateway's own words are longer, and nobody counts in them."""
BASES = {10: "0123456789", 16: "0123456789abcdef"}
STEPS = {Meaning.RECEIVED: 1, Meaning.ACTING: 2, Meaning.DONE: 3}


class AnswerStore(Protocol):
    """What answers need of the store; each call is one transaction."""

    async def receipt(self, receipt: Receipt, ids: Sequence[str]) -> bool:
        """Keep a receipt and match it with a part; False: parked until its message is known."""

    async def rematch(self, spellings: Callable[[str], Sequence[str]]) -> int:
        """Try the parked receipts again; return how many found their message."""

    async def answered_by_sms(self, reply: Reply, step: int, number: int | None) -> str:
        """Keep a reply and record its answer on the last message to that number; return the verdict."""

    async def wrong_person(self, reply: Reply) -> str:
        """Keep a reply, open a contact task, let the ladder go on at once."""

    async def unclear(self, reply: Reply) -> str:
        """Keep a reply and give it to the duty room."""


@dataclass(frozen=True, slots=True)
class StoredInbox:
    """Fulfils the channels' `Inbox`."""

    store: AnswerStore

    async def receipt(self, receipt: Receipt) -> None:
        """Store a receipt; match it later if its message is not known yet."""
        metrics.RECEIPTS.labels(receipt.gateway, str(receipt.fate)).inc()
        await self.store.receipt(receipt, spellings(receipt.provider_id))

    async def reply(self, reply: Reply) -> None:
        """Store a reply and what it means."""
        verdict = await self._take(reply, read_reply(reply.text))
        metrics.REPLIES.labels(verdict).inc()

    async def rematch(self) -> bool:
        """Receipts do arrive before the answer to their submit: try the parked ones again."""
        return await self.store.rematch(spellings) > 0

    async def _take(self, reply: Reply, read: ReadReply) -> str:
        if read.meaning is Meaning.WRONG_PERSON:
            return await self.store.wrong_person(reply)
        if read.meaning is Meaning.UNCLEAR:
            return await self.store.unclear(reply)
        return await self.store.answered_by_sms(reply, STEPS[read.meaning], read.number)


def spellings(provider_id: str) -> tuple[str, ...]:
    """A gateway may give an id in hexadecimal when it accepts and in decimal in the receipt, or the reverse, with
    leading zeros (8 or 10 digits) or without, in capitals or not."""
    plain = provider_id.strip().lower()
    number = 0 < len(plain) <= LONGEST_NUMBER
    values = {int(plain, base) for base, digits in BASES.items() if number and set(plain) <= set(digits)}
    numbers = [
        form.format(value) for value in sorted(values) for form in ("{:d}", "{:x}", "{:08x}", "{:010x}", "{:010d}")
    ]
    found = [provider_id, plain, *numbers, *map(str.upper, numbers)]
    return tuple(dict.fromkeys(found))
