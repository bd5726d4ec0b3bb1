"""A rule book counts once two people have published it; what stands keeps its version until its level changes, or
somebody asks for the new one."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.conftest import RULES
from tests.store.world import ANJU, BAIYANG, World, small_directory
from warnengine.app.library import Folder, Library, counting, differing, settle
from warnengine.app.publishing import Publisher
from warnengine.ingest.intake import Intake
from warnengine.model.book import RuleBook
from warnengine.model.errors import Refused, RuleBookError
from warnengine.order.wish import Who
from warnengine.rulebook import whole
from warnengine.settings import Settings
from warnengine.store.books import BookStore
from warnengine.store.database import Database

ZHANG, LI, WANG = Who("张三", "bureau"), Who("李四", "duty"), Who("王区长", "leader")
TOWNSHIP = "measures/township.yaml"
FILES = whole(RULES)
WORDS = "值班员收悉,传达到村社区"
NEWER = "值班员收悉,十分钟内传达到村社区和网格"
FORESTRY = "measures/forestry.yaml"


class Office(World):
    """A world that publishes."""

    @property
    def publisher(self) -> Publisher:
        return Publisher(self.engine)

    async def publish(self, files: Mapping[str, str]) -> str:
        """Two people publish a book, and this process adopts it; its hash."""
        done = await self.publisher.submit(files, ZHANG, "测试")
        shown = await self.publisher.approve(done["hash"], WANG, None)
        assert (await self.publisher.approve(done["hash"], WANG, shown["confirm"]))["published"]
        await self.adopt()
        return str(done["hash"])

    async def adopt(self) -> None:
        await self.engine.follow()
        self.book = self.engine.book
        self.engine.intake = Intake(self.engine.warnings, lambda raw: [self.read[raw]], self.book)

    async def standing(self, unit: str) -> Any:
        """The version that counts of a unit's order; None where none stands."""
        rows = await self.rows(
            "SELECT v.*, o.lapsed_at FROM order_version v JOIN standing_order o ON o.id = v.standing_order "
            "WHERE o.unit = $1 AND v.superseded_at IS NULL AND o.lapsed_at IS NULL", unit
        )  # fmt: skip
        return rows[0] if rows else None

    async def sealed(self) -> list[str]:
        return await self.column("SELECT kind FROM audit WHERE kind LIKE 'rules%' ORDER BY seq")


@pytest.fixture
async def office(database: Database, book: RuleBook, tmp_path: Path) -> AsyncIterator[Office]:
    """An engine with the shipped book in force, and a few people."""
    world = Office(database, book, tmp_path)
    await world.people(small_directory())
    async with BookStore(database).desk(book.district.code) as desk:
        await desk.install(book.hash, "首次启动")
    yield world
    await world.engine.journal.stored()


def changed(
    path: str = TOWNSHIP, old: str = WORDS, new: str = NEWER, files: Mapping[str, str] = FILES
) -> dict[str, str]:
    """The shipped files with one change."""
    assert old in files[path]
    return {**files, path: files[path].replace(old, new, 1)}


def words(version: Any) -> set[str]:
    return {mark["words"] for mark in version["measures"] if mark["mark"] != "lapsed"}


EXTRA = """measures:
  - id: forestry.rainstorm.blue.9
    when: {hazard: rainstorm, level: blue}
    order: 提醒林区施工队停工
    deadline: 2h
    posts: [duty]
"""
"""An order for somebody who has had none."""


def with_extra() -> dict[str, str]:
    """The shipped files with it. Somebody has decided that forestry owes nothing in rain: that goes."""
    files = changed(FORESTRY, "measures:\n", EXTRA)
    decided = re.compile(r"  - hazards: \[rainstorm\]\n    levels: \[blue\]\n(?:    .*\n)+")
    return files | {FORESTRY: decided.sub("", files[FORESTRY], count=1)}


# two people


