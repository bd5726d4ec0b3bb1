"""Whose texts wait, until when and why: what the duty room reads of pacing and of channels in turn."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Query

from warnengine.api.operators import Operators
from warnengine.model.book import Pace
from warnengine.model.channel import channel_zh
from warnengine.store.board import BoardStore


def build(board: BoardStore, pace: Pace | None, operator: Operators) -> APIRouter:
    """The one route."""
    router = APIRouter()

    @router.get("/v1/waiting", dependencies=operator.only)
    async def waiting(most: int = Query(default=1000, ge=1)) -> list[dict[str, Any]]:
        """Texts that wait, the next one first. Orange and red never do."""
        return [{**row, "why": why(row, pace)} for row in await board.waiting(min(most, 5000))]

    return router


def why(row: Mapping[str, Any], pace: Pace | None) -> str:
    """The reason in Chinese, with the clock time at which the text goes unless something happens before."""
    until = f"{datetime.fromisoformat(str(row['until'])):%H:%M}"
    if row["turn"]:
        return f"轮候:前面的渠道失败、无回执,或到{until}仍未应答,改用{channel_zh(row['channel'])}"
    most = f"{int(pace.within.total_seconds() // 60)}分钟内已发{pace.texts}条" if pace else "短时间内已发多条"
    return f"限发:{most},{until}合并成一条再发"
