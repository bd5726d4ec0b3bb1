"""预警信息发布规范 of one sector, committee or township, in the five parts that such a norm has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from warnengine.model.book import Called, Measure, Plan, Point, RuleBook, Silent, Unit
from warnengine.model.level import Level
from warnengine.rulebook.coverage import Danger, cells, of_book
from warnengine.rulebook.coverage import Table as Grid
from warnengine.rulebook.document.model import (
    Block,
    Cell,
    Document,
    Heading,
    Section,
    Table,
    of_level,
    row,
    table,
)
from warnengine.rulebook.document.words import (
    EVIDENCE,
    Unkept,
    approval,
    channels,
    charge,
    enough,
    hazard_name,
    lasting,
    levels,
    marks,
    post_name,
    product,
    remarks,
    silence,
)


def norm(book: RuleBook, unit: Unit, day: date, unkept: Unkept) -> Document:
    """The whole norm of a unit, as the book has it on a day."""
    owed = _owed(book, unit)
    plan = book.plans.get(unit.code)
    parts = (
        ("一、敏感灾种一览表", _sensitive(book, unit, owed, plan, day)),
        ("二、预警发布及响应规范", _response(book, unit)),
        ("三、灾害类别及等级划分标准", _criteria(book, owed, unkept)),
        ("四、措施", _measures(book, unit, owed)),
        ("五、发布对象和渠道", _recipients(book, unit, plan)),
    )
    sections = tuple(Section(title, tuple(blocks)) for title, blocks in parts)
    flag = marks(confirm=unit.confirm or (plan.confirm if plan else None), sample=unit.sample)
    return Document(f"{unit.name}预警信息发布规范", f"{book.district.name}{flag}", book.hash, day, sections)


def _owed(book: RuleBook, unit: Unit) -> dict[Danger, list[Measure]]:
    """What the unit may owe, danger by danger as district.yaml lists them, the mildest level first."""
    order = {danger: place for place, danger in enumerate(of_book(book).in_use)}
    found: dict[Danger, list[Measure]] = {}
    for measure in book.measures_of(unit):
        found.setdefault(Danger(measure.when.family, measure.when.hazard), []).append(measure)
    ranked = sorted(found, key=lambda danger: order.get(danger, len(order)))
    return {danger: sorted(found[danger], key=lambda one: one.when.level) for danger in ranked}


def _sensitive(
    book: RuleBook, unit: Unit, owed: dict[Danger, list[Measure]], plan: Plan | None, day: date
) -> Iterator[Block]:
    own = {key: place for place, key in enumerate(plan.sensitive)} if plan else {}
    if plan and plan.risks:
        yield f"主要风险: {';'.join(plan.risks)}。{marks(confirm=plan.confirm)}"
    ranked = sorted(owed, key=lambda danger: own.get(danger.hazard, len(own)))
    yield table(
        "序号 灾种 产品 级别 敏感 措施",
        (2, 5, 6, 10, 3, 3),
        (
            row(
                str(number),
                hazard_name(book, danger.hazard),
                product(book, danger),
                levels(book, danger.family, {one.when.level for one in owed[danger]}),
                "敏感" if danger.hazard in own else "",
                f"{len(owed[danger])}条",
            )
            for number, danger in enumerate(ranked, 1)
        ),
    )
    if decided := _nothing(book, unit, day):
        yield Heading("写明没有措施的")
        yield table(
            "灾种 产品 级别 原因 决定人 期限",
            (4, 5, 7, 9, 8, 4),
            (
                row(
                    hazard_name(book, danger.hazard),
                    product(book, danger),
                    levels(book, danger.family, found),
                    none.because,
                    none.decided_by,
                    f"到{none.until}" if none.until else "另行决定前",
                )
                for danger, none, found in decided
            ),
        )


def _nothing(book: RuleBook, unit: Unit, day: date) -> list[tuple[Danger, Silent, list[Level]]]:
    whole = of_book(book)
    grid = Grid((unit,), whole.in_use, whole.issued, whole.owed, whole.silent)
    found: list[tuple[Danger, Silent, list[Level]]] = []
    for cell in cells(grid, day):
        if cell.none and not (cell.own or cell.common):
            if found and found[-1][:2] == (cell.danger, cell.none):
                found[-1][2].append(cell.level)
            else:
                found.append((cell.danger, cell.none, [cell.level]))
    return found


def _response(book: RuleBook, unit: Unit) -> Iterator[Block]:
    names = "、".join(dict.fromkeys(book.issuers.values()))
    yield f"{names}发布的预警到达后,按本规范第四部分下达指令。措施的时限从指令产生时算起,短信里写成钟点。"
    yield "低一级的措施在升级后继续有效,直到被高一级的措施代替;预警解除,措施解除。"
    yield table(
        "级别 首发 应答时限 应答要求 没有应答时",
        (3, 4, 4, 10, 16),
        (
            row(
                of_level(level, level.zh + marks(confirm=rung.confirm)),
                f"{lasting(rung.first_send)}内",
                f"{lasting(rung.answer_within)}内",
                enough(rung),
                silence(rung, night=False) or "不催",
            )
            for level, rung in sorted(book.ladder.items())
        ),
    )
    if book.night:
        yield f"夜间({book.night.begins:%H:%M}至{book.night.ends:%H:%M})产生的指令,没有应答时:"
        yield table(
            "级别 夜间没有应答时",
            (3, 34),
            (
                row(of_level(level, level.zh), silence(rung, night=True) or "不催")
                for level, rung in sorted(book.ladder.items())
            ),
        )
    if any(measure.compulsory for measure in book.measures_of(unit)):
        yield "停课、停工、停运、关闭、转移等强制措施须经批准,批准前只发建议:"
        yield table(
            "级别 批准人(依次) 一次批准的人数上限",
            (3, 24, 10),
            (
                row(
                    of_level(level, level.zh + marks(confirm=rule.confirm)),
                    approval(book, rule),
                    str(rule.ceiling),
                )
                for level, rule in sorted(book.approvals.items())
            ),
        )


def _criteria(book: RuleBook, owed: Iterable[Danger], unkept: Unkept) -> Iterator[Block]:
    dangers = list(owed)
    hazards = [key for key in dict.fromkeys(one.hazard for one in dangers) if book.criteria.get(key)]
    head = "灾种 " + " ".join(level.zh for level in Level)
    yield table(
        head,
        (4, 8, 8, 8, 8),
        (
            row(
                hazard_name(book, key) + marks(confirm="bureau" if key in unkept.hazards else None),
                *(_criterion(level, book.criteria[key].get(level)) for level in Level),
            )
            for key in hazards
        ),
    )
    yield Heading("不同产品的级别怎么称呼")
    yield table(
        "产品 " + " ".join(level.zh for level in Level),
        (4, 8, 8, 8, 8),
        (
            row(
                product(book, Danger(family, "")),
                *(_called_as(book, family, level) for level in Level),
            )
            for family in dict.fromkeys(one.family for one in dangers)
        ),
    )


def _criterion(level: Level, words: str | None) -> Cell:
    return of_level(level, words) if words else Cell("不发布")


def _called_as(book: RuleBook, family: str, level: Level) -> Cell:
    used = {one for danger, found in of_book(book).in_use.items() if danger.family == family for one in found}
    return of_level(level, book.level_words(family, level)) if level in used else Cell("不使用")


def _measures(book: RuleBook, unit: Unit, owed: dict[Danger, list[Measure]]) -> Iterator[Block]:
    common = {one.id for one in book.kinds.get(unit.kind, ())}
    for danger, measures in owed.items():
        yield Heading(f"{hazard_name(book, danger.hazard)} {product(book, danger)}")
        yield table(
            "级别 措施 时限 反馈 说明 编号",
            (4, 12, 5, 3, 9, 9),
            (_measure(book, unit, one, one.id in common) for one in measures),
        )


def _measure(book: RuleBook, unit: Unit, one: Measure, common: bool) -> tuple[Cell, ...]:
    return row(
        of_level(one.when.level, book.level_words(one.when.family, one.when.level)),
        one.order,
        f"{lasting(one.deadline)}内",
        "、".join(EVIDENCE[wanted] for wanted in one.evidence),
        remarks(book, unit, one, common),
        one.id,
    )


def _recipients(book: RuleBook, unit: Unit, plan: Plan | None) -> Iterator[Block]:
    yield "岗位上的人和号码在通讯录里,不在本规范里。"
    yield table(
        "级别 发布对象 渠道",
        (4, 22, 11),
        (
            row(of_level(level, level.zh), "、".join(_called(book, unit, level)) or "不叫应", channels(rung))
            for level, rung in sorted(book.ladder.items())
        ),
    )
    below = [one for one in book.units.values() if one.parent == unit.code]
    if below:
        yield "同时发到所辖单位: " + "、".join(one.name + marks(sample=one.sample) for one in below) + "。"
    if plan and plan.posts:
        yield Heading("方案另外叫应的岗位")
        yield table("单位 岗位 灾种 级别", (10, 8, 12, 7), (_beside(book, called) for called in plan.posts))
    if plan and plan.points:
        yield Heading("点位和责任人")
        yield _points(book, plan)


def _called(book: RuleBook, unit: Unit, level: Level) -> Iterator[str]:
    """The posts of the unit that an order of that level may go to."""
    named = (post for one in book.measures_of(unit) if one.when.level <= level for post in one.posts)
    planned = book.responsible(unit.code, level, book.plans)
    for post in dict.fromkeys((*book.ladder[level].called.get(unit.kind, ()), *named, *planned)):
        yield post_name(book, unit, post)


def _beside(book: RuleBook, called: Called) -> tuple[Cell, ...]:
    unit = book.units[called.unit]
    named = "、".join(hazard_name(book, key) for key in called.hazards)
    reached = "、".join(level.zh for level in called.levels or tuple(Level))
    return row(unit.name, post_name(book, unit, called.post), named, reached)


def _points(book: RuleBook, plan: Plan) -> Table:
    rows = (_point(book, one) for one in plan.points)
    return table("点位 类别和灾种 户和人 责任人 转移 说明", (8, 7, 5, 11, 10, 4), rows)


def _point(book: RuleBook, one: Point) -> tuple[Cell, ...]:
    counted = (("户", one.households), ("人", one.people), ("特殊人群", one.special))
    leaving = (
        ("条件", one.trigger),
        ("路线", one.route),
        ("安置点", one.shelter),
        ("容量", f"{one.capacity}人" if one.capacity is not None else ""),
        ("信号", "、".join(one.alarm)),
    )
    return row(
        f"{one.name}\n{one.code}",
        f"{one.kind}\n{'、'.join(hazard_name(book, key) for key in one.hazards)}",
        "\n".join(f"{word} {count}" for word, count in counted if count is not None) or "未填",
        "\n".join(charge(book, charged) for charged in one.responsible) or "未填",
        "\n".join(f"{word}: {words}" for word, words in leaving if words) or "未填",
        marks(confirm=one.confirm, sample=one.sample),
    )
