"""The data folder that the engine makes for itself."""

from __future__ import annotations

from pathlib import Path

from warnengine.store.embedded import EmbeddedPostgres


def test_a_first_start_that_was_cut_short_begins_anew(tmp_path: Path) -> None:
    part = tmp_path / "postgres.part"
    part.mkdir()
    (part / "PG_VERSION").write_text("18\n")
    embedded = EmbeddedPostgres(tmp_path)
    assert embedded.start()
    assert embedded.running()
    assert not part.exists()
    embedded.stop()
    assert embedded.start()
    embedded.stop()
