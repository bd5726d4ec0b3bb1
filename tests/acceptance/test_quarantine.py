"""The quarantine over a real process: two people and a SIGKILL between them, a certificate that was missing, junk, and
who may not."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.acceptance.console import LI, OPERATORS, ZHANG, ZHAO, Browser, Page
from tests.acceptance.house import House, Json, phone
from tests.acceptance.program import until
from tests.ingest.signing import Signer, signer, written
from warnengine.demo import scenario
from warnengine.ingest.formats import xml

ANJU = "500151105"
YESTERDAY = scenario.RED.entered - timedelta(days=1)
OLD, NEW = signer("旧证书", begins=YESTERDAY), signer("新证书", begins=YESTERDAY)
STRANGER = scenario.RED.xml().replace(scenario.ISSUER.encode(), b"51000041600000")
EVIL = "<script>alert(1)</script>"
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("certificates")
    for name, one in (("old", OLD), ("new", NEW)):
        (made / f"{name}.pem").write_bytes(one.pem)
    return made


def trust(*files: Path) -> dict[str, Any]:
    return {"city": {"signature": "require", "certificates": [str(file) for file in files]}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, seed: Any, folder: Path) -> AsyncIterator[House]:
    """The morning of the red, before it has come. What the city sends must be signed."""
    made = House(tmp_path_factory.mktemp("house"), operators=OPERATORS, trust=trust(folder / "old.pem"))
    try:
        await made.open(seed)
        await made.jump(scenario.RED.entered)
        yield made
    finally:
        await made.close()


@pytest_asyncio.fixture(loop_scope="module")
async def people(house: House) -> AsyncIterator[dict[str, Browser]]:
    """Everybody at a browser of their own."""
    found = {name: await Browser(house).sign_in(name) for name in (ZHANG, LI, ZHAO)}
    yield found
    for browser in found.values():
        await browser.close()


async def newest(house: House, state: str = "open") -> Json:
    return (await house.all("quarantine", state=state))[0]


async def rained(house: House) -> Json:
    """The order of 安居 on rain, once it stands."""

    async def stands() -> Json | None:
        found = (one for one in await house.all("orders") if one["unit"] == ANJU and not one["lapsed"])
        return next(found, None)

    return await until("the order", stands, house.engine)


async def test_two_people_and_a_kill_between_them(house: House, people: dict[str, Browser]) -> None:
    zhang, li, zhao = people[ZHANG], people[LI], people[ZHAO]
    status, answer = await house.warn(STRANGER)
    assert (status, answer["reason"]) == (422, "unknown_sender")
    number = (await newest(house))["id"]
    board = await zhang.get("/duty")
    assert "没收下的来文1" in board
    assert f"第{number}号来文没有收下" in board
    assert f'href="/duty/quarantine/{number}"' in board.text
    listed = await zhang.get("/duty/quarantine")
    assert "单位不在名单" in listed
    shown = await zhang.get(f"/duty/quarantine/{number}")
    assert "铜梁区气象局发布暴雨红色预警" in shown.words or "红" in shown
    assert "51000041600000" in shown
    await refuses(await zhao.post(f"/duty/quarantine/{number}/release", why="我来"), 403)
    asked = await zhang.post(f"/duty/quarantine/{number}/release", why="已打电话向市台核实")
    assert "等另一人同意" in asked
    await refuses(await zhang.post(f"/duty/quarantine/{number}/agree"), 403)
    await house.engine.kill()
    await house.start_engine()
    assert house.smsc.to(phone(ANJU)) == []
    waiting = await li.get(f"/duty/quarantine/{number}")
    assert "张三" in waiting
    assert "已打电话向市台核实" in waiting
    done = await li.post(f"/duty/quarantine/{number}/agree")
    assert "已放行" in done
    order = await rained(house)
    assert order["level"] == "red"
    (released,) = order["released"]
    assert (released["asked_by"], released["agreed_by"], released["why"]) == ("张三", "李四", "已打电话向市台核实")
    assert "张三申请、李四同意" in await li.get("/duty/orders")
    assert (await newest(house, "closed"))["outcome"] == "released"
    assert f"第{number}号来文没有收下" not in await li.get("/duty")
    await house.settled()
    assert (await house.command("audit", "verify")).code == 0


async def refuses(page: Page, status: int) -> None:
    assert page.status == status, page.words


def signed(who: Signer, message: scenario.Message) -> bytes:
    return written(who.sign(xml.parse(message.xml())))


async def test_a_certificate_that_was_missing(house: House, folder: Path) -> None:
    first = replace(scenario.RED, entered=scenario.RED.entered + timedelta(seconds=1))
    second = replace(scenario.RED, entered=scenario.RED.entered + timedelta(seconds=2))
    assert (await house.warn(signed(OLD, first), "city"))[0] == 202
    assert (await house.warn(second.xml(), "city"))[1]["reason"] == "signature_missing"
    assert (await house.warn(signed(NEW, second), "city"))[1]["reason"] == "signature_invalid"
    number = (await newest(house))["id"]
    said = await house.command("quarantine", "list")
    assert (said.code, said.err) == (0, "")
    assert f"第{number}号" in said.out
    assert "数字签名对不上" in said.out
    by = ("--by", "张三", "--token", ZHANG)
    still = await house.command("quarantine", "retry", str(number), *by)
    assert still.code == 1
    both = json.dumps(trust(folder / "old.pem", folder / "new.pem"))
    done = await house.command("quarantine", "retry", str(number), *by, TRUST=both)
    assert done.code == 0, done.err
    assert "已重读收下" in done.out
    shown = json.loads((await house.command("quarantine", "show", str(number), "--json")).out)
    assert [one["act"] for one in shown["history"]] == ["retried", "admitted"]
    wrong = await house.command("quarantine", "retry", str(number), "--by", "张三", "--token", "x")
    assert wrong.code == 1
    assert "口令不对" in wrong.err
    again = await house.command("quarantine", "retry", str(number), *by)
    assert again.code == 1
    assert "不用再处理" in again.err


async def test_what_a_message_says_is_shown_as_text(house: House, people: dict[str, Browser]) -> None:
    raw = scenario.RED.xml().replace(b"</alert>", f"<!--{EVIL}\u202e--></alert>".encode())
    bad = raw.replace(scenario.ISSUER.encode(), b"61000041600000")
    assert (await house.warn(bad))[0] == 422
    number = (await newest(house))["id"]
    page = await people[LI].get(f"/duty/quarantine/{number}")
    assert EVIL not in page.text
    assert "&lt;script&gt;" in page.text
    assert "⟨U+202E⟩" in page.text
    closed = await people[LI].post(f"/duty/quarantine/{number}/close", why="是试探")
    assert "已关闭" in closed
    assert re.search("李四.*是试探", (await people[LI].get("/duty/quarantine?state=closed")).words)
    await refuses(await people[ZHANG].post(f"/duty/quarantine/{number}/release", why="还要"), 409)
    await refuses(await people[ZHANG].get("/duty/quarantine/99999"), 404)


async def test_a_source_that_nobody_knows_or_a_file_that_is_none_does_not_start(
    house: House, folder: Path
) -> None:
    (folder / "none.pem").write_text("nothing")
    for wrong, words in (
        ({"citty": trust(folder / "old.pem")["city"]}, "citty"),
        (trust(folder / "none.pem"), "none.pem"),
        ({"city": {"signature": "require"}}, "certificates"),
    ):
        said = await house.command("quarantine", "list", TRUST=json.dumps(wrong))
        assert said.code in {1, 2}
        assert words in said.err
        assert "Traceback" not in said.err
