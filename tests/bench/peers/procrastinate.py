"""procrastinate (PyPI, the extra `bench`): a durable job for each message, two workers of 32 at once."""

from __future__ import annotations

import importlib.metadata
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.bench.gateways import HOST
from tests.bench.peers.text import TEXT, number
from tests.bench.process import Program, cpu_seconds, python
from tests.bench.stand import Sample, Stand

WORKERS, AT_ONCE, BATCH = 2, 32, 1000
APP = "tests.bench.peers.procrastinate_app.app"


def version() -> str | None:
    """None where it is not installed."""
    try:
        return importlib.metadata.version("procrastinate")
    except importlib.metadata.PackageNotFoundError:
        return None


async def measure(stand: Stand, count: int) -> Sample:
    """From the first job deferred to the last row that says what came of it."""
    await stand.reset()
    async with stand.server.database() as database:
        async with stand.server.connection(database) as connection:
            await connection.execute(
                "CREATE TABLE sent (number text, state text, at timestamptz DEFAULT clock_timestamp())"
            )
        async with workers(stand, database) as running:
            used, base = cpu_seconds(w.pid for w in running), stand.server.cpu()
            began = await defer(stand, database, count)
            await stand.until("procrastinate's last post", lambda seen: seen["http"]["taken"] >= count)
            await stand.recorded(database, f"SELECT count(*) >= {count} FROM sent", "procrastinate's last row")
            used, base = cpu_seconds(w.pid for w in running) - used, stand.server.cpu() - base
            seen = await stand.counts()
        async with stand.server.connection(database) as connection:
            last = await connection.fetchval("SELECT extract(epoch FROM max(at))::float8 FROM sent")
    return {
        "rate": count / (last - began),
        "first_ms": (seen["http"]["first"] - began) * 1000,
        "cpu_us": used / count * 1e6,
        "postgres_cpu_us": base / count * 1e6,
    }


async def defer(stand: Stand, database: str, count: int) -> float:
    """Hand all jobs over; when that began."""
    from procrastinate import App, PsycopgConnector

    app = App(connector=PsycopgConnector(conninfo=stand.server.dsn(database)))
    async with app.open_async():
        job = app.configure_task("send")
        began = time.time()
        for at in range(0, count, BATCH):
            some = range(at, min(at + BATCH, count))
            jobs: list[dict[str, Any]] = [{"number": number(n), "text": TEXT} for n in some]
            await job.batch_defer_async(*jobs)
    return began


@asynccontextmanager
async def workers(stand: Stand, database: str) -> AsyncIterator[list[Program]]:
    """The workers, connected and idle."""
    dsn = stand.server.dsn(database)
    environment = os.environ | {"BENCH_DSN": dsn, "BENCH_URL": f"http://{HOST}:{stand.ports['http']}/hook"}
    log = stand.folder / "procrastinate.log"
    schema = python(log, "procrastinate", f"--app={APP}", "schema", "--apply", environment=environment)
    await schema.start()
    await schema.done()
    command = ("procrastinate", f"--app={APP}", "worker", f"--concurrency={AT_ONCE}")
    running = [python(log, *command, environment=environment) for _ in range(WORKERS)]
    try:
        for worker in running:
            await worker.start()
        question = f"SELECT count(*) = {WORKERS} FROM procrastinate_workers"
        await stand.recorded(database, question, "procrastinate's workers")
        yield running
    finally:
        for worker in running:
            await worker.stop()
