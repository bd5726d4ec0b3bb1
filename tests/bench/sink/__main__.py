"""The sink's process: prints its ports, then answers each line of JSON on standard input with one of its own.

{"reset": {conditions}} forgets everything, {"flood": [most, window]} lets held receipts go, {} tells the counts.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from typing import Any

from tests.bench.sink.http import Connection, HttpDoor
from tests.bench.sink.smpp import Session, SmppDoor
from tests.bench.sink.smtp import Dialogue, SmtpDoor
from tests.bench.sink.tally import Conditions


class Doors:
    """All of them."""

    def __init__(self) -> None:
        self.smpp, self.http, self.smtp = SmppDoor(Conditions()), HttpDoor(Conditions()), SmtpDoor(Conditions())

    async def open(self) -> dict[str, int]:
        """Listen; ports by name."""
        loop = asyncio.get_running_loop()
        makers = {
            "smpp": lambda: Session(self.smpp),
            "http": lambda: Connection(self.http),
            "smtp": lambda: Dialogue(self.smtp),
        }
        servers = {
            name: await loop.create_server(make, "127.0.0.1", 0, backlog=1000) for name, make in makers.items()
        }
        return {name: server.sockets[0].getsockname()[1] for name, server in servers.items()}

    def obey(self, wish: dict[str, Any]) -> dict[str, Any]:
        """Do what is asked, and tell the counts."""
        if "reset" in wish:
            conditions = Conditions(**wish["reset"])
            for door in (self.smpp, self.http, self.smtp):
                door.reset(conditions)
        if "flood" in wish:
            self.smpp.flood(*wish["flood"])
        return {
            "smpp": self.smpp.tally.told(),
            "smpp_receipts": self.smpp.receipts.told(),
            "http": self.http.tally.told(),
            "http_receipts": self.http.receipts.told(),
            "push": self.http.pushed.told(),
            "reported": self.http.reported.told(),
            "smtp": self.smtp.tally.told(),
        }


async def main() -> None:
    gc.disable()  # nothing here is cyclic, and a pause would be somebody else's figure
    doors = Doors()
    print(json.dumps(await doors.open()), flush=True)
    wishes = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(wishes), sys.stdin)
    while line := await wishes.readline():
        print(json.dumps(doors.obey(json.loads(line))), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
