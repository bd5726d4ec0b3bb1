"""What people order and take back by hand. A preview is the act itself, rehearsed: it runs in a transaction that
nothing stays of, through the reconciler and the expander that every order goes through."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from warnengine.model.book import RuleBook
from warnengine.model.byhand import FAMILY, Load
from warnengine.model.errors import Clash, Refused
from warnengine.order.byhand import retraction
from warnengine.order.expand import GROUP, Expander
from warnengine.order.expand import Desk as PeopleDesk
from warnengine.order.preview import preview
from warnengine.order.reconcile import Desk as DistrictDesk
from warnengine.order.reconcile import Reconciler
from warnengine.order.wish import Row, Who, Wish, lacking, refuse, refuse_again, written

TRIES = 3
"""Of an act that clashes with receipts that come in."""


class Desk(Protocol):
    """A locked district; what happens here stays only where somebody keeps it."""

    @property
    def district(self) -> DistrictDesk:
        """For the reconciler."""

    @property
    def people(self) -> PeopleDesk:
        """For the expander."""

    def keep(self) -> None:
        """This is no rehearsal."""

    async def manual(self, id_: int) -> Row | None:
        """An order by hand, locked."""

    async def order(self, id_: int) -> Row | None:
        """A standing order with its newest version, locked."""

    async def of_root(self, family: str) -> Sequence[Row]:
        """What stands of an order by hand: id, unit, version."""

    async def sent(self, manual: Any, by: Sequence[str], break_glass: str | None, sha256: str) -> None:
        """It goes out, in the place of what it corrects."""

    async def withdrawn(self, order: int, words: str, why: str, by: str) -> bool:
        """An order is taken back; False where it has lapsed or is taken back already."""

    async def ended(self, root: int, unit: str) -> None:
        """One unit's part of an order by hand is over."""

    async def loads(self, change: int) -> Sequence[Load]:
        """The orders of a change, with how many people each goes to."""

    async def readers(self, change: int, orders: Sequence[int]) -> Sequence[Row]:
        """Texts of a change that tell of these orders: short, people, without, who, channels."""

    async def ask_afterwards(self, change: int, loads: Sequence[Load], sha256: str, author: str) -> int:
        """The authority is asked to approve what one person alone has sent."""

    async def in_force(self) -> str:
        """Hash of the rule book that counts; empty where none was published."""

    async def seal(self, kind: str, body: dict[str, Any]) -> None:
        """A row of the chain."""


class Store(Protocol):
    """Where people find the desk, and drafts are kept."""

    def desk(self, district: str) -> AbstractAsyncContextManager[Desk]:
        """The district, locked. Unless it is kept, nothing of what happens stays."""

    async def draft(self, district: str, author: str, words: dict[str, Any]) -> int:
        """Keep a draft; its number."""

    async def edit(self, id_: int, editor: str, words: dict[str, Any]) -> bool:
        """Write a draft anew; False where it was sent or discarded."""

    async def approve(self, manual: int, sha256: str, by: str, role: str) -> None:
        """Somebody has looked at exactly this preview and says yes."""

    async def approvals(self, manual: int, sha256: str) -> Sequence[tuple[str, str]]:
        """Who has said yes to exactly this: name and role."""

    async def manual(self, id_: int) -> Row | None:
        """An order by hand as it was written."""

    async def now(self) -> datetime:
        """Engine time."""


@dataclass(frozen=True, slots=True)
class Made:
    """What an act makes, whether it stays or not."""

    change: int
    loads: tuple[Load, ...]
    preview: dict[str, Any]

    @property
    def sha256(self) -> str:
        """Of all that was decided, not of the clock."""
        return str(self.preview["confirm"])