async def test_a_book_counts_once_another_person_has_approved_what_was_shown(office: Office) -> None:
    before = office.book.hash
    done = await office.publisher.submit(changed(), ZHANG, "村社区反映太慢")
    assert done["measures"] == {"added": 0, "changed": 1, "removed": 0}
    assert done["ids"]["changed"] == ("township.rainstorm.blue.1",)
    assert len(done["units"]) == 28
    assert done["people"] == 8, "of the two townships where somebody holds a post"
    await office.adopt()
    assert office.book.hash == before, "nothing counts that one person alone wants"
    shown = await office.publisher.approve(done["hash"], WANG, None)
    assert "演示(DEMO)" in shown["says"]
    assert "改1条" in shown["says"]
    assert "28个单位8人" in shown["says"]
    await office.publisher.approve(done["hash"][:8], WANG, shown["confirm"])
    await office.adopt()
    assert office.book.hash == done["hash"]
    assert await office.sealed() == ["rules_published", "rules_submitted", "rules_published"]
    rows = await office.publisher.versions()
    assert [(row["by"], row["approved_by"], row["counts"]) for row in rows] == [
        ("张三", "王区长", True),
        ("installation", "installation", False),
    ]
    (task,) = await office.tasks("decide")
    assert task["result"] == "done"


@pytest.mark.parametrize("role", ["bureau", "duty"])
async def test_only_a_leader_approves(office: Office, role: str) -> None:
    done = await office.publisher.submit(changed(), ZHANG, "测试")
    with pytest.raises(Refused, match="带班领导"):
        await office.publisher.approve(done["hash"], Who("李四", role), None)


async def test_nobody_approves_what_they_have_submitted(office: Office) -> None:
    done = await office.publisher.submit(changed(), WANG, "测试")
    with pytest.raises(Refused, match="本人提交"):
        await office.publisher.approve(done["hash"], WANG, None)


async def test_the_duty_room_submits_no_rules(office: Office) -> None:
    with pytest.raises(Refused, match="区局人员"):
        await office.publisher.submit(changed(), LI, "测试")


async def test_an_approval_is_bound_to_what_was_shown(office: Office) -> None:
    one = await office.publisher.submit(changed(), ZHANG, "甲")
    shown = await office.publisher.approve(one["hash"], WANG, None)
    await office.publish(changed(new="值班员立即传达到村社区"))
    with pytest.raises(Refused, match="重新预览"):
        await office.publisher.approve(one["hash"], WANG, shown["confirm"])


async def test_a_book_with_errors_is_refused_with_the_place(office: Office) -> None:
    with pytest.raises(Refused, match=r"rules/measures/township\.yaml:\d+: 没有“oder”这个键"):
        await office.publisher.submit(changed(old="order:", new="oder:"), ZHANG, "测试")
    assert await office.sealed() == ["rules_published"]


async def test_the_book_in_force_is_not_published_again(office: Office) -> None:
    with pytest.raises(Refused, match="就是现行规则"):
        await office.publisher.submit(FILES, ZHANG, "测试")


async def test_a_submission_waits_once_and_can_be_taken_back(office: Office) -> None:
    done = await office.publisher.submit(changed(), ZHANG, "测试")
    with pytest.raises(Refused, match="已经提交"):
        await office.publisher.submit(changed(), WANG, "再来")
    with pytest.raises(Refused, match="提交人本人"):
        await office.publisher.withdraw(done["hash"], LI)
    await office.publisher.withdraw(done["hash"], ZHANG)
    with pytest.raises(Refused, match="没有等待批准"):
        await office.publisher.approve(done["hash"], WANG, None)
    assert (await office.sealed())[-1] == "rules_withdrawn"


async def test_roll_back_is_a_publish_of_an_older_book(office: Office) -> None:
    first = office.book.hash
    await office.publish(changed())
    with pytest.raises(Refused, match="没有规则"):
        await office.publisher.rollback("abcdef123456", ZHANG, "测试")
    done = await office.publisher.rollback(first[:12], ZHANG, "新版有误")
    shown = await office.publisher.approve(first, WANG, None)
    await office.publisher.approve(first, WANG, shown["confirm"])
    await office.adopt()
    assert office.book.hash == first == done["hash"]
    rows = await office.publisher.versions()
    assert [row["counts"] for row in rows] == [True, False, False]


