"""rules export and import: the rule book as a workbook, for people who do not edit YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from warnengine.rulebook import excel


def export(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]")] = Path("rules"),
    out: Annotated[Path, typer.Option("--out", help="The workbook to write, .xlsx.")] = Path("rules.xlsx"),
    unit: Annotated[
        list[str] | None, typer.Option(help="Only the sheets of this unit, by code or name; may be repeated.")
    ] = None,
) -> None:
    """Write the rule book as a workbook, a sheet for each sector, township and kind."""
    titles = excel.export(folder, out, tuple(unit or ()))
    print(f"{out}: {len(titles)} 张表。改好后先看一遍:warnengine rules import {out} {folder} --dry")


def bring_in(
    file: Annotated[Path, typer.Argument(metavar="FILE.xlsx")],
    folder: Annotated[Path, typer.Argument(metavar="[DIR]")] = Path("rules"),
    dry: Annotated[bool, typer.Option("--dry", help="Only say what would change.")] = False,
    remarks: Annotated[
        Path | None,
        typer.Option(help="Where something is wrong: write the workbook here, with a remark in each such cell."),
    ] = None,
) -> None:
    """Take a filled-in workbook back into the rule book; any mistake in it, and nothing changes."""
    outcome = excel.bring_in(folder, file)
    if outcome.problems:
        print(*outcome.problems, sep="\n")
        print(f"{file}: {len(outcome.problems)} 处要改,{folder} 没有变。在工作簿里改好再导入。")
        if remarks:
            print(f"{remarks}: {excel.remarked(file, outcome.problems, remarks)} 处写成了批注")
        raise typer.Exit(1)
    print(*outcome.changes, sep="\n", end="\n" if outcome.changes else "")
    print(*(f"提醒 {warning}" for warning in outcome.warnings), sep="\n", end="\n" if outcome.warnings else "")
    if not outcome.files:
        print(f"{file}: 和 {folder} 一样,没有要改的。")
    elif dry:
        print(f"{file}: 会改 {'、'.join(outcome.files)};现在什么都没有变。确认后去掉 --dry 再运行一次。")
    else:
        outcome.write(folder)
        print(f"{folder}: 已改 {'、'.join(outcome.files)}。还没有生效:先看 rules diff,再 rules publish。")
