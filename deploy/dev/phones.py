"""The simulated SMS centre and its people for the dev profile: a fixed port, and the engine's time told for ever.

Without the second the people would read and never act: in the demo it is the conductor who tells them the time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

import aiohttp

from warnengine.demo.gateways.__main__ import serve
from warnengine.demo.relay import HOST

EVERY = 2
"""Seconds between two tellings."""


async def tell_time(folder: Path, engine: str) -> None:
    """Tell the people the engine's time until cancelled."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(5), raise_for_status=True) as web:
        while True:
            control = json.loads((folder / "gateways.json").read_text())["control"]
            try:
                async with web.get(f"{engine}/v1/clock") as answer:
                    now = (await answer.json())["now"]
                async with web.post(f"http://{HOST}:{control}/clock", json={"now": now}):
                    pass
            except (aiohttp.ClientError, TimeoutError) as error:
                sys.stderr.write(f"the phones do not know the time: {error}\n")
            await asyncio.sleep(EVERY)


async def run(folder: Path, engine: str, port: int) -> None:
    """Serve SMPP on the port until cancelled; `folder` keeps the log of what the phones received."""
    places = folder / "gateways.json"
    if not places.exists():
        places.write_text(json.dumps({"smpp": port, "control": 0}))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(folder, f"{engine}/v1/callbacks/none/none"))
        tasks.create_task(tell_time(folder, engine))


def main() -> None:
    """Read the arguments and serve until ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("/var/lib/warnengine"))
    parser.add_argument("--engine", default="http://console:8080")
    parser.add_argument("--port", type=int, default=2775)
    arguments = parser.parse_args()
    asyncio.run(run(arguments.folder, arguments.engine, arguments.port))


if __name__ == "__main__":
    main()
