"""Invented entries do not go live unless somebody who starts the engine says so, by the book's name."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import RULES
from warnengine.app.guards import refuse_samples
from warnengine.app.library import Folder, samples, settle
from warnengine.model.errors import StartRefused
from warnengine.rulebook import load
from warnengine.settings import Settings
from warnengine.store.books import BookStore
from warnengine.store.database import Database

BOOK = "5093f20a2f7f" + "0" * 52
SAMPLES = ("rules/plans/x.yaml: 某处(样例)", "rules/units/villages.yaml: 样例村")
CASES = {
    "live with samples": ("live", SAMPLES, "", True),
    "live without": ("live", (), "", False),
    "on trial": ("trial", SAMPLES, "", False),
    "a demo": ("demo", SAMPLES, "", False),
    "a drill": ("drill", SAMPLES, "", False),
    "live, and this book is accepted": ("live", SAMPLES, BOOK[:12], False),
    "live, and another one was": ("live", SAMPLES, "0" * 12, True),
}


def live(rules: Path = RULES, **more: str) -> Settings:
    return Settings.model_validate({"installation": "live", "rules": rules, **more})


@pytest.mark.parametrize("label", CASES)
def test_who_may_start_with_invented_entries(label: str) -> None:
    kind, invented, accepted, refused = CASES[label]
    settings = Settings.model_validate({"installation": kind, "samples_accepted": accepted})
    if not refused:
        refuse_samples(settings, BOOK, invented)
        return
    with pytest.raises(StartRefused) as said:
        refuse_samples(settings, BOOK, invented)
    for words in (
        "有2处标有 sample: true",
        "某处(样例)",
        "怎么办",
        "WARNENGINE_SAMPLES_ACCEPTED=5093f20a2f7f",
        "Live mode",
    ):
        assert words in str(said.value)


async def test_the_first_live_start_refuses_the_shipped_samples_and_keeps_nothing(database: Database) -> None:
    settings = live()
    with pytest.raises(StartRefused, match="实战\\(LIVE\\)不能用样例数据启动"):
        await settle(settings, database, Folder.of(settings))
    assert await BookStore(database).districts() == []


async def test_whoever_accepts_them_by_the_hash_starts_and_it_is_recorded(database: Database) -> None:
    folder = Folder.of(live())
    with pytest.raises(StartRefused) as said:
        await settle(live(), database, folder)
    word = re.search(r"WARNENGINE_SAMPLES_ACCEPTED=(\w{12})", str(said.value))
    assert word
    book = await settle(live(samples_accepted=word[1]), database, folder)
    assert book.hash.startswith(word[1])
    (row,) = await BookStore(database).versions(book.district.code)
    assert f"启动人确认带着{len(folder.samples)}处样例" in row["why"]


async def test_a_book_in_force_with_samples_starts_again(database: Database) -> None:
    """An engine without rules warns nobody: what counts already is not refused."""
    trial = Settings.model_validate({"installation": "trial", "rules": RULES})
    book = await settle(trial, database, Folder.of(trial))
    assert (await settle(live(), database, Folder.of(live()))).hash == book.hash


async def test_the_samples_of_the_book_in_force_are_found_whatever_the_folder_holds(
    database: Database, tmp_path: Path
) -> None:
    trial = Settings.model_validate({"installation": "trial", "rules": RULES})
    book = await settle(trial, database, Folder.of(trial))
    clean = Path(shutil.copytree(Path(__file__).parents[1] / "bench/rules", tmp_path / "clean"))
    shutil.copy(RULES / "units/townships.yaml", clean / "units")
    other = Folder.of(live(clean))
    assert other.samples == ()
    found = await samples(database, other, book)
    assert len(found) == len(Folder.of(trial).samples)
    assert found[0].endswith(Folder.of(trial).samples[0].partition("rules/plans/")[2])
    assert await samples(database, other, load(clean)) == ()
