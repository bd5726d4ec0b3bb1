"""triggers.yaml: as shipped, and every slip of the pen with its line and its fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from warnengine.model.book import RuleBook
from warnengine.model.finding import Severity
from warnengine.model.level import Level
from warnengine.rulebook import check, load

RIVER_OFFSET = "offsets: [{datum: 黄海, add: -1.5, source: 某文件}]"


def complaints(copy: Path, *severities: Severity) -> list[str]:
    wanted = severities or (Severity.ERROR,)
    found = [one for one in check(copy) if one.severity in wanted and one.file.endswith("triggers.yaml")]
    return [f"{one.line}: {one.what} — {one.fix}" for one in found]


def changed(copy: Path, right: str, wrong: str, at: str = "") -> int:
    """Change the file once, and return the line of the slip, or of what follows `at`."""
    path = copy / "triggers.yaml"
    text = path.read_text(encoding="utf-8")
    assert right in text
    damaged = text.replace(right, wrong, 1)
    path.write_text(damaged, encoding="utf-8")
    sought = at or wrong.strip().splitlines()[0]
    return next(number for number, words in enumerate(damaged.splitlines(), 1) if sought in words)


def test_every_township_has_a_gauge_and_every_default_waits_for_the_bureau(book: RuleBook) -> None:
    triggers = book.triggers
    assert triggers
    rain = triggers.trigger("flash_flood.rain")
    assert rain
    assert all(triggers.watched(rain, town.code) for town in book.district.townships)
    assert all(one.confirm == "bureau" for one in (*triggers.triggers, *triggers.stations))
    assert all(one.sample for one in triggers.stations if not one.river)


def test_the_windows_of_the_field(book: RuleBook) -> None:
    assert book.triggers
    rain = book.triggers.trigger("flash_flood.rain")
    assert rain
    hours = {level: [limit for _, limit in sorted(limits.items())] for level, limits in rain.limits.items()}
    assert hours == {Level.ORANGE: [30, 45, 70, 90, 130], Level.RED: [40, 55, 85, 110, 160]}


def test_what_nobody_has_measures_for_runs_in_the_shadow(book: RuleBook) -> None:
    assert book.triggers
    shadow = {one.id for one in book.triggers.triggers if one.shadow}
    assert shadow == {"fujiang.rise", "heat.temperature", "gale.wind"}


def test_a_book_without_thresholds_loads(copy: Path) -> None:
    (copy / "triggers.yaml").unlink()
    assert load(copy).triggers is None


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("    hazard: flash_flood", "    hazard: flash_flod", "没有灾种“flash_flod” — 是不是“flash_flood”?"),
        ("30m: 30, 1h: 45, 3h", "30m: 50, 1h: 45, 3h",
         "1h 的阈值 45 比 30m 的 50 还低,总是先达到 — 请至少写 50"),
        ("    red: {30m: 40, 1h: 55", "    red: {30m: 40, 1h: 45",
         "red 1h 的阈值 45 不比 orange 的 45 高 — 请写得比 45 高,或者改 orange"),
        ("    red: {1h: 85}", "    red: {2h: 85}", "orange 写了 1h 的阈值,red 没有写 — 请补上"),
        ("    red: {1h: 85}", "    red: {25h: 85}", "时段 25h 没法判断 — 请写整分钟,最多 24h"),
        ("    red: {1h: 85}", "    red: {90s: 85}", "时段 90s 没法判断 — 请写整分钟,最多 24h"),
        ("    towns: ['500151105', '500151114', '500151116']", "    towns: none",
         "towns: 读不懂“none” — 写 all,或者列出镇街代码,例如 ['500151105']"),
        ("    red: {1h: 85}", "    red: 85", "rain 的阈值要按时段写 — 请写成 {30m: 30, 1h: 45} 这样"),
        ("    orange: 239.13", "    orange: {1h: 239.13}", "stage 的阈值不分时段 — 请只写一个数"),
        ("stations: [xiaoheba]", "stations: [xiaohba]", "没有测站“xiaohba” — 是不是“xiaoheba”?"),
        ("stations: [xiaoheba]", "stations: [S500151105]",
         "安居镇雨量站(样例)只报 rain、temperature、wind,不报 stage — 请换一个测站,或者在它的 tells 里加上 stage"),
        ("    towns: ['500151105', '500151114', '500151116']", "    towns: ['500151105', '500151102']",
         "没有镇街“500151102” — 是不是“500151124”?"),
        ("    yellow: 35", "    blue: 33\n    yellow: 35", "高温不发 blue 级 — 可以写: yellow、orange、red"),
        ("    soil: true", "    soil: true\n    datum: 吴淞", "只有水位的阈值要写 datum — 请删去"),
        ("    watch: temperature", "    watch: temperature\n    soil: true", "只有雨量(rain)的阈值随土壤干湿调整 — 请删去"),
        ("tells: [rain, temperature, wind], towns: ['500151001']", "tells: [rain, temperature, wind], towns: ['500151001'], lon: 106.05",
         "巴川街道雨量站(样例)的坐标只写了一半 — 请写全 lon 和 lat,或者都不写"),
    ],
)  # fmt: skip
def test_a_slip_is_named_with_its_line_and_its_fix(copy: Path, right: str, wrong: str, says: str) -> None:
    at = {"只有水位": "datum: 吴淞", "只有雨量": "soil: true", "高温不发": "blue: 33"}
    changed(copy, right, wrong)
    found = complaints(copy)
    assert says in [one.partition(": ")[2] for one in found]
    lines = (copy / "triggers.yaml").read_text(encoding="utf-8").splitlines()
    line = lines[int(next(one for one in found if says in one).partition(":")[0]) - 1]
    sought = next((words for start, words in at.items() if says.startswith(start)), "")
    assert sought in line or not sought


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("    datum: 吴淞\n    orange: 239.13", "    datum: 黄海\n    orange: 239.13",
         "涪江小河坝站的水位是吴淞高程,阈值是黄海高程,不能比较"),
        ("    datum: 吴淞\n    orange: 239.13", "    orange: 239.13",
         "涪江小河坝站水位没有写 datum: 可能拿不同基准面的水位来比"),
        ("    river: 涪江\n    # 在潼南", "    river: 涪江\n    # 在", ""),
    ],
)  # fmt: skip
def test_a_threshold_is_held_against_its_own_datum_alone(copy: Path, right: str, wrong: str, says: str) -> None:
    changed(copy, right, wrong, at=" ")
    found = complaints(copy)
    assert any(says in one for one in found) if says else found == []


def test_a_station_without_a_datum_is_refused_and_one_with_an_offset_is_not(copy: Path) -> None:
    path = copy / "triggers.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("    datum: 吴淞\n    confirm", "    confirm", 1), encoding="utf-8")
    assert any("涪江小河坝站报水位,没有写 datum" in one for one in complaints(copy))
    other = text.replace("    datum: 吴淞\n    confirm", f"    datum: 吴淞\n    {RIVER_OFFSET}\n    confirm", 1)
    path.write_text(
        other.replace("datum: 吴淞\n    orange: 239.13", "datum: 黄海\n    orange: 237.63", 1), encoding="utf-8"
    )
    assert complaints(copy) == []


def test_two_of_three_where_there_is_one(copy: Path) -> None:
    changed(copy, "    soil: true", "    soil: true\n    agree: 2")
    found = complaints(copy)
    assert len(found) == 28
    assert "安居镇: 要 2 个测站同时达到,只有 1 个 — 请写 agree: 1,或者增加测站" in found[0] + "".join(found)


def test_a_township_without_a_gauge_is_a_warning(copy: Path) -> None:
    changed(copy, "towns: ['500151124'], sample", "sample")
    found = complaints(copy, Severity.WARNING)
    assert any("太平镇没有报 rain 的测站" in one for one in found)


def test_the_family_must_have_a_name(copy: Path) -> None:
    path = copy / "district.yaml"
    text = path.read_text(encoding="utf-8")
    kept = [line for line in text.splitlines(keepends=True) if not line.startswith("  observed: {name: ")]
    path.write_text("".join(kept), encoding="utf-8")
    found = [str(one) for one in check(copy) if one.severity is Severity.ERROR]
    says = "达到阈值的指令属于产品种类“observed”,families 里没有写 — 请在 families 里加上 `observed: {name: 监测预警}`"
    assert any(one.endswith(says) for one in found)
