"""The shipped rule book, which the address list is checked against."""

from __future__ import annotations

from pathlib import Path

import pytest

from warnengine.model.book import RuleBook
from warnengine.rulebook import load


@pytest.fixture(scope="session")
def book() -> RuleBook:
    return load(Path(__file__).parents[2] / "rules")
