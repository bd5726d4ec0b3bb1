"""Whoever reads an order that comes of a consultation reads that it does, and the first line still stands alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.core.district import ANJU, BOOK, TEXTS, TOWNS, Hall, at, claim, warning
from warnengine.model.consultation import Verb, identifier
from warnengine.model.delivery import Purpose
from warnengine.model.level import Level
from warnengine.model.order import Kind, Version
from warnengine.model.warning import MsgType, Warning
from warnengine.order.compose import FIRST_LINE, compose
from warnengine.order.texts import fill
from warnengine.order.wording import Wording, standing_alone

WORDING = Wording(BOOK, b"key", "https://yj.tongliang.example.cn")


def signal(level: Level | None, clock: str = "01:00", name: str = "m1") -> Warning:
    kind = MsgType.UPDATE if level else MsgType.CANCEL
    return warning(name, at(clock), claim("500151", level, ends=at("06:00")), msg_type=kind)


def concluded(verb: Verb, level: Level | None, clock: str = "03:10", number: int = 7) -> Warning:
    claims = (claim(town, level, ends=at("09:00"), lowers=("m1",) if verb is Verb.LOWER else ()) for town in TOWNS)
    return warning(identifier(number, verb), at(clock), *claims, issuer=f"consultation:{number}")


def told(*messages: Warning) -> dict[str, Version]:
    """What the last of these makes."""
    hall, made = Hall(), {}
    for message in messages:
        made = hall.take(message, now=message.sent)
    return made


def head(versions: dict[str, Version]) -> str:
    return compose([versions[ANJU]], BOOK, TEXTS).short.removeprefix("【铜梁应急】{resend}").split(" ", 1)[0]


HEADS = {
    "raised from nothing": ((concluded(Verb.RAISE, Level.RED),), "会商研判暴雨红色"),
    "raised above the signal": ((signal(Level.ORANGE), concluded(Verb.RAISE, Level.RED)), "会商研判暴雨升为红色"),
    "lowered": ((signal(Level.RED), concluded(Verb.LOWER, Level.YELLOW)), "会商研判暴雨降为黄色"),
    "lowered to nothing": ((signal(Level.RED), concluded(Verb.LOWER, None)), "会商研判解除暴雨红色"),
    "extended": ((signal(Level.ORANGE), concluded(Verb.EXTEND, Level.ORANGE)), "会商研判暴雨橙色延长"),
    "a signal says more than was concluded": (
        (concluded(Verb.RAISE, Level.ORANGE, "00:30"), signal(Level.RED)),
        "暴雨升为红色",
    ),
    "the signal ends, and it goes on by what was concluded": (
        (signal(Level.RED), concluded(Verb.RAISE, Level.YELLOW), signal(None, "04:00", "m2")),
        "会商研判暴雨降为黄色",
    ),
    "a signal ends by itself": ((signal(Level.RED), signal(None, "04:00", "m2")), "解除暴雨红色"),
}


@pytest.mark.parametrize("case", HEADS)
def test_what_comes_of_a_consultation_says_so(case: str) -> None:
    messages, words = HEADS[case]
    assert head(told(*messages)) == words


def test_an_extension_tells_until_when_and_is_told_once() -> None:
    messages = signal(Level.ORANGE), concluded(Verb.EXTEND, Level.ORANGE)
    made = told(*messages)
    assert "延长至27日09:00,措施照旧" in compose([made[ANJU]], BOOK, TEXTS).short
    assert {version.change.kind for version in made.values()} == {Kind.UPDATE}
    assert {version.not_after for version in made.values()} == {at("09:00")}
    assert told(*messages, messages[-1]) == {}


def changes() -> Iterator[Version]:
    for level in Level:
        yield from told(concluded(Verb.RAISE, level)).values()
    for level in list(Level)[1:]:
        below = Level(level - 1)
        yield from told(signal(below), concluded(Verb.RAISE, level)).values()
        yield from told(signal(level), concluded(Verb.LOWER, below)).values()
        yield from told(signal(level), concluded(Verb.LOWER, None)).values()
        yield from told(signal(level), concluded(Verb.EXTEND, level)).values()


@pytest.mark.parametrize("purpose", Purpose)
def test_the_first_line_stands_within_one_segment(purpose: Purpose) -> None:
    slots = WORDING.slots(1, "欧阳建国", ["500151105/secretary"], purpose)
    texts = {fill(compose([version], BOOK, TEXTS).short, slots) for version in changes()}
    firsts = {standing_alone(text).split("\n")[0] for text in texts}
    assert {first for first in firsts if len(first) > FIRST_LINE} == set()
