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
            yield unit.error(f"方格 {list(unit.value.tile)} 已经是{other}的", "换一个空的", "tile")
    for kind in UnitKind:
        if not draft.of_kind(kind) and kind not in OPTIONAL:
            yield draft.district.error(f"没有 {kind} 类的单位", "请在 units/ 的文件里加上")


def _code(unit: Located[Unit], draft: Draft) -> Iterator[Finding]:
    code, district = unit.value.code, draft.district.value.code
    if (len(code) if code.isdigit() else None) != DIGITS.get(unit.value.kind):
        fix = "镇街写9位数字,村和社区12位,网格14位,其他单位写英文单词"
        yield unit.error(f"代码“{code}”不适合 {unit.value.kind} 类单位", fix, "code")
    elif code.isdigit() and not code.startswith(district):
        yield unit.error(f"{unit.value.kind}“{code}”不属于本区 {district}", f"代码请以 {district} 开头", "code")


def _parent(unit: Located[Unit], draft: Draft) -> Iterator[Finding]:
    above, units = unit.value.parent, draft.unit_by_code
    if above is None and unit.value.kind is not UnitKind.DISTRICT:
        yield unit.error(f"{unit.value.name}没有写 parent", "写上级单位的代码")
    elif above and above not in units and above not in draft.broken:
        yield unit.error(f"没有单位“{above}”", did_you_mean(above, units), "parent")
    elif above and _circular(unit.value, units):
        yield unit.error(f"{unit.value.name}的上级绕了一圈又是自己", "parent 一层一层要通到区里", "parent")
    elif above and unit.value.kind in ABOVE:
        yield from _division(unit, units.get(above))


def _division(unit: Located[Unit], above: Unit | None) -> Iterator[Finding]:
    """A village is in a township, a grid in a village, and the code says in which."""
    code, kind = unit.value.code, unit.value.kind
    expected = code[: DIGITS[ABOVE[kind]]]
    if above and code.isdigit() and above.code != expected:
        what = f"按代码看,{unit.value.name}不在{above.name}"
        yield unit.error(what, f"parent 请写 '{expected}',或者改正代码", "parent")


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
                yield unit.error(f"没有镇街“{code}”", did_you_mean(code, towns), key, index)
    for index, code in enumerate(unit.value.neighbours):
        if code in towns and unit.value.code not in towns[code].neighbours:
            fix = f"在它的 neighbours 里加上 {unit.value.code}"
            yield unit.warning(f"{towns[code].name}没有把{unit.value.name}写成相邻镇街", fix, "neighbours", index)
