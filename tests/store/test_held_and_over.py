"""What is over: nothing of it waits behind a stop, nobody is asked about it any more, and it says why it is over."""

from __future__ import annotations

from dataclasses import replace

from tests.store.world import ANJU, World


async def held_red(world: World) -> None:
    """A red to more people than a rule allows, which waits."""
    limits = world.book.limits.model_copy(update={"people_per_order": 3})
    book = world.engine.book.model_copy(update={"limits": limits})
    world.engine.book = book
    world.engine.reconciler = replace(world.engine.reconciler, book=book)
    await world.warn("red", ANJU)
    await world.settle()
    assert await world.inbox("anju_mayor") == []


async def test_what_a_newer_version_replaced_does_not_wait_behind_a_stop(world: World) -> None:
    await held_red(world)
    await world.warn("orange", ANJU)
    await world.execute("UPDATE chunk SET due = engine_now() WHERE finished_at IS NULL")
    await world.settle()
    assert await world.inbox("anju_mayor") == [], "the order is stopped still"
    waiting = await world.value(
        "SELECT count(*) FROM chunk c JOIN delivery d ON d.chunk = c.id JOIN bundle b ON b.id = d.bundle "
        "JOIN order_version v ON v.id = ANY (b.versions) WHERE c.finished_at IS NULL AND v.superseded_at IS NOT NULL"
    )
    assert not waiting


async def test_a_stop_of_what_was_taken_back_ends_by_itself(world: World) -> None:
    await held_red(world)
    assert await world.tasks("decide")
    await world.warn(None, ANJU)
    await world.settle()
    assert await world.engine.halts.halts() == []
    assert all(task["closed_at"] for task in await world.tasks("decide") if task["danger"].startswith("halt"))
    ended = await world.value("SELECT body ->> 'by' FROM audit WHERE kind = 'resume' ORDER BY seq LIMIT 1")
    assert ended == "指令已解除"


async def test_an_all_clear_names_the_message_that_brought_it(world: World) -> None:
    await world.warn("red", ANJU)
    await world.settle()
    await world.warn(None, ANJU)
    await world.settle()
    cancel = await world.value("SELECT identifier FROM warning ORDER BY id DESC LIMIT 1")
    lapse = await world.value("SELECT max(change) FROM order_version WHERE kind = 'lapse'")
    assert cancel in await world.value("SELECT because FROM change WHERE id = $1", lapse)
    sealed = await world.value("SELECT body FROM audit WHERE kind = 'orders' ORDER BY seq DESC LIMIT 1")
    assert cancel in sealed["because"]
