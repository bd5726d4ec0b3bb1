"""A locked change: its people, their texts and what is sent to them, as the expander writes it."""

from __future__ import annotations

import hashlib
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from warnengine.model.bundle import Listener, NewBundle, Timer, Written
from warnengine.model.canary import BELOW, CANARY
from warnengine.model.digest import Tally
from warnengine.model.level import Level
from warnengine.model.order import Version
from warnengine.model.pace import Lately
from warnengine.model.reason import WORDS, Reason
from warnengine.model.turns import Known
from warnengine.store import shapes
from warnengine.store.database import queries
from warnengine.store.pace import lately, replace_held
from warnengine.store.trial import tally
from warnengine.store.turns import Row, known_ways, wait_in_turn

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.orders
CHUNK = 64
"""Deliveries that are leased together: about a window, so that one batch is a chunk."""
FIRST_CHUNKS = [32] * 8
"""Smaller ones at the head: a gateway works at three at once, and who comes first does not share with the last."""


class ChangeDesk:
    """One locked change and one transaction."""

    def __init__(self, connection: Connection, district: str = "", book: str | None = None) -> None:
        self.connection = connection
        self.district = district
        self.book = book
        """Hash of the book that its change is made with; None: that of the engine."""

    async def audience(self, change: int, most: int, leading: Sequence[str] = ()) -> list[Listener]:
        """People without a bundle of this change, gravest first, then those in leading posts."""
        rows = await sql.audience(self.connection, change=change, most=most, leading=list(leading))
        return [listener(row) for row in rows]

    async def known_ways(self, people: Sequence[Listener]) -> dict[str, Known]:
        """What is known of how to reach these people, by person."""
        return await known_ways(self.connection, people)

    async def now(self) -> datetime:
        """Engine time."""
        moment: datetime = await sql.now(self.connection)
        return moment

    async def lately(self, people: Sequence[Listener], within: timedelta) -> dict[str, Lately]:
        """Their texts below orange, by person; what waits is locked, so that it does not leave meanwhile."""
        return await lately(self.connection, people, within)

    async def replace_held(self, bundles: Sequence[int]) -> None:
        """These texts will not leave: another one says what they say."""
        await replace_held(self.connection, bundles)

    async def versions(self, ids: Iterable[int]) -> dict[int, Version]:
        """Order versions by id."""
        rows = await sql.versions(self.connection, ids=list(ids))
        return {row["id"]: shapes.version(row) for row in rows}

    async def add_text(
        self, change: int, versions: Sequence[int], known: Sequence[int], purpose: str, written: Written
    ) -> int:
        """Keep a text; the same versions for whoever knows the same of them give the same id."""
        text: int = await sql.add_text(
            self.connection,
            change=change,
            versions=list(versions),
            known=list(known),
            purpose=purpose,
            short=written.short,
            subject=written.subject,
            body=written.body,
            html=written.html,
            sha256=hashlib.sha256(written.short.encode()).digest(),
            notes=written.notes,
            items=list(written.items),
        )
        return text

    async def next_bundles(self, count: int) -> list[int]:
        """Time-ordered ids."""
        below = BELOW if self.district == CANARY else 0
        return [row["id"] + below for row in await sql.next_bundles(self.connection, count=count)]

    async def add_bundles(
        self, change: int, purpose: str, bundles: Sequence[NewBundle], counting: Sequence[int]
    ) -> None:
        """Write bundles with their obligations, deliveries, chunks and timers."""
        now = await sql.now(self.connection)
        schedules = await self._add_schedules(bundles, now)
        records = [(*_bundle(bundle, change, purpose, now), schedules.get(bundle.timers)) for bundle in bundles]
        await self.connection.copy_records_to_table("bundle", records=records, columns=BUNDLE)
        ids = [bundle.id for bundle in bundles]
        if purpose == "order":
            await sql.add_obligations(self.connection, bundles=ids, counting=list(counting))
        elif purpose != "approval":
            await queries.ladder.add_escalation_obligations(self.connection, bundles=ids)
        await self._add_deliveries(bundles)
        await self._page_unreachable(bundles)

    async def begun_with(self, change: int, book: str) -> None:
        """The rest of its people is told by this book, whichever is in force by then."""
        await queries.books.begun_with(self.connection, change=change, book=book)

    async def expanded(self, change: int) -> None:
        """Everybody has a bundle."""
        await sql.change_expanded(self.connection, change=change)

    async def tally(self, change: int, room: str) -> Tally:
        """A change of a trial in figures."""
        return await tally(self.connection, change, room)

    async def add_digest(self, change: int, version: int, bundle: NewBundle) -> None:
        """Write the digest of a change for the duty room."""
        who = bundle.listener
        person = {"district": who.district, "key": who.person, "name": "值班室", "prefers": []}
        await queries.people.add_person(self.connection, [person])
        await self.add_bundles(change, "order", [bundle], [])
        await queries.trial.add_obligation(
            self.connection, version=version, district=who.district, person=who.person, bundle=bundle.id
        )

    async def _add_deliveries(self, bundles: Sequence[NewBundle]) -> None:
        rows: dict[tuple[str, int, timedelta], list[tuple[int, int, str, str]]] = defaultdict(list)
        for bundle in bundles:
            who = bundle.listener
            at_once = who.addresses[: who.turns.at_once] if who.turns else who.addresses
            for place, (channel, address) in enumerate(at_once):
                lane = 4 - who.level
                rows[channel, lane, who.held].append((bundle.id + place, bundle.id, channel, address))
        records: list[Row] = await wait_in_turn(self.connection, bundles)
        for (channel, lane, held), deliveries in rows.items():
            for part in _chunks(deliveries):
                chunk = await sql.add_chunk(self.connection, channel=channel, lane=lane, after=held)
                records += [(*row, chunk) for row in part]
        await self.connection.copy_records_to_table("delivery", records=records, columns=DELIVERY)

    async def _add_schedules(self, bundles: Sequence[NewBundle], now: datetime) -> dict[tuple[Timer, ...], int]:
        """One schedule for all bundles that are chased alike; the name of each."""
        names: dict[tuple[Timer, ...], int] = {}
        for bundle in bundles:
            if bundle.timers:
                names.setdefault(bundle.timers, bundle.id)
        steps = [
            (id_, step, act.value, now + after) for timers, id_ in names.items() for step, act, after in timers
        ]
        if steps:
            await self.connection.copy_records_to_table(
                "schedule", records=steps, columns=["id", "step", "act", "due"]
            )
        return names

    async def _page_unreachable(self, bundles: Sequence[NewBundle]) -> None:
        for bundle in bundles:
            if not bundle.listener.addresses:
                await sql.add_task(
                    self.connection,
                    district=bundle.listener.district,
                    kind="unreached",
                    bundle=bundle.id,
                    person=bundle.listener.person,
                    words=WORDS[Reason.NO_WAY],
                )


