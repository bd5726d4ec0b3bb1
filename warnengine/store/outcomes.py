"""Outcomes of attempts with all that follows from them: events, parts, further attempts, pages."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from warnengine.model.delivery import Again, Fate, Outcome, Purpose, What
from warnengine.model.level import Level
from warnengine.store.database import queries
from warnengine.store.shapes import storable

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.dispatch
EVENT = ("delivery", "number", "what", "gateway", "detail")
PART = ("gateway", "provider_id", "delivery", "number", "part", "parts", "address", "fate")


class Line(NamedTuple):
    """Which gateway of which channel an outcome comes from."""

    channel: str
    gateway: str


async def append(
    connection: Connection,
    outcomes: Sequence[tuple[Line, Outcome]],
    several: Sequence[str],
    whole: Container[tuple[int, int]] = (),
) -> None:
    """Write outcomes with their effects.

    several: channels with more than one gateway, where what one refuses for good goes by another. whole: messages
    (delivery, number) that are delivered already.
    """
    if not outcomes:
        return
    await _record(connection, outcomes, whole)
    again = [_again(outcome.again, line) for line, outcome in outcomes if outcome.again]
    if again:
        await sql.add_again(connection, again)
    refused = [(o.event.delivery, line.gateway) for line, o in outcomes if _refused_here(o)]
    await go_around(connection, refused, Purpose.RETRY, several)
    await page_unreached(
        connection,
        [{"delivery": o.event.delivery, "words": storable(o.page)[:300]} for _, o in outcomes if o.page],
    )
    retired = [{"delivery": o.event.delivery, "why": storable(o.retire)[:300]} for _, o in outcomes if o.retire]
    if retired:
        await sql.retire_address(connection, retired)


def _refused_here(outcome: Outcome) -> bool:
    """Whether a gateway, and not the number or the time, is why it failed."""
    return outcome.event.what is What.FAILED and bool(outcome.reason) and not outcome.retire


async def go_around(
    connection: Connection, lost: Sequence[tuple[int, str]], purpose: Purpose, several: Sequence[str]
) -> None:
    """Send what a gateway refused or did not deliver by another one; lost: delivery and gateway.

    What only nobody has confirmed (RESEND) goes around at orange and red.
    """
    if lost and several:
        await sql.go_around(
            connection,
            deliveries=[delivery for delivery, _ in lost],
            gateways=[gateway for _, gateway in lost],
            purpose=purpose.value,
            channels=list(several),
            least=Level.BLUE if purpose is Purpose.RETRY else Level.ORANGE,
        )


async def _record(
    connection: Connection, outcomes: Sequence[tuple[Line, Outcome]], whole: Container[tuple[int, int]]
) -> None:
    events, parts = [], []
    for (_, gateway), outcome in outcomes:
        event = outcome.event
        delivered = (event.delivery, event.number) in whole
        events.append((event.delivery, event.number, event.what.value, gateway, storable(event.detail)[:500]))
        if delivered:
            events.append((event.delivery, event.number, What.DELIVERED.value, gateway, ""))
        fate = Fate.DELIVERED.value if delivered else None
        parts += [
            (gateway, storable(p.provider_id), p.delivery, p.number, p.part, p.parts, p.address, fate)
            for p in outcome.parts
        ]
    await connection.copy_records_to_table("delivery_event", records=events, columns=EVENT)
    if parts:
        await connection.copy_records_to_table("part", records=parts, columns=PART)


def _again(again: Again, line: Line) -> dict[str, Any]:
    return {
        "channel": line.channel,
        "lane": again.lane,
        "purpose": again.purpose.value,
        "delivery": again.delivery,
        "number": again.number,
        "after": again.after,
        "avoid": line.gateway,
    }


async def page_unreached(connection: Connection, pages: Sequence[dict[str, Any]]) -> None:
    """Tell the duty room of people to whom no way is left; pages: delivery and words of each way that closed."""
    if pages:
        await sql.hold_bundles(connection, bundles=sorted({page["delivery"] & ~15 for page in pages}))
        await sql.page_unreached(connection, pages)
