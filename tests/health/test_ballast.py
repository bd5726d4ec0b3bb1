"""On a full disk the intake closes, the ballast goes overboard, and what is on its way goes out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import aiohttp
import pytest

from tests.health.conftest import LOOP, Cage
from tests.serving import serving
from warnengine.app import web
from warnengine.health.ballast import Ballast, State, decide
from warnengine.settings import Settings

MB = 1 << 20
Usage = namedtuple("Usage", "total used free")
ABOARD, OVERBOARD = State.ABOARD, State.OVERBOARD


@pytest.mark.parametrize(
    ("name", "state", "free", "expected"),
    [
        ("room enough", ABOARD, 4000, ABOARD),
        ("just enough", ABOARD, 64, ABOARD),
        ("low", ABOARD, 63, OVERBOARD),
        ("nothing", ABOARD, 0, OVERBOARD),
        ("what it gave back is not room for the intake", OVERBOARD, 63 + 256, OVERBOARD),
        ("a little more is not either", OVERBOARD, 383, OVERBOARD),
        ("somebody has made room", OVERBOARD, 384, ABOARD),
    ],
)
def test_when_it_goes_overboard(name: str, state: State, free: int, expected: State) -> None:
    assert decide(state, free * MB, 256 * MB) is expected, name


class Disk:
    """A disk of which the ballast takes its part."""

    def __init__(self, ballast: Ballast, monkeypatch: pytest.MonkeyPatch) -> None:
        self.others = 0
        self.ballast = ballast
        self.size = 10 * ballast.size
        monkeypatch.setattr(shutil, "disk_usage", self.usage)

    def usage(self, _: object) -> Usage:
        taken = self.ballast.file.stat().st_size if self.ballast.file.exists() else 0
        return Usage(self.size, taken + self.others, self.size - taken - self.others)


@pytest.fixture
def ballast(tmp_path: Path) -> Ballast:
    return Ballast(tmp_path, MB)


@pytest.fixture
def disk(ballast: Ballast, monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(ballast, monkeypatch)


def test_it_takes_real_room_and_gives_it_back_once(ballast: Ballast, disk: Disk) -> None:
    assert ballast.look() is ABOARD
    assert ballast.file.stat().st_blocks * 512 >= MB, "a file with holes would take no room"
    disk.others = disk.size - MB - 1000
    assert ballast.look() is OVERBOARD
    assert not ballast.file.exists()
    assert ballast.closed
    assert ballast.look() is OVERBOARD, "the room it gave is for the sending"
    disk.others = 0
    assert ballast.look() is ABOARD
    assert not ballast.closed


def test_an_engine_that_starts_on_a_full_disk_takes_nothing_in(ballast: Ballast, disk: Disk) -> None:
    """After a restart nobody remembers that it was thrown overboard; that it is not there is the memory."""
    disk.others = disk.size - MB
    assert ballast.look() is OVERBOARD


def test_none_is_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    none = Ballast(tmp_path, 0)
    Disk(none, monkeypatch)
    assert none.look() is ABOARD
    assert not none.file.exists()


@pytest.mark.parametrize(
    ("installation", "given", "size"), [("live", None, 256), ("demo", None, 8), ("live", 0, 0), ("demo", 64, 64)]
)
def test_how_large_it_is(installation: str, given: int | None, size: int) -> None:
    settings = Settings.model_validate({"installation": installation, "ballast_megabytes": given})
    assert settings.ballast_bytes == size * MB


async def test_the_intake_says_503_and_sending_goes_on(cage: Cage) -> None:
    await cage.fly()
    cage.engine.ballast.state = OVERBOARD
    async with serving(web(cage.engine)) as url, aiohttp.ClientSession(url) as session:
        headers = {"Authorization": "Bearer bureau-token"}
        async with session.post("/v1/warnings", data=b"<alert/>", headers=headers) as answer:
            assert answer.status == 503
            assert answer.headers["Retry-After"] == "60"
            said = await answer.json()
        async with session.get("/readyz") as answer:
            assert answer.status == 503
            assert "sending goes on" in (await answer.json())["problems"]["disk"]
    assert said["title"] == "The disk is nearly full"
    assert await cage.world.rows("SELECT * FROM arrival WHERE source = 'bureau'") == [], "nothing of it is kept"
    await cage.send()
    assert [entry.address for entry in cage.line.log] == [LOOP]


ON_A_SMALL_DISK = """
import os, sys
from pathlib import Path
from warnengine.health.ballast import Ballast
folder = Path(sys.argv[1])
ballast = Ballast(folder, 4 << 20)
print(ballast.look())
filler = open(folder / "filler", "wb", buffering=0)
try:
    while True:
        filler.write(bytes(1 << 16))
except OSError as error:
    print(error.errno)
print(ballast.look())
os.posix_fallocate(os.open(folder / "attempts", os.O_CREAT | os.O_RDWR), 0, 3 << 20)
print(ballast.look())
filler.truncate(0)
print(ballast.look())
"""


def test_a_real_disk_that_fills_to_the_last_byte(tmp_path: Path) -> None:
    """In a mount namespace of its own, on a tmpfs of 12 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    mount = f"mount -t tmpfs -o size=12m none {place}"
    if subprocess.run([*unshare, "sh", "-c", mount], capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small tmpfs")
    script = f"{mount} && exec {sys.executable} -c '{ON_A_SMALL_DISK}' {place}"
    said = subprocess.run([*unshare, "sh", "-c", script], capture_output=True, text=True, check=False)
    lines = [line for line in said.stdout.splitlines() if "ballast" not in line]
    assert lines == ["aboard", "28", "overboard", "overboard", "aboard"], said
