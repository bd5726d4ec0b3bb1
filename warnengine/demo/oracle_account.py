"""The account of the night: every copy in the log beside the delivery by which the engine explains it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from warnengine.demo.oracle_log import Answer, Copy, address
from warnengine.demo.oracle_log import Night as Log
from warnengine.demo.oracle_night import Night
from warnengine.demo.oracle_rules import Rules
from warnengine.demo.oracle_verdict import EngineClaims

Claim = Mapping[str, Any]
ORDERING = frozenset({"order", "update", "reopen", "lapse"})
"""Kinds of delivery of which a change of the situation sends one to each person."""
REMINDER = "再次提醒"
"""The mark of a copy that the ladder sends to somebody who has not answered."""
APPROVED = frozenset({"approved", "granted", "allowed", "yes"})


@dataclass(frozen=True, slots=True)
class Sent:
    """One copy, whose it is, and the delivery that explains it."""

    copy: Copy
    person: str | None
    """Ident; None where no directory and no delivery knows the address."""
    claim: Claim | None
    surplus: bool = False
    """The delivery has all the copies already that it admits."""
    again: bool = False
    """A further copy that the delivery admits as possible."""

    @property
    def kind(self) -> str:
        """Kind of delivery; empty where none explains the copy."""
        return str(self.claim.get("kind", "order")) if self.claim else ""

    @property
    def reminder(self) -> bool:
        """A copy that the ladder sent to somebody who had not answered."""
        return REMINDER in self.copy.text

    @property
    def ordering(self) -> bool:
        """Sent because of a change of the situation."""
        return self.kind in ORDERING

    @property
    def clear(self) -> bool:
        """Reads as an all-clear."""
        return "解除" in self.copy.text

    @property
    def decided(self) -> datetime:
        """Engine time at which the engine says that it decided to send this, or that of the copy."""
        told = moment(self.claim.get("at")) if self.claim else None
        return min(told or self.copy.moment, self.copy.moment)


@dataclass(frozen=True)
class Account:
    """Everything the checks look at."""

    rules: Rules
    night: Night
    log: Log
    claims: EngineClaims

    @cached_property
    def sent(self) -> tuple[Sent, ...]:
        """Every copy of the log, explained as far as it can be."""
        return tuple(_explained(self.log.copies, self.claims.deliveries, self.owner))

    @cached_property
    def told(self) -> Mapping[str, tuple[Sent, ...]]:
        """What each person was sent and may have got, requests for approval left out."""
        found: dict[str, list[Sent]] = defaultdict(list)
        for sent in self.sent:
            if sent.person and not sent.copy.failed and sent.kind != "approval":
                found[sent.person].append(sent)
        return {person: tuple(own) for person, own in found.items()}

    @cached_property
    def said(self) -> Mapping[str, tuple[Answer, ...]]:
        """What each person answered."""
        found: dict[str, list[Answer]] = defaultdict(list)
        for answer in self.log.answers:
            if (person := self.owner(answer.to)) and answer.said:
                found[person].append(answer)
        return {person: tuple(own) for person, own in found.items()}

    @cached_property
    def _statements(self) -> Mapping[str, tuple[Claim, ...]]:
        found: dict[str, list[Claim]] = defaultdict(list)
        for claim in (*self.claims.deliveries, *self.claims.tasks):
            found[str(claim.get("person") or "")].append(claim)
        return {person: tuple(own) for person, own in found.items()}

    def of(self, person: str) -> tuple[Claim, ...]:
        """Deliveries and tasks that the engine has for a person."""
        return self._statements.get(person, ())

    @cached_property
    def _endpoints(self) -> Mapping[str, str]:
        return {
            address(str(claim["address"])): str(claim["person"])
            for claim in self.claims.deliveries
            if claim.get("address") and claim.get("person")
        }

    def owner(self, to: str) -> str | None:
        """Ident of whoever has an address: the directory says, and the engine for a browser's endpoint."""
        return self.rules.owners.get(to) or self._endpoints.get(to)

    def name(self, person: str | None) -> str:
        """Name for people; the ident of somebody whom the directory does not have."""
        known = self.rules.people.get(person or "")
        return known.name if known else person or "unknown"

    def units(self, person: str | None) -> frozenset[str]:
        """Codes of the units that a person has to do with."""
        return self.rules.related.get(person or "", frozenset())

    def about(self, sent: Sent) -> frozenset[str]:
        """Units that a text to a person is about: those of his that it names, or all of his."""
        own = self.units(sent.person)
        text = sent.copy.text
        return frozenset(unit for unit in own if any(name in text for name in self.rules.units[unit].names)) or own

    def approvals(self, unit: str) -> Iterator[tuple[datetime, Claim]]:
        """Approvals given that concern a unit, with the engine time of each."""
        for approval in self.claims.approvals:
            state = str(approval.get("state", approval.get("decision", ""))).lower()
            given = moment(approval.get("decided_at") or approval.get("at"))
            if state in APPROVED and given and approval.get("unit") in {None, "", unit}:
                yield given, approval

    def approved_between(self, units: frozenset[str], start: datetime, end: datetime) -> int:
        """How many approvals that concern any of the units were given from `start` to `end`."""
        found = {
            id(approval) for unit in units for given, approval in self.approvals(unit) if start <= given <= end
        }
        return len(found)


def _explained(
    copies: Sequence[Copy], claims: Sequence[Claim], owner: Callable[[str], str | None]
) -> Iterator[Sent]:
    by_address: dict[str, list[Claim]] = defaultdict(list)
    for claim in sorted(claims, key=lambda claim: str(claim.get("at") or "")):
        by_address[address(str(claim.get("address") or ""))].append(claim)
    taken: Counter[tuple[int, bool]] = Counter()
    for copy in copies:
        person = owner(copy.to)
        same = [claim for claim in by_address[copy.to] if _same(str(claim.get("text") or ""), copy.text)]
        free = [claim for claim in same if taken[_slot(claim, copy)] < _admitted(claim, copy)]
        if not same:
            yield Sent(copy, person, None)
        elif not free:
            yield Sent(copy, person, same[-1], surplus=True)
        else:
            claim = min(free, key=lambda claim: taken[_slot(claim, copy)])
            yield Sent(copy, person, claim, again=taken[_slot(claim, copy)] > 0)
            # A copy that a receipt calls lost is made good by the next attempt, it is not a second copy.
            taken[_slot(claim, copy)] += not copy.failed


def _slot(claim: Claim, copy: Copy) -> tuple[int, bool]:
    """Reminders are counted apart from the copies of the message itself."""
    return id(claim), REMINDER in copy.text


def _admitted(claim: Claim, copy: Copy) -> int:
    """How many copies of this sort the delivery admits: one and those that nobody could be sure of."""
    doubtful = int(claim.get("possible_duplicates") or 0)
    marked = (
        REMINDER in copy.text and claim.get("kind") != "reminder"
    )  # that kind has the mark from its first copy
    return doubtful + (int(claim.get("reminders") or 0) if marked else 1)


def _same(claimed: str, text: str) -> bool:
    """The same words, but for white space and for the mark of a repetition."""
    claimed, text = (re.sub(rf"\s|重发:|{REMINDER}:", "", one) for one in (claimed, text))
    return claimed in text


def moment(raw: object) -> datetime | None:
    """A claimed ISO time; None where the engine states none."""
    return datetime.fromisoformat(raw) if isinstance(raw, str) and raw else None
