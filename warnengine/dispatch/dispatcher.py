"""The dispatcher of one gateway: claim, intend, send, record; nothing else.

The time of a batch is taken before the claim: lease − grace later nothing of it may leave any more, for another
worker may hold the chunk by then. A send that is on the wire at that moment is given up, its outcome unknown.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from warnengine import metrics
from warnengine.dispatch import retry
from warnengine.dispatch.channel import Channel, ChannelError, Outgoing, Reason, Text, Unanswered
from warnengine.model.delivery import Candidate, Claim, Doubt, Event, Intent, Outcome, Purpose, What
from warnengine.model.level import Level
from warnengine.model.reason import WORDS
from warnengine.settings import Dispatch

log = structlog.get_logger()


class ClaimDesk(Protocol):
    """A claimed chunk inside the transaction that writes its intents."""

    claim: Claim

    async def doubts(self) -> Sequence[Doubt]:
        """Attempts that an earlier owner left without an outcome."""

    async def candidates(self, most: int) -> Sequence[Candidate]:
        """Deliveries without an intent whose predecessors are settled; their versions are locked FOR SHARE."""

    async def intend(self, intents: Sequence[Intent]) -> Sequence[float]:
        """Write the intents; return, for each change whose first text leaves with them, its seconds since the
        warning."""

    async def conclude(self, outcomes: Sequence[Outcome]) -> None:
        """Write what is already decided: drops and doubts."""

    async def record(self, outcomes: Sequence[Outcome]) -> None:
        """Append outcomes and give the chunk back, in a transaction of its own. Negative ones count only while
        the claim is still ours."""


class SendStore(Protocol):
    """What dispatching needs of the store."""

    def claim(
        self, channel: str, gateway: str, *, abandoned: bool
    ) -> AbstractAsyncContextManager[ClaimDesk | None]:
        """The gravest due chunk, claimed; None when there is none. Commits on leaving.

        abandoned: only chunks whose owner let the lease run out.
        """


Wording = Callable[[Candidate, Purpose], Text]
"""Fills the closed slots of a text."""
NOT_SENT = {What.EXPIRED: WORDS[Reason.EXPIRED], What.FAILED: WORDS[Reason.RETIRED]}
"""What the duty room reads of texts that were not sent."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What is sent under one claim."""

    claim: Claim
    began: float
    """Before the claim, by the monotonic clock."""
    window: asyncio.Semaphore
    """Room on the wire: what waits for it is judged again when its turn comes."""

    @property
    def age(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.began


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Hands the deliveries of one channel to one gateway."""

    channel: Channel
    store: SendStore
    wording: Wording
    settings: Dispatch

    async def step(self) -> bool:
        """Send one batch of the gravest due chunk; return whether there was one.

        One batch at a time, so that a red never waits behind more than a batch of blues. Behind a gateway that is
        down, what a dead engine left without an outcome is still settled, for an all-clear may wait for it.
        """
        up = self.channel.healthy()
        began = time.monotonic()
        async with self.store.claim(self.channel.kind, self.channel.gateway, abandoned=not up) as desk:
            if desk is None:
                return False
            going = await self._intend(desk, self.settings.intent_batch if up else 0)
        batch = Batch(desk.claim, began, asyncio.Semaphore(self.channel.window))
        await desk.record(await asyncio.gather(*(self._send(batch, *one) for one in going)))
        return True

    async def _intend(self, desk: ClaimDesk, most: int) -> list[tuple[Candidate, Outgoing]]:
        claim = desk.claim
        outcomes = [
            retry.unknown(doubt, claim.lane, "engine stopped in mid-send") for doubt in await desk.doubts()
        ]
        going: list[tuple[Candidate, Outgoing]] = []
        for candidate in await desk.candidates(most):
            why_not = retry.judge(candidate, claim.purpose)
            if why_not:
                page = NOT_SENT.get(why_not)
                outcomes.append(Outcome(Event(candidate.delivery, claim.number, why_not, page or ""), page=page))
            else:
                going.append((candidate, self._outgoing(candidate, claim)))
        await desk.conclude(outcomes)
        for seconds in await desk.intend([_intent(message) for _, message in going]):
            metrics.FIRST_SUBMIT.observe(seconds)
        return going

    def _outgoing(self, candidate: Candidate, claim: Claim) -> Outgoing:
        return Outgoing(
            delivery=candidate.delivery,
            client_id=_short_hash(f"{candidate.delivery}/{claim.number}"),
            dedupe_id=_short_hash(f"{candidate.delivery}"),
            address=candidate.address,
            text=self.wording(candidate, claim.purpose),
            expires_in=retry.remaining(candidate.not_after, candidate.now),
            urgent=candidate.level >= Level.ORANGE,
        )

    async def _send(self, batch: Batch, candidate: Candidate, message: Outgoing) -> Outcome:
        async with batch.window:
            left = self.settings.lease_seconds - self.settings.grace_seconds - batch.age
            if left <= 0:  # the claim may be somebody else's by now
                late = ChannelError(Reason.UNREACHABLE, "not sent within the lease", retry=True)
                return self._counted(retry.refused(candidate, batch.claim, late))
            if batch.age >= message.expires_in:
                event = Event(candidate.delivery, batch.claim.number, What.EXPIRED)
                return self._counted(Outcome(event, page=NOT_SENT[What.EXPIRED]))
            message = replace(message, expires_in=message.expires_in - batch.age)
            started = time.monotonic()
            outcome = await self._hand_over(batch.claim, candidate, message, left)
            metrics.SEND_SECONDS.labels(self.channel.gateway).observe(time.monotonic() - started)
            return self._counted(outcome)

    async def _hand_over(self, claim: Claim, candidate: Candidate, message: Outgoing, within: float) -> Outcome:
        try:
            async with asyncio.timeout(within):
                return retry.accepted(candidate, claim, await self.channel.send(message))
        except ChannelError as error:
            return retry.refused(candidate, claim, error)
        except Unanswered as error:
            return retry.unanswered(candidate, claim, error)
        except TimeoutError:
            return retry.unanswered(candidate, claim, Unanswered("no answer within the lease"))
        except Exception as error:  # noqa: BLE001 - a channel's defect must not end the engine or hold up its chunk
            self._defect(error)
            return retry.unanswered(candidate, claim, Unanswered(f"defect in the channel: {type(error).__name__}"))

    def _defect(self, error: Exception) -> None:
        """Log where it happened; the words of an error may hold a number or a text."""
        metrics.DEFECTS.labels(self.channel.gateway).inc()
        log.error(
            "defect",
            gateway=self.channel.gateway,
            problem=type(error).__name__,
            traceback="".join(traceback.format_tb(error.__traceback__)),
        )

    def _counted(self, outcome: Outcome) -> Outcome:
        """Count and log an outcome. Its detail is for the record alone: gateways quote numbers and texts."""
        what = outcome.event.what
        metrics.ATTEMPTS.labels(self.channel.kind, self.channel.gateway, what.value).inc()
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
