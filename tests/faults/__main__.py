"""Run the faults, print a table, write docs/faults/latest.json."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import pkgutil
import sys
import tempfile
import time
import traceback
from functools import reduce
from pathlib import Path

from tests.faults import cases, report
from tests.faults.district import PROJECT
from tests.faults.processes import Child
from tests.faults.registry import CASES, FAULTS, Fault, missing
from tests.faults.report import Result
from tests.faults.stage import Seeds, Stage, clean
from tests.faults.verdict import Broken, NotRun

LONGEST = 240
"""Seconds after which a case has failed, where it has not asked for more."""


def longest(fault: Fault) -> float:
    """Seconds that a case may take: some are as long as one wants."""
    more = {3: ("FAULTS_KILLS", 20), 63: ("FAULTS_SOAK", 1)}.get(fault.number)
    return LONGEST + (int(os.environ.get(more[0], "0")) * more[1] if more else 0)


async def judged(fault: Fault, seeds: Seeds, folder: Path, *, keep: bool = False) -> Result:
    """Run one case in a world of its own."""
    result = Result(fault.number, fault.name, ran=False, held=False, seen="")
    stage = Stage(folder, seeds, fault.number)
    began = time.monotonic()
    try:
        async with asyncio.timeout(longest(fault)):
            result.seen = await CASES[fault.number](stage)
        result.ran = result.held = True
    except NotRun as why:
        result.seen = str(why)
    except Broken as seen:
        result.ran, result.seen = True, str(seen)
    except Exception as error:  # noqa: BLE001 - whatever a script trips over is its own case's failure
        frames = traceback.extract_tb(error.__traceback__)
        place = next(
            (f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames) if "cases" in f.filename), ""
        )
        result.ran, result.seen = True, f"{type(error).__name__} {error} at {place}"
    finally:
        result.seconds = round(time.monotonic() - began, 1)
        places = (str(folder), str(PROJECT), sys.prefix)  # nobody else has them
        result.seen = " ".join(reduce(lambda seen, place: seen.replace(place, "…"), places, result.seen).split())[
            :900
        ]
        if keep and not result.held:
            for engine in stage.engines:
                print(f"--- {engine.name}\n{engine.child.tail(45)}", file=sys.stderr)
        await stage.close()
    return result


def made(folder: Path) -> Path:
    """Make a folder that PostgreSQL's own user may pass through."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    return folder


async def elsewhere(fault: Fault, folder: Path) -> Result:
    """Run a case in a network namespace of its own, with a server of its own, by this program."""
    inside = 'ip link set lo up && exec "$0" -m tests.faults --inside "$1" --folder "$2"'
    command = ("unshare", "-n", "-m", "sh", "-c", inside, sys.executable, str(fault.number), str(folder))
    child = Child(folder / "inside.log", *command, environment=clean())
    child.output.touch()
    try:
        found = json.loads(await asyncio.wait_for(_said(child), longest(fault) + 60))
        return Result(**found)
    except (ValueError, TimeoutError, Broken):
        return Result(fault.number, fault.name, ran=True, held=False, seen=child.tail())
    finally:
        await child.kill()


async def _said(child: Child) -> str:
    with child.output.open("ab") as output:
        child.process = await asyncio.create_subprocess_exec(
            *child.command,
            env=child.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=output,
            start_new_session=True,
        )
    return (await child.process.communicate())[0].decode().strip().rpartition("\n")[2]


async def inside(number: int, folder: Path) -> None:
    """The other side of `elsewhere`."""
    fault = next(one for one in FAULTS if one.number == number)
    seeds = await Seeds.open(folder)
    try:
        print(json.dumps(vars(await judged(fault, seeds, made(folder / "case"), keep=True))))
    finally:
        await seeds.close()


async def every(faults: list[Fault], *, keep: bool, dry: bool) -> list[Result]:
    """Run these, one after the other, on one server; what is known stands in the file at once."""
    results = []
    with tempfile.TemporaryDirectory(prefix="wf-") as name:
        base = made(Path(name))
        seeds = await Seeds.open(made(base / "pg"))
        try:
            for fault in faults:
                result = await one(fault, seeds, base, keep=keep)
                results.append(result)
                print(report.line(result), flush=True)
                if not dry:
                    report.write(results)
        finally:
            await seeds.close()
    return results


async def one(fault: Fault, seeds: Seeds, base: Path, *, keep: bool) -> Result:
    why = next(filter(None, map(missing, fault.needs)), "")
    if fault.number not in CASES:
        why = "no script yet"
    if why:
        return Result(fault.number, fault.name, ran=False, held=False, seen=why)
    folder = made(base / f"c{fault.number}")
    if "namespace" in fault.needs:
        return await elsewhere(fault, folder)
    return await judged(fault, seeds, folder, keep=keep)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--core", action="store_true", help="what CI runs")
    parser.add_argument("--only", type=lambda text: {int(part) for part in text.split(",")}, default=set())
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--dry", action="store_true", help="do not write docs/faults/latest.json")
    parser.add_argument("--keep", action="store_true", help="show the engines' last words where a case fails")
    parser.add_argument("--inside", type=int)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    for module in pkgutil.iter_modules(cases.__path__):
        importlib.import_module(f"tests.faults.cases.{module.name}")
    if given.inside:
        asyncio.run(inside(given.inside, given.folder))
        return
    chosen = [f for f in FAULTS if (not given.only or f.number in given.only) and (f.core or not given.core)]
    if given.list:
        for fault in chosen:
            script = "" if fault.number in CASES else " (no script)"
            print(f"{fault.number:>3} {'core' if fault.core else '    '} {fault.name} → {fault.must_hold}{script}")
        return
    results = asyncio.run(every(chosen, keep=given.keep, dry=given.dry))
    print(report.summary(results))
    needed = "CI" in os.environ  # there everything is installed, and what was not run has not been shown
    sys.exit(any(not one.held and (one.ran or needed) for one in results))


if __name__ == "__main__":
    main()