@dataclass(frozen=True, slots=True)
class Hand:
    """Carries out what people decide beside the rules."""

    reconciler: Reconciler
    expander: Expander
    store: Store
    mode: str
    """live, demo, drill or trial."""

    @property
    def book(self) -> RuleBook:
        """The book that orders are made with."""
        return self.reconciler.book

    async def draft(self, wish: Wish, author: Who) -> dict[str, Any]:
        """Keep what somebody wants, and show what it would do. Nothing is sent."""
        refuse(wish, self.book, await self.store.now())
        words = written(wish, await self._root(wish))
        return await self.preview(await self.store.draft(self.book.district.code, author.name, words))

    async def edit(self, id_: int, wish: Wish, editor: Who) -> dict[str, Any]:
        """Write a draft anew; it is the editor's now, and nobody has said yes to it."""
        refuse(wish, self.book, await self.store.now())
        if not await self.store.edit(id_, editor.name, written(wish, None)):
            refuse_again(id_, await self.store.manual(id_))
        return await self.preview(id_)

    async def preview(self, id_: int) -> dict[str, Any]:
        """What sending a draft would do now."""
        return await again(lambda: self._previewed(id_))

    async def _previewed(self, id_: int) -> dict[str, Any]:
        async with self._sent(id_, ("预览", "预览"), None, "预览") as (_, made):
            return {"manual": id_, **made.preview}

    async def send(self, id_: int, who: Who, confirm: str, break_glass: str | None) -> dict[str, Any]:
        """Say yes to a preview; where that is enough, it goes at once."""
        preview = await self.preview(id_)
        manual = await self.store.manual(id_)
        assert manual is not None
        if confirm != preview["confirm"]:
            raise Refused(409, f"第{id_}号临时指令的内容或范围与所确认的预览不同:请重新预览,核对后再发出。")
        author = str(manual["author"])
        if author != who.name:
            await self.store.approve(id_, confirm, who.name, who.role)
        yes = await self.store.approvals(id_, confirm)
        if why_not := lacking(author, who.name, yes, preview["over"], break_glass):
            if who.name == author:
                raise Refused(403, why_not)
            return {"sent": False, "missing": why_not, **preview}
        by = tuple(dict.fromkeys((author, *(name for name, _ in yes))))

        async def carried_out() -> dict[str, Any]:
            async with self._sent(id_, by, break_glass, confirm) as (desk, made):
                if made.sha256 != confirm or lacking(author, who.name, yes, made.preview["over"], break_glass):
                    raise Refused(409, f"第{id_}号临时指令的范围刚刚有变:请重新预览,核对后再发出。")
                await _seal(desk, manual, made, by, break_glass)
                desk.keep()
                return {"sent": True, "manual": id_, **made.preview}

        return await again(carried_out)

    async def withdraw(
        self, order: int, who: Who, why: str, confirm: str | None, *, mistake: bool
    ) -> dict[str, Any]:
        """Take an order back: without `confirm` what that would do, with it, done.

        mistake: its people read that it was sent in error; otherwise that it is over.
        """
        return {"order": order, **await self.withdraw_all((order,), who, why, confirm, mistake=mistake)}

    async def withdraw_all(
        self, orders: Sequence[int], who: Who, why: str, confirm: str | None, *, mistake: bool
    ) -> dict[str, Any]:
        """The same with several at once, all or none: what was sent by mistake mostly went to many units."""
        return await again(lambda: self._withdrawn(orders, who, why, confirm, mistake=mistake))

    async def _withdrawn(
        self, orders: Sequence[int], who: Who, why: str, confirm: str | None, *, mistake: bool
    ) -> dict[str, Any]:
        async with self.store.desk(self.book.district.code) as desk:
            for order in orders:
                await self._taken_back(desk, order, who, why, mistake=mistake)
            made = await self.make(desk, lambda load: load.order in orders)
            if confirm is None:
                return {"withdrawn": False, **made.preview}
            if confirm != made.sha256:
                raise Refused(409, f"第{_numbers(orders)}号指令刚刚有变:请重新预览,核对后再撤回。")
            body = {"by": who.name, "why": why, "mistake": mistake, "sha256": confirm}
            for order in orders:
                await desk.seal("withdrawal", {"order": order, **body, "people": made.preview["people"]})
            desk.keep()
            return {"withdrawn": True, **made.preview}

    async def _taken_back(self, desk: Desk, order: int, who: Who, why: str, *, mistake: bool) -> None:
        row = await desk.order(order)
        if row is None:
            raise Refused(404, f"没有第{order}号指令:用 GET /v1/orders 查看编号。")
        versions = await desk.people.versions([row["version"]])
        words = retraction(versions[row["version"]]) if mistake else ""
        if row["lapsed_at"] or not await desk.withdrawn(order, words, why, who.name):
            raise Refused(409, f"第{order}号指令已经解除或撤回,不用再撤。")
        if row["family"].startswith(FAMILY):
            await desk.ended(int(row["family"].removeprefix(FAMILY)), row["unit"])

    @asynccontextmanager
    async def _sent(
        self, id_: int, by: Sequence[str], break_glass: str | None, sha256: str
    ) -> AsyncIterator[tuple[Desk, Made]]:
        """Send a draft; nothing of it stays unless the desk is told to keep it."""
        async with self.store.desk(self.book.district.code) as desk:
            manual = await desk.manual(id_)
            refuse_again(id_, manual)
            assert manual is not None
            family = f"{FAMILY}{manual['root']}"
            await desk.sent(manual, by, break_glass, sha256)
            for row in await desk.of_root(family):
                if row["unit"] not in manual["units"]:
                    versions = await desk.people.versions([row["version"]])
                    words = retraction(versions[row["version"]])
                    await desk.withdrawn(row["id"], words, manual["why"], by[-1])
            yield desk, await self.make(desk, lambda load: load.version.change.key.family == family)

    async def make(self, desk: Desk, ours: Callable[[Load], bool]) -> Made:
        """Let the engine do what was decided; what that made. Refused where it changes nothing."""
        made = await self.carry_out(desk, ours)
        if made is None:
            raise Refused(409, "与现行指令没有不同,不用再发。")
        return made

    async def carry_out(self, desk: Desk, ours: Callable[[Load], bool]) -> Made | None:
        """The same; None where it changes nothing."""
        if await desk.in_force() not in ("", self.book.hash):
            raise Refused(409, "规则刚刚换了新版:请刷新,按新规则重新预览。")
        change = await self.reconciler.reconcile(desk.district)
        if change is None:
            return None
        while not await self.expander.expand(desk.people, change, GROUP):
            pass
        loads = tuple(load for load in await desk.loads(change) if ours(load))
        texts = await desk.readers(change, [load.order for load in loads])
        return Made(change, loads, preview(loads, texts, self.book, self.mode))

    async def _root(self, wish: Wish) -> int | None:
        if wish.corrects is None:
            return None
        corrected = await self.store.manual(wish.corrects)
        if corrected is None or not corrected["sent_at"] or corrected["ended_at"]:
            raise Refused(409, f"第{wish.corrects}号临时指令不在执行中,不能更正:要发新的,去掉 corrects。")
        return int(corrected["root"])


async def again(act: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    """Do it; after a clash, of which nothing stays, once or twice more."""
    for _ in range(TRIES - 1):
        try:
            return await act()
        except Clash:
            continue
    return await act()


async def _seal(desk: Desk, manual: Row, made: Made, by: Sequence[str], break_glass: str | None) -> None:
    body = {
        "id": manual["id"],
        "by": by,
        "sha256": made.sha256,
        "people": made.preview["people"],
        "why": manual["why"],
    }
    await desk.seal("manual_order", body)
    if break_glass:
        asked = await desk.ask_afterwards(made.change, made.loads, made.sha256, manual["author"])
        await desk.seal("break_glass", {**body, "reason": break_glass, "approval": asked})


def _numbers(orders: Sequence[int]) -> str:
    return "、".join(map(str, orders))
