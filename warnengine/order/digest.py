"""A trial tells the duty room, once for each change, what would have gone out and to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Protocol

from warnengine.model.bundle import Listener, NewBundle, Written
from warnengine.model.channel import channel_zh
from warnengine.model.digest import Tally
from warnengine.model.mode import TRIAL
from warnengine.order.expand import code_hash, link_code
from warnengine.order.texts import LONGEST

ROOM = "trial:duty_room"
"""The duty room as a reader of digests; no key of an address list has a colon."""


class Desk(Protocol):
    """What telling needs of the store, in the transaction that has written the last bundle of a change."""

    async def tally(self, change: int, room: str) -> Tally:
        """The change in figures."""

    async def add_text(
        self, change: int, versions: Sequence[int], known: Sequence[int], purpose: str, written: Written
    ) -> int:
        """Keep a text."""

    async def next_bundles(self, count: int) -> Sequence[int]:
        """Time-ordered ids."""

    async def add_digest(self, change: int, version: int, bundle: NewBundle) -> None:
        """Write the bundle for the duty room."""


@dataclass(frozen=True, slots=True)
class Digest:
    """Writes digests."""

    room: tuple[tuple[str, str], ...]
    """(channel, address)"""
    signature: str
    key: bytes
    """Of the links."""

    async def tell(self, desk: Desk, change: int) -> None:
        """Tell the duty room of a change, once."""
        found = await desk.tally(change, ROOM)
        if found.told:
            return
        text = await desk.add_text(change, (), (), "order", written(found, self.signature))
        (id_,) = await desk.next_bundles(1)
        reader = Listener(
            district=found.district,
            person=ROOM,
            versions=(),
            posts=(),
            level=found.level,
            kind="issue",
            not_after=found.not_after,
            follows=(),
            addresses=self.room,
        )
        bundle = NewBundle(id_, reader, text, code_hash(link_code(self.key, id_)))
        await desk.add_digest(change, found.version, bundle)


def written(found: Tally, signature: str) -> Written:
    """The digest in words: counts and the gravest text by SMS, everything by email."""
    head = f"【{signature}】{{resend}}{TRIAL}{summary(found)}。未发给任何责任人"
    example = found.texts[0].short if found.texts else ""
    room_left = LONGEST - len(head) - 20
    short = f"{head}\n详见{{link}}" + (f"\n例:{_plain(example)[:room_left]}" if example else "")
    body = "\n\n".join(
        (head, *(f"拟发{len(t.readers)}人:{'、'.join(t.readers)}\n{_plain(t.short)}" for t in found.texts))
    )
    return Written(
        short=short,
        subject=f"{TRIAL}{summary(found)}",
        body=body,
        html=f'<!doctype html><html lang="zh-CN"><body><pre>{escape(body)}</pre></body></html>',
        notes=None,
    )


def summary(found: Tally) -> str:
    """红色,213人,短信213条、邮件180条,3人无可用方式,2项强制措施待批"""
    ways = "、".join(f"{channel_zh(channel)}{count}条" for channel, count in found.ways.items())
    parts = [found.level.zh, f"{found.people}人", ways]
    parts += [f"{found.nowhere}人无可用方式"] if found.nowhere else []
    parts += [f"{found.waiting}项强制措施待批"] if found.waiting else []
    return ",".join(part for part in parts if part)


def _plain(short: str) -> str:
    """A text with its slots named, not filled: it has many readers."""
    for slot, word in {"{resend}": "", "{name}": "(姓名)", "{posts}": "(职务)", "{link}": "(链接)"}.items():
        short = short.replace(slot, word)
    return short
