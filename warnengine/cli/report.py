"""report: the official tables."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from warnengine.cli.terminal import fail, idle_engine, run, settings
from warnengine.health.account import WORDS, Account
from warnengine.settings import Settings

group = typer.Typer(no_args_is_help=True, help="The official tables.")


@group.command()
def reconcile() -> None:
    """Account for the last day: what came in, what became of it, and what nobody can explain."""
    account = run(_accounted(settings()))
    print(*(f"{one.what} {one.id}: {WORDS[one.what]}" for one in account.unexplained), sep="\n", end="")
    print(("\n" if account.unexplained else "") + account.line)
    raise typer.Exit(1 if account.unexplained else 0)


async def _accounted(settings: Settings) -> Account:
    async with idle_engine(settings) as engine:
        return await engine.accountant.make()


@group.command()
def roll_call(
    start: Annotated[bool, typer.Option("--start", help="Call the roll now; a running engine sends it.")] = False,
    by: Annotated[str, typer.Option(help="Who calls it.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The table as JSON.")] = False,
) -> None:
    """The last roll-call (点名): 应到, 实到, 未应答, 号码无效."""
    if start and not by:
        raise typer.BadParameter("say who calls it: --start --by NAME")
    shown = run(_roll_call(settings(), by if start else None))
    if shown is None:
        fail("there was no roll-call yet: begin one with --start --by NAME")
    if as_json:
        print(json.dumps(shown, ensure_ascii=False))
        return
    for one in shown["people"]:
        print(f"{one['presence']}\t{one['name']}\t{'、'.join(one['posts'])}")
    print(f"{shown['at'][:16]} {shown['words']}")


async def _roll_call(settings: Settings, by: str | None) -> dict[str, Any] | None:
    async with idle_engine(settings) as engine:
        if by and await engine.roll.call(by) is None:
            fail("a roll-call is open already: `warnengine report roll-call` shows it")
        return await engine.roll.shown()
