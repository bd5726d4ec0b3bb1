"""Units form a tree, and their places exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from warnengine.model.book import DIGITS, Unit, UnitKind
from warnengine.model.finding import Finding, did_you_mean
from warnengine.rulebook.draft import Draft
from warnengine.rulebook.parse import Located

OPTIONAL = (UnitKind.COMMITTEE, UnitKind.VILLAGE, UnitKind.GRID)
"""Kinds that a district may do without."""
ABOVE = {UnitKind.VILLAGE: UnitKind.TOWNSHIP, UnitKind.GRID: UnitKind.VILLAGE}
"""What is right above them."""


def check(draft: Draft) -> Iterator[Finding]:
    """Codes, parents, neighbours and tiles."""
    tiles: dict[tuple[int, int], str] = {}
    for unit in draft.units:
        yield from _code(unit, draft)
        yield from _parent(unit, draft)
        yield from _places(unit, draft)
        if unit.value.tile and tiles.setdefault(unit.value.tile, unit.value.code) != unit.value.code:
            other = draft.unit_by_code[tiles[unit.value.tile]].name
            yield unit.error(f"tile {list(unit.value.tile)} is taken by {other}", "choose a free one", "tile")
    for kind in UnitKind:
        if not draft.of_kind(kind) and kind not in OPTIONAL:
            yield draft.district.error(f"no unit of kind {kind}", "add it to a file in units/")


def _code(unit: Located[Unit], draft: Draft) -> Iterator[Finding]:
    code, district = unit.value.code, draft.district.value.code
    if (len(code) if code.isdigit() else None) != DIGITS.get(unit.value.kind):
        fix = "townships have 9 digits, villages 12, grids 14, others a word"
        yield unit.error(f'code "{code}" does not suit a {unit.value.kind}', fix, "code")
    elif code.isdigit() and not code.startswith(district):
        what = f'{unit.value.kind} "{code}" is not in district {district}'
        yield unit.error(what, f"begin it with {district}", "code")


def _parent(unit: Located[Unit], draft: Draft) -> Iterator[Finding]:
    above, units = unit.value.parent, draft.unit_by_code
    if above is None and unit.value.kind is not UnitKind.DISTRICT:
        yield unit.error(f"{unit.value.name} has no parent", "name the unit above it")
    elif above and above not in units and above not in draft.broken:
        yield unit.error(f'unknown unit "{above}"', did_you_mean(above, units), "parent")
    elif above and _circular(unit.value, units):
        yield unit.error(f"{unit.value.name} is above itself", "let the parents end at the district", "parent")
    elif above and unit.value.kind in ABOVE:
        yield from _division(unit, units.get(above))


def _division(unit: Located[Unit], above: Unit | None) -> Iterator[Finding]:
    """A village is in a township, a grid in a village, and the code says in which."""
    code, kind = unit.value.code, unit.value.kind
    expected = code[: DIGITS[ABOVE[kind]]]
    if above and code.isdigit() and above.code != expected:
        what = f"{unit.value.name} is not in {above.name} by its code"
        yield unit.error(what, f"write parent: '{expected}', or mend the code", "parent")


def _circular(unit: Unit, units: Mapping[str, Unit]) -> bool:
    seen: set[str] = set()
    above: Unit | None = unit
    while above and above.code not in seen:
        seen.add(above.code)
        above = units.get(above.parent or "")
    return above is not None


def _places(unit: Located[Unit], draft: Draft) -> Iterator[Finding]:
    towns = {town.code: town for town in draft.of_kind(UnitKind.TOWNSHIP)}
    for key in ("towns", "neighbours"):
        for index, code in enumerate(getattr(unit.value, key)):
            if code not in towns and code not in draft.broken:
                yield unit.error(f'unknown township "{code}"', did_you_mean(code, towns), key, index)
    for index, code in enumerate(unit.value.neighbours):
        if code in towns and unit.value.code not in towns[code].neighbours:
            fix = f"add {unit.value.code} to its neighbours"
            yield unit.warning(
                f"{towns[code].name} does not name {unit.value.name} as its neighbour", fix, "neighbours", index
            )
