"""Who may warn here, and where: issuers in a form that messages use, names that mean one place."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from warnengine.model.book import Unit, UnitKind
from warnengine.model.finding import Finding, did_you_mean
from warnengine.rulebook.draft import Draft
from warnengine.rulebook.files import DistrictFile
from warnengine.rulebook.parse import Located

SENDER = re.compile(r"\d{14}|[^\d\s]{2,40}|[\w.+-]+@[\w-]+\.[\w.-]+|(?:https?|urn):\S+")
"""A code of 机构 (GB/T 35965), a name as texts sign it, or a CAP sender."""


def check(draft: Draft) -> Iterator[Finding]:
    """Issuers and the names of places."""
    yield from _issuers(draft)
    yield from _places(draft)


def _issuers(draft: Draft) -> Iterator[Finding]:
    own = draft.district
    families = set(own.value.families)
    hazards = {one.value.key for one in draft.hazards} | draft.broken
    for key, issuer in own.value.issuers.items():
        if not SENDER.fullmatch(key):
            what = f"发布单位“{key}”的写法没见过: 这样的预警来了认不出"
            yield own.warning(what, "写14位机构代码、发布单位名称,或 CAP 报文里的 sender", "issuers", key)
        yield from _strange(own, key, "families", issuer.families, families)
        yield from _strange(own, key, "hazards", issuer.hazards, hazards)
        if issuer.areas and not any(_meet(area, own.value) for area in issuer.areas):
            what = f"{issuer.name}只能对{'、'.join(issuer.areas)}发布,都不在{own.value.name}: 它的预警一条也用不上"
            yield own.error(what, f"写本区代码 {own.value.code},或它开头的几位", "issuers", key, "areas")
        if issuer.confirm:
            yield own.note(
                f"{issuer.name}能发什么,区局还没有确认", "确认后删去 confirm:", "issuers", key, "confirm"
            )


def _strange(
    own: Located[DistrictFile], key: str, part: str, named: Collection[str], known: Collection[str]
) -> Iterator[Finding]:
    """What a remit names and the book does not have would let nothing pass."""
    for index, name in enumerate(named):
        if name not in known:
            yield own.error(f"{part} 里没有“{name}”", did_you_mean(name, known), "issuers", key, part, index)


def _meet(area: str, district: DistrictFile) -> bool:
    """Whether an area reaches into the district, by its own code or an older one."""
    return any(code.startswith(area) or area.startswith(code) for code in (district.code, *district.code_aliases))


def _places(draft: Draft) -> Iterator[Finding]:
    """A text that names one of two places would order people of both, or of the wrong one."""
    own = draft.district.value
    first: dict[str, tuple[str, str]] = dict.fromkeys((own.name, *own.aliases), (own.name, ""))
    for unit in draft.units:
        if unit.value.kind is UnitKind.TOWNSHIP:
            yield from _place(unit, first)


def _place(town: Located[Unit], first: dict[str, tuple[str, str]]) -> Iterator[Finding]:
    value = town.value
    for name in dict.fromkeys((value.name, *value.aliases)):
        other, where = first.setdefault(name, (value.name, f"{town.sheet.file}:{town.sheet.line(town.path)}"))
        if other != value.name:
            at = f"({where})" if where else ""
            yield town.error(f"“{name}”已经是{other}的名称{at}", "一个名称只能指一个地方,请删去一处", "aliases")
