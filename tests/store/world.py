"""A whole engine over a real store: only the gateways are ours, and the clock is set by hand."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.dispatch.fake_channel import Entry, FakeChannel
from warnengine.acknowledge.receipts import spellings
from warnengine.app import ROLES, Engine
from warnengine.dispatch.channel import Channel
from warnengine.dispatch.dispatcher import Dispatcher
from warnengine.dispatch.routes import Leave, Routes, Way
from warnengine.ingest.intake import Intake
from warnengine.model.arrival import Arrival, Verdict
from warnengine.model.book import Measure, RuleBook, UnitKind
from warnengine.model.delivery import Fate, Receipt, Reply
from warnengine.model.directory import Directory, Holding, Person
from warnengine.model.level import Level
from warnengine.model.place import Area
from warnengine.model.warning import Claim, MsgType, Status, Warning
from warnengine.settings import Dispatch, Settings
from warnengine.store.database import Database
from warnengine.store.journal import Journal
from warnengine.store.sending import SendStore

ISSUER = "50022441600000"
ANJU, BAIYANG, TUQIAO = "500151105", "500151106", "500151101"
TOWN_POSTS = ("duty", "vice", "mayor", "secretary")
POSTS = {
    "water": ("duty", "vice", "head"),
    ANJU: TOWN_POSTS,
    BAIYANG: TOWN_POSTS,
    "duty_room": ("duty", "chief", "leader"),
    "district": ("leader", "governor", "secretary"),
}
SHORT = {ANJU: "anju", BAIYANG: "baiyang"}
ONLY_DUTY = ("anju_vice", "anju_mayor", "anju_secretary", "water_duty", "water_vice", "water_head")
"""Without these only anju_duty is called at red, and has only a number."""
HOUR = timedelta(hours=1)


def person(unit: str, post: str) -> str:
    """The key of who holds a post: anju_mayor."""
    return f"{SHORT.get(unit, unit)}_{post}"


def said(identifier: str, sent: datetime, claims: tuple[Claim, ...], msg_type: MsgType) -> Warning:
    """A warning of the district's observatory with these claims, and nothing else."""
    return Warning(
        identifier=identifier,
        sender="铜梁区气象局",
        issuer=ISSUER,
        sent=sent,
        status=Status.ACTUAL,
        msg_type=msg_type,
        references=(),
        format="national",
        headline="",
        description="",
        effective=None,
        onset=None,
        expires=None,
        claims=claims,
    )


def small_directory(
    *, without: Sequence[str] = (), mute: Sequence[str] = (), also: Iterable[Holding] = ()
) -> Directory:
    """A handful of people; each one's deputy and superior hold the next posts of the unit.

    without: keys of people who hold no post. mute: keys of people without any address. also: further posts.
    """
    everyone = [person(unit, post) for unit, posts in POSTS.items() for post in posts]
    people = {
        key: Person(
            key,
            key.upper(),
            None if key in mute else f"+861990000{place:04}",
            None if key in mute or key.endswith("duty") else f"{key}@example.cn",
        )
        for place, key in enumerate(everyone, 1)
    }
    holdings = []
    for unit, posts in POSTS.items():
        keys = [person(unit, post) for post in posts]
        above = {key: keys[place + 1 :] for place, key in enumerate(keys)}
        for post, key in zip(posts, keys, strict=True):
            deputy, superior = (*above[key], None, None)[:2]
            holdings.append(Holding(unit, post, key, deputy, superior or deputy))
    kept = [held for held in holdings if held.person not in without]
    return Directory(people, (*kept, *also))


def few_units(book: RuleBook) -> RuleBook:
    """The real book, for these units alone: a change is written in milliseconds. Townships owe one thing in a gale,
    and sectors nothing, so that there are two hazards. It is never night: nights are for those who ask for them."""
    gale = {"id": "township.gale.blue.1", "when": {"hazard": "gale", "level": "blue"}, "order": "加固广告牌"}
    secure = Measure.model_validate(gale | {"deadline": "30m"})
    kinds = {**book.kinds, UnitKind.TOWNSHIP: (*but_gale(book.kinds[UnitKind.TOWNSHIP]), secure)}
    sectors = {sector: but_gale(measures) for sector, measures in book.sectors.items()}
    units = {code: book.units[code] for code in POSTS}
    return book.model_copy(update={"units": units, "kinds": kinds, "sectors": sectors, "night": None})


