"""What was measured, as a Markdown page and as a file."""

from __future__ import annotations

import importlib.metadata
import json
import math
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.bench.goals import GOALS, Goal
from tests.bench.peers import alertmanager, kannel, procrastinate
from tests.bench.stand import Stand
from warnengine import __version__

Report = dict[str, Any]


async def report(stand: Stand) -> Report:
    """Machine, versions, goals and every run."""
    return {
        "machine": machine(),
        "versions": {
            "warnengine": __version__,
            "python": platform.python_version(),
            "postgresql": await stand.server.version(),
            "asyncpg": importlib.metadata.version("asyncpg"),
            "aiohttp": importlib.metadata.version("aiohttp"),
            "alertmanager": alertmanager.version(),
            "kannel": kannel.version(),
            "procrastinate": procrastinate.version(),
        },
        "goals": [goal.judged(stand.values.get(goal.id)) for goal in GOALS],
        "runs": [_rounded(run) for run in stand.runs],
    }


def machine() -> dict[str, Any]:
    """What a figure must be read with; the load is that of everything on the machine, before and while we measure."""
    model = Path("/proc/cpuinfo").read_text().partition("model name")[2].partition(":")[2].partition("\n")[0]
    memory = int(Path("/proc/meminfo").read_text().split()[1]) // 1024
    return {
        "cores": os.cpu_count(),
        "cpu": model.strip(),
        "memory_mb": memory,
        "kernel": platform.release(),
        "load": [round(load, 2) for load in os.getloadavg()],
    }


def write(file: Path, made: Report) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def markdown(made: Report) -> str:
    """Goals first, then every measurement with the medians of its runs."""
    values = {one["id"]: one for one in made["goals"]}
    rows = [_goal(goal, values[goal.id]) for goal in GOALS]
    head = ["| id | | value | goal | aim | met |", "|---|---|---:|---:|---:|---|"]
    runs = ["| what | size | n | medians |", "|---|---:|---:|---|", *map(_run, made["runs"])]
    about = ", ".join(f"{name} {version or 'not installed'}" for name, version in made["versions"].items())
    place = ", ".join(f"{name} {value}" for name, value in made["machine"].items())
    met = sum(one["met"] for one in made["goals"])
    closing = f"{met} of {len(rows)} goals met. Only ratios within one run mean anything."
    return "\n".join([*head, *rows, "", closing, "", *runs, "", about, "", place])


def _goal(goal: Goal, judged: Mapping[str, Any]) -> str:
    sign = "≥" if goal.least else "≤"
    value = "not measured" if judged["value"] is None else f"{_figure(judged['value'])} {goal.unit}"
    limits = f"{sign} {_figure(goal.goal)} | {sign} {_figure(goal.aim)}"
    return f"| {goal.id} | {goal.what} | {value} | {limits} | {'yes' if judged['met'] else '**no**'} |"


def _run(run: Mapping[str, Any]) -> str:
    told = [f"**{run['failed']}**".replace("\n", " ")] if "failed" in run else []
    told += [f"{name} {_figure(value)}" for name, value in run.get("medians", {}).items()]
    return f"| {run['what']} | {run['size']:,} | {run['n']} | {', '.join(told)} |"


def _figure(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _rounded(run: Mapping[str, Any]) -> dict[str, Any]:
    def short(sample: Mapping[str, float]) -> dict[str, float | None]:
        return {name: None if math.isnan(value) else float(f"{value:.4g}") for name, value in sample.items()}

    figures = (
        {"medians": short(run["medians"]), "samples": [*map(short, run["samples"])]} if "medians" in run else {}
    )
    return {**run, **figures}
