"""The duty room: who decides what and when, and what comes of its calls. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from warnengine.demo import phones
from warnengine.demo.phones import Temper

OFFICER = "值班员"
DECIDES_AFTER = timedelta(minutes=2)
WORKS_AFTER = {
    "call": timedelta(minutes=2),
    "visit": timedelta(minutes=15),
    "unclear": timedelta(minutes=1),
    "contact": timedelta(minutes=5),
    "unreached": timedelta(minutes=5),
    "unconfirmed": timedelta(minutes=5),
}
"""Engine time until somebody in the duty room gets to it. What is not here waits for the bureau: a signal whose
time is over stands until its cancel comes."""


@dataclass(frozen=True, slots=True)
class Work:
    """One thing that the duty room or an authority is going to do."""

    due: datetime
    kind: Literal["approval", "task"]
    id: int
    answer: str
    by: str
    words: str = ""
    approved: tuple[Mapping[str, Any], ...] = ()
    """What an approval lets happen, by unit."""


def plan(approvals: Iterable[Mapping[str, Any]], tasks: Iterable[Mapping[str, Any]]) -> list[Work]:
    """What will be done about the pending approvals and open tasks, earliest first."""
    works = [work for approval in approvals if (work := _decision(approval))]
    works += [_result(task) for task in tasks if task["kind"] in WORKS_AFTER]
    return sorted(works, key=lambda work: work.due)


def _decision(approval: Mapping[str, Any]) -> Work | None:
    """Yes after two minutes; the first authority for orange is on the road that night and says nothing."""
    authority = approval["authority"]
    if approval["level"] == "orange" and authority["unit"] == "duty_room":
        return None
    due = datetime.fromisoformat(approval["asked_at"]) + DECIDES_AFTER
    approved = tuple(
        {"decision": "yes", "unit": item["unit"], "measures": [item["measure"]]} for item in approval["measures"]
    )
    return Work(due, "approval", approval["id"], "yes", authority["name"], approved=approved)


def _result(task: Mapping[str, Any]) -> Work:
    due = datetime.fromisoformat(task["since"]) + WORKS_AFTER[task["kind"]]
    if task["kind"] != "call":
        return Work(due, "task", task["id"], "done", OFFICER, "已处理")
    return Work(due, "task", task["id"], *_call(task["number"]))


def _call(mobile: str | None) -> tuple[str, str, str]:
    """A call wakes most; a dead number rings nowhere, a stranger says so."""
    match phones.temper(mobile) if mobile else Temper.DEAD:
        case Temper.DEAD:
            return "no_answer", OFFICER, "空号"
        case Temper.STRANGER:
            return "wrong_number", OFFICER, "不是本人"
        case _:
            return "answered", OFFICER, "电话已叫醒,本人确认收到"
