"""Intake: bytes in, kept with a verdict. Whatever the way in, only here may a warning pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from warnengine import metrics
from warnengine.ingest.faulty import refuse_faulty
from warnengine.ingest.limits import refuse_too_long
from warnengine.ingest.unread import speaks_here, unread
from warnengine.model.arrival import Arrival, Met, Taken, Verdict
from warnengine.model.book import RuleBook
from warnengine.model.errors import RefusedWarning
from warnengine.model.warning import MsgType, Status, Warning

log = structlog.get_logger()
LIVE = frozenset({Status.ACTUAL})
DRILL = frozenset({Status.EXERCISE, Status.TEST})
SPEAKING = frozenset({MsgType.ALERT, MsgType.UPDATE, MsgType.CANCEL})
AHEAD = timedelta(minutes=10)
"""How far an issuer's clock may be ahead of ours. The newest word of an issuer counts, so one from the future
would silence it until then: a message is trusted only within a window around its time of sending."""


class Desk(Protocol):
    """One arrival and one transaction; RefusedWarning where the store cannot hold what a message says."""

    async def now(self) -> datetime:
        """Engine time."""

    async def keep(
        self, arrival: Arrival, verdict: Verdict, reason: str | None, explanation: str | None
    ) -> int | None:
        """Keep the bytes; None where this very arrival is kept already."""

    async def meet(self, warning: Warning, source: str) -> Met:
        """Keep a new warning, or meet the one of the same key."""

    async def concern(self, district: str, warning_id: int, arrival: int, warning: Warning) -> None:
        """Let the reconciler of a district take this reading in."""

    async def ask(self, district: str, questions: Iterable[str]) -> None:
        """Put questions to the duty room of a district, each once for ever."""

    async def link(self, arrival: int, warning_id: int) -> None:
        """This arrival brought that warning."""


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
        try:
            return await self._accept(arrival, self.read(arrival.raw))
        except RefusedWarning as refusal:
            return await self._quarantine(arrival, refusal)

    def _admitted(self, warnings: Sequence[Warning], now: datetime) -> tuple[list[Warning], list[RefusedWarning]]:
        """Whom to let in, and why the others are not; raise where nobody is left."""
        admitted: list[Warning] = []
        refused: list[RefusedWarning] = []
        for warning in warnings:
            try:
                admit(warning, self.book, self.statuses)
                refuse_ahead(warning, now)
                admitted.append(warning)
            except RefusedWarning as refusal:
                refused.append(refusal)
        if refused and not admitted:
            raise refused[0]
        return admitted, refused

    async def _accept(self, arrival: Arrival, found: Sequence[Warning]) -> Taken:
        async with self.store.arrival() as desk:
            now = await desk.now()
            warnings, refused = self._admitted(found, now)
            met = [await desk.meet(warning, arrival.source) for warning in warnings]
            verdict, reason, explanation = compare(arrival.source, warnings, met)
            kept = await desk.keep(arrival, verdict, reason, explanation)
            if kept is None:  # a broker repeats what it did not see committed
                return Taken(Verdict.REPEAT, tuple(one.id for one in met))
            for warning, one in zip(warnings, met, strict=True):
                await desk.link(kept, one.id)
                if concerns(warning, self.book) and warning.msg_type in SPEAKING:
                    await desk.concern(self.book.district.code, one.id, kept, warning)
            await desk.ask(self.book.district.code, unread(warnings, refused, self.book))
        for warning, one in zip(warnings, met, strict=True):
            if one.fresh:
                lag = (now - warning.sent).total_seconds()
                metrics.SOURCE_LAG.labels(arrival.source).observe(max(0.0, lag))
        return Taken(verdict, tuple(one.id for one in met), reason, explanation)

    async def _quarantine(self, arrival: Arrival, refusal: RefusedWarning) -> Taken:
        metrics.QUARANTINE.labels(refusal.reason).inc()
        async with self.store.arrival() as desk:
            await desk.keep(arrival, Verdict.QUARANTINED, refusal.reason, str(refusal))
        return Taken(Verdict.QUARANTINED, (), refusal.reason, str(refusal))


def admit(warning: Warning, book: RuleBook, statuses: frozenset[Status] = LIVE) -> None:
    """Raise RefusedWarning where a message must not order anything here."""
    refuse_too_long(warning)
    if warning.status not in statuses:
        reason, words = _OTHER_SIDE[warning.status is Status.ACTUAL]
        raise RefusedWarning(reason, f"{warning.identifier} is marked {warning.status}: {words}")
    if warning.msg_type in SPEAKING and not warning.claims:
        raise _nothing_claimed(warning)
    if warning.msg_type in SPEAKING and not concerns(warning, book) and _means_us(warning, book):
        places = "、".join(dict.fromkeys(claim.area.name or claim.area.code or "?" for claim in warning.claims))
        raise RefusedWarning(
            "unknown_area",
            f"{warning.identifier} is for {places[:60]}, which {book.district.name} does not know: "
            "ask the issuer which townships it means, or add the township to rules/units/townships.yaml",
        )
    if concerns(warning, book) and warning.issuer not in book.issuers:
        raise RefusedWarning(
            "unknown_sender",
            f"{warning.sender} ({warning.issuer}) may not warn {book.district.name}: "
            "if it may, add it to `issuers` in rules/district.yaml",
        )
    if concerns(warning, book):
        refuse_faulty(warning)


_OTHER_SIDE = {
    False: ("not_actual", "kept, never dispatched live"),
    True: ("actual", "kept, a drill takes Exercise and Test alone; is the live engine missing it?"),
}
"""Why a status is refused; True: it is for real."""


def refuse_ahead(warning: Warning, now: datetime) -> None:
    """Raise RefusedWarning where a message bears a time of sending that is still to come."""
    if warning.sent > now + AHEAD:
        raise RefusedWarning(
            "sent_ahead",
            f"{warning.identifier} says it was sent at {warning.sent.isoformat()}, more than "
            f"{AHEAD.seconds // 60} minutes after it came: ask the issuer to correct its clock and send it again",
        )


def _nothing_claimed(warning: Warning) -> RefusedWarning:
    if any(problem.rule == "no_area" for problem in warning.problems):
        return RefusedWarning(
            "no_area", f"{warning.identifier} names no area: ask the issuer which townships it means"
        )
    return RefusedWarning("no_claim", f"{warning.identifier} gives no area a level: read it and decide")


def _means_us(warning: Warning, book: RuleBook) -> bool:
    """Whether a warning is of the district's own issuer, for a code inside it, or for we know not where by
    somebody who may warn us."""
    district = book.district
    codes = [claim.area.code or "" for claim in warning.claims]
    inside = any(district.canonical(code).startswith(district.code) for code in codes)
    return speaks_here(warning, book) or inside or (warning.issuer in book.issuers and not any(codes))


def concerns(warning: Warning, book: RuleBook) -> bool:
    """Whether a warning says something about this district."""
    return any(claim.area.code and book.district.covered(claim.area.code) for claim in warning.claims)


def compare(
    source: str, warnings: Sequence[Warning], met: Sequence[Met]
) -> tuple[Verdict, str | None, str | None]:
    """A verdict on a whole arrival; raise RefusedWarning where one source contradicts itself."""
    for warning, one in zip(warnings, met, strict=True):
        if one.source == source and not one.same_meaning:
            raise RefusedWarning(
                "identifier_reused",
                f"{source} has sent {warning.identifier} before and it meant something else: "
                "ask the issuer which one counts",
            )
    differing = [w.identifier for w, one in zip(warnings, met, strict=True) if not one.same_levels]
    if differing:
        words = f"{source} and another source differ on {', '.join(differing)}: the higher level is used"
        return Verdict.CONFLICT, "source_conflict", words
    return (Verdict.NEW if any(one.fresh for one in met) else Verdict.REPEAT), None, None
