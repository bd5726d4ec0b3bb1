"""When a feed is asked, what is fetched of it, and when it is silent: tables, no clock and no network."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnengine.ingest import feed_words
from warnengine.ingest.feed_rules import LATEST, due, pause, readable, silence
from warnengine.model.feed import Document, FeedState, Link, Silence, Trouble, Version, Why
from warnengine.settings import Feed

NOW = datetime(2026, 7, 27, 3, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FEED = Feed(name="national", title="国家突发", kind="atom", url="https://alerts.example.cn/atom", stale_hours=24)


@pytest.mark.parametrize(
    ("interval", "failures", "wait", "least", "most"),
    [
        pytest.param(60, 0, 0, 54, 66, id="all is well: the interval, a tenth more or less"),
        pytest.param(60, 1, 0, 5, 10, id="after a failure soon"),
        pytest.param(60, 2, 0, 10, 20, id="then later"),
        pytest.param(60, 3, 0, 20, 40, id="and later"),
        pytest.param(60, 999, 0, 30, 60, id="but never so late that nobody notices its return"),
        pytest.param(3, 1, 0, 1.5, 3, id="a quick feed is asked again as quickly"),
        pytest.param(1800, 999, 0, 900, 1800, id="a slow feed no more often than it says"),
        pytest.param(60, 1, 120, 120, 120, id="the other side asks us to wait"),
        pytest.param(60, 0, 120, 120, 120, id="also where it answered"),
        pytest.param(60, 3, 1e9, 3600, 3600, id="but not for ever"),
    ],
)
def test_the_next_poll(interval: float, failures: int, wait: float, least: float, most: float) -> None:
    assert pause(interval, failures, wait, 0) == pytest.approx(least)
    assert pause(interval, failures, wait, 1) == pytest.approx(most)


@given(st.floats(1, 3600), st.integers(0, 10**6), st.floats(0, 1))
def test_a_pause_is_never_nothing_and_never_for_ever(interval: float, failures: int, spread: float) -> None:
    assert 0.5 <= pause(interval, failures, 0, spread) <= max(1.1 * interval, LATEST)


def document(url: str, had: str | None = "1", ago: timedelta | None = MINUTE, failures: int = 0) -> Document:
    checked = None if ago is None else NOW - ago
    return Document(Link(url, "1"), Version(), had, checked, failures)


@pytest.mark.parametrize(
    ("documents", "wanted"),
    [
        pytest.param([], [], id="an empty list"),
        pytest.param([document("a")], [], id="had a minute ago"),
        pytest.param([document("a", had=None, ago=None)], ["a"], id="never had"),
        pytest.param([document("a", had="0")], ["a"], id="its entry has changed"),
        pytest.param([document("a", ago=HOUR)], ["a"], id="may have changed under the same address"),
        pytest.param([document("a", had=None, ago=timedelta(seconds=4), failures=1)], [], id="failed just now"),
        pytest.param([document("a", had=None, ago=timedelta(seconds=5), failures=1)], ["a"], id="failed before"),
        pytest.param([document("a", had=None, ago=MINUTE / 3, failures=9)], [], id="has failed for long"),
        pytest.param([document("a", had=None, ago=MINUTE, failures=9)], ["a"], id="is never given up"),
        pytest.param(
            [document("old", ago=HOUR), document("older", ago=2 * HOUR), document("new", had=None, ago=None)],
            ["new", "older", "old"],
            id="what is new comes first, then what was not seen for longest",
        ),
    ],
)
def test_what_is_fetched(documents: list[Document], wanted: list[str]) -> None:
    assert [one.link.url for one in due(documents, NOW, FEED)] == wanted


def test_one_poll_fetches_so_many_and_the_next_goes_on() -> None:
    documents = [document(str(number), had=None, ago=None) for number in range(1300)]
    assert [one.link.url for one in due(documents, NOW, FEED)] == [str(number) for number in range(500)]


def state(**changes: Any) -> FeedState:
    known: dict[str, Any] = {
        "name": "national", "began": NOW - 48 * HOUR, "succeeded": NOW - MINUTE, "failures": 0, "trouble": None,
        "detail": "", "unread": "", "unread_since": None, "garbled": 0, "garbled_since": None, "garbled_why": "", "withheld": 0,
        "withheld_since": None, "withheld_trouble": None, "withheld_detail": "", "newest": NOW - HOUR,
    }  # fmt: skip
    return FeedState(**{**known, **changes})


AWAY = {"failures": 7, "trouble": Trouble.REFUSED, "detail": "HTTP 503"}
SILENCES = [
    pytest.param(state(), None, id="well"),
    pytest.param(state(**AWAY, succeeded=NOW - 14 * MINUTE), None, id="a few polls in vain"),
    pytest.param(state(**AWAY, succeeded=NOW - 15 * MINUTE), (Why.UNREACHABLE, 15 * MINUTE), id="no poll for long"),
    pytest.param(state(succeeded=NOW - HOUR), (Why.UNREACHABLE, HOUR), id="nobody polls"),
    pytest.param(state(**AWAY, began=NOW - HOUR, succeeded=None), (Why.UNREACHABLE, HOUR), id="never reached"),
    pytest.param(state(**AWAY, began=NOW - MINUTE, succeeded=None), None, id="set up a minute ago"),
    pytest.param(state(unread="malformed", unread_since=NOW - MINUTE), (Why.UNREAD, MINUTE), id="a list unread"),
    pytest.param(state(garbled=2, garbled_since=NOW - HOUR), None, id="one poisoned document, or two"),
    pytest.param(state(garbled=3, garbled_since=NOW - HOUR), (Why.UNREAD, HOUR), id="no document can be read"),
    pytest.param(state(withheld=4, withheld_since=NOW - MINUTE), None, id="documents that are on their way"),
    pytest.param(state(withheld=4, withheld_since=NOW - HOUR), (Why.WITHHELD, HOUR), id="listed, and not to be had"),
    pytest.param(state(newest=NOW - 24 * HOUR), (Why.STALE, 24 * HOUR), id="a relay that serves old news"),
    pytest.param(state(newest=None), (Why.STALE, 48 * HOUR), id="never brought anything"),
    pytest.param(state(newest=None, began=NOW - HOUR), None, id="young, and empty: an empty list is an answer"),
]  # fmt: skip


@pytest.mark.parametrize(("known", "silent"), SILENCES)
def test_a_silent_feed(known: FeedState, silent: tuple[Why, timedelta] | None) -> None:
    found = silence(known, FEED, NOW)
    assert (found and (found.why, NOW - found.since)) == silent


def test_age_is_no_silence_where_nobody_has_said_how_old_it_may_be() -> None:
    assert silence(state(newest=None), FEED.model_copy(update={"stale_hours": None}), NOW) is None


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (state(**AWAY, succeeded=NOW - HOUR), ["“国家突发”断了", "27日10:00", "连续7次", "HTTP 503", "催修"]),
        (state(succeeded=None, trouble=Trouble.REFUSED, detail="HTTP 401"), ["没有取到过", "口令可能过期"]),
        (state(succeeded=None, trouble=Trouble.REFUSED, detail="HTTP 404"), ["地址可能改了"]),
        (state(succeeded=None, trouble=Trouble.REFUSED, detail="HTTP 429"), ["interval_seconds"]),
        (state(succeeded=None, trouble=Trouble.UNREACHABLE, detail="no answer"), ["连不上", "查网络"]),
        (state(succeeded=None, trouble=Trouble.FORBIDDEN, detail="10.0.0.1"), ["允许的范围", "inside"]),
        (state(succeeded=None, trouble=Trouble.TOO_LARGE), ["大小上限", "max_bytes"]),
        (state(succeeded=None, trouble=Trouble.TRUNCATED), ["没有传完整", "代理"]),
        (state(succeeded=None, trouble=Trouble.UNREADABLE), ["不是预警列表", "改了格式"]),
        (state(unread="坏了", unread_since=NOW), ["读不懂", "坏了", "隔离区"]),
        (state(garbled=5, garbled_since=NOW), ["读不懂", "接连5份"]),
        (state(withheld=3, withheld_since=NOW - HOUR, withheld_trouble=Trouble.FORBIDDEN), ["3份", "hosts"]),
        (state(newest=NOW - 30 * HOUR), ["停更", "26日05:00", "24小时", "stale_hours"]),
        (state(newest=None), ["没有带来过预警"]),
    ],
)
def test_the_duty_room_reads_what_failed_what_it_means_and_what_to_try(known: FeedState, words: list[str]) -> None:
    found = silence(known, FEED, NOW)
    assert found is not None
    said = feed_words.silent(FEED, found)
    assert all(word in said for word in (*words, "意味着", "电话", "系统管理员")), said
    assert not re.search(r"None|Trouble|Why\.", said)
    assert feed_words.light(FEED, known, found)[0] == "red"


def test_absence_is_never_an_all_clear_in_words_either() -> None:
    for case in SILENCES:
        known, expected = case.values
        found = silence(known, FEED, NOW)  # type: ignore[arg-type]
        if expected is not None:
            assert isinstance(found, Silence)
            assert "不等于解除" in feed_words.silent(FEED, found)


@pytest.mark.parametrize(
    ("known", "colour", "words"),
    [
        (None, "grey", "还没有取过"),
        (state(succeeded=None, began=NOW), "grey", "还没有取到过"),
        (state(), "green", "最新一条27日10:00发布"),
        (state(**AWAY), "yellow", "之后7次没取到"),
    ],
)
def test_the_health_page(known: FeedState | None, colour: str, words: str) -> None:
    shown = feed_words.light(FEED, known, None)
    assert shown[0] == colour
    assert words in shown[1]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0秒"), (-5, "0秒"), (90, "90秒"), (21 * 60, "21分钟"), (3 * 3600, "3小时")]
)
def test_a_lag_in_words(seconds: int, words: str) -> None:
    assert feed_words.span(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("reason", "read"), [(None, True), ("no_area", True), ("not_actual", True), ("malformed", False), ("x", False)]
)
def test_what_is_read_and_not_let_in_is_no_fault_of_the_feed(reason: str | None, read: bool) -> None:
    assert readable(reason) is read


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": "ftp://example.cn/a"}, "https://"),
        ({"url": "/etc/passwd"}, "https://"),
        ({"url": "https://user:secret@example.cn/a"}, "headers"),
        ({"follow": "("}, "regular expression"),
        ({"interval_seconds": 600}, "two intervals"),
        ({"name": "国家"}, "pattern"),
        ({"hosts": ["https://example.cn/"]}, "pattern"),
        ({"inside": ["10.0.0.1/8"]}, "network"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        Feed.model_validate({"name": "a", "kind": "rss", "url": "https://example.cn/a", **changes})
