"""Posts that change hands by the clock: who is on duty then gets the order, and whoever takes over gets it too."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from tests.store.world import ANJU, HOUR, ONLY_DUTY, World, small_directory
from warnengine.model.clock import BEIJING
from warnengine.model.directory import Absence, Directory, Holding, Shift
from warnengine.model.errors import DirectoryError
from warnengine.model.rota import DayKind
from warnengine.model.timetable import Plan

DAY = timedelta(days=1)


def rota(*shifts: Shift, **values: object) -> Directory:
    return replace(small_directory(), shifts=shifts, **values)  # type: ignore[arg-type]


def whole_day(person: str, days: str, begins: int = 8) -> Shift:
    return Shift(ANJU, "duty", days, time(begins), DAY, person)


async def on_duty(world: World, post: str = "duty", at: datetime | None = None) -> list[str]:
    return await world.column(
        "SELECT person FROM on_duty(coalesce($3, engine_now())) WHERE unit = $1 AND post = $2 ORDER BY person",
        ANJU,
        post,
        at,
    )


async def clock(world: World, day: date, hour: int) -> None:
    """Set the clock to an hour of Beijing."""
    await world.jump(datetime.combine(day, time(hour), BEIJING) - await world.now())


@pytest.fixture
async def today(world: World) -> date:
    """A day that begins now, at noon."""
    day = (await world.now()).astimezone(BEIJING).date() + DAY
    await clock(world, day, 12)
    return day


async def test_the_store_says_what_the_timetable_says_at_every_hour(world: World, today: date) -> None:
    directory = rota(
        whole_day("anju_vice", "工作日"),
        whole_day("anju_mayor", "休息日"),
        Shift(ANJU, "duty", "节假日", time(8), 6 * HOUR, "anju_secretary"),
        absences=(
            Absence("anju_mayor", await world.now() + 5 * HOUR, await world.now() + 9 * DAY, "anju_secretary"),
        ),
        calendar={today + 2 * DAY: DayKind.HOLIDAY, today + 4 * DAY: DayKind.WORKING},
    )
    await world.people(directory)
    plan = Plan.of(directory, await world.now())
    for hours in range(0, 10 * 24, 3):
        moment = await world.now() + hours * HOUR
        for post in ("duty", "vice", "mayor", "secretary"):
            assert await on_duty(world, post, moment) == sorted(plan.held((ANJU, post), moment)), moment


async def test_the_order_goes_to_who_has_the_shift_and_not_to_the_list(world: World, today: date) -> None:
    await world.people(
        replace(rota(whole_day("anju_mayor", "每天")), holdings=small_directory(without=ONLY_DUTY).holdings)
    )
    await world.warn("red")
    await world.send()
    assert len(await world.inbox("anju_mayor")) == 1
    assert await world.bundles("anju_duty") == []


async def test_whoever_takes_over_gets_the_order_that_stands_and_nobody_gets_it_twice(
    world: World, today: date
) -> None:
    shifts = (whole_day("anju_vice", today.isoformat()), whole_day("baiyang_vice", (today + DAY).isoformat()))
    holdings = small_directory(without=ONLY_DUTY).holdings
    await world.people(replace(rota(*shifts), holdings=holdings))
    await world.warn("red", lasts=48 * HOUR)
    await world.send()
    assert not await world.engine.people.hand_over(), "nobody has taken over yet"
    await clock(world, today + DAY, 9)
    assert await world.engine.people.hand_over()
    await world.react()
    await world.send()
    assert await world.bundles("baiyang_vice")
    assert len(await world.bundles("anju_vice")) == 1
    assert not await world.engine.people.hand_over(), "and that is all"
    await clock(world, today + DAY, 23)
    assert not await world.engine.people.hand_over()


async def test_a_request_that_waits_is_asked_of_who_comes_on_duty_and_its_clock_goes_on(
    world: World, today: date
) -> None:
    def leads(person: str, days: date) -> Shift:
        return Shift("district", "leader", days.isoformat(), time(8), DAY, person)

    people = (leads("district_leader", today), leads("water_head", today + DAY))
    await world.people(replace(small_directory(), shifts=people))
    await clock(world, today + DAY, 7)
    await world.jump(timedelta(minutes=57))
    await world.warn("red", lasts=6 * HOUR)
    await world.settle()
    asked = "SELECT person FROM bundle WHERE purpose = 'approval' ORDER BY id"
    await world.engine.hand_over()
    assert await world.column(asked) == ["district_leader"], "nobody has taken over yet"
    due = await world.value("SELECT due FROM approval")
    await world.jump(timedelta(minutes=4))
    await world.engine.hand_over()
    await world.settle()
    assert await world.column(asked) == ["district_leader", "water_head"]
    assert await world.value("SELECT due FROM approval") == due, "nobody waits longer because a shift has changed"
    assert any("请1分钟内批复" in text for text in await world.inbox("water_head"))
    await world.engine.hand_over()
    await world.jump(timedelta(minutes=2))
    await world.settle()
    await world.engine.hand_over()
    assert await world.column(asked) == ["district_leader", "water_head", "district_governor"], "each once"


async def test_nobody_is_asked_of_what_is_decided(world: World, today: date) -> None:
    await world.warn("red", lasts=6 * HOUR)
    await world.settle()
    (request,) = await world.engine.board.requests(pending=True)
    await world.engine.board.decide(request["id"], "no", "leader", "")
    also = [Holding("district", "leader", "water_head", None, None)]
    await world.people(small_directory(without=["district_leader"], also=also))
    await world.engine.hand_over()
    assert await world.bundles("water_head", "approval") == []


async def test_whoever_holds_the_post_by_a_new_list_is_asked_too(world: World, today: date) -> None:
    await world.warn("red", lasts=6 * HOUR)
    await world.settle()
    also = [Holding("district", "leader", "water_head", None, None)]
    await world.people(small_directory(without=["district_leader"], also=also))
    await world.engine.hand_over()
    assert len(await world.bundles("water_head", "approval")) == 1


async def test_who_is_away_is_not_called_and_the_deputy_is(world: World, today: date) -> None:
    now = await world.now()
    await world.people(replace(small_directory(), absences=(Absence("anju_mayor", now - DAY, now + DAY),)))
    assert await on_duty(world, "mayor") == ["anju_secretary"]
    await world.warn("red")
    assert await world.bundles("anju_mayor") == []
    (bundle,) = await world.bundles("anju_secretary")
    assert sorted(bundle["posts"]) == [f"{ANJU}/mayor", f"{ANJU}/secretary"], "one message for both posts"
    assert await on_duty(world, "mayor", now + 2 * DAY) == ["anju_mayor"]


async def test_who_is_away_and_has_nobody_is_still_called(world: World, today: date) -> None:
    now = await world.now()
    await world.people(replace(small_directory(), absences=(Absence("anju_secretary", now - DAY, now + DAY),)))
    await world.warn("red")
    assert await world.bundles("anju_secretary")


async def test_a_list_that_comes_again_forgets_what_was_to_come_and_keeps_what_was(
    world: World, today: date
) -> None:
    now = await world.now()
    await world.people(rota(whole_day("anju_mayor", "每天")))
    then = await world.now()
    assert await on_duty(world) == ["anju_mayor"]
    await world.jump(HOUR)
    await world.people(rota(whole_day("anju_vice", "每天")))
    assert await on_duty(world) == ["anju_vice"]
    assert await on_duty(world, at=now + 30 * DAY) == ["anju_vice"]
    assert await on_duty(world, at=then) == ["anju_mayor"], "what was, stays"
    await world.people(small_directory())
    assert await on_duty(world, at=now + 30 * DAY) == ["anju_duty"]


async def test_what_was_imported_is_read_back_as_it_was(world: World, today: date) -> None:
    people = small_directory().people
    several = replace(
        people["anju_mayor"],
        mobile="+8619900009999",
        phone="+862345600000",
        prefers=("wecom", "sms"),
        wecom="mayor",
        others=(("sms", "+8619900001111"), ("sms", "+8619900009998"), ("email", "a@example.cn")),
    )
    directory = rota(
        whole_day("anju_vice", "工作日"),
        whole_day("anju_mayor", "2026-10-01", 9),
        people={**people, "anju_mayor": several},
        absences=(Absence("anju_mayor", await world.now(), await world.now() + DAY, "anju_vice", "年休假"),),
        calendar={date(2026, 10, 1): DayKind.HOLIDAY},
    )
    await world.people(directory)
    found = await world.engine.people.listed(world.book.district.code)
    assert found.holdings == directory.holdings
    assert (found.absences, found.shifts, found.calendar) == (
        directory.absences,
        directory.shifts,
        directory.calendar,
    )
    named = {held.person for held in directory.holdings}
    assert {key: set(one.ways) for key, one in found.people.items()} == {
        key: set(one.ways) for key, one in directory.people.items() if key in named
    }
    again = found.people["anju_mayor"]
    assert [address for channel, address in again.ways if channel == "sms"] == [
        "+8619900009999",
        "+8619900001111",
        "+8619900009998",
    ]
    assert replace(again, others=()) == replace(several, others=())


async def test_a_rota_goes_on_over_the_turn_of_the_year(world: World, today: date) -> None:
    await world.people(rota(whole_day("anju_vice", "每天")))
    people, district = world.engine.people, world.book.district.code
    assert not await people.go_on(district), "it has just been worked out"
    year = today.year + 1 if today.month == 12 else today.year
    new_year, december = date(year + 1, 1, 1), date(year, 12, 2)
    assert await on_duty(world, at=datetime.combine(new_year, time(12), BEIJING)) == ["anju_duty"]
    await world.warn("blue", lasts=1000 * DAY)
    await world.send()
    had = await world.value("SELECT count(*) FROM bundle")
    await clock(world, december, 12)
    assert await people.go_on(district)
    assert not await people.go_on(district)
    assert await on_duty(world) == ["anju_vice"]
    assert await on_duty(world, at=datetime.combine(new_year, time(12), BEIJING)) == ["anju_vice"]
    await world.engine.hand_over()
    await world.react()
    assert await world.value("SELECT count(*) FROM bundle") == had, "nobody is told a second time"


async def test_without_a_rota_there_is_nothing_to_go_on(world: World, today: date) -> None:
    await clock(world, date(today.year + 1, 12, 2), 12)
    assert not await world.engine.people.go_on(world.book.district.code)


async def test_two_clerks_at_once_do_not_undo_each_other(world: World, today: date) -> None:
    store, district = world.engine.people, world.book.district.code
    seen = await store.listed(district)
    leave = (Absence("anju_mayor", await world.now(), await world.now() + DAY),)
    await store.replace(district, replace(seen, absences=leave), seen)
    with pytest.raises(DirectoryError, match="刚才有人导入了通讯录"):
        await store.replace(district, replace(seen, shifts=(whole_day("anju_vice", "每天"),)), seen)
    now = await store.listed(district)
    assert (now.absences, now.shifts) == (leave, ())


async def test_of_two_numbers_the_first_comes_first_and_a_proof_outlives_the_next_import(world: World) -> None:
    people = small_directory().people
    both = replace(people["anju_duty"], mobile="+8619900009999", others=(("sms", "+8619900001111"),))
    directory = replace(small_directory(), people={**people, "anju_duty": both})
    await world.people(directory)
    await world.warn("blue")
    (bundle,) = await world.bundles("anju_duty")
    assert await world.column("SELECT address FROM delivery WHERE bundle = $1 ORDER BY id", bundle["id"]) == [
        "+8619900009999",
        "+8619900001111",
    ]
    await world.execute("UPDATE address SET proven_at = '2026-01-01' WHERE address = '+8619900001111'")
    await world.people(directory)
    proofs = await world.engine.people.proofs(world.book.district.code)
    assert list(proofs) == [("anju_duty", "sms", "+8619900001111")]
    await world.people(small_directory())
    await world.people(directory)
    assert list(await world.engine.people.proofs(world.book.district.code)) == list(proofs), "nor is it forgotten"
