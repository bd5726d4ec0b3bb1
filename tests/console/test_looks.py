"""Which kind of installation a page belongs to is seen at once, and a trial says that it sends nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.acceptance.console import order
from tests.serving import serving
from tests.store.world import ANJU, World
from warnengine.app import ROLES, Engine, web
from warnengine.settings import Settings

OPERATORS = [{"name": "张三", "role": "duty", "token": "z"}, {"name": "李四", "role": "duty", "token": "l"}]
LOOKS = {
    "live": ("", ""),
    "demo": ("【演示】", "这里的一切都不是真实指令"),
    "drill": ("【演练】", "这不是真实指令"),
    "trial": ("【试运行】", "没有发给任何责任人"),
}


@asynccontextmanager
async def browser(world: World, folder: Path, kind: str) -> AsyncIterator[aiohttp.ClientSession]:
    """Somebody who has signed in at an installation of a kind."""
    settings = Settings.model_validate(
        {"data": folder, "operators": OPERATORS, "link_key": "of this test"}
        | (
            {"installation": kind}
            if kind != "trial"
            else {"installation": kind, "trial": {"sms": ["+8613800000000"]}}
        )
    )
    engine = Engine(settings, world.book, world.database, ROLES)
    jar = aiohttp.CookieJar(unsafe=True)
    async with serving(web(engine)) as url, aiohttp.ClientSession(url, cookie_jar=jar) as session:
        session.headers["Origin"] = url
        async with session.post("/duty/sign-in", data={"token": "z"}) as answer:
            assert answer.status == 200
        yield session


async def read(session: aiohttp.ClientSession, path: str) -> str:
    async with session.get(path) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.text()


@pytest.mark.parametrize("kind", LOOKS)
async def test_every_page_says_of_what_kind_it_is(world: World, tmp_path: Path, kind: str) -> None:
    mark, words = LOOKS[kind]
    async with browser(world, tmp_path, kind) as session:
        for path in ("/duty", "/duty/halt", "/duty/orders", "/duty/manual/new", "/duty/health"):
            text = await read(session, path)
            assert f'<body class="{kind}">' in text
            assert ('class="unreal"' in text) == (kind != "live")
            assert words in text
            assert f"<title>{mark}" in text


async def test_a_drill_keeps_its_cookie_apart_from_live(world: World, tmp_path: Path) -> None:
    names = set()
    for kind in ("live", "drill"):
        async with browser(world, tmp_path, kind) as session:
            names |= {cookie.key for cookie in session.cookie_jar}
    assert names == {"duty_live", "duty_drill"}


SAYS = {
    "drill": r"将发送给4人.*演练\(DRILL\)",
    "trial": r"不发出;拟发4人.*试运行\(TRIAL\)",
    "live": r"将发送给4人.*实战\(LIVE\)",
}


@pytest.mark.parametrize("kind", SAYS)
async def test_a_read_back_says_whether_anything_leaves(world: World, tmp_path: Path, kind: str) -> None:
    async with browser(world, tmp_path, kind) as session:
        form: Any = order(ANJU)
        async with session.post("/duty/manual", data=form) as answer:
            words = " ".join(re.sub(r"<[^>]*>", "", await answer.text()).split())
            assert answer.status == 200, words
    assert re.search(SAYS[kind], words), words
