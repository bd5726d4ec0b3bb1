"""Consultations joined: a conclusion is shown by being drawn and undone, and goes the way of every warning."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from warnengine import metrics
from warnengine.ingest.intake import Intake
from warnengine.model.arrival import Arrival, Verdict
from warnengine.model.book import RuleBook
from warnengine.model.consultation import CONSULTATION, Conclusion
from warnengine.model.errors import Refused
from warnengine.model.order import Version
from warnengine.model.situation import Cell, CellKey
from warnengine.model.warning import Status
from warnengine.order import conclusion as rules
from warnengine.order import limits, saying
from warnengine.order.conclusion import Wanted
from warnengine.order.hand import Made, again
from warnengine.order.preview import preview
from warnengine.order.wish import Who
from warnengine.store.byhand import second_look
from warnengine.store.consultations import ConclusionDesk, ConclusionStore, Row, conclusion

if TYPE_CHECKING:
    from warnengine.app.engine import Engine

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Consulting:
    """Over one engine."""

    engine: Engine

    @property
    def store(self) -> ConclusionStore:
        """Where conclusions are kept."""
        return ConclusionStore(self.engine.database, self.book.district.code)

    @property
    def book(self) -> RuleBook:
        """By which orders are made."""
        return self.engine.book

    async def draft(self, wanted: Wanted, who: Who) -> dict[str, Any]:
        """Keep what somebody says was concluded, and show what it would do. Nothing counts yet."""
        cells, now = await self.store.situation()
        return await self._drafted(rules.concluded(wanted, self._scene(cells, now), self.book, now), who)

    async def withdraw(self, of: int, presided: str, took_part: str, why: str, who: Who) -> dict[str, Any]:
        """The same for the end of an earlier conclusion."""
        row = await self._row(of)
        if not row["said_at"] or row["withdrawn_by"]:
            raise Refused(409, f"第{of}号会商结论没有生效,或已经终止:不用再终止。")
        return await self._drafted(rules.withdrawal(conclusion(row), presided, took_part, why), who)

    async def preview(self, id_: int) -> dict[str, Any]:
        """What a draft would do now."""
        return await again(lambda: self._previewed(id_))

    async def confirm(self, id_: int, who: Who, confirm: str) -> dict[str, Any]:
        """Say yes to a preview: it counts from now on. What makes a danger less needs another person than its
        author."""
        row = await self._row(id_)
        if row["lightens"] and row["author"] == who.name:
            raise Refused(
                403, f"{who.name}是记录人:降级和终止要另一个人核对确认。请另一人登录确认,或在本页输入其本人口令。"
            )
        done = await again(lambda: self._confirmed(id_, who, confirm))
        self.engine.loops.bell.ring()
        metrics.WARNINGS.labels(CONSULTATION, Verdict.NEW.value).inc()
        log.info("consultation", number=id_, verb=row["verb"])
        return done

    async def discard(self, id_: int, who: Who) -> dict[str, Any]:
        """Throw a draft away."""
        if not await self.store.drop(id_, who.name):
            raise Refused(409, f"第{id_}号不是待确认的会商结论:已生效的请终止(填主持人和理由)。")
        return {"consultation": id_, "discarded": True}

    async def shown(self, most: int = 200) -> list[dict[str, Any]]:
        """Conclusions and drafts, newest first, each with what has become of it."""
        return [self._plain(row) for row in await self.store.all(most)]

    async def one(self, id_: int) -> dict[str, Any]:
        """A conclusion; what it would do, where it is a draft."""
        row = await self._row(id_)
        plain = self._plain(row)
        return plain if plain["state"] != "draft" else plain | await self.preview(id_)

    async def standing(self) -> list[dict[str, Any]]:
        """What is in force now: hazard, family, name, parts (level, towns by name), the gravest first."""
        cells, now = await self.store.situation()
        return saying.standing(self.engine.reconciler.situation.forces(cells, now), self.book)

    async def _drafted(self, one: Conclusion, who: Who) -> dict[str, Any]:
        needs = "请另一人核对确认" if one.lightens else "请核对确认"
        waits = f"第{{}}号会商结论待确认:{saying.headline(one, self.book)}({who.name}记录)。{needs}"
        return await self.one(await self.store.draft(one, who.name, waits))

    async def _previewed(self, id_: int) -> dict[str, Any]:
        async with self._said(id_, ("预览", "预览")) as (_, shown, __):
            return shown

    async def _confirmed(self, id_: int, who: Who, confirm: str) -> dict[str, Any]:
        row = await self._row(id_)
        async with self._said(id_, tuple(dict.fromkeys((row["author"], who.name)))) as (desk, shown, made):
            if confirm != shown["confirm"]:
                raise Refused(409, f"第{id_}号会商结论的影响与所看的预览不同了:请刷新页面重新核对,再确认。")
            if made:
                await self._look_and_tell(desk, made.change)
            body = {"id": id_, "by": [row["author"], who.name], "sha256": confirm, "people": shown["people"]}
            await desk.seal(CONSULTATION, body | {"says": shown["says_so"], "why": row["why"]})
            desk.keep()
        return {**self._plain(await self._row(id_)), **shown, "counts": True}

    @asynccontextmanager
    async def _said(
        self, id_: int, by: Sequence[str]
    ) -> AsyncIterator[tuple[ConclusionDesk, dict[str, Any], Made | None]]:
        """Let a draft count; nothing of it stays unless the desk is told to keep it."""
        async with self.store.desk() as desk:
            row = await desk.one(id_)
            _refuse_settled(id_, row)
            assert row is not None
            one, now = conclusion(row), await desk.district.now()
            rules.refuse_again(one, self._scene(await desk.district.cells(), now), self.book, now)
            await desk.say(id_, by)
            status = Status.ACTUAL if Status.ACTUAL in self.engine.mode.statuses else Status.EXERCISE
            message = saying.message(one, tuple(dict.fromkeys(by)), now, status, self.book)
            intake = Intake(desk, saying.read, saying.allowing(one.issuer, self.book), self.engine.mode.statuses)
            raw = saying.written(message)
            taken = await intake.judged(Arrival(CONSULTATION, message.identifier, raw, "application/json"))
            if taken.verdict is Verdict.QUARANTINED:
                raise Refused(409, f"第{id_}号会商结论没有被系统接收:{taken.explanation}")
            danger = (one.hazard, one.family)
            hand = self.engine.hand
            made = await hand.carry_out(desk, lambda load: load.version.change.key[1:] == danger)
            yield desk, self._shown(one, made, hand.mode), made

    def _shown(self, one: Conclusion, made: Made | None, mode: str) -> dict[str, Any]:
        """What would happen, and the hash that says that somebody saw it."""
        shown = made.preview if made else preview((), (), self.book, mode)
        ours = {"confirm": _sha256(one, made, self.book.hash, mode), "says_so": saying.headline(one, self.book)}
        more = {} if shown["orders"] else {"says": f"{shown['mode']}:指令没有变化,不发信息"}
        return shown | more | ours

    async def _look_and_tell(self, desk: ConclusionDesk, change: int) -> None:
        """As with any other message: what is too large waits for a leader, and a trial tells the duty room."""
        judge = partial(limits.held, book=self.book)
        if held := await second_look(desk.district, change, judge):
            log.warning("held for a second look", change=change, orders=len(held))
        if self.engine.digest:
            await self.engine.digest.tell(desk.people, change)

    def _scene(self, cells: Mapping[CellKey, Cell], now: datetime) -> rules.Scene:
        words = self.engine.reconciler.situation.words
        return {key: words(cell, now) for key, cell in cells.items()}

    async def _row(self, id_: int) -> Row:
        row = await self.store.one(id_)
        if row is None:
            raise Refused(404, f"没有第{id_}号会商结论:用 GET /v1/consultations 查看。")
        return row

    def _plain(self, row: Row) -> dict[str, Any]:
        """A conclusion as people and programs read it."""
        one = conclusion(row)
        names = {town.code: town.name for town in self.book.district.townships}
        return {
            "consultation": one.id,
            "identifier": one.identifier,
            "verb": one.verb.value,
            "zh": one.verb.zh,
            "state": state(row),
            "says_so": saying.headline(one, self.book),
            "hazard": one.hazard,
            "family": one.family,
            "levels": [
                {"town": town, "name": names.get(town, town), "level": level.key if level else None}
                for town, level in one.levels
            ],
            "until": one.until.isoformat() if one.until else None,
            "names": list(one.names),
            "of": row["of"],
            "presided": one.presided,
            "took_part": one.took_part,
            "why": one.why,
            "author": row["author"],
            "drafted_at": row["drafted_at"].isoformat(),
            "said_at": row["said_at"].isoformat() if row["said_at"] else None,
            "said_by": list(row["said_by"] or ()),
            "second": one.lightens,
        }


def state(row: Row) -> str:
    """draft, dropped, counts (over, of a lowering that has ended), withdrawn, done (of a withdrawal)."""
    if row["dropped_at"] or not row["said_at"]:
        return "dropped" if row["dropped_at"] else "draft"
    if row["withdrawn_by"]:
        return "withdrawn"
    if row["verb"] == "withdraw":
        return "done"
    return "over" if row["verb"] == "lower" and row["until"] <= row["now"] else "counts"


def _sha256(one: Conclusion, made: Made | None, book: str, mode: str) -> str:
    """Over the conclusion and all that it decides: not over clock times, which go on while people read."""
    orders = [_decided(load.version) for load in made.loads] if made else []
    what = [mode, book, one.id, one.verb, one.levels, one.until and one.until.timestamp(), one.names, orders]
    return hashlib.sha256(json.dumps(what, ensure_ascii=False).encode()).hexdigest()


def _decided(version: Version) -> list[Any]:
    change = version.change
    marks = [[mark.standing.measure, mark.standing.form, mark.mark, mark.words] for mark in version.measures]
    return [*change.key, change.kind, change.version, change.level, marks, version.posts, version.channels]


def _refuse_settled(id_: int, row: Row | None) -> None:
    if row is None:
        raise Refused(404, f"没有第{id_}号会商结论:用 GET /v1/consultations 查看。")
    if row["said_at"]:
        raise Refused(409, f"第{id_}号会商结论已由{'、'.join(row['said_by'])}确认生效:不用再确认。")
    if row["dropped_at"]:
        raise Refused(409, f"第{id_}号会商结论的草稿已作废:请重新填写。")
