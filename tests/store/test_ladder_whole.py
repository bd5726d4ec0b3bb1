"""The ladder to its end: what is not finished, who must answer, who answered for whom, who has not begun."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.dispatch.fake_channel import Will
from tests.store.world import ANJU, BAIYANG, ONLY_DUTY, World, small_directory
from warnengine.acknowledge.chaser import Chaser
from warnengine.model.book import Enough, Night
from warnengine.model.level import Level
from warnengine.model.proof import Proof
from warnengine.order.escalate import show_unstarted
from warnengine.store.ladder import LadderStore

MINUTE = timedelta(minutes=1)
WATER = ["water_duty", "water_vice", "water_head"]
OTHERS = [f"duty_room_{post}" for post in ("duty", "chief", "leader")]


def rule(world: World, level: Level = Level.RED, **fields: Any) -> None:
    """Change the ladder of one level: every part of the engine has the same book."""
    world.book.ladder[level] = world.book.ladder[level].model_copy(update=fields)


@pytest.fixture(autouse=True)
def own_ladder(world: World) -> None:
    """A book whose rules a test may change."""
    ladder = dict(world.book.ladder)
    book = world.book.model_copy(update={"ladder": ladder})
    world.book = world.engine.book = book
    engine = world.engine
    for part in ("spokesman", "expander"):
        object.__setattr__(getattr(engine, part), "book", book)


async def proofs(world: World) -> Mapping[str, int]:
    return {row["person"]: row["proof"] for row in await world.engine.board.obligations(100, ANJU)}


async def acts(world: World, key: str) -> dict[str, str]:
    """What came of a person's timers."""
    rows = await world.rows(
        "SELECT act, outcome FROM timer t JOIN bundle b ON b.id = t.bundle WHERE b.person = $1 AND fired_at IS NOT NULL "
        "ORDER BY t.step",
        key,
    )
    return {row["act"]: row["outcome"] for row in rows}


async def pass_minutes(world: World, minutes: int, step: int = 1) -> None:
    for _ in range(0, minutes, step):
        await world.jump(step * MINUTE)
        await world.settle()


class TestTheEnd:
    """办结."""

    async def test_who_has_answered_and_not_finished_is_asked_then_the_superior_learns_it(
        self, world: World
    ) -> None:
        await world.people(small_directory(without=["anju_mayor", "anju_secretary", *WATER, *OTHERS]))
        await world.warn("red")
        await world.send()
        await world.reply("anju_duty", "2")
        await world.reply("anju_vice", "2")
        last = await world.value(
            "SELECT max(due) - engine_now() FROM every_timer WHERE act = 'unfinished' AND fired_at IS NULL"
        )
        await pass_minutes(world, int(last / MINUTE) + 2, 2)
        texts = [text for text in await world.inbox("anju_duty") if "时限快到" in text or "未报办结" in text]
        assert "时限快到" in texts[0]
        assert "未报办结" in texts[-1]
        told = [text for text in await world.inbox("anju_mayor") if "已收到未办结" in text]
        clocks = await world.value("SELECT count(DISTINCT due) FROM every_timer WHERE act = 'unfinished'")
        assert len(told) == clocks
        assert "ANJU_DUTY" in told[0]

    async def test_once_one_of_a_unit_has_finished_nobody_is_asked(self, world: World) -> None:
        await world.people(small_directory(without=[*WATER, *OTHERS]))
        await world.warn("orange")
        await world.send()
        for key in ("anju_duty", "anju_vice", "anju_mayor", "anju_secretary"):
            await world.reply(key, "1")
        count = await world.value("SELECT bool_or(counts) FROM obligation")
        await world.reply("anju_mayor", "3 5" if count else "3")
        await world.execute("UPDATE schedule SET due = engine_now() WHERE act IN ('finish', 'unfinished')")
        await world.settle()
        assert {
            outcome for act, outcome in (await acts(world, "anju_duty")).items() if act in {"finish", "unfinished"}
        } == {"not owing"}
        assert await world.value("SELECT count(*) FROM bundle WHERE purpose IN ('finish', 'unfinished')") == 0

    async def test_of_several_who_have_answered_those_who_are_at_it_are_asked(self, world: World) -> None:
        await world.people(small_directory(without=[*WATER, *OTHERS]))
        await world.warn("red")
        await world.send()
        for key in ("anju_duty", "anju_vice", "anju_secretary"):
            await world.reply(key, "1")
        await world.reply("anju_vice", "2")
        await world.execute("UPDATE schedule SET due = engine_now() WHERE act = 'finish'")
        await world.jump(60 * MINUTE)
        await world.chase()
        assert await world.column("SELECT DISTINCT person FROM bundle WHERE purpose = 'finish'") == ["anju_vice"]

    async def test_an_answer_to_the_question_ends_it(self, world: World) -> None:
        await world.people(small_directory(without=[*ONLY_DUTY, *OTHERS]))
        await world.warn("red")
        await world.send()
        await world.reply("anju_duty", "1")
        await world.jump(40 * MINUTE)
        await world.settle()
        assert "未报办结" in (await world.inbox("anju_duty"))[-1]
        await world.reply("anju_duty", "3 12")
        assert set((await world.duties("anju_duty")).values()) == {"done"}
        before = len(await world.inbox("anju_duty"))
        await pass_minutes(world, 60, 15)
        assert len(await world.inbox("anju_duty")) == before

    async def test_what_waits_in_a_queue_is_not_sent_after_the_answer(self, world: World) -> None:
        await world.people(small_directory(without=[*ONLY_DUTY, *OTHERS]))
        await world.warn("red")
        await world.send()
        await world.reply("anju_duty", "1")
        await world.jump(40 * MINUTE)
        await world.chase()
        assert len(await world.bundles("anju_duty", "finish")) == 1
        await world.reply("anju_duty", "3 12")
        before = len(await world.inbox("anju_duty"))
        await world.send()
        assert len(await world.inbox("anju_duty")) == before


