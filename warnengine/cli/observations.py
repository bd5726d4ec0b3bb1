"""observe: observations from files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import typer

from warnengine.cli.terminal import Files, content, idle_engine, run, settings
from warnengine.model.errors import RefusedWarning
from warnengine.model.observation import Report

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
            else:
                print(*told(file, report), sep="\n")
                good = good and not report.refused
    return good


def told(file: Path, report: Report) -> Iterator[str]:
    """What became of a file, line by line."""
    yield f"{file}: {report.kept} kept, {report.known} known, {len(report.refused)} refused"
    yield from (f"{file}:{one.line}: {one.reason}" for one in report.refused[:SHOWN])
    if len(report.refused) > SHOWN:
        yield f"{file}: {len(report.refused) - SHOWN} more; GET /v1/observations/refused lists them"
    yield from (f"{file}: {words}" for words in report.differing)
