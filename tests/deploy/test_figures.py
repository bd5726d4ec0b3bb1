"""The engine by roles and what it tells a monitor: every figure that an alert or a panel asks for is there."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import yaml
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from tests.acceptance.house import clean_environment
from tests.acceptance.program import Program, until
from tests.deploy.conftest import Town
from tests.deploy.files import ALERTS, ROLES, RULES, alert_queries, dashboard_queries, selectors
from warnengine import metrics
from warnengine.demo.relay import HOST, free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")
QUERIES = [*alert_queries(), *dashboard_queries()]
ADDED = {"role", "job", "instance", "le"}
"""Labels that Prometheus or a histogram adds."""


def labels() -> dict[str, set[str]]:
    """Every series that the engine can have, with the labels of its metric."""
    found = {}
    for metric in vars(metrics).values():
        if hasattr(metric, "_labelnames"):
            for name in REGISTRY._collector_to_names[metric]:
                found[name] = {*metric._labelnames, *ADDED}
    return found


@pytest.mark.parametrize(("title", "query"), QUERIES)
async def test_a_query_asks_for_what_the_engine_has(title: str, query: str) -> None:
    known = labels()
    for name, picked in selectors(query):
        assert name in known, f"{title}: no metric {name}"
        assert picked <= known[name], f"{title}: {name} has no label {picked - known[name]}"


@pytest.mark.parametrize("role", ROLES)
async def test_every_role_says_that_it_lives_and_whether_it_is_fit(town: Town, role: str) -> None:
    assert await town.get(role, "/healthz") == (200, "ok\n")
    status, body = await town.get(role, "/readyz")
    # nobody takes mail here: only the process that sends can know
    said, waiting = json.loads(body), {"mail"} if role == "dispatch" else set()
    assert (status, said["ready"], set(said["problems"])) == (503 if waiting else 200, not waiting, waiting)


@pytest.mark.parametrize("role", [role for role in ROLES if role != "console"])
async def test_only_the_console_has_an_api(town: Town, role: str) -> None:
    assert (await town.get(role, "/v1/orders"))[0] == 404
    assert (await town.get(role, "/a/whatever"))[0] == 404


@pytest.mark.parametrize("role", ROLES)
async def test_every_role_has_every_metric(town: Town, role: str) -> None:
    _, text = await town.get(role, "/metrics")
    names = {family.name for family in text_string_to_metric_families(text)}
    asked = {name for _, query in QUERIES for name, _ in selectors(query)}
    families = {name: re.sub("_(total|bucket|count)$", "", name) for name in asked}
    missing = {name for name, family in families.items() if family not in names}
    assert missing == set()


async def test_a_role_reports_only_the_gateways_that_it_runs(town: Town) -> None:
    assert await town.figure("dispatch", 'ews_gateway_up{gateway="smpp"}') == 1
    _, text = await town.get("console", "/metrics")
    assert "ews_gateway_up{" not in text


async def test_the_ladder_has_verified_the_audit_chain(town: Town) -> None:
    await town.reaches("ladder", "ews_audit_chain_ok")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prometheus(town: Town) -> AsyncIterator[str]:
    """A real Prometheus that scrapes every role and has the alerts; its address, once all roles were scraped."""
    if not shutil.which("prometheus"):
        pytest.skip("needs Debian's prometheus")
    folder = town.folder / "prometheus"
    folder.mkdir()
    address = f"{HOST}:{free_port()}"
    program = Program(
        folder / "log", "prometheus", f"--config.file={write_config(folder, town)}",
        f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={address}",
        environment=clean_environment(),
    )  # fmt: skip
    await program.start()

    async def scraped() -> bool:
        try:
            async with town.web.get(f"http://{address}/-/ready") as answer:
                if not answer.ok:
                    return False
            found = await ask(town.web, f"http://{address}", 'count_over_time(up{job="warnengine"}[1m]) >= 2')
        except aiohttp.ClientError:
            return False
        return len(found) == len(ROLES)

    try:
        await until("every role to be scraped twice", scraped, program)
        yield f"http://{address}"
    finally:
        await program.kill()


def write_config(folder: Path, town: Town) -> Path:
    """As deploy/prometheus.yml, with ports of this machine for the names of containers, and quicker."""
    rules = folder / "alerts.yml"
    rules.write_text(ALERTS.read_text(encoding="utf-8").replace("interval: 15s", "interval: 1s"), encoding="utf-8")
    targets = [{"targets": [f"{HOST}:{port}"], "labels": {"role": role}} for role, port in town.ports.items()]
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)],
        "scrape_configs": [{"job_name": "warnengine", "static_configs": targets}],
    }
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config))
    return file


async def ask(web: aiohttp.ClientSession, address: str, query: str) -> list[Any]:
    """The result of an instant query; fails where Prometheus does not take it."""
    async with web.post(f"{address}/api/v1/query", data={"query": query}) as answer:
        told = await answer.json()
    assert told["status"] == "success", f"{query}: {told}"
    result: list[Any] = told["data"]["result"]
    return result


@pytest.mark.parametrize(("title", "query"), QUERIES)
async def test_prometheus_takes_every_query(town: Town, prometheus: str, title: str, query: str) -> None:
    await ask(town.web, prometheus, query)


SHOWS = [
    "红色未应", "橙黄蓝未应", "待批请示", "值班室待办", "发送结果不明", "告警", "到达率(一天内)", "应答率",
    "未应", "等得最久的未应", "各条发送的状态(一天内)", "应答与回复", "网关通断", "网关答复要多久(95%)",
    "发送结果", "回执", "收到的预警", "多久没有来过预警", "没有下发的预警", "新的指令", "进程", "数据库", "留痕链",
    "上次核验", "版本与规则",
]  # fmt: skip
"""Panels that have something to show after one warning, one message that is none, and the first answers."""


@pytest.mark.parametrize("title", SHOWS)
async def test_the_dashboard_shows_the_night(town: Town, prometheus: str, title: str) -> None:
    queries = [query for panel, query in dashboard_queries() if panel == title]
    assert queries
    for query in queries:
        assert await ask(town.web, prometheus, query), query


async def test_the_rules_are_evaluated_and_the_watchdog_barks(town: Town, prometheus: str) -> None:
    async def barking() -> dict[str, Any] | None:
        async with town.web.get(f"{prometheus}/api/v1/rules") as answer:
            groups = (await answer.json())["data"]["groups"]
        rules = {rule["name"]: rule for group in groups for rule in group["rules"]}
        return rules if rules["Watchdog"]["state"] == "firing" else None

    rules = await until("the watchdog to bark", barking, town.programs["console"])
    assert set(rules) == {rule["alert"] for rule in RULES}
    assert {name: rule["lastError"] for name, rule in rules.items() if rule.get("lastError")} == {}
    assert rules["GatewayDown"]["state"] in {"pending", "firing"}, "nobody takes mail here"
    assert rules["EngineDown"]["state"] == "inactive"
