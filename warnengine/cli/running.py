"""serve, demo, doctor: the engine itself, a night of it, and whether it is fit."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from warnengine import app as application
from warnengine.app.doctor import examine
from warnengine.cli.terminal import run, settings
from warnengine.health.check import Check, fit, table
from warnengine.settings import Settings

Roles = Annotated[str, typer.Option(help="Which parts this process runs.")]
ALL = "ingest,dispatch,ladder,console"


def serve(roles: Roles = ALL) -> None:
    """Run the engine until it is told to stop."""
    serve_with(settings(), roles)


def serve_with(settings: Settings, roles: str) -> None:
    """Run an engine with these settings, and only these parts of it."""
    wanted = frozenset(role.strip() for role in roles.split(","))
    if strange := wanted - application.ROLES:
        raise typer.BadParameter(
            f"{', '.join(sorted(strange))}: choose from {', '.join(sorted(application.ROLES))}"
        )
    asyncio.run(application.serve(settings, wanted))


def demo(
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
    speed: Annotated[float, typer.Option(help="Seconds to pause between events, to watch.")] = 0.0,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running, link pages open.")] = False,
    breaking: Annotated[
        bool, typer.Option("--break", help="Kill engine, broker, database and a gateway during the red.")
    ] = False,
    data: Annotated[Path | None, typer.Option(help="Data folder; a fresh temporary one by default.")] = None,
) -> None:
    """Play a night in Tongliang, from the first blue to the last all-clear, and account for every message."""
    from warnengine.demo.conductor import Options, play

    raise typer.Exit(play(Options(json=json_file, speed=speed, keep=keep, breaking=breaking, data=data)))


def doctor(as_json: Annotated[bool, typer.Option("--json", help="One JSON list of the checks.")] = False) -> None:
    """Say whether this installation is fit to be trusted tonight, and what to do where it is not."""
    checks = run(_examined())
    rows = [check.plain() for check in checks]
    print(json.dumps(rows, ensure_ascii=False) if as_json else table(checks))
    raise typer.Exit(0 if fit(checks) else 1)


async def _examined() -> list[Check]:
    return [check async for check in examine(settings())]
