"""The account joined: the engine's own functions over the stored situation, and questions to the tables."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

import structlog

from warnengine import metrics
from warnengine.health.account import GRACE, Account, Unexplained, differing, task_of
from warnengine.model.book import RuleBook
from warnengine.order.diff import diff
from warnengine.order.reconcile import Reconciler
from warnengine.store.account import AccountStore, Look
from warnengine.store.health import CanaryStore

log = structlog.get_logger()


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
            await self.make()
        self._due = time.monotonic() + min(every / 4, every - now % every)
        return False

    async def make(self) -> Account:
        """Make an account and keep it; what nobody can explain is a task."""
        async with self.store.look(self.book.district.code) as look:
            since = await look.since()
            found = [Unexplained(*one) for one in await look.findings(since, GRACE, self.silent)]
            found += await self._recomputed(look)
            account = Account(since, await look.figures(since), tuple(found))
        listed = [{"what": one.what, "id": one.id} for one in found]
        await self.store.keep(since, account.figures, listed, task_of(account) if found else "")
        metrics.UNEXPLAINED.set(len(found))
        metrics.ACCOUNTED.set_to_current_time()
        log.info("account", line=account.line)
        return account

    async def _recomputed(self, look: Look) -> list[Unexplained]:
        """Warnings × rules, by the functions that decided: what stands must be what they say."""
        if not await look.at_rest():
            return []
        desk = look.district
        standing = await desk.standing()
        forces = self.reconciler.situation.forces(await desk.cells())
        granted = self.reconciler.granted(await desk.granted())
        wanted = self.reconciler.desired(forces, self.book, granted)
        return differing(diff(standing, wanted, self.book.hash), standing, self.book.hash)
