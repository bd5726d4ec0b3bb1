"""An engine starts with any schema that it can work with, and says in plain words why it cannot with another."""

from __future__ import annotations

import pytest

from warnengine.store import schema
from warnengine.store.schema import Migration, read, too_new, too_old


def known(*numbers: str) -> list[Migration]:
    return [Migration(f"{number}_words", number, "") for number in numbers]


@pytest.mark.parametrize(
    ("applied", "may"),
    [
        pytest.param({}, True, id="an empty database"),
        pytest.param(
            {"0001_words": None, "0036_words": None}, True, id="its own, of before anything was declared"
        ),
        pytest.param({"0036_words": None, "0041_more": "0036"}, True, id="expanded by a newer engine"),
        pytest.param({"0041_more": "0036", "0042_less": "0042"}, False, id="and contracted"),
        pytest.param({"0042_unsaid": None}, False, id="a migration that says nothing"),
        pytest.param({"0050_more": "0049"}, False, id="compatible with one that is newer than this"),
        pytest.param({"0020_of_a_branch": "0010"}, True, id="an older number that this one never had"),
    ],
)
def test_which_schemas_an_engine_works_with(applied: dict[str, str | None], may: bool) -> None:
    assert (too_new(applied, known("0001", "0036")) == "") is may


def test_a_refusal_says_what_how_far_and_what_to_do() -> None:
    words = too_new({"0041_more": "0036", "0042_less": "0042"}, known("0001", "0036"))
    for said in ("0042_less", "up to 0036", "that know 0042", "start the newer version", "backup"):
        assert said in words
    assert "0041_more" not in words, "that one is no obstacle"


@pytest.mark.parametrize(
    ("pending", "running", "may"),
    [
        pytest.param([Migration("0041_more", "0036", "")], ["0036", "0041"], True, id="all can go on"),
        pytest.param([Migration("0041_more", "0036", "")], ["0035"], False, id="one is too old"),
        pytest.param(known("0042"), ["0041"], False, id="what breaks waits for the last old one"),
        pytest.param(known("0042"), ["0042"], True, id="all know it"),
        pytest.param(known("0042"), [], True, id="nobody runs"),
        pytest.param([], ["0001"], True, id="nothing to do"),
    ],
)
def test_what_breaks_older_engines_waits_until_they_are_stopped(
    pending: list[Migration], running: list[str], may: bool
) -> None:
    words = too_old(pending, running)
    assert (words == "") is may
    assert may or ("stop them first" in words and running[0] in words)


def test_a_migration_says_whom_it_works_with_or_breaks_all_before_it() -> None:
    assert read("0041_more", "-- works with: 0036\nSELECT 1").works_with == "0036"
    assert read("0042_less", "-- it works with: nobody\nSELECT 1").works_with == "0042"


def test_numbers_are_used_once_and_nobody_works_with_the_future() -> None:
    all_of_ours = schema.migrations()
    assert len({one.name[:4] for one in all_of_ours}) == len(all_of_ours)
    assert all(one.works_with <= one.name[:4] for one in all_of_ours)
