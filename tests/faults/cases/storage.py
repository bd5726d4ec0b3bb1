"""What the database, or the disk below it, does wrong."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import asyncpg

from tests.faults import oracles
from tests.faults.cases.dying import is_traced, some, warned
from tests.faults.cases.lines import dropped, seen_by_people, shell
from tests.faults.district import ALL, PROJECT
from tests.faults.postgres import Postgres
from tests.faults.processes import PATIENCE, Child, until, within
from tests.faults.registry import fault
from tests.faults.stage import Engine, Stage, clean, pipe
from tests.faults.verdict import hold

ENGINES = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@fault(27)
async def backends_terminated(stage: Stage) -> str:
    await stage.database()
    await stage.smpp(each=0.005, answer=5)
    stage.settings["dispatch"] = {"lease_seconds": 9, "grace_seconds": 1.5}
    engine = await stage.running()
    killed = 0
    for place in range(4):
        await warned(engine, stage.bureau.warning("red", ALL[place * 7 : place * 7 + 7]))
        for _ in range(4):
            killed += len(await stage.sql(f"SELECT pg_terminate_backend(pid) FROM ({ENGINES}) AS engine"))
            await asyncio.sleep(0.15)
        await oracles.i12_healthy(engine)
    said = await oracles.all_hold(stage, stage.people.called("red"))
    return f"{killed} backends terminated in mid-work: {said}"


async def embedded(stage: Stage) -> Engine:
    """An engine with the PostgreSQL of its own data folder."""
    place = stage.folder / "engine-data"
    file = stage.folder / "people.csv"
    stage.people.write(file)
    settings = {
        "INSTALLATION": "demo",
        "DATA": str(place),
        "RULES": str(PROJECT / "rules"),
        "LINK_KEY": "of all faults",
    }
    environment = clean(**{f"WARNENGINE_{key}": value for key, value in settings.items()})
    command = (sys.executable, "-m", "warnengine", "directory", "import", str(file))
    child = Child(stage.folder / "import.log", *command, environment=environment)
    await child.start()
    hold(await child.ended(120) == 0, f"the address list was not imported:\n{child.tail()}")
    engine = stage.engine(database=None)
    await engine.start()
    stage.dsn = where(place)
    return engine


def where(data: Path) -> str:
    """The DSN of an embedded server, from its own note."""
    lines = (data / "postgres" / "postmaster.pid").read_text().splitlines()
    return f"postgresql://postgres@/postgres?host={lines[4]}&port={lines[3]}"


def postmaster(data: Path) -> int:
    return int((data / "postgres" / "postmaster.pid").read_text().splitlines()[0])


@fault(28)
async def postmaster_killed(stage: Stage) -> str:
    await stage.smpp(each=0.01, answer=5)
    stage.settings["dispatch"] = {"lease_seconds": 9, "grace_seconds": 1.5}
    engine = await embedded(stage)
    await warned(engine, stage.bureau.warning("red"))
    await some(stage, 30)
    pid = postmaster(engine.data)
    os.kill(pid, signal.SIGKILL)

    async def told() -> bool:
        return bool(await engine.problems())

    await until("/readyz to tell it", told)
    healthy = await oracles.i12_healthy(engine)
    hold(postmaster(engine.data) != pid, "it is the old server")
    said = await oracles.all_hold(stage, stage.people.called("red"))
    return f"postmaster killed in mid-load: told, started again by the engine, {healthy}; {said}"


@fault(29)
async def eio(stage: Stage) -> str:
    server = await stage.own_server()
    await stage.smpp()
    engine = await stage.running()
    pids = [str(row["pid"]) for row in await stage.sql(ENGINES)]
    command = ["strace", "-qq", "-f", "-o", str(stage.folder / "strace.out")]
    command += [word for pid in pids for word in ("-p", pid)]
    command += ["-p", str(server.process.pid), "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=1"]
    trace = Child(stage.folder / "strace.log", *command, environment=clean())
    await trace.start()

    async def attached() -> bool:
        return all(is_traced(int(pid)) for pid in (*pids, server.process.pid))

    await until("strace to attach", attached, tail=trace)
    order = stage.bureau.warning("red")
    first = await engine.warn(order)

    async def died() -> bool:
        return "PANIC" in server.log.read_text(errors="replace")

    panicked = await within(died, PATIENCE)
    await trace.kill()
    await server.answers()
    await oracles.i12_healthy(engine)
    second = await engine.warn(order)
    hold(second in (200, 202), f"the same warning again was answered with {second}")
    hold(panicked, "no commit met the error")
    said = await oracles.all_hold(stage, stage.people.called("red"))
    changes = await stage.value("SELECT count(*)::int FROM change")
    hold(changes == 1, f"{changes} changes of one warning")
    return f"EIO on the first fdatasync, PANIC and recovery: the warning was answered with {first}, again {second}; one order; {said}"


@fault(30)
async def database_frozen(stage: Stage) -> str:
    server = await stage.own_server()
    await stage.smpp(delay=0.02)
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("red", ALL[:14]))
    await some(stage, 10)
    before = oracles.size(engine)
    server.frozen(yes=True)
    try:
        began = asyncio.get_running_loop().time()
        posts = [asyncio.create_task(engine.warn(stage.bureau.warning("red", ALL[14:]))) for _ in range(20)]

        async def red() -> bool:
            return bool(await engine.problems())

        told = await within(red, 25)
        took = asyncio.get_running_loop().time() - began
        during = oracles.size(engine)
        answers = await asyncio.gather(*posts)
    finally:
        server.frozen(yes=False)
    hold(told, "/readyz said nothing for 25 s while the database was frozen")
    hold(during.sockets < before.sockets + 80, f"{before.sockets} sockets became {during.sockets}")
    await oracles.i12_healthy(engine)
    await warned(engine, stage.bureau.warning("red", ALL[14:]))
    said = await oracles.all_hold(stage, stage.people.called("red"))
    kinds = sorted(set(answers))
    return f"frozen in mid-load: /readyz told it after {took:.0f} s, 20 warnings meanwhile answered {kinds}, sockets {before.sockets}→{during.sockets}; {said}"


@fault(31)
async def database_unreachable(stage: Stage) -> str:
    await stage.database()
    line = await stage.smpp(each=0.02, answer=5)
    stage.settings["dispatch"] = {"lease_seconds": 9, "grace_seconds": 1.5}
    server = stage.seeds.server
    engine = await stage.running(database=server.dsn(f"case{stage.number}", tcp_port=server.port))
    await warned(engine, stage.bureau.warning("red"))
    await some(stage, 30)
    await shell("nft", dropped(server.port))
    await asyncio.sleep(4)  # what was intended leaves
    at = len(line.submits())
    intended = await stage.value("SELECT count(*)::int FROM attempt")
    await asyncio.sleep(6)  # nothing more may leave for as long as this lasts
    more = len(line.submits()) - at
    sent = len({one.to for one in oracles.copies(line.submits())})
    await shell("nft", "flush", "ruleset")
    hold(more == 0, f"{more} parts left while no intent could be written")
    hold(sent <= intended, f"{sent} people have a text and only {intended} intents were written")
    await oracles.i12_healthy(engine)
    said = await oracles.all_hold(stage, stage.people.called("red"))
    return f"packets to the database dropped for 10 s: {intended} intents, {sent} texts, then none until it was back; {said}"


@fault(32)
async def failover(stage: Stage) -> str:
    primary = await stage.own_server(
        "primary", synchronous_standby_names="*", synchronous_commit="local", wal_level="replica", hot_standby="on"
    )
    standby = Postgres(stage.folder, "standby")
    stage.servers.append(standby)
    source = f"host={primary.sockets} port={primary.port} user=postgres"
    await primary.tool("pg_basebackup", "-D", str(standby.data), "-R", "-c", "fast", "-d", source)
    await standby.start()
    await primary.run("ALTER SYSTEM SET synchronous_commit = on")  # a setting given at start outweighs it …
    await primary.stop()
    await primary.start(synchronous_standby_names="*", wal_level="replica", hot_standby="on")

    async def streaming() -> bool:
        rows = await stage.sql("SELECT FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')")
        return bool(rows)

    await until("the standby to stream", streaming)
    await stage.smpp(each=0.01, answer=5)
    stage.settings["dispatch"] = {"lease_seconds": 9, "grace_seconds": 1.5}
    hosts = f"127.0.0.1:{primary.port},127.0.0.1:{standby.port}"
    engine = await stage.running(database=f"postgresql://postgres@{hosts}/engine?target_session_attrs=read-write")
    await warned(engine, stage.bureau.warning("red"))
    await some(stage, 30)
    await primary.kill()
    await standby.tool("pg_ctl", "-D", str(standby.data), "promote")
    stage.dsn = standby.dsn("engine")
    healthy = await oracles.i12_healthy(engine)
    said = await oracles.all_hold(stage, stage.people.called("red"))
    doubts = await stage.value("SELECT count(*)::int FROM delivery_event WHERE what = 'unknown'")
    return f"primary killed in mid-load, synchronous standby promoted: {healthy}, {doubts} doubts; {said}"


async def filled(place: Path) -> Path:
    """Leave not a byte on a small disk."""
    file = place / "full"
    with file.open("wb") as out:
        try:
            while True:
                out.write(b"\0" * 65536)
                out.flush()
        except OSError:
            pass
    return file


@fault(33)
async def disk_full(stage: Stage) -> str:
    disk = await stage.tmpfs("disk", "300m")
    (disk / "pg").mkdir()
    (stage.folder / "wal").mkdir(mode=0o777)
    server = Postgres(disk / "pg", "own")
    wal = stage.folder / "wal" / "x"
    server._own(stage.folder / "wal")
    await server.init("--waldir", str(wal))
    stage.servers.append(server)
    await server.start()
    await server.run("CREATE DATABASE engine")
    stage.dsn = server.dsn("engine")
    await pipe(server, await stage.seeds.database(f"case{stage.number}", stage.people), stage.dsn)
    line = await stage.smpp(each=0.03, answer=5)
    stage.settings["dispatch"] = {"lease_seconds": 9, "grace_seconds": 1.5}
    engine = await stage.running(data=str(disk / "engine"), ballast_megabytes=48)
    await warned(engine, stage.bureau.warning("red", ALL[:14]))

    async def queued() -> bool:
        return await stage.value("SELECT count(*)::int FROM delivery") >= 56

    await until("56 deliveries to be queued", queued)
    file = await filled(disk)
    answers = []
    for n in range(12):  # one warning fits into a page that is there already; many do not
        order = stage.bureau.warning("red", ALL[14 + n : 15 + n])
        answers.append(await engine.warn(order.body + b"<!--" + os.urandom(30_000).hex().encode() + b"-->"))
    told = await seen_by_people(engine, "disk|space|full|extend|磁盘|空间")
    queue = stage.people.called("red", ALL[:14])

    async def went_out() -> bool:
        return queue <= {one.to for one in oracles.copies(line.submits()) if one.whole}

    out = await within(went_out, PATIENCE)
    sent = len({one.to for one in oracles.copies(line.submits())} & queue)
    file.unlink()
    await oracles.i12_healthy(engine)
    await warned(engine, stage.bureau.warning("red"))
    said = await oracles.all_hold(stage, stage.people.called("red"))
    seen = f"not a byte left: 12 warnings answered {sorted(set(answers))}, told as “{told[:80]}”, {sent} of 56 queued texts went out meanwhile; {said}"
    hold(set(answers) <= {200, 202, 503} and 503 in answers and out and told, seen)
    return seen


@fault(34)
async def wal_full(stage: Stage) -> str:
    disk = await stage.tmpfs("wal", "100m")
    server = Postgres(stage.folder, "own")
    server._own(disk)
    await server.init("--waldir", str(disk / "pg"), "--wal-segsize=4")
    stage.servers.append(server)
    wal = {"min_wal_size": "8MB", "max_wal_size": "24MB"}
    await server.start(**wal)
    await server.run("CREATE DATABASE engine")
    stage.dsn = server.dsn("engine")
    await pipe(server, await stage.seeds.database(f"case{stage.number}", stage.people), stage.dsn)
    await stage.smpp(each=0.01, answer=5)
    stage.settings["dispatch"] = {"lease_seconds": 9, "grace_seconds": 1.5}
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("red", ALL[:14]))
    await some(stage, 20)
    file = await filled(disk)

    async def write() -> bool:
        try:
            await asyncio.wait_for(
                server.run(
                    "CREATE TABLE IF NOT EXISTS x AS SELECT repeat('x', 900) FROM generate_series(1, 9000); DROP TABLE x",
                    "engine",
                ),
                5,
            )
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            return not server.process.running or "PANIC" in server.log.read_text(errors="replace")
        return False

    await until("the server to run out of WAL", write)
    told = await seen_by_people(engine, "database|loop|reconcile|dispatch|expand|chase")
    status = await engine.warn(stage.bureau.warning("red", ALL[14:]))
    hold(status >= 500 or status == 0, f"a warning was answered with {status} while nothing could be stored")
    file.unlink()
    if server.process.running:
        await server.answers()
    else:
        await server.start(**wal)
    healthy = await oracles.i12_healthy(engine)
    await warned(engine, stage.bureau.warning("red"))
    said = await oracles.all_hold(stage, stage.people.called("red"))
    hold(told, "nothing told it")
    return f"WAL disk full: PANIC, told as “{told[:60]}”, a warning answered {status}; with room again {healthy}; {said}"


@fault(35)
async def unsafe_settings(stage: Stage) -> str:
    server = await stage.own_server()
    await stage.smpp()
    said = []
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        await server.run(f"ALTER SYSTEM SET {name} = off")
        await server.run("SELECT pg_reload_conf()")
        engine = stage.engine(f"with-{name}-off")
        await engine.child.start()
        code = await engine.child.ended()
        hold(code == 1 and name in engine.child.words(), f"{name} = off: exit {code}: {engine.child.tail(3)}")
        said.append(f"{name}=off exit {code}")
        await server.run(f"ALTER SYSTEM RESET {name}")
        await server.run("SELECT pg_reload_conf()")
    stage.settings["dispatch"] = {"lease_seconds": 4, "grace_seconds": 2}
    for name, change in {"short-lease": {}, "live-on-demo": {"installation": "live", "dispatch": {}}}.items():
        engine = stage.engine(name, **change)
        await engine.child.start()
        code = await engine.child.ended()
        hold(code == 1, f"{name}: exit {code}: {engine.child.tail(3)}")
        said.append(f"{name} exit {code}")
    hold(not stage.submits(), "something was sent")
    return "; ".join(said)


@fault(60)
async def two_on_one_folder(stage: Stage) -> str:
    await stage.smpp()
    engine = await embedded(stage)
    second = stage.engine("second", database=None, data=str(engine.data))
    await second.child.start()
    code = await second.child.ended()
    words = second.child.tail(2)
    hold(code == 1 and "another engine" in words, f"the second engine ended with {code}: {words}")
    hold(await engine.ready(), "the first engine is not well")
    return f"the second refused with exit {code}: “{words.strip()[:110]}”; the first goes on"


@fault(59)
async def backup_restored(stage: Stage) -> str:
    await stage.database()
    line = await stage.smpp()
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("red"))
    await stage.settled()
    dump = stage.folder / "backup.sql"
    dump.write_text(await stage.seeds.server.tool("pg_dump", stage.dsn), encoding="utf-8")
    dump.chmod(0o644)
    await warned(engine, stage.bureau.warning("red", kind="Cancel"))
    await oracles.all_hold(stage, stage.people.called("red"))
    await engine.close()
    at = len(line.submits())
    name = f"case{stage.number}_restored"
    server = stage.seeds.server
    await server.run(f"DROP DATABASE IF EXISTS {name}")
    await server.run(f"CREATE DATABASE {name}")
    stage.dsn = server.dsn(name)
    await server.tool("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", stage.dsn, "-f", str(dump))
    heir = stage.engine("heir")
    await heir.start()
    await stage.settled()
    await asyncio.sleep(2)  # a send that must not come has no event
    sent = len(line.submits()) - at
    chain = await oracles.i8_chain(stage)
    code, words = await verify(stage, heir)
    await heir.close()
    await server.run(f"DROP DATABASE {name} WITH (FORCE)")
    hold(sent == 0, f"{sent} parts were sent by the restored engine")
    hold(code == 0, f"audit verify: {words}")
    return f"backup of before the all-clear restored: 0 sent, {chain}, audit verify: {words.strip()[:80]}"


async def verify(stage: Stage, engine: Engine) -> tuple[int, str]:
    """`warnengine audit verify`: exit code and words."""
    command = (sys.executable, "-m", "warnengine", "audit", "verify")
    child = Child(
        stage.folder / f"verify{len(list(stage.folder.iterdir()))}.log", *command, environment=engine.environment
    )
    await child.start()
    return await child.ended(), child.words()


@fault(61)
async def audit_tampered(stage: Stage) -> str:
    await stage.database()
    await stage.smpp()
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("red"))
    await stage.settled()
    await warned(engine, stage.bureau.warning("red", kind="Cancel"))
    await stage.settled()

    async def sealed() -> bool:
        return await stage.value("SELECT count(*)::int FROM audit") >= 5

    await until("five rows in the chain", sealed)
    await engine.child.kill()
    good, words = await verify(stage, engine)
    hold(good == 0, f"verify of what nobody touched: {words}")
    await stage.sql("CREATE TABLE kept AS SELECT * FROM audit")
    said = []
    tampers = {
        "edited": ("UPDATE audit SET body = body || '{\"x\": 1}' WHERE seq = 3", 3),
        "deleted": ("DELETE FROM audit WHERE seq = 3", 3),
        "exchanged": (
            "UPDATE audit a SET body = b.body, at = b.at, kind = b.kind FROM kept b WHERE a.seq + b.seq = 7 AND a.seq IN (3, 4)",
            3,
        ),
        "tail cut": ("DELETE FROM audit WHERE seq >= 4", 4),
    }
    missed = []
    for name, (statement, row) in tampers.items():
        await stage.sql("ALTER TABLE audit DISABLE TRIGGER ALL")
        await stage.sql(statement)
        code, words = await verify(stage, engine)
        found = code == 1 and (name == "tail cut" or f"row {row}" in words or f"row {row + 1}" in words)
        said.append(f"{name}: exit {code}, {' '.join(words.split())[:110]}")
        if not found:
            missed.append(name)
        await stage.sql("DELETE FROM audit")
        await stage.sql("INSERT INTO audit SELECT * FROM kept")
    hold(not missed, f"not found: {', '.join(missed)}; {' · '.join(said)}")
    return " · ".join(said)