class TestItems:
    """办完第几项."""

    @pytest.mark.parametrize("words", ["3 第2项", "3第二项", "第2项已完成"])
    async def test_one_item_is_done_then_all(self, world: World, words: str) -> None:
        await world.people(small_directory(without=[*ONLY_DUTY, *OTHERS]))
        await world.warn("red")
        await world.send()
        items = await world.value(
            "SELECT items FROM text t JOIN bundle b ON b.text = t.id WHERE b.person = 'anju_duty'"
        )
        await world.reply("anju_duty", words)
        assert await world.column("SELECT measure FROM item_done") == [items[1]]
        assert set((await world.duties("anju_duty")).values()) == {"acting"}
        await world.reply("anju_duty", "3 20")
        assert set((await world.duties("anju_duty")).values()) == {"done"}

    async def test_the_last_item_makes_it_done_and_a_number_is_still_owed(self, world: World) -> None:
        await world.people(small_directory(without=[*ONLY_DUTY, *OTHERS]))
        await world.warn("red")
        await world.send()
        items = await world.value(
            "SELECT items FROM text t JOIN bundle b ON b.text = t.id WHERE b.person = 'anju_duty'"
        )
        await world.execute("UPDATE obligation SET counts = true")
        for place in range(1, len(items) + 1):
            await world.reply("anju_duty", f"3 第{place}项")
        assert set((await world.duties("anju_duty")).values()) == {"acting"}
        assert "没有报人数" in (await world.tasks("unclear"))[-1]["words"]
        await world.reply("anju_duty", "3 20")
        assert set((await world.duties("anju_duty")).values()) == {"done"}

    async def test_after_3_a_number_is_people_where_people_are_asked_for_else_an_item(self, world: World) -> None:
        await world.people(small_directory(without=[*WATER, *OTHERS]))
        await world.warn("orange")
        await world.execute("UPDATE obligation SET counts = person = 'anju_vice'")
        await world.send()
        for key in ("anju_duty", "anju_vice"):
            await world.reply(key, "3 2")
        assert (await world.duties("anju_duty")).values() != (await world.duties("anju_vice")).values()
        assert await world.column("SELECT number FROM obligation WHERE person = 'anju_vice'") == [2]
        assert await world.column("SELECT DISTINCT person FROM item_done") == ["anju_duty"]

    async def test_an_item_that_the_text_has_not_goes_to_the_duty_room(self, world: World) -> None:
        await world.people(small_directory(without=[*ONLY_DUTY, *OTHERS]))
        await world.warn("red")
        await world.send()
        await world.reply("anju_duty", "3 第19项")
        (task,) = await world.tasks("unclear")
        assert task["words"].startswith("报了第19项办完,但这条信息没有第19项")
        assert set((await world.duties("anju_duty")).values()) == {"open"}


