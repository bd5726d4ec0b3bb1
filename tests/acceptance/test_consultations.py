"""A night with consultations over a real process: raised at 03:10 by the API, lowered on the page by two people, and a new
signal that nobody lowered."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.acceptance.console import LI, OPERATORS, WANG, ZHANG, ZHAO, Browser, Page
from tests.acceptance.house import House, Json, phone
from tests.acceptance.program import until
from warnengine.demo import scenario

ANJU, BAIYANG = "500151105", "500151106"
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, seed: Any) -> AsyncIterator[House]:
    """An orange night."""
    made = House(tmp_path_factory.mktemp("house"), operators=OPERATORS)
    try:
        await made.open(seed)
        await made.jump(scenario.ORANGE.entered)
        assert (await made.warn(scenario.ORANGE.xml()))[0] == 202
        await made.settled()
        yield made
    finally:
        await made.close()


@pytest_asyncio.fixture(loop_scope="module")
async def zhang(house: House) -> AsyncIterator[Browser]:
    browser = Browser(house)
    yield await browser.sign_in(ZHANG)
    await browser.close()


async def said(
    house: House, token: str, path: str, body: Json | None = None, method: str = "POST"
) -> tuple[int, Json]:
    headers = {"Authorization": f"Bearer {token}"}
    async with house.web.request(method, f"/v1/consultations{path}", json=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def anju(house: House) -> Json:
    return next(
        one
        for one in await house.all("orders")
        if one["unit"] == ANJU and not one["lapsed"] and one["family"] == "signal"
    )


async def got(house: House, number: str, words: str, after: int = 0) -> str:
    async def there() -> str:
        return next((text for text in house.smsc.to(number)[after:] if words in text), "")

    return await until(f"a text with {words}", there, house.engine)


def raised(**changes: Any) -> Json:
    later = (scenario.ORANGE.entered + timedelta(hours=8)).isoformat()
    words = {"presided": "王区长", "took_part": "气象局、水利局", "why": "上游来水快"}
    return {
        "verb": "raise",
        "hazard": "暴雨",
        "towns": ["安居镇"],
        "level": "red",
        "until": later,
        **words,
    } | changes


def form(**changes: Any) -> dict[str, Any]:
    words = {"presided": "王区长", "took_part": "气象局", "why": "雨带已移出"}
    return {
        "verb": "lower",
        "danger": "rainstorm signal",
        "level": "yellow",
        "lasts": "6",
        "town": [ANJU],
        **words,
    } | changes


async def number_of(page: Page) -> int:
    found = re.search(r"/duty/consultations/(\d+)", page.url)
    assert found, (page.status, page.url, page.words)
    return int(found[1])


async def test_the_story_of_a_night(house: House, zhang: Browser) -> None:
    # raised: one person writes it down, reads whom it reaches, and presses once more
    status, shown = await said(house, ZHANG, "", raised())
    assert (status, shown["state"]) == (201, "draft"), shown
    assert any("会商研判暴雨升为红色" in one["text"] for one in shown["texts"])
    assert (await anju(house))["level"] == "orange"
    status, done = await said(house, ZHANG, f"/{shown['consultation']}/confirm", {"confirm": shown["confirm"]})
    assert (status, done["state"]) == (200, "counts"), done
    await got(house, phone(ANJU), "会商研判暴雨升为红色")
    assert (await anju(house))["level"] == "red"
    assert not any("会商" in text for text in house.smsc.to(phone(BAIYANG)))
    page = await zhang.get("/duty/orders")
    assert "会商升级" in page
    order = await anju(house)
    assert f"第{order['version']}版,规则{order['rule_version'][:12]}(现行)" in page, "by which rules"
    assert all(f"{one['words']}" in page and one["id"] in page for one in order["measures"])
    assert all(identifier in page for identifier in order["because"]), "and because of what"
    (asked,) = (one for one in await house.all("approvals") if any(m["unit"] == ANJU for m in one["measures"]))
    asking = await zhang.get("/duty/approvals")
    assert f"规则{asked['rule_version'][:12]}(现行)" in asking
    assert all(one["measure"] in asking for one in asked["measures"])
    assert "安居镇暴雨升级为红色" in await zhang.get("/duty")
    await house.settled()
    # lowered on the page: the signal and what was concluded before, by two people at one desk
    filled = await zhang.get("/duty/consultations/new")
    assert "现在有效" in filled
    page = await zhang.post("/duty/consultations", **form())
    number = await number_of(page)
    assert re.search(r"将发送给\d+人", page.words)
    assert "只管这些来文" in page
    before = len(house.smsc.to(phone(ANJU)))
    yes = {"confirm": page.field("confirm")}
    path = f"/duty/consultations/{number}/confirm"
    for token, words in (("", "另一个人"), (ZHANG, "另一个人"), (ZHAO, "不能做此操作"), ("guess", "口令不对")):
        refused = await zhang.post(path, **yes, **({"token": token} if token else {}))
        assert (refused.status, words in refused) == (403, True), refused.words
    confirmed = await zhang.post(path, **yes, token=LI)
    assert "已生效" in confirmed
    assert "张三、李四" in confirmed
    twice = await zhang.post(path, **yes, token=LI)
    assert (twice.status, "不用再确认" in twice) == (409, True)
    await got(house, phone(ANJU), "会商研判暴雨降为黄色", before)
    assert (await anju(house))["level"] == "yellow"
    await house.settled()
    # a new signal: back at once, and the duty room reads why
    before = len(house.smsc.to(phone(ANJU)))
    await house.jump(scenario.RED.entered)
    assert (await house.warn(scenario.RED.xml()))[0] == 202
    await got(house, phone(ANJU), "暴雨升为红色", before)
    assert f"第{number}号会商结论没有点到它" in await zhang.get("/duty")
    await house.settled()


def without(field: str) -> Json:
    return {key: value for key, value in raised().items() if key != field}


REFUSALS: dict[str, tuple[Json, int, str]] = {
    "no end": (without("until"), 422, "until(止期)没有写,写成 2026-07-27T09:00:00+08:00"),
    "a time without its zone": (raised(until="2026-07-27T09:00:00"), 422, "until(止期)没有写时区"),
    "a time that is none": (raised(until="明天"), 422, "until(止期)不是时间"),
    "townships that are no list": (raised(towns="安居镇"), 422, "towns(镇街)要写成列表"),
    "a township that is no name": (raised(towns=["安居镇", 7]), 422, "towns(镇街)第2个要写文字"),
    "a key that means nothing": (raised(levle="red"), 422, "levle 没有这一项"),
    "a reason without end": (raised(why="雨" * 301), 422, "why(理由)太长,最多300个字"),
    "two at once": (without("until") | {"verb": 3}, 422, "verb(结论)要写文字"),
    "an unknown township": (raised(towns=["渝北镇"]), 422, "没有镇街“渝北镇”"),
    "a level above red": (raised(level="黑色"), 422, "最高红色"),
    "an end in the past": (raised(until="2020-01-01T00:00:00+08:00"), 422, "已过"),
    "lowering of what does not stand": (raised(verb="lower", level="blue", hazard="大风"), 409, "没有可降的"),
}


@pytest.mark.parametrize("case", REFUSALS)
async def test_what_may_not_be_is_said_in_chinese(house: House, case: str) -> None:
    body, status, words = REFUSALS[case]
    found, answer = await said(house, ZHANG, "", body)
    assert (found, words in answer["detail"]) == (status, True), answer


async def test_who_may_not(house: House) -> None:
    assert (await said(house, ZHAO, "", raised()))[0] == 403
    assert (await said(house, "stranger", "", method="GET"))[0] == 401
    assert (await said(house, ZHAO, "", method="GET"))[0] == 200
    assert (await said(house, WANG, "/99999", method="GET"))[0] == 404


MISTAKES = {
    "no verb": ({"verb": ""}, "还没有选结论"),
    "no level": ({"level": ""}, "还没有选级别"),
    "no township": ({"town": []}, "不填不等于全区"),
    "no danger": ({"danger": ""}, "还没有选灾种"),
    "no duration": ({"lasts": "99"}, "还没有选到什么时候"),
    "a time that is none": ({"clock": "25:00"}, "写成 08:00"),
    "nobody presided": ({"presided": ""}, "写明主持人"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_a_form_with_a_mistake_comes_back_filled(zhang: Browser, mistake: str) -> None:
    changes, words = MISTAKES[mistake]
    page = await zhang.post("/duty/consultations", **form(**changes))
    assert (page.status, words in page) == (422, True), page.words
    assert 'value="雨带已移出"' in page.text


async def test_a_conclusion_is_ended_as_it_was_made(house: House, zhang: Browser) -> None:
    page = await zhang.post(
        "/duty/consultations", **form(verb="raise", danger="gale signal", level="blue", town=[BAIYANG])
    )
    number = await number_of(page)
    assert "已生效" in await zhang.post(f"/duty/consultations/{number}/confirm", confirm=page.field("confirm"))
    empty = await zhang.post(f"/duty/consultations/{number}/withdraw", presided="王区长", why="")
    assert (empty.status, "终止的理由" in empty) == (422, True)
    page = await zhang.post(f"/duty/consultations/{number}/withdraw", presided="王区长", why="风停了")
    last = await number_of(page)
    assert "终止要另一个人确认" in page
    assert "已生效" in await zhang.post(
        f"/duty/consultations/{last}/confirm", confirm=page.field("confirm"), token=LI
    )
    assert "已终止" in await zhang.get(f"/duty/consultations/{number}")
    assert "终止这条结论" not in await zhang.get(f"/duty/consultations/{number}")
    dropped = await zhang.post(
        "/duty/consultations", **form(verb="raise", danger="gale signal", level="blue", town=[ANJU])
    )
    assert "草稿已作废" in await zhang.post(f"/duty/consultations/{await number_of(dropped)}/discard")
    await house.settled()


async def consult(house: House, *arguments: str, by: str = "", token: str = "") -> tuple[int, str]:
    """Run `warnengine consult …`."""
    who = ("--by", by, "--token", token) if by else ()
    said = await house.command("consult", *arguments, *who)
    assert "Traceback" not in said.err
    return said.code, said.out + said.err


async def test_the_command_line_does_what_the_page_does(house: House, tmp_path: Path) -> None:
    file = tmp_path / "会商.json"
    body = raised(hazard="大风", level="blue", towns=["白羊镇"], why="阵风七级")
    file.write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")
    code, words = await consult(house, "write", str(file), by="张三", token=ZHANG)
    assert (code, "还没有生效。请核对后确认" in words) == (0, True), words
    found = re.search(r"consult confirm (\d+)", words)
    assert found
    number = found[1]
    assert re.search(r"确认后立即向\d+人发出", words)
    code, words = await consult(house, "confirm", number, by="张三", token=ZHANG)
    yes = re.search(r"--confirm (\w{64})", words)
    assert yes
    assert code == 1, "without a terminal nothing is confirmed unasked"
    code, words = await consult(house, "confirm", number, "--confirm", yes[1], by="张三", token=ZHANG)
    assert (code, f"第{number}号会商结论生效中" in words) == (0, True), words
    await got(house, phone(BAIYANG), "会商研判大风蓝色")
    code, words = await consult(house, "confirm", number, by="张三", token=ZHANG)
    assert (code, "不能再确认" in words) == (1, True)
    ended = ("withdraw", number, "--presided", "王区长", "--why", "风停了")
    code, words = await consult(house, *ended, by="张三", token=ZHANG)
    assert (code, "请另一个人确认" in words) == (0, True), words
    last = str(int(number) + 1)
    code, words = await consult(house, "confirm", last, by="李四", token=LI)
    yes = re.search(r"--confirm (\w{64})", words)
    assert yes
    code, words = await consult(house, "confirm", last, "--confirm", yes[1], by="张三", token=ZHANG)
    assert (code, "另一个人" in words) == (1, True), words
    code, words = await consult(house, "confirm", last, "--confirm", yes[1], by="李四", token=LI)
    assert code == 0, words
    code, words = await consult(house, "list")
    assert (code, f"第{number}号 已终止" in words) == (0, True), words


@pytest.mark.parametrize(
    ("body", "by", "says"),
    [
        (without("until"), "张三", "until(止期)没有写"),
        (raised(towns=["渝北镇"]), "张三", "没有镇街“渝北镇”"),
        (raised(), "赵科长", "不是值班员或带班领导"),
        (raised(), "陌生人", "没有这个人"),
    ],
    ids=["a field", "a township", "not of the duty room", "nobody"],
)
async def test_the_command_line_refuses_in_one_sentence(
    house: House, tmp_path: Path, body: Json, by: str, says: str
) -> None:
    file = tmp_path / "会商.json"
    file.write_text(json.dumps(body), encoding="utf-8")
    code, words = await consult(house, "write", str(file), by=by, token=ZHAO if by == "赵科长" else ZHANG)
    assert (code, says in words) == (1, True), words


async def test_a_draft_that_the_night_has_overtaken_says_why_and_can_only_be_dropped(
    house: House, zhang: Browser
) -> None:
    number = await number_of(await zhang.post("/duty/consultations", **form()))
    await house.jump(scenario.RED_CONTINUES.entered)
    assert (await house.warn(scenario.RED_CONTINUES.xml()))[0] == 202

    async def overtaken() -> bool:
        return "现在不起作用" in await zhang.get(f"/duty/consultations/{number}")

    await until("the draft to be overtaken", overtaken, house.engine)
    page = await zhang.get(f"/duty/consultations/{number}")
    assert "核对无误" not in page
    assert "雨带已移出" in page
    assert "草稿已作废" in await zhang.post(f"/duty/consultations/{number}/discard")
    await house.settled()
