"""rules: the rule book, checked and tested before it counts."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from warnengine import rulebook
from warnengine.app.book_diff import book_diff
from warnengine.cli import book_diff as words
from warnengine.cli import excel, publish
from warnengine.cli.coverage import coverage
from warnengine.cli.document import document
from warnengine.directory import read
from warnengine.match.desired import desired
from warnengine.model.finding import Severity, together

group = typer.Typer(no_args_is_help=True, help="The rule book: 一行业一措施、一乡镇一方案.")
COUNTED = {Severity.ERROR: "个错误", Severity.WARNING: "个警告", Severity.NOTE: "条待确认"}
Folder = Annotated[Path, typer.Argument()]
for command in (
    publish.publish,
    publish.approve,
    publish.withdraw,
    publish.rollback,
    publish.versions,
    publish.apply,
    coverage,
    document,
):
    group.command()(command)
group.command()(excel.export)
group.command("import")(excel.bring_in)


@group.command()
def check(folder: Folder = Path("rules")) -> None:
    """Everything that is wrong with a rule book, with file, line and fix."""
    findings = rulebook.check(folder)
    print(*together(findings), sep="\n")
    weights = Counter(finding.severity for finding in findings)
    print(f"{folder}: " + ", ".join(f"{weights[weight]} {words}" for weight, words in COUNTED.items()))
    raise typer.Exit(1 if weights[Severity.ERROR] else 0)


@group.command("test")
def cases(folder: Folder = Path("rules")) -> None:
    """Run the cases of a rule book: given this warning, these units get these orders, those do not."""
    failures = rulebook.run_cases(folder, desired)
    print(*failures, sep="\n")
    count = len(list((folder / "cases").glob("*.yaml")))
    print(f"{folder}: {count} 个用例文件, {len(failures)} 处不符")
    raise typer.Exit(1 if failures or not count else 0)


@group.command()
def diff(
    one: Folder,
    other: Folder,
    directory: Annotated[
        Path | None, typer.Option(help="The address list as CSV; absent: posts are counted.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """What two rule books would order differently, and how many people it concerns: orders, not lines."""
    before, after = rulebook.load(one), rulebook.load(other)
    people = read(directory.read_bytes(), after, str(directory)) if directory else None
    found = book_diff(before, after, people)
    print(json.dumps(found.plain(), ensure_ascii=False) if as_json else "\n".join(words.shown(found)))
