"""Units form a tree, and their places exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from warnengine.model.book import Unit, UnitKind
from warnengine.model.finding import Finding, did_you_mean
from warnengine.rulebook.draft import Draft
from warnengine.rulebook.parse import Located


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
        if not draft.of_kind(kind) and kind is not UnitKind.COMMITTEE:
            yield draft.district.error(f"no unit of kind {kind}", "add it to a file in units/")


def _code(unit: Located[Unit], draft: Draft) -> Iterator[Finding]:
    code, district = unit.value.code, draft.district.value.code
    if code.isdigit() != (unit.value.kind is UnitKind.TOWNSHIP):
        yield unit.error(
            f'code "{code}" does not suit a {unit.value.kind}', "townships have 9 digits, others a word", "code"
        )
    elif code.isdigit() and not code.startswith(district):
        yield unit.error(f'township "{code}" is not in district {district}', f"begin it with {district}", "code")


def _parent(unit: Located[Unit], draft: Draft) -> Iterator[Finding]:
    above, units = unit.value.parent, draft.unit_by_code
    if above is None and unit.value.kind is not UnitKind.DISTRICT:
        yield unit.error(f"{unit.value.name} has no parent", "name the unit above it")
    elif above and above not in units and above not in draft.broken:
        yield unit.error(f'unknown unit "{above}"', did_you_mean(above, units), "parent")
    elif above and _circular(unit.value, units):
        yield unit.error(f"{unit.value.name} is above itself", "let the parents end at the district", "parent")


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
