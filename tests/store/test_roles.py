"""Every role at every door, over HTTP: who may, who may not, and what they are told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.serving import serving
from tests.store.world import ANJU, World
from warnengine.app import ROLES, Engine, web
from warnengine.settings import Settings

HASH = "0" * 64
TIMES = {"deadline": "2099-01-01T00:00:00+08:00", "not_after": "2099-01-01T00:00:00+08:00"}
WANTED: dict[str, Any] = {"units": [ANJU], "words": "关闭景区", "level": "red", "why": "险情", **TIMES}
SAID = {"decision": "yes", "person": "district_leader", "at": "2026-01-01T00:00:00+08:00", "words": "同意"}
BY = {"stranger": None, "common": "common-token", "bureau": "b-token", "duty": "d-token", "leader": "l-token"}
DOORS: dict[str, tuple[str, str, Any, str]] = {
    "stop": ("POST", "/v1/halt", {"scope": "order", "target": "99", "why": "误发"}, "common bureau duty leader"),
    "stops": ("GET", "/v1/halt", None, "common bureau duty leader"),
    "go on": ("POST", "/v1/halt/99/resume", None, "duty leader"),
    "draft": ("POST", "/v1/manual", WANTED, "duty leader"),
    "drafts": ("GET", "/v1/manual", None, "common bureau duty leader"),
    "preview": ("GET", "/v1/manual/99", None, "common bureau duty leader"),
    "edit": ("PUT", "/v1/manual/99", WANTED, "duty leader"),
    "send": ("POST", "/v1/manual/99/send", {"confirm": HASH}, "duty leader"),
    "discard": ("DELETE", "/v1/manual/99", None, "duty leader"),
    "withdraw": ("POST", "/v1/orders/99/withdraw", {"why": "误发"}, "duty leader"),
    "telephone": ("POST", "/v1/approvals/99/telephone", SAID, "duty"),
    "quarantine": ("GET", "/v1/quarantine?state=open&reason=stale&days=7", None, "common bureau duty leader"),
    "case": ("GET", "/v1/quarantine/99/case", None, "common bureau duty leader"),
    "retry": ("POST", "/v1/quarantine/99/retry", None, "duty leader"),
    "release": ("POST", "/v1/quarantine/99/release", {"why": "已核实"}, "duty leader"),
    "agree": ("POST", "/v1/quarantine/99/release/agree", None, "duty leader"),
    "close": ("POST", "/v1/quarantine/99/close", {"why": "乱码"}, "duty leader"),
    "decide": ("POST", "/v1/approvals/99", {"decision": "yes", "by": "王区长"}, "common leader"),
}
"""method, path, body, who may"""


@pytest.fixture
async def door(world: World, tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """The API of an engine with one operator in each role."""
    names = {"bureau": "赵科长", "duty": "张三", "leader": "王区长"}
    operators = [{"name": name, "role": role, "token": BY[role]} for role, name in names.items()]
    operators.append({"name": "李四", "role": "duty", "token": "second-token"})
    settings = Settings.model_validate(
        {"data": tmp_path, "installation": "demo", "operator_token": BY["common"], "operators": operators}
        | {"link_key": "of this test"}
    )
    engine = Engine(settings, world.book, world.database, ROLES)
    async with serving(web(engine)) as url, aiohttp.ClientSession(url) as session:
        yield session


async def knock(session: aiohttp.ClientSession, who: str | None, method: str, path: str, body: Any) -> Any:
    headers = {"Authorization": f"Bearer {who}"} if who else {}
    async with session.request(method, path, json=body, headers=headers) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize("name", DOORS)
async def test_every_role_at_every_door(door: aiohttp.ClientSession, name: str) -> None:
    method, path, body, may = DOORS[name]
    for role, token in BY.items():
        status, said = await knock(door, token, method, path, body)
        if role in may.split():
            assert status in {200, 404, 409, 422}, (role, said)
        else:
            assert status == (401 if role == "stranger" else 403), (role, said)
            assert said["title"]
            assert said["detail"]


async def test_two_people_send_an_order_and_take_it_back(door: aiohttp.ClientSession, world: World) -> None:
    now = await world.now()
    later = {"deadline": now.replace(microsecond=0).isoformat(), "not_after": now.isoformat()}
    status, said = await knock(door, "d-token", "POST", "/v1/manual", WANTED | later)
    assert (status, said["status"]) == (422, 422)
    assert "时限已过" in said["detail"]
    measure = {"units": [ANJU], "level": "red", "why": "险情", "measure": "p500151105.rainstorm.red.1"}
    ends = await world.value("SELECT engine_now() + interval '5 hours'")
    status, preview = await knock(door, "d-token", "POST", "/v1/manual", measure | {"not_after": ends.isoformat()})
    assert status == 201, preview
    path, yes = f"/v1/manual/{preview['manual']}/send", {"confirm": preview["confirm"]}
    status, said = await knock(door, "d-token", "POST", path, yes)
    assert status == 403
    assert "另一人" in said["detail"]
    status, done = await knock(door, "second-token", "POST", path, yes)
    assert (status, done["sent"]) == (200, True)
    status, said = await knock(door, "second-token", "POST", path, yes)
    assert status == 409
    assert "已由张三、李四发出" in said["detail"]
    (order,) = await knock(door, "b-token", "GET", "/v1/orders", None) and (
        await world.column("SELECT id FROM standing_order")
    )
    status, shown = await knock(door, "d-token", "POST", f"/v1/orders/{order}/withdraw", {"why": "误发"})
    assert (status, shown["withdrawn"]) == (200, False)
    gone = {"why": "误发", "confirm": shown["confirm"]}
    status, done = await knock(door, "d-token", "POST", f"/v1/orders/{order}/withdraw", gone)
    assert (status, done["withdrawn"]) == (200, True)


async def test_a_stop_is_seen_and_ended_by_another(door: aiohttp.ClientSession) -> None:
    status, stop = await knock(door, "d-token", "POST", "/v1/halt", {"why": "误发"})
    assert (status, stop["by"]) == (201, "张三")
    _, ready = await knock(door, None, "GET", "/readyz", None)
    assert [one["id"] for one in ready["halted"]] == [stop["id"]]
    async with door.get("/metrics") as answer:
        assert 'ews_halted{scope="all"} 1.0' in await answer.text()
    status, said = await knock(door, "d-token", "POST", f"/v1/halt/{stop['id']}/resume", None)
    assert status == 403
    assert "另一个人" in said["detail"]
    status, ended = await knock(door, "second-token", "POST", f"/v1/halt/{stop['id']}/resume", None)
    assert (status, ended["resumed_by"]) == (200, "李四")


async def test_nobody_decides_in_anothers_name(door: aiohttp.ClientSession) -> None:
    status, said = await knock(door, "l-token", "POST", "/v1/approvals/1", {"decision": "yes", "by": "李区长"})
    assert status == 403
    assert "王区长" in said["detail"]
