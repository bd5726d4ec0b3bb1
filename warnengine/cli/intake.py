"""parse and ingest: warnings from files."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from warnengine import rulebook
from warnengine.app.explain import REFUSALS
from warnengine.cli.terminal import Files, content, idle_engine, run, settings
from warnengine.ingest import formats
from warnengine.ingest.faulty import fault
from warnengine.ingest.formats.document import LINKS_ONLY
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.formats.report import describe
from warnengine.model.arrival import Arrival, Taken, Verdict
from warnengine.model.errors import RefusedWarning
from warnengine.settings import Settings


def parse(
    files: Files, as_json: Annotated[bool, typer.Option("--json", help="One JSON line per file.")] = False
) -> None:
    """Say how the engine reads warnings, without taking them in."""
    book = rulebook.load(settings().rules)
    reading = Reading({book.district.code: book.district}, book.hazard_table)
    results = [_parsed(file, reading) for file in files]
    for result in results:
        print(json.dumps(result, ensure_ascii=False, indent=None if as_json else 2))
    raise typer.Exit(0 if all(result["ok"] for result in results) else 1)


def _parsed(file: Path, reading: Reading) -> dict[str, Any]:
    """What is rejected although it could be read is shown with what was read; a feed of links is in order."""
    try:
        warnings = formats.read(content(file), reading)
    except (RefusedWarning, OSError) as error:
        in_order = isinstance(error, RefusedWarning) and error.reason == LINKS_ONLY
        return {"file": str(file), "ok": in_order, "format": None, "warnings": [], "error": str(error)}
    rejected = next((problem for warning in warnings if (problem := fault(warning))), None)
    return {
        "file": str(file),
        "ok": rejected is None,
        "format": warnings[0].format if warnings else None,
        "warnings": [entry for warning in warnings for entry in describe(warning)],
        "error": f"{rejected.rule}: {rejected.message}" if rejected else None,
    }


def ingest(files: Files) -> None:
    """Hand warnings to the engine's store; a running engine acts on them at once."""
    ingest_into(settings(), files)


def ingest_into(settings: Settings, files: list[Path]) -> None:
    """Hand warnings to the store of these settings; the exit code is 1 where one is quarantined."""
    verdicts = run(_taken(settings, files))
    raise typer.Exit(0 if Verdict.QUARANTINED not in verdicts else 1)


async def _taken(settings: Settings, files: list[Path]) -> list[Verdict]:
    async with idle_engine(settings) as engine:
        taken = []
        for file in files:
            arrival = Arrival("command", f"{file}@{datetime.now().astimezone().isoformat()}", content(file))
            one = await engine.take(arrival)
            print(f"{file}: {_answered(one)}")
            taken.append(one.verdict)
        return taken


ANSWERS = {
    Verdict.NEW: "已收下,是新的来文。下达了什么看值班室“指令”页;没有下达的,原因看首页待办",
    Verdict.REPEAT: "以前收到过,内容一样,不再下达",
    Verdict.CONFLICT: "同一编号有两种级别,按较高的执行,已请值班室核实",
    Verdict.QUARANTINED: "没有采用,原文已留存,已报值班室",
}


def _answered(taken: Taken) -> str:
    """What became of it, for whoever handed it in; the word of the API stands behind it."""
    reason = REFUSALS.get(taken.reason or "", "")
    why = ":".join(part for part in (reason, taken.explanation) if part)
    return f"{ANSWERS[taken.verdict]}({taken.verdict}){f' {why}' if why else ''}"
