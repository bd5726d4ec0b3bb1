"""From a change to its people: one bundle each, in groups that are committed and released on their own."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple, Protocol

from warnengine.model.book import Act, After, Evidence, RuleBook
from warnengine.model.bundle import Listener, NewBundle, Timer, Written
from warnengine.model.level import Level
from warnengine.model.order import Form, Version
from warnengine.model.pace import Lately
from warnengine.model.turns import Known
from warnengine.order.clocks import clocks, spaced
from warnengine.order.compose import compose
from warnengine.order.draft import measure_of, whole
from warnengine.order.pace import pacing
from warnengine.order.texts import Texts
from warnengine.order.turns import taking_turns

FIRST_GROUP = 300
"""People in the transaction that makes the orders, so that the first send does not wait for the last row."""
GROUP = 8000
LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
"""Of link codes: no look-alikes (0 O, 1 I l)."""
CODE_LENGTH = 11
CODES = len(LETTERS) ** CODE_LENGTH


class BundleDesk(Protocol):
    """What writing bundles needs of the store, in one transaction."""

    async def known_ways(self, people: Sequence[Listener]) -> Mapping[str, Known]:
        """What is known of how to reach these people, by person."""

    async def now(self) -> datetime:
        """Engine time."""

    async def lately(self, people: Sequence[Listener], within: timedelta) -> Mapping[str, Lately]:
        """Their texts below orange, by person; what waits is locked, so that it does not leave meanwhile."""

    async def replace_held(self, bundles: Sequence[int]) -> None:
        """These texts will not leave: another one says what they say."""

    async def versions(self, ids: Iterable[int]) -> Mapping[int, Version]:
        """Order versions by id."""

    async def add_text(
        self, change: int, versions: Sequence[int], known: Sequence[int], purpose: str, written: Written
    ) -> int:
        """Keep a text; the same versions for whoever knows the same of them give the same id."""

    async def next_bundles(self, count: int) -> Sequence[int]:
        """Time-ordered ids."""

    async def add_bundles(
        self, change: int, purpose: str, bundles: Sequence[NewBundle], counting: Sequence[int]
    ) -> None:
        """Write bundles with their obligations, deliveries, chunks and timers; counting: versions whose
        completion asks for a number."""


class Desk(BundleDesk, Protocol):
    """What expanding needs beside that."""

    async def audience(self, change: int, most: int, leading: Sequence[str] = ()) -> Sequence[Listener]:
        """People without a bundle of this change, gravest first, then those in leading posts."""

    async def expanded(self, change: int) -> None:
        """Everybody has a bundle."""


class Alike(NamedTuple):
    """All that the timers of a listener depend on: thousands have the same."""

    kind: str
    level: Level
    versions: tuple[int, ...]
    called: bool
    reachable: bool
    loudspeaker: bool
    held: timedelta


@dataclass(frozen=True, slots=True)
class Expander:
    """Writes the bundles of a change."""

    book: RuleBook
    texts: Texts
    key: bytes
    """Of the links."""

    async def expand(self, desk: Desk, change: int, most: int) -> bool:
        """Write the next group; return whether that was the last. Resumable: who has a bundle is left alone."""
        found = await desk.audience(change, most, self._leading())
        audience = await taking_turns(desk, await pacing(desk, found, self.book), self.book)
        versions = await desk.versions({v for listener in audience for v in listener.versions})
        written: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}
        for listener in audience:
            told = listener.versions, listener.known
            if told not in written:
                words = compose(_as_read(listener, versions), self.book, self.texts)
                written[told] = await desk.add_text(change, *told, "order", words)
        ids = await desk.next_bundles(len(audience))
        timers = cache(lambda alike: self._timers(alike, versions))
        bundles = [
            NewBundle(
                id_,
                who,
                written[who.versions, who.known],
                code_hash(link_code(self.key, id_)),
                timers(_alike(who)),
            )
            for id_, who in zip(ids, audience, strict=True)
        ]
        await desk.add_bundles(change, "order", bundles, [v for v in versions if self._counts(versions[v])])
        if len(audience) < most:
            await desk.expanded(change)
        return len(audience) < most

    def _leading(self) -> list[str]:
        """Posts whose holders must begin, of any unit: they are told before the others of their level."""
        starts = [rung.start for rung in self.book.ladder.values() if rung.start]
        return sorted({post for start in starts for posts in start.leaders.values() for post in posts})

    def _timers(self, who: Alike, versions: Mapping[int, Version]) -> tuple[Timer, ...]:
        """What is done about somebody who does not answer, and then who does not finish; the same for all who are
        alike in this. Whoever is woken at night is chased as the night asks for."""
        if who.kind == "lapse" or not who.called or who.loudspeaker:
            return ()
        made = max(versions[v].made_at for v in who.versions)
        acts: list[tuple[Act | After, timedelta]] = [*self._ladder(who, made)]
        acts += self._askings([pair for v in who.versions for pair in self._ends(versions[v], made)])
        return tuple((number, act, after) for number, (act, after) in enumerate(dict.fromkeys(acts), 1))

    def _askings(self, ends: Sequence[tuple[After, timedelta, timedelta]]) -> Iterator[tuple[After, timedelta]]:
        """Nobody is asked for the end again and again: of all orders of a bundle at once, with growing pauses."""
        for act in (After.FINISH, After.UNFINISHED):
            own = [(after, pause) for asked, after, pause in ends if asked is act]
            if own:
                moments = spaced((after for after, _ in own), min(pause for _, pause in own))
                yield from ((act, moment) for moment in moments)

    def _ladder(self, who: Alike, made: datetime) -> Iterator[tuple[Act, timedelta]]:
        steps = self.book.ladder[who.level].climbs(night=self.book.at_night(made))
        # somebody without any address is not waited for: the ladder goes on at once
        skip = (
            timedelta()
            if who.reachable
            else next((after for act, after in steps if act is Act.DEPUTY), timedelta())
        )
        for act, moment in steps:
            after = self._awake(moment, made) if act is Act.AGAIN and who.level < Level.ORANGE else moment
            if who.reachable or act is not Act.AGAIN:
                yield act, who.held + max(after - skip, timedelta())  # nobody answers what has not left

    def _awake(self, after: timedelta, made: datetime) -> timedelta:
        """Nobody is woken by a reminder of a blue or a yellow: what would come at night comes in the morning."""
        night = self.book.night
        return after if night is None else max(after, night.over(made + after) - made)

    def _ends(self, version: Version, made: datetime) -> Iterator[tuple[After, timedelta, timedelta]]:
        """When the end of an order is asked for, and the least pause until it is asked for again."""
        rung = self.book.ladder[version.lane_level]
        finish = rung.finish
        if finish is None or version.change.level is None:
            return
        pause = (finish.before or timedelta()) + finish.after
        for due in clocks(version, finish):
            if finish.before and due - finish.before > made + rung.answer_within:
                yield After.FINISH, due - finish.before - made, pause
            yield After.FINISH, due + finish.after - made, pause
            if finish.superior is not None:
                yield After.UNFINISHED, due + finish.superior - made, finish.superior

    def _counts(self, version: Version) -> bool:
        measures = (
            measure_of(mark.standing, version.change, self.book)
            for mark in version.measures
            if mark.standing.form is Form.ORDER and mark.deadline
        )
        return any(measure and Evidence.COUNT in measure.evidence for measure in measures)


def _alike(who: Listener) -> Alike:
    called, reachable = bool(who.posts), bool(who.addresses)
    return Alike(who.kind, who.level, who.versions, called, reachable, _loudspeaker(who), who.held)


def _loudspeaker(listener: Listener) -> bool:
    """Nobody waits for the answer of a loudspeaker."""
    return {channel for channel, _ in listener.addresses} == {"loudspeaker"}


def _as_read(listener: Listener, versions: Mapping[int, Version]) -> list[Version]:
    return [versions[v] if v in listener.known else whole(versions[v]) for v in listener.versions]


def link_code(key: bytes, bundle: int) -> str:
    """The 11 letters of a bundle's link: the same after any restart, 64 bits of HMAC that nobody guesses."""
    digest = hmac.digest(key, b"link" + bundle.to_bytes(8, "big", signed=True), "sha256")
    mac, letters = int.from_bytes(digest, "big") % CODES, []
    for _ in range(CODE_LENGTH):
        mac, letter = divmod(mac, len(LETTERS))
        letters.append(LETTERS[letter])
    return "".join(letters)


def code_hash(code: str) -> bytes:
    """What the store keeps of a code."""
    return hashlib.sha256(code.encode()).digest()
