"""directory: the address list, checked and brought into force."""

from __future__ import annotations

from pathlib import Path

import typer

from warnengine import app as application
from warnengine import rulebook
from warnengine.cli.terminal import idle_engine, run, settings
from warnengine.directory import gaps, read_csv
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
    book = rulebook.load(settings.rules)
    listed = read_csv(file.read_bytes(), book, str(file))
    for gap in gaps(listed, book):
        print(gap)
    run(_replaced(settings, book.district.code, book.district.name, listed))
    print(f"{len(listed.people)} people in {len(listed.holdings)} posts")


async def _replaced(settings: Settings, code: str, name: str, listed: Directory) -> None:
    async with idle_engine(settings) as engine:
        await engine.orders.publish(code, name, engine.book.hash, application.book_files(settings.rules))
        await PeopleStore(engine.database).replace(code, listed)


@group.command()
def check(file: Path) -> None:
    """What is wrong with an address list, and what is missing from it."""
    book = rulebook.load(settings().rules)
    listed = read_csv(file.read_bytes(), book, str(file))
    found = gaps(listed, book)
    print(*found, sep="\n")
    print(f"{file}: {len(listed.people)} people in {len(listed.holdings)} posts, {len(found)} complaints")
    raise typer.Exit(1 if found else 0)
