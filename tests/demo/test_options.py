"""What the demo refuses before it plays a night."""

from __future__ import annotations

from pathlib import Path

import pytest

from warnengine.demo.conductor import Options, play


@pytest.mark.parametrize("option", ["json", "data"])
def test_where_nothing_can_be_written_no_night_is_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    (tmp_path / "file").write_text("no folder")
    assert play(Options(**{option: tmp_path / "file" / "x"})) == 1
    assert "Cannot write there" in capsys.readouterr().out
