"""The oracle's own reading of the rule files and of the directory: who stands for what, at which level."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from warnengine.demo.oracle_log import address

LEVELS = {"blue": 1, "yellow": 2, "orange": 3, "red": 4}
HAZARD = "rainstorm"
BELOW = ("village", "grid")
"""Kinds of unit inside a township; their codes begin with its nine digits."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A township, what is below it, a sector, committee, the duty room or the district."""

    code: str
    name: str
    kind: str
    names: tuple[str, ...]
    """Every name under which a text may speak of it."""
    towns: tuple[str, ...] | None
    """Codes of the townships that it answers for; None is the whole district."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of a unit."""

    ident: str
    level: int
    order: str
    advice: str
    """Empty where the order goes out at once."""
    compulsory: bool
    replaces: frozenset[str]
    posts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the directory."""

    ident: str
    name: str
    addresses: frozenset[str]
    posts: frozenset[tuple[str, str]]
    """(code of the unit, post)."""
    behind: frozenset[str]
    """Idents of the deputies and superiors who answer for this person."""


@dataclass(frozen=True)
class Rules:
    """Everything that the rule files and the directory say about one night."""

    units: Mapping[str, Unit]
    measures: Mapping[str, tuple[Measure, ...]]
    """By code of the unit."""
    called: Mapping[tuple[int, str], frozenset[str]]
    """Posts by level and kind of unit."""
    planned: Mapping[tuple[int, str], frozenset[str]]
    """Posts by level and code of the unit that the plans call beside those."""
    people: Mapping[str, Person]
    posts: Mapping[str, str]
    """Name of a post by its key."""

    @cached_property
    def towns(self) -> Mapping[str, str]:
        """Code of a township by its full name."""
        return {unit.name: unit.code for unit in self.units.values() if unit.kind == "township"}

    @cached_property
    def owners(self) -> Mapping[str, str]:
        """Ident of a person by address."""
        return {own: person.ident for person in self.people.values() for own in person.addresses}

    @cached_property
    def related(self) -> Mapping[str, frozenset[str]]:
        """Units that a person has to do with: the own ones, and those of whom he is deputy or superior."""
        units: dict[str, set[str]] = defaultdict(set)
        for person in self.people.values():
            for ident in (person.ident, *person.behind):
                units[ident] |= {unit for unit, _ in person.posts}
        return {ident: frozenset(codes) for ident, codes in units.items()}

    def level(self, code: str, levels: Mapping[str, int]) -> int:
        """Level of a unit: of its own township, or the gravest of those that it answers for."""
        unit = self.units[code]
        if unit.kind == "township":
            return levels[unit.name]
        own = (level for town, level in levels.items() if unit.towns is None or self.towns[town] in unit.towns)
        return max(own, default=0)

    def standing(self, code: str, level: int, *, approved: bool = True) -> tuple[Measure, ...]:
        """Measures of a unit at a level: all up to it, without those that one of them replaces.

        Until it is approved, a compulsory measure replaces none of a lower level.
        """
        upto = {measure.ident: measure for measure in self.measures.get(code, ()) if measure.level <= level}
        gone = {
            ident
            for measure in upto.values()
            for ident in measure.replaces
            if approved or not measure.compulsory or (ident in upto and upto[ident].level == measure.level)
        }
        return tuple(measure for measure in upto.values() if measure.ident not in gone)

    def recipients(self, code: str, level: int) -> frozenset[str]:
        """Idents of those who must be told of a unit's measures at a level; nobody where nothing stands."""
        return self.callable(code, level) if self.standing(code, level) else frozenset()

    def callable(self, code: str, level: int) -> frozenset[str]:
        """Idents of those in a unit whom the ladder calls at a level, or whose post a standing measure names."""
        posts = self.called.get((level, self.units[code].kind), frozenset[str]())
        posts |= self.planned.get((level, code), frozenset())
        posts |= {post for measure in self.standing(code, level) for post in measure.posts}
        return frozenset(p.ident for p in self.people.values() if any((code, post) in p.posts for post in posts))


def read_rules(rules: Path, directory: Path) -> Rules:
    """Read the YAML files below `rules` and the directory's CSV file."""
    units = {unit.code: unit for unit in _units(rules)}
    return Rules(
        units, _measures(rules, units), _called(rules), _planned(rules), _people(directory), _posts(rules)
    )


