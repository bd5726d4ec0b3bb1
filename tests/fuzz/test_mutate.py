"""A few thousand neighbours of messages, the same in every run; the long search is `make fuzz`."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.core.district import BOOK
from tests.fuzz.mutate import mutated
from warnengine.ingest.formats import Reading, read
from warnengine.ingest.formats.report import describe
from warnengine.model.errors import RefusedWarning

MESSAGES = Path(os.environ.get("WARNENGINE_MESSAGES", Path(__file__).parents[3] / "shared" / "messages"))
READING = Reading({BOOK.district.code: BOOK.district}, BOOK.hazard_table)
NATIONAL = """<?xml version="1.0" encoding="UTF-8"?><alert><identifier>50015141600000_20260727031500</identifier>
<sender>铜梁区气象台</sender><senderCode>50015141600000</senderCode><sendTime>2026-07-27 03:15:00+08:00</sendTime>
<status>Actual</status><msgType>Update</msgType><references>50015141600000_20260727001500</references><info>
<eventType>11B03</eventType><severity>Red</severity><headline>铜梁区气象台将暴雨橙色预警信号升级为暴雨红色预警信号</headline>
<description>铜梁区气象台7月27日3时15分将安居镇、土桥镇暴雨橙色预警信号升级为红色,解除白羊镇暴雨黄色预警信号。</description>
<area><areaDesc>铜梁区</areaDesc><geocode>500151000000</geocode></area></info></alert>""".encode()
LISTED = (
    '{"alarm": [{"id": "50015141600000_20260727031500", "title": "铜梁区发布暴雨红色预警", "level": 4}]}'.encode()
)
SPOKEN = "铜梁区气象台2026年7月27日3时15分发布暴雨红色预警信号:未来3小时,除安居镇外其余镇街有大暴雨。".encode()


def understood(raw: bytes) -> bool:
    """Whether it is read, or refused with a reason."""
    try:
        return all(describe(warning) for warning in read(raw, READING))
    except RefusedWarning as refusal:
        return bool(refusal.reason and str(refusal))


def neighbours(seeds: list[bytes], each: int) -> None:
    """Only a refusal with its reason leaves the reader."""
    for place, seed in enumerate(seeds):
        raw = seed
        for number in range(each):
            raw = mutated(raw, random.Random(f"{place} {number}")) if number % 20 else seed
            assert understood(raw), raw


def test_neighbours_of_written_messages() -> None:
    neighbours([NATIONAL, LISTED, SPOKEN], 400)


@pytest.mark.skipif(not MESSAGES.is_dir(), reason=f"no real messages in {MESSAGES}")
def test_neighbours_of_real_messages() -> None:
    seeds = [path.read_bytes() for path in sorted(MESSAGES.rglob("*")) if path.is_file()]
    neighbours([seed for seed in seeds if len(seed) < 50_000], 12)
