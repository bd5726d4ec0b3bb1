"""An application served on the loopback, in this process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI

from tests.waiting import until
from warnengine.app import Server


@contextlib.asynccontextmanager
async def serving(application: FastAPI) -> AsyncIterator[str]:
    """Its address."""
    server = Server(uvicorn.Config(application, log_config=None, access_log=False, lifespan="off"))

    async def started() -> bool:
        return server.started

    with socket.create_server(("127.0.0.1", 0)) as listener:
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await until(started)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task
