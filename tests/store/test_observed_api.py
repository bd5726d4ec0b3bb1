"""Observations over HTTP and from the command line: who may send, what is answered, who may end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.serving import serving
from tests.store.test_observed import MINUTE, fallen, judge, levels, row, stage, watched
from tests.store.world import ANJU, World, small_directory
from warnengine.app.web import web
from warnengine.cli import observations
from warnengine.model.book import RuleBook
from warnengine.model.observation import Refusal, Report
from warnengine.settings import Operator, Source
from warnengine.store.database import Database

GAUGES = {"Authorization": "Bearer of-the-gauges"}
DUTY = {"Authorization": "Bearer of-the-duty-room"}
LEADER = {"Authorization": "Bearer of-the-leader"}
TRIGGERS = "/v1/observations/triggers"
SOURCES = [Source.model_validate({"name": "hydrology", "token": "of-the-gauges"})]


@pytest.fixture
async def gauged(database: Database, book: RuleBook, tmp_path: Path) -> AsyncIterator[World]:
    world = World(database, watched(book), tmp_path)
    world.engine.settings = world.engine.settings.model_copy(
        update={
            "sources": SOURCES,
            "operators": [
                Operator.model_validate({"name": "值班员甲", "role": "duty", "token": "of-the-duty-room"}),
                Operator.model_validate({"name": "带班领导乙", "role": "leader", "token": "of-the-leader"}),
            ],
        }
    )
    await world.people(small_directory())
    yield world
    await world.engine.journal.stored()


@pytest.fixture
async def api(gauged: World) -> AsyncIterator[aiohttp.ClientSession]:
    async with serving(web(gauged.engine)) as url, aiohttp.ClientSession(url) as session:
        yield session


async def test_rows_are_taken_one_by_one(gauged: World, api: aiohttp.ClientSession) -> None:
    now = await gauged.now()
    rows = [row(now - 5 * n * MINUTE, 9) for n in range(6)]
    body = "\n".join([*rows, stage(now, 221, datum="黄海"), "{"])
    async with api.post("/v1/observations", data=body, headers=GAUGES) as answer:
        assert answer.status == 202
        found = await answer.json()
    assert (found["kept"], found["known"], found["refused"]) == (6, 0, 2)
    assert [one["line"] for one in found["refusals"]] == [7, 8]
    await judge(gauged)
    assert await levels(gauged) == [(ANJU, "flash_flood", 4)]
    async with api.post("/v1/observations", data="\n".join(rows), headers=GAUGES) as answer:
        assert answer.status == 200
    async with api.post("/v1/observations", data="{", headers=GAUGES) as answer:
        assert answer.status == 422
        assert (await answer.json())["refusals"] == [{"line": 1, "reason": "这一行不是 JSON:请每行写一个对象"}]
    async with api.get("/v1/observations/refused", headers=DUTY) as answer:
        assert {one["source"] for one in await answer.json()} == {"hydrology"}


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer nobody"}, DUTY], ids=["none", "wrong", "operator"]
)
async def test_only_a_source_may_send(api: aiohttp.ClientSession, headers: dict[str, str]) -> None:
    async with api.post("/v1/observations", data="{", headers=headers) as answer:
        assert answer.status == 401


async def test_what_cannot_be_read_is_answered_in_words(api: aiohttp.ClientSession) -> None:
    async with api.post("/v1/observations", data="a,b\n1,2\n", headers=GAUGES) as answer:
        assert answer.status == 422
        assert "第一行不是表头" in (await answer.json())["detail"]


async def test_what_stands_is_listed_and_a_leader_ends_it(gauged: World, api: aiohttp.ClientSession) -> None:
    await fallen(gauged)
    async with api.get(TRIGGERS, headers=DUTY) as answer:
        (listed,) = await answer.json()
    assert (listed["town_name"], listed["level"], listed["shadow"]) == ("安居镇", "orange", False)
    assert listed["fallen_since"]
    async with api.get(TRIGGERS, headers=GAUGES) as answer:
        assert answer.status == 401
    async with api.post(f"{TRIGGERS}/stage/end", json={}, headers=DUTY) as answer:
        assert answer.status == 403
        assert "带班领导" in (await answer.json())["detail"]
    async with api.post(f"{TRIGGERS}/stage/end", json={"towns": [ANJU]}, headers=LEADER) as answer:
        assert answer.status == 200
        assert (await answer.json())["towns"] == [ANJU]
    await gauged.react()
    assert await levels(gauged) == []
    async with api.post(f"{TRIGGERS}/nothing/end", json={}, headers=LEADER) as answer:
        assert answer.status == 404
    async with api.get("/v1/observations/crossings", headers=DUTY) as answer:
        assert [one["what"] for one in await answer.json()] == ["lifted", "falls", "begins"]


async def test_a_book_without_thresholds_takes_no_rows_and_says_so(
    database: Database, book: RuleBook, tmp_path: Path
) -> None:
    world = World(database, watched(book).model_copy(update={"triggers": None}), tmp_path)
    world.engine.settings = world.engine.settings.model_copy(update={"sources": SOURCES})
    async with (
        serving(web(world.engine)) as url,
        aiohttp.ClientSession(url) as session,
        session.post("/v1/observations", data="{", headers=GAUGES) as answer,
    ):
        assert answer.status == 422
        assert "没有 triggers.yaml" in (await answer.json())["detail"]
    assert not await world.engine.observe()


def test_the_command_names_file_line_and_reason() -> None:
    refused = tuple(Refusal(line, "", "时间不对") for line in range(2, 24))
    said = list(observations.told(Path("rain.csv"), Report(3, 1, refused, ("S1已有另一个值",))))
    assert said[0] == "rain.csv: 3 kept, 1 known, 22 refused"
    assert said[1] == "rain.csv:2: 时间不对"
    assert said[-2:] == ["rain.csv: 2 more; GET /v1/observations/refused lists them", "rain.csv: S1已有另一个值"]
