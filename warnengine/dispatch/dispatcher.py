"""The dispatcher of one gateway: claim, intend, send, record; what to do it asks the machine.

The time of a batch is taken before the claim: lease − grace later nothing of it may leave any more, for another
worker may hold the chunk by then. A send that is on the wire at that moment is given up, its outcome unknown.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from warnengine import metrics
from warnengine.dispatch.channel import Channel, Outgoing, Recalling, Text, trouble
from warnengine.dispatch.machine import Abandoned, LastLook, Turn, decide
from warnengine.dispatch.routes import Leave, Routes
from warnengine.dispatch.wire import Answer, Sending, Wire
from warnengine.model.delivery import Attempt, Candidate, Claim, Intent, Outcome, Purpose, What
from warnengine.model.level import Level
from warnengine.settings import Dispatch

log = structlog.get_logger()

RED, BLUE = 0, 3
"""Lanes."""
AHEAD = 2
"""Batches of one gateway in the air, and one more for a red: while one is answered the next is intended."""
BRIEF = 2.0
"""Seconds that a batch should last: so long may a red wait for a slow gateway."""
SHORTEST = 0.0001
"""Seconds that a message takes at least."""


class ClaimDesk(Protocol):
    """A claimed chunk inside the transaction that writes its intents."""

    claim: Claim

    async def doubts(self) -> Sequence[Attempt]:
        """Attempts that an earlier owner left without an outcome."""

    async def candidates(self, most: int) -> Sequence[Candidate]:
        """Deliveries without an intent whose predecessors are settled; their versions are locked FOR SHARE."""

    async def undelivered(self, bundles: Sequence[int]) -> Sequence[tuple[str, str]]:
        """Parts (id, address) that this gateway took of what these bundles replace, and has not confirmed."""

    async def intend(self, intents: Sequence[Intent]) -> Sequence[float]:
        """Write the intents; return, for each change whose first text leaves with them, its seconds since the
        warning."""

    async def conclude(self, outcomes: Sequence[Outcome]) -> None:
        """Write what is already decided: drops and doubts."""

    def record(self, outcome: Outcome) -> Awaitable[None]:
        """Append an outcome; what is returned ends when it is stored. A negative one counts only while the claim
        is still ours."""

    async def release(self) -> None:
        """Give the chunk back."""


class SendStore(Protocol):
    """What dispatching needs of the store."""

    def claim(
        self, channel: str, gateway: str, *, lowest: int, leave: Leave | None
    ) -> AbstractAsyncContextManager[ClaimDesk | None]:
        """The gravest due chunk, claimed; None when there is none. Commits on leaving.

        lowest: the least grave lane that is asked for. leave: what the gateway may take; None: nothing, and only
        chunks whose owner let the lease run out are claimed.
        """


Wording = Callable[[Candidate, Purpose], Text]
"""Fills the closed slots of a text."""


def monotonic() -> float:
    """Seconds of a clock that nobody sets."""
    return asyncio.get_running_loop().time()


@dataclass
class Batch:
    """What is sent under one claim."""

    desk: ClaimDesk
    began: float
    """Before the claim, by the monotonic clock."""
    going: Sequence[tuple[Candidate, Outgoing]]
    recalled: Sequence[tuple[str, str]]
    """Parts that the gateway is asked not to deliver any more: what goes now replaces them."""
    stored: set[Awaitable[None]] = field(default_factory=set)
    """Ends when the outcomes so far are stored."""

    def __post_init__(self) -> None:
        self.left = len(self.going)
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Every message has an outcome."""
        if not self.left:
            self.over.set_result(None)

    def time(self, moment: float) -> datetime:
        """Engine time at a moment of the monotonic clock: that of the claim, moved on."""
        return self.desk.claim.now + timedelta(seconds=moment - self.began)

    def note(self, outcome: Outcome) -> None:
        """What became of one message."""
        self.stored.add(self.desk.record(outcome))
        self.left -= 1  # a late yes comes when it is all over
        if not self.left and not self.over.done():
            self.over.set_result(None)


