"""rules publish, approve, withdraw, rollback, versions, apply: which version of the rule book counts."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from warnengine import rulebook
from warnengine.app.book_diff import book_diff
from warnengine.app.publishing import LISTED, Publisher
from warnengine.cli import book_diff as words
from warnengine.cli.stops import known_operator
from warnengine.cli.terminal import idle_engine, run, settings
from warnengine.model.publication import INSTALLATION
from warnengine.order.wish import Who
from warnengine.store.doctor import DoctorStore

By = Annotated[str, typer.Option("--by", help="你的姓名,照设置里 operators 的写。")]
Token = Annotated[str, typer.Option(prompt="口令(输入时不显示)", hide_input=True, help="你的口令;不写就会问。")]
Why = Annotated[str, typer.Option(help="事由,写几个字,留痕。")]
Hash = Annotated[str, typer.Argument(metavar="规则编号", help="规则的编号,写前6位以上,见 rules versions。")]
Confirm = Annotated[str | None, typer.Option(help="预览给出的确认码,只有脚本才用;平时会问你。")]
Json = dict[str, Any]
SHORT = 12


def publish(folder: Path, by: By, token: Token, why: Why) -> None:
    """Submit the rule book in a folder. It counts once another person has approved it."""
    who = _who(by, token)
    files = rulebook.whole(folder)

    async def submit(publisher: Publisher) -> Json:
        shown = await publisher.look(files, str(folder))
        _show(shown)
        await _in_orders(publisher, shown, files)
        return await publisher.submit(files, who, why, str(folder))

    _submitted(_do(submit))


def rollback(book: Hash, by: By, token: Token, why: Why) -> None:
    """Submit a book that was in force before. It counts once another person has approved it."""
    who = _who(by, token)

    async def back(publisher: Publisher) -> Json:
        done = await publisher.rollback(book, who, why)
        _show(done)
        await _in_orders(publisher, done, (await publisher.kept(done["hash"]))["files"])
        return done

    _submitted(_do(back))


def approve(book: Hash, by: By, token: Token, confirm: Confirm = None) -> None:
    """Look at what a submitted book would change, and put it in force: another person than who submitted it."""
    who = _who(by, token)
    if confirm is None:
        shown = _do(lambda publisher: _previewed(publisher, book, who))
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
    told: set[str] = set()
    for row in rows:
        state = _state(row)
        by = f"提交:{_name(row['by'])} {row['submitted_at'][:16]}"
        stands = f"  按它执行的指令{row['standing']}条" if row["standing"] and row["hash"] not in told else ""
        told.add(row["hash"])
        print(f"{row['hash'][:SHORT]}  {state}  {by}  事由:{row['why']}{stands}")


def apply(
    by: By,
    token: Token,
    unit: Annotated[list[str] | None, typer.Option(help="只要这个单位的,写代码;可以写几次。")] = None,
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


async def _previewed(publisher: Publisher, book: str, who: Who) -> Json:
    shown = await publisher.approve(book, who, None)
    _show(shown)
    await _in_orders(publisher, shown, (await publisher.kept(shown["hash"]))["files"])
    return shown


async def _in_orders(publisher: Publisher, shown: Json, files: Mapping[str, str]) -> None:
    """What changes in words, as `rules diff` tells it, with the people of this installation: whoever approves has
    no folder to compare with."""
    engine = publisher.engine
    before = engine.book
    if before.hash != shown["base"]:
        before = await engine.library.book(shown["base"])
    people = await DoctorStore(engine.database).directory(before.district.code)
    found = book_diff(before, rulebook.restored(files, shown["hash"]), people if people.holdings else None)
    print("改了什么:", *list(words.shown(found))[1:], sep="\n")


def _submitted(done: Json) -> None:
    short = done["hash"][:SHORT]
    print(f"规则{short}已提交,还没有生效。请另一人(带班领导)核对后批准:warnengine rules approve {short} --by 姓名")


def _show(shown: Json) -> None:
    """What would change, before anything does."""
    print(f"规则{shown['hash'][:SHORT]},现行{shown['base'][:SHORT]},{shown['mode']}")
    for title, key in (("新增措施", "added"), ("改动措施", "changed"), ("删除措施", "removed")):
        _list(title, shown["ids"][key])
    _list("不同的文件", shown["files"])
    if shown["units"]:
        more = f"等{len(shown['units'])}个" if len(shown["units"]) > LISTED else ""
        print(f"涉及单位({len(shown['units'])}):{'、'.join(shown['units'][:LISTED])}{more}")
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


def _name(by: str) -> str:
    return "安装时" if by == INSTALLATION else by


def _state(row: Json) -> str:
    if row["since"]:
        until = "现行" if row["counts"] else f"至{(row['until'] or '')[:16]}"
        return f"{row['since'][:16]}起{until}(批准:{_name(row['approved_by'])})"
    return f"已撤回({row['ended_by']} {row['ended_at'][:16]})" if row["ended_at"] else "待批准"
