"""Who is let in, and why the others are not: what a message must be to order anything here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from warnengine.ingest import authority
from warnengine.ingest.faulty import refuse_faulty
from warnengine.ingest.limits import refuse_too_long
from warnengine.ingest.unread import speaks_here
from warnengine.model.arrival import Met, Verdict
from warnengine.model.book import RuleBook
from warnengine.model.errors import RefusedWarning
from warnengine.model.voice import sayings, voice
from warnengine.model.warning import MsgType, Status, Warning

LIVE = frozenset({Status.ACTUAL})
DRILL = frozenset({Status.EXERCISE, Status.TEST})
SPEAKING = frozenset({MsgType.ALERT, MsgType.UPDATE, MsgType.CANCEL})
AHEAD = timedelta(minutes=10)
"""How far an issuer's clock may be ahead of ours. The newest word of an issuer counts, so one from the future
would silence it until then: a message is trusted only within a window around its time of sending."""


@dataclass(frozen=True, slots=True)
class Admission:
    """A warning that is let in."""

    warning: Warning
    """As it was read: what two sources of one warning must agree on."""
    part: Warning
    """With those claims only that may order something here."""
    beyond: RefusedWarning | None
    """Why the others may not."""


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
    source: str, admitted: Sequence[Admission], met: Sequence[Met]
) -> tuple[list[tuple[Admission, Met]], list[RefusedWarning]]:
    """What is taken, and what is not because its own source contradicts itself; raise where nothing is left."""
    pairs, refused = [], []
    for one, known in zip(admitted, met, strict=True):
        if known.source != source or agree(source, one.warning, known):
            pairs.append((one, known))
            continue
        refused.append(
            RefusedWarning(
                "identifier_reused",
                f"{source} has sent {one.warning.identifier} before and it meant something else: "
                "ask the issuer which one counts",
            )
        )
    if refused and not pairs:
        raise refused[0]
    return pairs, refused


def compare(source: str, pairs: Sequence[tuple[Admission, Met]]) -> tuple[Verdict, str | None, str | None]:
    """A verdict on what is taken of an arrival."""
    differing = [one.warning.identifier for one, known in pairs if not agree(source, one.warning, known)]
    if differing:
        words = f"{source} and another source differ on {', '.join(differing)}: the higher level is used"
        return Verdict.CONFLICT, "source_conflict", words
    return (Verdict.NEW if any(known.fresh for _, known in pairs) else Verdict.REPEAT), None, None
