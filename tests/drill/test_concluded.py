"""A conclusion on trial tells the duty room alone; one in a drill is marked as what it is."""

from __future__ import annotations

import pytest

from tests.core.district import ANJU, BOOK, at
from tests.drill.test_trial import TrialWorld, trial
from tests.store.test_consultations import concluded
from warnengine.ingest.admission import DRILL, LIVE, admit
from warnengine.model.consultation import Conclusion, Verb
from warnengine.model.errors import RefusedWarning
from warnengine.model.level import Level
from warnengine.model.mode import TRIAL
from warnengine.model.warning import Status
from warnengine.order import saying

__all__ = ["trial"]
ONE = Conclusion(
    7, Verb.RAISE, "rainstorm", "signal", ((ANJU, Level.RED),), at("08:00"), (), "王区长", "", "来水快"
)


async def test_on_trial_the_duty_room_reads_once_what_it_would_do(trial: TrialWorld) -> None:
    done = await concluded(trial, "raise", "red")
    assert done["says"].startswith("试运行(TRIAL)")
    await trial.settle()
    (text,) = [short for kind, _, short in trial.sink if kind == "sms"]
    assert f"{TRIAL}红色" in text
    assert "会商研判暴雨红色" in text


@pytest.mark.parametrize("status", [Status.ACTUAL, Status.EXERCISE], ids=["live", "drill"])
def test_a_drills_conclusion_orders_nothing_live_and_the_reverse(status: Status) -> None:
    message = saying.message(ONE, ("张三",), at("03:10"), status, BOOK)
    book = saying.allowing(ONE.issuer, BOOK)
    mine, other = (DRILL, LIVE) if status is Status.EXERCISE else (LIVE, DRILL)
    admit(message, book, mine)
    with pytest.raises(RefusedWarning):
        admit(message, book, other)
    with pytest.raises(RefusedWarning, match="may not warn"):
        admit(message, BOOK, mine)