class TestWhoMustAnswer:
    async def test_two_of_four_are_enough_and_the_rest_is_left_alone(self, world: World) -> None:
        rule(world, answer=Enough(at_least=2))
        await world.people(small_directory(without=[*WATER, *OTHERS]))
        await world.warn("red")
        await world.send()
        await world.reply("anju_duty", "1")
        await pass_minutes(world, 8)
        calls = [task["person"] for task in await world.tasks("call") if task["closed_at"] is None]
        assert "anju_secretary" in calls
        before = {key: len(await world.inbox(key)) for key in ("anju_mayor", "anju_secretary")}
        await world.reply("anju_vice", "1")
        await world.engine.listen()
        assert [task for task in await world.tasks("call") if task["closed_at"] is None] == []
        await pass_minutes(world, 12, 2)
        assert {key: len(await world.inbox(key)) for key in before} == before
        assert (await acts(world, "anju_secretary"))["visit"] == "enough answers"
        assert await world.tasks("visit") == []

    async def test_where_everybody_must_a_call_stays_on_the_list(self, world: World) -> None:
        await world.people(small_directory(without=[*WATER, *OTHERS]))
        await world.warn("red")
        await world.send()
        for key in ("anju_duty", "anju_vice", "anju_mayor"):
            await world.reply(key, "1")
        await pass_minutes(world, 8)
        await world.engine.listen()
        calls = [task["person"] for task in await world.tasks("call") if task["closed_at"] is None]
        assert calls == ["anju_secretary"]

    async def test_a_receipt_is_enough_where_the_rule_says_so(self, world: World) -> None:
        rule(world, Level.BLUE, proof=Proof.DELIVERED)
        await world.people(small_directory(without=[*ONLY_DUTY, *OTHERS]))
        await world.warn("blue")
        await world.send()
        await world.receipt((await world.entries("anju_duty"))[0])
        await pass_minutes(world, 60, 30)
        assert (await acts(world, "anju_duty"))["again"] == "enough proof"

    async def test_an_order_made_at_night_is_chased_as_the_night_asks_for(self, world: World) -> None:
        night = Night(begins="00:00", ends="23:59")  # type: ignore[arg-type]
        book = world.book.model_copy(update={"night": night})
        object.__setattr__(world.engine.expander, "book", book)
        await world.people(small_directory(without=[*ONLY_DUTY, *OTHERS]))
        await world.warn("red")
        rows = await world.rows("SELECT act, due - engine_now() AS after FROM every_timer ORDER BY step")
        expected = book.ladder[Level.RED].climbs(night=True)
        assert [row["act"] for row in rows][: len(expected)] == [act.value for act, _ in expected]


class TestOnBehalf:
    async def answered(self, world: World, **said: str) -> Any:
        """The duty room calls whoever is silent, and somebody else picks up."""
        await world.people(small_directory(without=["anju_mayor", "anju_secretary", *WATER, *OTHERS]))
        await world.warn("yellow")
        await world.send()
        await world.reply("anju_vice", "1")
        await pass_minutes(world, 30, 15)
        (task,) = [task for task in await world.tasks("call") if task["closed_at"] is None]
        levels = [level for level, rung in world.book.ladder.items() if rung.answer.deputy]
        return await world.engine.duty.close(task["id"], "answered", "值班员", "", levels=levels, **said)

    async def test_a_deputy_at_the_telephone_counts_and_is_responsible(self, world: World) -> None:
        assert await self.answered(world, who="ANJU_VICE", why="本人在开会") == (True,)
        (row,) = await world.rows("SELECT state, responsible FROM obligation WHERE person = 'anju_duty'")
        assert (row["state"], row["responsible"]) == ("acked", "anju_vice")
        (answer,) = await world.rows("SELECT who, why, counted, by FROM answer WHERE manner = 'duty_room'")
        assert tuple(answer) == ("ANJU_VICE", "本人在开会", True, "值班员")

    async def test_anybody_else_is_kept_and_the_ladder_goes_on(self, world: World) -> None:
        assert await self.answered(world, who="门卫老王", why="本人睡了") == (False,)
        assert await world.duties("anju_duty") == {f"{ANJU}/rainstorm": "open"}
        (answer,) = await world.rows("SELECT who, why, counted FROM answer WHERE manner = 'duty_room'")
        assert tuple(answer) == ("门卫老王", "本人睡了", False)

    async def test_a_deputy_does_not_count_where_the_rule_wants_the_person(self, world: World) -> None:
        rule(world, Level.YELLOW, answer=Enough())
        assert await self.answered(world, who="ANJU_VICE", why="本人在开会") == (False,)

    async def test_a_call_hung_up_before_its_end_is_no_answer(self, world: World) -> None:
        await world.people(small_directory(without=[*ONLY_DUTY, *OTHERS]))
        await world.warn("red")
        await world.send()
        await pass_minutes(world, 8)
        (task,) = await world.tasks("call")
        await world.engine.duty_room.called(task["id"], "hung_up")
        assert await world.engine.duty.close(task["id"], "hung_up", "值班员", "") == (False,)
        assert set((await world.duties("anju_duty")).values()) == {"open"}
        await pass_minutes(world, 12, 2)
        assert len(await world.tasks("visit")) == 1


