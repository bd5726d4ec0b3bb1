"""One red warning to N people by SMPP, every guard on, outcome and receipt recorded, in one process; beside it, in the
same run on the same PostgreSQL and sink, the loop that one would write in an afternoon: INSERT, send, UPDATE."""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from tests.bench.night import red
from warnengine.app import Engine
from warnengine.dispatch.channel import Outgoing, Text
from warnengine.dispatch.channels.smpp import SmppChannel
from warnengine.model.arrival import Arrival
from warnengine.model.directory import Directory, Holding, Person
from warnengine.rulebook import load
from warnengine.settings import Settings
from warnengine.store.database import Database
from warnengine.store.embedded import EmbeddedPostgres

ROOT = Path(__file__).parents[2]


@contextmanager
def sink() -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.sink"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def people(count: int, towns: list[str]) -> Directory:
    """`count` people on duty, spread over the townships."""
    listed = {f"p{n}": Person(f"p{n}", f"测试{n}", f"+86199{n:08d}", None) for n in range(count)}
    held = tuple(Holding(towns[n % len(towns)], "duty", key, None, None) for n, key in enumerate(listed))
    return Directory(listed, held)


def settings(data: Path, port: int, window: int) -> Settings:
    smpp = {
        "kind": "smpp", "name": "sink", "host": "127.0.0.1", "port": port, "system_id": "bench", "password": "bench",
        "source": "10690000", "window": window,
    }  # fmt: skip
    dispatch = {"intent_batch": window}
    return Settings.model_validate(
        {
            "data": data, "rules": ROOT / "rules", "templates": ROOT / "templates", "gateways": [smpp],
            "dispatch": dispatch, "installation": "demo",
        }
    )  # fmt: skip


async def engine_run(dsn: str, data: Path, port: int, count: int, window: int) -> dict[str, float]:
    """Seconds from the acceptance of the warning to the first send, the last outcome and the last receipt."""
    chosen = settings(data, port, window)
    book = load(chosen.rules)
    database = await Database.open(dsn)
    await database.migrate()
    await database.installation("demo")
    engine = Engine(chosen, book, database, frozenset({"ingest", "dispatch", "ladder"}))
    await engine.orders.publish(book.district.code, book.district.name, book.hash, {})
    await engine.board.ensure_partitions()
    await engine.people.replace(book.district.code, people(count, [town.code for town in book.district.townships]))
    running = asyncio.create_task(engine.run())
    await until(database, "SELECT true WHERE $1", engine.channels[0].healthy)
    cpu, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    started = datetime.now(UTC)
    await engine.take(Arrival("bench", "one", red([town.name for town in book.district.townships])))
    wanted = "SELECT count(*) >= $1 FROM delivery_event WHERE what = "
    await until(database, wanted + "'accepted'", count)
    accepted = time.perf_counter() - began
    await until(database, wanted + "'delivered'", count)
    delivered = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    async with database.reading() as connection:
        first = await connection.fetchval("SELECT min(intended_at) FROM attempt")
    engine.stopping.set()
    await running
    await database.close()
    return {
        "first": (first - started).total_seconds(),
        "accepted": accepted,
        "delivered": delivered,
        "cpu": used.ru_utime + used.ru_stime - cpu.ru_utime - cpu.ru_stime,
    }


