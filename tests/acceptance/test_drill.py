"""A night on both sides at once, by two processes over one database: the same names, other numbers, two SMSCs.

The sinks are the oracle: what is in the log of an SMSC has left that engine.
"""

from __future__ import annotations

import asyncio
import csv
import json
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
import pytest_asyncio

from tests.acceptance.house import OPERATOR, PATIENT, House, Json, people
from tests.acceptance.program import BOUND, Program, until
from tests.acceptance.smsc import Smsc
from warnengine.demo import scenario
from warnengine.demo.relay import HOST, free_port
from warnengine.store.embedded import EmbeddedPostgres

pytestmark = pytest.mark.asyncio(loop_scope="module")

MARK = "【演练】"
BEFORE = (scenario.BLUE, scenario.YELLOW)
"""On both sides."""
MISSED = scenario.ORANGE
"""On live; the drill gets it while it must wait."""
REST = (scenario.RED, scenario.RED_CONTINUES, scenario.EASES, scenario.CANCEL)
"""First on live, then in the drill."""
HEADER = "X-Warnengine-Mode"


def drill_people() -> list[dict[str, str]]:
    """The same names, other numbers."""
    return [{**row, "mobile": row["mobile"].replace("199", "188", 1), "phone": ""} for row in people()]


def numbers(rows: list[dict[str, str]]) -> set[str]:
    return {f"+86{row['mobile']}" for row in rows if row["mobile"]}


