"""trial: two people end the trial, and the officials hear from then on."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any

import typer

from warnengine import app as application
from warnengine.app.guards import refuse_samples
from warnengine.app.library import Folder, counting, samples
from warnengine.cli.terminal import run, settings
from warnengine.model.book import RuleBook
from warnengine.model.digest import Preview
from warnengine.settings import Settings
from warnengine.store.database import Database
from warnengine.store.people import PeopleStore
from warnengine.store.trial import TrialStore

group = typer.Typer(no_args_is_help=True, help="试运行: live input, only the duty room receives.")
By = Annotated[str, typer.Option("--by", help="Your name, or key, in the address list.")]


@group.command()
def go_live(
    by: By,
    send_anew: Annotated[
        bool, typer.Option("--send-anew", help="Issue the orders in force again, to the officials.")
    ] = False,
) -> None:
    """Show what going live would do, and ask for it. Somebody else confirms with `trial confirm`."""
    number, standing = run(_asked(settings(), by, send_anew=send_anew))
    for row in standing:
        print(f"{row['unit']} {row['hazard']} {row['level']}: {row['people']} people")
    fate = "are issued again, to the officials" if send_anew else "are put aside, and nobody is told of them"
    print(f"request {number}: {len(standing)} orders in force {fate}; timers, tasks and requests of the trial end")
    print(f"somebody else, within the hour: warnengine trial confirm {number} --by NAME")


@group.command()
def confirm(number: int, by: By) -> None:
    """Go live. Stop the engines before; start them with WARNENGINE_INSTALLATION=live after."""
    standing = run(_confirmed(settings(), number, by))
    print(f"this installation is live; {len(standing)} orders stood. Start it with WARNENGINE_INSTALLATION=live")


async def _asked(settings: Settings, by: str, *, send_anew: bool) -> tuple[int, list[dict[str, Any]]]:
    folder = Folder.of(settings)
    async with application.opened(settings) as database:
        book = await counting(database, folder)
        refuse_samples(_live(settings), book.hash, await samples(database, folder, book))
        return await TrialStore(database).ask(await _preview(settings, book, database, send_anew), by)


async def _confirmed(settings: Settings, number: int, by: str) -> list[dict[str, Any]]:
    folder = Folder.of(settings)
    async with application.opened(settings) as database:
        book = await counting(database, folder)
        refuse_samples(_live(settings), book.hash, await samples(database, folder, book))
        preview = await _preview(settings, book, database, send_anew=False)
        with contextlib.ExitStack() as held:
            if not settings.database:
                held.enter_context(application.owned(settings.data))
            return await TrialStore(database).confirm(number, preview, by)


def _live(settings: Settings) -> Settings:
    """What these will be."""
    return settings.model_copy(update={"installation": "live"})


async def _preview(settings: Settings, book: RuleBook, database: Database, send_anew: bool) -> Preview:
    facts = {
        "book": book.hash,
        "gateways": sorted(gateway.name for gateway in settings.gateways),
        "posts": await PeopleStore(database).count(book.district.code),
    }
    return Preview(book.district.code, facts, send_anew)
