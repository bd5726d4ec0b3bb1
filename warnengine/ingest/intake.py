"""Intake: bytes in, kept with a verdict. Whatever the way in, only here may a warning pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from warnengine import metrics
from warnengine.ingest.limits import refuse_too_long
from warnengine.ingest.unread import contradicted, speaks_here, unread
from warnengine.model.arrival import Arrival, Met, Taken, Verdict
from warnengine.model.book import RuleBook
from warnengine.model.errors import RefusedWarning
from warnengine.model.voice import sayings, voice
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

    async def meet(self, warnings: Sequence[Warning], sayings: Sequence[Sequence[str]], source: str) -> list[Met]:
        """Keep what is new, or meet what is known by its key or, with its sayings, under another name."""

    async def concern(self, district: str, arrival: int, readings: Sequence[tuple[int, Warning]]) -> None:
        """Let the reconciler of a district take these readings in."""

    async def ask(self, district: str, questions: Iterable[str]) -> None:
        """Put questions to the duty room of a district, each once for ever."""

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
        book = self.book
        async with self.store.arrival() as desk:
            warnings, refused = self._admitted(found, await desk.now())
            met = await desk.meet(warnings, [told_by(one, book) for one in warnings], arrival.source)
            pairs, reused = told_apart(arrival.source, warnings, met)
            warnings, met = [warning for warning, _ in pairs], [one for _, one in pairs]
            verdict, reason, explanation = compare(arrival.source, warnings, met)
            kept = await desk.keep(arrival, verdict, reason, explanation)
            if kept is None:  # a broker repeats what it did not see committed
                return Taken(Verdict.REPEAT, tuple(one.id for one in met))
            await desk.link(kept, (one.id for one in met))
            await desk.concern(
                book.district.code,
                kept,
                [
                    (one.id, warning)
                    for warning, one in pairs
                    if concerns(warning, book) and warning.msg_type in SPEAKING
                ],
            )
            await desk.ask(book.district.code, unread(warnings, [*refused, *reused], book))
            differing = [warning for warning, one in pairs if not agree(arrival.source, warning, one)]
            await desk.ask(book.district.code, contradicted(warnings, differing, book))
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


def told_by(warning: Warning, book: RuleBook) -> tuple[str, ...]:
    """By what a warning about this district is recognised under another name; of others nothing is asked."""
    if warning.msg_type not in SPEAKING or not concerns(warning, book):
        return ()
    return sayings(warning, voice(warning.issuer, book.issuers, book.district))


def agree(source: str, warning: Warning, one: Met) -> bool:
    """Whether a reading fits what is kept of the same warning. A title knows the gravest level and no township: it
    agrees with every text of that level. One source may not change a period, several may differ in it."""
    if one.fresh:
        return True
    if one.title_only or warning.title_only:
        return one.same_grades
    return one.same_meaning if one.source == source else one.same_levels


def told_apart(
    source: str, warnings: Sequence[Warning], met: Sequence[Met]
) -> tuple[list[tuple[Warning, Met]], list[RefusedWarning]]:
    """What is taken, and what is not because its own source contradicts itself; raise where nothing is left."""
    pairs, refused = [], []
    for warning, one in zip(warnings, met, strict=True):
        if one.source != source or agree(source, warning, one):
            pairs.append((warning, one))
            continue
        refused.append(
            RefusedWarning(
                "identifier_reused",
                f"{source} has sent {warning.identifier} before and it meant something else: "
                "ask the issuer which one counts",
            )
        )
    if refused and not pairs:
        raise refused[0]
    return pairs, refused


def compare(
    source: str, warnings: Sequence[Warning], met: Sequence[Met]
) -> tuple[Verdict, str | None, str | None]:
    """A verdict on what is taken of an arrival."""
    differing = [w.identifier for w, one in zip(warnings, met, strict=True) if not agree(source, w, one)]
    if differing:
        words = f"{source} and another source differ on {', '.join(differing)}: the higher level is used"
        return Verdict.CONFLICT, "source_conflict", words
    return (Verdict.NEW if any(one.fresh for one in met) else Verdict.REPEAT), None, None