class Counting:
    """An inbox that updates a row for every receipt, as the naive loop does."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def batch(self, receipts: Any) -> None:
        await asyncio.gather(*map(self.receipt, receipts))

    async def receipt(self, receipt: Any) -> None:
        async with self.database.reading() as connection:
            await connection.execute("UPDATE naive SET state = 'delivered' WHERE ref = $1", receipt.provider_id)

    async def reply(self, reply: Any) -> None:
        raise AssertionError("nobody replies here")


async def naive_run(dsn: str, data: Path, port: int, count: int, window: int) -> dict[str, float]:
    """INSERT a row, send, UPDATE it, UPDATE it again for the receipt; as many at once as the window allows."""
    database = await Database.open(dsn)
    async with database.reading() as connection:
        await connection.execute("CREATE TABLE naive (id int PRIMARY KEY, ref text, state text)")
        await connection.execute("CREATE INDEX ON naive (ref)")
    channel = SmppChannel(settings(data, port, window).gateways[0], Counting(database))  # type: ignore[arg-type]
    session = asyncio.create_task(channel.run())
    await until(database, "SELECT true WHERE $1", channel.healthy)
    words = "【铜梁应急】暴雨红色 安居镇:06:25前党政主要负责人坐镇指挥。收到回1,办完回3。核实023-45600000"
    gate, began, first = asyncio.Semaphore(window), time.perf_counter(), 0.0

    async def one(number: int) -> None:
        nonlocal first
        async with gate:
            async with database.reading() as connection:
                await connection.execute("INSERT INTO naive VALUES ($1, NULL, 'new')", number)
            first = first or time.perf_counter() - began
            text = Text(words, words, words, "", "")
            answer = await channel.send(
                Outgoing(
                    number, f"{number:016x}", f"{number:016x}", f"+86199{number:08d}", text, 3600, urgent=True
                )
            )
            async with database.reading() as connection:
                await connection.execute(
                    "UPDATE naive SET state = 'accepted', ref = $2 WHERE id = $1", number, answer.provider_ids[0]
                )

    await asyncio.gather(*map(one, range(count)))
    accepted = time.perf_counter() - began
    session.cancel()
    await asyncio.gather(session, return_exceptions=True)
    await database.close()
    return {"first": first, "accepted": accepted, "delivered": float("nan"), "cpu": float("nan")}


async def until(database: Database, question: str, wanted: Any) -> None:
    """Ask until the answer is yes; rarely, for asking costs what is measured."""
    while True:
        argument = wanted() if callable(wanted) else wanted
        async with database.reading() as connection:
            if await connection.fetchval(question, argument):
                return
        await asyncio.sleep(0.05)


def fresh(dsn: str, name: str) -> str:
    """A new database on the same server."""

    async def create() -> None:
        database = await Database.open(dsn)
        async with database.reading() as connection:
            await connection.execute(f"CREATE DATABASE {name}")
        await database.close()

    asyncio.run(create())
    head, _, tail = dsn.partition("?")
    return f"{head.rpartition('/')[0]}/{name}?{tail}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--window", type=int, default=64)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder, sink() as port:
        server = EmbeddedPostgres(Path(folder))
        dsn = server.start()
        try:
            for count in options.people:
                for name, run in (("warnengine", engine_run), ("naive loop", naive_run)):
                    samples = [
                        asyncio.run(
                            run(fresh(dsn, f"b{len(results)}_{n}"), Path(folder), port, count, options.window)
                        )
                        for n in range(options.runs)
                    ]
                    results.append({"what": name, "people": count, **_median(samples)})
        finally:
            server.stop()
    _show(results)
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def _median(samples: list[dict[str, float]]) -> dict[str, float]:
    return {key: statistics.median(sample[key] for sample in samples) for key in samples[0]}


def _show(results: list[dict[str, Any]]) -> None:
    print(
        f"{'':12} {'people':>7} {'first s':>8} {'accepted/s':>11} {'delivered/s':>12} {'CPU µs':>8} {'ratio':>6}"
    )
    for row in results:
        peer = next(r for r in results if r["what"] != "warnengine" and r["people"] == row["people"])
        ratio = f"{peer['accepted'] / row['accepted']:.2f}×" if row is not peer else "1"
        print(
            f"{row['what']:12} {row['people']:>7} {row['first']:>8.3f} {row['people'] / row['accepted']:>11.0f} "
            f"{row['people'] / row['delivered']:>12.0f} {row['cpu'] / row['people'] * 1e6:>8.0f} {ratio:>6}"
        )


if __name__ == "__main__":
    main()
