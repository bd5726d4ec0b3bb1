"""A month goes wholly or later, never what is open; the chain proves what is left, whatever killed the engine meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from datetime import date, timedelta

import asyncpg
import pytest

from tests.acceptance.house import PROJECT, clean_environment
from tests.acceptance.program import BOUND, command
from tests.conftest import Postgres
from tests.store.test_audit import evening, named, seal
from tests.store.world import World
from tests.waiting import until
from warnengine.audit.chain import verify
from warnengine.audit.retention import Keeper
from warnengine.model.errors import StoreBusy
from warnengine.store import partitions, retention
from warnengine.store.doctor import DoctorStore
from warnengine.store.retention import RetentionStore

BY_MONTH = (
    "answer", "attempt", "bundle", "delivery", "delivery_event", "obligation", "observation", "part", "receipt", "reply", "timer",
)  # fmt: skip
STAYS = ("arrival", "warning", "change", "standing_order", "order_version", "text", "approval", "person")
OVER = (
    "UPDATE standing_order SET lapsed_at = engine_now()",
    "UPDATE obligation SET state = 'lapsed', closed_at = engine_now() WHERE state IN ('open', 'reached')",
    "UPDATE bundle SET judged_at = engine_now()",
    "UPDATE chunk SET finished_at = engine_now()",
    "UPDATE timer SET fired_at = engine_now(), outcome = 'over' WHERE fired_at IS NULL",
    "UPDATE schedule SET brought_at = engine_now()",
    "INSERT INTO timer (bundle, step, act, due, fired_at, outcome) SELECT id, 9, 'again', now(), now(), 'over' FROM bundle",
    "INSERT INTO observation SELECT id_at(now()), '500151', 'S1', 'rain', now(), 1, 5, '', 0, NULL, 'test', now()",
    "UPDATE task SET closed_at = engine_now(), result = 'done' WHERE closed_at IS NULL",
)
"""What years make of an evening."""


@pytest.fixture
async def years_later(world: World) -> World:
    """An evening of which everything is over and sealed."""
    await evening(world)
    for statement in OVER:
        await world.execute(statement)
    await seal(world)
    return world


@pytest.fixture
async def store(world: World) -> RetentionStore:
    return RetentionStore(world.database)


async def this_month(store: RetentionStore) -> date:
    return (await store.today()).replace(day=1)


async def counts(world: World, tables: tuple[str, ...]) -> dict[str, int]:
    return {table: await world.value(f"SELECT count(*) FROM {table}") for table in tables}


async def proven(world: World) -> None:
    """The chain holds from its cut on, and the tables are as it says."""
    assert (await verify(world.engine.links(), {})).broken is None
    assert await named(world) == []
    assert await world.engine.differences(None) == []


# what goes and what stays


async def test_a_month_goes_and_what_is_kept_for_ever_stays(years_later: World, store: RetentionStore) -> None:
    world = years_later
    before = await counts(world, STAYS)
    raw = await world.column("SELECT raw FROM arrival ORDER BY id")
    assert all((await counts(world, BY_MONTH)).values()), "every table has something to lose"
    month = await this_month(store)
    assert (await store.look(month)).held == []
    await store.retire(month, "张三")
    assert not any((await counts(world, BY_MONTH)).values())
    assert await counts(world, STAYS) == before
    assert await world.column("SELECT raw FROM arrival ORDER BY id") == raw
    assert await store.unfinished() == []
    await proven(world)


async def test_the_chain_says_who_let_what_go_and_where_it_was_cut(
    years_later: World, store: RetentionStore
) -> None:
    world = years_later
    month = await this_month(store)
    await world.execute("ANALYZE bundle")
    await store.retire(month, "张三")
    first, body = await world.row("SELECT (SELECT min(seq) FROM audit), body FROM audit WHERE kind = 'retention'")
    assert body["by"] == "张三"
    assert body["month"] == f"{month:%Y%m}"
    assert set(body["about"]) == set(BY_MONTH)
    assert body["cut"]["seq"] == first - 1 > 0


async def test_the_engine_goes_on_after_a_month_went(years_later: World, store: RetentionStore) -> None:
    """Also where it was this very month: what has no partition finds room."""
    world = years_later
    await store.retire(await this_month(store), "张三")
    await world.warn("orange")
    await world.settle()
    assert len(await world.inbox("anju_duty")) >= 2
    await world.receipt((await world.entries("anju_duty"))[-1])
    await world.reply("anju_vice", "1")
    await seal(world)
    await proven(world)


HELD = {
    "an order that stands": ("UPDATE standing_order SET lapsed_at = NULL", "orders still stand"),
    "somebody who owes an answer": (
        "UPDATE obligation SET state = 'reached', closed_at = NULL WHERE person = 'water_duty' AND state = 'lapsed'",
        "people still owe an answer",
    ),
    "a message that was not judged": ("UPDATE bundle SET judged_at = NULL", "messages have not been judged"),
    "a retry that is due": (
        "INSERT INTO chunk (channel, lane, purpose, only_delivery, number, due) SELECT 'sms', 0, 'retry', max(id), 9, now() FROM delivery",
        "1 attempts have not been made",
    ),
    "a step of the ladder": ("UPDATE schedule SET brought_at = NULL", "steps of the ladder"),
    "a task": ("INSERT INTO task (district, kind, bundle, person, words) SELECT district, 'unclear', id, person, '?' FROM bundle LIMIT 1", "tasks of the duty room are open"),
    "a request": ("UPDATE approval SET decision = NULL, decided_at = NULL, by = NULL, asked_at = now()", "1 requests for approval are undecided"),
    "what is not sealed": (
        "UPDATE delivery_event SET at = at + interval '1 day' WHERE what = 'delivered'",
        "not all of it is in the audit chain",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("statement", "words"), HELD.values(), ids=HELD)
async def test_what_is_open_keeps_its_month(
    years_later: World, store: RetentionStore, statement: str, words: str
) -> None:
    await years_later.execute(statement)
    (why,) = (await store.look(await this_month(store))).held
    assert words in why


async def test_the_loop_lets_only_go_what_is_past_its_term(years_later: World, store: RetentionStore) -> None:
    before = await counts(years_later, BY_MONTH)
    keeper = Keeper(store, 5, None)
    assert await keeper.work() == []
    assert await Keeper(store, None, None).plan() == []
    assert await counts(years_later, BY_MONTH) == before


async def test_a_month_long_past_goes_by_itself(world: World, store: RetentionStore) -> None:
    await world.execute("SELECT ensure_partitions('2020-03-01', 1)")
    await world.execute(
        "INSERT INTO receipt (id, gateway, sha256, raw, provider_id, address, fate, code) "
        "VALUES (month_begin('2020-03-01') + 7, 'sms-1', '\\x01', '', 'x', '', 'delivered', '')"
    )
    keeper = Keeper(store, 5, None)
    assert [month.month for month in await keeper.plan()] == [date(2020, 3, 1)]
    assert [month.month for month in await keeper.work()] == [date(2020, 3, 1)]
    assert await world.value("SELECT count(*) FROM receipt") == 0
    assert await keeper.work() == []
    await proven(world)


async def test_nothing_goes_while_messages_are_being_sent(world: World, store: RetentionStore) -> None:
    await world.execute("SELECT ensure_partitions('2020-03-01', 1)")
    await world.warn("red")
    assert await Keeper(store, 5, None).work() == []
    await world.settle()
    assert len(await Keeper(store, 5, None).work()) == 1


# what kills it in between


async def test_an_engine_that_is_killed_in_the_middle_is_finished_by_the_next(
    years_later: World, store: RetentionStore, postgres: Postgres
) -> None:
    """A reader holds one table: the engine has said that the month goes, has dropped what comes before it, and dies."""
    world = years_later
    month = await this_month(store)
    name = await world.value("SELECT current_database()")
    async with world.database.transaction() as reader:
        await reader.execute("SELECT count(*) FROM bundle")
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CHILD, postgres.named(name), month.isoformat(), cwd=PROJECT
        )
        async with asyncio.timeout(BOUND):  # asked by the reader, whose transaction must not stand still
            while await reader.fetchval(
                "SELECT count(*) FROM pg_class WHERE relname = $1", f"attempt_{month:%Y%m}"
            ):
                await asyncio.sleep(0.02)
        child.send_signal(signal.SIGKILL)
        await child.wait()
        assert await store.unfinished() == [month]
        assert (await counts(world, ("attempt",)))["attempt"] == 0
        assert (await counts(world, ("delivery",)))["delivery"] > 0
        await proven(world)
    await until(
        lambda: world.value(
            "SELECT count(*) = 0 FROM pg_stat_activity WHERE query LIKE 'DROP TABLE%' AND state <> 'idle' AND pid <> pg_backend_pid()"
        )
    )
    await Keeper(store, None, None).work()
    assert not any((await counts(world, BY_MONTH)).values())
    assert await store.unfinished() == []
    await proven(world)


CHILD = """
import asyncio, sys
from datetime import date
from warnengine.store.database import Database
from warnengine.store.retention import RetentionStore
async def main():
    database = await Database.open(sys.argv[1])
    await RetentionStore(database).retire(date.fromisoformat(sys.argv[2]), "child")
