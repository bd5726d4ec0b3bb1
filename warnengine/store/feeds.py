"""Where feeds stand: whose turn it is to ask, what is listed, what is had, and what the duty room is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from warnengine.model.feed import Document, FeedState, Link, Trouble, Turn, Version
from warnengine.store import shapes
from warnengine.store.database import DATABASE_ERRORS, Database, queries, told

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.feeds
OWED = timedelta(hours=6)
"""So long a document is asked for that was listed, never had, and is listed no more."""
FORGOTTEN = timedelta(days=30)
"""A document that is no longer listed is remembered for so long: what comes back is not fetched for nothing."""


class FeedStore:
    """Of one district. ConnectionError where the database does not answer."""

    def __init__(self, database: Database, district: str) -> None:
        self.database = database
        self.district = district

    async def claim(self, name: str, lease: timedelta) -> Turn | None:
        """The right to poll a feed for so long; None: it is not time, or another engine polls."""
        async with self._connection() as connection:
            await sql.found(connection, district=self.district, name=name)
            row = await sql.claim(connection, district=self.district, name=name, lease=lease)
        if row is None:
            return None
        return Turn(name, row["claim"], row["now"], _version(row), row["failures"])

    async def listed(self, turn: Turn, version: Version, links: Sequence[Link], unread: str) -> None:
        """A new list stands. unread: why it could not be read; empty where it could."""
        async with self._ours(turn) as connection:
            await sql.listed(connection, **self._key(turn), **_columns(version))
            await sql.judged(connection, **self._key(turn), unread=shapes.storable(unread)[:500])
            urls, stamps = [one.url for one in links], [shapes.storable(one.stamp) for one in links]
            await sql.unlist(connection, district=self.district, feed=turn.name, urls=urls)
            await sql.enlist(connection, district=self.district, feed=turn.name, urls=urls, stamps=stamps)
            await sql.forget(connection, district=self.district, feed=turn.name, after=FORGOTTEN)

    async def documents(self, turn: Turn) -> list[Document]:
        """What the list that stands links to, in its order, and what an earlier one did that was never had."""
        async with self._connection() as connection:
            rows = await sql.documents(connection, district=self.district, feed=turn.name, owed=OWED)
        return [_document(row) for row in rows]

    async def had(self, turn: Turn, link: Link, version: Version) -> None:
        """A document is had in its present version."""
        async with self._ours(turn) as connection:
            about = {"district": self.district, "feed": turn.name, "url": link.url, "stamp": link.stamp}
            await sql.had(connection, **about, **_columns(version))

    async def garbled(self, turn: Turn, link: Link, version: Version, why: str) -> None:
        """A document came and could not be read: intake has it, and it is asked for again."""
        async with self._ours(turn) as connection:
            about = {"district": self.district, "feed": turn.name, "url": link.url}
            await sql.garbled(connection, **about, **_columns(version), detail=shapes.storable(why)[:500])

    async def missed(self, turn: Turn, link: Link, trouble: Trouble, detail: str) -> None:
        """A document could not be had."""
        async with self._ours(turn) as connection:
            about = {"district": self.district, "feed": turn.name, "url": link.url}
            await sql.missed(connection, **about, trouble=trouble.value, detail=shapes.storable(detail))

    async def brought(self, turn: Turn, warnings: Collection[int], garbled: str) -> None:
        """What a document brought. garbled: why it could not be read; empty where it could."""
        why = shapes.storable(garbled)[:500]
        async with self._ours(turn) as connection:
            await sql.brought(connection, **self._key(turn), garbled=why, warnings=list(warnings))

    async def succeeded(self, turn: Turn, pause: timedelta) -> None:
        """The poll brought a whole list, or the word that it is unchanged; the next one after so long."""
        async with self._connection() as connection:
            await sql.succeeded(connection, **self._key(turn), claim=turn.claim, pause=pause)

    async def failed(self, turn: Turn, pause: timedelta, trouble: Trouble, detail: str) -> None:
        """The poll was in vain, and nothing follows from it; the next one after so long."""
        async with self._connection() as connection:
            why = {"trouble": trouble.value, "detail": shapes.storable(detail)}
            await sql.failed(connection, **self._key(turn), claim=turn.claim, pause=pause, **why)

    async def states(self, names: Sequence[str]) -> tuple[dict[str, FeedState], datetime]:
        """Where these feeds stand, and engine time."""
        async with self._connection() as connection:
            rows = await sql.states(connection, district=self.district, names=list(names), owed=OWED)
            now: datetime = await sql.now(connection)
        return {row["name"]: _state(row) for row in rows}, now

    async def show_silent(self, words: Mapping[str, tuple[str, datetime]]) -> None:
        """One task for each silent feed, with since when; the others are closed."""
        async with self._connection() as connection:
            for name, (said, since) in words.items():
                await sql.show_silent(connection, district=self.district, name=name, words=said, since=since)
            await sql.drop_silent(connection, district=self.district, still=list(words))

    async def lags(self) -> list[tuple[str, timedelta, timedelta, int]]:
        """From issue to receipt, by source: half were faster, 95 % were faster, of how many; last seven days."""
        async with self._connection() as connection:
            rows = await sql.lags(connection)
        return [(row["source"], row["half"], row["most"], row["count"]) for row in rows]

    def _key(self, turn: Turn) -> dict[str, str]:
        return {"district": self.district, "name": turn.name}

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        """One transaction."""
        try:
            async with self.database.transaction() as connection:
                yield connection
        except ConnectionError:  # ours, or as good
            raise
        except DATABASE_ERRORS as error:
            raise ConnectionError(f"the store does not answer: {told(error)}") from error

    @asynccontextmanager
    async def _ours(self, turn: Turn) -> AsyncIterator[Connection]:
        """One transaction of whoever's turn it is; ConnectionError where another engine has overtaken us."""
        async with self._connection() as connection:
            if not await sql.still(connection, **self._key(turn), claim=turn.claim):
                raise ConnectionError(f"another engine polls {turn.name}")
            yield connection


def _version(row: Mapping[str, Any]) -> Version:
    return Version(row["etag"], row["modified"], row["sha256"])


def _document(row: Mapping[str, Any]) -> Document:
    link = Link(row["url"], row["stamp"])
    return Document(link, _version(row), row["had"], row["checked_at"], row["failures"], row["garbled"])


def _columns(version: Version) -> dict[str, Any]:
    return {"etag": version.etag, "modified": version.modified, "sha256": version.sha256}


def _state(row: Mapping[str, Any]) -> FeedState:
    names = (
        "name", "failures", "detail", "unread", "unread_since", "garbled", "garbled_since", "garbled_why",
        "withheld", "withheld_since", "withheld_detail", "newest",
    )  # fmt: skip
    return FeedState(
        **{name: row[name] for name in names},
        began=row["began_at"],
        succeeded=row["succeeded_at"],
        trouble=_trouble(row["trouble"]),
        withheld_trouble=_trouble(row["withheld_trouble"]),
    )


def _trouble(value: str | None) -> Trouble | None:
    return Trouble(value) if value else None
