"""Run all gateways and the people behind them.

    python -m warnengine.demo.gateways --folder FOLDER --callback URL

The folder holds the log (sink.jsonl) and the ports (gateways.json); started again on the same folder the process
has the same ports and still owes what it owed. The first line on standard output is gateways.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from warnengine.demo.gateways.control import Control
from warnengine.demo.gateways.crowd import Crowd
from warnengine.demo.gateways.mailbox import Mailboxes
from warnengine.demo.gateways.pushservice import PushService
from warnengine.demo.gateways.smsc import Smsc
from warnengine.demo.gateways.web_sms import WebSms
from warnengine.demo.sink import EngineClock, Sink


async def serve(folder: Path, callback: str) -> None:
    """Serve until cancelled."""
    places = folder / "gateways.json"
    ports: dict[str, int] = json.loads(places.read_text()) if places.exists() else {}
    clock = EngineClock()
    sink = Sink(folder / "sink.jsonl", clock)
    mail, push = Mailboxes(sink), PushService(sink)
    crowd = Crowd(sink, clock, push.subscription)
    smsc, web_sms = Smsc(sink, crowd.read), WebSms(sink, crowd.read, callback)
    crowd.join(smsc, web_sms)
    gateways = (smsc, web_sms, mail, push)
    for gateway in gateways:
        await gateway.start(ports.get(gateway.name, 0))
        ports[gateway.name] = gateway.relay.port
    ports["control"] = await Control(gateways, crowd, clock, sink).start(ports.get("control", 0))
    places.write_text(json.dumps(ports))
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(smsc.run())
        tasks.create_task(crowd.run())


def main() -> None:
    """Read the arguments and serve until ended."""
    parser = argparse.ArgumentParser(prog="python -m warnengine.demo.gateways")
    parser.add_argument("--folder", type=Path, required=True, help="log and ports, kept for a restart")
    parser.add_argument("--callback", required=True, help="where the HTTP gateway sends receipts and replies")
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.folder, arguments.callback))


if __name__ == "__main__":
    main()