def _load(path: Path) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return loaded


def _units(rules: Path) -> Iterator[Unit]:
    for path in sorted((rules / "units").glob("*.yaml")):
        for raw in _load(path).get("units", ()):
            names = (raw["name"], raw.get("short", raw["name"]), *raw.get("aliases", ()))
            code = str(raw["code"])
            towns = tuple(map(str, raw["towns"])) if "towns" in raw else None
            yield Unit(code, raw["name"], raw["kind"], names, (code[:9],) if raw["kind"] in BELOW else towns)


def _measures(rules: Path, units: Mapping[str, Unit]) -> Mapping[str, tuple[Measure, ...]]:
    found: dict[str, list[Measure]] = defaultdict(list)
    for path in (*sorted((rules / "measures").glob("*.yaml")), *sorted((rules / "plans").glob("*.yaml"))):
        raw = _load(path)
        own = [_measure(one) for one in raw.get("measures", ()) if _of_the_night(one["when"])]
        for code in _codes(raw, units.values()):
            found[code] += own
    return {code: tuple(measures) for code, measures in found.items()}


def _of_the_night(when: Mapping[str, str]) -> bool:
    """The scenario has signals of one hazard, and nothing of another product family."""
    return when["hazard"] == HAZARD and when.get("family", "signal") == "signal"


def _codes(raw: Mapping[str, Any], units: Iterable[Unit]) -> list[str]:
    """Units that a file of measures is for."""
    if "kind" in raw:
        return [unit.code for unit in units if unit.kind == raw["kind"]]
    return [str(raw.get("sector") or raw["township"])]


def _measure(raw: Mapping[str, Any]) -> Measure:
    return Measure(
        ident=raw["id"],
        level=LEVELS[raw["when"]["level"]],
        order=raw["order"],
        advice=raw.get("advice", ""),
        compulsory=raw.get("compulsory", False),
        replaces=frozenset(raw.get("replaces", ())),
        posts=frozenset(raw.get("posts", ())),
    )


def _called(rules: Path) -> Mapping[tuple[int, str], frozenset[str]]:
    ladder = _load(rules / "ladder.yaml")
    return {
        (LEVELS[level], kind): frozenset(posts)
        for level, rung in ladder.items()
        if level in LEVELS
        for kind, posts in rung["called"].items()
    }


def _planned(rules: Path) -> Mapping[tuple[int, str], frozenset[str]]:
    """Who answers for a point that the hazard endangers, in the roles that a level calls; and the plans' own."""
    ladder = _load(rules / "ladder.yaml")
    found: dict[tuple[int, str], set[str]] = defaultdict(set)
    plans = [_load(path) for path in sorted((rules / "plans").glob("*.yaml"))]
    charges = [
        charge
        for plan in plans
        for point in plan.get("points", ())
        if HAZARD in point.get("hazards", ())
        for charge in point.get("responsible", ())
    ]
    for level, number in ((level, number) for level, number in LEVELS.items() if level in ladder):
        roles = ladder[level].get("responsible", ())
        for charge in charges:
            if charge["role"] in roles:
                found[number, str(charge["unit"])].add(charge["post"])
        for own in (own for plan in plans for own in plan.get("posts", ())):
            if HAZARD in own["hazards"] and (own["levels"] == "all" or level in own["levels"]):
                found[number, str(own["unit"])].add(own["post"])
    return {key: frozenset(posts) for key, posts in found.items()}


def _posts(rules: Path) -> Mapping[str, str]:
    files = sorted((rules / "units").glob("*.yaml"))
    return {raw["key"]: raw["name"] for path in files for raw in _load(path).get("posts", ())}


def _people(directory: Path) -> Mapping[str, Person]:
    rows: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    with directory.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            rows[row["person"]].append(row)
    return {ident: _person(ident, own) for ident, own in rows.items()}


def _person(ident: str, rows: list[Mapping[str, str]]) -> Person:
    return Person(
        ident=ident,
        name=rows[0]["name"],
        addresses=frozenset(address(row[key]) for row in rows for key in ("mobile", "email") if row.get(key)),
        posts=frozenset((row["unit"], row["post"]) for row in rows),
        behind=frozenset(row[key] for row in rows for key in ("deputy", "superior") if row.get(key)),
    )
