"""What the cases came to, as a table and as a file."""

from __future__ import annotations

import fcntl
import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.district import PROJECT
from tests.faults.registry import FAULTS

LATEST = PROJECT / "docs" / "faults" / "latest.json"


@dataclass
class Result:
    """One case."""

    id: int
    name: str
    ran: bool
    held: bool
    seen: str
    seconds: float = 0


def line(result: Result) -> str:
    verdict = "held" if result.held else "FAILED" if result.ran else "not run"
    return f"{result.id:>3}  {verdict:8} {result.seconds:5.0f} s  {result.name}: {' '.join(result.seen.split())[:400]}"


def write(results: list[Result], file: Path = LATEST) -> None:
    """Write what was run now, and keep what the file has of all others."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with (file.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several runs at once, each of a part, write one file
        _merge(results, file)


def _merge(results: list[Result], file: Path) -> None:
    earlier = {}
    if file.exists():
        earlier = {one["id"]: one for one in json.loads(file.read_text(encoding="utf-8"))["cases"]}
    now = {one.id: asdict(one) for one in results}
    cases = []
    for fault in FAULTS:
        one = now.get(fault.number) or earlier.get(fault.number)
        one = one or {"id": fault.number, "name": fault.name, "ran": False, "held": False, "seen": "not run yet"}
        cases.append(one | {"name": fault.name})
    file.write_text(
        json.dumps(heading() | {"cases": cases}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )


def heading() -> dict[str, str]:
    """When, and on what."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}",
    }


def summary(results: list[Result]) -> str:
    ran = [one for one in results if one.ran]
    failed = [one.id for one in ran if not one.held]
    away = [one.id for one in results if not one.ran]
    return f"{len(ran)} run, {len(ran) - len(failed)} held; failed: {failed or 'none'}; not run: {away or 'none'}"
