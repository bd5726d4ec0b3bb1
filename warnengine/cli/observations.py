"""observe: observations from files."""

from __future__ import annotations

from pathlib import Path

import typer

from warnengine.cli.terminal import Files, content, idle_engine, run, settings
from warnengine.model.errors import RefusedWarning

SHOWN = 20
"""Refused rows of a file that are printed; all of them are kept."""


def observe(files: Files) -> None:
    """Hand observations (JSON lines or CSV) to the engine's store; a running engine judges them at once."""
    raise typer.Exit(0 if run(_taken(files)) else 1)


async def _taken(files: list[Path]) -> bool:
    """Whether every row was taken."""
    good = True
    async with idle_engine(settings()) as engine:
        for file in files:
            try:
                report = await engine.take_observations("command", content(file))
            except RefusedWarning as refusal:
                print(f"{file}: refused ({refusal.reason}): {refusal}")
                good = False
                continue
            print(f"{file}: {report.kept} kept, {report.known} known, {len(report.refused)} refused")
            for one in report.refused[:SHOWN]:
                print(f"{file}:{one.line}: {one.reason}")
            if len(report.refused) > SHOWN:
                print(f"{file}: {len(report.refused) - SHOWN} more; GET /v1/observations/refused lists them")
            for words in report.differing:
                print(f"{file}: {words}")
            good = good and not report.refused
    return good
