"""Is the engine well: each way in and out, who holds the lines, the account, the roll, the doctor."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request, Response

from warnengine.console.duty.room import Room, to
from warnengine.model.errors import Refused

CHECKS = {
    "version": "版本", "settings": "设置",
    "rule book": "规则", "samples in the book": "规则里的样例数据",
    "cases of the book": "规则自测", "templates": "模板", "link key": "链接密钥", "disk": "磁盘",
    "ballast": "压舱文件", "backups": "备份", "dead-man": "断线报警", "dead-man's ear": "断线报警接收方",
    "people": "通讯录",
    "deputies": "B角", "numbers": "号码", "unproven numbers": "久未验证的号码", "approvals": "审批人在岗",
    "database": "数据库",
    "schema": "数据库结构", "audit chain": "留痕链", "canary": "自检", "account": "对账", "engine": "引擎",
    "gateways": "网关", "receipts": "回执", "kafka": "Kafka",
}  # fmt: skip


@dataclass
class Findings:
    """The doctor's last visit."""

    checks: list[dict[str, Any]] = field(default_factory=list)
    at: float = 0
    busy: bool = False

    @property
    def minutes(self) -> int:
        """How long ago."""
        return int((time.time() - self.at) // 60)


def add(router: APIRouter, room: Room) -> None:
    """/duty/health"""
    findings = Findings()

    @router.get("/health")
    async def health(request: Request, said: str = "") -> Response:
        """Everything on one page; grey is unknown, never well."""
        seat = room.seat(request)
        condition = await room.condition()
        return await room.page(
            "health.html", request, seat, now=condition, findings=findings, checks=CHECKS, said=said
        )

    @router.post("/health/examine")
    async def examine(request: Request) -> Response:
        """Call the doctor."""
        room.seat(request)
        if findings.busy:
            raise Refused(409, "体检正在进行:请等十几秒,再打开“健康”页看结果。")
        findings.busy = True
        try:
            findings.checks = sorted(await room.examine(), key=lambda one: one["ok"] is not False)
            findings.at = time.time()
        finally:
            findings.busy = False
        return to("/duty/health?said=examined#doctor")

    @router.post("/health/roll-call")
    async def roll_call(request: Request) -> Response:
        """Call the roll now."""
        seat = room.seat(request)
        people = await room.roll_call(seat.name)
        if people is None:
            raise Refused(409, "点名正在进行:一次点完才能再点,结果在“健康”页。")
        room.ring()
        return to("/duty/health?said=called#roll")
