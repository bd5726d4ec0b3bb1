"""What the chain has sealed is what counts: whoever changes a table is named, and a forged decision is not obeyed."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest

from tests.acceptance.house import PROJECT, clean_environment
from tests.acceptance.program import command
from tests.conftest import Postgres
from tests.store.world import ANJU, BAIYANG, World
from warnengine.audit.chain import Difference, verify
from warnengine.audit.ledger import Ledger
from warnengine.store.audit import AuditStore

LATER = timedelta(minutes=1)


async def seal(world: World) -> None:
    """Mark, let a minute pass, seal."""
    ledger = Ledger(world.engine.audit)
    await world.jump(LATER)
    await ledger.step()
    ledger.due = 0
    await ledger.step()


async def evening(world: World) -> None:
    """A red warning that was sent, confirmed, answered by SMS, and whose request was refused; all sealed."""
    await world.warn("red")
    await world.settle()
    await world.engine.board.decide(1, "no", "governor", "")
    await world.react()
    await world.receipt((await world.entries("anju_duty"))[0])
    await world.reply("anju_vice", "1")
    await seal(world)


async def forge(world: World, *statements: str) -> None:
    """Behind the engine's back."""
    for statement in statements:
        await world.execute(statement)


async def named(world: World) -> list[tuple[str, str]]:
    """What differs, and how it is said."""
    return [(found.what, str(found)) for found in await world.engine.differences()]


async def test_an_evening_that_nobody_touched_has_no_differences(world: World) -> None:
    await evening(world)
    assert await named(world) == []
    await world.warn(None)
    await world.settle()
    await seal(world)
    assert await named(world) == []
    assert (await verify(world.engine.links(), {})).broken is None


async def test_the_chain_has_what_was_written_answered_and_sent(world: World) -> None:
    await evening(world)
    sealed = await world.value("SELECT body FROM audit WHERE kind = 'seal'")
    assert len(sealed["texts"]) == await world.value("SELECT count(*) FROM text")
    (answer,) = sealed["answers"]
    assert (answer["person"], answer["step"], answer["manner"], answer["by"]) == (
        "anju_vice",
        1,
        "sms",
        "anju_vice",
    )
    (sent,) = sealed["sent"]
    for table in ("bundle", "attempt"):
        assert sent[f"{table}s"] == await world.value(f"SELECT count(*) FROM {table}")
    assert sent["events"] == await world.value("SELECT count(*) FROM delivery_event")
    for number in await world.column("SELECT address FROM address"):
        assert number not in str(sealed)


FORGERIES = {
    "a text": ("UPDATE text SET short = 'forged', sha256 = '\\x00' WHERE id = 1", "text 1: sealed in row"),
    "a removed answer": ("DELETE FROM answer", "answer 1: sealed in row"),
    "an answer": ("UPDATE answer SET step = 3, manner = 'page'", "answer 1: sealed in row"),
    "the text of an attempt": ("UPDATE attempt SET text_sha256 = '\\x00' WHERE number = 1", "deliveries: row"),
    "a removed event": ("DELETE FROM delivery_event WHERE what = 'delivered'", "deliveries: row"),
    "an event of before": (
        "INSERT INTO delivery_event SELECT delivery, number, at, 'delivered', gateway FROM delivery_event "
        "WHERE what = 'accepted' ORDER BY delivery DESC LIMIT 1",
        "deliveries: row",
    ),
    "whose text it is": ("UPDATE bundle SET text = 1 WHERE id = (SELECT max(id) FROM bundle)", "deliveries: row"),
    "a decision": ("UPDATE approval SET decision = 'yes'", "approval 1: row 3 of the chain has the decision no, "
                   "the table yes: it is not carried out; ask who decided"),
    "a decision taken back": ("UPDATE approval SET decision = NULL, decided_at = NULL, by = NULL",
                              "has the decision no, the table none"),
    "what was asked": ("UPDATE approval_item SET words = '全部撤离'", "approval 1: 500151105"),
}  # fmt: skip


@pytest.mark.parametrize(("statement", "words"), FORGERIES.values(), ids=FORGERIES)
async def test_what_was_changed_is_named(world: World, statement: str, words: str) -> None:
    await evening(world)
    await forge(world, statement)
    found = await named(world)
    assert found
    assert all(words in sentence for _, sentence in found), found


async def test_a_forged_yes_orders_nobody_away(world: World) -> None:
    await evening(world)
    texts = len(await world.inbox("anju_duty"))
    await forge(world, "UPDATE approval SET decision = 'yes', applied_at = NULL")
    await world.react()
    await world.send()
    assert await world.column("SELECT DISTINCT kind FROM order_version") == ["issue"]
    assert len(await world.inbox("anju_duty")) == texts
    (task,) = await world.tasks("decide")
    assert task["words"] == "第1号请示的批复与留痕不一致,不予执行:请向审批领导核实"


