"""rules publish, approve, withdraw, rollback, versions, apply: which version of the rule book counts."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from warnengine import rulebook
from warnengine.app.publishing import LISTED, Publisher
from warnengine.cli.stops import known_operator
from warnengine.cli.terminal import idle_engine, run, settings
from warnengine.order.wish import Who

By = Annotated[str, typer.Option("--by", help="Who you are: an operator of the settings.")]
Token = Annotated[str, typer.Option(prompt=True, hide_input=True, help="Your token.")]
Why = Annotated[str, typer.Option(help="Why, in a few words: it stands in the record.")]
Hash = Annotated[str, typer.Argument(metavar="HASH", help="The first letters of the book's hash, six at least.")]
Confirm = Annotated[
    str | None, typer.Option(help="确认码, as the preview shows it: for scripts, else you are asked.")
]
Json = dict[str, Any]
SHORT = 12


def publish(folder: Path, by: By, token: Token, why: Why) -> None:
    """Submit the rule book in a folder. It counts once another person has approved it."""
    who = _who(by, token)
    files = rulebook.whole(folder)

    async def submit(publisher: Publisher) -> Json:
        _show(await publisher.look(files, str(folder)))
        return await publisher.submit(files, who, why, str(folder))

    _submitted(_do(submit))


def rollback(book: Hash, by: By, token: Token, why: Why) -> None:
    """Submit a book that was in force before. It counts once another person has approved it."""
    who = _who(by, token)
    done = _do(lambda publisher: publisher.rollback(book, who, why))
    _show(done)
    _submitted(done)


def approve(book: Hash, by: By, token: Token, confirm: Confirm = None) -> None:
    """Look at what a submitted book would change, and put it in force: another person than who submitted it."""
    who = _who(by, token)
    if confirm is None:
        shown = _do(lambda publisher: publisher.approve(book, who, None))
        _show(shown)
        print(f"{shown['by']}提交:{shown['why']}")
        confirm = _asked(shown)
    done = _do(lambda publisher: publisher.approve(book, who, confirm))
    print(f"规则{done['hash'][:SHORT]}已生效,正在运行的引擎几秒内采用;{done['standing']}条现行指令仍按原规则。")


def withdraw(book: Hash, by: By, token: Token) -> None:
    """Take a submission back before it is approved."""
    who = _who(by, token)
    done = _do(lambda publisher: publisher.withdraw(book, who))
    print(f"规则{done['hash'][:SHORT]}的提交已撤回。")


def versions() -> None:
    """Every version that was submitted or in force, newest first."""
    rows = _do(lambda publisher: publisher.versions())
    if not rows:
        print("还没有规则生效:引擎首次启动时采用安装目录的规则。")
    for row in rows:
        state = _state(row)
        print(f"{row['hash'][:SHORT]}  {state}  提交:{row['by']} {row['submitted_at'][:16]}  事由:{row['why']}")


def apply(
    by: By,
    token: Token,
    unit: Annotated[list[str] | None, typer.Option(help="Only the orders of this unit, by its code.")] = None,
    confirm: Confirm = None,
) -> None:
    """Bring standing orders to the book in force: look at what their people would read, then confirm."""
    who, units = _who(by, token), tuple(unit or ())
    if confirm is None:
        shown = _do(lambda publisher: publisher.bring(units, who, None))
        for order in shown["orders"]:
            print(f"{order['name']}({order['unit']}) {KINDS[order['kind']]} {order['people']}人")
        for text in shown["texts"]:
            print(f"-- {text['people']}人将收到:\n{text['text']}")
        print(*shown["over"], sep="\n", end="\n" if shown["over"] else "")
        confirm = _asked(shown)
    done = _do(lambda publisher: publisher.bring(units, who, confirm))
    print(f"{len(done['orders'])}条指令已按规则{done['book'][:SHORT]}更新。")


KINDS = {"issue": "新下达", "update": "更新", "reopen": "重新叫应", "lapse": "解除"}


def _asked(shown: Json) -> str:
    """The yes to what was shown; without a terminal the word that says yes to it."""
    print(f"{shown['says']}。")
    if not sys.stdin.isatty():
        print(f"什么都还没有变。核对无误后加 --confirm {shown['confirm']} 再运行一次。")
        raise typer.Exit(1)
    if not typer.confirm("确认?"):
        print("没有确认,什么都没有变。")
        raise typer.Exit(1)
    return str(shown["confirm"])


def _do(act: Callable[[Publisher], Awaitable[Any]]) -> Any:
    async def done() -> Any:
        async with idle_engine(settings(), mending=True) as engine:
            return await act(Publisher(engine))

    return run(done())


def _who(name: str, token: str) -> Who:
    operator = known_operator(settings(), name, token)
    return Who(operator.name, operator.role)


def _submitted(done: Json) -> None:
    short = done["hash"][:SHORT]
    print(f"规则{short}已提交,还没有生效。请另一人(带班领导)核对后批准:warnengine rules approve {short} --by 姓名")


def _show(shown: Json) -> None:
    """What would change, before anything does."""
    print(f"规则{shown['hash'][:SHORT]},现行{shown['base'][:SHORT]},{shown['mode']}")
    for words, key in (("新增措施", "added"), ("改动措施", "changed"), ("删除措施", "removed")):
        _list(words, shown["ids"][key])
    _list("不同的文件", shown["files"])
    if shown["units"]:
        print(f"涉及单位({len(shown['units'])}):{'、'.join(shown['units'])}")
    print(f"这些单位在岗{shown['people']}人;现行{shown['standing']}条指令仍按原规则,不变。")
    _list("险情正在、但等级变化或有人要求前不下达的新指令", shown["waits"])
    _list("样例(sample: true,编的)", shown["samples"], 3)
    if shown["unconfirmed"]:
        print(f"待区局确认(confirm: bureau)的{len(shown['unconfirmed'])}处:warnengine rules check 列出全部。")
    _list("提醒", shown["warnings"])


def _list(words: str, entries: list[str], most: int = LISTED) -> None:
    if entries:
        more = f"\n  ……共{len(entries)}处" if len(entries) > most else ""
        print(f"{words}({len(entries)}):", *(f"  {one}" for one in entries[:most]), sep="\n", end=f"{more}\n")


def _state(row: Json) -> str:
    if row["since"]:
        until = "现行" if row["counts"] else f"至{(row['until'] or '')[:16]}"
        return f"{row['since'][:16]}起{until}(批准:{row['approved_by']})"
    return f"已撤回({row['ended_by']} {row['ended_at'][:16]})" if row["ended_at"] else "待批准"
