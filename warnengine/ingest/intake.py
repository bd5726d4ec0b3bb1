"""Intake: bytes in, kept with a verdict. Whatever the way in, only here may a warning pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from warnengine import metrics
from warnengine.ingest import authority, leftover
from warnengine.ingest.age import refuse_stale
from warnengine.ingest.faulty import refuse_faulty
from warnengine.ingest.limits import refuse_too_long
from warnengine.ingest.trust import Trust, trusting
from warnengine.ingest.unread import speaks_here, unread
from warnengine.model.arrival import Arrival, Met, Taken, Verdict
from warnengine.model.book import RuleBook
from warnengine.model.errors import RefusedWarning
from warnengine.model.quarantine import Case
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

    async def hold(self, district: str, arrival: int, case: Case) -> None:
        """Keep what of an arrival was not let in as work for the duty room, until somebody has closed it."""

    async def held(self, warnings: Sequence[Warning]) -> frozenset[str]:
        """Which identifiers of these messages, and of those that they refer to, have come in before."""

    async def taking_in(self, now: datetime) -> bool:
        """Whether this store is so young that it is still being told what stands."""

    async def link(self, arrival: int, warning_id: int) -> None:
        """This arrival brought that warning."""


class WarningStore(Protocol):
    """Where intake finds its desk."""

    def arrival(self) -> AbstractAsyncContextManager[Desk]:
        """One transaction."""


Read = Callable[[bytes], Sequence[Warning]]


@dataclass(frozen=True, slots=True)
class Admission:
    """A warning that is let in."""

    warning: Warning
    """As it was read: what two sources of one warning must agree on."""
    part: Warning
    """With those claims only that may order something here."""
    beyond: RefusedWarning | None
    """Why the others may not."""


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
        district = self.book.district.code
        async with self.store.arrival() as desk:
            now = await desk.now()
            held = await self._held(desk, found, arrival.source, now)
            admitted, refused = self._admitted(found, arrival.source, now, held)
            warnings = [one.warning for one in admitted]
            met = [await desk.meet(warning, arrival.source) for warning in warnings]
            verdict, reason, explanation = compare(arrival.source, warnings, met)
            kept = await desk.keep(arrival, verdict, reason, explanation)
            if kept is None:  # a broker repeats what it did not see committed
                return Taken(Verdict.REPEAT, tuple(one.id for one in met))
            for one, known in zip(admitted, met, strict=True):
                await desk.link(kept, known.id)
                if concerns(one.part, self.book) and one.part.msg_type in SPEAKING:
                    await desk.concern(district, known.id, kept, one.part)
            await desk.ask(district, unread(warnings, [*unsigned, *refused], self.book))
            beyond = [one.beyond for one in admitted if one.beyond]
            if case := leftover.part(kept, beyond, [*unsigned, *refused]):
                await desk.hold(district, kept, case)
        for warning, known in zip(warnings, met, strict=True):
            if known.fresh:
                lag = (now - warning.sent).total_seconds()
                metrics.SOURCE_LAG.labels(arrival.source).observe(max(0.0, lag))
        return Taken(verdict, tuple(one.id for one in met), reason, explanation)

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


def authorised(warning: Warning, source: str, book: RuleBook) -> Admission:
    """What of a warning its issuer may say here; raise RefusedWarning where that is nothing."""
    part, beyond = authority.permitted(warning, source, book)
    if beyond and not concerns(part, book):
        raise authority.refusal(warning, beyond, book)
    return Admission(warning, part, authority.refusal(warning, beyond, book, part=True) if beyond else None)


def may_concern(warning: Warning, book: RuleBook) -> bool:
    """Whether a message says something about this district, or may mean it."""
    codes = [claim.area.code for claim in (*warning.claims, *warning.ungraded) if claim.area.code]
    return concerns(warning, book) or _means_us(warning, book) or not codes


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
            f"发布单位“{warning.sender[:40]}”(代码或名称 {warning.issuer[:40]})不在可以向"
            f"{book.district.name}发布预警的名单里。请打电话核实是否真是它发的;"
            "属实又该收的,请区局在 district.yaml 的 issuers 里补上再重读,急用的两人放行。",
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
