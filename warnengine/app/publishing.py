"""Publishing a rule book: one person submits it, another approves exactly what is shown, and it counts at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from warnengine import rulebook
from warnengine.match.desired import desired
from warnengine.model.book import RuleBook
from warnengine.model.errors import Refused, RuleBookError
from warnengine.model.finding import Severity, together
from warnengine.model.publication import Publication
from warnengine.order.bring import Bringer
from warnengine.order.preview import MODES
from warnengine.order.publication import left_alone, obstacles
from warnengine.order.wish import Who
from warnengine.store.books import SHORT, BookDesk, BookStore

if TYPE_CHECKING:
    from warnengine.app.engine import Engine

AUTHORS = {"bureau", "leader"}
APPROVERS = {"leader"}
"""Roles of operators: the bureau writes the rules, a leader answers for them."""
LISTED = 40
"""Entries of a list that are shown whole."""
LEAST = 6
"""Letters of a hash that name a book."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A book that somebody wants in force, read and judged."""

    book: RuleBook
    files: Mapping[str, str]
    samples: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    """What lint says of it beside errors, which refuse it."""
    known: bool = False
    """It has been in force here before."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a book would change, and what stands against it."""

    shown: dict[str, Any] = field(default_factory=dict)
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Publisher:
    """Over one engine."""

    engine: Engine

    @property
    def store(self) -> BookStore:
        """Where books are kept."""
        return self.engine.library.store

    @property
    def _code(self) -> str:
        return self.engine.book.district.code

    async def look(self, files: Mapping[str, str], name: str = "rules") -> dict[str, Any]:
        """What publishing these files would change. Refused where lint finds an error. Nothing is kept."""
        offer = await self._offer(files, name)
        async with self.store.desk(self._code) as desk:
            seen = await self._seen(desk, offer)
            return seen.shown | {"against": list(seen.against)}

    async def submit(self, files: Mapping[str, str], who: Who, why: str, name: str = "rules") -> dict[str, Any]:
        """Keep a book for its approval, with what it would change. Refused with the list where it must not be."""
        _must(who, AUTHORS, "提交规则", "区局人员(bureau)或带班领导(leader)")
        return await self._submit(await self._offer(files, name), who, why)

    async def rollback(self, short: str, who: Who, why: str) -> dict[str, Any]:
        """Submit a book that was in force before; it is approved as every other."""
        _must(who, AUTHORS, "提交规则", "区局人员(bureau)或带班领导(leader)")
        named = await self._named(short)
        if not any(one.since for one in named):
            raise Refused(409, f"规则{short}没有生效过,不能恢复:用 warnengine rules versions 查看哪些生效过。")
        return await self._submit(await self._kept(named[0].hash), who, why)

    async def approve(self, short: str, who: Who, confirm: str | None) -> dict[str, Any]:
        """Put a submitted book in force: without `confirm` what that would change, with it, done."""
        _must(who, APPROVERS, "批准规则", "带班领导(leader)")
        waiting = await self._open(short)
        offer = await self._kept(waiting.hash)
        async with self.store.desk(self._code) as desk:
            one = await desk.hold(waiting.id)
            if not one.open:
                raise Refused(409, f"规则{short}已由{one.approved_by or one.ended_by}处理,不用再批。")
            if one.by == who.name:
                raise Refused(403, f"规则{short}是{who.name}本人提交的:要另一个人来批准。")
            seen = await self._seen(desk, offer)
            _refuse_against(seen)
            if confirm is None:
                return {"published": False, **_who(one), **seen.shown}
            if confirm != seen.shown["confirm"]:
                raise Refused(
                    409, f"规则{short}要改变的与所确认的不同了(现行规则刚有变):请重新预览,核对后再批准。"
                )
            facts = {"sha256": confirm, "counts": seen.shown["measures"], "samples": len(offer.samples)}
            await desk.put_in_force(one, who.name, await self._deferred(desk, offer.book), facts)
            done = {"published": True, **_who(one), **seen.shown}
        self.engine.loops.bell.ring()
        return done

    async def withdraw(self, short: str, who: Who) -> dict[str, Any]:
        """Take a submission back: whoever submitted it, or a leader."""
        waiting = await self._open(short)
        if who.name != waiting.by:
            _must(who, APPROVERS, "撤回他人提交的规则", "提交人本人或带班领导(leader)")
        async with self.store.desk(self._code) as desk:
            one = await desk.hold(waiting.id)
            if not one.open:
                raise Refused(409, f"规则{short}已由{one.approved_by or one.ended_by}处理,不能再撤回。")
            await desk.end(one, who.name)
        return {"withdrawn": True, "hash": one.hash, "by": who.name}

    async def versions(self) -> list[dict[str, Any]]:
        """Every publication, newest first."""
        return await self.store.versions(self._code)

    async def kept(self, short: str) -> dict[str, Any]:
        """A book as it was published or submitted: its hash and its files."""
        hash_ = (await self._named(short))[0].hash
        return {"hash": hash_, "files": await self.store.files(hash_)}

    async def bring(self, units: Sequence[str], who: Who, confirm: str | None) -> dict[str, Any]:
        """Bring standing orders to the book in force: without `confirm` what that would do, with it, done."""
        _must(who, {"duty", "leader"}, "更新现行指令", "值班员(duty)或带班领导(leader)")
        await self.engine.follow()
        done = await Bringer(self.engine.hand, self._older).bring(units, who, confirm)
        self.engine.loops.bell.ring()
        return done

    async def _older(self, hash_: str) -> RuleBook | None:
        try:
            return await self.engine.library.book(hash_)
        except RuleBookError:  # of a version that read it otherwise: the words in the store are compared alone
            return None

    async def _submit(self, offer: Offer, who: Who, why: str) -> dict[str, Any]:
        hash_, district = offer.book.hash, self.engine.book.district
        await self.engine.orders.found(district.code, district.name)  # rules may come before people
        async with self.store.desk(self._code) as desk:
            seen = await self._seen(desk, offer)
            _refuse_against(seen)
            facts = {"counts": seen.shown["measures"], "samples": len(offer.samples), "base": seen.shown["base"]}
            if await desk.submit(hash_, offer.files, who.name, why, facts) is None:
                raise Refused(
                    409,
                    f"规则{hash_[:SHORT]}已经提交,正等批准:另一人运行 warnengine rules approve {hash_[:SHORT]}。",
                )
        return {"submitted": True, "by": who.name, "why": why, **seen.shown}

    async def _offer(self, files: Mapping[str, str], name: str) -> Offer:
        book, draft, findings = rulebook.judged(files, name)
        if book is None or draft is None:
            errors = [one for one in findings if one.severity is Severity.ERROR]
            raise Refused(422, "\n".join([f"规则有{len(errors)}处错误,不能发布:", *together(errors)]))
        warnings = tuple(together(one for one in findings if one.severity is Severity.WARNING))
        known = any(one.since for one in await self.store.named(self._code, book.hash))
        return Offer(book, files, *rulebook.unproven(draft), warnings=warnings, known=known)

    async def _kept(self, hash_: str) -> Offer:
        files = await self.store.files(hash_)
        if files is None:
            raise Refused(404, f"没有保存规则{hash_[:SHORT]}:用 warnengine rules versions 查看。")
        return await self._offer(files, f"规则{hash_[:SHORT]}")

    async def _seen(self, desk: BookDesk, offer: Offer) -> Seen:
        """What would change now, beside the book in force."""
        base = await desk.in_force() or self.engine.book.hash
        before = self.engine.book if base == self.engine.book.hash else await self._older(base) or self.engine.book
        was = await self.store.files(base) or rulebook.whole(self.engine.settings.rules)  # before the first start
        change = rulebook.summary(before, offer.book, was, offer.files)
        standing = await desk.district.standing()
        against = [*obstacles(standing, await desk.undecided(), before, offer.book)]
        mode = self.engine.settings.installation
        if mode == "live" and offer.samples and not offer.known:
            against.append(_samples(offer.samples))
        if offer.book.hash == base:
            against.append(f"规则{base[:SHORT]}就是现行规则,不用发布。")
        counts = {"added": len(change.added), "changed": len(change.changed), "removed": len(change.removed)}
        thresholds = f",改动{len(change.thresholds)}个阈值" if change.thresholds else ""
        people = await desk.people(change.units)
        waits = await self._deferred(desk, offer.book)
        named = offer.book.units | before.units
        says = (
            f"{MODES[mode]}:批准后规则{offer.book.hash[:SHORT]}立即生效:新增{counts['added']}条、"
            f"改{counts['changed']}条、删{counts['removed']}条措施{thresholds},涉及{len(change.units)}个单位{people}人;"
            f"现行{len(standing)}条指令仍按原规则,不变"
        )
        shown = {
            "hash": offer.book.hash,
            "base": base,
            "mode": MODES[mode],
            "says": says,
            "measures": counts,
            "ids": {"added": change.added, "changed": change.changed, "removed": change.removed},
            "files": list(change.files),
            "units": [named[code].short for code in change.units],
            "people": people,
            "standing": len(standing),
            "waits": [f"{named[key.unit].short}/{key.hazard}" for key in waits if key not in standing],
            "samples": list(offer.samples),
            "unconfirmed": list(offer.unconfirmed),
            "warnings": list(offer.warnings),
            "confirm": _sha256(mode, base, offer.book.hash, counts, change.units),
        }
        return Seen(shown, tuple(against))

    async def _deferred(self, desk: BookDesk, book: RuleBook) -> Any:
        """What the book alone would order today."""
        reconciler = self.engine.reconciler
        forces = reconciler.situation.forces(await desk.district.cells(), await desk.district.now())
        return left_alone(desired(forces, book, frozenset()), await desk.district.standing(), book.hash)

    async def _named(self, short: str) -> list[Publication]:
        if len(short) < LEAST:
            raise Refused(422, f"规则编号“{short}”太短:至少写前{LEAST}位,见 warnengine rules versions。")
        found = await self.store.named(self._code, short)
        if not found:
            raise Refused(404, f"没有规则{short}:用 warnengine rules versions 查看。")
        if len({one.hash for one in found}) > 1:
            raise Refused(409, f"有几版规则都以{short}开头:请多写几位。")
        return found

    async def _open(self, short: str) -> Publication:
        named = await self._named(short)
        waiting = next((one for one in named if one.open), None)
        if waiting is None:
            state = "正在生效" if any(one.counts for one in named) else "没有等待批准的提交"
            raise Refused(
                409, f"规则{short}{state}:用 warnengine rules versions 查看;要再用它,先 rules rollback。"
            )
        return waiting


