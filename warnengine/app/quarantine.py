"""The quarantine joined: kept bytes go again through the one intake, passing over what two people answer for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from warnengine import metrics
from warnengine.ingest import authority
from warnengine.ingest.formats.report import describe
from warnengine.ingest.intake import Intake
from warnengine.ingest.quarantine import plain_text
from warnengine.ingest.trust import Trust
from warnengine.model.arrival import Arrival, Verdict
from warnengine.model.errors import Refused, RefusedWarning
from warnengine.model.quarantine import AUTHORITY, RELEASABLE, SIGNATURES, STALE, Case, words_of
from warnengine.model.reasons import CHINESE
from warnengine.store.quarantine import CaseDesk, QuarantineStore
from warnengine.store.shapes import plain

if TYPE_CHECKING:
    from warnengine.app.engine import Engine

log = structlog.get_logger()
OUTCOMES = {
    "admitted": "已重读收下",
    "released": "已两人放行",
    "junk": "已关闭",
    "repeat": "与已处理的一份相同",
    "nothing": "不用处理",
    "before": "升级前的,未登记",
}
STATES = {"open": True, "closed": False}


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Over one engine."""

    engine: Engine

    @property
    def store(self) -> QuarantineStore:
        """Where cases are kept."""
        return QuarantineStore(self.engine.database)

    async def listed(
        self, state: str = "all", reason: str | None = None, within: timedelta | None = None, most: int = 200
    ) -> list[dict[str, Any]]:
        """What was not let in, newest first. state: open, closed or all."""
        rows = await self.store.listed(still_open=STATES.get(state), reason=reason, within=within, most=most)
        return [_shown(row) for row in rows]

    async def count(self) -> int:
        """How many wait for a person."""
        return await self.store.count()

    async def one(self, arrival: int) -> dict[str, Any]:
        """One case: its text, how it is read, what people did, what may be done."""
        row = await self.store.one(arrival)
        if row is None:
            raise _unknown(arrival)
        raw: bytes = row.pop("raw")
        text, more = plain_text(raw)
        history = [plain(one) for one in row.pop("history")]
        releasable = row["open"] and row["reason"] in RELEASABLE
        return _shown(plain(row)) | {
            "size": len(raw), "text": text, "more": more, "read": self._reading(raw), "history": history,
            "releasable": releasable,
        }  # fmt: skip

    async def retry(self, arrival: int, by: str) -> dict[str, Any]:
        """Read it anew by the rules of now. What is let in is closed; else the reason of now is kept."""
        async with self._case(arrival) as desk:
            try:
                await self._intake(desk, frozenset()).again(await self._again(desk))
                left = desk.again.left if desk.again else None
            except RefusedWarning as refusal:
                left = Case(refusal.reason, words_of(refusal), part=desk.row["part"])
            if left:
                await desk.left(left, by)
            else:
                await self._let_in(desk, "admitted", by, "重读,按现在的规则收下")
        self._tell(arrival, "retried" if left else "admitted")
        return await self.one(arrival)

    async def ask(self, arrival: int, by: str, why: str) -> dict[str, Any]:
        """Ask that it be let in; another person must agree."""
        async with self._case(arrival) as desk:
            reasons = await self._objections(desk)
            await desk.ask(by, why, sorted(reasons))
        self._tell(arrival, "asked")
        return await self.one(arrival)

    async def agree(self, arrival: int, by: str) -> dict[str, Any]:
        """Let it in: another person than who asked, and for nothing more than was asked."""
        async with self._case(arrival) as desk:
            asked_by = desk.row["asked_by"]
            if not asked_by:
                raise Refused(409, f"第{arrival}号还没有人申请放行:请先由一人写明理由申请,再由另一人同意。")
            if asked_by == by:
                raise Refused(403, f"第{arrival}号是{by}本人申请放行的:要另一个人核对后同意。")
            reasons = await self._objections(desk)
            if more := reasons - set(desk.row["asked_for"]):
                raise Refused(409, f"申请以后又多了不收的原因({_named(more)}):请看原文后重新申请。")
            await self._intake(desk, reasons).again(await self._again(desk))
            await self._let_in(desk, "released", by, desk.row["asked_why"])
        self._tell(arrival, "released")
        return await self.one(arrival)

    async def close(self, arrival: int, by: str, why: str) -> dict[str, Any]:
        """It is junk, or has been dealt with by hand."""
        async with self._case(arrival) as desk:
            await desk.close("junk", by, why)
        self._tell(arrival, "junk")
        return await self.one(arrival)

    @asynccontextmanager
    async def _case(self, arrival: int) -> AsyncIterator[CaseDesk]:
        async with self.store.desk(arrival) as desk:
            if desk is None:
                raise _unknown(arrival)
            row = desk.row
            if not row["open"]:
                by = f"({row['closed_by']})" if row["closed_by"] else ""
                raise Refused(409, f"第{arrival}号{OUTCOMES.get(row['outcome'], '已处理')}{by}:不用再处理。")
            yield desk

    async def _again(self, desk: CaseDesk) -> Arrival:
        """The kept bytes under their own source; each reading has a place of its own."""
        row = desk.row
        past = await self.store.one(row["id"])
        count = len(past["history"]) if past else 0
        place = f"quarantine/{row['id']}/{count + 1}"
        return Arrival(row["source"], place, row["raw"], row["media_type"], received_at=row["received_at"])

    async def _objections(self, desk: CaseDesk) -> frozenset[str]:
        """Everything that stands against a message, found by passing over one after the other; Refused where
        something does that nobody can pass over, or nothing does."""
        passed: frozenset[str] = frozenset()
        while True:
            reason, words = await self._objection(desk, passed)
            if not reason:
                break
            if reason not in RELEASABLE or reason in passed:
                raise Refused(409, f"第{desk.row['id']}号不能放行:{words}")
            passed |= {reason}
        if not passed:
            raise Refused(409, f"第{desk.row['id']}号按现在的规则可以收下:请点“重读”,不用放行。")
        return passed

    async def _objection(self, desk: CaseDesk, passed: frozenset[str]) -> tuple[str, str]:
        """What stands against it still, in a rehearsal; empty where nothing does."""
        async with desk.rehearsed():
            try:
                await self._intake(desk, passed).again(await self._again(desk))
            except RefusedWarning as refusal:
                return refusal.reason, words_of(refusal)
            left = desk.again.left if desk.again else None
            return (left.reason, left.words) if left else ("", "")

    def _intake(self, desk: CaseDesk, passed: frozenset[str]) -> Intake:
        """The engine's own intake over this transaction, passing over what two people answer for."""
        intake = self.engine.intake
        book, asked = intake.book, intake.trust
        if passed & AUTHORITY:
            book = authority.allowing(intake.read(desk.row["raw"]), book)

        def trust(source: str) -> Trust:
            found = asked(source)
            pins = None if passed & SIGNATURES else found.pins
            return replace(found, pins=pins, window=None if STALE in passed else found.window)

        return replace(intake, store=desk, book=book, trust=trust)

    async def _let_in(self, desk: CaseDesk, outcome: str, by: str, why: str) -> None:
        assert desk.again
        await desk.close(outcome, by, why, desk.again.kept)
        metrics.WARNINGS.labels(desk.row["source"], Verdict.NEW.value).inc()

    def _reading(self, raw: bytes) -> dict[str, Any]:
        """How the engine reads it, whatever its sender may."""
        try:
            found = self.engine.intake.read(raw)
        except RefusedWarning as refusal:
            return {"warnings": [], "problem": words_of(refusal)}
        warnings = [one for warning in found for one in describe(warning)]
        return {"warnings": warnings, "problem": ""}

    def _tell(self, arrival: int, act: str) -> None:
        self.engine.loops.bell.ring()
        log.info("quarantine", arrival=arrival, act=act)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """A case with what it is called: `words` in Chinese, `title` in short, `state`."""
    reason = row["reason"] or ""
    words = CHINESE.get(reason, row["explanation"] or reason)
    if row["words"] and not row["words"].isascii():
        words = row["words"]
    state = "open" if row["open"] else "closed"
    return row | {"words": words, "state": state, "became": OUTCOMES.get(row["outcome"] or "", "")}


def _named(reasons: frozenset[str]) -> str:
    return ";".join(CHINESE.get(reason, reason) for reason in sorted(reasons))


def _unknown(arrival: int) -> Refused:
    return Refused(404, f"隔离里没有第{arrival}号来文:用 GET /v1/quarantine 查看编号。")
