"""A clerk's month: a workbook comes in, is refused with remarks, is mended, and the order goes to whoever it says."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from openpyxl import Workbook, load_workbook
from typer.testing import CliRunner

from tests.conftest import Postgres
from tests.store.world import ANJU, World
from warnengine.cli import cli
from warnengine.model.clock import BEIJING

PEOPLE = """单位,岗位,人员编号,姓名,手机,B角,上级
安居镇,值班员,a1,李明,19900000001、19900000011,a2,
安居镇,分管负责人,a1,李明,19900000001、19900000011,a2,
水利局,值班员,a1,李明,19900000001、19900000011,,
安居镇,镇长(主任),a2,王芳,19900000002,,
安居镇,书记,a3,张伟,19900000003,,
"""


@pytest.fixture
async def run(world: World, postgres: Postgres, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):  # type: ignore[no-untyped-def]
    """The command line of an installation with this database."""
    dsn = postgres.named(await world.value("SELECT current_database()"))
    for name, value in (("DATABASE", dsn), ("DATA", str(tmp_path / "data")), ("INSTALLATION", "demo")):
        monkeypatch.setenv(f"WARNENGINE_{name}", value)

    async def command(*words: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, cli, ["directory", *words])

    return command


def workbook(file: Path, today: datetime) -> Workbook:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = "人员岗位"
    for line in PEOPLE.splitlines():
        sheet.append(line.split(","))
    leave = made.create_sheet("请假")
    leave.append(["人员", "开始", "结束", "代班人", "事由"])
    leave.append(["张伟", today.date(), (today + timedelta(days=2)).date(), "李明", "出差"])
    made.save(file)
    return made


async def test_a_clerk_imports_the_month(world: World, run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file, remarks = tmp_path / "通讯录.xlsx", tmp_path / "批注.xlsx"
    now = (await world.now()).astimezone(BEIJING)
    made = workbook(file, now)
    made["人员岗位"]["E6"] = "1990"
    made["请假"]["D2"] = "李鸣"
    made.save(file)

    refused = await run("import", str(file), "--remarks", str(remarks))
    assert refused.exit_code == 1
    assert f"{file} 人员岗位 第6行“手机”: 没有“1990”这样的手机号码" in refused.output
    assert f"{file} 请假 第2行“代班人”: 人员岗位里没有“李鸣” — 是不是“李明”?" in refused.output
    assert "2 处要改,通讯录没有变" in refused.output
    given_back = load_workbook(remarks)
    assert "是不是“李明”?" in given_back["请假"]["D2"].comment.text
    assert "anju_mayor" in await world.column("SELECT person FROM on_duty(engine_now())")

    workbook(file, now)
    dry = await run("import", str(file), "--dry")
    assert dry.exit_code == 0, dry.output
    assert "新增 李明(a1)" in dry.output
    assert "不再在册 ANJU_MAYOR(anju_mayor)" in dry.output
    assert "到岗 安居镇 镇长(主任) 王芳(a2)" in dry.output
    assert "请假: 新增 1 条,去掉 0 条" in dry.output
    assert "现在什么都没有变" in dry.output
    assert "anju_mayor" in await world.column("SELECT person FROM on_duty(engine_now())")

    done = await run("import", str(file))
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == "已导入: 3 人,5 个岗位,请假 1 条"
    again = await run("import", str(file), "--dry")
    assert "和现在的通讯录一样,没有改动。" in again.output

    await world.warn("red")
    assert sorted(await world.column("SELECT person FROM bundle WHERE purpose = 'order'")) == ["a1", "a2"]
    (bundle,) = await world.bundles("a1")
    assert sorted(bundle["posts"]) == [
        f"{ANJU}/duty",
        f"{ANJU}/secretary",
        f"{ANJU}/vice",
        "water/duty",
    ], "three posts of their own and one of somebody who is away: one message"
    await world.send("sms")
    texts = [entry.address for entry in world.sms.log if entry.address.endswith(("01", "11"))]
    assert sorted(texts) == ["+8619900000001", "+8619900000011"], "at red on both of their telephones, once"


async def test_one_sheet_alone_and_a_name_of_two(world: World, run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    leave = tmp_path / "请假.csv"
    leave.write_text("人员,开始,结束,代班人,事由\nANJU_DUTY,2027-01-01,2027-01-02,,\n", encoding="gb18030")
    done = await run("import", str(leave))
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1].endswith("请假 1 条")
    checked = await run("check", str(leave))
    assert checked.exit_code == 1
    assert "库里还没有人员岗位表" in checked.output
