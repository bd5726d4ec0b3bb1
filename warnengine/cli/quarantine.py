"""quarantine: what was not let in is listed, looked at, read anew, released by two people, closed."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from warnengine.app.quarantine import Quarantine
from warnengine.cli.stops import known_operator
from warnengine.cli.terminal import fail, idle_engine, run, settings
from warnengine.model.clock import BEIJING

group = typer.Typer(no_args_is_help=True, help="没有收下的来文:查看、重读、两人放行、关闭。")
Number = Annotated[int, typer.Argument(help="来文编号,见 quarantine list。")]
By = Annotated[str, typer.Option(help="谁来做:设置 operators 里的姓名。")]
Token = Annotated[str, typer.Option(prompt="口令", hide_input=True, help="本人口令。")]
Why = Annotated[str, typer.Option(help="理由,要留痕(至少两个字)。")]
AsJson = Annotated[bool, typer.Option("--json", help="按 JSON 输出。")]


@group.command("list")
def list_(
    state: Annotated[str, typer.Option(help="open 待处理,closed 已处理,all 全部。")] = "open",
    reason: Annotated[str, typer.Option(help="只看这一种原因,例如 unknown_sender。")] = "",
    days: Annotated[int, typer.Option(min=0, help="只看这几天收到的;0 不限。")] = 0,
    as_json: AsJson = False,
) -> None:
    """列出没有收下的来文,新的在前。"""
    if state not in ("open", "closed", "all"):
        fail(f"--state 没有“{state}”:写 open、closed 或 all", code=2)
    within = timedelta(days=days) if days else None
    rows = run(_with(lambda there: there.listed(state, reason or None, within)))
    for row in rows:
        print(json.dumps(row, ensure_ascii=False) if as_json else _line(row))
    if not rows and not as_json:
        print("没有待处理的来文。" if state == "open" else "没有。")


@group.command()
def show(number: Number, as_json: AsJson = False) -> None:
    """看一份:原因、怎么办、系统怎么读、原文、谁做过什么。"""
    one = run(_with(lambda there: there.one(number)))
    if as_json:
        print(json.dumps(one, ensure_ascii=False, indent=2))
        return
    print(_line(one))
    for done in one["history"]:
        print(f"  {_clock(done['at'])} {done['by']} {done['act']}:{done['words']}")
    print(f"原文({one['size']}字节{',只显示开头' if one['more'] else ''}):\n{one['text']}")


@group.command()
def retry(number: Number, by: By, token: Token) -> None:
    """规则改好以后,把留存的原文按现在的规则再读一遍。"""
    _act(by, token, lambda there, name: there.retry(number, name))


@group.command()
def release(
    number: Number, by: By, token: Token, why: Annotated[str, typer.Option(help="申请放行的理由。")] = ""
) -> None:
    """放行:一人带 --why 申请,另一人不带 --why 同意。"""
    if why:
        _act(by, token, lambda there, name: there.ask(number, name, _reason(why)))
    else:
        _act(by, token, lambda there, name: there.agree(number, name))


@group.command()
def close(number: Number, by: By, token: Token, why: Why) -> None:
    """关闭:不是预警,或已经人工处理。"""
    _act(by, token, lambda there, name: there.close(number, name, _reason(why)))


def _act(by: str, token: str, act: Callable[[Quarantine, str], Awaitable[dict[str, Any]]]) -> None:
    """Somebody of the duty room, who has proved it, does it; the exit code is 1 where the case is still open."""
    known = known_operator(settings(), by, token)
    if known.role == "bureau":
        fail(f"{by}是区局人员,不能处理来文:请值班员或带班领导来做")
    one = run(_with(lambda there: act(there, known.name)))
    print(_line(one))
    raise typer.Exit(1 if one["state"] == "open" and not one["asked_by"] else 0)


def _reason(why: str) -> str:
    words = " ".join(why.split())
    if not 2 <= len(words) <= 200:
        fail("--why 写两个字以上、200字以内的理由", code=2)
    return words


def _line(row: dict[str, Any]) -> str:
    state = row["became"] or ("等另一人同意放行" if row["asked_by"] else "待处理")
    by = f",{row['closed_by']}" if row["closed_by"] and row["closed_by"] != "warnengine" else ""
    part = "(部分)" if row["part"] else ""
    came = f"{_clock(row['received_at'])} 来源{row['source']}"
    return f"第{row['id']}号{part} {came} [{state}{by}] {row['reason']}:{row['words']}"


def _clock(moment: Any) -> str:
    found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{found.astimezone(BEIJING):%m-%d %H:%M}"


async def _with(act: Callable[[Quarantine], Awaitable[Any]]) -> Any:
    async with idle_engine(settings()) as engine:
        return await act(Quarantine(engine))
