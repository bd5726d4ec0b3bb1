"""What the doctor finds in the database: its settings, partitions, the chain, the canary, the account."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

from warnengine.app.engine import Engine
from warnengine.app.settled import link_key
from warnengine.audit import anchor, chain
from warnengine.health import account
from warnengine.health.check import Check, some
from warnengine.health.paths import Colour, Proof, light
from warnengine.model.errors import StartRefused
from warnengine.store.account import AccountStore
from warnengine.store.doctor import DoctorStore


async def examine(engine: Engine) -> AsyncIterator[Check]:
    """Everything that the database alone can tell."""
    store = DoctorStore(engine.database)
    yield await _server(engine)
    yield await _schema(store)
    yield await _months(engine, store)
    yield await _locks(store)
    yield await _chain(engine)
    async for check in _canary(engine):
        yield check
    yield await _account(engine, AccountStore(engine.database))


async def _server(engine: Engine) -> Check:
    what = "database"
    try:
        await engine.database.refuse_unsafe()
        await engine.database.refuse_other_key(link_key(engine.settings))
    except StartRefused as error:
        return Check(what, "", False, str(error), "serve would refuse to start")
    return Check(what, "", True, "writes what it confirms, is no standby, keeps our time, knows our link key")


async def _schema(store: DoctorStore) -> Check:
    newest, ahead = await store.schema()
    do = "" if ahead >= 1 else "start the engine: it makes them at every start"
    return Check("schema", "", ahead >= 1, f"{newest}; partitions for {ahead} months to come", do)


async def _months(engine: Engine, store: DoctorStore) -> Check:
    strays = await store.without_month()
    if strays:
        do = "let the engine run an hour: it makes the month and moves them"
        return Check("months", some(strays), False, "rows lie in no month, for none was made in time", do)
    begun = await engine.keeper.store.unfinished()
    held = [month for month in await engine.keeper.plan() if month.held]
    if begun or held:
        names = some([f"{month:%Y-%m}" for month in begun] or [month.name for month in held])
        why = "began to go and is not gone" if begun else "; ".join(held[0].held)
        return Check("months", names, False, f"past its term: {why}", "`warnengine retention plan` names all")
    kept = engine.settings.retention.years
    return Check("months", "", True, f"kept for {kept} years" if kept else "kept for ever")


AT_ONCE = 8
"""Statements that look through every month at one time."""


async def _locks(store: DoctorStore) -> Check:
    room, most, now = await store.locks()
    if room >= most * AT_ONCE:
        return Check("locks", "", True, f"room for {room}, a statement takes {most} at most")
    do = f"set max_locks_per_transaction = {-(-now * most * AT_ONCE // room)} or more, and start PostgreSQL again"
    return Check("locks", "", False, f"room for {room}, and a statement may take {most}: sending may fail", do)


async def _chain(engine: Engine) -> Check:
    found = await chain.verify(engine.links(), anchor.read(engine.settings.anchors))
    if found.broken is not None:
        return Check(
            "audit chain", f"row {found.broken}", False, "a decision was changed or removed", "tell the bureau"
        )
    differing = await engine.differences(None)
    if differing:
        do = "`warnengine audit verify` names every row; tell the bureau"
        return Check("audit chain", "", False, f"{len(differing)} rows are not what was sealed", do)
    return Check("audit chain", "", True, f"{found.rows} decisions, the chain holds")


async def _canary(engine: Engine) -> AsyncIterator[Check]:
    without = [gateway.name for gateway in engine.settings.gateways if not gateway.canary]
    if without:
        do = "give each a loop-back number or mailbox as `canary`: until then only real orders show that it works"
        yield Check("canary", some(without), False, "no address to fly to", do)
    if not engine.canary.on:
        return
    now = await engine.canary.store.now()
    for row in await engine.canary.store.proofs():
        one = light(Proof(**row), now, engine.canary.every)
        bad = one.colour is not Colour.GREEN and not one.path.startswith("back/")
        age = f"{one.age.total_seconds():.0f} s ago" if one.age is not None else "never"
        do = "does the engine run? Look at this way in or gateway" if bad else ""
        yield Check("canary", one.path, not bad, f"came through {age}", do)


async def _account(engine: Engine, store: AccountStore) -> Check:
    row = await store.latest()
    every = timedelta(seconds=engine.settings.account_seconds)
    if row is None:
        return Check("account", "", False, "never made", "`warnengine report reconcile` makes one")
    colour = account.colour(row["at"], row["unexplained"], row["now"], every)
    minutes = int((row["now"] - row["at"]).total_seconds() // 60)
    found = f"{len(row['unexplained'])} unexplained, {minutes} min old"
    do = "" if colour is Colour.GREEN else "`warnengine report reconcile` makes a fresh one and names each"
    return Check("account", "", colour is Colour.GREEN, found, do)
