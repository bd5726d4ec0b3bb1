"""The account joined: the engine's own functions over the stored situation, and questions to the tables."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from warnengine import metrics
from warnengine.health.account import GRACE, WORDS, Account, Unexplained, colour, differing, task_of
from warnengine.health.paths import Colour
from warnengine.model.book import RuleBook
from warnengine.order.diff import diff
from warnengine.order.publication import as_it_was, unasked
from warnengine.order.reconcile import Reconciler
from warnengine.store.account import AccountStore, Look
from warnengine.store.doctor import DoctorStore
from warnengine.store.health import CanaryStore

log = structlog.get_logger()
LOOK = 30.0
"""Seconds between two looks at the last account."""


@dataclass
class Accountant:
    """Makes the account once in an interval, whichever process does it."""

    book: RuleBook
    reconciler: Reconciler
    store: AccountStore
    claims: CanaryStore
    every: timedelta
    silent: timedelta
    """Accepted and no receipt for so long: silent."""
    _due: float = 0

    async def step(self) -> bool:
        """An account where it is time; never more work at once."""
        if time.monotonic() < self._due:
            return False
        every = self.every.total_seconds()
        now = (await self.claims.now()).timestamp()
        if await self.claims.claim("account", int(now // every * every)):
            log.info("account", line=(await self.make()).line)
        await self._tell()
        self._due = time.monotonic() + min(LOOK, every - now % every)
        return False

    async def _tell(self) -> None:
        """The gauges of every process that looks, whichever has made the account."""
        latest = await self.store.latest()
        if latest:
            metrics.UNEXPLAINED.set(len(latest["unexplained"]))
            metrics.ACCOUNTED.set(time.time() - (latest["now"] - latest["at"]).total_seconds())

    async def make(self) -> Account:
        """Make an account and keep it; what nobody can explain is a task."""
        async with self.store.look(self.book.district.code) as look:
            since = await look.since()
            found = [Unexplained(*one) for one in await look.findings(since, GRACE, self.silent)]
            found += await self._recomputed(look)
            account = Account(since, await look.figures(since), tuple(found))
        await DoctorStore(self.store.database).prove(since)
        listed = [{"what": one.what, "id": one.id} for one in found]
        await self.store.keep(since, account.figures, listed, task_of(account) if found else "")
        return account

    def shown(self, row: Mapping[str, Any] | None) -> dict[str, Any]:
        """The last account on the board; one that is overdue, or none, is grey."""
        if row is None:
            return {"colour": Colour.GREY, "at": None, "words": "还没有对过账", "unexplained": []}
        found = tuple(Unexplained(**one) for one in row["unexplained"])
        account = Account(row["since"], row["figures"], found)
        return {
            "colour": colour(row["at"], found, row["now"], self.every),
            "at": row["at"].isoformat(),
            "words": account.words,
            "unexplained": [f"{WORDS[one.what]}:{one.id}" for one in found],
        }

    async def _recomputed(self, look: Look) -> list[Unexplained]:
        """Warnings × rules, by the functions that decided: what stands must be what they say."""
        if not await look.at_rest():
            return []
        desk, book, reconciler = look.district, self.book, self.reconciler
        standing = await desk.standing()
        forces = reconciler.situation.forces(await desk.cells(), await desk.now())
        granted = reconciler.granted(await desk.granted())
        left = (await desk.by_hand()).deferred
        wanted = as_it_was(reconciler.desired(forces, book, granted), standing, left)
        return differing(unasked(diff(standing, wanted, book.hash), left), standing, book.hash)
