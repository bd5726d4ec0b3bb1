"""How the parts of a book are said in a document for officials and households."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from warnengine.model.book import Act, ApprovalRule, Charge, Evidence, Measure, RuleBook, Rung, Unit
from warnengine.model.channel import channel_zh
from warnengine.model.level import Level
from warnengine.rulebook.coverage import Danger
from warnengine.rulebook.document.model import Mark
from warnengine.rulebook.load import drafted

EVIDENCE = {Evidence.COUNT: "人数", Evidence.PHOTO: "照片", Evidence.REPORT: "报告"}
ACTS = {
    Act.AGAIN: "再次提醒",
    Act.DEPUTY: "找B角",
    Act.SUPERIOR: "找上级",
    Act.VOICE: "机器拨打电话",
    Act.DUTY_ROOM: "值班室人工拨打",
    Act.VISIT: "派人上门",
}


@dataclass(frozen=True, slots=True)
class Unkept:
    """What of a book is not the bureau's word, where the book itself does not keep it: it stands in the files."""

    hazards: frozenset[str] = frozenset()
    """Keys of hazards whose criteria wait for the bureau."""
    district: frozenset[str] = frozenset()
    """What of district.yaml is invented: duty_phone."""


def unkept(folder: Path) -> Unkept:
    """The same, as it stands in the files of a folder whose book has passed."""
    draft, _ = drafted(folder)
    if draft is None:
        return Unkept()
    waiting = (hazard.value.key for hazard in draft.hazards if hazard.value.confirm)
    return Unkept(frozenset(waiting), frozenset(draft.district.value.sample))


def marks(*, confirm: object = None, sample: bool = False) -> str:
    """【样例】【待区局确认】, or nothing."""
    found = ((Mark.SAMPLE, sample), (Mark.CONFIRM, confirm is not None))
    return "".join(mark.shown for mark, true in found if true)


def lasting(time: timedelta) -> str:
    """90分钟, 2小时"""
    seconds = int(time.total_seconds())
    for size, word in ((3600, "小时"), (60, "分钟")):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{word}"
    return f"{seconds}秒"


def hazard_name(book: RuleBook, key: str) -> str:
    """暴雨"""
    return next((hazard.name for hazard in book.hazards if hazard.key == key), key)


def product(book: RuleBook, danger: Danger) -> str:
    """预警信号"""
    family = book.families.get(danger.family)
    return family.name if family else danger.family


def post_name(book: RuleBook, unit: Unit, post: str) -> str:
    """值班员; with its mark where the post itself is not confirmed."""
    known = book.posts[post]
    return known.name_in(unit.kind) + marks(confirm=known.confirm)


def channels(rung: Rung) -> str:
    """短信、网页推送"""
    return "、".join(channel_zh(channel) for channel in rung.channels)


def charge(book: RuleBook, one: Charge) -> str:
    """转移责任人: 安居镇样例村 转移责任人"""
    unit = book.units[one.unit]
    return f"{one.role.zh}: {unit.name} {post_name(book, unit, one.post)}"


def silence(rung: Rung, *, night: bool) -> str:
    """15分钟再次提醒,30分钟值班室人工拨打"""
    climbs = rung.climbs(night=night)
    return ",".join(f"{lasting(after)}{ACTS[act]}" for act, after in climbs)


def enough(rung: Rung) -> str:
    """Who must answer, and what counts."""
    whom = "人人应答" if rung.answer.at_least is None else f"每单位{rung.answer.at_least}人应答"
    return f"{whom}{',B角应答算数' if rung.answer.deputy else ''};{rung.proof.zh}才算叫应"


def approval(book: RuleBook, rule: ApprovalRule) -> str:
    """Who decides, in which order, and how long each is waited for."""
    return ";".join(
        f"{book.units[one.unit].name} {post_name(book, book.units[one.unit], one.post)}({lasting(one.within)}内)"
        for one in rule.authorities
    )


def remarks(book: RuleBook, unit: Unit, measure: Measure, common: bool) -> str:
    """What must be known of a measure beside its order."""
    return ";".join(_remarks(book, unit, measure, common)) + marks(confirm=measure.confirm)


def _remarks(book: RuleBook, unit: Unit, measure: Measure, common: bool) -> Iterator[str]:
    if common:
        yield "共有"
    if measure.compulsory:
        yield f"强制,须批准;批准前: {measure.advice}"
    if measure.replaces:
        orders = {one.id: one.order for one in book.measures_of(unit)}
        yield "代替" + "".join(f"“{orders.get(id_, id_)}”" for id_ in measure.replaces)
    if measure.posts:
        yield "另发: " + "、".join(post_name(book, unit, post) for post in measure.posts)
    if measure.ceiling:
        yield f"人数上限{measure.ceiling}"


def levels(book: RuleBook, family: str, found: Iterable[Level]) -> str:
    """蓝色、黄色"""
    return "、".join(book.level_words(family, level) for level in sorted(found))
