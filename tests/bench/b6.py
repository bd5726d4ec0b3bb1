"""B6: a store with a history: rates against an empty one, a receipt by its id, a month that is dropped."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from tests.bench import b1, gateways
from tests.bench.engine import Engine
from tests.bench.night import HAZARDS, warning
from tests.bench.postgres import Connection
from tests.bench.process import Failed
from tests.bench.stand import Sample, Stand
from warnengine.store.database import Database
from warnengine.store.retention import RetentionStore

REDS = 3
RECEIPTS = 200
PIECE = 250_000
"""Old deliveries written in one transaction."""
BOOK = "INSERT INTO rule_book (hash, files) VALUES ('history', '{}') ON CONFLICT DO NOTHING"
CHANGES = """
INSERT INTO change (district, made_at, because, expanded_at)
SELECT '500151', now(), '{}', now() FROM generate_series(0, $1::bigint / 1000)"""
WORDS = """
INSERT INTO text (change, versions, purpose, short, subject, body, html, sha256)
SELECT max(id), '{}', 'order', '旧指令', '旧指令', '旧指令', '', '\\x' FROM change"""
HISTORY = {
    "bundle": """INSERT INTO bundle (id, district, change, person, purpose, kind, level, lane, versions, text, posts, code,
                                     made_at, not_after, judged_at)
        SELECT bundle, '500151', (SELECT min(id) FROM change) + n / 1000, 'p' || n % 1000, 'order', 'issue', 4, 3, '{}',
               (SELECT max(id) FROM text), '{}', sha256(int8send(bundle)), at, at + interval '3 hours', at FROM old""",
    "delivery": """INSERT INTO delivery (id, bundle, channel, address, chunk)
        SELECT bundle, bundle, 'sms', '+86188' || lpad((n % 100000000)::text, 8, '0'), -1 - n / 1000 FROM old""",
    "attempt": """INSERT INTO attempt (delivery, number, chunk, owner, epoch, gateway, client_id, purpose, text_sha256,
                                       intended_at)
        SELECT bundle, 1, -1 - n / 1000, 'history', 1, 'sms', lpad(to_hex(n), 16, '0'), 'first', sha256(int8send(n)), at FROM old""",
    "delivery_event": """INSERT INTO delivery_event (delivery, number, at, what, gateway)
        SELECT bundle, 1, at + pause, what, 'sms'
        FROM old, (VALUES ('accepted', interval '1 s'), ('delivered', interval '3 s')) AS said(what, pause)""",
    "part": """INSERT INTO part (gateway, provider_id, delivery, number, part, parts, address, accepted_at, fate)
        SELECT 'sms', 'f' || lpad(to_hex(n), 11, '0'), bundle, 1, 1, 1, '+86188' || lpad((n % 100000000)::text, 8, '0'),
               at, 'delivered' FROM old""",
    "receipt": """INSERT INTO receipt (id, gateway, sha256, raw, provider_id, address, fate, code, received_at, matched_at)
        SELECT bundle, 'sms', sha256(int8send(n)), int8send(n), 'f' || lpad(to_hex(n), 11, '0'), '', 'delivered', '', at, at FROM old""",
    "obligation": """INSERT INTO obligation (version, district, person, bundle, chased, counts, state, acked_at)
        SELECT bundle, '500151', 'p' || n % 1000, bundle, true, false, 'acked', at FROM old""",
    "timer": """INSERT INTO timer (bundle, step, act, due, fired_at, outcome) SELECT bundle, 1, 'again', at, at, 'answered' FROM old""",
}
SEALED = """
INSERT INTO audit (seq, at, kind, body, hash)
SELECT last.seq + 1, moment, 'seal', told, audit_hash(last.hash, last.seq + 1, moment, 'seal', told)
FROM (SELECT * FROM audit ORDER BY seq DESC LIMIT 1) AS last, LATERAL (SELECT now() - interval '2 days') AS long(moment),
     jsonb_build_object('since', '{"at": "-infinity", "text": 0, "answer": 0, "version": 0}'::jsonb,
                        'upto', seal_mark() - 'xid', 'texts', '[]'::jsonb, 'answers', '[]'::jsonb, 'sent', '[]'::jsonb)
     AS told"""
"""A history was sealed as it grew, not when the engine starts."""
OLD = """WITH old AS MATERIALIZED (
    SELECT n::bigint, at, id_at(at) | ((n::bigint & 262143) << 4) AS bundle
    FROM (SELECT n, $1::timestamptz + n * $2::interval AS at FROM generate_series($3::bigint, $4::bigint - 1) AS n) AS moments
) """


async def measure(stand: Stand) -> None:
    """An empty store and an old one, in the same way."""
    count, history = stand.plan.peer_size, stand.plan.history
    new = await stand.repeated("empty store", count, lambda: reds(stand, count, 0), 1)
    old = await stand.repeated(f"store of {history:,}", count, lambda: reds(stand, count, history), 1)
    if new and old:
        stand.values["B6.rate_ratio"] = old["rate"] / new["rate"]
        stand.values["B6.receipt_ms"] = old["receipt_ms"]
        stand.values["B6.retention_s"] = old["retention_s"]


async def reds(stand: Stand, count: int, history: int) -> Sample:
    """Several reds of different hazards in one store; medians. Then receipts one by one, and the oldest month."""
    found: Sample = {}
    async with stand.server.database(await stand.crowd(count)) as database:
        gateway = gateways.smpp(stand.ports, b1.WINDOW)
        async with stand.engine(database, stand.short, [gateway]):
            pass  # it makes its partitions
        if history:
            async with stand.server.connection(database) as connection:
                found["writing_s"] = await write(connection, history)
        async with stand.engine(database, stand.short, [gateway]) as engine:
            rates = [await rate(stand, engine, database, hazard, count) for hazard in list(HAZARDS)[:REDS]]
            found |= {"rate": sorted(rates)[len(rates) // 2]}
            found["receipt_ms"] = await one_by_one(stand, engine, database, list(HAZARDS)[REDS])
            began = time.time()
            await engine.listed("orders")
            found["orders_s"], began = time.time() - began, time.time()
            await engine.listed("deliveries", most="5000")
            found["deliveries_s"], began = time.time() - began, time.time()
            async with engine.web.get("/metrics") as answer:
                await answer.read()
            found["metrics_s"] = time.time() - began
            if history:
                found["retention_s"] = await drop(stand, database)
    return found


async def rate(stand: Stand, engine: Engine, database: str, hazard: str, count: int) -> float:
    """Messages a second, from the acceptance of a red to its last receipt."""
    await stand.reset()
    await engine.warn(warning(stand.town_names, hazard))
    await stand.until("the last receipt", lambda seen: seen["smpp_receipts"]["taken"] >= count, engine)
    settled = f"SELECT count(*) >= {count} FROM delivery_event WHERE what = 'delivered' AND at >= $1"
    async with stand.server.connection(database) as connection:
        warned = await connection.fetchval("SELECT max(received_at) FROM arrival")
        await stand.recorded(database, settled, "the last receipt in the store", warned)
        done = await connection.fetchval("SELECT max(at) FROM delivery_event WHERE at >= $1", warned)
    return float(count / (done - warned).total_seconds())


async def one_by_one(stand: Stand, engine: Engine, database: str, hazard: str) -> float:
    """Milliseconds from a receipt's leaving the gateway to the engine's confirmation that it is stored."""
    await stand.reset(receipts="held")
    await engine.warn(warning(stand.town_names, hazard))
    idle = "SELECT NOT EXISTS (SELECT FROM chunk WHERE finished_at IS NULL AND due <= clock_timestamp()) AND NOT EXISTS (SELECT FROM change WHERE expanded_at IS NULL)"
    await stand.recorded(database, idle, "the end of the last red")
    await stand.sink.asked({"flood": [RECEIPTS, 1]})
    seen = await stand.until("receipts", lambda seen: seen["smpp_receipts"]["taken"] >= RECEIPTS, engine)
    told = seen["smpp_receipts"]
    return float((told["last"] - told["first"]) / RECEIPTS * 1000)


async def write(connection: Connection, history: int) -> float:
    """Last month, full of deliveries that came to an end; seconds that the writing took."""
    began = time.time()
    first = month_before(datetime.now(UTC))
    step = (datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0) - first) / (history + PIECE)
    await connection.execute("SET session_replication_role = replica")  # the old rows' people are long gone
    await connection.execute(BOOK)
    await connection.execute(CHANGES, history)
    await connection.execute(WORDS)
    for at in range(0, history, PIECE):
        for statement in HISTORY.values():
            await connection.execute(OLD + statement, first, step, at, min(at + PIECE, history))
    await connection.execute(SEALED)
    await connection.execute("VACUUM ANALYZE")
    await connection.execute("CHECKPOINT")
    return time.time() - began


def month_before(now: datetime) -> datetime:
    """The first moment of last month."""
    year, month = (now.year, now.month - 1) if now.month > 1 else (now.year - 1, 12)
    return datetime(year, month, 1, tzinfo=UTC)


async def drop(stand: Stand, database: str) -> float:
    """Seconds in which last month goes beside a running engine, by the function that `serve` calls once an hour."""
    month = month_before(datetime.now(UTC)).date()
    opened = await Database.open(stand.server.dsn(database))
    try:
        store = RetentionStore(opened)
        if held := (await store.look(month)).held:
            raise Failed(f"the old month is held: {'; '.join(held)}")
        began = time.time()
        await store.retire(month, "bench")
        return time.time() - began
    finally:
        await opened.close()
