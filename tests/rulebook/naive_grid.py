"""Counts the grid of a rule book from its YAML alone, in plain loops and without a line of the product."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import yaml

LEVELS = ["blue", "yellow", "orange", "red"]
BOUND = ["sector", "township", "committee", "village", "grid"]
Place = tuple[str, str, str, str]
"""(unit or owner, product family, hazard, level)"""


def grid(rules: Path, today: date) -> dict[Place, str]:
    """Every cell: measure, none or gap."""
    criteria = criteria_of(rules)
    measures = measures_of(rules)
    nones = nones_of(rules, criteria, today)
    in_use = read(rules / "district.yaml")["in_use"]
    found: dict[Place, str] = {}
    for code, kind in units_of(rules):
        for family in in_use:
            for hazard in in_use[family]:
                for level in written_out(in_use[family][hazard], criteria[hazard]):
                    where = [(code, family, hazard, level), (kind, family, hazard, level)]
                    if where[0] in measures or where[1] in measures:
                        found[where[0]] = "measure"
                    elif where[0] in nones or where[1] in nones:
                        found[where[0]] = "none"
                    else:
                        found[where[0]] = "gap"
    return found


def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def written_out(levels: Any, issued: list[str]) -> list[str]:
    return (issued or LEVELS) if levels == "all" else levels


def criteria_of(rules: Path) -> dict[str, list[str]]:
    return {one["key"]: list(one.get("criteria") or {}) for one in read(rules / "hazards.yaml")["hazards"]}


def units_of(rules: Path) -> list[tuple[str, str]]:
    files = [file for file in (rules / "units").glob("*.yaml") if file.name != "posts.yaml"]
    units = [unit for file in files for unit in read(file)["units"]]
    return [(unit["code"], unit["kind"]) for unit in units if unit["kind"] in BOUND]


def measures_of(rules: Path) -> set[Place]:
    found: set[Place] = set()
    for file in [*(rules / "measures").glob("*.yaml"), *(rules / "plans").glob("*.yaml")]:
        data = read(file)
        owner = data.get("sector") or data.get("kind") or data["township"]
        for one in data.get("measures") or []:
            when = one["when"]
            found.add((owner, when.get("family", "signal"), when["hazard"], when["level"]))
    return found


def nones_of(rules: Path, criteria: dict[str, list[str]], today: date) -> set[Place]:
    found: set[Place] = set()
    for file in (rules / "measures").glob("*.yaml"):
        data = read(file)
        for one in data.get("none") or []:
            if "until" in one and date.fromisoformat(str(one["until"])) < today:
                continue
            for hazard in one["hazards"]:
                for level in written_out(one.get("levels", "all"), criteria[hazard]):
                    found.add((data.get("sector") or data["kind"], one.get("family", "signal"), hazard, level))
    return found
