"""What the doctor finds about people: posts, deputies, numbers, authorities."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from warnengine.app.engine import Engine
from warnengine.directory import gaps, gaps_ahead
from warnengine.health.check import Check, some
from warnengine.model.clock import BEIJING
from warnengine.model.finding import Finding, Severity
from warnengine.store.doctor import DoctorStore

UNPROVEN_DAYS = 90


async def examine(engine: Engine) -> AsyncIterator[Check]:
    """The address list that counts now, as `directory check` sees a file."""
    store, book = DoctorStore(engine.database), engine.book
    directory = await store.directory(book.district.code)
    if not await engine.people.count(book.district.code):
        yield Check("people", "", False, "nobody holds a post", "`warnengine directory import FILE`")
        return
    found = gaps(directory, book)
    errors = [one for one in found if one.severity is Severity.ERROR]
    others = [one for one in found if one.severity is Severity.WARNING]
    count = f"{len(directory.people)} people in {len(directory.holdings)} posts"
    yield Check("people", "", not errors, f"{count}{_first(errors)}", _fix(errors))
    alone = [one for one in others if one.what.endswith("没有B角")]
    yield Check("deputies", "", not alone, _first(alone).removeprefix("; ") or "everybody has one", _fix(alone))
    rest = [one for one in others if one not in alone]
    yield Check("numbers", "", not rest, _first(rest).removeprefix("; ") or "everybody can be reached", _fix(rest))
    ahead = gaps_ahead(directory, book, datetime.now(BEIJING))
    told = _first(ahead).removeprefix("; ") or "every shift and absence of the next month has somebody"
    yield Check("rota", "", not ahead, told, _fix(ahead))
    yield await _unproven(store, book.district.code)
    yield _authorities(engine, {(held.unit, held.post) for held in directory.holdings})


async def _unproven(store: DoctorStore, district: str) -> Check:
    names = await store.unproven(district, UNPROVEN_DAYS)
    found = f"{len(names)} numbers unproven for {UNPROVEN_DAYS} days: {some(names)}" if names else "all proven"
    do = "`warnengine report roll-call --start` proves them; correct what does not answer" if names else ""
    return Check("unproven numbers", "", not names, found, do)


def _authorities(engine: Engine, held: set[tuple[str, str]]) -> Check:
    rules = engine.book.approvals.values()
    missing = [
        f"{authority.unit}/{authority.post}"
        for rule in rules
        for authority in rule.authorities
        if (authority.unit, authority.post) not in held
    ]
    found = f"nobody holds {some(sorted(set(missing)))}" if missing else "somebody holds each post"
    do = "add them to the address list: compulsory orders would wait" if missing else ""
    return Check("approvals", "approvals.yaml", not missing, found, do)


def _first(findings: Sequence[Finding]) -> str:
    return f"; {len(findings)} complaints, first: {findings[0].what}" if findings else ""


def _fix(findings: Sequence[Finding]) -> str:
    return f"{findings[0].fix}; `warnengine directory check FILE` lists all" if findings else ""