async def test_what_was_never_in_force_is_not_rolled_back_to(office: Office) -> None:
    done = await office.publisher.submit(changed(), ZHANG, "测试")
    with pytest.raises(Refused, match="没有生效过"):
        await office.publisher.rollback(done["hash"], ZHANG, "测试")


async def test_a_published_book_stays_byte_for_byte(office: Office) -> None:
    files = changed(new=f"{NEWER}\r")
    hash_ = await office.publish(files)
    assert (await office.publisher.kept(hash_))["files"] == files
    with pytest.raises(asyncpg.RaiseError, match="does not change"):
        await office.execute("UPDATE rule_book SET files = '{}'")


# samples


def live(office: Office) -> None:
    office.engine.settings = office.engine.settings.model_copy(update={"installation": "live"})


async def test_live_refuses_invented_points_with_the_list_and_the_way_out(office: Office) -> None:
    live(office)
    shown = await office.publisher.look(changed())
    assert shown["samples"]
    with pytest.raises(Refused, match=r"实战\(LIVE\)不能发布样例数据") as refusal:
        await office.publisher.submit(changed(), ZHANG, "测试")
    assert "老城低洼小区底楼(样例)" in str(refusal.value)
    assert "怎么办" in str(refusal.value)
    assert await office.value("SELECT count(*) FROM publication WHERE since IS NULL") == 0


async def test_live_goes_back_to_what_was_in_force_whatever_it_holds(office: Office) -> None:
    first = office.book.hash
    await office.publish(changed())
    live(office)
    done = await office.publisher.rollback(first, ZHANG, "新版有误")
    shown = await office.publisher.approve(done["hash"], WANG, None)
    assert "实战(LIVE)" in shown["says"]
    assert shown["samples"], "it is told all the same"


# what stands


async def test_an_order_keeps_its_version_until_its_level_changes(office: Office) -> None:
    await office.warn("blue")
    await office.settle()
    first, heard = await office.standing(ANJU), len(office.sms.log)
    newer = await office.publish(changed(old="order: 分管领导带班", new="order: 分管领导到岗带班"))
    await office.warn("blue", BAIYANG)  # elsewhere
    await office.warn("blue")  # 继续发布
    await office.settle()
    again = await office.standing(ANJU)
    assert (again["id"], again["book"]) == (first["id"], first["book"])
    assert (await office.standing(BAIYANG))["book"] == newer, "what is new is made by the new book"
    assert all(
        "anju" not in one
        for one in await office.column(
            "SELECT person FROM bundle WHERE change > (SELECT min(id) FROM change) AND 500151105 || '/' = ANY (posts)"
        )
    )
    assert len(office.sms.log) > heard
    await office.warn("yellow")
    await office.settle()
    raised = await office.standing(ANJU)
    assert raised["book"] == newer
    assert "分管领导到岗带班" in words(raised)


async def test_a_new_measure_orders_nobody_who_had_no_order_until_the_level_changes(office: Office) -> None:
    await office.warn("blue")
    await office.settle()
    assert await office.standing("forestry") is None
    shown = await office.publisher.look(with_extra())
    assert any("/rainstorm" in one for one in shown["waits"])
    await office.publish(with_extra())
    await office.warn("blue")  # 继续发布 of the same danger
    await office.warn("blue", BAIYANG, hazard="thunderstorm_gale")
    assert await office.standing("forestry") is None, "the book is new, not the danger"
    account = await office.engine.accountant.make()
    assert account.unexplained == ()
    await office.warn("blue", BAIYANG)
    assert await office.standing("forestry"), "the danger is elsewhere too"
    assert await office.value("SELECT count(*) FROM deferred_order") == 0


async def test_what_ended_and_comes_again_is_ordered_by_the_new_book(office: Office) -> None:
    await office.warn("blue")
    await office.publish(with_extra())
    await office.warn(None)
    await office.warn("blue")
    assert await office.standing("forestry")


# a person asks


