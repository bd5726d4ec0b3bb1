"""Words and times of the pages, without a server."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import warnengine
from warnengine.console.duty.forms import Form
from warnengine.console.duty.gate import GUESSES, MINUTE, Guesses
from warnengine.console.duty.manual import rounded, wished
from warnengine.console.duty.words import BEIJING, clock, plain_words
from warnengine.model.errors import Refused

NOW = datetime(2026, 7, 27, 23, 41, 30, tzinfo=BEIJING)
WANTED = {
    "unit": ["500151105"], "words": ["关闭景区"], "level": ["red"], "within": ["30"], "lasts": ["3"], "why": ["险情"],
}  # fmt: skip
DEADLINES = {
    "minutes, to the next five": ({}, "28日00:15"),
    "a clock time of today": ({"clock": ["23:55"]}, "27日23:55"),
    "a clock time that is tomorrow's": ({"clock": ["00:20"]}, "28日00:20"),
    "the very minute is tomorrow's": ({"clock": ["23:41"]}, "28日23:41"),
}


@pytest.mark.parametrize("case", DEADLINES)
def test_a_deadline_is_a_clock_time(case: str) -> None:
    changes, said = DEADLINES[case]
    wish = wished(Form(WANTED | changes), NOW, None)
    assert clock(wish.deadline) == said
    assert wish.not_after >= wish.deadline


@pytest.mark.parametrize("wrong", ["24:00", "3:30", "03:60", "半夜", "03:30:00"])
def test_a_clock_time_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(Refused, match="写成 03:30"):
        wished(Form(WANTED | {"clock": [wrong]}), NOW, None)


@given(st.timedeltas(timedelta(), timedelta(days=400)), st.integers(1, 2000))
def test_a_time_is_rounded_up_by_less_than_five_minutes(later: timedelta, minutes: int) -> None:
    now = NOW + later
    found = rounded(now, minutes)
    assert (found.minute % 5, found.second, found.microsecond) == (0, 0, 0)
    assert timedelta() <= found - now - timedelta(minutes=minutes) < timedelta(minutes=5)


def sentences() -> list[str]:
    """Everything that the engine says with the name of a route or a field of the API in it."""
    package = Path(warnengine.__file__).parent
    files = [*(package / "order").glob("*.py"), *(package / "store").glob("*.py")]
    found = [words for file in files for words in re.findall(r'f?"([^"\n]*)"', file.read_text(encoding="utf-8"))]
    found = [re.sub(r"\{[^}]*\}", "7", words) for words in found]
    return [words for words in found if re.search(r"/v1/|break_glass\)|not_after:|核对 at|corrects", words)]


def test_no_page_names_a_route_of_the_api() -> None:
    assert len(sentences()) >= 5
    for words in sentences():
        if re.search("[一-鿿]", words):
            assert not re.search(r"/v1|GET|PUT|POST|break_glass|corrects|not_after", plain_words(words)), words


def test_who_guesses_too_often_waits_a_minute() -> None:
    guesses = Guesses()
    for second in range(GUESSES):
        assert not guesses.many("10.0.0.1", float(second))
        guesses.add("10.0.0.1", float(second))
    assert guesses.many("10.0.0.1", 10.0)
    assert not guesses.many("10.0.0.2", 10.0)
    assert not guesses.many("10.0.0.1", 10.0 + MINUTE)
    assert guesses.wrong.keys() <= {"10.0.0.1"}
