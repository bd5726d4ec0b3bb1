"""A unit that is renamed: what was sent under its earlier name goes on saying that, what is new says the new one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from warnengine.model.book import Former, RuleBook
from warnengine.model.bundle import FIRST_MOMENT, made_at
from warnengine.model.delivery import Purpose
from warnengine.order.wording import Wording
from warnengine.rulebook import load

ANJU = "500151105"
FORMERLY = (
    Former(name="旧安居乡", until=date(2022, 1, 1)),
    Former(name="安居中心镇", short="中心镇", until=date(2026, 7, 1)),
)


@pytest.fixture(scope="module")
def book() -> RuleBook:
    shipped = load(Path(__file__).parents[2] / "rules")
    renamed = shipped.units[ANJU].model_copy(update={"formerly": FORMERLY})
    return shipped.model_copy(update={"units": {**shipped.units, ANJU: renamed}})


def bundle(at: datetime) -> int:
    return ((at - FIRST_MOMENT) // timedelta(milliseconds=1) << 22) + 7


@pytest.mark.parametrize(
    ("at", "name"),
    [
        (datetime(2021, 6, 1, tzinfo=UTC), "旧安居乡"),
        (datetime(2021, 12, 31, 15, 59, tzinfo=UTC), "旧安居乡"),
        (datetime(2021, 12, 31, 16, tzinfo=UTC), "中心镇"),
        (datetime(2026, 6, 30, 15, 59, tzinfo=UTC), "中心镇"),
        (datetime(2026, 6, 30, 16, tzinfo=UTC), "安居镇"),
    ],
    ids=str,
)
def test_a_text_names_the_unit_as_it_was_called_when_it_was_made(book: RuleBook, at: datetime, name: str) -> None:
    wording = Wording(book, b"key", "https://yj.example.cn")
    assert made_at(bundle(at)) == at
    shown = wording.shown("{posts}:立即转移", bundle(at), "李明", [f"{ANJU}/secretary"])
    assert shown == f"{name}书记:立即转移"
    assert wording.slots(bundle(at), "李明", [f"{ANJU}/duty"], Purpose.RESEND)["posts"] == f"{name}值班员"


def test_a_book_may_say_it(tmp_path: Path, book: RuleBook) -> None:
    copy = tmp_path / "rules"
    for file in (Path(__file__).parents[2] / "rules").rglob("*.yaml"):
        to = copy / file.relative_to(Path(__file__).parents[2] / "rules")
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(file.read_bytes())
    towns = copy / "units" / "townships.yaml"
    words = towns.read_text(encoding="utf-8")
    before = "    short: 安居镇\n"
    assert before in words
    towns.write_text(
        words.replace(before, f"{before}    formerly: [{{name: 旧安居乡, until: 2022-01-01}}]\n"), encoding="utf-8"
    )
    assert load(copy).units[ANJU].formerly == FORMERLY[:1]
