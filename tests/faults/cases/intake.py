"""What comes in: brokers that die, messages twice, contradicting, poisoned, out of order, half written, not at all."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
from datetime import datetime

from tests.faults import oracles
from tests.faults.broker import Broker
from tests.faults.cases.dying import warned
from tests.faults.district import ALL, Issued
from tests.faults.processes import PATIENCE, until, within
from tests.faults.registry import fault
from tests.faults.stage import Stage
from tests.faults.verdict import hold


async def broker(stage: Stage) -> Broker:
    """The broker of all cases, with topics for this one."""
    if stage.seeds.broker is None:
        stage.seeds.broker = Broker(stage.seeds.folder / "kafka")
        await stage.seeds.broker.start()
    await stage.seeds.broker.topics(stage.number)
    stage.settings["kafka"] = stage.seeds.broker.settings(stage.number)
    return stage.seeds.broker


def parts(stage: Stage, count: int, level: str = "red") -> list[Issued]:
    """So many warnings, each for another part of the district."""
    size = len(ALL) // count
    return [stage.bureau.warning(level, ALL[n * size : (n + 1) * size]) for n in range(count)]


async def taken_in(stage: Stage, kafka: Broker, count: int, seconds: float = 60) -> None:
    """Wait until the store has so many warnings and the group has committed all."""

    async def look() -> bool:
        stored = await stage.value("SELECT count(*)::int FROM warning")
        return stored >= count and await kafka.behind(stage.number) == 0

    await until(f"{count} warnings to come in and be committed", look, seconds, stage.engines[0].child)


async def changes(stage: Stage) -> int:
    return int(await stage.value("SELECT count(*)::int FROM change"))


@fault(36)
async def broker_killed(stage: Stage) -> str:
    await stage.database()
    await stage.smpp()
    kafka = await broker(stage)
    await stage.running()
    orders = parts(stage, 4)
    await kafka.put(stage.number, *(one.body for one in orders[:2]))
    await taken_in(stage, kafka, 2)
    await kafka.kill()
    await asyncio.sleep(2)  # clients notice by themselves; there is nothing to wait for
    await kafka.start()
    await kafka.put(stage.number, *(one.body for one in orders[2:]))
    await taken_in(stage, kafka, 4, 90)
    said = await oracles.all_hold(stage, stage.people.called("red"))
    rows = await stage.sql(oracles.DELIVERIES)
    extra = oracles.i3_copies(stage, rows)[1]
    hold(extra == sum(row["doubts"] for row in rows), f"{extra} second copies")
    return f"broker killed between two warnings and two more, back at its address: 4 of 4 came in; {said}"


@fault(37)
async def rebalances(stage: Stage) -> str:
    await stage.database()
    await stage.smpp()
    kafka = await broker(stage)
    first = await stage.running()
    second = await stage.running("second", roles="ingest")
    third = await stage.running("third", roles="ingest")
    for n, order in enumerate(parts(stage, 7)):
        await kafka.put(stage.number, order.body)
        engine = (second, third)[n % 2]
        await engine.child.kill()
        await engine.start(ready=False)
    await taken_in(stage, kafka, 7, 120)
    said = await oracles.all_hold(stage, stage.people.called("red"))
    twice = await stage.value(
        "SELECT count(*)::int FROM (SELECT person FROM bundle GROUP BY person HAVING count(*) > 1) AS twice"
    )
    hold(not twice, f"{twice} people have two bundles")
    hold(first.child.running, "the first engine ended")
    return f"7 warnings, 2 of 3 consumers killed and started again with each: {await changes(stage)} changes, each person one bundle; {said}"


@fault(38)
async def commit_fails(stage: Stage) -> str:
    await stage.database()
    line = await stage.smpp()
    kafka = await broker(stage)
    engine = await stage.running()
    order = stage.bureau.warning("red")
    await kafka.put(stage.number, order.body)

    async def stored() -> bool:
        return await stage.value("SELECT count(*)::int FROM arrival") > 0

    await until("the warning to be stored", stored)
    await engine.child.kill()
    await kafka.kill()
    await kafka.start()
    await engine.again()
    await taken_in(stage, kafka, 1, 90)
    said = await oracles.all_hold(stage, stage.people.called("red"))
    hold(await changes(stage) == 1, f"{await changes(stage)} changes of one warning")
    return f"engine and broker killed as soon as the store had the row, before the commit: it came again, one change, {len(oracles.copies(line.submits()))} texts; {said}"


@fault(39)
async def offsets_rewound(stage: Stage) -> str:
    await stage.database()
    line = await stage.smpp()
    kafka = await broker(stage)
    engine = await stage.running()
    orders = [*parts(stage, 4), stage.bureau.warning("red", kind="Cancel")]
    for order in orders[:4]:
        await kafka.put(stage.number, order.body)
    await taken_in(stage, kafka, 4)
    await stage.settled()
    await kafka.put(stage.number, orders[4].body)
    await taken_in(stage, kafka, 5)
    said = await oracles.all_hold(stage, stage.people.called("red"))
    at = len(line.submits())
    await engine.child.kill()
    await kafka.rewind(stage.number)
    behind = await kafka.behind(stage.number)
    await engine.again()
    await taken_in(stage, kafka, 5)
    await stage.settled()
    sent = len(line.submits()) - at
    hold(behind == 5 and sent == 0, f"{behind} messages came again and {sent} parts were sent")
    return f"offsets set to 0: {behind} messages came again, 0 sent; {said}"


@fault(40)
async def three_ways(stage: Stage) -> str:
    await stage.database()
    await stage.smpp()
    kafka = await broker(stage)
    engine = await stage.running()
    order = stage.bureau.warning("red")
    (engine.data / "spool").mkdir(exist_ok=True)
    (engine.data / "spool" / "red.xml").write_bytes(order.body)
    await asyncio.gather(
        kafka.put(stage.number, order.body), engine.warn(order), engine.warn(order, "city"), engine.warn(order)
    )

    async def all_came() -> bool:
        return {row["source"] for row in await stage.sql("SELECT DISTINCT source FROM arrival")} >= {
            "kafka",
            "bureau",
            "city",
            "spool",
        }

    await until("the warning to come by all ways", all_came)
    said = await oracles.all_hold(stage, stage.people.called("red"))
    arrivals = await stage.value("SELECT count(*)::int FROM arrival")
    hold(await changes(stage) == 1, f"{await changes(stage)} changes of one warning")
    return f"{arrivals} arrivals by Kafka, HTTP (two sources) and file at once: one change; {said}"


@fault(41)
async def same_key_other_text(stage: Stage) -> str:
    await stage.database()
    line = await stage.smpp()
    engine = await stage.running()
    order = stage.bureau.warning("yellow", ALL[:7])
    await warned(engine, order)
    await stage.settled()
    at = len(line.submits())
    other = order.body.replace("100毫米".encode(), "900毫米".encode()).replace("黄色".encode(), "蓝色".encode())
    status = await engine.warn(other.replace(b"<severity>Yellow", b"<severity>Blue"), "city")
    await stage.settled()
    kept = await stage.sql("SELECT verdict, reason FROM arrival WHERE verdict <> 'new'")
    quarantine = await engine.get("/v1/quarantine")
    counted = {
        labels: n
        for labels, n in (await engine.metric("ews_warnings_received_total")).items()
        if "conflict" in labels
    }
    said = await oracles.all_hold(stage, stage.people.called("yellow", ALL[:7]))
    wider = len(line.submits()) - at
    seen = f"same identifier with another level from another source: answered {status}, kept as {kept[0]['verdict'] if kept else 'nothing'}, {len(quarantine)} in quarantine, series {counted or 'nothing'}, {wider} parts sent for it; {said}"
    hold(kept and kept[0]["verdict"] in ("conflict", "quarantined") and quarantine and counted and not wider, seen)
    return seen


POISON = {
    "empty": b"",
    "no XML": b"\x00\xff\xfe" * 100,
    "cut in half": None,
    "a billion laughs": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]><alert>&c;</alert>',
    "an external entity": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><alert>&b;</alert>',
    "nested deeply": b"<a>" * 100_000,
    "a word of 5 MB": b"<alert>" + b"x" * 5_000_000 + b"</alert>",
    "no encoding": b'<?xml version="1.0" encoding="klingon"?><alert/>',
    "null characters": b"<alert>\x00</alert>",
    "JSON of something else": b'{"hello": [1, 2, 3]}',
}


@fault(42)
async def poison(stage: Stage) -> str:
    await stage.database()
    await stage.smpp()
    engine = await stage.running()
    good = parts(stage, 7)
    answers: dict[str, int] = {}
    spool = engine.data / "spool"
    for n, (name, body) in enumerate(POISON.items()):
        bad = body if body is not None else good[0].body[: len(good[0].body) // 2]
        (spool / f"{n}.xml").write_bytes(bad)
        answers[name] = await engine.warn(bad)
        await warned(engine, good[n % 7])
    said = await oracles.all_hold(stage, stage.people.called("red"))
    wrong = {name: status for name, status in answers.items() if not 400 <= status < 500}
    hold(not wrong, f"poison was answered with {wrong}")

    async def all_moved() -> bool:
        return not list(spool.glob("*.xml"))

    await until("the files to be taken away", all_moved)
    refused = len(list((spool / "refused").glob("*.xml")))
    hold(await engine.ready(), f"{await engine.problems()}")
    return f"{len(POISON)} kinds of poison by HTTP and as files between 7 good ones: all 4xx, {refused} files refused, engine well; {said}"


async def played(stage: Stage, turn: int, order: tuple[Issued, ...]) -> tuple[str, int]:
    """The final state after these arrivals: orders that stand, by unit and level; and how many texts of red were sent."""
    stage.dsn = await stage.seeds.database(f"case{stage.number}p{turn}", stage.people)
    engine = stage.engine(f"e{turn}")
    await engine.start()
    line = stage.gateways[0]
    at = len(line.submits())
    for one in order:
        await warned(engine, one)
        await stage.settled()
    rows = await stage.sql(
        "SELECT o.unit, v.level, v.kind, v.reach FROM standing_order o JOIN order_version v ON v.standing_order = o.id "
        "AND v.superseded_at IS NULL WHERE o.lapsed_at IS NULL ORDER BY 1"
    )
    await engine.close()
    cancelled_first = [one.kind for one in order].index("Cancel") == 0
    sent = oracles.copies(line.submits()[at:])
    oracles.i4_no_overtake(stage)
    await stage.seeds.server.run(f"DROP DATABASE case{stage.number}p{turn} WITH (FORCE)")
    line.log.rename(line.log.with_name(f"line{turn}.jsonl"))
    await line.kill()
    await line.back()
    return str([(row["unit"], row["level"]) for row in rows]), len(sent) if cancelled_first else 0


@fault(43)
async def all_orders(stage: Stage) -> str:
    await stage.database()
    await stage.smpp()
    named = ALL[:3]
    chain = (
        stage.bureau.warning("yellow", named),
        stage.bureau.warning("red", named, kind="Update"),
        stage.bureau.warning("red", named, kind="Cancel"),
    )
    ends, late = {}, 0
    for turn, order in enumerate(itertools.permutations(chain)):
        ends["".join(one.kind[0] for one in order)], sent = await played(stage, turn, order)
        late += sent
    await stage.database()
    hold(len(set(ends.values())) == 1, f"the final state depends on the order: {ends}")
    hold(late == 0, f"{late} texts were sent of what was cancelled before it came")
    return f"Alert, Update and Cancel in all {len(ends)} orders: the same final state (stands: {next(iter(ends.values()))}); nothing sent of what came after its cancel"


@fault(44)
async def half_written_files(stage: Stage) -> str:
    await stage.database()
    await stage.smpp()
    engine = await stage.running()
    spool = engine.data / "spool"

    async def there() -> bool:
        return (spool / "taken").is_dir()

    await until("the folder", there)
    slow, hidden, twice, linked = parts(stage, 4)
    with (spool / "slow.xml").open("wb") as file:
        for place in range(0, len(slow.body), 300):
            file.write(slow.body[place : place + 300])
            file.flush()
            os.fsync(file.fileno())
            await asyncio.sleep(0.3)  # a slow writer is the fault
    (spool / ".hidden").write_bytes(hidden.body)
    (spool / ".hidden").rename(spool / "renamed.xml")
    for name in ("a.xml", "b.xml"):
        (spool / name).write_bytes(twice.body)
    shutil.copy(spool / "a.xml", spool / "c.xml")
    (spool / "real").mkdir()
    (spool / "real" / "far.xml").write_bytes(linked.body)
    (spool / "linked.xml").symlink_to(spool / "real" / "far.xml")

    async def all_moved() -> bool:
        return not list(spool.glob("*.xml"))

    await until("the files to be taken", all_moved)
    said = await oracles.all_hold(stage, stage.people.called("red"))
    refused = list((spool / "refused").iterdir())
    hold(not refused, f"{len(refused)} files were refused: half a file was read")
    twice_ = await stage.value(
        "SELECT count(*)::int FROM (SELECT person FROM bundle GROUP BY person HAVING count(*) > 1) AS t"
    )
    hold(not twice_, f"{twice_} people have two bundles")
    return f"written in pieces, renamed, three times the same, a link: {await changes(stage)} changes, none refused; {said}"


@fault(45)
async def feed_down(stage: Stage) -> str:
    await stage.database()
    line = await stage.smpp()
    engine = await stage.running()
    order = stage.bureau.warning("yellow")
    await warned(engine, order)
    said = await oracles.all_hold(stage, stage.people.called("yellow"))
    at = len(line.submits())
    for _ in range(5):  # a feed that serves what it served before
        await warned(engine, order)
    await stage.settled()
    sent = len(line.submits()) - at
    hold(sent == 0, f"{sent} parts were sent for what was served again")
    await engine.jump(2 * 3600)

    async def told() -> str:
        seen = await engine.metric("ews_source_last_success_timestamp_seconds")
        now = (await engine.get("/v1/clock"))["now"]
        ages = {label: datetime.fromisoformat(now).timestamp() - value for label, value in seen.items()}
        return next(
            (
                f"{label} silent for {age / 60:.0f} min"
                for label, age in ages.items()
                if "bureau" in label and age > 6000
            ),
            "",
        )

    alarm = await within(told, PATIENCE) or ""
    hold(alarm, "two hours without a word of the source and no series tells it")
    return f"served again 5 times: nothing issued again; two hours of silence: {alarm} (the alert SourceSilent rings on it); {said}"
