"""Who had to be told of a change, and who may have been."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from warnengine.demo.oracle_account import Account, Sent, moment
from warnengine.demo.oracle_log import RANK, Answered
from warnengine.demo.oracle_night import COLOURS, Change

GRACE = timedelta(seconds=60)
"""Engine time in which a message may still speak of what stood before a change."""

TAKEN = frozenset({"sent", "submitted", "accepted", "delivered"})
"""States of a delivery that say a gateway has the message."""


def due(account: Account, change: Change) -> Mapping[str, frozenset[str]]:
    """Idents of those who must get a message because of a change, with the units on whose account.

    An upgrade or downgrade goes to everybody called at the new level and to those called before who may have
    been reached; a repeated red to those of a unit that has not reported acting or done; an all-clear to
    exactly those who may have been reached about the unit.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for code in account.rules.units:
        for person in _due_of(account, change, code):
            found[person].add(code)
    return {person: frozenset(codes) for person, codes in found.items()}


def _due_of(account: Account, change: Change, code: str) -> frozenset[str]:
    rules = account.rules
    before, after = rules.level(code, change.before), rules.level(code, change.after)
    if before and not after:
        return frozenset(p for p in account.told if code in reached(account, p, change.at))
    if before != after:
        called_off = (p for p in rules.recipients(code, before) if reached(account, p, change.at))
        return rules.recipients(code, after) | frozenset(called_off)
    if repeated(account, change, code) and not unit_reported(account, code, change):
        return rules.recipients(code, after)
    return frozenset()


def repeated(account: Account, change: Change, code: str) -> bool:
    """The change repeats the red in which a unit stands."""
    if account.rules.units[code].kind == "township":
        return account.rules.units[code].name in change.repeated
    own = account.rules.units[code].towns
    again = [town for town in change.repeated if own is None or account.rules.towns[town] in own]
    return bool(again) and account.rules.level(code, change.before) == COLOURS["红"]


def concerned(account: Account, change: Change, code: str) -> bool:
    """The change speaks of a unit."""
    unit = account.rules.units[code]
    if unit.kind == "township":
        return unit.name in change.named
    return any(account.rules.level(code, levels) for levels in (change.before, change.after))


def reached(account: Account, person: str, before: datetime) -> frozenset[str]:
    """Units about which a person may have been reached before a moment."""
    return frozenset(
        unit for sent in account.told.get(person, ()) if sent.copy.moment < before for unit in account.about(sent)
    )


def reported(account: Account, person: str, change: Change, least: Answered = "acting") -> bool:
    """A person has reported acting or done since the red that a change repeats was first issued."""
    start = _red_since(account, change)
    return any(
        RANK[answer.said] >= RANK[least]
        for answer in account.said.get(person, ())
        if answer.said and start <= answer.moment < change.at
    )


def unit_reported(account: Account, code: str, change: Change) -> bool:
    """Somebody of a unit, or who answers for it, has reported acting or done."""
    return any(code in account.units(person) and reported(account, person, change) for person in account.said)


def answered(account: Account, person: str, start: datetime, end: datetime) -> int:
    """The gravest answer of a person between two moments: 0 none, 1 received, 2 acting, 3 done."""
    answers = account.said.get(person, ())
    return max((RANK[a.said] for a in answers if a.said and start <= a.moment < end), default=0)


def messages(account: Account, person: str, change: Change) -> list[Sent]:
    """What a person was sent because of a change: reminders and escalations left out, unless it repeats a red."""
    kinds = {"reminder"} if change.repeated else set()
    return [
        sent
        for sent in account.told.get(person, ())
        if (sent.ordering or sent.kind in {"", *kinds})
        and change.at <= sent.copy.moment
        and change.at <= sent.decided < change.until
    ]


def unreachable(account: Account, person: str, change: Change) -> str:
    """Reason for which the engine says that it could not tell a person of a change; empty if it says none."""
    for claim in account.of(person):
        decided = moment(claim.get("at"))
        timely = decided is None or change.at <= decided < change.until
        if timely and claim.get("reason") and claim.get("state") not in TAKEN:
            return str(claim["reason"])
    return ""


def _red_since(account: Account, change: Change) -> datetime:
    """When the townships that a change repeats first stood at red."""
    red = COLOURS["红"]
    since = change.at
    for earlier in reversed(account.night.changes):
        if earlier.at < since and any(earlier.after[town] == red for town in change.repeated):
            since = earlier.at
    return since
