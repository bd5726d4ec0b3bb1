"""Random rule books and situations, as hypothesis strategies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from tests.core.district import BOOK, at
from warnengine.model.book import Measure, Plan, RuleBook, Unit, UnitKind
from warnengine.model.level import Level
from warnengine.model.order import OrderKey
from warnengine.model.place import Township
from warnengine.model.situation import CellKey, InForce

TOWNS = tuple(f"5001511{number:02}" for number in range(1, 6))
HAZARDS, FAMILIES = ("rainstorm", "gale"), ("signal", "response")
SECTORS = ("water", "housing", "education")
ALIKE = (UnitKind.TOWNSHIP, UnitKind.COMMITTEE, UnitKind.VILLAGE, UnitKind.GRID)
dangers = st.tuples(st.sampled_from(HAZARDS), st.sampled_from(FAMILIES))
levels = st.sampled_from(Level)
MESSAGES = ("m1", "m2", "m3")
hours = st.integers(1, 9).map(lambda hour: at(f"{hour:02}:00"))


@st.composite
def measures(draw: st.DrawFn, owner: str, older: tuple[Measure, ...] = ()) -> tuple[Measure, ...]:
    """Measures of one owner; each replaces some that are lower or stand before it, of its own or of all alike."""
    drawn = draw(st.lists(st.tuples(dangers, levels, st.booleans()), max_size=5))
    found: list[Measure] = []
    for number, ((hazard, family), level, compulsory) in enumerate(sorted(drawn, key=lambda one: one[1])):
        before = [m.id for m in (*older, *found) if m.when.level <= level]
        named = draw(st.lists(st.sampled_from(before), max_size=2)) if before else []
        data: dict[str, Any] = {
            "id": f"{owner}.{hazard}.{level.key}.{number}",
            "when": {"hazard": hazard, "family": family, "level": level.key},
            "order": f"做第{number}件事",
            "deadline": "30m",
            "compulsory": compulsory,
            "advice": "准备做" if compulsory else None,
            "replaces": tuple(named),
        }
        found.append(Measure.model_validate(data))
    return tuple(found)


@st.composite
def books(draw: st.DrawFn) -> RuleBook:
    """A district of up to five townships with villages, grids, sectors, a 管委会 and a duty room."""
    towns = TOWNS[: draw(st.integers(1, len(TOWNS)))]
    kinds = {kind: draw(measures(kind.value)) for kind in ALIKE}
    shares = draw(st.lists(st.sampled_from(towns), unique=True))
    units = [_unit(code, UnitKind.TOWNSHIP) for code in towns]
    villages = draw(st.lists(st.sampled_from(towns), unique=True))
    units += [_unit(f"{code}001", UnitKind.VILLAGE, parent=code) for code in villages]
    units += [
        _unit(f"{code}00107", UnitKind.GRID, parent=f"{code}001") for code in villages if draw(st.booleans())
    ]
    units += [_unit(code, UnitKind.SECTOR) for code in SECTORS]
    units += [_unit("zone", UnitKind.COMMITTEE, towns=tuple(shares)), _unit("duty_room", UnitKind.DUTY_ROOM)]
    plans = {
        code: Plan(township=code, name=code, measures=draw(measures(f"p{code}", kinds[UnitKind.TOWNSHIP])))
        for code in towns
        if draw(st.booleans())
    }
    return BOOK.model_copy(
        update={
            "district": replace(BOOK.district, townships=tuple(Township(code, code) for code in towns)),
            "units": {unit.code: unit for unit in units},
            "kinds": kinds,
            "sectors": {code: draw(measures(code)) for code in SECTORS},
            "plans": plans,
        }
    )


def _unit(code: str, kind: UnitKind, **fields: object) -> Unit:
    return Unit.model_validate({"code": code, "name": code, "short": code, "kind": kind, **fields})


@st.composite
def situations(draw: st.DrawFn, book: RuleBook) -> list[InForce]:
    """What is in force in some townships of a book; one message may speak of several, and not warn anew in all."""
    towns = [town.code for town in book.district.townships]
    cells = st.tuples(st.sampled_from(towns), dangers)
    said = st.frozensets(st.sampled_from(MESSAGES), min_size=1, max_size=2)
    drawn = draw(st.dictionaries(cells, st.tuples(levels, said, st.none() | hours), max_size=8))
    return [
        InForce(CellKey(town, *danger), level, said, ends, frozenset(one for one in said if draw(st.booleans())))
        for (town, danger), (level, said, ends) in drawn.items()
    ]


def force(town: str, danger: tuple[str, str], level: Level) -> InForce:
    because = frozenset({f"{town} {danger} {level}"})
    return InForce(CellKey(town, *danger), level, because=because, ends=None, renewed=because)


@st.composite
def approvals(draw: st.DrawFn, book: RuleBook) -> frozenset[tuple[OrderKey, str]]:
    """Some compulsory measures of a book as approved."""
    waiting = [
        (OrderKey(unit.code, m.when.hazard, m.when.family), m.id)
        for unit in book.units.values()
        for m in book.measures_of(unit)
        if m.compulsory
    ]
    return frozenset(draw(st.sets(st.sampled_from(waiting)))) if waiting else frozenset()
