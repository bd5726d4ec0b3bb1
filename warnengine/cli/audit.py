"""audit: the chain of decisions, recomputed."""

from __future__ import annotations

import typer

from warnengine import app as application
from warnengine.audit import anchor, chain
from warnengine.cli.terminal import fail, run, settings
from warnengine.settings import Settings
from warnengine.store.audit import AuditStore

group = typer.Typer(no_args_is_help=True, help="The chain of decisions.")


@group.command()
def verify() -> None:
    """Recompute the chain of decisions, and compare the tables with it."""
    found, differences = run(_verified(settings()))
    if found.broken is not None:
        fail(f"the chain breaks at row {found.broken}: somebody has changed or removed a decision")
    if differences:
        fail("the tables are not what the chain has sealed\n" + "\n".join(map(str, differences)))
    print(f"{found.rows} decisions, the chain holds; head {found.head}")


async def _verified(settings: Settings) -> tuple[chain.Finding, list[chain.Difference]]:
    async with application.opened(settings) as database:
        store = AuditStore(database)
        anchors = anchor.read(settings.anchors)
        found = await chain.verify((chain.Link(*row) async for row in store.chain()), anchors)
        return found, [chain.Difference(**row) for row in await store.differences(None)]
