"""The verdict on a screen and in a pipe."""

from __future__ import annotations

import io
from datetime import datetime, timedelta, timezone

import pytest
from rich.cells import cell_len
from rich.console import Console

from warnengine.demo.oracle_verdict import MEANINGS, Bubble, Finding, Phone, Row, Verdict
from warnengine.demo.summary import show

AT = datetime(2026, 7, 27, 5, 56, tzinfo=timezone(timedelta(hours=8)))
GOLDEN = "【铜梁应急】暴雨红色 安居镇:06:25前撤离涪江225米线下住户,先老弱。收到回1,撤完回3加人数。"
FINDING = Finding("lost", "张梅欣 (安居镇) was never told of “暴雨红色 25个镇街”", "tl133", "安居镇", moment=AT)


def verdict(*findings: Finding) -> Verdict:
    return Verdict(
        warnings=7, orders=812, deliveries=1604, accepted=1603, delivered=1571, acknowledged=702, escalated=41,
        unreachable=2, duplicates=3, first_submit_p99_s=2.44, median_messages=5, maximum_messages=14,
        findings=findings,
        rows=(
            Row("安居镇", "township", 4, 16, 16, 15, 12, 9, 6, 2),
            Row("少云镇", "township", 4, 16, 15, 14, 9, 0, 0, 3, ("李华: 空号",)),
            Row("区规划自然资源局", "sector", 4, 9, 9, 9, 6, 1, 1, 0),
        ),
        phone=Phone("张梅欣", "分管负责人", "安居镇", (
            Bubble(AT, True, GOLDEN),
            Bubble(AT + timedelta(minutes=24), False, "3 转移35人"),
        )),
    )  # fmt: skip


def printed(shown: Verdict, width: int, terminal: bool) -> str:
    out = io.StringIO()
    show(shown, Console(file=out, width=width, force_terminal=terminal))
    return out.getvalue()


@pytest.mark.parametrize(("width", "terminal"), [(100, False), (80, False), (200, True)])
def test_a_verdict_fits_the_page_and_names_everything(width: int, terminal: bool) -> None:
    text = printed(verdict(), width, terminal)
    plain = printed(verdict(), width, False)
    assert max(cell_len(line) for line in plain.splitlines()) <= min(width, 100)
    assert ("\x1b[" in text) is terminal
    for word in (
        "区规划自然资源局",
        "李华: 空号",
        "07-27 05:56",
        "07-27 06:20",
        "3 转移35人",
        "0 unexplained",
        "1571",
    ):
        assert word in plain


def test_findings_are_counted_by_kind_and_told_one_by_one() -> None:
    text = printed(
        verdict(FINDING, FINDING, Finding("red_from_cancel", "a red order was made of “解除”")), 100, False
    )
    assert "3 unexplained" in text
    assert "2 lost" in text
    assert "was never told of “暴雨红色 25个镇街”" in text
    assert "1 red_from_cancel" in text


def test_many_findings_of_a_kind_are_cut_and_counted() -> None:
    assert "… and 28 more" in printed(verdict(*[FINDING] * 40), 100, False)


def test_the_report_has_the_keys_of_the_demo() -> None:
    assert verdict(FINDING).report(93.21, "librdkafka") == {
        "warnings": 7, "orders": 812, "deliveries": 1604, "accepted": 1603, "delivered": 1571, "acknowledged": 702,
        "escalated": 41, "unreachable": 2, "duplicates": 3, "unexplained": 1, "first_submit_p99_s": 2.44,
        "wall_s": 93.2, "broker": "librdkafka",
    }  # fmt: skip


def test_every_kind_of_finding_has_its_meaning() -> None:
    assert all(MEANINGS.values())
