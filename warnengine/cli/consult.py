"""consult: 会商结论 written down, read back, confirmed and ended, as on the duty room's page and by the API."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from warnengine.api.consultations import Concluded
from warnengine.api.faults import sentences
from warnengine.app.consulting import Consulting
from warnengine.cli.explain import quiet
from warnengine.cli.stops import known_operator
from warnengine.cli.terminal import content, fail, idle_engine, run, settings
from warnengine.console.duty.consultations import KINDS, STATES
from warnengine.model.consultation import Verb
from warnengine.order.wish import Who

group = typer.Typer(
    no_args_is_help=True, help="会商结论:升级、降级、延长。先写草稿看影响,再确认生效;降级要两个人。"
)
By = Annotated[str, typer.Option("--by", help="你的姓名,照设置里 operators 的写(值班员或带班领导)。")]
Token = Annotated[str, typer.Option(prompt="口令(输入时不显示)", hide_input=True, help="你的口令;不写就会问。")]
Conclusion = Annotated[Path, typer.Argument(metavar="文件", help="一条结论,JSON;- 是标准输入。")]
Number = Annotated[int, typer.Argument(metavar="编号", min=1, help="第几号会商结论,见 consult list。")]
Presided = Annotated[str, typer.Option(help="谁主持会商。")]
TookPart = Annotated[str, typer.Option("--took-part", help="哪些单位参加。")]
Why = Annotated[str, typer.Option(help="理由,写几个字,留痕。")]
Confirm = Annotated[str | None, typer.Option(help="预览给出的确认码,只有脚本才用;平时会问你。")]
BOM = codecs.BOM_UTF8
ROLES = ("duty", "leader")
TEXTS = 3
"""Texts that a preview shows; the page has all."""
Json = dict[str, Any]


@group.command(help="写一条结论,看会发给谁;这时还没有生效。文件的写法见 docs/consultations.md。")
def write(file: Conclusion, by: By, token: Token) -> None:
    """Keep a draft and show what it would do."""
    who = _who(by, token)
    wanted = _read(file).wanted()
    _drafted(_do(lambda consulting: consulting.draft(wanted, who)))


@group.command(help="核对影响,让结论生效。降级、终止升级、终止延长要另一个人确认。")
def confirm(number: Number, by: By, token: Token, confirm: Confirm = None) -> None:
    """Say yes to what is shown."""
    who = _who(by, token)
    if confirm is None:
        shown = _do(lambda consulting: consulting.one(number))
        if shown["state"] != "draft":
            fail(f"第{number}号会商结论{STATES[shown['state']]},不能再确认")
        _show(shown)
        confirm = _asked(shown)
    done = _do(lambda consulting: consulting.confirm(number, who, confirm))
    print(f"第{number}号会商结论{STATES[done['state']]}:{done['says_so']}。")


@group.command(help="写明一条生效的结论不再算数;和作结论一样,要确认才生效。")
def withdraw(number: Number, presided: Presided, why: Why, by: By, token: Token, took_part: TookPart = "") -> None:
    """Keep the draft of an end."""
    who = _who(by, token)
    _drafted(_do(lambda consulting: consulting.withdraw(number, presided, took_part, why, who)))


@group.command(help="作废一条还没有生效的草稿。")
def discard(number: Number, by: By, token: Token) -> None:
    """Throw a draft away."""
    who = _who(by, token)
    _do(lambda consulting: consulting.discard(number, who))
    print(f"第{number}号草稿已作废。")


@group.command("list", help="列出会商结论和草稿,新的在前。")
def list_() -> None:
    """Conclusions and drafts, newest first."""
    found = _do(lambda consulting: consulting.shown())
    for one in found:
        state, says = STATES[one["state"]], one["says_so"]
        print(f"第{one['consultation']}号 {state} {says}。{one['presided']}主持:{one['why']}")
    if not found:
        print("没有会商结论。")


def _read(file: Path) -> Concluded:
    """The body of POST /v1/consultations from a file."""
    try:
        return Concluded.model_validate_json(content(file).removeprefix(BOM))
    except ValidationError as error:
        fail(f"{file}: {sentences(map(dict, error.errors()))}")


def _drafted(shown: Json) -> None:
    _show(shown)
    whom = "请另一个人确认" if shown["second"] else "请核对后确认"
    print(f"还没有生效。{whom}: warnengine consult confirm {shown['consultation']} --by 姓名")


def _show(shown: Json) -> None:
    """What it would do."""
    print(f"第{shown['consultation']}号会商{Verb(shown['verb']).zh}:{shown['says_so']}")
    if "confirm" not in shown:
        return
    for order in shown["orders"]:
        print(f"  {order['name']}({order['unit']}) {KINDS[order['kind']]} {order['people']}人")
    for text in shown["texts"][:TEXTS]:
        print(f"-- {text['people']}人将收到:\n{text['text']}")
    if len(shown["texts"]) > TEXTS:
        print(f"……另有{len(shown['texts']) - TEXTS}种原文,全部见值班室“会商”页")
    if shown["without_address"]:
        print(f"有{shown['without_address']}人没有可用的号码,系统发不到,请打电话或派人。")
    print(*shown["over"], sep="\n", end="\n" if shown["over"] else "")
    print(f"{shown['says']}。")


def _asked(shown: Json) -> str:
    """The yes to what was shown; without a terminal the word that says yes to it."""
    if not sys.stdin.isatty():
        print(f"什么都还没有变。核对无误后加 --confirm {shown['confirm']} 再运行一次。")
        raise typer.Exit(1)
    if not typer.confirm("确认?"):
        print("没有确认,什么都没有变。")
        raise typer.Exit(1)
    return str(shown["confirm"])


def _who(name: str, token: str) -> Who:
    operator = known_operator(settings(), name, token)
    if operator.role not in ROLES:
        fail(f"{name}不是值班员或带班领导,不能办理会商结论")
    return Who(operator.name, operator.role)


def _do(act: Callable[[Consulting], Awaitable[Any]]) -> Any:
    async def done() -> Any:
        async with idle_engine(settings()) as engine:
            return await act(Consulting(engine))

    quiet()
    return run(done())