class TestTwoAnswers:
    """代办: who answers first is responsible."""

    async def begin(self, world: World) -> None:
        await world.people(small_directory(without=["anju_mayor", "anju_secretary", *WATER, *OTHERS]))
        await world.warn("orange")
        await world.send()
        await world.reply("anju_vice", "1")
        await pass_minutes(world, 8, 2)

    async def responsible(self, world: World) -> str | None:
        return await world.value("SELECT responsible FROM obligation WHERE person = 'anju_duty'")  # type: ignore[no-any-return]

    async def test_the_deputy_first_then_the_silent_one(self, world: World) -> None:
        await self.begin(world)
        assert "谁先应答谁负责办完" in (await world.inbox("anju_vice"))[-1]
        await world.reply("anju_vice", "1")
        assert await self.responsible(world) == "anju_vice"
        await world.reply("anju_duty", "1")
        await world.reply("anju_duty", "2")
        assert await self.responsible(world) == "anju_vice"
        await world.settle()
        for key in ("anju_duty", "anju_vice"):
            told = [text for text in await world.inbox(key) if "先应答的ANJU_VICE负责办完" in text]
            assert len(told) == 1, key
        assert await world.value("SELECT count(*) FROM answer") == 4
        assert ["本人和代办人都已应答" in task["words"] for task in await world.tasks("unclear")] == [True]

    async def test_the_silent_one_first_then_the_deputy(self, world: World) -> None:
        await self.begin(world)
        await world.reply("anju_duty", "1")
        await world.reply("anju_vice", "1")
        await world.settle()
        assert await self.responsible(world) is None
        assert "先应答的ANJU_DUTY负责办完,ANJU_VICE配合" in (await world.inbox("anju_vice"))[-1]

    async def test_who_took_it_on_is_asked_for_the_end_and_can_report_it(self, world: World) -> None:
        await self.begin(world)
        await world.reply("anju_vice", "2")
        await world.execute(
            "UPDATE obligation SET state = 'done', done_at = engine_now() WHERE person = 'anju_vice' AND NOT chased"
        )
        await world.execute("UPDATE obligation SET chased = false WHERE person = 'anju_vice'")
        await world.execute("UPDATE schedule SET due = engine_now() + interval '2 hours' WHERE act = 'finish'")
        await world.jump(121 * MINUTE)
        await world.chase()
        assert len(await world.bundles("anju_vice", "finish")) == 1
        assert await world.bundles("anju_duty", "finish") == []
        await world.send()
        counts = await world.value("SELECT counts FROM obligation WHERE person = 'anju_duty'")
        await world.reply("anju_vice", "3 7" if counts else "3")
        assert set((await world.duties("anju_duty")).values()) == {"done"}

    async def test_an_answer_to_the_notice_opens_nothing_anew(self, world: World) -> None:
        await self.begin(world)
        await world.reply("anju_vice", "1")
        await world.reply("anju_duty", "1")
        await world.settle()
        for key in ("anju_duty", "anju_vice"):
            await world.reply(key, "1 收到")
        await world.settle()
        assert await world.value("SELECT count(*) FROM bundle WHERE purpose = 'shared'") == 2
        assert len(await world.tasks("unclear")) == 1

    async def test_of_several_silent_ones_each_learns_who_has_it(self, world: World) -> None:
        rule(world, answer=Enough(deputy=True))
        await world.people(small_directory(without=["anju_mayor", "anju_secretary", *WATER, *OTHERS]))
        await world.execute("UPDATE holding SET deputy = 'baiyang_mayor' WHERE unit = $1", ANJU)
        await world.warn("red")
        await world.send()
        await world.jump(5 * MINUTE)
        await world.settle()
        await world.reply("baiyang_mayor", "1")
        for key in ("anju_duty", "anju_vice"):
            await world.reply(key, "1")
        await world.settle()
        for key in ("anju_duty", "anju_vice"):
            assert "先应答的BAIYANG_MAYOR负责办完" in (await world.inbox(key))[-1]

    async def test_the_page_of_the_silent_one_says_who_has_it(self, world: World) -> None:
        await self.begin(world)
        await world.reply("anju_vice", "1")
        code = await world.value("SELECT code FROM bundle WHERE person = 'anju_duty' AND purpose = 'order'")
        page = await world.engine.answers.page(code)
        assert page is not None
        assert page["taken"] == "ANJU_VICE"


