"""The duty room's pages over a real process: each form, who may not, the wrong second person, two clicks instead of one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio

from tests.acceptance.console import LI, OPERATORS, WANG, ZHANG, ZHAO, Browser, Page, order
from tests.acceptance.house import OPERATOR, House, phone
from tests.acceptance.program import until
from warnengine.demo import scenario

ANJU, BAIYANG = "500151105", "500151106"
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, seed: Any) -> AsyncIterator[House]:
    """A red night; the leader at the console is the one of the address list."""
    people = [one | ({"person": LEADER} if one["token"] == WANG else {}) for one in OPERATORS]
    made = House(tmp_path_factory.mktemp("house"), operators=people)
    try:
        await made.open(seed)
        await made.jump(scenario.RED.entered)
        assert (await made.warn(scenario.RED.xml()))[0] == 202
        await made.settled()
        yield made
    finally:
        await made.close()


LEADER = "tl003"


@pytest_asyncio.fixture(loop_scope="module")
async def open_browser(house: House) -> AsyncIterator[Any]:
    """Opens a browser and signs somebody in."""
    async with AsyncExitStack() as stack:

        async def opened(token: str | None) -> Browser:
            browser = Browser(house)
            stack.push_async_callback(browser.close)
            return await browser.sign_in(token) if token else browser

        yield opened


async def number_of(page: Page) -> int:
    found = re.search(r"/duty/manual/(\d+)", page.url)
    assert found, (page.status, page.url, page.words)
    return int(found[1])


async def drafted(browser: Browser, **changes: Any) -> tuple[int, Page]:
    """An order by hand as far as its read-back."""
    page = await browser.post("/duty/manual", **order(ANJU, **changes))
    return await number_of(page), page


async def got(house: House, number: str, words: str) -> str:
    """Wait until somebody has a text with these words."""

    async def there() -> str:
        return next((text for text in house.smsc.to(number) if words in text), "")

    return await until(f"a text with {words}", there, house.engine)


async def standing(house: House, family: str = "manual_") -> list[dict[str, Any]]:
    return [one for one in await house.all("orders") if one["family"].startswith(family) and not one["lapsed"]]


# who comes in


async def test_nobody_sees_anything_without_signing_in(open_browser: Any) -> None:
    browser = await open_browser(None)
    for path in ("/duty", "/duty/halt", "/duty/manual/new", "/duty/health", "/duty/orders"):
        page = await browser.get(path)
        assert page.url.startswith("/duty/sign-in"), path
        assert "本人的口令" in page


async def test_a_wrong_token_is_told_what_to_do_and_opens_nothing(open_browser: Any) -> None:
    browser = await open_browser(None)
    page = await browser.post("/duty/sign-in", token="guess")
    assert (page.status, "口令不对" in page) == (403, True)
    assert (await browser.get("/duty")).url.startswith("/duty/sign-in")


async def test_after_signing_in_one_is_where_one_wanted_to_be_and_nowhere_else(open_browser: Any) -> None:
    browser = await open_browser(None)
    page = await browser.post("/duty/sign-in", token=ZHANG, back="/duty/health")
    assert page.url == "/duty/health"
    for foreign in ("https://evil.example/", "//evil.example", "/duty//evil.example", "/v1/orders"):
        assert (await browser.post("/duty/sign-in", token=ZHANG, back=foreign)).url == "/duty"


async def test_a_session_outlives_the_engine_and_ends_with_signing_out(house: House, open_browser: Any) -> None:
    browser = await open_browser(ZHANG)
    await house.engine.kill()
    await house.start_engine()
    assert "张三(值班员)" in await browser.get("/duty")
    await browser.post("/duty/sign-out")
    assert (await browser.get("/duty")).url.startswith("/duty/sign-in")


async def test_a_cookie_that_somebody_has_changed_is_none(house: House, open_browser: Any) -> None:
    browser = await open_browser(ZHAO)
    (cookie,) = browser.web.cookie_jar
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "strict", "/duty")
    name, until_, seal = cookie.value.split(".")
    for forged in (f"5p2O5Zub.{until_}.{seal}", f"{name}.9999999999.{seal}", f"{name}.{until_}.{seal[:-1]}x", "x"):
        async with house.web.get(
            "/duty", headers={"Cookie": f"duty_demo={forged}"}, allow_redirects=False
        ) as answer:
            assert answer.status == 303, forged


ORIGINS = {"another site": "https://evil.example", "no origin": None, "a hidden one": "null"}


@pytest.mark.parametrize("origin", ORIGINS.values(), ids=ORIGINS)
async def test_a_form_that_is_not_ours_does_nothing(house: House, open_browser: Any, origin: str | None) -> None:
    browser = await open_browser(ZHANG)
    page = await browser.post("/duty/halt", origin=origin, why="跨站")
    assert page.status == 403
    assert "没有执行" in page
    assert await house.all("halt") == []


DOORS = {
    "an order by hand": ("/duty/manual", order(ANJU), (ZHAO, OPERATOR)),
    "sending one": ("/duty/manual/1/send", {"confirm": "0" * 64}, (ZHAO, OPERATOR)),
    "throwing one away": ("/duty/manual/1/discard", {}, (ZHAO, OPERATOR)),
    "changing one": ("/duty/manual/1/edit", order(ANJU), (ZHAO, OPERATOR)),
    "taking an order back": ("/duty/withdraw", {"order": "1", "why": "误发"}, (ZHAO, OPERATOR)),
    "going on": ("/duty/halt/1/resume", {}, (ZHAO, OPERATOR)),
    "a telephone call": ("/duty/approvals/1/telephone", {"decision": "yes"}, (ZHAO, WANG, OPERATOR)),
    "a decision": ("/duty/approvals/1/decide", {"decision": "yes"}, (ZHANG, ZHAO, OPERATOR)),
    "a countersignature": ("/duty/approvals/1/countersign", {}, (ZHANG, ZHAO, OPERATOR)),
}


@pytest.mark.parametrize("door", DOORS)
async def test_whose_role_may_not_is_told_who_may(open_browser: Any, door: str) -> None:
    path, fields, strangers = DOORS[door]
    for token in strangers:
        page = await (await open_browser(token)).post(path, **fields)
        assert page.status == 403, (token, page.words)
        assert "记名" in page if token == OPERATOR else "不能做此操作" in page


# stopping


async def test_a_stop_is_one_click_two_clicks_are_one_stop_and_another_person_ends_it(
    house: House, open_browser: Any
) -> None:
    zhang, li = await open_browser(ZHANG), await open_browser(LI)
    first = await zhang.post("/duty/halt", why="疑似误发,先停下核实")
    assert "停发已生效" in first
    again = await zhang.post("/duty/halt", why="疑似误发,先停下核实")
    assert again.status == 200
    (stop,) = await house.all("halt")
    assert (stop["scope"], stop["by"]) == ("all", "张三")
    assert "张三,疑似误发,先停下核实" in await li.get("/duty/manual"), "on every page"
    alone = await zhang.post(f"/duty/halt/{stop['id']}/resume")
    assert (alone.status, "恢复要另一个人来做" in alone) == (403, True)
    own = await zhang.post(f"/duty/halt/{stop['id']}/resume", token=ZHANG)
    assert own.status == 403
    bureau = await zhang.post(f"/duty/halt/{stop['id']}/resume", token=ZHAO)
    assert (bureau.status, "不能做此操作" in bureau) == (403, True)
    assert "要另一个人恢复" in await zhang.get(f"/duty/halt/{stop['id']}/resume")
    there = await zhang.post(f"/duty/halt/{stop['id']}/resume", token=LI)
    assert "已恢复发送" in there
    twice = await li.post(f"/duty/halt/{stop['id']}/resume")
    assert (twice.status, "已由李四恢复" in twice) == (409, True)
    assert await house.all("halt") == []


async def test_who_ends_a_stop_reads_how_many_people_it_held(house: House, open_browser: Any) -> None:
    zhang, li = await open_browser(ZHANG), await open_browser(LI)
    await zhang.post("/duty/halt", why="先停下核实")
    (stop,) = await house.all("halt")
    number, page = await drafted(zhang)
    people = int(re.search(r"将发送给(\d+)人", page.words)[1])  # type: ignore[index]
    await zhang.post(f"/duty/manual/{number}/send", confirm=page.field("confirm"), token=LI)

    async def held() -> bool:
        return f"恢复后马上发送给{people}人" in await li.get(f"/duty/halt/{stop['id']}/resume")

    await until("the order to wait behind the stop", held, house.engine)
    await li.post(f"/duty/halt/{stop['id']}/resume")
    await got(house, phone(ANJU), "安居古城景区")
    await house.settled()


# orders by hand


async def test_an_order_by_hand_is_read_back_and_goes_with_the_second_person_at_the_same_desk(
    house: House, open_browser: Any
) -> None:
    zhang = await open_browser(ZHANG)
    words = "封闭安居黄家坝码头,船只全部靠岸"
    before = len(house.smsc.log)
    number, page = await drafted(zhang, words=words)
    assert re.search(r"将发送给\d+人", page.words)
    assert words in page, "the very text"
    assert len(house.smsc.log) == before
    assert f"第{number}号" in await zhang.get("/duty")
    sent = {"confirm": page.field("confirm")}
    alone = await zhang.post(f"/duty/manual/{number}/send", **sent)
    assert (alone.status, "拟稿人不能自己核发" in alone) == (403, True)
    assert "break_glass" not in alone.words
    own = await zhang.post(f"/duty/manual/{number}/send", **sent, token=ZHANG)
    assert own.status == 403
    wrong = await zhang.post(f"/duty/manual/{number}/send", **sent, token="guess")
    assert (wrong.status, "口令不对" in wrong) == (403, True)
    bureau = await zhang.post(f"/duty/manual/{number}/send", **sent, token=ZHAO)
    assert bureau.status == 403
    done = await zhang.post(f"/duty/manual/{number}/send", **sent, token=LI)
    assert "已发出" in done
    assert "张三、李四" in done
    twice = await zhang.post(f"/duty/manual/{number}/send", **sent, token=LI)
    assert (twice.status, "不用再发" in twice) == (409, True)
    await got(house, phone(ANJU), words)
    await house.settled()
    assert sum(words in text for text in house.smsc.to(phone(ANJU))) == 1


async def test_the_same_form_twice_is_one_draft(house: House, open_browser: Any) -> None:
    zhang = await open_browser(ZHANG)
    wanted = {"words": "劝返西山步道游人", "clock": "23:50"}
    first, _ = await drafted(zhang, **wanted)
    second, _ = await drafted(zhang, **wanted)
    assert first == second
    page = await zhang.post(f"/duty/manual/{first}/discard")
    assert "已作废" in page
    assert (await zhang.post(f"/duty/manual/{first}/discard")).status == 409
    assert "已作废,没有发出" in await zhang.get(f"/duty/manual/{first}")


MISTAKES = {
    "no unit": ({"unit": []}, "还没有选单位"),
    "a unit that does not exist": ({"unit": ["999999999"]}, "没有能接收指令的单位"),
    "no words": ({"words": "撤"}, "写清要做什么"),
    "no level": ({"level": "purple"}, "还没有选级别"),
    "no time": ({"within": ""}, "还没有选完成时限"),
    "a time that is none": ({"clock": "25:99"}, "写成 03:30"),
    "no duration": ({"lasts": "99"}, "还没有选有效多久"),
    "no reason": ({"why": ""}, "写明原因"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_a_form_with_a_mistake_comes_back_filled_and_says_what_to_do(
    open_browser: Any, mistake: str
) -> None:
    changes, words = MISTAKES[mistake]
    page = await (await open_browser(ZHANG)).post("/duty/manual", **order(ANJU, **changes))
    assert (page.status, words in page) == (422, True), page.words
    assert 'value="现场险情,预案没有"' in page.text or mistake == "no reason"


async def test_alone_one_sends_first_and_is_approved_afterwards(house: House, open_browser: Any) -> None:
    zhang = await open_browser(ZHANG)
    number, page = await drafted(zhang, words="立即转移白羊河边露营人员", unit=[BAIYANG])
    sent = {"confirm": page.field("confirm")}
    empty = await zhang.post(f"/duty/manual/{number}/send", **sent, break_glass="")
    assert (empty.status, "写明原因" in empty) == (422, True)
    done = await zhang.post(f"/duty/manual/{number}/send", **sent, break_glass="值班室只有一人")
    assert "先发后补:值班室只有一人" in done
    await got(house, phone(BAIYANG), "露营人员")
    requests = await zhang.get("/duty/approvals")
    assert "先发后补,已发出" in requests
    await house.settled()


async def test_a_correction_goes_to_whoever_had_the_order(house: House, open_browser: Any) -> None:
    zhang = await open_browser(ZHANG)
    number, page = await drafted(zhang, words="关闭安居铁桥,车辆绕行")
    await zhang.post(f"/duty/manual/{number}/send", confirm=page.field("confirm"), token=LI)
    await got(house, phone(ANJU), "安居铁桥")
    filled = await zhang.get(f"/duty/manual/new?corrects={number}")
    assert "关闭安居铁桥,车辆绕行" in filled.text
    page = await zhang.post("/duty/manual", **order(ANJU, words="关闭安居石桥,车辆绕行"), corrects=str(number))
    correction = await number_of(page)
    await zhang.post(f"/duty/manual/{correction}/send", confirm=page.field("confirm"), token=LI)
    text = await got(house, phone(ANJU), "安居石桥")
    assert "更正" in text
    await house.settled()


async def test_what_was_sent_by_mistake_is_taken_back_in_two_actions(house: House, open_browser: Any) -> None:
    zhang = await open_browser(ZHANG)
    number, page = await drafted(zhang, words="停用安居水厂取水口", unit=[ANJU, BAIYANG])
    await zhang.post(f"/duty/manual/{number}/send", confirm=page.field("confirm"), token=LI)
    await got(house, phone(BAIYANG), "取水口")
    ids = [str(one["id"]) for one in await standing(house, f"manual_{number}")]
    assert len(ids) == 2
    shown = await zhang.get("/duty/withdraw?" + "&".join(f"order={one}" for one in ids))
    assert re.search(r"将告诉\d+人", shown.words)
    assert "系误发,请勿执行" in shown
    assert len(await standing(house, f"manual_{number}")) == 2, "looking does nothing"
    taken = {"order": ids, "mistake": "1", "why": "发错单位", "confirm": shown.field("confirm")}
    stale = await zhang.post("/duty/withdraw", **taken | {"confirm": "0" * 64})
    assert (stale.status, "重新预览" in stale) == (409, True)
    done = await zhang.post("/duty/withdraw", **taken)
    assert "已撤回" in done
    twice = await zhang.post("/duty/withdraw", **taken)
    assert (twice.status, "不用再撤" in twice) == (409, True)
    for unit in (ANJU, BAIYANG):
        await got(house, phone(unit), "系误发")
    assert await standing(house, f"manual_{number}") == []
    await house.settled()


async def test_taking_back_nothing_says_what_to_do(open_browser: Any) -> None:
    page = await (await open_browser(ZHANG)).get("/duty/withdraw")
    assert (page.status, "还没有选指令" in page) == (422, True)
    page = await (await open_browser(ZHANG)).get("/duty/withdraw?order=99999")
    assert (page.status, "请在“指令”页核对编号" in page, "/v1/" in page) == (404, True, False)


# decisions


async def test_a_call_is_read_back_recorded_once_and_countersigned_by_who_made_it(
    house: House, open_browser: Any
) -> None:
    zhang, wang = await open_browser(ZHANG), await open_browser(WANG)
    asked = next(one for one in await house.all("approvals") if one["level"] == "red" and one["kind"] == "before")
    path = f"/duty/approvals/{asked['id']}/telephone"
    form = await zhang.get(path)
    assert "同意后将发给" in form
    now = re.search(r'name="at"[^>]*value="([^"]+)"', form.text)
    assert now, "the time of the call is now, unless somebody says otherwise"
    said = {"person": LEADER, "at": now[1], "decision": "yes", "words": "同意,马上转移"}
    wrong = await zhang.post(path, **said | {"at": "27点"})
    assert (wrong.status, "写成 03:12" in wrong) == (422, True)
    assert "同意,马上转移" in wrong.text, "nothing has to be written twice"
    stranger = await zhang.post(path, **said | {"person": "nobody"}, confirmed="1")
    assert (stranger.status, "不是这一级的审批人" in stranger) == (422, True)
    back = await zhang.post(path, **said)
    assert re.search(r"记下后将发送给\d+人", back.words)
    assert any(one["id"] == asked["id"] for one in await house.all("approvals")), "not yet"
    done = await zhang.post(path, **said, confirmed="1")
    assert "电话同意已记下" in done
    twice = await zhang.post(path, **said, confirmed="1")
    assert (twice.status, "不用再办" in twice) == (409, True)
    owed = next(one for one in await house.all("approvals") if one["kind"] == "countersign")
    assert "同意,马上转移" in await wang.get("/duty/approvals")
    assert "属实,补签" not in await zhang.get("/duty/approvals")
    assert "已补签" in await wang.post(f"/duty/approvals/{owed['id']}/countersign")
    assert (await wang.post(f"/duty/approvals/{owed['id']}/countersign")).status == 403
    await house.settled()


async def test_a_leader_decides_under_their_own_name(house: House, open_browser: Any) -> None:
    wang = await open_browser(WANG)
    asked = next(one for one in await house.all("approvals") if one["kind"] == "after")
    shown = await wang.get(f"/duty/approvals/{asked['id']}/no")
    assert "已发出的要立即撤回" in shown
    done = await wang.post(f"/duty/approvals/{asked['id']}/decide", decision="no", words="范围太大")
    assert "已记为不同意" in done
    again = await wang.post(f"/duty/approvals/{asked['id']}/decide", decision="yes")
    assert (again.status, "先到的算数" in again) == (409, True)
    assert "no by" not in again


async def test_standing_authorisations_are_listed(open_browser: Any) -> None:
    page = await (await open_browser(ZHAO)).get("/duty/authorisations")
    assert "年度授权 0 份" in page
    assert "逐次报批" in page


# the board, tasks, health


async def test_a_task_is_closed_once(house: House, open_browser: Any) -> None:
    zhang = await open_browser(ZHANG)

    async def there() -> int:
        return next((one["id"] for one in await house.all("tasks") if not one["danger"] and not one["bundle"]), 0)

    async with house.database() as database:
        await database.execute(
            "INSERT INTO task (district, kind, words) SELECT code, 'unclear', '请看一眼' FROM district LIMIT 1"
        )
    task = await until("the task", there, house.engine)
    assert "请看一眼" in await zhang.get("/duty")
    nothing = await zhang.post(f"/duty/tasks/{task}")
    assert (nothing.status, "选择结果" in nothing) == (422, True)
    assert "已记下" in await zhang.post(f"/duty/tasks/{task}", result="done", words="看过了")
    twice = await zhang.post(f"/duty/tasks/{task}", result="done")
    assert (twice.status, "已经有人办了" in twice) == (409, True)


async def test_health_says_who_holds_the_line_and_the_doctor_comes(house: House, open_browser: Any) -> None:
    zhang = await open_browser(ZHANG)
    page = await zhang.get("/duty/health")
    for words in (
        "短信 line",
        "第1次接手" if "第1次" in page else "次接手",
        "没有设置自检号码",
        "自带数据库",
        "还没有点过名",
    ):
        assert words in page, words
    done = await zhang.post("/duty/health/examine")
    assert "项不合格" in done or "全部合格" in done
    assert "留痕链" in done
    called = await zhang.post("/duty/health/roll-call")
    assert "点名已开始" in called
    assert "应到" in called
    twice = await zhang.post("/duty/health/roll-call")
    assert (twice.status, "点名正在进行" in twice) == (409, True)


async def test_pages_are_marked_and_let_nothing_in(house: House, open_browser: Any) -> None:
    zhang = await open_browser(ZHANG)
    async with zhang.web.get("/duty") as answer:
        text = await answer.text()
        policy = answer.headers["Content-Security-Policy"]
    assert "【演示】" in text
    assert '<body class="demo">' in text
    for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'self'"):
        assert part in policy
    assert not re.search(r"<script>|\sstyle=|\son\w+=", text)


async def test_an_address_that_is_none_is_a_page_that_says_where_to_go(open_browser: Any) -> None:
    zhang = await open_browser(ZHANG)
    for path in ("/duty/manual/nine", "/duty/manual/99999", "/duty/nothing.css"):
        page = await zhang.get(path)
        assert page.status == 404, path
        assert "没有执行" in page


async def test_what_waits_for_the_database_too_long_says_to_call(house: House, open_browser: Any) -> None:
    zhang = await open_browser(ZHANG)
    async with house.database() as database:

        async def stuck() -> bool:
            query = (
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND relation = 'halt'::regclass"
            )
            return bool(await database.fetch(query))

        async with database.transaction():
            await database.execute("LOCK TABLE halt IN ACCESS EXCLUSIVE MODE")
            asked = asyncio.create_task(zhang.get("/duty/halt"))
            while not asked.done():
                await until("the page to wait, and be cut off", lambda: _either(asked, stuck), house.engine)
    page = asked.result()
    assert (page.status, "数据库没有应答" in page) == (503, True)


async def _either(asked: asyncio.Task[Page], stuck: Callable[[], Awaitable[bool]]) -> bool:
    return asked.done() or await stuck()
