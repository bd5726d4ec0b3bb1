"""Chinese lists that were really sent, kept beside the project (or in the folder named by WARNENGINE_MESSAGES)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from warnengine.ingest.formats import Reading, read
from warnengine.model.errors import RefusedWarning
from warnengine.model.level import Level

BESIDE = Path(__file__).parents[3] / "shared" / "messages"
MESSAGES = Path(os.environ.get("WARNENGINE_MESSAGES", BESIDE)) / "cn"

pytestmark = pytest.mark.skipif(not MESSAGES.is_dir(), reason=f"no real messages in {MESSAGES}")
COLOURS = {"红色": Level.RED, "橙色": Level.ORANGE, "黄色": Level.YELLOW, "蓝色": Level.BLUE}


def test_every_row_in_force_keeps_its_place_and_colour(reading: Reading) -> None:
    for path in MESSAGES.glob("*/warnings_*.json"):
        document = json.loads(path.read_bytes())
        rows = [(code, row) for code, rows in document["warnings"].items() for row in rows]
        expected = [(code, COLOURS.get(row["color"]), row["type"]) for code, row in rows]
        found = read(path.read_bytes(), reading)
        claims = [(*w.claims, *w.ungraded)[0] for w in found]
        assert [(claim.area.code, claim.level, claim.event) for claim in claims] == expected
        assert len({warning.key for warning in found}) == len(found)


def test_every_title_gives_its_colour_and_every_number_its_place(reading: Reading) -> None:
    for path in MESSAGES.glob("nmc/*.json"):
        rows = json.loads(path.read_bytes())["data"]["page"]["list"]
        found = read(path.read_bytes(), reading)
        assert [warning.identifier for warning in found] == [row["alertid"] for row in rows]
        for row, warning in zip(rows, found, strict=True):
            (claim,) = warning.claims
            assert claim.area.code == row["alertid"][:6]
            assert claim.level is not None
            assert claim.level.zh in row["title"]
            assert claim.hazard or "地质" not in row["title"]
            assert "level_contradicted" not in {problem.rule for problem in warning.problems}


def test_every_other_list_is_read_and_every_heartbeat_refused(reading: Reading) -> None:
    for folder in ("fanstudio", "qweather", "weather.com.cn", "cma-cap"):
        for path in (MESSAGES / folder).glob("*.js*"):
            (warning,) = read(path.read_bytes(), reading)
            assert {claim.level for claim in warning.claims} <= set(Level)
    for path in MESSAGES.glob("ebd/*.xml"):
        with pytest.raises(RefusedWarning) as refusal:
            read(path.read_bytes(), reading)
        assert refusal.value.reason == "not_a_warning"
