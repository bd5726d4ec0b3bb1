"""rules coverage: the proof that nobody is left without a word, for a clerk, a program or a wall."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated
from unicodedata import east_asian_width

import typer

from warnengine import app as application
from warnengine import rulebook
from warnengine.app.coverage import Block, Coverage, at, hazards, lacks, mark, printed, staff, title
from warnengine.app.coverage import coverage as proven
from warnengine.app.doctor.people import UNPROVEN_DAYS
from warnengine.cli.explain import People, listed_people, quiet
from warnengine.cli.terminal import run, settings
from warnengine.model.book import RuleBook
from warnengine.model.clock import BEIJING
from warnengine.model.directory import Directory
from warnengine.model.level import Level
from warnengine.rulebook.coverage import Held
from warnengine.settings import Settings
from warnengine.store.doctor import DoctorStore

WORDS = {Held.OWN: "专有", Held.COMMON: "共有", Held.CONTINUES: "继续", Held.NONE: "写明没有"}
LEGEND = "专n 本单位专有n条  共n 同类单位共有n条  续 写明没有新的,低一级的继续  无 写明没有  缺 没人决定  — 不使用"
NAMES = 36
"""How wide the column of units is, in columns of a terminal; a Chinese character takes two."""
Page = Annotated[Path | None, typer.Option("--html", help="另存一个可以打印的网页。")]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON,每一格都有。")]


def coverage(
    folder: Annotated[Path, typer.Argument()] = Path("rules"),
    directory: People = None,
    as_json: AsJson = False,
    html: Page = None,
) -> None:
    """Prove that every unit has a measure for every danger and level in use, or a decision that there is none.

    With an address list also that somebody would hear it. Ends with 1 where anything is missing."""
    quiet()
    book = rulebook.with_gaps(folder)
    people, unproven = (listed_people(directory, book), None) if directory else run(_installed(settings(), book))
    found = proven(book, datetime.now(BEIJING), people, unproven)
    if html:
        html.write_text(printed(found), encoding="utf-8")
    print(json.dumps(found.plain(), ensure_ascii=False) if as_json else "\n".join(shown(found)))
    raise typer.Exit(0 if found.whole else 1)


async def _installed(chosen: Settings, book: RuleBook) -> tuple[Directory | None, frozenset[str] | None]:
    """The people of this installation, and whose number nothing has proven; nothing where it has no store."""
    if not chosen.database and not (chosen.server / "postgres").exists():
        return None, None
    async with application.opened(chosen) as database:
        store = DoctorStore(database)
        people = await store.directory(book.district.code)
        if not people.holdings:
            return None, None
        return people, frozenset(await store.unproven_people(book.district.code, UNPROVEN_DAYS))


def shown(found: Coverage) -> Iterator[str]:
    """The whole proof: what is missing first, then the grid danger by danger."""
    yield f"规则库 {found.book.hash[:12]},{found.at:%Y-%m-%d %H:%M}"
    yield from _missing(found)
    for block in found.blocks:
        yield ""
        yield from _block(block)
    yield from _people(found)
    yield ""
    yield LEGEND
    yield _sum(found)


def _missing(found: Coverage) -> Iterator[str]:
    for cell in found.gaps:
        why = "没有措施,也没有写明由谁决定没有"
        if cell.lapsed:
            why = f"“没有措施”的决定到 {cell.lapsed.until} 为止,已过期,请{cell.lapsed.decided_by}重新决定"
        yield f"缺 {cell.unit.name} {title(found.book, cell.danger)} {cell.level.zh}: {why}"
    for lost in found.facilities:
        point, dangers = lost.point, hazards(found.book, lost)
        yield f"缺 {point.name}({point.code} {point.kind}): {dangers}来时没有一条措施管到它"
    # what a unit lacks at several levels alike is one sentence
    said: dict[tuple[str, str], list[str]] = {}
    for one in found.lacking:
        said.setdefault((one.unit.name, lacks(one)), []).append(one.level.zh)
    for (unit, what), levels in said.items():
        yield f"缺 {unit} {'、'.join(levels)}: {what}"


def _block(block: Block) -> Iterator[str]:
    counts = "  ".join(f"{kind} {done}/{of}" for kind, (done, of) in block.counts.items())
    yield f"■ {block.title}   {counts}"
    yield "  " + _wide("", NAMES) + "".join(_wide(level.zh, 10) for level in Level).rstrip()
    for name, row in block.folded():
        marks = "".join(_wide(mark(at(row, level)), 10) for level in Level)
        yield f"  {_wide(name, NAMES)}{marks}".rstrip()


def _people(found: Coverage) -> Iterator[str]:
    if found.people is not None:
        yield ""
        yield f"■ 人员   齐全 {len(found.people) - len(found.lacking)}/{len(found.people)}(单位×级别)"
        yield "  " + _wide("", NAMES) + "".join(_wide(level.zh, 10) for level in Level).rstrip()
        for name, words in staff(found):
            yield f"  {_wide(name, NAMES)}{''.join(_wide(word, 10) for word in words)}".rstrip()


def _sum(found: Coverage) -> str:
    held = Counter(cell.held for block in found.blocks for _, row in block.rows for cell in row)
    counted = "、".join(f"{word} {held[key]}" for key, word in WORDS.items() if held[key])
    return "".join((f"共 {found.size} 格: {counted}", f";缺 {len(found.gaps)} 格。", *_about_people(found)))


def _about_people(found: Coverage) -> Iterator[str]:
    yield f"没有措施管到的场所 {len(found.facilities)} 处。"
    if found.people is None:
        yield "没有通讯录,未证明人员(用 --directory)。"
        return
    yield f"人员: {len(found.people)} 个单位×级别,有缺 {len(found.lacking)} 个。"
    if not found.proofs_known:
        yield "通讯录文件里没有号码验证日期,未证明号码: 在装好的系统上运行可以证明。"


def _wide(words: str, width: int) -> str:
    """Filled up to a width, counting a Chinese character as two."""
    taken = sum(2 if east_asian_width(letter) in "WF" else 1 for letter in words)
    return words + " " * max(width - taken, 1)
