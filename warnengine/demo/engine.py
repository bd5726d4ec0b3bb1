"""The engine seen from outside: a child process and its HTTP API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp

SECONDS = 10
"""Bound of every request."""
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Clock:
    """How the engine stands."""

    now: datetime
    next: datetime | None
    """The earliest timer."""
    busy: int
    """Things in flight."""

    @property
    def calm(self) -> bool:
        """Nothing in flight and nothing due."""
        return not self.busy and (self.next is None or self.next > self.now)


class Engine:
    """Calls of the API. Whatever fails raises aiohttp.ClientError or TimeoutError."""

    def __init__(self, address: str, operator: str, source: str) -> None:
        """`operator` and `source` are the tokens of the duty room and of a way in."""
        self._web = aiohttp.ClientSession(address, timeout=aiohttp.ClientTimeout(SECONDS), raise_for_status=True)
        self._operator = {"Authorization": f"Bearer {operator}"}
        self._source = {"Authorization": f"Bearer {source}", "Content-Type": "application/xml"}

    async def close(self) -> None:
        """Close the connections."""
        await self._web.close()

    async def ready(self) -> bool:
        """Whether it is up."""
        try:
            async with self._web.get("/readyz") as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def clock(self) -> Clock:
        """Engine time, the next timer, what is in flight."""
        told = await self._get("/v1/clock")
        following = told["next"]
        return Clock(
            datetime.fromisoformat(told["now"]),
            datetime.fromisoformat(following) if following else None,
            told["busy"],
        )

    async def jump(self, to: datetime) -> None:
        """Set engine time; it may have come to that moment by itself meanwhile."""
        try:
            await self._post("/v1/clock", {"to": to.isoformat()})
        except aiohttp.ClientResponseError:
            if (await self.clock()).now < to:
                raise

    async def warn(self, body: bytes) -> int:
        """Hand in a message; the status: 202 new, 200 known, 4xx refused."""
        async with self._web.post(
            "/v1/warnings", data=body, headers=self._source, raise_for_status=False
        ) as answer:
            if answer.status >= 500:
                answer.raise_for_status()
            return answer.status

    async def all(self, what: str, **query: str) -> list[Json]:
        """A list: orders, deliveries, approvals, tasks, quarantine."""
        found: list[Json] = await self._get(f"/v1/{what}", **query)
        return found

    async def decide(self, approval: int, decision: str, by: str) -> None:
        """Answer a request for approval."""
        await self._post(f"/v1/approvals/{approval}", {"decision": decision, "by": by, "comment": ""})

    async def report(self, task: int, result: str, by: str, words: str) -> None:
        """Report what came of a task of the duty room."""
        await self._post(f"/v1/tasks/{task}", {"result": result, "by": by, "words": words})

    async def _get(self, path: str, **query: str) -> Any:
        async with self._web.get(path, params=query, headers=self._operator) as answer:
            return await answer.json()

    async def _post(self, path: str, body: Json) -> None:
        async with self._web.post(path, json=body, headers=self._operator):
            pass
