"""halt and resume: people stop everything, and somebody else lets it go on."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer

from warnengine import app as application
from warnengine.cli.terminal import fail, run, settings
from warnengine.settings import Operator, Settings
from warnengine.store.controls import HaltStore


def halt(
    by: Annotated[str, typer.Option(help="Who stops it, by name.")],
    why: Annotated[str, typer.Option(help="Why, in a few words.")],
    district_code: Annotated[str, typer.Option("--district", help="Only this district.")] = "",
    order: Annotated[str, typer.Option(help="Only this order, by its number.")] = "",
) -> None:
    """Stop everything that has not left yet, in every process, until another person says `resume`."""
    scope = "order" if order else "district" if district_code else "all"
    stop = run(_halts(settings(), lambda halts: halts.halt(scope, order or district_code, by, why)))
    print(
        f"stop {stop['id']} is in force, nothing new leaves; another person: warnengine resume {stop['id']} --by …"
    )


def resume(
    number: Annotated[int, typer.Argument(help="Of the stop.")],
    by: Annotated[str, typer.Option(help="Who ends it: an operator of the settings, not who stopped it.")],
    token: Annotated[str, typer.Option(prompt=True, hide_input=True, help="Their token.")],
) -> None:
    """End a stop; what it held is judged again and goes if it still should."""
    known = settings()
    leader = _operator(known, by, token).role == "leader"
    stop = run(_halts(known, lambda halts: halts.resume(number, by, leader=leader)))
    held = stop["held"]
    print(
        f"stop {number} has ended: {held['waiting']} waited, {held['expired']} over, {held['superseded']} replaced"
    )


def known_operator(settings: Settings, name: str, token: str) -> Operator:
    """Somebody of the settings, who has proved it."""
    known = next((one for one in settings.operators if one.name == name), None)
    if known is None or not hmac.compare_digest(known.token.get_secret_value().encode(), token.encode()):
        fail(f"{name}: 设置的 operators 里没有这个人,或者口令不对 (no such operator, or another token)")
    return known


def _operator(settings: Settings, name: str, token: str) -> Operator:
    """Somebody of the duty room, who has proved it."""
    known = known_operator(settings, name, token)
    if known.role == "bureau":
        fail(f"{name} is of the bureau: somebody of the duty room or a leader ends a stop")
    return known


async def _halts(settings: Settings, act: Callable[[HaltStore], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    async with application.opened(settings) as database:
        return await act(HaltStore(database))
