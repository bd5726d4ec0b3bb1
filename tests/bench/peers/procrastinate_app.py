"""The application that procrastinate's workers run: a durable job for each message, posted and recorded."""

from __future__ import annotations

import os

import aiohttp
from procrastinate import App, PsycopgConnector
from psycopg_pool import AsyncConnectionPool

app = App(connector=PsycopgConnector(conninfo=os.environ["BENCH_DSN"]))
_open: dict[str, object] = {}


async def outside() -> tuple[aiohttp.ClientSession, AsyncConnectionPool]:
    """Kept connections to the gateway and to the store."""
    if not _open:
        web, pool = aiohttp.ClientSession(), AsyncConnectionPool(os.environ["BENCH_DSN"], open=False)
        _open.update(web=web, pool=pool)
        await pool.open()
    return _open["web"], _open["pool"]  # type: ignore[return-value]


@app.task(name="send")
async def send(number: str, text: str) -> None:
    """Post one message, and record what came of it."""
    web, pool = await outside()
    async with web.post(os.environ["BENCH_URL"], data=f"{number} {text}".encode()) as answer:
        state = "accepted" if answer.status == 200 else "failed"
    async with pool.connection() as connection:
        await connection.execute("INSERT INTO sent (number, state) VALUES (%s, %s)", (number, state))
