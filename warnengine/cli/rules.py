"""rules: the rule book, checked and tested before it counts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
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
from warnengine.situation.fold import standing

group = typer.Typer(
    no_args_is_help=True, help="规则库:一行业一措施、一乡镇一方案。怎样改、怎样发布,见 docs/workbook.md。"
)
COUNTED = {Severity.ERROR: "个错误", Severity.WARNING: "个警告", Severity.NOTE: "条待确认"}
Folder = Annotated[Path, typer.Argument(help="规则目录。")]
HELP: Mapping[Callable[..., None], str] = {
    publish.publish: "提交规则目录:列出要改什么;另一个人批准后才生效。",
    publish.approve: "核对提交的规则要改什么,批准生效:不能是提交人本人。",
    publish.withdraw: "批准以前撤回提交。",
    publish.rollback: "提交以前生效过的一版(恢复旧版);另一个人批准后才生效。",
    publish.versions: "列出提交过、生效过的每一版,新的在前。",
    publish.apply: "让现行指令改按现行规则:先看责任人会收到什么,再确认。",
    coverage: "覆盖证明:每个单位对每个灾种、级别都有措施,或者写明没有;有通讯录时还证明有人收得到。",
    document: "写出每个行业、管委会、镇街的《预警信息发布规范》和镇街的《防灾避险明白卡》。",
    excel.export: "导出工作簿:措施、镇街方案和点位、阈值和测站;加 --each 每个单位一份。",
}
"""What the clerks who use these read of them."""
for command, said in HELP.items():
    group.command(help=said)(command)
group.command("import", help="把填好的工作簿(一个或几个)导入规则目录;有一处不对就什么都不改。")(excel.bring_in)


@group.command(help="检查规则库:哪个文件哪一行、什么不对、怎么改;要紧的排在最后。")
def check(folder: Folder = Path("rules")) -> None:
    """Everything that is wrong with a rule book, with file, line and fix; what weighs most comes last."""
    findings = sorted(rulebook.check(folder), key=lambda one: list(COUNTED)[::-1].index(one.severity))
    print(*together(findings), sep="\n")
    weights = Counter(finding.severity for finding in findings)
    print(f"{folder}: " + ", ".join(f"{weights[weight]} {words}" for weight, words in COUNTED.items()))
    raise typer.Exit(1 if weights[Severity.ERROR] else 0)


@group.command("test", help="运行规则库的用例:来了这样的预警,哪些单位收到哪些指令,哪些不收到。")
def cases(folder: Folder = Path("rules")) -> None:
    """Run the cases of a rule book: given this warning, these units get these orders, those do not."""
    failures = rulebook.run_cases(folder, desired, standing)
    print(*failures, sep="\n")
    count = len(list((folder / "cases").glob("*.yaml")))
    print(f"{folder}: {count} 个用例文件, {len(failures)} 处不符")
    raise typer.Exit(1 if failures or not count else 0)


@group.command(help="比较两版规则(先写旧的):哪些单位的指令不一样、涉及多少人、阈值改了什么。")
def diff(
    one: Folder,
    other: Folder,
    directory: Annotated[Path | None, typer.Option(help="通讯录(CSV);不写就只数岗位。")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON。")] = False,
) -> None:
    """What two rule books would order differently, and how many people it concerns: orders, not lines."""
    before, after = rulebook.load(one), rulebook.load(other)
    people = read(directory.read_bytes(), after, str(directory)) if directory else None
    found = book_diff(before, after, people)
    print(json.dumps(found.plain(), ensure_ascii=False) if as_json else "\n".join(words.shown(found)))
