"""Figures are judged as they are; what was not measured is never met."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench import report
from tests.bench.goals import GOALS, Goal
from tests.bench.peers.text import TEXT
from tests.bench.process import ROOT
from warnengine.dispatch.channels.sms_parts import split_ucs2
from warnengine.model.finding import Severity
from warnengine.rulebook import check

LEAST = Goal("x", "a rate", 100, 200, "1/s")
MOST = Goal("x", "a time", 100, 50, "ms", least=False)


@pytest.mark.parametrize(
    ("goal", "value", "met"),
    [
        pytest.param(LEAST, 100.0, True, id="just reached"),
        pytest.param(LEAST, 99.9, False, id="too slow"),
        pytest.param(MOST, 100.0, True, id="just in time"),
        pytest.param(MOST, 100.1, False, id="too late"),
        pytest.param(LEAST, None, False, id="not measured"),
        pytest.param(MOST, float("nan"), False, id="not available"),
    ],
)
def test_a_goal_is_met_or_not(goal: Goal, value: float | None, met: bool) -> None:
    assert goal.met(value) is met
    assert json.loads(json.dumps(goal.judged(value)))["met"] is met


def test_every_goal_has_its_own_id() -> None:
    assert len({goal.id for goal in GOALS}) == len(GOALS)


def test_the_page_shows_what_was_missed_and_what_failed() -> None:
    made = {
        "machine": {"cores": 2},
        "versions": {"kannel": None},
        "goals": [goal.judged(None) for goal in GOALS],
        "runs": [{"what": "kannel", "size": 1000, "n": 0, "failed": "not installed"}],
    }
    page = report.markdown(made)
    assert page.count("**no**") == len(GOALS)
    assert "| kannel | 1,000 | 0 | **not installed** |" in page
    assert f"0 of {len(GOALS)} goals met" in page


def test_the_benchs_book_loads_and_the_peers_text_is_one_part(tmp_path: Path) -> None:
    for source in (ROOT / "tests/bench/rules", ROOT / "rules/units"):
        for file in source.rglob("*.yaml"):
            if source.name == "rules" or file.name == "townships.yaml":
                place = tmp_path / (file.relative_to(source) if source.name == "rules" else f"units/{file.name}")
                place.parent.mkdir(exist_ok=True)
                place.write_bytes(file.read_bytes())
    assert [found for found in check(tmp_path) if found.severity is Severity.ERROR] == []
    assert len(split_ucs2(TEXT, 0)) == 1
