"""What people do with a text: a pure function of the number and of what they read.

A stable hash of the number makes the person, so that the same night can be played again and anybody can be looked
up. The shares are such that every rung of the 叫应 ladder is needed: most answer within minutes, by SMS or on the
link page; some only when reminded, some never (their deputy must), some numbers are dead or belong to others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from hashlib import blake2b
from typing import Literal


class Temper(StrEnum):
    """How a person treats texts of the engine."""

    PROMPT = "prompt"
    """Answers by SMS within three minutes."""
    LINK = "link"
    """Opens the link and presses the button."""
    LATE = "late"
    """Answers a reminder, and without one after an hour."""
    NEVER = "never"
    """Has the phone on and does not answer."""
    NONSENSE = "nonsense"
    """Writes something that is no answer; answers properly when reminded."""
    STRANGER = "stranger"
    """The number has gone to somebody else: 不是本人."""
    DEAD = "dead"
    """空号: the gateway reports UNDELIV."""


SHARES = (
    (Temper.PROMPT, 60),
    (Temper.LINK, 14),
    (Temper.LATE, 8),
    (Temper.NEVER, 8),
    (Temper.NONSENSE, 4),
    (Temper.STRANGER, 2),
    (Temper.DEAD, 4),
)
"""In percent."""

CAST = "temper 0"
"""Who is who. Chosen so that the people of directory.csv need every rung of the ladder."""
YES = ("1", "收到", "１", "1 ", "收到,马上安排", "已收到，马上去", "1。", "收到1")
NONSENSE = ("你是哪个?", "在开会", "。。。")
NOT_ME = ("不是本人", "你打错了,我不是本人")


@dataclass(frozen=True, slots=True)
class Reaction:
    """One act of a person."""

    after: timedelta
    """Engine time from the moment that the text was there."""
    kind: Literal["reply", "page"]
    """An SMS back, or the form of the link page."""
    text: str
    """The SMS; on the page the step, 1 收到 2 已开展 3 已完成."""
    count: int | None = None
    """People moved, on the page beside step 3."""


def temper(number: str) -> Temper:
    """Who has this number (+86…)."""
    draw = _draw(CAST, number) % 100
    for kind, share in SHARES:
        if draw < share:
            return kind
        draw -= share
    raise AssertionError("the shares make a hundred")


def dead(number: str) -> bool:
    """Whether nothing can be delivered to this number."""
    return temper(number) is Temper.DEAD


def mailbox_exists(mailbox: str) -> bool:
    """One mailbox in twenty five was closed and nobody told the directory."""
    return _draw("mailbox", mailbox) % 25 != 0


def takes_push(number: str) -> bool:
    """One phone in two can take push messages."""
    return _draw("takes push", number) % 2 == 0


def removes_push(number: str) -> bool:
    """One of eight of those is removed after its second push message."""
    return _draw("removes push", number) % 8 == 0


def react(number: str, text: str) -> tuple[Reaction, ...]:
    """What the person does after reading the text; nothing where it asks for nothing."""
    if not _asks(text):
        return ()
    kind, seed, reminded = temper(number), _draw("react", number, text), _reminds(text)
    if kind in (Temper.NEVER, Temper.DEAD):
        return ()
    if kind is Temper.STRANGER:
        return (_reply(timedelta(minutes=1), _pick(NOT_ME, seed)),)
    if kind is Temper.NONSENSE and not reminded:
        return (_reply(timedelta(minutes=2), _pick(NONSENSE, seed)),)
    return _answers(seed, text, _patience(kind, seed, reminded), link=kind is Temper.LINK and bool(links(text)))


def links(text: str) -> Sequence[str]:
    """Addresses of official's pages in a text."""
    return re.findall(r"https?://[^\s,，。;；]+/a/[0-9A-Za-z]+", text)


def _asks(text: str) -> bool:
    return bool(re.search(r"回复?\s*[1-3１-３]", text))


def _reminds(text: str) -> bool:
    return bool(re.search(r"再次|提醒|仍未|未答复|未回复", text))


def _patience(kind: Temper, seed: int, reminded: bool) -> timedelta:
    """How long the person takes for the first answer."""
    if reminded or kind is not Temper.LATE:
        return timedelta(seconds=20 + seed % 100)
    return timedelta(hours=1)


def _answers(seed: int, text: str, wait: timedelta, *, link: bool) -> tuple[Reaction, ...]:
    """收到; then, where there is work to report, 已开展 by some, and 已完成 by most, with a number if asked."""
    acts = [Reaction(wait, "page", "1") if link else _reply(wait, _pick(YES, seed))]
    works = bool(re.search(r"回复?\s*[3３]", text))
    if works and seed % 5 == 0:
        acts.append(_step(wait + timedelta(minutes=4), "2", None, link=link))
    if works and seed % 8:
        count = 5 + seed % 60 if "人数" in text else None
        acts.append(_step(wait + timedelta(minutes=6 + seed // 7 % 12), "3", count, link=link))
    return tuple(acts)


def _step(wait: timedelta, step: str, count: int | None, *, link: bool) -> Reaction:
    if link:
        return Reaction(wait, "page", step, count)
    return _reply(wait, f"{step} 转移{count}人" if count is not None else step)


def _reply(wait: timedelta, text: str) -> Reaction:
    return Reaction(wait, "reply", text)


def _pick(words: Sequence[str], seed: int) -> str:
    return words[seed % len(words)]


def _draw(*parts: str) -> int:
    return int.from_bytes(blake2b("|".join(parts).encode(), digest_size=6).digest(), "big")