class TestProof:
    """0 submitted … 5 verified."""

    async def test_each_piece_of_evidence_raises_it(self, world: World) -> None:
        await world.people(small_directory(without=[*ONLY_DUTY, *OTHERS]))
        await world.warn("red")
        seen = [(await proofs(world))["anju_duty"]]
        await world.send()
        await world.receipt((await world.entries("anju_duty"))[0])
        seen.append((await proofs(world))["anju_duty"])
        for words in ("你是哪个?", "1", "2"):
            await world.reply("anju_duty", words)
            seen.append((await proofs(world))["anju_duty"])
        version = await world.value("SELECT version FROM obligation")
        assert await world.engine.board.verify(version, "anju_duty", "督查组", "现场看过") is True
        seen.append((await proofs(world))["anju_duty"])
        assert seen == [0, 1, 2, 3, 4, 5]

    async def test_what_nobody_has_reported_cannot_be_verified(self, world: World) -> None:
        await world.people(small_directory(without=[*ONLY_DUTY, *OTHERS]))
        await world.warn("red")
        await world.send()
        await world.reply("anju_duty", "1")
        version = await world.value("SELECT version FROM obligation")
        assert await world.engine.board.verify(version, "anju_duty", "督查组", "") is False
        assert await world.engine.board.verify(version, "nobody", "督查组", "") is None

    async def test_an_acknowledgement_does_not_cover_an_upgrade(self, world: World) -> None:
        await world.people(small_directory(without=[*ONLY_DUTY, *OTHERS]))
        await world.warn("orange")
        await world.send()
        await world.reply("anju_duty", "2")
        assert await proofs(world) == {"anju_duty": 4}
        await world.warn("red")
        assert await proofs(world) == {"anju_duty": 0}
        await world.send()
        await pass_minutes(world, 2)
        assert (await acts(world, "anju_duty"))["again"] == "again"

    async def test_an_answer_after_the_all_clear_is_kept_and_marked_late(self, world: World) -> None:
        await world.people(small_directory(without=[*ONLY_DUTY, *OTHERS]))
        await world.warn("red")
        await world.send()
        code = await world.value("SELECT code FROM bundle WHERE person = 'anju_duty'")
        await world.warn(None)
        await world.engine.answers.answered_on_page(code, 1, None)
        (answer,) = await world.rows("SELECT step, late FROM answer")
        assert tuple(answer) == (1, True)
        assert await world.column("SELECT state FROM obligation WHERE person = 'anju_duty' ORDER BY version") == [
            "lapsed",
            "open",
        ]