async def test_a_person_brings_an_order_to_the_book_in_force(office: Office) -> None:
    await office.warn("blue")
    await office.warn("blue", BAIYANG)
    await office.settle()
    newer = await office.publish(changed())
    heard = await office.inbox("anju_duty")
    shown = await office.publisher.bring([ANJU], LI, None)
    assert [one["unit"] for one in shown["orders"]] == [ANJU]
    assert NEWER in shown["texts"][0]["text"]
    assert await office.inbox("anju_duty") == heard, "a preview sends nothing"
    assert (await office.publisher.bring([ANJU], LI, shown["confirm"]))["applied"]
    await office.settle()
    assert NEWER in (await office.inbox("anju_duty"))[-1]
    assert NEWER in words(await office.standing(ANJU))
    assert WORDS not in words(await office.standing(ANJU))
    assert (await office.standing(ANJU))["book"] == newer
    assert WORDS in words(await office.standing(BAIYANG)), "nobody has asked for that one"
    assert (await office.sealed())[-1] == "rules_applied"


async def test_a_person_asks_for_an_order_that_waits(office: Office) -> None:
    await office.warn("blue")
    await office.publish(with_extra())
    shown = await office.publisher.bring(["forestry"], LI, None)
    assert [one["kind"] for one in shown["orders"]] == ["issue"]
    await office.publisher.bring(["forestry"], LI, shown["confirm"])
    assert await office.standing("forestry")


async def test_there_is_nothing_to_bring_where_all_is_of_the_book(office: Office) -> None:
    await office.warn("blue")
    with pytest.raises(Refused, match="没有要更新的"):
        await office.publisher.bring([], LI, None)


# what must not lose its footing


async def test_a_request_that_waits_keeps_its_words_and_its_authority(office: Office) -> None:
    await office.warn("red")
    await office.chase()
    (request, *_) = await office.engine.board.requests(pending=True)
    measure = next(one for one in request["measures"] if one["unit"] == ANJU)
    path = next(path for path in FILES if path.startswith("plans/500151105"))
    with pytest.raises(Refused, match="等批复后再发布"):
        await office.publisher.submit(changed(path, measure["order"], f"{measure['order']}!"), ZHANG, "测试")
    lesser = changed(
        "approvals.yaml",
        "      - {unit: district, post: leader, within: 5m}\n      - {unit: district, post: governor",
        "      - {unit: district, post: governor",
    )
    with pytest.raises(Refused, match="没有了这一审批人"):
        await office.publisher.submit(lesser, ZHANG, "测试")


# every process


async def test_a_change_is_finished_by_the_book_that_began_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warnengine.app.engine.FIRST_GROUP", 1)
    await office.warn("yellow", react=False)
    assert await office.engine.reconcile()
    later = changed("ladder.yaml", "    - {after: 30m, do: duty_room}", "    - {after: 31m, do: duty_room}")
    await office.publish(later)
    while await office.engine.expand():
        pass
    assert await office.value("SELECT count(DISTINCT person) FROM bundle") > 1
    assert await minutes(office) == {30}
    await office.warn("yellow", BAIYANG)
    assert await minutes(office) == {30, 31}


async def minutes(office: Office) -> set[int]:
    """After how many minutes the duty room calls whoever does not answer."""
    return set(
        await office.column(
            "SELECT DISTINCT round(extract(epoch FROM s.due - b.made_at) / 60)::int FROM schedule s "
            "JOIN bundle b ON b.schedule = s.id WHERE s.act = 'duty_room'"
        )
    )


async def test_no_process_decides_by_a_book_that_counts_no_more(
    office: Office, book: RuleBook, tmp_path: Path
) -> None:
    other = Office(office.database, book, tmp_path)
    newer = await office.publish(changed())
    await other.warn("blue")
    assert (await other.standing(ANJU))["book"] == newer, "though it had not looked yet"
    assert NEWER in words(await other.standing(ANJU))


