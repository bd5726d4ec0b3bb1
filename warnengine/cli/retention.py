"""retention: how long what is about people is kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from warnengine import app as application
from warnengine.audit.retention import Keeper
from warnengine.cli.terminal import fail, run, settings
from warnengine.model.retention import told
from warnengine.settings import Settings
from warnengine.store.retention import RetentionStore

Result = TypeVar("Result")
group = typer.Typer(no_args_is_help=True, help="How long what is about people is kept.")


@group.command()
def plan() -> None:
    """Say what would go now, what stays although its term is over, and why. Nothing goes."""
    read = settings()
    if not read.retention.years:
        print("WARNENGINE_RETENTION__YEARS is not set: everything is kept for ever")
        return
    print(*told(run(_kept(read, lambda keeper: keeper.plan())), read.retention.years), sep="\n")


@group.command()
def drop(by: Annotated[str, typer.Option(help="Who lets it go, by name; it stands in the audit chain.")]) -> None:
    """Let the months go that `plan` names. A running engine does so by itself, once an hour."""
    read = settings()
    if not read.retention.years:
        fail("WARNENGINE_RETENTION__YEARS is not set: nothing may go", code=2)
    gone = run(_kept(read, lambda keeper: keeper.work(by)))
    print("\n".join(f"{month.name} is gone" for month in gone) or "nothing went")


async def _kept(read: Settings, act: Callable[[Keeper], Awaitable[Result]]) -> Result:
    async with application.opened(read) as database:
        kept = read.retention
        return await act(Keeper(RetentionStore(database), kept.years, kept.named_years))
