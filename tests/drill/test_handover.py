"""An exercise on live input goes to the drill as a file, once, and never the other way."""

from __future__ import annotations

from pathlib import Path

import pytest

from warnengine.ingest.handover import Handover
from warnengine.model.arrival import Arrival, Taken, Verdict

REFUSED = Taken(Verdict.QUARANTINED, (), "not_actual", "kept, never dispatched live")
OTHERS = {
    "taken": Taken(Verdict.NEW, (1,)),
    "refused for another reason": Taken(Verdict.QUARANTINED, (), "no_area", "names no area"),
}


async def test_the_same_exercise_by_several_ways_is_one_file(tmp_path: Path) -> None:
    handover = Handover(tmp_path / "drill" / "spool")
    for position in ("topic/0/1", "topic/0/1", "http/2"):
        told = await handover.pass_on(Arrival("kafka", position, b"<alert/>"), REFUSED)
        assert told.explanation == "kept, never dispatched live; it was handed to the drill"
    (file,) = (tmp_path / "drill" / "spool").iterdir()
    assert file.read_bytes() == b"<alert/>"
    assert not file.name.startswith(".")


@pytest.mark.parametrize("taken", OTHERS.values(), ids=OTHERS)
async def test_nothing_else_is_handed_over(tmp_path: Path, taken: Taken) -> None:
    assert await Handover(tmp_path / "spool").pass_on(Arrival("http", "1", b"x"), taken) is taken
    assert not (tmp_path / "spool").exists()


async def test_a_folder_that_cannot_be_written_is_told_and_live_goes_on(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file")
    told = await Handover(tmp_path / "spool").pass_on(Arrival("http", "1", b"x"), REFUSED)
    assert told.verdict is Verdict.QUARANTINED
    assert "could not be handed to the drill" in (told.explanation or "")
