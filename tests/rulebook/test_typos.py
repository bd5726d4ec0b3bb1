"""Every slip of the pen is answered with its file, its line and the fix."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from warnengine.model.errors import RuleBookError
from warnengine.model.finding import Severity
from warnengine.rulebook import check, load

HOUSING = "measures/housing.yaml"
TYPOS = yaml.safe_load((Path(__file__).parent / "typos.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("typo", TYPOS, ids=[typo["label"] for typo in TYPOS])
def test_a_typo_is_named_with_file_line_and_fix(copy: Path, typo: dict[str, str]) -> None:
    path = copy / typo["file"]
    text = path.read_text(encoding="utf-8")
    assert typo["right"] in text
    damaged = text.replace(typo["right"], typo["wrong"], 1)
    path.write_text(damaged, encoding="utf-8")
    sought = typo.get("at") or typo["wrong"].strip()
    line = next(number for number, words in enumerate(damaged.splitlines(), 1) if sought in words)
    complaint = f"{path.as_posix()}:{line}: {typo['says'].replace('RULES', copy.as_posix())}"
    assert complaint in [str(finding) for finding in check(copy) if finding.severity is Severity.ERROR]
    with pytest.raises(RuleBookError) as refusal:
        load(copy)
    assert complaint in str(refusal.value).splitlines()


def test_all_complaints_come_at_once(copy: Path) -> None:
    for file, right, wrong in (
        (HOUSING, "deadline: 2h", "dedline: 2h"),
        (HOUSING, "evidence: [count, photo]", "evidence: [cuont, photo]"),
        ("ladder.yaml", "channels: [sms, push]", "channels: [smss, push]"),
        ("measures/urban.yaml", "order: 清掏雨水口", "order: 清掏。雨水口"),
    ):
        path = copy / file
        path.write_text(path.read_text(encoding="utf-8").replace(right, wrong, 1), encoding="utf-8")
    assert [finding.what for finding in check(copy) if finding.severity is Severity.ERROR] == [
        "没有渠道“smss”",
        "没有“dedline”这个键",
        "evidence: 没有“cuont”这个写法",
        "order: 不能有 。",
    ]


def test_a_refused_entry_is_not_called_unknown_as_well(copy: Path) -> None:
    path = copy / HOUSING
    path.write_text(
        path.read_text(encoding="utf-8").replace("deadline: 2h", "deadline: soon", 1), encoding="utf-8"
    )
    errors = [str(finding) for finding in check(copy) if finding.severity is Severity.ERROR]
    assert errors == [f"{path.as_posix()}:7: deadline: 读不懂“soon” — 写数字加 s(秒)、m(分)或 h(小时),例如 30m"]


@pytest.mark.parametrize("missing", ["district.yaml", "hazards.yaml", "ladder.yaml", "approvals.yaml"])
def test_a_missing_file_is_named(copy: Path, missing: str) -> None:
    (copy / missing).unlink()
    assert f"{(copy / missing).as_posix()}:1: 缺这个文件 — 每套规则库都要有它" in map(str, check(copy))


def test_a_file_in_the_wrong_place_is_not_silently_left_out(copy: Path) -> None:
    (copy / "measures" / "housing.yaml").rename(copy / "measures" / "housing.yml")
    found = [str(finding) for finding in check(copy) if finding.severity is Severity.ERROR]
    assert any("measures/housing.yml:1: 规则库里不该有这个文件" in words for words in found)
    assert any("区住房城乡建委没有 rainstorm blue、yellow、orange、red 的措施" in words for words in found)


def test_an_empty_folder_and_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleBookError, match="缺这个文件"):
        load(tmp_path)
    with pytest.raises(RuleBookError, match="没有这个规则目录"):
        load(tmp_path / "nowhere")
