"""A locked district: what is in force there, what stands, and what the reconciler writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from warnengine.model.bundle import Pending, Request
from warnengine.model.byhand import ByHand
from warnengine.model.canary import CANARY
from warnengine.model.order import Form, Kind, Mark, OrderKey, Stands, Version
from warnengine.model.situation import Cell, CellKey, Unmatched
from warnengine.store import shapes
from warnengine.store.database import queries
from warnengine.store.warnings import ask

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.orders
approvals = queries.approvals
UNMATCHED = TypeAdapter(list[Unmatched])


class DistrictDesk:
    """One locked district and one transaction."""

    def __init__(self, connection: Connection, district: str) -> None:
        self.connection = connection
        self.district = district
        self._taken_in: list[int] = []

    async def now(self) -> datetime:
        """Engine time."""
        moment: datetime = await sql.now(self.connection)
        return moment

    async def pending(self) -> list[Pending]:
        """What the district has not taken in."""
        rows = await sql.pending_warnings(self.connection, district=self.district)
        readings = []
        for row in rows:
            try:
                warning = shapes.WARNING.validate_python(row["body"])
            except ValidationError:  # of another version: it must not hold back those beside it
                await sql.warnings_applied(self.connection, district=self.district, arrivals=[row["arrival"]])
                await self.ask(
                    [f"{row['arrival']} 号来文无法读出,未下发指令。请看原文核实,并请发布单位重新发布。"]
                )
            else:
                readings.append(Pending(row["arrival"], warning, row["received_at"], row["found"], row["again"]))
        return readings

    async def cells(self) -> dict[CellKey, Cell]:
        """Every cell of the district."""
        cells = map(shapes.cell, await sql.cells(self.connection, district=self.district))
        return {cell.key: cell for cell in cells}

    async def granted(self) -> frozenset[tuple[OrderKey, str, str]]:
        """What authorities have approved: order, measure, words."""
        rows = await sql.granted(self.connection, district=self.district)
        return frozenset(
            (OrderKey(row["unit"], row["hazard"], row["family"]), row["measure"], row["words"]) for row in rows
        )

    async def standing(self) -> dict[OrderKey, Stands]:
        """What stands."""
        rows = map(shapes.stands, await sql.standing(self.connection, district=self.district))
        return {stands.key: stands for stands in rows}

    async def by_hand(self) -> ByHand:
        """What people order beside the rules, and what they have taken back."""
        manual = await queries.byhand.standing_by_hand(self.connection, district=self.district)
        taken = await queries.byhand.withdrawn(self.connection, district=self.district)
        left = await queries.books.deferred(self.connection, district=self.district)
        return ByHand(
            tuple(map(shapes.manual, manual)),
            {one.key: one for one in map(shapes.withdrawn, taken)},
            dict(map(shapes.deferred, left)),
        )

    async def undefer(self, keys: Iterable[OrderKey]) -> None:
        """These wait no longer: the situation is another, or somebody has asked for them."""
        rows = [{**key._asdict(), "district": self.district} for key in sorted(keys)]
        await queries.books.undefer(self.connection, rows)

    async def keep(self, cells: Iterable[Cell], arrivals: Iterable[int]) -> None:
        """Save moved cells, and that these arrivals and all decisions are taken in."""
        rows = [
            {**cell.key._asdict(), "district": self.district, "statements": _statements(cell)} for cell in cells
        ]
        await sql.save_cell(self.connection, rows)
        self._taken_in = list(arrivals)
        await sql.warnings_applied(self.connection, district=self.district, arrivals=self._taken_in)
        await sql.decisions_applied(self.connection, district=self.district)
        await approvals.doubt(self.connection)

    async def wake(self, now: datetime, moments: Iterable[datetime]) -> None:
        """What was to change until now is taken in; take the district in again at these moments."""
        await sql.turned(self.connection, district=self.district, now=now)
        await sql.turn(self.connection, [{"district": self.district, "at": at} for at in sorted(moments)])

    async def ask(self, questions: Iterable[str]) -> None:
        """Put questions to the duty room, each once for ever."""
        await ask(self.connection, self.district, questions)

    async def last(self, until: Mapping[OrderKey, datetime]) -> None:
        """These orders stand as they are, until another moment."""
        rows = [{**key._asdict(), "until": moment.isoformat()} for key, moment in sorted(until.items())]
        if rows:
            await sql.last(self.connection, district=self.district, rows=rows)

    async def unmatched(self, warnings: Iterable[Unmatched]) -> None:
        """List warnings of which no order came, each once."""
        rows = UNMATCHED.dump_python(list(warnings), mode="json")
        if rows and self.district != CANARY:
            await sql.unmatched(self.connection, district=self.district, rows=rows)

    async def write(
        self,
        versions: Sequence[Version],
        requests: Sequence[Request],
        warned_at: datetime | None,
        *,
        quiet: bool = False,
    ) -> int:
        """Write versions, supersede the older ones, ask for approvals; return the change's id. quiet: nobody is
        told."""
        # an all-clear stands on nothing: what has just come in says why there is one
        came = await sql.identifiers(self.connection, arrivals=self._taken_in)
        because = sorted(
            {row["identifier"] for row in came}
            | {identifier for version in versions for identifier in version.change.because}
        )
        change: int = await sql.add_change(
            self.connection,
            district=self.district,
            warned_at=None if self.district == CANARY else warned_at,
            because=because,
            quiet=quiet,
        )
        standing = [version.change.order for version in versions if version.change.order]
        await sql.supersede(self.connection, standing_orders=standing)
        await sql.own_end(self.connection, standing_orders=standing)
        orders = [await self._version(version, change) for version in versions]
        for request in requests:
            await self._ask(request, orders, change)
        await approvals.void_empty(self.connection, district=self.district)
        if self.district == CANARY:  # pruned within the hour: no decision that anybody must prove
            return change
        await sql.announce(
            self.connection, type="warnengine.change.made", subject=f"change/{change}", data=_news(versions)
        )
        body: dict[str, Any] = {"change": change, "because": because, "orders": _news(versions)}
        if quiet:
            body["quiet"] = "first start"
        await sql.audit(self.connection, kind="orders", body=body)
        return change

    async def _version(self, version: Version, change: int) -> int:
        what = version.change
        order: int = what.order or await sql.open_order(
            self.connection, district=self.district, **what.key._asdict()
        )
        await sql.add_version(self.connection, **shapes.columns(version, order, change))
        still = [mark.standing.measure for mark in version.measures if mark.mark is not Mark.LAPSED]
        await approvals.void_items(self.connection, standing_order=order, still=still)
        if what.kind is Kind.LAPSE:
            await sql.lapse_order(self.connection, standing_order=order)
            await sql.close_obligations(self.connection, standing_order=order)
        return order

    async def _ask(self, request: Request, orders: Sequence[int], change: int) -> None:
        approval = await approvals.add_approval(
            self.connection,
            district=self.district,
            change=change,
            level=request.level,
            sha256=request.sha256,
            ceiling=request.rule.ceiling,
            within=timedelta(),  # due at once: the ladder asks the first authority
        )
        items = [
            {
                "approval": approval,
                "standing_order": orders[item.version],
                "measure": item.measure,
                "words": item.words,
            }
            for item in request.items
        ]
        await approvals.add_item(self.connection, items)


def _statements(cell: Cell) -> Any:
    return shapes.STATEMENTS.dump_python(dict(cell.statements), mode="json")


def _news(versions: Sequence[Version]) -> list[dict[str, Any]]:
    return [
        {
            **version.change.key._asdict(),
            "kind": version.change.kind.value,
            "version": version.change.version,
            "level": version.change.level.key if version.change.level else None,
            "ordered": [m.standing.measure for m in version.measures if m.standing.form is Form.ORDER],
            "authorised": {m.standing.measure: m.authority for m in version.measures if m.authority},
            "book": version.book,
        }
        for version in versions
    ]
