"""rules export and import: the rule book as workbooks, for people who do not edit YAML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from warnengine.model.errors import RuleBookError
from warnengine.rulebook import excel

BOOK = "district.yaml"
"""What every rule book has and no folder of workbooks."""
WORKBOOKS = "工作簿(.xlsx),可以写几个;也可以写收回工作簿的文件夹。最后写规则目录,不写就是 rules。"


def export(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="规则目录。")] = Path("rules"),
    out: Annotated[
        Path | None, typer.Option("--out", help="写到哪个工作簿(.xlsx);加了 --each 写到哪个文件夹。")
    ] = None,
    unit: Annotated[
        list[str] | None, typer.Option(help="只要这个单位的,写代码或名称;可以写几次。阈值和测站写“阈值”。")
    ] = None,
    each: Annotated[bool, typer.Option("--each", help="每个单位一个工作簿,写到 --out 的文件夹。")] = False,
) -> None:
    """Write the rule book as a workbook, or as one for each owner."""
    if each and unit:
        raise typer.BadParameter("--each 是每个单位都要,不能和 --unit 一起写")
    if each:
        made = excel.export_each(folder, out or Path("发出"))
        print(*made, sep="\n")
        print(f"{out or Path('发出')}: {len(made)} 个工作簿,每个单位一份。收回后一起看:")
        print(f"warnengine rules import 收回的文件夹 {folder} --dry")
        return
    file = out or Path("rules.xlsx")
    titles = excel.export(folder, file, tuple(unit or ()))
    print(f"{file}: {len(titles)} 张表。改好后先看一遍:warnengine rules import {file} {folder} --dry")


def bring_in(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE.xlsx… [DIR]", help=WORKBOOKS)],
    dry: Annotated[bool, typer.Option("--dry", help="只看会改什么,什么都不改。")] = False,
    remarks: Annotated[
        Path | None,
        typer.Option(help="有错时另存一份,错处写成批注:一个工作簿写文件名(.xlsx),几个写文件夹。"),
    ] = None,
) -> None:
    """Take filled-in workbooks back into the rule book together; any mistake in one, and nothing changes."""
    files, folder = _told_apart(paths)
    outcome = excel.bring_in(folder, *files)
    named = str(files[0]) if len(files) == 1 else f"{len(files)} 个工作簿"
    if outcome.problems:
        print(*outcome.problems, sep="\n")
        print(f"{named}: {len(outcome.problems)} 处要改,{folder} 没有变。在工作簿里改好再导入。")
        if remarks:
            _remark(files, outcome, remarks)
        raise typer.Exit(1)
    print(*outcome.changes, sep="\n", end="\n" if outcome.changes else "")
    print(*(f"提醒 {warning}" for warning in outcome.warnings), sep="\n", end="\n" if outcome.warnings else "")
    if not outcome.files:
        print(f"{named}: 和 {folder} 一样,没有要改的。")
    elif dry:
        print(f"{named}: 会改 {'、'.join(outcome.files)};现在什么都没有变。确认后去掉 --dry 再运行一次。")
    else:
        outcome.write(folder)
        print(f"{folder}: 已改 {'、'.join(outcome.files)}。还没有生效:先看 rules diff,再 rules publish。")


def _told_apart(paths: Sequence[Path]) -> tuple[list[Path], Path]:
    """The workbooks, those in folders among them, and the rule book that they go into."""
    books = [path for path in paths if path.is_dir() and (path / BOOK).is_file()]
    if len(books) > 1:
        raise RuleBookError(f"写了{len(books)}个规则目录: {'、'.join(map(str, books))} — 只留要导入的那一个")
    folder = books[0] if books else Path("rules")
    files: list[Path] = []
    if missing := [str(path) for path in paths if not path.exists()]:
        raise RuleBookError(f"没有这个文件或文件夹: {'、'.join(missing)} — 看看名字写对没有")
    for path in paths:
        if path.is_dir() and path not in books:
            found = sorted(one for one in path.glob("*.xlsx") if not one.name.startswith(("~$", ".")))
            if not found:
                raise RuleBookError(f"{path}: 不是规则目录(没有 {BOOK}),里面也没有 .xlsx 工作簿")
            files += found
        elif path not in books:
            files.append(path)
    if not files:
        raise RuleBookError(f"没有写要导入哪个工作簿: warnengine rules import 工作簿.xlsx {folder} --dry")
    return files, folder


def _remark(files: Sequence[Path], outcome: excel.Outcome, out: Path) -> None:
    """Each workbook with its mistakes, to be given back."""
    if len(files) == 1:
        found = excel.remarked(files[0], outcome.problems, out)
        print(f"{out}: {found} 处写成了批注")
        return
    out.mkdir(parents=True, exist_ok=True)
    for file in files:
        mine = [one for one in outcome.problems if one.file in {file.name, str(file)}]
        if mine:
            target = out / f"{file.stem}-批注.xlsx"
            print(f"{target}: {excel.remarked(file, mine, target)} 处写成了批注")