class TestAtOnce:
    async def test_timers_fire_once_on_three_engines(self, world: World) -> None:
        await world.warn("red", ANJU, BAIYANG)
        await world.send()
        for minutes in (2, 3, 3, 2, 10):
            await world.jump(minutes * MINUTE)
            stores = [LadderStore(world.database, world.engine.spokesman.speak) for _ in range(3)]
            for _ in range(3):
                await asyncio.gather(*(Chaser(store, world.book.ladder).step() for store in stores))
        assert await world.value("SELECT count(*) FROM timer WHERE fired_at IS NULL AND due <= engine_now()") == 0
        escalations = await world.rows(
            "SELECT person, unnest(behalf || about) AS silent FROM bundle WHERE purpose = 'escalation'"
        )
        assert set(Counter(map(tuple, escalations)).values()) == {1}
        tasks = await world.rows("SELECT kind, bundle FROM task WHERE kind IN ('call', 'visit')")
        assert set(Counter(map(tuple, tasks)).values()) == {1}
        reminders = await world.column(
            "SELECT only_delivery FROM chunk WHERE purpose = 'reminder' AND channel = 'sms'"
        )
        assert set(Counter(reminders).values()) == {1}

    async def test_one_engine_climbs_at_a_time_and_none_for_ever(self, world: World) -> None:
        await world.people(small_directory(without=["anju_mayor", "anju_secretary", *WATER, *OTHERS]))
        await world.warn("red")
        await world.jump(2 * MINUTE)
        async with world.engine.ladder.due_timers() as desk:
            assert len(await desk.rungs(1)) == 1  # another one is due
            limit = await desk.connection.fetchval("SHOW idle_in_transaction_session_timeout")
            await world.engine.chase()
            assert await world.value("SELECT count(*) FROM timer WHERE fired_at IS NOT NULL") == 0
        assert limit == "10s"
        await world.engine.chase()
        assert await world.value("SELECT count(*) FROM timer WHERE fired_at IS NOT NULL") == 2

    async def test_an_engine_that_dies_while_it_climbs_leaves_nothing_half_done(self, world: World) -> None:
        await world.people(small_directory(without=["anju_mayor", "anju_secretary", *WATER, *OTHERS]))
        await world.warn("red")
        await world.jump(5 * MINUTE)
        speak, said = world.engine.spokesman.speak, []

        async def dies(*what: Any) -> None:
            await speak(*what)
            said.append(what)
            if len(said) == 2:
                raise ConnectionResetError("killed")

        with pytest.raises(ConnectionResetError):
            await Chaser(LadderStore(world.database, dies), world.book.ladder).step()
        for table in ("bundle WHERE purpose = 'escalation'", "timer WHERE fired_at IS NOT NULL"):
            assert await world.value(f"SELECT count(*) FROM {table}") == 0
        await world.chase()
        assert await world.value("SELECT count(*) FROM bundle WHERE purpose = 'escalation'") == 2

    async def test_a_deputy_of_several_silent_ones_gets_one_message_and_answers_for_all(
        self, world: World
    ) -> None:
        rule(world, answer=Enough(deputy=True))
        await world.people(small_directory(without=[*WATER, *OTHERS]))
        await world.execute("UPDATE holding SET deputy = 'baiyang_mayor' WHERE unit = $1", ANJU)
        await world.warn("red")
        await world.send()
        await world.jump(5 * MINUTE)
        await world.settle()
        (one,) = await world.bundles("baiyang_mayor", "escalation")
        assert len({one["behalf"], *one["about"]}) == 4
        (text,) = [text for text in await world.inbox("baiyang_mayor") if "请代" in text]
        assert "等4人办" in text
        await world.reply("baiyang_mayor", "1")
        states = await world.rows("SELECT state, responsible FROM obligation WHERE chased")
        assert {tuple(row) for row in states} == {("acked", "baiyang_mayor")}

    async def test_an_escalation_in_the_queue_goes_out_while_one_of_its_silent_ones_is_silent(
        self, world: World
    ) -> None:
        await world.people(small_directory(without=["anju_mayor", "anju_secretary", *WATER, *OTHERS]))
        await world.execute("UPDATE holding SET deputy = 'baiyang_mayor' WHERE unit = $1", ANJU)
        await world.warn("red")
        await world.send()
        await world.jump(5 * MINUTE)
        await world.chase()
        await world.reply("anju_duty", "1")
        await world.send()
        assert len(await world.inbox("baiyang_mayor")) == 1

    async def test_two_orders_of_one_person_are_one_reminder_and_one_answer(self, world: World) -> None:
        await world.people(small_directory(without=[*ONLY_DUTY, *OTHERS]))
        await world.warn("orange")
        await world.warn("orange", hazard="gale")
        await world.send()
        assert len(await world.inbox("anju_duty")) == 2
        await world.execute("UPDATE schedule SET due = engine_now() + interval '3 minutes' WHERE act = 'again'")
        await world.jump(3 * MINUTE)
        await world.settle()
        reminders = [text for text in await world.inbox("anju_duty") if "再次提醒" in text]
        assert len(reminders) == 1
        assert "暴雨橙色" in reminders[0]
        assert "大风橙色" in reminders[0]
        await world.reply("anju_duty", "1")
        assert set((await world.duties("anju_duty")).values()) == {"acked"}

    async def test_after_an_outage_what_was_due_twice_is_one_reminder(self, world: World) -> None:
        await world.people(small_directory(without=[*ONLY_DUTY, *OTHERS]))
        await world.warn("red")
        await world.send()
        await world.execute("UPDATE schedule SET act = 'again' WHERE act = 'deputy'")
        await world.jump(6 * MINUTE)
        await world.settle()
        assert len([text for text in await world.inbox("anju_duty") if "再次提醒" in text]) == 1

    async def test_nobody_is_reminded_during_an_all_clear(self, world: World) -> None:
        await world.people(small_directory(without=[*ONLY_DUTY, *OTHERS]))
        await world.warn("red")
        await world.send()
        await world.warn(None)
        world.sms.script.append(Will.REFUSE)
        await pass_minutes(world, 20, 2)
        assert [text for text in await world.inbox("anju_duty") if "再次提醒" in text] == []
        assert {*(await acts(world, "anju_duty")).values()} == {"superseded"}


