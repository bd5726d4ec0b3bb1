"""Prometheus Alertmanager (Debian package prometheus-alertmanager): a webhook for each person. Keeps nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import aiohttp

from tests.bench.gateways import HOST
from tests.bench.peers.text import TEXT, number
from tests.bench.process import Failed, Program, cpu_seconds, peak_mb
from tests.bench.stand import Sample, Stand
from warnengine.demo.relay import free_port

PROGRAM = "prometheus-alertmanager"
BATCH = 1000
"""Alerts in one request."""
CONFIG = """
route: {{receiver: sink, group_by: [person], group_wait: 0s, group_interval: 1h, repeat_interval: 24h}}
receivers:
  - name: sink
    webhook_configs: [{{url: "http://{host}:{port}/hook", send_resolved: false}}]
"""


def version() -> str | None:
    """None where it is not installed."""
    if not shutil.which(PROGRAM):
        return None
    said = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True)
    return (said.stdout + said.stderr).split()[2]


async def measure(stand: Stand, count: int) -> Sample:
    """From the first alert posted to the last webhook at the sink."""
    await stand.reset()
    async with running(stand) as (program, web):
        used, began = cpu_seconds([program.pid]), time.time()
        for batch in alerts(count):
            async with web.post(
                "/api/v2/alerts", data=batch, headers={"Content-Type": "application/json"}
            ) as answer:
                if answer.status != 200:
                    raise Failed(f"Alertmanager answered {answer.status}: {await answer.text()}")
        seen = await stand.until("Alertmanager's last webhook", lambda seen: seen["http"]["taken"] >= count)
        used, peak = cpu_seconds([program.pid]) - used, peak_mb(program.pid)
    last = seen["http"]["last"] - began
    return {
        "rate": count / last,
        "first_ms": (seen["http"]["first"] - began) * 1000,
        "cpu_us": used / count * 1e6,
        "rss_mb": peak,
    }


def alerts(count: int) -> list[bytes]:
    until = (datetime.now(UTC) + timedelta(hours=3)).isoformat()
    listed = [
        {"labels": {"alertname": "rainstorm", "person": number(n)}, "annotations": {"text": TEXT}, "endsAt": until}
        for n in range(count)
    ]
    return [json.dumps(listed[at : at + BATCH]).encode() for at in range(0, count, BATCH)]


@asynccontextmanager
async def running(stand: Stand) -> AsyncIterator[tuple[Program, aiohttp.ClientSession]]:
    folder, port = stand.folder / "alertmanager", free_port()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    config = folder / "config.yml"
    config.write_text(CONFIG.format(host=HOST, port=stand.ports["http"]))
    program = Program(
        stand.folder / "alertmanager.log", PROGRAM, f"--config.file={config}", f"--storage.path={folder}",
        f"--web.listen-address={HOST}:{port}", "--cluster.listen-address=", "--log.level=error",
    )  # fmt: skip
    await program.start()
    try:
        async with aiohttp.ClientSession(f"http://{HOST}:{port}") as web:
            await stand.answering(web, "/-/ready")
            yield program, web
    finally:
        await program.stop()
