"""Intake: bytes in, kept with a verdict. Whatever the way in, only here may a warning pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from warnengine import metrics
from warnengine.ingest import leftover
from warnengine.ingest.admission import (
    LIVE,
    SPEAKING,
    Admission,
    admit,
    agree,
    authorised,
    compare,
    concerns,
    may_concern,
    refuse_ahead,
    told_apart,
    told_by,
)
from warnengine.ingest.age import refuse_stale
from warnengine.ingest.trust import Trust, trusting
from warnengine.ingest.unread import contradicted, unread
from warnengine.model.arrival import Arrival, Met, Taken, Verdict
from warnengine.model.book import RuleBook
from warnengine.model.errors import RefusedWarning
from warnengine.model.quarantine import Case
from warnengine.model.warning import Status, Warning

log = structlog.get_logger()


class Desk(Protocol):
    """One arrival and one transaction; RefusedWarning where the store cannot hold what a message says."""

    async def now(self) -> datetime:
        """Engine time."""

    async def keep(
        self, arrival: Arrival, verdict: Verdict, reason: str | None, explanation: str | None
    ) -> int | None:
        """Keep the bytes; None where this very arrival is kept already."""

    async def meet(self, warnings: Sequence[Warning], sayings: Sequence[Sequence[str]], source: str) -> list[Met]:
        """Keep what is new, or meet what is known by its key or, with its sayings, under another name."""

    async def concern(self, district: str, arrival: int, readings: Sequence[tuple[int, Warning]]) -> None:
        """Let the reconciler of a district take these readings in."""

    async def ask(self, district: str, questions: Iterable[str]) -> None:
        """Put questions to the duty room of a district, each once for ever."""

    async def hold(self, district: str, arrival: int, case: Case) -> None:
        """Keep what of an arrival was not let in as work for the duty room, until somebody has closed it."""

    async def held(self, warnings: Sequence[Warning]) -> frozenset[str]:
        """Which identifiers of these messages, and of those that they refer to, have come in before."""

    async def taking_in(self, now: datetime) -> bool:
        """Whether this store is so young that it is still being told what stands."""

    async def link(self, arrival: int, warnings: Iterable[int]) -> None:
        """This arrival brought those warnings."""


class WarningStore(Protocol):
    """Where intake finds its desk."""

    def arrival(self) -> AbstractAsyncContextManager[Desk]:
        """One transaction."""


Read = Callable[[bytes], Sequence[Warning]]


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes arrivals from every source."""

    store: WarningStore
    read: Read
    book: RuleBook
    statuses: frozenset[Status] = LIVE
    """Of the messages that may order anything here."""
    trust: Callable[[str], Trust] = trusting
    """What is asked of the messages of a source."""

    async def take(self, arrival: Arrival) -> Taken:
        """Keep an arrival and judge it. Raises only where it could not be kept."""
        taken = await self.judged(arrival)
        metrics.WARNINGS.labels(arrival.source, taken.verdict.value).inc()
        log.info(
            "arrival", source=arrival.source, position=arrival.position, verdict=taken.verdict, reason=taken.reason
        )
        return taken

    async def judged(self, arrival: Arrival) -> Taken:
        """The same, untold and uncounted: of a message that may be rehearsed only."""
        found: Sequence[Warning] = ()
        try:
            found, unsigned = await self._read(arrival)
            return await self._accept(arrival, found, unsigned)
        except RefusedWarning as refusal:
            return await self._quarantine(arrival, refusal, found)

    async def again(self, arrival: Arrival) -> Taken:
        """Judge bytes that were kept; RefusedWarning where they are not let in, and nothing of it stays."""
        return await self._accept(arrival, *await self._read(arrival))

    async def _read(self, arrival: Arrival) -> tuple[Sequence[Warning], Sequence[RefusedWarning]]:
        """What the signed bytes say where a source must sign, and why other alerts do not count."""
        trust = self.trust(arrival.source)
        if trust.pins is None:
            return self.read(arrival.raw), ()
        at = arrival.received_at
        if at is None:
            async with self.store.arrival() as desk:
                at = await desk.now()
        raw, unsigned = trust.heard(arrival, at)
        return self.read(raw), unsigned

    def _admitted(
        self, warnings: Sequence[Warning], source: str, now: datetime, held: frozenset[str]
    ) -> tuple[list[Admission], list[RefusedWarning]]:
        """Whom to let in, and why the others are not; raise where nobody is left."""
        admitted: list[Admission] = []
        refused: list[RefusedWarning] = []
        for warning in warnings:
            try:
                admit(warning, self.book, self.statuses)
                refuse_ahead(warning, now)
                if concerns(warning, self.book):
                    refuse_stale(warning, self.trust(source).window, now, held)
                admitted.append(authorised(warning, source, self.book))
            except RefusedWarning as refusal:
                refused.append(refusal)
        if refused and not admitted:
            raise refused[0]
        return admitted, refused

    async def _accept(
        self, arrival: Arrival, found: Sequence[Warning], unsigned: Sequence[RefusedWarning] = ()
    ) -> Taken:
        async with self.store.arrival() as desk:
            now = await desk.now()
            held = await self._held(desk, found, arrival.source, now)
            admitted, refused = self._admitted(found, arrival.source, now, held)
            whole = [one.warning for one in admitted]
            met = await desk.meet(whole, [told_by(one, self.book) for one in whole], arrival.source)
            pairs, reused = told_apart(arrival.source, admitted, met)
            ids = tuple(known.id for _, known in pairs)
            verdict, reason, explanation = compare(arrival.source, pairs)
            kept = await desk.keep(arrival, verdict, reason, explanation)
            if kept is None:  # a broker repeats what it did not see committed
                return Taken(Verdict.REPEAT, ids)
            await desk.link(kept, ids)
            await self._pass_on(desk, kept, arrival.source, pairs, [*unsigned, *refused, *reused])
        for one, known in pairs:
            if known.fresh:
                lag = (now - one.warning.sent).total_seconds()
                metrics.SOURCE_LAG.labels(arrival.source).observe(max(0.0, lag))
        return Taken(verdict, ids, reason, explanation)

    async def _pass_on(
        self,
        desk: Desk,
        kept: int,
        source: str,
        pairs: Sequence[tuple[Admission, Met]],
        refused: Sequence[RefusedWarning],
    ) -> None:
        """What concerns the district goes to its reconciler; what nobody acts on, or is doubtful, to people."""
        district = self.book.district.code
        concerning = [
            (known.id, one.part)
            for one, known in pairs
            if concerns(one.part, self.book) and one.part.msg_type in SPEAKING
        ]
        await desk.concern(district, kept, concerning)
        warnings = [one.warning for one, _ in pairs]
        await desk.ask(district, unread(warnings, refused, self.book))
        differing = [one.warning for one, known in pairs if not agree(source, one.warning, known)]
        await desk.ask(district, contradicted(warnings, differing, self.book))
        beyond = [one.beyond for one, _ in pairs if one.beyond]
        if case := leftover.part(kept, beyond, refused):
            await desk.hold(district, kept, case)

    async def _held(self, desk: Desk, found: Sequence[Warning], source: str, now: datetime) -> frozenset[str]:
        """What is known already of messages that are older than their source may be."""
        window = self.trust(source).window
        old = [warning for warning in found if window and warning.sent < now - window]
        if old and await desk.taking_in(now):
            return frozenset(warning.identifier for warning in old)
        return await desk.held(old) if old else frozenset()

    async def _quarantine(self, arrival: Arrival, refusal: RefusedWarning, found: Sequence[Warning]) -> Taken:
        metrics.QUARANTINE.labels(refusal.reason).inc()
        async with self.store.arrival() as desk:
            kept = await desk.keep(arrival, Verdict.QUARANTINED, refusal.reason, str(refusal))
            if kept is not None:
                ours = any(may_concern(one, self.book) for one in found) if found else None
                await desk.hold(self.book.district.code, kept, leftover.whole(kept, arrival.source, refusal, ours))
        return Taken(Verdict.QUARANTINED, (), refusal.reason, str(refusal))
