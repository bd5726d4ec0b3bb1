"""simulate: last year's storm against next year's rules."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from warnengine import rulebook
from warnengine.app.rehearsal import Played
from warnengine.app.simulate import Comparison, Run, Shift, compare, direction
from warnengine.app.simulate import simulate as simulated
from warnengine.cli.explain import AsJson, listed_people, quiet
from warnengine.cli.explain_words import clock, unit_name
from warnengine.cli.terminal import Files, content, run, settings
from warnengine.model.book import RuleBook
from warnengine.model.channel import channel_zh

WORDS = {
    "new": "新下达",
    "upgraded": "升级",
    "lowered": "降级",
    "changed": "调整",
    "reopened": "再次催办",
    "lapsed": "解除",
}
FIRST = 10
"""Lines of a list; --json has all."""


def simulate(
    files: Files,
    rules: Annotated[Path | None, typer.Option(help="规则目录;不写就用设置里的。")] = None,
    against: Annotated[Path | None, typer.Option(help="改过的规则目录,用来比较。")] = None,
    directory: Annotated[Path | None, typer.Option(help="通讯录(CSV 或 .xlsx);不写就只列指令。")] = None,
    as_json: AsJson = False,
) -> None:
    """Play a timeline of messages, each at its time, and count what it means for people; nothing is sent."""
    quiet()
    chosen = settings()
    folders = [folder for folder in (rules or chosen.rules, against) if folder]
    read = [(str(file), content(file)) for file in files]
    runs = []
    for folder in folders:
        people = listed_people(directory, rulebook.load(folder)) if directory else None
        runs.append(run(simulated(chosen, folder, read, people)))
    found = compare(*runs) if against else None
    if as_json:
        print(json.dumps(_plain(runs, found), ensure_ascii=False))
    else:
        print(*_shown(runs[0], folders[0], listed=directory is not None), sep="\n")
        if found:
            print(*_compared(runs[1], folders[1], found), sep="\n")
    raise typer.Exit(1 if any(one.burden.twice for one in runs) else 0)


def _plain(runs: list[Run], found: Comparison | None) -> dict[str, object]:
    more = {"against": {**runs[1].plain(), **found.plain()}} if found else {}
    return {**runs[0].plain(), **more}


def _shown(one: Run, folder: Path, *, listed: bool) -> Iterator[str]:
    yield f"规则库 {folder} {one.book.hash[:12]},来文 {len(one.played)} 条。只推演,不发送。"
    for played in one.played:
        yield from _message(one, played)
    yield from _burden(one) if listed else ("没有通讯录,只列指令:用 --directory 指定通讯录文件可得到每人条数。",)


def _message(one: Run, played: Played) -> Iterator[str]:
    message, taken = played.message, played.taken
    yield f"{clock(message)} {message.warning.headline or message.warning.identifier}"
    if taken.explanation:
        yield f"    {taken.explanation}"
    kinds = Counter(direction(version.change) for version in played.versions.values())
    orders = "、".join(f"{WORDS[kind]}{count}" for kind, count in kinds.items()) or "没有变化"
    sends = "、".join(f"{channel_zh(channel)}{count}" for channel, count in one.sends(played).items())
    people = f";{len(played.told)}人各1条({sends or '并入后一条'})" if played.told else ""
    yield f"    指令:{orders}{people}"


def _burden(one: Run) -> Iterator[str]:
    found = one.burden
    yield (
        f"合计 {found.people} 人收到 {found.messages} 条;每人中位数 {found.median:g} 条,"
        f"95%的人不超过 {found.p95} 条,最多 {found.most} 条(按无人应答、无人批复计,不含催办)。"
    )
    if found.twice:
        yield f"同一次变化收到两条的有 {len(found.twice)} 人次:{found.twice[:FIRST]},这是缺陷,请报告。"
    else:
        yield "同一次变化没有人收到两条。"


def _compared(other: Run, folder: Path, found: Comparison) -> Iterator[str]:
    yield f"\n换成规则库 {folder} {other.book.hash[:12]}:"
    yield from _burden(other)
    for title, shifts in (
        ("条数增加", found.more),
        ("条数减少", found.fewer),
        ("条数不变、内容不同", found.other),
    ):
        by = sum(shift.after - shift.before for shift in shifts)
        yield f"{title}:{len(shifts)} 人" + (f",共{by:+}条" if by else "")
        yield from _listed(shifts, other.book)
    names = "、".join(shift.name for shift in found.units)
    yield f"指令不同的单位 {len(found.units)} 个" + (f":{names}" if names else "")


def _listed(shifts: tuple[Shift, ...], book: RuleBook) -> Iterator[str]:
    for shift in shifts[:FIRST]:
        units = "、".join(unit_name(unit, book) for unit in shift.units)
        yield f"    {shift.name}({units}) {shift.before} → {shift.after} 条"
    if len(shifts) > FIRST:
        yield f"    ……共 {len(shifts)} 人,全部见 --json"
