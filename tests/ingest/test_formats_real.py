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


def rows() -> list[dict[str, str]]:
    """Of the alerts in XML that the list of the collection names."""
    manifest = MESSAGES / "manifest.tsv"
    if not manifest.is_file():
        pytest.skip(f"no manifest.tsv in {MESSAGES}")
    with manifest.open(encoding="utf-8") as lines:
        found = list(csv.DictReader(lines, delimiter="\t"))
    return [row for row in found if row["path"].startswith("cap/") and not row["notes"].startswith("json")]


def test_what_is_malformed_is_refused_for_that(reading: Reading) -> None:
    broken = {
        row["path"]: row["notes"] for row in rows() if "not-well-formed" in row["notes"] or "DTD" in row["notes"]
    }
    expected = {
        path: {"doctype"} if "DTD" in notes else {"malformed", "unknown_format"} for path, notes in broken.items()
    }
    verdicts = {path: verdict(MESSAGES / path, reading) for path in broken}
    assert {path: word for path, word in verdicts.items() if word not in expected[path]} == {}
    assert broken


def test_what_is_well_formed_is_refused_only_for_what_its_envelope_lacks(reading: Reading) -> None:
    whole = [row["path"] for row in rows() if "not-well-formed" not in row["notes"] and "DTD" not in row["notes"]]
    words = Counter(verdict(MESSAGES / path, reading) for path in whole)
    assert words.keys() <= {"read", "missing_field", "bad_value", "links_only"}
    assert words["read"] > 10 * (sum(words.values()) - words["read"])


def test_every_reading_holds_what_its_file_says(reading: Reading) -> None:
    """Identifier, sender, event and headline stand in the bytes as they came; levels have an end; nothing is told twice."""
    for row in rows():
        raw = (MESSAGES / row["path"]).read_bytes()
        try:
            warnings = read(raw, reading)
        except RefusedWarning:
            continue
        for warning in warnings:
            assert warning.identifier.split("&")[0].encode() in raw, row["path"]
            assert warning.sender.split("&")[0].encode() in raw, row["path"]
            assert len(warning.problems) == len(set(warning.problems)), row["path"]
            assert all(claim.level is None or claim.ends for claim in warning.claims), row["path"]