asyncio.run(main())
"""


@pytest.mark.parametrize("after", range(0, 15))
async def test_it_may_be_cut_off_after_any_transaction(
    years_later: World, store: RetentionStore, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    world = years_later
    month = await this_month(store)
    left = after
    real = type(world.database).transaction

    def dying(database: object) -> object:
        nonlocal left
        if left == 0:
            raise asyncio.CancelledError
        left -= 1
        return real(world.database)

    with monkeypatch.context() as patch:
        patch.setattr(type(world.database), "transaction", dying)
        with contextlib.suppress(asyncio.CancelledError):
            await store.retire(month, "张三")
    await proven(world)
    if after:
        await Keeper(store, None, None).work()
    else:
        await store.retire(month, "张三")
    assert not any((await counts(world, BY_MONTH)).values())
    await proven(world)


async def test_what_is_rolled_back_has_not_happened(years_later: World, store: RetentionStore) -> None:
    world = years_later
    before = await counts(world, (*BY_MONTH, "audit"))
    with pytest.raises(ZeroDivisionError):
        async with world.database.transaction() as connection:
            await connection.execute("SELECT retire_month($1, 'x', '{}')", await this_month(store))
            await connection.execute("SELECT cut_chain()")
            raise ZeroDivisionError
    assert await counts(world, (*BY_MONTH, "audit")) == before
    await proven(world)


async def test_a_table_that_is_never_free_is_asked_for_later(
    years_later: World, store: RetentionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "WAIT", "10ms")
    monkeypatch.setattr(partitions, "PAUSE", timedelta())
    world = years_later
    month = await this_month(store)
    async with world.database.transaction() as reader:
        await reader.execute("SELECT count(*) FROM bundle")
        with pytest.raises(StoreBusy, match="bundle"):
            await store.retire(month, "张三")
        await Keeper(store, None, None).round()
        assert await store.unfinished() == [month]
    await Keeper(store, None, None).round()
    assert await store.unfinished() == []


async def test_two_engines_let_a_month_go_once(years_later: World, store: RetentionStore) -> None:
    month = await this_month(store)
    await asyncio.gather(store.retire(month, "张三"), RetentionStore(years_later.database).retire(month, "李四"))
    assert await years_later.value("SELECT count(*) FROM audit WHERE kind = 'retention'") == 1
    assert not any((await counts(years_later, BY_MONTH)).values())
    await proven(years_later)


async def test_what_another_engine_has_just_dropped_is_empty(world: World, store: RetentionStore) -> None:
    await world.execute("""CREATE OR REPLACE FUNCTION partitions_until(month date) RETURNS TABLE (parent text, name text)
        LANGUAGE sql STABLE AS $$ VALUES ('answer', 'answer_191905') $$""")
    assert (await store.look(await this_month(store))).bytes == 0


# what nobody may do by hand


async def test_a_partition_that_somebody_dropped_by_hand_is_missed(
    years_later: World, store: RetentionStore
) -> None:
    world = years_later
    await world.execute(f"DROP TABLE attempt_{await this_month(store):%Y%m}")
    assert {what for what, _ in await named(world)} == {"sent"}
    await world.execute(
        "INSERT INTO gone_month (month, by, cut, cut_hash, cut_at) VALUES ($1, 'x', 0, '', now())",
        await this_month(store),
    )
    assert {what for what, _ in await named(world)} == {"sent"}, "the chain does not know of it"


async def test_the_chain_is_only_cut_where_it_says(years_later: World) -> None:
    world = years_later
    rows = await world.value("SELECT count(*) FROM audit")
    await world.execute(
        "INSERT INTO gone_month (month, by, cut, cut_hash, cut_at) SELECT '2020-01-01', 'x', 2, encode(hash, 'hex'), at FROM audit WHERE seq = 2"
    )
    await world.execute("SELECT cut_chain()")
    assert await world.value("SELECT count(*) FROM audit") == rows
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await world.execute("DELETE FROM audit WHERE seq <= 2")
    async with world.database.transaction() as connection:
        await connection.execute("SELECT set_config('warnengine.cut', 'on', true)")
        await connection.execute("DELETE FROM audit WHERE seq <= 2")
    assert (await verify(world.engine.links(), {})).broken == 2


async def test_a_decision_of_before_the_cut_is_not_doubted_and_orders_nothing(
    years_later: World, store: RetentionStore
) -> None:
    world = years_later
    await store.retire(await this_month(store), "张三")
    assert await world.value("SELECT count(*) FROM audit WHERE kind = 'approval'") == 0
    assert await world.value("SELECT decision FROM approval") == "no"
    assert await named(world) == []
    await world.execute("UPDATE approval SET decision = 'yes', applied_at = NULL")
    await world.react()
    assert await world.column("SELECT DISTINCT kind FROM order_version") == ["issue"]


# names


async def test_names_go_out_of_what_is_kept_and_the_chain_still_proves_it(
    years_later: World, store: RetentionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PIECE", 3)
    world = years_later
    numbers = await world.column("SELECT DISTINCT address FROM address")
    before = await counts(world, BY_MONTH)
    await store.unname(await this_month(store), "张三")
    await store.unname(await this_month(store), "张三")
    for table in ("delivery", "part", "receipt", "reply", "answer", "task"):
        for row in await world.rows(f"SELECT t::text AS words, to_jsonb(t) AS body FROM {table} t"):
            assert not any(number in str(row["body"]) for number in numbers), table
    assert await world.value("SELECT count(*) FROM receipt WHERE raw <> ''") == 0
    assert await world.column("SELECT DISTINCT words FROM reply") == [""]
    assert await counts(world, BY_MONTH) == before
    await proven(world)
    assert await world.value("SELECT count(*) FROM audit WHERE kind = 'nameless'") == 1


async def test_names_of_people_in_office_stay(years_later: World, store: RetentionStore) -> None:
    world = years_later
    names = await world.column("SELECT name FROM person ORDER BY key")
    await world.execute(
        "UPDATE holding SET ends = '2019-01-01', starts = '2018-01-01' WHERE person = 'water_head'"
    )
    await world.execute("UPDATE holding SET deputy = NULL WHERE deputy = 'water_head'")
    await world.execute("UPDATE holding SET superior = NULL WHERE superior = 'water_head'")
    await store.unname(await this_month(store), "张三")
    after = await world.column("SELECT name FROM person ORDER BY key")
    assert set(names) - set(after) == {"WATER_HEAD"}


async def test_an_answer_that_is_changed_after_its_names_went_is_still_found(
    years_later: World, store: RetentionStore
) -> None:
    await store.unname(await this_month(store), "张三")
    await years_later.execute("UPDATE answer SET step = 3")
    assert [what for what, _ in await named(years_later)] == ["answer"]


# room


async def test_what_has_no_month_finds_room_and_moves_when_there_is_one(world: World) -> None:
    month = f"{(await RetentionStore(world.database).today()):%Y%m}"
    for table in BY_MONTH:
        await world.execute(f"DROP TABLE {table}_{month}")
    await evening(world)
    assert await world.value("SELECT count(*) FROM bundle_default") > 0
    before = await counts(world, BY_MONTH)
    assert (await DoctorStore(world.database).schema())[1] == 0
    assert set(await DoctorStore(world.database).without_month()) == {table for table, n in before.items() if n}
    await world.engine.board.ensure_partitions()
    assert await counts(world, BY_MONTH) == before
    assert await DoctorStore(world.database).without_month() == []
    assert await world.value(f"SELECT count(*) FROM bundle_{month}") == before["bundle"]
    await proven(world)


async def test_counted_ids_begin_where_their_month_begins(world: World) -> None:
    await evening(world)
    begin = await world.value("SELECT month_begin((now() AT TIME ZONE 'UTC')::date)")
    for query in (
        "SELECT min(version) FROM obligation",
        "SELECT min(id) FROM receipt",
        "SELECT min(id) FROM reply",
    ):
        assert begin < await world.value(query) < begin + 100_000


async def test_a_receipt_that_comes_again_in_the_next_month_is_known(world: World) -> None:
    await world.warn("red")
    await world.send()
    entry = (await world.entries("anju_duty"))[0]
    await world.receipt(entry)
    await world.execute(
        "UPDATE receipt SET id = month_begin((now() AT TIME ZONE 'UTC' - interval '1 month')::date) + 5"
    )
    await world.receipt(entry)
    await world.receipt(entry)
    assert await world.value("SELECT count(*) FROM receipt") == 1


# the seal


async def test_a_long_window_is_sealed_in_pieces(world: World) -> None:
    await evening(world)
    await world.execute(
        "INSERT INTO delivery_event (delivery, number, what, gateway, detail) "
        "SELECT (SELECT max(id) FROM delivery), 1, 'accepted', 'sms-1', n::text FROM generate_series(1, 2500) AS n"
    )
    await seal(world)
    (sent,) = await world.value("SELECT body -> 'sent' FROM audit WHERE kind = 'seal' ORDER BY seq DESC LIMIT 1")
    assert (sent["events"], sent["pieces"]) == (2500, 3)
    await proven(world)
    await world.execute("UPDATE delivery_event SET detail = '0' WHERE detail = '1234'")
    assert {what for what, _ in await named(world)} == {"sent"}


async def test_many_answers_are_sealed_a_few_at_a_time(world: World) -> None:
    await evening(world)
    await world.execute(
        "INSERT INTO answer (bundle, step, manner, by, late) SELECT (SELECT max(id) FROM bundle), 1, 'sms', 'x', false FROM generate_series(1, 7)"
    )
    mark = await world.engine.audit.mark()
    await world.jump(timedelta(minutes=1))
    for _ in range(4):
        await world.execute("SELECT seal_up_to($1, 2)", mark)
        mark = await world.engine.audit.mark()
        await world.jump(timedelta(minutes=1))
    sealed = await world.column(
        "SELECT jsonb_array_length(body -> 'answers') FROM audit WHERE kind = 'seal' ORDER BY seq"
    )
    assert sealed[1:] == [2, 2, 2, 1]
    await proven(world)


# the command


async def test_the_command_says_what_goes_and_lets_it_go(world: World, postgres: Postgres) -> None:
    await world.execute("SELECT ensure_partitions('2020-03-01', 1)")
    settings = {"DATABASE": postgres.named(await world.value("SELECT current_database()")), "INSTALLATION": "demo"}
    environment = clean_environment(**settings)
    said = await command("retention", "plan", environment=environment, cwd=PROJECT)
    assert "everything is kept for ever" in said.out
    said = await command("retention", "drop", "--by", "张三", environment=environment, cwd=PROJECT)
    assert said.code == 2
    environment = clean_environment(**settings, RETENTION__YEARS="5")
    said = await command("retention", "plan", environment=environment, cwd=PROJECT)
    assert "2020-03: goes" in said.out
    assert await world.value("SELECT to_regclass('bundle_202003') IS NOT NULL")
    said = await command("retention", "drop", "--by", "张三", environment=environment, cwd=PROJECT)
    assert "2020-03 is gone" in said.out
    environment = clean_environment(**settings, RETENTION__YEARS="4")
    said = await command("retention", "plan", environment=environment, cwd=PROJECT)
    assert said.code == 2
    assert "RETENTION__YEARS" in said.err
