"""The wire to one gateway: who leaves next, how many at once, how fast.

A red leaves before everything else, and a part of the window is kept for it: it never waits behind what is already
on its way. Answers return by callbacks: a task for each message would cost more than the message.
"""

from __future__ import annotations

import asyncio
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from warnengine import metrics
from warnengine.dispatch.channel import Accepted, BulkChannel, Channel, ChannelError, Outgoing, Text, Unanswered

log = structlog.get_logger()

Answer = Accepted | ChannelError | Unanswered
ORDINARY = 0.8
"""The share of the window that everything but red may take."""
ONE, PART = 70, 67
"""UTF-16 units of a short message, and of each part of a longer one (3GPP TS 23.040)."""


@dataclass(frozen=True, slots=True)
class Sending:
    """A message that waits for its turn."""

    urgent: bool
    """Red: it may take the whole window."""
    leave: Callable[[], tuple[Outgoing, float] | None]
    """The last look: the message and the seconds for its answer, or None where it must not leave any more."""
    answered: Callable[[Answer], None]
    """Called once more where the gateway's yes comes after it was given up."""


class Wire:
    """Hands messages to a channel."""

    def __init__(self, channel: Channel, rate: float | None) -> None:
        """rate: submits a second that the contract allows; None: no limit."""
        self._channel = channel
        self._bulk = channel if isinstance(channel, BulkChannel) else None
        self._interval = 1 / rate if rate else 0.0
        self._free = channel.window
        self._ordinary = max(1, int(channel.window * ORDINARY))
        self._red: deque[Sending] = deque()
        self._others: deque[Sending] = deque()
        self._next = 0.0
        """When the contract lets the next one leave, by the clock of the loop."""
        self._alarm: asyncio.TimerHandle | None = None
        self._flowing = False
        self._tasks: set[asyncio.Task[None]] = set()

    def queue(self, sending: Sending) -> None:
        """Let it leave as soon as there is room."""
        (self._red if sending.urgent else self._others).append(sending)
        self._flow()

    def _flow(self) -> None:
        if self._flowing:  # an answer that comes at once must not nest
            return
        self._flowing = True
        try:
            while (line := self._turn()) and not self._too_early():
                self._leave(line.popleft())
        finally:
            self._flowing = False

    def _turn(self) -> deque[Sending] | None:
        if not self._free:
            return None
        if self._red:
            return self._red
        return self._others if self._others and self._ordinary else None

    def _too_early(self) -> bool:
        if not self._interval:
            return False
        loop = asyncio.get_running_loop()
        early = self._next > loop.time()
        if early and not self._alarm:
            self._alarm = loop.call_at(self._next, self._on_time)
        return early

    def _on_time(self) -> None:
        self._alarm = None
        self._flow()

    def _leave(self, sending: Sending) -> None:
        leaving = sending.leave()
        if leaving is None:
            return
        self._free -= 1
        self._ordinary -= not sending.urgent
        if self._interval:
            now = asyncio.get_running_loop().time()
            self._next = max(self._next, now) + submits(self._channel.kind, leaving[0].text) * self._interval
        self._submit(sending, *leaving)

    def _submit(self, sending: Sending, message: Outgoing, within: float) -> None:
        if not self._bulk:
            task = asyncio.create_task(self._send(sending, message, within))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        given_up = False

        def answered(answer: Answer) -> None:
            nonlocal given_up
            if given_up:  # a late yes takes no room
                sending.answered(answer)
            else:
                given_up = True
                self._answered(sending, answer)

        try:
            self._bulk.submit(message, answered)
        except Exception as error:  # noqa: BLE001 - a channel's defect must not end the engine or hold up others
            answered(self._defect(error))

    async def _send(self, sending: Sending, message: Outgoing, within: float) -> None:
        try:
            async with asyncio.timeout(within):
                answer: Answer = await self._channel.send(message)
        except (ChannelError, Unanswered) as error:
            answer = error
        except TimeoutError:
            answer = Unanswered("no answer within the lease")
        except Exception as error:  # noqa: BLE001 - a channel's defect must not end the engine or hold up others
            answer = self._defect(error)
        self._answered(sending, answer)

    def _defect(self, error: Exception) -> Unanswered:
        """Log where it happened; the words of an error may hold a number or a text."""
        metrics.DEFECTS.labels(self._channel.gateway).inc()
        log.error(
            "defect",
            gateway=self._channel.gateway,
            problem=type(error).__name__,
            traceback="".join(traceback.format_tb(error.__traceback__)),
        )
        return Unanswered(f"defect in the channel: {type(error).__name__}")

    def _answered(self, sending: Sending, answer: Answer) -> None:
        self._free += 1
        self._ordinary += not sending.urgent
        sending.answered(answer)
        self._flow()


def submits(kind: str, text: Text) -> int:
    """How many submits the contract counts for a text on a channel of this kind: an SMS once for each part."""
    if kind != "sms":
        return 1
    units = len(text.short.encode("utf-16-be")) // 2
    return 1 if units <= ONE else -(-units // PART)
