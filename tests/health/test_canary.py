"""The canary goes the way of a real order, comes back, and can reach no person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from tests.health.conftest import BOX, KEY, LOOP, Cage
from tests.store.world import small_directory
from warnengine.health.canary import message, path_of
from warnengine.health.paths import Colour, Light
from warnengine.model.arrival import Arrival, Verdict
from warnengine.model.errors import StartRefused

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


async def test_it_flies_through_store_matcher_and_gateways_and_comes_back(cage: Cage) -> None:
    taken = await cage.fly("http")
    assert taken.verdict is Verdict.NEW
    await cage.send()

    assert [entry.address for entry in cage.line.log] == [LOOP]
    assert [entry.address for entry in cage.mail.log] == [BOX]
    assert "系统自检信息" in cage.line.log[0].short
    assert await cage.proven() == {"in/http", "out/mail"}, "a mailbox without receipts proves itself by its yes"

    await cage.receipt(cage.line.log[0])
    await cage.reply()
    assert await cage.proven() == {"in/http", "out/mail", "out/line", "back/line"}


async def test_every_one_of_them_makes_one_text_for_each_gateway(cage: Cage) -> None:
    for _ in range(4):
        await cage.fly("http")
        await cage.fly("spool", send=False)
        await cage.send()
        await cage.receipt(cage.line.log[-1])
    assert (len(cage.line.log), len(cage.mail.log)) == (4, 4)
    assert {"in/http", "in/spool"} <= await cage.proven(), (
        "the path that sends nothing has been taken in all the same"
    )


async def test_a_message_that_comes_twice_sends_nothing_twice(cage: Cage) -> None:
    raw = message("http", 7, datetime.now(UTC), KEY, send=True)
    for position in ("a", "b"):
        await cage.engine.take(Arrival("x", position, raw))
        await cage.world.react()
    await cage.send()
    assert len(cage.line.log) == 1


async def test_what_was_under_way_for_long_proves_nothing(cage: Cage) -> None:
    taken = await cage.fly(at=datetime.now(UTC) - timedelta(minutes=11))
    assert (taken.verdict, taken.reason) == (Verdict.REPEAT, "stale_canary")
    assert await cage.proven() == set()
    assert await cage.engine.warnings.quarantine() == [], "it lay in the spool while the engine was down: no alarm"


SEALED = message("spool", 1, NOW, KEY, send=True)


@pytest.mark.parametrize(
    ("name", "raw", "path"),
    [
        ("ours", SEALED, "spool"),
        ("with a line feed more", SEALED + b"\n", "spool"),
        ("sealed by another installation", message("spool", 1, NOW, b"other", send=True), None),
        ("with another word in it", SEALED.replace("自检".encode(), "红色".encode(), 1), None),
        ("without its seal", SEALED.partition(b"<!--")[0], None),
        ("with another message behind it", SEALED + b"<alert/>", None),
        ("any message", b"<alert/>", None),
        ("nothing", b"", None),
    ],
)
def test_only_what_this_installation_sealed_is_a_canary(name: str, raw: bytes, path: str | None) -> None:
    assert path_of(raw, KEY) == path, name


async def test_a_canary_of_somebody_else_is_a_test_like_any_other(cage: Cage) -> None:
    raw = message("http", 1, datetime.now(UTC), b"other", send=True)
    taken = await cage.engine.take(Arrival("bureau", "p", raw))
    assert taken.reason == "not_actual"


# It can reach no person


async def test_no_real_address_is_expanded_whoever_holds_a_post_of_that_name(cage: Cage) -> None:
    """Everybody of the district has numbers, mailboxes and posts; not one of them is in what the canary sends."""
    await cage.fly()
    await cage.send()
    rows = await cage.world.rows(
        "SELECT d.channel, d.address, b.person, b.district FROM delivery d JOIN bundle b ON b.id = d.bundle"
    )
    assert {(row["channel"], row["address"]) for row in rows} == {("sms@line", LOOP), ("email@mail", BOX)}
    assert {row["person"] for row in rows} == {"line", "mail"}


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("a person's address in the canary's district", "INSERT INTO address (district, person, channel, address) VALUES (canary(), 'line', 'sms', '+8613900000000')"),
        ("a canary's address for a person", "INSERT INTO address (district, person, channel, address) VALUES ('500151', 'anju_duty', 'sms@line', '+8610690000001')"),
        ("a real unit's post in the canary's district", "INSERT INTO holding (district, unit, post, person) VALUES (canary(), '500151105', 'duty', 'line')"),
        ("the canary's post for a real person", "INSERT INTO holding (district, unit, post, person) VALUES ('500151', 'canary', 'canary', 'anju_duty')"),
        ("a canary among the bundles of people", "INSERT INTO bundle (id, district, change, person, purpose, kind, level, lane, versions, text, posts, code, made_at, not_after) SELECT 16, district, change, person, purpose, kind, level, lane, versions, text, posts, 'x', made_at, not_after FROM bundle LIMIT 1"),
    ],
)  # fmt: skip
async def test_the_store_itself_keeps_them_apart(cage: Cage, name: str, statement: str) -> None:
    await cage.fly()
    with pytest.raises(asyncpg.CheckViolationError):
        await cage.world.execute(statement)


async def test_an_engine_whose_canary_has_a_persons_number_does_not_start(cage: Cage) -> None:
    directory = small_directory()
    key, person = next((k, p) for k, p in directory.people.items() if p.mobile)
    taken = {**directory.people, key: type(person)(key, "王某", LOOP, None)}
    await cage.world.people(type(directory)(taken, directory.holdings))
    with pytest.raises(StartRefused, match=r"\+8610690000001 is 王某's"):
        await cage.engine.canary.register()


async def test_a_live_order_never_goes_to_the_loop_back_address(cage: Cage) -> None:
    await cage.fly()
    await cage.world.warn("red")
    await cage.world.send("sms", "email")
    await cage.send()
    to_people = [e for e in cage.line.log if e.address != LOOP]
    assert to_people
    assert all("自检" not in entry.short for entry in to_people)
    assert len([e for e in cage.line.log if e.address == LOOP]) == 1


# It is in no figure


async def test_no_list_and_no_figure_counts_it(cage: Cage) -> None:
    for _ in range(2):
        await cage.fly()
        await cage.send()
        await cage.receipt(cage.line.log[-1])
        await cage.reply()
    await cage.reply("这是什么")
    cage.line.up = cage.mail.up = False
    await cage.fly()
    board = cage.engine.board
    assert await board.orders(100) == []
    assert await board.deliveries(100, 0) == []
    figures = await board.by_label(timedelta(seconds=120))
    kept = {name: rows for name, rows in figures.items() if rows and name != "held"}
    assert kept == {}
    assert await cage.world.rows("SELECT * FROM task") == []
    assert await cage.world.rows("SELECT * FROM outbox") == []
    assert await cage.world.rows("SELECT * FROM audit WHERE kind = 'orders'") == []
    assert not await cage.engine.chase()


async def test_its_rows_are_forgotten_and_the_chain_holds(cage: Cage) -> None:
    for _ in range(5):
        await cage.fly()
        await cage.send()
        await cage.receipt(cage.line.log[-1])
        await cage.reply()
    before = await cage.engine.canary.store.grown()
    await cage.world.warn("red")
    await cage.engine.canary.store.prune(timedelta())
    await cage.engine.canary.store.prune(timedelta())
    assert before > 10
    assert await cage.engine.canary.store.grown() <= 4
    assert await cage.world.rows("SELECT * FROM bundle WHERE id > 0"), "what people were sent stays"
    counts = {
        "text": "text t JOIN change c ON c.id = t.change WHERE c.district = canary()",
        "change": "change WHERE district = canary()",
        "order_version": "order_version v JOIN standing_order o ON o.id = v.standing_order WHERE o.district = canary()",
        "warning": "warning WHERE issuer LIKE 'canary/%'",
        "arrival": "arrival WHERE source LIKE 'canary/%'",
        "receipt": "receipt",
    }
    left = {table: await cage.world.value(f"SELECT count(*) FROM {rest}") for table, rest in counts.items()}
    assert left == {"text": 1, "change": 1, "order_version": 1, "warning": 0, "arrival": 0, "receipt": 0}
    assert await cage.engine.differences() == []
    await cage.fly()
    await cage.send()
    assert len([e for e in cage.line.log if e.address == LOOP]) == 6, "and it flies on"


# Which of several ways in makes the order


@pytest.mark.parametrize(
    ("name", "colours", "trusted"),
    [
        ("nothing is known yet", {}, {"http", "spool", "kafka"}),
        ("all well", {"http": "green", "spool": "green", "kafka": "green"}, {"http", "spool", "kafka"}),
        ("one is dead", {"http": "red", "spool": "green", "kafka": "grey"}, {"spool"}),
        ("all are dead", {"http": "red", "spool": "red", "kafka": "red"}, {"http", "spool", "kafka"}),
    ],
)
def test_a_dead_way_in_makes_no_gateway_look_dead(
    name: str, colours: dict[str, str], trusted: set[str], cage: Cage
) -> None:
    cage.engine.canary.lights = tuple(
        Light(f"in/{path}", Colour(colour), None, "") for path, colour in colours.items()
    )
    assert {path for path in ("http", "spool", "kafka") if cage.engine.canary._trusted(path)} == trusted, name


async def test_one_of_several_processes_flies_in_each_interval(cage: Cage) -> None:
    store = cage.engine.canary.store
    assert [await store.claim("http", 60), await store.claim("http", 60)] == [True, False]
    assert await store.claim("http", 120)
    assert await store.claim("spool", 60)