@dataclass
class Dispatcher:
    """Hands the deliveries of one channel to one gateway."""

    channel: Channel
    store: SendStore
    wording: Wording
    settings: Dispatch
    routes: Routes
    rate: float | None = None
    """Submits a second that the contract with the gateway allows."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a batch has landed, and by whoever makes work."""

    def __post_init__(self) -> None:
        self._wire = Wire(self.channel, self.rate)
        self._each = BRIEF / self.channel.window / 2  # until a batch has shown it
        self._flying: dict[asyncio.Task[None], int] = {}
        self._seconds = metrics.SEND_SECONDS.labels(self.channel.gateway)
        self._attempts = {
            what: metrics.ATTEMPTS.labels(self.channel.kind, self.channel.gateway, what.value) for what in What
        }

    async def step(self) -> bool:
        """Send one batch of the gravest due chunk and record it; return whether there was one."""
        batch = await self._begin(BLUE)
        if batch:
            await self._land(batch)
        return batch is not None

    async def feed(self) -> bool:
        """Put a further batch in the air where there is room; return whether one was. One place is for a red."""
        if len(self._flying) > AHEAD:
            await asyncio.wait(self._flying, return_when=asyncio.FIRST_COMPLETED)
        self._reap()
        batch = await self._begin(self._lowest())
        if batch is None:
            return False
        flight = asyncio.create_task(self._land(batch))
        self._flying[flight] = batch.desk.claim.lane
        flight.add_done_callback(lambda _: self.wake.set())
        return True

    def _lowest(self) -> int:
        """The least grave lane that may begin: never less than what is in the air, which may not be all of it."""
        return min([RED if len(self._flying) >= AHEAD else BLUE, *self._flying.values()])

    async def landed(self) -> None:
        """Wait for what is in the air. What could not be stored is in doubt, and settled by whoever takes over."""
        for lost in await asyncio.gather(*self._flying, return_exceptions=True):
            if isinstance(lost, Exception):
                log.warning("not stored", gateway=self.channel.gateway, problem=type(lost).__name__)

    def _reap(self) -> None:
        for flight in [flight for flight in self._flying if flight.done()]:
            del self._flying[flight]
            flight.result()  # what went wrong with it is the loop's trouble

    async def _begin(self, lowest: int) -> Batch | None:
        """Claim a chunk and write the intents of a batch.

        Behind a gateway that is down, what a dead engine left without an outcome is still settled, for an
        all-clear may wait for it.
        """
        began = monotonic()
        self.routes.seen(self.channel.gateway, self.channel.healthy(), trouble(self.channel))
        leave = self.routes.leave(self.channel.gateway, began)
        if leave and not leave.share and self._flying:
            return None  # a single message at a time
        claiming = self.store.claim(self.channel.kind, self.channel.gateway, lowest=lowest, leave=leave)
        async with claiming as desk:
            if desk is None:
                return None
            going = await self._intend(desk, self._most(leave))
            return Batch(desk, began, going, await self._recalled(desk, going))

    async def _recalled(
        self, desk: ClaimDesk, going: Sequence[tuple[Candidate, Outgoing]]
    ) -> Sequence[tuple[str, str]]:
        bundles = [candidate.bundle for candidate, _ in going if candidate.renews]
        return await desk.undelivered(bundles) if bundles and isinstance(self.channel, Recalling) else []

    def _most(self, leave: Leave | None) -> int:
        """How many of a chunk are intended at once: only these can be in doubt after a crash."""
        if leave is None:
            return 0
        batch = self.settings.intent_batch or self.channel.window
        return max(1, int(leave.share * min(batch, BRIEF / self._each)))

    async def _intend(self, desk: ClaimDesk, most: int) -> list[tuple[Candidate, Outgoing]]:
        now, outcomes = desk.claim.now, []
        outcomes += [decide(attempt, Abandoned(), now) for attempt in await desk.doubts()]
        going: list[tuple[Candidate, Outgoing]] = []
        for candidate in await desk.candidates(most):
            dropped = decide(candidate.attempt, Turn(candidate), now)
            if dropped:
                outcomes.append(dropped)
            else:
                going.append((candidate, self._outgoing(candidate, now)))
        await desk.conclude([outcome for outcome in outcomes if outcome])
        for seconds in await desk.intend([_intent(message) for _, message in going]):
            metrics.FIRST_SUBMIT.observe(seconds)
        return going

    def _outgoing(self, candidate: Candidate, now: datetime) -> Outgoing:
        attempt = candidate.attempt
        return Outgoing(
            delivery=attempt.delivery,
            client_id=_short_hash(f"{attempt.delivery}/{attempt.number}"),
            dedupe_id=_short_hash(f"{attempt.delivery}"),
            address=attempt.address,
            text=self.wording(candidate, attempt.purpose),
            expires_in=(attempt.not_after - now).total_seconds(),
            urgent=attempt.level >= Level.ORANGE,
        )

    async def _land(self, batch: Batch) -> None:
        """Send a batch, store every outcome as it comes, give the chunk back."""
        began = monotonic()
        for provider_id, address in batch.recalled:
            if isinstance(self.channel, Recalling):
                self.channel.recall(provider_id, address)
        for candidate, message in batch.going:
            self._wire.queue(self._sending(batch, candidate.attempt, message))
        await batch.over
        await asyncio.gather(*batch.stored)
        await batch.desk.release()
        if batch.going:
            self._each = max((monotonic() - began) / len(batch.going), SHORTEST)

    def _sending(self, batch: Batch, attempt: Attempt, message: Outgoing) -> Sending:
        started = 0.0
        lasts = self.settings.lease_seconds - self.settings.grace_seconds

        def leave() -> tuple[Outgoing, float] | None:
            nonlocal started
            started = monotonic()
            left = lasts - (started - batch.began)
            now = batch.time(started)
            dropped = decide(attempt, LastLook(left), now)
            if dropped:
                batch.note(self._counted(dropped))
                return None
            message.expires_in = (attempt.not_after - now).total_seconds()
            return message, left

        def answered(answer: Answer) -> None:
            now = monotonic()
            self._seconds.observe(now - started)
            self.routes.answered(self.channel.gateway, answer, now)
            outcome = decide(attempt, answer, batch.time(now))
            assert outcome, "whatever a gateway answers, or not, is an outcome"
            batch.note(self._counted(outcome))

        return Sending(attempt.lane == RED, leave, answered)

    def _counted(self, outcome: Outcome) -> Outcome:
        """Count and log an outcome. Its detail is for the record alone: gateways quote numbers and texts."""
        what = outcome.event.what
        self._attempts[what].inc()
        if what is not What.ACCEPTED:
            log.warning(
                "send",
                gateway=self.channel.gateway,
                delivery=outcome.event.delivery,
                outcome=what.value,
                reason=outcome.reason,
            )
        return outcome


def _intent(message: Outgoing) -> Intent:
    return Intent(message.delivery, message.client_id, hashlib.sha256(message.text.short.encode()).digest())


def _short_hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:16]
