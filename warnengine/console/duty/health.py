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
    "rule book": "规则", "rule book in force": "现行规则", "samples in the book": "规则里的样例数据",
    "cases of the book": "规则自测", "templates": "模板", "link key": "链接密钥", "disk": "磁盘",
    "ballast": "压舱文件", "backups": "备份", "dead-man": "断线报警", "dead-man's ear": "断线报警接收方",
    "people": "通讯录",
    "deputies": "B角", "numbers": "号码", "unproven numbers": "久未验证的号码", "approvals": "审批人在岗",
    "database": "数据库",
    "schema": "数据库结构", "audit chain": "留痕链", "canary": "自检", "account": "对账", "engine": "引擎",
    "gateways": "网关", "receipts": "回执", "kafka": "Kafka",
    "feeds": "预警来源", "feed": "预警来源", "lag": "收到预警的延迟",
}  # fmt: skip

DO = {
    "settings": "请系统管理员改正设置,不改正重启后起不来",
    "rule book": "请区局按 warnengine rules check 的提示修改规则",
    "rule book in force": "规则目录与现行规则不同:要用新的,请区局提交、带班领导批准发布",
    "samples in the book": "请区局把样例数据换成真实台账",
    "cases of the book": "请区局核对规则:自测结果与预想不同",
    "templates": "请系统管理员修好模板,修好前发的是简单文本",
    "link key": "请系统管理员收紧密钥文件的权限",
    "disk": "请系统管理员清理或扩大磁盘",
    "ballast": "请系统管理员腾出磁盘空间",
    "backups": "请系统管理员立即备份,并查备份任务",
    "dead-man": "请系统管理员设置断线报警,否则这台停了没人知道",
    "dead-man's ear": "请系统管理员查接收断线报警的那一台",
    "people": "请更新通讯录",
    "deputies": "请给没有B角的人补上B角",
    "numbers": "请给没有号码的人补号码",
    "unproven numbers": "请点一次名,没人应答的号码逐个核对",
    "approvals": "请落实审批岗位上的人,更新通讯录",
    "database": "请立即找系统管理员",
    "schema": "请系统管理员查 ladder 进程",
    "audit chain": "不要动系统,立即报告分管领导和系统管理员",
    "canary": "请打电话给运营商和系统管理员,这一路先改用电话",
    "account": "看待办里的对账,先电话核实这些人",
    "receipts": "请向运营商开通回执",
    "kafka": "请系统管理员查 Kafka,预警可走接口或文件夹",
    "feed": "请打电话问发布单位有没有新预警,再按待办里写的办法查这一路",
}
"""What the duty room does about a finding; for anything else it calls the keeper."""
KEEPER = "请系统管理员处理"


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
            "health.html", request, seat, now=condition, findings=findings, said=said, named=named, advice=advice
        )

    @router.post("/health/examine")
    async def examine(request: Request) -> Response:
        """Call the doctor."""
        room.seat(request)
        if findings.busy:
            raise Refused(409, "体检正在进行:请等半分钟,再打开“健康”页看结果。")
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


def named(check: dict[str, Any]) -> str:
    """What was looked at."""
    what = str(check["what"])
    return CHECKS.get(what, what.replace("gateway ", "网关 "))


def advice(check: dict[str, Any]) -> str:
    """What to do about it."""
    what = str(check["what"])
    return "请打电话给运营商,并请系统管理员查线路" if what.startswith("gateway ") else DO.get(what, KEEPER)