def but_gale(measures: tuple[Measure, ...]) -> tuple[Measure, ...]:
    return tuple(one for one in measures if one.when.hazard != "gale")


EVERYTHING = Leave(share=1, spare=False, alone=True)
"""What a gateway may take that is well and has nobody beside it."""


class World:
    """An engine, its gateways, and what a night needs."""

    def __init__(self, database: Database, book: RuleBook, folder: Path) -> None:
        settings = Settings.model_validate(
            {"data": folder, "installation": "demo", "link_key": "of this test", "dispatch": Dispatch()}
        )
        self.database = database
        self.book = book
        self.engine = Engine(settings, book, database, ROLES)
        self.numbers = itertools.count(1)
        counter = itertools.count()
        self.sms = FakeChannel("sms", "sms-1", counter=counter)
        self.email = FakeChannel("email", "email-1", receipts=False, counter=counter)
        self.channels = {"sms": self.sms, "email": self.email}
        self.read: dict[bytes, Warning] = {}
        self.engine.intake = Intake(self.engine.warnings, lambda raw: [self.read[raw]], book)

    # what comes in

    async def people(self, directory: Directory) -> None:
        await self.engine.people.replace(self.book.district.code, directory)

    async def warn(
        self,
        level: str | None,
        *towns: str,
        hazard: str = "rainstorm",
        lasts: timedelta | None = 3 * HOUR,
        react: bool = True,
        name: str | None = None,
    ) -> Warning:
        """A warning comes in, and unless told otherwise the engine reacts to it. No level: no longer in force."""
        now = await self.now()
        number = next(self.numbers)
        claims = tuple(
            Claim(
                area=Area(town, town),
                hazard=hazard,
                event=hazard,
                family="signal",
                level=Level.from_key(level) if level else None,
                begins=now,
                ends=now + lasts if lasts else None,
            )
            for town in towns or (ANJU,)
        )
        sent = now + timedelta(microseconds=number)
        warning = said(name or f"{ISSUER}_{number:04}", sent, claims, MsgType.ALERT if level else MsgType.CANCEL)
        await self.take(warning)
        if react:
            await self.react()
        return warning

    async def take(self, warning: Warning, position: str | None = None) -> Verdict:
        raw = repr(warning).encode()
        self.read[raw] = warning
        where = position or f"position {next(self.numbers)}"
        return (await self.engine.intake.take(Arrival("test", where, raw))).verdict

    async def receipt(
        self,
        entry: Entry,
        fate: Fate = Fate.DELIVERED,
        *,
        part: int = 1,
        id_: str = "",
        address: str | None = None,
    ) -> None:
        """A receipt for one part of a message that reached a gateway."""
        channel = next(c for c in self.channels.values() if entry in c.log)
        number = id_ or channel.ids(entry)[part - 1]
        to = entry.address if address is None else address
        raw = f"{channel.gateway} {number} {to} {fate}".encode()
        await self.engine.inbox.receipt(Receipt(channel.gateway, number, to, fate, str(fate), raw))

    async def reply(self, key: str, words: str) -> None:
        number = await self.address(key)
        await self.engine.inbox.reply(Reply("sms-1", number, "10690000", words, words.encode()))

    # what the engine does

    async def react(self) -> None:
        """Reconcile and expand until nothing is left."""
        while await self.engine.reconcile() or await self.engine.expand():
            pass

    async def chase(self) -> None:
        while await self.engine.chase():
            pass

    def dispatcher(
        self,
        kind: str = "sms",
        owner: str = "one",
        *,
        lease: timedelta = timedelta(seconds=30),
        batch: int = 16,
        **settings: float,
    ) -> Dispatcher:
        """The dispatcher of one engine process; a lease of nothing is over at once."""
        store = SendStore(self.database, Journal(self.database, owner, spellings), lease)
        dispatch = Dispatch.model_validate({"intent_batch": batch, **settings})
        channel: Channel = self.engine.duty_room if kind == "call" else self.channels[kind]
        routes = Routes({channel.gateway: Way(channel.kind, 1)})
        return Dispatcher(channel, store, self.engine.wording, dispatch, routes)

    async def send(self, *kinds: str) -> None:
        """Dispatch until nothing is due."""
        async with asyncio.TaskGroup() as group:
            line = group.create_task(self.engine.duty_room.run())
            while not self.engine.duty_room.healthy():
                await asyncio.sleep(0)
            for kind in kinds or (*self.channels, "call"):
                await self._drain(self.dispatcher(kind))
            line.cancel()

    @staticmethod
    async def _drain(dispatcher: Dispatcher) -> None:
        for _ in range(200):
            if not await dispatcher.step():
                break
        assert isinstance(dispatcher.store, SendStore)
        await dispatcher.store.journal.take([])  # chunks are closed with the batch that is written meanwhile

    async def settle(self) -> None:
        """Everything that is due now: chase, react, send, twice, for one makes work for the other."""
        for _ in range(2):
            await self.chase()
            await self.react()
            await self.send()

    async def jump(self, by: timedelta) -> None:
        """Set the clock forward."""
        await self.execute("UPDATE installation SET clock_offset = clock_offset + $1", by)

    # what there is to see

    async def now(self) -> datetime:
        return await self.value("SELECT engine_now()")  # type: ignore[no-any-return]

    async def rows(self, query: str, *arguments: object) -> list[Any]:
        async with self.database.reading() as connection:
            return list(await connection.fetch(query, *arguments))

    async def row(self, query: str, *arguments: object) -> Any:
        (found,) = await self.rows(query, *arguments)
        return found

    async def column(self, query: str, *arguments: object) -> list[Any]:
        return [row[0] for row in await self.rows(query, *arguments)]

    async def value(self, query: str, *arguments: object) -> Any:
        async with self.database.reading() as connection:
            return await connection.fetchval(query, *arguments)

    async def execute(self, statement: str, *arguments: object) -> None:
        async with self.database.transaction() as connection:
            await connection.execute(statement, *arguments)

    async def address(self, key: str, channel: str = "sms") -> str:
        query = "SELECT address FROM address WHERE person = $1 AND channel = $2 ORDER BY address LIMIT 1"
        return await self.value(query, key, channel)  # type: ignore[no-any-return]

    async def inbox(self, key: str, kind: str = "sms") -> list[str]:
        """The texts that a person has been sent, in their order."""
        address = await self.address(key, kind)
        return [entry.short for entry in self.channels[kind].log if entry.address == address]

    async def entries(self, key: str, kind: str = "sms") -> list[Entry]:
        address = await self.address(key, kind)
        return [entry for entry in self.channels[kind].log if entry.address == address]

    async def bundles(self, key: str, purpose: str = "order") -> list[Any]:
        """A person's bundles, oldest first."""
        query = "SELECT * FROM bundle WHERE person = $1 AND purpose = $2 ORDER BY id"
        return await self.rows(query, key, purpose)

    async def state(self, key: str, kind: str = "sms") -> str:
        """Of the delivery that was made for a person last."""
        query = (
            "SELECT s.state FROM delivery_state s JOIN bundle b ON b.id = s.bundle "
            "WHERE b.person = $1 AND s.channel = $2 ORDER BY s.id DESC LIMIT 1"
        )
        return await self.value(query, key, kind)  # type: ignore[no-any-return]

    async def duties(self, key: str) -> dict[str, str]:
        """The state of a person's obligations that count now, by unit and hazard."""
        query = """
            SELECT o.unit || '/' || o.hazard AS about, b.state FROM obligation b JOIN order_version v ON v.id = b.version
            JOIN standing_order o ON o.id = v.standing_order WHERE b.person = $1 AND v.superseded_at IS NULL"""
        return {row["about"]: row["state"] for row in await self.rows(query, key)}

    async def tasks(self, kind: str) -> list[Any]:
        return await self.rows("SELECT * FROM task WHERE kind = $1 ORDER BY id", kind)

    async def events(self, delivery: int) -> list[tuple[int, str]]:
        query = "SELECT number, what FROM delivery_event WHERE delivery = $1 ORDER BY at"
        return [(row["number"], row["what"]) for row in await self.rows(query, delivery)]
