"""The real process: a book is published while it runs, and killed between any two steps it loses nothing."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest_asyncio

from tests.acceptance.house import PROJECT, House, Json, phone
from tests.acceptance.program import until
from warnengine.demo import scenario

OPERATORS = [
    {"name": name, "role": role, "token": f"{name}-token"}
    for name, role in (("zhang", "bureau"), ("wang", "leader"), ("li", "duty"))
]
OLD, NEW = "值班员收悉,传达到村社区", "值班员收悉,十分钟内传达到村社区"


@pytest_asyncio.fixture
async def house(tmp_path: Path, seed: Path) -> AsyncIterator[House]:
    made = House(tmp_path, operators=OPERATORS)
    try:
        await made.open(seed)
        yield made
    finally:
        await made.close()


def newer(folder: Path) -> Path:
    """The bureau's folder with one order worded anew."""
    shutil.copytree(PROJECT / "rules", folder)
    file = folder / "measures" / "township.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(OLD, NEW, 1), encoding="utf-8")
    return folder


async def rules(house: House, *arguments: str, by: str = "") -> str:
    """Run `warnengine rules …`; what it said. Without a terminal it asks for --confirm, with exit code 1."""
    who = ("--by", by, "--token", f"{by}-token") if by else ()
    said = await house.command("rules", *arguments, *who)
    assert said.code == 0 or "--confirm" in said.out, said.out + said.err
    return said.out


async def approved(house: House, book: str) -> None:
    shown = await rules(house, "approve", book, by="wang")
    assert "演示(DEMO)" in shown
    assert f"指令 “{OLD}” → “{NEW}”" in shown, "in words: whoever approves has no folder to compare with"
    code = re.search(r"--confirm (\w{64})", shown)
    assert code
    await rules(house, "approve", book, "--confirm", code[1], by="wang")


async def in_force(house: House) -> str:
    """The book of the running engine, as its monitor sees it."""
    async with house.web.get("/metrics") as answer:
        found = re.search(r'ews_build_info\{[^}]*book="(\w+)"', await answer.text())
    return found[1] if found else ""


async def runs(house: House, book: str) -> None:
    async def adopted() -> bool:
        return await in_force(house) == book

    await until(f"the engine to run {book}", adopted, house.engine)


async def say(house: House, who: str, path: str, body: Json) -> tuple[int, Json]:
    async with house.web.post(path, json=body, headers={"Authorization": f"Bearer {who}-token"}) as answer:
        return answer.status, await answer.json()


async def test_a_book_is_published_by_two_people_and_survives_every_kill(house: House, tmp_path: Path) -> None:
    first = await in_force(house)
    said = await rules(house, "publish", str(newer(tmp_path / "newer")), "--why", "村社区反映太慢", by="zhang")
    assert "改动措施(1)" in said
    assert "还没有生效" in said
    second = re.findall(r"warnengine rules approve (\w{12})", said)[0]

    await house.engine.kill()  # after it was submitted
    await house.start_engine()
    assert await in_force(house) == first
    assert "待批准" in await rules(house, "versions")

    await house.engine.kill()
    await approved(house, second)  # nobody runs: whoever starts next has it
    await house.start_engine()
    assert await in_force(house) == second
    assert "which is not in force and not used" in house.engine.tail(400)

    status, done = await say(house, "zhang", f"/v1/rulebook/{first}/rollback", {"why": "新版有误"})
    assert status == 201, done
    assert (await say(house, "zhang", f"/v1/rulebook/{first}/approve", {}))[0] == 403
    status, shown = await say(house, "wang", f"/v1/rulebook/{first}/approve", {})
    assert status == 200, shown
    yes = {"confirm": shown["confirm"]}
    assert (await say(house, "wang", f"/v1/rulebook/{first}/approve", yes))[1]["published"]
    await house.engine.kill()  # before or after it has read it anew
    await house.start_engine()
    assert await in_force(house) == first
    versions = await house.all("rulebook")
    assert [(row["by"], row["counts"]) for row in versions] == [
        ("zhang", True), ("zhang", False), ("installation", False),
    ]  # fmt: skip


async def test_a_running_engine_adopts_it_and_orders_by_it(house: House, tmp_path: Path) -> None:
    first = await in_force(house)
    said = await rules(house, "publish", str(newer(tmp_path / "newer")), "--why", "村社区反映太慢", by="zhang")
    second = re.findall(r"warnengine rules approve (\w{12})", said)[0]
    await house.jump(scenario.BLUE.entered)
    assert (await house.warn(scenario.BLUE.xml()))[0] == 202
    await house.settled()
    before = {row["id"]: row for row in await house.all("orders")}
    await approved(house, second)
    await runs(house, second)
    assert await house.ready(), "no session was lost"
    heard = len(house.smsc.log)
    assert {row["id"]: row for row in await house.all("orders")} == before, "what stands keeps its version"

    shown = await rules(house, "apply", "--unit", "500151105", by="li")
    assert NEW in shown
    code = re.search(r"--confirm (\w{64})", shown)
    assert code
    await rules(house, "apply", "--unit", "500151105", "--confirm", code[1], by="li")

    async def told() -> bool:
        return NEW in house.smsc.to(phone("500151105"))[-1]

    await until("安居镇 to read the new words", told, house.engine)
    await house.settled()
    assert len(house.smsc.log) == heard + 1, "nobody else was asked for"
    versions = await rules(house, "versions")
    assert re.search(rf"{first} .*按它执行的指令\d+条", versions), "what stood before keeps its book"
    assert re.search(rf"{second} .*按它执行的指令1条", versions)


async def test_who_is_nobody_publishes_nothing(house: House) -> None:
    said = await house.command(
        "rules", "publish", str(PROJECT / "rules"), "--why", "x", "--by", "zhang", "--token", "no"
    )
    assert (said.code, said.out) == (1, "")
    assert "no such operator" in said.err
    async with aiohttp.ClientSession(house.url) as web, web.get("/v1/rulebook") as answer:
        assert answer.status == 401