async def test_nobody_orders_by_hand_by_a_book_that_counts_no_more(office: Office, book: RuleBook) -> None:
    await office.warn("blue")
    await office.publish(changed())
    older = office.engine.book
    office.engine.adopt(book)  # a process that has not looked yet
    order = await office.value("SELECT standing_order FROM order_version LIMIT 1")
    with pytest.raises(Refused, match="换了新版"):
        await office.engine.hand.withdraw(order, LI, "发错", None, mistake=True)
    office.engine.adopt(older)
    assert (await office.engine.hand.withdraw(order, LI, "发错", None, mistake=True))["confirm"]


async def test_a_book_that_this_version_cannot_read_leaves_the_older_one(office: Office) -> None:
    older = office.book.hash
    await office.publish(changed())
    office.engine.adopt(await Library(BookStore(office.database)).book(older))
    office.engine.library.read.clear()
    await office.execute("ALTER TABLE rule_book DISABLE TRIGGER published_books_stay")
    await office.execute("UPDATE rule_book SET files = '{}' WHERE hash <> $1", older)
    await office.engine.follow()
    assert office.engine.book.hash == older
    assert "not those of its hash" in office.engine.loops.troubles["book in force"]


# the folder


def settings(folder: Path, rules: Path, installation: str = "demo") -> Settings:
    return Settings.model_validate({"data": folder, "rules": rules, "installation": installation})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Another folder than what is in force."""
    for path, text in changed().items():
        (tmp_path / "rules" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "rules" / path).write_text(text, encoding="utf-8")
    return tmp_path / "rules"


async def test_the_first_start_takes_the_folder_and_later_ones_do_not(
    database: Database, book: RuleBook, folder: Path, tmp_path: Path
) -> None:
    first, later = settings(tmp_path, RULES), settings(tmp_path, folder)
    assert (await counting(database, Folder.of(later))).hash != book.hash, (
        "before the first start a command reads it"
    )
    assert (await settle(first, database, Folder.of(first))).hash == book.hash
    assert (await settle(later, database, Folder.of(later))).hash == book.hash
    assert (await counting(database, Folder.of(later))).hash == book.hash


async def test_a_drill_takes_its_folder_at_every_start(
    database: Database, book: RuleBook, folder: Path, tmp_path: Path
) -> None:
    first, later = settings(tmp_path, RULES, "drill"), settings(tmp_path, folder, "drill")
    await settle(first, database, Folder.of(first))
    assert (await settle(later, database, Folder.of(later))).hash != book.hash
    assert (await settle(first, database, Folder.of(first))).hash == book.hash


async def test_a_broken_folder_does_not_stop_what_is_in_force(
    database: Database, book: RuleBook, folder: Path, tmp_path: Path
) -> None:
    (folder / "ladder.yaml").unlink()
    broken = settings(tmp_path, folder)
    with pytest.raises(RuleBookError, match=r"ladder\.yaml.*缺这个文件"):
        await settle(broken, database, Folder.of(broken))
    first = settings(tmp_path, RULES)
    await settle(first, database, Folder.of(first))
    assert (await settle(broken, database, Folder.of(broken))).hash == book.hash


async def test_a_book_may_be_submitted_before_the_first_start(
    database: Database, book: RuleBook, tmp_path: Path
) -> None:
    office = Office(database, book, tmp_path)
    done = await office.publisher.submit(changed(), ZHANG, "测试")
    assert done["files"] == [TOWNSHIP]
    shown = await office.publisher.approve(done["hash"], WANG, None)
    await office.publisher.approve(done["hash"], WANG, shown["confirm"])
    first = settings(tmp_path, RULES)
    assert (await settle(first, database, Folder.of(first))).hash == done["hash"], "the folder comes too late"


async def test_the_doctor_tells_of_a_folder_that_is_not_in_force(
    office: Office, folder: Path, tmp_path: Path
) -> None:
    later = settings(tmp_path, folder)
    told = differing(later, Folder.of(later), office.book)
    assert "which is not in force and not used" in told
    assert f"warnengine rules publish {folder}" in told
    same = settings(tmp_path, RULES)
    assert differing(same, Folder.of(same), office.book) == ""
