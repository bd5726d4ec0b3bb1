"""directory: the address list, checked and brought into force."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from warnengine.app.library import Folder
from warnengine.cli.terminal import idle_engine, run, settings
from warnengine.directory import NOBODY, Problem, Taken, changes, export, gaps, gaps_ahead, taken_in
from warnengine.model.book import RuleBook
from warnengine.model.clock import BEIJING
from warnengine.model.directory import Directory
from warnengine.rulebook.excel import remarked
from warnengine.rulebook.excel.reading import Problem as Remark
from warnengine.settings import Settings

group = typer.Typer(no_args_is_help=True, help="Who holds which post.")
Tables = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="Workbooks or CSV files; several make one list.")
]
SHOWN = 60
"""Changes that are told one by one."""


@group.command("import")
def import_(
    files: Tables,
    dry: Annotated[bool, typer.Option("--dry", help="Only say what would change.")] = False,
    remarks: Annotated[
        Path | None,
        typer.Option(help="Where something is wrong: write the workbook here, with a remark in each such cell."),
    ] = None,
) -> None:
    """Make this address list the one that counts; any mistake in it, and nothing changes.

    Sheets 人员岗位, 请假, 值班表, 节假日调休; one that does not come stays as it is."""
    import_into(settings(), files, dry=dry, remarks=remarks)


def import_into(
    settings: Settings, files: Sequence[Path], *, dry: bool = False, remarks: Path | None = None
) -> None:
    """Make this address list the one of these settings; what is missing from it is said, and hinders nothing."""
    taken = run(_replaced(settings, files, dry=dry))
    if taken.problems:
        print(*taken.problems, sep="\n")
        print(f"{len(taken.problems)} 处要改,通讯录没有变。改好再导入。")
        if remarks:
            _remark(files, taken.problems, remarks)
        raise typer.Exit(1)
    if dry:
        print(f"{_counted(taken.directory)};现在什么都没有变。确认后去掉 --dry 再运行一次。")
    else:
        print(f"已导入: {_counted(taken.directory)}")


async def _replaced(settings: Settings, files: Sequence[Path], *, dry: bool) -> Taken:
    async with idle_engine(settings) as engine:
        district, now = engine.book.district, datetime.now(BEIJING)
        before = await engine.people.listed(district.code)
        taken = taken_in(_contents(files), engine.book, now, before)
        if taken.problems:
            return taken
        _tell(taken, before, engine.book, now)
        if not dry:
            await engine.orders.found(district.code, district.name)
            await engine.people.replace(district.code, taken.directory, before)
        return taken


def _tell(taken: Taken, before: Directory, book: RuleBook, now: datetime) -> None:
    """What is missing, what was understood otherwise than written, what changes."""
    told = changes(before, taken.directory, book) if before.people else []
    for line in (*_missing(taken.directory, book, now), *taken.notes, *told[:SHOWN]):
        print(line)
    if len(told) > SHOWN:
        print(f"……另有 {len(told) - SHOWN} 处改动")
    elif before.people and not told:
        print("和现在的通讯录一样,没有改动。")


def _missing(listed: Directory, book: RuleBook, now: datetime) -> list[str]:
    return [str(gap) for gap in (*gaps(listed, book), *gaps_ahead(listed, book, now))]


def _contents(files: Iterable[Path]) -> list[tuple[str, bytes]]:
    return [(str(file), file.read_bytes()) for file in files]


def _counted(listed: Directory) -> str:
    parts = [f"{len(listed.people)} 人,{len(listed.holdings)} 个岗位"]
    parts += [f"请假 {len(listed.absences)} 条"] if listed.absences else []
    parts += [f"值班 {len(listed.shifts)} 条"] if listed.shifts else []
    return ",".join(parts)


def _remark(files: Sequence[Path], problems: Sequence[Problem], out: Path) -> None:
    """The first workbook that has problems, given back with a remark in each such cell."""
    wrong = {problem.file for problem in problems}
    book = next((file for file in files if str(file) in wrong and file.suffix.lower() == ".xlsx"), None)
    if book is None:
        print(f"{out}: 没有写: 批注只能写在 .xlsx 里")
        return
    here = [Remark(one.sheet, one.row, one.column, one.what, one.fix) for one in problems if one.file == str(book)]
    print(f"{out}: {remarked(book, here, out)} 处写成了批注")


@group.command("export")
def export_(
    out: Annotated[Path, typer.Option("--out", help="The workbook to write, .xlsx.")] = Path("directory.xlsx"),
) -> None:
    """Write the address list that counts now as a workbook, with the date at which each number was proven last."""
    listed = run(_exported(settings(), out))
    print(f"{out}: {_counted(listed)}。改好后先看一遍: warnengine directory import {out} --dry")


async def _exported(settings: Settings, out: Path) -> Directory:
    async with idle_engine(settings) as engine:
        district = engine.book.district.code
        listed = await engine.people.listed(district)
        export(listed, engine.book, await engine.people.proofs(district), out)
        return listed


async def _book(settings: Settings) -> RuleBook:
    if only := Folder.of(settings).only(settings):
        return only
    async with idle_engine(settings) as engine:
        return engine.book


@group.command()
def check(files: Tables) -> None:
    """What is wrong with an address list, and what is missing from it."""
    book = run(_book(settings()))
    taken = taken_in(_contents(files), book, datetime.now(BEIJING), NOBODY)
    found = [str(one) for one in taken.problems] or [
        *_missing(taken.directory, book, datetime.now(BEIJING)),
        *taken.notes,
    ]
    print(*found, sep="\n", end="\n" if found else "")
    counted = "" if taken.problems else f"{_counted(taken.directory)},"
    print(f"{'、'.join(map(str, files))}: {counted}{len(found)} 处要看")
    raise typer.Exit(1 if found else 0)