@dataclass
class Exercise:
    """The drill beside a house."""

    folder: Path
    smsc: Smsc = field(default_factory=Smsc)
    port: int = field(default_factory=free_port)

    @property
    def section(self) -> Json:
        """Its part of the settings."""
        line = {
            "kind": "smpp", "name": "drill-line", "host": HOST, "port": self.smsc.port, "source": "10691111",
            "system_id": "drill", "password": "drill", **PATIENT,
        }  # fmt: skip
        return {
            "gateways": [line],
            "sources": [{"name": "trainer", "token": "trainer-token"}],
            "operator_token": "drill-operator-token",
            "link_key": "the drill's own",
            "http": {"host": HOST, "port": self.port, "public_url": f"http://{HOST}:{self.port}"},
        }

    async def open(self, house: House) -> None:
        file = self.folder / "drill.csv"
        rows = drill_people()
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, fieldnames=rows[0])
            writer.writeheader()
            writer.writerows(rows)
        said = await house.command("drill", "import", str(file))
        assert said.code == 0, said.err
        await self.smsc.start()
        self.web = aiohttp.ClientSession(f"http://{HOST}:{self.port}", timeout=aiohttp.ClientTimeout(BOUND))
        command = (sys.executable, "-m", "warnengine", "drill", "serve")
        self.engine = Program(self.folder / "drill.log", *command, environment=house.environment)
        await self.engine.start()
        await until("the drill to be ready", self.ready, self.engine)

    async def close(self) -> None:
        await self.engine.kill()
        await self.web.close()
        await self.smsc.stop()

    async def problems(self) -> Json | None:
        assert self.engine.running, f"the drill has ended:\n{self.engine.tail()}"
        try:
            async with self.web.get("/readyz") as answer:
                told = await answer.json()
        except (aiohttp.ClientError, TimeoutError):
            return None
        assert told["mode"] == "drill"
        found: Json = told["problems"]
        return found

    async def ready(self) -> bool:
        return await self.problems() == {}

    async def paused(self) -> bool:
        return "实战优先" in ((await self.problems()) or {}).get("drill", "")

    async def warn(self, message: scenario.Message, status: str = "Exercise") -> tuple[int, Json]:
        body = replace(message, status=status).xml()  # type: ignore[arg-type]
        headers = {"Authorization": "Bearer trainer-token", "Content-Type": "application/xml"}
        async with self.web.post("/v1/warnings", data=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def clock(self) -> Json:
        async with self.web.get("/v1/clock") as answer:
            found: Json = await answer.json()
            return found

    async def jump(self, to: Any) -> None:
        headers = {"Authorization": "Bearer drill-operator-token"}
        async with self.web.post("/v1/clock", json={"to": to.isoformat()}, headers=headers) as answer:
            assert answer.status == 204, await answer.text()

    async def calm(self) -> bool:
        return not (await self.clock())["busy"]

    async def has_work(self) -> bool:
        return bool((await self.clock())["busy"])


@dataclass
class Night:
    """Both sides, and what was seen between."""

    house: House
    exercise: Exercise
    when_paused: int = 0
    """Messages at the drill's sink when live came first."""
    when_over: int = 0
    """The same when live was over."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def night(tmp_path_factory: pytest.TempPathFactory, seed: Path) -> AsyncIterator[Night]:
    """Blue and yellow on both; orange, red and the rest on live while the drill waits; then the drill's rest."""
    folder = tmp_path_factory.mktemp("night")
    exercise = Exercise(folder)
    house = House(folder, drill=exercise.section)
    seen = Night(house, exercise)
    try:
        await house.open(seed)
        await exercise.open(house)
        await play(seen)
        yield seen
    finally:
        await exercise.close()
        await house.close()


async def play(night: Night) -> None:
    house, exercise = night.house, night.exercise
    for message in BEFORE:
        await asyncio.gather(house.jump(message.entered), exercise.jump(message.entered))
        taken = await asyncio.gather(house.warn(message.xml()), exercise.warn(message))
        assert [status for status, _ in taken] == [202, 202], taken
        await house.settled()
        await until("the drill to be calm", exercise.calm, exercise.engine)
    await live(house, MISSED)
    await until("the drill to pause", exercise.paused, exercise.engine)
    night.when_paused = len(exercise.smsc.log)
    texts = "\n".join(sent.text for sent in exercise.smsc.log)  # the shortest have no link
    link = re.search(r"(/a/\w+)", texts)
    assert link
    async with exercise.web.get(link[1]) as answer:
        assert "演练暂停,实战优先" in await answer.text()
    await exercise.jump(MISSED.entered)
    assert (await exercise.warn(MISSED))[0] == 202
    await until("the drill to have something to send", exercise.has_work, exercise.engine)
    for message in REST:
        await live(house, message)
        await house.settled()
        if message is not scenario.CANCEL:
            night.when_over = len(exercise.smsc.log)
    await until("the drill to go on", exercise.ready, exercise.engine)
    for message in REST:
        await exercise.jump(message.entered)
        assert (await exercise.warn(message))[0] == 202
        await until("the drill to be calm", exercise.calm, exercise.engine)


async def live(house: House, message: scenario.Message) -> None:
    await house.jump(message.entered)
    status, answer = await house.warn(message.xml())
    assert status == 202, answer


async def test_not_one_text_of_either_side_reaches_a_number_of_the_other(night: Night) -> None:
    live, drill = night.house.smsc.log, night.exercise.smsc.log
    assert len(live) > 100
    assert len(drill) > 100
    assert not numbers(people()) & numbers(drill_people())
    assert {sms.to for sms in live} <= numbers(people())
    assert {sms.to for sms in drill} <= numbers(drill_people())
    assert [sms for sms in live if "演练" in sms.text] == []
    assert [sms for sms in drill if not (sms.text.startswith(MARK) and sms.text.endswith(MARK))] == []


async def test_while_a_live_orange_stood_the_drill_sent_nothing_and_then_it_went_on(night: Night) -> None:
    assert night.when_paused > 0
    assert night.when_over == night.when_paused
    assert len(night.exercise.smsc.log) > night.when_over


async def test_a_link_a_token_and_a_page_belong_to_one_side(night: Night) -> None:
    house, exercise = night.house, night.exercise
    ours = [found[1] for sms in house.smsc.log if (found := re.search(r"(/a/\w+)", sms.text))][-1]
    theirs = [found[1] for sms in exercise.smsc.log if (found := re.search(r"(/a/\w+)", sms.text))][-1]
    for web, path, status in (
        (house.web, ours, 200), (house.web, theirs, 404), (exercise.web, theirs, 200), (exercise.web, ours, 404),
    ):  # fmt: skip
        async with web.get(path) as answer:
            page = await answer.text()
            assert answer.status == status
            assert answer.headers[HEADER] == ("drill" if web is exercise.web else "demo")
            assert ("演练:这不是真实指令" in page) is (web is exercise.web)
    for web, token, status in (
        (house.web, OPERATOR, 200), (house.web, "drill-operator-token", 401),
        (exercise.web, "drill-operator-token", 200), (exercise.web, OPERATOR, 401),
    ):  # fmt: skip
        async with web.get("/v1/orders", headers={"Authorization": f"Bearer {token}"}) as answer:
            assert answer.status == status
            assert HEADER in answer.headers


async def test_what_is_real_is_refused_by_the_drill_and_an_exercise_by_live(night: Night) -> None:
    house, exercise = night.house, night.exercise
    later = replace(scenario.RED, entered=scenario.RED.entered + timedelta(minutes=1))
    status, answer = await exercise.warn(later, "Actual")
    assert (status, answer["reason"]) == (422, "actual")
    orders = len(await house.all("orders"))
    drilled = replace(later, entered=later.entered + timedelta(minutes=1), status="Exercise")
    status, answer = await house.warn(drilled.xml())
    assert (status, answer["reason"]) == (422, "not_actual")
    assert "handed to the drill" in answer["detail"]
    assert len(await house.all("orders")) == orders

    async def arrived() -> bool:
        return bool(list((house.data / "drill" / "spool" / "taken").glob("from-live-*")))

    await until("the drill to have taken it from its spool folder", arrived, exercise.engine)
    file = exercise.folder / "by hand.xml"
    file.write_bytes(drilled.xml())
    said = await house.command("drill", "ingest", str(file))
    assert (said.code, said.out.strip()) == (0, f"{file}: 以前收到过,内容一样,不再下达(repeat)")
    said = await house.command("ingest", str(file))
    assert (said.code, "没有采用,原文已留存,已报值班室(quarantined) 不是实际发布" in said.out) == (1, True), (
        said.out
    )


async def test_the_drills_role_is_denied_the_live_list(night: Night) -> None:
    dsn = (await asyncio.to_thread(EmbeddedPostgres(night.house.data).start)).replace(
        "postgres:@", "warnengine_drill:@", 1
    )
    connection = await asyncpg.connect(dsn)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for table address"):
            await connection.fetch("SELECT address FROM public.address")
        listed = {row["address"] for row in await connection.fetch("SELECT address FROM address")}
        assert listed <= numbers(drill_people()) | {row["email"] for row in drill_people()}
    finally:
        await connection.close()


async def test_settings_that_change_sides_are_refused(night: Night) -> None:
    house, exercise = night.house, night.exercise
    section = exercise.section
    swapped = {"GATEWAYS": json.dumps(section["gateways"])}
    for command in (("serve",), ("drill", "serve")):
        said = await house.command(*command, **swapped)
        assert said.code == 1
        assert "drill and live must share nothing" in said.err
    (line,) = json.loads(house.environment["WARNENGINE_GATEWAYS"])
    crossed = section | {"gateways": [line], "http": section["http"] | {"port": free_port()}}
    await exercise.engine.kill()
    said = await house.command(
        "drill", "serve", GATEWAYS=json.dumps(section["gateways"]), DRILL=json.dumps(crossed)
    )
    assert said.code == 1, said
    assert "the live engine of this database uses" in said.err
    assert (await house.command("serve", INSTALLATION="drill")).code == 2
