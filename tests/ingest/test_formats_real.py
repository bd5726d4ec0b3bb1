"""Messages that issuers really sent, kept beside the project (or in the folder named by WARNENGINE_MESSAGES)."""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path

import pytest

from warnengine.ingest.formats import Reading, read
from warnengine.ingest.formats.report import describe
from warnengine.model.errors import RefusedWarning

BESIDE = Path(__file__).parents[3] / "shared" / "messages"
MESSAGES = Path(os.environ.get("WARNENGINE_MESSAGES", BESIDE))

pytestmark = pytest.mark.skipif(not MESSAGES.is_dir(), reason=f"no real messages in {MESSAGES}")


def verdict(path: Path, reading: Reading) -> str:
    try:
        return "read" if [describe(warning) for warning in read(path.read_bytes(), reading)] else "empty"
    except RefusedWarning as refusal:
        return refusal.reason


def test_every_file_is_read_or_refused_with_a_reason(reading: Reading) -> None:
    verdicts = Counter(verdict(path, reading) for path in MESSAGES.rglob("*") if path.is_file())
    print(dict(verdicts.most_common()))
    assert verdicts["read"] > 0


def test_every_real_single_alert_is_read(reading: Reading) -> None:
    manifest = MESSAGES / "manifest.tsv"
    if not manifest.is_file():
        pytest.skip(f"no manifest.tsv in {MESSAGES}")
    with manifest.open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if row["provenance"] == "real"]
    single = [
        row["path"] for row in rows if row["notes"].startswith("alert;") and "not-well-formed" not in row["notes"]
    ]
    refused = {path: word for path in single if (word := verdict(MESSAGES / path, reading)) != "read"}
    assert not refused
