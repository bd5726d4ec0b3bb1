"""The shipped rule book, whole and as a copy to damage."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from warnengine.model.book import RuleBook
from warnengine.rulebook import load

RULES = Path(__file__).parents[2] / "rules"


@pytest.fixture(scope="session")
def shipped() -> Path:
    return RULES


@pytest.fixture(scope="session")
def book() -> RuleBook:
    return load(RULES)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RULES, tmp_path / "rules"))
