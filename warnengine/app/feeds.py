"""Feeds joined: who polls, who judges whether one is silent, and what people are shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from warnengine import metrics
from warnengine.ingest import feed_words
from warnengine.ingest.feed import FeedSource
from warnengine.ingest.feed_rules import silence
from warnengine.model.arrival import Arrival, Taken
from warnengine.model.feed import FeedState, Silence
from warnengine.settings import Feed
from warnengine.store.feeds import FeedStore

Seen = tuple[Feed, FeedState | None, Silence | None]
"""A feed, where it stands (None: nobody has asked it yet), and whether it is silent."""


@dataclass
class Feeds:
    """The feeds of one engine."""

    feeds: tuple[Feed, ...]
    store: FeedStore
    silent: dict[str, str] = field(default_factory=dict)
    """Words on each feed that was silent at the last look."""

    def sources(self, take: Callable[[Arrival], Awaitable[Taken]]) -> Iterator[FeedSource]:
        """What polls each."""
        return (FeedSource(feed, self.store, take) for feed in self.feeds)

    async def judge(self) -> None:
        """Tell the duty room of feeds that are silent, and that they are no more. All engines look."""
        found = await self._look()
        told = {
            feed.name: (feed_words.silent(feed, what), what.since) for feed, _, what in found if what is not None
        }
        await self.store.show_silent(told)
        self.silent = {name: words for name, (words, _) in told.items()}
        self._measure(found)

    async def lights(self) -> list[tuple[str, str]]:
        """Colour and words of each feed, then the lag of each source that brought something."""
        found = await self._look()
        titles = {feed.name: feed.shown for feed in self.feeds}
        lags = [
            ("green", feed_words.lag(titles.get(source, source), half, most, count))
            for source, half, most, count in await self.store.lags()
        ]
        return [feed_words.light(feed, state, what) for feed, state, what in found] + lags

    async def findings(self) -> list[tuple[Feed, str, str]]:
        """Each feed with colour and words."""
        found = await self._look()
        return [(feed, *feed_words.light(feed, state, what)) for feed, state, what in found]

    async def _look(self) -> list[Seen]:
        states, now = await self.store.states([feed.name for feed in self.feeds])
        rows = [(feed, states.get(feed.name)) for feed in self.feeds]
        return [(feed, state, silence(state, feed, now) if state else None) for feed, state in rows]

    def _measure(self, found: list[Seen]) -> None:
        metrics.FEED_SILENT.clear()
        for feed, state, what in found:
            if state and state.succeeded:
                metrics.FEED_SUCCESS.labels(feed.name).set(state.succeeded.timestamp())
            if what is not None:
                metrics.FEED_SILENT.labels(feed.name, what.why.value).set(1)
