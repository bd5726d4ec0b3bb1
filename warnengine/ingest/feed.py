"""The poller: asks a feed when it is time, fetches what is new in it, and hands every document to intake.

From what is not had nothing is concluded: a poll that fails changes nothing, an entry that is gone withdraws
nothing. What has been had is written down only after intake has kept it, so whoever dies in between is repeated
harmlessly.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import aiohttp
import structlog
from aiohttp.abc import AbstractResolver
from yarl import URL

from warnengine import metrics
from warnengine.ingest.feed_fetch import Fetched, Unfetched, fetch
from warnengine.ingest.feed_listing import Listing, read_listing
from warnengine.ingest.feed_network import Limits, OffLimits, open_web
from warnengine.ingest.feed_rules import due, pause, readable
from warnengine.model.arrival import Arrival, Taken
from warnengine.model.errors import RefusedWarning
from warnengine.model.feed import Document, Link, Trouble, Turn, Version
from warnengine.settings import Feed

log = structlog.get_logger()
DOCUMENTS = 25.0
"""Seconds that the documents of one poll may take; with the list's own time a step stays under a minute."""
SOON = 1.0
"""Seconds until the next poll goes on with documents that were left over."""
LEASE = timedelta(seconds=60)
"""After a crash another engine asks so late."""


class FeedStore(Protocol):
    """Where feeds stand; ConnectionError where it does not answer, or another engine has overtaken us."""

    async def claim(self, name: str, lease: timedelta) -> Turn | None:
        """The right to poll a feed for so long; None: it is not time, or another engine polls."""

    async def listed(self, turn: Turn, version: Version, links: Sequence[Link], unread: str) -> None:
        """A new list stands. unread: why it could not be read; empty where it could."""

    async def documents(self, turn: Turn) -> list[Document]:
        """What the list that stands links to, in its order, and what an earlier one did that was never had."""

    async def had(self, turn: Turn, link: Link, version: Version) -> None:
        """A document is had in its present version."""

    async def garbled(self, turn: Turn, link: Link, version: Version, why: str) -> None:
        """A document came and could not be read: intake has it, and it is asked for again."""

    async def missed(self, turn: Turn, link: Link, trouble: Trouble, detail: str) -> None:
        """A document could not be had."""

    async def brought(self, turn: Turn, warnings: Collection[int], garbled: str) -> None:
        """What a document brought. garbled: why it could not be read; empty where it could."""

    async def succeeded(self, turn: Turn, pause: timedelta) -> None:
        """The poll brought a whole list, or the word that it is unchanged; the next one after so long."""

    async def failed(self, turn: Turn, pause: timedelta, trouble: Trouble, detail: str) -> None:
        """The poll was in vain, and nothing follows from it; the next one after so long."""


@dataclass(frozen=True, slots=True)
class FeedSource:
    """Polls one feed. Any number of engines may have it: the store says whose turn it is."""

    feed: Feed
    store: FeedStore
    take: Callable[[Arrival], Awaitable[Taken]]
    spread: Callable[[], float] = random.random
    """0 to 1, by chance."""
    resolver: Callable[[], AbstractResolver] | None = None
    """None: the system's own."""

    async def step(self) -> bool:
        """Poll, if it is time and nobody else does. ConnectionError where the store does not answer."""
        turn = await self.store.claim(self.feed.name, LEASE)
        if turn is None:
            return False
        try:
            interval = self.feed.interval_seconds if await self._poll(turn) else SOON
        except Unfetched as failure:
            await self._failed(turn, failure)
        else:
            wait = pause(interval, 0, 0, self.spread())
            await self.store.succeeded(turn, timedelta(seconds=wait))
        return False

    async def _poll(self, turn: Turn) -> bool:
        """The list, then its documents; whether all of them had their try. Unfetched where there is no list."""
        limits = Limits.of(self.feed)
        secrets = {name: value.get_secret_value() for name, value in self.feed.query.items()}
        home = URL(self.feed.url).update_query(secrets)
        async with open_web(self.feed, self.resolver and self.resolver()) as web:
            await self._list(turn, await self._fetch(web, limits, home, turn.version))
            try:
                async with asyncio.timeout(DOCUMENTS):
                    await self._documents(turn, web, limits)
            except TimeoutError:
                return False
        return True

    async def _list(self, turn: Turn, found: Fetched) -> None:
        """Take in what the list holds, and remember it and what it links to."""
        metrics.FEED_POLLS.labels(self.feed.name, "same" if found.body is None else "fresh").inc()
        if found.body is None:
            return
        listing = await self._read(found.body)
        unread = f"有{listing.lost}条既没有预警正文,也没有可取的链接" if listing.lost else ""
        if listing.holds:
            unread = await self._take(turn, self.feed.url, found) or unread
        await self.store.listed(turn, found.version, listing.links, unread)

    async def _documents(self, turn: Turn, web: aiohttp.ClientSession, limits: Limits) -> None:
        """Fetch what is due, some at once."""
        wanted = due(await self.store.documents(turn), turn.now, self.feed)
        room = asyncio.Semaphore(self.feed.in_flight)

        async def one(document: Document) -> None:
            async with room:
                await self._document(turn, web, limits, document)

        try:
            async with asyncio.TaskGroup() as group:
                for document in wanted:
                    group.create_task(one(document))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed

    async def _document(self, turn: Turn, web: aiohttp.ClientSession, limits: Limits, document: Document) -> None:
        """One document; where it cannot be had the others are not held up."""
        link = document.link
        try:
            found = await self._fetch(web, limits, limits.permitted(link.url), document.version)
        except OffLimits as error:
            await self.store.missed(turn, link, Trouble.FORBIDDEN, str(error))
        except Unfetched as failure:
            await self.store.missed(turn, link, failure.trouble, failure.detail)
        else:
            garbled = await self._take(turn, link.url, found) if found.body is not None else ""
            if garbled or (found.body is None and document.garbled):
                await self.store.garbled(turn, link, found.version, garbled)
            else:
                await self.store.had(turn, link, found.version)

    async def _take(self, turn: Turn, url: str, found: Fetched) -> str:
        """Hand a document to intake, as any other arrival; why it could not be read, empty where it could."""
        taken = await self.take(Arrival(self.feed.name, url, found.body or b"", found.media_type))
        garbled = "" if readable(taken.reason) else f"{taken.reason}: {taken.explanation}"
        await self.store.brought(turn, taken.warnings, garbled)
        return garbled

    async def _read(self, body: bytes) -> Listing:
        """What a list lists; Unfetched where it is none: nothing may be concluded from it."""
        if self.feed.kind == "json":
            return Listing(holds=True, links=())
        try:
            return await asyncio.to_thread(read_listing, body, self.feed.url, self.feed.follow)
        except RefusedWarning as refusal:
            raise Unfetched(Trouble.UNREADABLE, str(refusal)) from refusal

    async def _fetch(self, web: aiohttp.ClientSession, limits: Limits, url: URL, have: Version) -> Fetched:
        secrets = {name: value.get_secret_value() for name, value in self.feed.headers.items()}
        return await fetch(web, url, limits, have=have, headers=secrets, feed=self.feed)

    async def _failed(self, turn: Turn, failure: Unfetched) -> None:
        """Nothing has come, and nothing follows from that but another try."""
        metrics.FEED_POLLS.labels(self.feed.name, failure.trouble.value).inc()
        wait = pause(self.feed.interval_seconds, turn.failures + 1, failure.wait, self.spread())
        log.warning("feed", source=self.feed.name, problem=str(failure), again_in=round(wait))
        await self.store.failed(turn, timedelta(seconds=wait), failure.trouble, failure.detail)