async def test_a_yes_that_nobody_gave_orders_nobody_away(world: World) -> None:
    await world.warn("red")
    await world.settle()
    await forge(world, "UPDATE approval SET decision = 'yes', decided_at = engine_now(), by = 'governor'")
    await world.react()
    assert await world.column("SELECT DISTINCT kind FROM order_version") == ["issue"]
    assert len(await world.tasks("decide")) == 1


async def test_a_forged_yes_that_is_then_given_properly_stays_a_no(world: World) -> None:
    await evening(world)
    await forge(world, "UPDATE approval SET decision = NULL, decided_at = NULL, by = NULL")
    assert await world.engine.board.decide(1, "yes", "somebody", "") is None
    await world.react()
    assert await world.column("SELECT DISTINCT kind FROM order_version") == ["issue"]


async def test_a_yes_does_not_cover_what_was_put_into_the_request_afterwards(world: World) -> None:
    await world.warn("red", ANJU)
    await world.settle()
    await world.engine.board.decide(1, "yes", "governor", "")
    await world.react()
    await world.warn("red", ANJU, BAIYANG)
    await forge(
        world,
        "INSERT INTO approval_item SELECT 1, o.id, i.measure, i.words FROM approval_item i JOIN standing_order o "
        f"ON o.unit = '{BAIYANG}' WHERE i.approval = 2 AND i.standing_order = o.id",
    )
    await world.warn("red", ANJU, BAIYANG)
    ordered = (
        "SELECT v.measures FROM order_version v JOIN standing_order o ON o.id = v.standing_order WHERE o.unit = $1"
    )
    forms = [mark["standing"] for measures in await world.column(ordered, BAIYANG) for mark in measures]
    asked = await world.column("SELECT measure FROM approval_item WHERE approval = 2")
    assert asked
    assert {standing["form"] for standing in forms if standing["measure"] in asked} == {"advice"}


async def test_a_request_that_became_void_is_sealed_as_void(world: World) -> None:
    await world.warn("red")
    await world.settle()
    await world.warn(None)
    assert await world.value("SELECT decision FROM approval") == "void"
    assert await named(world) == []


async def test_two_engines_seal_everything_once(world: World) -> None:
    await world.warn("red")
    await world.settle()
    one, other = AuditStore(world.database), AuditStore(world.database)
    await world.jump(LATER)
    marks = [await one.mark(), await other.mark()]
    assert await one.seal(marks[0])
    assert await other.seal(marks[1]) is None
    await world.reply("anju_vice", "1")
    assert await world.value("SELECT count(*) FROM audit WHERE kind = 'seal'") == 1
    await seal(world)
    assert await named(world) == []


async def test_a_mark_of_before_a_demo_was_set_to_its_night_seals_nothing(world: World) -> None:
    mark = await world.engine.audit.mark()
    await world.jump(-timedelta(days=90))
    await world.warn("red")
    assert await world.engine.audit.seal(mark) is None
    await seal(world)
    assert await world.value("SELECT count(*) FROM audit WHERE kind = 'seal'") == 1


async def test_nothing_is_sealed_while_somebody_still_writes(world: World) -> None:
    await world.warn("red")
    await world.jump(LATER)
    async with world.database.transaction() as writer:
        await writer.execute("SELECT pg_current_xact_id()")
        mark = await world.engine.audit.mark()
        assert await world.engine.audit.seal(mark) is None
    assert await world.engine.audit.seal(mark)


async def test_only_the_last_day_is_compared_by_the_watch(world: World) -> None:
    await evening(world)
    await world.execute("UPDATE text SET body = 'forged' WHERE id = 1")
    await world.jump(timedelta(days=2))
    assert await world.engine.differences() == []
    assert len(await world.engine.differences(None)) == 1


async def test_the_operator_reads_which_row_differs(world: World, postgres: Postgres) -> None:
    await evening(world)
    name = await world.value("SELECT current_database()")
    settings = {"DATABASE": postgres.named(name), "INSTALLATION": "demo"}
    environment = clean_environment(**settings)
    said = await command("audit", "verify", environment=environment, cwd=PROJECT)
    assert said.code == 0, said
    assert "the chain holds" in said.out
    await forge(world, "UPDATE approval SET decision = 'yes'")
    said = await command("audit", "verify", environment=environment, cwd=PROJECT)
    assert said.code == 1
    assert "approval 1: row 3 of the chain has the decision no, the table yes" in said.err


async def test_the_chain_itself_cannot_be_rewritten(world: World) -> None:
    await evening(world)
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await world.execute("UPDATE audit SET body = '{}'")


def test_every_difference_is_a_sentence() -> None:
    digest = {"bundles": 1, "attempts": 2, "events": 3, "sha256": "ab" * 32}
    assert str(Difference("sent", "2/202608", 7, digest, None)) == (
        "deliveries: row 7 of the chain has 1 bundles, 2 attempts, 3 events (abababab), the tables nothing, in the "
        "month 202608: attempts, events or bundles were changed, removed or added"
    )
    assert str(Difference("text", "4", None, None, {})) == (
        "text 4: stands in the table and not in the chain: somebody has added it"
    )