def _chunks(deliveries: Sequence[tuple[int, int, str, str]]) -> Iterator[Sequence[tuple[int, int, str, str]]]:
    start = 0
    for size in itertools.chain(FIRST_CHUNKS, itertools.repeat(CHUNK)):
        if start >= len(deliveries):
            return
        yield deliveries[start : start + size]
        start += size


def listener(row: Any) -> Listener:
    """A row of query `audience`."""
    return Listener(
        district=row["district"],
        person=row["person"],
        versions=tuple(row["versions"]),
        posts=tuple(row["posts"]),
        level=Level(row["level"]),
        kind=row["kind"],
        not_after=row["not_after"],
        follows=tuple(row["follows"]),
        addresses=ways(row["addresses"]),
        known=tuple(row["known"]),
    )


def ways(addresses: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """(channel, address) pairs; a bundle has room for sixteen."""
    pairs = (way.split(" ", 1) for way in addresses)
    return tuple((channel, address) for channel, address in pairs)[:16]


BUNDLE = (
    "id", "district", "change", "person", "purpose", "kind", "level", "lane", "versions", "text", "posts", "code",
    "behalf", "stands_in", "approval", "follows", "made_at", "not_after", "about", "schedule",
)  # fmt: skip
DELIVERY = ("id", "bundle", "channel", "address", "chunk")


def _bundle(bundle: NewBundle, change: int, purpose: str, now: datetime) -> tuple[object, ...]:
    """A row of `bundle`, in the order of BUNDLE but for its schedule."""
    who = bundle.listener
    return (
        bundle.id, who.district, change, who.person, purpose, who.kind, who.level, 4 - who.level, who.versions,
        bundle.text, who.posts, bundle.code, bundle.behalf, bundle.stands_in, bundle.approval, who.follows, now,
        who.not_after, bundle.about,
    )  # fmt: skip
