"""The duty room of the demo: it decides, calls and reports, each in its time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from warnengine.demo import duty, phones
from warnengine.demo.phones import Temper

SINCE = datetime.fromisoformat("2026-07-27T05:58:00+08:00")


def approval(level: str, unit: str) -> dict[str, Any]:
    authority = {"unit": unit, "post": "leader", "name": "彭仁斌"}
    measures = [{"unit": "education", "measure": "education.rainstorm.red.1", "order": "停课"}]
    return {
        "id": 7,
        "level": level,
        "asked_at": SINCE.isoformat(),
        "authority": authority,
        "measures": measures,
    }


def task(kind: str, temper: Temper = Temper.NEVER) -> dict[str, Any]:
    mobile = next(number for n in range(9999) if phones.temper(number := f"+861990000{n:04}") is temper)
    return {"id": 3, "kind": kind, "number": mobile, "since": SINCE.isoformat()}


def test_the_authority_for_red_says_yes_within_its_clock() -> None:
    [work] = duty.plan([approval("red", "district")], [])
    assert (work.kind, work.id, work.answer, work.by) == ("approval", 7, "yes", "彭仁斌")
    assert work.due - SINCE < timedelta(minutes=5)
    assert [item["unit"] for item in work.approved] == ["education"]


def test_the_first_authority_for_orange_is_silent_and_the_next_decides() -> None:
    assert duty.plan([approval("orange", "duty_room")], []) == []
    assert duty.plan([approval("orange", "district")], [])


@pytest.mark.parametrize(
    ("open_task", "result"),
    [
        pytest.param(task("call", Temper.NEVER), "answered", id="a call wakes who does not read"),
        pytest.param(task("call", Temper.DEAD), "no_answer", id="a dead number does not ring"),
        pytest.param(task("call", Temper.STRANGER), "wrong_number", id="a stranger says so"),
        pytest.param(task("visit"), "done", id="somebody goes there"),
        pytest.param(task("unclear"), "done", id="an unclear reply is read by a person"),
        pytest.param(task("contact"), "done", id="the address list is put right"),
    ],
)
def test_what_comes_of_a_task(open_task: dict[str, Any], result: str) -> None:
    [work] = duty.plan([], [open_task])
    assert (work.kind, work.id, work.answer) == ("task", 3, result)
    assert work.due > SINCE


def test_what_only_the_bureau_decides_is_left_to_it() -> None:
    assert duty.plan([], [task("decide")]) == []


def test_work_is_done_in_order() -> None:
    works = duty.plan([approval("red", "district")], [task("visit"), task("unclear")])
    assert [work.due for work in works] == sorted(work.due for work in works)