class TestResponse:
    """红色未启动响应."""

    async def open(self, world: World) -> list[str]:
        return [task["words"] for task in await world.tasks("unstarted") if task["closed_at"] is None]

    async def test_a_town_whose_leaders_have_not_begun_is_an_alarm_and_then_the_districts_leader_knows(
        self, world: World
    ) -> None:
        await world.warn("red", ANJU, BAIYANG)
        await world.send()
        for key in ("anju_mayor", "baiyang_duty"):
            await world.reply(key, "2")
        await world.jump(14 * MINUTE)
        await world.settle()
        assert await self.open(world) == []
        await world.jump(MINUTE)
        for _ in range(3):
            await world.settle()
        alarms = await self.open(world)
        assert sorted(words[:10] for words in alarms) == ["区水利局红色未启动响", "白羊镇红色未启动响应"]
        await world.jump(10 * MINUTE)
        for _ in range(3):
            await world.settle()
        told = [text for text in await world.inbox("district_leader") if "未启动响应" in text]
        assert len(told) == 1
        assert "等2个单位未启动响应" in told[0]
        assert all(words.endswith("。已报区领导区领导") or "已报" in words for words in await self.open(world))
        await world.reply("baiyang_vice", "2")
        await world.chase()
        assert [words[:3] for words in await self.open(world)] == ["区水利"]

    async def test_it_ends_with_the_order(self, world: World) -> None:
        await world.warn("red")
        await world.send()
        await world.jump(15 * MINUTE)
        await world.settle()
        assert len(await self.open(world)) == 2
        await world.warn(None)
        await world.settle()
        assert await self.open(world) == []
        assert "解除" in (await world.inbox("anju_mayor"))[-1]

    async def test_a_repeated_red_does_not_start_the_clock_anew_and_an_upgrade_does(self, world: World) -> None:
        await world.warn("orange")
        await world.send()
        await world.reply("anju_mayor", "2")
        await world.jump(30 * MINUTE)
        await world.warn("red")
        await world.jump(10 * MINUTE)
        await world.settle()
        assert await self.open(world) == []
        await world.warn("red")
        await world.jump(6 * MINUTE)
        await world.settle()
        assert any(words.startswith("安居镇") for words in await self.open(world))

    async def test_three_engines_raise_one_alarm_and_tell_once(self, world: World) -> None:
        await world.warn("red", ANJU, BAIYANG)
        await world.send()
        await world.jump(26 * MINUTE)
        spokesman = world.engine.spokesman
        for _ in range(2):
            await asyncio.gather(
                *(show_unstarted(spokesman, LadderStore(world.database, spokesman.speak)) for _ in range(3))
            )
        assert len(await self.open(world)) == 3
        assert len(await world.bundles("district_leader", "unstarted")) == 1

    async def test_a_leader_whom_nobody_is_is_said(self, world: World) -> None:
        await world.people(small_directory(without=["district_leader"]))
        await world.warn("red")
        await world.jump(26 * MINUTE)
        await world.chase()
        assert all("无人在岗,请电话报告" in words for words in await self.open(world))


async def test_a_moment_of_an_answer_is_in_beijing_time(world: World) -> None:
    await world.people(small_directory(without=[*ONLY_DUTY, *OTHERS]))
    await world.warn("red")
    await world.send()
    await world.reply("anju_duty", "1")
    (row,) = await world.engine.board.obligations(10, ANJU)
    at = datetime.fromisoformat(row["answers"][0]["at"])
    assert abs(at - datetime.fromisoformat(row["acked_at"]).replace(tzinfo=None)) < MINUTE
