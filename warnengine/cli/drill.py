"""drill: the commands of the engine, for the drill beside it."""

from __future__ import annotations

import typer

from warnengine.app.sides import drill_side
from warnengine.cli.directory import Tables, import_into
from warnengine.cli.intake import ingest_into
from warnengine.cli.running import ALL, Roles, serve_with
from warnengine.cli.terminal import Files, run, settings
from warnengine.store import drill

group = typer.Typer(no_args_is_help=True, help="演练: as live, on other routes, keys, people and texts.")


@group.command()
def serve(roles: Roles = ALL) -> None:
    """Run the drill beside the live engine. It pauses while a live order at orange or red stands."""
    serve_with(drill_side(settings()), roles)


@group.command()
def ingest(files: Files) -> None:
    """Hand messages of the status Exercise or Test to the drill."""
    ingest_into(drill_side(settings()), files)


@group.command("import")
def import_(files: Tables) -> None:
    """Make this address list the one of the drill; the live one is not readable from there."""
    import_into(drill_side(settings()), files)


@group.command()
def prepare() -> None:
    """Make the drill's schema and role in a PostgreSQL of your own; the embedded one needs no such step."""
    live = settings()
    side = drill_side(live)
    if not live.database or not side.database:
        print("the embedded database needs no preparation: `warnengine drill serve` does it")
        return
    run(drill.prepare(live.database.get_secret_value(), side.database.get_secret_value()))
    print("the drill has a schema and a role of its own, which reads nothing live but one flag")
