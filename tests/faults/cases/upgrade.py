"""A newer version beside an older one, on one database, with orders in flight; and the way back."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.faults import oracles
from tests.faults.cases.dying import some, warned
from tests.faults.district import ALL, PROJECT
from tests.faults.processes import Child
from tests.faults.registry import fault
from tests.faults.stage import Engine, Json, Stage
from tests.faults.verdict import hold

OLD = "9d92f6b"
"""A version of before migrations said whom they work with, and of before several engines shared a line by lease."""
TOWNS = [ALL[place : place + 6] for place in range(0, len(ALL), 6)]
SENDING: Json = {"lease_seconds": 9, "grace_seconds": 1.5}
HOT = ("attempt", "bundle", "chunk", "delivery", "delivery_event", "obligation", "order_version", "task", "timer")
EXPANDS = "-- works with: {newest}\n" + "".join(f"ALTER TABLE {table} ADD later text;\n" for table in HOT)
CONTRACTS = "ALTER TABLE attempt DROP later;"


def newest() -> str:
    """Number of the newest migration of this version."""
    return max(file.name for file in (PROJECT / "warnengine" / "store" / "migrations").glob("*.sql"))[:4]


def later_version(folder: Path, **migrations: str) -> Path:
    """This version with further migrations, by name; its folder."""
    shutil.copytree(PROJECT / "warnengine", folder / "warnengine", ignore=shutil.ignore_patterns("__pycache__"))
    for name, sql in migrations.items():
        file = folder / "warnengine" / "store" / "migrations" / f"{name.removeprefix('m')}.sql"
        file.write_text(sql, encoding="utf-8")
    return folder


def older_version(folder: Path) -> Path | None:
    """The old version's files; None where this copy of the project has no history."""
    packed = subprocess.run(["git", "-C", str(PROJECT), "archive", OLD], capture_output=True, check=False)
    if packed.returncode:
        return None
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", str(folder)], input=packed.stdout, check=True)
    return folder


def version(stage: Stage, name: str, place: Path, **more: str) -> Engine:
    """An engine of the version in a folder."""
    dispatch = SENDING if more else SENDING | {"line_seconds": 9}
    return stage.engine(name, environment={"PYTHONPATH": str(place)}, dispatch=dispatch, **more)


async def refused(engine: Engine, words: str) -> str:
    """Start an engine that must end by itself; its last words."""
    await engine.child.start()
    code = await engine.child.ended()
    said = engine.child.tail(1)
    hold(code == 1 and words in said, f"{engine.name} ended with {code}: {said}")
    return said.removeprefix("warnengine: ")


async def busy(stage: Stage, engine: Engine, group: int) -> None:
    """A red for a further part of the district, of which something is in flight when this returns."""
    before = len(stage.submits())
    await warned(engine, stage.bureau.warning("red", TOWNS[group]))
    await some(stage, before + 12)


async def from_before_the_rule(stage: Stage) -> str:
    """The old version with orders in flight, and this one comes."""
    place = await asyncio.to_thread(older_version, stage.folder / "old")
    if place is None:
        return f"(this copy of the project has no version {OLD})"
    await stage.seeds.server.run(f"DROP DATABASE IF EXISTS case{stage.number} WITH (FORCE)")
    await stage.seeds.server.run(f"CREATE DATABASE case{stage.number}")
    people = stage.folder / "people.csv"
    stage.people.write(people)
    old = version(stage, "old", place, rules=str(place / "rules"), templates=str(place / "templates"))
    command = (sys.executable, "-m", "warnengine", "directory", "import", str(people))
    child = Child(stage.folder / "import.log", *command, environment=old.environment)
    await child.start()
    hold(await child.ended(120) == 0, child.tail())
    await old.start()
    await busy(stage, old, 0)
    await stage.running("this")
    await stage.settled()
    state = "went on beside it" if old.child.running else "ended"
    await old.child.kill()
    await refused(old, "migrations that this version does not know")
    return f"{OLD}, of before the rule, {state} and is refused after"


@fault(58)
async def upgrade(stage: Stage) -> str:
    await stage.database()
    stage.settings["dispatch"] = dict(SENDING)
    await stage.smpp(each=0.01, answer=5)
    before = await from_before_the_rule(stage)
    this = next((one for one in stage.engines if one.name == "this"), None) or await stage.running("this")
    expanded = {"m9001_expanded": EXPANDS.format(newest=newest())}
    expands = version(stage, "next", later_version(stage.folder / "next", **expanded))
    contracts = version(
        stage, "later", later_version(stage.folder / "later", **expanded, m9002_contracted=CONTRACTS)
    )

    await busy(stage, this, 1)
    await expands.start()  # it migrates while this one sends
    await busy(stage, expands, 2)
    hold(await this.ready(), f"beside the newer version: {await this.problems()}")
    await expands.child.kill()  # with orders in flight: the way back
    await stage.settled()
    await this.child.kill()
    await this.again()
    await busy(stage, this, 3)

    waits = await refused(contracts, "stop them first")
    this.child.signal(signal.SIGTERM)
    hold(await this.child.ended(20) == 0, "the older version did not end well")
    await contracts.start()
    await busy(stage, contracts, 4)
    back = await refused(this, "start the newer version again")
    said = await oracles.all_hold(stage, stage.people.called("red"))
    return (
        f"{before}; this version and one that expands the schema together, with orders in flight: both well; the newer "
        f"killed: this one goes on, and starts again; one that contracts it waits (“{waits[:150]}”) until this one has "
        f"stopped, then this one is refused (“{back[:150]}”); {said}"
    )
