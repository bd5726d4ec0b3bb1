"""What the duty room's health page shows of one engine: in colours and in Chinese."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from typing import TYPE_CHECKING, Any

from warnengine.dispatch.channel import Channel, trouble
from warnengine.dispatch.channels.held import HeldLine
from warnengine.dispatch.fences import Fence
from warnengine.health.paths import Light
from warnengine.model.errors import Refused
from warnengine.store.database import DATABASE_ERRORS
from warnengine.store.room import RoomStore

if TYPE_CHECKING:
    from warnengine.app.engine import Engine

ANSWER = 3.0
"""Seconds that the database has to answer."""
VISIT = 60.0
"""Seconds that the doctor may take."""
PARTS = {
    "directory": "通讯录里没有人在岗:请导入通讯录,否则指令发不到人",
    "database": "数据库有问题:收下的东西可能保不住,请立即找系统管理员",
    "gateways": "没有配置任何网关:指令发不出去",
    "voice": "规则要求语音叫应,但没有语音线路:改由值班室人工拨打",
    "disk": "磁盘快满了:暂不接收新预警,请立即腾出空间",
    "kafka": "Kafka 连不上:预警改由接口或文件夹进来",
    "kafka observations": "Kafka 连不上:观测数据改由接口进来",
}
STANDBY = {
    "configured": ("green", "同步备库已连接,每次提交都有两份"),
    "missing": ("red", "同步备库断开:在它回来之前什么都存不进去,请立即找系统管理员"),
    "none": ("grey", "没有配置同步备库:只有这一台的数据,这台坏了就没有了"),
    "embedded": ("grey", "自带数据库,没有备库:请按时备份数据目录"),
    "unknown": ("red", "数据库没有应答"),
}


class Condition:
    """Of one engine, as its own duty room sees it."""

    def __init__(self, engine: Engine, store: RoomStore) -> None:
        self.engine = engine
        self.store = store

    async def shown(self) -> dict[str, Any]:
        """Problems, canary, gateways, lines, standby, account, roll-call."""
        engine = self.engine
        problems = await engine.fitness.ready()
        held = {row["gateway"]: row for row in await self.store.lines()}
        return {
            "problems": [(self._said(part, why), why) for part, why in problems.items()],
            "canary": [self._light(one) for one in engine.canary.lights],
            "gateways": [self._gateway(one, held) for one in engine.channels if one.gateway in engine.rates],
            "down": await self.store.out_of_order(),
            "standby": STANDBY[await self._standby()],
            "account": engine.accountant.shown(await engine.accounts.latest()),
            "roll_call": await engine.roll.shown(),
            "sources": await engine.feeds.lights(),
        }

    async def examine(self) -> list[dict[str, Any]]:
        """Everything that the doctor looks at. In a process of its own: it logs in at gateways."""
        if self.engine.settings.installation == "drill":
            raise Refused(409, "演练没有自己的体检:请在实战的“健康”页做。")
        command = (sys.executable, "-m", "warnengine", "doctor", "--json")
        doctor = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL)
        try:
            async with asyncio.timeout(VISIT):
                out, _ = await doctor.communicate()
            found: list[dict[str, Any]] = json.loads(out)
        except (TimeoutError, json.JSONDecodeError):
            raise Refused(503, "体检没有做完:请系统管理员在服务器上运行 warnengine doctor。") from None
        finally:
            if doctor.returncode is None:
                doctor.kill()
        return found

    def _light(self, one: Light) -> dict[str, Any]:
        """With what it proves (in, out, back), and the channel of its gateway."""
        kind, _, name = one.path.partition("/")
        channels = {channel.gateway: channel.kind for channel in self.engine.channels if kind != "in"}
        colour = "grey" if kind == "back" and one.colour == "red" else one.colour
        return {**one.plain(), "colour": colour, "kind": kind, "channel": channels.get(name, "")}

    def _said(self, part: str, why: str) -> str:
        if part in self.engine.rates:
            return f"网关 {part} 不通:走它的信息在等,请查线路,急事改打电话"
        if part == "drill" or part.split("/", maxsplit=1)[0] in ("in", "out", "back"):
            return why
        return PARTS.get(part, f"环节 {part} 出错,正在反复重试:请找系统管理员")

    def _gateway(self, channel: Channel, held: dict[str, Any]) -> dict[str, Any]:
        line = channel.behind if isinstance(channel, Fence) else channel
        colour, words = self._state(channel, line)
        row = held.get(channel.gateway)
        holder = ""
        if row:
            holder = f"{row['owner']}({'' if row['held'] else '已放手,'}第{row['epoch']}次接手)"
        detail = trouble(channel) if colour == "red" else ""
        return {
            "name": channel.gateway, "kind": channel.kind, "colour": colour, "words": words, "holder": holder,
            "detail": detail,
        }  # fmt: skip

    def _state(self, channel: Channel, line: Channel) -> tuple[str, str]:
        if "dispatch" not in self.engine.roles:
            return "grey", "由发送进程使用,本页看不到,见自检"
        if isinstance(line, HeldLine) and line.holder:
            return ("grey", "另一进程在用,本机待命") if line.well else ("red", "另一进程占着,但它也用不了")
        share, why = self.engine.routes.trust(time.monotonic())[channel.gateway]
        if not channel.healthy():
            return "red", "不通"
        if share is None:
            return "red", f"出错太多,暂停使用{f':{why}' if why else ''}"
        if share < 1:
            return "yellow", f"刚恢复,先给{share:.0%}的量试" if share else "刚恢复,先发一条试"
        return "green", "通"

    async def _standby(self) -> str:
        if not self.engine.settings.database:
            return "embedded"
        try:
            async with asyncio.timeout(ANSWER):
                return await self.engine.database.standby()
        except DATABASE_ERRORS:
            return "unknown"
