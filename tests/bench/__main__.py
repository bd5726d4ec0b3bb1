"""`make bench`: the engine beside what a user would pick instead, on one machine, in one run."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.bench import b1, b2, b3, b4, b5, b6, b8, report
from tests.bench.postgres import Server
from tests.bench.process import ROOT, python
from tests.bench.stand import Plan, Stand

PARTS: dict[str, Callable[[Stand], Awaitable[None]]] = {
    "B1": b1.measure,
    "B2": b2.measure,
    "B3": b3.measure,
    "B4": b4.measure,
    "B5": b5.measure,
    "B6": b6.measure,
    "B8": b8.measure,
}
"""B2 compares with the rates of B1."""
QUICK = Plan(
    sizes=(1_000,),
    runs=2,
    large_runs=1,
    peer_size=1_000,
    blues=1_000,
    history=20_000,
    arrivals=1_000,
    patience=60,
    share=4,
)
"""Shows that everything still measures; its figures mean little."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small and short, to see that it works")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="some parts of it")
    parser.add_argument("--runs", type=int, help="how often small sizes are measured")
    parser.add_argument("--history", type=int, help="deliveries that B6 stores first; 10000000 takes its time")
    parser.add_argument(
        "--json", type=Path, help="where the results go; docs/benchmarks/latest.json for a whole run"
    )
    options = parser.parse_args()
    plan = QUICK if options.quick else Plan()
    plan.runs = options.runs or plan.runs
    plan.history = options.history or plan.history
    made = asyncio.run(measured(plan, options.only))
    print(report.markdown(made))
    whole = not options.quick and len(options.only) == len(PARTS)
    if file := options.json or (ROOT / "docs/benchmarks/latest.json" if whole else None):
        report.write(file, made)


async def measured(plan: Plan, parts: list[str]) -> report.Report:
    """The whole run, in a folder that is gone afterwards."""
    began, task = time.time(), asyncio.current_task()
    assert task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)  # children end with us
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = Server(folder)
        stand = Stand(folder, plan, server, python(folder / "sink.log", "tests.bench.sink"))
        try:
            await stand.open()
            for part in parts:
                print(f"# {part} after {time.time() - began:.0f} s", file=sys.stderr, flush=True)
                await PARTS[part](stand)
            return await report.report(stand)
        finally:
            await stand.sink.stop()
            server.stop()


if __name__ == "__main__":
    main()
