"""The reader against tables that a person made of the same messages without it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.by_eye import disagreements, table
from warnengine.ingest.formats import Reading
from warnengine.model.book import RuleBook
from warnengine.rulebook.load import load

PROJECT = Path(__file__).parents[2]
MESSAGES = Path(os.environ.get("WARNENGINE_MESSAGES", PROJECT.parent / "shared" / "messages"))
REAL = [(kind, row) for kind in ("cn", "cap") for row in table(kind)]


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return load(PROJECT / "rules")


@pytest.fixture(scope="module")
def published(book: RuleBook) -> Reading:
    """The words and places of the rule book that is delivered."""
    return Reading({book.district.code: book.district}, book.hazard_table)


@pytest.mark.parametrize(("kind", "row"), REAL, ids=[f"{kind}/{row['file']}" for kind, row in REAL])
def test_a_real_message_says_what_a_person_reads_in_it(
    kind: str, row: dict[str, Any], published: Reading, book: RuleBook
) -> None:
    path = MESSAGES / kind / row["file"]
    if not path.is_file():
        pytest.skip(f"no {path.name} in {MESSAGES / kind}")
    wrong = disagreements(row, path.read_bytes(), published, book.district)
    assert not wrong, "\n".join(["", *wrong, f"note: {row.get('note', '-')}"])


@pytest.mark.parametrize("row", [*table("sentences"), *table("forms")], ids=lambda row: row["id"])
def test_a_message_of_our_own_says_what_a_person_reads_in_it(
    row: dict[str, Any], published: Reading, book: RuleBook
) -> None:
    wrong = disagreements(row, row["text"].encode(), published, book.district)
    assert not wrong, "\n".join(["", row["text"], *wrong])
