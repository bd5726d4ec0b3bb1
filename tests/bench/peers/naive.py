"""The loop that one would write in an afternoon: INSERT, post by aiohttp, UPDATE, for each; no receipts, no retry."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time

import aiohttp
import asyncpg

from tests.bench.gateways import HOST
from tests.bench.peers.text import TEXT, number
from tests.bench.process import cpu_seconds, peak_mb, python
from tests.bench.stand import Sample, Stand

AT_ONCE = 64


async def measure(stand: Stand, count: int) -> Sample:
    """From the first INSERT to the last UPDATE."""
    await stand.reset()
    async with stand.server.database() as database:
        url = f"http://{HOST}:{stand.ports['http']}/hook"
        environment = os.environ | {"BENCH_DSN": stand.server.dsn(database), "BENCH_URL": url}
        program = python(stand.folder / "naive.log", "tests.bench.peers.naive", environment=environment)
        await program.start(answers=True)
        try:
            await program.heard()
            used = cpu_seconds([program.pid])
            began, last = await program.asked(count)
            used, peak = cpu_seconds([program.pid]) - used, peak_mb(program.pid)
        finally:
            await program.stop()
    seen = await stand.counts()
    return {
        "rate": count / (last - began),
        "first_ms": (seen["http"]["first"] - began) * 1000,
        "cpu_us": used / count * 1e6,
        "rss_mb": peak,
    }


async def send(pool: asyncpg.Pool, web: aiohttp.ClientSession, n: int) -> None:
    async with pool.acquire() as connection:
        await connection.execute("INSERT INTO naive VALUES ($1, $2, 'new')", n, number(n))
    async with web.post(os.environ["BENCH_URL"], data=f"{number(n)} {TEXT}".encode()) as answer:
        state = "accepted" if answer.status == 200 else "failed"
    async with pool.acquire() as connection:
        await connection.execute("UPDATE naive SET state = $2 WHERE id = $1", n, state)


async def main() -> None:
    async with (
        asyncpg.create_pool(os.environ["BENCH_DSN"], min_size=8, max_size=16) as pool,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as web,
    ):
        await pool.execute("CREATE TABLE naive (id int PRIMARY KEY, number text, state text)")
        print("true", flush=True)
        numbers = iter(range(int(await asyncio.to_thread(sys.stdin.readline))))
        began = time.time()

        async def worker() -> None:
            for n in numbers:
                await send(pool, web, n)

        await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
        print(json.dumps([began, time.time()]), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
