"""directory: the address list, checked and brought into force."""

from __future__ import annotations

from pathlib import Path

import typer

from warnengine.app.library import Folder
from warnengine.cli.terminal import idle_engine, run, settings
from warnengine.directory import gaps, read_csv
from warnengine.model.book import RuleBook
from warnengine.model.directory import Directory
from warnengine.settings import Settings
from warnengine.store.people import PeopleStore

group = typer.Typer(no_args_is_help=True, help="Who holds which post.")


@group.command("import")
def import_(file: Path) -> None:
    """Make this address list the one that counts."""
    import_into(settings(), file)


def import_into(settings: Settings, file: Path) -> None:
    """Make this address list the one of these settings; what is missing from it is said, and hinders nothing."""
    listed = run(_replaced(settings, str(file), file.read_bytes()))
    print(f"{file}: {len(listed.people)} 人、{len(listed.holdings)} 个岗位,已生效")


async def _replaced(settings: Settings, file: str, raw: bytes) -> Directory:
    async with idle_engine(settings) as engine:
        district = engine.book.district
        listed = read_csv(raw, engine.book, file)
        for gap in gaps(listed, engine.book):
            print(gap)
        await engine.orders.found(district.code, district.name)
        await PeopleStore(engine.database).replace(district.code, listed)
        return listed


async def _book(settings: Settings) -> RuleBook:
    if only := Folder.of(settings).only(settings):
        return only
    async with idle_engine(settings) as engine:
        return engine.book


@group.command()
def check(file: Path) -> None:
    """What is wrong with an address list, and what is missing from it."""
    book = run(_book(settings()))
    listed = read_csv(file.read_bytes(), book, str(file))
    found = gaps(listed, book)
    print(*found, sep="\n")
    print(f"{file}: {len(listed.people)} 人、{len(listed.holdings)} 个岗位,{len(found)} 处要补")
    raise typer.Exit(1 if found else 0)