def _must(who: Who, roles: set[str], act: str, may: str) -> None:
    if who.role not in roles:
        raise Refused(403, f"{who.name}不能{act}:请{may}来做。")


def _refuse_against(seen: Seen) -> None:
    if seen.against:
        raise Refused(409, "\n".join(["这版规则现在不能发布:", *seen.against]))


def _samples(samples: Sequence[str]) -> str:
    more = f"\n  ……共{len(samples)}处" if len(samples) > LISTED else ""
    listed = "\n".join(f"  {one}" for one in samples[:LISTED])
    return (
        f"实战(LIVE)不能发布样例数据。以下{len(samples)}处标有 sample: true,是编的,不是真的:\n{listed}{more}\n"
        "怎么办:换成区局核实过的台账,去掉 sample: true;没有台账的先把整条删掉(没有点位,措施照发)。"
        "只想试一试的,在演练(warnengine drill)或试运行(WARNENGINE_INSTALLATION=trial)里发布。"
    )


def _who(one: Publication) -> dict[str, Any]:
    return {"by": one.by, "why": one.why, "submitted_at": one.submitted_at.isoformat()}


def _sha256(mode: str, base: str, hash_: str, counts: Mapping[str, int], units: Sequence[str]) -> str:
    """Over mode, both books and the figures of the sentence. Who holds a post may change."""
    what = [mode, base, hash_, dict(counts), list(units)]
    return hashlib.sha256(json.dumps(what, ensure_ascii=False).encode()).hexdigest()
