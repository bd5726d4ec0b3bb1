"""What `rules diff` tells beside orders: thresholds and stations, in the words of their workbook, and plans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from warnengine.app.book_diff import BookDiff
from warnengine.model.book import Entry, Plan, Point, RuleBook
from warnengine.rulebook.excel import STATIONS, TRIGGERS, Column, vocabulary

HEADS = {"sensitive": "敏感灾种", "risks": "风险", "posts": "另叫的岗位", "confirm": "待确认"}
FIRST = 8
"""Points that a line lists."""


def facts(found: BookDiff) -> Iterator[str]:
    """Every threshold, station and plan that differs."""
    books = (found.one, found.other)
    if found.thresholds:
        yield "■ 阈值(越过就下达,不等预警信号)"
        yield from (_row(pair, TRIGGERS, books) for pair in found.thresholds)
    if found.stations:
        yield "■ 测站"
        yield from (_row(pair, STATIONS, books) for pair in found.stations)
    if found.plans:
        yield "■ 镇街方案"
        yield from (f"  {_plan(*pair)}" for pair in found.plans)


def _row(
    pair: tuple[Entry | None, Entry | None], columns: Sequence[Column], books: tuple[RuleBook, RuleBook]
) -> str:
    before, after = (
        {} if one is None else _cells(one, columns, book) for one, book in zip(pair, books, strict=True)
    )
    name = (after or before)["名称"]
    if None in pair:
        known = {title: cell for title, cell in (after or before).items() if cell and title != "名称"}
        listed = ",".join(f"{title} {_one_line(cell)}" for title, cell in known.items())
        return f"  [{'新增' if after else '删去'}] {name}:{listed}"
    changed = [title for title in after if before[title] != after[title]]
    said = [f"{title} {_shift(before[title], after[title])}" for title in changed]
    return f"  [改动] {name}:{';'.join(said) or '工作簿以外的内容'}"


def _cells(entry: Entry, columns: Sequence[Column], book: RuleBook) -> dict[str, str]:
    words = vocabulary(book)
    return {column.title: column.show(entry, words) for column in columns}


def _shift(before: str, after: str) -> str:
    """What was → what will be; of several lines those that differ."""
    was, will = before.split("\n"), after.split("\n")
    gone, new = ("\n".join(line for line in one if line not in other) for one, other in ((was, will), (will, was)))
    return f"{_one_line(gone)} → {_one_line(new)}"


def _one_line(cell: str) -> str:
    return cell.replace("\n", "、") or "空"


def _plan(before: Plan | None, after: Plan | None) -> str:
    if before is None or after is None:
        one = after or before
        return f"[{'新增' if after else '删去'}] {one.name if one else ''}"
    parts = [title for key, title in HEADS.items() if getattr(before, key) != getattr(after, key)]
    was, will = ({point.code: point for point in plan.points} for plan in (before, after))
    parts += _points("新增点位", [one for code, one in will.items() if code not in was])
    parts += _points("删去点位", [one for code, one in was.items() if code not in will])
    parts += _points("改动点位", [one for code, one in will.items() if code in was and was[code] != one])
    return f"[改动] {after.name}:{';'.join(parts)}"


def _points(what: str, points: Sequence[Point]) -> list[str]:
    more = f"等{len(points)}处" if len(points) > FIRST else ""
    return [f"{what} {'、'.join(one.name for one in points[:FIRST])}{more}"] if points else []
