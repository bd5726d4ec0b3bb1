"""A whole engine that knows whether it is well: its canary through a real line, the doctor, the account, the roll-call."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.acceptance.house import OPERATOR, House, phone
from tests.acceptance.program import until
from tests.health.test_alive import Listener, listening
from tests.kafka.brokers import MockKafka

LOOP = "+8610690009999"
"""Of nobody: it is not in the address list."""
PATHS = ("in/http", "in/spool", "in/kafka", "out/line")
pytestmark = pytest.mark.asyncio(loop_scope="module")


class Watched(House):
    """A house whose line has a loop-back number, and somebody who listens for its sign of life."""

    def __init__(self, folder: Path, url: str, broker: str) -> None:
        self.url_of_ear = url
        self.broker = broker
        alive = {"url": url, "every_seconds": 1}
        super().__init__(folder, canary={"every_seconds": 3}, alive=alive, kafka={"bootstrap": broker})

    async def health(self) -> dict[str, Any]:
        """What the board says about the engine itself."""
        async with self.web.get("/v1/health", headers={"Authorization": f"Bearer {OPERATOR}"}) as answer:
            assert answer.status == 200, await answer.text()
            found: dict[str, Any] = await answer.json()
            return found

    @property
    def environment(self) -> dict[str, str]:
        values = super().environment
        (line,) = json.loads(values["WARNENGINE_GATEWAYS"])
        return values | {"WARNENGINE_GATEWAYS": json.dumps([line | {"canary": LOOP}])}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ear() -> AsyncIterator[Listener]:
    async with listening() as listener:
        yield listener


@pytest.fixture(scope="module")
def broker() -> Iterator[MockKafka]:
    made = MockKafka()
    made.start()
    yield made
    made.kill()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(
    tmp_path_factory: pytest.TempPathFactory, seed: Path, ear: Listener, broker: MockKafka
) -> AsyncIterator[Watched]:
    made = Watched(tmp_path_factory.mktemp("watched"), ear.url, broker.address)
    try:
        await made.open(seed)
        yield made
    finally:
        await made.close()


async def lights(house: Watched) -> dict[str, str]:
    return {one["path"]: one["colour"] for one in (await house.health())["canary"]}


async def proven(house: Watched) -> bool:
    """Whether a canary has lately come through by every path."""
    found = await lights(house)
    return [found.get(path) for path in PATHS] == ["green"] * len(PATHS)


async def test_the_canary_flies_in_by_every_way_and_out_by_the_line(house: Watched, ear: Listener) -> None:
    await until("the canary to come through", partial(proven, house), house.engine)
    assert {sms.to for sms in house.smsc.log} == {LOOP}, "nobody but the loop-back number got anything"
    assert "自检" in house.smsc.log[0].text
    assert await house.all("orders") == []
    assert await house.all("deliveries") == []
    assert await house.all("tasks") == []
    async with house.web.get("/readyz") as answer:
        assert "秒前自检通过" in (await answer.json())["canary"]["out/line"]
    heard = ear.heard

    async def hears() -> bool:
        return ear.heard > heard

    await until("a sign of life", hears, house.engine)


async def test_the_doctor_beside_the_engine_does_not_touch_its_line(house: Watched) -> None:
    said = await house.command("doctor", "--json")
    checks = {(one["what"], one["where"]): one for one in json.loads(said.out)}
    assert checks["engine", f"127.0.0.1:{house.port}"]["ok"], said
    assert checks["gateway line", "smpp"]["found"] == "the engine holds it"
    assert checks["kafka", house.broker]["ok"], checks["kafka", house.broker]
    for path in PATHS:
        assert checks["canary", path]["ok"], checks["canary", path]
    assert checks["audit chain", ""]["ok"]
    assert checks["dead-man's ear", house.url_of_ear]["ok"]
    assert checks["link key", f"{house.data}/link.key"]["ok"]
    assert said.code == 1, "numbers nobody has proven, so not yet tonight"


async def test_the_doctor_tries_the_line_itself_where_the_engine_is_down(house: Watched) -> None:
    await house.engine.kill()
    try:
        said = await house.command("doctor")
        assert "✓ gateway line" in said.out, said
        assert "– engine" in said.out
        assert "not fit to be trusted tonight" in said.out.splitlines()[-1]
        (house.data / "link.key").chmod(0o644)
        said = await house.command("doctor", GATEWAYS="[]")
        assert "✗ link key" in said.out
        assert f"chmod 600 {house.data}/link.key" in said.out
        assert "configure one: orders reach nobody" in said.out
    finally:
        (house.data / "link.key").chmod(0o600)
        await house.start_engine()


async def test_the_account_is_a_command_and_says_zero(house: Watched) -> None:
    said = await house.command("report", "reconcile")
    assert (said.code, said.err) == (0, "")
    assert said.out == "0 warnings, 0 orders, 0 people, 0 accepted, 0 delivered, 0 acked, 0 unexplained\n"
    board = (await house.health())["account"]
    assert board["colour"] == "green"
    assert board["words"].endswith("说不清的0")


async def test_a_line_that_takes_nothing_is_seen_by_the_canary(house: Watched) -> None:
    # the engine may just have been started: its line is red until the first canary has come through
    await until("the canary to come through", partial(proven, house), house.engine)
    house.smsc.muted_after = 0
    try:

        async def missed() -> str | None:
            """What /readyz says while the board shows red; a receipt of before may still make it green once."""
            red = house.smsc.muted and (await lights(house)).get("out/line") == "red"
            problems = await house.problems() if red else None
            return (problems or {}).get("out/line")

        assert "没有通过自检" in await until("the canary to miss the line", missed, house.engine)
    finally:
        house.smsc.muted_after = None


async def test_after_a_kill_it_flies_on_and_the_account_is_whole(house: Watched) -> None:
    before = len(house.smsc.log)
    await house.engine.kill()
    await house.start_engine()

    async def flies() -> bool:
        return len(house.smsc.log) > before

    await until("the canary to fly on", flies, house.engine)
    assert (await house.command("report", "reconcile")).code == 0


async def test_the_roll_is_called_by_command_and_the_engine_sends_it(house: Watched) -> None:
    said = await house.command("report", "roll-call")
    assert (said.code, said.err) == (
        1,
        "warnengine: there was no roll-call yet: begin one with --start --by NAME\n",
    )
    assert (await house.command("report", "roll-call", "--start")).code == 2
    said = await house.command("report", "roll-call", "--start", "--by", "王主任")
    assert said.code == 0, said
    assert "应到" in said.out.splitlines()[-1]

    async def sent() -> bool:
        return any("点名" in text for text in house.smsc.to(phone("500151105")))

    await until("the roll-call to go out", sent, house.engine)
    status, _ = await house.post("/v1/roll-calls", {"by": "李主任"})
    assert status == 409, "one at a time"
