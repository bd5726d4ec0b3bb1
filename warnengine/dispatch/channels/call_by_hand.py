"""A call by hand: the gateway is the duty room, and the line to it is its list of calls."""

from __future__ import annotations

import asyncio
from typing import Protocol

from warnengine.dispatch.channel import Accepted, ChannelError, Fate, Inbox, Outgoing, Reason, Receipt, Unanswered
from warnengine.dispatch.channels.reconnect import pause

ANSWER_SECONDS = 2.0
"""How long the list may take to answer, twice for each call."""
FATES = {
    "answered": Fate.DELIVERED,
    "no_answer": Fate.FAILED,
    "hung_up": Fate.FAILED,
    "wrong_number": Fate.FAILED,
}
"""What a result says of the call; who hung up before the end has not heard the order. All else says nothing."""


class CallList(Protocol):
    """Where the duty room sees whom to call."""

    async def reach(self) -> None:
        """Raise ConnectionError where the list cannot be reached."""

    async def put(self, delivery: int, address: str, words: str) -> int:
        """Put a call on the list, or find it there; return its number. ConnectionError: nobody knows."""


class CallByHand:
    """Calls that an officer makes with a telephone in the hand. The receipt is what came of them."""

    kind = "call"
    gateway = "duty-room"
    window = 8

    def __init__(self, calls: CallList, inbox: Inbox) -> None:
        self._calls = calls
        self._inbox = inbox
        self._up = False
        self._lost = asyncio.Event()

    async def run(self) -> None:
        """Know whether the list can be reached: look until it can, and again after a call was refused."""
        failures = 0
        try:
            while True:
                if await self._reachable():
                    failures, self._up = 0, True
                    self._lost.clear()
                    await self._lost.wait()
                else:
                    failures += 1
                    await asyncio.sleep(pause(failures, Reason.UNREACHABLE))
        finally:
            self._up = False

    async def send(self, message: Outgoing) -> Accepted:
        """Put one call on the list; a second attempt finds the first while that is open."""
        if message.expires_in <= 0:
            raise ChannelError(Reason.EXPIRED, "its time was over before it could leave", retry=False)
        if not self._up or not await self._reachable():
            self._lose()
            raise ChannelError(Reason.UNREACHABLE, "the duty room's list cannot be reached", retry=True)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                number = await self._calls.put(message.delivery, message.address, message.text.short)
        except OSError as error:
            self._lose()
            raise Unanswered(f"the duty room's list did not answer: {error}") from error
        return Accepted((str(number),), receipts=True)

    async def called(self, number: int, result: str) -> None:
        """An officer says what came of a call: answered, no_answer, hung_up, wrong_number."""
        fate = FATES.get(result, Fate.PENDING)
        raw = f"{number} {result}".encode()
        await self._inbox.receipt(Receipt(self.gateway, str(number), "", fate, result, raw))

    def healthy(self) -> bool:
        """Whether the list could be reached when last tried."""
        return self._up

    def trouble(self) -> str:
        """Why no call can be listed."""
        return "" if self._up else "the duty room's list cannot be reached: look at the database"

    async def _reachable(self) -> bool:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._calls.reach()
        except OSError:
            return False
        return True

    def _lose(self) -> None:
        self._up = False
        self._lost.set()
