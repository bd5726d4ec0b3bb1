"""The night by unit and person, counted from the log."""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from warnengine.demo.oracle_account import Account, Sent
from warnengine.demo.oracle_due import answered, due, messages, unreachable
from warnengine.demo.oracle_night import Change
from warnengine.demo.oracle_verdict import Bubble, Phone, Row

KINDS = ("township", "committee", "sector", "village", "grid")
"""Kinds of unit that get orders, in the order of the table."""


def rows(account: Account) -> tuple[Row, ...]:
    """One row for each township, committee, sector, village and grid.

    A person counts once for each change that had to reach him, all-clears left out: they order nothing. An answer
    counts for a change if it came before the next one.
    """
    counts: Mapping[str, Counter[str]] = defaultdict(Counter)
    failed: Mapping[str, dict[str, None]] = defaultdict(dict)
    for change, person, code in _orders(account):
        told = messages(account, person, change)
        counts[code].update(_steps(account, person, change, told))
        if not told and (reason := unreachable(account, person, change)):
            failed[code][f"{account.name(person)}: {reason}"] = None
    escalated = Counter(code for sent in escalations(account) for code in account.about(sent))
    units = [unit for kind in KINDS for unit in account.rules.units.values() if unit.kind == kind]
    return tuple(
        Row(
            unit=unit.name,
            kind=unit.kind,
            gravest=max(account.rules.level(unit.code, change.after) for change in account.night.changes),
            escalated=escalated[unit.code],
            unreachable=tuple(failed[unit.code]),
            **{step: counts[unit.code][step] for step in STEPS},
        )
        for unit in units
    )


STEPS = ("ordered", "sent", "delivered", "acknowledged", "acting", "done")


def acknowledged(account: Account) -> int:
    """Persons and changes that were answered."""
    pairs = {(person, change.at): change for change, person, _ in _orders(account)}
    return sum(answered(account, person, change.at, change.until) > 0 for (person, _), change in pairs.items())


def escalations(account: Account) -> list[Sent]:
    """Messages to a deputy, a superior or the duty room because somebody was silent."""
    return [sent for sent in account.sent if sent.kind == "escalation" and not sent.again]


def waits(account: Account) -> list[float]:
    """Engine seconds from each change to the first message that anybody got because of it, in ascending order."""
    found = []
    for change in account.night.changes:
        told = (messages(account, person, change) for person in due(account, change))
        firsts = [own[0].copy.moment for own in told if own]
        if firsts:
            found.append((min(firsts) - change.at).total_seconds())
    return sorted(found)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of ascending values that `share` of them do not exceed; 0 for none."""
    return values[math.ceil(share * len(values)) - 1] if values else 0.0


def burden(account: Account) -> tuple[float, int]:
    """Median and maximum of messages a person, on that of his addresses that took most."""
    by_address = Counter((sent.person, sent.copy.to) for sent in account.sent if sent.person)
    most: dict[str | None, int] = {}
    for (person, _), number in by_address.items():
        most[person] = max(number, most.get(person, 0))
    return (statistics.median(most.values()), max(most.values())) if most else (0.0, 0)


def phone(account: Account, town: str, post: str) -> Phone | None:
    """The phone of whoever holds a post in a township; None where nobody does."""
    code = account.rules.towns.get(town, "")
    holder = next((person for person in account.rules.people.values() if (code, post) in person.posts), None)
    if holder is None:
        return None
    mobiles = {own for own in holder.addresses if "@" not in own}
    lines = [
        (copy.line, Bubble(copy.moment, True, copy.text)) for copy in account.log.copies if copy.to in mobiles
    ]
    lines += [
        (said.line, Bubble(said.moment, False, said.text)) for said in account.log.answers if said.to in mobiles
    ]
    return Phone(
        holder.name,
        account.rules.posts.get(post, post),
        town,
        tuple(bubble for _, bubble in sorted(lines, key=lambda one: one[0])),
    )


def _orders(account: Account) -> Iterator[tuple[Change, str, str]]:
    """Every change, person and unit that orders something."""
    for change in account.night.changes:
        for person, codes in due(account, change).items():
            yield from ((change, person, code) for code in codes if account.rules.level(code, change.after))


def _steps(account: Account, person: str, change: Change, told: Sequence[Sent]) -> Iterator[str]:
    yield "ordered"
    if told:
        yield "sent"
        said = answered(account, person, told[0].copy.moment, change.until)
        if said or any(sent.copy.delivered for sent in told):
            yield "delivered"
        yield from STEPS[3 : 3 + said]
