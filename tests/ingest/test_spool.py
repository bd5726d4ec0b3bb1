"""The spool folder, with all that writers do: what is whole is taken once, what is not is left alone, nothing is lost."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from warnengine.ingest.spool import GIVEN_UP, QUIET, SpoolSource
from warnengine.model.arrival import Arrival, Taken, Verdict

BAD = b"bad"


class Folder:
    """A spool folder, and what was taken from it."""

    def __init__(self, path: Path) -> None:
        self.taken: list[tuple[str, bytes]] = []
        self.source = SpoolSource(path, self.take)
        self.path = path
        for place in ("taken", "refused"):
            (path / place).mkdir()

    async def take(self, arrival: Arrival) -> Taken:
        self.taken.append((arrival.position, arrival.raw))
        if arrival.raw.startswith(BAD):
            return Taken(Verdict.QUARANTINED, (), "malformed", "Not well-formed XML: 第1行")
        return Taken(Verdict.NEW, (1,))

    def put(self, name: str, raw: bytes = b"good", *, ago: float = 60) -> Path:
        """A file that was written so many seconds ago."""
        file = self.path / name
        file.write_bytes(raw)
        written = time.time() - ago
        os.utime(file, (written, written))
        return file

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.taken]

    def aside(self, place: str) -> list[str]:
        return sorted(file.name for file in (self.path / place).iterdir())


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.mark.parametrize(
    ("name", "ago", "whole"),
    [
        pytest.param("a.xml", QUIET + 1, True, id="left alone for a while"),
        pytest.param("a", QUIET + 1, True, id="without an ending"),
        pytest.param("预警 1.xml", QUIET + 1, True, id="with a space, in Chinese"),
        pytest.param("a.xml", 0.0, False, id="written this moment"),
        pytest.param(".a.xml", 60.0, False, id="a hidden name"),
        pytest.param("a.xml.tmp", 60.0, False, id="tmp"),
        pytest.param("a.xml.TMP", 60.0, False, id="TMP"),
        pytest.param("a.xml.part", 60.0, False, id="part"),
        pytest.param("a.xml.filepart", 60.0, False, id="as WinSCP writes"),
        pytest.param("a.xml~", 60.0, False, id="as an editor keeps"),
        pytest.param(
            "a.xml.tmp", GIVEN_UP + 1, True, id="nobody will ever finish it: it is judged, not forgotten"
        ),
        pytest.param("tmp.xml", 60.0, True, id="tmp at another place"),
    ],
)
async def test_a_whole_file_is_taken_and_no_other(folder: Folder, name: str, ago: float, whole: bool) -> None:
    folder.put(name, ago=ago)
    await folder.source.look()
    assert folder.names == ([name] if whole else [])
    assert folder.aside("taken") == folder.names


async def test_a_renamed_file_is_taken_under_its_final_name(folder: Folder) -> None:
    file = folder.put(".a.tmp")
    await folder.source.look()
    file.rename(folder.path / "a.xml")
    await folder.source.look()
    assert folder.taken == [("a.xml", b"good")]


async def test_a_file_whose_time_is_of_a_clock_that_is_ahead_does_not_wait_for_that_time(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.put("a.xml", ago=-86_400)
    await folder.source.look()
    assert folder.names == []
    now = time.monotonic
    monkeypatch.setattr("warnengine.ingest.spool.time.monotonic", lambda: now() + QUIET)
    await folder.source.look()
    assert folder.names == ["a.xml"]


async def test_a_file_that_grows_is_read_when_it_has_grown(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder.put("a.xml", b"go")
    read = Path.open

    def grows(path: Path, *arguments: str) -> object:
        opened = read(path, *arguments)
        monkeypatch.undo()
        with read(path, "ab") as more:
            more.write(b"od")
        return opened

    monkeypatch.setattr(Path, "open", grows)
    await folder.source.look()
    assert folder.taken == []
    assert file.exists()
    written = time.time() - 60
    os.utime(file, (written, written))
    await folder.source.look()
    assert folder.taken == [("a.xml", b"good")]


async def test_what_is_refused_lies_aside_with_the_reason_beside_it(folder: Folder) -> None:
    folder.put("a.xml", BAD)
    folder.put("b.xml")
    await folder.source.look()
    assert folder.aside("refused") == ["a.xml", "a.xml.reason.txt"]
    assert (folder.path / "refused" / "a.xml.reason.txt").read_text() == "malformed: Not well-formed XML: 第1行\n"
    assert folder.aside("taken") == ["b.xml"]


async def test_a_refused_file_does_not_take_the_place_of_an_earlier_one(folder: Folder) -> None:
    for number in (b"1", b"2", b"3"):
        folder.put("latest.xml", BAD + number)
        await folder.source.look()
    refused = folder.path / "refused"
    names = ["latest.xml", "2.latest.xml", "3.latest.xml"]
    assert [(refused / name).read_bytes() for name in names] == [BAD + b"1", BAD + b"2", BAD + b"3"]
    assert all((refused / f"{name}.reason.txt").exists() for name in names)


async def test_what_cannot_be_read_lies_aside_with_the_reason_and_holds_up_nothing(folder: Folder) -> None:
    (folder.path / "1.xml").symlink_to("/nowhere/at/all")
    os.mkfifo(folder.path / "2.xml")
    for name in ("1.xml", "2.xml"):
        os.utime(folder.path / name, (1, 1), follow_symlinks=False)
    folder.put("3.xml")
    await folder.source.look()
    assert folder.names == ["3.xml"]
    assert folder.aside("refused") == ["1.xml", "1.xml.reason.txt", "2.xml", "2.xml.reason.txt"]
    assert "cannot be read" in (folder.path / "refused" / "1.xml.reason.txt").read_text()


async def test_a_folder_inside_is_the_writer_s_own_until_its_files_are_moved_here(folder: Folder) -> None:
    inside = folder.path / "incoming"
    inside.mkdir()
    file = folder.put("incoming/a.xml")
    await folder.source.look()
    assert folder.names == []
    file.rename(folder.path / "a.xml")
    await folder.source.look()
    assert folder.names == ["a.xml"]


async def test_oldest_first_and_the_same_name_again(folder: Folder) -> None:
    folder.put("new.xml", ago=10)
    folder.put("old.xml", ago=20)
    await folder.source.look()
    folder.put("old.xml", b"good too")
    await folder.source.look()
    assert folder.taken == [("old.xml", b"good"), ("new.xml", b"good"), ("old.xml", b"good too")]
    assert folder.source.seen == {} or set(folder.source.seen) <= {"old.xml", "taken", "refused"}


async def test_where_the_store_does_not_answer_the_file_stays(tmp_path: Path) -> None:
    folder = Folder(tmp_path)

    async def lost(arrival: Arrival) -> Taken:
        raise ConnectionError("the store does not answer")

    file = folder.put("a.xml")
    with pytest.raises(ConnectionError):
        await SpoolSource(tmp_path, lost).look()
    assert file.exists()
