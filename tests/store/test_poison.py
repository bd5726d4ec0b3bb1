"""One message that nobody can hold stops neither its way in nor those behind it."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from tests.core.district import READING
from tests.store.world import World
from tests.waiting import until
from warnengine import metrics
from warnengine.demo.scenario import RED
from warnengine.ingest import formats
from warnengine.ingest.formats import MAX_BYTES
from warnengine.ingest.intake import Intake
from warnengine.ingest.spool import LARGEST, SpoolSource
from warnengine.model.arrival import Arrival, Taken, Verdict
from warnengine.model.errors import RefusedWarning
from warnengine.store.database import DATA_ERRORS

GOOD = RED.xml()


def with_field(name: str, value: str) -> bytes:
    """The red, under another identifier, with one field filled."""
    other = GOOD.decode().replace(RED.identifier, "50022441600000_20260727055500")
    start, end = other.index(f"<{name}>") + len(name) + 2, other.index(f"</{name}>")
    return (other[:start] + value + other[end:]).encode()


POISON = {
    "identifier": with_field("identifier", "x" * 6_000),
    "sender": with_field("sender", "局" * 6_000),
    "event": with_field("eventType", "风" * 6_000),
    "reference": with_field("references", "r" * 6_000),
    "references": with_field("references", " ".join(f"r{number}" for number in range(2_000))),
    "headline": with_field("headline", "预警" * 20_000),
    "area": with_field("areaDesc", "镇" * 20_000),
}


@pytest.fixture
async def dawn(world: World) -> World:
    """It is the morning of the red, and real messages are read."""
    await world.execute("UPDATE installation SET clock_offset = $1::timestamptz - clock_timestamp()", RED.entered)
    world.engine.intake = Intake(world.engine.warnings, lambda raw: formats.read(raw, READING), world.book)
    return world


@pytest.fixture
async def spool(dawn: World, tmp_path: Path) -> SpoolSource:
    source = SpoolSource(tmp_path / "spool", dawn.engine.take)
    for place in ("taken", "refused"):
        (source.folder / place).mkdir(parents=True)
    return source


def put(spool: SpoolSource, name: str, raw: bytes) -> Path:
    """A whole file, written long ago; its name's first digit says when."""
    file = spool.folder / name
    file.write_bytes(raw)
    os.utime(file, (int(name[0]), int(name[0])))
    return file


@pytest.mark.parametrize("raw", POISON.values(), ids=POISON)
async def test_a_field_without_end_is_quarantined_and_the_next_message_is_ordered(dawn: World, raw: bytes) -> None:
    taken = await dawn.engine.take(Arrival("test", "1", raw))
    assert (taken.verdict, taken.reason) == (Verdict.QUARANTINED, "too_long")
    await dawn.engine.take(Arrival("test", "2", GOOD))
    await dawn.react()
    assert await dawn.value("SELECT max(level) FROM order_version") == 4


async def test_what_the_database_cannot_hold_is_refused_and_not_taken_for_a_lost_one(world: World) -> None:
    warning = await world.warn("red", name="i" * 300, react=False)
    assert await world.take(warning) is Verdict.REPEAT
    noise = "".join(chr(0x4E00 + number * 7_919 % 20_000) for number in range(9_000))
    with pytest.raises(RefusedWarning, match="ProgramLimitExceeded") as refusal:
        async with world.engine.warnings.arrival() as desk:
            await desk.meet([replace(warning, identifier=noise)], [()], "test")
    assert refusal.value.reason == "not_storable"


@pytest.mark.parametrize("name", ["zero\0inside", "half a pair \ud800"], ids=["NUL", "a lone surrogate"])
async def test_letters_that_the_database_cannot_hold_do_not_come_again(world: World, name: str) -> None:
    await world.warn("red", name=name, react=False)
    (kept,) = await world.engine.warnings.quarantine()
    assert kept["reason"] == "not_storable"


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.SerializationError,
        asyncpg.DeadlockDetectedError,
        asyncpg.DiskFullError,
        asyncpg.TooManyConnectionsError,
        asyncpg.AdminShutdownError,
        asyncpg.InterfaceError,
        ConnectionResetError,
    ],
)
def test_what_may_go_well_the_next_time_is_not_about_the_message(error: type[Exception]) -> None:
    assert not issubclass(error, DATA_ERRORS)


async def test_a_poisoned_file_does_not_stop_the_next(dawn: World, spool: SpoolSource) -> None:
    put(spool, "1.xml", POISON["identifier"])
    (spool.folder / "2.xml").symlink_to("/nowhere")
    os.utime(spool.folder / "2.xml", (2, 2), follow_symlinks=False)
    put(spool, "3.xml", b" " * MAX_BYTES * 9)
    put(spool, "4\udcff.xml", b"<x/>")
    put(spool, "5.xml", GOOD)
    await spool.look()
    assert [file.name for file in (spool.folder / "taken").iterdir()] == ["5.xml"]
    assert {file.name[0] for file in (spool.folder / "refused").iterdir()} == {"1", "2", "3", "4"}
    reasons = await dawn.column("SELECT reason FROM arrival WHERE reason IS NOT NULL ORDER BY id")
    assert reasons == ["too_long", "too_large", "unknown_format"]
    assert await dawn.value("SELECT max(octet_length(raw)) FROM arrival") == LARGEST + 1


async def test_a_file_that_may_not_be_moved_does_not_stop_the_next(
    dawn: World, spool: SpoolSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename: Callable[[Path, Path], Path] = Path.rename

    def guarded(file: Path, target: Path) -> Path:
        if file.name == "1.xml":
            raise PermissionError("not yours")
        return rename(file, target)

    monkeypatch.setattr(Path, "rename", guarded)
    put(spool, "1.xml", b"<x/>")
    put(spool, "2.xml", GOOD)
    await spool.look()
    assert (spool.folder / "taken" / "2.xml").exists()
    assert await dawn.value("SELECT count(*) FROM warning") == 1


async def test_where_the_store_does_not_answer_every_file_waits(tmp_path: Path) -> None:
    asked: list[str] = []

    async def lost(arrival: Arrival) -> Taken:
        asked.append(arrival.position)
        raise ConnectionError("the store does not answer")

    spool = SpoolSource(tmp_path, lost)
    for name in ("1.xml", "2.xml"):
        put(spool, name, GOOD)
    with pytest.raises(ConnectionError):
        await spool.look()
    assert asked == ["1.xml"]
    assert all((tmp_path / name).exists() for name in ("1.xml", "2.xml"))


async def test_a_spool_folder_that_is_a_file_is_told_and_ends_nothing(dawn: World, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("no folder")
    before = metrics.LOOP_FAILURES.labels("spool")._value.get()
    running = asyncio.create_task(SpoolSource(tmp_path / "taken", dawn.engine.take).run())

    async def told() -> bool:
        return bool(metrics.LOOP_FAILURES.labels("spool")._value.get() > before)

    await until(told)
    assert not running.done()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
