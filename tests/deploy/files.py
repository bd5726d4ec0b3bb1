"""The files of the deployment, read once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

import warnengine

PROJECT = Path(warnengine.__file__).parents[1]
DEPLOY = PROJECT / "deploy"
ALERTS, ALERTS_TEST = DEPLOY / "alerts.yml", DEPLOY / "alerts_test.yml"
Json = dict[str, Any]


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


COMPOSE: Json = read(PROJECT / "docker-compose.yml")
SERVICES: Json = COMPOSE["services"]
ENGINES: Json = {name: one for name, one in SERVICES.items() if one["image"].startswith("warnengine:")}
ROLES: Json = {name: one for name, one in ENGINES.items() if one["command"][0] == "serve"}
PROMETHEUS: Json = read(DEPLOY / "prometheus.yml")
RULES: list[Json] = [rule for group in read(ALERTS)["groups"] for rule in group["rules"]]
DASHBOARD: Json = json.loads((DEPLOY / "grafana/dashboards/warnengine.json").read_text(encoding="utf-8"))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
MANUAL = (PROJECT / "docs/operating.md").read_text(encoding="utf-8")


def panels() -> Iterator[Json]:
    """Panels that ask something."""
    return (panel for panel in DASHBOARD["panels"] if panel["type"] != "row")


def dashboard_queries() -> list[tuple[str, str]]:
    """Panel title and query, as Prometheus gets it."""
    return [
        (panel["title"], target["expr"].replace("$__rate_interval", "1m"))
        for panel in panels()
        for target in panel["targets"]
    ]


def alert_queries() -> list[tuple[str, str]]:
    """Alert and expression."""
    return [(rule["alert"], rule["expr"]) for rule in RULES]


SELECTOR = re.compile(r"\b(ews_\w+)(?:\{([^}]*)\})?")


def selectors(query: str) -> Iterator[tuple[str, set[str]]]:
    """Series of ours in a query, with the labels that it picks them by."""
    for name, picked in SELECTOR.findall(query):
        yield name, set(re.findall(r"(\w+)\s*(?:=|!=|=~|!~)\s*\"", picked))
