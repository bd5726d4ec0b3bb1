"""Lets months go whose term is over, one at a time and when nothing is being sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import structlog

from warnengine.model.errors import StoreBusy
from warnengine.model.retention import Month, going, past

log = structlog.get_logger()
BY = "warnengine"
"""Who did it, in the chain, where nobody was asked."""


class Store(Protocol):
    """What keeping needs of the store."""

    async def today(self) -> date:
        """By the database's clock."""

    async def months(self) -> list[date]:
        """Months before this one of which anything is stored."""

    async def named(self) -> list[date]:
        """Months before this one that still have names."""

    async def unfinished(self) -> list[date]:
        """Months that were decided to go and are not gone."""

    async def look(self, month: date) -> Month:
        """What lies in a month, and what keeps it."""

    async def calm(self) -> bool:
        """Whether nothing is being sent at this moment."""

    async def retire(self, month: date, by: str) -> None:
        """Let a month go that nothing keeps; StoreBusy where that is not done yet."""

    async def drop(self, month: date) -> None:
        """What is left of a month that was decided to go; StoreBusy where that is not done yet."""

    async def unname(self, month: date, by: str) -> None:
        """Take numbers, mailboxes and words of people out of a month that is kept."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """Keeps for so many years what must be kept, and no longer."""

    store: Store
    years: int | None
    """Absent: nothing goes."""
    named_years: int | None
    """Absent: names stay as long as what they stand in."""

    async def plan(self) -> Sequence[Month]:
        """Months that are past their term, oldest first."""
        if not self.years:
            return []
        months = past(await self.store.months(), await self.store.today(), self.years)
        return [await self.store.look(month) for month in months]

    async def round(self) -> None:
        """For a loop: a table that was not free is asked for again at the next round."""
        try:
            await self.work()
        except StoreBusy as error:
            log.warning("retention", problem=str(error))

    async def work(self, by: str = BY) -> list[Month]:
        """Finish what was begun, then let every month go that is past its term and is not held; which went."""
        for begun in await self.store.unfinished():
            await self.store.drop(begun)
        months = await self.plan()
        for month in months:
            if month.held:
                log.warning("retention", month=month.name, held=list(month.held))
        gone = []
        for month in going(months):
            if not await self.store.calm():
                log.info("retention", month=month.name, later="messages are being sent")
                break
            await self.store.retire(month.month, by)
            log.info("retention", month=month.name, gone=dict(month.rows), by=by)
            gone.append(month)
        await self.unname(by)
        return gone

    async def unname(self, by: str = BY) -> list[date]:
        """Take names out of months that are past that term; which."""
        if not self.named_years:
            return []
        months = past(await self.store.named(), await self.store.today(), self.named_years)
        for month in months:
            await self.store.unname(month, by)
            log.info("retention", month=f"{month:%Y-%m}", nameless=True, by=by)
        return months
