"""Checks of what was sent: to whom, how often, and whether there was still a reason to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from warnengine.demo.oracle_account import Account, Sent
from warnengine.demo.oracle_due import GRACE, concerned, reached, reported, unreachable
from warnengine.demo.oracle_night import Change
from warnengine.demo.oracle_verdict import Kind

Wrong = tuple[Kind, str]
"""Kind of a finding and its sentence."""


class _Place(NamedTuple):
    line: int
    moment: datetime


@dataclass(frozen=True)
class Sending:
    """The checks that need no word of the text but 解除 and 红色."""

    account: Account

    @property
    def checks(self) -> tuple[Callable[[Sent], Wrong | None], ...]:
        """The gravest first."""
        return (self.stale, self.unexplained, self.doubled, self.not_affected, self.asked_again)

    def stale(self, sent: Sent) -> Wrong | None:
        """An order while nothing stands any more for the units that it is about."""
        end = None if sent.clear or sent.kind == "approval" else self._end(sent)
        if end is None:
            return None
        told = self._cleared.get(sent.copy.to, sent.copy.line) < sent.copy.line
        new = sent.decided >= end.at and self._first[sent.copy.to, sent.copy.text].line == sent.copy.line
        if any(end.at < replay <= sent.decided for replay in self.account.night.replays):
            return "replay", "an old message came again and was sent as an order after the all-clear"
        if new and "红色" in sent.copy.text:
            return "red_from_cancel", f"a red order was made of “{end.title}”"
        if told:
            return "after_all_clear", "this came after the all-clear on the same phone"
        if end is self.account.night.changes[-1] and sent.copy.moment >= end.at + GRACE:
            return "after_final_all_clear", "this was sent after the last all-clear of the night"
        return None

    def unexplained(self, sent: Sent) -> Wrong | None:
        """No delivery says so."""
        if sent.claim is None:
            return "unexplained", "this message was taken, and no delivery of the engine says so"
        return None

    def doubled(self, sent: Sent) -> Wrong | None:
        """More copies than admitted, or two deliveries for one change."""
        change = self.account.night.standing(sent.decided)
        if sent.surplus:
            return self._again(sent), "one more copy than the engine admits"
        group = self._for_one_change.get((sent.copy.to, change.at), []) if change else []
        if change is None or sent not in group:
            return None
        earlier = group.index(sent)
        if earlier > self._approved(sent, change):
            return self._again(sent), f"message {earlier + 1} because of one change, “{change.title}”"
        return None

    def not_affected(self, sent: Sent) -> Wrong | None:
        """Told to somebody whom the news does not concern."""
        change = self.account.night.standing(sent.decided)
        if sent.kind == "approval":
            return None
        if not self.account.units(sent.person):
            return "not_affected", "nobody in the directory has this address"
        if change is None:
            return "not_affected", "no warning stood yet"
        if sent.clear:
            never: Wrong = ("not_affected", "an all-clear to somebody who had never been told of the warning")
            return None if self._may_know(sent) else never
        if sent.ordering and not self._concerned(sent, change):
            return "not_affected", f"“{change.title}” does not call this person"
        return None

    def asked_again(self, sent: Sent) -> Wrong | None:
        """A repeated red to somebody who has reported."""
        change = self.account.night.standing(sent.decided)
        if change is None or not change.repeated or sent.kind not in {"order", "update", "reminder"}:
            return None
        if sent.person and reported(self.account, sent.person, change) and not self._approved(sent, change):
            return "asked_again", f"asked again by “{change.title}” after a report of acting or done"
        return None

    def _end(self, sent: Sent) -> Change | None:
        """The change that ended the warning of all units that a text is about, if it is over."""
        level, units = self.account.rules.level, self.account.about(sent)
        for change in reversed(self.account.night.changes):
            if change.at <= sent.copy.moment:
                if any(level(code, change.after) for code in units):
                    return None
                if any(level(code, change.before) for code in units):
                    return change
        return None

    def _again(self, sent: Sent) -> Kind:
        first = self._first[sent.copy.to, sent.copy.text].moment
        replayed = any(first < replay <= sent.copy.moment for replay in self.account.night.replays)
        return "replay" if replayed else "duplicate"

    def _approved(self, sent: Sent, change: Change) -> int:
        """Approvals since a change: each may send everybody concerned one more message."""
        units = self.account.units(sent.person)
        return self.account.approved_between(units, change.at, sent.copy.moment)

    def _concerned(self, sent: Sent, change: Change) -> bool:
        if self._approved(sent, change):
            return True
        known = reached(self.account, sent.person or "", sent.decided)
        called = self._called[change.at].get(sent.person or "", set())
        return any(concerned(self.account, change, code) for code in known | called)

    def _may_know(self, sent: Sent) -> bool:
        """Told by a message of the log, by an attempt whose end the engine calls unknown, or at the door."""
        before = self._warned.get(sent.person or "", [])
        return any(other.copy.line < sent.copy.line for other in before) or any(
            claim.get("state") == "unknown"
            or int(claim.get("possible_duplicates") or 0) > 0
            or (claim.get("kind") == "visit" and claim.get("result") in {"answered", "done"})
            for claim in self.account.of(sent.person or "")
        )

    @cached_property
    def _warned(self) -> Mapping[str, list[Sent]]:
        """What each person may have got that is no all-clear; a request for approval tells of a warning, too."""
        found: dict[str, list[Sent]] = defaultdict(list)
        for sent in self.account.sent:
            if sent.person and not (sent.clear or sent.copy.failed):
                found[sent.person].append(sent)
        return found

    @cached_property
    def _cleared(self) -> Mapping[str, int]:
        """Line of the first all-clear that an address took."""
        lines: dict[str, int] = {}
        for sent in self.account.sent:
            if sent.clear:
                lines.setdefault(sent.copy.to, sent.copy.line)
        return lines

    @cached_property
    def _first(self) -> Mapping[tuple[str, str], _Place]:
        """Where an address first took a text."""
        places: dict[tuple[str, str], _Place] = {}
        for sent in self.account.sent:
            places.setdefault((sent.copy.to, sent.copy.text), _Place(sent.copy.line, sent.copy.moment))
        return places

    @cached_property
    def _for_one_change(self) -> Mapping[tuple[str, datetime], list[Sent]]:
        """First copies of the deliveries to an address, by the change that they are due to."""
        groups: dict[tuple[str, datetime], list[Sent]] = defaultdict(list)
        for sent in self.account.sent:
            change = self.account.night.standing(sent.decided)
            one = not (sent.again or sent.reminder or sent.surplus or sent.copy.failed or self.stale(sent))
            if change and sent.ordering and one:
                groups[sent.copy.to, change.at].append(sent)
        return groups

    @cached_property
    def _called(self) -> Mapping[datetime, Mapping[str, set[str]]]:
        """By change and person: units for which he is called, or stands for somebody who cannot be reached."""
        calls: dict[datetime, dict[str, set[str]]] = {}
        for change in self.account.night.changes:
            calls[change.at] = defaultdict(set)
            for person, code in self._calls(change):
                calls[change.at][person].add(code)
        return calls

    def _calls(self, change: Change) -> Iterator[tuple[str, str]]:
        rules = self.account.rules
        for code in rules.units:
            for state in (change.before, change.after):
                for person in rules.callable(code, rules.level(code, state)):
                    away = unreachable(self.account, person, change)
                    behind = rules.people[person].behind if away else ()
                    yield from ((one, code) for one in (person, *behind))
