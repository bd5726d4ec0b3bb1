"""The roll-call joined: by the clock or by hand, out through the dispatcher, back through the answers."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from warnengine.health.roll_call import Called, Presence, day, due, presence, summary, task_of, written
from warnengine.model.book import RuleBook
from warnengine.model.bundle import NewBundle
from warnengine.order.expand import code_hash, link_code
from warnengine.order.wording import post_names
from warnengine.settings import RollCall
from warnengine.store.health import CanaryStore
from warnengine.store.roll_call import RollCallStore

log = structlog.get_logger()
LOOK = 5.0
"""Seconds between two looks at the clock."""


@dataclass
class RollCaller:
    """Calls the roll of those on duty."""

    book: RuleBook
    settings: RollCall | None
    store: RollCallStore
    claims: CanaryStore
    key: bytes
    _due: float = 0

    async def step(self) -> bool:
        """Call where it is time; close what is over. Never more work at once."""
        if time.monotonic() < self._due:
            return False
        now = await self.claims.now()
        if self.settings and due(now, self.settings):
            people = await self.call("warnengine", since=day(now))
            if people is not None:
                log.info("roll-call", people=people)
        await self.close()
        self._due = time.monotonic() + LOOK
        return False

    async def call(self, by: str, since: datetime | None = None) -> int | None:
        """Begin one; how many people are asked. None where one is running already, or where there has been one of
        the same caller since a moment."""
        terms = self.settings or RollCall()
        async with self.store.desk() as desk:
            people = await desk.open(terms.posts, by, timedelta(minutes=terms.within_minutes), since)
            if not desk.change:
                return None
            words = written(self.book, desk.closes_at)
            text = await desk.add_text(desk.change, (), (), "rollcall", words)
            ids = await desk.next_bundles(len(people))
            bundles = [
                NewBundle(id_, who, text, code_hash(link_code(self.key, id_)))
                for id_, who in zip(ids, people, strict=True)
            ]
            await desk.add_bundles(desk.change, "rollcall", bundles, [])
            return len(people)

    async def close(self) -> bool:
        """Close one whose time is over; who is missing is a task. Return whether there was one."""
        return await self.store.close(lambda call, rows: task_of(self._called(call, rows)))

    async def shown(self) -> dict[str, Any] | None:
        """The last roll-call as a table; None before the first."""
        found = await self.store.latest()
        if found is None:
            return None
        call, _ = found
        called = self._called(*found)
        return {
            "at": call["at"].isoformat(),
            "closes_at": call["closes_at"].isoformat(),
            "by": call["by"],
            "closed": call["closed_at"] is not None,
            "words": summary(called),
            "people": [{"name": one.name, "posts": list(one.posts), "presence": one.presence} for one in called],
        }

    def _called(self, call: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[Called]:
        asked = [
            Called(
                row["name"],
                tuple(post_names(row["posts"], self.book)),
                presence(answered=row["answered"], invalid=row["invalid"]),
            )
            for row in rows
        ]
        return asked + [Called(name, (), Presence.BUSY) for name in call["busy"]]
